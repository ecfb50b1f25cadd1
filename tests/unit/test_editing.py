"""Prompts as objects, edits by hand, finishing and the history: from Python and by messages."""

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import cells_of
from tests.paint import PaintPredictor

SHAPE = (40, 60)
BOX = {"kind": "box", "x0": 2, "y0": 2, "x1": 9, "y1": 9}
CLICK = {"kind": "click", "x": 20, "y": 20, "positive": True}
LASSO = {"kind": "lasso", "points": [[20, 2], [30, 2], [30, 12], [20, 12]], "positive": True}


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
    with pytest.raises(ValueError, match=r"mask takes numbers of the image's shape \(40, 60\), got bool of \(3, 3\)"):
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


# --- messages -------------------------------------------------------------------------------------------------------


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
