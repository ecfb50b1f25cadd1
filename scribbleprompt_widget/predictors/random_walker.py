"""The predictor without trained weights: where to look in the image, and when to begin anew.

What a grid is segmented into is `walk.py`'s matter. Positive strokes and boxes say where the object is: with them, all
prompts are taken together. Clicks say too little for that: they correct the mask that is there. A box bounds what is
drawn in it; what is drawn elsewhere is a further part of the object, and the box takes nothing away from it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.grid import Grid, Rectangle
from scribbleprompt_widget.predictors.base import GIVEN, CpuPredictor, Predictor, Session, State
from scribbleprompt_widget.predictors.parts import is_negative, parts
from scribbleprompt_widget.predictors.walk import MAX_LOGIT, corrected_walk, random_walk, seeded, stroke_outline
from scribbleprompt_widget.prompts import Box, Click, Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scribbleprompt_widget.image import Image
    from scribbleprompt_widget.prompts import Channels

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["RandomWalkerPredictor", "RandomWalkerSession"]

SIDE: Final = 100
"""Cells along the longer side of a grid. Finer grids give the same Dice with strokes of both signs and take longer; and
above 10,000 unknowns OpenBLAS starts threads for every vector operation of the solver, which stall when another process
(the browser) wants the cores."""

# Which part of the image to look at.
FIRST_VIEW: Final = 4
"""Side of the smallest view around strokes, in their extents; a click's is `SIDE` image pixels."""
VIEW_STEP: Final = 4
BOX_MARGIN: Final = 0.6  # around a box, in its longer sides
OBJECT_MARGIN: Final = 0.5  # around what a first look found, likewise
WORTH_ZOOM: Final = 1.4
"""A closer look is taken where its cells are smaller by this factor."""

JOINED_SIDE: Final = 512
"""Cells along the longer side of a grid that several parts share: nothing is solved on it, so it may be fine."""

CLICK_GAIN: Final = 4.0
"""A click counts so many times a stroke: bilinear resampling keeps its pixel between strokes of the other sign."""


class RandomWalkerPredictor(CpuPredictor):
    """Random walker with seeds and a leaning (Grady 2005, 2006), on scikit-image. No weights, no torch."""

    name = "random_walker"
    engine = "scikit-image"

    def _open(self, image: Image) -> RandomWalkerSession:
        return RandomWalkerSession(self, image)


class RandomWalkerSession(Session):
    """One image. Chooses a view by the prompts, then looks more closely at what it found there."""

    def __init__(self, predictor: Predictor, image: Image) -> None:
        super().__init__(predictor, image)
        height, width = image.shape
        self._whole = self._view((0, 0, width, height))
        self._whole_grey = self._whole.sample(image.grey)

    def remembers(self, prompts: Prompts) -> bool:  # noqa: ARG002  # whatever they are
        """Never: it walks anew from all prompts."""
        return False

    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        if not prompts:
            # There is nothing to walk from: the earlier logits are the answer.
            return previous if previous is not None else self.empty_state()
        if previous is not None and previous.engine == GIVEN and (previous.logits > 0).any():
            return self._refine(prompts, previous)
        layout = _layout(prompts)
        if layout == prompts or not (isinstance(prompts[-1], Click) or _is_click(layout)):
            return self._anew(prompts)
        earlier = previous if previous is not None and (previous.logits > 0).any() else self._anew(layout)
        return self._correct(prompts, earlier) if (earlier.logits > 0).any() else self._anew(prompts)

    def _refine(self, prompts: Prompts, given: State) -> State:
        """A mask that was handed in, with what boxes hold, and corrected by the rest."""
        height, width = self.image.shape
        scale = min(1.0, JOINED_SIDE / max(height, width))
        grid = Grid(0, 0, width, height, max(round(height * scale), 1), max(round(width * scale), 1))
        earlier = self._state(_resampled(given.logits, given.grid, grid, MAX_LOGIT), grid)
        boxes = Prompts(p for p in prompts if isinstance(p, Box))
        if boxes:
            around = Prompts(p for p in prompts if isinstance(p, Box) or is_negative(p))
            earlier = self._joined(earlier, self._anew(around), prompts)
        return self._correct(prompts, earlier) if (earlier.logits > 0).any() else self._anew(prompts)

    def _anew(self, prompts: Prompts) -> State:
        """What all prompts say together, whatever was there before."""
        boxed, apart = parts(prompts, self._whole)
        if apart:
            return self._joined(self._together(boxed), self._infer(apart, None), prompts)
        return self._together(prompts)

    def _joined(self, a: State, b: State, prompts: Prompts) -> State:
        """What lies in either of two masks."""
        grid, *both = self._side_by_side(a, b)
        return self._state(_with_seeds(np.maximum(*both), prompts, grid), grid)

    def _touch(self, a: State, b: State) -> bool:
        """Whether two masks meet."""
        _, first, second = self._side_by_side(a, b)
        return bool((ndimage.binary_dilation(first > 0) & (second > 0)).any())

    def _side_by_side(self, a: State, b: State) -> tuple[Grid, Floats, Floats]:
        """The logits of two masks on a grid that holds both, as fine as theirs."""
        x0, y0 = min(a.grid.x0, b.grid.x0), min(a.grid.y0, b.grid.y0)
        x1, y1 = max(a.grid.x1, b.grid.x1), max(a.grid.y1, b.grid.y1)
        finest = max(a.grid.scale_x, b.grid.scale_x, a.grid.scale_y, b.grid.scale_y)
        scale = min(finest, JOINED_SIDE / max(x1 - x0, y1 - y0))
        grid = Grid(x0, y0, x1, y1, max(round((y1 - y0) * scale), 1), max(round((x1 - x0) * scale), 1))
        first, second = (_resampled(part.logits, part.grid, grid, MAX_LOGIT) for part in (a, b))
        return grid, first, second

    def _together(self, prompts: Prompts) -> State:
        look = self._first_look(prompts)
        logits = random_walk(look.grey, *look.channels, suggestion=look.suggestion)
        closer = self._closer(look, logits)
        if closer is not None:
            suggestion = _resampled(logits, look.grid, closer)
            found = random_walk(self._grey(closer), *prompts.rasterise(closer), suggestion=suggestion)
            if (found > 0).any() and not closer.runs_out(found > 0, self.image.shape):
                return self._state(_with_clicks(found, prompts, closer), closer)
        return self._state(_with_clicks(logits, prompts, look.grid), look.grid)

    def _correct(self, prompts: Prompts, earlier: State) -> State:
        """The earlier mask (not empty) with what was clicked elsewhere, changed around the seeds that contradict it."""
        for click in prompts:
            if isinstance(click, Click) and click.positive and not _holds(earlier, click):
                alone = self._together(Prompts(p for p in prompts if p is click or is_negative(p)))
                if not self._touch(earlier, alone):
                    earlier = self._joined(earlier, alone, prompts)
        if not (earlier.logits > 0).any():
            # Negative prompts took the few cells that there were.
            return self._together(prompts)
        seeds = prompts.rasterise(earlier.grid)
        missed = any(isinstance(p, Click) and p.positive and not _holds(earlier, p) for p in prompts)
        contradicted = np.where(earlier.logits > 0, seeds.negative, seeds.positive) > 0
        if not (missed or contradicted.any()):
            return self._state(_with_seeds(earlier.logits, prompts, earlier.grid), earlier.grid)
        drawn = prompts.rasterise(self._whole)
        places = [earlier.grid.rectangle(earlier.logits > 0)]
        if (strokes := (drawn.positive > 0) | (drawn.negative > 0)).any():
            places.append(self._whole.rectangle(strokes))
        x0, y0, x1, y1 = zip(*places, strict=True)
        # Room for what the object may grow by.
        grid = self._view(_widened(Rectangle(min(x0), min(y0), max(x1), max(y1)), 1 + 2 * OBJECT_MARGIN, 0))
        channels = prompts.rasterise(grid)
        suggestion = _resampled(earlier.logits, earlier.grid, grid)
        logits = corrected_walk(self._grey(grid), suggestion, channels.positive, channels.negative)
        return self._state(_with_clicks(logits, prompts, grid), grid)

    def _first_look(self, prompts: Prompts) -> _Look:
        """The view in which the prompts suggest an object most clearly."""
        whole = _Look(self._whole, self._whole_grey, prompts.rasterise(self._whole), None)
        # Without the negative ones: on a coarse grid a later one can take the only cell of a positive one.
        shown = Prompts(p for p in prompts if isinstance(p, Box) or p.positive).rasterise(self._whole)
        if not ((shown.positive > 0) | (shown.box > 0)).any():
            return whole
        rectangle = self._whole.rectangle((shown.positive > 0) | (shown.box > 0))
        if shown.box.any():
            grid = self._view(_widened(rectangle, 1 + 2 * BOX_MARGIN, 0))
            return _Look(grid, self._grey(grid), prompts.rasterise(grid), None)
        best, best_score = whole, -1.0
        for grid in (self._whole, *self._views_around(rectangle)):
            grey, seen = self._grey(grid), whole.channels if grid == self._whole else prompts.rasterise(grid)
            outline = stroke_outline(grey, seen.positive, seen.negative)
            if outline is None:
                continue
            suggestion, score = outline
            if score > best_score and not grid.runs_out(suggestion > 0, self.image.shape):
                best, best_score = _Look(grid, grey, seen, suggestion), score
        return best

    def _views_around(self, rectangle: Rectangle) -> list[Grid]:
        """Views around the strokes in `rectangle`, from small to large, the whole image not among them."""
        cell = 1 / min(self._whole.scale_x, self._whole.scale_y)
        # The rectangle is known to a cell of the coarse grid: a click may lie anywhere in it.
        side = max(SIDE, FIRST_VIEW * (rectangle.side - cell)) + cell
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
        closer = self._view(_widened(look.grid.rectangle(object_cells), 1 + 2 * OBJECT_MARGIN, 0))
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
        return self._whole_grey if grid == self._whole else grid.sample(self.image.grey)


class _Look(NamedTuple):
    """A view: its grey values, the prompts drawn on it, and what they suggest (log odds) where that is known."""

    grid: Grid
    grey: np.ndarray
    channels: Channels
    suggestion: Floats | None


def _widened(rectangle: Rectangle, factor: float, side: float) -> Rectangle:
    """The rectangle with a margin: its longer side becomes `factor` times as long, or `side` where that is more."""
    return rectangle.widened((max(rectangle.side * factor, side, rectangle.side) - rectangle.side) / 2)


def _layout(prompts: Prompts) -> Prompts:
    """What says where the object is: strokes and boxes, or where none is positive the first positive click, if any."""
    strokes = Prompts(p for p in prompts if not isinstance(p, Click))
    if any(isinstance(p, Box) or p.positive for p in strokes):
        return strokes
    return Prompts([p for p in prompts if isinstance(p, Click) and p.positive][:1])


def _is_click(layout: Prompts) -> bool:
    return len(layout) == 1 and isinstance(layout[0], Click)


def _holds(state: State, click: Click) -> bool:
    """Whether a click lies on the mask."""
    x, y = np.floor(state.grid.to_cells(np.array([[click.x, click.y]]))[0] + 0.5).astype(int)
    height, width = state.grid.shape
    return 0 <= x < width and 0 <= y < height and bool(state.logits[y, x] > 0)


def _with_seeds(logits: np.ndarray, prompts: Prompts, grid: Grid) -> np.ndarray:
    channels = prompts.rasterise(grid)
    return _with_clicks(seeded(logits, channels.positive, channels.negative), prompts, grid)


def _with_clicks(logits: np.ndarray, prompts: Prompts, grid: Grid) -> np.ndarray:
    clicks = Prompts(p for p in prompts if isinstance(p, Click)).rasterise(grid)
    return np.where((clicks.positive > 0) | (clicks.negative > 0), CLICK_GAIN * logits, logits)


def _resampled(logits: np.ndarray, grid: Grid, closer: Grid, most: float = 1) -> Floats:
    """The logits of `grid` on another, none beyond `most`; background where it does not reach."""
    # Beyond 1 a suggestion is as clear as can be (`_walk`).
    return grid.transfer(np.clip(logits, -most, most), closer, fill=-most).astype(np.float64)
