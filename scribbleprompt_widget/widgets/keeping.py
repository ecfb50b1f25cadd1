"""Keeping a `Segmenter`'s work: a file for another day, and one that is written again after each change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scribbleprompt_widget.history import History
from scribbleprompt_widget.whole_file import target_path
from scribbleprompt_widget.widgets.keeper import Keeper, take_over
from scribbleprompt_widget.widgets.session_file import Saved, read_session, write_session

if TYPE_CHECKING:
    import threading

    from scribbleprompt_widget.widgets.annotation import Annotation

__all__ = ["Keeping"]


class Keeping:
    """What keeps an annotation."""

    _annotation: Annotation
    _keeper: Keeper | None = None

    if TYPE_CHECKING:  # the widget's own
        label: str
        _lock: threading.RLock

        def close(self) -> None: ...  # noqa: D102
        def _go_on(self, saved: Saved) -> None: ...
        def _tell_error(self, error: BaseException, request: str | None) -> None: ...

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
        TypeError, ValueError, FileNotFoundError
            When `path` is no path, a file that is no session, or lies in no folder.
        """
        if (keeper := self._keeper) is not None and target_path(path).resolve() == keeper.path.resolve():
            keeper.write()
            return keeper.path
        return write_session(path, self._saved())

    def _keep(self, session: Any) -> None:
        """Go on with what a file holds, if it is there, and keep it from now on."""
        try:
            path = target_path(session)
            take_over(path)
            if path.exists():
                self._go_on(read_session(path, self._annotation.image))
            else:
                write_session(path, self._saved())
        except (TypeError, ValueError, OSError) as error:
            self.close()
            raise type(error)(f"session: {error}") from error
        self._keeper = Keeper(path, self._saved, lambda failure: self._tell_error(failure, None))

    def _saved(self) -> Saved:
        """What there is to be kept, as it is now; what changes later does not change it."""
        with self._lock:
            annotation = self._annotation
            history = History(annotation.history.steps, annotation.history.cursor)
            return Saved(annotation.image, list(annotation.labels), self.label, annotation.predictor.name, history)

    def _stop_keeping(self) -> None:
        # Not under the lock: what is being written may wait for it.
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.stop()
