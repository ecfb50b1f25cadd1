"""Anything a user holds (array, tensor, path, Pillow image, slice of a volume) becomes one Image."""

from __future__ import annotations

import math
import sys
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scribbleprompt_widget.image_file import Geometry
from scribbleprompt_widget.image_input import read_slice, spacing_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Geometry", "Image", "Wire"]

# What a viewer hides as outliers: metal in CT, dead pixels, burnt-in marks.
LOW_PERCENTILE = 0.5
HIGH_PERCENTILE = 99.5
# Percentiles of larger images are read from every n-th row and column, about this many pixels in all.
PERCENTILE_SAMPLE = 1_000_000
LUMINANCE_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R Rec. 601
# float32 holds what is scaled between these without overflow; beyond them float64 does the arithmetic.
_FLOAT32_SPAN = (1e-30, 1e37)


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """One 2-D image, grey or colour, at its own depth. Make one with :meth:`Image.of`.

    Attributes
    ----------
    pixels
        (H, W) or (H, W, 3), C-contiguous, native byte order, read-only, its own copy; any integer type,
        float32 or float64. Booleans are uint8 0 and 1, float16 is float32. May hold NaN and infinities,
        though not only those.
    spacing
        (row, column), the order of the array's axes: millimetres from one row to the next, and from one
        column to the next; None where they are not known.
    geometry
        Where the image lies in the medical file that it came from; None for other images.
    source
        The path that it was read from, or None.
    binary
        Whether it was given as booleans.
    unit
        What the values are in: "HU", Hounsfield units, for DICOM files of CT that say so; else None.
    """

    pixels: NDArray[Any]
    spacing: tuple[float, float] | None = None
    geometry: Geometry | None = None
    source: str | None = None
    _: KW_ONLY
    binary: bool = False
    unit: str | None = None

    @classmethod
    def of(
        cls,
        image: object,
        *,
        slice_index: int | None = None,
        axis: int | None = None,
        spacing: float | Sequence[float] | None = None,
    ) -> Image:
        """Take anything that holds an image.

        Parameters
        ----------
        image
            An Image; an array, or nested lists, of booleans, integers or floats, (H, W), (1, H, W), (H, W,
            1), (H, W, 3) or (H, W, 4); a torch tensor of those shapes or with its channels first; a Pillow
            or SimpleITK image; or a path to PNG, JPEG, TIFF, GIF, BMP, WebP, NPY, DICOM, NIfTI, NRRD, MHA or
            MHD, or to a folder with one DICOM series. A volume is (D, H, W), or (D, H, W, 3) in colour.
            Transparency is laid over white.
        slice_index
            The slice of a volume, negative from its end. Given it, every 3-D array is a volume.
        axis
            The axis of the volume that is cut, 0 unless given; (z, y, x) order for files.
        spacing
            Millimetres per pixel, one number or (row, column); overrides what the file says.

        Raises
        ------
        FileNotFoundError
            If the path does not exist.
        TypeError
            If `image` is nothing that holds an image, or `slice_index`, `axis` or `spacing` are no numbers.
        ValueError
            If the shape or type of the numbers, the slice, the axis or the spacing cannot be, if no pixel is
            finite, or if a file cannot be read.

        Examples
        --------
        >>> import numpy as np
        >>> Image.of(np.zeros((4, 6, 5)), slice_index=-1, spacing=0.5).shape
        (6, 5)
        """
        chosen = None if spacing is None else spacing_pair(spacing)
        if isinstance(image, Image):
            if slice_index is not None or axis is not None:
                raise ValueError("slice_index and axis choose a slice of a volume, and image is an Image already")
            return image if chosen is None else image._with_spacing(chosen)
        raw, source = read_slice(image, slice_index, axis)
        spacing = None if raw.spacing is None else (raw.spacing[0], raw.spacing[1])
        binary = raw.array.dtype.kind == "b"
        opened = cls(_own_copy(raw.array), spacing, raw.geometry, source, binary=binary, unit=raw.unit)
        return opened if chosen is None else opened._with_spacing(chosen)

    def __post_init__(self) -> None:
        if self.pixels.dtype.kind == "f" and not np.isfinite(self.pixels).any():
            raise ValueError(f"image {self.shape} has no finite pixel: every one is NaN or infinite")

    def _with_spacing(self, spacing: tuple[float, float]) -> Image:
        """The image with (row, column) millimetres, in its geometry too: a saved mask must agree with its area."""
        geometry = None if self.geometry is None else self.geometry.with_spacing(spacing)
        return replace(self, spacing=spacing, geometry=geometry)

    def __repr__(self) -> str:
        height, width = self.shape
        kind = "colour" if self.is_color else "grey"
        facts = [f"{height} x {width} {self.pixels.dtype} {kind}"]
        if self.spacing is not None:
            facts.append(f"spacing={self.spacing} mm")
        if self.source is not None:
            facts.append(f"source={self.source!r}")
        return f"Image({', '.join(facts)})"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, (H, W)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def is_color(self) -> bool:
        """Whether each pixel has red, green and blue."""
        return self.pixels.ndim == 3

    @property
    def pixel_area_mm2(self) -> float | None:
        """Square millimetres that one pixel covers, or None where the spacing is not known."""
        return None if self.spacing is None else self.spacing[0] * self.spacing[1]

    @cached_property
    def intensity_range(self) -> tuple[float, float]:
        """What black and white are on the screen, as (low, high) with low < high.

        (0, 255) for uint8 colour, (0, 1) for booleans and for colour floats that lie within it, else the
        percentiles 0.5 and 99.5 of the finite pixels (their least and greatest where those are equal; v and
        v + 1 for a constant).
        """
        if self.binary:
            return 0.0, 1.0
        if self.is_color and self.pixels.dtype == np.uint8:
            return 0.0, 255.0
        if self.is_color and self.pixels.dtype.kind == "f":
            finite = self._finite
            if finite.min() >= 0 and finite.max() <= 1:
                return 0.0, 1.0
        return _robust_range(self.pixels)

    @cached_property
    def grey(self) -> NDArray[np.float32]:
        """What a model sees: (H, W) float32 in [0, 1], read-only and never NaN.

        Colour is turned into luminance (Rec. 601). The robust range becomes 0 to 1; what lies outside is
        clipped.
        """
        values = _luminance(self._finite) if self.is_color else self._finite
        low, high = (0.0, 1.0) if self.binary else _robust_range(values)
        return _read_only(_scaled(values, low, high))

    def wire(self) -> Wire:
        """Give the pixels as the browser takes them, and which of these values are shown black and white.

        Returns
        -------
        Wire
            `pixels` (H, W) or (H, W, 3), read-only, of uint8, uint16, int16 or float32: the depth is kept, and other
            integers go to 16 bits where every value fits. What float32 does not hold is scaled, so that `low` is 0
            and `high` is 1, and `rescale` undoes it. NaN and -inf become the least finite pixel, +inf the greatest.
        """
        values = self._finite
        low, high = self.intensity_range
        if values.dtype in (np.uint8, np.uint16, np.int16, np.float32):
            return Wire(values, low, high)
        least, most = values.min(), values.max()
        if values.dtype.kind in "iu":
            for narrow in (np.uint16, np.int16):
                if np.iinfo(narrow).min <= least and most <= np.iinfo(narrow).max:
                    return Wire(_read_only(values.astype(narrow)), low, high)
        with np.errstate(over="ignore", under="ignore"):
            same = values.astype(np.float32)
            if np.array_equal(same, values):
                return Wire(_read_only(same), low, high)
        limit = float(np.finfo(np.float32).max)
        back = min(high - low, sys.float_info.max), low  # infinity has no JSON
        return Wire(_read_only(_scaled(values, low, high, -limit, limit)), 0.0, 1.0, back)

    @cached_property
    def _finite(self) -> NDArray[Any]:
        """The pixels with NaN and -inf as the least finite one, and +inf as the greatest."""
        if self.pixels.dtype.kind != "f":
            return self.pixels
        finite = np.isfinite(self.pixels)
        if finite.all():
            return self.pixels
        known = self.pixels[finite]
        low, high = known.min(), known.max()
        return _read_only(np.nan_to_num(self.pixels, nan=low, neginf=low, posinf=high))


class Wire(NamedTuple):
    """What the browser gets: `pixels`, and the values of theirs that are shown black (`low`) and white (`high`).

    `rescale` is (slope, intercept): a pixel times the one plus the other is the image's own value.
    """

    pixels: NDArray[Any]
    low: float
    high: float
    rescale: tuple[float, float] = (1.0, 0.0)


def _own_copy(array: NDArray[Any]) -> NDArray[Any]:
    dtype = array.dtype.newbyteorder("=")
    if dtype.kind == "b":
        dtype = np.dtype(np.uint8)
    elif dtype.kind == "f" and dtype.itemsize not in (4, 8):
        dtype = np.dtype(np.float32 if dtype.itemsize == 2 else np.float64)
    with np.errstate(over="ignore", under="ignore"):  # a long double may lie beyond float64
        return _read_only(np.array(array, dtype=dtype, order="C", copy=True, subok=False))


def _luminance(color: NDArray[Any]) -> NDArray[Any]:
    dtype = np.float32 if color.dtype.itemsize <= 2 or color.dtype == np.float32 else np.float64
    red, green, blue = LUMINANCE_WEIGHTS
    with np.errstate(over="ignore", under="ignore"):
        grey: NDArray[Any] = np.multiply(color[..., 0], red, dtype=dtype)
        grey += np.multiply(color[..., 1], green, dtype=dtype)
        grey += np.multiply(color[..., 2], blue, dtype=dtype)
    limit = np.finfo(dtype).max  # the rounded weights may lift the greatest float over its own end
    np.clip(grey, -limit, limit, out=grey)
    return grey


def _robust_range(values: NDArray[Any]) -> tuple[float, float]:
    step = max(1, math.ceil(math.sqrt(values.shape[0] * values.shape[1] / PERCENTILE_SAMPLE)))
    sample = _finite_values(values[::step, ::step])
    if sample.size:
        last = sample.size - 1
        # Order statistics, not interpolation: 255 - (-1e308) and its like would overflow.
        below, above = math.floor(last * LOW_PERCENTILE / 100), math.ceil(last * HIGH_PERCENTILE / 100)
        ordered = np.partition(sample, (below, above))
        low, high = float(ordered[below]), float(ordered[above])
    if not sample.size or low == high:
        finite = _finite_values(values)
        low, high = float(finite.min()), float(finite.max())
    if low == high:
        high = max(low + 1, math.nextafter(low, math.inf))
    return (low, high) if math.isfinite(high) else (math.nextafter(low, -math.inf), low)


def _finite_values(values: NDArray[Any]) -> NDArray[Any]:
    flat: NDArray[Any] = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    return flat


def _scaled(values: NDArray[Any], low: float, high: float, least: float = 0, most: float = 1) -> NDArray[np.float32]:
    """The values with `low` brought to 0 and `high` to 1, clipped to `least` and `most`."""
    span = high - low
    shortest, longest = _FLOAT32_SPAN
    narrow = values.dtype.itemsize <= 2 or (values.dtype == np.float32 and shortest < span < longest)
    scaled: NDArray[Any] = values.astype(np.float32 if narrow else np.float64)
    if math.isinf(span):
        scaled *= 0.5
        low, span = low / 2, high / 2 - low / 2
    with np.errstate(over="ignore", under="ignore"):  # an outlier may leave the floats, and is then clipped
        scaled -= low
        scaled /= span
        np.clip(scaled, least, most, out=scaled)
        return scaled.astype(np.float32, copy=False)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
