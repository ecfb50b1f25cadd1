"""Predictor, Session, State and Prediction: what every way of segmenting has in common.

A `Predictor` holds weights and an engine, and no image; many sessions share it. A `Session` holds one image and what
can be computed of it ahead. `Session.predict` takes prompts and gives a `Prediction`, whose small `State` can be kept
and restored without inference, and goes into the next call as `mask_input`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.prompts import Prompts, check_inside

__all__ = ["GIVEN", "CpuPredictor", "Prediction", "Predictor", "Session", "State"]

BACKGROUND_LOGIT: Final = -20.0
"""Logit of what no grid covers; its probability, 2e-9, is background by any threshold."""
HELD_LOGIT: Final = 1.0
"""Logit that a pixel with a click has at least, towards the click's sign."""
GIVEN: Final = "given"
"""The engine of logits that a person handed in."""
KNOWN: Final = 0.99
"""Share of a cell that a closer look has to cover, to hold there."""


@dataclass(frozen=True, eq=False)
class State:
    """What a predictor keeps of one prediction: enough to give the same mask again without inference.

    Attributes
    ----------
    logits
        (h, w) float32, the predictor's own size.
    grid
        Where those logits lie in the image; outside it is background.
    shape
        (H, W) of the image.
    predictor
        Name of the predictor. A predictor does not read another one's state.
    engine
        What computed the numbers.
    closer
        A finer look at a part of this grid, which holds there.
    held
        Row, column and sign (True in the mask) of pixels that have this sign whatever the logits say.
    prompts
        What it was predicted of, none where logits were handed in; None where nobody knows.
    """

    logits: np.ndarray
    grid: Grid
    shape: tuple[int, int]
    predictor: str
    engine: str
    closer: State | None = None
    held: tuple[tuple[int, int, bool], ...] = ()
    prompts: Prompts | None = None

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the grid touches."""
        return self.grid.window(self.shape)

    def restore(self) -> np.ndarray:
        """(h, w) float32: the logits at the image's own resolution, inside `window`."""
        return self._restored(Grid.restore)

    def restore_positive(self, least: float = 0.0) -> np.ndarray:
        """(h, w) bool: ``restore() > least``, at a small part of its cost (`Grid.restore_positive`).

        What is `held` has its sign whatever `least` is.
        """
        if least == 0:
            return self._restored(Grid.restore_positive)
        return self._restored(lambda grid, logits, shape: grid.restore_positive(logits - np.float32(least), shape))

    def _restored(self, bring: Callable[[Grid, np.ndarray, tuple[int, int]], np.ndarray]) -> np.ndarray:
        restored = bring(self.grid, self.logits, self.shape)
        rows, columns = self.window
        if self.closer is not None:
            own_rows, own_columns = self.closer.window
            part = restored[
                own_rows.start - rows.start : own_rows.stop - rows.start,
                own_columns.start - columns.start : own_columns.stop - columns.start,
            ]
            part[:] = self.closer._restored(bring)
        for row, column, positive in self.held:
            place = row - rows.start, column - columns.start
            sure = max(abs(float(restored[place])), HELD_LOGIT)
            restored[place] = positive if restored.dtype == bool else sure if positive else -sure
        return restored

    def onto(self, grid: Grid) -> np.ndarray:
        """The logits on another grid, float32, of its shape; background where this one ends."""
        logits = self.logits if self.grid == grid else self.grid.transfer(self.logits, grid, fill=BACKGROUND_LOGIT)
        if self.closer is None:
            return logits
        known = self.closer.grid.transfer(np.ones(self.closer.grid.shape, dtype=np.float32), grid) > KNOWN
        return np.where(known, self.closer.onto(grid), logits)


@dataclass(frozen=True, eq=False)
class Prediction:
    """A mask for one object, at the image's own resolution.

    Attributes
    ----------
    state
        The predictor's low-resolution state: the next call's `mask_input`.
    seconds
        Wall-clock seconds that the inference took; 0 for a restored one.
    """

    state: State
    seconds: float

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image."""
        return self.state.shape

    @property
    def predictor(self) -> str:
        """Name of the predictor."""
        return self.state.predictor

    @property
    def engine(self) -> str:
        """What computed the numbers."""
        return self.state.engine

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the image outside which everything is background."""
        return self.state.window

    @cached_property
    def window_logits(self) -> np.ndarray:
        """(h, w) float32: ``logits[window]``."""
        return self.state.restore()

    @cached_property
    def window_mask(self) -> np.ndarray:
        """(h, w) bool: ``mask[window]``. What follows a live mask reads this; its cost is that of the mask's border."""
        return self.state.restore_positive()

    @cached_property
    def logits(self) -> np.ndarray:
        """(H, W) float32; positive inside the mask."""
        logits = np.full(self.shape, BACKGROUND_LOGIT, dtype=np.float32)
        logits[self.window] = self.window_logits
        return logits

    @cached_property
    def mask(self) -> np.ndarray:
        """(H, W) bool, ``logits > 0``."""
        mask = np.zeros(self.shape, dtype=bool)
        mask[self.window] = self.window_mask
        return mask

    @cached_property
    def probability(self) -> np.ndarray:
        """(H, W) float32 in [0, 1], the logistic function of the logits."""
        probability: np.ndarray = 0.5 * (1 + np.tanh(0.5 * self.logits))  # does not overflow for any logit
        return probability

    def small_probability(self, side: int) -> np.ndarray:
        """(h, w) float32 in [0, 1]: probability of the whole image, with at most `side` cells along its longer side.

        Not brought to the image's own resolution first, which would take time by its size.
        """
        height, width = self.shape
        share = min(side / max(height, width), 1.0)
        grid = Grid(0, 0, width, height, max(round(height * share), 1), max(round(width * share), 1))
        probability: np.ndarray = 0.5 * (1 + np.tanh(0.5 * self.state.onto(grid)))
        return probability


class Session(ABC):
    """One image, opened by a predictor.

    Subclasses say in `_infer` how prompts become a `State`.

    Attributes
    ----------
    predictor
        What opened it.
    image
        The image; ``image.grey`` is (H, W) float32 in [0, 1].
    """

    def __init__(self, predictor: Predictor, image: Image) -> None:
        self.predictor = predictor
        self.image = image

    @abstractmethod
    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        """The next state: ``self._state(logits, grid)``, finite float logits of the grid's shape.

        `previous` is a state of the same predictor, or one that holds a person's (H, W) logits; never foreign.
        """

    def remembers(self, prompts: Prompts) -> bool:  # noqa: ARG002  # for those who tell by them
        """Whether a state holds all that led to it.

        If not, who started from a mask has to give that mask again, instead of the last state, to have these prompts
        predicted.
        """
        return True

    def predict(
        self,
        prompts: Prompts | None = None,
        *,
        point_coords: ArrayLike | None = None,
        point_labels: ArrayLike | None = None,
        box: ArrayLike | None = None,
        scribbles: ArrayLike | None = None,
        mask_input: State | np.ndarray | None = None,
    ) -> Prediction:
        """Segment what the prompts show.

        Parameters
        ----------
        prompts
            All prompts drawn so far, in order. Either these or the keywords that follow, not both.
        point_coords, point_labels
            (N, 2) clicks as (x, y) in image pixels, and (N,) labels: 1 positive, 0 negative.
        box
            (4,) as (x0, y0, x1, y1) in image pixels.
        scribbles
            (2, H, W) in [0, 1]: positive, negative; H, W of the image.
        mask_input
            What to start from: the `state` of an earlier prediction of this predictor (another one's is not read), or
            (H, W) logits.

        Returns
        -------
        Prediction
            Background everywhere when there is no prompt and no `mask_input`.

        Raises
        ------
        TypeError, ValueError
            For prompts or logits that make no sense, or lie outside the image; for a `mask_input` from an image of
            another shape; and when the predictor does not answer with finite logits of its grid's shape.
        """
        keywords = {"point_coords": point_coords, "point_labels": point_labels, "box": box, "scribbles": scribbles}
        if prompts is None:
            prompts = Prompts.from_arrays(**keywords)
        elif given := [name for name, value in keywords.items() if value is not None]:
            raise ValueError(
                f"predict takes either prompts or {', '.join(keywords)}, got prompts and {', '.join(given)}"
            )
        elif not isinstance(prompts, Prompts):
            prompts = Prompts(prompts)
        for prompt in prompts:
            check_inside(prompt, self.image.shape)
        previous = self._previous(mask_input)
        if not prompts and previous is None:
            return self.restore(self.empty_state())
        started = time.perf_counter()
        state = self._infer(prompts, previous)
        seconds = time.perf_counter() - started
        self._check_answer(state)
        return Prediction(replace(state, prompts=prompts), seconds)

    def restore(self, state: State) -> Prediction:
        """The prediction that a kept state led to, without inference and bit for bit.

        Raises
        ------
        ValueError
            When the state is of an image of another shape.
        """
        self._check_shape(state, "state takes")
        return Prediction(state, 0.0)

    def empty_state(self) -> State:
        """Background everywhere."""
        height, width = self.image.shape
        return self._state(np.full((1, 1), BACKGROUND_LOGIT, dtype=np.float32), Grid(0, 0, width, height, 1, 1))

    def _state(self, logits: np.ndarray, grid: Grid) -> State:
        """A state of this session's predictor."""
        return State(logits, grid, self.image.shape, self.predictor.name, self.predictor.engine)

    def _check_answer(self, state: object) -> None:
        """Refuse what `_infer` must not give, in the predictor's name: later it would be nobody's."""
        given = f"predictor {self.predictor.name!r} has to give"
        if not isinstance(state, State):
            raise TypeError(f"{given} a State, got {type(state).__name__}")
        self._check_shape(state, given)
        logits, shape = state.logits, state.grid.shape
        if not isinstance(logits, np.ndarray):
            raise TypeError(f"{given} logits that are an array, got a {type(logits).__name__}")
        if logits.shape != shape or logits.dtype.kind != "f":
            raise ValueError(f"{given} float logits of its grid's shape {shape}, got {logits.dtype} of {logits.shape}")
        if not np.isfinite(logits).all():
            raise ValueError(f"{given} finite logits, got NaN or infinity")
        if state.closer is not None:
            self._check_answer(state.closer)
            inner, outer = state.closer.window, state.window
            if any(a.start < b.start or a.stop > b.stop for a, b in zip(inner, outer, strict=True)):
                raise ValueError(f"{given} closer looks that lie in what they look at, got {inner} in {outer}")

    def _check_shape(self, state: State, wanted: str) -> None:
        if state.shape != self.image.shape:
            raise ValueError(f"{wanted} a state of an image of shape {self.image.shape}, got one of {state.shape}")

    def _previous(self, mask_input: State | np.ndarray | None) -> State | None:
        if mask_input is None:
            return None
        if isinstance(mask_input, State):
            self._check_shape(mask_input, "mask_input takes")
            return mask_input if mask_input.predictor == self.predictor.name else None
        logits = np.asarray(mask_input)
        if logits.shape != self.image.shape or logits.dtype.kind != "f":
            raise ValueError(
                f"mask_input takes a prediction's state, or float logits of the image's shape {self.image.shape}, "
                f"got {logits.dtype} of shape {logits.shape}"
            )
        if not np.isfinite(logits).all():
            raise ValueError("mask_input takes finite logits, got NaN or infinity")
        given = self._state(logits.astype(np.float32), Grid.of_image(self.image.shape))
        return replace(given, engine=GIVEN, prompts=Prompts())


class Predictor(ABC):
    """A way of segmenting: weights and an engine, without any image. Safe to share between sessions.

    Attributes
    ----------
    name
        What `load_predictor` knows it by.
    engine
        What computes, recorded with every prediction ("torch cpu", "scikit-image").
    """

    name: str
    engine: str

    _session: Session | None = None

    @abstractmethod
    def _open(self, image: Image) -> Session:
        """A session of this predictor."""

    def open(self, image: Any) -> Session:
        """Open an image (anything that `Image.of` takes) for many predictions."""
        return self._open(Image.of(image))

    def set_image(self, image: Any) -> None:
        """SAM's form: keep one image here, for `predict`. Sessions opened elsewhere are not touched."""
        self._session = self.open(image)

    def predict(self, prompts: Prompts | None = None, **keywords: Any) -> Prediction:
        """SAM's form of `Session.predict`, on the image given to `set_image`."""
        if self._session is None:
            raise RuntimeError("predict needs an image: call set_image(image) first, or open(image)")
        return self._session.predict(prompts, **keywords)


class CpuPredictor(Predictor):
    """A predictor without a network, which no accelerator helps.

    Parameters
    ----------
    device
        "cpu"; so that every predictor can be loaded by the same words.
    """

    def __init__(self, device: str = "cpu") -> None:
        if str(device) != "cpu":
            raise ValueError(f'device takes "cpu" for {self.name}, which has no network; got {device!r}')
