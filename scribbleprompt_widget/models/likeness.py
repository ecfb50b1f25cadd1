"""Likeness: which pixels look like what was marked, wherever they are.

Thin vessels and crowds of nuclei are told from their surroundings by what they look like, not by where strokes lie,
which wander over their edges. Histograms of what is under the strokes say that at the price of one pass.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Values", "likeness", "values_of"]

BINS: Final = 32
SMOOTHINGS: Final = 4
"""A histogram's neighbours are averaged so often: weights of 1, 4, 6, 4, 1 sixteenths over its bins."""
DOUBT: Final = 20.0
"""Pixels of the image's own histogram that are mixed into each sign's: a click alone says little."""
LEAST_SHARE: Final = 1e-4
CERTAIN: Final = 3.0
"""Logarithm of odds that counts as 1."""


class Values(NamedTuple):
    """An image's values and how frequent they are, which all prompts on it have in common.

    `place` (B, C, H, W) uint8: the bin of each. `everywhere` (B, C, BINS) float32: shares of the bins.
    """

    place: Tensor
    everywhere: Tensor


@torch.no_grad()
def values_of(channels: Tensor) -> Values:
    """What `likeness` compares: channels B C H W in [0, 1]."""
    place = (channels.float().clamp(0, 1) * (BINS - 1)).round()
    counts = _histogram(place.long().flatten(2), torch.ones_like(place[:, :1]))
    return Values(place.to(torch.uint8), counts / counts.sum(dim=2, keepdim=True) + LEAST_SHARE)


@torch.no_grad()
def likeness(values: Values, positive: Tensor, negative: Tensor) -> Tensor:
    """Whether each pixel's value is more frequent under positive (up to 1) or negative (down to -1) prompts.

    Against what neither sign marks, the image's histogram stands for the sign that is missing. Carries no gradient.

    Parameters
    ----------
    values
        B C H W of them: what to compare, each channel by itself.
    positive, negative
        B 1 H W in [0, 1].

    Returns
    -------
    B C H W float32; 0 everywhere where nothing is marked.
    """
    place = values.place.long().flatten(2)
    odds = _share(place, positive, values.everywhere).log() - _share(place, negative, values.everywhere).log()
    return (odds / CERTAIN).clamp(-1, 1).gather(2, place).reshape(values.place.shape)


def _share(place: Tensor, weights: Tensor, everywhere: Tensor) -> Tensor:
    counts = _histogram(place, weights.float())
    return (counts + DOUBT * everywhere) / (counts.sum(dim=2, keepdim=True) + DOUBT)


def _histogram(place: Tensor, weights: Tensor) -> Tensor:
    """B C BINS, smoothed, of B C (H W) bins and B 1 H W weights."""
    batch, channels, _ = place.shape
    empty = torch.zeros(batch, channels, BINS, dtype=torch.float32, device=place.device)
    counts = empty.scatter_add(2, place, weights.flatten(2).expand(-1, channels, -1))
    counts = F.pad(counts, (SMOOTHINGS // 2,) * 2, mode="replicate")
    for _ in range(SMOOTHINGS):
        counts = (counts[..., 1:] + counts[..., :-1]) / 2
    return counts
