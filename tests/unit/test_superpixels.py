"""Synthetic labels: regions of some size, made once and kept."""

import numpy as np
import pytest
import torch

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.superpixels import SuperpixelConfig, SuperpixelTable, superpixel_maps


def test_superpixels_are_cached_and_made_again_when_damaged(tmp_path, monkeypatch):
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (2, 64, 64), dtype=np.uint8))
    content = torch.tensor([[0, 0, 64, 64]] * 2)
    config = SuperpixelConfig(maps=2, least_size=40)
    made = SuperpixelTable.of(images, content, config, 40, tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [path.suffix for path in files] == [".npz", ".npz"]
    with monkeypatch.context() as patch:
        patch.setattr("scribbleprompt_widget.training.superpixels.superpixel_maps", None)
        read = SuperpixelTable.of(images, content, config, 40, tmp_path)
    assert torch.equal(made.maps, read.maps)
    files[0].write_bytes(b"half a fi")
    with pytest.warns(UserWarning, match="damaged"):
        mended = SuperpixelTable.of(images, content, config, 40, tmp_path)
    assert torch.equal(made.maps, mended.maps)


def test_superpixels_are_regions_of_some_size_and_padding_is_none(tmp_path):
    images = torch.zeros(1, 64, 64, dtype=torch.uint8)
    images[0, 16:48] = torch.from_numpy(np.random.default_rng(0).integers(60, 255, (32, 64), dtype=np.uint8))
    table = SuperpixelTable.of(
        images, torch.tensor([[0, 16, 64, 48]]), SuperpixelConfig(maps=2, least_size=20), 30, tmp_path
    )
    rows, numbers = table.sample(torch.zeros(200, dtype=torch.int64), Draws(torch.arange(200)))
    assert set(rows.tolist()) == {0, 1}
    for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
        region = table.maps[row] == number
        assert region.sum() >= 30
        assert region[16:48].sum() * 2 >= region.sum()


def test_an_image_without_superpixels_keeps_its_label(tmp_path):
    table = SuperpixelTable.of(
        torch.full((1, 64, 64), 9, dtype=torch.uint8), torch.tensor([[0, 0, 64, 64]]), SuperpixelConfig(), 30, tmp_path
    )
    assert table.sample(torch.zeros(5, dtype=torch.int64), Draws(torch.arange(5)))[0].tolist() == [-1] * 5


def test_maps_follow_from_the_image():
    image = np.random.default_rng(0).integers(0, 255, (48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(
        superpixel_maps(image, SuperpixelConfig()), superpixel_maps(image, SuperpixelConfig())
    )
