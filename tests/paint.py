"""A predictor whose mask is what was painted: it makes what the widget does visible, and costs next to nothing."""

from __future__ import annotations

import threading
import time

import numpy as np

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Predictor, Session, State
from scribbleprompt_widget.prompts import Box, Prompts, cells_of

PATIENCE_S = 60


class PaintPredictor(Predictor):
    """The mask is the boxes and positive strokes, less the negative strokes. Counts its calls; fails when told to."""

    name = "paint"
    engine = "numpy"

    def __init__(self):
        self.calls = 0
        self.fail_with: Exception | None = None
        self.wait_for: threading.Event | None = None

    def _open(self, image: Image) -> Session:
        return _PaintSession(self, image)


class _PaintSession(Session):
    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        self.predictor.calls += 1
        if self.predictor.wait_for is not None:
            until = time.monotonic() + PATIENCE_S
            # As Python that computes: it can be interrupted.
            while not self.predictor.wait_for.wait(0.01):
                assert time.monotonic() < until
        if self.predictor.fail_with is not None:
            raise self.predictor.fail_with
        grid = Grid.of_image(self.image.shape)
        signs = np.zeros(grid.shape)  # of strokes, lassos to their outlines: the later holds
        for prompt in prompts:
            if not isinstance(prompt, Box):
                signs[cells_of(prompt, grid) > 0] = 1 if prompt.positive else -1
        painted = ((prompts.rasterise(grid).box > 0) | (signs > 0)) & (signs >= 0)
        return self._state(np.where(painted, 4, -4).astype(np.float32), grid)
