"""Values of fields between pixels, and fields moved."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["sample_at", "warp"]


def sample_at(fields: Tensor, points: Tensor) -> Tensor:
    """Values of (B, C, H, W) at points (B, N, 2), (row, column) in pixels; beyond the border, its own: (B, C, N)."""
    grid = _normalised(points, fields)[:, None]
    values: Tensor = F.grid_sample(fields, grid, padding_mode="border", align_corners=True)
    return values.squeeze(2)


def warp(fields: Tensor, displacement: Tensor) -> Tensor:
    """(B, C, H, W) moved by (B, 2, H, W) pixels; what comes from beyond the border is the border's."""
    height, width = fields.shape[-2:]
    place = torch.stack(
        torch.meshgrid(*(torch.arange(n, device=fields.device) for n in (height, width)), indexing="ij"), dim=-1
    )
    grid = _normalised(place - displacement.movedim(1, -1), fields)
    moved: Tensor = F.grid_sample(fields, grid, padding_mode="border", align_corners=True)
    return moved


def _normalised(points: Tensor, fields: Tensor) -> Tensor:
    """(row, column) in pixels as grid_sample's (x, y) in [-1, 1]."""
    height, width = fields.shape[-2:]
    rows, columns = points.unbind(-1)
    return torch.stack([columns * (2 / max(width - 1, 1)) - 1, rows * (2 / max(height - 1, 1)) - 1], dim=-1)
