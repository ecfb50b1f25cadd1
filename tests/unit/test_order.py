"""Messages that come by several threads."""

import threading

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import order as order_module
from scribbleprompt_widget.widgets.order import Order
from tests.front_end import FrontEnd
from tests.paint import PATIENCE_S, PaintPredictor


class Recorded:
    """An order, and what it had handled: ids, those of late ones in brackets."""

    def __init__(self):
        self.handled = []
        self.missed = []
        self.order = Order(self.act, self.missed.append)
        self.act_on = lambda message: None

    def act(self, message, late):
        self.handled.append(f"({message['id']})" if late else message["id"])
        self.act_on(message)

    def came(self, *numbers, view="v"):
        for number in numbers:
            self.order.came({"id": f"{view}-{number}"})
        return self.handled

    def in_thread(self, number):
        thread = threading.Thread(target=self.came, args=[number])
        thread.start()
        return thread


@pytest.fixture
def recorded():
    return Recorded()


@pytest.fixture
def timers(monkeypatch):
    """Timers that are run by hand."""
    timers = []

    class Timer:
        def __init__(self, seconds, act, arguments=()):
            self.seconds, self.fire = seconds, lambda: act(*arguments)
            self.is_on = False

        def start(self):
            self.is_on = True
            timers.append(self)

        def cancel(self):
            self.is_on = False

    monkeypatch.setattr(order_module.threading, "Timer", Timer)
    return timers


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (1, 3, 2, 4), (4, 3, 2, 1), (2, 1, 4, 3)])
def test_they_are_handled_as_they_were_sent(recorded, timers, numbers):
    assert recorded.came(*numbers) == ["v-1", "v-2", "v-3", "v-4"]
    assert not any(timer.is_on for timer in timers)


def test_one_view_does_not_wait_for_another_nor_what_has_no_number(recorded, timers):
    recorded.came(2)
    recorded.came(1, view="other-view")
    for odd in (None, "7", "a-b", "a-\u0662"):
        recorded.order.came({"id": odd})
    assert recorded.handled == ["other-view-1", None, "7", "a-b", "a-\u0662"]


def test_what_never_came_holds_nobody_up_for_long(recorded, timers):
    assert recorded.came(1, 3, 6) == ["v-1"]
    (timer,) = timers
    timer.fire()  # nothing else came meanwhile
    assert recorded.handled == ["v-1", "v-3", "v-6"]
    assert recorded.missed == ["v-2", "v-4", "v-5"]
    assert recorded.came(7) == ["v-1", "v-3", "v-6", "v-7"]
    assert recorded.came(5)[-1] == "(v-5)"  # it is late, and whoever handles it hears so


def test_of_many_that_never_came_the_last_ones_are_told(recorded, timers):
    recorded.came(10**12)
    timers[0].fire()
    assert recorded.handled == [f"v-{10**12}"]
    assert recorded.missed[-1] == f"v-{10**12 - 1}"
    assert len(recorded.missed) == order_module.MOST_MISSED


def test_what_an_interrupt_kept_from_being_handled_is_told(recorded, timers):
    def act(message):
        raise KeyboardInterrupt

    recorded.act_on = act
    with pytest.raises(KeyboardInterrupt):
        recorded.came(1)
    assert recorded.missed == ["v-1"]


def test_who_gives_up_does_so_for_what_waited_then(recorded, timers):
    def act(message):
        if message["id"] == "v-3":
            recorded.in_thread(5).join(PATIENCE_S)
            recorded.in_thread(4).join(PATIENCE_S)

    recorded.act_on = act
    recorded.came(3)
    timers[0].fire()
    assert recorded.handled == ["v-3", "v-4", "v-5"]


def test_a_timer_that_was_cancelled_too_late_gives_nobody_up(recorded, timers):
    recorded.came(2)
    recorded.came(1)
    recorded.came(4)
    old, new = timers
    old.fire()  # it had begun when it was cancelled
    assert recorded.handled == ["v-1", "v-2"]
    assert new.is_on
    assert recorded.came(3) == ["v-1", "v-2", "v-3", "v-4"]


def test_what_is_worked_on_is_not_what_never_came(recorded, timers):
    def act(message):
        if message["id"] == "v-1":
            recorded.in_thread(3).join(PATIENCE_S)
            assert not timers, "nobody gives up while one works"

    recorded.act_on = act
    recorded.came(1)
    recorded.came(2)
    assert recorded.handled == ["v-1", "v-2", "v-3"]


def test_who_comes_meanwhile_leaves_it_to_who_is_at_it(recorded, timers):
    begun, go_on = threading.Event(), threading.Event()
    seen = []

    def act(message):
        seen.append(threading.current_thread())
        if message["id"] == "v-1":
            begun.set()
            assert go_on.wait(PATIENCE_S)

    recorded.act_on = act
    first = recorded.in_thread(1)
    assert begun.wait(PATIENCE_S)
    for number in (3, 2):
        thread = recorded.in_thread(number)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    go_on.set()
    first.join(PATIENCE_S)
    assert recorded.handled == ["v-1", "v-2", "v-3"]
    assert set(seen) == {first}


def test_an_interrupt_holds_up_nobody(recorded, timers):
    def act(message):
        if message["id"] == "v-1":
            recorded.in_thread(2).join(PATIENCE_S)
            raise KeyboardInterrupt

    recorded.act_on = act
    with pytest.raises(KeyboardInterrupt):
        recorded.came(1)
    (timer,) = timers
    assert timer.seconds == 0  # it is due
    timer.fire()
    assert recorded.came(3) == ["v-1", "v-2", "v-3"]


def test_an_interrupt_between_two_steps_of_the_order_holds_up_nobody(recorded, timers):
    recorded.came(1)
    recorded.order._views["v"].worker = threading.get_ident()  # as if it had hit just there
    assert recorded.came(2) == ["v-1", "v-2"]


def test_a_change_that_comes_late_is_refused_and_can_be_tried_again(timers):
    w = sp.Segmenter(np.zeros((20, 30)), model=PaintPredictor())
    view = FrontEnd(w)
    click = {"prompt": {"kind": "click", "x": 5, "y": 6, "positive": True}, "label": 0, "image": 0}
    w._handle_custom_msg({"type": "prompt", "id": "other-2", **click}, [])
    timers[-1].fire()
    w._handle_custom_msg({"type": "commit", "id": "other-1", "label": 0, "image": 0}, [])
    assert view.messages[-1] == {
        "type": "error",
        "id": "other-1",
        "text": "ValueError: commit came after what was done later, and changed nothing",
    }
    assert not w.instance_table
    view.say("commit", label=0)
    assert len(w.instance_table) == 1
    w._handle_custom_msg({"type": "whole", "id": "other-1", "image": 0}, [])  # nothing of it is a change
    assert view.messages[-1]["type"] == "update"


def test_what_was_meant_for_the_image_before_and_comes_late_is_told_to_all():
    w = sp.Segmenter(np.zeros((20, 30)), model=PaintPredictor())
    view = FrontEnd(w)
    w._handle_custom_msg({"type": "whole", "id": "other-1", "image": 0}, [])
    w.set_image(np.zeros((20, 30)))
    w._handle_custom_msg({"type": "commit", "id": "other-1", "label": 0, "image": 0}, [])
    assert (view.messages[-1]["type"], view.messages[-1]["id"]) == ("error", None)


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
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert threads[0].is_alive()
    predictor.wait_for.set()
    threads[0].join(PATIENCE_S)
    assert [row["prompts"] for row in w.instance_table] == [1, 1]
