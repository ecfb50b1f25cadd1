"""Batches: what a training loop is given, from synthetic images, real ones and superpixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scribbleprompt_widget.training.source import DataConfig, Source
from scribbleprompt_widget.training.superpixels import SuperpixelConfig

TRAIN = Path(__file__).parents[3] / "shared" / "data" / "train"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two data sets: one of a disc, one of two squares."""
    root = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:256, :256]
    for name, objects in (("disc", [(rows - 128) ** 2 + (columns - 100) ** 2 < 40**2]), ("squares", [])):
        labels = np.zeros((2, 256, 256), dtype=np.uint8)
        for each in objects:
            labels[:, each] = 1
        if name == "squares":
            labels[:, 30:80, 30:80], labels[:, 150:220, 120:200] = 1, 2
        images = np.clip(60 + 60 * labels + generator.normal(0, 8, labels.shape), 0, 255).astype(np.uint8)
        np.savez(root / f"{name}.npz", images=images, masks=labels)
    return root


@pytest.fixture(scope="module")
def config(folder, tmp_path_factory):
    return DataConfig(root=folder, cache=tmp_path_factory.mktemp("cache"), superpixels=SuperpixelConfig(maps=2))


def test_batches_are_images_with_targets(config):
    batch = Source(config, 64).batch(0, 24, seed=5)
    assert batch.images.shape == batch.masks.shape == (24, 1, 64, 64)
    assert batch.images.dtype == batch.masks.dtype == torch.float32
    assert batch.images.min() >= 0
    assert batch.images.max() <= 1
    assert batch.masks.unique().tolist() == [0, 1]
    assert (batch.masks.sum(dim=(1, 2, 3)) > 0).all()
    assert len(batch.draws) == 24


def test_everything_follows_from_seed_step_and_place(config):
    source, again = Source(config, 64), Source(config, 64)
    first = source.batch(3, 12, seed=5)
    source.batch(4, 12, seed=5)
    same = again.batch(3, 12, seed=5)
    assert torch.equal(first.images, same.images)
    assert torch.equal(first.masks, same.masks)
    assert torch.equal(first.draws.uniform(3), same.draws.uniform(3))
    for other in (source.batch(4, 12, seed=5), source.batch(3, 12, seed=6)):
        assert not torch.equal(first.images, other.images)


def test_processes_share_a_batch(config):
    source = Source(config, 64)
    whole, part = source.batch(1, 12, seed=0), source.batch(1, 4, seed=0, first=6)
    torch.testing.assert_close(whole.images[6:10], part.images, atol=1e-6, rtol=0)
    assert torch.equal(whole.masks[6:10], part.masks)


def test_shares_of_kinds_of_samples(config):
    def masks(**changed):
        still = {name: 0.0 for name in config.augmentation.__dataclass_fields__ if name.endswith("_probability")}
        plain = replace(config, augmentation=replace(config.augmentation, **still), **changed)
        return Source(plain, 64).batch(0, 60, seed=1).masks

    real = masks(
        synthetic_probability=0.0, superpixel_probability=0.0, component_probability=0.0, union_probability=0.0
    )
    assert len(real.flatten(1).unique(dim=0)) == 3, "a disc and two squares, each as it is"
    labels = {tuple(mask.flatten().tolist()) for mask in real}
    for changed in ({"superpixel_probability": 0.5, "synthetic_probability": 0.0}, {"synthetic_probability": 0.5}):
        kept = [
            tuple(mask.flatten().tolist()) in labels for mask in masks(**{"superpixel_probability": 0.0, **changed})
        ]
        assert 0.3 < np.mean(kept) < 0.75


def test_one_source_serves_several_resolutions(config):
    source = Source(config, 64)
    larger = source.at(96)
    assert larger.batch(0, 2, seed=0).images.shape == (2, 1, 96, 96)
    assert source.batch(0, 2, seed=0).images.shape == (2, 1, 64, 64)


def test_without_a_folder_there_are_synthetic_images():
    batch = Source(DataConfig(), 64).batch(0, 4, seed=0)
    assert batch.images.std() > 0.05


def test_held_out_sets_are_left_out_by_name(folder):
    plain = DataConfig(root=folder, exclude=("squares",), synthetic_probability=0.0, superpixel_probability=0.0)
    source = Source(plain, 64)
    assert source.batch(0, 8, seed=0).images.shape == (8, 1, 64, 64)
    with pytest.raises(ValueError, match="no data set is left"):
        Source(replace(plain, exclude=("disc", "squares")), 64)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"synthetic_probability": -0.1}, ValueError),
        ({"component_probability": 0.7, "union_probability": 0.7}, ValueError),
        ({"least_area": 0}, ValueError),
        ({"exclude": "retina_fives"}, TypeError),
    ],
)
def test_configurations_that_cannot_be_are_refused(changed, error):
    with pytest.raises(error):
        DataConfig(**changed)


@pytest.mark.skipif(not TRAIN.is_dir(), reason="needs the shared training data")
def test_real_data_sets_are_read_without_a_warning():
    names = ("hepatic_vessel_ct", "optic_disc_drishti", "spleen_ct")
    source = Source(DataConfig(root=TRAIN, include=names, superpixel_probability=0.0, synthetic_probability=0.0), 128)
    batch = source.batch(0, 16, seed=0)
    assert (batch.masks.mean(dim=(1, 2, 3)) > 0.0005).all()


def test_all_data_sets_that_cannot_be_used_are_told_at_once(tmp_path):
    (tmp_path / "torn.npz").write_bytes(b"PK no archive")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"'empty' .*; data set 'torn' .*cannot be used"):
        Source(DataConfig(root=tmp_path), 64)
