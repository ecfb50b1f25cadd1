"""What a view sent is handled in the order in which it sent it, whichever threads bring it.

ipykernel (from 7.4 on) gives a comm's message to the thread that last wrote to that comm: while one works on a click,
another may come with the commit that was meant to follow it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

__all__ = ["GIVE_UP_S", "Order"]

Message: TypeAlias = Mapping[str, Any]

GIVE_UP_S: Final = 30.0
"""One that has not come by then may never come; those behind it are handled with the next that does."""


@dataclass
class _View:
    """What came of one view: ``next`` is the number that is due."""

    next: int = 1
    waiting: dict[int, Message] = field(default_factory=dict)
    waits_since: float = 0.0
    busy: bool = False

    def due(self, now: float) -> Message | None:
        """Take the message that is to be handled now."""
        if not self.waiting:
            return None
        number = min(self.waiting)
        if number > self.next and now - self.waits_since < GIVE_UP_S:
            return None
        self.next = max(self.next, number + 1)
        self.waits_since = now
        return self.waiting.pop(number)


class Order:
    """Messages of the canvas; a view counts its own in their ids (docs/protocol.md)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}

    def arrived(self, message: Message) -> Iterator[Message]:
        """Give what can be handled now that a message has come, in order; the caller handles each before the next.

        None, when the one before is still to come, or when another thread is at this view's messages: it goes on.
        """
        name, _, number = str(message.get("id")).rpartition("-")
        if not name or not number.isdecimal():
            yield message
            return
        with self._lock:
            view = self._views.setdefault(name, _View())
            if not view.waiting:
                view.waits_since = time.monotonic()
            view.waiting[int(number)] = message
            if view.busy:
                return
            view.busy = True
        try:
            while True:
                with self._lock:
                    if (due := view.due(time.monotonic())) is None:
                        view.busy = False
                        return
                yield due
        except BaseException:
            view.busy = False
            raise
