"""Fine-tuning on a few images of one's own."""

import numpy as np
import pytest
import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.models.network_file import save_network
from scribbleprompt_widget.training.finetune import FinetuneConfig

SIDE = 64
QUICK = FinetuneConfig(steps=3, batch=2, pool=2, rounds=2)


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
    assert tuned.name != start.name


def test_a_time_budget_is_kept(weights, capsys):
    images, masks = examples(2)
    sp.finetune(weights, images, masks, config=FinetuneConfig(seconds=1, batch=2, pool=1))
    assert "100%" in capsys.readouterr().err


def test_each_label_of_a_map_is_an_object(weights):
    images, masks = examples(1)
    labels = np.where(masks[0], 3, 0).astype(np.uint8)
    labels[:4, :4] = 7
    sp.finetune(weights, images, [labels], config=QUICK, progress=False)


def test_mistakes_are_named(weights, tmp_path):
    images, masks = examples(2)
    with pytest.raises(ValueError, match="as many masks as images, got 1 and 2"):
        sp.finetune(weights, images, masks[:1], config=QUICK)
    with pytest.raises(ValueError, match=r"masks\[1\] takes the image's shape \(60, 80\), got \(60, 79\)"):
        sp.finetune(weights, images, [masks[0], masks[1][:, 1:]], config=QUICK)
    with pytest.raises(ValueError, match="shows something"):
        sp.finetune(weights, images, [mask & False for mask in masks], config=QUICK)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        sp.finetune(tmp_path / "nowhere.safetensors", images, masks)
    with pytest.raises(ValueError, match="positive seconds"):
        FinetuneConfig(seconds=0)
    from scribbleprompt_widget.models.unet import ScribblePromptUNet
    from scribbleprompt_widget.predictors.network import NetworkPredictor

    with pytest.raises(TypeError, match="ScribblePromptUNet"):
        sp.finetune(NetworkPredictor(ScribblePromptUNet(2), name="unet", resolution=64), images, masks)
