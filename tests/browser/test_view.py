"""How the picture is looked at: zoom, minimap, values, scale bar, window, heat map; by mouse, pen and fingers."""

import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, wait_until

CT = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"
RAMP = "image = np.arange(300 * 400, dtype=np.uint16).reshape(300, 400) % 60000\n"
WIDGET = SETUP + RAMP + "w = sp.Segmenter(image, model=PaintPredictor(), spacing=(0.1, 0.2))\nw"
FLAT = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())\nw"
AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"


def rect(canvas):
    """Left, top, scale of the picture on the canvas."""
    return [float(number) for number in canvas.canvas.get_attribute("data-image-rect").split(",")]


def hover(canvas, x, y):
    canvas.page.mouse.move(*canvas.at(x - 1, y))
    canvas.page.mouse.move(*canvas.at(x, y))


def hold(page, key):
    page.keyboard.down(key)


def test_a_pixel_for_a_pixel_by_key_and_button_and_what_is_seen_of_the_whole(open_notebook):
    lab = open_notebook([WIDGET, ""])
    canvas, page = lab.run_widget(0), lab.page
    minimap, frame = canvas.root.locator(".sp-minimap"), canvas.root.locator(".sp-frame")
    fitted = rect(canvas)
    expect(minimap).to_be_hidden()
    canvas.press("z")
    wait_until(page, lambda: rect(canvas)[2] == 1, "a pixel for a pixel")
    canvas.press("q")
    canvas.root.get_by_role("button", name="Fit", exact=False).click()
    wait_until(page, lambda: rect(canvas) == fitted, "the whole picture")
    page.mouse.move(*canvas.at(200, 150))
    canvas.press(*"++++")
    expect(minimap).to_be_visible()
    whole = minimap.bounding_box()
    wait_until(page, lambda: frame.bounding_box()["width"] < 0.6 * whole["width"], "a frame around a part")
    stage = canvas.canvas.bounding_box()
    assert whole["x"] + whole["width"] <= stage["x"] + stage["width"]
    # A drag to its corner shows the picture's.
    page.mouse.move(whole["x"] + whole["width"] / 2, whole["y"] + whole["height"] / 2)
    page.mouse.down()
    page.mouse.move(whole["x"] + 3, whole["y"] + 3, steps=3)
    page.mouse.up()
    wait_until(page, lambda: rect(canvas)[0] > 0 and rect(canvas)[1] > 0, "the corner of the picture")
    assert lab.evaluate(1, "len(w.prompts)") == 0
    canvas.press("0")
    expect(minimap).to_be_hidden()


def test_values_under_the_pointer_and_a_scale_bar(open_notebook):
    lab = open_notebook([WIDGET, ""])
    canvas = lab.run_widget(0)
    readout, bar = canvas.root.locator(".sp-readout"), canvas.root.locator(".sp-scalebar")
    hover(canvas, 70, 20)
    expect(readout).to_have_text("70, 20: 8070")
    # As long as it says, along a row.
    assert re.fullmatch(r"[125]0? cm", bar.inner_text().strip())
    length = canvas.root.locator(".sp-scaleline").bounding_box()["width"]
    assert length / rect(canvas)[2] * 0.2 == pytest.approx(10 * float(bar.inner_text().split()[0]), rel=0.02)
    for given, value in [
        ("np.linspace(0, 1, 120 * 160).reshape(120, 160)", f"{(20 * 160 + 70) / (120 * 160 - 1):.7g}"),
        ("np.full((120, 160), -0.125, np.float32)", "\N{MINUS SIGN}0.125"),
        ("np.stack([np.full((120, 160), i, np.uint8) for i in (7, 8, 255)], -1)", "R 7 G 8 B 255"),
    ]:
        lab.evaluate(1, f"w.set_image({given})")
        expect(canvas.canvas).to_have_attribute("aria-label", re.compile("160 . 120"))
        hover(canvas, 70, 20)
        expect(readout).to_have_text(f"70, 20: {value}")
    expect(bar).to_be_hidden()  # these have no spacing
    lab.page.mouse.move(5, 5)
    expect(readout).to_have_text("")


def test_window_and_level_by_presets_and_drag_without_asking_the_kernel(open_notebook, page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.extend([frame])))
    lab = open_notebook([SETUP + f"w = sp.Segmenter({str(CT)!r}, model=PaintPredictor())\nw", ""])
    canvas = lab.run_widget(0)
    values = pydicom.dcmread(CT)
    values = values.pixel_array * float(values.RescaleSlope) + float(values.RescaleIntercept)
    hover(canvas, 60, 30)
    expect(canvas.root.locator(".sp-readout")).to_have_text(f"60, 30: {values[30, 60]:.0f} HU")
    page.mouse.move(5, 5)
    panel = canvas.root.get_by_role("dialog", name="View")

    def shown(x, y):
        canvas.press("q")
        expect(panel).to_be_hidden()
        grey = canvas.pixel(x, y)[0]
        canvas.press("q")
        return grey

    count = len(sent)
    canvas.press("q")
    for name, window, level in [("Lung", 1500, -600), ("Bone", 1800, 400), ("Abdomen", 400, 50), ("Brain", 80, 40)]:
        panel.get_by_role("button", name=name).click()
        expect(panel.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        for x, y in [(60, 30), (20, 20), (64, 66), (10, 100)]:
            grey = np.clip((values[y, x] - level) / window + 0.5, 0, 1) * 255
            assert shown(x, y) == pytest.approx(grey, abs=2), name
    panel.get_by_role("checkbox", name="inverted").check()
    assert shown(10, 100) == pytest.approx(255 - grey, abs=2)
    panel.get_by_role("button", name="Reset").click()
    expect(panel.get_by_role("button", name="Auto")).to_have_attribute("aria-pressed", "true")
    canvas.press("q")

    before = canvas.pixel(60, 30)[0]
    hold(page, "w")
    canvas.stroke((30, 60), (30, 110))  # down: a higher level, darker
    page.keyboard.up("w")
    page.mouse.move(5, 5)
    wait_until(page, lambda: canvas.pixel(60, 30)[0] < before - 5, "a darker picture")
    canvas.press("i")
    wait_until(page, lambda: canvas.pixel(60, 30)[0] > 255 - before, "an inverted picture")
    assert len(sent) == count
    canvas.stroke((30, 60), (30, 80))  # draws again
    canvas.expect_prompts(1)
    lab.evaluate(1, "w.set_image(w.image.pixels)")  # values without a unit
    canvas.press("q")
    expect(panel.get_by_role("button", name="Auto")).to_be_visible()
    expect(panel.get_by_role("button", name="Brain")).to_have_count(0)


def test_a_heat_map_that_follows_the_mask(open_notebook):
    lab = open_notebook([FLAT, ""])
    canvas, page = lab.run_widget(0), lab.page
    lab.evaluate(1, "w.add_box(20, 20, 60, 60)")
    canvas.expect_prompts(1)
    plain = canvas.pixel(120, 100)
    canvas.press("u")
    expect(canvas.root.locator(".sp-ramp")).to_be_visible()
    # Viridis: yellow where it is sure of the object, violet where of the background.
    wait_until(page, lambda: canvas.pixel(40, 40)[2] < canvas.pixel(40, 40)[0] - 60, "yellow")
    red, green, blue = canvas.pixel(120, 100)
    assert green < min(red, blue) - 5
    canvas.press("b")
    canvas.stroke((100, 80), (140, 110))
    canvas.expect_prompts(2)
    wait_until(page, lambda: canvas.pixel(120, 95)[2] < canvas.pixel(120, 95)[0] - 60, "yellow in the new box")
    canvas.press("u")  # uncertainty: paint is sure everywhere
    wait_until(page, lambda: canvas.pixel(40, 40)[1] < min(canvas.pixel(40, 40)[::2]) - 5, "violet")
    canvas.press("u")
    wait_until(page, lambda: canvas.pixel(10, 100) == plain, "the picture alone")


def test_the_mask_before_the_last_step_shows_while_a_key_is_held(open_notebook):
    lab = open_notebook([FLAT, ""])
    canvas, page = lab.run_widget(0), lab.page
    for corner in (20, 80):
        lab.evaluate(1, f"w.add_box({corner}, 20, {corner + 40}, 60)")
    canvas.expect_prompts(2)
    first, second, beside = canvas.pixel(30, 40), canvas.pixel(100, 40), canvas.pixel(70, 100)
    assert first == second != beside
    canvas.root.focus()
    hold(page, "`")
    wait_until(page, lambda: canvas.pixel(100, 40) == beside, "the mask before")
    assert canvas.pixel(30, 40) == first
    page.keyboard.up("`")
    wait_until(page, lambda: canvas.pixel(100, 40) == second, "the mask")
    assert lab.evaluate(1, "int(w.mask.sum())") == 2 * 41 * 41


@pytest.fixture
def fingers(open_notebook):
    """A canvas, and what puts fingers ({id: (x, y)} in image pixels) on it; none lifts them."""
    lab = open_notebook([FLAT, ""])
    canvas = lab.run_widget(0)
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})

    def touch(kind, **places):
        points = [{"id": int(name[1:]), "x": x, "y": y} for name, (x, y) in places.items()]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pen(kind, x, y, pressed=True):
        left, top = canvas.at(x, y)
        button = {"button": "left", "buttons": 1, "clickCount": 1} if pressed else {}
        place = {"type": kind, "x": left, "y": top, "pointerType": "pen"}
        session.send("Input.dispatchMouseEvent", place | button)

    lab.canvas, lab.touch, lab.pen = canvas, touch, pen
    return lab


def test_one_finger_draws_and_two_move_and_zoom(fingers):
    canvas, touch, at = fingers.canvas, fingers.touch, fingers.canvas.at
    touch("touchStart", f1=at(40, 50))
    for x in (50, 60, 70, 90):
        touch("touchMove", f1=at(x, 50))
    touch("touchEnd")
    canvas.expect_prompts(1)
    before = rect(canvas)
    places = at(60, 60), at(100, 60)
    touch("touchStart", f1=places[0])
    touch("touchStart", f1=places[0], f2=places[1])
    apart = places[1][0] - places[0][0]
    for share in (0.1, 0.3, 0.5):
        touch(
            "touchMove",
            f1=(places[0][0] - share * apart, places[0][1]),
            f2=(places[1][0] + share * apart, places[1][1]),
        )
    touch("touchEnd")
    assert rect(canvas)[2] == pytest.approx(2 * before[2], rel=0.05)
    assert fingers.evaluate(1, "[len(w.prompts), bool(w.mask[50, 60])]") == [1, True]


def test_a_pen_shows_its_brush_and_keeps_the_hand_from_drawing(fingers):
    canvas, touch, pen, at = fingers.canvas, fingers.touch, fingers.pen, fingers.canvas.at
    brush = canvas.root.locator(".sp-cursor")
    pen("mouseMoved", 40, 50, pressed=False)
    expect(brush).to_be_visible()
    touch("touchStart", f7=at(120, 100))  # the hand lies down first
    pen("mousePressed", 40, 50)
    for x in (50, 70, 90):
        pen("mouseMoved", x, 50)
        touch("touchMove", f7=at(120 - x / 10, 100))
    pen("mouseReleased", 90, 50)
    touch("touchEnd")
    canvas.expect_prompts(1)
    before = rect(canvas)
    touch("touchStart", f1=at(40, 90))
    for x in (50, 70):
        touch("touchMove", f1=at(x, 90))
    touch("touchEnd")
    places = at(60, 60), at(100, 60)
    assert rect(canvas) == before
    touch("touchStart", f1=places[0])
    touch("touchStart", f1=places[0], f2=places[1])
    touch("touchMove", f1=(places[0][0] - 40, places[0][1]), f2=(places[1][0] + 40, places[1][1]))
    touch("touchEnd")
    wait_until(fingers.page, lambda: rect(canvas)[2] > before[2], "a larger picture")
    assert fingers.evaluate(1, "[len(w.prompts), bool(w.mask[50, 60]), int(w.mask[90].sum())]") == [1, True, 0]


@pytest.mark.parametrize("end", ["blur", "outside"])
def test_a_stroke_ends_when_the_window_is_left(open_notebook, end):
    lab = open_notebook([FLAT, ""])
    canvas, page = lab.run_widget(0), lab.page
    page.mouse.move(*canvas.at(40, 50))
    page.mouse.down()
    page.mouse.move(*canvas.at(90, 50), steps=4)
    if end == "blur":
        page.evaluate("window.dispatchEvent(new Event('blur'))")
    else:
        page.mouse.move(-20, -20)
        page.mouse.up()
    canvas.expect_prompts(1)
    page.mouse.move(*canvas.at(90, 100), steps=4)
    page.mouse.up()
    assert lab.evaluate(1, "[len(w.prompts), bool(w.mask[50, 60]), int(w.mask[90].sum())]") == [1, True, 0]


@pytest.mark.parametrize("width", [360, 3840])
def test_tools_and_popovers_fit_the_screen(open_notebook, page, width):
    page.set_viewport_size({"width": max(width, 1280) + 500, "height": 1200})
    lab = open_notebook([FLAT])
    canvas = lab.run_widget(0)
    canvas.root.evaluate("(root, width) => root.parentElement.style.maxWidth = `${width}px`", width)
    for key, name in [("q", "View"), ("?", "Keys and gestures")]:
        canvas.press(key)
        root = canvas.root.bounding_box()
        for part in [canvas.root.get_by_role("dialog", name=name), *canvas.root.locator(".sp-toolbar button").all()]:
            box = part.bounding_box()
            assert root["x"] <= box["x"]
            assert box["x"] + box["width"] <= root["x"] + root["width"]
        assert canvas.root.evaluate("root => root.scrollWidth <= root.clientWidth")
        canvas.press(key)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious(open_notebook, page, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed")
    labels = "labels=['liver', 'kidney'], spacing=0.5"
    lab = open_notebook([SETUP + f"w = sp.Segmenter(np.full((120, 160), 0.5), {labels}, model=PaintPredictor())\nw"])
    if theme != "JupyterLab Light":
        page.get_by_role("menuitem", name="Settings").click()
        page.locator(".lm-Menu-itemLabel", has_text="Theme").first.hover()
        page.locator(".lm-Menu-itemLabel", has_text=theme).first.click()
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    canvas = lab.run_widget(0)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    canvas.press(*"t++u")
    hover(canvas, 60, 60)
    page.add_script_tag(path=AXE)
    found = {}
    for screen, keys in [("tools", ""), ("view", "q"), ("help", "q?"), ("python", "?y")]:
        canvas.press(*keys)
        result = page.evaluate("() => axe.run('.sp-segmenter', {resultTypes: ['violations']})")
        for violation in result["violations"]:
            if violation["impact"] in ("serious", "critical"):
                places = [(node["html"][:120], node["failureSummary"]) for node in violation["nodes"]]
                found[screen, violation["id"]] = places
    assert not found
