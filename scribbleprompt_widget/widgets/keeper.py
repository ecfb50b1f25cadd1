"""A session file that is written again a moment after each change, so that no kernel takes the work along."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scribbleprompt_widget.widgets.session_file import Saved, write_session

__all__ = ["Keeper", "take_over"]

LEAST_PAUSE_S: Final = 1.0
"""Changes that follow each other quicker are written together."""
PAUSE_RATIO: Final = 20.0
"""Pauses are so many times longer than the last writing took: it shares its core with the predictions."""

_KEEPERS: weakref.WeakValueDictionary[Path, Keeper] = weakref.WeakValueDictionary()


def take_over(path: Path) -> None:
    """End what keeps `path` up to now in this process: what it has is written, and later changes there are told."""
    if (keeper := _KEEPERS.pop(path.resolve(), None)) is not None:
        keeper.stop(f"{str(path)!r} is kept by a later Segmenter: what is drawn here is not saved there")


class Keeper:
    """Keeps one session file.

    Parameters
    ----------
    path
        The file, which is as it should be now.
    saved
        Gives what to write; called in another thread.
    failed
        Is told why something could not be written; called in another thread.
    """

    def __init__(self, path: Path, saved: Callable[[], Saved], failed: Callable[[Exception], None]) -> None:
        self.path = path
        self._saved, self._failed = saved, failed
        self._state = threading.Lock()  # held for moments
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._pause = LEAST_PAUSE_S
        self._stamp = _stamp(path)
        self._stopped: str | None = None
        _KEEPERS[path.resolve()] = self
        atexit.register(self.stop)

    def changed(self) -> None:
        """Write in a moment. Costs nothing here."""
        with self._state:
            if self._stopped is None and self._timer is None:
                self._timer = threading.Timer(self._pause, self._write_later)
                self._timer.daemon = True  # what is left when Python ends is written by `atexit`
                self._timer.start()
            told = self._stopped
        if told:
            self._failed(RuntimeError(told))

    def write(self) -> None:
        """Write now.

        Raises
        ------
        TypeError, ValueError, OSError
            When it cannot be written, or somebody else wrote there since: theirs is left as it is.
        """
        self._take_timer()
        with self._writing:
            began = time.monotonic()
            if _stamp(self.path) not in (None, self._stamp):
                raise ValueError(
                    f"{str(self.path)!r} was written by somebody else since; it was left as it is. "
                    "Keep this work by save_session under another name"
                )
            write_session(self.path, self._saved())
            self._stamp = _stamp(self.path)
            self._pause = max(LEAST_PAUSE_S, PAUSE_RATIO * (time.monotonic() - began))

    def stop(self, told: str = "") -> None:
        """Write what is left to be written, and nothing from now on; `told` is what later changes are answered."""
        with self._state:
            if self._stopped is not None:
                return
            self._stopped = told
        atexit.unregister(self.stop)
        if self._take_timer():
            self._try()
        with self._writing:  # one that had begun
            pass

    def _take_timer(self) -> bool:
        """Whether something was left to be written; whoever asks, writes it."""
        with self._state:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _write_later(self) -> None:
        if self._take_timer():
            self._try()

    def _try(self) -> None:
        try:
            self.write()
        except Exception as error:  # noqa: BLE001  # whatever it is, the person at the canvas has to see it
            self._failed(error)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file was written since; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
