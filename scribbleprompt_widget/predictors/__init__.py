"""Predictors: image and prompts in, mask out. And what a predictor of your own is made of.

A `Predictor` holds weights and no image; a `Session` of it holds one image, and says how prompts become a `State`:
logits (positive inside the mask), and the `Grid` that tells which rectangle of the image they cover. Resampling,
masks, undo and the widget follow from that.

Examples
--------
One whose mask is what was drawn, at a quarter of the image's resolution:

>>> import numpy as np
>>> import scribbleprompt_widget as sp
>>> from scribbleprompt_widget.predictors import Grid, Predictor, Session
>>> class Drawn(Predictor):
...     name, engine = "drawn", "numpy"
...
...     def _open(self, image):
...         return DrawnSession(self, image)
>>> class DrawnSession(Session):
...     def _infer(self, prompts, previous):
...         height, width = self.image.shape
...         grid = Grid(0, 0, width, height, height // 4, width // 4)
...         return self._state(2 * prompts.rasterise(grid).positive - 1, grid)
>>> sp.register_predictor("drawn", Drawn)
>>> session = sp.load_predictor("drawn").open(np.zeros((64, 64)))
>>> prediction = session.predict(point_coords=[(30, 30)], point_labels=[1])
>>> bool(prediction.mask[30, 30]), bool(prediction.mask[3, 3])
(True, False)
"""

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import Prediction, Predictor, Session, State

__all__ = ["Grid", "Prediction", "Predictor", "Session", "State"]
