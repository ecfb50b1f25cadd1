"""The predictor without trained weights: Grady's random walker, told by geodesic distances what is near.

A walker that starts at a pixel steps to its neighbours, rarely across an edge; the pixel belongs to the seeds (scribbles
and clicks) that it reaches first. That alone wants strokes of both signs around the whole object. Here each pixel also
leans towards what the prompts suggest: near to the positive strokes by geodesic distance, or, in a box, towards its
middle and unlike what lies around it. So one click, one stroke or a box is enough to begin with, and a correction changes
the mask where it was made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.morphology import skeletonize
from skimage.segmentation import random_walker

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import Predictor, Session, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scribbleprompt_widget.image import Image
    from scribbleprompt_widget.prompts import Prompts

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["RandomWalkerPredictor", "RandomWalkerSession", "random_walk"]

# --- what the numbers below were chosen by: people's strokes in MedScribble (lengths and areas only) and simulated strokes
# --- on the training sets. Dice changes by about .01 when any of them is changed by a third.

SIDE: Final = 128
"""Cells along the longer side of a grid: finer ones are slower and, on noisy images, no better."""
MIN_DEVIATION: Final = 0.02
"""Least standard deviation that grey values are divided by: noise in a flat image stays noise."""
SMOOTHING: Final = 0.7
"""Standard deviation in cells of the Gaussian under geodesic distances and contrasts."""

# The walk: an edge over a difference of d standard deviations weighs exp(-EDGE_STIFFNESS * d^2).
EDGE_STIFFNESS: Final = 6.0
LEANING: Final = 0.03
"""Weight of a pixel's tie to what the prompts suggest, where the suggestion is clear; an edge weighs up to 1."""
MINC=.1
SOFT=1.

# Geodesic distance: a step costs 1, more over an edge and where grey values leave the range under the strokes.
GEODESIC_CONTRAST: Final = 3.0
STROKE_RANGE: Final = (5.0, 95.0)  # percentiles

# The area that positive strokes suggest: people's strokes of length L and extent e (longer side of the bounding box) mean
# an area of about sqrt(FILL * e^2 * WIDTH * side * L), within a factor of exp(0.3) for four in six.
FILL: Final = 0.5
WIDTH: Final = 0.08
STROKE_SPREAD: Final = 0.7
CLICK_AREA: Final = 0.03  # share of the grid; a click tells little of the size
CLICK_SPREAD: Final = 1.5
CLICK_EXTENT: Final = (4, 12)  # cells: up to the first a stroke is a click, from the second on it is a stroke
BOX_FILL: Final = 0.6
KNOWN_SPREAD: Final = 0.5
LEVELS: Final = 200
BASE_CONTRAST: Final = 0.02
"""Contrast (in standard deviations) that any outline has, so that a flat image still follows the suggested area."""

# In a box: the inscribed ellipse, then what its grey values say against those around, learned twice.
ELLIPSE_STEEPNESS: Final = 4.0
GREY_LEVELS: Final = 32
GREY_SMOOTHING: Final = 1.5
GREY_EVIDENCE: Final = 2.0  # greatest log odds
GREY_FLOOR: Final = 0.0025  # share of pixels that any grey level may have by chance
RING: Final = 0.25  # width of what counts as "around", in box sides
BOX_ROUNDS: Final = 2
BOX_LEANING: Final = 0.1

MAX_LOGIT: Final = 6.0
SEED_LOGIT: Final = 20.0
"""More than three times `MAX_LOGIT`: bilinear resampling keeps a lone seed's own pixel on its side."""

MARGIN: Final = 0.5
"""What a closer look shows around the object, in sides of its bounding box."""
WORTH_ZOOM: Final = 1.4
"""A closer look is taken when its cells are smaller by this factor."""
MAX_ZOOMS: Final = 2
BOXMODE='box'
REACH=.2
QQ=1


class RandomWalkerPredictor(Predictor):
    """Random walker with seeds and a leaning (Grady 2005, 2006), on scikit-image. No weights, no torch."""

    name = "random_walker"
    engine = "scikit-image"

    def _open(self, image: Image) -> RandomWalkerSession:
        return RandomWalkerSession(self, image)


class RandomWalkerSession(Session):
    """One image. Looks at the whole of it on a coarse grid first, then more closely at what it found."""

    def __init__(self, predictor: Predictor, image: Image) -> None:
        super().__init__(predictor, image)
        height, width = image.shape
        self._whole = _grid_over((0.0, 0.0, float(width), float(height)))
        self._grey = self._whole.sample(image.grey)

    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        if not prompts:
            # There is nothing to walk from; the earlier logits are the answer.
            return previous if previous is not None else self.empty_state()
        grid, logits = self._whole, random_walk(self._grey, *prompts.rasterise(self._whole))
        for _ in range(MAX_ZOOMS):
            closer = self._closer(prompts, grid, logits)
            if closer is None:
                break
            area = float((logits > 0).sum()) * (closer.scale_x * closer.scale_y) / (grid.scale_x * grid.scale_y)
            found = random_walk(closer.sample(self.image.grey), *prompts.rasterise(closer), area=area)
            if not (found > 0).any() or self._cut(closer, found):
                break
            grid, logits = closer, found
        return State(logits, grid, self.predictor.name, self.predictor.engine)

    def _closer(self, prompts: Prompts, grid: Grid, logits: np.ndarray) -> Grid | None:
        """A finer grid around the object and whatever says where it is, or None where that gains little."""
        box, positive, _ = prompts.rasterise(grid)
        rows, columns = np.nonzero((logits > 0) | (positive > 0) | (box > 0))
        if rows.size == 0:
            return None
        x0, x1 = (grid.x0 + column / grid.scale_x for column in (columns.min(), columns.max() + 1))
        y0, y1 = (grid.y0 + row / grid.scale_y for row in (rows.min(), rows.max() + 1))
        margin = MARGIN * max(x1 - x0, y1 - y0)
        height, width = self.image.shape
        closer = _grid_over(
            (
                float(max(math.floor(x0 - margin), 0)),
                float(max(math.floor(y0 - margin), 0)),
                float(min(math.ceil(x1 + margin), width)),
                float(min(math.ceil(y1 + margin), height)),
            )
        )
        return closer if min(closer.scale_x / grid.scale_x, closer.scale_y / grid.scale_y) >= WORTH_ZOOM else None

    def _cut(self, grid: Grid, logits: np.ndarray) -> bool:
        """Whether the object runs out of the grid although the image goes on."""
        height, width = self.image.shape
        sides = (
            (grid.x0 > 0, logits[:, 0]),
            (grid.y0 > 0, logits[0]),
            (grid.x1 < width, logits[:, -1]),
            (grid.y1 < height, logits[-1]),
        )
        return any(inner and bool((side > 0).any()) for inner, side in sides)


def random_walk(
    grey: np.ndarray,
    box: np.ndarray,
    positive: np.ndarray,
    negative: np.ndarray,
    *,
    area: float | None = None,
) -> np.ndarray:
    """Segment one grid.

    Parameters
    ----------
    grey
        (h, w) float32 in [0, 1].
    box, positive, negative
        (h, w) in [0, 1] or bool: prompts drawn on the grid. Cells over 0 are taken; where both signs meet the larger
        one holds, positive when they are equal.
    area
        About how many cells the object has, where that is known.

    Returns
    -------
    (h, w) float32 logits, finite, positive on the object. Without a positive prompt or a box all is background.

    References
    ----------
    L. Grady, "Random walks for image segmentation", IEEE TPAMI 28(11), 2006 (the walk); L. Grady, "Multilabel random
    walker image segmentation using prior models", CVPR 2005 (the leaning); X. Bai, G. Sapiro, "Geodesic matting", IJCV
    82(2), 2009 (nearness to strokes); C. Rother, V. Kolmogorov, A. Blake, "GrabCut", SIGGRAPH 2004 (the box).

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
    positive, negative = np.asarray(positive, dtype=np.float32), np.asarray(negative, dtype=np.float32)
    inside = (positive > 0) & (positive >= negative)
    outside = (negative > 0) & ~inside
    boxed = np.asarray(box) > 0
    if not (inside.any() or boxed.any()):
        return _logits(np.zeros(inside.shape), inside, outside)
    values = np.asarray(grey, dtype=np.float64)
    values = (values - values.mean()) / max(float(values.std()), MIN_DEVIATION)
    given = outside
    if boxed.any():
        outside = outside | ~(boxed | inside)
    if (boxed.any() and BOXMODE=='box') or not inside.any():
        return _logits(_in_box(values, boxed, inside, outside, given), inside, outside)
    if area is None and boxed.any():
        area = BOX_FILL * float(boxed.sum())
    evidence = _near(values, inside, outside, area)
    leaning = LEANING
    if QQ: leaning *= (inside.sum()/(inside.sum()+given.sum()))**QQ
    return _logits(_walk(values, inside, outside, evidence, given, leaning), inside, outside)


def _logits(probability: Floats, inside: Bools, outside: Bools) -> np.ndarray:
    edge = 1 / (1 + math.exp(MAX_LOGIT))
    probability = np.clip(probability, edge, 1 - edge)
    logits = np.log(probability / (1 - probability))
    logits[inside] = SEED_LOGIT
    logits[outside] = -SEED_LOGIT
    return logits.astype(np.float32)


def _walk(values: Floats, inside: Bools, outside: Bools, evidence: Floats, given, leaning: float = LEANING) -> Floats:
    """Probability that a walker from each cell ends on the object.

    `evidence` are log odds. Each cell is tied to a seed of its own in a second slice: the virtual nodes of Grady's prior
    models, by means of scikit-image's 3-D walker. They also make the system well conditioned, so that conjugate
    gradients need few steps.
    """
    seeds = np.where(inside, 1, np.where(outside, 2, 0))
    labels = np.stack([seeds, np.where(evidence > 0, 1, 2)], axis=-1)
    if (seeds > 0).all() or (labels != 2).all() or (labels != 1).all():
        # Nothing is left to walk from, or there is only one thing to reach.
        return np.where(seeds > 0, seeds == 1, evidence > 0).astype(np.float64)
    tie = leaning * np.clip(np.abs(evidence)/SOFT, MINC, 1)
    drawn = inside | given
    if leaning == BOX_LEANING and drawn.any() and REACH>0:
        d2 = ndimage.distance_transform_edt(~drawn) ** 2
        tie = tie * np.maximum(d2 / (d2 + REACH**2 * max(int((evidence > 0).sum()),1)),.003)

    # The step in grey value to the second slice that gives just this weight.
    volume = np.stack([values, values + np.sqrt(-np.log(tie) / EDGE_STIFFNESS)], axis=-1)
    probability: Floats = random_walker(
        volume,
        labels,
        beta=EDGE_STIFFNESS * 10 * volume.std(),  # scikit-image divides by this, and so by the second slice
        mode="cg_j",
        return_full_prob=True,
        prob_tol=1.0,  # what the solver's tolerance leaves outside [0, 1] is clipped by `_logits`
    )[0, ..., 0]
    return probability


# --- near to the strokes ---------------------------------------------------------------------------------------------


def _near(values: Floats, inside: Bools, outside: Bools, area: float | None) -> Floats:
    """Log odds of being near enough to the positive strokes, by geodesic distance, not crossing negative ones."""
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    extent = max(int(np.ptp(where)) + 1 for where in np.nonzero(inside))
    smallest, largest = CLICK_EXTENT
    # 0 for a click, 1 for a stroke.
    strokeness = min(max((extent - smallest) / (largest - smallest), 0.0), 1.0)
    sample = inside if strokeness > 0 else ndimage.binary_dilation(inside, np.ones((3, 3))) & ~outside
    low, high = np.percentile(smooth[sample], STROKE_RANGE if strokeness > 0 else (0, 100))
    unlike = np.maximum(np.maximum(low - smooth, smooth - high), 0)
    cost = 1 + GEODESIC_CONTRAST * (ndimage.gaussian_gradient_magnitude(values, SMOOTHING) + unlike)
    distance, _ = MCP_Geometric(np.where(outside, -1, cost)).find_costs(np.argwhere(inside))
    reached = np.isfinite(distance)
    distance = np.where(reached, distance, 2 * distance[reached].max() + 1)

    if area is not None:
        expected, spread = math.log(area), KNOWN_SPREAD
    else:
        side = max(values.shape)
        length = int(skeletonize(inside).sum())
        from_stroke = 0.5 * math.log(FILL * extent**2 * WIDTH * side * max(length, 1))
        from_click = math.log(CLICK_AREA * values.size)
        expected = strokeness * from_stroke + (1 - strokeness) * from_click
        spread = strokeness * STROKE_SPREAD + (1 - strokeness) * CLICK_SPREAD
    threshold = _outline(distance, smooth, expected, spread)
    # Half a cell, so that distance 0 has a logarithm.
    return np.log(threshold + 0.5) - np.log(distance + 0.5)


def _outline(distance: Floats, smooth: Floats, expected: float, spread: float) -> float:
    """The distance whose outline has most contrast, among those around about `exp(expected)` cells."""
    scaled = np.log1p(distance)
    levels = np.linspace(0, scaled.max() + 1e-6, LEVELS + 1)
    contrast, edges = np.zeros(LEVELS + 2), np.zeros(LEVELS + 2)
    for axis in (0, 1):
        # Neighbours on either side of an outline: all levels from the nearer one's to the farther one's.
        first, second = (np.take(scaled, index, axis) for index in _neighbours(scaled.shape[axis]))
        step = np.diff(smooth, axis=axis) * np.where(first > second, -1, 1)
        start = np.searchsorted(levels, np.minimum(first, second).ravel())
        stop = np.searchsorted(levels, np.maximum(first, second).ravel())
        for sign, where in ((1, start), (-1, stop)):
            contrast += sign * np.bincount(where, step.ravel(), LEVELS + 2)
            edges += sign * np.bincount(where, minlength=LEVELS + 2)
    contrast, edges = np.cumsum(contrast)[:-1], np.cumsum(edges)[:-1]
    # Signed: noise and texture cancel along an outline, the object's edge does not.
    mean_contrast = np.abs(contrast) / np.maximum(edges, 1)
    areas = np.searchsorted(np.sort(scaled, axis=None), levels, side="right")
    score = (mean_contrast + BASE_CONTRAST) * np.exp(-0.5 * ((np.log(np.maximum(areas, 1)) - expected) / spread) ** 2)
    score[edges < 1] = 0
    return float(np.expm1(levels[int(score.argmax())]))


def _neighbours(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(count - 1), np.arange(1, count)


# --- in a box --------------------------------------------------------------------------------------------------------


def _in_box(values: Floats, boxed: Bools, inside: Bools, outside: Bools, given) -> Floats:
    """Probability of the object in a box, from the ellipse in it and from grey values inside against those around."""
    radius = _ellipse_radius(boxed)
    shape_odds = ELLIPSE_STEEPNESS * (1 - radius)
    smooth = ndimage.gaussian_filter(values, SMOOTHING)
    low, span = float(smooth.min()), max(float(np.ptp(smooth)), 1e-9)
    level = np.minimum(((smooth - low) / span * GREY_LEVELS).astype(np.intp), GREY_LEVELS - 1)
    _, widths = zip(*((s[0].stop - s[0].start, s[1].stop - s[1].start) for s in _objects(boxed)), strict=True)
    reach = max(3.0, RING * max(widths))
    around = ~boxed & (ndimage.distance_transform_edt(~boxed) <= reach) if not boxed.all() else np.zeros_like(boxed)
    object_share = np.maximum(boxed * np.clip(1 - radius, 0, 1), inside)
    other_share = around + boxed * np.clip(radius - 1, 0, 1)
    probability = object_share
    for _ in range(BOX_ROUNDS):
        odds = np.log(_histogram(level, object_share) / _histogram(level, other_share))[level]
        evidence = shape_odds + np.clip(odds, -GREY_EVIDENCE, GREY_EVIDENCE)
        probability = _walk(values, inside, outside, evidence, given, BOX_LEANING)
        object_share, other_share = boxed * probability, around + boxed * (1 - probability)
    return probability


def _objects(boxed: Bools) -> list[tuple[slice, slice]]:
    return ndimage.find_objects(ndimage.label(boxed)[0])  # type: ignore[no-any-return]


def _ellipse_radius(boxed: Bools) -> Floats:
    """Distance from the middle of the box, 1 on its inscribed ellipse; far outside any box."""
    radius = np.full(boxed.shape, 2.0)
    for rows, columns in _objects(boxed):
        y, x = (
            (2 * np.arange(s.start, s.stop) + 1 - s.start - s.stop) / (s.stop - s.start) for s in (rows, columns)
        )
        radius[rows, columns] = np.minimum(radius[rows, columns], np.hypot(y[:, None], x))
    return radius


def _histogram(level: NDArray[np.intp], weight: Floats) -> Floats:
    counts = np.bincount(level.ravel(), weight.ravel(), GREY_LEVELS)
    counts = ndimage.gaussian_filter1d(counts, GREY_SMOOTHING, mode="nearest")
    shares: Floats = counts / max(float(counts.sum()), 1e-9) + GREY_FLOOR
    return shares


def _grid_over(rectangle: tuple[float, float, float, float]) -> Grid:
    """At most SIDE cells along the longer side, never finer than the image's pixels."""
    x0, y0, x1, y1 = rectangle
    scale = min(SIDE / max(x1 - x0, y1 - y0), 1.0)
    return Grid(x0, y0, x1, y1, max(round((y1 - y0) * scale), 1), max(round((x1 - x0) * scale), 1))
