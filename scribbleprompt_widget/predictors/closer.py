"""Where to look more closely: small objects are seen at their own size, or larger where the image ends at pixels."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid

__all__ = ["closer_grid", "shown_object", "without_new_parts"]

MARGIN: Final = 0.5
"""Around the object, in its longer sides: what it is seen against, and what it may grow by."""
WORTH: Final = 1.4
"""A closer look is taken where its cells are smaller by this factor."""
FINEST: Final = 0.5
"""Side in pixels of the smallest cells: no more of the image is seen by them, but a network sees the object larger."""
TOUCHING: Final = np.ones((3, 3), dtype=bool)


def shown_object(logits: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(h, w) bool: what positive prompts touch of the mask, and these prompts; without any, the mask.

    Parameters
    ----------
    logits
        (h, w), positive in the mask.
    shown
        (h, w) bool: positive strokes and clicks, and boxes.
    """
    found: np.ndarray = logits > 0
    if not shown.any():
        return found
    return _parts_at(found | shown, shown)


def without_new_parts(logits: np.ndarray, earlier: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(h, w): logits that are not positive in parts of the mask that are new, where no positive prompt is.

    Parameters
    ----------
    logits
        (h, w), positive in the mask.
    earlier
        (h, w), positive in the mask before.
    shown
        (h, w) bool: as for `shown_object`.
    """
    found = logits > 0
    kept = _parts_at(found, shown | (earlier > 0))
    return np.where(found & ~kept, np.minimum(earlier, 0), logits)


def _parts_at(cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(h, w) bool: the connected parts of cells that have any of the places."""
    parts, _ = ndimage.label(cells, TOUCHING)
    found: np.ndarray = np.isin(parts, np.unique(parts[cells & places]))
    return found


def closer_grid(grid: Grid, cells: np.ndarray, shape: tuple[int, int]) -> Grid | None:
    """A finer square grid of as many cells around an object, or None where it gains little.

    What it covers of the image `grid` covers too. Its cells are no smaller than pixels; where those of `grid` are about
    as small already, no smaller than `FINEST` pixels.

    Parameters
    ----------
    grid
        Square.
    cells
        (h, w) bool, the object on it.
    shape
        (H, W) of the image.
    """
    if not cells.any() or grid.scale_x > 1:
        return None
    around = grid.rectangle(cells)
    rows, columns = grid.window(shape)
    # What sees no more of the image has to show the object much larger to be worth its time.
    finest, worth = (FINEST, 1 / FINEST) if WORTH * grid.scale_x >= 1 else (1, WORTH)
    side = max(round((1 + 2 * MARGIN) * around.side), math.ceil(finest * grid.width))
    if side * worth > grid.x1 - grid.x0:
        return None
    x0 = _inside((around.x0 + around.x1 - side) / 2, side, columns)
    y0 = _inside((around.y0 + around.y1 - side) / 2, side, rows)
    return Grid(x0, y0, x0 + side, y0 + side, grid.height, grid.width)


def _inside(start: float, side: int, pixels: slice) -> int:
    """Where `side` pixels begin that lie inside a range, or around it where they are more."""
    first, last = int(pixels.start), int(pixels.stop) - side
    return min(max(round(start), first), last) if first <= last else (first + last) // 2
