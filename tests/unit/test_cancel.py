"""Predictions that are stopped by another thread."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets.cancel import TARGET, Cancellation, CancelledError, _opened
from tests.front_end import FrontEnd
from tests.paint import PATIENCE_S, PaintPredictor

CLICK = {"kind": "click", "x": 5, "y": 6, "positive": True}


class Worker:
    """Predicts for a request, in a thread of its own."""

    def __init__(self, cancellation, request, seconds=PATIENCE_S):
        self.outcome = None
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.work, args=(cancellation, request, seconds))
        self.thread.start()

    def work(self, cancellation, request, seconds):
        try:
            with cancellation.request(request), cancellation.predicting():
                self.begun.set()
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    time.sleep(0.001)
            self.outcome = "done"
        except CancelledError:
            self.outcome = "cancelled"

    def join(self):
        self.thread.join(PATIENCE_S / 2)
        return self.outcome


def test_only_the_requests_that_were_meant_are_stopped():
    cancellation = Cancellation()
    first = Worker(cancellation, "a")
    assert first.begun.wait(PATIENCE_S)
    cancellation.cancel(["x", "b"])
    assert first.thread.is_alive()
    cancellation.cancel(["a"])
    assert first.join() == "cancelled"
    assert Worker(cancellation, "b").join() == "cancelled"  # it came later, and is not begun
    assert Worker(cancellation, "c", 0).join() == "done"


def test_what_is_cancelled_as_it_ends_is_either_done_or_cancelled_and_hurts_nobody_later():
    cancellation = Cancellation()
    outcomes = set()
    for number in range(200):
        worker = Worker(cancellation, str(number), 0.001)
        worker.begun.wait(PATIENCE_S)
        time.sleep(number * 1e-5)  # some before the end, some after
        cancellation.cancel([str(number)])
        outcomes.add(worker.join())
    assert outcomes == {"done", "cancelled"}
    with cancellation.request("last"), cancellation.predicting():
        pass


@pytest.fixture
def w():
    widget = sp.Segmenter(np.zeros((40, 60)), model=PaintPredictor())
    yield widget
    widget.close()


def cancel(w, *requests):
    """As the front end's comm does."""
    closed = []
    message = {"content": {"target_name": TARGET, "data": {"key": w._key, "requests": list(requests)}}}
    _opened(SimpleNamespace(close=lambda: closed.append(True)), message)
    assert closed


def test_a_stroke_that_is_cancelled_changes_nothing(w):
    view = FrontEnd(w)
    view.say("prompt", label=0, prompt=CLICK)
    paint = w._annotation.predictor
    paint.wait_for = threading.Event()
    send, seen = w.send, []

    def listen(message, *more, **buffers):
        seen.append((message["type"], message["id"]))
        send(message, *more, **buffers)
        if message["type"] == "started":
            threading.Thread(target=cancel, args=(w, message["id"], "behind it")).start()

    w.send = listen
    view.say("prompt", label=0, prompt={**CLICK, "x": 20})
    (_, request), answer = seen
    assert seen[0][0] == "started"
    assert answer == ("cancelled", request)
    assert len(w.prompts) == w.mask.sum() == w.mask_version == 1
    assert w.last_error is None
    w._handle_custom_msg({"type": "prompt", "id": "behind it", "image": 0, "label": 0, "prompt": CLICK}, [])
    assert seen[2:] == [("cancelled", "behind it")]
    paint.wait_for = None
    view.say("prompt", label=0, prompt={**CLICK, "x": 21})
    assert len(w.prompts) == w.mask.sum() == 2


def test_a_cell_is_not_cancelled_by_the_canvas(w):
    w._cancellation.cancel(["a"])
    w.add_click(3, 3)
    assert w.mask.sum() == 1


def test_a_widget_that_is_gone_is_not_missed(w):
    w._key = "another"
    cancel(w, "a")
