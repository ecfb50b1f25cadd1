"""Grady's random walker on one grid, told by geodesic distances what is near: arrays in, logits out.

A walker that starts at a pixel steps to its neighbours, rarely across an edge; the pixel belongs to the seeds
(scribbles and clicks) that it reaches first. That alone wants strokes of both signs around the whole object. Here each
pixel also leans towards what the prompts suggest: near to the positive strokes by geodesic distance, or, in a box,
towards its middle and unlike what lies around it. So one click, one stroke or a box is enough to begin with, and a
correction changes the mask where it was made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.morphology import skeletonize
from skimage.segmentation import random_walker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["MAX_LOGIT", "corrected_walk", "random_walk", "seeded", "stroke_outline"]

# The numbers below were chosen by hand, on strokes simulated on the training sets and on people's (MedScribble): its
# figures are therefore no held-out test of this predictor. Two matter most, STROKE_SPREAD and GEODESIC_CONTRAST: other
# values of them choose other outlines on single images (hip X-rays) when there are positive strokes only.

MIN_DEVIATION: Final = 0.02
"""Least standard deviation that grey values are divided by, so that noise in a flat image stays noise."""
SMOOTHING: Final = 0.7
"""Standard deviation, in cells, of the Gaussian under geodesic distances and contrasts."""

# The walk. An edge over a difference of d standard deviations weighs exp(-EDGE_STIFFNESS * d^2).
EDGE_STIFFNESS: Final = 6.0
LEANING: Final = 0.1
"""Weight of a cell's tie to what the prompts suggest, where that is clear; an edge weighs up to 1."""
LEAST_CLARITY: Final = 0.1  # where it is not clear; never 0, which keeps the linear system well conditioned
MAX_LOGIT: Final = 6.0
SEED_LOGIT: Final = 20.0
"""More than three times `MAX_LOGIT`: bilinear resampling then keeps the pixel of a lone seed on its side."""

# Geodesic distance: a step costs 1, more over an edge and where grey values leave the range under the strokes.
GEODESIC_CONTRAST: Final = 5.0
STROKE_RANGE: Final = (5, 95)  # percentiles

# The area that positive strokes suggest. Strokes of length L and extent e (longer side of their bounding box) in a view
# of side s mean about sqrt(FILL * e^2 * WIDTH * s * L) cells: so drew people in five tasks of MedScribble (standard
# deviation of the logarithm .3); on thin vessels (octa500) it is four times too much.
FILL: Final = 0.5
WIDTH: Final = 0.08
STROKE_SPREAD: Final = 0.7
CLICK_AREA: Final = 0.03  # share of the view; a click tells little of the size
CLICK_SPREAD: Final = 1.5
CLICK_EXTENT: Final = (4, 12)  # cells: up to the first a stroke counts as a click, from the second on as a stroke
CLICK_REACH: Final = 0.7
"""How far a click speaks that contradicts the mask, in its distances to the mask's border."""
DEGREES: Final = 3  # of freedom, of the distribution of areas
LEVELS: Final = 200
BASE_CONTRAST: Final = 0.02
"""Contrast, in standard deviations, that any outline has, so that a flat image follows the suggested area."""
DISRESPECT: Final = 0.1
"""What an outline is worth that takes in every negative stroke."""

# In a box: its inscribed ellipse, then what grey values say, learned from those inside and around in BOX_ROUNDS rounds.
ELLIPSE_STEEPNESS: Final = 4.0  # log odds from the middle to the ellipse
GREY_LEVELS: Final = 32
GREY_SMOOTHING: Final = 1.5  # levels
GREY_EVIDENCE: Final = 2.0  # greatest log odds
GREY_FLOOR: Final = 0.0025  # share of cells that any grey level may have by chance
AROUND: Final = 0.25  # width of what counts as around, in longer sides of the box, and at least:
AROUND_CELLS: Final = 3
BOX_ROUNDS: Final = 2
STROKE_REACH: Final = 0.2
"""How far from a stroke its word counts for more than the box's, in square roots of the box's area."""


def random_walk(
    grey: np.ndarray,
    box: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
    *,
    suggestion: np.ndarray | None = None,
) -> np.ndarray:
    """Segment one grid.

    Parameters
    ----------
    grey
        (h, w) float32 in [0, 1].
    box, positive, negative
        (h, w) in [0, 1] or bool: prompts drawn on the grid. Cells over 0 are taken; where both signs meet the larger
        one holds, positive when they are equal.
    suggestion
        (h, w) log odds of the object, where something better is known than what the strokes suggest. A box has its own.

    Returns
    -------
    (h, w) float32 logits, finite, positive on the object. Without a positive prompt or a box all is background.

    References
    ----------
    L. Grady, "Random walks for image segmentation", IEEE TPAMI 28(11), 2006 (the walk); L. Grady, "Multilabel random
    walker image segmentation using prior models", CVPR 2005 (the leaning); X. Bai and G. Sapiro, "Geodesic matting",
    IJCV 82(2), 2009 (nearness to strokes); C. Rother, V. Kolmogorov and A. Blake, "GrabCut", SIGGRAPH 2004 (the box).

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.zeros((32, 32), dtype=np.float32)
    >>> grey[8:24, 8:24] = 1
    >>> nothing, click = np.zeros((32, 32)), np.zeros((32, 32))
    >>> click[16, 16] = 1
    >>> int((random_walk(grey, nothing, click, nothing) > 0).sum())
    256
    """
    inside, outside = _seeds(np.asarray(positive), np.asarray(negative))
    boxed = np.asarray(box) > 0
    if not (inside.any() or boxed.any()) or (inside | outside).all():
        return _logits(inside.astype(np.float64), inside, outside)
    values = _standardised(grey)
    if boxed.any():
        return _logits(_in_box(values, boxed, inside, outside), inside, outside)
    if suggestion is None:
        suggestion, _ = _near(values, inside, outside)
    # One negative click corrects the suggestion in one place. Who draws much more background than object says all by
    # hand, and the suggestion, which comes from the positive strokes, has to stand back.
    leaning = LEANING * float(inside.sum()) / float((inside | outside).sum())
    return _logits(_walk(values, inside, outside, suggestion, leaning), inside, outside)


def corrected_walk(grey: np.ndarray, earlier: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Change an earlier mask around the seeds that contradict it.

    Parameters
    ----------
    grey
        (h, w) float32 in [0, 1].
    earlier
        (h, w) log odds of the mask that is there; beyond 1 they are as clear as can be.
    positive, negative
        (h, w) in [0, 1] or bool, as for `random_walk`.

    Returns
    -------
    (h, w) float32 logits, finite.
    """
    inside, outside = _seeds(np.asarray(positive), np.asarray(negative))
    values = _standardised(grey)
    suggestion = _contradicted(values, np.asarray(earlier, dtype=np.float64), inside, outside)
    return _logits(_walk(values, inside, outside, suggestion, LEANING), inside, outside)


def stroke_outline(grey: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, float] | None:
    """What strokes suggest by geodesic distance: (h, w) log odds, and how clear an outline that has in this view.

    Parameters as for `random_walk`. None where there is no positive stroke to see, or nothing but strokes.
    """
    inside, outside = _seeds(positive, negative)
    if not inside.any() or (inside | outside).all():
        return None
    return _near(_standardised(grey), inside, outside)


def seeded(logits: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """(h, w) float32: the logits, with certainty where something is drawn. `positive`, `negative` as `random_walk`."""
    inside, outside = _seeds(positive, negative)
    return _certain(logits, inside, outside)


def _seeds(positive: np.ndarray, negative: np.ndarray) -> tuple[Bools, Bools]:
    inside = (positive > 0) & (positive >= negative)
    return inside, (negative > 0) & ~inside


def _standardised(grey: np.ndarray) -> Floats:
    values = np.asarray(grey, dtype=np.float64)
    standardised: Floats = (values - values.mean()) / max(float(values.std()), MIN_DEVIATION)
    return standardised


def _logits(probability: Floats, inside: Bools, outside: Bools) -> np.ndarray:
    edge = 1 / (1 + math.exp(MAX_LOGIT))
    probability = np.clip(probability, edge, 1 - edge)
    return _certain(np.log(probability / (1 - probability)), inside, outside)


def _certain(logits: np.ndarray, inside: Bools, outside: Bools) -> np.ndarray:
    certain: np.ndarray = np.where(inside, SEED_LOGIT, np.where(outside, -SEED_LOGIT, logits)).astype(np.float32)
    return certain


def _walk(values: Floats, inside: Bools, outside: Bools, suggestion: Floats, leaning: float | Floats) -> Floats:
    """Probability that a walker from each cell ends on the object.

    Each cell is tied to a seed of its own in a second slice, object or not by the sign of `suggestion` (log odds): the
    virtual nodes of Grady's prior models, by means of scikit-image's 3-D walker. The ties make the linear system well
    conditioned, too: conjugate gradients need few steps.
    """
    seeds = np.where(inside, 1, np.where(outside, 2, 0))
    labels = np.stack([seeds, np.where(suggestion > 0, 1, 2)], axis=-1)
    if (seeds > 0).all() or (labels != 1).all() or (labels != 2).all():
        # Nothing is left to walk from, or there is one thing only to reach.
        return np.where(seeds > 0, seeds == 1, suggestion > 0).astype(np.float64)
    tie = leaning * np.clip(np.abs(suggestion), LEAST_CLARITY, 1)
    # A step in grey value to the second slice that gives just this weight.
    volume = np.stack([values, values + np.sqrt(-np.log(tie) / EDGE_STIFFNESS)], axis=-1)
    probability: Floats = random_walker(
        volume,
        labels,
        beta=EDGE_STIFFNESS * 10 * volume.std(),  # scikit-image divides by this deviation, which is of no meaning here
        mode="cg_j",
        return_full_prob=True,
        prob_tol=1.0,  # the solver's tolerance may leave [0, 1] by a little; `_logits` clips
    )[0, ..., 0]
    return probability


# --- near to the strokes ---------------------------------------------------------------------------------------------


def _near(values: Floats, inside: Bools, outside: Bools) -> tuple[Floats, float]:
    """Log odds of being near to the positive strokes by geodesic distance, and how clear an outline that has.

    The distance does not cross negative strokes.
    """
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    extent = max(int(np.ptp(where)) + 1 for where in np.nonzero(inside))
    click, stroke = CLICK_EXTENT
    strokeness = min(max((extent - click) / (stroke - click), 0.0), 1.0)
    # One cell has no range of values; those around it have.
    sample = inside if strokeness > 0 else ndimage.binary_dilation(inside, np.ones((3, 3), dtype=bool)) & ~outside
    low, high = np.percentile(smooth[sample], STROKE_RANGE if strokeness > 0 else (0, 100))
    unlike = np.maximum(np.maximum(low - smooth, smooth - high), 0)
    cost = 1 + GEODESIC_CONTRAST * (ndimage.gaussian_gradient_magnitude(values, SMOOTHING) + unlike)
    distance, _ = MCP_Geometric(np.where(outside, -1, cost)).find_costs(np.argwhere(inside))
    reached = np.isfinite(distance)
    distance = np.where(reached, distance, 2 * distance[reached].max() + 1)

    skeleton: Bools = skeletonize(inside)  # type: ignore[no-untyped-call]  # scikit-image does not say
    length = max(int(skeleton.sum()), 1)
    from_stroke = 0.5 * math.log(FILL * extent**2 * WIDTH * max(values.shape) * length)
    from_click = math.log(CLICK_AREA * values.size)
    log_area = strokeness * from_stroke + (1 - strokeness) * from_click
    spread = strokeness * STROKE_SPREAD + (1 - strokeness) * CLICK_SPREAD
    barred = ndimage.minimum_filter(distance, 3)[outside]
    threshold, score = _outline(distance, smooth, log_area, spread, barred)
    # Half a step, so that distance 0 has a logarithm.
    return np.log(threshold + 0.5) - np.log(distance + 0.5), score


def _outline(distance: Floats, smooth: Floats, log_area: float, spread: float, barred: Floats) -> tuple[float, float]:
    """The distance whose outline has most contrast, among those around about `exp(log_area)` cells, and its score.

    `barred` are the distances at negative strokes, which an outline should not reach.
    """
    scaled = np.log1p(distance)
    levels = np.linspace(0, scaled.max() + 1e-6, LEVELS + 1)
    contrast, edges = np.zeros(LEVELS + 2), np.zeros(LEVELS + 2)
    for axis in (0, 1):
        # Two neighbours lie on either side of the outlines from the nearer one's level to the farther one's.
        step = np.diff(scaled, axis=axis).ravel()
        first = np.delete(scaled, -1, axis=axis).ravel()
        rise = np.diff(smooth, axis=axis).ravel() * np.where(step < 0, -1, 1)
        start = np.searchsorted(levels, np.minimum(first, first + step))
        stop = np.searchsorted(levels, np.maximum(first, first + step))
        contrast += np.bincount(start, rise, LEVELS + 2) - np.bincount(stop, rise, LEVELS + 2)
        edges += np.bincount(start, minlength=LEVELS + 2) - np.bincount(stop, minlength=LEVELS + 2)
    contrast, edges = np.cumsum(contrast)[:-1], np.cumsum(edges)[:-1]
    # With its sign: noise and texture cancel along an outline, an object's edge does not.
    mean_contrast = np.abs(contrast) / np.maximum(edges, 1)
    areas = np.searchsorted(np.sort(scaled, axis=None), levels, side="right")
    misfit = (np.log(np.maximum(areas, 1)) - log_area) / spread
    # Student's t (no matter its scale): a short stroke on a large, clear object loses little.
    fit = (1 + misfit**2 / DEGREES) ** (-(DEGREES + 1) / 2)
    score = np.where(edges > 0, (mean_contrast + BASE_CONTRAST) * fit, 0)
    if barred.size:
        respected = 1 - np.searchsorted(np.sort(np.log1p(barred)), levels, side="right") / barred.size
        score *= np.maximum(respected, DISRESPECT)
    best = int(score.argmax())
    return float(np.expm1(levels[best])), float(score[best])


# --- corrected ------------------------------------------------------------------------------------------------------


def _contradicted(values: Floats, earlier: Floats, inside: Bools, outside: Bools) -> Floats:
    """What the earlier mask suggests (log odds), turned over around the seeds that contradict it.

    A seed that lies d cells from the mask's border speaks for `CLICK_REACH` times as many around it, and
    fewer across edges.
    """
    suggestion = earlier.copy()
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    gradient = ndimage.gaussian_gradient_magnitude(values, SMOOTHING)
    mask = earlier > 0
    for seeds, sign in ((inside & ~mask, 1.0), (outside & mask, -1.0)):
        if not seeds.any():
            continue
        wrong, barred = (~mask, outside) if sign > 0 else (mask, inside)
        # Beyond the grid lies background, which a missed part may well reach.
        depth = ndimage.distance_transform_edt(np.pad(wrong, 1, constant_values=sign > 0))[1:-1, 1:-1]
        places, count = ndimage.label(seeds, np.ones((3, 3)))
        for place in range(1, count + 1):
            here = places == place
            cost = 1 + GEODESIC_CONTRAST * (gradient + np.abs(smooth - smooth[here].mean()))
            distance, _ = MCP_Geometric(np.where(barred, -1, cost)).find_costs(np.argwhere(here))
            usual = float(np.median(cost[np.isfinite(distance)]))
            nearness = 1 - distance / max(CLICK_REACH * float(depth[here].max()) * usual, 1.0)
            suggestion = np.where(nearness > 0, sign * np.maximum(nearness, LEAST_CLARITY), suggestion)
    return np.asarray(suggestion)


# --- in a box --------------------------------------------------------------------------------------------------------


def _in_box(values: Floats, boxed: Bools, inside: Bools, outside: Bools) -> Floats:
    """Probability of the object in a box, from the ellipse in it and from grey values inside against those around."""
    radius, longest = _ellipse(boxed)
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    low, span = float(smooth.min()), max(float(np.ptp(smooth)), MIN_DEVIATION)
    level = np.minimum(((smooth - low) / span * GREY_LEVELS).astype(np.intp), GREY_LEVELS - 1)
    around = (~boxed & (_distance(boxed) <= max(AROUND * longest, AROUND_CELLS))).astype(np.float64)
    leaning: float | Floats = LEANING
    if (inside | outside).any():
        far = _distance(inside | outside) ** 2
        near = STROKE_REACH**2 * float(boxed.sum())
        leaning = LEANING * np.maximum(far / (far + near), LEAST_CLARITY**2)
    object_share: Floats = np.maximum(boxed * np.clip(1 - radius, 0, 1), inside)
    other_share: Floats = around + boxed * np.clip(radius - 1, 0, 1)
    probability: Floats = object_share
    for _ in range(BOX_ROUNDS):
        odds = np.log(_histogram(level, object_share) / _histogram(level, other_share))[level]
        suggestion = ELLIPSE_STEEPNESS * (1 - radius) + np.clip(odds, -GREY_EVIDENCE, GREY_EVIDENCE)
        probability = _walk(values, inside, outside | ~(boxed | inside), suggestion, leaning)
        object_share, other_share = boxed * probability, around + boxed * (1 - probability)
    return probability


def _ellipse(boxed: Bools) -> tuple[Floats, int]:
    """Distance of each cell from the middle of its box, 1 on the inscribed ellipse; and the longest side of any box."""
    radius = np.full(boxed.shape, 2.0)
    longest = 0
    for box in ndimage.find_objects(ndimage.label(boxed)[0]):
        middles = [(side.start + side.stop - 1) / 2 for side in box]
        sides = [side.stop - side.start for side in box]
        y, x = ((np.arange(s.start, s.stop) - m) * 2 / n for s, m, n in zip(box, middles, sides, strict=True))
        radius[box] = np.hypot(y[:, None], x)
        longest = max(longest, *sides)
    return radius, longest


def _distance(cells: Bools) -> Floats:
    """Euclidean distance to the nearest of `cells`, of which there is one at least."""
    distance: Floats = ndimage.distance_transform_edt(~cells)
    return distance


def _histogram(level: NDArray[np.intp], weight: Floats) -> Floats:
    counts = np.bincount(level.ravel(), np.clip(weight, 0, 1).ravel(), GREY_LEVELS)
    counts = ndimage.gaussian_filter1d(counts, GREY_SMOOTHING, mode="nearest")
    shares: Floats = counts / max(float(counts.sum()), 1e-9) + GREY_FLOOR
    return shares
