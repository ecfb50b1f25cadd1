"""A thumbnail: an image made small, with the outlines of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import PIL.Image
from scipy import ndimage

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.widgets.picture import draw_overlay, resampled_labels

__all__ = ["LINE_STYLES", "draw_thumbnail"]

LINE_STYLES: Final = ("solid", "dashed", "dotted")
"""Of the outlines of labels 1, 2, 3, and so on in turn, under CSS's names: who does not see the colours sees these."""

DASH: Final = {"solid": (1, 0), "dashed": (6, 3), "dotted": (2, 2)}
"""How many line widths are drawn in the colour, and how many in black."""


def draw_thumbnail(
    image: Image, label_map: np.ndarray | None, colors: Sequence[str], side: int, *, line: int = 2
) -> np.ndarray:
    """Draw an image as large as a square allows, and its labels' outlines inside their borders.

    Parameters
    ----------
    image
        The image, shown as its `intensity_range` says; a small one is enlarged.
    label_map
        (H, W) integers, 0 is background; None without a mask.
    colors
        "#rrggbb" of labels 1, 2, ...; used again from the first where there are more labels.
    side
        Of the square, in pixels.
    line
        Width of the outlines in pixels.

    Returns
    -------
    (h, w, 3) uint8 array, the longer of h and w being `side`.
    """
    scale = side / max(image.shape)
    height, width = (max(round(length * scale), 1) for length in image.shape)
    picture = PIL.Image.fromarray(draw_overlay(image, [], [], max_side=side))
    enlarged = PIL.Image.Resampling.NEAREST if scale > 1 else PIL.Image.Resampling.BILINEAR
    pixels = np.array(picture.resize((width, height), enlarged))
    if label_map is not None and label_map.any():
        _draw_outlines(pixels, resampled_labels(label_map, (height, width)), colors, line)
    return pixels


def _draw_outlines(picture: np.ndarray, label_map: np.ndarray, colors: Sequence[str], line: int) -> None:
    reach = 2 * line + 1
    # Beyond the edges is background, so that a mask that goes on there is closed all the same.
    least = ndimage.minimum_filter(label_map, reach, mode="constant")
    greatest = ndimage.maximum_filter(label_map, reach, mode="constant")
    border = (label_map > 0) & (least != greatest)
    picture[(label_map == 0) & (ndimage.maximum_filter(label_map, 3) > 0)] //= 2  # a bright line is seen on white too
    rows, columns = np.nonzero(border)
    labels = label_map[rows, columns].astype(np.intp) - 1
    palette = np.array([tuple(bytes.fromhex(color[1:])) for color in colors], dtype=np.uint8)
    drawn, left_out = np.array([DASH[style] for style in LINE_STYLES])[labels % len(LINE_STYLES)].T
    along = (rows + columns) // line % (drawn + left_out)
    picture[rows, columns] = np.where((along < drawn)[:, None], palette[labels % len(palette)], np.uint8(0))
