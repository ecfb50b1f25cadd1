"""Labelling that goes on tomorrow: image, labels, history and masks in one file.

A zip with ``session.json`` (readable: what was done, step by step) and ``arrays.npz`` (the predictor's small states and
packed masks, rasters, and the image where no file holds it). Whatever steps share is written once, and shared again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import weakref
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from scribbleprompt_widget.finish import Edits, Finish
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.history import Entry, History, Instance, Step, Taken
from scribbleprompt_widget.image import Geometry, Image
from scribbleprompt_widget.mask_file import check_target
from scribbleprompt_widget.packed_mask import PackedMask
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.prompts import Prompt, Prompts, Scribble, prompt_from_json
from scribbleprompt_widget.whole_file import Stamp, stamp_of, target_path, written_whole
from scribbleprompt_widget.widgets.annotation import Label
from scribbleprompt_widget.widgets.labelling import check_labels
from scribbleprompt_widget.widgets.masks import LAYERS

__all__ = ["Saved", "read_session", "write_session"]

FORMAT: Final = "scribbleprompt_widget session"
VERSION: Final = 1
NAME: Final = "session.json"
QUICK: Final = 1
"""Level of compression: logits get hardly smaller by more of it, which takes half as long again."""
DAMAGED: Final = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, RecursionError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What damaged or made-up files make libraries raise."""
T = TypeVar("T")

# Of images that are kept again and again.
_DIGESTS: weakref.WeakKeyDictionary[Image, str] = weakref.WeakKeyDictionary()
_FOUND: weakref.WeakKeyDictionary[Image, tuple[Stamp | None, bool]] = weakref.WeakKeyDictionary()
"""Whether its file, as it was, held an image."""


@dataclass(frozen=True)
class Saved:
    """What a file holds."""

    image: Image
    labels: list[Label]
    active: str
    model: str
    history: History[State]

    def now(self) -> Saved:
        """The same without what was before: a history of one step, small enough for hundreds to be held."""
        step = self.history.current
        entries = tuple(replace(entry, states=_last_alone(entry.states)) for entry in step.entries)
        return replace(self, history=History([Step("open", step.label, entries, step.instances, step.locked)]))


def _last_alone(states: tuple[State | None, ...]) -> tuple[State | None, ...]:
    return (*[None] * (len(states) - 1), *states[-1:])


def write_session(path: str | Path, saved: Saved) -> Path:
    """Write a session, whole or not at all.

    Parameters
    ----------
    path
        A file, new or an earlier session; the suffix does not matter.
    saved
        What to write.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        When `path` is no path, the image's own file or another that is no session, or lies in no folder.
    """
    target = target_path(path)
    check_target(target, saved.image)
    if target.exists() and target.stat().st_size and not _is_session(target):
        told = f"path takes a new file or an earlier session, and {str(path)!r} is neither; it was left as it is"
        raise ValueError(told)
    writer = _Writer(saved.image, target)
    steps = [writer.step(step) for step in saved.history.steps]
    content = {
        "format": FORMAT,
        "version": VERSION,
        "image": writer.image(),
        "labels": [asdict(label) for label in saved.labels],
        "label": saved.active,
        "model": saved.model,
        "current": saved.history.cursor,
        "steps": steps,
        **{name: shared.items for name, shared in writer.shared.items()},
    }
    with written_whole(target) as part, zipfile.ZipFile(part, "w") as file:
        file.writestr(NAME, json.dumps(content, indent=1), zipfile.ZIP_DEFLATED)
        with (
            file.open("arrays.npz", "w", force_zip64=True) as arrays,
            zipfile.ZipFile(arrays, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as npz,
        ):
            for name, array in writer.arrays.items():
                with npz.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
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
    TypeError, ValueError
        When `path` is no path, or the file no session, damaged, or of a later version; when the image is another than
        the one that was labelled.
    """
    source = target_path(path)
    if not source.is_file():
        raise FileNotFoundError(f"path: there is no file {str(source)!r}")
    opened = source.open("rb")  # what hinders this is no damage
    try:
        with opened, zipfile.ZipFile(opened) as file:
            content = json.loads(file.read(NAME))
            with np.load(io.BytesIO(file.read("arrays.npz")), allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
        if content["format"] != FORMAT or not isinstance(content["version"], int):
            raise ValueError("it says that it is something else")  # told like all that is wrong with it
        is_later = content["version"] > VERSION
        reader = None if is_later else _Reader(content, arrays)
    except (OSError, *DAMAGED) as error:  # OSError: a place before the file's beginning
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"path is {str(source)!r}, which is no saved session, or damaged ({told})") from error
    if reader is None:
        raise ValueError(f"{str(source)!r} was written by a later version (format {content['version']}, not {VERSION})")
    return Saved(reader.image(image, source), reader.labels, content["label"], content["model"], reader.history)


def _is_session(path: Path) -> bool:
    """Whether a file looks like one of ours: enough to write over it."""
    try:
        with zipfile.ZipFile(path) as file:
            return NAME in file.namelist()
    except (OSError, *DAMAGED):
        return False


class _Shared:
    """Things that are written once, however many steps share them."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # so that no id is used twice

    def number(self, thing: Any, write: Callable[[Any, int], dict[str, Any]]) -> int | None:
        """Where `thing` stands; it is written if it was not. None stays None."""
        if thing is None:
            return None
        if id(thing) not in self._numbers:
            # What it is made of may be of its own kind, and comes before it.
            item = write(thing, len(self.items))
            self._kept.append(thing)
            self._numbers[id(thing)] = len(self.items)
            self.items.append(item)
        return self._numbers[id(thing)]


class _Writer:
    def __init__(self, image: Image, target: Path) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.shared = {name: _Shared() for name in ("prompts", "masks", "states", "entries", "instances")}
        self._image = image
        self._target = target
        self._now = time.monotonic()

    def image(self) -> dict[str, Any]:
        image, cut = self._image, self._image.geometry
        kept = _found_again(image)
        if not kept:
            self.arrays["image"] = image.pixels
        return {
            # From the session's own folder as well: both may move together.
            "source": str(Path(image.source).resolve()) if kept and image.source else None,
            "beside": os.path.relpath(image.source, self._target.parent) if kept and image.source else None,
            "geometry": None if cut is None else asdict(cut),
            "spacing": image.spacing,
            "binary": image.binary,
            "shape": list(image.pixels.shape),
            "sha256": _digest(image),
        }

    def step(self, step: Step[State]) -> dict[str, Any]:
        return {
            "action": step.action,
            "label": step.label,
            "entries": [self.shared["entries"].number(entry, self._entry) for entry in step.entries],
            "instances": [self.shared["instances"].number(instance, self._instance) for instance in step.instances],
            "locked": sorted(step.locked),
        }

    def _entry(self, entry: Entry[State], _number: int) -> dict[str, Any]:
        finish, edits = entry.finish, entry.finish.edits
        return {
            "prompts": self._prompts(entry.prompts),
            "states": [self._state(state) for state in entry.states],
            "start": self._mask(entry.start),
            "finish": asdict(replace(finish, edits=None)),
            "edits": edits and [self._mask(edits.painted), self._mask(edits.erased), edits.count],
            "seconds": None if entry.began is None else self._now - entry.began,
            "taken": entry.taken
            and {
                "instance": self.shared["instances"].number(entry.taken.instance, self._instance),
                "finish": asdict(entry.taken.finish),
            },
        }

    def _instance(self, instance: Instance, _number: int) -> dict[str, Any]:
        return {
            "label": instance.label,
            "mask": self._mask(instance.mask),
            "layer": instance.layer,
            "prompts": self._prompts(instance.prompts),
            "seconds": instance.seconds,
            "order": instance.order,
        }

    def _prompts(self, prompts: Prompts) -> list[int | None]:
        def write(prompt: Prompt, number: int) -> dict[str, Any]:
            if isinstance(prompt, Scribble) and prompt.raster is not None:
                self.arrays[f"raster_{number}"] = prompt.raster
                return {"kind": "raster", "positive": prompt.positive}
            return Prompts([prompt]).to_json()[0]

        return [self.shared["prompts"].number(prompt, write) for prompt in prompts]

    def _mask(self, mask: PackedMask | None) -> int | None:
        def write(mask: PackedMask, number: int) -> dict[str, Any]:
            self.arrays[f"mask_{number}"] = np.frombuffer(mask.bits, np.uint8)
            return {"box": mask.box}

        return self.shared["masks"].number(mask, write)

    def _state(self, state: State | None) -> int | None:
        def write(state: State, _number: int) -> dict[str, Any]:
            item = {
                "grid": asdict(state.grid),
                "predictor": state.predictor,
                "engine": state.engine,
                "closer": self._state(state.closer),
                "held": state.held,
            }
            self.arrays[f"state_{len(self.shared['states'].items)}"] = state.logits
            return item

        return self.shared["states"].number(state, write)


class _Reader:
    """Reads and checks all but the image. What makes no sense raises one of `DAMAGED`."""

    def __init__(self, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._image = content["image"]
        self._shape = (int(self._image["shape"][0]), int(self._image["shape"][1]))
        now = time.monotonic()
        self.labels = [Label(**label) for label in content["labels"]]
        check_labels(self.labels)
        if content["label"] not in [label.name for label in self.labels] or not isinstance(content["model"], str):
            raise ValueError("the active label or the model is unknown")
        self._prompts = [self._prompt(number, item) for number, item in enumerate(content["prompts"])]
        self._masks = [self._mask(number, item) for number, item in enumerate(content["masks"])]
        self._states: list[State] = []
        for number, item in enumerate(content["states"]):
            self._states.append(self._state(number, item))
        self._instances = [self._instance(number, item) for number, item in enumerate(content["instances"])]
        self._entries = [self._entry(item, now) for item in content["entries"]]
        self._last: tuple[Instance, ...] = ()
        steps = [self._step(item) for item in content["steps"]]
        _one_of(steps, content["current"])
        self.history = History(steps, content["current"])

    def image(self, given: Any, session: Path) -> Image:
        where = self._image
        geometry = where["geometry"] and _geometry(where["geometry"])
        spacing = None if where["spacing"] is None else tuple(where["spacing"])
        if given is None and where["source"] is None:
            pixels = self._arrays["image"]
            pixels.flags.writeable = False
            image = Image(pixels, spacing, geometry, binary=where["binary"])
        else:
            if given is None:
                places = [Path(where["source"]), session.parent / where["beside"]]
                given = next((place for place in places if place.exists()), None)
                if given is None:
                    raise FileNotFoundError(f"the image {where['source']!r} is not there any more: pass image=")
            image = _opened(given, geometry, spacing)
        if _digest(image) != where["sha256"]:
            labelled = "{} x {}".format(*self._shape)
            raise ValueError(
                f"image {image!r} is another than the one that was labelled ({labelled}): its pixels differ. "
                "Another image takes another session file"
            )
        return image

    def _step(self, item: Mapping[str, Any]) -> Step[State]:
        entries = tuple(_one_of(self._entries, number) for number in item["entries"])
        instances = tuple(_one_of(self._instances, number) for number in item["instances"])
        for label in (item["label"], *item["locked"], len(entries) - 1 if entries else 0):
            _one_of(self.labels, label)
        # Steps share their tuple: what did not change is seen at a glance.
        if len(instances) == len(self._last) and all(a is b for a, b in zip(instances, self._last, strict=True)):
            instances = self._last
        self._last = instances
        return Step(str(item["action"]), item["label"], entries, instances, frozenset(item["locked"]))

    def _entry(self, item: Mapping[str, Any], now: float) -> Entry[State]:
        edits = None
        if item["edits"] is not None:
            painted, erased, count = item["edits"]
            edits = Edits(_one_of(self._masks, painted), _one_of(self._masks, erased), int(count))
        prompts = self._list(item["prompts"])
        states = tuple(self._known(number, prompts[:count]) for count, number in enumerate(item["states"], start=1))
        if len(states) != len(item["prompts"]) or (states and states[-1] is None):
            raise ValueError("prompts and states do not belong together")
        return Entry(
            prompts,
            states,
            None if item["start"] is None else _one_of(self._masks, item["start"]),
            Finish(**{**item["finish"], "edits": edits}),
            None if item["seconds"] is None else now - float(item["seconds"]),
            self._taken(item.get("taken")),  # files of before have none
        )

    def _known(self, number: int | None, prompts: Prompts) -> State | None:
        """The state that was predicted of these prompts; it is the same object wherever it comes."""
        if number is None:
            return None
        if _one_of(self._states, number).prompts is None:
            self._states[number] = replace(self._states[number], prompts=prompts)
        return self._states[number]

    def _taken(self, item: Mapping[str, Any] | None) -> Taken | None:
        return None if item is None else Taken(_one_of(self._instances, item["instance"]), Finish(**item["finish"]))

    def _instance(self, number: int, item: Mapping[str, Any]) -> Instance:
        _one_of(self.labels, item["label"])
        _one_of(range(1, LAYERS + 1), item["layer"] - 1)
        mask = _one_of(self._masks, item["mask"])
        prompts, seconds = self._list(item["prompts"]), float(item["seconds"])
        # In files of before, they come in their order.
        return Instance(item["label"], mask, item["layer"], prompts, seconds, int(item.get("order", number)))

    def _list(self, numbers: Sequence[int]) -> Prompts:
        return Prompts(_one_of(self._prompts, number) for number in numbers)

    def _prompt(self, number: int, item: Mapping[str, Any]) -> Prompt:
        if item["kind"] != "raster":
            return prompt_from_json(item)
        raster = self._arrays[f"raster_{number}"]
        if raster.shape != self._shape:
            raise ValueError(f"a raster is of shape {raster.shape}")
        return Scribble(raster=raster, positive=item["positive"])

    def _mask(self, number: int, item: Mapping[str, Any]) -> PackedMask:
        x0, y0, x1, y1 = (int(side) for side in item["box"])
        bits = self._arrays[f"mask_{number}"].tobytes()
        inside = 0 <= x0 <= x1 <= self._shape[1] and 0 <= y0 <= y1 <= self._shape[0]
        if not inside or len(bits) != -(-(x1 - x0) * (y1 - y0) // 8):
            raise ValueError(f"a mask does not fit into its box {item['box']}")
        return PackedMask(self._shape, (x0, y0, x1, y1), bits)

    def _state(self, number: int, item: Mapping[str, Any]) -> State:
        closer = None if item["closer"] is None else _one_of(self._states, item["closer"])
        held = tuple((int(row), int(column), bool(positive)) for row, column, positive in item["held"])
        grid, logits = Grid(**item["grid"]), self._arrays[f"state_{number}"]
        if logits.shape != grid.shape or logits.dtype.kind != "f" or not np.isfinite(logits).all():
            raise ValueError("logits do not fit their grid")
        return State(logits, grid, self._shape, str(item["predictor"]), str(item["engine"]), closer, held)


def _one_of(items: Sequence[T], number: int) -> T:
    """The item with a number that was read; negative ones do not count from the end."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(items):
        raise ValueError(f"{number!r} is none of {len(items)}")
    return items[number]


def _found_again(image: Image) -> bool:
    """Whether the image's file gives the same pixels again: not every file says which slice was cut."""
    if image.source is None:
        return False
    try:
        stamp = stamp_of(Path(image.source))
        if image not in _FOUND or _FOUND[image][0] != stamp:
            _FOUND[image] = stamp, _digest(_opened(image.source, image.geometry, None)) == _digest(image)
    except (OSError, ValueError):
        return False
    return _FOUND[image][1]


def _opened(source: Any, geometry: Geometry | None, spacing: tuple[float, ...] | None) -> Image:
    """An image, or of a file with a volume the slice that `geometry` tells."""
    if isinstance(source, str | Path) and geometry is not None and geometry.slice_index is not None:
        return Image.of(source, slice_index=geometry.slice_index, axis=geometry.axis, spacing=spacing)
    return Image.of(source, spacing=None if isinstance(source, Image) else spacing)


def _geometry(item: Mapping[str, Any]) -> Geometry:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
    return Geometry(**fields)


def _digest(image: Image) -> str:
    if image not in _DIGESTS:
        what = f"{image.pixels.shape} {image.pixels.dtype.str}"
        _DIGESTS[image] = hashlib.sha256(what.encode() + image.pixels.tobytes()).hexdigest()
    return _DIGESTS[image]
