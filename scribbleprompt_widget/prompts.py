"""What a person draws: clicks, boxes, scribbles and lassos, and how they become the channels that a predictor reads.

Coordinates are image pixels, ``(x, y)`` = (column, row), floats, pixel centres at integers. Prompts are immutable and
ordered: where two of different sign cover the same pixel, the later one holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from scribbleprompt_widget.grid import Grid

__all__ = [
    "DEFAULT_WIDTH",
    "Box",
    "Channels",
    "Click",
    "Lasso",
    "Prompt",
    "Prompts",
    "Scribble",
    "cells_of",
    "check_inside",
    "prompt_from_json",
]

DEFAULT_WIDTH = 3.0
"""Brush width in image pixels; people's scribbles in MedScribble are about this wide at 256x256."""
PIECE = 4.0
"""Strokes are drawn in pieces of so many cells, all at once; in longer ones where they are wide."""
BATCH = 100_000
"""Cells looked at in one go."""
LEAST_CORNERS = 3
CIRCLE_CORNERS = 64
CORE = 0.4
"""Share of the depth of a lasso's deepest place from which on predictors read it. Of 110 objects of the training sets
the default network makes Dice .48 by a lasso around them when it reads all, .74 so (`benchmarks/lasso.py`)."""
CORE_SIDE = 256
"""Longer side of the grid that a core is found on, in cells, at most."""
CORES_KEPT = 32
"""Several grids are drawn on for each prediction."""
WIDEST = 1e6
"""In image pixels: of a wider lasso nothing more is known than that it is there."""
HALF = 0.5
"""From a cell's edge to its centre."""
FARTHEST = 1e12
"""Greatest coordinate or width in image pixels: squares of these are floats, and their cells integers, by far."""


@dataclass(frozen=True)
class Click:
    """A point on the object (positive) or beside it (negative)."""

    x: float
    y: float
    positive: bool = True

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        object.__setattr__(self, "positive", _sign(self.positive))


@dataclass(frozen=True)
class Box:
    """A box around the object, corners in any order. It covers the pixel centres from its floor to its ceiling."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        for name in ("x0", "y0", "x1", "y1"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        for low, high in (("x0", "x1"), ("y0", "y1")):
            a, b = getattr(self, low), getattr(self, high)
            object.__setattr__(self, low, min(a, b))
            object.__setattr__(self, high, max(a, b))


@dataclass(frozen=True, eq=False)
class Scribble:
    """A stroke: a polyline with a width, or a raster of the image's own shape.

    Parameters
    ----------
    points
        (N, 2) array of (x, y) in image pixels, N >= 1; or None when `raster` is given.
    positive
        True on the object, False beside it.
    width
        Width of the stroke in image pixels, > 0. Not used by a raster.
    raster
        (H, W) array in [0, 1], above 0 where the stroke is, which is somewhere: what the paper's data sets hold.
    """

    points: np.ndarray | None
    positive: bool = True
    width: float = DEFAULT_WIDTH
    raster: np.ndarray | None = field(default=None, repr=False)

    def __init__(
        self,
        points: ArrayLike | None = None,
        positive: bool = True,
        width: float = DEFAULT_WIDTH,
        *,
        raster: ArrayLike | None = None,
    ) -> None:
        if (points is None) == (raster is None):
            raise ValueError(
                "a scribble takes either points or raster, got " + ("neither" if points is None else "both")
            )
        object.__setattr__(self, "points", None if points is None else _points(points))
        object.__setattr__(self, "raster", None if raster is None else _raster(raster))
        object.__setattr__(self, "positive", _sign(positive))
        width = _number("width", width)
        if width <= 0:
            raise ValueError(f"width must be more than 0 image pixels, got {width}")
        object.__setattr__(self, "width", width)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scribble):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        points = None if self.points is None else self.points.tobytes()
        raster = None if self.raster is None else (self.raster.shape, self.raster.tobytes())
        return points, raster, self.positive, self.width


@dataclass(frozen=True, init=False, eq=False)
class Lasso:
    """An area on the object, or beside it: a filled polygon. Predictors read it as a scribble that fills its core.

    People draw around an object: what is near the outline is often beside it, and a scribble is taken at its word.

    Parameters
    ----------
    points
        (N, 2) corners as (x, y) in image pixels, N >= 3. Painted, it covers the pixels whose centres lie inside (on its
        left and upper sides too); where it crosses itself, those that it goes round an odd number of times; its outline
        where it is too thin for any.
    positive
        True on the object, False beside it.
    """

    points: np.ndarray
    positive: bool = True

    def __init__(self, points: ArrayLike, positive: bool = True) -> None:
        corners = _points(points)
        if len(corners) < LEAST_CORNERS:
            raise ValueError(f"points takes at least {LEAST_CORNERS} corners (x, y), got {len(corners)}")
        object.__setattr__(self, "points", corners)
        object.__setattr__(self, "positive", _sign(positive))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lasso):
            return NotImplemented
        return self.positive == other.positive and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash((self.points.tobytes(), self.positive))

    @classmethod
    def circle(cls, x: float, y: float, radius: float, positive: bool = True) -> Lasso:
        """A circle around (x, y), `radius` > 0 in image pixels: a polygon of so many corners that no one sees them."""
        x, y, radius = _number("x", x), _number("y", y), _number("radius", radius)
        if radius <= 0:
            raise ValueError(f"radius must be more than 0 image pixels, got {radius}")
        angles = np.linspace(0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
        return cls(np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1), positive)


Prompt: TypeAlias = Click | Box | Scribble | Lasso


class Channels(NamedTuple):
    """Prompts drawn on a grid: each (h, w) float32 in [0, 1].

    `positive` and `negative` hold clicks, scribbles and the cores of lassos.
    """

    box: np.ndarray
    positive: np.ndarray
    negative: np.ndarray


class Prompts(Sequence[Prompt]):
    """An ordered, immutable sequence of prompts on one object.

    Examples
    --------
    >>> prompts = Prompts([Click(10, 20)])
    >>> prompts + [Box(0, 0, 30, 30)]
    Prompts([Click(x=10.0, y=20.0, positive=True), Box(x0=0.0, y0=0.0, x1=30.0, y1=30.0)])
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Prompt] = ()) -> None:
        if not isinstance(items, Iterable):
            raise TypeError(
                f"prompts takes a sequence of Click, Box, Scribble and Lasso, got {type(items).__name__} alone"
            )
        self._items: tuple[Prompt, ...] = tuple(items)
        for item in self._items:
            if not isinstance(item, Click | Box | Scribble | Lasso):
                raise TypeError(f"prompts takes Click, Box, Scribble and Lasso, got {type(item).__name__}")

    @classmethod
    def from_arrays(
        cls,
        *,
        point_coords: ArrayLike | None = None,
        point_labels: ArrayLike | None = None,
        box: ArrayLike | None = None,
        scribbles: ArrayLike | None = None,
    ) -> Prompts:
        """Prompts from SAM's keywords and the paper's scribble arrays.

        Parameters
        ----------
        point_coords
            (N, 2) as (x, y) in image pixels.
        point_labels
            (N,) in {0, 1}: 1 positive, 0 negative. Needed with `point_coords`.
        box
            (4,) as (x0, y0, x1, y1), in image pixels.
        scribbles
            (2, H, W) in [0, 1]: positive, negative.
        """
        items: list[Prompt] = []
        if box is not None:
            corners = _array("box", box)
            if corners.shape not in {(4,), (1, 4)}:
                raise ValueError(f"box takes 4 numbers (x0, y0, x1, y1), got shape {corners.shape}")
            items.append(Box(*corners.reshape(4).tolist()))
        if scribbles is not None:
            rasters = _array("scribbles", scribbles)
            if rasters.ndim != 3 or rasters.shape[0] != 2:
                raise ValueError(f"scribbles takes a (2, H, W) array (positive, negative), got shape {rasters.shape}")
            for raster, positive in zip(rasters, (True, False), strict=True):
                if raster.any():
                    items.append(Scribble(raster=raster, positive=positive))
        if (point_coords is None) != (point_labels is None):
            raise ValueError("point_coords and point_labels go together, got only one of them")
        if point_coords is not None and point_labels is not None:
            items.extend(_clicks(point_coords, point_labels))
        return cls(items)

    @overload
    def __getitem__(self, index: int) -> Prompt: ...
    @overload
    def __getitem__(self, index: slice) -> Prompts: ...
    def __getitem__(self, index: int | slice) -> Prompt | Prompts:
        return Prompts(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Prompt]:
        return iter(self._items)

    def __add__(self, other: Iterable[Prompt]) -> Prompts:
        return Prompts((*self._items, *other))

    def __eq__(self, other: object) -> bool:
        return self._items == other._items if isinstance(other, Prompts) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Prompts({list(self._items)!r})"

    def rasterise(self, grid: Grid) -> Channels:
        """Draw the prompts straight onto `grid`, so that thin strokes survive however coarse it is.

        Of lassos the core is drawn: see `Lasso`.
        Where prompts of different sign meet in a cell, the later one holds it. Parts outside the grid are not drawn.
        """
        box, positive, negative = (np.zeros(grid.shape, dtype=np.float32) for _ in range(3))
        for item in self._items:
            if isinstance(item, Box):
                box[_box_slices(item, grid)] = 1
                continue
            cells = _core_cells(item, grid) if isinstance(item, Lasso) else cells_of(item, grid)
            own, other = (positive, negative) if item.positive else (negative, positive)
            # Only cells that the prompt touches change hands; `maximum` keeps soft rasters soft.
            np.maximum(own, cells, out=own)
            other[cells > 0] = 0
        return Channels(box, positive, negative)

    def to_json(self) -> list[dict[str, Any]]:
        """The prompts as plain lists and numbers; a raster becomes its runs (see `from_json`)."""
        return [_prompt_to_json(item) for item in self._items]

    @classmethod
    def from_json(cls, items: Iterable[Mapping[str, Any]]) -> Prompts:
        """The inverse of `to_json`: exact, but for rasters that are not 0 or 1 (their nonzero pixels become 1)."""
        return cls(prompt_from_json(item) for item in items)


def prompt_from_json(item: Mapping[str, Any]) -> Prompt:
    """One prompt from its JSON form, as the front end sends it.

    Raises
    ------
    ValueError
        When `kind` is not click, box, scribble or lasso, or a field is missing or wrong.
    """
    try:
        kind = item["kind"]
        if kind == "click":
            return Click(item["x"], item["y"], item["positive"])
        if kind == "box":
            return Box(item["x0"], item["y0"], item["x1"], item["y1"])
        if kind == "scribble" and "runs" in item:
            return Scribble(raster=_runs_to_raster(item["runs"], item["shape"]), positive=item["positive"])
        if kind == "scribble":
            return Scribble(item["points"], item["positive"], item["width"])
        if kind == "lasso":
            return Lasso(item["points"], item["positive"])
    except KeyError as error:
        raise ValueError(f"a prompt lacks the field {error}: {dict(item)!r}") from None
    raise ValueError(f"a prompt's kind is click, box, scribble or lasso, got {kind!r}")


def check_inside(prompt: Prompt, shape: tuple[int, int]) -> None:
    """See that a prompt touches an image of `shape` (H, W); parts of it may lie outside.

    Raises
    ------
    ValueError
        When no part of it is inside, or a raster has another shape.
    """
    height, width = shape
    if isinstance(prompt, Scribble) and prompt.raster is not None:
        if prompt.raster.shape != shape:
            raise ValueError(f"raster takes the image's shape {shape}, got {prompt.raster.shape}")
        return
    if isinstance(prompt, Scribble | Lasso):
        drawn = _line_touches(_outline(prompt), shape) or (isinstance(prompt, Lasso) and _surrounds(prompt))
    elif isinstance(prompt, Click):
        drawn = bool(_inside(np.array([[prompt.x, prompt.y]]), shape)[0])
    else:
        rows, columns = _box_slices(prompt, Grid.of_image(shape))
        drawn = rows.start < rows.stop and columns.start < columns.stop
    if not drawn:
        raise ValueError(
            f"{prompt} is outside the image: x takes -0.5 to {width - 0.5}, y takes -0.5 to {height - 0.5} "
            "(pixel centres are at integers)"
        )


# --- what goes in ----------------------------------------------------------------------------------------------------


def _number(name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number raises, and is told below
    except (TypeError, ValueError):
        raise TypeError(f"{name} takes a number of image pixels, got {value!r}") from None
    if not abs(number) <= FARTHEST:  # NaN neither
        raise ValueError(f"{name} takes a finite number of image pixels, up to {FARTHEST:g} from 0, got {number}")
    return number


def _sign(value: object) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise TypeError(f"positive takes True or False, got {value!r}")


def _array(name: str, value: ArrayLike) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} takes an array of numbers, got {type(value).__name__}") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} takes finite numbers, got NaN or infinity")
    return array


def _points(points: ArrayLike) -> np.ndarray:
    array = _array("points", points)
    if array.size == 0:
        raise ValueError("points is empty: at least one (x, y) is taken")
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"points takes an (N, 2) array of (x, y), got shape {array.shape}")
    if (farthest := np.abs(array).max()) > FARTHEST:
        raise ValueError(f"points takes image pixels up to {FARTHEST:g} from 0, got {farthest}")
    array = np.array(array)
    array.flags.writeable = False
    return array


def _raster(raster: ArrayLike) -> np.ndarray:
    array = _array("raster", raster)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"raster takes an (H, W) array, got shape {array.shape}")
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"raster takes values in [0, 1], got {array.min():g} to {array.max():g}")
    hard = array > 0
    if not hard.any():
        raise ValueError("raster is empty: a scribble takes at least one pixel above 0")
    kept = hard if np.array_equal(array, hard) else array.astype(np.float32)
    kept.flags.writeable = False
    return kept


def _clicks(point_coords: ArrayLike, point_labels: ArrayLike) -> list[Prompt]:
    coords, labels = _array("point_coords", point_coords), _array("point_labels", point_labels)
    coords = coords.reshape(0, 2) if coords.size == 0 else coords
    if coords.ndim != 2 or coords.shape[1] != 2:
        raise ValueError(f"point_coords takes an (N, 2) array of (x, y), got shape {coords.shape}")
    if labels.shape != (len(coords),):
        raise ValueError(f"point_labels takes one label a point, shape ({len(coords)},), got shape {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"point_labels takes 1 (positive) and 0 (negative), got {sorted(set(labels.tolist()))}")
    return [Click(x, y, bool(label)) for (x, y), label in zip(coords.tolist(), labels, strict=True)]


# --- drawing ---------------------------------------------------------------------------------------------------------


def _box_slices(box: Box, grid: Grid) -> tuple[slice, slice]:
    """The cells that a box covers: half-open, at least one cell wide where the box meets the grid at all."""

    def cells(low: float, high: float, start: float, scale: float, count: int) -> slice:
        # In edge coordinates the covered pixels reach from floor(low) to ceil(high) + 1.
        first = (math.floor(low) - start) * scale
        last = (math.ceil(high) + 1 - start) * scale
        if last <= 0 or first >= count:
            return slice(0, 0)
        begin = min(max(math.floor(first + 0.5), 0), count - 1)
        return slice(begin, min(max(math.floor(last + 0.5), begin + 1), count))

    rows = cells(box.y0, box.y1, grid.y0, grid.scale_y, grid.height)
    columns = cells(box.x0, box.x1, grid.x0, grid.scale_x, grid.width)
    return rows, columns


def _mark(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The cells nearest to points (N, 2) given as (x, y) in cells; those outside are left out."""
    marked = np.zeros(shape, dtype=np.float32)
    columns, rows = np.floor(points[_inside(points, shape)] + 0.5).astype(np.int64).T
    marked[rows, columns] = 1
    return marked


def _inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which of the points (N, 2), given as (x, y), lie in a cell of an array of `shape`."""
    within = (points >= -0.5) & (points < np.array(shape[::-1]) - 0.5)
    return np.asarray(within.all(axis=1))


def _click_cells(click: Click, grid: Grid) -> np.ndarray:
    return _mark(grid.to_cells(np.array([[click.x, click.y]])), grid.shape)


def cells_of(prompt: Click | Scribble | Lasso, grid: Grid) -> np.ndarray:
    """Where a prompt lies on a grid: (h, w) float32 in [0, 1]."""
    if isinstance(prompt, Click):
        return _click_cells(prompt, grid)
    return _lasso_cells(prompt, grid) if isinstance(prompt, Lasso) else _scribble_cells(prompt, grid)


def _core_cells(lasso: Lasso, grid: Grid) -> np.ndarray:
    """The cells of a grid that the core of a lasso lies in, or that lie in it: (h, w) float32, 0 or 1."""
    found = _core(lasso)
    if found is None:
        return _lasso_cells(lasso, grid)
    own, core = found
    cells = np.zeros(grid.shape, dtype=np.float32)
    # Both ways, for grids that are finer and grids that are coarser.
    columns, rows = _places(grid, own)
    y, x = np.flatnonzero((rows >= 0) & (rows < own.height)), np.flatnonzero((columns >= 0) & (columns < own.width))
    cells[np.ix_(y, x)] = core[np.ix_(rows[y], columns[x])]
    columns, rows = _places(own, grid)
    y, x = np.nonzero(core)
    within = (rows[y] >= 0) & (rows[y] < grid.height) & (columns[x] >= 0) & (columns[x] < grid.width)
    cells[rows[y[within]], columns[x[within]]] = 1
    return cells


def _places(of: Grid, on: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The columns and rows of another grid that the centres of a grid's cells lie in, which may be outside."""
    x = of.x0 + (np.arange(of.width) + HALF) / of.scale_x
    y = of.y0 + (np.arange(of.height) + HALF) / of.scale_y
    columns, rows = np.floor((x - on.x0) * on.scale_x), np.floor((y - on.y0) * on.scale_y)
    return columns.astype(np.int64), rows.astype(np.int64)


@lru_cache(maxsize=CORES_KEPT)
def _core(lasso: Lasso) -> tuple[Grid, np.ndarray] | None:
    """What of an area lies deep inside: in each of its parts, deeper than a share of the deepest place.

    On a grid of its own, so that it is the same one on whatever grid it is drawn.
    """
    # Whole pixels, where the lasso is not too large for that.
    low, high = np.floor(lasso.points.min(axis=0)), np.ceil(lasso.points.max(axis=0))
    width, height = (high - low + 1).tolist()
    if max(width, height) > WIDEST:
        return None
    step = max(max(width, height) / CORE_SIDE, 1.0)
    columns, rows = math.ceil(width / step), math.ceil(height / step)
    x, y = low.tolist()
    grid = Grid(x, y, x + columns * step, y + rows * step, rows, columns)
    inside = np.pad(_lasso_cells(lasso, grid) > 0, 1)
    depth = ndimage.distance_transform_edt(inside)
    areas, count = ndimage.label(inside)
    deepest = np.array([0, *ndimage.maximum(depth, areas, np.arange(1, count + 1))])
    core = inside & (depth > CORE * deepest[areas])
    return grid, core[1:-1, 1:-1].astype(np.float32)


def _lasso_cells(lasso: Lasso, grid: Grid) -> np.ndarray:
    cells = _polygon(grid.to_cells(lasso.points), grid.shape)
    # A narrow one may hold no cell's centre.
    return cells if cells.any() else _stroke(grid.to_cells(_outline(lasso)), 0, grid.shape)


def _polygon(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
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


def _scribble_cells(scribble: Scribble, grid: Grid) -> np.ndarray:
    if scribble.raster is not None:
        return _raster_cells(scribble.raster, grid)
    assert scribble.points is not None  # noqa: S101  # one of the two is given: __init__ sees to it
    points = grid.to_cells(scribble.points)
    # Cells of a grid need not be square; the stroke is then as wide as its narrower side.
    radius = scribble.width * min(grid.scale_x, grid.scale_y) / 2
    return _stroke(points, radius, grid.shape)


def _stroke(points: np.ndarray, radius: float, shape: tuple[int, int]) -> np.ndarray:
    """Cells within `radius` of the polyline (N, 2), and in any case an unbroken line one cell wide along it."""
    starts, ends = _pieces(points, max(PIECE, radius), radius, shape)
    marked = _mark(_along(starts, ends), shape)
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


def _outline(prompt: Scribble | Lasso) -> np.ndarray:
    """(N, 2): the line that was drawn."""
    assert prompt.points is not None  # noqa: S101  # rasters are told apart before
    return prompt.points if isinstance(prompt, Scribble) else np.concatenate([prompt.points, prompt.points[:1]])


def _line_touches(points: np.ndarray, shape: tuple[int, int]) -> bool:
    """Whether any part of the polyline (N, 2) lies in an image of `shape`."""
    if _inside(points, shape).any():  # nearly always, and every prediction asks of all prompts
        return True
    starts, ends = _pieces(points, PIECE, 0, shape)
    return bool(_inside(_along(starts, ends), shape).any())


def _surrounds(lasso: Lasso) -> bool:
    """Whether the image, which the outline does not touch, lies inside the lasso."""
    return bool(_polygon(lasso.points, (1, 1)).any())


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


def _raster_cells(raster: np.ndarray, grid: Grid) -> np.ndarray:
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


# --- JSON ------------------------------------------------------------------------------------------------------------


def _prompt_to_json(item: Prompt) -> dict[str, Any]:
    if isinstance(item, Click):
        return {"kind": "click", "x": item.x, "y": item.y, "positive": item.positive}
    if isinstance(item, Box):
        return {"kind": "box", "x0": item.x0, "y0": item.y0, "x1": item.x1, "y1": item.y1}
    if isinstance(item, Lasso):
        return {"kind": "lasso", "positive": item.positive, "points": item.points.tolist()}
    if item.raster is not None:
        shape = list(item.raster.shape)
        return {"kind": "scribble", "positive": item.positive, "shape": shape, "runs": _raster_to_runs(item.raster)}
    assert item.points is not None  # noqa: S101  # one of the two is given: __init__ sees to it
    return {"kind": "scribble", "positive": item.positive, "width": item.width, "points": item.points.tolist()}


def _raster_to_runs(raster: np.ndarray) -> list[int]:
    """Start and length of each run of nonzero pixels in row order: [start, length, start, length, ...]."""
    edges = np.diff(np.concatenate([[0], (raster > 0).ravel().astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    runs: list[int] = np.stack([starts, stops - starts], axis=1).ravel().tolist()
    return runs


def _runs_to_raster(runs: Sequence[int], shape: Sequence[int]) -> np.ndarray:
    height, width = shape
    raster = np.zeros(height * width, dtype=bool)
    for start, length in zip(runs[::2], runs[1::2], strict=True):
        raster[start : start + length] = True
    return raster.reshape(height, width)
