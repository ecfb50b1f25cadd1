"""Labelling that goes on tomorrow: image, labels, history and masks in one file.

A zip with ``session.json`` (readable: what was done, step by step) and ``arrays.npz`` (the predictor's small states and
packed masks, and the image where it came from no file). Whatever steps share is written once.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from scribbleprompt_widget.finish import Finish
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.history import Entry, History, Instance, Step
from scribbleprompt_widget.image import Geometry, Image
from scribbleprompt_widget.mask_file import target_path, written_whole
from scribbleprompt_widget.packed_mask import PackedMask
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import Prompts
from scribbleprompt_widget.widgets.annotation import Annotation, Label

__all__ = ["Saved", "read_session", "write_session"]

FORMAT: Final = "scribbleprompt_widget session"
VERSION: Final = 1


@dataclass(frozen=True)
class Saved:
    """What a file held."""

    image: Image
    labels: list[Label]
    active: str
    model: str
    history: History[State]


def write_session(path: str | Path, annotation: Annotation, active: str) -> Path:
    """Write an annotation, whole or not at all.

    Parameters
    ----------
    path
        A file; the suffix does not matter.
    active
        Name of the active label.
    """
    target = target_path(path)
    writer = _Writer(annotation.image.shape)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "image": writer.image(annotation.image),
        "labels": [asdict(label) for label in annotation.labels],
        "label": active,
        "model": annotation.predictor.name,
        "current": annotation.history.cursor,
        "steps": [writer.step(step) for step in annotation.history.steps],
        "entries": writer.entries.items,
        "instances": writer.instances.items,
        "states": writer.states.items,
        "masks": writer.masks.items,
    }
    arrays = io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **writer.arrays)
    with written_whole(target) as part, zipfile.ZipFile(part, "w") as file:
        file.writestr("session.json", json.dumps(content, indent=1), zipfile.ZIP_DEFLATED)
        file.writestr("arrays.npz", arrays.getvalue())
    return target


def read_session(path: str | Path, image: Any = None) -> Saved:
    """Read what `write_session` wrote.

    Parameters
    ----------
    path
        The file.
    image
        The image, if its file is not where it was: anything that `Image.of` takes.

    Raises
    ------
    FileNotFoundError
        When `path` or the image's own file does not exist.
    ValueError
        When the file is no session, or of a later version; when the image is another than the one that was labelled.
    """
    try:
        with zipfile.ZipFile(path) as file:
            content = json.loads(file.read("session.json"))
            arrays = np.load(io.BytesIO(file.read("arrays.npz")), allow_pickle=False)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"path is {str(path)!r}, which is no saved session: {error}") from error
    if content.get("format") != FORMAT:
        raise ValueError(f"path is {str(path)!r}, which is no saved session")
    if content["version"] > VERSION:
        raise ValueError(f"{str(path)!r} was written by a later version (format {content['version']}, taken {VERSION})")
    reader = _Reader(content, arrays)
    return Saved(
        image=reader.image(image),
        labels=[Label(**label) for label in content["labels"]],
        active=content["label"],
        model=content["model"],
        history=History([reader.step(step) for step in content["steps"]], content["current"]),
    )


class _Shared:
    """Things that are written once, however many steps share them."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # so that no id is used twice

    def number(self, thing: object) -> int | None:
        """Where `thing` stands, if it was written."""
        return self._numbers.get(id(thing))

    def add(self, thing: object, item: dict[str, Any]) -> int:
        """Write it."""
        self._kept.append(thing)
        self._numbers[id(thing)] = len(self.items)
        self.items.append(item)
        return len(self.items) - 1


class _Writer:
    def __init__(self, shape: tuple[int, int]) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.entries, self.instances, self.states, self.masks = (_Shared() for _ in range(4))
        self._shape = shape
        self._now = time.monotonic()

    def image(self, image: Image) -> dict[str, Any]:
        cut = image.geometry
        found = {
            "source": None if image.source is None else str(Path(image.source).resolve()),
            "geometry": None if cut is None else asdict(cut),
            "spacing": image.spacing,
            "binary": image.binary,
            "shape": list(image.pixels.shape),
            "sha256": _digest(image),
        }
        if image.source is None:
            self.arrays["image"] = image.pixels
        return found

    def step(self, step: Step[State]) -> dict[str, Any]:
        return {
            "action": step.action,
            "label": step.label,
            "entries": [self._entry(entry) for entry in step.entries],
            "instances": [self._instance(instance) for instance in step.instances],
            "locked": sorted(step.locked),
        }

    def _entry(self, entry: Entry[State]) -> int:
        number = self.entries.number(entry)
        if number is not None:
            return number
        item = {
            "prompts": entry.prompts.to_json(),
            "states": [None if state is None else self._state(state) for state in entry.states],
            "start": None if entry.start is None else self._mask(entry.start),
            "finish": {**asdict(replace(entry.finish, edits=())), "edits": Prompts(entry.finish.edits).to_json()},
            "seconds": None if entry.began is None else self._now - entry.began,
        }
        return self.entries.add(entry, item)

    def _instance(self, instance: Instance) -> int:
        number = self.instances.number(instance)
        if number is not None:
            return number
        item = {
            "label": instance.label,
            "mask": self._mask(instance.mask),
            "layer": instance.layer,
            "prompts": instance.prompts.to_json(),
            "seconds": instance.seconds,
        }
        return self.instances.add(instance, item)

    def _mask(self, mask: PackedMask) -> int:
        number = self.masks.number(mask)
        if number is None:
            number = self.masks.add(mask, {"box": mask.box})
            self.arrays[f"mask_{number}"] = np.frombuffer(mask.bits, np.uint8)
        return number

    def _state(self, state: State) -> int:
        number = self.states.number(state)
        if number is None:
            item = {
                "grid": asdict(state.grid),
                "predictor": state.predictor,
                "engine": state.engine,
                "closer": None if state.closer is None else self._state(state.closer),
                "held": state.held,
            }
            number = self.states.add(state, item)
            self.arrays[f"state_{number}"] = state.logits
        return number


class _Reader:
    def __init__(self, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._image = content["image"]
        self._shape = tuple(self._image["shape"][:2])
        now = time.monotonic()
        self._masks = [
            PackedMask(self._shape, tuple(item["box"]), arrays[f"mask_{number}"].tobytes())
            for number, item in enumerate(content["masks"])
        ]
        self._states: list[State] = []
        for number, item in enumerate(content["states"]):
            self._states.append(self._state(number, item))
        self._entries = [self._entry(item, now) for item in content["entries"]]
        self._instances = [self._instance(item) for item in content["instances"]]
        self._last: tuple[Instance, ...] = ()

    def image(self, given: Any) -> Image:
        where = self._image
        geometry = None if where["geometry"] is None else _geometry(where["geometry"])
        spacing = None if where["spacing"] is None else tuple(where["spacing"])
        if given is None and where["source"] is None:
            return Image(self._arrays["image"], spacing, geometry, binary=where["binary"])
        if given is None and not Path(where["source"]).exists():
            raise FileNotFoundError(f"the image {where['source']!r} is not there any more: pass image=")
        source = where["source"] if given is None else given
        is_slice = geometry is not None and geometry.slice_index is not None and isinstance(source, str | Path)
        slices = {"slice_index": geometry.slice_index, "axis": geometry.axis} if geometry and is_slice else {}
        image = Image.of(source, **slices, spacing=spacing)
        if _digest(image) != where["sha256"]:
            raise ValueError(f"image {image!r} is another than the one that was labelled: its pixels differ")
        return image

    def step(self, item: Mapping[str, Any]) -> Step[State]:
        entries = tuple(self._entries[number] for number in item["entries"])
        instances = tuple(self._instances[number] for number in item["instances"])
        # Steps share their tuple: what did not change is seen at a glance.
        if len(instances) == len(self._last) and all(a is b for a, b in zip(instances, self._last, strict=True)):
            instances = self._last
        self._last = instances
        return Step(item["action"], item["label"], entries, instances, frozenset(item["locked"]))

    def _state(self, number: int, item: Mapping[str, Any]) -> State:
        closer = None if item["closer"] is None else self._states[item["closer"]]
        held = tuple((row, column, positive) for row, column, positive in item["held"])
        grid, logits = Grid(**item["grid"]), self._arrays[f"state_{number}"]
        return State(logits, grid, self._shape, item["predictor"], item["engine"], closer, held)

    def _entry(self, item: Mapping[str, Any], now: float) -> Entry[State]:
        finish = {**item["finish"], "edits": tuple(Prompts.from_json(item["finish"]["edits"]))}
        return Entry(
            Prompts.from_json(item["prompts"]),
            tuple(None if number is None else self._states[number] for number in item["states"]),
            None if item["start"] is None else self._masks[item["start"]],
            Finish(**finish),
            None if item["seconds"] is None else now - item["seconds"],
        )

    def _instance(self, item: Mapping[str, Any]) -> Instance:
        prompts = Prompts.from_json(item["prompts"])
        return Instance(item["label"], self._masks[item["mask"]], item["layer"], prompts, item["seconds"])


def _geometry(item: Mapping[str, Any]) -> Geometry:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
    return Geometry(**fields)


def _digest(image: Image) -> str:
    return hashlib.sha256(image.pixels.tobytes()).hexdigest()
