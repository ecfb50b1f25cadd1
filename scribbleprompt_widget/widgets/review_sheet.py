"""The sheet of a `ReviewGrid`: an ipycanvas that only the visible tiles are drawn on, and what listens above it."""

from __future__ import annotations

import re
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import anywidget
import ipywidgets
import numpy as np
import traitlets
from ipycanvas import Canvas, MultiCanvas, hold_canvas

from scribbleprompt_widget.widgets.review_items import ReviewItems, Tile
from scribbleprompt_widget.widgets.review_layout import CAPTION, PADDING, Layout

__all__ = ["Marks", "ReviewSheet"]

STATIC_FILES: Final = Path(__file__).parent.parent / "static"

READING_S: Final = 0.15
"""How long to read images before those read so far are shown, and the front end is asked where it is by now."""
WIDTHS: Final = (100, 8000)
RATIOS: Final = (0.5, 4.0)
FONT: Final = "system-ui, sans-serif"
LETTER: Final = 0.53
"""Width of a letter, as a share of the font's size: enough for most names."""


@dataclass(frozen=True)
class Marks:
    """What is marked on the tiles: those selected, the one the keys are at, and the one that is open."""

    selected: frozenset[int] = frozenset()
    cursor: int | None = None
    opened: int | None = None


@dataclass(frozen=True)
class Scene:
    """All that a drawing depends on, but for the tiles: `ratio` is device pixels per CSS pixel."""

    layout: Layout
    first: int
    ratio: float
    colors: tuple[tuple[str, str], ...]

    def color(self, name: str) -> str:
        return dict(self.colors)[name]


UNREAD: Final = 224
"""Grey of what cannot be read, in the picture of a saved notebook."""
LIGHT: Final = {"bg": "#ffffff", "fg": "#1f2328", "soft": "#59636e", "accent": "#0969da", "bad": "#b3261e"}
"""Before the page has told its own colours."""

_drawing = threading.RLock()
"""All canvases share ipycanvas's one list of held commands, and messages may come on another thread than cells do."""

Act: TypeAlias = Callable[[Mapping[str, Any], "int | None"], None]
"""Takes what a person did (see js/src/review.ts) and the tile where it was."""


class _Listener(anywidget.AnyWidget):
    """The front end above the canvas (js/src/review.ts)."""

    _esm = (STATIC_FILES / "review.js").read_text(encoding="utf-8")
    _css = (STATIC_FILES / "review.css").read_text(encoding="utf-8")

    _key = traitlets.Unicode().tag(sync=True)
    _rows = traitlets.Dict().tag(sync=True)
    _first = traitlets.Int().tag(sync=True)


class ReviewSheet(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Thumbnails in rows that scroll.

    Parameters
    ----------
    items
        What is shown.
    caption
        Gives the text under a tile.
    size, rows
        Longest side of a thumbnail in CSS pixels, and how many rows are seen.
    key
        Of the picture that stands for it in a saved notebook (see `StaticPicture`).
    """

    def __init__(self, items: ReviewItems, caption: Callable[[int], str], *, size: int, rows: int, key: str) -> None:
        layout = Layout(len(items), size, rows, width=800)
        self._items = items
        self._caption = caption
        self._scene = Scene(layout, 0, 1.0, tuple(LIGHT.items()))
        self._marks = Marks()
        self._drawn: set[int] = set()  # tiles of the scene that are on the canvas
        self._canvas = MultiCanvas(2, width=layout.width, height=layout.height)
        self._listener = _Listener(_key=key, _rows=self._rows())
        self._listener.on_msg(self._on_message)
        self._act: Act = lambda *_: None
        super().__init__([self._canvas, self._listener])
        self.add_class("sp-review-sheet")

    @property
    def layout_seen(self) -> Layout:
        """The layout as it is now."""
        return self._scene.layout

    @property
    def first_seen(self) -> int:
        """The first tile in view."""
        return self._scene.layout.seen(self._scene.first).start

    def problem(self, index: int) -> str:
        """What could not be read of an image, as far as it was tried; empty when nothing is wrong."""
        tile = self._items.known_tile(index, self._side)
        return "" if tile is None else tile.problem

    def contact_sheet(self, max_side: int) -> np.ndarray:
        """(h, w, 3) uint8: the first thumbnails, as many as are seen and a picture of that side holds; at least one."""
        size = self._scene.layout.size
        cell = size + 2 * PADDING
        columns = min(max(max_side // cell, 1), max(len(self._items), 1))
        rows = min(max(max_side // cell, 1), self._scene.layout.rows_shown, max(-(-len(self._items) // columns), 1))
        picture = np.full((rows * cell, columns * cell, 3), 255, np.uint8)
        for index in range(min(rows * columns, len(self._items))):
            row, column = divmod(index, columns)
            place = picture[row * cell :, column * cell :][PADDING : PADDING + size, PADDING : PADDING + size]
            tile = self._items.tile(index, size, line=2).picture
            if tile is None:
                place[:] = UNREAD
            else:
                top, left = (size - tile.shape[0]) // 2, (size - tile.shape[1]) // 2
                place[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        return picture

    def on_act(self, act: Act) -> None:
        """Call `act` when a person presses a tile or a key."""
        self._act = act

    def close(self) -> None:
        """Close the sheet and its parts."""
        for part in (self._listener, *self._canvas._canvases, self._canvas):
            part.close()
        super().close()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def mark(self, marks: Marks) -> None:
        """Mark tiles."""
        with _drawing:
            if marks != self._marks:
                self._marks = marks
                self._draw([])

    def show(self, index: int) -> None:
        """Scroll a tile into view, if it is not."""
        with _drawing:
            layout, first = self._scene.layout, self._scene.first
            if (there := layout.first_to_see(index, first)) != first:
                self._set_scene(replace(self._scene, first=there))
                self._draw_for_a_while()
                self._listener.send({"type": "scroll", "first": there})

    def bring_into_view(self, key: str) -> None:
        """Have the page scroll to the `Segmenter` of this key, once it is there, and give it the keys."""
        self._listener.send({"type": "opened", "key": key})

    def refresh(self, index: int) -> None:
        """Draw a tile again, if it is seen."""
        with _drawing:
            if index in self._drawn:
                self._draw([(index, self._tile(index))])

    def _on_message(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content["type"] == "view":
            more = False
            try:
                with _drawing:
                    self._look(content)
                    more = self._draw_for_a_while()
            except Exception as error:  # noqa: BLE001  # exceptions would show nowhere
                self._act({"type": "problem", "text": f"{type(error).__name__}: {error}"}, None)
            finally:  # the page asks for nothing more before this is answered
                self._listener.send({"type": "drawn", "id": content["id"], "more": more})
            return
        at = None
        if content["type"] in ("press", "open"):
            layout = self._scene.layout
            x, y = float(content["x"]) * layout.width, float(content["y"]) * layout.height
            at = layout.index_at(x, y, self._scene.first)
        self._act(content, at)

    def _look(self, content: Mapping[str, Any]) -> None:
        """Have the scene that a view asks for."""
        layout = replace(self._scene.layout, width=int(np.clip(int(content["width"]), *WIDTHS)))
        colors = {name: str(content["colors"][name]) for name in LIGHT}
        if not all(re.fullmatch("#[0-9a-f]{6}", color) for color in colors.values()):
            raise ValueError(f"colors takes #rrggbb, got {colors}")
        ratio = float(np.clip(content["ratio"], *RATIOS))
        if layout.columns != self._scene.layout.columns and self._drawn:
            first = layout.first_to_see(min(self._drawn), 0)  # what was seen stays seen
        else:
            first = layout.clamped(int(content["first"]))
        if content["anew"]:
            self._drawn.clear()  # a page that was opened has an empty canvas
        self._set_scene(Scene(layout, first, ratio, tuple(colors.items())))

    def _set_scene(self, scene: Scene) -> None:
        if scene != self._scene:
            self._drawn.clear()
        old, self._scene = self._scene, scene
        width, height = round(scene.layout.width * scene.ratio), round(scene.layout.height * scene.ratio)
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas.width, self._canvas.height = width, height
        self._canvas.layout.width, self._canvas.layout.height = f"{scene.layout.width}px", f"{scene.layout.height}px"
        self._listener._rows = self._rows()
        self._listener._first = scene.first
        if old.layout != scene.layout:
            self._listener.send({"type": "scroll", "first": scene.first})

    def _rows(self) -> dict[str, int]:
        layout = self._scene.layout
        return {"all": layout.rows, "shown": layout.rows_seen, "height": layout.row_height}

    def _draw_for_a_while(self) -> bool:
        """Draw what is seen and not drawn; whether something is left."""
        seen = self._scene.layout.seen(self._scene.first)
        until = time.monotonic() + READING_S
        anew = not self._drawn
        ready, left = [], []
        for index in seen:
            if index in self._drawn:
                continue
            known = self._items.known_tile(index, self._side)
            if known is not None:
                ready.append((index, known))
            elif time.monotonic() < until or not ready:
                ready.append((index, self._tile(index)))
            else:
                left.append(index)
        self._draw(ready, waiting=left if anew else [], anew=anew)
        return bool(left)

    @property
    def _side(self) -> int:
        return round(self._scene.layout.size * self._scene.ratio)

    def _tile(self, index: int) -> Tile:
        return self._items.tile(index, self._side, line=max(round(2 * self._scene.ratio), 1))

    def _draw(self, tiles: list[tuple[int, Tile]], waiting: list[int] | None = None, *, anew: bool = False) -> None:
        # Both layers every time, this one first: a page that was opened anew has to be told which canvas is drawn on.
        pictures, marks = self._canvas[0], self._canvas[1]
        with hold_canvas():
            pictures.save()
            if anew:
                pictures.clear()
            pictures.scale(self._scene.ratio)
            for index in waiting or []:
                self._draw_card(pictures, index)
                self._write(pictures, index, "…", "soft")
            for index, tile in tiles:
                self._draw_card(pictures, index)
                self._draw_tile(pictures, index, tile)
                self._drawn.add(index)
            pictures.restore()
            marks.save()
            marks.clear()
            marks.scale(self._scene.ratio)
            for index in self._scene.layout.seen(self._scene.first):
                self._draw_marks(marks, index)
            marks.restore()

    def _draw_card(self, canvas: Canvas, index: int) -> None:
        x, y = self._scene.layout.corner(index, self._scene.first)
        size = self._scene.layout.size
        canvas.clear_rect(x - PADDING, y - PADDING, size + 2 * PADDING, size + CAPTION + 2 * PADDING)
        canvas.fill_style = _mixed(self._scene.color("fg"), self._scene.color("bg"), 0.07)
        canvas.fill_rect(x, y, size, size)

    def _draw_tile(self, canvas: Canvas, index: int, tile: Tile) -> None:
        x, y = self._scene.layout.corner(index, self._scene.first)
        size = self._scene.layout.size
        if tile.picture is None:
            self._write_problem(canvas, index, tile.problem)
        else:
            height, width = (length / self._scene.ratio for length in tile.picture.shape[:2])
            opaque = np.full((*tile.picture.shape[:2], 1), 255, np.uint8)
            canvas.save()
            canvas.translate(x + (size - width) / 2, y + (size - height) / 2)
            canvas.scale(1 / self._scene.ratio)
            # With opacity ipycanvas sends a PNG; without, a JPEG that would smear the outlines.
            canvas.put_image_data(np.concatenate([tile.picture, opaque], axis=2))
            canvas.restore()
        tag = _tag(tile)
        canvas.font = f"11px {FONT}"
        canvas.text_baseline = "middle"
        room = size - (len(tag) + 2) * 11 * LETTER if tag else size
        line = y + size + CAPTION / 2 + 1
        canvas.text_align = "left"
        canvas.fill_style = self._scene.color("fg")
        canvas.fill_text(_shortened(self._caption(index), int(room / (11 * LETTER))), x + 2, line, room)
        if tag:
            canvas.text_align = "right"
            canvas.fill_style = self._scene.color("bad" if tile.problem else "soft")
            canvas.fill_text(tag, x + size - 2, line)

    def _write(self, canvas: Canvas, index: int, text: str, color: str) -> None:
        x, y = self._scene.layout.corner(index, self._scene.first)
        half = self._scene.layout.size / 2
        canvas.font, canvas.text_align, canvas.text_baseline = f"16px {FONT}", "center", "middle"
        canvas.fill_style = self._scene.color(color)
        canvas.fill_text(text, x + half, y + half)

    def _write_problem(self, canvas: Canvas, index: int, problem: str) -> None:
        x, y = self._scene.layout.corner(index, self._scene.first)
        size = self._scene.layout.size
        canvas.font, canvas.text_align, canvas.text_baseline = f"11px {FONT}", "left", "top"
        canvas.fill_style = self._scene.color("bad")
        letters = int((size - 16) / (11 * LETTER))
        for number, line in enumerate(textwrap.wrap(problem, letters)[: (size - 16) // 14]):
            canvas.fill_text(line, x + 8, y + 8 + 14 * number, size - 16)

    def _draw_marks(self, canvas: Canvas, index: int) -> None:
        x, y = self._scene.layout.corner(index, self._scene.first)
        size = self._scene.layout.size
        color = self._scene.color
        if index in self._marks.selected:
            # A frame, and for those who do not see its colour a tick.
            canvas.stroke_style, canvas.line_width = color("accent"), 3
            canvas.stroke_rect(x - 3.5, y - 3.5, size + 7, size + CAPTION + 5)
            canvas.fill_style = color("accent")
            canvas.fill_rect(x - 2, y - 2, 24, 24)
            canvas.stroke_style, canvas.line_width = color("bg"), 2.5
            canvas.stroke_lines([(x + 4, y + 10), (x + 8.5, y + 14.5), (x + 16.5, y + 5.5)])
        if index == self._marks.cursor:
            canvas.stroke_style, canvas.line_width = color("fg"), 1
            canvas.stroke_rect(x - 6, y - 6, size + 12, size + CAPTION + 10)
        if index == self._marks.opened:
            canvas.font, canvas.text_align, canvas.text_baseline = f"bold 11px {FONT}", "center", "middle"
            canvas.fill_style = color("accent")
            canvas.fill_rect(x + size - 46, y - 2, 48, 20)
            canvas.fill_style = color("bg")
            canvas.fill_text("open", x + size - 22, y + 8)


def _tag(tile: Tile) -> str:
    if tile.problem:
        return "unreadable" if tile.picture is None else "mask?"
    return "no mask" if tile.labels is None else "empty" if tile.labels == 0 else ""


def _shortened(text: str, letters: int) -> str:
    """A text of so many letters at most; of a longer one the end is kept, where file names differ."""
    if len(text) <= letters or letters < 4:
        return text
    start = (letters - 1) // 3
    return f"{text[:start]}…{text[start + 1 - letters :]}"


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in pairs).hex()
