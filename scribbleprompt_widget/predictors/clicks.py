"""Clicks that hold: after a prediction a positive click lies inside the mask, a negative one outside."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import HELD_LOGIT
from scribbleprompt_widget.prompts import Box, Click, Prompts

__all__ = ["held_pixels", "hold_clicks"]

REFERENCE_SIDE: Final = 256
REACH: Final = 8.0
"""Cells around a click that it can turn, on a grid of the reference side."""
CONTRAST: Final = 0.5
"""Grey difference, in standard deviations of the image, across which a click turns little."""
BESIDE: Final = 1.5
"""Cells around a click that are beside it: eight."""
LEAST_EVENNESS: Final = 0.5
"""Of ground that counts as the click's own, 1 where its grey is the same."""
LEAST_DEVIATION: Final = 1e-3


def held_pixels(prompts: Prompts) -> tuple[tuple[int, int, bool], ...]:
    """Row, column and sign of the clicked pixels, but for those that later prompts of the other sign cover."""
    held: dict[tuple[int, int], bool] = {}
    for number, click in enumerate(prompts):
        if not isinstance(click, Click):
            continue
        row, column = math.floor(click.y + 0.5), math.floor(click.x + 0.5)
        others = Prompts(p for p in prompts[number + 1 :] if not isinstance(p, Box) and p.positive != click.positive)
        pixel = others.rasterise(Grid(column, row, column + 1, row + 1, 1, 1)) if others else None
        if pixel is None or not (pixel.positive.any() or pixel.negative.any()):
            held[row, column] = click.positive
        else:
            held.pop((row, column), None)
    return tuple((row, column, sign) for (row, column), sign in held.items())


def hold_clicks(
    logits: np.ndarray, grey: np.ndarray, clicks: tuple[np.ndarray, np.ndarray], drawn: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Logits in which clicks have their own sign, with the even ground around; but no prompt of the other sign.

    Where a click has its sign already nothing changes.

    Parameters
    ----------
    logits, grey
        (h, w) float32: what was predicted, and the image in [0, 1].
    clicks
        Positive and negative, (h, w) each: above 0 in the cells of clicks that hold (no later prompt took them).
    drawn
        Positive and negative, (h, w) each: above 0 in the cells of all prompts.

    Returns
    -------
    (h, w) float32.
    """
    wrong = ((clicks[0] > 0) & (logits < HELD_LOGIT)) | ((clicks[1] > 0) & (logits > -HELD_LOGIT))
    if not wrong.any():
        return logits
    logits = logits.copy()
    evenness = CONTRAST * max(float(grey.std()), LEAST_DEVIATION)
    reach = max(REACH * max(logits.shape) / REFERENCE_SIDE, 1.0)
    for row, column in np.argwhere(wrong).tolist():
        sign, others = (1, drawn[1]) if clicks[0][row, column] > 0 else (-1, drawn[0])
        near = tuple(slice(max(at - int(reach), 0), at + int(reach) + 1) for at in (row, column))
        rows, columns = (np.arange(cells)[side] for side, cells in zip(near, logits.shape, strict=True))
        squared = (rows[:, None] - row) ** 2 + (columns - column) ** 2.0
        # Up to the nearest prompt of the other sign.
        radius2 = squared[others[near] > 0].min(initial=reach**2)
        even = np.exp(-(((grey[near] - grey[row, column]) / evenness) ** 2))
        # A network may hear a click in its own cell alone: what is beside it counts as well, or one pixel would turn.
        beside = (squared <= BESIDE**2) & (squared < radius2) & (even > LEAST_EVENNESS)
        own = min(float(sign * logits[row, column]), float(np.median(sign * logits[near][beside])))
        lacking = max(HELD_LOGIT - own, 0.0)
        logits[near] += sign * lacking * even * np.clip(1 - squared / radius2, 0, None)
    return logits
