"""ReviewGrid: a contact sheet of images with their masks, in a notebook cell."""

from __future__ import annotations

import html
import logging
import operator
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import ipywidgets
import numpy as np
import traitlets
from IPython.display import publish_display_data

from scribbleprompt_widget.predictors.base import Predictor
from scribbleprompt_widget.widgets.annotation import Label
from scribbleprompt_widget.widgets.labelling import COLORS, labels_of
from scribbleprompt_widget.widgets.review_items import ReviewItems, sequence_of
from scribbleprompt_widget.widgets.review_sheet import Marks, ReviewSheet
from scribbleprompt_widget.widgets.segmenter import Segmenter
from scribbleprompt_widget.widgets.session_file import Saved
from scribbleprompt_widget.widgets.static_picture import StaticPicture
from scribbleprompt_widget.widgets.thumbnail import LINE_STYLES

__all__ = ["ReviewGrid"]

log = logging.getLogger(__name__)

SIZES: Final = (48, 512)
ROWS: Final = (1, 20)
HINT: Final = "double click or Enter opens"


class ReviewGrid(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Look over many images with their masks; select some, and open one in a `Segmenter` below.

    Only the thumbnails in view are read and drawn, so that hundreds of files cost no more than a screenful.
    A click selects, with Ctrl (or Cmd) it adds one or takes it away, with Shift it selects all up to there. Arrow keys
    move, Space adds, Enter or a double click opens, Ctrl+A selects all, Esc none.

    Parameters
    ----------
    images
        A sequence (a list, a stack (N, H, W), anything with a length and an index) of what `Image.of` takes: paths,
        (H, W) or (H, W, 3) arrays, PIL images; or of functions without arguments that give one.
    masks
        A sequence as long. For each image an (H, W) bool mask, an (H, W) label map of integers (0 is background), a
        path to one of these, a function that gives one, or None where there is none yet. None: there are none at all.
    labels
        Names of labels 1, 2, ... for the legend and the `Segmenter`; found from the mask unless given.
    names
        What is written under the thumbnails, one text each; files' names, or numbers, unless given.
    size
        Longest side of a thumbnail in CSS pixels, 48 to 512.
    rows
        How many rows are seen at a time, 1 to 20.
    model
        What the `Segmenter` segments with; see there.

    Attributes
    ----------
    selected
        Indices of the selected images, ascending, a list of int. ``grid.observe(handler, names="selected")`` hears of
        changes; setting it selects.

    Raises
    ------
    TypeError, ValueError
        When `images`, `masks` or `names` are no sequences or differ in length, or another argument is not as said. An
        image or a mask that cannot be read raises nothing: its tile says so.

    Examples
    --------
    >>> import numpy as np
    >>> import scribbleprompt_widget as sp
    >>> grid = sp.ReviewGrid(np.zeros((3, 64, 64)), masks=[np.eye(64, dtype=bool), None, None])
    >>> grid.selected = [0, 2]
    """

    selected: traitlets.List[int] = traitlets.List()

    def __init__(
        self,
        images: Sequence[Any],
        masks: Sequence[Any] | None = None,
        *,
        labels: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        size: int = 144,
        rows: int = 3,
        model: str | Path | Predictor = "default",
    ) -> None:
        images = sequence_of("images", images, "images")
        if masks is not None:
            masks = sequence_of("masks", masks, "masks (None where there is none)")
            _check_length("masks", masks, len(images))
        if names is not None:
            names = [str(name) for name in sequence_of("names", names, "texts")]
            _check_length("names", names, len(images))
        self._labels = None if labels is None else [label.name for label in labels_of(labels)]
        # How many labels there were, and the step, when the open image was opened.
        self._labels_before = 0
        self._step_before: object = None
        self._drawn: dict[int, Saved] = {}
        self._items = ReviewItems(images, masks, None if self._labels is None else len(self._labels))
        self._names = names
        self._model = model
        self._anchor: int | None = None
        self._cursor: int | None = None
        self._opened: int | None = None
        self._heading: ipywidgets.HBox | None = None
        self._segmenter: Segmenter | None = None
        key = uuid.uuid4().hex
        self._static = StaticPicture(key, self._drawn_small, f"Thumbnails of {len(images)} images")
        self._sheet = ReviewSheet(
            self._items, self.name, size=_number("size", size, SIZES), rows=_number("rows", rows, ROWS), key=key
        )
        self._sheet.on_act(self._on_act)
        self._status = ipywidgets.HTML()
        self._status.add_class("sp-review-status")
        self._frame = ipywidgets.VBox([self._sheet, self._status])
        self._frame.add_class("sp-review-frame")
        super().__init__([self._frame])
        self.add_class("sp-review")
        self._tell()

    # --- from Python -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._items)

    def name(self, index: int) -> str:
        """What is written under an image."""
        return self._items.name(index) if self._names is None else self._names[index]

    def mask(self, index: int) -> np.ndarray | None:
        """(H, W): the mask as it is now, with what was drawn below the grid; None where there is none. A copy.

        Unsigned integers of a label map where the grid has several `labels`, or the mask itself has; else bool.
        """
        found = self._items.mask(self._index(index))
        if found is None or self._labels is None or len(self._labels) == 1 or found.dtype != np.bool_:
            return None if found is None else np.array(found)
        return found.astype(np.uint8)

    @property
    def segmenter(self) -> Segmenter | None:
        """The `Segmenter` of the image that is open, or None."""
        return self._segmenter

    def open_image(self, index: int) -> Segmenter:
        """Open an image in a `Segmenter` below the grid, with its mask; what is drawn there changes the thumbnail.

        An image that was drawn on before has its prompts and objects again, for as long as the grid lives; what could
        be undone then is settled.

        Raises
        ------
        TypeError, ValueError, FileNotFoundError
            When there is no such image, or it cannot be read.
        """
        index = self._index(index)
        self._tell(notice=f"opening {self.name(index)}…")
        try:
            return self._open(index)
        finally:
            self._tell()

    def _open(self, index: int) -> Segmenter:
        self._keep_drawn()
        image = self._items.image(index)
        mask = self._items.mask(index, image)
        segmenter = Segmenter(image, labels=self._labels_of(mask), model=self._model)
        drawn = self._drawn.get(index)
        if drawn is not None and drawn.image.shape == segmenter.image.shape:
            segmenter._go_on(drawn if self._labels is None else _named(drawn, segmenter.labels))
        elif mask is not None:
            for number, label in reversed(list(enumerate(segmenter.labels, start=1))):
                if (mask == number).any():
                    segmenter.label = label
                    segmenter.start_from(mask == number)
            segmenter.label = segmenter.labels[0]
        self._shut()
        title = ipywidgets.HTML(f"<b>{html.escape(self.name(index))}</b>")
        buttons = [self._button("Previous", "Open the image before this one", index - 1)]
        buttons += [self._button("Next", "Open the image after this one", index + 1)]
        buttons += [self._button("Close", "Close this image; what was drawn stays in the grid", None)]
        heading = ipywidgets.HBox([title, ipywidgets.HBox(buttons)], layout={"justify_content": "space-between"})
        heading.add_class("sp-review-title")
        self._opened, self._heading, self._segmenter = index, heading, segmenter
        self._labels_before = len(self._labels or [])
        self._step_before = segmenter._annotation.history.current
        self.children = [self._frame, heading, segmenter]
        segmenter.observe(self._on_mask, names="mask_version")
        segmenter.observe(lambda _: self._adopt_labels(segmenter), names="_labels")
        self._mark()
        return segmenter

    def _button(self, name: str, tooltip: str, leads_to: int | None) -> ipywidgets.Button:
        """A button that opens another image, or none; it cannot be pressed where there is no such image."""
        button = ipywidgets.Button(description=name, tooltip=tooltip, layout={"width": "auto"})
        button.disabled = leads_to is not None and not 0 <= leads_to < len(self)
        button.on_click(lambda _: self._on_act({"type": "close"} if leads_to is None else {"type": "open"}, leads_to))
        return button

    def close(self) -> None:
        """Close the grid, and the `Segmenter` below it."""
        if self.comm is not None:
            self._static.forget()
            self._shut()
            for part in (self._sheet, self._status, self._frame):
                part.close()
        super().close()

    def __repr__(self) -> str:
        return f"ReviewGrid({len(self)} images, {len(self.selected)} selected)"

    def _ipython_display_(self) -> None:
        """Show the grid, and beside it the picture that a saved notebook keeps (hidden while the grid is alive)."""
        publish_display_data(self._repr_mimebundle_() if self.comm is not None else {"text/plain": repr(self)})
        if self.comm is not None:
            self._static.show()

    def _drawn_small(self, max_side: int) -> np.ndarray:
        return self._sheet.contact_sheet(max_side)

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Mapping[str, Any]) -> list[int]:
        return sorted({self._index(index, "selected") for index in proposal["value"]})

    @traitlets.observe("selected")
    def _on_selected(self, _change: object) -> None:
        self._mark()
        self._tell()

    def _index(self, index: Any, name: str = "index") -> int:
        try:
            number = operator.index(index)
        except TypeError:
            raise TypeError(f"{name} takes whole numbers, got {index!r}") from None
        if not 0 <= number < len(self):
            raise ValueError(f"{name} takes numbers from 0 to {len(self) - 1}, got {number}")
        return number

    # --- from the person ---------------------------------------------------------------------------------------------

    def _on_act(self, act: Mapping[str, Any], at: int | None) -> None:
        """Do what was pressed. Exceptions and prints would show nowhere: they go into the line below."""
        try:
            if act["type"] == "problem":
                self._tell(str(act["text"]))
            elif act["type"] == "key":
                self._press_key(str(act["key"]), toggle=bool(act["toggle"]), range_=bool(act["range"]))
            elif act["type"] == "close":
                self._shut()
            elif act["type"] == "open":
                if at is not None:
                    self._show(at)
            elif at is not None:
                self._choose(at, toggle=bool(act["toggle"]), range_=bool(act["range"]))
            elif not act["toggle"] and not act["range"]:
                self.selected = []
        except (Exception, KeyboardInterrupt) as error:
            log.debug("%s failed", act.get("type"), exc_info=True)
            self._tell(f"{type(error).__name__}: {error}")

    def _show(self, index: int) -> None:
        """Open an image, and bring it into view: the sheet may fill the screen."""
        self._sheet.bring_into_view(self.open_image(index)._key)

    def _choose(self, index: int, *, toggle: bool, range_: bool) -> None:
        self._cursor = index
        if range_ and self._anchor is not None:
            reach = range(min(self._anchor, index), max(self._anchor, index) + 1)
            self.selected = [*(self.selected if toggle else []), *reach]
        else:
            self._anchor = index
            self.selected = sorted({*self.selected} ^ {index}) if toggle else [index]
        self._mark()

    def _press_key(self, key: str, *, toggle: bool, range_: bool) -> None:
        if not len(self):
            return
        if key == "all":
            self.selected = list(range(len(self)))
        elif key == "Escape":
            self.selected = []
        elif key == "Enter":
            if self._cursor is not None:
                self._show(self._cursor)
        elif key == " ":
            self._choose(self._cursor or 0, toggle=True, range_=False)
        else:
            there = self._moved(key)
            self._sheet.show(there)
            if toggle:  # the place alone
                self._cursor = there
                self._mark()
            else:
                self._choose(there, toggle=False, range_=range_)

    def _moved(self, key: str) -> int:
        """Where a key leads to."""
        last = len(self) - 1
        if key in ("Home", "End"):
            return 0 if key == "Home" else last
        if self._cursor is None:
            return self._sheet.first_seen
        layout = self._sheet.layout_seen
        columns, rows = layout.columns, layout.rows_seen
        steps = {"ArrowRight": 1, "ArrowDown": columns, "PageDown": columns * rows}
        steps |= {"ArrowLeft": -1, "ArrowUp": -columns, "PageUp": -columns * rows}
        there = self._cursor + steps[key]
        if 0 <= there <= last:
            return there
        # Pages end at the first and the last; from the row before a shorter last one, down leads to its end.
        if key.startswith("Page") or (key == "ArrowDown" and self._cursor // columns < last // columns):
            return min(max(there, 0), last)
        return self._cursor

    # --- below the grid ----------------------------------------------------------------------------------------------

    def _labels_of(self, mask: np.ndarray | None) -> list[str]:
        count = 1 if mask is None else int(mask.max())
        if self._labels is not None:
            if count > len(self._labels):
                raise ValueError(f"labels names {len(self._labels)}, but the mask has the label {count}")
            return self._labels
        return ["object"] if count <= 1 else [f"label {number}" for number in range(1, count + 1)]

    def _adopt_labels(self, segmenter: Segmenter) -> None:
        """Labels that were added or renamed below are so for all images: masks are told apart by their numbers.

        Those that were there before stay though they were removed there: other images may have them.
        """
        if self._labels is None:
            return
        labels = list(segmenter.labels)
        for name in self._labels[len(labels) : self._labels_before]:  # which another may have been named meanwhile
            labels.append(name if name not in labels else f"{name} ({len(labels) + 1})")
        if labels != self._labels:
            self._labels = labels
            for index in self._items.name_labels(len(self._labels)):
                self._sheet.refresh(index)
            self._tell()

    def _on_mask(self, _change: object) -> None:
        if self._segmenter is None or self._opened is None:
            return
        self._adopt_labels(self._segmenter)
        found = self._segmenter.label_map  # with the objects that are done
        self._items.set_mask(self._opened, found > 0 if len(self._segmenter.labels) == 1 else found)
        self._sheet.refresh(self._opened)
        self._static.stale = True

    def _keep_drawn(self) -> None:
        """Hold what was drawn on the image that is open."""
        if self._segmenter is None or self._opened is None:
            return
        self._adopt_labels(self._segmenter)
        if self._segmenter._annotation.history.current is not self._step_before:
            self._drawn[self._opened] = self._segmenter._saved().now()

    def _shut(self) -> None:
        if self._segmenter is None or self._heading is None:
            return
        heading, segmenter = self._heading, self._segmenter
        self._keep_drawn()
        self._opened = self._heading = self._segmenter = None
        self.children = [self._frame]
        title, buttons = heading.children
        for part in (title, *buttons.children, buttons, heading):
            for held in (part.layout, getattr(part, "style", None), part):
                if held is not None:
                    held.close()
        segmenter.close()
        self._mark()
        self._static.refresh()

    # --- what is told ------------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        self._sheet.mark(Marks(frozenset(self.selected), self._cursor, self._opened))

    def _tell(self, problem: str = "", *, notice: str = "") -> None:
        count = len(self)
        facts = [f"{count} image{'s' if count != 1 else ''}, {len(self.selected)} selected"]
        if len(self.selected) == 1:
            facts.append(html.escape(self.name(self.selected[0])))
            problem = problem or self._sheet.problem(self.selected[0])
        facts += _legend(self._labels or [])
        if notice:
            facts.append(html.escape(notice))
        words = "".join(f"<span>{fact}</span>" for fact in facts) + f'<span class="sp-review-hint">{HINT}</span>'
        if problem:
            words += f'<span class="sp-review-bad" role="alert">{html.escape(problem)}</span>'
        self._status.value = words


def _named(drawn: Saved, names: Sequence[str]) -> Saved:
    """The same with the grid's labels, which may have been renamed, and more, since."""
    known = [replace(label, name=name) for label, name in zip(drawn.labels, names, strict=False)]
    top = max(label.rank for label in known)
    more = enumerate(names[len(known) :], start=1)
    added = [Label(name, COLORS[(len(known) + n - 1) % len(COLORS)], top + n) for n, name in more]
    active = names[[label.name for label in drawn.labels].index(drawn.active)]
    return replace(drawn, labels=[*known, *added], active=active)


def _legend(labels: Iterable[str]) -> list[str]:
    found = []
    for number, label in enumerate(labels):
        style = (
            f"border-color: {COLORS[number % len(COLORS)]}; border-top-style: {LINE_STYLES[number % len(LINE_STYLES)]}"
        )
        found.append(f'<i class="sp-review-swatch" style="{style}"></i>{html.escape(label)}')
    return found


def _check_length(name: str, values: Sequence[Any], count: int) -> None:
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} entries, but there are {count} images: one for each is taken")


def _number(name: str, value: Any, limits: tuple[int, int]) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} takes a whole number, got {value!r}") from None
    if not limits[0] <= number <= limits[1]:
        raise ValueError(f"{name} takes a number from {limits[0]} to {limits[1]}, got {number}")
    return number
