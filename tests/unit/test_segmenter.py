"""The widget without a browser: from Python, and through the messages that the front end sends."""

import gc
import json
import threading
import weakref
import zlib

import numpy as np
import pytest
from traitlets import TraitError

import scribbleprompt_widget as sp
from scribbleprompt_widget.predictors.base import State
from tests.front_end import FrontEnd
from tests.paint import PATIENCE_S, PaintPredictor

SHAPE = (40, 60)


@pytest.fixture
def paint():
    return PaintPredictor()


@pytest.fixture
def w(paint):
    widget = sp.Segmenter(np.zeros(SHAPE), labels=["lesion", "organ"], model=paint)
    yield widget
    widget.close()


CLICK = {"kind": "click", "x": 5, "y": 6, "positive": True}
STROKE = {"kind": "scribble", "points": [[3, 3], [20, 12.5]], "positive": True, "width": 3}


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


# --- messages --------------------------------------------------------------------------------------------------------


def test_a_prompt_from_the_canvas_is_answered_and_applied(w):
    view = FrontEnd(w)
    seen = []
    w.observe(lambda change: seen.append(len(w.prompts)), names="mask_version")
    (update,) = view.say("prompt", label=0, prompt=STROKE)
    assert update["type"] == "update"
    assert w.prompts == sp.Prompts([sp.Scribble([(3, 3), (20, 12.5)], width=3)])
    assert np.array_equal(view.masks[0], w.mask)
    assert w.mask.any()
    # The mask goes first, as nobody waits for the rest; the version last, as people's handlers may take their time.
    assert view.version_at_message[-1] == 0
    assert seen == [1]
    assert w.mask_version == view.version == 1


def test_masks_and_prompts_stay_in_step_through_everything(w):
    view = FrontEnd(w)
    rng = np.random.default_rng(0)
    for _ in range(60):
        kind = rng.choice(["prompt", "prompt", "prompt", "undo", "redo", "clear", "whole"])
        x, y = rng.uniform(0, 39, 2)
        box = {"kind": "box", "x0": x, "y0": y, "x1": x + 5, "y1": y - 5}
        stroke = {**STROKE, "points": [[x, y], [y, x]], "positive": bool(rng.integers(2))}
        view.say(str(kind), label=int(rng.integers(2)), prompt=box if rng.random() < 0.5 else stroke)
        for label, name in enumerate(w.labels):
            w.label = name
            assert np.array_equal(view.masks[label], w.mask)
            assert view.prompts[label] == w.prompts.to_json()
    w.model = PaintPredictor()
    assert view.messages[-1]["prompts"] == []
    assert not [message for message in view.messages if message["type"] == "error"]


def test_updates_carry_only_what_changed(w):
    view = FrontEnd(w)
    view.say("prompt", label=0, prompt=CLICK)
    view.say("prompt", label=0, prompt={**CLICK, "x": 50, "y": 33})
    (plane,) = view.messages[-1]["planes"]
    assert (plane["x"], plane["y"], plane["width"], plane["height"]) == (50, 33, 1, 1)
    assert view.messages[-1]["prompts"] == [{"label": 0, "kept": 1, "added": [{**CLICK, "x": 50, "y": 33}]}]
    view.say("undo")
    assert view.messages[-1]["prompts"] == [{"label": 0, "kept": 1, "added": []}]


def test_a_stroke_sends_the_same_number_of_bytes_however_many_there_are(w):
    view, sent = FrontEnd(w), []
    w.send_state = lambda key=None: sent.append(json.dumps(w.get_state(key)))  # what a new value of a trait sends

    def stroke():
        sent.clear()
        messages = view.say("prompt", label=0, prompt=STROKE)
        return len(json.dumps(messages)) + sum(map(len, sent))

    first = stroke()
    for _ in range(100):
        last = stroke()
    assert last < first + 20  # digits


def test_a_preview_enters_no_history_and_fires_nothing(w):
    view, heard = FrontEnd(w), []
    w.observe(heard.append, names=["mask_version", "_can"])
    view.say("prompt", label=0, prompt=CLICK)
    heard.clear()
    (preview,) = view.say("preview", label=0, prompt=STROKE)
    assert preview["type"] == "preview"
    assert preview["base"] == w.mask_version
    assert preview["planes"]
    assert not heard
    assert len(w.prompts) == w.mask.sum() == 1


def test_a_view_that_asks_gets_the_probability_of_a_label(w):
    sent = []
    w.send = lambda content, buffers=None: sent.append((content, buffers))
    w.add_box(10, 5, 20, 15)
    sent.clear()
    for label in (0, 1):
        w._handle_custom_msg({"type": "probability", "id": str(label), "image": 0, "label": label}, [])
    for label, (content, (data,)) in enumerate(sent):
        place = {"label": label, "x": 0, "y": 0, "width": 60, "height": 40, "shape": list(SHAPE)}
        assert content == {"type": "probability", "id": str(label), "version": 1, **place}
        shown = np.frombuffer(data, np.uint8).reshape(SHAPE)
        w.label = w.labels[label]
        np.testing.assert_allclose(shown / 255, w.probability, atol=0.5 / 255)


def test_the_probability_of_a_large_image_is_sent_small():
    w = sp.Segmenter(np.zeros((300, 2000)), model=PaintPredictor())
    w.add_box(1000, 0, 1999, 299)
    sent = []
    w.send = lambda content, buffers=None: sent.append((content, buffers))
    w._handle_custom_msg({"type": "probability", "id": "1", "image": 0, "label": 0}, [])
    ((content, (data,)),) = sent
    assert content["shape"] == [77, 512]
    shown = np.frombuffer(data, np.uint8).reshape(content["shape"])
    assert (shown[:, :255] < 10).all()
    assert (shown[:, 257:] > 245).all()


def test_a_view_that_asks_gets_the_whole(w):
    w.add_box(3, 4, 9, 9)
    w.label = "organ"
    w.add_click(20, 20)
    view = FrontEnd(w)
    (update,) = view.say("whole")
    assert update["base"] is None
    for label, name in enumerate(w.labels):
        w.label = name
        assert np.array_equal(view.masks[label], w.mask)
        assert view.prompts[label] == w.prompts.to_json()


def test_a_new_view_finds_the_whole_mask_and_all_prompts_in_the_traits(w):
    w.add_box(3, 4, 9, 9)
    state = w.get_state()
    masks = np.zeros((2, *SHAPE), dtype=bool)
    planes = state["_mask"]["planes"]
    FrontEnd.apply(masks[None], planes, [zlib.decompress(plane["data"]) for plane in planes])
    assert state["_mask"]["version"] == state["mask_version"]
    assert np.array_equal(masks[0], w.mask)
    box = {"kind": "box", "x0": 3.0, "y0": 4.0, "x1": 9.0, "y1": 9.0}
    assert state["_prompts"] == {"version": state["mask_version"], "lists": [[box], []]}


def test_the_image_reaches_the_screen_with_its_depth():
    image = np.linspace(0, 4000, 24 * 31).astype(np.uint16).reshape(24, 31)
    state = sp.Segmenter(image, model=PaintPredictor(), spacing=(2, 3)).get_state("_image")["_image"]
    assert (state["dtype"], state["shape"], state["spacing"]) == ("uint16", [24, 31], [2, 3])
    assert np.array_equal(np.frombuffer(state["data"], np.uint16).reshape(24, 31), image)
    assert 0 <= state["low"] < state["high"] <= 4000
    assert (state["unit"], state["rescale"]) == (None, [1, 0])


def test_the_screen_can_tell_the_images_own_values():
    image = 1e6 + np.linspace(0, 0.001, 24 * 31).reshape(24, 31)
    state = sp.Segmenter(image, model=PaintPredictor()).get_state("_image")["_image"]
    slope, intercept = state["rescale"]
    data = np.frombuffer(state["data"], np.float32).reshape(24, 31).astype(float)
    np.testing.assert_allclose(data * slope + intercept, image, rtol=0, atol=1e-9)
    json.dumps(state["rescale"], allow_nan=False)
    huge = sp.Segmenter(np.array([[-1e308, 1e308]]), model=PaintPredictor()).get_state("_image")["_image"]
    json.dumps(huge["rescale"], allow_nan=False)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "dance"}, "unknown message type 'dance'"),
        ({"type": "prompt", "label": 7, "prompt": CLICK}, "label takes an index below 2, got 7"),
        ({"type": "prompt", "label": 0, "prompt": {"kind": "star"}}, "kind is click, box, scribble or lasso"),
        ({"type": "prompt", "label": 0}, "KeyError"),
        ({"type": "prompt", "label": 0, "prompt": {**CLICK, "x": 1e9}}, "outside the image"),
        ({"type": "preview", "label": 0, "prompt": {**STROKE, "points": []}}, "points is empty"),
        ({}, "unknown message type"),
    ],
)
def test_a_message_that_makes_no_sense_is_answered_and_kept_as_last_error(w, message, words):
    view = FrontEnd(w)
    w._handle_custom_msg({"id": "7", "image": 0, **message}, [])
    assert view.messages[-1]["type"] == "error"
    assert view.messages[-1]["id"] == "7"
    assert words in view.messages[-1]["text"]
    assert w.last_error is not None
    view.say("prompt", label=0, prompt=CLICK)
    assert w.last_error is None
    assert w.mask[6, 5]


def test_a_prediction_that_is_interrupted_is_answered_too(w, paint):
    view = FrontEnd(w)
    paint.fail_with = KeyboardInterrupt()
    (message,) = view.say("prompt", label=0, prompt=STROKE)
    assert (message["type"], message["text"]) == ("error", "KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        w.add_click(9, 9)
    assert not w.prompts


def test_a_predictor_that_fails_is_told_and_the_widget_goes_on(w, paint):
    view = FrontEnd(w)
    view.say("prompt", label=0, prompt=CLICK)
    paint.fail_with = RuntimeError("no memory left")
    messages = view.say("prompt", label=0, prompt=STROKE)
    assert [message["type"] for message in messages] == ["error"]
    assert messages[-1]["text"] == "RuntimeError: no memory left"
    assert w.last_error is paint.fail_with
    assert len(w.prompts) == 1
    with pytest.raises(RuntimeError, match="no memory left"):
        w.add_click(9, 9)
    assert view.messages[-1]["type"] == "error"
    paint.fail_with = None
    view.say("prompt", label=0, prompt=STROKE)
    assert w.last_error is None
    assert np.array_equal(view.masks[0], w.mask)
    assert len(w.prompts) == 2


@pytest.mark.parametrize("kind", ["prompt", "preview", "undo", "redo", "clear"])
def test_what_was_meant_for_the_image_before_changes_nothing(w, kind):
    view = FrontEnd(w)
    w.add_click(3, 3)
    w.undo()
    before = w._image["version"]
    w.set_image(np.ones(SHAPE))
    w.add_click(20, 20)
    mask = w.mask
    messages = view.say(kind, label=0, prompt=CLICK, image=before)
    assert np.array_equal(w.mask, mask)
    assert len(w.prompts) == 1
    assert [(message["type"], message["id"]) for message in messages] == (
        [] if kind == "preview" else [("error", None)]
    )
    view.say("undo")
    assert len(w.prompts) == 0


def test_a_slow_answer_is_told_of_while_it_is_worked_on(w, paint):
    view = FrontEnd(w)
    paint.wait_for = threading.Event()
    receive = w.send

    def send(*message, **more):
        receive(*message, **more)
        paint.wait_for.set()

    w.send = send  # the answer waits until the front end was told
    messages = view.say("prompt", label=0, prompt=STROKE)
    assert [message["type"] for message in messages] == ["started", "update"]
    assert messages[0]["id"] == messages[1]["id"]


def test_an_observers_error_reaches_the_canvas_after_the_mask(w):
    view = FrontEnd(w)

    def broken(change):
        raise ZeroDivisionError("in my handler")

    w.observe(broken, names="mask_version")
    messages = view.say("prompt", label=0, prompt=CLICK)
    assert [message["type"] for message in messages] == ["update", "error"]
    assert "in my handler" in messages[-1]["text"]
    assert messages[-1]["id"] is None  # the update has answered the request: an error with its id would find nobody
    assert view.masks[0].sum() == 1


def test_what_can_be_undone_and_done_again_is_known_when_it_is_answered(w):
    view = FrontEnd(w)
    known = []
    w.send = lambda content, buffers=None: known.append(w._can) or view.receive(content, buffers)
    view.say("prompt", label=0, prompt=CLICK)
    view.say("undo")
    view.say("redo")
    can = [(one["undo"], one["redo"]) for one in known]
    assert can == [(True, False), (False, True), (True, False)]


def test_two_threads_may_draw_at_once(w):
    """Message handlers may run on another thread than cells do."""
    view = FrontEnd(w)

    def draw(y):
        for x in range(30):
            prompt = {**CLICK, "x": x, "y": y}
            w._handle_custom_msg({"type": "prompt", "id": f"{y}-{x + 1}", "image": 0, "label": 0, "prompt": prompt}, [])

    threads = [threading.Thread(target=draw, args=(y,)) for y in (3, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w.mask.sum() == len(w.prompts) == 60
    assert np.array_equal(view.masks[0], w.mask)


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
