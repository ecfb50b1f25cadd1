"""Simulated clicks: anywhere in a region, at the centres of its largest components, near its border."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.components import label_components
from scribbleprompt_widget.simulation.config import SimulationConfig, scale_of
from scribbleprompt_widget.simulation.distance import distance_inside
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.neighbours import distance_near
from scribbleprompt_widget.simulation.picking import counts_or_one, mark_pixels, pick_pixels

__all__ = ["border_clicks", "center_clicks", "uniform_clicks"]


def uniform_clicks(
    regions: Tensor,
    draws: Draws,
    config: SimulationConfig,
    *,
    counts: Tensor | None = None,
) -> Tensor:
    """Clicks anywhere in the region, each pixel equally likely.

    Parameters
    ----------
    regions
        (B, 1, H, W), bool or {0, 1}.
    draws
        B samples, on the device of `regions`.
    config
        Its highest count is used.
    counts
        (B,) int64, 0 to ``config.most_interactions``: clicks for each sample; 1 each when None. Two may
        fall on the same pixel.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}: nonzero inside the region only; empty where the region is empty or the count 0.
    """
    regions = regions > 0.5
    return _clicks(pick_pixels(regions, draws, config.most_interactions), regions, counts)


def border_clicks(regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None) -> Tensor:
    """Clicks inside the region, at most `config.border_distance` from what is outside; else as `uniform_clicks`.

    The image's own border is none. A region without a border takes its clicks anywhere.
    """
    regions = regions > 0.5
    reach = max(config.border_distance * scale_of(regions), 1.0)
    near = regions & (distance_near(~regions, math.ceil(reach)) <= reach)
    near = torch.where(near.flatten(1).any(1)[:, None, None, None], near, regions)
    return _clicks(pick_pixels(near, draws, config.most_interactions), regions, counts)


def center_clicks(
    regions: Tensor,
    draws: Draws,  # noqa: ARG001  # all kinds of clicks are called alike
    config: SimulationConfig,
    *,
    counts: Tensor | None = None,
) -> Tensor:
    """Clicks at the centres of the largest components, one in each, the largest first; else as `uniform_clicks`.

    The centre is the pixel farthest from all that is outside the component, the image's border included. Where there
    are fewer components than clicks, there are fewer clicks. Components touch by sides or corners.
    """
    regions = regions > 0.5
    depth = distance_inside(regions, frame=True).flatten(1)
    labels = label_components(regions).flatten(1)
    numbers = (regions.shape[-2] + 2) * (regions.shape[-1] + 2)
    sizes = torch.zeros(len(labels), numbers, device=labels.device)
    sizes.scatter_add_(1, labels, regions.flatten(1).float())
    largest = sizes.topk(config.most_interactions, dim=1)
    centers = torch.stack(
        [torch.where(labels == label, depth, -1.0).argmax(1) for label in largest.indices.T[..., None]], dim=1
    )
    return _clicks(centers, regions, counts, largest.values > 0)


def _clicks(pixels: Tensor, regions: Tensor, counts: Tensor | None, exist: Tensor | None = None) -> Tensor:
    number = torch.arange(pixels.shape[1], device=pixels.device)
    wanted = number < counts_or_one(counts, regions)[:, None]
    wanted = wanted & regions.flatten(1).any(1, keepdim=True)
    if exist is not None:
        wanted &= exist
    return mark_pixels(pixels, wanted, regions.shape[-2:])
