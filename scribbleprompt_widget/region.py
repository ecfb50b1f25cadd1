"""Regions: rows and columns of an image, as NumPy slices it."""

from __future__ import annotations

from typing import Final

__all__ = ["NOTHING", "Region", "join", "overlap", "widened", "within"]

Region = tuple[slice, slice]
"""Rows and columns, each with a start and a stop."""
NOTHING: Final[Region] = (slice(0, 0), slice(0, 0))


def join(*regions: Region) -> Region:
    """The smallest region that holds all; an empty one holds nothing."""
    full = [region for region in regions if all(side.stop > side.start for side in region)]
    if not full:
        return NOTHING
    rows, columns = zip(*full, strict=True)
    return (
        slice(min(side.start for side in rows), max(side.stop for side in rows)),
        slice(min(side.start for side in columns), max(side.stop for side in columns)),
    )


def widened(region: Region, margin: int, shape: tuple[int, int]) -> Region:
    """With a margin on every side, inside an image of `shape`; an empty region stays empty."""
    if region == NOTHING:
        return region
    rows, columns = (
        slice(max(side.start - margin, 0), min(side.stop + margin, length))
        for side, length in zip(region, shape, strict=True)
    )
    return rows, columns


def within(inner: Region, outer: Region) -> Region:
    """A region as seen from one that holds it; an empty one is empty anywhere."""
    if any(side.stop <= side.start for side in inner):
        return NOTHING
    rows, columns = (
        slice(small.start - large.start, small.stop - large.start) for small, large in zip(inner, outer, strict=True)
    )
    return rows, columns


def overlap(a: Region, b: Region) -> Region:
    """What two regions share."""
    rows, columns = (slice(max(one.start, two.start), min(one.stop, two.stop)) for one, two in zip(a, b, strict=True))
    return NOTHING if rows.stop <= rows.start or columns.stop <= columns.start else (rows, columns)
