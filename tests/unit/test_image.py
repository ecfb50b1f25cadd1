"""Whatever array a person holds becomes one image, at its own depth, or an error that says what to do."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage

from scribbleprompt_widget.image import Image
from tests.pictures import ramp

DEPTHS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"]


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
