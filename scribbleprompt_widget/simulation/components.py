"""Connected components of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.neighbours import highest_near

__all__ = ["label_components"]

_ROUNDS = 24
"""Rounds of merging at most. Each at least halves the pieces that a component is still in, nearly always far more."""


def label_components(regions: Tensor) -> Tensor:
    """Number the connected components, pixels touching by sides or corners.

    Each round, every piece takes the highest number that any of its pixels touches (hooking), and all pixels look up
    the number of their number (pointer jumping), as in Shiloach and Vishkin, J. Algorithms 1982.

    Parameters
    ----------
    regions
        (B, 1, H, W) bool.

    Returns
    -------
    (B, 1, H, W) int64 below (H + 2) * (W + 2): within a sample, pixels have the same number, more than 0, where they
    are in the same component; 0 outside.
    """
    count, _, height, width = regions.shape
    # Numbers are places in a canvas with a frame of pixels outside, so that 0 is none of the region's.
    canvas = torch.zeros(count, height + 2, width + 2, dtype=torch.int64, device=regions.device)
    canvas[:, 1:-1, 1:-1] = regions[:, 0]
    labels = canvas.flatten()
    # A GPU is waited for here, and once in each round below.
    pixels = labels.nonzero().squeeze(1)
    labels[pixels] = pixels
    parent = labels.clone()
    row = width + 2
    mine = pixels
    for _ in range(_ROUNDS):
        touched = highest_near(labels.view_as(canvas)).flatten()[pixels]
        parent.scatter_reduce_(0, mine, touched, "amax")
        parent[pixels] = parent[parent[pixels]]
        merged = parent[mine]
        # Waits, because a round costs more than looking whether it is needed.
        if torch.equal(merged, mine):
            break
        labels[pixels] = mine = merged
    first = torch.arange(count, device=regions.device)[:, None] * ((height + 2) * row)
    numbers = (labels.view(count, -1) - first).clamp(min=0)
    return numbers.view(count, 1, height + 2, row)[..., 1:-1, 1:-1]
