"""What a `ReviewGrid` shows: images and masks that are read when they are asked for, and their thumbnails."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.widgets.labelling import COLORS
from scribbleprompt_widget.widgets.thumbnail import draw_thumbnail

__all__ = ["ReviewItems", "Tile", "sequence_of"]

KEPT_THUMBNAILS: Final = 1000
"""About 60 MB at the usual size."""
MASK_WHITE: Final = 255
"""What `Segmenter.save` writes for True into pictures."""


@dataclass(frozen=True, eq=False)
class Tile:
    """What is known of one image.

    `picture` is its thumbnail, (h, w, 3) uint8, or None when the image cannot be read; `problem` says in words what
    could not be read or understood, image or mask, and is empty otherwise; `labels` is the greatest label of the mask,
    0 when it is empty, and None without a mask.
    """

    picture: np.ndarray | None
    problem: str = ""
    labels: int | None = None


class ReviewItems:
    """Images with their masks; nothing is read before it is asked for.

    Parameters
    ----------
    images
        A sequence of what `Image.of` takes, or of callables that give it.
    masks
        A sequence as long: for each image an (H, W) array of bool or integers, what else `Image.of` takes, a callable
        that gives one, or None; or None for all.
    named
        How many labels have a name: a mask with another is a problem that its tile tells. None: they are not named.
    """

    def __init__(self, images: Sequence[Any], masks: Sequence[Any] | None, named: int | None = None) -> None:
        self._images = images
        self._masks = masks
        self._named = named
        self._drawn_masks: dict[int, np.ndarray] = {}
        self._tiles: OrderedDict[tuple[int, int], Tile] = OrderedDict()
        self._changes = 0
        # Cells, messages and a segmenter's predictions may come on different threads.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._images)

    def name(self, index: int) -> str:
        """What an image is called: its file, or its number."""
        if isinstance(self._images, (list, tuple)):  # others would have to read the image to tell
            image = self._images[index]
            if isinstance(image, (str, os.PathLike)):
                return Path(os.fsdecode(image)).name
        return f"#{index}"

    def image(self, index: int) -> Image:
        """Read an image."""
        image = self._images[index]
        return Image.of(image() if callable(image) and not hasattr(image, "__array__") else image)

    def mask(self, index: int, image: Image | None = None) -> np.ndarray | None:
        """(H, W) bool, or unsigned integers of a label map: the mask of an image; None when it has none."""
        if index in self._drawn_masks:
            return self._drawn_masks[index]
        mask = None if self._masks is None else self._masks[index]
        if callable(mask) and not hasattr(mask, "__array__"):
            mask = mask()
        return None if mask is None else _mask_of(mask, self.image(index) if image is None else image)

    def set_mask(self, index: int, mask: np.ndarray) -> None:
        """Let a mask that was drawn take the place of the one given."""
        with self._lock:
            self._changes += 1
            self._drawn_masks[index] = mask
            for key in [key for key in self._tiles if key[0] == index]:
                del self._tiles[key]

    def name_labels(self, count: int) -> set[int]:
        """So many labels have a name now; the images whose tiles have to be drawn anew."""
        with self._lock:
            self._changes += 1
            self._named = count
            found = [key for key, tile in self._tiles.items() if tile.problem and tile.labels is not None]
            for key in found:
                del self._tiles[key]
            return {index for index, _ in found}

    def known_tile(self, index: int, side: int) -> Tile | None:
        """A tile that need not be read."""
        return self._tiles.get((index, side))

    def tile(self, index: int, side: int, line: int) -> Tile:
        """The tile of an image; what goes wrong is told by it, and not raised."""
        key = (index, side)
        while True:
            with self._lock:
                if key in self._tiles:
                    self._tiles.move_to_end(key)
                    return self._tiles[key]
                changes = self._changes
            tile = self._read(index, side, line)  # which takes its time: others need not wait for it
            with self._lock:
                # Of a mask that was drawn meanwhile it would show the one before.
                if changes == self._changes:
                    self._tiles[key] = tile
                    while len(self._tiles) > KEPT_THUMBNAILS:
                        self._tiles.popitem(last=False)

    def _read(self, index: int, side: int, line: int) -> Tile:
        try:
            image = self.image(index)
        except Exception as error:  # noqa: BLE001  # people's own callables and files: whatever it is, the tile says so
            return Tile(None, f"the image cannot be read: {_told(error)}")
        try:
            mask = self.mask(index, image)
        except Exception as error:  # noqa: BLE001  # the same
            return Tile(draw_thumbnail(image, None, COLORS, side), f"the mask cannot be read: {_told(error)}")
        labels = None if mask is None else int(mask.max())
        problem = ""
        if labels is not None and self._named is not None and labels > self._named:
            problem = f"labels names {self._named}, but the mask has the label {labels}"
        return Tile(draw_thumbnail(image, mask, COLORS, side, line=line), problem, labels)


def sequence_of(name: str, value: Any, what: str) -> Sequence[Any]:
    """Check that an argument is a sequence that can be counted and indexed.

    Raises
    ------
    TypeError
        If it is not.
    """
    given = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
    is_sequence = hasattr(value, "__len__") and hasattr(value, "__getitem__") and not hasattr(value, "keys")
    if isinstance(value, (str, bytes)) or not is_sequence or (isinstance(value, np.ndarray) and value.ndim < 3):
        raise TypeError(f"{name} takes a sequence of {what}, got {given}")
    result: Sequence[Any] = value
    return result


def _mask_of(mask: Any, image: Image) -> np.ndarray:
    if isinstance(mask, (str, os.PathLike)) and os.fsdecode(mask).lower().endswith(".npz"):
        mask = _from_archive(Path(os.fsdecode(mask)).expanduser())
    place = image.geometry
    try:
        read = Image.of(mask)
    except ValueError:
        if place is None or place.slice_index is None:
            raise
        read = Image.of(mask, slice_index=place.slice_index, axis=place.axis)  # a volume, as its image is
    values = read.pixels
    if values.shape != image.shape:
        raise ValueError(f"mask is of shape {values.shape}, but the image is of shape {image.shape}")
    if read.binary:
        return values.astype(bool)
    if values.dtype.kind == "f" and not np.array_equal(values, np.floor(values)):
        raise ValueError(
            f"mask is of {values.dtype} with fractions; booleans, or the integers of a label map, are taken"
        )
    if values.min() < 0:
        raise ValueError(f"mask has the label {values.min()}; 0 is background, and labels are 1, 2, ...")
    greatest = values.max()
    if greatest == MASK_WHITE and ((values == 0) | (values == MASK_WHITE)).all():
        return np.asarray(values > 0)
    return values.astype(np.min_scalar_type(int(greatest)))


def _from_archive(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        for name in ("mask", "label_map"):
            if name in arrays:
                return np.asarray(arrays[name])
        raise ValueError(f"{str(path)!r} holds {', '.join(arrays)}; an array named mask or label_map is taken")


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
