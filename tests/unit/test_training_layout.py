"""Reading folders of tasks: every layout that is documented, and everything that can be wrong with one."""

import numpy as np
import pytest
from PIL import Image as PILImage

from scribbleprompt_widget.training.layout import data_sets, read_data_set
from scribbleprompt_widget.training.squares import content_box, image_square, label_square, stretched


def pictures(count=3, size=256, seed=0):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 255, (count, size, size), dtype=np.uint8)
    masks = np.zeros((count, size, size), dtype=np.uint8)
    masks[:, size // 4 : size // 2, size // 4 : size // 2] = 1
    return images, masks


def write(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.fromarray(array).save(path)


def test_arrays_of_the_stored_size_are_taken_as_they_are(tmp_path):
    images, masks = pictures()
    masks[masks == 1] = 7
    write(tmp_path / "cells.npz", images=images, masks=masks, names=np.array(["a", "b", "c"]))
    (task,) = read_data_set(tmp_path, "cells")
    assert task.data_set == task.name == "cells"
    assert task.case_names == ("a", "b", "c")
    assert task.label_values == (7,)
    np.testing.assert_array_equal(task.images, images)
    np.testing.assert_array_equal(task.labels, masks == 7)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_other_sizes_and_depths_and_colour_become_grey_squares(tmp_path, dtype):
    images = (np.random.default_rng(0).random((2, 60, 90, 3)) * 1000).astype(dtype)
    masks = np.zeros((2, 60, 90), dtype=np.int32)
    masks[:, 20:40, 30:60] = 3
    write(tmp_path / "colour.npz", images=images, masks=masks)
    (task,) = read_data_set(tmp_path, "colour")
    assert task.images.shape == task.labels.shape == (2, 256, 256)
    assert task.images.dtype == task.labels.dtype == np.uint8
    assert not task.images[:, :40].any(), "an oblong image is padded with zeros"
    assert set(np.unique(task.labels)) == {0, 1}
    # 20x30 pixels of 90x90 are that share of the square.
    assert task.labels[0].mean() == pytest.approx(600 / 8100, rel=0.02)


def test_folders_hold_tasks_of_arrays_and_of_files(tmp_path):
    images, masks = pictures(2, 64)
    write(tmp_path / "heart" / "ct.npz", images=images, masks=masks)
    for index in range(2):
        save(tmp_path / "heart" / "mri" / "images" / f"{index}.jpg", images[index])
        save(tmp_path / "heart" / "mri" / "masks" / f"{index}.png", masks[index] * 255)
        save(tmp_path / "eye" / f"{index}.png", images[index])
        save(tmp_path / "eye" / f"{index}_mask.png", np.stack([masks[index] * 200] * 3, axis=-1))
    assert data_sets(tmp_path) == ["eye", "heart"]
    assert [(task.data_set, task.name) for task in read_data_set(tmp_path, "heart")] == [
        ("heart", "ct"),
        ("heart", "mri"),
    ]
    (eye,) = read_data_set(tmp_path, "eye")
    assert eye.case_names == ("0", "1")
    assert eye.label_values == (200,)


def test_each_colour_of_a_palette_is_a_label(tmp_path):
    image, _ = pictures(1, 64)
    mask = np.zeros((64, 64, 3), dtype=np.uint8)
    mask[:20, :20], mask[40:, 40:] = (255, 0, 0), (0, 0, 255)
    save(tmp_path / "set" / "a.png", image[0])
    save(tmp_path / "set" / "a_mask.png", mask)
    (task,) = read_data_set(tmp_path, "set")
    assert task.label_values == (255, 255 << 16)
    assert task.labels[0, 10, 10] == 2
    assert task.labels[0, 250, 250] == 1


def test_names_and_patterns_include_and_exclude(tmp_path):
    images, masks = pictures(1)
    for name in ("retina_drive", "retina_fives", "spleen"):
        write(tmp_path / f"{name}.npz", images=images, masks=masks)
    assert data_sets(tmp_path, include=["retina_*"]) == ["retina_drive", "retina_fives"]
    assert data_sets(tmp_path, exclude=["retina_fives", "not_here"]) == ["retina_drive", "spleen"]
    with pytest.raises(ValueError, match="include names 'liver'"):
        data_sets(tmp_path, include=["liver"])
    with pytest.raises(ValueError, match="did you mean 'retina_fives'"):
        data_sets(tmp_path, exclude=["retina_five"])
    with pytest.raises(ValueError, match="no data set is left"):
        data_sets(tmp_path, exclude=["*"])
    with pytest.raises(FileNotFoundError, match="nowhere"):
        data_sets(tmp_path / "nowhere")


def test_bad_images_are_named_in_one_warning_and_left_out(tmp_path):
    images, masks = pictures(6)
    images = images.astype(np.float32)
    masks[0] = 0
    masks[1] = 1
    images[2, 5, 5] = np.nan
    images[3] = 4
    write(tmp_path / "some.npz", images=images, masks=masks, names=np.array(list("abcdef")))
    with pytest.warns(UserWarning, match="left out of training: some") as warned:
        (task,) = read_data_set(tmp_path, "some")
    assert len(warned) == 1
    for said in (
        "a (its mask is empty)",
        "b (its mask covers the whole image)",
        "c (holds NaN",
        "d (its image is of one grey)",
    ):
        assert said in str(warned[0].message)
    assert task.case_names == ("e", "f")


def test_bad_files_are_named(tmp_path):
    image, mask = pictures(1, 64)
    folder = tmp_path / "set"
    for name in ("good", "torn", "small", "blurred"):
        save(folder / "images" / f"{name}.png", image[0])
        save(folder / "masks" / f"{name}.png", mask[0])
    save(folder / "images" / "alone.png", image[0])
    save(folder / "masks" / "small.png", mask[0][:32])
    (folder / "images" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    save(folder / "masks" / "blurred.png", np.random.default_rng(0).integers(0, 60000, (64, 64)).astype(np.uint16))
    with pytest.warns(UserWarning, match="left out") as warned:
        (task,) = read_data_set(tmp_path, "set")
    assert task.case_names == ("good",)
    for said in (
        "alone (it has no mask)",
        "torn (",
        "small (its image is (64, 64) and its mask (32, 64))",
        "blurred (",
    ):
        assert said in str(warned[0].message)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": np.zeros((2, 8, 8))}, "takes the arrays images and masks, got images"),
        ({"images": np.zeros((2, 8, 8)), "masks": np.zeros((3, 8, 8))}, "one label map an image"),
        ({"images": np.zeros((8, 8)), "masks": np.zeros((8, 8))}, "images takes"),
        ({"images": np.zeros((1, 8, 8)), "masks": np.full((1, 8, 8), -1)}, "holds the label -1"),
        ({"images": np.zeros((1, 8, 8)), "masks": np.full((1, 8, 8), 1.5)}, "holds fractions"),
        ({"images": np.zeros((1, 8, 8)), "masks": np.full((1, 8, 8), np.nan)}, "NaN"),
        ({"images": np.eye(8)[None], "masks": np.zeros((1, 8, 8))}, "its mask is empty"),
    ],
)
def test_a_data_set_without_anything_usable_is_refused(tmp_path, arrays, said):
    write(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=r"data set 'bad'.* cannot be used") as refused:
        read_data_set(tmp_path, "bad")
    assert said in str(refused.value)


def test_a_broken_file_and_an_empty_folder_are_refused(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK no archive")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        read_data_set(tmp_path, "bad")
    with pytest.raises(ValueError, match="neither"):
        read_data_set(tmp_path, "empty")


@pytest.mark.parametrize("files", [("images/a.png", "masks/a.png"), ("a.png", "a_mask.png")])
def test_a_data_set_in_place_of_the_folder_above_is_told(tmp_path, files):
    images, masks = pictures(1, 64)
    for name, array in zip(files, (images[0], masks[0]), strict=True):
        save(tmp_path / name, array)
    with pytest.raises(ValueError, match="is one data set by itself; give the folder that holds it"):
        data_sets(tmp_path)


def test_squares_keep_what_they_show():
    image = np.zeros((50, 100), dtype=np.uint8)
    image[10:40, 20:80] = 90
    labels = (image > 0).astype(np.uint16) * 300
    square, numbers = image_square(image, 200), label_square(labels, 200)
    assert square.shape == numbers.shape == (200, 200)
    assert set(np.unique(numbers)) == {0, 300}
    np.testing.assert_array_equal(np.argwhere(numbers)[[0, -1]], [[70, 40], [129, 159]])
    assert (square[numbers > 0] > 30).all()
    assert content_box(label_square(image, 100)) == (20, 35, 80, 65)


def test_greys_are_stretched_as_a_predictor_sees_them_and_padding_stays_black():
    image = np.zeros((256, 256), dtype=np.uint8)
    image[50:200] = np.random.default_rng(0).integers(40, 90, (150, 256))
    seen = stretched(image)
    assert (seen[:50] == 0).all()
    assert seen[50:200].min() == 0
    assert seen[50:200].max() == 255
