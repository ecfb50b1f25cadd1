"""Annotation: one image, its labels, what was drawn on it and the masks that came of it. No screen, no messages."""

from __future__ import annotations

from collections.abc import Sequence

from scribbleprompt_widget.history import Entry, History, Step
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Prediction, Predictor, State
from scribbleprompt_widget.prompts import Prompt, Prompts
from scribbleprompt_widget.widgets.masks import Masks, Plane

__all__ = ["Annotation"]


class Annotation:
    """The truth behind a `Segmenter`.

    Every change is one step, and happens wholly or (when the predictor raises) not at all. Each gives the planes that
    changed, for the screen, or None when there was nothing to do.

    Parameters
    ----------
    image
        The image.
    labels
        Names of the labels, at least one.
    predictor
        What segments.
    """

    def __init__(self, image: Image, labels: Sequence[str], predictor: Predictor) -> None:
        self.image = image
        self.labels = tuple(labels)
        self.predictor = predictor
        self.masks = Masks(len(self.labels), image.shape)
        self.seconds = 0.0
        self._session = predictor.open(image)
        self._history: History[State] = History(len(self.labels))

    @property
    def can_undo(self) -> bool:
        """Whether `undo` would do something."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether `redo` would do something."""
        return self._history.can_redo

    def prompts(self, label: int) -> Prompts:
        """What was drawn for a label, in order."""
        return self._entries[label].prompts

    def prediction(self, label: int) -> Prediction:
        """The prediction that stands for a label; without prompts, background everywhere."""
        state = self._entries[label].state
        return self._session.restore(self._session.empty_state() if state is None else state)

    def add(self, label: int, prompt: Prompt) -> list[Plane]:
        """Add a prompt and predict again."""
        entry = self._predict(label, prompt)
        return self._take(self._history.current.with_entry("prompt", label, entry))

    def preview(self, label: int, prompt: Prompt) -> list[Plane]:
        """What would change on the screen if `prompt` were added; nothing is kept."""
        return self.masks.changes(label, self._restored(self._predict(label, prompt)))

    def clear(self, label: int) -> list[Plane] | None:
        """Take all prompts of a label away."""
        if not self.prompts(label):
            return None
        return self._take(self._history.current.with_entry("clear", label, Entry()))

    def use(self, predictor: Predictor) -> list[Plane]:
        """Go on with another predictor: what was drawn is predicted again, in one step."""
        session = predictor.open(self.image)
        step = self._history.current
        for label, entry in enumerate(step.entries):
            if entry.prompts:
                state = session.predict(entry.prompts).state
                step = step.with_entry("model", label, Entry(entry.prompts, state))
        self.predictor, self._session = predictor, session
        return self._take(step) if step is not self._history.current else []

    def undo(self) -> list[Plane] | None:
        """One step back, without inference."""
        return self._show() if self._history.undo() else None

    def redo(self) -> list[Plane] | None:
        """One step forward again, without inference."""
        return self._show() if self._history.redo() else None

    @property
    def _entries(self) -> tuple[Entry[State], ...]:
        return self._history.current.entries

    def _predict(self, label: int, prompt: Prompt) -> Entry[State]:
        entry = self._entries[label]
        prompts = entry.prompts + [prompt]
        prediction = self._session.predict(prompts, mask_input=entry.state)
        self.seconds = prediction.seconds
        return Entry(prompts, prediction.state)

    def _restored(self, entry: Entry[State]) -> Prediction | None:
        return None if entry.state is None else self._session.restore(entry.state)

    def _take(self, step: Step[State]) -> list[Plane]:
        self._history.push(step)
        return self._show()

    def _show(self) -> list[Plane]:
        entries = enumerate(self._entries)
        return [plane for label, entry in entries for plane in self.masks.put(label, self._restored(entry))]
