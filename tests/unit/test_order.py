"""Messages that come by several threads."""

import threading

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import order as order_module
from scribbleprompt_widget.widgets.order import GIVE_UP_S, Order
from tests.paint import PATIENCE_S, PaintPredictor


def numbered(*numbers, view="v"):
    return [{"id": f"{view}-{number}"} for number in numbers]


def handled(order, messages):
    return [due["id"] for message in messages for due in order.arrived(message)]


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (1, 3, 2, 4), (4, 3, 2, 1), (2, 1, 4, 3)])
def test_they_are_handled_as_they_were_sent(numbers):
    assert handled(Order(), numbered(*numbers)) == ["v-1", "v-2", "v-3", "v-4"]


def test_one_view_does_not_wait_for_another_nor_what_has_no_number():
    messages = [*numbered(2), *numbered(1, view="other-view"), {"id": None}, {"id": "7"}, {"id": "a-b"}]
    assert handled(Order(), messages) == ["other-view-1", None, "7", "a-b"]


def test_what_never_came_is_waited_for_no_longer_than_it_may_come(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(order_module.time, "monotonic", lambda: now)
    order = Order()
    assert handled(order, numbered(1, 3)) == ["v-1"]
    now += GIVE_UP_S - 1
    assert handled(order, numbered(4)) == []
    now += 1
    assert handled(order, numbered(5)) == ["v-3", "v-4", "v-5"]
    assert handled(order, numbered(2, 6)) == ["v-2", "v-6"]  # it came at last, and is not lost


def test_a_message_that_fails_holds_up_nobody():
    def fail(messages):
        for _ in messages:
            raise RuntimeError

    order = Order()
    with pytest.raises(RuntimeError):
        fail(order.arrived(numbered(1)[0]))
    assert handled(order, numbered(2)) == ["v-2"]


def test_a_commit_that_another_thread_brings_follows_the_click_that_it_was_meant_for():
    predictor = PaintPredictor()
    w = sp.Segmenter(np.zeros((20, 30)), model=predictor)
    predictor.wait_for = threading.Event()

    def say(number, kind, **fields):
        message = {"type": kind, "id": f"v-{number}", "image": 0, "label": 0, **fields}
        return threading.Thread(target=w._handle_custom_msg, args=(message, []))

    def click(x):
        return {"prompt": {"kind": "click", "x": x, "y": 6, "positive": True}}

    threads = [say(1, "prompt", **click(5)), say(2, "commit"), say(3, "prompt", **click(20)), say(4, "commit")]
    threads[0].start()
    for thread in (threads[3], threads[1], threads[2]):
        thread.start()
        thread.join(PATIENCE_S)  # it does not wait for the first
    assert threads[0].is_alive()
    predictor.wait_for.set()
    threads[0].join(PATIENCE_S)
    assert [row["prompts"] for row in w.instance_table] == [1, 1]
