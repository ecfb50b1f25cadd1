"""The masks of one image, label by label, and what of them goes to the screen: cropped, packed changes."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.history import Instance
from scribbleprompt_widget.region import NOTHING, Region, join, within

__all__ = ["LAYERS", "Change", "Instances", "Masks", "Plane", "compressed"]

BLOCK: Final = 128
"""Side in pixels of the blocks that changes are gathered by."""
LAYERS: Final = 4
"""Layers that a label's committed objects are shared out to: in a crowd few that touch share one."""


@dataclass(frozen=True)
class Plane:
    """A rectangle of one mask, one bit a pixel (see docs/protocol.md)."""

    label: int
    layer: int
    x: int
    y: int
    width: int
    height: int
    bits: bytes

    @classmethod
    def of(cls, label: int, region: Region, pixels: np.ndarray, layer: int = 0) -> Plane:
        """The plane that writes `pixels` (h, w) bool over `region`."""
        height, width = pixels.shape
        return cls(label, layer, region[1].start, region[0].start, width, height, np.packbits(pixels).tobytes())

    def header(self) -> dict[str, int]:
        """All but the bits."""
        names = ("label", "layer", "x", "y", "width", "height")
        return {name: getattr(self, name) for name in names}


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
    shape
        (H, W) of the image.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._masks: list[np.ndarray] = []
        # Outside its window a mask is background, so changes need only be looked for inside.
        self._windows: list[Region] = []

    def __getitem__(self, label: int) -> np.ndarray:
        return self._masks[label]

    def __len__(self) -> int:
        return len(self._masks)

    def add(self) -> None:
        """One more label, background everywhere."""
        self._masks.append(np.zeros(self.shape, dtype=bool))
        self._windows.append(NOTHING)

    def remove_last(self) -> None:
        """One label less."""
        self._masks.pop()
        self._windows.pop()

    def window(self, label: int) -> Region:
        """The part of the image outside which a mask is background."""
        return self._windows[label]

    def change(self, label: int, window: Region, pixels: np.ndarray) -> Change:
        """What it takes to make `pixels` (h, w) bool in `window`, and background elsewhere, the mask of `label`.

        Nothing is changed yet.
        """
        region = join(self._windows[label], window)
        new = np.zeros([side.stop - side.start for side in region], dtype=bool)
        new[within(window, region)] = pixels
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


@dataclass(frozen=True, eq=False)
class Instances:
    """The committed objects as one map.

    Attributes
    ----------
    map
        (H, W) int32: i for ``items[i - 1]``, 0 elsewhere.
    items
        The objects.
    """

    map: np.ndarray
    items: tuple[Instance, ...] = ()

    @classmethod
    def none(cls, shape: tuple[int, int]) -> Instances:
        """No objects, on an image of `shape` (H, W)."""
        # Rows of one zero, until there are objects: most images never have any.
        return cls(np.broadcast_to(np.int32(0), shape))

    def __bool__(self) -> bool:
        return bool(self.items)

    def become(self, items: tuple[Instance, ...]) -> tuple[Instances, list[Plane]]:
        """The map of other objects, and the planes that differ."""
        if items is self.items:
            return self, []
        same = self._same(items)
        numbers = self.map.copy()
        for instance in self.items[same:]:
            numbers[instance.mask.region][instance.mask.pixels] = 0
        for number, instance in enumerate(items[same:], start=same + 1):
            numbers[instance.mask.region][instance.mask.pixels] = number
        new = Instances(numbers, items)
        touched = self._in_one(items)
        return new, [new.plane(instance.label, instance.layer, instance.mask.region) for instance in touched]

    def changed(self, items: tuple[Instance, ...]) -> Region:
        """The part of the image where other objects would change anything."""
        if items is self.items:
            return NOTHING
        return join(*(instance.mask.region for instance in self._in_one(items)))

    def _in_one(self, items: tuple[Instance, ...]) -> list[Instance]:
        """The objects that two lists do not share."""
        known = Counter(map(id, (*self.items, *items)))
        return [instance for instance in (*self.items, *items) if known[id(instance)] == 1]

    def _same(self, items: tuple[Instance, ...]) -> int:
        """How many objects two lists begin with that are the same."""
        pairs = enumerate(zip(items, self.items, strict=False))
        return next((i for i, (a, b) in pairs if a is not b), min(len(items), len(self.items)))

    def plane(self, label: int, layer: int, region: Region) -> Plane:
        """What a layer holds in a region."""
        belongs = np.array([False, *((i.label, i.layer) == (label, layer) for i in self.items)])
        return Plane.of(label, region, belongs[self.map[region]], layer)

    def planes(self) -> list[Plane]:
        """All layers that hold anything, whole."""
        layers: dict[tuple[int, int], list[Region]] = {}
        for instance in self.items:
            layers.setdefault((instance.label, instance.layer), []).append(instance.mask.region)
        return [self.plane(label, layer, join(*regions)) for (label, layer), regions in layers.items()]

    def layers(self, label: int) -> list[np.ndarray]:
        """(H, W) bool: what each of a label's layers holds; none of them is empty."""
        own = sorted({instance.layer for instance in self.items if instance.label == label})
        if not own:
            return []
        layer_of = np.array([0, *(item.layer if item.label == label else 0 for item in self.items)])[self.map]
        return [layer_of == layer for layer in own]

    def layer_for(self, region: Region, pixels: np.ndarray) -> int:
        """The layer for a new object: one in which it touches no other, else the one in which it touches fewest."""
        rows, columns = (
            slice(max(side.start - 1, 0), min(side.stop + 1, length))
            for side, length in zip(region, self.map.shape, strict=True)
        )
        around = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=bool)
        around[within(region, (rows, columns))] = pixels
        around = ndimage.binary_dilation(around, structure=np.ones((3, 3), dtype=bool))
        neighbours = np.unique(self.map[rows, columns][around])
        touched = [self.items[number - 1].layer for number in neighbours if number]
        return min(range(1, LAYERS + 1), key=touched.count)


def compressed(planes: Sequence[Plane]) -> list[dict[str, Any]]:
    """Planes deflated: what the `_mask` trait holds."""
    return [{**plane.header(), "data": zlib.compress(plane.bits, level=1)} for plane in planes]


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


def _shift(inner: Region, outer: Region) -> Region:
    rows, columns = (
        slice(int(small.start + large.start), int(small.stop + large.start))
        for small, large in zip(inner, outer, strict=True)
    )
    return rows, columns
