"""Annotation: one image, its labels, what was drawn on it and the masks that came of it. No screen, no messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scribbleprompt_widget.history import Entry, History, Step
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Prediction, Predictor, Session, State
from scribbleprompt_widget.prompts import Prompt, Prompts
from scribbleprompt_widget.widgets.masks import Change, Masks, Plane

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
        return self._history.before is not None

    @property
    def can_redo(self) -> bool:
        """Whether `redo` would do something."""
        return self._history.after is not None

    def prompts(self, label: int) -> Prompts:
        """What was drawn for a label, in order."""
        return self._entries[label].prompts

    def prediction(self, label: int) -> Prediction:
        """The prediction that stands for a label; without prompts, background everywhere."""
        state = self._entries[label].state
        return self._session.restore(self._session.empty_state() if state is None else state)

    def add(self, label: int, prompt: Prompt) -> list[Plane]:
        """Add a prompt and predict again."""
        return self._push(self._history.current.with_entry("prompt", label, self._predict(label, prompt)))

    def preview(self, label: int, prompt: Prompt) -> list[Plane]:
        """What would change on the screen if `prompt` were added; nothing is kept."""
        return self._change(label, self._predict(label, prompt), self._session).planes

    def clear(self, label: int) -> list[Plane] | None:
        """Take all prompts of a label away."""
        if not self.prompts(label):
            return None
        return self._push(self._history.current.with_entry("clear", label, Entry()))

    def use(self, predictor: Predictor) -> list[Plane] | None:
        """Go on with another predictor: what was drawn is predicted again, in one step."""
        session = predictor.open(self.image)
        step = self._history.current
        for label, entry in enumerate(step.entries):
            if entry.prompts:
                state = session.predict(entry.prompts).state
                step = step.with_entry("model", label, Entry(entry.prompts, state))
        planes = None if step is self._history.current else self._push(step, session)
        self.predictor, self._session = predictor, session
        return planes

    def undo(self) -> list[Plane] | None:
        """One step back, without inference."""
        step = self._history.before
        return None if step is None else self._become(step, self._history.undo)

    def redo(self) -> list[Plane] | None:
        """One step forward again, without inference."""
        step = self._history.after
        return None if step is None else self._become(step, self._history.redo)

    @property
    def _entries(self) -> tuple[Entry[State], ...]:
        return self._history.current.entries

    def _predict(self, label: int, prompt: Prompt) -> Entry[State]:
        entry = self._entries[label]
        prompts = entry.prompts + [prompt]
        prediction = self._session.predict(prompts, mask_input=entry.state)
        self.seconds = prediction.seconds
        return Entry(prompts, prediction.state)

    def _push(self, step: Step[State], session: Session | None = None) -> list[Plane]:
        return self._become(step, lambda: self._history.push(step), session)

    def _become(self, step: Step[State], move: Callable[[], None], session: Session | None = None) -> list[Plane]:
        """Show `step`, and `move` the history to it. All that may fail is done before anything changes."""
        both = enumerate(zip(step.entries, self._entries, strict=True))
        changes = [self._change(i, entry, session or self._session) for i, (entry, old) in both if entry is not old]
        move()
        for change in changes:
            self.masks.apply(change)
        return [plane for change in changes for plane in change.planes]

    def _change(self, label: int, entry: Entry[State], session: Session) -> Change:
        return self.masks.change(label, None if entry.state is None else session.restore(entry.state))
