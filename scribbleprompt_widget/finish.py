"""From a prediction to the mask: its threshold, what a person painted, holes, specks and ragged borders.

What was painted holds, whatever is predicted later; the rest is done anew to every prediction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.packed_mask import Region
from scribbleprompt_widget.prompts import Lasso, Scribble, cells_of

__all__ = ["NOTHING", "Edit", "Finish", "join", "within"]

Edit = Scribble | Lasso
"""Pixels that a person set (positive) or cleared."""

HALF: Final = 0.5
MOST_SMOOTH: Final = 50.0
SMOOTH_REACH: Final = 3
"""Standard deviations beyond which a blur is not felt."""
NOTHING: Final[Region] = (slice(0, 0), slice(0, 0))


@dataclass(frozen=True)
class Finish:
    """What is done to the predictions of one label.

    Attributes
    ----------
    threshold
        Probability above which a pixel belongs to the mask, between 0 and 1.
    fill_holes
        Fill what the mask surrounds.
    keep_largest
        Keep the largest connected component (touching at corners counts) alone.
    smooth
        Standard deviation in pixels of the blur that rounds the border off; 0: none.
    edits
        Pixels set or cleared by hand, in order. They enter before the rest is done, and hold after it.
    """

    threshold: float = HALF
    fill_holes: bool = False
    keep_largest: bool = False
    smooth: float = 0.0
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        for name in ("threshold", "smooth"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                raise TypeError(f"{name} takes a number, got {value!r}")
            object.__setattr__(self, name, float(value))
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold takes a probability between 0 and 1, got {self.threshold}")
        if not 0 <= self.smooth <= MOST_SMOOTH:
            raise ValueError(f"smooth takes 0 to {MOST_SMOOTH:g} pixels, got {self.smooth}")
        for name in ("fill_holes", "keep_largest"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise TypeError(f"{name} takes True or False, got {getattr(self, name)!r}")
            object.__setattr__(self, name, bool(getattr(self, name)))

    @property
    def least_logit(self) -> float:
        """The logit of the threshold."""
        return math.log(self.threshold / (1 - self.threshold))

    def applied(self, window: Region, pixels: np.ndarray, shape: tuple[int, int]) -> tuple[Region, np.ndarray]:
        """Edit and finish a mask.

        Parameters
        ----------
        window, pixels
            The mask: (h, w) bool in this part of the image, background elsewhere.
        shape
            (H, W) of the image.

        Returns
        -------
        The same for the mask that comes of it.
        """
        if not (self.edits or self.fill_holes or self.keep_largest or self.smooth):
            return window, pixels
        margin = math.ceil(SMOOTH_REACH * self.smooth)
        edited = [_region_of(edit, shape) for edit in self.edits]
        region = _widened(join(window, *edited), margin, shape)
        mask = np.zeros([side.stop - side.start for side in region], dtype=bool)
        mask[within(window, region)] = pixels
        painted = np.zeros(mask.shape, dtype=np.int8)
        for edit, part in zip(self.edits, edited, strict=True):
            painted[within(part, region)][_pixels_of(edit, part) > 0] = 1 if edit.positive else -1
        mask = _held(mask, painted)
        if self.fill_holes:
            mask = ndimage.binary_fill_holes(mask)
        if self.smooth:
            mask = ndimage.gaussian_filter(mask.astype(np.float32), self.smooth, mode="nearest") > HALF
        if self.keep_largest:
            mask = _largest(mask)
        return region, _held(mask, painted)


def _held(mask: np.ndarray, painted: np.ndarray) -> np.ndarray:
    held: np.ndarray = (mask | (painted > 0)) & (painted >= 0)
    return held


def _largest(mask: np.ndarray) -> np.ndarray:
    components, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count < 2:
        return mask
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    largest: np.ndarray = components == sizes.argmax()
    return largest


def _region_of(edit: Edit, shape: tuple[int, int]) -> Region:
    """The part of an image of `shape` that an edit may touch."""
    if isinstance(edit, Scribble) and edit.raster is not None:
        rows, columns = np.flatnonzero(edit.raster.any(axis=1)), np.flatnonzero(edit.raster.any(axis=0))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    assert edit.points is not None  # noqa: S101  # one of the two is given: Scribble sees to it
    reach = edit.width / 2 if isinstance(edit, Scribble) else 0
    # Points outside the image are clipped as floats: their integers need not exist.
    limits = np.array(shape[::-1])
    low = np.clip(np.floor(edit.points.min(axis=0) - reach), 0, limits).astype(int)
    high = np.clip(np.ceil(edit.points.max(axis=0) + reach) + 1, 0, limits).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _pixels_of(edit: Edit, region: Region) -> np.ndarray:
    """What an edit covers of its region."""
    rows, columns = region
    if isinstance(edit, Scribble) and edit.raster is not None:
        return edit.raster[region]
    if rows.stop == rows.start or columns.stop == columns.start:
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return cells_of(edit, Grid(columns.start, rows.start, columns.stop, rows.stop, height, width))


def join(*regions: Region) -> Region:
    """The smallest region that holds all; an empty one holds nothing."""
    full = [region for region in regions if all(side.stop > side.start for side in region)]
    if not full:
        return NOTHING
    rows, columns = zip(*full, strict=True)
    return (
        slice(min(side.start for side in rows), max(side.stop for side in rows)),
        slice(min(side.start for side in columns), max(side.stop for side in columns)),
    )


def _widened(region: Region, margin: int, shape: tuple[int, int]) -> Region:
    if region == NOTHING:
        return region
    rows, columns = (
        slice(max(side.start - margin, 0), min(side.stop + margin, length))
        for side, length in zip(region, shape, strict=True)
    )
    return rows, columns


def within(inner: Region, outer: Region) -> Region:
    """A region as seen from one that holds it; an empty one is empty anywhere."""
    if any(side.stop <= side.start for side in inner):
        return NOTHING
    rows, columns = (
        slice(small.start - large.start, small.stop - large.start) for small, large in zip(inner, outer, strict=True)
    )
    return rows, columns
