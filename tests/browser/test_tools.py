"""The tools beyond the first three, in real JupyterLab: changed prompts, painted masks, labels, objects, history."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP

WIDGET = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())\nw"
LABELS = SETUP + "w = sp.Segmenter(np.full((120, 160), 0.5), labels=['cell', 'vessel'], model=PaintPredictor())\nw"
KINDS = "[type(p).__name__ for p in w.prompts]"


@pytest.fixture
def lab(open_notebook, request):
    lab = open_notebook([getattr(request, "param", WIDGET), "", ""])
    lab.canvas = lab.run_widget(0)
    return lab


two_labels = pytest.mark.parametrize("lab", [LABELS], indirect=True)


def tool(canvas, name):
    """Take up a tool as a newcomer would find it."""
    canvas.root.locator("button.sp-tools").click()
    canvas.root.get_by_role("dialog", name="Tools").get_by_role("button", name=name).click()


def more(canvas, name):
    canvas.root.locator("button.sp-more").click()
    canvas.root.get_by_role("dialog", name="More", exact=True).get_by_role("button", name=name).click()


def bounds(lab):
    """Of the mask: left, top, right, bottom."""
    (top, left), (bottom, right) = lab.evaluate(
        1, "[f(np.argwhere(w.mask)) for f in (lambda a: a.min(0).tolist(), lambda a: a.max(0).tolist())]"
    )
    return [left, top, right, bottom]


def test_a_box_is_selected_moved_reshaped_and_deleted(lab):
    canvas = lab.canvas
    canvas.press("b")
    canvas.stroke((30, 20), (70, 50))
    canvas.expect_prompts(1)
    np.testing.assert_allclose(bounds(lab), [30, 20, 70, 50], atol=1)
    canvas.press("v")
    canvas.stroke((50, 35), (70, 55))  # by its middle
    canvas.wait_version_after(1)
    np.testing.assert_allclose(bounds(lab), [50, 40, 90, 70], atol=1)
    canvas.stroke((90.5, 70.5), (110.5, 90.5))  # by its lower right corner
    canvas.wait_version_after(2)
    np.testing.assert_allclose(bounds(lab), [50, 40, 110, 90], atol=1)
    canvas.stroke((49.5, 65), (39.5, 65))  # by its left side
    canvas.wait_version_after(3)
    np.testing.assert_allclose(bounds(lab), [40, 40, 110, 90], atol=1)
    canvas.press("ControlOrMeta+z")
    canvas.wait_version_after(4)
    np.testing.assert_allclose(bounds(lab), [50, 40, 110, 90], atol=1)
    canvas.press("Delete")
    canvas.expect_prompts(0)
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(1)
    assert lab.evaluate(1, "len(w.history)") == 5  # opened, drawn, moved, reshaped, deleted


def test_the_topmost_prompt_is_taken_and_clicks_and_strokes_move(lab):
    canvas = lab.canvas
    canvas.stroke((40, 40), (100, 40))
    canvas.press("p")
    canvas.click(70, 40, button="right")
    canvas.expect_prompts(2)
    canvas.press("v")
    canvas.stroke((70, 40), (70, 80))  # the click lies on the stroke
    canvas.wait_version_after(2)
    assert lab.evaluate(1, "[w.prompts[1].x, w.prompts[1].y]") == [
        pytest.approx(70, abs=0.6),
        pytest.approx(80, abs=0.6),
    ]
    canvas.stroke((55, 40), (55, 60))
    canvas.wait_version_after(3)
    np.testing.assert_allclose(lab.evaluate(1, "w.prompts[0].points[[0, -1], 1].tolist()"), [60, 60], atol=0.6)
    canvas.stroke((100, 60), (120, 90))  # one end of it by its handle
    canvas.wait_version_after(4)
    ends = lab.evaluate(1, "w.prompts[0].points[[0, -1]].tolist()")
    np.testing.assert_allclose(ends, [[40, 60], [120, 90]], atol=1)


def test_a_click_on_the_selected_prompt_changes_nothing_and_esc_lets_go(lab):
    canvas = lab.canvas
    canvas.stroke((40, 40), (100, 40))
    canvas.expect_prompts(1)
    canvas.press("v")
    canvas.click(70, 40)
    canvas.press("Escape", "Delete")
    canvas.press("Escape")
    assert lab.evaluate(1, "[len(w.prompts), w.mask_version]") == [1, 1]
    canvas.expect_prompts(1)


def test_the_eraser_splits_strokes_and_takes_the_rest_whole_in_one_step(lab):
    canvas = lab.canvas
    canvas.stroke((30, 40), (130, 40))
    canvas.press("p")
    canvas.click(80, 60)
    canvas.press("b")
    canvas.stroke((100, 70), (140, 100))
    canvas.expect_prompts(3)
    tool(canvas, "Erase")
    canvas.stroke((80, 20), (80, 85), (110, 85))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, KINDS) == ["Scribble", "Scribble"]
    left, right = lab.evaluate(1, "[[float(p.points[:, 0].min()), float(p.points[:, 0].max())] for p in w.prompts]")
    assert left[0] == pytest.approx(30, abs=1)
    assert right[1] == pytest.approx(130, abs=1)
    assert left[1] < 79
    assert right[0] > 81
    assert lab.evaluate(1, "bool(w.mask[40, 80])") is False
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(3)


def test_a_freehand_lasso_a_polygon_and_a_circle(lab):
    canvas = lab.canvas
    tool(canvas, "Lasso")
    canvas.stroke((20, 20), (50, 20), (50, 50), (20, 50), (20, 21))
    canvas.expect_prompts(1)
    for corner in [(70, 20), (110, 20), (90, 60)]:
        canvas.click(*corner)
    canvas.click(70, 20)  # the first corner closes
    canvas.expect_prompts(2)
    canvas.press("t")
    for corner in [(75, 22), (90, 22), (80, 30)]:
        canvas.click(*corner)
    canvas.press("Enter")
    canvas.expect_prompts(3)
    canvas.press("t", "o")
    canvas.stroke((80, 90), (100, 90))
    canvas.expect_prompts(4)
    assert lab.evaluate(1, KINDS) == ["Lasso"] * 4
    inside = "[bool(w.mask[y, x]) for x, y in [(35, 35), (90, 40), (80, 24), (80, 90), (95, 95), (97, 107)]]"
    assert lab.evaluate(1, inside) == [True, True, False, True, True, False]


def test_a_double_click_closes_a_polygon_and_corners_can_be_taken_back(lab):
    canvas = lab.canvas
    canvas.press("l")
    for corner in [(30, 30), (90, 30), (150, 110)]:
        canvas.click(*corner)
    canvas.press("ControlOrMeta+z")
    lab.page.mouse.dblclick(*canvas.at(60, 90))
    canvas.expect_prompts(1)
    corners = lab.evaluate(1, "w.prompts[0].points.tolist()")
    np.testing.assert_allclose(corners, [[30, 30], [90, 30], [60, 90]], atol=0.6)
    canvas.click(10, 10)
    canvas.click(20, 10)
    canvas.press("Escape")
    canvas.press("s")
    canvas.stroke((100, 100), (140, 100))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, KINDS) == ["Lasso", "Scribble"]


def test_the_mask_is_painted_and_cleared_whatever_is_predicted_later(lab):
    canvas = lab.canvas
    canvas.press("b")
    canvas.stroke((40, 30), (100, 80))
    canvas.expect_prompts(1)
    tool(canvas, "Paint")
    canvas.stroke((120, 30), (120, 80))
    canvas.wait_version_after(1)
    canvas.stroke((50, 50), (90, 50), button="right")
    canvas.wait_version_after(2)
    pixels = "[bool(w.mask[50, 120]), bool(w.mask[50, 70]), bool(w.mask[40, 70]), len(w.prompts)]"
    assert lab.evaluate(1, pixels) == [True, False, True, 1]
    canvas.press("o")
    canvas.stroke((130, 100), (140, 100))
    canvas.wait_version_after(3)
    canvas.press("s")  # back at prompts
    canvas.stroke((45, 50), (95, 50))
    canvas.expect_prompts(2)
    assert lab.evaluate(1, pixels.replace("len", "bool(w.mask[103, 133]), len")) == [True, False, True, True, 2]
    more(canvas, "Finish the mask")
    canvas.root.get_by_role("button", name="Remove 3 painted edits").click()
    canvas.wait_version_after(5)
    assert lab.evaluate(1, pixels) == [False, True, True, 2]


def test_holes_parts_smoothing_and_cut_off(lab):
    canvas = lab.canvas
    canvas.press("b")
    canvas.stroke((20, 20), (80, 80))
    canvas.press("o", "t")
    canvas.stroke((50, 50), (58, 50))
    canvas.press("t")
    canvas.stroke((120, 100), (125, 100))
    canvas.expect_prompts(3)
    state = "[bool(w.mask[50, 50]), bool(w.mask[100, 120]), bool(w.mask[20, 20])]"
    assert lab.evaluate(1, state) == [False, True, True]
    more(canvas, "Finish the mask")
    panel = canvas.root.get_by_role("dialog", name="Finish the mask")
    panel.get_by_label("fill holes").check()
    panel.get_by_label("keep the largest part only").check()
    canvas.wait_version_after(4)
    assert lab.evaluate(1, state) == [True, False, True]
    smooth = panel.get_by_label("How much the border is rounded")
    smooth.fill("6")
    canvas.wait_version_after(5)
    assert lab.evaluate(1, state) == [True, False, False]
    panel.get_by_label("Least probability").fill("99")
    canvas.wait_version_after(6)
    assert lab.evaluate(1, "[int(w.mask.sum()), len(w.history)]") == [0, 8]
    panel.get_by_role("button", name="Reset").click()
    canvas.wait_version_after(7)
    assert lab.evaluate(1, state) == [False, True, True]
    canvas.press("ControlOrMeta+z", "ControlOrMeta+z")
    canvas.wait_version_after(9)
    expect(smooth).to_have_value("6")
    assert lab.evaluate(1, state) == [True, False, False]


def test_a_tick_never_jumps_back_while_it_is_answered(lab):
    canvas = lab.canvas
    canvas.stroke((40, 40), (100, 40))
    canvas.expect_prompts(1)
    more(canvas, "Finish the mask")
    holes = canvas.root.get_by_label("fill holes")
    holes.evaluate("""box => {
        const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "checked");
        box.shown = [];
        Object.defineProperty(box, "checked", { get, set(on) { box.shown.push(on); set.call(box, on); } });
    }""")
    holes.check()
    lab.evaluate(1, "w.history")  # all that the kernel told of it has come
    assert set(holes.evaluate("box => box.shown")) == {True}


def test_labels_are_added_named_coloured_ordered_and_locked(lab):
    canvas = lab.canvas
    bar = canvas.root.locator(".sp-labels")
    expect(bar).to_be_hidden()
    canvas.stroke((40, 40), (100, 40))
    canvas.expect_prompts(1)
    more(canvas, "Label")
    panel = canvas.root.get_by_role("dialog", name="Label", exact=True)
    panel.get_by_label("Name").fill("cell")
    panel.get_by_label("Name").press("Enter")
    expect(canvas.root.locator(".sp-status .sp-name")).to_have_text("cell")
    expect(panel).to_be_hidden()
    more(canvas, "Label")
    panel.get_by_role("button", name="Add a label").click()
    expect(bar.locator(".sp-chip")).to_have_count(2)
    expect(panel.get_by_label("Name")).to_be_focused()
    lab.page.keyboard.type("vessel")
    lab.page.keyboard.press("Enter")
    expect(bar.locator(".sp-chip").nth(1)).to_contain_text("vessel")
    bar.get_by_role("button", name="Change the label").click()
    expect(panel.get_by_label("Name")).to_be_focused()
    panel.get_by_role("button", name="#0072b2").click()
    expect(panel.get_by_role("button", name="#0072b2")).to_have_attribute("aria-pressed", "true")
    canvas.stroke((70, 20), (70, 80))
    canvas.expect_prompts(1)
    known = "[w.labels, w.label, [one['color'] for one in w._labels], int(w.label_map[40, 70])]"
    assert lab.evaluate(1, known) == [["cell", "vessel"], "vessel", ["#56b4e9", "#0072b2"], 2]
    bar.locator(".sp-chip").nth(1).dblclick()
    panel.get_by_role("button", name="Down").click()
    panel.get_by_label("locked").check()
    expect(bar.locator(".sp-chip").nth(1).locator("svg")).to_have_count(1)
    assert lab.evaluate(1, "[[one['rank'] for one in w._labels], w._entries[1]['locked']]") == [[1, 0], True]
    canvas.stroke((90, 20), (90, 80))
    expect(canvas.root.locator(".sp-hint")).to_contain_text("vessel is locked")
    canvas.press("1")
    canvas.stroke((50, 60), (100, 60))
    canvas.expect_prompts(2)
    # What is locked is not overwritten.
    assert lab.evaluate(1, "[w.label, bool(w.mask[60, 70]), bool(w.mask[60, 60])]") == ["cell", False, True]


@two_labels
def test_a_hidden_label_is_not_seen_but_still_there(lab):
    canvas = lab.canvas
    empty = canvas.pixel(70, 40)
    canvas.press("b")
    canvas.stroke((40, 20), (100, 60))
    canvas.expect_prompts(1)
    canvas.press("2")
    shown = canvas.pixel(70, 40)
    assert shown != empty
    canvas.root.locator(".sp-chip").nth(0).dblclick()
    panel = canvas.root.get_by_role("dialog", name="Label", exact=True)
    panel.get_by_label("hidden").check()
    canvas.press("2")
    assert canvas.pixel(70, 40) == empty
    assert lab.evaluate(1, "int(w.label_map[40, 70])") == 1
    canvas.press("1", "s")
    canvas.stroke((110, 100), (130, 100))
    expect(canvas.root.locator(".sp-hint")).to_contain_text("is hidden")
    assert lab.evaluate(1, "len(w.prompts)") == 1


def test_an_object_that_is_done_is_clicked_and_mended(lab):
    canvas = lab.canvas
    canvas.press("o")
    for x in (30, 80):
        canvas.stroke((x, 30), (x + 10, 30))
        canvas.expect_prompts(1)
        canvas.press("c")
        canvas.expect_prompts(0)
    canvas.press("v")
    stage = canvas.root.locator(".sp-stage")
    lab.page.mouse.move(*canvas.at(140, 100))
    expect(stage).to_have_attribute("data-cursor", "arrow")
    lab.page.mouse.move(*canvas.at(30, 30))
    expect(stage).to_have_attribute("data-cursor", "hand")
    canvas.click(30, 30)
    expect(canvas.root.locator(".sp-hint")).to_contain_text("In hand")
    state = "[bool(w.mask[30, 30]), bool(w.mask[30, 80]), w.instances[30, [30, 80]].tolist()]"
    assert lab.evaluate(1, state) == [True, False, [1, 2]]
    canvas.click(80, 30)  # nothing was done to the first: it is put down
    canvas.wait_version_after(5)
    assert lab.evaluate(1, state) == [False, True, [1, 2]]
    expect(canvas.root).to_have_attribute("data-objects", "2")
    canvas.press("o")
    canvas.stroke((80, 60), (85, 60))
    canvas.expect_prompts(1)
    expect(canvas.root).to_have_attribute("data-objects", "1")
    canvas.press("v")
    canvas.click(30, 30)
    expect(canvas.root.locator(".sp-hint")).to_contain_text("in hand")
    canvas.press("r")
    canvas.wait_version_after(7)
    assert lab.evaluate(1, "[int(w.label_map[30, 30]), int(w.label_map[30, 80])]") == [1, 0]


def test_objects_are_committed_one_after_the_other(lab):
    canvas = lab.canvas
    empty = canvas.pixel(30, 30)
    canvas.press("c")
    expect(canvas.root.locator(".sp-hint")).to_have_text("Draw an object first.")
    canvas.press("o")
    canvas.stroke((30, 30), (45, 30))
    canvas.expect_prompts(1)
    drawn = canvas.pixel(30, 22)
    canvas.press("c")
    canvas.expect_prompts(0)
    expect(canvas.root.locator(".sp-facts")).to_contain_text("1 object")
    done = canvas.pixel(30, 22)
    assert done not in (drawn, empty)  # there, and fainter
    canvas.stroke((62, 30), (78, 30))
    canvas.expect_prompts(1)
    canvas.press("c")
    canvas.expect_prompts(0)
    expect(canvas.root).to_have_attribute("data-objects", "2")
    assert lab.evaluate(1, "np.unique(w.instances).tolist()") == [0, 1, 2]
    canvas.press("ControlOrMeta+z")
    canvas.expect_prompts(1)
    expect(canvas.root).to_have_attribute("data-objects", "1")


@two_labels
def test_the_history_shows_the_steps_and_goes_to_any_of_them(lab):
    canvas = lab.canvas
    canvas.stroke((40, 40), (100, 40))
    canvas.press("2", "d")
    canvas.stroke((40, 60), (100, 60))
    canvas.wait_version_after(1)
    more(canvas, "History")
    panel = canvas.root.get_by_role("dialog", name="History")
    items = panel.get_by_role("button")
    expect(items).to_have_text(["0Picture opened", "1Scribble +cell", "2Mask paintedvessel"])
    expect(items.nth(2)).to_have_attribute("aria-current", "step")
    items.nth(0).click()
    expect(items.nth(0)).to_have_attribute("aria-current", "step")
    assert lab.evaluate(1, "int((w.label_map > 0).sum())") == 0
    lab.evaluate(1, "w.go_to(1)")  # from elsewhere too
    expect(items.nth(1)).to_have_attribute("aria-current", "step")
    canvas.press("1")
    canvas.expect_prompts(1)


def test_copy_as_python_has_lassos_and_what_is_there_as_pixels(open_notebook):
    lab = open_notebook([WIDGET, "v = sp.Segmenter(np.full((120, 160), 0.5), model=PaintPredictor())", "", ""])
    canvas = lab.run_widget(0)
    lab.run(1)
    canvas.press("l")
    canvas.stroke((20, 20), (60, 20), (60, 50), (20, 50), (20, 22))
    canvas.press("o")
    canvas.stroke((40, 35), (48, 35), button="right")
    canvas.expect_prompts(2)
    more(canvas, "Copy as Python")
    shown = canvas.root.locator(".sp-code textarea")
    code = shown.input_value()
    cell = lab.cell(2)
    cell.locator(".cm-content").click()
    lab.page.keyboard.insert_text(code.replace("w.", "v."))
    lab.page.keyboard.press("Shift+Enter")
    assert lab.evaluate(3, "[len(v.prompts), int((v.mask != w.mask).sum())]") == [2, 0]
    canvas.press("c")
    expect(canvas.root).to_have_attribute("data-objects", "1")
    canvas.press("d")
    canvas.stroke((130, 20), (130, 60))
    canvas.wait_version_after(3)
    expect(shown).to_have_value(re.compile(r"commit[(].*start_from", re.DOTALL))
    lab.evaluate(3, "v.clear()")
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("ControlOrMeta+a")
    lab.page.keyboard.insert_text(shown.input_value().replace("w.", "v."))
    lab.page.keyboard.press("Shift+Enter")
    same = "[int((v.mask != w.mask).sum()), int((v.instances != w.instances).sum()), len(v.instance_table)]"
    assert lab.evaluate(3, same) == [0, 0, 1]


def test_a_change_that_was_refused_can_be_tried_again(lab):
    canvas = lab.canvas
    canvas.press("b")
    canvas.stroke((30, 20), (70, 50))
    canvas.expect_prompts(1)
    lab.evaluate(1, "setattr(w._annotation.predictor, 'fail_with', RuntimeError('no memory left'))")
    canvas.press("v")
    canvas.stroke((50, 35), (70, 55))
    expect(canvas.root.get_by_text("no memory left").first).to_be_visible()
    np.testing.assert_allclose(bounds(lab), [30, 20, 70, 50], atol=1)
    lab.evaluate(1, "setattr(w._annotation.predictor, 'fail_with', None)")
    canvas.root.get_by_role("button", name="Retry").click()
    canvas.wait_version_after(1)
    np.testing.assert_allclose(bounds(lab), [50, 40, 90, 70], atol=1)
