"""Whatever a person holds becomes one image, at its own depth, or an error that says what to do."""

import subprocess
import sys
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK
import skimage.data
import tifffile
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    generate_uid,
)

from scribbleprompt_widget.image import Image

SKIMAGE_DATA = Path(skimage.data.__file__).parent
DICOM_DATA = Path(pydicom.__file__).parent / "data" / "test_files"
NIFTI_4D = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
DEPTHS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"]


def ramp(shape, dtype="u1"):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def write_dicom(path, frames, photometric="MONOCHROME2", sop_class=CTImageStorage, stored=16, **attributes):
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = sop_class
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = generate_uid()
    header.Rows, header.Columns = frames.shape[-2:]
    if frames.ndim == 3:
        header.NumberOfFrames = len(frames)
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, photometric
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, stored, stored - 1
    header.PixelRepresentation = 0
    for name, value in attributes.items():
        setattr(header, name, value)
    header.PixelData = frames.astype("<u2").tobytes()
    header.save_as(path, enforce_file_format=True)
    return path


# Arrays


@pytest.mark.parametrize("dtype", DEPTHS)
def test_an_array_keeps_its_depth_and_becomes_a_read_only_copy(dtype):
    given_array = ramp((4, 5), dtype)
    image = Image.of(given_array)
    assert image.pixels.dtype == np.dtype(dtype)
    assert image.shape == (4, 5)
    assert not image.is_color
    given_array[0, 0] = 77
    assert image.pixels[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


@pytest.mark.parametrize(("given_as", "kept_as"), [("?", "u1"), ("f2", "f4"), ("g", "f8")])
def test_types_that_few_programs_know_become_their_nearest(given_as, kept_as):
    image = Image.of(np.eye(3).astype(given_as))
    assert image.pixels.dtype == np.dtype(kept_as)
    np.testing.assert_array_equal(image.pixels, np.eye(3))


@pytest.mark.parametrize("dtype", [">u2", ">i4", ">f4", ">f8"])
def test_foreign_byte_order_and_strides_are_made_plain(dtype):
    array = ramp((6, 8), dtype)[::-1, ::2].T
    image = Image.of(array)
    assert image.pixels.dtype.isnative
    assert image.pixels.flags.c_contiguous
    np.testing.assert_array_equal(image.pixels, array)


@pytest.mark.parametrize(
    ("shape", "height_width", "color"),
    [
        ((4, 5), (4, 5), False),
        ((1, 1), (1, 1), False),
        ((1, 4, 5), (4, 5), False),
        ((4, 5, 1), (4, 5), False),
        ((4, 5, 3), (4, 5), True),
        ((1, 4, 5, 3), (4, 5), True),
    ],
)
def test_shapes(shape, height_width, color):
    image = Image.of(ramp(shape))
    assert (image.shape, image.is_color) == (height_width, color)
    np.testing.assert_array_equal(image.pixels.ravel(), ramp(shape).ravel())


def test_nested_lists_and_whatever_gives_an_array_are_taken():
    class Holder:
        def __array__(self, dtype=None, copy=None):
            return ramp((2, 2), "u2")

    np.testing.assert_array_equal(Image.of([[0, 1], [2, 3]]).pixels, [[0, 1], [2, 3]])
    assert Image.of(Holder()).pixels.dtype == np.uint16


def test_an_image_is_returned_as_it_is_but_for_its_spacing():
    image = Image.of(ramp((4, 5)))
    assert Image.of(image) is image
    spaced = Image.of(image, spacing=(2, 3))
    assert spaced.spacing == (2.0, 3.0)
    assert spaced.pixel_area_mm2 == 6.0
    assert image.spacing is None
    assert image.pixel_area_mm2 is None
    with pytest.raises(ValueError, match="slice_index"):
        Image.of(image, slice_index=0)
    with pytest.raises(ValueError, match="axis"):
        Image.of(image, axis=0)


def test_its_repr_is_one_short_line():
    text = repr(Image.of(np.zeros((400, 300, 3), np.uint8), spacing=0.5))
    assert text == "Image(400 x 300 uint8 colour, spacing=(0.5, 0.5) mm)"


# Transparency


@pytest.mark.parametrize(("dtype", "opaque"), [("u1", 255), ("u2", 65535), ("i4", 255), ("f4", 1), ("f8", 255)])
def test_opaque_alpha_is_dropped_and_transparency_shows_white(dtype, opaque):
    rgba = np.full((2, 2, 4), opaque, dtype)
    rgba[..., :3] = opaque // 5 if opaque > 1 else 0.2
    np.testing.assert_array_equal(Image.of(rgba).pixels, rgba[..., :3])
    rgba[0, 0, 3] = 0
    rgba[1, 1, :3] = opaque  # white is in the picture, so that the scale of floats can be told
    image = Image.of(rgba)
    assert image.pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.pixels[0, 0], [opaque] * 3)
    np.testing.assert_array_equal(image.pixels[0, 1], rgba[0, 1, :3])


def test_half_transparent_black_is_middle_grey():
    rgba = np.zeros((1, 1, 4), np.uint8)
    rgba[..., 3] = 128
    np.testing.assert_array_equal(Image.of(rgba).pixels, [[[127, 127, 127]]])


# Volumes


@given(
    shape=st.tuples(*[st.integers(2, 5)] * 3),
    axis=st.integers(-3, 2),
    position=st.floats(0, 1, exclude_max=True),
    from_the_end=st.booleans(),
    color=st.booleans(),
)
def test_a_slice_is_what_numpy_would_cut(shape, axis, position, from_the_end, color):
    volume = ramp((*shape, 3) if color else shape, "i4")
    count = shape[axis]
    index = int(position * count) - (count if from_the_end else 0)
    image = Image.of(volume, slice_index=index, axis=axis)
    np.testing.assert_array_equal(image.pixels, volume.take(index, axis if axis >= 0 else axis + 3))
    assert image.is_color == color


def test_given_a_slice_index_every_3d_array_is_a_volume():
    volume = ramp((6, 5, 3))
    np.testing.assert_array_equal(Image.of(volume, slice_index=2).pixels, volume[2])
    np.testing.assert_array_equal(Image.of(volume, slice_index=2, axis=2).pixels, volume[..., 2])
    np.testing.assert_array_equal(Image.of(ramp((1, 5, 6)), slice_index=0).pixels, ramp((5, 6)))


def test_a_volume_without_a_slice_says_its_shape_and_what_to_pass():
    with pytest.raises(ValueError, match=r"image .*\(7, 5, 6\).*slice_index, -7 to 6, and axis") as caught:
        Image.of(ramp((7, 5, 6)))
    assert "moveaxis" not in str(caught.value)
    with pytest.raises(ValueError, match=r"slice_index, .*np\.moveaxis\(image, 0, -1\)"):
        Image.of(ramp((3, 5, 6)))
    with pytest.raises(ValueError, match=r"\(2, 5, 6, 3\).*slice_index"):
        Image.of(ramp((2, 5, 6, 3)))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"slice_index": 7}, ValueError, r"slice_index=7 is out of range: -7 to 6"),
        ({"slice_index": -8}, ValueError, r"slice_index=-8 is out of range"),
        ({"slice_index": 5, "axis": 1}, ValueError, r"-5 to 4 .*axis 1"),
        ({"slice_index": 0, "axis": 3}, ValueError, r"axis=3 is out of range"),
        ({"slice_index": 1.0}, TypeError, r"slice_index is 1\.0"),
        ({"slice_index": 0, "axis": "z"}, TypeError, r"axis is 'z'"),
        ({"axis": 1}, ValueError, r"axis=1 was given without slice_index"),
    ],
)
def test_a_slice_that_is_not_there(options, error, message):
    with pytest.raises(error, match=message):
        Image.of(ramp((7, 5, 6)), **options)


def test_a_flat_image_has_no_slices():
    with pytest.raises(ValueError, match="slice_index=0 was given, but image is 2-D"):
        Image.of(ramp((4, 5)), slice_index=0)


# Bad input


@pytest.mark.parametrize(
    "nothing", [None, 3, 2.5, True, b"bytes", {"a": 1}, {1, 2}, object(), (i for i in range(2))], ids=repr
)
def test_what_holds_no_image_is_a_type_error(nothing):
    with pytest.raises(TypeError, match=rf"image is an? {type(nothing).__name__}; taken are .*\(H, W\)"):
        Image.of(nothing)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.float32(1), r"0-D; taken are .*\(H, W\)"),
        (np.zeros(5), r"shape \(5,\) and dtype float64, which is 1-D"),
        (np.zeros((0, 4)), r"\(0, 4\).* no pixels"),
        (np.zeros((4, 4, 0)), r"no pixels"),
        ([], r"1-D"),
        (np.zeros((2, 3, 4, 5)), r"\(2, 3, 4, 5\), which is 4-D"),
        (np.zeros((2, 2), complex), r"complex128; its numbers must be booleans, integers or floats"),
        (np.array([[None, 1]]), r"dtype object; its numbers"),
        (np.array([["a", "b"]]), r"its numbers"),
        (np.zeros((2, 2), "f4,f4"), r"its numbers"),
        (np.zeros((2, 2), "M8[s]"), r"its numbers"),
        ([[1, 2], [3]], r"a list, is no array of numbers"),
        (np.ma.masked_equal([[1, 2], [3, 4]], 3), r"MaskedArray with masked pixels.*image\.filled\(value\)"),
        (np.full((2, 2), np.nan), r"\(2, 2\) has no finite pixel"),
        (np.full((2, 2, 3), np.inf, "f4"), r"no finite pixel"),
    ],
)
def test_arrays_that_are_no_image(array, message):
    with pytest.raises(ValueError, match=rf"image.*{message}"):
        Image.of(array)


@pytest.mark.parametrize("spacing", [0, -1, (1, 0), (1, np.nan), np.inf, (1, 2, 3), []])
def test_spacing_must_be_positive_and_finite(spacing):
    with pytest.raises(ValueError, match="spacing"):
        Image.of(ramp((4, 5)), spacing=spacing)


@pytest.mark.parametrize("spacing", ["1", (1, None), True, [[1], [2, 3]], {}])
def test_spacing_must_be_numbers(spacing):
    with pytest.raises(TypeError, match="spacing"):
        Image.of(ramp((4, 5)), spacing=spacing)


# What is shown, and what a model sees


def test_outliers_do_not_darken_the_picture():
    array = np.tile(np.arange(100, 200, dtype=np.int16), (100, 1))
    array[0, 0], array[0, 1] = -30000, 30000
    assert Image.of(array).intensity_range == (100.0, 199.0)


def test_large_images_are_sampled_and_give_the_same_range():
    array = np.tile(np.linspace(0, 1, 1500, dtype=np.float32), (1500, 1))
    low, high = Image.of(array).intensity_range
    assert (low, high) == pytest.approx((0.005, 0.995), abs=2e-3)


def test_a_few_bright_pixels_on_nothing_are_still_seen():
    array = np.zeros((1200, 1200), np.uint16)
    array[601, 602] = 900
    image = Image.of(array)
    assert image.intensity_range == (0.0, 900.0)
    assert image.grey[601, 602] == 1.0


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[[7, 8, 9]]], np.uint8), (0, 255)),
        (np.full((2, 2, 3), 0.3), (0, 1)),
        (np.full((2, 2, 3), 0.3, "f4") * np.array([1, 2, 5], "f4"), (0.3, 1.5)),
        (np.array([[True, True]]), (0, 1)),
        (np.array([[False, True]]), (0, 1)),
        (np.array([[40, 90]], np.uint8), (40, 90)),
        (np.array([[40, 90]], np.int32), (40, 90)),
        (np.array([[np.nan, 2.0], [4.0, np.inf]]), (2, 4)),
    ],
)
def test_intensity_range(array, expected):
    assert Image.of(array).intensity_range == pytest.approx(expected)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("value", [0, 1, 100])
def test_a_constant_image_is_black(dtype, value):
    for shape in [(1, 1), (3, 4)]:
        image = Image.of(np.full(shape, value, dtype))
        assert image.intensity_range == (value, value + 1)
        assert not image.grey.any()
    assert not Image.of(np.full((3, 4, 3), value, dtype)).grey.any()


def test_a_constant_that_one_does_not_change_still_has_a_range():
    low, high = Image.of(np.full((2, 2), 1e300)).intensity_range
    assert low == 1e300 < high


def test_nan_is_black_and_infinity_white():
    array = np.array([[np.nan, -np.inf, np.inf], [0.0, 5.0, 10.0]], "f4")
    image = Image.of(array)
    np.testing.assert_array_equal(image.grey, [[0, 0, 1], [0, 0.5, 1]])
    np.testing.assert_array_equal(image.wire().pixels, [[0, 0, 10], [0, 5, 10]])
    assert np.isnan(image.pixels[0, 0])


def test_grey_of_a_greyscale_image_spans_its_range():
    grey = Image.of(np.linspace(-1000, 3000, 5).reshape(1, 5).astype("i2")).grey
    np.testing.assert_allclose(grey, [[0, 0.25, 0.5, 0.75, 1]])
    assert grey.dtype == np.float32


def test_grey_of_colour_is_luminance():
    primaries = np.array([[[0, 0, 0], [0, 0, 255], [255, 0, 0], [0, 255, 0], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(Image.of(primaries).grey, [[0, 0.114, 0.299, 0.587, 1]], atol=1e-6)


def test_grey_is_computed_once_and_is_read_only():
    image = Image.of(skimage.data.retina())
    assert image.is_color
    assert image.grey is image.grey
    assert not image.grey.flags.writeable
    assert image.grey.shape == image.shape


def test_a_picture_copied_into_three_channels_looks_the_same_to_a_model():
    cell = skimage.data.cell()
    np.testing.assert_allclose(Image.of(np.dstack([cell] * 3)).grey, Image.of(cell).grey, atol=1e-5, rtol=1e-5)


any_numbers = st.sampled_from(["?", *DEPTHS, "f2", "g"]).flatmap(
    lambda dtype: hnp.arrays(
        np.dtype(dtype),
        st.one_of(
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
            st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3)),
        ),
    )
)


@given(any_numbers)
def test_any_numbers_can_be_seen(array):
    # Warnings are errors here: overflow and NaN are met without any.
    if not np.isfinite(array.astype("f8") if array.dtype.char == "g" else array).any():
        with pytest.raises(ValueError, match="no finite pixel"):
            Image.of(array)
        return
    image = Image.of(array)
    low, high = image.intensity_range
    assert np.isfinite([low, high]).all()
    assert low < high
    assert image.grey.dtype == np.float32
    assert image.grey.shape == image.shape
    assert ((image.grey >= 0) & (image.grey <= 1)).all()
    wire, *shown, _ = image.wire()
    assert np.isfinite(shown).all()
    assert shown[0] < shown[1]
    assert wire.dtype in (np.uint8, np.uint16, np.int16, np.float32)
    assert wire.shape == image.pixels.shape
    assert np.isfinite(wire).all()
    if not image.is_color:
        order = np.argsort(wire, axis=None, kind="stable")
        assert (np.diff(image.grey.ravel()[order][np.diff(wire.ravel()[order], prepend=-np.inf) > 0]) >= 0).all()


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 255], "u1", "u1"),
        ([0, 65535], "u2", "u2"),
        ([-5, 32767], "i2", "i2"),
        ([0.5, -2], "f4", "f4"),
        ([-5, 5], "i1", "i2"),
        ([0, 65535], "i4", "u2"),
        ([-1024, 3071], "i4", "i2"),
        ([-1, 40000], "i4", "f4"),
        ([0, 70000], "u8", "f4"),
        ([0.5, -2], "f8", "f4"),
    ],
)
def test_the_browser_gets_a_type_that_it_knows_without_loss(values, dtype, expected):
    for shape in [(1, 2), (1, 2, 3)]:
        image = Image.of(np.broadcast_to(np.array([values], dtype).reshape(1, 2, *[1] * (len(shape) - 2)), shape))
        wire, low, high, _ = image.wire()
        assert wire.dtype == np.dtype(expected)
        np.testing.assert_array_equal(wire, image.pixels)
        assert (low, high) == image.intensity_range


@pytest.mark.parametrize(
    "values",
    [
        1e6 + np.linspace(0, 1e-3, 301),
        1_000_000_000 + np.arange(301),
        -5e12 + np.linspace(0, 1, 301),
        np.linspace(-1e300, 1e300, 301),
        1.7e308 * np.linspace(-1, 1, 301),  # the span is infinite
        np.linspace(0, 1e-300, 301),
    ],
    ids=["offset", "integers", "negative", "large", "largest", "tiny"],
)
def test_what_float32_does_not_hold_is_sent_scaled_and_keeps_its_depth(values):
    image = Image.of(values.reshape(7, 43))
    wire, low, high, _ = image.wire()
    assert wire.dtype == np.float32
    np.testing.assert_allclose(np.clip((wire - low) / (high - low), 0, 1), image.grey, atol=1e-6)
    assert len(np.unique(wire)) == 301


def test_an_outlier_beyond_float32_is_sent_as_its_end():
    values = np.full((40, 40), 0.1) + np.linspace(0, 1, 40)
    values[0, 0] = 1e200
    assert Image.of(values).wire().pixels.max() == np.finfo("f4").max


# Tensors


def test_tensors_may_have_their_channels_first_or_last():
    colors = ramp((6, 5, 3))
    np.testing.assert_array_equal(Image.of(torch.from_numpy(np.moveaxis(colors, -1, 0).copy())).pixels, colors)
    np.testing.assert_array_equal(Image.of(torch.from_numpy(colors)).pixels, colors)
    opaque = torch.full((4, 5, 6), 255, dtype=torch.uint8)
    assert Image.of(opaque).pixels.shape == (5, 6, 3)
    assert Image.of(torch.zeros(1, 5, 6)).pixels.shape == (5, 6)
    assert Image.of(torch.zeros(5, 6)).pixels.shape == (5, 6)


def test_a_tensor_with_a_slice_index_is_a_volume():
    volume = ramp((3, 5, 6), "f4")
    np.testing.assert_array_equal(Image.of(torch.from_numpy(volume), slice_index=1).pixels, volume[1])
    with pytest.raises(ValueError, match="slice_index"):
        Image.of(torch.zeros(9, 5, 6))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.bool, torch.int32])
def test_tensors_of_any_type(dtype):
    image = Image.of(torch.eye(3).to(dtype))
    np.testing.assert_array_equal(image.pixels, np.eye(3))


def test_a_tensor_that_is_being_trained():
    image = Image.of((torch.eye(3, requires_grad=True) * 2).T)
    np.testing.assert_array_equal(image.pixels, np.eye(3) * 2)


def test_complex_and_scalar_tensors_are_refused():
    with pytest.raises(ValueError, match=r"image is a Tensor.*complex64"):
        Image.of(torch.zeros(2, 2, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"image is a Tensor.*0-D"):
        Image.of(torch.tensor(1.0))


def test_arrays_and_pictures_need_neither_torch_nor_simpleitk(tmp_path):
    PILImage.fromarray(ramp((4, 5))).save(tmp_path / "a.png")
    code = (
        "import sys, numpy; from scribbleprompt_widget.image import Image;"
        f"Image.of({str(tmp_path / 'a.png')!r}); Image.of(numpy.eye(3)).grey;"
        "print([name for name in ('torch', 'SimpleITK', 'tifffile', 'skimage') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


# Pillow


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "HSV", "LAB", "YCbCr", "RGBX", "P"])
def test_pillow_modes_show_what_pillow_shows(mode):
    picture = PILImage.fromarray(skimage.data.astronaut()[:40, :50]).convert("RGB")
    picture = picture.convert(mode) if mode != "LAB" else PILImage.new("LAB", (50, 40), (120, 20, 30))
    expected = picture if mode == "L" else picture.convert("RGB")
    np.testing.assert_array_equal(Image.of(picture).pixels, np.asarray(expected))


@pytest.mark.parametrize(
    ("mode", "dtype"),
    [("I;16", "u2"), ("I;16B", "u2"), ("I;16L", "u2"), ("I", "i4"), ("F", "f4"), ("1", "u1"), ("L", "u1")],
)
def test_pillow_depth_is_kept(mode, dtype):
    picture = PILImage.new(mode, (5, 4), 1)
    image = Image.of(picture)
    assert image.pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.pixels, np.ones((4, 5)))


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_pillow_transparency_is_white(mode):
    picture = PILImage.new("LA", (5, 4), (10, 255))
    picture.putpixel((0, 0), (10, 0))
    if mode == "PA":
        picture = picture.convert("PA")
        picture.putpixel((0, 0), (10, 0))  # the conversion made it opaque
    elif mode == "RGBa":
        picture = picture.convert("RGBA").convert("RGBa")
    else:
        picture = picture.convert(mode)
    assert picture.mode == mode
    pixels = Image.of(picture).pixels
    assert (pixels[0, 0] == 255).all()
    assert (pixels[1:] == 10).all()


def test_a_palette_with_a_transparent_entry(tmp_path):
    picture = PILImage.new("P", (5, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.putpixel((0, 0), 0)
    picture.save(tmp_path / "a.png", transparency=0)
    pixels = Image.of(tmp_path / "a.png").pixels
    np.testing.assert_array_equal(pixels[0, :2], [[255, 255, 255], [200, 100, 50]])


UPRIGHT = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "lzw.tif"])
def test_a_picture_is_turned_upright_from_memory_and_from_file(tmp_path, orientation, suffix):
    stored = skimage.data.camera()[100:140:2, 200:260:2]
    exif = PILImage.Exif()
    exif[274] = orientation
    path = tmp_path / f"a.{suffix}"
    options = {"jpg": {"quality": 100}, "lzw.tif": {"compression": "tiff_lzw"}}.get(suffix, {})
    PILImage.fromarray(stored).save(path, exif=exif, **options)
    upright = UPRIGHT[orientation](stored).astype(int)
    np.testing.assert_allclose(Image.of(path).pixels.astype(int), upright, atol=2 if suffix == "jpg" else 0)
    if suffix == "tif":
        return  # Pillow 13 itself misreads these: it swaps their rows and columns before it decodes them
    with PILImage.open(path) as picture:
        np.testing.assert_array_equal(Image.of(picture).pixels, Image.of(path).pixels)


# Picture files


@pytest.mark.parametrize("name", ["camera.png", "astronaut.png", "retina.jpg", "horse.png", "logo.png"])
def test_pictures_from_a_package_look_as_pillow_reads_them(name):
    path = SKIMAGE_DATA / name
    image = Image.of(str(path))
    assert image.source == str(path)
    assert image.spacing is None
    assert image.geometry is None
    with PILImage.open(path) as picture:
        if picture.mode == "RGBA":
            white = PILImage.new("RGBA", picture.size, "white")
            picture = PILImage.alpha_composite(white, picture).convert("RGB")  # noqa: PLW2901 - closed by `with`
        np.testing.assert_allclose(image.pixels.astype(int), np.asarray(picture).astype(int), atol=1)


def test_16_bit_pngs_keep_their_depth_in_grey_and_colour(tmp_path):
    for shape in [(20, 30), (20, 30, 3)]:
        array = np.random.default_rng(0).integers(0, 65536, shape, dtype=np.uint16)
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array, isVector=len(shape) == 3), str(tmp_path / "a.png"))
        np.testing.assert_array_equal(Image.of(tmp_path / "a.png").pixels, array)


@pytest.mark.parametrize("format_name", ["GIF", "BMP", "WEBP", "PNG", "JPEG"])
def test_a_suffix_is_not_needed(tmp_path, format_name):
    picture = PILImage.fromarray(np.full((6, 7, 3), 80, np.uint8))
    picture.save(tmp_path / "picture", format=format_name)
    np.testing.assert_allclose(Image.of(tmp_path / "picture").pixels.astype(int), 80, atol=2)


def test_the_further_pictures_in_a_phones_jpeg_are_left_alone(tmp_path):
    first, second = (PILImage.fromarray(np.full((16, 16, 3), value, np.uint8)) for value in (40, 200))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    np.testing.assert_allclose(Image.of(tmp_path / "a.jpg").pixels.astype(int), 40, atol=2)


def test_an_animation_is_a_volume_of_frames():
    path = SKIMAGE_DATA / "no_time_for_that_tiny.gif"
    with pytest.raises(ValueError, match=r"volume of shape \(24, 25, 14, 3\).*slice_index"):
        Image.of(path)
    image = Image.of(path, slice_index=-1)
    assert image.is_color
    assert image.shape == (25, 14)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        (dtype, shape)
        for dtype in ["u1", "u2", "i2", "u4", "i4", "f4", "f8", "?"]
        for shape in [(20, 30), (20, 30, 3), (5, 20, 30), (5, 20, 30, 3)]
        if not (dtype == "?" and shape[-1] == 3)  # tifffile writes no colour of one bit
    ],
)
def test_tiff_of_any_depth_and_number_of_pages(tmp_path, dtype, shape):
    array = np.random.default_rng(0).integers(0, 2 if dtype == "?" else 120, shape).astype(dtype)
    color = shape[-1] == 3
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb" if color else "minisblack")
    volume = len(shape) - color == 3
    image = Image.of(tmp_path / "a.tif", slice_index=3 if volume else None)
    expected = array[3] if volume else array
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.pixels.dtype == (np.dtype(dtype) if dtype != "?" else np.uint8)


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_tiff_colour_in_planes(tmp_path, planes):
    array = ramp((20, 30, 3), "u2")
    stored = np.moveaxis(array, -1, 0) if planes == "separate" else array
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planes)
    np.testing.assert_array_equal(Image.of(tmp_path / "a.tif").pixels, array)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_compressed_tiff(tmp_path, compression, dtype):
    array = ramp((20, 30), dtype)
    PILImage.fromarray(array).save(tmp_path / "a.tif", compression=compression)
    image = Image.of(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, array)
    assert image.pixels.dtype == np.dtype(dtype)
    assert image.spacing is None
    pages = [PILImage.fromarray(array + step) for step in np.arange(3).astype(dtype)]
    pages[0].save(tmp_path / "b.tif", compression=compression, save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(Image.of(tmp_path / "b.tif", slice_index=2).pixels, np.asarray(pages[2]))


def test_16_bit_colour_in_lzw_tiff_keeps_its_depth(tmp_path):
    array = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(tmp_path / "a.tif"))
    writer.UseCompressionOn()
    writer.SetCompressor("LZW")
    writer.Execute(SimpleITK.GetImageFromArray(array, isVector=True))
    np.testing.assert_array_equal(Image.of(tmp_path / "a.tif").pixels, array)


@pytest.mark.parametrize("mode", ["P", "CMYK", "1"])
def test_tiff_in_other_colours(tmp_path, mode):
    picture = PILImage.fromarray(skimage.data.astronaut()[:40, :50]).convert(mode)
    picture.save(tmp_path / "a.tif", compression="tiff_lzw")
    expected = np.asarray(picture if mode == "1" else picture.convert("RGB"))
    np.testing.assert_array_equal(Image.of(tmp_path / "a.tif").pixels, expected)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_tiff_whose_zero_is_white_is_shown_bright(tmp_path, dtype):
    array = ramp((4, 5), dtype)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="miniswhite")
    np.testing.assert_array_equal(Image.of(tmp_path / "a.tif").pixels, np.iinfo(dtype).max - array)


def test_a_stack_of_tiff_pages_from_a_package():
    path = SKIMAGE_DATA / "multipage.tif"
    with pytest.raises(ValueError, match=r"\(2, 15, 10\).*slice_index"):
        Image.of(path)
    np.testing.assert_array_equal(Image.of(path, slice_index=1).pixels, tifffile.imread(path)[1])


def test_npy(tmp_path):
    np.save(tmp_path / "a.npy", ramp((4, 5), "i2"))
    np.testing.assert_array_equal(Image.of(tmp_path / "a.npy").pixels, ramp((4, 5)))
    np.save(tmp_path / "a.npy", np.array([[None]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"image: .*a\.npy.* NPY"):
        Image.of(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"image is '.*a\.npy', of shape \(3,\)"):
        Image.of(tmp_path / "a.npy")


# Files that cannot be read


def test_a_path_that_leads_nowhere(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"image: there is no file or folder '.*gone\.png'"):
        Image.of(tmp_path / "gone.png")


def test_a_folder_without_dicom_says_so_and_prints_nothing(tmp_path, capfd):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"image: .* holds no DICOM images"):
        Image.of(tmp_path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name",
    ["a.png", "a.jpg", "a.tif", "a.npy", "a.npz", "a.dcm", "a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a"],
)
@pytest.mark.parametrize("content", [b"", b"this is no image\n" * 20, b"II*\0" + b"\7" * 200, b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_image_is_named(tmp_path, name, content, capfd):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"image: '.*{name}' cannot be read as .*Files taken: PNG"):
        Image.of(tmp_path / name)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("source", ["camera.png", "retina.jpg", "multipage.tif"])
def test_a_file_cut_short_is_named(tmp_path, source):
    content = (SKIMAGE_DATA / source).read_bytes()
    (tmp_path / source).write_bytes(content[: len(content) // 3])
    with pytest.raises(ValueError, match=rf"image: '.*{source}' cannot be read"):
        Image.of(tmp_path / source)


# DICOM


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "examples_rgb_color.dcm"]
)
def test_dicom_pixels_are_those_of_pydicom_after_its_rescale(name, tmp_path):
    header = pydicom.dcmread(DICOM_DATA / name)
    without_suffix = tmp_path / "IM0001"
    without_suffix.write_bytes((DICOM_DATA / name).read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own, about old files
        expected = apply_modality_lut(header.pixel_array, header)
    for path in (DICOM_DATA / name, without_suffix):
        image = Image.of(path)
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.spacing == (pytest.approx(header.PixelSpacing) if "PixelSpacing" in header else None)
    assert Image.of(path, slice_index=0).geometry.slice_index == 0


def test_dicom_rescale_to_fractions(tmp_path):
    stored = ramp((3, 4), "u2")
    path = write_dicom(tmp_path / "a.dcm", stored, RescaleSlope="0.5", RescaleIntercept="-3.25")
    np.testing.assert_array_equal(Image.of(path).pixels, stored * 0.5 - 3.25)


CT = {"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "RescaleSlope": "1", "RescaleIntercept": "-1024"}


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        (CT, "HU"),
        ({**CT, "RescaleType": "HU"}, "HU"),
        ({**CT, "RescaleType": "US"}, None),  # unspecified
        ({**CT, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, None),
        ({**CT, "Modality": "MR"}, None),
        ({**CT, "photometric": "MONOCHROME1"}, None),
        ({"Modality": "CT"}, None),  # no rescale: who knows
    ],
)
def test_hounsfield_units_are_known_where_a_ct_file_states_them(tmp_path, attributes, unit):
    path = write_dicom(tmp_path / "a.dcm", ramp((2, 3, 4), "u2"), **attributes)
    assert Image.of(path, slice_index=1).unit == unit


def test_units_of_a_folder_and_of_what_has_none(tmp_path):
    (tmp_path / "one.dcm").write_bytes((DICOM_DATA / "CT_small.dcm").read_bytes())
    assert Image.of(tmp_path).unit == "HU"
    assert Image.of(DICOM_DATA / "MR_small.dcm").unit is None
    assert Image.of(ramp((3, 4))).unit is None
    assert Image.of(Image.of(tmp_path), spacing=2).unit == "HU"


@pytest.mark.parametrize("stored_bits", [12, 16])
@pytest.mark.parametrize("frames", [1, 2])
def test_monochrome1_is_turned_so_that_bright_is_bright(tmp_path, stored_bits, frames):
    stored = ramp((frames, 3, 4), "u2")
    path = write_dicom(tmp_path / "a.dcm", stored, "MONOCHROME1", stored=stored_bits)
    np.testing.assert_array_equal(Image.of(path, slice_index=0).pixels, 2**stored_bits - 1 - stored[0])


def test_dicom_of_many_frames_is_a_volume(tmp_path):
    frames = ramp((5, 3, 4), "u2")
    path = write_dicom(
        tmp_path / "a.dcm",
        frames,
        sop_class=MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        PixelSpacing=[2.0, 3.0],
    )
    with pytest.raises(ValueError, match=r"\(5, 3, 4\).*slice_index"):
        Image.of(path)
    image = Image.of(path, slice_index=3)
    np.testing.assert_array_equal(image.pixels, frames[3])
    assert image.spacing == (2.0, 3.0)
    in_color = Image.of(DICOM_DATA / "examples_ybr_color.dcm", slice_index=29)
    assert in_color.pixels.shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("sop_class", "attributes", "spacing"),
    [
        (CTImageStorage, {"PixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        (CTImageStorage, {"PixelSpacing": [1.0, 1.0]}, (1.0, 1.0)),
        (CTImageStorage, {"PixelSpacing": [0.0, 0.0]}, None),
        (CTImageStorage, {}, None),
        (ComputedRadiographyImageStorage, {"PixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        (ComputedRadiographyImageStorage, {"ImagerPixelSpacing": [0.4, 0.5]}, (0.4, 0.5)),
        (
            ComputedRadiographyImageStorage,
            {"PixelSpacing": [0.2, 0.3], "ImagerPixelSpacing": [0.4, 0.5]},
            (0.2, 0.3),
        ),
        (ComputedRadiographyImageStorage, {}, None),
    ],
)
def test_dicom_spacing_is_rows_then_columns_and_never_invented(tmp_path, sop_class, attributes, spacing):
    path = write_dicom(tmp_path / "a.dcm", ramp((3, 4)), sop_class=sop_class, **attributes)
    assert Image.of(path).spacing == (None if spacing is None else pytest.approx(spacing))
    assert Image.of(path, spacing=7).spacing == (7.0, 7.0)


def write_series(folder, volume, series):
    folder.mkdir(exist_ok=True)
    for z, plane in enumerate(volume):
        write_dicom(
            folder / f"{series}.{len(volume) - z}",  # names in the wrong order: the positions tell the right one
            plane,
            SeriesInstanceUID=f"1.2.{series}",
            StudyInstanceUID="1.2",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[5, 6, 10 + 2.5 * z],
            PixelSpacing=[0.5, 0.75],
            RescaleSlope="1",
            RescaleIntercept="-10",
        )


def test_a_folder_with_one_dicom_series_is_a_volume(tmp_path):
    volume = ramp((4, 5, 6), "u2")
    write_series(tmp_path, volume, 1)
    image = Image.of(tmp_path, slice_index=1)
    np.testing.assert_array_equal(image.pixels, volume[1].astype(int) - 10)
    assert image.spacing == (0.5, 0.75)
    assert image.source == str(tmp_path)
    side = Image.of(tmp_path, slice_index=-1, axis=2)
    np.testing.assert_array_equal(side.pixels, volume[:, :, -1].astype(int) - 10)
    assert side.spacing == (2.5, 0.5)
    assert (side.geometry.axis, side.geometry.slice_index) == (2, 5)
    write_series(tmp_path, volume, 2)
    with pytest.raises(ValueError, match=r"holds 2 series \(1\.2\.1.*1\.2\.2"):
        Image.of(tmp_path, slice_index=1)


def test_a_folder_with_one_dicom_file(tmp_path):
    write_series(tmp_path / "one", ramp((1, 5, 6)), 1)
    assert Image.of(tmp_path / "one").shape == (5, 6)


def test_dicom_that_itk_reads_wrong_or_not_at_all_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", ramp((3, 4), "u2"), "MONOCHROME1", stored=12, PixelRepresentation=1)
    with pytest.raises(ValueError, match=r"a\.dcm' cannot be read as DICOM: ITK does not read MONOCHROME1 of 12 bits"):
        Image.of(path)
    for name in ("SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm"):
        with pytest.raises(ValueError, match="ITK mixes up run-length encoded colour of more than 8 bits; convert"):
            Image.of(DICOM_DATA / name)
    expected = pydicom.dcmread(DICOM_DATA / "SC_rgb_rle.dcm").pixel_array
    np.testing.assert_array_equal(Image.of(DICOM_DATA / "SC_rgb_rle.dcm").pixels, expected)


def test_dicom_without_pixels_is_named():
    with pytest.raises(ValueError, match=r"image: '.*rtstruct\.dcm' cannot be read as DICOM") as caught:
        Image.of(DICOM_DATA / "rtstruct.dcm")
    assert "0x" not in str(caught.value)  # no addresses, which ITK likes to tell


# NIfTI, NRRD, MHA


@pytest.fixture(scope="module")
def functional(tmp_path_factory):
    """One volume of nibabel's oblique four-dimensional example, on disk."""
    volume = nibabel.load(NIFTI_4D).slicer[..., 0]
    path = tmp_path_factory.mktemp("nifti") / "functional.nii.gz"
    nibabel.save(volume, path)
    return path


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_of_nifti_is_in_z_y_x_order(functional, axis):
    stored = nibabel.load(functional)
    values = stored.get_fdata().T
    image = Image.of(functional, slice_index=11, axis=axis)
    np.testing.assert_array_equal(image.pixels, values.take(11, axis))
    assert image.spacing == pytest.approx(np.delete(stored.header.get_zooms()[::-1], axis))
    assert image.geometry.size == stored.shape


def test_nifti_without_a_slice_or_with_time(functional):
    with pytest.raises(ValueError, match=r"volume of shape \(24, 96, 128\).*slice_index"):
        Image.of(functional)
    with pytest.raises(ValueError, match=r"image: .*4-D, of shape \(2, 24, 96, 128\)"):
        Image.of(NIFTI_4D, slice_index=0)


@pytest.mark.parametrize("shape", [(7, 5, 1), (1, 7, 5), (7, 1, 5), (7, 5), (7, 5, 1, 1)])
def test_nifti_of_a_single_slice_needs_no_index(tmp_path, shape):
    values = ramp(shape, "i2")
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0])), tmp_path / "a.nii")
    np.testing.assert_array_equal(Image.of(tmp_path / "a.nii").pixels, values.squeeze().T)


def test_a_narrow_volume_in_a_file_is_not_taken_for_colour(tmp_path):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ramp((6, 5, 3))), str(tmp_path / "a.nrrd"))
    with pytest.raises(ValueError, match=r"volume of shape \(6, 5, 3\)"):
        Image.of(tmp_path / "a.nrrd")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ramp((3, 5, 6))), str(tmp_path / "b.nrrd"))
    with pytest.raises(ValueError, match=r"volume of shape \(3, 5, 6\)") as caught:
        Image.of(tmp_path / "b.nrrd")
    assert "colour" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mhd", "nii"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_medical_formats_keep_depth_and_spacing(tmp_path, suffix, dtype):
    picture = SimpleITK.GetImageFromArray(ramp((4, 5), dtype))
    picture.SetSpacing((0.25, 0.5))
    SimpleITK.WriteImage(picture, str(tmp_path / f"a.{suffix}"))
    image = Image.of(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(image.pixels, ramp((4, 5), dtype))
    assert image.pixels.dtype == np.dtype(dtype)
    assert image.spacing == (0.5, 0.25)
    assert (image.geometry.axis, image.geometry.slice_index) == (None, None)


def test_a_simpleitk_image_is_taken_with_its_geometry():
    picture = SimpleITK.GetImageFromArray(ramp((4, 5, 6)))
    picture.SetSpacing((0.25, 0.5, 2.0))
    assert Image.of(picture, slice_index=0).spacing == (0.5, 0.25)
    assert Image.of(picture, slice_index=0, axis=1).spacing == (2.0, 0.25)
    in_color = SimpleITK.GetImageFromArray(ramp((4, 5, 3)), isVector=True)
    assert Image.of(in_color).is_color
    with pytest.raises(ValueError, match="image is a SimpleITK image, but it has 2 values per pixel"):
        Image.of(SimpleITK.GetImageFromArray(np.zeros((4, 5, 2)), isVector=True))


def test_reading_prints_no_warnings_and_leaves_itk_as_it_was(functional, capfd):
    shown = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    Image.of(functional, slice_index=0)
    Image.of(DICOM_DATA / "CT_small.dcm")
    assert SimpleITK.ProcessObject.GetGlobalWarningDisplay() == shown
    assert capfd.readouterr() == ("", "")
