"""A mask that is kept: cropped to what it covers, one bit a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["PackedMask", "Region"]

Region = tuple[slice, slice]
"""Rows and columns of an image."""


@dataclass(frozen=True)
class PackedMask:
    """An (H, W) bool mask at an eighth of a byte for each pixel of its bounding box.

    Attributes
    ----------
    shape
        (H, W).
    box
        (x0, y0, x1, y1): the columns and rows that it covers, half-open; all 0 when it is empty.
    bits
        Its pixels in `box`, in row order (`numpy.packbits`).
    """

    shape: tuple[int, int]
    box: tuple[int, int, int, int]
    bits: bytes

    @classmethod
    def of(cls, mask: np.ndarray, region: Region | None = None) -> PackedMask:
        """Pack an (H, W) bool mask; `region`: where to look for it, if it is known."""
        rows, columns = region or (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
        part = mask[rows, columns]
        y, x = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if not len(y):
            return cls(_size(mask.shape), (0, 0, 0, 0), b"")
        x0, y0, x1, y1 = int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1
        left, top = columns.start, rows.start
        bits = np.packbits(part[y0:y1, x0:x1]).tobytes()
        return cls(_size(mask.shape), (left + x0, top + y0, left + x1, top + y1), bits)

    @property
    def region(self) -> Region:
        """Rows and columns of `box`."""
        x0, y0, x1, y1 = self.box
        return slice(y0, y1), slice(x0, x1)

    @property
    def pixels(self) -> np.ndarray:
        """(h, w) bool: the mask in `region`."""
        x0, y0, x1, y1 = self.box
        count = (y1 - y0) * (x1 - x0)
        return np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count).reshape(y1 - y0, x1 - x0).astype(bool)

    @cached_property
    def area(self) -> int:
        """Pixels that it covers."""
        return int(self.pixels.sum())

    def unpacked(self) -> np.ndarray:
        """The (H, W) bool mask."""
        mask = np.zeros(self.shape, dtype=bool)
        mask[self.region] = self.pixels
        return mask


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    height, width = shape
    return int(height), int(width)
