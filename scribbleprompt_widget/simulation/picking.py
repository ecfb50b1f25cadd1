"""Random pixels of a region."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws

__all__ = ["at_least_a_dot", "counts_or_one", "mark_pixels", "pick_pixels"]


def pick_pixels(regions: Tensor, draws: Draws, count: int) -> Tensor:
    """Pixels of each region, each equally likely, with replacement.

    Parameters
    ----------
    regions
        (B, 1, H, W) bool.
    count
        How many for each sample.

    Returns
    -------
    (B, count) int64: row * W + column. For an empty region the last pixel, which the caller has to leave out.
    """
    # Whole numbers, so that sums are exact on every device whatever their order.
    ranks = regions.flatten(1).cumsum(1, dtype=torch.int32)
    total = ranks[:, -1:]
    # float32 holds every rank of an image up to 4096x4096 exactly.
    wanted = (draws.uniform(count) * total).to(torch.int32).clamp_(max=total - 1) + 1
    return torch.searchsorted(ranks, wanted).clamp_(max=ranks.shape[1] - 1)


def mark_pixels(pixels: Tensor, drawn: Tensor, size: Sequence[int]) -> Tensor:
    """Ones at pixels.

    Parameters
    ----------
    pixels
        (B, N) int64: row * W + column.
    drawn
        (B, N) bool: which of them count.
    size
        (H, W).

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}.
    """
    area = size[0] * size[1]
    # One place more than there are pixels takes those that do not count: shapes stay fixed.
    canvas = torch.zeros(len(pixels), area + 1, device=pixels.device)
    canvas.scatter_(1, torch.where(drawn, pixels, area), 1.0)
    return canvas[:, :area].reshape(-1, 1, *size)


def at_least_a_dot(strokes: Tensor, regions: Tensor, draws: Draws) -> Tensor:
    """`strokes` (B, 1, H, W) bool; where there are none, one random pixel of the region, if it has any."""
    empty = ~strokes.flatten(1).any(1)
    # On a CPU it costs nothing to see that no dot is needed; on a GPU, seeing would mean waiting.
    if empty.device.type == "cpu" and not empty.any():
        return strokes
    pixel = pick_pixels(regions, draws, 1)
    wanted = empty[:, None] & regions.flatten(1).any(1, keepdim=True)
    return strokes | mark_pixels(pixel, wanted, regions.shape[-2:]).bool()


def counts_or_one(counts: Tensor | None, regions: Tensor) -> Tensor:
    """(B,) int64: how many interactions each sample of `regions` (B, 1, H, W) gets, one where nothing was said."""
    return torch.ones(len(regions), dtype=torch.int64, device=regions.device) if counts is None else counts
