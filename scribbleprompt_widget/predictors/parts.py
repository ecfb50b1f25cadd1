"""Boxes apart: what is drawn elsewhere than in a box is a further part of the object; the box takes nothing from it."""

from __future__ import annotations

from typing import Final

import numpy as np

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.prompts import Box, Prompt, Prompts

__all__ = ["is_negative", "parts"]

IN_BOX: Final = 0.8
"""Share of a stroke that has to lie in the boxes for it to be theirs: a hand slips over an edge by less."""


def parts(prompts: Prompts, grid: Grid) -> tuple[Prompts, Prompts]:
    """The first box with what belongs to it, and the rest, if any of it is positive; negatives belong to both."""
    box = np.zeros(grid.shape, dtype=bool)

    def is_apart(prompt: Prompt) -> bool:
        drawn = Prompts([prompt]).rasterise(grid)
        cells = (drawn.box if isinstance(prompt, Box) else drawn.positive) > 0
        return bool((cells & box).sum() < IN_BOX * cells.sum())

    apart = [False] * len(prompts)
    # Boxes first: strokes may lie in one that was drawn later.
    for number, prompt in sorted(enumerate(prompts), key=lambda item: not isinstance(item[1], Box)):
        apart[number] = bool(box.any()) and not is_negative(prompt) and is_apart(prompt)
        if isinstance(prompt, Box) and not apart[number]:
            box |= Prompts([prompt]).rasterise(grid).box > 0
    if not any(apart):
        return prompts, Prompts()
    shown = list(zip(prompts, apart, strict=True))
    rest = Prompts(p for p, out in shown if out or is_negative(p))
    return Prompts(p for p, out in shown if not out), rest


def is_negative(prompt: Prompt) -> bool:
    """Whether a prompt says where the object is not."""
    return not isinstance(prompt, Box) and not prompt.positive
