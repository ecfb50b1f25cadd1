"""What a view sent is handled in the order in which it sent it, whichever threads bring it.

ipykernel (from 7.4 on) gives a comm's message to the thread that last wrote to that comm: while one works on a click,
another may come with the commit that was meant to follow it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["GIVE_UP_S", "Order"]

Message: TypeAlias = Mapping[str, Any]

GIVE_UP_S: Final = 10.0
"""After so long it is not waited for any more: by then the canvas says that nobody answers."""
MOST_MISSED: Final = 100
"""So many of those that never came are told of: the last ones, for which the canvas may still wait."""


@dataclass
class _View:
    """What came of one view. `due` is the number that is next; `worker` the thread that is at its messages."""

    name: str
    due: int = 1
    waiting: dict[int, tuple[Context, Message]] = field(default_factory=dict)
    worker: int | None = None
    timer: threading.Timer | None = None


class _Taken(NamedTuple):
    """A message that is to be handled, and the numbers of those before it that never came."""

    context: Context
    message: Message
    missed: range


class Order:
    """Messages of the canvas; a view counts its own in their ids (docs/protocol.md).

    Parameters
    ----------
    act
        Handles a message, and is told whether it is late: handled after one that was sent later. One thread at a time
        is at the messages of a view that are not late, each in the context that it came in; others leave theirs to it.
    missed
        Is told the id of each message that never came, when later ones are handled without it, and of one that `act`
        was kept from by an interrupt: the canvas must not wait for its answer.
    """

    def __init__(self, act: Callable[[Message, bool], None], missed: Callable[[str], None]) -> None:
        self._act = act
        self._missed = missed
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}

    def came(self, message: Message) -> None:
        """Handle a message, and what waited for it: now, or after those that were sent before it."""
        name, _, digits = str(message.get("id")).rpartition("-")
        if not (name and digits.isascii() and digits.isdecimal()):
            self._act(message, False)
            return
        number = int(digits)
        with self._lock:
            view = self._views.setdefault(name, _View(name))
            late = number < view.due
            if not late:
                view.waiting.setdefault(number, (copy_context(), message))
        if late:
            self._act(message, True)
        else:
            self._work(view)

    def _work(self, view: _View, through: int = 0) -> None:
        """Handle what is due, and what waits up to the number `through`, whatever lacks."""
        thread = threading.get_ident()
        taken: _Taken | None = None
        try:
            while (taken := self._take(view, thread, through)) is not None:
                for number in taken.missed:
                    taken.context.run(self._missed, f"{view.name}-{number}")
                taken.context.run(self._act, taken.message, False)
        except BaseException:
            with self._lock:
                self._rest(view)
            if taken is not None:
                taken.context.run(self._missed, str(taken.message["id"]))
            raise

    def _take(self, view: _View, thread: int, through: int) -> _Taken | None:
        with self._lock:
            # This thread itself is at none: an interrupt may have ended it before it could say so.
            if view.worker not in (None, thread):
                return None
            number = min(view.waiting, default=None)
            if number is None or number > max(view.due, through):
                self._rest(view)
                return None
            if view.timer is not None:
                view.timer.cancel()
                view.timer = None
            missed = range(max(view.due, number - MOST_MISSED), number)
            view.worker, view.due = thread, number + 1
            return _Taken(*view.waiting.pop(number), missed)

    def _rest(self, view: _View) -> None:
        """Nobody is at it. What waits does so for a while; what an interrupt left is due."""
        view.worker = None
        if view.waiting and view.timer is None:
            seconds = 0.0 if view.due in view.waiting else GIVE_UP_S
            view.timer = threading.Timer(seconds, lambda: self._give_up(view, timer))
            timer = view.timer
            timer.daemon = True
            timer.start()

    def _give_up(self, view: _View, timer: threading.Timer) -> None:
        with self._lock:
            if view.timer is not timer:  # what it was for has come meanwhile
                return
            view.timer = None
            through = max(view.waiting, default=0)
        self._work(view, through)
