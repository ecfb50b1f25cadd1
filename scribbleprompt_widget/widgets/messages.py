"""What the canvas asks for (docs/protocol.md), as changes of an annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from scribbleprompt_widget.finish import Edit
from scribbleprompt_widget.prompts import Lasso, Prompt, Scribble, prompt_from_json
from scribbleprompt_widget.widgets.annotation import Annotation
from scribbleprompt_widget.widgets.masks import Plane

__all__ = ["SETTINGS", "Act", "act_of", "label_index"]

Act: TypeAlias = Callable[[Annotation], list[Plane] | None]
"""Changes an annotation; gives the planes that changed, or None when there is no new mask."""
Message: TypeAlias = Mapping[str, Any]

SETTINGS: Final = ("threshold", "fill_holes", "keep_largest", "smooth")
"""The fields of `Finish` that the canvas shows and sets."""


def act_of(message: Message) -> Act | None:
    """The change that a message asks for; None when it asks for something else."""
    match message.get("type"):
        case "undo":
            return lambda annotation: annotation.undo()
        case "redo":
            return lambda annotation: annotation.redo()
        case "go":
            return lambda annotation: annotation.go(message["step"])
        case "resume":
            return lambda annotation: annotation.resume(_object_at(message, annotation))
        case "prompt" | "reprompt" | "clear" | "paint" | "unpaint" | "finish" | "commit" | "lock":
            return lambda annotation: _on_a_label(annotation, label_index(message, annotation), message)
    return None


def _on_a_label(annotation: Annotation, label: int, message: Message) -> list[Plane] | None:
    acts: dict[str, Callable[[], list[Plane] | None]] = {
        "prompt": lambda: annotation.add(label, prompt_from_json(message["prompt"])),
        "reprompt": lambda: annotation.reprompt(label, _replacements(message["changes"])),
        "clear": lambda: annotation.clear(label),
        "paint": lambda: annotation.paint(label, _edit(message["prompt"])),
        "unpaint": lambda: annotation.unpaint(label),
        "finish": lambda: annotation.finish(label, **{name: message[name] for name in SETTINGS if name in message}),
        "commit": lambda: annotation.commit(label),
        "lock": lambda: annotation.lock(label, message["locked"]),
    }
    return acts[message["type"]]()


def _object_at(message: Message, annotation: Annotation) -> int:
    """Number of the object that is done at a pixel; 0: there is none."""
    (height, width), (x, y) = annotation.image.shape, (message.get("x"), message.get("y"))
    if not isinstance(x, int) or not isinstance(y, int):
        raise ValueError(f"x and y take the column and row of a pixel, got {x!r} and {y!r}")  # noqa: TRY004  # as all
    return int(annotation.object_map()[y, x]) if 0 <= x < width and 0 <= y < height else 0


def _replacements(changes: Sequence[Message]) -> dict[int, list[Prompt]]:
    found = {one["index"]: [prompt_from_json(item) for item in one["prompts"]] for one in changes}
    if len(found) < len(changes):
        raise ValueError("changes takes each index once")
    return found


def label_index(message: Message, annotation: Annotation) -> int:
    """The label that a message speaks of."""
    index = message.get("label")
    if not isinstance(index, int) or not 0 <= index < len(annotation.labels):
        raise ValueError(f"label takes an index below {len(annotation.labels)}, got {index!r}")
    return index


def _edit(item: Mapping[str, Any]) -> Edit:
    edit = prompt_from_json(item)
    if not isinstance(edit, Scribble | Lasso):
        raise ValueError(f"paint takes a scribble or a lasso, got a {item['kind']}")  # noqa: TRY004  # as all of them
    return edit
