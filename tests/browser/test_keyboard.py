"""The widget without a pointer: what keys do in it, which of them the notebook keeps, and what is read out."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, wait_until
from tests.browser.test_view import rect

WIDGET = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())\nw"


@pytest.fixture
def lab(open_notebook):
    lab = open_notebook([WIDGET, "", ""])
    lab.canvas = lab.run_widget(0)
    lab.page.mouse.move(2, 2)
    return lab


def test_every_tool_draws_by_keys_alone(lab):
    canvas, page = lab.canvas, lab.page
    crosshair = canvas.root.locator(".sp-crosshair")
    expect(crosshair).to_be_hidden()
    canvas.press("p", "ArrowLeft", "Enter")
    canvas.expect_prompts(1)
    expect(crosshair).to_be_visible()
    canvas.press(
        "s", "t", *["Control+ArrowLeft"] * 3, "Enter", *["ArrowDown"] * 5, *["Control+ArrowRight"] * 2, "Enter"
    )
    canvas.expect_prompts(2)
    canvas.press("b", "Enter", "Control+ArrowRight", "Control+ArrowDown", "Escape")  # dropped
    canvas.press("Enter", "Control+ArrowLeft", "Control+ArrowUp", "Enter")
    canvas.expect_prompts(3)
    click, scribble, box = lab.evaluate(1, "w.prompts.to_json()")
    x, y = click["x"], click["y"]
    assert click == {"kind": "click", "x": x, "y": y, "positive": True}
    assert (scribble["kind"], scribble["positive"]) == ("scribble", False)
    assert (scribble["points"][0], scribble["points"][-1]) == ([x - 30, y], [x - 10, y + 5])
    assert box == {"kind": "box", "x0": x - 10, "y0": y + 5, "x1": x, "y1": y + 15}
    page.mouse.move(*canvas.at(30, 30))
    page.mouse.move(*canvas.at(31, 30))
    expect(crosshair).to_be_hidden()


def test_the_view_follows_the_crosshair(lab):
    canvas = lab.canvas
    fitted = rect(canvas)[2]
    canvas.press("+", "+", "+", "ArrowLeft")
    wait_until(lab.page, lambda: rect(canvas)[2] > 2.5 * fitted, "a picture zoomed in three times")
    before = rect(canvas)
    canvas.press(*["Control+ArrowLeft"] * 8)
    wait_until(lab.page, lambda: rect(canvas)[0] > before[0], "a view that moved")
    assert rect(canvas)[2] == before[2]
    box, cross = canvas.canvas.bounding_box(), canvas.root.locator(".sp-crosshair").bounding_box()
    assert box["x"] <= cross["x"] <= box["x"] + box["width"]
    expect(canvas.root.locator(".sp-readout")).to_have_text(re.compile(r"^0, \d+: 0\.5$"))


def test_only_listed_keys_and_plain_letters_are_kept_from_the_notebook(lab):
    canvas, page = lab.canvas, lab.page
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    canvas.press("d", "d", "a", "x", "v", "Shift+M", "Enter", "ArrowDown", "ArrowUp", "Space")
    expect(cells).to_have_count(3)
    lab.save()
    expect(canvas.root).to_be_focused()
    page.keyboard.press("ControlOrMeta+b")  # the notebook's sidebar
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    expect(canvas.root).to_be_focused()
    prompt = lab.cell(0).locator(".jp-InputPrompt").first
    before = prompt.inner_text()
    page.keyboard.press("Shift+Enter")
    expect(prompt).not_to_have_text(before)


def test_controls_with_the_focus_keep_their_keys_and_the_notebook_its_cells(lab):
    canvas, page = lab.canvas, lab.page
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    canvas.press("f")
    smooth = canvas.root.get_by_role("slider", name=re.compile("border is rounded"))
    smooth.focus()
    page.keyboard.press("ArrowRight")
    expect(smooth).to_have_value("1")
    largest = canvas.root.get_by_role("checkbox", name=re.compile("[Ll]argest"))
    for control in (smooth, largest, canvas.root.get_by_role("button", name=re.compile("^Undo")).first):
        control.focus()
        for key in ("x", "a", "ArrowDown"):  # in the notebook: cut the cell, insert one, go to the next
            page.keyboard.press(key)
        expect(control).to_be_focused()
        expect(cells).to_have_count(3)
    lab.save()


def test_a_name_is_typed_and_ended_without_giving_the_keys_away(lab):
    canvas, page = lab.canvas, lab.page
    cells = page.locator(".jp-Notebook .jp-Cell")
    count = cells.count()
    name = canvas.root.get_by_role("textbox", name="Name")
    canvas.press("n")
    expect(name).to_be_focused()
    page.keyboard.type("bad dog")
    page.keyboard.press("Enter")
    expect(canvas.root).to_be_focused()
    expect(name).to_be_hidden()
    for key in "bdd":  # in the notebook: a new cell, and one less
        page.keyboard.press(key)
    expect(canvas.root).to_have_attribute("data-tool", "box")
    expect(cells).to_have_count(count)
    assert lab.evaluate(1, "w.labels") == ["bad dog"]


def test_escape_gives_the_keys_back(lab):
    canvas, page = lab.canvas, lab.page
    canvas.press("?")
    expect(canvas.root.get_by_role("dialog", name="Keys and gestures")).to_be_visible()
    page.keyboard.press("Escape")
    expect(canvas.root.get_by_role("dialog", name="Keys and gestures")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(canvas.root).not_to_be_focused()
    page.keyboard.press("b")  # the notebook's: a cell below
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(4)


def test_tool_sign_and_result_are_read_out(lab):
    canvas, live = lab.canvas, lab.canvas.root.locator("[aria-live]").first
    canvas.press("p")
    expect(live).to_have_text("click, positive")
    canvas.press("t")
    expect(live).to_have_text("click, negative")
    canvas.press("t", "ArrowLeft")
    expect(live).to_have_text(re.compile(r"^\d+, \d+: 0\.5$"))
    canvas.press("Enter")
    expect(live).to_have_text("object: 1 px, 1 px more; 1 prompt")
    canvas.press("Control+ArrowLeft", "Enter")
    expect(live).to_have_text("object: 2 px, 1 px more; 2 prompts")
    canvas.press("ControlOrMeta+z")
    expect(live).to_have_text("object: 1 px, 1 px less; 1 prompt")
