"""An image's relief: how much brighter or darker each pixel is than what surrounds it."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["relief"]

NEIGHBOURHOOD: Final = 8
"""Side of the squares whose mean and deviation pixels are compared with, interpolated between their middles."""
LEAST_DEVIATION: Final = 0.01
"""Of an image in [0, 1]: what varies less is even ground."""
MOST: Final = 3.0
"""Greatest relief, in standard deviations."""


@torch.no_grad()
def relief(image: Tensor) -> Tensor:
    """Difference from the local mean, in local standard deviations, in [-1, 1]: faint vessels as clear as strong ones.

    Parameters
    ----------
    image
        B 1 H W in [0, 1]; H and W multiples of 8, or smaller. Carries no gradient.

    Returns
    -------
    B 1 H W float32.
    """
    image = image.float()
    size = (image.shape[-2], image.shape[-1])
    side = min(NEIGHBOURHOOD, *size)
    moments = F.avg_pool2d(torch.cat([image, image.square()], dim=1), side)
    moments = F.interpolate(moments, size=size, mode="bilinear")
    mean, square = moments[:, :1], moments[:, 1:]
    deviation = (square - mean.square()).clamp_min(LEAST_DEVIATION**2).sqrt()
    return ((image - mean) / (MOST * deviation)).clamp(-1, 1)
