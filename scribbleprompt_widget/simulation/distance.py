"""Exact Euclidean distance transforms of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["distance_inside"]

_CHUNK = {"cpu": 1 << 20}
"""Elements that one step may hold: as many as stay in a processor's cache."""
_DEFAULT_CHUNK = 1 << 26
"""The same on a GPU, where few large steps are faster."""


def distance_inside(regions: Tensor, *, frame: bool = False) -> Tensor:
    """Distance of each pixel of a region to the nearest pixel outside it.

    Parameters
    ----------
    regions
        (B, 1, H, W) bool.
    frame
        Whether what lies beyond the image counts as outside.

    Returns
    -------
    (B, 1, H, W) float32, in pixels; 0 outside. Where nothing is outside, at least H + W.
    """
    height, width = regions.shape[-2:]
    far = float(height + width)
    across = torch.minimum(_run_left(regions, frame, far), _run_left(regions.flip(-1), frame, far).flip(-1))
    squared = _lower_envelope(across.square_().squeeze(1), frame)
    return squared.clamp_(max=far**2).sqrt_().unsqueeze(1)


def _run_left(regions: Tensor, frame: bool, far: float) -> Tensor:
    """Distance to the last pixel outside on the left, in the same row."""
    place = torch.arange(regions.shape[-1], device=regions.device, dtype=torch.float32)
    last_outside = torch.where(regions, -1.0 if frame else -far, place).cummax(-1).values
    return place - last_outside


def _lower_envelope(squared: Tensor, frame: bool) -> Tensor:
    """The least of squared[y'] + (y - y')^2 over the column, for each y: B H W."""
    count, height, width = squared.shape
    y = torch.arange(height, device=squared.device, dtype=torch.float32)
    offsets = (y[:, None] - y).square()[:, :, None]
    budget = _CHUNK.get(squared.device.type, _DEFAULT_CHUNK)
    rows = max(1, min(height, budget // (height * width)))
    samples = max(1, budget // (rows * height * width))
    result = torch.empty_like(squared)
    for first in range(0, count, samples):
        part = slice(first, first + samples)
        for row in range(0, height, rows):
            torch.amin(squared[part, None] + offsets[row : row + rows], 2, out=result[part, row : row + rows])
    if frame:
        result = torch.minimum(result, torch.minimum(y + 1, height - y).square()[:, None])
    return result
