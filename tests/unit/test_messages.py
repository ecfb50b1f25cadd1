"""The widget without a browser, through the messages that the front end sends."""

import json
import threading
import zlib

import numpy as np
import pytest

import scribbleprompt_widget as sp
from tests.front_end import FrontEnd
from tests.paint import PaintPredictor

SHAPE = (40, 60)
CLICK = {"kind": "click", "x": 5, "y": 6, "positive": True}
STROKE = {"kind": "scribble", "points": [[3, 3], [20, 12.5]], "positive": True, "width": 3}


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
