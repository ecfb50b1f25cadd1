"""Drawing from Python: the verbs of a `Segmenter`. Each does what the canvas would have done, as one step."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from scribbleprompt_widget.finish import Edit
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.prompts import DEFAULT_WIDTH, Box, Click, Lasso, Prompt, Scribble
from scribbleprompt_widget.widgets.part import Part

if TYPE_CHECKING:
    from scribbleprompt_widget.widgets.annotation import Annotation

__all__ = ["Drawing"]


class Drawing(Part):
    """What can be drawn, edited and committed on the active label of an annotation.

    Every method raises RuntimeError when the widget is closed, and ValueError when the label is locked.
    """

    # --- prompts -----------------------------------------------------------------------------------------------------

    def add_click(self, x: float, y: float, positive: bool = True) -> None:
        """Click on the object, or beside it, and predict again.

        Parameters
        ----------
        x, y
            Column and row in image pixels, floats; pixel centres are at integers.
        positive
            True on the object, False beside it.

        Raises
        ------
        TypeError, ValueError
            When `x` or `y` is no finite number, `positive` no bool, or the click outside the image.
        RuntimeError
            When the widget is closed.
        """
        self._add(Click(x, y, positive))

    def add_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a box around the object, and predict again.

        Parameters
        ----------
        x0, y0, x1, y1
            Columns and rows of two opposite corners in image pixels, floats. The box covers the pixel centres from
            floor to ceiling, ends included; parts of it may lie outside the image.

        Raises
        ------
        TypeError, ValueError
            When a corner is no finite number, or all of the box outside the image.
        RuntimeError
            When the widget is closed.
        """
        self._add(Box(x0, y0, x1, y1))

    def add_scribble(
        self,
        points: ArrayLike | None = None,
        positive: bool = True,
        width: float = DEFAULT_WIDTH,
        *,
        raster: ArrayLike | None = None,
    ) -> None:
        """Draw a stroke on the object, or beside it, and predict again.

        Parameters
        ----------
        points
            (N, 2) as (x, y) in image pixels, N >= 1, floats: a polyline. Either these or `raster`.
        positive
            True on the object, False beside it.
        width
            Width of the line in image pixels, > 0. Not used by a raster.
        raster
            (H, W) of the image, bool or numbers in [0, 1]: above 0 where the stroke is.

        Raises
        ------
        TypeError, ValueError
            When `points`, `width` or `raster` are no finite numbers, have another shape, or show no stroke; for both or
            neither of `points` and `raster`; when all of the stroke is outside the image.
        RuntimeError
            When the widget is closed.
        """
        self._add(Scribble(points, positive, width, raster=raster))

    def add_lasso(self, points: ArrayLike, positive: bool = True) -> None:
        """Draw around an object (or around what is none), and predict again: what is deep inside counts, see `Lasso`.

        Parameters
        ----------
        points
            (N, 2) corners as (x, y) in image pixels, N >= 3, floats; see `Lasso`.
        positive
            True on the object, False beside it.

        Raises
        ------
        TypeError, ValueError
            When `points` are no finite numbers, have another shape, or all of the area is outside the image.
        """
        self._add(Lasso(points, positive))

    def add_circle(self, x: float, y: float, radius: float, positive: bool = True) -> None:
        """Draw a circle around an object, or around what is none, and predict again: a lasso with many corners.

        Parameters
        ----------
        x, y, radius
            Centre and radius (> 0) in image pixels, floats.
        positive
            True on the object, False beside it.
        """
        self._add(Lasso.circle(x, y, radius, positive))

    def edit_prompt(self, index: int, *prompts: Prompt) -> None:
        """Put other prompts in the place of one: none deletes it, two split it. What follows is predicted again.

        Parameters
        ----------
        index
            Index in `prompts`, negative from the end.
        prompts
            What takes its place: `Click`, `Box`, `Scribble`, `Lasso`.
        """

        def edit(annotation: Annotation) -> Any:
            count = len(annotation.prompts(self._active))
            if isinstance(index, bool) or not isinstance(index, int | np.integer) or not -count <= index < count:
                there = (
                    f"one of the {count} prompts, {-count} to {count - 1}" if count else "none: there are no prompts"
                )
                raise ValueError(f"index takes {there}; got {index!r}")
            return annotation.reprompt(self._active, {index + count if index < 0 else index: prompts})

        self._do(edit)

    # --- by hand -----------------------------------------------------------------------------------------------------

    def paint(
        self,
        points: ArrayLike | None = None,
        positive: bool = True,
        width: float = DEFAULT_WIDTH,
        *,
        raster: ArrayLike | None = None,
        filled: bool = False,
    ) -> None:
        """Set pixels of the mask (or clear them: ``positive=False``) by hand; they hold whatever is predicted later.

        Parameters
        ----------
        points
            (N, 2) as (x, y) in image pixels: a line; either these or `raster`.
        positive
            True sets, False clears.
        width
            Width of the line in image pixels, > 0.
        raster
            (H, W) of the image: above 0 where pixels are to be set.
        filled
            Whether the line is the outline of an area (at least three points).
        """
        edit: Edit = Scribble(points, positive, width, raster=raster)
        if filled:
            if points is None:
                raise ValueError("filled takes points, the outline of an area; a raster is one already")
            edit = Lasso(points, positive)
        self._do(lambda annotation: annotation.paint(self._active, edit))

    def unpaint(self) -> None:
        """Take back all that was set or cleared by hand; the mask is the predictor's again."""
        self._do(lambda annotation: annotation.unpaint(self._active))

    def finish(
        self,
        *,
        threshold: float | None = None,
        fill_holes: bool | None = None,
        keep_largest: bool | None = None,
        smooth: float | None = None,
    ) -> None:
        """Say what is done to every prediction of the active label; what is not given stays as it is.

        Parameters
        ----------
        threshold
            Probability above which a pixel belongs to the mask, between 0 and 1; 0.5 at first.
        fill_holes
            Fill what the mask surrounds.
        keep_largest
            Keep the largest connected component alone.
        smooth
            Standard deviation in pixels of the blur that rounds the border off, 0 (none) to 50.
        """
        given = {"threshold": threshold, "fill_holes": fill_holes, "keep_largest": keep_largest, "smooth": smooth}
        settings = {name: value for name, value in given.items() if value is not None}
        self._do(lambda annotation: annotation.finish(self._active, **settings))

    def start_from(self, mask: Any) -> None:
        """Start from a mask that exists: it replaces what was drawn, and the prompts to come refine it.

        Changes that no prompt reaches are left out: where nothing was said the mask stays as it is, from the first
        prompt on at the predictor's own resolution.

        Parameters
        ----------
        mask
            (H, W) of the image: bool, or 0 and one other number; a path to a file that `Image.of` reads (of a volume,
            the slice that the image is); or the name of another label, its instances included.

        Raises
        ------
        ValueError
            When the shape is not the image's, or the mask holds several numbers: a photograph, or many labels.
        """

        def start(annotation: Annotation) -> Any:
            return annotation.start(self._active, _mask_of(mask, annotation))

        self._do(start)

    # --- objects and labels ------------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Make what is drawn an instance of the active label, and begin the next; nothing happens without a mask."""
        self._do(lambda annotation: annotation.commit(self._active))

    def resume(self, instance: int) -> None:
        """Take a committed object up again, to mend it or (with `clear`) to delete it.

        Its label becomes the active one. Its prompts are not there again: what is drawn now refines its mask, as after
        `start_from`, and it is not finished a second time (see `finish`). Another that was taken up before is put down
        as it was, and so it is by whatever is done next that is not to it; what was changed has to be committed first.

        Parameters
        ----------
        instance
            Its number in `instances`, from 1. It keeps it until it is changed; then the objects after it have one less
            until it is committed again, to where it was among them.

        Raises
        ------
        ValueError
            When there is no such object, its label is locked, or an object of that label is in hand.
        """
        self._do(self._following(lambda annotation: annotation.resume(instance)))

    # --- steps -------------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last step back, whichever label it was for; nothing happens at the beginning.

        The active label stays the same, but where an object is in hand again because taking up another is undone (see
        `resume`), or its commit: it becomes that object's.
        """
        self._do(self._following(lambda annotation: annotation.undo()))

    def redo(self) -> None:
        """Do again what was undone; nothing happens at the end. The active label: see `undo`."""
        self._do(self._following(lambda annotation: annotation.redo()))

    def clear(self) -> None:
        """Take away all that was drawn and painted for the active label, and what it started from; can be undone."""
        self._do(lambda annotation: annotation.clear(self._active))

    def go_to(self, step: int) -> None:
        """To any step of the `history`, by its index. The active label: see `undo`."""
        self._do(self._following(lambda annotation: annotation.go(step)))

    def _add(self, prompt: Prompt) -> None:
        self._do(lambda annotation: annotation.add(self._active, prompt))


def _mask_of(mask: Any, annotation: Annotation) -> np.ndarray:
    """The pixels that a label, a file or an array holds."""
    image, names = annotation.image, annotation.names
    if isinstance(mask, str) and mask in names:
        label = names.index(mask)
        other: np.ndarray = np.logical_or.reduce([annotation.masks[label], *annotation.instances.layers(label)])
        return other
    if isinstance(mask, str | Path):
        mask = _mask_in(mask, image, names)
    array = np.asarray(mask)
    if array.shape != image.shape or array.dtype.kind not in "biuf":
        raise ValueError(f"mask takes numbers of the image's shape {image.shape}, got {array.dtype} of {array.shape}")
    array = np.nan_to_num(array)
    found: np.ndarray = array != 0
    numbers = array[found]
    if numbers.size and numbers.min() != numbers.max():
        least, most = numbers.min(), numbers.max()
        if array.dtype.kind == "f" and 0 < least < most <= 1:
            raise ValueError(
                f"mask takes 0 and one other number, got fractions up to {most:g}; say from which on: mask > 0.5"
            )
        raise ValueError(f"mask takes 0 and one other number, got {least:g} to {most:g}; say which: mask == {most:g}")
    return found


def _mask_in(path: str | Path, image: Image, labels: list[str]) -> np.ndarray:
    """The pixels of a mask in a file: of a volume, the slice that the image is."""
    if not Path(path).expanduser().exists():
        raise FileNotFoundError(
            f"mask is {str(path)!r}, which is neither a file nor one of the labels {', '.join(map(repr, labels))}"
        )
    cut = image.geometry
    if cut is not None and cut.slice_index is not None:
        with suppress(ValueError):
            return Image.of(path, slice_index=cut.slice_index, axis=cut.axis).pixels
    return Image.of(path).pixels
