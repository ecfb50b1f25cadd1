"""What a prompt may change: positive ones take nothing of the mask away, negative ones add nothing to it.

A network that reads all prompts at once may answer "not this" with more of something else. People expect that least;
simulated annotators reach a little more by it with clicks and lines, a little less with a box (MODEL_CARD.md). It holds
on a network's grid: where a closer look is taken from elsewhere, pixels at the mask's border may still change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import Box, Prompts

__all__ = ["monotone"]


def monotone(state: State, before: State, prompts: Prompts) -> State:
    """A prediction that differs from the one before in the direction alone that the new prompts ask for.

    Parameters
    ----------
    state
        What is predicted of `prompts`.
    before
        What was predicted before, or the mask that was handed in.
    prompts
        All that was drawn. Where they do not go on from what `before` was predicted of, or are of both signs or a box,
        everything may change.

    Returns
    -------
    A state on the same grids.
    """
    known = before.prompts
    if known is None or prompts[: len(known)] != known:
        return state
    signs = {None if isinstance(prompt, Box) else prompt.positive for prompt in prompts[len(known) :]}
    return (
        _bounded(state, before, np.maximum if signs == {True} else np.minimum) if signs in ({True}, {False}) else state
    )


def _bounded(state: State, before: State, bound: np.ufunc) -> State:
    closer = None if state.closer is None else _bounded(state.closer, before, bound)
    return replace(state, logits=bound(state.logits, before.onto(state.grid)), closer=closer)
