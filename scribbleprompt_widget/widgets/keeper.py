"""A session file that is written again a moment after each change, so that no kernel takes the work along."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Final

from scribbleprompt_widget.whole_file import Stamp, stamp_of
from scribbleprompt_widget.widgets.session_file import Saved, write_session

__all__ = ["Keeper", "is_kept", "take_over"]

log = logging.getLogger(__name__)

LEAST_PAUSE_S: Final = 1.0
"""Changes that follow each other quicker are written together."""
PAUSE_RATIO: Final = 10.0
"""Pauses are so many times longer than the last writing took: it shares its core with the predictions."""
MOST_PAUSE_S: Final = 20.0
"""What a kernel that dies may take along."""

_KEEPERS: weakref.WeakValueDictionary[Path, Keeper] = weakref.WeakValueDictionary()


def is_kept(path: Path) -> bool:
    """Whether somebody in this process keeps a file, by its resolved path."""
    return path in _KEEPERS


def take_over(path: Path) -> None:
    """End what keeps a file in this process: what is left is written, and what changes there later is told.

    Raises
    ------
    TypeError, ValueError, OSError
        When what is left cannot be written; it goes on being kept by whom it was.
    """
    if (keeper := _KEEPERS.get(path)) is not None:
        keeper.stop(
            f"{str(path)!r} is kept by a later Segmenter, and what is drawn here is not kept there: "
            "w.save_session with another name keeps it"
        )
        _KEEPERS.pop(path, None)


class Keeper:
    """Keeps one session file.

    Parameters
    ----------
    path
        The file, resolved.
    stamp
        What it was when it was as it should be now.
    saved
        What it should hold.
    failed
        Is told why something could not be written; may be called in another thread.
    """

    def __init__(self, path: Path, stamp: Stamp | None, saved: Saved, failed: Callable[[Exception], None]) -> None:
        self.path = path
        self._last = saved
        self._stamp = stamp
        self._failed = failed
        self._writing = threading.Lock()  # held while a file is written; taken before `_state`
        self._state = threading.Lock()  # held for moments
        self._left: Saved | None = None
        self._timer: threading.Timer | None = None
        self._pause = LEAST_PAUSE_S
        self._stopped: str | None = None
        self._process = os.getpid()
        _KEEPERS[path] = self
        atexit.register(self._at_exit)

    def changed(self, saved: Saved) -> None:
        """Write this in a moment. Costs nothing here."""
        self._keep(lambda _: saved)

    def activated(self, label: str) -> None:
        """Another label is the active one."""
        self._keep(lambda last: replace(last, active=label))

    def _keep(self, change: Callable[[Saved], Saved]) -> None:
        with self._state:  # what another thread had changed meanwhile would be undone
            told = self._stopped
            if told is None:
                self._left = self._last = change(self._last)
                self._start(self._pause)
        if told:
            self._failed(RuntimeError(told))

    def flush(self) -> None:
        """Write what is left, now.

        Raises
        ------
        TypeError, ValueError, OSError
            When it cannot be written, or somebody else wrote there since: theirs is left as it is.
        RuntimeError
            When another keeps the file by now.
        """
        with self._writing:
            if self._stopped:
                raise RuntimeError(self._stopped)
            self._write_left()

    def stop(self, told: str = "") -> None:
        """Write what is left, and nothing from now on; `told` is what later changes are answered.

        Raises
        ------
        TypeError, ValueError, OSError
            When it cannot be written: then it goes on.
        """
        with self._writing:
            while self._stopped is None:
                self._write_left()
                with self._state:
                    if self._left is None:  # nothing came meanwhile
                        self._stopped = told
        atexit.unregister(self._at_exit)

    def end(self) -> None:
        """Stop, whether or not what is left can be written."""
        try:
            self.stop()
        except Exception as error:  # noqa: BLE001  # told, as there is nobody else to raise it to
            self._tell(error)
            with self._state:
                self._stopped = ""
                if self._timer is not None:
                    self._timer.cancel()
            atexit.unregister(self._at_exit)

    def _start(self, pause: float) -> None:
        if self._timer is None:
            # In this context: what fails is told as an answer to what is kept (see `Answering._telling_if_slow`).
            timer = threading.Timer(pause, copy_context().run, [self._write_later])
            timer.daemon = True  # what is left when Python ends is written by `_at_exit`
            timer.start()
            self._timer = timer

    def _write_left(self) -> None:
        """Write what is left, if anything is, or leave it."""
        with self._state:
            left, self._left = self._left, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if left is None:
            return
        began = time.perf_counter()
        try:
            self._check_ours()
            write_session(self.path, left)
        except BaseException as error:
            with self._state:
                self._left = self._left or left
                if isinstance(error, OSError):  # a network that was away may come back
                    self._start(MOST_PAUSE_S)
            raise
        self._stamp = stamp_of(self.path)
        self._pause = min(max(LEAST_PAUSE_S, PAUSE_RATIO * (time.perf_counter() - began)), MOST_PAUSE_S)

    def _check_ours(self) -> None:
        if stamp_of(self.path) not in (None, self._stamp):
            raise ValueError(
                f"{str(self.path)!r} was written by somebody else since; it was left as it is. "
                "w.save_session with another name keeps this work"
            )

    def _write_later(self) -> None:
        with self._writing:
            if self._stopped is not None:
                return
            try:
                self._write_left()
            except Exception as error:  # noqa: BLE001  # whatever it is, the person at the canvas has to see it
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        log.error("the session was not kept: %s", error)  # the canvas may be gone
        with suppress(Exception):  # and so may be the way to it
            self._failed(error)

    def _at_exit(self) -> None:
        if os.getpid() == self._process:  # a fork's copy is not its
            self.end()
