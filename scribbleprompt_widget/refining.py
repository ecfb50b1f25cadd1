"""A mask that was handed in is refined where prompts are: what a predictor changes elsewhere is left as it was.

A network draws the whole mask anew, for 256 cells a side, and would take bites out of what nobody spoke of.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.prompts import Prompts
from scribbleprompt_widget.region import Region

__all__ = ["refined"]

CELLS: Final = 512
"""Longer side of the grid that changes are told apart on, at most: by the pixel, large images would be slow."""
REACH: Final = 3
"""Cells from a prompt within which a change is meant, though the prompt lies beside it."""


def refined(start: np.ndarray, predicted: np.ndarray, prompts: Prompts, region: Region) -> np.ndarray:
    """The mask that was handed in, with those changes that prompts reach.

    Parameters
    ----------
    start, predicted
        (h, w) bool: the mask handed in, and what is predicted of it and the prompts.
    prompts
        All that was drawn since.
    region
        Where these pixels lie in the image.

    Returns
    -------
    (h, w) bool: `predicted` in each connected change that a prompt touches or nearly touches, else `start`.
    """
    changed = start ^ predicted
    if not changed.any():
        return predicted
    height, width = changed.shape
    step = math.ceil(max(height, width) / CELLS)
    rows, columns = -(-height // step), -(-width // step)
    padded = np.pad(changed, ((0, rows * step - height), (0, columns * step - width)))
    cells = padded.reshape(rows, step, columns, step).any(axis=(1, 3))
    x, y = region[1].start, region[0].start
    drawn = prompts.rasterise(Grid(x, y, x + columns * step, y + rows * step, rows, columns))
    touched = (drawn.box > 0) | (drawn.positive > 0) | (drawn.negative > 0)
    near = ndimage.binary_dilation(touched, np.ones((3, 3), dtype=bool), iterations=REACH)
    changes, _ = ndimage.label(cells, np.ones((3, 3)))
    meant = np.isin(changes, np.unique(changes[near & cells])) & cells
    where = np.repeat(np.repeat(meant, step, axis=0), step, axis=1)[:height, :width]
    result: np.ndarray = np.where(where, predicted, start)
    return result
