"""The steps taken on one image, each with the state that it led to.

A step keeps, for every label, its prompts, the predictor's small states and what is done to its mask, so undo and redo
go to what was there without inference, and exactly. Steps share what they did not change; nothing of the image's size
is kept but packed masks that a person handed in or committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from scribbleprompt_widget.finish import Finish
from scribbleprompt_widget.packed_mask import PackedMask
from scribbleprompt_widget.prompts import Prompts

__all__ = ["BLANK", "Entry", "History", "Instance", "Step", "Taken"]

S = TypeVar("S")  # a predictor's state; what it is made of is the predictor's matter


@dataclass(frozen=True)
class Instance:
    """A committed object.

    Attributes
    ----------
    label
        Index of its label.
    mask
        Its pixels, which no other instance has.
    layer
        1 to `LAYERS`: on the screen, instances that touch are in different layers.
    prompts
        What was drawn for it.
    seconds
        From its first prompt to its commit.
    order
        What instances are sorted by: later ones have more, and it stays when one is taken up and committed again.
    """

    label: int
    mask: PackedMask
    layer: int
    prompts: Prompts
    seconds: float
    order: int


@dataclass(frozen=True)
class Taken:
    """A committed object that is in hand again.

    Attributes
    ----------
    instance
        As it was committed: finished already.
    finish
        How other masks of its label come of predictions.
    """

    instance: Instance
    finish: Finish


@dataclass(frozen=True)
class Entry(Generic[S]):
    """What stands for one label.

    Attributes
    ----------
    prompts
        What was drawn, in order.
    states
        For each prompt the state that it led to, or None where several came to be at once; the last one is known.
    start
        The mask that it started from.
    finish
        How its mask comes of the prediction.
    began
        When the first of all this was done, `time.monotonic` seconds.
    taken
        The object that it was, if one was taken up again.
    """

    prompts: Prompts = field(default_factory=Prompts)
    states: tuple[S | None, ...] = ()
    start: PackedMask | None = None
    finish: Finish = field(default_factory=Finish)
    began: float | None = None
    taken: Taken | None = None

    @property
    def state(self) -> S | None:
        """The state that all prompts led to; None before the first."""
        return self.states[-1] if self.states else None

    def state_before(self, prompt: int) -> S | None:
        """The last state that is known before the prompt with this index."""
        return next((state for state in reversed(self.states[:prompt]) if state is not None), None)

    @property
    def blank(self) -> Entry[S]:
        """What its label goes on with."""
        return Entry(finish=replace(self.finish if self.taken is None else self.taken.finish, edits=None))

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to clear."""
        return not self.prompts and self.start is None and not self.finish.edits


BLANK: Entry[Any] = Entry()
"""What stands for a label that nothing was done to: one and the same, so that nothing is done again for it."""


@dataclass(frozen=True)
class Step(Generic[S]):
    """One thing done: what (`action`), to which label (its index), and how everything stands after it.

    Attributes
    ----------
    entries
        One for each label that there was; labels that came later have blank ones.
    instances
        The committed objects.
    locked
        Labels whose pixels are not to be overwritten.
    """

    action: str
    label: int
    entries: tuple[Entry[S], ...] = ()
    instances: tuple[Instance, ...] = ()
    locked: frozenset[int] = frozenset()

    def entry(self, label: int) -> Entry[S]:
        """What stands for a label."""
        return self.entries[label] if label < len(self.entries) else BLANK

    def then(self, action: str, label: int, entry: Entry[S] | None = None, **changes: Any) -> Step[S]:
        """The step that follows this one: by a new entry for `label`, or by other fields."""
        entries = self.entries
        if entry is not None:
            blank = (BLANK,) * (label - len(entries))
            entries = (*entries[:label], *blank, entry, *entries[label + 1 :])
        return replace(self, action=action, label=label, entries=entries, **changes)


class History(Generic[S]):
    """A line of steps with a cursor; a new step drops what had been undone.

    Parameters
    ----------
    steps
        At least one; unless given, nothing has been done yet.
    cursor
        Which of them is the current one; the last unless given.
    """

    def __init__(self, steps: Iterable[Step[S]] = (), cursor: int | None = None) -> None:
        self._steps: list[Step[S]] = list(steps) or [Step("open", 0)]
        self._cursor = len(self._steps) - 1 if cursor is None else cursor

    @property
    def steps(self) -> tuple[Step[S], ...]:
        """All of them, what was undone included."""
        return tuple(self._steps)

    @property
    def cursor(self) -> int:
        """Index of the current step."""
        return self._cursor

    @property
    def current(self) -> Step[S]:
        """How things stand."""
        return self._steps[self._cursor]

    @property
    def can_undo(self) -> bool:
        """Whether there is a step before the current one."""
        return self._cursor > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is one after it."""
        return self._cursor < len(self._steps) - 1

    def push(self, step: Step[S]) -> None:
        """Make a new step the current one."""
        del self._steps[self._cursor + 1 :]
        self._steps.append(step)
        self._cursor += 1

    def go(self, step: int) -> None:
        """Make the step with this index, which there is, the current one."""
        self._cursor = step
