"""Reading the documented folder of tasks (docs/training_data.md); what is bad in it is named and left out."""

from __future__ import annotations

import difflib
import fnmatch
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.image_pairs import (
    IMAGE_FOLDER,
    MASK_FOLDER,
    MOST_LABELS,
    has_pairs,
    image_pairs,
    label_numbers,
)
from scribbleprompt_widget.training.squares import STORED_SIZE, image_square, label_square

__all__ = ["TaskData", "data_sets", "read_data_set"]

# A label that covers more of its image than this leaves no background to mark.
MOST_SHARE: Final = 0.98
_NAMED_IN_WARNING = 5


@dataclass(frozen=True, eq=False)
class TaskData:
    """The images of one task, ready to sample from.

    Attributes
    ----------
    data_set, name
        Where it was found; the two are the same for a data set of one file.
    images
        (N, 256, 256) uint8.
    labels
        (N, 256, 256) uint8 label maps, 0 = background.
    label_values
        What the labels 1, 2, ... were in the files.
    case_names
        N names, to speak of single images.
    """

    data_set: str
    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    label_values: tuple[int, ...]
    case_names: tuple[str, ...]


def data_sets(root: str | Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    """Names of the data sets in a folder, sorted: its .npz files without their ending, and its subfolders.

    Parameters
    ----------
    include
        Names or patterns (``retina_*``) of those wanted; all where there are none.
    exclude
        Names or patterns of those left out, whatever `include` says. Names of data sets that are not here are fine.

    Raises
    ------
    FileNotFoundError
        If `root` is no folder.
    ValueError
        If nothing is left, if `include` names what is not here, or if `exclude` seems to be misspelt.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"data: there is no folder {str(root)!r}")
    found = sorted(
        {path.stem for path in root.glob("*.npz")}
        | {path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")}
    )
    if has_pairs(root) and not set(found) - {IMAGE_FOLDER, MASK_FOLDER}:
        raise ValueError(f"data: {str(root)!r} is one data set by itself; give the folder that holds it")
    for name in include:
        if not fnmatch.filter(found, name):
            raise ValueError(f"include names {name!r}, and {str(root)!r} has only {', '.join(found) or 'nothing'}")
    for name in exclude:
        near = difflib.get_close_matches(name, found, n=1, cutoff=0.9)
        if near and not fnmatch.filter(found, name):
            raise ValueError(f"exclude names {name!r}, which is not in {str(root)!r}; did you mean {near[0]!r}?")
    kept = [name for name in found if not include or _matches(name, include)]
    kept = [name for name in kept if not _matches(name, exclude)]
    if not kept:
        raise ValueError(f"no data set is left of {str(root)!r} (found: {', '.join(found) or 'nothing'})")
    return kept


def read_data_set(root: str | Path, name: str) -> list[TaskData]:
    """Read the tasks of one data set; images and files that cannot be used are named in a warning.

    Raises
    ------
    ValueError
        If nothing of it can be used.
    """
    root = Path(root)
    tasks, reasons = [], []
    for task, source in _sources(root, name):
        bad = _Bad()
        try:
            cases = _read_arrays(source, bad) if source.suffix == ".npz" else _read_pairs(source, bad)
            tasks.append(_task(name, task, cases, bad))
        except ValueError as error:
            bad.cases.append((str(source.name), str(error)))
        if bad.cases:
            reasons.append(bad.summary(f"{name}/{task}" if task != name else name))
    if not tasks:
        detail = "; ".join(reasons) or f"it holds neither .npz files nor {IMAGE_FOLDER}/ and {MASK_FOLDER}/"
        raise ValueError(f"data set {name!r} in {str(root)!r} cannot be used: {detail}")
    for reason in reasons:
        warnings.warn(f"left out of training: {reason}", stacklevel=2)
    return tasks


@dataclass
class _Bad:
    """What was left out, and why."""

    cases: list[tuple[str, str]] = field(default_factory=list)

    def summary(self, where: str) -> str:
        named = ", ".join(f"{name} ({reason})" for name, reason in self.cases[:_NAMED_IN_WARNING])
        more = len(self.cases) - _NAMED_IN_WARNING
        return f"{where}: {named}" + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, eq=False)
class _Case:
    name: str
    image: NDArray[np.uint8]
    labels: NDArray[np.int64]
    values: frozenset[int]
    """The labels in it, without the background."""


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _sources(root: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The tasks of a data set: (name, .npz file or folder of image and mask files)."""
    file, folder = root / f"{name}.npz", root / name
    if file.exists():
        yield name, file
    if not folder.is_dir():
        return
    if has_pairs(folder):
        yield name, folder
    for path in sorted(folder.iterdir()):
        if path.suffix == ".npz":
            yield path.stem, path
        elif path.is_dir() and path.name not in (IMAGE_FOLDER, MASK_FOLDER) and has_pairs(path):
            yield path.name, path


def _task(data_set: str, name: str, cases: list[_Case], bad: _Bad) -> TaskData:
    """Number the labels, and leave out what has none."""
    good = [case for case in cases if _usable(case, bad)]
    if not good:
        raise ValueError("no usable image and mask")
    values = sorted(frozenset[int]().union(*(case.values for case in good)))
    if len(values) > MOST_LABELS:
        raise ValueError(f"{len(values)} different labels; up to {MOST_LABELS} are taken (instances share one label)")
    labels = np.stack([np.searchsorted(np.array(values), case.labels) + 1 for case in good])
    labels[np.stack([case.labels for case in good]) == 0] = 0
    images = np.stack([case.image for case in good])
    return TaskData(data_set, name, images, labels.astype(np.uint8), tuple(values), tuple(case.name for case in good))


def _usable(case: _Case, bad: _Bad) -> bool:
    reason = None
    if not case.values:
        reason = "its mask is empty"
    elif len(case.values) == 1 and (case.labels != 0).mean() > MOST_SHARE:
        reason = "its mask covers the whole image"
    elif case.image.min() == case.image.max():
        reason = "its image is of one grey"
    if reason is not None:
        bad.cases.append((case.name, reason))
    return reason is None


# --- .npz files ------------------------------------------------------------------------------------------------------


def _read_arrays(path: Path, bad: _Bad) -> list[_Case]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ("images", "masks", "names") if key in file.files}
            present = file.files
    except Exception as error:  # zipfile, zlib and numpy raise what they like on a broken file
        raise ValueError(f"it cannot be read: {error}") from error
    if "images" not in arrays or "masks" not in arrays:
        raise ValueError(f"it takes the arrays images and masks, got {', '.join(present) or 'none'}")
    images, masks = arrays["images"], arrays["masks"]
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(f"images takes (N, H, W) or (N, H, W, 3), got shape {images.shape}")
    if masks.shape != images.shape[:3]:
        raise ValueError(f"masks takes one label map an image, shape {images.shape[:3]}, got shape {masks.shape}")
    names = arrays.get("names")
    if names is not None and names.shape != (len(images),):
        raise ValueError(f"names takes one name an image, shape ({len(images)},), got shape {names.shape}")
    cases: list[_Case] = []
    for index, (image, mask) in enumerate(zip(images, masks, strict=True)):
        name = f"image {index}" if names is None else str(names[index])
        _append(cases, name, image, mask, bad)
    return cases


def _append(cases: list[_Case], name: str, image: NDArray[Any], mask: NDArray[Any], bad: _Bad) -> None:
    if image.shape[:2] != mask.shape[:2]:
        bad.cases.append((name, f"its image is {image.shape[:2]} and its mask {mask.shape[:2]}"))
        return
    try:
        labels = label_square(label_numbers(mask))
        ready = image.dtype == np.uint8 and image.shape == (STORED_SIZE, STORED_SIZE)
        pixels = image if ready else image_square(image)
    except ValueError as error:
        bad.cases.append((name, str(error)))
        return
    values = np.unique(labels).tolist()
    if len(values) > MOST_LABELS + 1:
        bad.cases.append((name, f"its mask holds {len(values)} labels: numbered instances, or blurred by compression"))
        return
    cases.append(_Case(name, pixels, labels, frozenset(values) - {0}))


# --- image and mask files --------------------------------------------------------------------------------------------


def _read_pairs(folder: Path, bad: _Bad) -> list[_Case]:
    cases: list[_Case] = []
    pairs, alone = image_pairs(folder)
    bad.cases.extend(alone)
    for name, image_path, mask_path in pairs:
        try:
            image, mask = Image.of(image_path).pixels, Image.of(mask_path).pixels
        except (TypeError, ValueError, OSError) as error:
            bad.cases.append((name, str(error)))
            continue
        _append(cases, name, image, mask, bad)
    return cases
