"""A predictor that costs nothing, so that what is measured is the way there and back."""

from __future__ import annotations

import numpy as np

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Predictor, Session, State
from scribbleprompt_widget.prompts import Prompts

SIDE = 64
"""Side in image pixels of the square that it answers with, whatever the image's size."""


class FloorPredictor(Predictor):
    """Answers each stroke with a square around the stroke's first point."""

    name = "floor"
    engine = "none"

    def _open(self, image: Image) -> Session:
        return _FloorSession(self, image)


class _FloorSession(Session):
    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        x, y = np.round(prompts[-1].points[0]).tolist()
        grid = Grid(x - SIDE / 2, y - SIDE / 2, x + SIDE / 2, y + SIDE / 2, SIDE, SIDE)
        return self._state(np.ones((SIDE, SIDE), dtype=np.float32), grid)
