"""What lies around each pixel, by shifted copies: torch's own pooling is several times slower on a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["distance_near", "highest_near"]


def highest_near(values: Tensor) -> Tensor:
    """The highest value in the 3x3 pixels around each; (..., H, W) of any number type, all >= 0."""
    padded = F.pad(values, (1, 1, 1, 1))
    rows = torch.maximum(torch.maximum(padded[..., :-2, :], padded[..., 1:-1, :]), padded[..., 2:, :])
    return torch.maximum(torch.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def distance_near(marks: Tensor, reach: int) -> Tensor:
    """Distance to the nearest mark, exact up to `reach` pixels and at least that beyond.

    Parameters
    ----------
    marks
        (B, 1, H, W) bool.
    reach
        Pixels, >= 1; the work grows with it.

    Returns
    -------
    (B, 1, H, W) float32.
    """
    far = float(reach + 1) ** 2
    squared = torch.where(marks, 0.0, far)
    for dim in (-1, -2):
        length = squared.shape[dim]
        padding = (reach, reach) if dim == -1 else (0, 0, reach, reach)
        padded = F.pad(squared, padding, value=far)
        for shift in range(-reach, reach + 1):
            squared = torch.minimum(squared, padded.narrow(dim, reach + shift, length) + shift**2)
    return squared.sqrt()
