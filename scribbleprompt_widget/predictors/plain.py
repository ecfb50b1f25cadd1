"""Plain images, as drawings and masks are: areas of one grey, which belong to an object whole or not at all.

Networks learn from grain and noise, and find nothing to go by where there is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from scipy import ndimage
from skimage import measure

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.prompts import Box, Click, Lasso, Prompts, Scribble, cells_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["areas_of", "hold_areas"]

PLAIN_SHARE: Final = 0.9
"""Of neighbouring pixels in a plain image, so many are of the very same grey."""
REST_SHARE: Final = 0.5
"""And so many but for those of the largest area: on an even ground, as in fluorescence, objects have grain."""
LOOKED_AT: Final = 1_000_000
"""Pixels that are looked at to tell whether an image may be plain."""
MOST_OF: Final = 0.5
"""Share of a prompt that has to lie in an area to speak of it: hands slip over edges."""
SURE: Final = 4.0
"""Logit of an area that prompts speak of."""


def areas_of(grey: np.ndarray) -> np.ndarray | None:
    """(H, W) integers, the areas of one grey each, from 0 on; None where an image (H, W) does not consist of any."""
    every = max(1, round(grey.size / LOOKED_AT))  # of a large image a part says as much
    lines = [(grey[::every, 1:], grey[::every, :-1]), (grey[1:, ::every], grey[:-1, ::every])]
    count, even = sum(a.size for a, _ in lines), sum(int((a == b).sum()) for a, b in lines)
    if not PLAIN_SHARE * count <= even < count:
        return None
    # The same grey is the same bits, and none is -1.
    greys = np.ascontiguousarray(grey, dtype=np.float32).view(np.int32)
    label = cast("Callable[..., np.ndarray]", measure.label)  # scikit-image has no types
    areas = label(greys, background=-1, connectivity=1) - 1
    rest = areas != np.bincount(areas.ravel()).argmax()
    count, even = 0, 0
    for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        beside = rest[a] | rest[b]
        count, even = count + int(beside.sum()), even + int((beside & (areas[a] == areas[b])).sum())
    return areas if even >= REST_SHARE * count else None


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
    strokes = [prompt for prompt in prompts if not isinstance(prompt, Box)]
    if len(strokes) < len(prompts):
        return logits
    rows = _pixels(grid.y0, grid.y1, grid.height, areas.shape[0])
    columns = _pixels(grid.x0, grid.x1, grid.width, areas.shape[1])
    numbers, area = np.unique(areas[np.ix_(rows, columns)], return_inverse=True)
    area = area.reshape(grid.shape)
    said = np.zeros((2, len(numbers)), dtype=bool)
    for prompt in strokes:
        own = _area_of(prompt, areas)
        if own is not None and numbers[at := int(np.searchsorted(numbers, own)) % len(numbers)] == own:
            said[int(prompt.positive), at] = True
    negative, positive = said
    level = np.asarray(ndimage.mean(logits, area, np.arange(len(numbers))))
    level = np.where(positive, np.maximum(level, SURE), np.where(negative, np.minimum(level, -SURE), level))
    held: np.ndarray = np.where((positive & negative)[area], logits, level[area]).astype(np.float32)
    return held


def _area_of(prompt: Click | Scribble | Lasso, areas: np.ndarray) -> int | None:
    """The area that a prompt speaks of, by the image's own pixels: cells may show others than those that were meant."""
    height, width = areas.shape
    if isinstance(prompt, Click):
        return int(areas[min(math.floor(prompt.y + 0.5), height - 1), min(math.floor(prompt.x + 0.5), width - 1)])
    x0, y0, x1, y1 = 0, 0, width, height
    if prompt.points is not None:
        margin = math.ceil(prompt.width) if isinstance(prompt, Scribble) else 1
        x0, y0 = np.maximum(np.floor(prompt.points.min(axis=0)).astype(int) - margin, 0).tolist()
        x1, y1 = np.minimum(np.ceil(prompt.points.max(axis=0)).astype(int) + margin + 1, (width, height)).tolist()
    drawn = cells_of(prompt, Grid(x0, y0, x1, y1, y1 - y0, x1 - x0)) > 0
    numbers, counts = np.unique(areas[y0:y1, x0:x1][drawn], return_counts=True)
    # A lasso is drawn around what it means, loosely: the ground beside it lies in it in part.
    wholes = np.bincount(areas.ravel())[numbers] if isinstance(prompt, Lasso) else counts.sum()
    meant = counts * (counts > MOST_OF * wholes)
    return int(numbers[meant.argmax()]) if meant.any() else None


def _pixels(start: float, end: float, cells: int, count: int) -> np.ndarray:
    """Rows or columns of the pixels in which the middles of cells lie; of those beyond the image, the nearest."""
    middles = start + (end - start) / cells * (np.arange(cells) + 0.5)
    found: np.ndarray = np.clip(np.floor(middles), 0, count - 1).astype(np.int64)
    return found
