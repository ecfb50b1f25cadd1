"""The Segmenter where it lives: marimo, rows of widgets, several views, cells that leave the window and come back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, Canvas
from tests.browser.marimo_server import MarimoServer

WIDGET = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())\nw"


def luminance(color: str) -> float:
    """How bright a CSS colour, rgb(r, g, b), is: 0 to 1."""
    red, green, blue = map(int, re.findall(r"\d+", color)[:3])
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


@pytest.fixture(params=["light", "dark"])
def marimo(request, tmp_path):
    server = MarimoServer(tmp_path / "marimo", request.param)
    server.theme = request.param
    yield server
    server.stop()


def test_marimo_shows_it_in_its_theme_draws_and_hears_of_the_mask(marimo, page):
    page.goto(marimo.address)
    canvas = Canvas(page, page.locator(".sp-segmenter"))
    told = page.get_by_text("pixels by")
    expect(told).to_have_text("mask of 0 pixels by 0 prompts")
    colors = canvas.root.evaluate(
        "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).color]"
    )
    ground, text = map(luminance, colors)
    assert (ground > 0.9 and text < 0.3) if marimo.theme == "light" else (ground < 0.2 and text > 0.8)

    before = canvas.pixel(60, 50)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    canvas.wait_version_after(0)
    assert canvas.pixel(60, 50) != before
    drawn = re.compile(r"mask of 1\d\d pixels by 1 prompts")
    expect(told).to_have_text(drawn)  # the cell below ran again
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(0)
    assert canvas.pixel(60, 50) == before
    expect(told).to_have_text("mask of 0 pixels by 0 prompts")
    canvas.press("ControlOrMeta+Shift+z")
    expect(told).to_have_text(drawn)
    canvas.press("2")  # the other label
    expect(told).to_have_text("mask of 0 pixels by 0 prompts")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_two_views_of_one_widget_stay_in_step(open_notebook, app):
    lab = open_notebook([WIDGET, "w", ""], app=app)
    views = first, second = lab.run_widget(0), lab.run_widget(1)
    empty = second.pixel(60, 50)
    first.stroke((40, 50), (90, 50))
    second.expect_prompts(1)
    second.wait_version_after(0)
    assert second.pixel(60, 50) == first.pixel(60, 50) != empty
    second.press("ControlOrMeta+z")
    first.expect_prompts(0)
    assert first.pixel(60, 50) == empty
    second.press("ControlOrMeta+Shift+z")
    lab.evaluate(2, "w.add_box(20, 70, 40, 90)")
    for view in views:
        view.expect_prompts(2)
    assert first.pixel(30, 80) == second.pixel(30, 80) != empty
    first.press("r")
    for view in views:
        view.expect_prompts(0)
        assert view.pixel(60, 50) == empty
    assert len({view.version for view in views}) == 1


def test_scrolled_out_of_the_window_and_back_it_shows_what_is_there_now(open_notebook):
    lab = open_notebook([WIDGET, *["x = 1\n" * 60] * 12, ""])
    canvas = lab.run_widget(0)
    empty = canvas.pixel(60, 50)
    canvas.stroke((40, 50), (90, 50))
    canvas.expect_prompts(1)
    shown = canvas.pixel(60, 50)
    scroller = lab.page.locator(".jp-WindowedPanel-outer")
    scroller.evaluate("element => element.scrollTop = element.scrollHeight")
    expect(canvas.root).not_to_be_in_viewport()
    last = lab.page.locator(".jp-Notebook .jp-CodeCell").last
    last.locator(".cm-content").click()
    lab.page.keyboard.insert_text("w.add_box(20, 70, 40, 90)")
    lab.page.keyboard.press("Control+Enter")
    expect(last.locator(".jp-InputPrompt").first).to_have_text("[2]:")
    scroller.evaluate("element => element.scrollTop = 0")
    expect(canvas.root).to_be_in_viewport()
    canvas.expect_prompts(2)
    assert canvas.pixel(60, 50) == shown != empty
    assert canvas.pixel(30, 80) != empty
    canvas.stroke((100, 20), (120, 20))
    canvas.expect_prompts(3)


def test_thirty_widgets_in_one_notebook_answer_each_for_itself(open_notebook):
    make = "ws = [sp.Segmenter(np.full((60, 80), 0.5), model=PaintPredictor()) for _ in range(30)]"
    # Not all in one cell: JupyterLab shows 50 outputs of each, which are 25 widgets and their pictures; and anywidget
    # gives up on a widget whose module did not load in 2 s, which happens on a slow machine where many come at once.
    show = "for w in ws[{0}:{0} + 5]: display(w)"
    starts = range(0, 30, 5)
    lab = open_notebook([SETUP + make, *map(show.format, starts), ""])
    lab.run(0)
    for cell, start in enumerate(starts, start=1):
        lab.run(cell)
        roots = lab.cell(cell).locator(".sp-segmenter")
        expect(roots).to_have_count(5)
        for index in range(5):
            canvas = Canvas(lab.page, roots.nth(index))
            canvas.stroke((10 + start + index, 30), (40 + start + index, 30), steps=3)
            canvas.expect_prompts(1)
    found = lab.evaluate(len(starts) + 1, "[[len(w.prompts), int(np.argwhere(w.mask)[:, 1].min())] for w in ws]")
    assert found == [[1, pytest.approx(9 + index, abs=1)] for index in range(30)]
