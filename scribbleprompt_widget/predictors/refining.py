"""A mask that was handed in is refined where prompts are: what a predictor changes elsewhere is left as it was.

A predictor draws the whole mask anew, and would take bites out of what nobody spoke of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import Box, Prompts, cells_of

__all__ = ["refined"]

REACH: Final = 3
"""Cells from a prompt within which a change is meant, though the prompt lies beside it."""


def refined(state: State, before: State, prompts: Prompts) -> State:
    """A prediction with those changes alone that prompts reach.

    Parameters
    ----------
    state
        What is predicted now.
    before
        What stood before: an earlier prediction, or the mask that was handed in.
    prompts
        All that was drawn, so that what was mended once can be mended better.

    Returns
    -------
    A state on the same grids: the new logits in each connected change of sign that a prompt touches or nearly touches,
    and where nothing changed; else the earlier ones.
    """
    old = before.onto(state.grid)
    changed = (state.logits > 0) != (old > 0)
    changes, _ = ndimage.label(changed, np.ones((3, 3)))
    near = ndimage.binary_dilation(_touched(prompts, state.grid), np.ones((3, 3), dtype=bool), iterations=REACH)
    meant = np.isin(changes, np.unique(changes[near & changed]))
    closer = None if state.closer is None else refined(state.closer, before, prompts)
    return replace(state, logits=np.where(changed & ~meant, old, state.logits), closer=closer)


def _touched(prompts: Prompts, grid: Grid) -> np.ndarray:
    """(h, w) bool: the cells that people see prompts on; of lassos, all that lies within."""
    touched = Prompts(prompt for prompt in prompts if isinstance(prompt, Box)).rasterise(grid).box > 0
    for prompt in prompts:
        if not isinstance(prompt, Box):
            touched |= cells_of(prompt, grid) > 0
    return touched
