"""A session file that is written again a moment after each change, so that no kernel takes the work along."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

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
    """End what keeps a file in this process: what is left is written, and what changes there later is told."""
    if (keeper := _KEEPERS.pop(path, None)) is not None:
        keeper.stop(
            f"{str(path)!r} is kept by a later Segmenter, and what is drawn here is not kept there: "
            "w.save_session with another name keeps it"
        )


class Keeper:
    """Keeps one session file.

    Parameters
    ----------
    path
        The file, resolved, which is as it should be now.
    failed
        Is told why something could not be written; may be called in another thread.
    """

    def __init__(self, path: Path, failed: Callable[[Exception], None]) -> None:
        self.path = path
        self._failed = failed
        self._writing = threading.Lock()  # held while a file is written; taken before `_state`
        self._state = threading.Lock()  # held for moments
        self._left: Saved | None = None
        self._timer: threading.Timer | None = None
        self._pause = LEAST_PAUSE_S
        self._stamp = _stamp(path)
        self._stopped: str | None = None
        _KEEPERS[path] = self
        atexit.register(self.stop)

    def changed(self, saved: Saved) -> None:
        """Write this in a moment. Costs nothing here."""
        with self._state:
            told = self._stopped
            if told is None:
                self._left = saved
                if self._timer is None:
                    timer = threading.Timer(self._pause, self._write_later)
                    timer.daemon = True  # what is left when Python ends is written by `atexit`
                    timer.start()
                    self._timer = timer
        if told:
            self._failed(RuntimeError(told))

    def write(self, saved: Saved) -> None:
        """Write this now.

        Raises
        ------
        TypeError, ValueError, OSError
            When it cannot be written, or somebody else wrote there since: theirs is left as it is.
        RuntimeError
            When another keeps the file by now.
        """
        with self._writing:
            with self._state:
                if self._stopped is not None:
                    raise RuntimeError(self._stopped or f"{str(self.path)!r} is not kept any more")
            self._take()  # it is older
            self._write(saved)

    def _take(self) -> Saved | None:
        """What is left to be written."""
        with self._state:
            left, self._left = self._left, None
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return left

    def stop(self, told: str = "") -> None:
        """Write what is left, and nothing from now on; `told` is what later changes are answered."""
        with self._writing:
            with self._state:
                if self._stopped is not None:
                    return
                self._stopped = told
            atexit.unregister(self.stop)
            self._try(self._take())

    def _write(self, saved: Saved) -> None:
        """Write, or have it left again."""
        began = time.monotonic()
        try:
            self._check_ours()
            write_session(self.path, saved)
        except BaseException:
            with self._state:
                self._left = self._left or saved
            raise
        self._stamp = _stamp(self.path)
        self._pause = min(max(LEAST_PAUSE_S, PAUSE_RATIO * (time.monotonic() - began)), MOST_PAUSE_S)

    def _check_ours(self) -> None:
        if _stamp(self.path) not in (None, self._stamp):
            raise ValueError(
                f"{str(self.path)!r} was written by somebody else since; it was left as it is. "
                "w.save_session with another name keeps this work"
            )

    def _write_later(self) -> None:
        with self._writing:
            self._try(self._take())

    def _try(self, saved: Saved | None) -> None:
        try:
            if saved is not None:
                self._write(saved)
        except Exception as error:  # noqa: BLE001  # whatever it is, the person at the canvas has to see it
            log.error("the session was not kept: %s", error)  # noqa: TRY400  # the canvas may be gone
            self._failed(error)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file was written since; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
