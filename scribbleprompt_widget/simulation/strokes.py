"""From points along strokes to pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.picking import mark_pixels

__all__ = ["along_polylines", "paint"]


def paint(points: Tensor, drawn: Tensor, radius: Tensor, size: Sequence[int], *, max_radius: float) -> Tensor:
    """Discs around points: a stroke, where points are at most a pixel apart.

    Parameters
    ----------
    points
        (B, N, 2) as (row, column) in pixels, pixel centres at integers.
    drawn
        (B, N) bool: which points count.
    radius
        (B,) or (B, N) in pixels; the pixel nearest to a point is drawn in any case.
    size
        (H, W).
    max_radius
        No radius is larger: known without reading the tensor.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}.
    """
    height, width = size
    # The nearest pixel's centre is up to half a pixel away.
    reach = math.floor(max_radius + 0.5)
    step = torch.arange(-reach, reach + 1, device=points.device)
    offsets = torch.cartesian_prod(step, step).view(-1, 2)
    nearest = points.round()
    pixels = nearest.long()[:, :, None] + offsets
    distance = (pixels - points[:, :, None]).square().sum(-1)
    radius = radius.view(len(points), -1, 1)
    row, column = pixels.unbind(-1)
    covered = (distance <= radius.square()) | (offsets == 0).all(-1)
    covered &= drawn[:, :, None] & (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return mark_pixels((row * width + column).flatten(1), covered.flatten(1), size)


def along_polylines(vertices: Tensor, lifted: Tensor, *, samples: int, spacing: float) -> Tensor:
    """Points at equal distances along polylines.

    Parameters
    ----------
    vertices
        (B, N, 2) as (row, column).
    lifted
        (B, N) bool: whether the pen is off the paper between the vertex before and this one.
    samples, spacing
        Points on each polyline, and the distance between them; what is longer than both allow is not reached, and on a
        shorter one the last point repeats.

    Returns
    -------
    (B, samples, 2).
    """
    length = (vertices[:, 1:] - vertices[:, :-1]).square().sum(-1).sqrt() * ~lifted[:, 1:]
    reached = F.pad(length.cumsum(-1), (1, 0))
    wanted = torch.arange(samples, device=vertices.device) * spacing
    wanted = torch.minimum(wanted, reached[:, -1:] * (1 - 1e-6))
    after = torch.searchsorted(reached, wanted, right=True).clamp(1, vertices.shape[1] - 1)
    before, beyond = reached.gather(-1, after - 1), reached.gather(-1, after)
    part = ((wanted - before) / (beyond - before).clamp(min=1e-6))[..., None]
    after = after[..., None].expand(-1, -1, 2)
    return torch.lerp(vertices.gather(1, after - 1), vertices.gather(1, after), part)
