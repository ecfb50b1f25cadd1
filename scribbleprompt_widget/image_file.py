"""Reading image files: a path, a Pillow or a SimpleITK image becomes an array and what it says of itself."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PILImage
from PIL import ImageOps, ImageSequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_FILES_TAKEN = "PNG, JPEG, TIFF, GIF, BMP, WebP, NPY, DICOM, NIfTI, NRRD, MHA and MHD"
_MEDICAL_SUFFIXES = (".nii", ".nii.gz", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd")
_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_GREY = 0
# Only these hold frames worth choosing: the further pictures in a phone's JPEG (MPO) are not asked for.
_FORMATS_WITH_FRAMES = ("GIF", "PNG", "TIFF", "WEBP")

_PIXEL_SPACING = "0028|0030"
# Where a DICOM file says what a pixel measures; without any of them ITK invents 1 mm.
_SPACING_KEYS = (_PIXEL_SPACING, "0018|1164", "0018|2010")
_SAMPLES, _PHOTOMETRIC = "0028|0002", "0028|0004"
_BITS_ALLOCATED, _BITS_STORED, _SIGNED = "0028|0100", "0028|0101", "0028|0103"
_MODALITY, _IMAGE_TYPE = "0008|0060", "0008|0008"
_RESCALE_INTERCEPT, _RESCALE_TYPE = "0028|1052", "0028|1054"
HOUNSFIELD = "HU"
# The transfer syntax of run-length encoding as it stands in a file's first bytes; SimpleITK does not tell it.
_RUN_LENGTH = b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.5\0"
_META_BYTES = 2048
_CONVERT = "convert the file, or pass its pixels as an array"

_ADDRESS = re.compile(r" ?\(0x[0-9a-f]+\)")
_ORIENTATION_TAG = 274
_TIFF_MIN_IS_WHITE, _TIFF_MIN_IS_BLACK, _TIFF_RGB = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where a slice lies in the file that it came from.

    Attributes
    ----------
    size, spacing, origin, direction
        Of the file's image, as SimpleITK gives them: (x, y) or (x, y, z) order, spacing and origin in
        millimetres, the direction a flat row-major matrix.
    axis, slice_index
        The axis that was cut, and where, in the (z, y, x) order of NumPy; None for a plain 2-D file.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]
    axis: int | None = None
    slice_index: int | None = None

    def with_spacing(self, spacing: tuple[float, float]) -> Geometry:
        """The same place, with other millimetres per pixel in the plane of the slice: (row, column)."""
        steps = list(self.spacing[::-1])
        for axis, step in zip((axis for axis in range(len(steps)) if axis != self.axis), spacing, strict=True):
            steps[axis] = step
        return replace(self, spacing=tuple(steps[::-1]))


@dataclass(frozen=True, eq=False)
class RawImage:
    """What a file, or anything else, held before one slice of it is chosen.

    `has_channels` says whether the last axis is colour (or grey and alpha), None where only the shape can
    tell. `spacing` is in millimetres, one value for each axis that is not colour, in the array's order.
    `unit` is what the values are in: "HU", or None where that is not known.
    """

    array: NDArray[Any]
    has_channels: bool | None = None
    spacing: tuple[float, ...] | None = None
    geometry: Geometry | None = None
    unit: str | None = None


def read_image_file(path: Path) -> RawImage:
    """Read an image file, or a folder that holds one DICOM series.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If it is not an image that can be read.
    """
    if not path.exists():
        raise FileNotFoundError(f"image: there is no file or folder {str(path)!r}")
    kind, reader = ("a DICOM series", _read_dicom_folder) if path.is_dir() else _reader_for(path)
    try:
        return reader(path)
    except (PermissionError, MemoryError):
        raise
    except Exception as error:  # decoders raise anything on a broken file: SyntaxError, struct.error, zlib.error, ...
        raise ValueError(
            f"image: {str(path)!r} cannot be read as {kind}: {_reason(error)}. Files taken: {_FILES_TAKEN}"
        ) from error


def raw_from_pillow(picture: PILImage.Image) -> RawImage:
    """Take a Pillow image of any mode at its own depth, turned upright as its EXIF orientation says."""
    upright = ImageOps.exif_transpose(picture)
    mode = _plain_mode(upright)
    array = np.asarray(upright if mode == upright.mode else upright.convert(mode))
    return RawImage(array, has_channels=array.ndim == 3)


def raw_from_sitk(image: Any) -> RawImage:
    """Take a SimpleITK image of 2 or 3 dimensions, with its geometry; 3 or 4 values per pixel are colour."""
    sitk = load_sitk()
    channels = image.GetNumberOfComponentsPerPixel()
    if channels not in (1, 3, 4):
        raise ValueError(f"it has {channels} values per pixel, and 1 (grey), 3 or 4 (colour) are taken")
    if image.GetDimension() > 3:
        shape = tuple(reversed(image.GetSize()))
        raise ValueError(f"it is {len(shape)}-D, of shape {shape}: load it, choose one volume, and pass the array")
    spacing = tuple(float(step) for step in image.GetSpacing())
    geometry = Geometry(image.GetSize(), spacing, image.GetOrigin(), image.GetDirection())
    usable = all(math.isfinite(step) and step > 0 for step in spacing)
    array = sitk.GetArrayFromImage(image)
    return RawImage(array, channels > 1, spacing[::-1] if usable else None, geometry)


def _reader_for(path: Path) -> tuple[str, Callable[[Path], RawImage]]:
    with path.open("rb") as file:
        head = file.read(132)
    name = path.name.lower()
    if head[128:] == b"DICM" or name.endswith(_DICOM_SUFFIXES):
        return "DICOM", _read_dicom
    if name.endswith(_MEDICAL_SUFFIXES):
        return "a medical image", _read_medical
    if name.endswith(".npy"):
        return "an NPY file", _read_npy
    if head.startswith(_TIFF_SIGNATURES):
        return "TIFF", _read_tiff
    if head.startswith(_PNG_SIGNATURE) and len(head) > 25:
        depth, color_type = head[24], head[25]
        if depth == 16 and color_type != _PNG_GREY:  # Pillow would halve its depth
            return "PNG", _read_flat
    return "an image", _read_with_pillow


def _read_with_pillow(path: Path) -> RawImage:
    with PILImage.open(path) as picture:
        if picture.format not in _FORMATS_WITH_FRAMES or getattr(picture, "n_frames", 1) == 1:
            return raw_from_pillow(picture)
        frames = [raw_from_pillow(frame).array for frame in ImageSequence.Iterator(picture)]
        if len({frame.shape for frame in frames}) > 1:  # palette and alpha may change from frame to frame
            frames = [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(picture)]
    stack = np.stack(frames)
    return RawImage(stack, has_channels=stack.ndim == 4)


def _plain_mode(picture: PILImage.Image) -> str:
    """Tell the mode to convert to so that the array is grey, RGB or either with alpha."""
    mode = picture.mode
    if mode in ("La", "LA"):
        return "LA"
    if mode in ("PA", "RGBa", "RGBA"):
        return "RGBA"
    if "transparency" in picture.info and mode in ("L", "P", "RGB"):
        return "LA" if mode == "L" else "RGBA"
    return mode if mode in ("1", "L", "I", "F") or mode.startswith("I;16") else "RGB"


def _read_npy(path: Path) -> RawImage:
    return RawImage(np.load(path, allow_pickle=False))


def _read_tiff(path: Path) -> RawImage:
    import tifffile  # noqa: PLC0415  # a library that only TIFF needs

    with tifffile.TiffFile(path) as file:
        series: Any = file.series[0]
        page: Any = series.keyframe
        deep = page.bitspersample > 8
        if page.photometric in (_TIFF_MIN_IS_WHITE, _TIFF_MIN_IS_BLACK, _TIFF_RGB):
            try:
                return _from_tiff_series(series, page)
            except (KeyError, ValueError) as error:
                if "imagecodecs" not in str(error):  # an optional package that LZW and JPEG within TIFF would need
                    raise
    return _read_flat(path) if deep else _read_with_pillow(path)


def _from_tiff_series(series: Any, page: Any) -> RawImage:
    array: NDArray[Any] = series.asarray()
    axes: str = series.axes
    if page.photometric == _TIFF_MIN_IS_WHITE and array.dtype.kind in "bu":
        array = ~array if array.dtype.kind == "b" else (1 << page.bitspersample) - 1 - array
    # Samples of a picture that is not RGB are channels of a microscope: slices, unless one is alpha.
    has_channels = "S" in axes and (page.photometric == _TIFF_RGB or bool(page.extrasamples))
    if has_channels:
        array = np.moveaxis(array, axes.index("S"), -1)
        axes = axes.replace("S", "") + "S"
    tag = page.tags.get(_ORIENTATION_TAG)
    if tag is not None and "Y" in axes and "X" in axes:
        array = _upright(array, axes.index("Y"), axes.index("X"), int(tag.value))
    return RawImage(array, has_channels)


def _upright(array: NDArray[Any], row: int, column: int, orientation: int) -> NDArray[Any]:
    """Undo a TIFF orientation (section 8 of TIFF 6.0), whose values are those of EXIF."""
    if orientation >= 5:
        array = np.swapaxes(array, row, column)
    if orientation in (3, 4, 7, 8):
        array = np.flip(array, row)
    if orientation in (2, 3, 6, 7):
        array = np.flip(array, column)
    return array


def _read_medical(path: Path) -> RawImage:
    sitk = load_sitk()
    with quiet_sitk():
        return raw_from_sitk(sitk.ReadImage(str(path)))


def _read_flat(path: Path) -> RawImage:
    """Read a PNG or TIFF by SimpleITK for its depth alone: their dots per inch are no geometry."""
    return replace(_read_medical(path), spacing=None, geometry=None)


def _read_dicom(path: Path) -> RawImage:
    # ITK applies the rescale slope, turns palettes and YBR to RGB, and inverts MONOCHROME1.
    with quiet_sitk():
        reader = _dicom_reader(path)
        raw = raw_from_sitk(reader.Execute())
    stated = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    return replace(_with_dicom_spacing(raw, stated), unit=_dicom_unit(stated))


def _dicom_reader(path: Path) -> Any:
    """A reader of one file, which knows its header; what ITK reads wrong or not at all is refused."""
    reader = load_sitk().ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO("GDCMImageIO")
    reader.ReadImageInformation()
    told = {key: reader.GetMetaData(key).strip() for key in reader.GetMetaDataKeys() if key.startswith("0028|")}
    if (told.get(_PHOTOMETRIC), told.get(_BITS_STORED), told.get(_SIGNED)) == ("MONOCHROME1", "12", "1"):
        raise ValueError(f"ITK does not read MONOCHROME1 of 12 bits with a sign; {_CONVERT}")
    if told.get(_SAMPLES) == "3" and told.get(_BITS_ALLOCATED) != "8" and _is_run_length_encoded(path):
        raise ValueError(f"ITK mixes up run-length encoded colour of more than 8 bits; {_CONVERT}")
    return reader


def _is_run_length_encoded(path: Path) -> bool:
    with path.open("rb") as file:
        return _RUN_LENGTH in file.read(_META_BYTES)


def _dicom_unit(stated: dict[str, str]) -> str | None:
    """Hounsfield units, where the file says so: CT's own images, brought to them by a rescale intercept.

    Not projections (localizers), nor what says that it was rescaled to something else (PS3.3, C.11.1.1.2), nor
    MONOCHROME1, which ITK turns round.
    """
    told = {key: stated.get(key, "").strip() for key in (_MODALITY, _IMAGE_TYPE, _PHOTOMETRIC, _RESCALE_TYPE)}
    is_ct = told[_MODALITY] == "CT" and "LOCALIZER" not in told[_IMAGE_TYPE] and told[_PHOTOMETRIC] == "MONOCHROME2"
    return HOUNSFIELD if is_ct and _RESCALE_INTERCEPT in stated and told[_RESCALE_TYPE] in ("", HOUNSFIELD) else None


def _with_dicom_spacing(raw: RawImage, stated: dict[str, str]) -> RawImage:
    """Trust Pixel Spacing, which ITK ignores for some classes (CR, multi-frame), and no invented 1 mm."""
    if raw.geometry is None or raw.spacing is None:
        return raw
    try:
        row, column = (float(value) for value in stated.get(_PIXEL_SPACING, "").split("\\"))
    except ValueError:
        invented = not any(stated.get(key) for key in _SPACING_KEYS) and raw.spacing[-2:] == (1.0, 1.0)
        return replace(raw, spacing=None) if invented else raw
    if not (0 < row < math.inf and 0 < column < math.inf):
        return replace(raw, spacing=None)
    spacing = (*raw.spacing[:-2], row, column)
    return replace(raw, spacing=spacing, geometry=replace(raw.geometry, spacing=spacing[::-1]))


def _read_dicom_folder(path: Path) -> RawImage:
    sitk = load_sitk()
    with quiet_sitk():
        series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(path))
        if not series:
            raise ValueError("the folder holds no DICOM images")
        if len(series) > 1:
            raise ValueError(
                f"the folder holds {len(series)} series ({', '.join(series)}), and one volume is taken: "
                "keep each series in a folder of its own, or pass one file"
            )
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path), series[0])
        if len(names) == 1:  # one file may hold many frames, which the series reader does not expect
            return _read_dicom(Path(names[0]))
        header = _dicom_reader(Path(names[0]))  # refuses what ITK reads wrong
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(names)
        reader.MetaDataDictionaryArrayUpdateOn()
        raw = raw_from_sitk(reader.Execute())
    stated = {key: header.GetMetaData(key) for key in header.GetMetaDataKeys()}
    return replace(_with_dicom_spacing(raw, stated), unit=_dicom_unit(stated))


def load_sitk() -> Any:
    """Import SimpleITK when a medical image asks for it."""
    import SimpleITK  # noqa: PLC0415  # a large library that most images do without

    return SimpleITK


@contextlib.contextmanager
def quiet_sitk() -> Iterator[None]:
    """Keep ITK's warnings (uneven slices, odd tags) out of the notebook; errors still come as exceptions."""
    sitk = load_sitk()
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _reason(error: Exception) -> str:
    """Take the last line of an error: ITK puts source files and addresses before what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _ADDRESS.sub("", lines[-1]).rstrip(".") if lines else type(error).__name__
