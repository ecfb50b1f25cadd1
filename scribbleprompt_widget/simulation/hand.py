"""Scribbles as people draw them: few, long, unbroken strokes.

Beyond the paper, whose scribbles are sparse and broken. The habits and their numbers were read from MedScribble's six
development tasks: people draw a line along the middle of the object or a zigzag across it, hatch it, or go round inside
its border; in the background they go round the object at a short distance, smoothly or in spikes, and some draw long
free curves through the rest.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.config import HandHabits, SimulationConfig, scale_of
from scribbleprompt_widget.simulation.distance import distance_inside
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.picking import at_least_a_dot, counts_or_one, pick_pixels
from scribbleprompt_widget.simulation.strokes import along_polylines, paint
from scribbleprompt_widget.simulation.tracing import Curves, at_depth, free_way, terrain, trace

__all__ = ["hand_scribbles"]

_STEPS, _STEP = 36, 3.0
"""Steps of a curve each way, and pixels a step: together a good deal more than the side of the image."""
_SAMPLES, _SPACING = 1280, 0.8
"""Points that are painted of a sample's strokes, and pixels between them: more than the longest strokes need."""
_EVERY = 3
"""One in so many points of a curve is enough to tell whether a later one comes near."""
_SURROUNDING = 0.5
"""A region with more than this share of the image's frame surrounds something: it is a background."""
_SWING_STEPS = (1.5, 6.0)
"""Least and most steps from one end of a swing to the other: closer ones would fill the region."""
_BRANCHED = 30.0
"""A region with more area than so many discs of its greatest depth is a network or many parts: it gets more strokes."""
_CANDIDATES = 3
_UNBOUNDED = 1e4


def hand_scribbles(regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None) -> Tensor:
    """Strokes by a hand that follows the region.

    Parameters
    ----------
    regions
        (B, 1, H, W), bool or {0, 1}.
    draws
        B samples, on the device of `regions`.
    config
        Its `hand` is used.
    counts
        (B,) int64, 0 to ``config.most_interactions``: strokes for each sample, where a hatching is one, and a
        few in a network of vessels; 1 each when None. There may be fewer where a stroke would have gone over another.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}; empty where the region is empty or the count 0, and only there. A sample's strokes
    may leave the region with probability ``config.hand.spill_probability``, as a broad brush and an unsteady hand do on
    thin structures; else they are cut to it.
    """
    regions = regions > 0.5
    hand = config.hand
    size = regions.shape[-2:]
    counts = counts_or_one(counts, regions)
    # The hand is steered on a grid of the reference side, whatever the image's: a hand has no finer control.
    scale = scale_of(regions)
    coarse = F.adaptive_max_pool2d(regions.float(), [max(round(side / scale), 1) for side in size]) > 0
    depth = distance_inside(coarse)
    vertices, lifted = _gestures(coarse, depth, draws, config)
    drawn = torch.arange(vertices.shape[1], device=regions.device) < (counts * _repeats(depth, hand))[:, None]
    # All strokes of a sample are one polyline with the pen lifted between them: they share the points to be painted.
    lifted = lifted | ~drawn[..., None]
    lifted[:, :, 0] = True
    points = along_polylines(
        vertices.flatten(1, 2), lifted.flatten(1), samples=math.ceil(_SAMPLES * scale), spacing=_SPACING / scale
    )
    points = points * scale + (scale - 1) / 2
    thinnest, thickest = (thickness / 2 * scale for thickness in hand.thickness)
    radius = draws.fork("brush").uniform(low=thinnest, high=thickest)
    strokes = paint(points, torch.ones_like(points[..., 0], dtype=torch.bool), radius, size, max_radius=thickest)
    spill = draws.fork("spill").uniform(1, 1, 1) < hand.spill_probability
    strokes = strokes.bool() & (regions | (spill & regions.flatten(1).any(1)[:, None, None, None]))
    strokes = at_least_a_dot(strokes, regions, draws.fork("dot"))
    return (strokes & (counts > 0)[:, None, None, None]).float()


def _lanes(config: SimulationConfig) -> int:
    """Strokes that are prepared for each sample."""
    return config.most_interactions * config.hand.branched_strokes


def _repeats(depth: Tensor, hand: HandHabits) -> Tensor:
    """(B,) strokes that make one interaction: more than one in a network of vessels, and among them."""
    area = (depth > 0).flatten(1).sum(1)
    disc = math.pi * depth.flatten(1).amax(1).square()
    return torch.where(area > _BRANCHED * disc, hand.branched_strokes, 1)


class _Style(NamedTuple):
    """What kind each stroke is, (B, S) bool: beside the border or free, else along the middle; swinging, hatched."""

    hug: Tensor
    free: Tensor
    across: Tensor
    hatch: Tensor


def _gestures(regions: Tensor, depth: Tensor, draws: Draws, config: SimulationConfig) -> tuple[Tensor, Tensor]:
    """Strokes on the grid of `regions`: vertices (B, S, N, 2), and (B, S, N) whether the pen is lifted before each."""
    field = terrain(depth)
    style = _style(regions, draws.fork("style"), config)
    curves = _curves(depth, field, style, draws.fork("curve"), config)
    covered = _covered(curves.points, config.hand.apart)
    vertices, between = _swung(curves, field, style, draws.fork("swing"), config)
    return vertices, covered | between


def _style(regions: Tensor, draws: Draws, config: SimulationConfig) -> _Style:
    hand = config.hand
    surrounds = (_frame_share(regions) > _SURROUNDING)[:, None]

    def chance(inside: float, background: float) -> Tensor:
        return draws.uniform(_lanes(config)) < torch.where(surrounds, background, inside)

    first = torch.arange(_lanes(config), device=regions.device) == 0
    free = surrounds & (draws.uniform(_lanes(config)) < torch.where(first, *hand.free_background))
    hug = chance(hand.hug_inside, 1.0) & ~free
    across = chance(hand.across_inside, hand.across_background) & ~free
    return _Style(hug, free, across, chance(hand.hatch_share, hand.hatch_share) & across)


def _frame_share(regions: Tensor) -> Tensor:
    frame = torch.cat([regions[..., 0, :], regions[..., -1, :], regions[..., 0], regions[..., -1]], dim=-1)
    return frame.float().mean((1, 2))


def _curves(depth: Tensor, field: Tensor, style: _Style, draws: Draws, config: SimulationConfig) -> Curves:
    """Smooth curves, the lines that strokes swing about."""
    hand, strokes = config.hand, _lanes(config)
    regions = depth > 0
    border = regions & (depth < 2)
    border = torch.where(border.flatten(1).any(1)[:, None, None, None], border, regions)
    beside = pick_pixels(border, draws.fork("beside"), strokes)
    # A stroke along the middle starts where the region is thick: at the deepest of a few places.
    places = pick_pixels(regions, draws.fork("anywhere"), strokes * _CANDIDATES).view(-1, strokes, _CANDIDATES)
    deepest = depth.flatten(1).gather(1, places.flatten(1)).view_as(places).argmax(-1, keepdim=True)
    deepest = torch.where(style.free[..., None], 0, deepest)
    anywhere = places.gather(-1, deepest).squeeze(-1)
    start = torch.where(style.hug, beside, anywhere)
    starts = torch.stack([start // regions.shape[-1], start % regions.shape[-1]], dim=-1).float()
    # Where there is too little room for the wanted distance, half of what there is.
    room = depth.flatten(1).amax(1, keepdim=True) / 2
    distance = draws.uniform(strokes, low=hand.hug_distance[0], high=hand.hug_distance[1])
    target = torch.where(style.hug | style.free, torch.minimum(distance, room), _UNBOUNDED)
    starts = torch.where(style.hug[..., None], at_depth(field, starts, target), starts)
    # Who swings from side to side does not wander as well.
    turns = draws.normal(strokes, 2, _STEPS) * (hand.wobble * ~(style.across & ~style.hug)[..., None, None])
    bend = draws.normal(strokes) * hand.free_bend * style.free
    turns = turns + torch.stack([bend, -bend], dim=-1)[..., None]  # one arc, walked from its middle
    curves = trace(field, starts, draws, target=target, free=style.free, turns=turns, step=_STEP)
    return Curves(_smoothed(curves.points), curves.headings)


def _smoothed(points: Tensor) -> Tensor:
    """A running mean along curves (B, S, N, 2); the ends stay."""
    inner = (points[:, :, :-2] + 2 * points[:, :, 1:-1] + points[:, :, 2:]) / 4
    return torch.cat([points[:, :, :1], inner, points[:, :, -1:]], dim=2)


def _covered(points: Tensor, apart: float) -> Tensor:
    """Which points (B, S, N, 2) an earlier stroke of the sample has come near to: (B, S, N)."""
    count, strokes, length = points.shape[:3]
    number = torch.arange(strokes, device=points.device)
    some = points[:, :, ::_EVERY].flatten(1, 2)
    near = (torch.cdist(points.flatten(1, 2), some) < apart).view(count, strokes, length, strokes, -1).any(-1)
    return (near & (number[:, None, None] > number)).any(-1)


def _swung(
    curves: Curves, field: Tensor, style: _Style, draws: Draws, config: SimulationConfig
) -> tuple[Tensor, Tensor]:
    """Curves that swing from side to side, and where the pen is lifted between two lines of a hatching."""
    hand = config.hand
    count, strokes, length = curves.points.shape[:3]
    # One direction for a stretch of the curve: neighbouring swings are parallel, as a wrist makes them.
    heading = F.normalize(_stretch_mean(curves.headings), dim=-1)
    normal = torch.stack([-heading[..., 1], heading[..., 0]], dim=-1)
    slant = draws.uniform(strokes, low=-hand.slant, high=hand.slant)
    normal = F.normalize(normal + slant[..., None, None] * heading, dim=-1)
    spike = draws.uniform(strokes, low=hand.spike[0], high=hand.spike[1])
    most = torch.where(style.hug, spike, _UNBOUNDED)[:, :, None, None].expand(-1, -1, length, 2)
    directions = torch.stack([normal, -normal], dim=3)
    places = curves.points[:, :, :, None].expand_as(directions)
    way = free_way(field, places.flatten(1, 3), directions.flatten(1, 3), most=most.flatten(1))
    way = way.view(count, strokes, length, 2)
    # Wide regions get wide swings, about as many as narrow ones.
    width = way.sum(-1).mean(-1)
    pace = draws.uniform(strokes, low=hand.swing[0], high=hand.swing[1]) * torch.where(style.hug, 2, 1)
    every = (width * pace / _STEP).clamp(*_SWING_STEPS)
    place = torch.arange(length, device=width.device)
    phase = place / every[..., None]
    # A triangle wave with its corners at 1 and -1, where the phase is whole.
    wave = 1 - 2 * (phase - 2 * (phase / 2).round()).abs()
    fill = draws.uniform(strokes, low=hand.fill[0], high=hand.fill[1])
    uneven = draws.uniform(strokes, length, low=hand.evenness, high=1.0)
    reach = torch.where(wave > 0, way[..., 0], -way[..., 1]) * wave.abs() * uneven
    swing = reach * (fill[..., None] * style.across[..., None])
    lifted = style.hatch[..., None] & (phase.floor() % 2 == 1)
    return curves.points + swing[..., None] * normal, lifted


_STRETCH = 16
"""Steps to either side over which the direction of swings is averaged."""


def _stretch_mean(headings: Tensor) -> Tensor:
    length = headings.shape[2]
    place = torch.arange(length, device=headings.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((place[:, None] - place) / _STRETCH).square())
    return torch.einsum("ij,bsjc->bsic", weights, headings)
