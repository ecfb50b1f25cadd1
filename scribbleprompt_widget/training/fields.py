"""Smooth random fields: what deforms, textures and shades images, at any coarseness and the same on any device."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws

__all__ = ["blur", "coordinates", "smooth_field"]

# Width of the kernel that joins the knots, in steps between them: wide enough that the knots cannot be seen.
_KERNEL_WIDTH = 0.7
# Knots beyond each edge, so that a field is as random at the border as in the middle.
_MARGIN = 2


def smooth_field(draws: Draws, size: int, knots: int, channels: int = 1) -> Tensor:
    """Gaussian random fields of zero mean and unit variance at every pixel.

    Parameters
    ----------
    draws
        One seed per sample.
    size
        Side of the square, in pixels.
    knots
        How many bumps fit along a side: 2 is one slow wave, `size / 3` is grain.

    Returns
    -------
    (B, channels, size, size) float32.
    """
    weights = _interpolation(size, knots, draws.device)
    coarse = draws.normal(channels, weights.shape[1], weights.shape[1])
    # Two small matrix products: far cheaper than blurring noise of full size.
    return weights @ coarse @ weights.T


@functools.lru_cache(maxsize=64)
def _interpolation(size: int, knots: int, device: torch.device) -> Tensor:
    """(size, knots + margins) weights whose squares sum to 1 in every row, so that the variance stays 1."""
    pixels = (torch.arange(size, dtype=torch.float64) + 0.5) * knots / size
    centres = torch.arange(-_MARGIN, knots + _MARGIN, dtype=torch.float64) + 0.5
    weights = torch.exp(-0.5 * ((pixels[:, None] - centres) / _KERNEL_WIDTH) ** 2)
    weights = weights / weights.square().sum(dim=1, keepdim=True).sqrt()
    return weights.float().to(device)


@functools.lru_cache(maxsize=16)
def coordinates(size: int, device: torch.device) -> Tensor:
    """Pixel centres of a square that spans [-1, 1], (2, size, size) float32: x (columns), then y (rows)."""
    line = (2 * torch.arange(size, dtype=torch.float32, device=device) + 1) / size - 1
    return torch.stack([line.expand(size, size), line[:, None].expand(size, size)])


def blur(images: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """Gaussian blur with a width for each sample.

    Parameters
    ----------
    images
        (B, 1, H, W).
    sigma
        (B,) in pixels; 0 leaves a sample as it is.
    radius
        Half-width of the kernel in pixels.

    Returns
    -------
    (B, 1, H, W).
    """
    offsets = torch.arange(-radius, radius + 1, device=images.device)
    taps = torch.exp(-0.5 * (offsets / sigma.clamp(min=math.sqrt(1e-3))[:, None]) ** 2)
    taps = taps / taps.sum(dim=1, keepdim=True)
    for axis in (2, 3):
        pad = [radius, radius, 0, 0] if axis == 3 else [0, 0, radius, radius]
        padded = torch.nn.functional.pad(images, pad, mode="replicate")
        length = images.shape[axis]
        # Shifts added up, not a grouped convolution: sums in one order, whatever the batch.
        images = torch.zeros_like(images)
        for tap in range(2 * radius + 1):
            images.addcmul_(padded.narrow(axis, tap, length), taps[:, tap, None, None, None])
    return images
