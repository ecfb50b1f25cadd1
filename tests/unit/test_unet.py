"""The paper's network: loads a checkpoint of the published form strictly and safely, and computes what it should."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import scribbleprompt_widget as sp
from scribbleprompt_widget.models import checkpoints
from scribbleprompt_widget.models.unet import ScribblePromptUNet

FEATURES = 192


def published_shapes():
    """Names and shapes of the published checkpoint, written down independently of our module."""
    shapes = {}

    def convolution(name, features_in, features_out, kernel=3, activation=True):
        shapes[f"{name}.conv.0.weight"] = (features_out, features_in, kernel, kernel)
        shapes[f"{name}.conv.0.bias"] = (features_out,)
        if activation:
            shapes[f"{name}.conv.1.weight"] = (1,)

    convolution("downs.0", 5, FEATURES)
    for i in (1, 2, 3):
        convolution(f"downs.{i}", FEATURES, FEATURES)
    convolution("bottleneck", FEATURES, FEATURES)
    for i in (1, 3, 5, 7):
        convolution(f"ups.{i}", 2 * FEATURES, FEATURES)
    convolution("final_conv", FEATURES, 1, kernel=1, activation=False)
    return shapes


@pytest.fixture(scope="module")
def weights():
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in published_shapes().items():
        if shape == (1,) and name.endswith("conv.1.weight"):
            tensors[name] = torch.full(shape, 0.25)
        else:
            fan_in = max(int(np.prod(shape[1:])), 1)
            tensors[name] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
    return tensors


@pytest.fixture(scope="module")
def checkpoint(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "made_by_the_test.pt"
    torch.save(weights, path)
    return path


def forward(weights, x):
    """The network of the paper, written again from its description with functions alone."""

    def block(name, x):
        x = F.conv2d(x, weights[f"{name}.conv.0.weight"], weights[f"{name}.conv.0.bias"], padding=1)
        return torch.where(x >= 0, x, weights[f"{name}.conv.1.weight"] * x)

    skips = []
    for i in range(4):
        x = block(f"downs.{i}", x)
        skips.append(x)
        x = F.max_pool2d(x, 2)
    x = block("bottleneck", x)
    for i, skip in zip((1, 3, 5, 7), reversed(skips), strict=True):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        x = block(f"ups.{i}", torch.cat([skip, x], dim=1))
    return F.conv2d(x, weights["final_conv.conv.0.weight"], weights["final_conv.conv.0.bias"])


def test_number_of_weights_is_the_published_one(weights):
    # 15,977,486 bytes hold 3,991,882 numbers of four bytes and the names around them.
    assert sum(tensor.numel() for tensor in weights.values()) == 3_991_882
    assert {name: tuple(t.shape) for name, t in ScribblePromptUNet().state_dict().items()} == published_shapes()


def test_logits_equal_an_independent_forward_pass(weights, checkpoint):
    predictor = sp.load_predictor("unet", checkpoint=checkpoint)
    rng = np.random.default_rng(0)
    image = rng.random((128, 128), dtype=np.float32)
    image.flat[:2000], image.flat[-2000:] = 0, 1  # so that the robust range is [0, 1] and the image stays as it is
    scribbles = np.zeros((2, 128, 128), dtype=np.float32)
    scribbles[0, 40, 30:60] = 1
    scribbles[1, 90, 10:90] = 1
    session = predictor.open(image)
    first = session.predict(
        point_coords=[(50, 60), (100, 3)], point_labels=[1, 0], box=(20, 30, 80, 70), scribbles=scribbles
    )

    channels = torch.zeros(1, 5, 128, 128)
    channels[0, 0] = torch.from_numpy(image)
    channels[0, 1, 30:71, 20:81] = 1
    channels[0, 2:4] = torch.from_numpy(scribbles)
    channels[0, 2, 60, 50] = 1
    channels[0, 3, 3, 100] = 1
    with torch.no_grad():
        expected = forward(weights, channels)
    np.testing.assert_allclose(first.logits, expected[0, 0].numpy(), rtol=1e-3, atol=1e-4 * expected.abs().max().item())

    # The previous logits are the fifth channel of the next round.
    second = session.predict(point_coords=[(50, 60)], point_labels=[1], mask_input=first.state)
    channels[0, 1:4] = 0
    channels[0, 2, 60, 50] = 1
    channels[0, 4] = torch.from_numpy(first.logits)
    with torch.no_grad():
        expected = forward(weights, channels)
    np.testing.assert_allclose(
        second.logits, expected[0, 0].numpy(), rtol=1e-3, atol=1e-4 * expected.abs().max().item()
    )


@pytest.mark.parametrize("shape", [(200, 333), (1024, 40), (1, 1), (5, 300)])
def test_masks_come_back_at_the_images_own_resolution(checkpoint, shape):
    session = sp.load_predictor(checkpoint).open(np.random.default_rng(0).random(shape))
    prediction = session.predict(sp.Prompts([sp.Click(0, 0)]))
    assert prediction.logits.shape == prediction.mask.shape == prediction.probability.shape == shape
    assert np.array_equal(prediction.mask, prediction.logits > 0)
    assert prediction.state.logits.shape == (128, 128)
    assert prediction.engine == "torch cpu"


def test_restoring_a_state_gives_the_same_logits_bit_for_bit(checkpoint):
    session = sp.load_predictor("unet", checkpoint=checkpoint).open(np.random.default_rng(0).random((300, 200)))
    prediction = session.predict(sp.Prompts([sp.Click(50, 50)]))
    assert np.array_equal(session.restore(prediction.state).logits, prediction.logits)


def test_safetensors_files_load_too(weights, checkpoint, tmp_path):
    from safetensors.torch import save_file

    save_file(weights, tmp_path / "unet.safetensors")
    image = np.random.default_rng(0).random((64, 64))
    masks = [
        sp.load_predictor(path).open(image).predict(sp.Prompts([sp.Click(30, 30)])).logits
        for path in (checkpoint, tmp_path / "unet.safetensors")
    ]
    assert np.array_equal(*masks)


def test_without_a_checkpoint_the_error_says_where_to_get_one():
    with pytest.raises(ValueError, match=r"path of ScribblePrompt_unet_v1_nf192_res128\.pt as the model"):
        sp.load_predictor("unet")


def test_home_is_expanded(checkpoint, monkeypatch):
    monkeypatch.setenv("HOME", str(checkpoint.parent))
    for predictor in (
        sp.load_predictor(f"~/{checkpoint.name}"),
        sp.load_predictor("unet", checkpoint="~/made_by_the_test.pt"),
    ):
        assert predictor.resolution == 128


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pt"):
        sp.load_predictor("unet", checkpoint="nowhere.pt")


def test_one_weight_too_few_or_too_many_is_refused(weights, tmp_path):
    fewer = {name: t for name, t in weights.items() if name != "bottleneck.conv.1.weight"}
    torch.save(fewer, tmp_path / "fewer.pt")
    with pytest.raises(ValueError, match=r"bottleneck\.conv\.1\.weight"):
        sp.load_predictor(tmp_path / "fewer.pt")
    torch.save({**weights, "extra.weight": torch.zeros(1)}, tmp_path / "more.pt")
    with pytest.raises(ValueError, match=r"extra\.weight"):
        sp.load_predictor(tmp_path / "more.pt")


class _Trap:
    """What a hostile checkpoint does: unpickling it would touch a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_hostile_pickle_does_not_run(tmp_path):
    sprung = tmp_path / "sprung"
    for name, save in (("torch.pt", torch.save), ("plain.pt", lambda obj, path: path.write_bytes(pickle.dumps(obj)))):
        save({"weights": _Trap(sprung)}, tmp_path / name)
        with pytest.raises(ValueError, match="cannot be read as tensors alone"):
            sp.load_predictor("unet", checkpoint=tmp_path / name)
    assert not sprung.exists()


def test_the_published_name_is_checked_against_the_published_sum(weights, tmp_path):
    path = tmp_path / checkpoints.PUBLISHED_UNET["file"]
    torch.save(weights, path)
    with pytest.raises(ValueError, match="43f57ee8fa8ec529c31be281e06749f9e629b30157bbbcc9baf200cddec1acbe"):
        sp.load_predictor("unet", checkpoint=path)
    assert sp.load_predictor("unet", checkpoint=path, sha256=checkpoints.file_sha256(path)).resolution == 128
