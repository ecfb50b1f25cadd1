"""Prompts spread over the image: what every pixel would be if signs travelled along even ground and stopped at edges.

The random walker's answer (Grady, 2006), found roughly by relaxation from coarse to fine in plain tensor operations: a
few milliseconds, batched, on any device, and part of any exported graph. A network that reads it need not learn to
carry a stroke's sign across an object, only where to disagree.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["spread_prompts"]

FINEST: Final = 2
"""Side, in pixels, of the finest grid's cells: finer ones cost four times as much and gain nothing."""
SWEEPS: Final = 12
"""Relaxations on every grid but the finest."""
FINEST_SWEEPS: Final = 6
"""Relaxations on the finest grid, which only has to mend what the coarser ones could not see."""
HOLD: Final = 5.0
"""How strongly a cell that is full of one sign holds to it, against an even neighbour's pull of 1."""
LEAK: Final = 1e-3
"""Pull towards "unknown": what is far from every prompt fades."""
LEAST_WEIGHT: Final = 1e-3
"""Weight across the sharpest edge: no region is ever cut off."""
LEAST_VARIANCE: Final = 1e-4
"""Of an image whose intensities are in [0, 1]: below, it is even ground."""


class _Grid(NamedTuple):
    """One resolution's linear system, each value divided by its row's diagonal; B K H W, K contrasts."""

    left: Tensor
    right: Tensor
    up: Tensor
    down: Tensor
    held: Tensor


@torch.no_grad()
def spread_prompts(
    image: Tensor, positive: Tensor, negative: Tensor, *, contrasts: tuple[float, ...], grids: int
) -> Tensor:
    """Signs in [-1, 1] for every pixel: 1 where positive prompts reach, -1 where negative ones do, 0 where none does.

    Carries no gradient.

    Parameters
    ----------
    image
        B 1 H W in [0, 1]; H and W multiples of ``2 ** grids``.
    positive, negative
        B 1 H W in [0, 1].
    contrasts
        One answer for each: how much a step of intensity (relative to the image's standard deviation) stops a sign.
    grids
        How many resolutions, from half of the image's down.

    Returns
    -------
    B K H W float32, K contrasts.
    """
    image, positive, negative = (channel.float() for channel in (image, positive, negative))
    # Filled on the device: a tensor made of a list would have a GPU waited for.
    scale = torch.cat([torch.full((1, 1, 1, 1), contrast, device=image.device) for contrast in contrasts], dim=1)
    pooled = F.avg_pool2d(torch.cat([image, positive, negative], dim=1), FINEST)
    # A coarse cell holds as strongly as all the fine cells in it.
    finest_first, strength = [], HOLD
    for number in range(grids):
        finest_first.append(_grid(pooled, scale, strength, LEAK * 4.0**number))
        if number < grids - 1:
            pooled, strength = F.avg_pool2d(pooled, 2), 4 * strength
    signs = torch.zeros_like(finest_first[-1].held)
    for number in reversed(range(grids)):
        if number < grids - 1:
            signs = F.interpolate(signs, scale_factor=2.0, mode="bilinear")
        signs = _relaxed(signs, finest_first[number], SWEEPS if number else FINEST_SWEEPS)
    return F.interpolate(signs, scale_factor=float(FINEST), mode="bilinear")


def _grid(pooled: Tensor, contrasts: Tensor, strength: float, leak: float) -> _Grid:
    image, positive, negative = (pooled[:, i : i + 1] for i in range(3))
    sharpness = contrasts / image.var(dim=(2, 3), keepdim=True, correction=0).clamp_min(LEAST_VARIANCE)
    right = F.pad(_weights(image[..., 1:] - image[..., :-1], sharpness), (0, 1))
    down = F.pad(_weights(image[..., 1:, :] - image[..., :-1, :], sharpness), (0, 0, 0, 1))
    left, up = F.pad(right, (1, -1)), F.pad(down, (0, 0, 1, -1))
    diagonal = left + right + up + down + strength * (positive + negative) + leak
    weights = (left / diagonal, right / diagonal, up / diagonal, down / diagonal)
    return _Grid(*weights, strength * (positive - negative) / diagonal)


def _weights(steps: Tensor, sharpness: Tensor) -> Tensor:
    return torch.exp(-sharpness * steps.square()) + LEAST_WEIGHT


def _relaxed(signs: Tensor, grid: _Grid, sweeps: int) -> Tensor:
    for _ in range(sweeps):
        p = F.pad(signs, (1, 1, 1, 1))
        across = grid.left * p[..., 1:-1, :-2] + grid.right * p[..., 1:-1, 2:]
        signs = grid.held + across + grid.up * p[..., :-2, 1:-1] + grid.down * p[..., 2:, 1:-1]
    return signs
