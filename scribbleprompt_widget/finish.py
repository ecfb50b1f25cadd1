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
from scribbleprompt_widget.packed_mask import PackedMask
from scribbleprompt_widget.prompts import Lasso, Scribble, cells_of
from scribbleprompt_widget.region import Region, join, widened, within

__all__ = ["Edit", "Edits", "Finish"]

Edit = Scribble | Lasso
"""Pixels that a person set (positive) or cleared."""

HALF: Final = 0.5
MOST_SMOOTH: Final = 50.0
SMOOTH_REACH: Final = 3
"""Standard deviations beyond which a blur is not felt."""


@dataclass(frozen=True)
class Edits:
    """Pixels that were set or cleared by hand; the later edit of a pixel holds.

    Attributes
    ----------
    painted, erased
        Where pixels are set, and cleared.
    count
        How many edits that took.
    """

    painted: PackedMask
    erased: PackedMask
    count: int

    @classmethod
    def none(cls, shape: tuple[int, int]) -> Edits:
        """No edits of an image of `shape` (H, W)."""
        empty = PackedMask(shape, (0, 0, 0, 0), b"")
        return cls(empty, empty, 0)

    def plus(self, edit: Edit) -> Edits:
        """With one more edit."""
        part = _region_of(edit, self.painted.shape)
        region = join(part, self.painted.region, self.erased.region)
        signs = self.signs(region)
        signs[within(part, region)][_pixels_of(edit, part) > 0] = 1 if edit.positive else -1
        return Edits(self._packed(signs > 0, region), self._packed(signs < 0, region), self.count + 1)

    def signs(self, region: Region) -> np.ndarray:
        """(h, w) int8 in a region that holds all of them: 1 where pixels are set, -1 where they are cleared."""
        signs = np.zeros([side.stop - side.start for side in region], dtype=np.int8)
        for mask, sign in ((self.painted, 1), (self.erased, -1)):
            signs[within(mask.region, region)][mask.pixels] = sign
        return signs

    def _packed(self, pixels: np.ndarray, region: Region) -> PackedMask:
        return PackedMask.of_part(pixels, region, self.painted.shape)


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
        What was set or cleared by hand. It enters before the rest is done, and holds after it.
    """

    threshold: float = HALF
    fill_holes: bool = False
    keep_largest: bool = False
    smooth: float = 0.0
    edits: Edits | None = None

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
        # What costs by the pixel is done where the mask is, not where it was looked for.
        found = PackedMask.of_part(pixels, window, shape).region
        margin = math.ceil(SMOOTH_REACH * self.smooth)
        edited = (self.edits.painted.region, self.edits.erased.region) if self.edits else ()
        region = widened(join(found, *edited), margin, shape)
        mask = np.zeros([side.stop - side.start for side in region], dtype=bool)
        mask[within(found, region)] = pixels[within(found, window)]
        signs = self.edits.signs(region) if self.edits else None
        mask = _held(mask, signs)
        if self.fill_holes:
            mask = ndimage.binary_fill_holes(mask)
        if self.smooth:
            mask = ndimage.gaussian_filter(mask.astype(np.float32), self.smooth, mode="nearest") > HALF
        if self.keep_largest:
            mask = _largest(mask)
        return region, _held(mask, signs)


def _held(mask: np.ndarray, signs: np.ndarray | None) -> np.ndarray:
    if signs is None:
        return mask
    held: np.ndarray = (mask | (signs > 0)) & (signs >= 0)
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
