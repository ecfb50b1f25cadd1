"""The predictor without trained weights: Grady's random walker, told by geodesic distances what is near.

A walker that starts at a pixel steps to its neighbours, rarely across an edge; the pixel belongs to the seeds
(scribbles and clicks) that it reaches first. That alone wants strokes of both signs around the whole object. Here each
pixel also leans towards what the prompts suggest: near to the positive strokes by geodesic distance, or, in a box,
towards its middle and unlike what lies around it. So one click, one stroke or a box is enough to begin with, and a
correction changes the mask where it was made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.morphology import skeletonize
from skimage.segmentation import random_walker

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import Predictor, Session, State
from scribbleprompt_widget.prompts import Box, Click, Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scribbleprompt_widget.image import Image
    from scribbleprompt_widget.prompts import Channels

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["RandomWalkerPredictor", "RandomWalkerSession", "random_walk"]

# The numbers below were chosen by hand, on strokes simulated on the training sets and on people's (MedScribble): its
# figures are therefore no held-out test of this predictor. Two matter most, STROKE_SPREAD and GEODESIC_CONTRAST: other
# values of them choose other outlines on single images (hip X-rays) when there are positive strokes only.

SIDE: Final = 100
"""Cells along the longer side of a grid. Finer grids give the same Dice with strokes of both signs and take longer; and
above 10,000 unknowns OpenBLAS starts threads for every vector operation of the solver, which stall when another process
(the browser) wants the cores."""
MIN_DEVIATION: Final = 0.02
"""Least standard deviation that grey values are divided by, so that noise in a flat image stays noise."""
SMOOTHING: Final = 0.7
"""Standard deviation, in cells, of the Gaussian under geodesic distances and contrasts."""

# Which part of the image to look at.
FIRST_VIEW: Final = 4
"""Side of the smallest view around strokes, in their extents; a click's is `SIDE` image pixels."""
VIEW_STEP: Final = 4
BOX_MARGIN: Final = 0.6  # around a box, in its longer sides
OBJECT_MARGIN: Final = 0.5  # around what a first look found, likewise
WORTH_ZOOM: Final = 1.4
"""A closer look is taken where its cells are smaller by this factor."""

# The walk. An edge over a difference of d standard deviations weighs exp(-EDGE_STIFFNESS * d^2).
EDGE_STIFFNESS: Final = 6.0
LEANING: Final = 0.1
"""Weight of a cell's tie to what the prompts suggest, where that is clear; an edge weighs up to 1."""
LEAST_CLARITY: Final = 0.1  # where it is not clear; never 0, which keeps the linear system well conditioned
MAX_LOGIT: Final = 6.0
SEED_LOGIT: Final = 20.0
"""More than three times `MAX_LOGIT`: bilinear resampling then keeps the pixel of a lone seed on its side."""
CLICK_GAIN: Final = 4.0
"""Times `SEED_LOGIT`: likewise, for a click between strokes of the other sign."""

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


class RandomWalkerPredictor(Predictor):
    """Random walker with seeds and a leaning (Grady 2005, 2006), on scikit-image. No weights, no torch."""

    name = "random_walker"
    engine = "scikit-image"

    def __init__(self, device: str = "cpu") -> None:
        if str(device) != "cpu":
            raise ValueError(f'device takes "cpu" for the random walker, got {device!r}')

    def _open(self, image: Image) -> RandomWalkerSession:
        return RandomWalkerSession(self, image)


class RandomWalkerSession(Session):
    """One image. Chooses a view by the prompts, then looks more closely at what it found there."""

    def __init__(self, predictor: Predictor, image: Image) -> None:
        super().__init__(predictor, image)
        height, width = image.shape
        self._whole = self._view((0, 0, width, height))
        self._whole_grey = self._whole.sample(image.grey)

    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        if not prompts:
            # There is nothing to walk from: the earlier logits are the answer.
            return previous if previous is not None else self.empty_state()
        if previous is not None and isinstance(prompts[-1], Click):
            corrected = self._correct(prompts, previous)
            if corrected is not None:
                return corrected
        look = self._first_look(prompts)
        logits = random_walk(look.grey, *look.channels, suggestion=look.suggestion)
        closer = self._closer(look, logits)
        if closer is not None:
            suggestion = _resampled(logits, look.grid, closer)
            found = random_walk(self._grey(closer), *prompts.rasterise(closer), suggestion=suggestion)
            if (found > 0).any() and not self._cuts(closer, found):
                return self._state(_with_clicks(found, prompts, closer), closer)
        return self._state(_with_clicks(logits, prompts, look.grid), look.grid)

    def _correct(self, prompts: Prompts, previous: State) -> State | None:
        """The earlier mask, changed around the clicks that contradict it; None where there was no mask.

        Clicks say too little to start anew each time: the mask that the person saw when they clicked says the rest.
        """
        if not (previous.logits > 0).any():
            return None
        drawn = prompts.rasterise(self._whole)
        strokes = (drawn.positive > 0) | (drawn.negative > 0)  # the last prompt is a click, so there are some
        corners = zip(_rectangle(previous.grid, previous.logits > 0), _rectangle(self._whole, strokes), strict=True)
        x0, y0, x1, y1 = (pick(pair) for pick, pair in zip((min, min, max, max), corners, strict=True))
        rectangle = _Rectangle(x0, y0, x1, y1)
        # Room for what the object may grow by.
        grid = self._view(_widened(rectangle, 1 + 2 * OBJECT_MARGIN, 0))
        grey, channels = self._grey(grid), prompts.rasterise(grid)
        inside, outside = _seeds(channels.positive, channels.negative)
        if (inside | outside).all():
            return None
        values = _standardised(grey)
        earlier = _resampled(previous.logits, previous.grid, grid)
        suggestion = _contradicted(values, earlier, inside, outside)
        logits = _logits(_walk(values, inside, outside, suggestion, LEANING), inside, outside)
        return self._state(_with_clicks(logits, prompts, grid), grid)

    def _first_look(self, prompts: Prompts) -> _Look:
        """The view in which the prompts suggest an object most clearly."""
        whole = _Look(self._whole, self._whole_grey, prompts.rasterise(self._whole), None)
        # Without the negative ones: on a coarse grid a later one can take the only cell of a positive one.
        shown = Prompts(p for p in prompts if isinstance(p, Box) or p.positive).rasterise(self._whole)
        if not ((shown.positive > 0) | (shown.box > 0)).any():
            return whole
        rectangle = _rectangle(self._whole, (shown.positive > 0) | (shown.box > 0))
        if shown.box.any():
            grid = self._view(_widened(rectangle, 1 + 2 * BOX_MARGIN, 0))
            return _Look(grid, self._grey(grid), prompts.rasterise(grid), None)
        best, best_score = whole, -1.0
        for grid in (self._whole, *self._views_around(rectangle)):
            grey, seen = self._grey(grid), whole.channels if grid == self._whole else prompts.rasterise(grid)
            inside, outside = _seeds(seen.positive, seen.negative)
            if not inside.any() or (inside | outside).all():
                continue
            suggestion, score = _near(_standardised(grey), inside, outside)
            if score > best_score and not self._cuts(grid, suggestion):
                best, best_score = _Look(grid, grey, seen, suggestion), score
        return best

    def _views_around(self, rectangle: _Rectangle) -> list[Grid]:
        """Views around the strokes in `rectangle`, from small to large, the whole image not among them."""
        cell = 1 / min(self._whole.scale_x, self._whole.scale_y)
        extent = max(rectangle.x1 - rectangle.x0, rectangle.y1 - rectangle.y0)
        # The rectangle is known to a cell of the coarse grid: a click may lie anywhere in it.
        side = max(SIDE, FIRST_VIEW * (extent - cell)) + cell
        views = []
        while side * WORTH_ZOOM < max(self.image.shape):
            views.append(self._view(_widened(rectangle, 0, side)))
            side *= VIEW_STEP
        return views

    def _closer(self, look: _Look, logits: np.ndarray) -> Grid | None:
        """A finer grid around the object and what was drawn on it, or None where that gains little."""
        object_cells = (logits > 0) | (look.channels.positive > 0) | (look.channels.box > 0)
        if not object_cells.any():
            return None
        closer = self._view(_widened(_rectangle(look.grid, object_cells), 1 + 2 * OBJECT_MARGIN, 0))
        gain = min(closer.scale_x / look.grid.scale_x, closer.scale_y / look.grid.scale_y)
        return closer if gain >= WORTH_ZOOM else None

    def _view(self, rectangle: tuple[float, float, float, float]) -> Grid:
        """A grid over the image's part of a rectangle: square cells, `SIDE` at most, never finer than the pixels."""
        height, width = self.image.shape
        x0, y0 = max(math.floor(rectangle[0]), 0), max(math.floor(rectangle[1]), 0)
        x1, y1 = min(math.ceil(rectangle[2]), width), min(math.ceil(rectangle[3]), height)
        scale = min(SIDE / max(x1 - x0, y1 - y0), 1.0)
        return Grid(x0, y0, x1, y1, max(round((y1 - y0) * scale), 1), max(round((x1 - x0) * scale), 1))

    def _grey(self, grid: Grid) -> np.ndarray:
        if grid == self._whole:
            return self._whole_grey
        # Cut out first: sampling takes time by the size of what it is given. The corners are whole pixels (`_view`).
        x0, y0, x1, y1 = (int(edge) for edge in (grid.x0, grid.y0, grid.x1, grid.y1))
        part = Grid(0, 0, x1 - x0, y1 - y0, grid.height, grid.width)
        return part.sample(self.image.grey[y0:y1, x0:x1])

    def _cuts(self, grid: Grid, logits: np.ndarray) -> bool:
        """Whether the object runs out of the grid although the image goes on."""
        height, width = self.image.shape
        sides = (
            (grid.x0 > 0, logits[:, 0]),
            (grid.y0 > 0, logits[0]),
            (grid.x1 < width, logits[:, -1]),
            (grid.y1 < height, logits[-1]),
        )
        return any(inner and bool((side > 0).any()) for inner, side in sides)


class _Look(NamedTuple):
    """A view: its grey values, the prompts drawn on it, and what they suggest (log odds) where that is known."""

    grid: Grid
    grey: np.ndarray
    channels: Channels
    suggestion: Floats | None


class _Rectangle(NamedTuple):
    """Edge coordinates in the image."""

    x0: float
    y0: float
    x1: float
    y1: float


def _rectangle(grid: Grid, cells: Bools) -> _Rectangle:
    rows, columns = np.nonzero(cells)
    return _Rectangle(
        grid.x0 + float(columns.min()) / grid.scale_x,
        grid.y0 + float(rows.min()) / grid.scale_y,
        grid.x0 + float(columns.max() + 1) / grid.scale_x,
        grid.y0 + float(rows.max() + 1) / grid.scale_y,
    )


def _widened(rectangle: _Rectangle, factor: float, side: float) -> _Rectangle:
    """The rectangle with a margin: its longer side becomes `factor` times as long, or `side` where that is more."""
    x0, y0, x1, y1 = rectangle
    longer = max(x1 - x0, y1 - y0)
    margin = (max(longer * factor, side, longer) - longer) / 2
    return _Rectangle(x0 - margin, y0 - margin, x1 + margin, y1 + margin)


def _with_clicks(logits: np.ndarray, prompts: Prompts, grid: Grid) -> np.ndarray:
    clicks = Prompts(p for p in prompts if isinstance(p, Click)).rasterise(grid)
    return np.where((clicks.positive > 0) | (clicks.negative > 0), CLICK_GAIN * logits, logits)


def _resampled(logits: np.ndarray, grid: Grid, closer: Grid) -> Floats:
    """The logits of `grid` on another; background where it does not reach."""
    # `grid` as the image that `closer` lies in. Beyond 1 a suggestion is as clear as can be (`_walk`).
    corners = np.array([(closer.x0, closer.y0), (closer.x1, closer.y1)])
    (x0, y0), (x1, y1) = grid.to_cells(corners - 0.5) + 0.5  # to_cells takes pixel centres, these are edges
    part = Grid(float(x0), float(y0), float(x1), float(y1), closer.height, closer.width)
    return part.sample(np.clip(logits, -1, 1), fill=-1).astype(np.float64)


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
    logits = np.log(probability / (1 - probability))
    logits[inside] = SEED_LOGIT
    logits[outside] = -SEED_LOGIT
    return logits.astype(np.float32)


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


# --- corrected by clicks --------------------------------------------------------------------------------------------


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
    return suggestion


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
