"""Fine-tuning on a few images of one's own."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.models.network_file import save_network
from scribbleprompt_widget.training.finetune import FinetuneConfig

SIDE = 64
QUICK = FinetuneConfig(steps=3, batch=2, pool=2, rounds=2)
LONGER = FinetuneConfig(steps=12, batch=2, pool=8, rounds=2, rate=3e-3, blend=1)


@pytest.fixture
def weights(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = CompactNetwork(CompactConfig(4, (Level(8), Level(16), Level(16, decoder=0))))
    return save_network(tmp_path / "weights.safetensors", network, resolution=SIDE)


def examples(count, shape=(60, 80)):
    rng = np.random.default_rng(0)
    masks = np.zeros((count, *shape), bool)
    for mask in masks:
        y, x = rng.integers(5, 30, 2)
        mask[y : y + 20, x : x + 25] = True
    return list((100 + 80 * masks + rng.normal(0, 5, masks.shape)).astype(np.uint8)), list(masks)


def logits(predictor, image):
    predictor.looks = 1  # the network's own words: where to look again is another matter
    return predictor.open(image).predict(point_coords=[(30, 30)], point_labels=[1]).logits


def test_the_result_follows_from_the_seed_and_its_file_is_the_same_predictor(weights, tmp_path):
    images, masks = examples(3)
    start = sp.load_predictor(weights)
    before = logits(start, images[0])
    tuned = sp.finetune(weights, images, masks, out=tmp_path / "mine.safetensors", config=QUICK, progress=False)
    again = sp.finetune(start, images, masks, config=QUICK, progress=False)
    other = sp.finetune(start, images, masks, config=QUICK, seed=1, progress=False)
    assert np.array_equal(logits(start, images[0]), before)
    after = logits(tuned, images[0])
    assert not np.allclose(after, before)
    np.testing.assert_array_equal(logits(again, images[0]), after)
    np.testing.assert_array_equal(logits(sp.load_predictor(tmp_path / "mine.safetensors"), images[0]), after)
    assert not np.array_equal(logits(other, images[0]), after)
    assert len({one.name for one in (start, tuned, again, other)}) == 4, "or they would read each other's states"


def test_a_time_budget_is_kept_and_one_too_short_is_told(weights, capsys):
    images, masks = examples(2)
    with pytest.warns(UserWarning, match=r"took 1 steps in 0\.001 seconds, and learns little"):
        sp.finetune(weights, images, masks, config=FinetuneConfig(seconds=0.001, batch=2, pool=1))
    assert "100%" in capsys.readouterr().err


def test_each_label_of_a_map_is_an_object(weights):
    images, masks = examples(1)
    labels = np.where(masks[0], 3, 0).astype(np.uint8)
    labels[:4, :4] = 7
    sp.finetune(weights, images, [labels], config=QUICK, progress=False)


def test_fractions_and_colours_are_read_as_training_reads_them(weights, tmp_path):
    images, masks = examples(1)
    whole = sp.finetune(weights, images, masks, config=QUICK, progress=False)
    for given in (0.2 + 0.6 * masks[0], np.stack([200 * masks[0]] * 3, axis=-1).astype(np.uint8)):
        tuned = sp.finetune(weights, images, [given], config=QUICK, progress=False)
        np.testing.assert_array_equal(logits(tuned, images[0]), logits(whole, images[0]))


def test_old_answers_hold_what_is_not_learnt_in_place(weights):
    images, masks = examples(2)
    start = sp.load_predictor(weights)
    # Another task: dark objects.
    moved = {
        weight: np.abs(
            logits(
                sp.finetune(start, images, masks, config=replace(LONGER, rehearsal_weight=weight), progress=False),
                255 - images[0],
            )
            - logits(start, 255 - images[0])
        ).mean()
        for weight in (0.0, 50.0)
    }
    assert moved[50.0] < 0.5 * moved[0.0]


def test_a_part_of_the_way_is_gone(weights):
    images, masks = examples(2)
    start, (half, whole) = (
        sp.load_predictor(weights),
        (
            sp.finetune(weights, images, masks, config=replace(QUICK, blend=blend), progress=False)
            for blend in (0.5, 1.0)
        ),
    )
    for old, middle, new in zip(*(one.module.parameters() for one in (start, half, whole)), strict=True):
        torch.testing.assert_close(middle, (old + new) / 2)


def test_mistakes_are_named(weights, tmp_path):
    images, masks = examples(2)
    with pytest.raises(ValueError, match="as many masks as images, got 1 and 2"):
        sp.finetune(weights, images, masks[:1], config=QUICK)
    with pytest.raises(ValueError, match=r"masks\[1\] takes the image's shape \(60, 80\), got \(60, 79\)"):
        sp.finetune(weights, images, [masks[0], masks[1][:, 1:]], config=QUICK)
    with pytest.raises(ValueError, match="shows something"):
        sp.finetune(weights, images, [mask & False for mask in masks], config=QUICK)
    with pytest.raises(ValueError, match=r"masks\[0\] holds 300 labels"):
        sp.finetune(weights, images[:1], [np.arange(60 * 80).reshape(60, 80) % 300 + 1], config=QUICK)
    with pytest.raises(ValueError, match=r"masks\[0\]: its mask holds fractions"):
        sp.finetune(weights, images[:1], [1.5 * masks[0]], config=QUICK)
    with pytest.raises(ValueError, match=r"images\[1\] holds NaN"):
        sp.finetune(weights, [images[0], np.where(masks[0], np.nan, images[1])], masks, config=QUICK)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        sp.finetune(tmp_path / "nowhere.safetensors", images, masks)
    for out, error in (("nowhere/mine.safetensors", FileNotFoundError), ("mine.txt", ValueError)):
        with pytest.raises(error, match="path"):  # before a minute is spent
            sp.finetune(weights, images, masks, out=out, config=FinetuneConfig(seconds=1e6))
    with pytest.raises(TypeError, match="takes one with a network"):
        sp.finetune(sp.load_predictor("random_walker"), images, masks)
    with pytest.raises(ValueError, match="positive seconds"):
        FinetuneConfig(seconds=0)
    from scribbleprompt_widget.models.unet import ScribblePromptUNet
    from scribbleprompt_widget.predictors.network import NetworkPredictor

    with pytest.raises(TypeError, match="ScribblePromptUNet"):
        sp.finetune(NetworkPredictor(ScribblePromptUNet(2), name="unet", resolution=64), images, masks)
