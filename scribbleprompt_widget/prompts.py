"""What a person draws: clicks, boxes, scribbles and lassos, and how they become the channels that a predictor reads.

Coordinates are image pixels, ``(x, y)`` = (column, row), floats, pixel centres at integers. Prompts are immutable and
ordered: where two of different sign cover the same pixel, the later one holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from scribbleprompt_widget.cells import (
    area,
    box_slices,
    closed,
    lies_in,
    line_touches,
    mark,
    polygon,
    raster_cells,
    stroke,
)
from scribbleprompt_widget.core import Core, core_cells, core_of
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
LEAST_CORNERS = 3
CIRCLE_CORNERS = 64
MOST_SHOWN = 8
"""Points of a line that messages repeat; a longer one is told by its extent."""
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

    @cached_property
    def core(self) -> Core | None:
        """What predictors read of it. Found once: several grids are drawn on for each prediction."""
        return core_of(self.points)

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
                box[box_slices(item.x0, item.y0, item.x1, item.y1, grid)] = 1
                continue
            cells = core_cells(item.points, item.core, grid) if isinstance(item, Lasso) else cells_of(item, grid)
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


def _in_short(prompt: Prompt) -> str:
    """A prompt as Python, without all the points of a long line."""
    points = getattr(prompt, "points", None)
    if points is None or len(points) <= MOST_SHOWN:
        return str(prompt)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return f"{type(prompt).__name__} of {len(points)} points, from {x0:g} to {x1:g} across and {y0:g} to {y1:g} down,"


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
    if isinstance(prompt, Lasso):
        # Or the image lies within an outline that does not touch it.
        drawn = line_touches(closed(prompt.points), shape) or bool(polygon(prompt.points, (1, 1)).any())
    elif isinstance(prompt, Scribble):
        assert prompt.points is not None  # noqa: S101  # rasters are told apart above
        drawn = line_touches(prompt.points, shape)
    elif isinstance(prompt, Click):
        drawn = bool(lies_in(np.array([[prompt.x, prompt.y]]), shape)[0])
    else:
        rows, columns = box_slices(prompt.x0, prompt.y0, prompt.x1, prompt.y1, Grid.of_image(shape))
        drawn = rows.start < rows.stop and columns.start < columns.stop
    if not drawn:
        raise ValueError(
            f"{_in_short(prompt)} is outside the image: x takes -0.5 to {width - 0.5}, y takes -0.5 to {height - 0.5} "
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


def cells_of(prompt: Click | Scribble | Lasso, grid: Grid) -> np.ndarray:
    """Where a prompt lies on a grid: (h, w) float32 in [0, 1]."""
    if isinstance(prompt, Click):
        return mark(grid.to_cells(np.array([[prompt.x, prompt.y]])), grid.shape)
    if isinstance(prompt, Lasso):
        return area(prompt.points, grid)
    if prompt.raster is not None:
        return raster_cells(prompt.raster, grid)
    assert prompt.points is not None  # noqa: S101  # one of the two is given: __init__ sees to it
    # Cells of a grid need not be square; the stroke is then as wide as its narrower side.
    radius = prompt.width * min(grid.scale_x, grid.scale_y) / 2
    return stroke(grid.to_cells(prompt.points), radius, grid.shape)


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
