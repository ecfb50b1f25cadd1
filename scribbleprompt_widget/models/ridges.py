"""Ridges: where an image has dark or bright lines, faint ones as clear as strong ones.

A line is where the grey curves strongly across and little along: of its second derivatives' eigenvalues one is large,
the other small (Sato et al., Medical Image Analysis 1998). Looked for at two widths.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["ridges"]

FINE: Final = (1 / 64, 6 / 64, 15 / 64, 20 / 64, 15 / 64, 6 / 64, 1 / 64)
COARSE: Final = (1 / 16, 0, 4 / 16, 0, 6 / 16, 0, 4 / 16, 0, 1 / 16)
"""Smoothing before derivatives are taken, for thin lines, and on top of it for wide ones: standard deviations of 1.2
and 2.3 pixels."""
CELL: Final = 4
NEIGHBOURHOOD: Final = 8
STEP: Final = 2
"""A line's strength is compared with the mean square in squares of so many cells, so many cells apart; interpolated."""
LEAST: Final = 1e-3
"""Curvature, of an image in [0, 1], below which everything is grain."""
MOST: Final = 3.0
"""Greatest strength, in root mean squares of the neighbourhood."""


@torch.no_grad()
def ridges(image: Tensor) -> Tensor:
    """Strength of lines in [-1, 1]: dark ones are positive, bright ones negative.

    Parameters
    ----------
    image
        B 1 H W in [0, 1]; H and W multiples of 8. Carries no gradient.

    Returns
    -------
    B 1 H W float32.
    """
    fine = _smoothed(image.float(), FINE)
    thin, wide = _lines(fine, 1), _lines(_smoothed(fine, COARSE), 2)
    strength = torch.where(wide.abs() > thin.abs(), wide, thin)
    cells = F.avg_pool2d(strength.square(), CELL)
    margin = (NEIGHBOURHOOD - STEP) // 2
    squares = F.avg_pool2d(F.pad(cells, (margin,) * 4, mode="replicate"), NEIGHBOURHOOD, STEP)
    around = F.interpolate(squares, size=(image.shape[-2], image.shape[-1]), mode="bilinear").sqrt()
    return (strength / (MOST * around.clamp_min(LEAST))).clamp(-1, 1)


def _smoothed(image: Tensor, kernel: tuple[float, ...]) -> Tensor:
    """B 1 H W, convolved along both axes with a symmetric kernel; borders are repeated."""
    reach = len(kernel) // 2
    for axis, padding in ((-1, (reach, reach, 0, 0)), (-2, (0, 0, reach, reach))):
        padded = F.pad(image, padding, mode="replicate")
        length = image.shape[axis]
        # Sums of shifted copies: on a CPU several times quicker than a convolution of one channel.
        image = kernel[reach] * padded.narrow(axis, reach, length)
        for distance in range(1, reach + 1):
            if weight := kernel[reach + distance]:
                both = padded.narrow(axis, reach - distance, length) + padded.narrow(axis, reach + distance, length)
                image = torch.add(image, both, alpha=weight)
    return image


def _lines(image: Tensor, step: int) -> Tensor:
    """B 1 H W: the larger principal curvature less the size of the other; differences are taken over `step` pixels."""
    height, width = image.shape[-2], image.shape[-1]
    padded = F.pad(image, (step,) * 4, mode="replicate")

    def at(down: int, right: int) -> Tensor:
        return padded.narrow(-2, (1 + down) * step, height).narrow(-1, (1 + right) * step, width)

    twice = 2 * image
    down, right = at(1, 0) + at(-1, 0) - twice, at(0, 1) + at(0, -1) - twice
    slant = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    mean, half = (down + right) / 2, (down - right) / 2
    apart = (half.square() + slant.square()).sqrt()
    # Of the curvatures mean + apart and mean - apart the one farther from 0 has the mean's sign.
    return 2 * mean.sign() * torch.minimum(mean.abs(), apart)
