"""What the front end is told of an annotation (docs/protocol.md), as JSON with buffers."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import Any, Final

import numpy as np

from scribbleprompt_widget.history import History, Step
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Prediction
from scribbleprompt_widget.prompts import Prompts
from scribbleprompt_widget.widgets.annotation import Annotation
from scribbleprompt_widget.widgets.messages import SETTINGS

__all__ = ["ToldPrompts", "image_state", "probability_state", "small_traits", "step_states"]

PROBABILITY_SIDE: Final = 512
"""The longer side of what is sent to be seen as colours: more could not be told apart."""


def image_state(image: Image, version: int) -> dict[str, Any]:
    """The picture, and what its numbers mean."""
    pixels, low, high, rescale = image.wire()
    return {
        "version": version,
        "dtype": pixels.dtype.name,
        "shape": list(pixels.shape),
        "low": low,
        "high": high,
        "spacing": None if image.spacing is None else list(image.spacing),
        "unit": image.unit,
        "rescale": list(rescale),
        "data": pixels.data.cast("B"),
    }


def small_traits(annotation: Annotation) -> dict[str, Any]:
    """The small traits, which follow every change."""
    return {
        "_labels": [asdict(label) for label in annotation.labels],
        "_entries": [_entry_state(annotation, label) for label in range(len(annotation.labels))],
        "_can": {"undo": annotation.history.can_undo, "redo": annotation.history.can_redo},
        "_model": annotation.predictor.name,
    }


def step_states(history: History[Any]) -> list[dict[str, Any]]:
    """The steps of a history, the first of which nobody took."""
    return [_step_state(step, before) for before, step in pairwise([history.steps[0], *history.steps])]


def probability_state(prediction: Prediction) -> tuple[dict[str, Any], memoryview]:
    """Where a probability lies in the image, and its bytes, 0 to 255: no larger than can be seen."""
    shown = prediction.small_probability(PROBABILITY_SIDE)
    height, width = prediction.shape
    place = {"x": 0, "y": 0, "width": width, "height": height, "shape": list(shown.shape)}
    return place, np.rint(255 * shown).astype(np.uint8).data.cast("B")


class ToldPrompts:
    """The lists of prompts as the front end has them: one for each label, empty at first."""

    def __init__(self) -> None:
        self._lists: list[Prompts] = []

    def changes(self, annotation: Annotation, *, whole: bool) -> list[dict[str, Any]]:
        """What to do to the front end's lists, which then are the annotation's: `kept` stay, `added` follow.

        `whole`: whatever the lists hold.
        """
        changes = []
        count = len(annotation.labels)
        # Labels come and go at the end.
        before = [*self._lists[:count], *[Prompts()] * (count - len(self._lists))]
        self._lists = [annotation.prompts(label) for label in range(count)]
        for label, (told, prompts) in enumerate(zip(before, self._lists, strict=True)):
            if told is prompts and not whole:
                continue
            kept = 0 if whole else _common(told, prompts)
            if whole or not len(told) == len(prompts) == kept:
                changes.append({"label": label, "kept": kept, "added": prompts[kept:].to_json()})
        return changes


def _entry_state(annotation: Annotation, label: int) -> dict[str, Any]:
    entry = annotation.entry(label)
    finish = entry.finish
    looked_at = annotation.looked_at
    taken = looked_at is not None and looked_at.label == label
    return {
        "edits": 0 if finish.edits is None else finish.edits.count,
        "threshold": finish.threshold,
        "fill_holes": finish.fill_holes,
        "keep_largest": finish.keep_largest,
        "smooth": finish.smooth,
        "started": entry.start is not None,
        "taken": taken,
        "locked": annotation.is_locked(label),
        "objects": sum(instance.label == label for instance in annotation.objects),
        "removable": annotation.is_removable(label),
    }


def _step_state(step: Step[Any], before: Step[Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"action": step.action, "label": step.label}
    if step.action == "prompt":
        prompt = step.entry(step.label).prompts[-1]
        state |= {"kind": type(prompt).__name__.lower(), "positive": getattr(prompt, "positive", True)}
    if step.action == "finish":
        old, new = before.entry(step.label).finish, step.entry(step.label).finish
        state["finish"] = {name: getattr(new, name) for name in SETTINGS if getattr(new, name) != getattr(old, name)}
    return state


def _common(a: Prompts, b: Prompts) -> int:
    """How many prompts two lists begin with that are the same: steps of one history share them."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x is not y), min(len(a), len(b)))
