"""The whole path in real JupyterLab: pointer events on the canvas, masks in the kernel, and back on the screen."""

import itertools
import json
import re
import zipfile

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, wait_until

WIDGET = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor(), spacing=0.5)\nw"
MASK = "[np.argwhere(w.mask).min(0).tolist(), np.argwhere(w.mask).max(0).tolist(), int(w.mask.sum())]"


@pytest.fixture
def lab(open_notebook, request):
    lab = open_notebook([WIDGET, "", ""], app=getattr(request, "param", "lab"))
    lab.canvas = lab.run_widget(0)
    return lab


in_both_apps = pytest.mark.parametrize("lab", ["lab", "notebook"], indirect=True)


def copied(canvas):
    """The code that the widget shows, once it has told that it is on the clipboard."""
    expect(canvas.root.locator(".sp-code .sp-note")).to_have_text("copied")
    return canvas.root.locator(".sp-code textarea").input_value()


@in_both_apps
def test_a_scribble_becomes_a_mask_in_the_kernel_and_on_the_screen(lab):
    canvas = lab.canvas
    before = canvas.pixel(60, 50)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    (top, left), (bottom, right), size = lab.evaluate(1, MASK)
    assert (left, right) == (pytest.approx(39, abs=1), pytest.approx(91, abs=1))
    assert (top, bottom) == (pytest.approx(49, abs=1), pytest.approx(51, abs=1))
    assert size > 100
    assert canvas.pixel(60, 50) != before
    assert canvas.pixel(60, 90) == before
    assert lab.evaluate(2, "[type(w.prompts[0]).__name__, w.prompts[0].positive]") == ["Scribble", True]


@in_both_apps
def test_every_tool_and_sign(lab):
    canvas = lab.canvas
    canvas.press("b")
    canvas.stroke((100, 90), (20, 30))  # from the lower right corner
    canvas.expect_prompts(1)
    canvas.press("p", "t")
    canvas.click(50, 50)
    canvas.expect_prompts(2)
    canvas.press("t", "s")
    canvas.stroke((60, 40), (60, 80), button="right")
    canvas.expect_prompts(3)
    kinds = lab.evaluate(1, "[[type(p).__name__, getattr(p, 'positive', None)] for p in w.prompts]")
    assert kinds == [["Box", None], ["Click", False], ["Scribble", False]]
    box = lab.evaluate(2, "[w.prompts[0].x0, w.prompts[0].y0, w.prompts[0].x1, w.prompts[0].y1]")
    np.testing.assert_allclose(box, [20, 30, 100, 90], atol=1)
    click = lab.evaluate(2, "[w.prompts[1].x, w.prompts[1].y]")
    np.testing.assert_allclose(click, [50, 50], atol=1)
    assert lab.evaluate(2, "[bool(w.mask[60, 60]), bool(w.mask[50, 50]), bool(w.mask[60, 90])]") == [False, False, True]


@in_both_apps
def test_undo_redo_and_clear_by_keyboard(lab):
    canvas = lab.canvas
    canvas.stroke((40, 30), (90, 30))
    canvas.stroke((40, 60), (90, 60))
    canvas.expect_prompts(2)
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "[bool(w.mask[30, 60]), bool(w.mask[60, 60])]") == [True, False]
    canvas.press("ControlOrMeta+Shift+z")
    canvas.expect_prompts(2)
    canvas.press("r")
    canvas.expect_prompts(0)
    assert lab.evaluate(1, "bool(w.mask.any())") is False
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "[bool(w.mask[30, 60]), bool(w.mask[60, 60])]") == [True, True]


COINS = """\
import numpy as np
import scribbleprompt_widget as sp
from skimage import data, filters, measure

image = data.coins()
coins = measure.label(image > filters.threshold_otsu(image))

def dice(*places):
    truth = np.isin(coins, [coins[y, x] for x, y in places])
    return 2 * float((w.mask & truth).sum()) / float(w.mask.sum() + truth.sum())

w = sp.Segmenter(image, labels=["coin"])
w"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_coins_are_outlined_by_the_default_predictor(open_notebook, app):
    lab = open_notebook([COINS, ""], app=app)
    canvas = lab.run_widget(0)
    canvas.stroke((260, 114), (272, 122), (282, 116))
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "dice((270, 118))") >= 0.85
    canvas.press("b")
    canvas.stroke((303, 11), (363, 72))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "dice((270, 118), (335, 40))") >= 0.85
    canvas.press("p")
    canvas.click(154, 197)
    canvas.expect_prompts(3)
    assert lab.evaluate(1, "dice((270, 118), (335, 40), (154, 197))") >= 0.85
    canvas.press("r")
    canvas.expect_prompts(0)
    assert lab.evaluate(1, "bool(w.mask.any())") is False


def test_what_python_draws_appears_on_the_canvas(lab):
    before = lab.canvas.pixel(80, 60)
    lab.evaluate(1, "w.add_box(60, 40, 100, 80)")
    lab.canvas.expect_prompts(1)
    assert lab.canvas.pixel(80, 60) != before
    lab.evaluate(1, "w.undo()")
    lab.canvas.expect_prompts(0)
    assert lab.canvas.pixel(80, 60) == before


def test_two_widgets_do_not_disturb_each_other(open_notebook):
    lab = open_notebook([WIDGET, "v = sp.Segmenter(np.zeros((80, 80)), model=PaintPredictor())\nv", "", ""])
    first, second = lab.run_widget(0), lab.run_widget(1)
    first.stroke((40, 50), (90, 50))
    first.expect_prompts(1)
    second.press("p")
    second.click(10, 10)
    second.click(20, 20)
    second.expect_prompts(2)
    first.expect_prompts(1)
    assert lab.evaluate(2, "[len(w.prompts), len(v.prompts), int(v.mask.sum())]") == [1, 2, 2]
    first.press("ControlOrMeta+z")
    first.expect_prompts(0)
    second.expect_prompts(2)
    lab.evaluate(2, "v.close()")
    expect(lab.cell(1).locator(".sp-segmenter")).to_have_count(0)
    first.stroke((40, 50), (90, 50))
    first.expect_prompts(1)


@in_both_apps
def test_after_a_reload_image_prompts_and_mask_are_there(lab):
    canvas = lab.canvas
    empty = canvas.pixel(60, 50)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    colors = [canvas.pixel(60, 50), canvas.pixel(20, 100)]
    lab.save()
    lab.open()
    canvas = lab.widget(0)
    canvas.expect_prompts(1)
    canvas.wait_version_after(0)
    assert [canvas.pixel(60, 50), canvas.pixel(20, 100)] == colors
    assert colors[0] != empty
    canvas.stroke((40, 80), (90, 80))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "[bool(w.mask[50, 60]), bool(w.mask[80, 60])]") == [True, True]


def test_a_saved_notebook_opened_with_another_kernel_shows_the_latest_mask(lab):
    picture = lab.cell(0).locator("img[class^=sp-static]")
    first = picture.get_attribute("src")
    lab.canvas.stroke((40, 50), (90, 50))
    lab.canvas.expect_prompts(1)
    expect(picture).not_to_have_attribute("src", first)  # brought up to date in the pause
    lab.save()
    lab.stop_kernel()
    lab.open()
    expect(picture).to_be_visible()
    expect(lab.cell(0).locator(".sp-segmenter")).to_have_count(0)
    on, off = lab.colors_of(picture, (60, 50), (60, 90))
    assert np.ptp(on) > 20 > np.ptp(off)  # tinted, and grey


def test_a_second_view_shows_the_same_and_follows(open_notebook):
    lab = open_notebook([WIDGET, "w"])
    first = lab.run_widget(0)
    first.stroke((40, 50), (90, 50))
    first.expect_prompts(1)
    second = lab.run_widget(1)
    second.expect_prompts(1)
    second.wait_version_after(0)
    assert second.pixel(60, 50) == first.pixel(60, 50)
    second.stroke((40, 80), (90, 80))
    second.expect_prompts(2)
    first.expect_prompts(2)
    assert second.pixel(60, 80) == first.pixel(60, 80)


def test_a_plain_wheel_scrolls_the_page_and_ctrl_wheel_zooms(open_notebook):
    lab = open_notebook([WIDGET, *["1\n" * 30] * 5])
    canvas = lab.run_widget(0)
    scroller = lab.page.locator(".jp-WindowedPanel-outer")
    lab.page.mouse.move(*canvas.at(80, 60))
    rect = canvas.canvas.get_attribute("data-image-rect")
    before = scroller.evaluate("element => element.scrollTop")
    lab.page.mouse.wheel(0, 200)
    scrolled = "([element, before]) => element.scrollTop > before"
    lab.page.wait_for_function(scrolled, arg=[scroller.element_handle(), before])
    assert canvas.canvas.get_attribute("data-image-rect") == rect
    lab.page.mouse.move(*canvas.at(80, 60))
    at = canvas.at(80, 60)
    scrolled = scroller.evaluate("element => element.scrollTop")
    lab.page.keyboard.down("Control")
    lab.page.mouse.wheel(0, -200)
    lab.page.keyboard.up("Control")
    expect(canvas.canvas).not_to_have_attribute("data-image-rect", rect)
    assert scroller.evaluate("element => element.scrollTop") == scrolled
    assert np.allclose(canvas.at(80, 60), at, atol=1)  # what was under the pointer stays there
    assert float(canvas.canvas.get_attribute("data-image-rect").split(",")[2]) > float(rect.split(",")[2])
    canvas.press("0")
    expect(canvas.canvas).to_have_attribute("data-image-rect", rect)


def test_keys_for_the_widget_do_not_reach_the_notebook_but_saving_does(open_notebook):
    lab = open_notebook([WIDGET, "", ""])
    canvas = lab.run_widget(0)
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell").count()
    canvas.press("b", "p", "s", "t", "h", "h", "m", "[", "]", "0")
    canvas.press("d", "d", "a", "x", "Enter")  # keys that mean something to the notebook, and nothing here
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    canvas.root.focus()
    lab.save()
    assert lab.page.locator(".jp-Notebook .jp-CodeCell").count() == cells


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_pointing_at_the_canvas_keeps_keys_from_the_notebook(open_notebook, app):
    lab = open_notebook([WIDGET, "x = 1", "x = 2"], app=app)
    canvas, keyboard, cells = lab.run_widget(0), lab.page.keyboard, lab.page.locator(".jp-Notebook .jp-CodeCell")
    lab.page.mouse.move(*canvas.at(60, 50))
    lab.page.mouse.move(*canvas.at(80, 60), steps=3)
    for key in "bddxza":  # to the notebook: insert, delete, delete, cut, undo, insert
        keyboard.press(key)
    expect(canvas.root).to_have_attribute("data-tool", "box")
    expect(cells).to_have_count(3)
    keyboard.press("Shift+Enter")  # the notebook's, and the next cell is still the active one
    expect(lab.cell(1).locator(".jp-InputPrompt").first).to_have_text("[2]:")
    lab.cell(2).locator(".cm-content").click()
    keyboard.press("ControlOrMeta+a")
    lab.page.mouse.move(*canvas.at(60, 50))
    lab.page.mouse.move(*canvas.at(80, 60), steps=3)
    keyboard.type("spy = 3")  # text is typed where the cursor is
    expect(lab.cell(2).locator(".cm-content")).to_have_text("spy = 3")
    expect(canvas.root).to_have_attribute("data-tool", "box")


def test_a_double_click_is_one_prompt(lab):
    canvas = lab.canvas
    canvas.press("p")
    lab.page.mouse.dblclick(*canvas.at(60, 50))
    canvas.click(90, 80)
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "[[p.x, p.y] for p in w.prompts]") == [
        [pytest.approx(60, abs=0.5), pytest.approx(50, abs=0.5)],
        [pytest.approx(90, abs=0.5), pytest.approx(80, abs=0.5)],
    ]


def test_a_long_stroke_is_previewed_before_it_ends(page, open_notebook):
    previews = []

    def watch(frame):
        data = frame if isinstance(frame, bytes) else frame.encode()
        if b'"type": "preview"' in data or b'"type":"preview"' in data:
            previews.append(data)

    page.on("websocket", lambda websocket: websocket.on("framereceived", watch))
    lab = open_notebook([WIDGET, ""])
    canvas = lab.run_widget(0)
    page.mouse.move(*canvas.at(20, 60))
    page.mouse.down()
    places = itertools.chain(np.arange(21, 100, 0.5), itertools.cycle([100, 99]))

    def draw_on() -> bool:
        page.mouse.move(*canvas.at(next(places), 60))
        return bool(previews)

    wait_until(page, draw_on, "a preview")
    assert canvas.version == 0
    page.mouse.up()
    canvas.expect_prompts(1)
    canvas.wait_version_after(0)
    assert canvas.version == 1
    assert lab.evaluate(1, "len(w.prompts)") == 1


def test_strokes_drawn_while_a_cell_runs_wait_and_are_answered(open_notebook):
    gate = "import pathlib, time\nwhile not pathlib.Path('gate').exists(): time.sleep(0.05)"
    lab = open_notebook([WIDGET, gate, ""])
    canvas = lab.run_widget(0)
    lab.run(1)
    lab.page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").first.wait_for(state="attached")
    canvas.stroke((40, 30), (90, 30))
    canvas.stroke((40, 60), (90, 60))
    canvas.expect_state("busy")
    (lab.server.root / "gate").touch()
    canvas.expect_prompts(2)
    (lab.server.root / "gate").unlink()
    assert lab.evaluate(2, "[bool(w.mask[30, 60]), bool(w.mask[60, 60])]") == [True, True]


def test_strokes_that_wait_while_a_cell_shows_another_image_do_not_land_on_it(open_notebook):
    gate = "import pathlib, time\nwhile not pathlib.Path('next').exists(): time.sleep(0.05)\n"
    lab = open_notebook([WIDGET, gate + "w.set_image(np.zeros((120, 160)))", ""])
    canvas = lab.run_widget(0)
    lab.run(1)
    lab.page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").first.wait_for(state="attached")
    canvas.stroke((40, 30), (90, 30))
    canvas.expect_state("busy")
    (lab.server.root / "next").touch()
    expect(canvas.root.get_by_text("the image before this one").first).to_be_visible()
    (lab.server.root / "next").unlink()
    assert lab.evaluate(2, "[len(w.prompts), bool(w.mask.any())]") == [0, False]


def test_a_predictors_error_is_shown_and_the_widget_goes_on(lab):
    canvas = lab.canvas
    lab.evaluate(1, "setattr(w._annotation.predictor, 'fail_with', RuntimeError('no memory left'))")
    canvas.stroke((40, 50), (90, 50))
    expect(canvas.root.get_by_text("no memory left").first).to_be_visible()
    assert lab.evaluate(1, "repr(w.last_error)") == "RuntimeError('no memory left')"
    lab.evaluate(1, "setattr(w._annotation.predictor, 'fail_with', None)")
    canvas.root.get_by_role("button", name="Retry").click()
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "bool(w.mask[50, 60])") is True


@pytest.fixture
def one_thread(server):
    """Lab gives comms no threads of their own."""
    file = server.settings / "@jupyterlab" / "apputils-extension" / "kernels-settings.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"commsOverSubshells": "disabled"}))
    yield
    file.unlink()


SLOW_ONCE = """
import time
slow = iter([3.0])
w._annotation.predictor.wait_for = type("Slow", (), {"wait": lambda self, _: time.sleep(next(slow, 0)) or True})()
"""


def test_what_follows_a_slow_prediction_comes_after_it_whichever_thread_brings_it(open_notebook):
    # ipykernel gives the first message to the thread of the cells, and those after its first answer to another.
    lab = open_notebook([WIDGET.removesuffix("\nw") + SLOW_ONCE + "w", ""])
    canvas = lab.run_widget(0)
    canvas.press("p")
    canvas.click(40, 50)
    canvas.press("c")  # waits in that thread
    expect(canvas.root.get_by_role("button", name="Cancel")).to_be_visible()  # it has answered that it is at it
    canvas.click(100, 50)
    canvas.press("c")
    expect(canvas.root).to_have_attribute("data-objects", "2")
    assert lab.evaluate(1, "[row['prompts'] for row in w.instance_table]") == [1, 1]


def is_cancelled(lab, waiting, cancel):
    canvas = lab.canvas
    canvas.stroke((40, 20), (90, 20))
    canvas.expect_prompts(1)
    lab.evaluate(1, "setattr(w._annotation.predictor, 'wait_for', __import__('threading').Event())")
    for y in waiting:
        canvas.stroke((40, y), (90, y))
    button = canvas.root.get_by_role("button", name="Cancel")
    expect(button).to_be_visible()
    cancel(button)
    expect(canvas.root.get_by_text("Cancelled:").first).to_be_visible()
    expect(button).to_be_hidden()
    canvas.expect_state("ready")
    canvas.expect_prompts(1)
    lab.evaluate(1, "setattr(w._annotation.predictor, 'wait_for', None)")
    canvas.stroke((40, 80), (90, 80))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "[bool(w.mask[y, 60]) for y in (20, 40, 50, 80)]") == [True, False, False, True]


def test_a_slow_prediction_is_cancelled_with_what_waits_behind_it(lab):
    is_cancelled(lab, (40, 50), lambda button: button.click())


def test_esc_cancels_a_slow_prediction(lab):
    is_cancelled(lab, (40,), lambda _: lab.canvas.press("Escape"))


def test_where_comms_have_no_threads_the_kernel_is_interrupted(one_thread, lab):
    is_cancelled(lab, (40, 50), lambda button: button.click())


def test_copy_as_python_repeats_what_was_drawn(open_notebook):
    lab = open_notebook([WIDGET, "v = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())", "", ""])
    canvas = lab.run_widget(0)
    lab.run(1)
    canvas.stroke((40, 50), (90, 50), (90, 80))
    canvas.press("b")
    canvas.stroke((10, 10), (30, 40))
    canvas.press("p")
    canvas.click(20, 20, button="right")
    canvas.expect_prompts(3)
    canvas.root.locator("button.sp-more").click()
    canvas.root.get_by_role("button", name="Copy as Python", exact=True).click()
    assert copied(canvas).count("w.add_") == 3
    lab.evaluate(3, "w.add_scribble(raster=np.eye(120, 160))")
    expect(canvas.root.locator(".sp-code textarea")).to_have_value(re.compile(r"raster=raster\("))
    code = canvas.root.locator(".sp-code textarea").input_value()
    cell = lab.cell(2)
    cell.locator(".cm-content").click()
    lab.page.keyboard.insert_text(code.replace("w.", "v."))
    lab.page.keyboard.press("Shift+Enter")
    assert lab.evaluate(3, "[len(v.prompts), int((v.mask != w.mask).sum())]") == [4, 0]


def test_after_a_kernel_restart_the_canvas_says_so_and_keeps_what_was_drawn(lab):
    canvas = lab.canvas
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    shown = canvas.pixel(60, 50)
    restart(lab)
    canvas.stroke((40, 80), (90, 80))
    canvas.expect_state("gone")
    assert canvas.pixel(60, 50) == shown
    canvas.root.get_by_role("button", name="Copy as Python", exact=True).first.click()
    assert "w.add_scribble(" in copied(canvas)

    again = lab.run_widget(0)
    again.stroke((40, 50), (90, 50))
    again.expect_prompts(1)
    assert lab.evaluate(1, "len(w.prompts)") == 1


def test_a_stroke_across_a_kernel_restart_is_told_and_kept(lab):
    canvas, mouse = lab.canvas, lab.page.mouse
    mouse.move(*canvas.at(40, 50))
    mouse.down()
    mouse.move(*canvas.at(60, 50), steps=4)
    restart(lab)
    mouse.move(*canvas.at(90, 50), steps=4)
    mouse.up()
    canvas.expect_state("gone")
    expect(canvas.root.get_by_text("run the cells again")).to_be_visible()
    canvas.root.get_by_role("button", name="Copy as Python", exact=True).first.click()
    assert "w.add_scribble([(40" in copied(canvas)


def test_a_restart_that_the_page_did_not_hear_of_is_found_out(open_notebook, page):
    deaf = False

    def on_socket(socket):
        server = socket.connect_to_server()
        server.on_message(lambda message: None if deaf and b"iopub" in message else socket.send(message))

    page.route_web_socket(re.compile("/channels"), on_socket)
    lab = open_notebook([SETUP + "w = sp.Segmenter(np.zeros((120, 160)), model=PaintPredictor())\nw"])
    canvas = lab.run_widget(0)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    deaf = True  # as it may be while the server connects to the new kernel's broadcasts
    restart(lab)
    canvas.stroke((40, 80), (90, 80))
    canvas.expect_state("gone")


def test_after_a_restart_a_kept_session_goes_on_when_its_cell_is_run_again(open_notebook, tmp_path):
    file = str(tmp_path / "work.zip")
    make = f"w = sp.Segmenter(np.zeros((120, 160)), model=PaintPredictor(), session={file!r})\nw"
    lab = open_notebook([SETUP + make, "", ""])
    canvas = lab.run_widget(0)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    canvas.press("c")
    expect(canvas.root).to_have_attribute("data-objects", "1")
    canvas.press("b")
    canvas.stroke((100, 70), (120, 90))
    canvas.expect_prompts(1)
    drawn = lab.evaluate(1, "[int(w.mask.sum()), int(w.instances.sum())]")
    wait_until(lab.page, lambda: steps_in(file) == 4, "the session is written")
    restart(lab)
    again = lab.run_widget(0)
    again.expect_prompts(1)
    assert lab.evaluate(2, "[int(w.mask.sum()), int(w.instances.sum())]") == drawn
    again.press("Control+z", "Control+z")
    again.expect_prompts(1)
    assert lab.evaluate(1, "[int(w.mask.sum()), int(w.instances.sum())]")[1] == 0


def steps_in(file):
    with zipfile.ZipFile(file) as session:
        return len(json.loads(session.read("session.json"))["steps"])


def test_a_cell_that_is_run_again_at_once_after_a_restart_draws(lab):
    lab.canvas.stroke((40, 50), (90, 50))
    lab.canvas.expect_prompts(1)
    restart(lab)
    again = lab.run_widget(0)
    again.stroke((40, 50), (90, 50))
    again.expect_prompts(1)


def restart(lab):
    """Restart the kernel behind the page's back."""
    (session,) = [s for s in lab.request("GET", "sessions") if s["path"] == lab.notebook]
    lab.request("POST", f"kernels/{session['kernel']['id']}/restart")
    lab.wait_idle()


def test_set_image_and_labels(open_notebook):
    make = "w = sp.Segmenter(np.zeros((50, 50)), labels=['a', 'b'], model=PaintPredictor())\nw"
    lab = open_notebook([SETUP + make, ""])
    canvas = lab.run_widget(0)
    canvas.press("p")
    canvas.click(10, 10)
    canvas.expect_prompts(1)
    canvas.press("2")
    canvas.expect_prompts(0)
    canvas.click(20, 20)
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "[w.label, np.argwhere(w.label_map == 2).tolist()]") == ["b", [[20, 20]]]
    lab.evaluate(1, "w.set_image(np.zeros((30, 60, 3), np.uint8))")
    canvas.expect_prompts(0)
    canvas.click(55, 15)
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "[list(w.mask.shape), np.argwhere(w.mask).tolist()]") == [[30, 60], [[15, 55]]]


@pytest.mark.parametrize("shape", ["(1, 1)", "(1, 300)", "(3000, 2)"])
def test_odd_shapes_can_be_drawn_on(open_notebook, shape):
    lab = open_notebook([SETUP + f"w = sp.Segmenter(np.ones({shape}), model=PaintPredictor())\nw", ""])
    canvas = lab.run_widget(0)
    canvas.press("p")
    canvas.click(0, 0)
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "bool(w.mask[0, 0])") is True


def test_a_large_image_opens_and_answers(open_notebook):
    setup = "image = (np.indices((8000, 8000)).sum(0) // 8 % 256).astype(np.uint8)\n"
    lab = open_notebook([SETUP + setup + "w = sp.Segmenter(image, model=PaintPredictor())\nw", ""])
    canvas = lab.run_widget(0)
    canvas.stroke((4000, 4000), (5000, 4200))
    canvas.expect_prompts(1)
    canvas.wait_version_after(0)
    assert lab.evaluate(1, "bool(w.mask[4100, 4500])") is True


def test_a_page_that_was_slow_to_load_the_module_hears_the_kernel(open_notebook, page):
    # anywidget gives up after two seconds, here at once, on whatever the kernel says to this model.
    page.add_init_script("""{
        const timeout = AbortSignal.timeout.bind(AbortSignal);
        AbortSignal.timeout = (ms) => {
            const ended = new AbortController();
            if (ms === 2000) queueMicrotask(() => ended.abort());
            return ms === 2000 ? ended.signal : timeout(ms);
        };
    }""")
    lab = open_notebook([WIDGET.removesuffix("w") + "w.add_click(20, 20)\nw", ""])
    canvas = lab.run_widget(0)
    canvas.expect_prompts(1)
    canvas.stroke((30, 30), (60, 30))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, "len(w.prompts)") == 2
