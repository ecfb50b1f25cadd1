"""Keeping a `Segmenter`'s work: a file for another day, and one that is written again after each change."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from scribbleprompt_widget.history import History
from scribbleprompt_widget.whole_file import Stamp, stamp_of, target_path
from scribbleprompt_widget.widgets.keeper import Keeper, is_kept, take_over
from scribbleprompt_widget.widgets.part import Part
from scribbleprompt_widget.widgets.session_file import Saved, read_session, write_session

__all__ = ["Keeping"]


class Keeping(Part):
    """What keeps an annotation."""

    def save_session(self, path: str | Path) -> Path:
        """Keep everything for another day: the image (its path where it has one), labels, history and masks.

        Parameters
        ----------
        path
            A file, new or an earlier session; `load_session` reads it. It is a zip with a readable ``session.json``.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        TypeError, ValueError, FileNotFoundError, PermissionError
            When `path` is no path, a file that is no session, or lies in no folder or in one that takes nothing.
        RuntimeError
            When `path` was this widget's `session`, and a later one keeps it.
        """
        with self._lock:
            saved, keeper = self._saved(), self._keeper
            if keeper is not None and target_path(path).resolve() != keeper.path:
                keeper = None
            if keeper is not None:
                keeper.changed(saved)
        if keeper is not None:
            keeper.flush()
            return keeper.path
        return write_session(path, saved)

    def _keep(self, session: Any, labels: list[str]) -> None:
        """Go on with what a file holds, if it is there, and keep it from now on."""
        try:
            path = target_path(session).resolve()  # where it was meant, wherever Python goes
            stamp = self._open(path, labels)
        except FileNotFoundError as error:
            raise FileNotFoundError(_told(error)) from error
        except PermissionError as error:
            raise PermissionError(_told(error)) from error
        except TypeError as error:
            raise TypeError(_told(error)) from error
        except ValueError as error:
            raise ValueError(_told(error)) from error
        self._keeper = Keeper(path, stamp, self._saved(), lambda failure: self._tell_error(failure, None))

    def _open(self, path: Path, labels: list[str]) -> Stamp | None:
        if is_kept(path):
            if path.exists():
                read_session(path, self._annotation.image)  # whoever keeps it goes on, should this fail
            take_over(path)
        if not path.exists():
            write_session(path, self._saved())
            return stamp_of(path)
        stamp = stamp_of(path)  # before it is read: what comes after is somebody else's
        saved = read_session(path, self._annotation.image)
        self._go_on(saved)
        names = [label.name for label in saved.labels]
        if missing := [name for name in labels if name not in names]:
            warnings.warn(
                f"session {path.name!r} has the labels {', '.join(names)}, which hold; add_label adds "
                f"{', '.join(missing)}",
                stacklevel=4,
            )
        return stamp

    def _saved(self) -> Saved:
        """What there is to be kept, as it is now; what changes later does not change it."""
        with self._lock:
            annotation = self._annotation
            history = History(annotation.history.steps, annotation.history.cursor)
            active = annotation.labels[self._active].name
            return Saved(annotation.image, list(annotation.labels), active, annotation.predictor.name, history)


def _told(error: Exception) -> str:
    text = str(error)
    return "session" + text.removeprefix("path") if text.startswith("path") else f"session: {text}"
