"""Simulated scribbles: the paper's line, centerline and contour scribbles, and people's.

Wong et al., ECCV 2024, section 3.2 and appendix: a scribble is laid out in the region, broken up by thresholded smooth
noise, warped by a smooth random deformation, and cut to the region. `hand.py` draws as people do.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.config import SimulationConfig, scale_of
from scribbleprompt_widget.simulation.distance import distance_inside
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.hand import hand_scribbles
from scribbleprompt_widget.simulation.neighbours import distance_near, highest_near
from scribbleprompt_widget.simulation.noise import blur, smooth_noise
from scribbleprompt_widget.simulation.picking import at_least_a_dot, counts_or_one, pick_pixels
from scribbleprompt_widget.simulation.sampling import sample_at, warp
from scribbleprompt_widget.simulation.strokes import paint

__all__ = ["centerline_scribbles", "contour_scribbles", "hand_scribbles", "line_scribbles"]

_RIDGE = 0.7
"""A pixel is on the middle line when no neighbour is deeper by this many pixels: going uphill it would be 1."""
_SHADE, _SHADE_SIDE = 0.5, 7
"""A ridge is no middle line where it has less than this share of the greatest depth in so many pixels around."""
_FLAT = 1e-4
"""Blurred values that differ by less differ by rounding."""
_THICK, _OFF_MIDDLE = 6.0, 0.75
"""In regions deeper than the first, in pixels, contour scribbles keep to the second, a share of the greatest depth."""
_THINNEST = 0.71
"""Radius in pixels that leaves no holes in a slanting line."""


def line_scribbles(regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None) -> Tensor:
    """Segments between random points of the region, broken, warped and cut to it.

    Parameters
    ----------
    regions
        (B, 1, H, W), bool or {0, 1}.
    draws
        B samples, on the device of `regions`.
    config
        Its scribble numbers are used.
    counts
        (B,) int64, 0 to ``config.most_interactions``: segments for each sample; 1 each when None.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}: 1 inside the region only; empty where the region is empty or the count 0, and only
    there.
    """
    regions = regions > 0.5
    size, scale = regions.shape[-2:], scale_of(regions)
    counts = counts_or_one(counts, regions)
    lines = config.most_interactions
    ends = pick_pixels(regions, draws.fork("ends"), 2 * lines)
    ends = torch.stack([ends // size[1], ends % size[1]], dim=-1).float().view(-1, 2, lines, 2)
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    if config.max_length is not None:
        length = along.norm(dim=-1, keepdim=True).clamp(min=1e-6)
        along = along * (config.max_length * scale / length).clamp(max=1)
    # Points at most a pixel apart on the longest possible line.
    steps = torch.linspace(0, 1, math.ceil(math.hypot(*size)) + 1, device=regions.device)
    points = (start[:, :, None] + along[:, :, None] * steps[:, None]).flatten(1, 2)
    warped = points + sample_at(_displacement(regions, draws, config), points).mT
    level, noise = _break_up(regions, draws, config)
    kept = sample_at(noise, points).squeeze(1) < level[:, 0, 0]
    wanted = (torch.arange(lines, device=regions.device) < counts[:, None]).repeat_interleave(len(steps), 1)
    radius = _radius(regions, draws, config)
    strokes = paint(warped, wanted & kept, radius, size, max_radius=config.thickness[1] / 2 * scale)
    whole = paint(points, wanted, torch.zeros_like(radius), size, max_radius=0)
    return _cut(strokes, whole, regions, counts)


def centerline_scribbles(
    regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None
) -> Tensor:
    """The region's middle lines, broken, warped and cut to it; otherwise as `line_scribbles`.

    The middle lines are the ridges of the distance from the region's border. `counts` only tells 0 from more: breaking
    the lines up gives the pieces.
    """
    regions = regions > 0.5
    depth = distance_inside(regions, frame=True)
    ridge = regions & (highest_near(depth) < depth + _RIDGE)
    # A border drawn in pixels has a ridge at each of its steps, in the shade of much deeper places.
    ridge &= depth >= _SHADE * F.max_pool2d(depth, _SHADE_SIDE, stride=1, padding=_SHADE_SIDE // 2)
    return _broken(ridge, regions, draws, config, counts_or_one(counts, regions))


def contour_scribbles(
    regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None
) -> Tensor:
    """A level set of the blurred region, inside it, broken, warped and cut to it; otherwise as `centerline_scribbles`.

    It keeps off the middle: in regions thicker than 12 pixels, to the outer three quarters of the depth.
    """
    regions = regions > 0.5
    scale = scale_of(regions)
    depth = distance_inside(regions, frame=True)
    deepest = depth.flatten(1).amax(1)[:, None, None, None]
    outer = regions & ((depth < _OFF_MIDDLE * deepest) | (deepest <= _THICK))
    sigma = draws.fork("blur").uniform(low=config.blur_sigma[0] * scale, high=config.blur_sigma[1] * scale)
    blurred = blur(regions.float(), sigma, radius=round(config.blur_kernel // 2 * scale))
    low = torch.where(outer, blurred, 1.0).flatten(1).amin(1)
    high = torch.where(outer, blurred, 0.0).flatten(1).amax(1)
    level = draws.fork("level").uniform(low=low, high=high)[:, None, None, None]
    # A region that fills the image has no level sets, but for what rounding makes of it, which its neighbours decide.
    above = (blurred >= level) | (high - low < _FLAT)[:, None, None, None]
    edge = above & (highest_near((~above).to(torch.uint8)) > 0)
    edge = at_least_a_dot(edge & outer, outer, draws.fork("dot"))
    return _broken(edge, outer, draws, config, counts_or_one(counts, regions))


def _broken(lines: Tensor, regions: Tensor, draws: Draws, config: SimulationConfig, counts: Tensor) -> Tensor:
    """Break, thicken, warp and cut lines one pixel wide, (B, 1, H, W) bool."""
    level, noise = _break_up(regions, draws, config)
    if config.max_length is not None:
        most = min(max(1, round(config.max_length * scale_of(regions))), lines[0].numel())
        longest = torch.where(lines, -noise, -torch.inf).flatten(1).topk(most).values[:, -1]
        level = torch.minimum(level, -longest[:, None, None, None])
    kept = lines & (noise <= level)
    # Warping the distance instead of the pixels leaves a thin line whole.
    reach = math.ceil(config.thickness[1] / 2 * scale_of(regions)) + 1
    distance = warp(distance_near(kept, reach), _displacement(regions, draws, config))
    radius = _radius(regions, draws, config).clamp(min=_THINNEST)[:, None, None, None]
    return _cut(distance <= radius, lines, regions, counts)


def _cut(strokes: Tensor, whole: Tensor, regions: Tensor, counts: Tensor) -> Tensor:
    """Cut to the region; where that leaves nothing, as it was before breaking and warping, which has a part inside."""
    inside = strokes.bool() & regions
    left = inside.flatten(1).any(1)[:, None, None, None]
    return (torch.where(left, inside, whole.bool() & regions) & (counts > 0)[:, None, None, None]).float()


def _displacement(regions: Tensor, draws: Draws, config: SimulationConfig) -> Tensor:
    """(B, 2, H, W): how far each place moves, rows then columns, in pixels."""
    draws, scale = draws.fork("warp"), scale_of(regions)
    low, high = config.warp_magnitude
    magnitude = draws.uniform(1, 1, 1, low=low * scale, high=high * scale)
    low, high = config.warp_smoothing
    return magnitude * smooth_noise(draws, regions.shape[-2:], (low * scale, high * scale), fields=2)


def _break_up(regions: Tensor, draws: Draws, config: SimulationConfig) -> tuple[Tensor, Tensor]:
    """Level (B, 1, 1, 1) and noise (B, 1, H, W): a scribble is kept where the noise is below the level."""
    draws, scale = draws.fork("break"), scale_of(regions)
    share = draws.uniform(1, 1, 1, low=config.break_share[0], high=config.break_share[1])
    low, high = config.break_smoothing
    noise = smooth_noise(draws, regions.shape[-2:], (low * scale, high * scale))
    # Noise of mean 0 and variance 1 is below this level at `share` of all places.
    return torch.special.ndtri(share), noise


def _radius(regions: Tensor, draws: Draws, config: SimulationConfig) -> Tensor:
    """(B,): half the thickness, in pixels."""
    low, high = (thickness / 2 * scale_of(regions) for thickness in config.thickness)
    return draws.fork("thickness").uniform(low=low, high=high)
