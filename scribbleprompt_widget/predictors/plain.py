"""Plain images, as drawings and masks are: areas of one grey, which belong to an object whole or not at all.

Networks learn from grain and noise, and find nothing to go by where there is none.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage
from skimage import measure

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.prompts import Box, Prompts, cells_of

__all__ = ["areas_of", "hold_areas"]

PLAIN_SHARE: Final = 0.9
"""Of neighbouring pixels in a plain image, so many are of the very same grey; in others, only where nothing is."""
LOOKED_AT: Final = 1_000_000
"""Pixels that are looked at to tell whether an image is plain."""
MOST_OF: Final = 0.5
"""Share of a prompt that has to lie in an area to speak of it: hands slip over edges."""
SURE: Final = 4.0
"""Logit of an area that prompts speak of."""


def areas_of(grey: np.ndarray) -> np.ndarray | None:
    """(H, W) integers, the areas of one grey each, from 0 on; None where an image (H, W) does not consist of any."""
    every = max(1, round(grey.size / LOOKED_AT))  # of a large image a part says as much
    steps = [np.diff(grey[::every], axis=1).ravel(), np.diff(grey[:, ::every], axis=0).ravel()]
    count = sum(step.size for step in steps)
    even = sum(int(np.count_nonzero(step == 0)) for step in steps)
    if not PLAIN_SHARE * count <= even < count:
        return None
    # The same grey is the same bits, and none is -1.
    greys = np.ascontiguousarray(grey, dtype=np.float32).view(np.int32)
    areas: np.ndarray = measure.label(greys, background=-1, connectivity=1)  # type: ignore[no-untyped-call]
    return areas - 1


def hold_areas(logits: np.ndarray, areas: np.ndarray, prompts: Prompts, grid: Grid) -> np.ndarray:
    """Logits of one sign in each area: that of the prompts in it, or its mean; as they were where prompts disagree.

    Boxes say themselves where an object ends: with one nothing changes.

    Parameters
    ----------
    logits
        (h, w) float32, on the grid.
    areas
        (H, W): see `areas_of`.
    prompts
        What was drawn.
    grid
        Where `logits` lie.

    Returns
    -------
    (h, w) float32.
    """
    if any(isinstance(prompt, Box) for prompt in prompts):
        return logits
    rows = _pixels(grid.y0, grid.y1, grid.height, areas.shape[0])
    columns = _pixels(grid.x0, grid.x1, grid.width, areas.shape[1])
    numbers, area = np.unique(areas[np.ix_(rows, columns)], return_inverse=True)
    area = area.reshape(grid.shape)
    said = np.zeros((2, len(numbers)), dtype=bool)
    for prompt in prompts:
        inside = np.bincount(area[cells_of(prompt, grid) > 0], minlength=len(numbers))  # type: ignore[arg-type]  # no box
        if inside.max() > MOST_OF * inside.sum():
            said[int(prompt.positive), inside.argmax()] = True  # type: ignore[union-attr]
    negative, positive = said
    level = np.asarray(ndimage.mean(logits, area, np.arange(len(numbers))))
    level = np.where(positive, np.maximum(level, SURE), np.where(negative, np.minimum(level, -SURE), level))
    held: np.ndarray = np.where((positive & negative)[area], logits, level[area]).astype(np.float32)
    return held


def _pixels(start: float, end: float, cells: int, count: int) -> np.ndarray:
    """Rows or columns of the pixels in which the middles of cells lie; of those beyond the image, the nearest."""
    middles = start + (end - start) / cells * (np.arange(cells) + 0.5)
    found: np.ndarray = np.clip(np.floor(middles), 0, count - 1).astype(np.int64)
    return found
