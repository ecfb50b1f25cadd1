"""Following a region: curves that run along its middle, beside its border or freely through it, as a hand does."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.sampling import sample_at

__all__ = ["Curves", "at_depth", "free_way", "terrain", "trace"]

_PULL = 0.9
"""Pull towards the wanted depth, against the border's direction and the way that the hand is going (1 each)."""
_MIDDLE_PULL = 0.3
"""The same pull where the middle is followed: weak, so that a walk goes up to the region's end and does not turn."""
_MOST_TURNED = 2.6
"""There a walk ends, too, when it has turned this far, in radians: it would curl up around the deepest place."""
_THIN, _THINNEST = 3.0, 1.0
"""Where a region is less deep than the first number, in pixels, its middle is near and slopes are weak: they count for
more, most at the second number."""
_SOFTNESS = 2.0
"""Error in depth, in pixels, at which the pull has its full strength."""
_END_SHARE, _END_DEPTH, _END_LEAST = 0.4, 1.5, 0.05
"""A walk ends where the depth falls below this share of what the greatest on its way has more than this, in pixels (in
thin regions it has to fall to nearly nothing)..."""
_MARGIN = (1.0, 4.0)
"""...and, at that, below this many pixels, drawn for each walk: the region ends there."""
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
    # Places and directions are complex numbers, x + iy: a product turns, and a step takes half as many operations.
    walks = turns.shape[:3]
    forward = _first_headings(field, starts, draws, ahead=2 * step)
    heading = _complex(torch.stack([forward, -forward], dim=2))
    place = _complex(starts)[:, :, None].expand(walks)
    target, free = target[:, :, None], free[:, :, None]
    middle = target > sum(field.shape[-2:])
    thinness = _THIN / field[:, :1].amax((2, 3)).clamp(_THINNEST, _THIN)[..., None]
    pull = torch.where(middle, _MIDDLE_PULL, _PULL) * thinness / -_SOFTNESS
    border = torch.where(middle, thinness - 1, 1.0) * ~free
    least_error = torch.full_like(pull, -_SOFTNESS)
    most_error = torch.where(free, 0.0, _SOFTNESS)
    most_turned = torch.where(middle, _MOST_TURNED, torch.inf)
    meeting = torch.where(free, -1.0, _CLOSED * step)
    margin = draws.uniform(*walks[1:], low=_MARGIN[0], high=_MARGIN[1])
    end_least, end_start = torch.full_like(margin, _END_LEAST), torch.full_like(margin, -_END_DEPTH * _END_SHARE)
    onward = torch.complex(torch.ones_like(turns), turns)
    # Filled in place: a tensor made of a list would have a GPU waited for.
    scale = torch.cat([margin.new_full((1,), 2 / max(side - 1, 1)) for side in field.shape[:1:-1]])
    here = _look(field, place, scale)
    deepest, turned, alive = here[:, 0], torch.zeros_like(margin), torch.ones_like(margin, dtype=torch.bool)
    places, headings = [place], [heading]
    for number, ahead in enumerate(onward.unbind(3)):
        slope = torch.complex(here[:, 2], here[:, 1]) * heading.conj()  # as seen by who goes along
        back = torch.clamp(here[:, 0] - target, least_error, most_error) * pull
        turn = torch.addcmul(ahead, slope, torch.complex(back, slope.imag * -border)).sgn()
        heading = heading * turn
        turned = turned + turn.imag
        next_place = torch.add(place, heading, alpha=step)
        here = _look(field, next_place, scale)
        deepest = torch.maximum(deepest, here[:, 0])
        end = torch.clamp(torch.add(end_start, deepest, alpha=_END_SHARE), end_least, margin)
        alive = alive & (here[:, 0] > end) & (turned.abs() < most_turned)
        if number >= _FIRST_MEETING:
            alive = alive & ((next_place[:, :, :1] - next_place[:, :, 1:]).abs() > meeting)
        place = torch.where(alive, next_place, place)
        places.append(place)
        headings.append(heading)
    return Curves(_joined(places), _joined(headings, sign=-1))


def _look(field: Tensor, places: Tensor, scale: Tensor) -> Tensor:
    """`field` (B, 3, H, W) at complex places (B, S, 2): (B, 3, S, 2). Beyond the image it is 0: walks end there.

    `scale` (2,) brings x and y from pixels to grid_sample's range of length 2.
    """
    values: Tensor = F.grid_sample(field, torch.view_as_real(places) * scale - 1, align_corners=True)
    return values


def _complex(vectors: Tensor) -> Tensor:
    """(..., 2) as (row, column) to complex numbers column + i row."""
    return torch.complex(vectors[..., 1], vectors[..., 0])


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


def at_depth(field: Tensor, points: Tensor, target: Tensor) -> Tensor:
    """Points (B, S, 2) moved along the slope to a depth (B, S), as far as it goes."""
    for _ in range(2):
        here = sample_at(field, points).mT
        points = points + F.normalize(here[..., 1:], dim=-1) * (target - here[..., 0])[..., None]
    return points


def free_way(field: Tensor, points: Tensor, directions: Tensor, *, most: Tensor) -> Tensor:
    """How far one can go from points (B, N, 2) in directions (B, N, 2) until the border: (B, N), at most `most`.

    Sphere tracing (Hart, The Visual Computer 1996): the distance to the border is a step that is safe.
    """
    way = torch.zeros(points.shape[:2], device=points.device)
    for _ in range(_LOOKS):
        depth = sample_at(field[:, :1], points + way[..., None] * directions).squeeze(1)
        way = torch.minimum(way + (depth - 0.5).clamp(min=0), most)
    return way


def _joined(walks: list[Tensor], *, sign: int = 1) -> Tensor:
    """One curve (B, S, N, 2) as (row, column) from two walks: the second backwards, then the first."""
    steps = torch.stack(walks, dim=2)
    curve = torch.cat([steps[:, :, 1:, 1].flip(2) * sign, steps[:, :, :, 0]], dim=2)
    return torch.view_as_real(curve).flip(-1)
