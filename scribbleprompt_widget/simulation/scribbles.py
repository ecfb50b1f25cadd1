"""Simulated scribbles: the paper's line, centerline and contour scribbles.

Wong et al., ECCV 2024, section 3.2 and appendix: a scribble is laid out in the region, broken up by thresholded smooth
noise, warped by a smooth random deformation, and cut to the region. `hand.py` draws as people do.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.config import REFERENCE_SIDE, Range, SimulationConfig
from scribbleprompt_widget.simulation.distance import distance_inside
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.hand import hand_scribbles
from scribbleprompt_widget.simulation.noise import blur, smooth_noise
from scribbleprompt_widget.simulation.picking import mark_pixels, pick_pixels
from scribbleprompt_widget.simulation.sampling import sample_at, warp
from scribbleprompt_widget.simulation.strokes import paint

__all__ = ["MAX_LINES", "centerline_scribbles", "contour_scribbles", "hand_scribbles", "line_scribbles"]

MAX_LINES = 8
"""The most lines that one call puts into a region."""


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
        (B,) int64, 0 to `MAX_LINES`: segments for each sample; 1 each when None.

    Returns
    -------
    (B, 1, H, W) float32 in {0, 1}: 1 inside the region only; empty where the region is empty or the count 0, and only
    there.
    """
    regions = regions > 0.5
    size, scale = _geometry(regions)
    counts = _counts(counts, regions)
    ends = pick_pixels(regions, draws.fork("ends"), 2 * MAX_LINES)
    ends = torch.stack([ends // size[1], ends % size[1]], dim=-1).float().view(-1, 2, MAX_LINES, 2)
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    if config.max_length is not None:
        length = along.norm(dim=-1, keepdim=True)
        along = along * (config.max_length * scale / length.clamp(min=1e-6)).clamp(max=1)
    # Points at most a pixel apart on the longest possible line.
    steps = torch.linspace(0, 1, size[0] + size[1], device=regions.device)
    points = (start[:, :, None] + along[:, :, None] * steps[:, None]).flatten(1, 2)
    displacement = _displacement(draws.fork("warp"), size, scale, config)
    warped = points + sample_at(displacement, points).mT
    kept = sample_at(_break_up(draws.fork("break"), size, scale, config)[:, None], points).squeeze(1) > 0
    wanted = (torch.arange(MAX_LINES, device=regions.device) < counts[:, None]).repeat_interleave(len(steps), 1)
    radius = draws.fork("thickness").uniform(low=config.thickness[0] / 2, high=config.thickness[1] / 2) * scale
    reach = config.thickness[1] / 2 * scale
    strokes = paint(warped, wanted & kept, radius, size, max_radius=reach)
    whole = paint(points, wanted, radius, size, max_radius=reach)
    return _cut(strokes, whole, regions, counts, draws)


def centerline_scribbles(
    regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None
) -> Tensor:
    """The region's skeleton, broken, warped and cut to it; otherwise as `line_scribbles`.

    `counts` only tells 0 from more: the skeleton is one, and breaking it up gives its pieces.
    """
    regions = regions > 0.5
    depth = distance_inside(regions, frame=True)
    ridge = regions & (F.max_pool2d(depth, 3, 1, 1) < depth + 0.7)
    return _broken(ridge.float(), regions, draws, config, counts)


def contour_scribbles(
    regions: Tensor, draws: Draws, config: SimulationConfig, *, counts: Tensor | None = None
) -> Tensor:
    """A level set of the blurred region, broken, warped and cut to it; otherwise as `centerline_scribbles`."""
    regions = regions > 0.5
    _, scale = _geometry(regions)
    sigma = draws.fork("blur").uniform(low=config.blur_sigma[0], high=config.blur_sigma[1]) * scale
    blurred = blur(regions.float(), sigma, radius=round(config.blur_kernel // 2 * scale))
    inside = torch.where(regions, blurred, torch.nan).flatten(1)
    low, high = inside.nan_to_num(2).amin(1), inside.nan_to_num(0).amax(1)
    level = low + draws.fork("level").uniform() * (high - low) * 0.9
    above = blurred >= level[:, None, None, None]
    edge = above & (F.max_pool2d((~above).float(), 3, 1, 1) > 0)
    return _broken((edge & regions).float(), regions, draws, config, counts)


def _broken(lines: Tensor, regions: Tensor, draws: Draws, config: SimulationConfig, counts: Tensor | None) -> Tensor:
    """Break, warp, thicken and cut one-pixel lines (B, 1, H, W)."""
    size, scale = _geometry(regions)
    displacement = _displacement(draws.fork("warp"), size, scale, config)
    broken = lines * (_break_up(draws.fork("break"), size, scale, config)[:, None] > 0)
    thick = F.max_pool2d(broken, 3, 1, 1)
    warped = (warp(thick, displacement) > 0.5).float()
    return _cut(warped, lines, regions, _counts(counts, regions), draws)


def _cut(strokes: Tensor, whole: Tensor, regions: Tensor, counts: Tensor, draws: Draws) -> Tensor:
    """Cut to the region; where that leaves nothing, as it was before breaking and warping; at last, a dot."""
    dot = pick_pixels(regions, draws.fork("dot"), 1)
    dots = mark_pixels(dot, torch.ones_like(dot, dtype=torch.bool), (regions.shape[-2], regions.shape[-1]))
    result = strokes
    for instead in (whole, dots):
        empty = ~(result.bool() & regions).flatten(1).any(1)[:, None, None, None]
        result = torch.where(empty, instead, result)
    return result * regions * (counts > 0)[:, None, None, None]


def _displacement(draws: Draws, size: tuple[int, int], scale: float, config: SimulationConfig) -> Tensor:
    """(B, 2, H, W): how far each place moves, rows then columns, in pixels."""
    magnitude = draws.uniform(low=config.warp_magnitude[0], high=config.warp_magnitude[1]) * scale
    return smooth_noise(draws, size, _scaled(config.warp_smoothing, scale), fields=2) * magnitude[:, None, None, None]


def _break_up(draws: Draws, size: tuple[int, int], scale: float, config: SimulationConfig) -> Tensor:
    """(B, H, W): more than 0 where a scribble is kept."""
    share = draws.uniform(low=config.break_share[0], high=config.break_share[1])
    # Noise of variance 1 is below this level at `share` of all places.
    level: Tensor = torch.special.ndtri(share.clamp(1e-4, 1 - 1e-4))
    noise = smooth_noise(draws, size, _scaled(config.break_smoothing, scale))
    return level[:, None, None] - noise.squeeze(1)


def _geometry(regions: Tensor) -> tuple[tuple[int, int], float]:
    size = (regions.shape[-2], regions.shape[-1])
    return size, max(size) / REFERENCE_SIDE


def _scaled(bounds: Range, scale: float) -> Range:
    return bounds[0] * scale, bounds[1] * scale


def _counts(counts: Tensor | None, regions: Tensor) -> Tensor:
    return torch.ones(len(regions), dtype=torch.int64, device=regions.device) if counts is None else counts
