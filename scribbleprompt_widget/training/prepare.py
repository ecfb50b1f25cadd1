"""Turning a public data set, as it is downloaded, into one file of the documented layout (docs/training_data.md)."""

from __future__ import annotations

import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.image_pairs import IMAGE_FOLDER, MASK_FOLDER, image_pairs, label_numbers
from scribbleprompt_widget.training.squares import STORED_SIZE, image_square, label_square

__all__ = ["palette_labels", "prepare"]

# Compression blurs the edges of masks; half-way is the edge.
_BINARY_THRESHOLD = 128
_NAMED_IN_WARNING = 5


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    folder: str | None = None,
    palette: Sequence[tuple[int, int, int]] = (),
    binary: bool = False,
    limit: int | None = None,
    size: int = STORED_SIZE,
) -> Path:
    """Read image and mask files, bring them to squares, and write them as one .npz.

    Parameters
    ----------
    source
        A folder or an archive (.zip, .tar, .tar.gz) with ``images/`` and ``masks/`` that hold files of the same names,
        or with NAME and NAME_mask side by side.
    out
        File to write, ``data/NAME.npz``.
    folder
        Which folder inside `source`; needed when several of them hold images and masks.
    palette
        Colours of the labels 1, 2, ... in the masks, black being the background; each pixel takes the nearest. Without
        it, each value or colour in the masks is a label.
    binary
        All that is brighter than half is label 1.
    limit
        Keep that many at most, evenly spaced through the sorted names.
    size
        Side of the squares.

    Returns
    -------
    The file: `images` (N, size, size) uint8, `masks` (N, size, size) uint8, `names` (N,).

    Raises
    ------
    FileNotFoundError, ValueError
        If there is nothing to read, or more than one place to read from. Single files that cannot be used are named
        in a warning and left out.
    """
    source, out = Path(source), Path(out)
    if not source.exists():
        raise FileNotFoundError(f"source: there is nothing at {str(source)!r}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit takes a number of images from 1 on, got {limit}")
    with tempfile.TemporaryDirectory() as unpacked:
        root = source if source.is_dir() else _unpack(source, Path(unpacked))
        pairs, alone = image_pairs(_place(root, folder))
        names, images, masks = [], [], []
        for name, image_path, mask_path in _spaced(pairs, limit):
            try:
                image, labels = _read(image_path, mask_path, palette, binary=binary)
                squares = image_square(image, size), label_square(labels, size)
            except (TypeError, ValueError, OSError) as error:  # noqa: PERF203  # one bad file must not stop the others
                alone.append((name, str(error)))
            else:
                names.append(name)
                images.append(squares[0])
                masks.append(squares[1])
    if alone:
        named = ", ".join(f"{name} ({reason})" for name, reason in alone[:_NAMED_IN_WARNING])
        warnings.warn(f"left out of {out.name}: {len(alone)} in all, {named}", stacklevel=2)
    if not names:
        raise ValueError(f"{str(source)!r} holds no image with a mask that can be used")
    numbered = _counted(np.stack(masks))
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, images=np.stack(images), masks=numbered, names=np.array(names))
    return out


def palette_labels(mask: NDArray[Any], palette: Sequence[tuple[int, int, int]]) -> NDArray[np.int64]:
    """Labels (H, W) of a mask (H, W, 3) or (H, W) of 8 bits: 1, 2, ... for the nearest colour, 0 for black."""
    colours = np.array([(0, 0, 0), *palette], dtype=np.float32)
    pixels = np.broadcast_to(mask[..., None], (*mask.shape, 3)) if mask.ndim == 2 else mask
    distance = [((pixels.astype(np.float32) - colour) ** 2).sum(axis=-1) for colour in colours]
    labels: NDArray[np.int64] = np.argmin(distance, axis=0).astype(np.int64)
    return labels


def _read(
    image_path: Path, mask_path: Path, palette: Sequence[tuple[int, int, int]], *, binary: bool
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    image, mask = Image.of(image_path).pixels, Image.of(mask_path).pixels
    if image.shape[:2] != mask.shape[:2]:
        raise ValueError(f"its image is {image.shape[:2]} and its mask {mask.shape[:2]}")
    if palette:
        return image, palette_labels(mask, palette)
    if binary:
        bright = mask if mask.ndim == 2 else mask.max(axis=-1)
        # Masks of 0 and 1 exist too.
        return image, (bright >= min(_BINARY_THRESHOLD, max(int(bright.max()), 1))).astype(np.int64)
    return image, label_numbers(mask)


def _counted(masks: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Labels as uint8: as they are where they fit, else counted from 1 in their order."""
    values = np.unique(masks)
    limit = np.iinfo(np.uint8).max
    if values[-1] <= limit:
        return masks.astype(np.uint8)
    if len(values) > limit:
        raise ValueError(f"the masks hold {len(values)} different labels: give the palette, or binary")
    return np.searchsorted(np.union1d(values, [0]), masks).astype(np.uint8)


def _unpack(archive: Path, folder: Path) -> Path:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)  # noqa: S202  # zipfile itself keeps names inside the folder
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    else:
        raise ValueError(f"source takes a folder, .zip, .tar or .tar.gz, got {str(archive)!r}")
    return folder


def _place(root: Path, folder: str | None) -> Path:
    """The folder that holds the images and masks."""
    if folder is not None:
        if not (root / folder).is_dir():
            raise FileNotFoundError(f"folder: there is no {folder!r} in {str(root)!r}")
        return root / folder
    found = sorted({path.parent for path in root.rglob(IMAGE_FOLDER) if (path.parent / MASK_FOLDER).is_dir()})
    # What macOS adds to archives.
    found = [path for path in found if "__MACOSX" not in path.parts]
    if len(found) > 1:
        names = ", ".join(repr(str(path.relative_to(root))) for path in found)
        raise ValueError(f"several folders hold images and masks; choose one with folder=: {names}")
    return found[0] if found else root


def _spaced(pairs: list[tuple[str, Path, Path]], limit: int | None) -> list[tuple[str, Path, Path]]:
    if limit is None or len(pairs) <= limit:
        return pairs
    return [pairs[index] for index in np.linspace(0, len(pairs) - 1, limit).round().astype(int)]
