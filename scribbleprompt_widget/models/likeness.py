"""Likeness: which pixels look like what was marked, wherever they are.

Thin vessels and crowds of nuclei are told from their surroundings by what they look like, not by where strokes lie,
which wander over their edges. Histograms of what is under the strokes say that at the price of one pass.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["likeness"]

BINS: Final = 32
SMOOTHING: Final = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""Of a histogram, over its bins."""
DOUBT: Final = 20.0
"""Pixels of the image's own histogram that are mixed into each sign's: a click alone says little."""
LEAST_SHARE: Final = 1e-4
CERTAIN: Final = 3.0
"""Logarithm of odds that counts as 1."""


@torch.no_grad()
def likeness(values: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Whether each pixel's value is more frequent under positive (up to 1) or negative (down to -1) prompts.

    Against what neither sign marks, the image's histogram stands for the sign that is missing. Carries no gradient.

    Parameters
    ----------
    values
        B C H W in [0, 1]: what to compare, each channel by itself.
    positive, negative
        B 1 H W in [0, 1].

    Returns
    -------
    B C H W float32; 0 everywhere where nothing is marked.
    """
    values, positive, negative = (tensor.float() for tensor in (values, positive, negative))
    place = (values.clamp(0, 1) * (BINS - 1)).round().long().flatten(2)
    everywhere = _histogram(place, torch.ones_like(positive))
    everywhere = everywhere / everywhere.sum(dim=2, keepdim=True) + LEAST_SHARE
    odds = _share(place, positive, everywhere).log() - _share(place, negative, everywhere).log()
    return (odds / CERTAIN).clamp(-1, 1).gather(2, place).reshape(values.shape)


def _share(place: Tensor, weights: Tensor, everywhere: Tensor) -> Tensor:
    counts = _histogram(place, weights)
    return (counts + DOUBT * everywhere) / (counts.sum(dim=2, keepdim=True) + DOUBT)


def _histogram(place: Tensor, weights: Tensor) -> Tensor:
    """B C BINS, smoothed, of B C (H W) bins and B 1 H W weights."""
    batch, channels, _ = place.shape
    empty = torch.zeros(batch, channels, BINS, device=place.device)
    counts = empty.scatter_add(2, place, weights.flatten(2).expand(-1, channels, -1))
    # Filled on the device: a tensor made of a list would have a GPU waited for.
    kernel = torch.cat([torch.full((1, 1, 1), tap, device=place.device) for tap in SMOOTHING], dim=2)
    padded = F.pad(counts.reshape(-1, 1, BINS), (len(SMOOTHING) // 2,) * 2, mode="replicate")
    return F.conv1d(padded, kernel).reshape(batch, channels, BINS)
