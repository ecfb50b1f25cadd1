"""Image files and their masks: which belong together in a folder, and what the labels in a mask are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["IMAGE_FOLDER", "MASK_FOLDER", "MOST_LABELS", "has_pairs", "image_pairs", "label_numbers"]

IMAGE_FOLDER: Final = "images"
MASK_FOLDER: Final = "masks"
MASK_ENDING: Final = "_mask"
LONG_SUFFIXES: Final = (".nii.gz",)
"""Endings that hold a dot of their own."""
MOST_LABELS: Final = 255
"""A mask with more labels holds numbered instances, or edges blurred by compression: not labels."""


def has_pairs(folder: Path) -> bool:
    """Whether `image_pairs` has something to look at in a folder."""
    return (folder / IMAGE_FOLDER).is_dir() or any(_stem(path).endswith(MASK_ENDING) for path in folder.iterdir())


def image_pairs(folder: Path) -> tuple[list[tuple[str, Path, Path]], list[tuple[str, str]]]:
    """Find image files with their masks: of the same name in two folders, or side by side as NAME and NAME_mask.

    Returns
    -------
    pairs
        (name, image, mask), sorted by name.
    alone
        (name, what is missing) of the others.
    """
    if (folder / IMAGE_FOLDER).is_dir():
        # Some data sets say it twice: masks/NAME_mask.png.
        masks = {stem.removesuffix(MASK_ENDING): path for stem, path in _by_stem(folder / MASK_FOLDER).items()}
        images = _by_stem(folder / IMAGE_FOLDER)
    else:
        files = _by_stem(folder)
        masks = {stem.removesuffix(MASK_ENDING): path for stem, path in files.items() if stem.endswith(MASK_ENDING)}
        images = {stem: path for stem, path in files.items() if not stem.endswith(MASK_ENDING)}
    pairs = [(stem, images[stem], masks[stem]) for stem in sorted(images.keys() & masks.keys())]
    alone = [
        (stem, "it has no mask" if stem in images else "it has no image")
        for stem in sorted(images.keys() ^ masks.keys())
    ]
    return pairs, alone


def label_numbers(mask: NDArray[Any]) -> NDArray[np.int64]:
    """Make a label map of whole numbers from whatever held it.

    Parameters
    ----------
    mask
        (H, W) of integers, booleans, whole floats, or probabilities in [0, 1] (cut at 0.5); or (H, W, 3), where each
        colour is a label and black the background.

    Raises
    ------
    ValueError
        If it holds NaN, fractions or negative numbers.
    """
    if mask.ndim == 3:
        if (mask == mask[..., :1]).all():
            mask = mask[..., 0]
        else:
            # Each colour of a palette is a label: its 24 bits are its number until labels are counted.
            colour = mask.astype(np.int64)
            mask = (colour[..., 0] << 16) | (colour[..., 1] << 8) | colour[..., 2]
    if mask.dtype.kind == "f":
        if not np.isfinite(mask).all():
            raise ValueError("its mask holds NaN or infinity")
        if mask.min() >= 0 and mask.max() <= 1:
            mask = mask >= 0.5
        elif (mask != np.round(mask)).any():
            raise ValueError("its mask holds fractions; a label map takes whole numbers")
    if mask.dtype.kind not in "biuf":
        raise ValueError(f"its mask is of {mask.dtype}; a label map takes whole numbers")
    numbers = mask.astype(np.int64)
    if numbers.min() < 0:
        raise ValueError(f"its mask holds the label {numbers.min()}; labels are 0 (background) or more")
    return numbers


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {_stem(path): path for path in sorted(folder.iterdir()) if path.is_file() and path.name[0] != "."}


def _stem(path: Path) -> str:
    for suffix in LONG_SUFFIXES:
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    return path.stem
