"""From points along strokes to pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.picking import mark_pixels

__all__ = ["paint"]


def paint(points: Tensor, drawn: Tensor, radius: Tensor, size: tuple[int, int], *, max_radius: float) -> Tensor:
    """Discs around points: a stroke, where points are at most a pixel apart.

    Parameters
    ----------
    points
        (B, N, 2) as (row, column) in pixels, pixel centres at integers.
    drawn
        (B, N) bool: which points count.
    radius
        (B,) or (B, N) in pixels; the pixel nearest to a point is drawn in any case.
    size
        (H, W).
    max_radius
        No radius is larger: known without reading the tensor.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}.
    """
    height, width = size
    # The nearest pixel's centre is up to half a pixel away.
    reach = math.floor(max_radius + 0.5)
    step = torch.arange(-reach, reach + 1, device=points.device)
    offsets = torch.cartesian_prod(step, step).view(-1, 2)
    nearest = points.round()
    pixels = nearest.long()[:, :, None] + offsets
    distance = (pixels - points[:, :, None]).square().sum(-1)
    radius = radius.view(len(points), -1, 1)
    row, column = pixels.unbind(-1)
    covered = (distance <= radius.square()) | (offsets == 0).all(-1)
    covered &= drawn[:, :, None] & (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return mark_pixels((row * width + column).flatten(1), covered.flatten(1), size)
