"""Tasks on disk become cases: one image, one label, and people's scribbles where there are some."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.image_pairs import MOST_LABELS, has_pairs, image_pairs, label_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Case", "Task", "read_tasks"]

MODALITY_FILES: Final = ("modalities.csv", "modalities.json")
SOFT_THRESHOLD: Final = 0.5
"""Where a mask of fractions is cut, as in the paper's MedScribble."""


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to segment: a label of an image.

    Attributes
    ----------
    task
        Name of the task (of the data set).
    label
        Its number in the label map, 1 for a mask of one label.
    image
        Index of the image in its task.
    name
        What the data set calls the image; its index where it has no names.
    modality
        "MRI", "CT", ...; "" where it is not known.
    pixels
        (H, W) or (H, W, 3), as stored.
    truth
        (H, W) bool, never empty.
    scribbles
        (annotators, 2, H, W), nonzero along strokes, positive and negative; or None.
    """

    task: str
    label: int
    image: int
    name: str
    modality: str
    pixels: NDArray[Any]
    truth: NDArray[np.bool_]
    scribbles: NDArray[Any] | None


@dataclass(frozen=True, eq=False)
class Task:
    """One data set in memory; see `read_tasks` for what its arrays hold.

    Attributes
    ----------
    images, masks
        One of each for each image, (H, W) or (H, W, 3), and (H, W) label maps: arrays, or where sizes differ lists.
    left_out
        What was found beside them and not taken, and why.
    """

    name: str
    modality: str
    images: Sequence[NDArray[Any]] | NDArray[Any]
    masks: Sequence[NDArray[np.integer[Any]]] | NDArray[np.integer[Any]]
    scribbles: NDArray[Any] | None
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def cases(self, limit: int | None = None) -> Iterator[Case]:
        """Every label of the first `limit` images; a label that is not in an image is no case of it."""
        for index in range(len(self.images))[:limit]:
            mask = self.masks[index]
            for label in np.unique(mask[mask > 0]).tolist():
                yield Case(
                    self.name,
                    label,
                    index,
                    self.names[index],
                    self.modality,
                    self.images[index],
                    mask == label,
                    None if self.scribbles is None else self.scribbles[index],
                )

    def empty_images(self, limit: int | None = None) -> list[str]:
        """Names of images, among the first `limit`, whose mask is background only: nothing to segment."""
        masks = zip(self.names[:limit], self.masks[:limit], strict=True)
        return [name for name, mask in masks if not (mask > 0).any()]


def read_tasks(data: str | Path | Sequence[str | Path], modalities: Mapping[str, str] | None = None) -> list[Task]:
    """Read ``NAME.npz`` files, each a task called NAME, and folders of image and mask files.

    Parameters
    ----------
    data
        A folder of tasks as training takes it (docs/training_data.md), one task of it, or several of either. A task is
        a folder with images and masks, side by side (NAME and NAME_mask) or in two folders (images/, masks/), or a
        ``NAME.npz`` file; in a subfolder it is called ``FOLDER/NAME``. A file holds

        - ``images`` (N, H, W) or (N, H, W, 3);
        - ``masks`` (N, H, W): a label map (integers, 0 = background, every other number a label), booleans, or
          fractions in [0, 1], which are cut at 0.5;

        and may hold

        - ``scribbles`` (N, annotators, 2, H, W), nonzero along positive and negative strokes, on a mask of one label;
        - ``names`` (N,), and ``modality``, one string.
    modalities
        Modality of each task by name. Without it, a folder's ``modalities.csv`` (lines ``task,modality``) or
        ``modalities.json`` (an object) says it. What is said here or there comes before the file's own entry.

    Raises
    ------
    FileNotFoundError
        When a path does not exist or a folder has no task.
    ValueError
        When a file does not hold what it should; the message names it.
    """
    found: list[tuple[str, Path]] = []
    known: dict[str, str] = {}
    for path in [Path(data)] if isinstance(data, str | Path) else [Path(part) for part in data]:
        if not path.exists():
            raise FileNotFoundError(f"data: {path} does not exist")
        here = list(_sources(path)) if path.is_dir() else [(path.stem, path)]
        if not here:
            raise FileNotFoundError(f"data: the folder {path} has no .npz file, nor images with masks")
        found += here
        known |= _beside(path if path.is_dir() else path.parent)
    known |= dict(modalities or {})
    names = [name for name, _ in found]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"data: more than one task is called {', '.join(repeated)}")
    return [_read_pairs(name, path, known) if path.is_dir() else _read(name, path, known) for name, path in found]


def _sources(folder: Path, within: str = "") -> Iterator[tuple[str, Path]]:
    """The tasks of a folder, by name: .npz files, and folders of image and mask files, in itself and one level down."""
    if has_pairs(folder):
        yield within.removesuffix("/") or folder.resolve().name, folder
        return
    for path in sorted(folder.iterdir()):
        if path.suffix == ".npz":
            yield within + path.stem, path
        elif path.is_dir() and has_pairs(path):
            yield within + path.name, path
        elif path.is_dir() and not within:
            yield from _sources(path, f"{path.name}/")


def _beside(folder: Path) -> dict[str, str]:
    for name in MODALITY_FILES:
        path = folder / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        try:
            if path.suffix == ".json":
                entries = json.loads(text).items()
            else:
                entries = [(row["task"], row["modality"]) for row in csv.DictReader(text.splitlines())]
        except (ValueError, AttributeError, KeyError) as error:
            raise ValueError(
                f"{path}: takes an object of task to modality (JSON), or columns task,modality (CSV)"
            ) from error
        return {str(task): str(modality) for task, modality in entries}
    return {}


def _read(name: str, path: Path, modalities: Mapping[str, str]) -> Task:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a readable .npz file ({error})") from error
    if missing := {"images", "masks"} - set(arrays):
        raise ValueError(f"{path}: lacks {' and '.join(sorted(missing))}, holds {', '.join(arrays) or 'nothing'}")
    images, masks, scribbles = arrays["images"], arrays["masks"], arrays.get("scribbles")
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[-1] == 3)) or images.size == 0:
        raise ValueError(f"{path}: images takes (N, H, W) or (N, H, W, 3), got {images.shape}")
    if masks.shape != images.shape[:3]:
        raise ValueError(f"{path}: masks takes the images' shape {images.shape[:3]}, got {masks.shape}")
    for key, array in (("images", images), ("masks", masks), ("scribbles", scribbles)):
        if array is not None and not _finite(array):
            raise ValueError(f"{path}: {key} takes finite numbers, got {array.dtype} with NaN, infinity or no numbers")
    labels = _labels(path, masks)
    if scribbles is not None:
        count, (height, width) = len(images), images.shape[1:3]
        if scribbles.ndim != 5 or scribbles.shape != (count, scribbles.shape[1], 2, height, width):
            raise ValueError(
                f"{path}: scribbles takes ({count}, annotators, 2, {height}, {width}), got {scribbles.shape}"
            )
        if np.unique(labels[labels > 0]).size > 1:
            raise ValueError(f"{path}: scribbles belong to a mask of one label, got masks with several")
    names = tuple(str(one) for one in arrays.get("names", np.arange(len(images))))
    if len(names) != len(images):
        raise ValueError(f"{path}: names takes one for each of {len(images)} images, got {len(names)}")
    return Task(name, _modality(name, path, arrays, modalities), images, labels, scribbles, names)


def _read_pairs(name: str, folder: Path, modalities: Mapping[str, str]) -> Task:
    """A task of image and mask files. What is bad in them is refused: a figure must not come of fewer images unseen."""
    pairs, alone = image_pairs(folder)
    if not pairs:
        raise ValueError(f"{folder}: no image has a mask of its name")
    images, masks = [], []
    for stem, image_path, mask_path in pairs:
        try:
            image, labels = _pair(image_path, mask_path)
        except (TypeError, ValueError, OSError) as error:
            raise ValueError(f"{folder}: {stem}: {error}") from error
        images.append(image)
        masks.append(labels)
    left_out = tuple(f"{stem} ({reason})" for stem, reason in alone)
    return Task(name, modalities.get(name, ""), images, masks, None, tuple(stem for stem, _, _ in pairs), left_out)


def _finite(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "biu" or (array.dtype.kind == "f" and bool(np.isfinite(array).all()))


def _labels(path: Path, masks: NDArray[Any]) -> NDArray[np.integer[Any]]:
    if masks.dtype.kind == "b":
        return masks.astype(np.uint8)
    if masks.dtype.kind == "f":
        if masks.min() >= 0 and masks.max() <= 1:
            return (masks >= SOFT_THRESHOLD).astype(np.uint8)
        if (masks != np.round(masks)).any():
            raise ValueError(f"{path}: masks takes whole numbers, or fractions in [0, 1]; got other fractions")
        masks = masks.astype(np.int64)
    if masks.min() < 0:
        raise ValueError(f"{path}: masks takes labels from 0 on, got {masks.min()}")
    return masks


def _pair(image_path: Path, mask_path: Path) -> tuple[NDArray[Any], NDArray[np.int64]]:
    image, mask = Image.of(image_path).pixels, Image.of(mask_path).pixels
    if image.shape[:2] != mask.shape[:2]:
        raise ValueError(f"its mask takes the image's shape {image.shape[:2]}, got {mask.shape[:2]}")
    if not _finite(image):
        raise ValueError("it takes finite numbers, got NaN or infinity")
    labels = label_numbers(mask)
    if (count := len(np.unique(labels))) > MOST_LABELS + 1:
        raise ValueError(f"its mask holds {count} labels: numbered instances, or edges blurred by compression")
    return image, labels


def _modality(name: str, path: Path, arrays: Mapping[str, NDArray[Any]], modalities: Mapping[str, str]) -> str:
    if name in modalities:
        return modalities[name]
    stored: Iterable[Any] = np.unique(arrays.get("modality", np.array("")))
    named = [str(one) for one in stored]
    if len(named) > 1:
        raise ValueError(f"{path}: modality takes one string for the task, got {', '.join(named)}")
    return named[0] if named else ""
