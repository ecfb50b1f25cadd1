"""What came of the labelling: the masks, tables and files of a `Segmenter`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.mask_file import save_mask
from scribbleprompt_widget.prompts import Prompts
from scribbleprompt_widget.widgets.part import Part
from scribbleprompt_widget.widgets.picture import draw_overlay, save_picture

__all__ = ["Area", "Results"]

AREA_DIGITS: Final = 9
"""Significant digits of an area in the table: what is behind them is how floats are written, not how large it is."""


class Area(NamedTuple):
    """Area of a mask: `pixels`, and `mm2` (square millimetres) where the image's spacing is known, else None."""

    pixels: int
    mm2: float | None


class Results(Part):
    """What can be read of an annotation; closed widgets can still be read."""

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool: the mask of the active label, the image's own resolution, without committed objects. A copy.

        One that was taken up again (see `resume`) is in it.
        """
        with self._lock:
            return np.array(self._annotation.masks[self._active])

    @property
    def label_map(self) -> np.ndarray:
        """(H, W) unsigned integers: 0 is background, i is ``labels[i - 1]``; where masks overlap, the label on top.

        Committed objects belong to their label.
        """
        with self._lock:
            return self._annotation.label_map()

    @property
    def probability(self) -> np.ndarray:
        """(H, W) float32 in [0, 1]: the probability of the active label."""
        with self._lock:
            return self._annotation.prediction(self._active).probability

    @property
    def prompts(self) -> Prompts:
        """What was drawn for the active label, in order."""
        with self._lock:
            return self._annotation.prompts(self._active)

    @property
    def image(self) -> Image:
        """The image, with its spacing and where it came from."""
        return self._annotation.image

    @property
    def instances(self) -> np.ndarray:
        """(H, W) int32: 0 is background, i is the i-th committed object (row i - 1 of `instance_table`). A copy.

        One that was taken up again (see `resume`) is among them until it is changed.
        """
        with self._lock:
            found: np.ndarray = self._annotation.object_map().copy()
        return found

    @property
    def instance_table(self) -> list[dict[str, Any]]:
        """The committed objects, one row each, as ``pandas.DataFrame`` takes them.

        ``instance`` (its number in `instances`), ``label``, ``area`` (pixels), ``area_mm2`` (None without spacing),
        ``box`` (x0, y0, x1, y1: pixel columns and rows, half-open), ``prompts`` (how many), ``seconds`` (from the first
        prompt to the commit).
        """
        with self._lock:
            items, labels = self._annotation.objects, self._annotation.names
            pixel_area = self._annotation.image.pixel_area_mm2
        return [
            {
                "instance": number,
                "label": labels[item.label],
                "area": item.mask.area,
                "area_mm2": None if pixel_area is None else float(f"{item.mask.area * pixel_area:.{AREA_DIGITS}g}"),
                "box": item.mask.box,
                "prompts": len(item.prompts),
                "seconds": round(item.seconds, 2),
            }
            for number, item in enumerate(items, start=1)
        ]

    @property
    def history(self) -> list[tuple[str, str]]:
        """The steps taken, (action, label), what was undone included; `go_to` goes to any of them."""
        with self._lock:
            return [(step.action, self._annotation.names[step.label]) for step in self._annotation.history.steps]

    def area(self) -> Area:
        """Area of the active label's mask, in pixels and, where the spacing is known, in square millimetres."""
        with self._lock:
            pixels = int(np.count_nonzero(self._annotation.masks[self._active]))
            pixel_area = self._annotation.image.pixel_area_mm2
        return Area(pixels, None if pixel_area is None else pixels * pixel_area)

    def save(self, path: str | Path, *, instances: bool = False) -> Path:
        """Write the mask to a file: with several labels the label map, committed objects in it.

        Parameters
        ----------
        path
            ``.png``, ``.npy``, ``.npz``, ``.tif``, ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``. Medical formats get
            the geometry of the file that the image came from; a slice is written in its place in the whole volume.
        instances
            Write `instances` instead: every committed object with a number of its own.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        TypeError, ValueError, FileNotFoundError
            When `path` is no path, has another suffix, or lies in no folder.
        """
        with self._lock:
            if instances:
                return save_mask(path, self.instances, self.image)
            names, found = self._annotation.names, self.label_map
            return save_mask(path, found > 0 if len(names) == 1 else found, self.image, labels=names)

    def snapshot(self, path: str | Path | None = None) -> np.ndarray:
        """(H, W, 3) uint8 picture of the image with its masks, also written to `path` (.png, .jpg, ...) if given."""
        picture = self._drawn_over()
        if path is not None:
            save_picture(path, picture)
        return picture

    def _drawn_over(self, max_side: int = 0) -> np.ndarray:
        with self._lock:
            masks: list[np.ndarray] = []
            colors: list[str] = []
            for index, label in sorted(enumerate(self._annotation.labels), key=lambda pair: pair[1].rank):
                masks += [*self._annotation.instances.layers(index), self._annotation.masks[index]]
                colors += [label.color] * (len(masks) - len(colors))
            return draw_overlay(self._annotation.image, masks, colors, max_side=max_side)
