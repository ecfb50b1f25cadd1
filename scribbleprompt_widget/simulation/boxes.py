"""Simulated boxes: around everything in the mask, tight or with each side moved."""

from __future__ import annotations

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.config import SimulationConfig, scale_of
from scribbleprompt_widget.simulation.draws import Draws

__all__ = ["boxes"]


def boxes(masks: Tensor, draws: Draws, config: SimulationConfig) -> Tensor:
    """A box around each mask.

    Tight with `config.box_tight_probability`; else each side moves outwards by its own number of pixels below
    `config.box_jitter`, as far as the image goes, so that the box always holds the object.

    Parameters
    ----------
    masks
        (B, 1, H, W), bool or {0, 1}.
    draws
        B samples.
    config
        Its box numbers are used.

    Returns
    -------
    (B, 1, H, W) float32: 1 inside the box, borders included. All zeros for an empty mask.
    """
    masks = masks > 0.5
    tight = draws.uniform(1) < config.box_tight_probability
    jitter = config.box_jitter * scale_of(masks)
    moved = torch.where(tight, 0.0, draws.uniform(4, high=jitter)).floor().long()
    rows = _span(masks.any(3).squeeze(1), moved[:, 0:1], moved[:, 1:2])
    columns = _span(masks.any(2).squeeze(1), moved[:, 2:3], moved[:, 3:4])
    return (rows[:, None, :, None] & columns[:, None, None, :]).float()


def _span(occupied: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """(B, N) bool: from the first True of (B, N) `occupied` to its last, widened by (B, 1) at either end."""
    count = occupied.shape[1]
    place = torch.arange(count, device=occupied.device)
    first = torch.where(occupied, place, count).amin(1, keepdim=True) - before
    last = torch.where(occupied, place, -1).amax(1, keepdim=True) + after
    return (place >= first) & (place <= last) & occupied.any(1, keepdim=True)
