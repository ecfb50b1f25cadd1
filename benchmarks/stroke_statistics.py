"""Figures that tell one person's, or program's, way of scribbling from another's.

Everything is measured at the resolution of the arrays and given in pixels of a 256x256 image.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

__all__ = ["StrokeStatistics", "measure", "table"]

SIDE = 256
"""Lengths are given for an image of this side."""

EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class StrokeStatistics:
    """One annotation of one sign.

    Parameters
    ----------
    cover
        Share of the region (object, or background) under the strokes.
    strokes
        Connected strokes.
    length
        Length of one stroke's skeleton: mean over the strokes.
    ink
        Length of all strokes together.
    width
        Area over length.
    distance
        Distance of the strokes' skeleton from the object's border: median.
    inside
        Share of the strokes' pixels in the region.
    turning
        Mean turn of the skeleton's direction in 8 pixels along it, degrees: near 0 for a straight stroke.
    reach
        Share of the region that lies within 10 pixels of a stroke; of the background, of what is within 20 pixels of
        the object.
    """

    cover: float
    strokes: float
    length: float
    ink: float
    width: float
    distance: float
    inside: float
    turning: float
    reach: float


NEAR, BAND = 10, 20


def measure(strokes: np.ndarray, region: np.ndarray, *, around: bool) -> StrokeStatistics | None:
    """Measure strokes (H, W) bool that were drawn for a region (H, W) bool; None without strokes.

    Parameters
    ----------
    around
        Whether the region is the background of an object: then reach counts near the object only.
    """
    if not strokes.any() or not region.any():
        return None
    scale = SIDE / max(strokes.shape)
    skeleton = skeletonize(strokes)
    count = int(ndimage.label(strokes, EIGHT)[1])
    ink = skeleton_length(skeleton)
    to_border = np.where(region, depth(region), depth(~region))
    band = region & (depth(region) * scale <= BAND) if around else region
    near = ndimage.distance_transform_edt(~strokes) * scale <= NEAR
    return StrokeStatistics(
        cover=float((strokes & region).sum() / region.sum()),
        strokes=count,
        length=ink * scale / count,
        ink=ink * scale,
        width=float(strokes.sum() / max(ink, 1)) * scale,
        distance=float(np.median(to_border[skeleton])) * scale,
        inside=float((strokes & region).sum() / strokes.sum()),
        turning=turning(skeleton),
        reach=float((near & band).sum() / max(band.sum(), 1)),
    )


def depth(region: np.ndarray) -> np.ndarray:
    return ndimage.distance_transform_edt(region)


def skeleton_length(skeleton: np.ndarray) -> float:
    """Pixels joined by a side count 1, by a corner alone root 2."""
    straight = (skeleton[1:] & skeleton[:-1]).sum() + (skeleton[:, 1:] & skeleton[:, :-1]).sum()
    diagonal = 0
    for a, b, c, d in (
        (skeleton[1:, 1:], skeleton[:-1, :-1], skeleton[1:, :-1], skeleton[:-1, 1:]),
        (skeleton[1:, :-1], skeleton[:-1, 1:], skeleton[1:, 1:], skeleton[:-1, :-1]),
    ):
        diagonal += (a & b & ~c & ~d).sum()
    return float(straight + np.sqrt(2) * diagonal) + float(ndimage.label(skeleton, EIGHT)[1])


def turning(skeleton: np.ndarray) -> float:
    """How far the skeleton is from straight: 1 - (long axis share of variance) in 17x17 windows, as an angle."""
    y, x = (grid.astype(float) for grid in np.mgrid[: skeleton.shape[0], : skeleton.shape[1]])
    one = skeleton.astype(float)
    window = 17 if max(skeleton.shape) > 128 else 9
    mean = {
        key: ndimage.uniform_filter(value * one, window, mode="constant")
        for key, value in {"1": one, "x": x, "y": y, "xx": x * x, "xy": x * y, "yy": y * y}.items()
    }
    weight = np.maximum(mean["1"], 1e-9)
    mx, my = mean["x"] / weight, mean["y"] / weight
    xx, yy, xy = mean["xx"] / weight - mx**2, mean["yy"] / weight - my**2, mean["xy"] / weight - mx * my
    half, root = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    minor, major = np.maximum(half - root, 0), np.maximum(half + root, 1e-9)
    return float(np.degrees(np.arctan(np.sqrt(minor / major)))[skeleton].mean())


def table(rows: dict[str, list[StrokeStatistics]]) -> str:
    """Markdown: medians, with 10th and 90th percentile in brackets."""
    names = [field.name for field in fields(StrokeStatistics)]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, values in rows.items():
        cells = []
        for field in names:
            low, middle, high = np.percentile([getattr(value, field) for value in values], (10, 50, 90))
            cells.append(f"{middle:.3g} ({low:.2g}-{high:.2g})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
