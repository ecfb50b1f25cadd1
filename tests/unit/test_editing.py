"""Prompts as objects, edits by hand, finishing, objects, labels and the history: from Python and by messages."""

import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import scribbleprompt_widget as sp
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import cells_of
from scribbleprompt_widget.widgets.annotation import Annotation
from tests.front_end import MOST_LABELS, FrontEnd
from tests.paint import PATIENCE_S, PaintPredictor

SHAPE = (30, 40)
BOX = {"kind": "box", "x0": 2, "y0": 2, "x1": 9, "y1": 9}
CLICK = {"kind": "click", "x": 20, "y": 20, "positive": True}
LASSO = {"kind": "lasso", "points": [[20, 2], [30, 2], [30, 12], [20, 12]], "positive": True}


@pytest.fixture
def paint():
    return PaintPredictor()


@pytest.fixture
def w(paint):
    widget = sp.Segmenter(np.zeros(SHAPE), labels=["lesion", "organ"], model=paint)
    yield widget
    widget.close()


@pytest.fixture
def view(w):
    return FrontEnd(w)


def agree(w, view):
    """The canvas has the mask of the active label, and the objects that are done, the one that is looked at in hand."""
    assert np.array_equal(view.masks[w.labels.index(w.label)], w.mask)
    objects_agree(w, view)


def objects_agree(w, view):
    """The canvas shows the objects that are done; (H, W) bool, the one that is looked at, which is in hand there."""
    looked_at = np.zeros(w.image.shape, dtype=bool)
    for mask, entry in zip(view.masks, w._entries, strict=False):
        looked_at |= mask & entry["taken"]
    assert np.array_equal(view.layers[1:].any(axis=(0, 1)) | looked_at, w.instances > 0)
    assert sum(entry["objects"] for entry in w._entries) == len(w.instance_table)
    areas = np.bincount(w.instances.ravel(), minlength=1 + len(w.instance_table))[1:]
    assert areas.tolist() == [row["area"] for row in w.instance_table]
    return looked_at


def rows(mask):
    """Which pixels, as [row, column]."""
    return np.argwhere(mask).tolist()


# --- prompts as objects ----------------------------------------------------------------------------------------------


def test_a_lasso_fills_its_outline(w):
    w.add_lasso([(4.5, 4.5), (9.5, 4.5), (9.5, 8.5), (4.5, 8.5)])
    assert w.mask.sum() == 5 * 4
    w.add_circle(25.3, 15.4, 8.7)
    assert abs(w.area().pixels - 20 - np.pi * 8.7**2) < 8
    w.add_lasso([(6, 6), (6.2, 6), (6.1, 6.3)], positive=False)
    assert not w.mask[6, 6]


def test_a_prompt_can_be_moved_split_and_deleted_each_in_one_step(w, view):
    view.say("prompt", label=0, prompt=BOX)
    view.say("prompt", label=0, prompt=CLICK)
    both = w.mask
    view.say("reprompt", label=0, changes=[{"index": 1, "prompts": [{**CLICK, "x": 25}]}])
    assert (w.mask[20, 25], w.mask[20, 20]) == (True, False)
    view.say("reprompt", label=0, changes=[{"index": 1, "prompts": [CLICK, {**CLICK, "x": 30}]}])
    assert w.mask[20, [20, 25, 30]].tolist() == [True, False, True]
    view.say("reprompt", label=0, changes=[{"index": 0, "prompts": []}, {"index": 2, "prompts": []}])
    assert rows(w.mask) == [[20, 20]]
    assert view.prompts[0] == [CLICK]
    for _ in range(3):
        w.undo()
    assert np.array_equal(w.mask, both)
    assert view.prompts[0] == [BOX, CLICK]
    w.edit_prompt(-1)
    w.edit_prompt(0, sp.Click(1, 1), sp.Click(2, 2))
    assert rows(w.mask) == [[1, 1], [2, 2]]
    w.edit_prompt(0)
    w.edit_prompt(0)
    assert (len(w.prompts), w.mask.any()) == (0, False)


def test_the_history_is_walked_without_inference_and_logits_come_back_exactly(w, paint):
    w.add_box(2, 2, 9, 9)
    w.add_click(20, 20)
    w.edit_prompt(0, sp.Box(3, 3, 8, 8))
    w.paint([(1, 1), (5, 1)], width=1)
    w.finish(fill_holes=True, threshold=0.7)
    w.commit()
    w.add_click(11, 11)
    w.lock_label("lesion")
    count = len(w.history)
    seen = [(w.go_to(i), w.mask, w.probability, w.instances)[1:] for i in range(count)]
    calls = paint.calls
    for i in [*range(count), *reversed(range(count)), 3, 0, count - 1]:
        w.go_to(i)
        for now, then in zip((w.mask, w.probability, w.instances), seen[i], strict=True):
            assert np.array_equal(now, then)
    assert paint.calls == calls
    actions = [action for action, _ in w.history]
    wanted = ["open", "prompt", "prompt", "edit prompts", "paint", "finish", "commit", "prompt", "lock"]
    assert actions == wanted


def test_deleting_the_last_prompt_needs_no_inference(w, paint):
    w.add_click(1, 1)
    w.add_click(2, 2)
    calls = paint.calls
    w.edit_prompt(1)
    assert (paint.calls, rows(w.mask)) == (calls, [[1, 1]])


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_what_was_painted_holds_through_predictions_until_it_is_taken_back(w, view):
    w.add_box(2, 2, 9, 9)
    view.say("paint", label=0, prompt={**LASSO})
    view.say("paint", label=0, prompt={"kind": "scribble", "points": [[5, 5]], "positive": False, "width": 1})
    assert (w.mask[5, 25], w.mask[5, 5]) == (True, False)
    w.add_box(0, 0, 39, 29)
    assert not w.mask[5, 5]
    w.add_click(25, 5, positive=False)
    assert w.mask[5, 25]
    assert w._entries[0]["edits"] == 2
    w.unpaint()
    assert (w.mask[5, 25], w.mask[5, 5]) == (False, True)
    w.undo()
    assert (w.mask[5, 25], w.mask[5, 5]) == (True, False)
    assert np.array_equal(view.masks[0], w.mask)


def test_painting_needs_no_prompt_and_no_inference(w, paint):
    w.paint([(3, 3), (6, 3)], width=1)
    w.paint(raster=np.eye(*SHAPE))
    w.paint([(20, 20), (30, 20), (30, 25)], filled=True)
    assert paint.calls == 0
    assert w.mask[3, 3:7].all()
    assert w.mask[7, 7]
    assert w.mask[22, 28]
    w.clear()
    assert not w.mask.any()


def test_holes_specks_and_ragged_borders(w):
    w.paint([(5, 5), (20, 5), (20, 20), (5, 20), (5, 5)], width=1)
    w.paint([(30, 25)], width=2)
    w.finish(fill_holes=True)
    assert w.mask[12, 12]
    w.finish(keep_largest=True)
    assert w.mask[25, 30], "what was painted holds"
    w.unpaint()
    w.add_box(5, 5, 20, 20)
    w.add_click(30, 25)
    assert not w.mask[25, 30]
    w.finish(smooth=2)
    assert not w.mask[5, 5]
    assert w.mask[12, 12]
    w.finish(keep_largest=False, smooth=0, threshold=0.999)
    assert not w.mask.any(), "logits of 4 are a probability of .982"
    w.finish(threshold=0.01)
    assert w.mask[25, 30]


def test_starting_from_a_mask_shows_it_exactly_and_gives_it_to_the_predictor(tmp_path):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:10, 5:30:2] = True
    given = []

    class Keeps(PaintPredictor):
        def _open(self, image):
            session = super()._open(image)
            infer = session._infer
            session._infer = lambda prompts, previous: (given.append(previous), infer(prompts, previous))[1]
            return session

    w = sp.Segmenter(np.zeros(SHAPE), labels=["a", "b"], model=Keeps())
    w.start_from(mask)
    assert np.array_equal(w.mask, mask)
    assert np.array_equal(w.probability > 0.5, mask)
    w.add_click(3, 3)
    assert np.array_equal(given[-1].logits > 0, mask)
    w.undo()
    assert np.array_equal(w.mask, mask)
    w.label = "b"
    w.start_from("a")
    assert np.array_equal(w.mask, mask)
    w.clear()
    path = w.save(tmp_path / "mask.png")
    w.start_from(path)
    w.start_from(mask.astype(np.uint8) * 7)
    assert np.array_equal(w.mask, mask)
    with pytest.raises(ValueError, match=r"mask takes numbers of the image's shape \(30, 40\), got bool of \(3, 3\)"):
        w.start_from(np.ones((3, 3), dtype=bool))
    numbers = mask.astype(np.uint8)
    numbers[np.nonzero(mask)[0][0]] *= 5
    numbers[-1] = 1
    with pytest.raises(ValueError, match="mask takes 0 and one other number, got 1 to 5; say which: mask == 5"):
        w.start_from(numbers)
    with pytest.raises(ValueError, match=r"got fractions up to 0\.5; say from which on: mask > 0\.5"):
        w.start_from(mask / 2 + ~mask / 4)


def test_where_a_lasso_crosses_itself_an_odd_number_of_rounds_is_inside():
    star = [(20 + 14 * np.sin(a), 15 - 14 * np.cos(a)) for a in 4 * np.pi / 5 * np.arange(5)]
    star_mask = cells_of(sp.Lasso(star), Grid.of_image(SHAPE))
    assert (star_mask[15, 20], star_mask[5, 20]) == (0, 1)


def test_a_threshold_leaves_what_a_click_holds():
    grid = Grid(0, 0, SHAPE[1], SHAPE[0], 1, 1)
    logits = np.full((1, 1), -0.1, dtype=np.float32)
    state = State(logits, grid, SHAPE, "x", "y", held=((3, 4, True), (5, 6, False)))
    assert rows(state.restore_positive(1.4)) == [[3, 4]]
    assert rows(~state.restore_positive(-1.4)) == [[5, 6]]


def test_what_no_prompt_reaches_of_a_mask_that_was_handed_in_stays(w):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:10, 5:30:2] = mask[20:25, 3:9] = True
    w.start_from(mask)
    w.add_click(6, 22, positive=False)  # this predictor knows nothing of masks: it would leave nothing
    assert not w.mask[20:25, 3:9].any()
    assert np.array_equal(w.mask[:15], mask[:15])
    w.add_box(32, 20, 36, 24)
    assert w.mask[20:25, 32:37].all()
    assert np.array_equal(w.mask[:15], mask[:15])
    w.undo()
    w.undo()
    assert np.array_equal(w.mask, mask)


@pytest.mark.parametrize("model", ["random_walker", "compact"])
def test_prompts_refine_the_mask_that_was_started_from(model):
    y, x = np.mgrid[:96, :96]
    disc = (y - 40) ** 2 + (x - 40) ** 2 < 20**2
    blob = disc | ((y - 70) ** 2 + (x - 75) ** 2 < 12**2)
    image = np.where(blob, 0.8, 0.2) + np.random.default_rng(0).normal(0, 0.03, blob.shape)
    w = sp.Segmenter(image, model=model)
    w.start_from(disc)
    w.add_scribble([(70, 70), (80, 70)], width=3)
    assert w.mask[disc].mean() > 0.9, "what was there stays"
    assert w.mask[70, 75]
    w.add_scribble([(85, 60), (88, 75)], positive=False)
    assert w.mask[disc].mean() > 0.9
    w.start_from(disc)
    w.add_box(62, 57, 88, 83)
    assert w.mask[disc].mean() > 0.9
    assert w.mask[70, 75], "a box adds what it holds"
    w.add_click(75, 72)
    w.add_click(5, 90, positive=False)
    assert w.mask[disc].mean() > 0.9, "whatever follows"
    assert w.mask[70, 75]
    w.add_click(40, 40, positive=False)
    assert not w.mask[40, 40]
    assert w.mask[70, 75]


def test_a_start_is_not_lost_by_undo_over_another_model():
    given = []

    class Keeps(PaintPredictor):
        def _open(self, image):
            session = super()._open(image)
            infer = session._infer
            session._infer = lambda prompts, previous: (given.append(previous), infer(prompts, previous))[1]
            return session

    first, second = Keeps(), Keeps()
    second.name = "other"
    w = sp.Segmenter(np.zeros(SHAPE), model=first)
    w.start_from(np.eye(*SHAPE) > 0)
    w.add_click(30, 3)
    w.model = second
    w.undo()
    w.add_click(30, 9)
    assert [(one.predictor, (one.logits > 0).sum()) for one in given] == [
        ("paint", SHAPE[0]),
        ("other", SHAPE[0]),
        ("other", SHAPE[0]),
    ]


# --- objects ---------------------------------------------------------------------------------------------------------


def test_an_object_that_is_done_is_taken_up_again_and_mended_or_deleted(w, view):
    w.label = "organ"
    for box in ((2, 2, 5, 5), (12, 2, 15, 5), (22, 2, 25, 5)):
        w.add_box(*box)
        w.commit()
    w.label = "lesion"
    w.resume(2)
    assert w.label == "organ"
    assert w.mask[3, 13]
    w.add_box(12, 20, 15, 22)
    assert [row["box"][0] for row in w.instance_table] == [2, 22]
    with pytest.raises(ValueError, match="an object of 'organ' is in hand"):
        w.resume(1)
    w.commit()
    assert w.instances[3, 13] == w.instances[21, 13] == 2  # the number that it had
    agree(w, view)
    view.say("resume", x=3, y=3)
    assert w.mask[3, 3]
    assert w.instances[3, 3] == 1
    w.clear()
    agree(w, view)
    assert not w.label_map[3, 3]
    assert w.instances[3, 3] == 0
    w.undo()
    w.undo()
    assert [row["box"][0] for row in w.instance_table] == [2, 12, 22]
    agree(w, view)
    with pytest.raises(ValueError, match="one of the 3 objects that are done, from 1; got 4"):
        w.resume(4)
    assert view.say("resume", x=39, y=29)[-1]["type"] == view.say("resume", x=-1, y=99)[-1]["type"] == "error"
    w.lock_label("organ")
    with pytest.raises(ValueError, match="locked"):
        w.resume(1)


def rowed(w):
    """What the table tells of objects, but for the time, by their left side."""
    return [(row["box"][0], row["label"], row["area"], row["prompts"]) for row in w.instance_table]


def commit_row(w, *labels):
    """One object for each label, side by side."""
    for number, label in enumerate(labels):
        w.label = label
        w.add_box(2 + 10 * number, 2, 8 + 10 * number, 12)
        w.add_click(4 + 10 * number, 4)
        w.commit()


def test_an_object_that_was_only_looked_at_is_put_down_as_it_was(w, view):
    w.finish(smooth=2, keep_largest=True)
    w.paint([(3, 20), (30, 20)], width=1)  # holds, whatever is done to the rest
    commit_row(w, "lesion", "lesion")
    before, map_before, seconds = rowed(w), w.instances, [row["seconds"] for row in w.instance_table]
    for _ in range(3):
        w.resume(1)
        assert w.mask.sum() == before[0][2]
        assert w._entries[0]["taken"]
        agree(w, view)
        w.resume(2)  # while the first is in hand: it makes way
        assert np.array_equal(w.mask, map_before == 2)
        assert rowed(w) == before
        assert np.array_equal(w.instances, map_before)
        agree(w, view)
        w.commit()
    assert rowed(w) == before
    assert [row["seconds"] for row in w.instance_table] == seconds
    assert np.array_equal(w.instances, map_before)
    assert w._entries[0]["smooth"] == 2, "the label goes on as it was"
    w.undo()
    w.undo()
    assert w.mask.sum() == before[0][2]
    agree(w, view)


def test_the_label_follows_the_object_in_hand_and_nothing_else(w):
    commit_row(w, "lesion", "organ")
    w.resume(1)
    steps = len(w.history)
    w.label = "organ"
    w.resume(1)
    assert (w.label, len(w.history)) == ("lesion", steps)  # it was in hand already
    w.resume(2)
    assert w.label == "organ"
    w.undo()
    assert (w.label, w.mask.sum()) == ("lesion", w.instance_table[0]["area"])
    w.redo()
    assert w.label == "organ"
    w.go_to(steps - 1)
    assert w.label == "lesion"
    w.label = "organ"  # while the lesion stays in hand
    w.add_box(2, 20, 8, 28)
    w.undo()
    assert w.label == "organ"


def test_objects_are_walked_through_by_their_numbers(w):
    commit_row(w, "lesion", "organ", "lesion")
    seen = []
    for number in range(1, 4):
        w.resume(number)
        seen.append((w.label, int(np.flatnonzero(w.mask.any(axis=0))[0])))
    assert seen == [("lesion", 2), ("organ", 12), ("lesion", 22)]
    w.lock_label("lesion")
    assert len(w.instance_table) == 3


def test_no_object_is_none_to_take_up(w):
    with pytest.raises(ValueError, match="instance takes none: no object is done yet; got 9"):
        w.resume(9)


def test_what_is_looked_at_is_put_down_by_any_step_that_is_not_its_own(w, view):
    commit_row(w, "lesion")
    before = rowed(w)
    organ = {"kind": "box", "x0": 0, "y0": 0, "x1": 4, "y1": 29}
    meanwhile = {
        "prompt": lambda: view.say("prompt", label=1, prompt=organ),
        "paint": lambda: view.say(
            "paint", label=1, prompt={"kind": "lasso", "points": [[0, 0], [9, 0], [9, 9]], "positive": True}
        ),
        "lock": lambda: view.say("lock", label=1, locked=True),
        "its lock": lambda: view.say("lock", label=0, locked=True),
    }
    for act in meanwhile.values():
        w.resume(1)
        assert view.say("preview", label=1, prompt=organ)[-1]["type"] == "preview"
        act()
        assert rowed(w) == before
        assert w.instances[6, 3] == 1
        assert w.label_map[6, 3] == 1
        assert not w._entries[0]["taken"]
        agree(w, view)
        w.undo()
        assert (w._entries[0]["taken"], rowed(w)) == (True, before)
        agree(w, view)
        w.undo()


def test_a_locked_label_takes_nothing_of_an_object_that_is_mended(w):
    commit_row(w, "lesion")
    area = w.instance_table[0]["area"]
    w.label = "organ"
    w.add_box(0, 0, 12, 14)  # around it
    locked = w.mask
    w.lock_label("organ")
    w.resume(1)
    w.add_click(30, 20)
    assert w.mask.sum() == area + 1
    w.commit()
    assert w.instance_table[0]["area"] == area + 1
    w.label = "organ"
    assert np.array_equal(w.mask, locked)


def test_objects_that_touch_are_told_apart_when_one_was_looked_at(w):
    w.label = "organ"
    w.add_box(8, 0, 12, 10)
    w.label = "lesion"
    w.add_box(2, 0, 7, 10)
    w.commit()
    w.resume(1)
    w.label = "organ"
    w.commit()
    assert len({item.layer for item in w._annotation.objects}) == 2


def test_the_active_label_stays_when_a_step_is_undone_that_took_nothing_up(w):
    commit_row(w, "lesion")
    w.resume(1)
    w.add_click(4, 20)
    w.label = "organ"
    w.undo()
    assert w.label == "organ"


def test_looking_at_an_object_changes_no_file(w, tmp_path):
    w = sp.Segmenter(np.zeros((30, 40)), model=PaintPredictor())
    w.add_box(2, 2, 8, 12)
    w.commit()
    files = [w.save(tmp_path / "done.npy"), None]
    w.resume(1)
    files[1] = w.save(tmp_path / "looked_at.npy")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_objects_keep_their_order_whatever_is_done_meanwhile(w, tmp_path):
    commit_row(w, "lesion", "organ", "lesion", "organ")
    w.resume(1)
    w.add_click(4, 20)
    w.resume(1)  # of the other label
    w.add_click(14, 20)
    again = sp.load_session(w.save_session(tmp_path / "work.zip"), model=PaintPredictor())
    for one in (w, again):
        for label in ("lesion", "organ"):
            one.label = label
            one.commit()
        assert [row["box"][0] for row in one.instance_table] == [2, 12, 22, 32]
        assert [row["prompts"] for row in one.instance_table] == [3, 3, 2, 2]
    again.close()
    w.resume(3)
    w.start_from(np.eye(*SHAPE) > 0)
    w.label = "organ"
    w.resume(2)
    w.clear()
    w.label = "lesion"
    w.commit()
    w.add_box(0, 25, 39, 29)
    w.commit()
    assert [row["box"][0] for row in w.instance_table] == [2, 0, 32, 0]
    assert [row["label"] for row in w.instance_table] == ["lesion", "lesion", "organ", "lesion"]


def test_whoever_observes_finds_the_label_of_an_object_that_is_taken_up(w):
    commit_row(w, "lesion", "organ")
    w.label = "lesion"
    seen = []
    w.observe(lambda _: seen.append((w.label, w.area().pixels)), names="mask_version")
    w.resume(2)
    assert seen == [("organ", 7 * 11)]


def test_what_was_done_is_told_though_telling_failed(w, view):
    def hinder(change):
        raise RuntimeError("an observer's own")

    w.observe(hinder, names="_entries")
    *_, update, error = view.say("paint", label=0, prompt={**LASSO})
    assert (update["type"], update["base"]) == ("update", None)
    assert (error["type"], error["id"], error["text"]) == ("error", None, "RuntimeError: an observer's own")
    assert w.mask_version == w._version
    agree(w, view)


def test_only_what_changes_on_the_screen_is_sent_when_objects_change_numbers(w, view):
    for x in range(0, 30, 4):
        w.add_box(x, 2, x + 1, 5)
        w.commit()
    (update,) = [one for one in view.say("resume", x=0, y=3) if one["type"] == "update"]
    assert {(plane["layer"], plane["x"]) for plane in update["planes"]} == {(0, 0), (1, 0)}
    agree(w, view)


def test_committed_objects_are_kept_apart_and_counted(w, view):
    w.add_box(2, 2, 9, 9)
    view.say("commit", label=0)
    assert (w.mask.any(), len(w.prompts)) == (False, 0)
    w.add_box(8, 2, 15, 9)
    assert not w.mask[5, 9], "pixels of the first object are taken"
    w.commit()
    w.label = "organ"
    w.add_box(20, 20, 25, 25)
    w.commit()
    w.commit()
    table = pd.DataFrame(w.instance_table)
    assert table["label"].tolist() == ["lesion", "lesion", "organ"]
    assert table["area"].tolist() == [64, 48, 36]
    assert table["box"].tolist() == [(2, 2, 10, 10), (10, 2, 16, 10), (20, 20, 26, 26)]
    assert table["prompts"].tolist() == [1, 1, 1]
    assert (table["seconds"] >= 0).all()
    assert [int((w.instances == i).sum()) for i in (1, 2, 3)] == [64, 48, 36]
    assert [int((w.label_map == i).sum()) for i in (1, 2)] == [112, 36]
    assert [entry["objects"] for entry in w._entries] == [2, 1]
    # Those that touch are in different layers.
    assert (view.layers[1:, 0].sum(axis=0) == 1).sum() == 112
    assert len({np.argmax(view.layers[1:, 0, 5, x]) for x in (5, 12)}) == 2
    w.undo()
    assert (len(w.instance_table), w.mask.sum()) == (2, 36)
    assert not view.layers[1:, 1].any()


# --- labels ----------------------------------------------------------------------------------------------------------


def test_labels_are_added_renamed_recoloured_and_ordered(w, view):
    w.add_box(2, 2, 9, 9)
    w.add_label("vessel")
    assert (w.label, w.labels) == ("vessel", ["lesion", "organ", "vessel"])
    w.add_box(5, 5, 12, 12)
    assert w.label_map[7, 7] == 3
    w.order_labels(["vessel", "organ", "lesion"])
    assert (w.label_map[7, 7], w.label_map[11, 11]) == (1, 3)
    w.change_label("vessel", name="artery", color="#ff0000")
    assert (w.label, w._labels[2]) == ("artery", {"name": "artery", "color": "#ff0000", "rank": 0})
    labels = [*w._labels, {"name": "bone", "color": "#00ff00", "rank": 9}]
    assert view.say("labels", labels=labels)[-1]["type"] == "update"
    view.say("prompt", label=3, prompt=CLICK)
    assert w.label_map[20, 20] == 4
    for wrong, words in (
        (labels[:2], "at least the 4"),
        ([{**labels[0], "name": "bone"}, *labels[1:]], "names that differ"),
        ([{**labels[0], "color": "red"}, *labels[1:]], "#rrggbb"),
    ):
        assert words in view.say("labels", labels=wrong)[-1]["text"]
    with pytest.raises(ValueError, match="label takes one of 'lesion', 'organ', 'artery', 'bone'; got 'x'"):
        w.change_label("x", name="y")


def test_the_last_label_is_removed_while_nothing_was_done_to_it(w, view):
    w.add_box(2, 2, 9, 9)
    w.add_label("vessel", color="#cc79a7")
    w.add_label("bone")
    assert view.say("unlabel", label=3)[-1]["type"] == "update"
    assert (w.labels, w.label) == (["lesion", "organ", "vessel"], "vessel")
    assert (len(w.history), view.version) == (2, w.mask_version)
    assert "got 3" in view.say("prompt", label=3, prompt=CLICK)[-1]["text"]
    w.add_click(3, 3)
    w.undo()
    with pytest.raises(ValueError, match="'vessel' has a history, and cannot be removed"):
        w.remove_label("vessel")
    with pytest.raises(ValueError, match="only the last of several labels can be removed, not 'organ'"):
        w.remove_label("organ")
    w.add_label("nerve")
    assert len({label["color"] for label in w._labels}) == 4
    w.lock_label("nerve")
    w.lock_label("nerve", False)
    assert "has a history" in view.say("unlabel", label=3)[-1]["text"]
    w.go_to(1)
    w.label = "lesion"
    w.add_click(12, 12)  # what was undone is gone
    w.remove_label("nerve")
    w.remove_label("vessel")
    assert (w.labels, w.label) == (["lesion", "organ"], "lesion")
    w.remove_label("organ")
    with pytest.raises(ValueError, match="only the last of several"):
        w.remove_label("lesion")


def test_a_locked_label_is_neither_overwritten_nor_drawn_on(w, view):
    w.add_box(2, 2, 9, 9)
    view.say("lock", label=0, locked=True)
    locked = w.mask
    assert "'lesion' is locked" in view.say("prompt", label=0, prompt=CLICK)[-1]["text"]
    w.label = "organ"
    w.add_box(5, 5, 12, 12)
    assert not (w.mask & locked).any()
    w.lock_label("lesion", False)
    assert (w.mask & locked).any(), "the lock is open"
    w.undo()
    assert not (w.mask & locked).any()
    other = PaintPredictor()
    other.name = "other"
    w.model = other
    w.label = "lesion"
    assert np.array_equal(w.mask, locked), "nor by another model"
    for what in ("yes", 1, None):
        with pytest.raises(TypeError, match="locked takes True or False"):
            w.lock_label("lesion", what)


def test_only_masks_that_can_change_are_made_again(w, monkeypatch):
    for number in range(20):
        w.add_label(f"label {number}")
    w.paint([(32, 22)], width=5)
    w.label = "lesion"
    w.lock_label("organ")
    made = []
    change = w._annotation.masks.change
    monkeypatch.setattr(
        w._annotation.masks, "change", lambda label, *rest: (made.append(label), change(label, *rest))[1]
    )
    w.add_box(2, 2, 9, 9)
    assert made == [0]
    w.commit()
    assert made == [0, 0]
    w.undo()
    assert made == [0, 0, 0]


def test_an_observer_of_the_label_may_wait_for_another_thread(w):
    def wait(_):
        thread = threading.Thread(target=lambda: w.mask)
        thread.start()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

    w.observe(wait, names="label")
    w.add_label("vessel")
    w.change_label("vessel", name="artery")
    assert w.label == "artery"


def test_messages_that_make_no_sense_are_told(w, view):
    w.add_click(3, 3)
    for kind, fields, words in (
        ("reprompt", {"label": 0, "changes": [{"index": 5, "prompts": []}]}, "one of the 1 prompts"),
        ("reprompt", {"label": 0, "changes": [{"index": 0, "prompts": [{**CLICK, "x": 99}]}]}, "outside the image"),
        ("paint", {"label": 0, "prompt": CLICK}, "a scribble or a lasso"),
        ("paint", {"label": 0, "prompt": {**LASSO, "points": [[90, 90], [91, 90], [91, 91]]}}, "outside the image"),
        ("finish", {"label": 0, "threshold": 2}, "threshold takes a probability"),
        ("finish", {"label": 0, "smooth": -1}, "smooth takes 0 to 50"),
        ("go", {"step": 9}, "one of the 2 steps"),
        ("go", {"step": 0, "version": 0}, "meant for an earlier state"),
        (
            "reprompt",
            {"label": 0, "version": 0, "changes": [{"index": 0, "prompts": []}]},
            "meant for an earlier state",
        ),
        ("go", {"step": "x"}, "one of the 2 steps"),
        ("labels", {"labels": [{**label, "rank": None} for label in w._labels]}, "rank takes an integer"),
        ("reprompt", {"label": 0, "changes": [{"index": 0, "prompts": []}] * 2}, "each index once"),
        ("prompt", {"label": 0, "prompt": {**LASSO, "points": [[1, 1], [2, 2]]}}, "at least 3 corners"),
    ):
        answer = view.say(kind, **fields)[-1]
        assert (answer["type"], words in answer["text"]) == ("error", True), answer
    assert rows(w.mask) == [[3, 3]]
    steps = view.say("steps")[-1]
    assert steps["current"] == 1
    assert steps["steps"][1] == {"action": "prompt", "label": 0, "kind": "click", "positive": True}
    w.finish(smooth=2, fill_holes=True)
    w.finish(threshold=0.5, smooth=0)
    told = [step["finish"] for step in view.say("steps")[-1]["steps"][2:]]
    assert told == [{"fill_holes": True, "smooth": 2}, {"smooth": 0}]


# --- everything at once ----------------------------------------------------------------------------------------------

column, line = st.integers(-3, SHAPE[1] + 3), st.integers(-3, SHAPE[0] + 3)
signs = st.booleans()
point = st.tuples(column, line).map(list)
drawn = st.one_of(
    st.builds(lambda p, s: {"kind": "click", "x": p[0], "y": p[1], "positive": s}, point, signs),
    st.builds(lambda p, q: {"kind": "box", "x0": p[0], "y0": p[1], "x1": q[0], "y1": q[1]}, point, point),
    st.builds(
        lambda p, s, w: {"kind": "scribble", "points": p, "positive": s, "width": w},
        st.lists(point, min_size=1, max_size=4),
        signs,
        st.floats(0.5, 9),
    ),
    st.builds(
        lambda p, s: {"kind": "lasso", "points": p, "positive": s}, st.lists(point, min_size=3, max_size=6), signs
    ),
)
label = st.integers(0, MOST_LABELS - 1)


class Anything(RuleBasedStateMachine):
    """Legal and illegal events from the canvas and from Python: both sides stay in step, and all can be undone."""

    def __init__(self):
        super().__init__()
        self.widget = sp.Segmenter(np.zeros(SHAPE), labels=["a", "b"], model=PaintPredictor())
        self.view = FrontEnd(self.widget)

    def say(self, kind, **fields):
        self.widget.last_error = None
        answers = [message["type"] for message in self.view.say(kind, **fields)]
        assert answers[-1] in {"update", "error", "preview"}
        assert (answers[-1] == "error") == (self.widget.last_error is not None)

    @rule(kind=st.sampled_from(["prompt", "paint", "preview"]), label=label, prompt=drawn)
    def draw(self, kind, label, prompt):
        self.say(kind, label=label, prompt=prompt)

    @rule(kind=st.sampled_from(["clear", "unpaint", "commit", "undo", "redo"]), label=label)
    def command(self, kind, label):
        self.say(kind, label=label)

    @rule(x=st.integers(-1, SHAPE[1]), y=st.integers(-1, SHAPE[0]))
    def resume(self, x, y):
        self.say("resume", x=x, y=y)

    @rule(label=label, x=st.integers(0, SHAPE[1] - 4), y=st.integers(0, SHAPE[0] - 4))
    def commit_a_box(self, label, x, y):
        self.say("prompt", label=label, prompt={"kind": "box", "x0": x, "y0": y, "x1": x + 3, "y1": y + 3})
        self.say("commit", label=label)

    @precondition(lambda self: self.widget.instance_table)
    @rule(number=st.integers(0, 9))
    def resume_one(self, number):
        found = self.widget.instances
        y, x = np.argwhere(found == 1 + number % found.max())[0].tolist()
        self.say("resume", x=x, y=y)

    @rule(label=label, changes=st.dictionaries(st.integers(0, 4), st.lists(drawn, max_size=2), max_size=3))
    def reprompt(self, label, changes):
        self.say("reprompt", label=label, changes=[{"index": i, "prompts": p} for i, p in changes.items()])

    @rule(label=label, locked=st.booleans())
    def lock(self, label, locked):
        self.say("lock", label=label, locked=locked)

    @rule(label=label, threshold=st.floats(-0.1, 1.1), smooth=st.sampled_from([0, 1.5]), flags=st.tuples(signs, signs))
    def finish(self, label, threshold, smooth, flags):
        fields = {"fill_holes": flags[0], "keep_largest": flags[1]}
        self.say("finish", label=label, threshold=threshold, smooth=smooth, **fields)

    @rule(step=st.integers(-1, 30))
    def go(self, step):
        self.say("go", step=step)

    @precondition(lambda self: len(self.widget.labels) < MOST_LABELS)
    @rule()
    def add_label(self):
        self.widget.add_label(next(f"label {i}" for i in range(9) if f"label {i}" not in self.widget.labels))

    @precondition(lambda self: len(self.widget.labels) > 2)  # `start` and the view know two
    @rule(label=label)
    def remove_label(self, label):
        self.say("unlabel", label=label)

    @rule(index=st.integers(0, 1), mask=st.integers(0, 2**20))
    def start(self, index, mask):
        self.widget.label = self.widget.labels[index]
        bits = np.random.default_rng(mask).random(SHAPE) < 0.3
        try:
            self.widget.start_from(bits)
        except ValueError as error:
            assert "is locked" in str(error)  # noqa: PT017

    @rule(name=st.sampled_from(["one", "other"]))
    def use(self, name):
        predictor = PaintPredictor()
        predictor.name = name
        self.widget.model = predictor

    @rule(seed=st.randoms())
    def order(self, seed):
        names = self.widget.labels
        seed.shuffle(names)
        self.widget.order_labels(names)

    @invariant()
    def both_sides_agree(self):
        w, view = self.widget, self.view
        active = w.label
        assert view.version == w.mask_version
        for index, name in enumerate(w.labels):
            w.label = name
            assert np.array_equal(view.masks[index], w.mask)
            assert view.prompts[index] == w.prompts.to_json()
        w.label = active
        # What was changed bit by bit is what would be made at once.
        now = w._annotation
        anew = Annotation(now.image, now.labels, now.predictor, now.history)
        assert all(np.array_equal(anew.masks[label], now.masks[label]) for label in range(len(w.labels)))
        assert np.array_equal(anew.label_map(), w.label_map)
        layers = view.layers[1:]
        assert layers.sum(axis=(0, 1)).max() <= 1, "objects do not overlap"
        looked_at = objects_agree(w, view)
        assert not (view.masks.any(axis=0) & (w.instances > 0) & ~looked_at).any()

    def teardown(self):
        steps = len(self.widget.history)
        for _ in range(steps):
            self.widget.undo()
        assert not self.view.layers.any()
        assert not any(self.view.prompts)
        self.both_sides_agree()
        self.widget.close()


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=15, stateful_step_count=30, suppress_health_check=list(HealthCheck))
