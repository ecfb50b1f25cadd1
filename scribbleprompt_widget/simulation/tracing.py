"""Following a region: curves that run along its middle, beside its border or freely through it, as a hand does."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.sampling import sample_at

__all__ = ["Curves", "free_way", "terrain", "trace"]

_BACK = 0.9
"""Pull towards the wanted depth, against the way that the hand is going (1). Less than that, so that the middle of a
region is followed up to its very end."""
_SOFTNESS = 2.0
"""Error in depth, in pixels, at which this pull has its full strength."""
_SHALLOW = 0.4
"""A walk ends where the depth falls below this share of the greatest on its way..."""
_MARGIN = (1.0, 4.0)
"""...or below this many pixels, drawn for each walk: the region ends there."""
_CLOSED = 1.6
"""The two ends of a curve have met when they are this many steps apart."""
_FIRST_MEETING = 4
"""Steps before which they are together because they have just parted."""
_DIRECTIONS = 8
"""Directions of which a walk takes the most open, with some chance."""
_LOOKS = 6
"""Looks ahead until the border is found; distances are exact, so that few are needed."""


class Curves(NamedTuple):
    """Of each sample: `points` (B, S, N, 2) as (row, column), `headings` (B, S, N, 2) along them, length 1."""

    points: Tensor
    headings: Tensor


def terrain(depth: Tensor) -> Tensor:
    """What `trace` follows: (B, 3, H, W) from a distance transform (B, 1, H, W).

    The distance, smoothed over 3x3 pixels, and its slope along rows and along columns.
    """
    padded = F.pad(depth, (2, 2, 2, 2), mode="replicate")
    # Smoothing makes the middle of a one-pixel line a ridge with a slope to either side.
    padded = padded[..., :-2, :] + 2 * padded[..., 1:-1, :] + padded[..., 2:, :]
    padded = (padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]) / 16
    rows = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    columns = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    return torch.cat([padded[..., 1:-1, 1:-1], rows, columns], dim=1)


def trace(
    field: Tensor, starts: Tensor, draws: Draws, *, target: Tensor, free: Tensor, turns: Tensor, step: float
) -> Curves:
    """Walk from each start both ways, along the border's direction and at a wanted depth.

    With a target deeper than the region, the walk climbs to the middle line and goes on along it to its end.

    Parameters
    ----------
    field
        (B, 3, H, W) from `terrain`.
    starts
        (B, S, 2) as (row, column).
    draws
        B samples: first headings, and how near to the region's end to stop.
    target
        (B, S) wanted depth in pixels.
    free
        (B, S) bool: a free walk goes its own way, and only keeps at least at its wanted depth.
    turns
        (B, S, 2, T) what the hand turns by itself in each of T steps each way, in radians.
    step
        Pixels a step. A walk that has ended (at the end of the region or of the image, or having met the other)
        repeats its last point.

    Returns
    -------
    Curves of 2 T + 1 points.
    """
    walks = turns.shape[:3]
    forward = _first_headings(field, starts, draws, ahead=2 * step)
    heading = torch.stack([forward, -forward], dim=2)
    place = starts[:, :, None].expand_as(heading)
    target, free = target[:, :, None, None], free[:, :, None, None]
    margin = draws.uniform(*walks[1:], 1, low=_MARGIN[0], high=_MARGIN[1])
    limit = torch.tensor(field.shape[-2:], device=starts.device) - 1
    alive = torch.ones_like(margin, dtype=torch.bool)
    deepest = torch.zeros_like(margin)
    here = sample_at(field, place.flatten(1, 2)).mT.view(*walks, 3)
    places, headings = [place], [heading]
    for number, turn in enumerate(turns[..., None].unbind(3)):
        depth, slope = here[..., :1], here[..., 1:]
        deepest = torch.maximum(deepest, depth)
        along = _turned(slope)
        along = along * ((along * heading).sum(-1, keepdim=True) * ~free)
        error = ((depth - target) / _SOFTNESS).clamp(-_BACK, _BACK)
        error = torch.where(free, error.clamp(max=0), error)
        heading = F.normalize(heading + along - error * slope + turn * _turned(heading), dim=-1)
        ahead = place + step * heading
        here = sample_at(field, ahead.flatten(1, 2)).mT.view(*walks, 3)
        alive = alive & (here[..., :1] > torch.minimum(margin, _SHALLOW * deepest))
        alive = alive & ((ahead >= 0) & (ahead <= limit)).all(-1, keepdim=True)
        if number >= _FIRST_MEETING:
            apart = (ahead[:, :, :1] - ahead[:, :, 1:]).square().sum(-1, keepdim=True)
            alive = alive & ((apart > (_CLOSED * step) ** 2) | free)
        place = torch.where(alive, ahead, place)
        places.append(place)
        headings.append(heading)
    return Curves(_joined(places), _joined(headings, sign=-1))


def _first_headings(field: Tensor, starts: Tensor, draws: Draws, *, ahead: float) -> Tensor:
    """Directions (B, S, 2) in which the region goes on to both sides: along a vessel, the long way in an organ."""
    count, strokes = starts.shape[:2]
    angle = draws.uniform(strokes, _DIRECTIONS, high=math.pi)
    direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
    looks = torch.stack([direction, -direction, direction / 2, -direction / 2], dim=3) * ahead
    depth = sample_at(field[:, :1], (starts[:, :, None, None] + looks).flatten(1, 3))
    room = depth.view(count, strokes, _DIRECTIONS, 4).sum(-1) * draws.uniform(strokes, _DIRECTIONS, low=0.6)
    best = room.argmax(-1)[..., None, None].expand(-1, -1, 1, 2)
    return direction.gather(2, best).squeeze(2)


def free_way(field: Tensor, points: Tensor, directions: Tensor, *, most: Tensor) -> Tensor:
    """How far one can go from points (B, N, 2) in directions (B, N, 2) until the border: (B, N), at most `most`.

    Sphere tracing (Hart, The Visual Computer 1996): the distance to the border is a step that is safe.
    """
    way = torch.zeros(points.shape[:2], device=points.device)
    for _ in range(_LOOKS):
        depth = sample_at(field[:, :1], points + way[..., None] * directions).squeeze(1)
        way = torch.minimum(way + (depth - 0.5).clamp(min=0), most)
    return way


def _turned(vectors: Tensor) -> Tensor:
    """(..., 2) turned by a right angle."""
    return torch.stack([-vectors[..., 1], vectors[..., 0]], dim=-1)


def _joined(walks: list[Tensor], *, sign: int = 1) -> Tensor:
    """One curve from two walks: the second backwards, then the first."""
    steps = torch.stack(walks, dim=2)
    return torch.cat([steps[:, :, 1:, 1].flip(2) * sign, steps[:, :, :, 0]], dim=2)
