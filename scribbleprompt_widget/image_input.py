"""What a user gave as an image: telling what it is, and cutting one slice of it."""

from __future__ import annotations

import operator
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image as PILImage

from scribbleprompt_widget.image_file import RawImage, raw_from_pillow, raw_from_sitk, read_image_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAKEN = (
    "(H, W), (H, W, 3) or (H, W, 4) arrays of numbers, volumes with slice_index, torch tensors (channels "
    "may come first), Pillow and SimpleITK images, and paths to image files"
)


def read_slice(image: object, slice_index: int | None, axis: int | None) -> tuple[RawImage, str | None]:
    """Take one 2-D image out of whatever holds it, and the path that it came from.

    The array is (H, W) or (H, W, 3) and of any boolean, integer or float type; it may still be the caller's
    own. The parameters, and the errors raised, are those of :meth:`scribbleprompt_widget.image.Image.of`.
    """
    raw, source = _raw_image(image, as_volume=slice_index is not None)
    _check_numbers(raw.array, _article(type(image).__name__) if source is None else repr(source))
    raw, has_channels = _one_slice(raw, slice_index, axis)
    return (replace(raw, array=_without_alpha(raw.array)) if has_channels else raw), source


MOST_DRAWN: Final = 0.9
"""Share of a picture that a scribble may cover; more is a picture on white paper."""


def read_stroke(path: Path) -> NDArray[np.bool_]:
    """(H, W): where a picture shows a stroke, by its transparency if it has any, else by whatever is not black."""
    raw, has_channels = _one_slice(read_image_file(path), None, None)
    channels = raw.array if has_channels else raw.array[..., None]
    if channels.shape[-1] in (2, 4):
        alpha = channels[..., -1:]
        channels = channels[..., :-1] if alpha.min() == alpha.max() else alpha
    drawn = np.asarray((channels > 0).any(axis=-1))
    if drawn.mean() > MOST_DRAWN:
        raise ValueError(
            f"{str(path)!r} is {drawn.mean():.0%} stroke: a picture of a scribble is black or transparent beside it"
        )
    return drawn


def spacing_pair(spacing: object) -> tuple[float, float]:
    """Check millimetres per pixel, one number or (row, column), and give them as (row, column)."""
    wanted = "one number or (row, column), in millimetres per pixel"
    try:
        values = np.asarray(spacing)
    except ValueError as error:
        raise TypeError(f"spacing is {spacing!r}; taken is {wanted}") from error
    if values.dtype.kind not in "iuf":
        raise TypeError(f"spacing is {spacing!r}; taken is {wanted}")
    if values.shape not in ((), (1,), (2,)):
        raise ValueError(f"spacing is {spacing!r}, {values.size} values; taken is {wanted}")
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(f"spacing is {spacing!r}; it must be positive and finite: {wanted}")
    row, column = np.broadcast_to(values, 2).tolist()
    return float(row), float(column)


def _raw_image(image: object, *, as_volume: bool) -> tuple[RawImage, str | None]:
    """Take whatever it is; also tell the path that it came from."""
    if isinstance(image, (str, os.PathLike)):
        path = Path(os.fsdecode(image)).expanduser()
        return read_image_file(path), str(path)
    if isinstance(image, PILImage.Image):
        return raw_from_pillow(image), None
    # Whoever holds a tensor or an ITK image has imported its package: importing it here could only cost time.
    torch, sitk = sys.modules.get("torch"), sys.modules.get("SimpleITK")
    if torch is not None and isinstance(image, torch.Tensor):
        return _raw_from_tensor(image, as_volume=as_volume), None
    if sitk is not None and isinstance(image, sitk.Image):
        try:
            return raw_from_sitk(image), None
        except ValueError as error:
            raise ValueError(f"image is a SimpleITK image, but {error}") from error
    if isinstance(image, np.ma.MaskedArray) and np.ma.is_masked(image):
        raise ValueError("image is a MaskedArray with masked pixels, which no image has: pass image.filled(value)")
    if isinstance(image, (list, tuple)) or hasattr(image, "__array__") or hasattr(image, "__array_interface__"):
        try:
            return RawImage(np.asarray(image)), None
        except (TypeError, ValueError) as error:
            raise ValueError(f"image, a {type(image).__name__}, is no array of numbers: {error}") from error
    raise TypeError(f"image is {_article(type(image).__name__)}; taken are {_TAKEN}")


def _raw_from_tensor(tensor: Any, *, as_volume: bool) -> RawImage:
    tensor = tensor.detach().cpu()
    if tensor.is_sparse:
        tensor = tensor.to_dense()
    if tensor.is_floating_point() and str(tensor.dtype) not in (
        "torch.float16",
        "torch.float32",
        "torch.float64",
    ):
        tensor = tensor.float()  # NumPy has no bfloat16, nor the 8-bit floats
    array: NDArray[Any] = tensor.resolve_conj().resolve_neg().numpy()
    if not as_volume and array.ndim == 3 and array.shape[0] in (3, 4):
        return RawImage(np.moveaxis(array, 0, -1), has_channels=True)
    return RawImage(array)


def _check_numbers(array: NDArray[Any], given: str) -> None:
    what = f"image is {given}, of shape {array.shape} and dtype {array.dtype}"
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what}; its numbers must be booleans, integers or floats")
    if array.ndim < 2:
        raise ValueError(f"{what}, which is {array.ndim}-D; taken are {_TAKEN}")
    if array.size == 0:
        raise ValueError(f"{what}, which has no pixels")


def _one_slice(raw: RawImage, slice_index: int | None, axis: int | None) -> tuple[RawImage, bool]:
    """Cut one slice, and tell whether its last axis is colour."""
    shape = raw.array.shape
    has_channels = raw.has_channels
    if has_channels is None:
        colored = shape[-1] in (3, 4)
        has_channels = colored and (len(shape) == 4 or (len(shape) == 3 and slice_index is None))
    space = shape[:-1] if has_channels else shape
    if slice_index is None and axis is not None:
        raise ValueError(f"axis={axis} was given without slice_index, which says where to cut it")
    if len(space) == 2:
        if slice_index is not None:
            raise ValueError(f"slice_index={slice_index} was given, but image is 2-D, of shape {shape}: leave it out")
        return raw, has_channels
    if len(space) != 3:
        raise ValueError(f"image has shape {shape}, which is {len(shape)}-D; taken are {_TAKEN}")
    if slice_index is None:
        if 1 not in space:
            raise ValueError(_which_slice(raw, space))
        axis, slice_index = space.index(1), 0
    axis = _whole_number("axis", 0 if axis is None else axis, 3)
    slice_index = _whole_number("slice_index", slice_index, space[axis], f" along axis {axis} of image {shape}")
    spacing = None if raw.spacing is None else tuple(np.delete(raw.spacing, axis).tolist())
    geometry = None if raw.geometry is None else replace(raw.geometry, axis=axis, slice_index=slice_index)
    cut = raw.array.take(slice_index, axis)
    return replace(raw, array=cut, has_channels=has_channels, spacing=spacing, geometry=geometry), has_channels


def _which_slice(raw: RawImage, space: tuple[int, ...]) -> str:
    shape = raw.array.shape
    message = (
        f"image is a volume of shape {shape}, and one slice is taken: pass slice_index, {-space[0]} to "
        f"{space[0] - 1}, and axis (0 unless given) to cut along another axis"
    )
    if raw.has_channels is None and shape[0] in (3, 4) and len(shape) == 3:
        message += ". If its first axis is colour, pass np.moveaxis(image, 0, -1)"
    return message


def _whole_number(name: str, value: Any, count: int, where: str = "") -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; a whole number is taken") from None
    if not -count <= number < count:
        raise ValueError(f"{name}={number} is out of range: {-count} to {count - 1} are taken{where}")
    return number % count


def _without_alpha(array: NDArray[Any]) -> NDArray[Any]:
    """Lay (H, W, 2) or (H, W, 4), whose last channel is alpha, over white; (H, W, 1) becomes (H, W)."""
    channels = array.shape[-1]
    if channels not in (1, 2, 3, 4):
        raise ValueError(f"image has {channels} values per pixel; 1 (grey), 3 or 4 (colour) are taken")
    color = array[..., :3] if channels >= 3 else array[..., :1]
    if channels in (2, 4):
        alpha = array[..., -1:]
        opaque = _full_scale(alpha)
        if not (alpha == opaque).all():
            color = _over_white(color, alpha / np.float64(opaque))
    return color[..., 0] if channels < 3 else color


def _over_white(color: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    white = _full_scale(color)
    with np.errstate(over="ignore", invalid="ignore"):  # inf times nothing is NaN, which is allowed
        blend: NDArray[Any] = white + (color.astype(np.float64) - white) * alpha
        if color.dtype.kind == "b":
            blend = np.greater_equal(blend, 0.5)
        elif color.dtype.kind in "iu":
            blend = np.rint(blend)
        return blend.astype(color.dtype)


def _full_scale(channel: NDArray[Any]) -> float:
    """Tell which value is white, or opaque, by the type for 8 and 16 bits and by the values for others."""
    if channel.dtype.kind == "b":
        return 1.0
    if channel.dtype in (np.uint8, np.uint16):
        return float(np.iinfo(channel.dtype).max)
    greatest = float(np.max(channel, initial=0, where=np.isfinite(channel)))
    usual = (1.0, 255.0, 65535.0) if channel.dtype.kind == "f" else (255.0, 65535.0)
    return next((scale for scale in usual if greatest <= scale), greatest)


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
