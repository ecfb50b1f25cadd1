"""A saved mask lies over its source in any program, and is never half a file."""

from dataclasses import replace

import nibabel
import numpy as np
import pydicom.data
import pytest
import SimpleITK
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage

from scribbleprompt_widget.image import Geometry, Image
from scribbleprompt_widget.mask_file import save_mask

MEDICAL = ["nii", "nii.gz", "nrrd", "mha"]
ALL = ["png", "tif", "tiff", "npz", "npy", *MEDICAL]
SHAPE = (6, 8)


@pytest.fixture
def image():
    return Image.of(np.zeros(SHAPE, np.uint8), spacing=(0.5, 0.25))


@pytest.fixture
def mask():
    return np.random.default_rng(0).random(SHAPE) > 0.5


@pytest.fixture
def label_map():
    return np.random.default_rng(0).integers(0, 4, SHAPE)


def oblique_affine():
    """A rotated, anisotropic space, as scanners give it: right-handed and left-handed axes mixed."""
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-0.75, 1.5, 2.25])
    affine[:3, 3] = [10, -20, 30]
    return affine


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def read(path):
    name = path.name
    if name.endswith(".npy"):
        return np.load(path)
    if name.endswith((".tif", ".tiff")):
        return tifffile.imread(path)
    if name.endswith(".png"):
        return np.asarray(PILImage.open(path))
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


@pytest.mark.parametrize("suffix", [suffix for suffix in ALL if suffix != "npz"])
def test_a_mask_comes_back_as_it_was(tmp_path, suffix, image, mask):
    path = save_mask(tmp_path / f"mask.{suffix}", mask, image)
    assert path == tmp_path / f"mask.{suffix}"
    stored = read(path)
    white = 255 if suffix in ("png", "tif", "tiff") else 1
    np.testing.assert_array_equal(stored, mask * white)
    assert stored.dtype == (bool if suffix == "npy" else np.uint8)
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [suffix for suffix in ALL if suffix != "npz"])
@pytest.mark.parametrize(("greatest", "dtype"), [(3, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_a_label_map_is_as_small_as_its_numbers_allow(tmp_path, suffix, image, label_map, greatest, dtype):
    label_map[2, 3] = greatest
    stored = read(save_mask(tmp_path / f"labels.{suffix}", label_map, image))
    np.testing.assert_array_equal(stored, label_map)
    assert stored.dtype == dtype


@pytest.mark.parametrize("suffix", ["npy", "tif", "nrrd", "mha", "nii"])
def test_very_many_labels(tmp_path, suffix, image):
    label_map = np.arange(48, dtype=np.int64).reshape(SHAPE) * 80_000_000
    np.testing.assert_array_equal(read(save_mask(tmp_path / f"a.{suffix}", label_map, image)), label_map)


def test_npz_tells_the_labels_and_the_spacing(tmp_path, image, mask, label_map):
    with np.load(save_mask(tmp_path / "a.npz", mask, image)) as stored:
        assert sorted(stored) == ["mask", "spacing"]
        np.testing.assert_array_equal(stored["mask"], mask)
        assert stored["mask"].dtype == bool
        np.testing.assert_array_equal(stored["spacing"], [0.5, 0.25])
    names = ["cyst", "fluid", "naïve"]
    with np.load(save_mask(tmp_path / "b.npz", label_map, Image.of(np.eye(6, 8)), labels=names)) as stored:
        assert sorted(stored) == ["label_map", "labels"]
        np.testing.assert_array_equal(stored["label_map"], label_map)
        assert stored["labels"].tolist() == names


# Geometry


@pytest.mark.parametrize("suffix", MEDICAL)
def test_an_array_gets_its_spacing_and_a_picture_unit_spacing(tmp_path, suffix, image, mask):
    assert SimpleITK.ReadImage(save_mask(tmp_path / f"a.{suffix}", mask, image)).GetSpacing() == (0.25, 0.5)
    plain = Image.of(np.eye(*SHAPE))
    assert SimpleITK.ReadImage(save_mask(tmp_path / f"a.{suffix}", mask, plain)).GetSpacing() == (1, 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("suffix", MEDICAL)
def test_a_slice_of_nifti_becomes_a_volume_that_lies_over_its_source(tmp_path, axis, suffix):
    source = tmp_path / "source.nii.gz"
    values = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, oblique_affine()), source)
    image = Image.of(source, slice_index=-2, axis=axis)
    drawn = image.pixels > 0.5
    path = save_mask(tmp_path / f"mask.{suffix}", drawn, image)

    stored = SimpleITK.ReadImage(path)
    original = SimpleITK.ReadImage(source)
    assert stored.GetSize() == original.GetSize()
    np.testing.assert_allclose(stored.GetSpacing(), original.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(stored.GetOrigin(), original.GetOrigin(), rtol=1e-6)
    np.testing.assert_allclose(stored.GetDirection(), original.GetDirection(), atol=1e-6)
    volume = SimpleITK.GetArrayFromImage(stored)
    index = volume.shape[axis] - 2
    np.testing.assert_array_equal(volume.take(index, axis), drawn)
    assert volume.sum() == drawn.sum()
    if suffix.startswith("nii"):  # the same by the library that wrote the source
        again = nibabel.load(path)
        np.testing.assert_allclose(again.affine, oblique_affine(), atol=1e-5)
        assert again.get_data_dtype() == np.uint8
        np.testing.assert_array_equal(np.asarray(again.dataobj).take(index, 2 - axis), drawn.T)


def test_a_dicom_slice_keeps_its_place_in_the_patient(tmp_path):
    source = pydicom.data.get_testdata_file("CT_small.dcm", download=False)
    image = Image.of(source)
    stored = SimpleITK.ReadImage(save_mask(tmp_path / "a.nrrd", image.grey > 0.5, image))
    original = SimpleITK.ReadImage(source)
    assert stored.GetSize() == original.GetSize() == (128, 128, 1)
    np.testing.assert_allclose(stored.GetOrigin(), original.GetOrigin())
    np.testing.assert_allclose(stored.GetSpacing(), original.GetSpacing())
    np.testing.assert_allclose(stored.GetDirection(), original.GetDirection())


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_a_flat_medical_image_keeps_its_geometry(tmp_path, suffix, mask):
    source = SimpleITK.GetImageFromArray(np.zeros(SHAPE, np.int16))
    source.SetSpacing((0.3, 0.7))
    source.SetOrigin((-5, 12))
    source.SetDirection((0, 1, -1, 0))
    SimpleITK.WriteImage(source, tmp_path / "source.mha")
    image = Image.of(tmp_path / "source.mha")
    stored = SimpleITK.ReadImage(save_mask(tmp_path / f"a.{suffix}", mask, image))
    assert stored.GetSpacing() == source.GetSpacing()
    assert stored.GetOrigin() == source.GetOrigin()
    assert stored.GetDirection() == source.GetDirection()


@pytest.mark.parametrize(("axis", "steps"), [(0, (0.25, 0.5, 4.0)), (1, (0.25, 3.0, 0.5)), (2, (2.0, 0.25, 0.5))])
@pytest.mark.parametrize("anew", [False, True])
def test_spacing_that_was_given_holds_over_the_files_own(tmp_path, axis, steps, anew):
    volume = SimpleITK.GetImageFromArray(np.zeros((4, 5, 6), np.int16))
    volume.SetSpacing((2.0, 3.0, 4.0))
    volume.SetOrigin((7.0, 8.0, 9.0))
    given = (0.5, 0.25)
    image = Image.of(volume, slice_index=1, axis=axis, spacing=None if anew else given)
    image = Image.of(image, spacing=given) if anew else image
    stored = SimpleITK.ReadImage(save_mask(tmp_path / "a.mha", image.pixels == 0, image))
    assert stored.GetSpacing() == steps  # (x, y, z): the plane's as given, across it the file's
    assert stored.GetOrigin() == volume.GetOrigin()


def test_spacing_given_for_a_flat_file_is_written(tmp_path, mask):
    source = SimpleITK.GetImageFromArray(np.zeros(SHAPE, np.int16))
    image = Image.of(source, spacing=(0.5, 0.25))
    assert SimpleITK.ReadImage(save_mask(tmp_path / "a.mha", mask, image)).GetSpacing() == (0.25, 0.5)


@given(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["png", "npy", "nrrd"]))
def test_a_saved_mask_opens_as_an_image_over_its_source(tmp_path_factory, axis, index, suffix):
    folder = tmp_path_factory.mktemp("masks")
    volume = SimpleITK.GetImageFromArray(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6))
    volume.SetSpacing((2.0, 3.0, 4.0))
    image = Image.of(volume, slice_index=index, axis=axis)
    drawn = image.pixels % 3 == 0
    path = save_mask(folder / f"a.{suffix}", drawn, image)
    again = Image.of(path, slice_index=index, axis=axis) if suffix == "nrrd" else Image.of(path)
    np.testing.assert_array_equal(again.pixels > 0, drawn)
    assert again.spacing == (image.spacing if suffix == "nrrd" else None)


# What goes wrong


@pytest.mark.parametrize("name", ["mask", "mask.jpg", "mask.gz", ".png"])
def test_an_unknown_suffix_lists_those_that_are_taken(tmp_path, name, image, mask):
    with pytest.raises(ValueError, match=rf"path is '.*{name}'.*\.png, .*\.npz, .*\.nii\.gz, \.nrrd, \.mha"):
        save_mask(tmp_path / name, mask, image)
    assert names_in(tmp_path) == []


def test_capital_suffixes_and_text_paths_are_taken(tmp_path, image, mask):
    path = save_mask(str(tmp_path / "A.NII.GZ"), mask, image)
    np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj), mask.T)


def test_a_missing_folder_is_named(tmp_path, image, mask):
    with pytest.raises(FileNotFoundError, match=r"path: there is no folder '.*nowhere'"):
        save_mask(tmp_path / "nowhere" / "a.png", mask, image)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((8, 6), bool), ValueError, r"array is of shape \(8, 6\), but the image is of shape \(6, 8\)"),
        (np.zeros((1, *SHAPE), bool), ValueError, r"array is of shape \(1, 6, 8\)"),
        (np.zeros(SHAPE), TypeError, r"array is of float64; a mask of booleans or a label map of integers"),
        (np.full(SHAPE, -1), ValueError, r"array holds labels from -1 to -1; \.png takes from 0 to 65535"),
        (np.full(SHAPE, 65536), ValueError, r"array holds labels .*\.png takes from 0 to 65535"),
    ],
)
def test_arrays_that_cannot_be_saved(tmp_path, image, array, error, message):
    with pytest.raises(error, match=message):
        save_mask(tmp_path / "a.png", array, image)
    assert names_in(tmp_path) == []


def test_labels_are_a_list(tmp_path, image, label_map):
    with pytest.raises(TypeError, match="labels is the string 'cyst'; a list of names is taken"):
        save_mask(tmp_path / "a.npz", label_map, image, labels="cyst")


@pytest.mark.parametrize("suffix", ["png", "npz", "nii.gz"])
def test_a_file_is_replaced_whole(tmp_path, suffix, image, mask):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"old" * 100_000)
    save_mask(path, mask, image)
    np.testing.assert_array_equal(np.load(path)["mask"] if suffix == "npz" else read(path) > 0, mask)


def test_a_failed_save_leaves_the_old_file_and_no_rubbish(tmp_path, image, mask):
    path = tmp_path / "a.nrrd"
    path.write_bytes(b"old")
    no_space = Geometry((8, 6), (1, 1), (0, 0), direction=(1, 0, 1, 0))  # ITK refuses it
    with pytest.raises(RuntimeError):
        save_mask(path, mask, replace(image, geometry=no_space))
    assert path.read_bytes() == b"old"
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OSError, match=r"b\.png"):  # a written file, but in a place that is taken
        save_mask(tmp_path / "b.png", mask, image)
    assert names_in(tmp_path) == ["a.nrrd", "b.png"]


def test_a_mask_may_be_read_by_whoever_may_read_other_files(tmp_path, image, mask):
    (tmp_path / "other").touch()
    path = save_mask(tmp_path / "a.png", mask, image)
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_the_images_own_file_is_not_written_over(tmp_path, mask):
    path = tmp_path / "photo.png"
    PILImage.fromarray(np.zeros(mask.shape, np.uint8)).save(path)
    with pytest.raises(ValueError, match="path takes another file than the image's own"):
        save_mask(path, mask, Image.of(path))
    save_mask(tmp_path / "mask.png", mask, Image.of(path))
