"""Annotation: one image, its labels, what was drawn on it and the masks that came of it. No screen, no messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from scribbleprompt_widget.finish import Edit, Edits, Finish
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.history import BLANK, Entry, History, Instance, Step, Taken
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.packed_mask import PackedMask
from scribbleprompt_widget.predictors.base import Prediction, Predictor, Session, State
from scribbleprompt_widget.predictors.refining import refined
from scribbleprompt_widget.prompts import Prompt, Prompts, check_inside
from scribbleprompt_widget.region import NOTHING, Region, join, overlap, within
from scribbleprompt_widget.widgets.masks import Change, Instances, Masks, Plane

__all__ = ["Annotation", "Label"]

SURE: Final = 4.0
"""Logit of a mask that a person hands in, as in training (`training.play`)."""


@dataclass(frozen=True)
class Label:
    """How a label is called and shown.

    Attributes
    ----------
    name, color
        The color as "#rrggbb".
    rank
        Where masks overlap, the label with the higher rank is on top.
    """

    name: str
    color: str
    rank: int


@dataclass(frozen=True)
class _Shown:
    """What a mask on the screen was made from, besides instances: made of the same, it would be the same."""

    entry: Entry[State] = BLANK
    locked: tuple[Entry[State], ...] = ()

    def is_same(self, other: _Shown) -> bool:
        return (
            self.entry is other.entry
            and len(self.locked) == len(other.locked)
            and all(a is b for a, b in zip(self.locked, other.locked, strict=True))
        )


class Annotation:
    """The truth behind a `Segmenter`.

    Every change is one step, and happens wholly or (when the predictor raises) not at all. Each gives the planes that
    changed, for the screen, or None when there was nothing to do.

    Parameters
    ----------
    image
        The image.
    labels
        At least one.
    predictor
        What segments.
    history
        What was done before, as an earlier `history` held it; unless given, nothing.
    predicting
        Entered for as long as something is predicted; what it raises ends the change, and nothing has changed.
    """

    def __init__(
        self,
        image: Image,
        labels: Sequence[Label],
        predictor: Predictor,
        history: History[State] | None = None,
        *,
        predicting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.image = image
        self.labels: tuple[Label, ...] = ()
        self.predictor = predictor
        self.masks = Masks(image.shape)
        self.instances = Instances.none(image.shape)
        self.seconds = 0.0
        self.history: History[State] = History() if history is None else history
        self._predicting = predicting
        self._session = predictor.open(image)
        self._shown: list[_Shown] = []
        self.relabel(labels)
        if history is not None:
            self._become(history.current, lambda: None)

    # --- how things stand ---------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Names of the labels."""
        return [label.name for label in self.labels]

    def entry(self, label: int) -> Entry[State]:
        """What stands for a label."""
        return self.history.current.entry(label)

    def prompts(self, label: int) -> Prompts:
        """What was drawn for a label, in order."""
        return self.entry(label).prompts

    def is_locked(self, label: int) -> bool:
        """Whether nothing may overwrite the pixels of a label."""
        return label in self.history.current.locked

    @property
    def looked_at(self) -> Instance | None:
        """The object that was taken up again by the last step: nothing was done to it yet, nor to any other."""
        return _looked_at(self.history.current)

    @property
    def objects(self) -> tuple[Instance, ...]:
        """What is done, in order; one that is only `looked_at` is, too."""
        instances, looked_at = self.history.current.instances, self.looked_at
        # Asked for with every stroke: what is in order already is not put in order again.
        return instances if looked_at is None else _in_order(*instances, looked_at)

    def object_map(self) -> np.ndarray:
        """(H, W) int32: i for ``objects[i - 1]``, 0 elsewhere."""
        return _done(self.instances, self.history.current).map

    def prediction(self, label: int) -> Prediction:
        """The prediction that stands for a label; without prompts, what it started from, or background."""
        entry = self.entry(label)
        if entry.state is not None:
            return self._session.restore(entry.state)
        if entry.start is None:
            return self._session.restore(self._session.empty_state())
        state = self._session.empty_state()
        return self._session.restore(replace(state, logits=_logits(entry.start), grid=Grid.of_image(self.image.shape)))

    def label_map(self) -> np.ndarray:
        """(H, W) unsigned integers: 0 background, i for label i - 1; where masks overlap, the one of highest rank."""
        result = np.zeros(self.image.shape, dtype=np.min_scalar_type(len(self.labels)))
        committed = np.array([0, *(instance.label + 1 for instance in self.instances.items)])[self.instances.map]
        for label in sorted(range(len(self.labels)), key=lambda i: self.labels[i].rank):
            result[self.masks[label]] = label + 1
            if self.instances:
                result[committed == label + 1] = label + 1
        return result

    # --- what can be done ---------------------------------------------------------------------------------------------

    def relabel(self, labels: Sequence[Label]) -> None:
        """Name, colour and rank the labels anew, and add those that are new. No step of the history."""
        self.labels = tuple(labels)
        while len(self.masks) < len(labels):
            self.masks.add()
            self._shown.append(_Shown())

    def remove(self, label: int) -> None:
        """Take a label away again: the last one, of which no step of the history is. No step either."""
        name = self.labels[label].name
        if not self._is_last(label):
            raise ValueError(f"only the last of several labels can be removed, not {name!r}; rename or hide it")
        if not self.is_removable(label):
            raise ValueError(f"the label {name!r} has a history, and cannot be removed; rename or hide it")
        self.labels = self.labels[:-1]
        self.masks.remove_last()
        self._shown.pop()

    def is_removable(self, label: int) -> bool:
        """Whether `remove` takes a label away."""
        return self._is_last(label) and not any(step.label == label for step in self.history.steps)

    def _is_last(self, label: int) -> bool:
        return label == len(self.labels) - 1 > 0

    def add(self, label: int, prompt: Prompt) -> list[Plane]:
        """Add a prompt and predict again."""
        return self._push("prompt", label, self._added(label, prompt))

    def preview(self, label: int, prompt: Prompt) -> list[Plane]:
        """What would change on the screen if `prompt` were added; nothing is kept."""
        before = self._before(label)
        step = before.then("prompt", label, self._added(label, prompt))
        return self._change(label, step, self.instances.become(before.instances)[0], {}).planes

    def reprompt(self, label: int, changes: Mapping[int, Sequence[Prompt]]) -> list[Plane] | None:
        """Put other prompts in the place of some, by their index (none deletes, two split), and predict again."""
        if not changes:
            return None
        entry = self._open_entry(label)
        count = len(entry.prompts)
        if wrong := [index for index in changes if not 0 <= index < count]:
            raise ValueError(f"index takes one of the {count} prompts, from 0; got {wrong[0]}")
        new = [p for i, old in enumerate(entry.prompts) for p in changes.get(i, [old])]
        return self._push("edit prompts", label, self._predicted(entry, Prompts(new), min(changes)))

    def clear(self, label: int) -> list[Plane] | None:
        """Take all prompts of a label away, with what was painted and what it started from."""
        entry = self._open_entry(label)
        if entry.is_blank:
            return None
        return self._push("clear", label, entry.blank)

    def start(self, label: int, mask: np.ndarray) -> list[Plane]:
        """Start from an (H, W) bool mask: prompts and edits of the label go, and those to come refine it."""
        entry = self._open_entry(label)
        finish = replace(entry.finish, edits=None)
        began = time.monotonic() if entry.taken is None else entry.began
        start: Entry[State] = Entry(start=PackedMask.of(mask), finish=finish, began=began, taken=entry.taken)
        return self._push("start", label, start)

    def paint(self, label: int, edit: Edit) -> list[Plane]:
        """Set or clear pixels by hand, whatever is predicted later."""
        check_inside(edit, self.image.shape)
        finish = self._open_entry(label).finish
        edits = (finish.edits or Edits.none(self.image.shape)).plus(edit)
        return self._finished_by("paint", label, replace(finish, edits=edits))

    def unpaint(self, label: int) -> list[Plane] | None:
        """Take back all that was set or cleared by hand."""
        finish = self._open_entry(label).finish
        return self._finished_by("unpaint", label, replace(finish, edits=None)) if finish.edits else None

    def finish(self, label: int, **settings: Any) -> list[Plane] | None:
        """Change what is done to the predictions of a label: fields of `Finish`."""
        old = self._open_entry(label).finish
        new = replace(old, **settings)
        return None if new == old else self._finished_by("finish", label, new)

    def commit(self, label: int) -> list[Plane] | None:
        """Make the mask of a label an instance, and begin the next."""
        entry = self._open_entry(label)
        if not self.masks[label][self.masks.window(label)].any():
            return None
        before = self._before(label)
        instances = _in_order(*before.instances, self._instance(label, self.instances.become(before.instances)[0]))
        return self._push("commit", label, entry.blank, instances=instances)

    def resume(self, number: int) -> list[Plane] | None:
        """Take a committed object (its number in `objects`) up again: it becomes its label's, as a start.

        Until something is done to it, it is only `looked_at`, and is put down with the next step that is not its own.
        """
        items = self.objects
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= len(items):
            there = f"one of the {len(items)} objects that are done, from 1" if items else "none: no object is done yet"
            raise ValueError(f"instance takes {there}; got {number!r}")
        instance = items[number - 1]
        self._open_entry(instance.label)
        if instance is self.looked_at:
            return None
        step = self._before(None)
        entry = step.entry(instance.label)
        if not entry.is_blank:
            name = self.labels[instance.label].name
            raise ValueError(f"an object of {name!r} is in hand: commit it, or clear it, before another is taken up")
        # It was finished before it was committed: smoothed again each time, it would wear away.
        resumed: Entry[State] = Entry(
            start=instance.mask,
            began=time.monotonic() - instance.seconds,
            taken=Taken(instance, entry.blank.finish),
        )
        others = _in_order(*(item for item in step.instances if item is not instance))
        step = step.then("resume", instance.label, resumed, instances=others)
        return self._become(step, lambda: self.history.push(step))

    def lock(self, label: int, locked: bool) -> list[Plane] | None:
        """Let nothing overwrite the pixels of a label, nor draw on it; or do again."""
        if not isinstance(locked, bool | np.bool_):
            raise TypeError(f"locked takes True or False, got {locked!r}")
        if locked == self.is_locked(label):
            return None
        labels = self.history.current.locked
        return self._push(
            "lock" if locked else "unlock", label, locked=labels | {label} if locked else labels - {label}
        )

    def use(self, predictor: Predictor) -> list[Plane] | None:
        """Go on with another predictor: what was drawn is predicted again, in one step."""
        session = predictor.open(self.image)
        step = before = self._before(None)
        for label, entry in enumerate(step.entries):
            if entry.prompts and label not in step.locked:
                unknown = replace(entry, states=(None,) * len(entry.prompts))
                step = step.then("model", label, self._predicted(unknown, entry.prompts, 0, session))
        planes = None
        if step is not before:
            planes = self._become(step, lambda: self.history.push(step))
        self.predictor, self._session = predictor, session
        return planes

    def undo(self) -> list[Plane] | None:
        """One step back, without inference."""
        return self.go(self.history.cursor - 1) if self.history.can_undo else None

    def redo(self) -> list[Plane] | None:
        """One step forward again, without inference."""
        return self.go(self.history.cursor + 1) if self.history.can_redo else None

    def go(self, step: int) -> list[Plane] | None:
        """To any step of the history, without inference."""
        steps = self.history.steps
        if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step < len(steps):
            raise ValueError(f"step takes one of the {len(steps)} steps, from 0; got {step!r}")
        if step == self.history.cursor:
            return None
        return self._become(steps[step], lambda: self.history.go(step))

    # --- how it is done -----------------------------------------------------------------------------------------------

    def _open_entry(self, label: int) -> Entry[State]:
        if self.is_locked(label):
            raise ValueError(f"the label {self.labels[label].name!r} is locked")
        return self.entry(label)

    def _added(self, label: int, prompt: Prompt) -> Entry[State]:
        entry = self._open_entry(label)
        return self._predicted(entry, entry.prompts + [prompt], len(entry.prompts))

    def _predicted(
        self, entry: Entry[State], prompts: Prompts, same: int, session: Session | None = None
    ) -> Entry[State]:
        """`entry` with other prompts, of which the first `same` are as they were."""
        began = time.monotonic() if entry.began is None else entry.began
        known = entry.states[:same]
        if len(prompts) == same and (not known or known[-1] is not None):
            return replace(entry, prompts=prompts, states=known, began=began)
        session = session or self._session
        before = entry.state_before(same)
        if before is not None and before.predictor != session.predictor.name:
            before = None  # it would not be read
        given: State | np.ndarray | None = before
        if entry.start is not None and (before is None or not session.remembers(prompts)):
            given = _logits(entry.start)
        with self._predicting():
            prediction = session.predict(prompts, mask_input=given)
        self.seconds = prediction.seconds
        state = prediction.state
        if entry.start is not None:
            stood = before or replace(state, logits=_logits(entry.start), grid=Grid.of_image(state.shape), closer=None)
            state = refined(state, stood, prompts)
        padded = (*known, *[None] * len(prompts))[: len(prompts) - 1]
        return replace(entry, prompts=prompts, states=(*padded, state), began=began)

    def _before(self, label: int | None) -> Step[State]:
        """How things stand for a step that is made to a label: what is looked at stays in hand for its own alone."""
        step, looked_at = self.history.current, self.looked_at
        if looked_at is None or looked_at.label == label:
            return step
        label, items = looked_at.label, _in_order(*step.instances, looked_at)
        return step.then("resume", label, step.entry(label).blank, instances=items)

    def _instance(self, label: int, others: Instances) -> Instance:
        """What the mask of a label is when it is done, beside other objects."""
        entry, step, looked_at = self.entry(label), self.history.current, self.looked_at
        if looked_at is not None and looked_at.label == label:
            return looked_at
        mask = PackedMask.of(self.masks[label], self.masks.window(label))
        layer = others.layer_for(mask.region, mask.pixels)
        seconds = 0.0 if entry.began is None else time.monotonic() - entry.began
        if entry.taken is not None:
            taken = entry.taken.instance
            return Instance(label, mask, layer, taken.prompts + entry.prompts, seconds, taken.order)
        in_hand = [other.taken.instance for other in step.entries if other.taken is not None]
        order = 1 + max((item.order for item in (*in_hand, *step.instances)), default=-1)
        return Instance(label, mask, layer, entry.prompts, seconds, order)

    def _finished_by(self, action: str, label: int, finish: Finish) -> list[Plane]:
        entry = self.entry(label)
        began = time.monotonic() if entry.began is None else entry.began
        return self._push(action, label, replace(entry, finish=finish, began=began))

    def _push(self, action: str, label: int, entry: Entry[State] | None = None, **changes: Any) -> list[Plane]:
        # What is locked is nobody's to work on.
        step = self._before(None if action == "lock" else label).then(action, label, entry, **changes)
        return self._become(step, lambda: self.history.push(step))

    def _become(self, step: Step[State], move: Callable[[], None]) -> list[Plane]:
        """Show `step`, and `move` the history to it. All that may fail is done before anything changes."""
        instances, planes = self.instances.become(step.instances)
        in_hand = [item.mask.region for held in (self.history.current, step) for item in _taken(held)]
        moved = join(self.instances.changed(step.instances), *in_hand)
        shown = [self._shown_of(label, step) for label in range(len(self.labels))]
        changes: dict[int, Change] = {}
        done = _done(instances, step)
        # What is locked first: the rest makes way for it.
        for label in sorted(range(len(self.labels)), key=lambda i: i not in step.locked):
            is_met = overlap(moved, self.masks.window(label)) != NOTHING
            if is_met or not shown[label].is_same(self._shown[label]):
                changes[label] = self._change(label, step, done, changes)
        move()
        for change in changes.values():
            self.masks.apply(change)
        self.instances, self._shown = instances, shown
        return [*(plane for change in changes.values() for plane in change.planes), *planes]

    @staticmethod
    def _shown_of(label: int, step: Step[State]) -> _Shown:
        locked = () if label in step.locked else tuple(step.entry(other) for other in sorted(step.locked))
        return _Shown(step.entry(label), locked)

    def _change(self, label: int, step: Step[State], done: Instances, changes: Mapping[int, Change]) -> Change:
        """The mask of a label as `step` has it, less what belongs to objects that are done and to locked labels."""
        window, pixels = self._finished(step.entry(label))
        looked_at = _looked_at(step)
        if looked_at is not None and looked_at.label == label:
            return self.masks.change(label, window, pixels)
        if done:
            pixels = pixels & (done.map[window] == 0)
        if label in step.locked:
            # It does not take what belonged to an object that is in hand again.
            pixels = pixels.copy()
            for item in _taken(step):
                if item.label == label:
                    continue
                shared = overlap(item.mask.region, window)
                pixels[within(shared, window)] &= ~item.mask.pixels[within(shared, item.mask.region)]
        else:
            for other in step.locked:
                pixels = pixels & ~self._part(other, window, changes)
        return self.masks.change(label, window, pixels)

    def _part(self, label: int, region: Region, changes: Mapping[int, Change]) -> np.ndarray:
        """A mask, with the change that is to come, in a region."""
        if label not in changes:
            return self.masks[label][region]
        change, shared = changes[label], overlap(region, changes[label].region)
        part = np.zeros([side.stop - side.start for side in region], dtype=bool)
        part[within(shared, region)] = change.pixels[within(shared, change.region)]
        return part

    def _finished(self, entry: Entry[State]) -> tuple[Region, np.ndarray]:
        """The mask of an entry: its part of the image, and the pixels (h, w) bool there."""
        finish, shape = entry.finish, self.image.shape
        if entry.state is not None:
            return finish.applied(entry.state.window, entry.state.restore_positive(finish.least_logit), shape)
        if entry.start is not None:
            return finish.applied(entry.start.region, entry.start.pixels, shape)
        return finish.applied(NOTHING, np.zeros((0, 0), dtype=bool), shape)


def _looked_at(step: Step[State]) -> Instance | None:
    taken = step.entry(step.label).taken
    return taken.instance if step.action == "resume" and taken is not None else None


def _taken(step: Step[State]) -> list[Instance]:
    """The objects that are in hand again."""
    return [entry.taken.instance for entry in step.entries if entry.taken is not None]


def _done(instances: Instances, step: Step[State]) -> Instances:
    """The objects that are committed at a step, and the one that is looked at, in order."""
    looked_at = _looked_at(step)
    return instances if looked_at is None else instances.become(_in_order(*instances.items, looked_at))[0]


def _in_order(*instances: Instance) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda instance: instance.order))


def _logits(mask: PackedMask) -> np.ndarray:
    logits: np.ndarray = np.where(mask.unpacked(), np.float32(SURE), np.float32(-SURE))
    return logits
