"""Exact Euclidean distance transforms of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["distance_inside"]

_CHUNK = 1 << 25
"""Elements (128 MiB) that one step may hold on a GPU, where few large steps are fast; one row's candidates at least."""
_LOOK_EVERY = 4
"""Steps between two looks whether a CPU has gone far enough."""


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
    result = _envelope_by_steps(squared) if squared.device.type == "cpu" else _envelope_at_once(squared)
    if frame:
        height = squared.shape[1]
        y = torch.arange(height, device=squared.device, dtype=torch.float32)
        result = torch.minimum(result, torch.minimum(y + 1, height - y).square()[:, None])
    return result


def _envelope_by_steps(squared: Tensor) -> Tensor:
    """Step by step away from each row, as far as any distance reaches: quick for small and thin regions."""
    result = squared.clone()
    for step in range(1, squared.shape[1]):
        if step % _LOOK_EVERY == 1 and step**2 >= float(result.amax()):
            break
        farther = squared + step**2
        torch.minimum(result[:, step:], farther[:, :-step], out=result[:, step:])
        torch.minimum(result[:, :-step], farther[:, step:], out=result[:, :-step])
    return result


def _envelope_at_once(squared: Tensor) -> Tensor:
    """All pairs of rows in a few large steps, without asking how far is enough: a GPU is never waited for.

    As many samples at once as `_CHUNK` holds; of a large image, as many rows.
    """
    height, width = squared.shape[1:]
    y = torch.arange(height, device=squared.device, dtype=torch.float32)
    offsets = (y[:, None] - y).square()[:, :, None]
    samples = max(1, _CHUNK // (height * height * width))
    rows = max(1, min(height, _CHUNK // (height * width)))
    result = torch.empty_like(squared)
    for part, nearest in zip(torch.split(squared, samples), torch.split(result, samples), strict=True):
        for some, target in zip(torch.split(offsets, rows), torch.split(nearest, rows, dim=1), strict=True):
            target.copy_((part[:, None] + some).amin(2))
    return result
