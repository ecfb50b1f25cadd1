"""Cancelling what the canvas asked for, while another thread is at it."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import comm

__all__ = ["TARGET", "Cancellation", "CancelledError", "listen"]

TARGET: Final = "scribbleprompt_widget.cancel"
"""A comm target of its own: JupyterLab gives each a thread in the kernel, so that its messages do not queue behind the
prediction that they are to end."""
REMEMBERED: Final = 1000
"""Requests that were cancelled before they arrived, the newest; each waits behind the one that is worked on."""


class CancelledError(Exception):
    """A request was cancelled, and changed nothing."""


class Cancellation:
    """Which requests are cancelled. One at a time is worked on; only while it predicts is it stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled: deque[str] = deque(maxlen=REMEMBERED)
        self._request: str | None = None
        self._predicting: int | None = None

    def cancel(self, requests: Iterable[str]) -> None:
        """Stop the request that is worked on, if it is one of these; the others will not be begun.

        From another thread than the one that predicts. Code that holds on to Python's lock is stopped when it lets go.
        """
        with self._lock:
            self._cancelled.extend(requests)
            if self._predicting is not None and self._request in self._cancelled:
                # What Ctrl-C raises, which predictors and libraries let pass.
                thread, error = ctypes.c_ulong(self._predicting), ctypes.py_object(KeyboardInterrupt)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
                self._predicting = None

    @contextmanager
    def request(self, request: str | None) -> Iterator[None]:
        """Work on a request; CancelledError when it was cancelled before it began."""
        with self._lock:
            if request in self._cancelled:
                raise CancelledError
            self._request = request
        try:
            yield
        finally:
            self._request = None

    @contextmanager
    def predicting(self) -> Iterator[None]:
        """What may be stopped: CancelledError when it was."""
        if self._request is None:  # a cell asked, and has Ctrl-C
            yield
            return
        try:
            try:
                with self._lock:
                    if self._request in self._cancelled:
                        raise CancelledError
                    self._predicting = threading.get_ident()
                yield
            finally:
                # Under the lock: what is to be raised was asked for before, and comes up before this ends.
                with self._lock:
                    self._predicting = None
        except KeyboardInterrupt as error:
            if self._request in self._cancelled:
                raise CancelledError from error
            raise


_listening: weakref.WeakValueDictionary[str, Cancellation] = weakref.WeakValueDictionary()


def listen(key: str, cancellation: Cancellation) -> None:
    """Have the front end's ``{key, requests}`` cancel requests of the widget with this key."""
    _listening[key] = cancellation
    comm.get_comm_manager().register_target(TARGET, _opened)


def _opened(opened: Any, message: dict[str, Any]) -> None:
    """A comm that carries one message, in the one that opens it."""
    data = message["content"]["data"]
    if (cancellation := _listening.get(data["key"])) is not None:
        cancellation.cancel(data["requests"])
    opened.close()
