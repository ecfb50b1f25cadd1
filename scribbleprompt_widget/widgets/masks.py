"""The masks of one image, label by label, and what of them goes to the screen: cropped, packed changes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scribbleprompt_widget.predictors.base import Prediction

__all__ = ["Change", "Masks", "Plane"]

Region = tuple[slice, slice]

BLOCK: Final = 128
"""Side in pixels of the blocks that changes are gathered by."""


@dataclass(frozen=True)
class Plane:
    """A rectangle of one label's mask, one bit a pixel (see docs/protocol.md)."""

    label: int
    x: int
    y: int
    width: int
    height: int
    bits: bytes

    @classmethod
    def of(cls, label: int, region: Region, pixels: np.ndarray) -> Plane:
        """The plane that writes `pixels` (h, w) bool over `region`."""
        height, width = pixels.shape
        return cls(label, region[1].start, region[0].start, width, height, np.packbits(pixels).tobytes())

    def header(self) -> dict[str, int]:
        """All but the bits."""
        return {"label": self.label, "x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True, eq=False)
class Change:
    """A new mask for a label: the planes that differ, and what is to be written."""

    label: int
    planes: list[Plane]
    region: Region
    pixels: np.ndarray
    window: Region


class Masks:
    """One (H, W) bool mask for each label, changed in place, so that a change costs what it covers.

    Parameters
    ----------
    labels
        How many labels there are.
    shape
        (H, W) of the image.
    """

    def __init__(self, labels: int, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._masks = [np.zeros(shape, dtype=bool) for _ in range(labels)]
        # Outside its window a mask is background, so changes need only be looked for inside.
        self._windows: list[Region] = [(slice(0, 0), slice(0, 0))] * labels

    def __getitem__(self, label: int) -> np.ndarray:
        return self._masks[label]

    def label_map(self) -> np.ndarray:
        """(H, W) unsigned integers: 0 background, i for label i - 1; where masks overlap, the later label."""
        result = np.zeros(self.shape, dtype=np.min_scalar_type(len(self._masks)))
        for index, mask in enumerate(self._masks):
            result[mask] = index + 1
        return result

    def change(self, label: int, prediction: Prediction | None) -> Change:
        """What it takes to make `prediction` (None: background) the mask of `label`. Nothing is changed yet."""
        window = _window(prediction)
        region = _union(self._windows[label], window)
        new = self._pixels(prediction, region)
        changed = self._masks[label][region] != new
        planes = [Plane.of(label, _shift(part, region), new[part]) for part in _changed_parts(changed)]
        return Change(label, planes, region, new, window)

    def apply(self, change: Change) -> None:
        """Make a change that was the last to be asked for."""
        self._masks[change.label][change.region] = change.pixels
        self._windows[change.label] = change.window

    def planes(self) -> list[Plane]:
        """The masks whole; an empty one has no plane."""
        found = []
        for label, (mask, window) in enumerate(zip(self._masks, self._windows, strict=True)):
            if mask[window].any():
                found.append(Plane.of(label, window, mask[window]))
        return found

    def compressed(self) -> list[dict[str, Any]]:
        """The masks whole and deflated: what the `_mask` trait holds."""
        return [{**plane.header(), "data": zlib.compress(plane.bits, level=1)} for plane in self.planes()]

    @staticmethod
    def _pixels(prediction: Prediction | None, region: Region) -> np.ndarray:
        """The part of a prediction's mask in `region`, which holds its window."""
        pixels = np.zeros([side.stop - side.start for side in region], dtype=bool)
        if prediction is not None:
            rows, columns = prediction.window
            y, x = region[0].start, region[1].start
            inside = (slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x))
            pixels[inside] = prediction.window_mask
        return pixels


def _changed_parts(changed: np.ndarray) -> Iterator[Region]:
    """Rectangles that together hold all that is True in `changed` (h, w), and little else.

    One for each row of blocks and run of blocks in it: what changed in two far corners is not sent as the whole image.
    """
    starts = np.arange(0, changed.shape[1], BLOCK)
    for row in range(0, changed.shape[0], BLOCK):
        found = np.logical_or.reduceat(changed[row : row + BLOCK].any(axis=0), starts)
        edges = np.flatnonzero(np.diff(found, prepend=False, append=False)) * BLOCK
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            part = changed[row : row + BLOCK, left:right]
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            yield (
                slice(row + rows[0], row + rows[-1] + 1),
                slice(left + columns[0], left + columns[-1] + 1),
            )


def _window(prediction: Prediction | None) -> Region:
    return (slice(0, 0), slice(0, 0)) if prediction is None else prediction.window


def _union(a: Region, b: Region) -> Region:
    """The smallest region that holds both; an empty one holds nothing."""
    regions = [region for region in (a, b) if all(side.stop > side.start for side in region)]
    if not regions:
        return slice(0, 0), slice(0, 0)
    rows, columns = zip(*regions, strict=True)
    return (
        slice(min(side.start for side in rows), max(side.stop for side in rows)),
        slice(min(side.start for side in columns), max(side.stop for side in columns)),
    )


def _shift(inner: Region, outer: Region) -> Region:
    rows, columns = (
        slice(int(small.start + large.start), int(small.stop + large.start))
        for small, large in zip(inner, outer, strict=True)
    )
    return rows, columns
