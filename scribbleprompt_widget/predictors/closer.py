"""Where to look more closely: small objects in large images are seen at their own size."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid, Rectangle
from scribbleprompt_widget.prompts import Channels

__all__ = ["closer_grid"]

MARGIN: Final = 0.5
"""Around the object, in its longer sides: what it is seen against, and what it may grow by."""
WORTH: Final = 1.4
"""A closer look is taken where its cells are smaller by this factor."""
TOUCHING: Final = np.ones((3, 3), dtype=bool)


def closer_grid(grid: Grid, logits: np.ndarray, drawn: Channels, shape: tuple[int, int]) -> Grid | None:
    """A finer grid of as many cells around the object, or None where it gains little.

    The object is what the prompts touch of the mask, and the positive prompts themselves; without any, the mask.

    Parameters
    ----------
    grid
        Square.
    logits
        (h, w), what was found there.
    drawn
        The prompts on it.
    shape
        (H, W) of the image. No cell gets smaller than a pixel.
    """
    found, shown = logits > 0, (drawn.positive > 0) | (drawn.box > 0)
    if shown.any():
        parts, _ = ndimage.label(found | shown, TOUCHING)
        found = np.isin(parts, np.unique(parts[shown]))
    if not found.any():
        return None
    around = grid.rectangle(found)
    square = _square(around.widened(MARGIN * around.side), max(grid.shape), shape)
    if square.side * WORTH > max(grid.x1 - grid.x0, grid.y1 - grid.y0):
        return None
    return Grid(*square, grid.height, grid.width)


def _square(rectangle: Rectangle, least: float, shape: tuple[int, int]) -> Rectangle:
    """A square of whole pixels around a rectangle, inside the image where it can be."""
    side = round(max(rectangle.side, least))
    corners = []
    for low, high, length in zip(rectangle[:2], rectangle[2:], shape[::-1], strict=True):
        centred = round((low + high - side) / 2)
        corners.append(min(max(centred, 0), length - side) if side <= length else (length - side) // 2)
    x, y = corners
    return Rectangle(x, y, x + side, y + side)
