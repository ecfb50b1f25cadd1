"""Bringing images and label maps of any size to one square: padded with zeros, resized, 8 bits."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from scribbleprompt_widget.image import Image

__all__ = ["STORED_SIZE", "content_box", "image_square", "label_square", "stretched"]

STORED_SIZE: Final = 256
"""Side of the square that images and masks are kept at; training resolutions are drawn from it."""


def image_square(pixels: NDArray[Any], size: int = STORED_SIZE) -> NDArray[np.uint8]:
    """Pad an image to a square with zeros and resize it, bicubic with antialiasing.

    Parameters
    ----------
    pixels
        (H, W) or (H, W, 3) of any number type. uint8 keeps its values, colour turned to luminance; else the robust
        range (see `Image.grey`) becomes 0 to 255.

    Returns
    -------
    (size, size) uint8.

    Raises
    ------
    ValueError
        If it is no image, or holds NaN or infinities.
    """
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ValueError("holds NaN or infinite pixels")
    if pixels.dtype == np.uint8:
        grey = np.asarray(PILImage.fromarray(pixels).convert("L"))
    else:
        grey = np.round(255 * Image.of(pixels).grey).astype(np.uint8)
    return np.asarray(PILImage.fromarray(_padded(grey)).resize((size, size), PILImage.Resampling.BICUBIC))


def label_square(labels: NDArray[Any], size: int = STORED_SIZE) -> NDArray[Any]:
    """Pad a label map (H, W) of integers to a square with zeros and resize it, nearest: (size, size), same type."""
    padded = _padded(labels)
    if len(padded) == size:
        return padded
    # Pillow resizes no 16-bit integers; for the nearest pixel, an index does.
    nearest = ((np.arange(size) + 0.5) * len(padded) / size).astype(np.int64)
    result: NDArray[Any] = padded[np.ix_(nearest, nearest)]
    return result


def content_box(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The image without its black padding: (x0, y0, x1, y1), half-open. The whole of an image that is black."""
    shown = image > 0
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if len(rows) == 0:
        return 0, 0, image.shape[1], image.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def stretched(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image with the greys that a predictor would see (`Image.grey`), padding left alone."""
    x0, y0, x1, y1 = content_box(image)
    result = np.zeros_like(image)
    result[y0:y1, x0:x1] = np.round(255 * Image.of(image[y0:y1, x0:x1]).grey)
    return result


def _padded(array: NDArray[Any]) -> NDArray[Any]:
    height, width = array.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    result = np.zeros((side, side), dtype=array.dtype)
    result[top : top + height, left : left + width] = array
    return result
