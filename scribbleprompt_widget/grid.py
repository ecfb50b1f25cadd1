"""Grid: which rectangle of an image a small array covers, and resampling between the two.

Predictors work on arrays of their own size (128x128 for the paper's network). A `Grid` says where such an array lies in
the image, so that prompts can be drawn straight onto it and logits brought back.

Two kinds of coordinates meet here. *Points* are what people and prompts use: pixel centres at integers. *Edges* are
what rectangles use: pixel column ``i`` covers ``[i, i + 1]``. So ``edge = point + 0.5``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import PIL.Image

__all__ = ["Grid", "Rectangle"]

BLOCK: Final = 128
"""Side in pixels of the blocks that are restored one by one."""


class Rectangle(NamedTuple):
    """A part of the image, in edge coordinates."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def side(self) -> float:
        """Its longer side."""
        return max(self.x1 - self.x0, self.y1 - self.y0)

    def widened(self, margin: float) -> Rectangle:
        """With a margin on every side."""
        return Rectangle(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)


@dataclass(frozen=True)
class Grid:
    """An array of ``height x width`` cells laid over the image rectangle ``[x0, x1] x [y0, y1]``, in edge coordinates.

    The rectangle may reach beyond the image (a network's square around an oblong image does).
    """

    x0: float
    y0: float
    x1: float
    y1: float
    height: int
    width: int

    def __post_init__(self) -> None:
        if not (self.x1 > self.x0 and self.y1 > self.y0 and self.height > 0 and self.width > 0):
            raise ValueError(f"a grid covers a rectangle of some size with at least one cell, got {self}")

    @classmethod
    def of_image(cls, shape: tuple[int, int]) -> Grid:
        """The image's own pixels, for an image of ``shape`` (H, W)."""
        height, width = shape
        return cls(0, 0, width, height, height, width)

    @classmethod
    def square_around(cls, shape: tuple[int, int], side: int) -> Grid:
        """``side x side`` cells over the smallest centred square that holds an image of ``shape`` (H, W)."""
        height, width = shape
        length = max(height, width)
        x0, y0 = (width - length) // 2, (height - length) // 2
        return cls(x0, y0, x0 + length, y0 + length, side, side)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in cells."""
        return self.height, self.width

    @property
    def scale_x(self) -> float:
        """Cells per pixel, along a row."""
        return self.width / (self.x1 - self.x0)

    @property
    def scale_y(self) -> float:
        """Cells per pixel, along a column."""
        return self.height / (self.y1 - self.y0)

    def rectangle(self, cells: np.ndarray) -> Rectangle:
        """The part of the image that the nonzero ones of (height, width) cells span; at least one is."""
        rows, columns = np.nonzero(cells)
        return Rectangle(
            self.x0 + float(columns.min()) / self.scale_x,
            self.y0 + float(rows.min()) / self.scale_y,
            self.x0 + float(columns.max() + 1) / self.scale_x,
            self.y0 + float(rows.max() + 1) / self.scale_y,
        )

    def runs_out(self, cells: np.ndarray, shape: tuple[int, int]) -> bool:
        """Whether any of (height, width) cells lies at a side beyond which an image of `shape` (H, W) goes on."""
        height, width = shape
        sides = (
            (self.x0 > 0, cells[:, 0]),
            (self.y0 > 0, cells[0]),
            (self.x1 < width, cells[:, -1]),
            (self.y1 < height, cells[-1]),
        )
        return any(goes_on and bool(side.any()) for goes_on, side in sides)

    def to_cells(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 2) as (x, y) in image pixels, as (x, y) in cells; in both, centres lie at integers."""
        points = np.asarray(points, dtype=np.float64)
        return (points + 0.5 - (self.x0, self.y0)) * (self.scale_x, self.scale_y) - 0.5

    def sample(self, array: np.ndarray, *, fill: float = 0.0) -> np.ndarray:
        """Bring an (H, W) array of the image onto the grid: antialiased, float32, `fill` outside the image.

        Returns
        -------
        (height, width) float32 array.
        """
        if self == Grid.of_image(array.shape[:2]):
            return np.array(array, dtype=np.float32)
        height, width = array.shape
        x0, y0, x1, y1 = max(self.x0, 0), max(self.y0, 0), min(self.x1, width), min(self.y1, height)
        result = np.full(self.shape, fill, dtype=np.float32)
        if x0 >= x1 or y0 >= y1:
            return result
        # The cells inside the image; the border cell takes the image's value rather than a mixture with `fill`.
        left, right = _cell_range(x0 - self.x0, x1 - self.x0, self.scale_x, self.width)
        top, bottom = _cell_range(y0 - self.y0, y1 - self.y0, self.scale_y, self.height)
        # Cut out first: resizing takes time by the size of what it is given.
        x, y = math.floor(x0), math.floor(y0)
        part = _picture(array[y : math.ceil(y1), x : math.ceil(x1)])
        result[top:bottom, left:right] = _resize(
            part, (bottom - top, right - left), Rectangle(x0 - x, y0 - y, x1 - x, y1 - y)
        )
        return result

    def transfer(self, values: np.ndarray, other: Grid, *, fill: float = 0.0) -> np.ndarray:
        """Bring this grid's (height, width) values onto another grid: as `sample`, `fill` where this one ends.

        Returns
        -------
        float32 array of the other grid's shape.
        """
        # This grid as the image that the other lies in. `to_cells` takes pixel centres, corners are edges.
        corners = np.array([(other.x0, other.y0), (other.x1, other.y1)])
        (x0, y0), (x1, y1) = (self.to_cells(corners - 0.5) + 0.5).tolist()
        return Grid(x0, y0, x1, y1, other.height, other.width).sample(values, fill=fill)

    def window(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of an image of `shape` (H, W) that the grid touches."""
        height, width = shape
        y0, y1 = max(int(np.floor(self.y0)), 0), min(int(np.ceil(self.y1)), height)
        x0, x1 = max(int(np.floor(self.x0)), 0), min(int(np.ceil(self.x1)), width)
        return slice(y0, max(y0, y1)), slice(x0, max(x0, x1))

    def restore(self, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Bring grid values to the image's own resolution, inside `window(shape)`: bilinear where the grid is coarser.

        Returns
        -------
        (h, w) float32 array, as large as the window.
        """
        values = np.asarray(values, dtype=np.float32)
        if self == Grid.of_image(shape):
            return np.array(values)
        rows, columns = self.window(shape)
        result = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
        picture = _picture(values)
        for block, box in self._blocks(shape):
            result[block] = _resize(picture, result[block].shape, box)
        return result

    def restore_positive(self, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """``restore(values, shape) > 0``, at a small part of its cost: only where the sign changes is it needed.

        Returns
        -------
        (h, w) bool array, as large as the window.
        """
        values = np.asarray(values, dtype=np.float32)
        if self == Grid.of_image(shape):
            return np.asarray(values > 0)
        rows, columns = self.window(shape)
        result = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=bool)
        picture = _picture(values)
        positive = values > 0
        # Values in between are means of their neighbours, which reach this far.
        reach_x, reach_y = math.ceil(max(self.scale_x, 1)) + 1, math.ceil(max(self.scale_y, 1)) + 1
        for block, box in self._blocks(shape):
            x0, y0, x1, y1 = (int(edge) for edge in box)
            near = positive[max(y0 - reach_y, 0) : y1 + reach_y + 1, max(x0 - reach_x, 0) : x1 + reach_x + 1]
            same = near.all() == near.any()
            result[block] = near[0, 0] if same else _resize(picture, result[block].shape, box) > 0
        return result

    def _blocks(self, shape: tuple[int, int]) -> Iterator[tuple[tuple[slice, slice], Rectangle]]:
        """The blocks of the window, and where each lies in the grid, in cells."""
        rows, columns = self.window(shape)
        for top in range(rows.start, rows.stop, BLOCK):
            bottom = min(top + BLOCK, rows.stop)
            y0, y1 = (min(max((y - self.y0) * self.scale_y, 0.0), self.height) for y in (top, bottom))
            for left in range(columns.start, columns.stop, BLOCK):
                right = min(left + BLOCK, columns.stop)
                x0, x1 = (min(max((x - self.x0) * self.scale_x, 0.0), self.width) for x in (left, right))
                block = (
                    slice(top - rows.start, bottom - rows.start),
                    slice(left - columns.start, right - columns.start),
                )
                yield block, Rectangle(x0, y0, x1, y1)


def _cell_range(start: float, stop: float, scale: float, cells: int) -> tuple[int, int]:
    first = min(max(int(np.floor(start * scale + 0.5)), 0), cells - 1)
    last = min(max(int(np.floor(stop * scale + 0.5)), first + 1), cells)
    return first, last


def _picture(array: np.ndarray) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.ascontiguousarray(array, dtype=np.float32))


def _resize(picture: PIL.Image.Image, shape: tuple[int, ...], box: Rectangle) -> np.ndarray:
    height, width = shape
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling.BILINEAR, box=box))
