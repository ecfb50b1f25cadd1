"""Boxes, lines, areas and rasters on the cells of a grid: geometry alone, whatever it is drawn for.

Points are (x, y) = (column, row) with centres at integers, in image pixels where a `Grid` is given, else in cells.
"""

from __future__ import annotations

import math

import numpy as np

from scribbleprompt_widget.grid import Grid

__all__ = ["area", "box_slices", "closed", "lies_in", "line_touches", "mark", "polygon", "raster_cells", "stroke"]

PIECE = 4.0
"""Strokes are drawn in pieces of so many cells, all at once; in longer ones where they are wide."""
BATCH = 100_000
"""Cells looked at in one go."""


def box_slices(x0: float, y0: float, x1: float, y1: float, grid: Grid) -> tuple[slice, slice]:
    """The rows and columns that a box covers: half-open, at least one cell wide where the box meets the grid at all."""

    def cells(low: float, high: float, start: float, scale: float, count: int) -> slice:
        # In edge coordinates the covered pixels reach from floor(low) to ceil(high) + 1.
        first = (math.floor(low) - start) * scale
        last = (math.ceil(high) + 1 - start) * scale
        if last <= 0 or first >= count:
            return slice(0, 0)
        begin = min(max(math.floor(first + 0.5), 0), count - 1)
        return slice(begin, min(max(math.floor(last + 0.5), begin + 1), count))

    rows = cells(y0, y1, grid.y0, grid.scale_y, grid.height)
    columns = cells(x0, x1, grid.x0, grid.scale_x, grid.width)
    return rows, columns


def mark(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The cells nearest to points (N, 2) given as (x, y) in cells; those outside are left out."""
    marked = np.zeros(shape, dtype=np.float32)
    columns, rows = np.floor(points[lies_in(points, shape)] + 0.5).astype(np.int64).T
    marked[rows, columns] = 1
    return marked


def lies_in(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which of the points (N, 2), given as (x, y), lie in a cell of an array of `shape`."""
    within = (points >= -0.5) & (points < np.array(shape[::-1]) - 0.5)
    return np.asarray(within.all(axis=1))


def area(corners: np.ndarray, grid: Grid) -> np.ndarray:
    """(h, w) float32: 1 in the cells of a filled polygon, or else along its outline; corners (N, 2) in image pixels."""
    cells = polygon(grid.to_cells(corners), grid.shape)
    # A narrow one may hold no cell's centre.
    return cells if cells.any() else stroke(grid.to_cells(closed(corners)), 0, grid.shape)


def closed(corners: np.ndarray) -> np.ndarray:
    """The outline (N + 1, 2) of a polygon (N, 2), back at its beginning."""
    return np.concatenate([corners, corners[:1]])


def polygon(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) float32: 1 in the cells whose centres lie inside a polygon, corners (N, 2) as (x, y) in cells.

    Each edge flips all that lies right of it: what was flipped an odd number of times is inside.
    """
    height, width = shape
    starts, ends = corners, np.roll(corners, -1, axis=0)
    low, high = np.minimum(starts[:, 1], ends[:, 1]), np.maximum(starts[:, 1], ends[:, 1])
    # The rows whose centres an edge crosses; one that ends on a centre belongs to the rows below it.
    first = np.clip(np.ceil(low), 0, height).astype(np.int64)
    last = np.clip(np.ceil(high), 0, height).astype(np.int64)
    edge = np.repeat(np.arange(len(corners)), last - first)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - (last - first), last - first) + first[edge]
    rise = (ends - starts)[edge]
    x = starts[edge, 0] + rise[:, 0] * ((row - starts[edge, 1]) / rise[:, 1])
    column = np.clip(np.ceil(x), 0, width).astype(np.int64)
    flips = np.zeros((height, width + 1), dtype=np.uint8)
    np.add.at(flips, (row, column), 1)  # wraps at 256, which is even
    inside: np.ndarray = (np.cumsum(flips[:, :-1], axis=1, dtype=np.uint8) & 1).astype(np.float32)
    return inside


def stroke(points: np.ndarray, radius: float, shape: tuple[int, int]) -> np.ndarray:
    """Cells within `radius` of the polyline (N, 2), and in any case an unbroken line one cell wide along it."""
    starts, ends = _pieces(points, max(PIECE, radius), radius, shape)
    marked = mark(_along(starts, ends), shape)
    # A window around each piece, all of one size, and inside the grid.
    cells = np.array(shape[::-1])
    size = np.minimum(np.ceil(np.abs(ends - starts).max(initial=0) + 2 * radius) + 2, cells).astype(np.int64)
    corners = np.clip(np.floor(np.minimum(starts, ends) - radius), 0, cells - size).astype(np.int64)
    batch = max(BATCH // int(size.prod()), 1)
    for i in range(0, len(starts), batch):
        x, y = (corners[i : i + batch, axis, None] + np.arange(size[axis]) for axis in (0, 1))
        distance2 = _squared_distance(x[:, None], y[:, :, None], starts[i : i + batch], ends[i : i + batch])
        piece, row, column = np.nonzero(distance2 <= radius**2)
        marked[y[piece, row], x[piece, column]] = 1
    return marked


def line_touches(points: np.ndarray, shape: tuple[int, int]) -> bool:
    """Whether any part of the polyline (N, 2) lies in an image of `shape`."""
    if lies_in(points, shape).any():  # nearly always, and every prediction asks of all prompts
        return True
    starts, ends = _pieces(points, PIECE, 0, shape)
    return bool(lies_in(_along(starts, ends), shape).any())


def raster_cells(raster: np.ndarray, grid: Grid) -> np.ndarray:
    """The largest value of the raster in each cell: a one-pixel line stays a line on a coarser grid."""
    rows, columns = np.nonzero(raster)
    # A pixel fills every cell that its own square reaches into: several on a finer grid, one on a coarser.
    cells = np.zeros(grid.shape, dtype=np.float32)
    if grid == Grid.of_image(raster.shape):
        cells[rows, columns] = raster[rows, columns]
        return cells
    first = np.floor((np.stack([columns, rows], axis=1) - (grid.x0, grid.y0)) * (grid.scale_x, grid.scale_y)).astype(
        int
    )
    reach_x, reach_y = max(math.ceil(grid.scale_x), 1), max(math.ceil(grid.scale_y), 1)
    for dx in range(reach_x):
        for dy in range(reach_y):
            x, y = first[:, 0] + dx, first[:, 1] + dy
            inside = (x >= 0) & (x < grid.width) & (y >= 0) & (y < grid.height)
            np.maximum.at(cells, (y[inside], x[inside]), raster[rows[inside], columns[inside]].astype(np.float32))
    return cells


def _pieces(points: np.ndarray, longest: float, reach: float, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The polyline (N, 2) in straight pieces, at most `longest` cells long: their starts and ends, (M, 2) each.

    Without what is farther than `reach` from the grid.
    """
    starts, ends = (points, points) if len(points) == 1 else (points[:-1], points[1:])
    delta = ends - starts
    with np.errstate(all="ignore"):  # along an axis: infinite, or NaN on the very edge, which is outside
        near, far = (-1 - reach - starts) / delta, (np.array(shape[::-1]) + reach - starts) / delta
    # The parameters of start + t * delta between which a segment is near the grid.
    t0 = np.maximum(np.minimum(near, far).max(axis=1), 0)
    t1 = np.minimum(np.maximum(near, far).min(axis=1), 1)
    kept = t0 <= t1
    starts, delta, t0, t1 = starts[kept], delta[kept], t0[kept, None], t1[kept, None]
    starts, ends = starts + delta * t0, starts + delta * t1
    counts = np.maximum(np.ceil(np.abs(ends - starts).max(axis=1, initial=0) / longest), 1).astype(np.int64)
    segment = np.repeat(np.arange(len(counts)), counts)
    place = (np.arange(counts.sum()) - (np.cumsum(counts) - counts)[segment])[:, None]
    starts, step = starts[segment], ((ends - starts) / counts[:, None])[segment]
    return starts + step * place, starts + step * (place + 1)


def _along(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Points (M, 2) at most half a cell apart along pieces."""
    t = np.linspace(0, 1, math.ceil(2 * np.abs(ends - starts).max(initial=0)) + 1)[:, None]
    points: np.ndarray = starts[:, None] + (ends - starts)[:, None] * t
    return points.reshape(-1, 2)


def _squared_distance(x: np.ndarray, y: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Squared distance (M, h, w) from each (x, y), (M, 1, w) and (M, h, 1), to the M pieces."""
    x0, y0 = starts.T[:, :, None, None]
    dx, dy = (ends - starts).T[:, :, None, None]
    length2 = np.maximum(dx * dx + dy * dy, np.finfo(np.float64).tiny)  # of a point, too
    t = np.clip(((x - x0) * dx + (y - y0) * dy) / length2, 0, 1)
    distance2: np.ndarray = (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2
    return distance2
