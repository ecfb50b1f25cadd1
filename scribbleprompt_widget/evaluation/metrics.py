"""How good a mask is: Dice and HD95 of one mask (MONAI's), and NoC of a series of rounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from scribbleprompt_widget.extras import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["dice", "hd95", "number_of_prompts", "worst_hd95"]

PERCENTILE: Final = 95.0


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks.

    Parameters
    ----------
    predicted, truth
        (H, W) bool.

    Returns
    -------
    From 0 to 1. Two empty masks agree: 1. One empty mask: 0.
    """
    torch, metrics = require("torch"), require("monai.metrics")
    one, other = (torch.from_numpy(np.ascontiguousarray(mask))[None, None] for mask in _pair(predicted, truth))
    return float(metrics.compute_dice(one, other, include_background=True, ignore_empty=False))


def hd95(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """95th percentile of the Hausdorff distance: the greater of the two directions', between the masks' edge pixels.

    Parameters
    ----------
    predicted, truth
        (H, W) bool.

    Returns
    -------
    Pixels. Two empty masks: 0. One empty mask has no edge to measure from: `worst_hd95`, so that a predictor that
    finds nothing does not leave the mean.
    """
    predicted, truth = _pair(predicted, truth)
    if not predicted.any() or not truth.any():
        return worst_hd95(truth.shape) if predicted.any() != truth.any() else 0.0
    metrics = require("monai.metrics")
    # What `compute_hausdorff_distance` does, by MONAI's own parts: that function passes itself a deprecated argument
    # and warns, and warnings cannot be silenced in one thread alone.
    edges = metrics.get_mask_edges(predicted, truth, crop=False)
    directions = (metrics.get_surface_distance(*edges), metrics.get_surface_distance(*edges[::-1]))
    return max(float(np.percentile(distances, PERCENTILE)) for distances in directions)


def worst_hd95(shape: tuple[int, ...]) -> float:
    """The image's diagonal in pixels, from centre to centre: no two pixels are farther apart."""
    return math.hypot(*(side - 1 for side in shape))


def number_of_prompts(dices: Sequence[float], threshold: float, rounds: int) -> int:
    """Prompts until Dice reaches `threshold` (NoC, the number of clicks): `rounds` where it never does.

    Parameters
    ----------
    dices
        Dice after each round, of one prompt each.
    threshold
        0.85 for NoC@85.
    rounds
        The most rounds that were allowed; 20 in the literature.

    Examples
    --------
    >>> number_of_prompts([0.5, 0.86, 0.84], 0.85, 20)
    2
    """
    return next((count for count, value in enumerate(dices[:rounds], start=1) if value >= threshold), rounds)


def _pair(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    for name, mask in (("predicted", predicted), ("truth", truth)):
        if mask.dtype != np.bool_ or mask.ndim != 2 or mask.shape != truth.shape:
            raise ValueError(f"{name} takes an (H, W) bool mask, both of one shape; got {mask.dtype} {mask.shape}")
    return predicted, truth
