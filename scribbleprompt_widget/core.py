"""What of an area that was drawn around an object lies safely inside it: what predictors read of a lasso.

People draw around an object, a little off it or a little over it. A scribble is taken at its word, so that all of such
an area, filled, would mark what is beside the object too.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.cells import area
from scribbleprompt_widget.grid import Grid

__all__ = ["Core", "core_cells", "core_of"]

CORE = 0.4
"""Share of the depth of an area's deepest place from which on it is its core. Of 110 objects of the training sets the
default network makes Dice .48 by a lasso around them when it reads all, .75 so (`benchmarks/lasso.py`)."""
CORE_SIDE = 256
"""Longer side of the grid that a core is found on, in cells, at most."""
LEAST_LIMB = 1.0
"""Depth, in cells of that grid, that a limb has more than: what is thinner was left where a hand closed its outline."""
WIDEST = 1e6
"""In image pixels: of a wider area nothing more is known than that it is there."""
HALF = 0.5
"""From a cell's edge to its centre."""


Core: TypeAlias = tuple[Grid, np.ndarray]
"""A grid, and which of its cells (h, w) bool belong to the core."""


def core_cells(corners: np.ndarray, core: Core | None, grid: Grid) -> np.ndarray:
    """The cells of a grid that the core of a polygon lies in, or that lie in it: (h, w) float32, 0 or 1.

    Parameters
    ----------
    corners
        (N, 2) float64 as (x, y) in image pixels.
    core
        What `core_of` says of them; None: all of the area is drawn.
    grid
        What to draw on.
    """
    if core is None:
        return area(corners, grid)
    own, inside = core
    cells = np.zeros(grid.shape, dtype=np.float32)
    # Both ways, for grids that are finer and grids that are coarser.
    columns, rows = _places(grid, own)
    y, x = np.flatnonzero((rows >= 0) & (rows < own.height)), np.flatnonzero((columns >= 0) & (columns < own.width))
    cells[np.ix_(y, x)] = inside[np.ix_(rows[y], columns[x])]
    columns, rows = _places(own, grid)
    y, x = np.nonzero(inside)
    within = (rows[y] >= 0) & (rows[y] < grid.height) & (columns[x] >= 0) & (columns[x] < grid.width)
    cells[rows[y[within]], columns[x[within]]] = 1
    if grid.scale_x > own.scale_x:
        # A cell of the coarser grid reaches over a border that this one sees.
        trimmed = cells * area(corners, grid)
        cells = trimmed if trimmed.any() else cells
    return cells


def _places(of: Grid, on: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The columns and rows of another grid that the centres of a grid's cells lie in, which may be outside."""
    x = of.x0 + (np.arange(of.width) + HALF) / of.scale_x
    y = of.y0 + (np.arange(of.height) + HALF) / of.scale_y
    columns, rows = np.floor((x - on.x0) * on.scale_x), np.floor((y - on.y0) * on.scale_y)
    return columns.astype(np.int64), rows.astype(np.int64)


def core_of(corners: np.ndarray) -> Core | None:
    """What of an area lies deep inside: in each of its parts, deeper than a share of the deepest place.

    A limb, which is farther from all of that than that place is deep, is a part of its own. On a grid of its own, so
    that it is the same one on whatever grid it is drawn. None: the area is too large to be looked at so.
    """
    # Whole pixels, where it is not too large for that.
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    width, height = (high - low + 1).tolist()
    if max(width, height) > WIDEST:
        return None
    step = max(max(width, height) / CORE_SIDE, 1.0)
    columns, rows = math.ceil(width / step), math.ceil(height / step)
    x, y = low.tolist()
    grid = Grid(x, y, x + columns * step, y + rows * step, rows, columns)
    inside = np.pad(area(corners, grid) > 0, 1)
    depth = ndimage.distance_transform_edt(inside)
    core, rest, least = np.zeros_like(inside), inside, 0.0
    while rest.any():
        parts, count = ndimage.label(rest)
        deepest = np.array([0, *ndimage.maximum(depth, parts, np.arange(1, count + 1))])[parts]
        core |= rest & (depth > CORE * deepest) & (deepest > least)
        rest = rest & (deepest > least) & (ndimage.distance_transform_edt(~core) > deepest)
        least = LEAST_LIMB
    return grid, core[1:-1, 1:-1]
