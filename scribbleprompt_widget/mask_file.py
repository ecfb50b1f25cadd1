"""Writing a mask or a label map to a file, with the geometry of the image that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PILImage

from scribbleprompt_widget.image_file import Geometry, load_sitk, quiet_sitk
from scribbleprompt_widget.whole_file import target_path, written_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from scribbleprompt_widget.image import Image

_PICTURES = (".png", ".tif", ".tiff")
_ARRAYS = (".npz", ".npy")
_MEDICAL = (".nii", ".nii.gz", ".nrrd", ".mha")
_SUFFIXES = (*_PICTURES, *_ARRAYS, *_MEDICAL)
_MASK_WHITE = 255
_GREATEST_LABEL = {".png": 2**16 - 1}
_GREATEST_LABEL_ELSEWHERE = 2**32 - 1


def save_mask(
    path: str | os.PathLike[str], array: ArrayLike, image: Image, labels: Sequence[str] | None = None
) -> Path:
    """Write a mask or a label map.

    Parameters
    ----------
    path
        Where to write. The suffix says how: ``.png``, ``.tif`` (a mask as 0 and 255, a label map as its
        numbers), ``.npy``, ``.npz`` (`mask` or `label_map`, with `labels` and, when known, the `spacing` in
        mm as (row, column)), ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``. The medical formats get the
        source's geometry; a slice of a volume becomes a volume of the source's whole size, zero elsewhere,
        that lies over the source in any viewer.
    array
        (H, W): booleans for a mask, integers for a label map (0 is background). Label maps are written as
        uint8 where their numbers fit, else as uint16 or uint32.
    image
        What `array` was drawn on.
    labels
        The names of labels 1, 2, ...; kept in ``.npz``.

    Returns
    -------
    The path that was written. The file appears whole or not at all: it is written beside its place and
    renamed.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    TypeError
        If `path` is no path, `array` holds neither booleans nor integers, or `labels` is one string.
    ValueError
        If the suffix is none of these, `path` is the image's own file, `array` is not of the image's shape,
        or a label is negative or too great.
    """
    target = target_path(path)
    suffix = _suffix_of(target)
    array = np.asarray(array)
    _check(array, image, suffix, labels)
    check_target(target, image)
    if array.dtype.kind != "b":
        array = array.astype(np.min_scalar_type(int(array.max())))
    with written_whole(target, suffix) as written:
        if suffix in _ARRAYS:
            _write_arrays(written, array, image, labels)
        elif suffix in _PICTURES:
            _write_picture(written, array)
        else:
            _write_medical(written, array.astype(np.uint8) if array.dtype.kind == "b" else array, image)
    return target


def check_target(target: Path, image: Image) -> None:
    """See that nothing is written over the image's own file.

    Raises
    ------
    ValueError
        If it would be.
    """
    if image.source is not None and target.resolve() == Path(image.source).resolve():
        raise ValueError(f"path takes another file than the image's own, got {str(target)!r}")


def _suffix_of(path: Path) -> str:
    name = path.name.lower()
    fitting = [suffix for suffix in _SUFFIXES if name.endswith(suffix) and name != suffix]
    if not fitting:
        raise ValueError(f"path is {str(path)!r}; its suffix must be one of {', '.join(_SUFFIXES)}")
    return fitting[0]


def _check(array: NDArray[Any], image: Image, suffix: str, labels: Sequence[str] | None) -> None:
    if array.dtype.kind not in "biu":
        raise TypeError(f"array is of {array.dtype}; a mask of booleans or a label map of integers is taken")
    if array.shape != image.shape:
        raise ValueError(f"array is of shape {array.shape}, but the image is of shape {image.shape}")
    if isinstance(labels, str):
        raise TypeError(f"labels is the string {labels!r}; a list of names is taken")
    greatest = _GREATEST_LABEL.get(suffix, _GREATEST_LABEL_ELSEWHERE)
    if array.min() < 0 or array.max() > greatest:
        raise ValueError(f"array holds labels from {array.min()} to {array.max()}; {suffix} takes from 0 to {greatest}")


def _write_arrays(path: Path, array: NDArray[Any], image: Image, labels: Sequence[str] | None) -> None:
    if path.suffix == ".npy":
        np.save(path, array, allow_pickle=False)
        return
    arrays: dict[str, Any] = {"mask" if array.dtype.kind == "b" else "label_map": array}
    if labels is not None:
        arrays["labels"] = np.array(list(labels), dtype=np.str_)
    if image.spacing is not None:
        arrays["spacing"] = np.array(image.spacing)
    np.savez_compressed(path, **arrays)


def _write_picture(path: Path, array: NDArray[Any]) -> None:
    picture = array.astype(np.uint8) * np.uint8(_MASK_WHITE) if array.dtype.kind == "b" else array
    if path.suffix == ".png":
        PILImage.fromarray(picture).save(path)
        return
    import tifffile  # noqa: PLC0415  # a library that only TIFF needs

    tifffile.imwrite(path, picture, photometric="minisblack", compression="zlib", metadata=None)


def _write_medical(path: Path, array: NDArray[Any], image: Image) -> None:
    sitk = load_sitk()
    geometry = image.geometry or _flat_geometry(image)
    if geometry.axis is not None and geometry.slice_index is not None:
        volume = np.zeros(geometry.size[::-1], array.dtype)
        np.moveaxis(volume, geometry.axis, 0)[geometry.slice_index] = array
        array = volume
    mask = sitk.GetImageFromArray(array)
    mask.SetSpacing(geometry.spacing)
    mask.SetOrigin(geometry.origin)
    mask.SetDirection(geometry.direction)
    with quiet_sitk():
        sitk.WriteImage(mask, str(path), useCompression=path.suffix != ".nii")


def _flat_geometry(image: Image) -> Geometry:
    row, column = image.spacing or (1.0, 1.0)
    return Geometry(image.shape[::-1], (column, row), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
