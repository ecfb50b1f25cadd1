"""A picture of an image with its masks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import numpy as np
import PIL.Image
from scipy import ndimage

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.whole_file import target_path, written_whole

__all__ = ["draw_overlay", "resampled_labels", "save_picture"]

FILL_OPACITY: Final = 0.35
"""As on the canvas."""


def draw_overlay(image: Image, masks: Sequence[np.ndarray], colors: Sequence[str], *, max_side: int = 0) -> np.ndarray:
    """Draw masks over an image: a tint inside, the full colour along the inner border.

    Parameters
    ----------
    image
        The image, shown as its `intensity_range` says.
    masks
        (H, W) bool arrays, later ones above.
    colors
        "#rrggbb", one a mask.
    max_side
        Longest side of the picture in pixels; 0 keeps the image's own resolution.

    Returns
    -------
    (h, w, 3) uint8 array.
    """
    size = _fitted(image.shape, max_side)
    picture = _displayed(image, size)
    levels = np.arange(256, dtype=np.float32)
    for mask, color in zip(masks, colors, strict=True):
        if not mask.any():
            continue
        inside = resampled_labels(mask, size[::-1])
        border = inside & ~ndimage.binary_erosion(inside, border_value=1)
        for channel, level in enumerate(bytes.fromhex(color[1:])):
            plane = picture[:, :, channel]
            tint = np.round(levels + FILL_OPACITY * (level - levels)).astype(np.uint8)
            np.copyto(plane, tint[plane], where=inside)
            plane[border] = level
    return picture


def save_picture(path: str | os.PathLike[str], picture: np.ndarray) -> None:
    """Write a picture, (h, w, 3) uint8, in the format that the path's suffix tells.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        If `path` is no path, its suffix is not one of a picture, or it lies in no folder.
    """
    target = target_path(path)
    if PIL.Image.registered_extensions().get(target.suffix.lower()) not in PIL.Image.SAVE:
        raise ValueError(f"path is {str(target)!r}; its suffix must be a picture's: .png, .jpg, .tif, .webp, ...")
    with written_whole(target, target.suffix) as part:
        PIL.Image.fromarray(picture).save(part)


def resampled_labels(label_map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A label map of another shape. Of pixels that become one the greatest label stays: the least spot is seen."""
    for axis, length in enumerate(shape):
        old = label_map.shape[axis]
        starts = np.arange(length) * old // length
        if length <= old:
            label_map = np.maximum.reduceat(label_map, starts, axis=axis)
        else:
            label_map = label_map.take(starts, axis=axis)
    return label_map


def _fitted(shape: tuple[int, int], max_side: int) -> tuple[int, int]:
    """(width, height) of the picture."""
    height, width = shape
    shrink = min(1.0, max_side / max(shape)) if max_side else 1.0
    return max(round(width * shrink), 1), max(round(height * shrink), 1)


def _displayed(image: Image, size: tuple[int, int]) -> np.ndarray:
    low, high = image.intensity_range
    # Thinned out first where it is much reduced, so that a large image costs little.
    step = max(min(image.shape[1] // (2 * size[0]), image.shape[0] // (2 * size[1])), 1)
    values = image.pixels[::step, ::step]
    if values.dtype.kind == "f":
        values = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    shown = np.round(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    if shown.ndim == 2:
        shown = np.repeat(shown[:, :, None], 3, axis=2)
    return _resized(shown, size)


def _resized(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if array.shape[1::-1] == size:
        return array
    return np.array(PIL.Image.fromarray(array).resize(size, PIL.Image.Resampling.BILINEAR))
