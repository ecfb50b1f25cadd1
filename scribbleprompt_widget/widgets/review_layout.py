"""Where the tiles of a `ReviewGrid` are: geometry in CSS pixels, and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["Layout"]

PADDING: Final = 7
"""Around a tile, where its frame is drawn."""
CAPTION: Final = 20
"""Height of a tile's line of text."""


@dataclass(frozen=True)
class Layout:
    """Tiles in rows.

    Attributes
    ----------
    count
        How many there are.
    size
        Longest side of a thumbnail.
    rows_shown
        How many rows are seen at a time.
    width
        Of the sheet.
    """

    count: int
    size: int
    rows_shown: int
    width: int

    @property
    def row_height(self) -> int:
        """From one row to the next."""
        return self.size + CAPTION + 2 * PADDING

    @property
    def columns(self) -> int:
        """How many tiles there are in a row, at least one."""
        return max(self.width // (self.size + 2 * PADDING), 1)

    @property
    def rows(self) -> int:
        """How many rows there are, at least one."""
        return max(math.ceil(self.count / self.columns), 1)

    @property
    def rows_seen(self) -> int:
        """How many rows are seen: not more than there are."""
        return min(self.rows_shown, self.rows)

    @property
    def height(self) -> int:
        """Of what is seen."""
        return self.rows_seen * self.row_height

    def clamped(self, first: int) -> int:
        """The nearest row that can be the first one seen."""
        return min(max(first, 0), self.rows - self.rows_seen)

    def seen(self, first: int) -> range:
        """The tiles that are seen when row `first` is the first."""
        start = first * self.columns
        return range(start, min(start + self.rows_seen * self.columns, self.count))

    def corner(self, index: int, first: int) -> tuple[int, int]:
        """(x, y) of the top left corner of a thumbnail's square."""
        row, column = divmod(index, self.columns)
        pitch = self.width / self.columns
        return round(column * pitch + (pitch - self.size) / 2), (row - first) * self.row_height + PADDING

    def index_at(self, x: float, y: float, first: int) -> int | None:
        """The tile at a place of the canvas, frame and caption included, or None between them."""
        row, column = int(y // self.row_height) + first, int(x // (self.width / self.columns))
        index = row * self.columns + column
        if not 0 <= column < self.columns or index not in self.seen(first):
            return None
        left, _ = self.corner(index, first)
        return index if left - PADDING <= x < left + self.size + PADDING else None

    def first_to_see(self, index: int, first: int) -> int:
        """The first row that shows a tile, with the least scrolling."""
        row = index // self.columns
        return self.clamped(min(max(first, row - self.rows_seen + 1), row))
