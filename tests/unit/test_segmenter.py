"""The widget without a browser, from Python."""

import gc
import threading
import weakref

import numpy as np
import pytest
from traitlets import TraitError

import scribbleprompt_widget as sp
from scribbleprompt_widget.predictors.base import State
from tests.front_end import FrontEnd
from tests.paint import PATIENCE_S, PaintPredictor

SHAPE = (40, 60)
CLICK = {"kind": "click", "x": 5, "y": 6, "positive": True}


def test_masks_are_boolean_arrays_of_the_images_shape(w):
    assert w.mask.shape == w.label_map.shape == w.probability.shape == SHAPE
    assert (w.mask.dtype, w.label_map.dtype, w.probability.dtype) == (bool, np.uint8, np.float32)
    assert not w.mask.any()
    w.add_box(10, 5, 20, 15)
    assert w.mask[5:16, 10:21].all()
    assert w.mask.sum() == 11 * 11 == w.area().pixels
    assert np.array_equal(w.mask, w.probability > 0.5)


def test_a_mask_that_was_read_does_not_change_afterwards(w):
    before = w.mask
    w.add_click(3, 3)
    assert not before.any()


def test_the_later_label_holds_where_masks_overlap(w):
    w.add_box(0, 0, 9, 9)
    w.label = "organ"
    w.add_box(5, 5, 14, 14)
    assert w.mask[12, 12]
    assert not w.mask[2, 2]
    assert (w.label_map[2, 2], w.label_map[7, 7], w.label_map[12, 12], w.label_map[20, 20]) == (1, 2, 2, 0)
    w.label = "lesion"
    assert w.mask[7, 7]


def test_undo_and_redo_restore_masks_and_prompts_without_inference(w, paint):
    masks, prompts = [w.mask], [w.prompts]
    for act in (lambda: w.add_box(3, 3, 9, 9), lambda: w.add_click(20, 20), w.clear):
        act()
        masks.append(w.mask)
        prompts.append(w.prompts)
    calls = paint.calls
    for i in (2, 1, 0, 0):
        w.undo()
        assert np.array_equal(w.mask, masks[i])
        assert w.prompts == prompts[i]
    for i in (1, 2, 3, 3):
        w.redo()
        assert np.array_equal(w.mask, masks[i])
    assert paint.calls == calls


def test_undo_takes_back_the_last_step_whichever_label_it_was_for(w):
    w.add_click(3, 3)
    w.label = "organ"
    w.add_click(9, 9)
    w.label = "lesion"
    w.undo()
    assert w.label_map.max() == 1
    w.undo()
    assert w.label_map.max() == 0


def test_a_new_prompt_ends_what_could_be_redone(w):
    w.add_click(3, 3)
    w.undo()
    w.add_click(9, 9)
    w.redo()
    assert np.argwhere(w.mask).tolist() == [[9, 9]]


def test_observers_hear_of_each_new_mask_once_and_can_read_it(w):
    heard = []
    w.observe(lambda change: heard.append((change["new"], int(w.mask.sum()))), names="mask_version")
    w.add_click(3, 3)
    w.add_click(4, 3)
    w.undo()
    w.redo()
    w.redo()  # nothing to redo: no new mask
    w.clear()
    w.clear()  # nothing to clear
    assert [count for _, count in heard] == [1, 2, 1, 2, 0]
    assert len({version for version, _ in heard}) == 5


def test_an_observer_may_draw(w):
    def answer(change):
        if len(w.prompts) == 1:
            w.add_click(30, 30)

    view = FrontEnd(w)
    w.observe(answer, names="mask_version")
    w.add_click(3, 3)
    assert w.mask.sum() == 2
    assert np.array_equal(view.masks[0], w.mask)


def test_setting_the_model_predicts_again_and_can_be_undone(w):
    w.add_box(10, 10, 20, 20)
    before = w.mask
    other = PaintPredictor()
    other.name = "other"
    w.model = other
    assert (w.model, other.calls) == ("other", 1)
    assert np.array_equal(w.mask, before)
    w.undo()
    assert np.array_equal(w.mask, before)
    w.add_click(1, 1)
    assert other.calls == 2


def test_a_model_that_fails_leaves_everything_as_it_was(w):
    w.add_box(10, 10, 20, 20)
    before, broken = w.mask, PaintPredictor()
    broken.fail_with = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        w.model = broken
    assert w.model == "paint"
    assert np.array_equal(w.mask, before)
    w.add_click(1, 1)
    assert w.mask[1, 1]


def test_the_model_in_use_may_be_set_by_its_name(w, paint):
    w.add_box(10, 10, 20, 20)
    w.model = w.model
    assert w._annotation.predictor is paint


def test_a_model_alone_makes_no_new_mask(w):
    heard, other = [], PaintPredictor()
    w.observe(heard.append, names="mask_version")
    other.name = "other"
    w.model = other
    assert (w.model, w._model) == ("other", "other")
    assert not heard
    w.add_click(3, 3)
    assert (other.calls, len(heard)) == (1, 1)


def test_what_fails_late_leaves_everything_as_it_was(w, monkeypatch):
    w.add_box(10, 10, 20, 20)
    w.add_click(1, 1)
    before = w.mask

    def broken(*_):
        raise MemoryError("when shown")

    def fails(act):
        mask, drawn = w.mask, (w.prompts, w._can, w.mask_version, w.model)
        with monkeypatch.context() as patch:
            patch.setattr(State, "restore_positive", broken)
            with pytest.raises(MemoryError, match="when shown"):
                act()
        assert np.array_equal(w.mask, mask)
        assert (w.prompts, w._can, w.mask_version, w.model) == drawn

    other = PaintPredictor()
    other.name = "other"
    fails(lambda: w.add_click(2, 2))
    fails(lambda: setattr(w, "model", other))
    fails(w.undo)
    w.undo()
    fails(w.redo)
    w.redo()
    assert np.array_equal(w.mask, before)


def test_set_image_begins_anew(w):
    view = FrontEnd(w)
    w.add_click(3, 3)
    version = w.mask_version
    w.set_image(np.zeros((7, 9)), spacing=0.5)
    assert w.mask.shape == (7, 9)
    assert len(w.prompts) == 0
    assert w.mask_version > version
    assert view.messages[-1]["base"] is None
    assert w._image["shape"] == [7, 9]
    w.undo()
    assert not w.mask.any()
    w.add_click(1, 1)
    assert w.area() == (1, 0.25)


def test_files_carry_the_mask_and_with_several_labels_the_label_map(w, tmp_path):
    w.label = "organ"
    w.add_box(1, 1, 5, 5)
    assert np.array_equal(np.load(w.save(tmp_path / "m.npz"))["label_map"], w.label_map)
    one = sp.Segmenter(np.zeros(SHAPE), model=PaintPredictor())
    one.add_box(1, 1, 5, 5)
    assert np.array_equal(np.load(one.save(tmp_path / "one.npz"))["mask"], one.mask)


def test_a_snapshot_shows_the_mask_and_is_written(w, tmp_path, monkeypatch):
    plain = w.snapshot()
    w.add_box(10, 10, 20, 20)
    picture = w.snapshot(tmp_path / "picture.png")
    changed = (picture != plain).any(axis=2)
    assert np.array_equal(changed, w.mask)
    import PIL.Image

    assert np.array_equal(np.asarray(PIL.Image.open(tmp_path / "picture.png")), picture)
    monkeypatch.setenv("HOME", str(tmp_path))
    w.snapshot("~/home.JPG")
    assert (tmp_path / "home.JPG").exists()


def test_a_closed_widget_can_be_read_and_not_changed(w, tmp_path):
    w.add_box(3, 3, 9, 9)
    mask = w.mask
    w.close()
    changes = [
        lambda: w.add_click(1, 1),
        w.undo,
        w.redo,
        w.clear,
        lambda: w.set_image(np.ones((5, 5))),
        lambda: setattr(w, "model", PaintPredictor()),
    ]
    for change in changes:
        with pytest.raises(RuntimeError, match="this Segmenter is closed: it can be read, but not changed"):
            change()
    w.label = "organ"
    w.label = "lesion"
    assert np.array_equal(w.mask, mask)
    assert len(w.prompts) == 1
    assert w.area().pixels == 49
    assert w.save(tmp_path / "a.png").exists()


def test_a_closed_widget_is_freed_with_its_image(paint):
    widget = sp.Segmenter(np.zeros(SHAPE), model=paint)
    widget.add_click(3, 3)
    held = [weakref.ref(widget), weakref.ref(widget.image)]
    widget.close()
    del widget
    gc.collect()
    assert [ref() for ref in held] == [None, None]


def in_thread(act, *arguments):
    """Do it in another thread, and wait until it is done."""
    thread = threading.Thread(target=act, args=arguments, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.mark.parametrize("where", ["python", "canvas"])
def test_an_observer_may_wait_for_another_thread_that_draws(w, where):
    view, masks = FrontEnd(w), []

    def draw():
        if where == "canvas":
            view.say("prompt", label=0, prompt=CLICK)
        else:
            w.add_click(5, 6)

    def listen(change):
        masks.append(int(w.mask.sum()))
        if not masks[-1]:
            in_thread(draw)
        elif len(masks) < 3:
            in_thread(w.clear)

    w.observe(listen, names="mask_version")
    draw()
    assert masks == [1, 0, 1]
    assert w.last_error is None
    assert np.array_equal(view.masks[0], w.mask)


def test_an_observer_of_the_label_may_wait_for_another_thread_that_draws(w):
    w.observe(lambda change: in_thread(w.add_click, 5, 6), names="label")
    w.set_state({"label": "organ"})  # as the canvas does
    assert w.mask.sum() == 1


def test_observers_hear_of_masks_in_order_whoever_draws(w):
    heard = []

    def listen(change):
        heard.append((change["old"], change["new"]))
        if len(w.prompts) < 20:
            in_thread(w.add_click, len(w.prompts), 5)
            w.add_click(len(w.prompts), 5)

    w.observe(listen, names="mask_version")
    w.add_click(0, 5)
    assert heard == [(i, i + 1) for i in range(w.mask_version)]
    assert w.mask_version == len(w.prompts) == 21


def test_an_observers_error_keeps_nothing_from_the_others(w):
    heard = []

    def listen(change):
        heard.append(change["new"])
        if len(heard) == 1:
            w.add_click(6, 5)
            raise ZeroDivisionError("in my handler")

    w.observe(listen, names="mask_version")
    with pytest.raises(ZeroDivisionError):
        w.add_click(5, 5)
    assert heard == [1, 2]
    w.add_click(7, 5)
    assert heard == [1, 2, 3]


def test_a_label_from_the_canvas_neither_waits_for_drawing_nor_disturbs_it(w, paint):
    heard = []
    w.observe(lambda change: heard.append(change["name"]), names=["mask_version", "label"])
    paint.wait_for = threading.Event()
    drawing = threading.Thread(target=w.add_click, args=(3, 3))
    drawing.start()
    while not paint.calls:
        assert drawing.is_alive()
    in_thread(w.set_state, {"label": "organ"})
    with pytest.raises(ValueError, match="label takes"):
        w.set_state({"label": "tumour"})
    paint.wait_for.set()
    drawing.join()
    assert heard == ["label", "mask_version"]
    assert w.label == "organ"
    w.label = "lesion"
    assert w.mask[3, 3]


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: sp.Segmenter(np.zeros(SHAPE), lables=["a"]), TypeError, "unexpected keyword argument 'lables'"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels="lesion"), TypeError, r"labels.*write \['lesion'\]"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels=[]), ValueError, "labels takes a list of at least one name"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels={"a", "b"}), TypeError, "labels takes a list of names, got {'"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels=None), TypeError, "labels takes a list of names, got None"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels=["a", "a"]), ValueError, "labels takes names that differ"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), labels=["a", 3]), ValueError, "labels takes"),
        (lambda: sp.Segmenter(np.zeros(SHAPE), model="sma"), ValueError, "model takes one of default.*got 'sma'"),
        (lambda: sp.Segmenter("nowhere.png"), FileNotFoundError, "nowhere.png"),
        (lambda: sp.Segmenter(np.zeros((0, 5))), ValueError, "image"),
        (lambda: sp.Segmenter(None), TypeError, "image"),
    ],
)
def test_bad_arguments_are_told_by_name(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda w: w.add_click(60, 3), ValueError, "outside the image"),
        (lambda w: w.add_click(3, "b"), TypeError, "y takes a number"),
        (lambda w: w.add_box(-9, -9, -5, -5), ValueError, "outside the image"),
        (lambda w: w.add_scribble([]), ValueError, "points is empty"),
        (lambda w: w.add_scribble(raster=np.ones((3, 3))), ValueError, r"raster takes the image's shape \(40, 60\)"),
        (lambda w: setattr(w, "label", "tumour"), ValueError, "label takes one of 'lesion', 'organ'; got 'tumour'"),
        (lambda w: setattr(w, "mask", 3), AttributeError, "mask"),
        (lambda w: setattr(w, "model", "sma"), ValueError, "model takes"),
        (lambda w: w.set_image(None), TypeError, "image"),
        (lambda w: w.save("mask.docx"), ValueError, "docx"),
        (lambda w: w.save(None), TypeError, "path takes a file's name, got None"),
        (lambda w: w.snapshot(3), TypeError, "path takes a file's name, got 3"),
        (lambda w: w.snapshot("picture.docx"), ValueError, r"path is 'picture\.docx'; its suffix.*\.png"),
        (lambda w: w.snapshot("picture"), ValueError, r"path is 'picture'; its suffix"),
        (lambda w: w.snapshot("nowhere/picture.png"), FileNotFoundError, "there is no folder 'nowhere' to write"),
    ],
)
def test_bad_calls_are_told_and_change_nothing(w, act, error, words):
    w.add_click(5, 5)
    with pytest.raises((error, TraitError), match=words):
        act(w)
    assert np.argwhere(w.mask).tolist() == [[5, 5]]
    w.add_click(6, 5)
    assert w.mask.sum() == 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
def test_the_smallest_images_work(shape):
    w = sp.Segmenter(np.ones(shape), model=PaintPredictor())
    w.add_click(0, 0)
    assert w.mask[0, 0]
    assert w.snapshot().shape == (*shape, 3)


def test_a_box_without_area_is_a_pixel(w):
    w.add_box(4, 4, 4, 4)
    assert w.mask.sum() == 1
