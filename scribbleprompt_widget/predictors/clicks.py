"""Clicks that hold: after a prediction a positive click lies inside the mask, a negative one outside."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

__all__ = ["hold_clicks"]

REFERENCE_SIDE: Final = 256
REACH: Final = 8.0
"""Cells around a click that it can turn, on a grid of the reference side."""
HELD: Final = 1.0
"""Logit that a click has at least, towards its own sign."""
CONTRAST: Final = 0.5
"""Grey difference, in standard deviations of the image, across which a click turns little."""
LEAST_DEVIATION: Final = 1e-3
OUTWEIGHED: Final = 3.0
"""Bilinear resampling gives a cell a quarter of the weight at its corner, and its neighbours the rest."""


def hold_clicks(
    logits: np.ndarray,
    grey: np.ndarray,
    clicks: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray],
    *,
    pixel: float = 1.0,
) -> np.ndarray:
    """Logits in which every click has its own sign, with the even ground around it; but no prompt of the other sign.

    Where a click has its sign already only its own cell changes, if it has to outweigh its neighbours.

    Parameters
    ----------
    logits, grey
        (h, w) float32: what was predicted, and the image in [0, 1].
    clicks
        Positive and negative, (h, w) each: above 0 in the cells of clicks that hold (no later prompt took them).
    drawn
        Positive and negative, (h, w) each: above 0 in the cells of all prompts.
    pixel
        Side of an image pixel, in cells. Where it is more than a cell, a click turns all of its pixel.

    Returns
    -------
    (h, w) float32.
    """
    places = np.argwhere((clicks[0] > 0) | (clicks[1] > 0)).tolist()
    if not places:
        return logits
    logits = logits.copy()
    evenness = CONTRAST * max(float(grey.std()), LEAST_DEVIATION)
    reach = max(REACH * max(logits.shape) / REFERENCE_SIDE, 1.0)
    for row, column in places:
        sign, others = (1, drawn[1]) if clicks[0][row, column] > 0 else (-1, drawn[0])
        near = _around(row, column, int(reach))
        rows, columns = (np.arange(cells)[side] for side, cells in zip(near, logits.shape, strict=True))
        squared = (rows[:, None] - row) ** 2 + (columns - column) ** 2.0
        # Up to the nearest prompt of the other sign.
        radius2 = squared[others[near] > 0].min(initial=reach**2)
        even = np.exp(-(((grey[near] - grey[row, column]) / evenness) ** 2))
        lacking = max(HELD - sign * float(logits[row, column]), 0.0)
        logits[near] += sign * lacking * even * np.clip(1 - squared / radius2, 0, None)
        against = -float((sign * logits[_around(row, column, math.ceil(pixel))]).min())
        own = _around(row, column, int(pixel / 2))
        logits[own] = sign * np.maximum(sign * logits[own], HELD + OUTWEIGHED * max(against, 0.0))
    return logits


def _around(row: int, column: int, cells: int) -> tuple[slice, slice]:
    return slice(max(row - cells, 0), row + cells + 1), slice(max(column - cells, 0), column + cells + 1)
