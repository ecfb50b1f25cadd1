"""Preparing a downloaded data set: folders and archives of files become one file that training reads."""

import runpy
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from scribbleprompt_widget.training.layout import read_data_set
from scribbleprompt_widget.training.prepare import prepare

SCRIPT = Path(__file__).parents[2] / "scripts" / "prepare_data.py"
RED, BLUE = (200, 30, 20), (10, 20, 220)


@pytest.fixture
def download(tmp_path):
    """What a repository of image and mask files looks like: oblong colour images, masks in colours, as JPEG."""
    root = tmp_path / "download"
    generator = np.random.default_rng(0)
    for index in range(4):
        image = generator.integers(0, 255, (40, 60, 3), dtype=np.uint8)
        mask = np.zeros((40, 60, 3), dtype=np.uint8)
        mask[8:24, 8:24], mask[24:36, 36:52] = RED, BLUE
        for kind, array, options in (("images", image, {}), ("masks", mask, {"quality": 80})):
            folder = root / "dataset" / "train" / kind
            folder.mkdir(parents=True, exist_ok=True)
            PILImage.fromarray(array).save(folder / f"case{index}.jpg", **options)
    return root


@pytest.mark.parametrize("form", ["folder", "zip", "gztar"])
def test_files_become_one_archive_that_training_reads(download, tmp_path, form):
    source = download if form == "folder" else Path(shutil.make_archive(str(tmp_path / "file"), form, download))
    out = prepare(source, tmp_path / "data" / "mine.npz", palette=[RED, BLUE])
    with np.load(out) as file:
        images, masks, names = file["images"], file["masks"], file["names"]
    assert images.shape == masks.shape == (4, 256, 256)
    assert images.dtype == masks.dtype == np.uint8
    assert names.tolist() == ["case0", "case1", "case2", "case3"]
    assert not images[:, :40].any()
    assert not images[:, 216:].any()
    # Compressed colours are matched to the palette: 16x16 and 12x16 pixels of 60x60.
    for label, area in ((1, 256), (2, 192)):
        assert (masks[0] == label).mean() == pytest.approx(area / 3600, rel=0.15)
    (task,) = read_data_set(tmp_path / "data", "mine")
    assert task.label_values == (1, 2)


def test_binary_masks_and_limits(download, tmp_path):
    out = prepare(download, tmp_path / "mine.npz", binary=True, limit=2)
    with np.load(out) as file:
        assert file["names"].tolist() == ["case0", "case3"]
        assert np.unique(file["masks"]).tolist() == [0, 1]


def test_bad_files_are_named_and_left_out(download, tmp_path):
    folder = download / "dataset" / "train"
    (folder / "images" / "case1.jpg").write_bytes(b"torn")
    (folder / "masks" / "case2.jpg").unlink()
    with pytest.warns(UserWarning, match=r"2 in all, case2 \(it has no mask\), case1 \("):
        out = prepare(download, tmp_path / "mine.npz", binary=True)
    with np.load(out) as file:
        assert file["names"].tolist() == ["case0", "case3"]


def test_places_that_cannot_be_read_are_refused(download, tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing at"):
        prepare(tmp_path / "nowhere", tmp_path / "out.npz")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(ValueError, match=r"takes a folder, \.zip"):
        prepare(tmp_path / "text.zip", tmp_path / "out.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no image with a mask"):
        prepare(tmp_path / "empty", tmp_path / "out.npz")
    shutil.copytree(download / "dataset" / "train", download / "dataset" / "test")
    with pytest.raises(ValueError, match="'dataset/test', 'dataset/train'"):
        prepare(download, tmp_path / "out.npz")
    prepare(download, tmp_path / "out.npz", folder="dataset/test", binary=True)


def test_an_archive_that_reaches_outside_is_refused(tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as file:
        file.add(__file__, "../../evil.py")
    with pytest.raises(tarfile.OutsideDestinationError):
        prepare(tmp_path / "evil.tar", tmp_path / "out.npz")


def test_the_script(download, tmp_path, capsys):
    main = runpy.run_path(str(SCRIPT))["main"]
    main(["retina_hrf", str(download), "--out", str(tmp_path / "data"), "--binary"])
    said = capsys.readouterr().out
    assert "retina_hrf.npz" in said
    assert "licence: CC BY 4.0" in said
    main(["--list"])
    assert len(capsys.readouterr().out.splitlines()) == 55
