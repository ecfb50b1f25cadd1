"""The picture that a saved notebook keeps: nbconvert, GitHub and a notebook without a kernel show it."""

from __future__ import annotations

import base64
import io
import weakref
from collections.abc import Callable
from typing import Final

import numpy as np
import PIL.Image
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import publish_display_data

__all__ = ["StaticPicture"]

LONGEST_SIDE: Final = 512
"""In pixels: notebooks must stay small, and strokes fast."""
JPEG_QUALITY: Final = 85


class StaticPicture:
    """A picture beside a widget, hidden by the widget's front end while that is alive.

    Parameters
    ----------
    key
        A word of the widget's own; the picture's CSS class is ``sp-static-<key>``.
    draw
        A method of the widget: draws the picture, (h, w, 3) uint8, for a given longest side. It is held weakly, because
        IPython holds on to its event handlers, and must not hold the image with them.
    what
        What it shows, for those who do not see it.
    """

    def __init__(self, key: str, draw: Callable[[int], np.ndarray], what: str) -> None:
        self.stale = False
        self._key = key
        self._what = what
        self._draw = weakref.WeakMethod(draw)
        self._shell: InteractiveShell | None = None  # where it is displayed

    def show(self) -> None:
        """Display it; from then on it is brought up to date after each cell, and by `refresh`."""
        self._publish(update=False)
        if self._shell is None:
            self._shell = get_ipython()
            if self._shell is not None:
                self._shell.events.register("post_run_cell", self.refresh)

    def refresh(self, *_: object) -> None:
        """Bring it up to date, if it is displayed and `stale`."""
        if self._shell is not None and self.stale:
            self._publish(update=True)

    def forget(self) -> None:
        """Follow the widget no longer; what is displayed stays."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self.refresh)
            self._shell = None

    def _publish(self, *, update: bool) -> None:
        draw = self._draw()
        if draw is None:
            self.forget()
            return
        self.stale = False
        html = _html(draw(LONGEST_SIDE), f"sp-static-{self._key}", self._what)
        publish_display_data({"text/html": html}, transient={"display_id": f"sp-{self._key}"}, update=update)


def _html(picture: np.ndarray, css_class: str, what: str) -> str:
    buffer = io.BytesIO()
    PIL.Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img class="{css_class}" alt="{what}" src="data:image/jpeg;base64,{data}">'
