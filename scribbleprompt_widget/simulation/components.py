"""Connected components of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.neighbours import highest_near

__all__ = ["label_components"]

_ROUNDS = 12
"""Rounds of merging. Each at least halves the pieces that a component is still in, nearly always far more."""


def label_components(regions: Tensor) -> Tensor:
    """Number the connected components, pixels touching by sides or corners.

    Each round, every piece takes the highest number that any of its pixels touches (hooking) and all pixels look up
    the number of their number (pointer jumping), as in Shiloach and Vishkin, J. Algorithms 1982.

    Parameters
    ----------
    regions
        (B, 1, H, W) bool.

    Returns
    -------
    (B, 1, H, W) int64: pixels have the same number where they are in the same component; the number is the highest
    row * W + column in it. A pixel outside has 0, which may be a component's number too.
    """
    height, width = regions.shape[-2:]
    inside = regions.flatten(1)
    parent = torch.arange(height * width, device=regions.device).expand(len(regions), -1)
    labels = torch.where(inside, parent, 0)
    parent = parent.clone()
    for _ in range(_ROUNDS):
        touched = torch.where(inside, highest_near(labels.view(-1, height, width)).flatten(1), 0)
        parent.scatter_reduce_(1, labels, touched, "amax")
        parent = parent.gather(1, parent)
        merged = torch.where(inside, parent.gather(1, labels), 0)
        # On a GPU looking costs a wait for all that is queued, more than the rounds that it would save.
        if merged.device.type == "cpu" and torch.equal(merged, labels):
            break
        labels = merged
    return labels.view(-1, 1, height, width)
