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

__all__ = ["Ground", "ground", "spread_prompts"]

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


class Ground(NamedTuple):
    """What an image is like to walk on, at one resolution: the weights to each cell's neighbours; B K H W, K contrasts.

    `total` is their sum with the leak; `strength`, how strongly a cell that is full of one sign holds to it.
    """

    left: Tensor
    right: Tensor
    up: Tensor
    down: Tensor
    total: Tensor
    strength: float


@torch.no_grad()
def ground(image: Tensor, *, contrasts: tuple[float, ...], grids: int) -> tuple[Ground, ...]:
    """What `spread_prompts` needs of an image, which all prompts on it have in common.

    Parameters
    ----------
    image
        B 1 H W in [0, 1]; H and W multiples of ``2 ** grids``.
    contrasts
        How much a step of intensity (relative to the image's standard deviation) stops a sign.
    grids
        How many resolutions, from half of the image's down.
    """
    # Filled on the device: a tensor made of a list would have a GPU waited for.
    scale = torch.cat([torch.full_like(image[:1, :, :1, :1].float(), contrast) for contrast in contrasts], dim=1)
    pooled = F.avg_pool2d(image.float(), FINEST)
    # A coarse cell holds as strongly as all the fine cells in it.
    finest_first = [_ground(pooled, scale, HOLD, LEAK)]
    for number in range(1, grids):
        pooled = F.avg_pool2d(pooled, 2)
        finest_first.append(_ground(pooled, scale, HOLD * 4.0**number, LEAK * 4.0**number))
    return tuple(finest_first)


@torch.no_grad()
def spread_prompts(finest_first: tuple[Ground, ...], positive: Tensor, negative: Tensor) -> Tensor:
    """Signs in [-1, 1] for every pixel: 1 where positive prompts reach, -1 where negative ones do, 0 where none does.

    Carries no gradient.

    Parameters
    ----------
    finest_first
        The image's `ground`.
    positive, negative
        B 1 H W in [0, 1].

    Returns
    -------
    B K H W float32, K contrasts: one answer for each.
    """
    drawn = F.avg_pool2d(torch.cat([positive, negative], dim=1).float(), FINEST)
    pooled = [drawn]
    while len(pooled) < len(finest_first):
        pooled.append(F.avg_pool2d(pooled[-1], 2))
    signs = torch.zeros_like(finest_first[-1].total)
    for number in reversed(range(len(finest_first))):
        if number < len(finest_first) - 1:
            signs = F.interpolate(signs, scale_factor=2.0, mode="bilinear")
        signs = _relaxed(signs, finest_first[number], pooled[number], SWEEPS if number else FINEST_SWEEPS)
    return F.interpolate(signs, scale_factor=float(FINEST), mode="bilinear")


def _ground(image: Tensor, contrasts: Tensor, strength: float, leak: float) -> Ground:
    sharpness = contrasts / image.var(dim=(2, 3), keepdim=True, correction=0).clamp_min(LEAST_VARIANCE)
    right = F.pad(_weights(image[..., 1:] - image[..., :-1], sharpness), (0, 1))
    down = F.pad(_weights(image[..., 1:, :] - image[..., :-1, :], sharpness), (0, 0, 0, 1))
    left, up = F.pad(right, (1, -1)), F.pad(down, (0, 0, 1, -1))
    return Ground(left, right, up, down, left + right + up + down + leak, strength)


def _weights(steps: Tensor, sharpness: Tensor) -> Tensor:
    return torch.exp(-sharpness * steps.square()) + LEAST_WEIGHT


def _relaxed(signs: Tensor, on: Ground, drawn: Tensor, sweeps: int) -> Tensor:
    positive, negative = on.strength * drawn[:, :1], on.strength * drawn[:, 1:]
    diagonal = on.total + (positive + negative)
    held = (positive - negative) / diagonal
    left, right, up, down = (weights / diagonal for weights in (on.left, on.right, on.up, on.down))
    for _ in range(sweeps):
        p = F.pad(signs, (1, 1, 1, 1))
        signs = torch.addcmul(held, left, p[..., 1:-1, :-2])
        signs = torch.addcmul(signs, right, p[..., 1:-1, 2:])
        signs = torch.addcmul(signs, up, p[..., :-2, 1:-1])
        signs = torch.addcmul(signs, down, p[..., 2:, 1:-1])
    return signs
