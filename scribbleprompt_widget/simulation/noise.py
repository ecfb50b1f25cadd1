"""Smooth random fields, and blurring with a width of its own for each sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws

__all__ = ["blur", "smooth_noise"]

_REACH = 2.0
"""Where the lattice may end beyond the image, in standard deviations."""
_SPACING = 1.5
"""From one node of the lattice to the next, in standard deviations: the Gaussians around them still add up smoothly."""
_UNIT_VARIANCE = math.sqrt(3)
"""Uniform numbers from minus to plus this have variance 1."""


def smooth_noise(draws: Draws, size: Sequence[int], smoothing: tuple[float, float], fields: int = 1) -> Tensor:
    """White noise under a Gaussian blur, with mean 0 and variance 1 at every pixel.

    The noise lives on a lattice as coarse as the narrowest blur allows, and blurring it onto the pixels is two small
    matrix products: no full-size random numbers, no convolution.

    Parameters
    ----------
    draws
        B samples.
    size
        (H, W).
    smoothing
        Range of the blur's standard deviation in pixels, > 0; one is drawn for each sample.
    fields
        Independent fields for each sample, of the same smoothness.

    Returns
    -------
    (B, fields, H, W) float32.
    """
    low, high = smoothing
    sigma = draws.uniform(low=low, high=high)
    weights = {side: _lattice_weights(side, sigma, spacing=_SPACING * low, margin=_REACH * high) for side in {*size}}
    rows, columns = (weights[side] for side in size)
    # Sums of a dozen uniform numbers: nearly normal, at a third of what normal numbers cost.
    white = draws.uniform(fields, rows.shape[-1], columns.shape[-1], low=-_UNIT_VARIANCE, high=_UNIT_VARIANCE)
    return rows[:, None] @ white @ columns[:, None].mT


def _lattice_weights(side: int, sigma: Tensor, *, spacing: float, margin: float) -> Tensor:
    """(B, side, nodes) weights from lattice to pixels; each row has length 1, so that the variance stays 1."""
    nodes = math.ceil((side - 1 + 2 * margin) / spacing) + 1
    node = torch.arange(nodes, device=sigma.device, dtype=torch.float32) * spacing - margin
    pixel = torch.arange(side, device=sigma.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((pixel[:, None] - node) / sigma[:, None, None]).square())
    return weights / weights.square().sum(-1, keepdim=True).sqrt()


def blur(fields: Tensor, sigma: Tensor, *, radius: int) -> Tensor:
    """Gaussian blur with a width for each sample, as two matrix products.

    At the border the kernel loses what lies beyond it and is brought back to weight 1.

    Parameters
    ----------
    fields
        (B, 1, H, W) float32.
    sigma
        (B,) in pixels, > 0.
    radius
        The kernel reaches this many pixels to each side.

    Returns
    -------
    (B, 1, H, W) float32.
    """
    size = fields.shape[-2:]
    kernels = {side: _blur_matrix(side, sigma, radius)[:, None] for side in {*size}}
    return kernels[size[0]] @ fields @ kernels[size[1]].mT


def _blur_matrix(side: int, sigma: Tensor, radius: int) -> Tensor:
    place = torch.arange(side, device=sigma.device, dtype=torch.float32)
    offset = place[:, None] - place
    weights = torch.exp(-0.5 * (offset / sigma[:, None, None]).square()) * (offset.abs() <= radius)
    return weights / weights.sum(-1, keepdim=True)
