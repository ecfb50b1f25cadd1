"""The labels of a `Segmenter`: their names, colours and order, and the verbs that change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from scribbleprompt_widget.widgets.annotation import Annotation, Label
from scribbleprompt_widget.widgets.part import Part

__all__ = ["COLORS", "Labelling", "check_labels", "labels_of", "relabel"]

COLORS: Final = (
    *("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00", "#0072b2"),
    *("#b0dcf5", "#f5d58f", "#e9c3d8", "#f9f3a9", "#8ad4bf", "#f0b48a", "#8abde0"),
)
"""Okabe and Ito's palette, which colour-blind people can tell apart; those that stand out on grey first. Then paler."""


class Labelling(Part):
    """What can be done to the labels of an annotation.

    Every method raises RuntimeError when the widget is closed, and ValueError when there is no such label.
    """

    @property
    def labels(self) -> list[str]:
        """Names of the labels."""
        return self._annotation.names

    def add_label(self, name: str, color: str | None = None) -> None:
        """Add a label, on top of the others, and make it the active one.

        Parameters
        ----------
        name
            Another than those that there are.
        color
            "#rrggbb"; the next of a palette that colour-blind people can tell apart unless given.
        """

        def added(labels: tuple[Label, ...]) -> list[Label]:
            rank = max(label.rank for label in labels) + 1
            used = {label.color for label in labels}
            free = next((one for one in COLORS if one not in used), COLORS[len(labels) % len(COLORS)])
            return [*labels, Label(name, color or free, rank)]

        self._relabel(added)
        self.label = name

    def change_label(self, label: str, *, name: str | None = None, color: str | None = None) -> None:
        """Rename a label, or give it another colour ("#rrggbb")."""

        def changed(labels: tuple[Label, ...]) -> list[Label]:
            index = self._index_of(label)
            old = labels[index]
            new = replace(old, name=old.name if name is None else name, color=old.color if color is None else color)
            return [*labels[:index], new, *labels[index + 1 :]]

        self._relabel(changed)

    def remove_label(self, label: str) -> None:
        """Remove the last label while nothing was done to it: one that was added by mistake. Numbers stay as they are.

        Raises
        ------
        ValueError
            When there is no such label, it is not the last or the only one, or the history speaks of it.
        """
        self._do(lambda annotation: annotation.remove(self._index_of(label)))

    def order_labels(self, names: Sequence[str]) -> None:
        """Say which label lies on top where masks overlap: all names, from the lowest to the highest.

        Committed objects and locked labels are not overlapped, whatever the order: they keep their pixels.
        """

        def ordered(labels: tuple[Label, ...]) -> list[Label]:
            order = [names] if isinstance(names, str) else list(names)
            if sorted(order) != sorted(self.labels):
                raise ValueError(f"names takes each of {', '.join(map(repr, self.labels))} once, got {names!r}")
            return [replace(label, rank=order.index(label.name)) for label in labels]

        self._relabel(ordered)

    def lock_label(self, label: str, locked: bool = True) -> None:
        """Let nothing overwrite the pixels of a label, nor draw on it; ``locked=False`` opens it again. One step."""
        self._do(lambda annotation: annotation.lock(self._index_of(label), locked))

    def _index_of(self, label: str) -> int:
        names = self.labels
        if label not in names:
            raise ValueError(f"label takes one of {', '.join(map(repr, names))}; got {label!r}")
        return names.index(label)

    def _relabel(self, change: Callable[[tuple[Label, ...]], list[Label]]) -> None:
        self._do(lambda annotation: relabel(annotation, change(annotation.labels)))


def labels_of(names: Sequence[str]) -> list[Label]:
    """Labels for a list of names, the later on top.

    Raises
    ------
    TypeError, ValueError
        When `names` is no list of at least one name, or a name is blank or twice there.
    """
    if isinstance(names, str):
        raise TypeError(f"labels takes a list of names, got the string {names!r}; write [{names!r}]")
    if not isinstance(names, Sequence):  # a set has no order
        raise TypeError(f"labels takes a list of names, got {names!r}")
    labels = [Label(name, COLORS[i % len(COLORS)], i) for i, name in enumerate(names)]
    check_labels(labels)
    return labels


def relabel(annotation: Annotation, labels: Sequence[Label]) -> None:
    """Name an annotation's labels anew, with new ones at the end.

    Raises
    ------
    TypeError, ValueError
        As `check_labels`, and when there would be fewer than there are.
    """
    if len(labels) < (least := len(annotation.labels)):
        raise ValueError(f"labels takes at least the {least} that there are, got {len(labels)}")
    check_labels(labels)
    annotation.relabel(labels)


def check_labels(labels: Sequence[Label]) -> None:
    """See that there are labels, and that they can stand beside each other.

    Raises
    ------
    TypeError, ValueError
        When there are none, a name is blank or twice there, a color not "#rrggbb", or a rank no integer.
    """
    names = [label.name for label in labels]
    if not labels:
        raise ValueError(f"labels takes a list of at least one name, got {names!r}")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(f"labels takes names, strings that are not blank, got {names!r}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"labels takes names that differ; {twice!r} is there twice")
    for label in labels:
        if not isinstance(label.color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", label.color):
            raise ValueError(f"color takes #rrggbb, got {label.color!r}")
        if isinstance(label.rank, bool) or not isinstance(label.rank, int):
            raise TypeError(f"rank takes an integer, got {label.rank!r}")
