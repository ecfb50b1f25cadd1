"""The steps taken on one image, each with the state that it led to.

A step keeps, for every label, its prompts and the predictor's small state, so undo and redo go to what was there
without inference, and exactly. Steps share what they did not change; nothing of the image's size is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from scribbleprompt_widget.prompts import Prompts

__all__ = ["Entry", "History", "Step"]

S = TypeVar("S")  # a predictor's state; what it is made of is the predictor's matter


@dataclass(frozen=True)
class Entry(Generic[S]):
    """What stands for one label: its prompts, and the state that they led to (None before the first)."""

    prompts: Prompts = field(default_factory=Prompts)
    state: S | None = None


@dataclass(frozen=True)
class Step(Generic[S]):
    """One thing done: what (`action`), to which label (its index), and how every label stands after it."""

    action: str
    label: int
    entries: tuple[Entry[S], ...]

    def with_entry(self, action: str, label: int, entry: Entry[S]) -> Step[S]:
        """The step that follows this one by giving `label` a new entry."""
        entries = (*self.entries[:label], entry, *self.entries[label + 1 :])
        return replace(self, action=action, label=label, entries=entries)


class History(Generic[S]):
    """A line of steps with a cursor; a new step drops what had been undone.

    Parameters
    ----------
    labels
        How many labels there are, at least 1.
    """

    def __init__(self, labels: int) -> None:
        self._steps: list[Step[S]] = [Step("open", 0, (Entry[S](),) * labels)]
        self._cursor = 0

    @property
    def current(self) -> Step[S]:
        """How things stand."""
        return self._steps[self._cursor]

    @property
    def before(self) -> Step[S] | None:
        """The step before the current one; None at the beginning."""
        return self._steps[self._cursor - 1] if self._cursor > 0 else None

    @property
    def after(self) -> Step[S] | None:
        """The step that was undone last; None at the end."""
        return self._steps[self._cursor + 1] if self._cursor < len(self._steps) - 1 else None

    def push(self, step: Step[S]) -> None:
        """Make a new step the current one."""
        del self._steps[self._cursor + 1 :]
        self._steps.append(step)
        self._cursor += 1

    def undo(self) -> None:
        """Make the step `before`, which is not None, the current one."""
        self._cursor -= 1

    def redo(self) -> None:
        """Make the step `after`, which is not None, the current one."""
        self._cursor += 1
