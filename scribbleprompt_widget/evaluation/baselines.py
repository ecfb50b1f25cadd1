"""What a network has to beat: the nearest scribble and GrabCut, as predictors like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage
from skimage.graph import MCP_Geometric

from scribbleprompt_widget.extras import require
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import BACKGROUND_LOGIT, CpuPredictor, Predictor, Session, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scribbleprompt_widget.image import Image
    from scribbleprompt_widget.prompts import Channels, Prompts

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

__all__ = ["GeodesicNearestPredictor", "GrabCutPredictor", "NearestPredictor"]

GEODESIC_CONTRAST: Final = 5.0
"""A step costs 1 + this times the grey values' gradient, in standard deviations of the image a pixel."""
GEODESIC_SMOOTHING: Final = 1.0  # pixels, of the Gaussian under that gradient
MIN_DEVIATION: Final = 0.02  # of grey values in [0, 1], so that noise in a flat image makes no edges
GRABCUT_ITERATIONS: Final = 5
GRABCUT_SEED: Final = 0
GRABCUT_MODEL: Final = (1, 65)  # OpenCV's shape of a colour model


class NearestPredictor(CpuPredictor):
    """A pixel belongs to the scribble or click that is nearest, by Euclidean distance. Does not see the image.

    What lies outside a box counts as a negative scribble; a box without a positive one counts as a positive one itself.
    Without anything negative all is object, without anything positive all is background. Earlier masks are not used.
    """

    name = "nearest"
    engine = "scipy"

    def _open(self, image: Image) -> Session:
        return _NearestSession(self, image)


class GeodesicNearestPredictor(CpuPredictor):
    """As `NearestPredictor`, by geodesic distance, in which a way over edges is long (Bai and Sapiro, IJCV 2009)."""

    name = "nearest_geodesic"
    engine = "scikit-image"

    def _open(self, image: Image) -> Session:
        return _GeodesicSession(self, image)


class GrabCutPredictor(CpuPredictor):
    """OpenCV's GrabCut (Rother et al., SIGGRAPH 2004), five iterations.

    Prompts are certain; other pixels begin as what the earlier mask says, or without one as what the nearest scribble
    says, or in a box without scribbles as object. Needs the extra ``evaluate``.
    """

    name = "grabcut"

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        self.engine = f"opencv {require('cv2').__version__}"

    def _open(self, image: Image) -> Session:
        return _GrabCutSession(self, image)


class _NearestSession(Session):
    def _infer(self, prompts: Prompts, previous: State | None) -> State:  # noqa: ARG002  # has no use for masks
        grid = Grid.of_image(self.image.shape)
        inside, outside = _seeds(prompts.rasterise(grid))
        return self._state(self._nearest(inside, outside), grid)

    def _nearest(self, inside: Bools, outside: Bools) -> NDArray[np.float32]:
        """Logits (H, W): how much nearer the object is, in pixels."""
        if not inside.any() or not outside.any():
            return np.where(inside.any(), -BACKGROUND_LOGIT, BACKGROUND_LOGIT) * np.ones(inside.shape, np.float32)
        return (self._distance(outside) - self._distance(inside)).astype(np.float32)

    def _distance(self, seeds: Bools) -> Floats:
        distance: Floats = ndimage.distance_transform_edt(~seeds)
        return distance


class _GeodesicSession(_NearestSession):
    def __init__(self, predictor: Predictor, image: Image) -> None:
        super().__init__(predictor, image)
        grey = image.grey.astype(np.float64) / max(float(image.grey.std()), MIN_DEVIATION)
        self._cost = 1 + GEODESIC_CONTRAST * ndimage.gaussian_gradient_magnitude(grey, GEODESIC_SMOOTHING)

    def _distance(self, seeds: Bools) -> Floats:
        distance: Floats = MCP_Geometric(self._cost).find_costs(np.argwhere(seeds))[0]
        return distance


class _GrabCutSession(_NearestSession):
    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        grid = Grid.of_image(self.image.shape)
        drawn = prompts.rasterise(grid)
        inside, outside = _strokes(drawn)
        # Outside the box is certain, inside it is not.
        outside |= (drawn.box == 0) & ~inside if drawn.box.any() else False
        if previous is not None:
            likely = previous.grid.restore(previous.logits, self.image.shape) > 0
        else:
            likely = self._nearest(*_seeds(drawn)) > 0
        return self._state(self._cut(inside, outside, likely), grid)

    def _cut(self, inside: Bools, outside: Bools, likely: Bools) -> NDArray[np.float32]:
        cv2 = require("cv2")
        labels = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[outside] = cv2.GC_BGD
        labels[inside] = cv2.GC_FGD
        possible = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
        # Two colour models need pixels of both kinds; where there is one kind, there is nothing to cut.
        if possible.any() and not possible.all():
            cv2.setRNGSeed(GRABCUT_SEED)  # of this thread; its k-means draws from it, and takes no generator
            background, foreground = (np.zeros(GRABCUT_MODEL) for _ in range(2))
            cv2.grabCut(
                _colour(self.image), labels, None, background, foreground, GRABCUT_ITERATIONS, cv2.GC_INIT_WITH_MASK
            )
            possible = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
        return np.where(possible, -BACKGROUND_LOGIT, BACKGROUND_LOGIT).astype(np.float32)


def _strokes(drawn: Channels) -> tuple[Bools, Bools]:
    return drawn.positive > 0, drawn.negative > 0


def _seeds(drawn: Channels) -> tuple[Bools, Bools]:
    """Where the object and where the background is said to be, a box's share included."""
    inside, outside = _strokes(drawn)
    if drawn.box.any():
        if not inside.any():
            inside = (drawn.box > 0) & ~outside
        outside = outside | ((drawn.box == 0) & ~inside)
    return inside, outside


def _colour(image: Image) -> NDArray[Any]:
    """(H, W, 3) uint8: the image's own bytes where it has them."""
    pixels = image.pixels if image.pixels.dtype == np.uint8 and not image.binary else np.round(255 * image.grey)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return np.ascontiguousarray(pixels, dtype=np.uint8)
