"""Pictures, TIFF and .npy, from memory and from files, keep their depth and look as other programs show them."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import skimage.data
import tifffile
from PIL import Image as PILImage

from scribbleprompt_widget.image import Image
from tests.pictures import ramp

SKIMAGE_DATA = Path(skimage.data.__file__).parent


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
            picture = PILImage.alpha_composite(white, picture).convert("RGB")  # noqa: PLW2901  # closed by `with`
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
