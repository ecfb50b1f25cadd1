"""The project's own network: shapes, cost, folding, receptive field, files."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import scribbleprompt_widget as sp
from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.models.network_file import load_network, save_network
from scribbleprompt_widget.models.unet import ScribblePromptUNet

SMALL = CompactConfig(4, (Level(8), Level(8, block="wide"), Level(32, decoder=0, attention=True)))


def network(config, seed=0):
    """A network as training leaves it: no branch is zero."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = CompactNetwork(config)
        for name, tensor in net.state_dict().items():
            if name.endswith(("bias", "out.weight")):
                tensor.normal_(std=0.2)
    return net.eval()


def flops(net, side):
    # By plain products: the counter does not know a CPU's fused attention.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 5, side, side))
    return counter.get_total_flops()


VARIANTS = [
    SMALL,
    CompactConfig(0, SMALL.levels),
    CompactConfig(4, SMALL.levels, contrasts=()),
    CompactConfig(0, SMALL.levels, contrasts=(8.0,)),
    CompactConfig(4, SMALL.levels, relief=False),
    CompactConfig(4, SMALL.levels, ridges=False),
    CompactConfig(4, SMALL.levels, context=False),
    CompactConfig(0, SMALL.levels, context=False, contrasts=()),
    CompactConfig(4, SMALL.levels, likeness=False),
    CompactConfig(4, SMALL.levels, relief=False, ridges=False, likeness=False, contrasts=()),
]


@pytest.mark.parametrize("config", VARIANTS)
def test_folding_leaves_convolutions_alone_and_the_same_logits(config):
    net = network(config)
    x = torch.rand(2, 5, 24, 40, generator=torch.Generator().manual_seed(0))
    folded = net.fold()
    assert not [m for m in folded.modules() if hasattr(m, "gain")]
    with torch.no_grad():
        torch.testing.assert_close(folded(x), net(x), rtol=1e-4, atol=1e-4)
    again = CompactNetwork(folded.config)
    again.load_state_dict(folded.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(again(x), folded(x))
    assert [m for m in net.modules() if hasattr(m, "gain")]


def test_the_network_compiles_as_one_graph_and_keeps_its_logits():
    net = network(SMALL)
    x = torch.rand(2, 5, 24, 40, generator=torch.Generator().manual_seed(0))
    torch.compiler.reset()
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), net(x), rtol=0, atol=0)


def test_the_default_costs_a_twentieth_of_the_papers_at_four_times_its_pixels():
    assert flops(ScribblePromptUNet(), 128) > 20 * flops(CompactNetwork(), 256)


def test_the_default_fits_into_ten_megabytes(tmp_path):
    path = save_network(tmp_path / "net.safetensors", CompactNetwork(), resolution=256)
    assert path.stat().st_size < 10e6


@pytest.mark.parametrize("where", [(0, 0), (100, 127)])
def test_every_output_sees_every_input(where):
    net = network(CompactConfig())
    x = torch.zeros(1, 5, 128, 128, requires_grad=True)
    net(x)[(0, 0, *where)].backward()
    assert (x.grad.abs().sum(dim=1) > 0).float().mean() > 0.9


def test_a_sample_does_not_depend_on_its_neighbours_where_weights_are_standardised():
    net = network(SMALL).train()
    x = torch.rand(3, 5, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(net(x)[1:2], net(x[1:2]))


def test_what_is_outside_a_box_counts_as_negative_but_for_positive_prompts():
    x = torch.zeros(1, 5, 64, 64)
    x[:, 0] = torch.rand(64, 64, generator=torch.Generator().manual_seed(0))
    x[:, 1, 16:48, 16:48] = 1
    x[:, 2, 30:34, 30:34] = x[:, 2, 2:6, 2:6] = 1
    net = network(CompactConfig(contrasts=(8.0,)))
    *_, signs = net._found(x, net.see(x[:, :1]))
    assert signs[0, 0, 31, 31] > 0.5
    assert signs[0, 0, 31, 60] < -0.9
    assert signs[0, 0, 4, 4] > signs[0, 0, 4, 12] + 0.3


@pytest.mark.parametrize(
    "config",
    [
        CompactConfig(),
        CompactConfig(relief=False, ridges=False),
        CompactConfig(likeness=False),
        SMALL,
    ],
)
def test_what_was_seen_of_an_image_holds_for_all_that_is_drawn_on_it(config):
    net = network(config)
    x = torch.rand(2, 5, 64, 64, generator=torch.Generator().manual_seed(0))
    x[:, 1:4] = (x[:, 1:4] > 0.97).float()
    seen = net.see(x[:, :1])
    with torch.no_grad():
        for drawn in (x, torch.cat([x[:, :1], x[:, 1:].flip(-1)], dim=1)):
            torch.testing.assert_close(net(drawn, seen), net(drawn), rtol=0, atol=0)
        # It is what is read, not the image once more.
        assert (net(x, net.see(x[:, :1].flip(-1))) - net(x)).abs().max() > 0.01


def test_what_was_seen_of_other_images_is_refused():
    net = network(SMALL)
    with pytest.raises(ValueError, match=r"seen takes what was seen of the images in x, \(4, 1, 16, 16\)"):
        net(torch.zeros(4, 5, 16, 16), net.see(torch.zeros(1, 1, 16, 16)))


def test_whatever_torch_makes_by_default_networks_are_of_single_precision(tmp_path):
    path = save_network(tmp_path / "net.safetensors", network(SMALL), resolution=64)
    image, click = torch.rand(64, 64).numpy(), sp.Prompts([sp.Click(30, 30)])
    logits = sp.load_predictor(path).open(image).predict(click).logits
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(sp.load_predictor(path).open(image).predict(click).logits, logits)
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_untrained_network_agrees_with_where_prompts_reach():
    x = torch.zeros(1, 5, 64, 64)
    x[:, 0, 20:44, 20:44] = 1
    x[:, 2, 28:36, 28:36] = x[:, 3, 4:8, 4:8] = 1
    net = CompactNetwork(CompactConfig())
    logits = net(x)[0, 0]
    assert (logits[22:42, 22:42] > 0).float().mean() > 0.9
    assert (logits[:16] < 0).float().mean() > 0.9


def test_a_box_alone_shows_what_edges_part_from_its_outside():
    x = torch.zeros(1, 5, 64, 64)
    x[:, 0, 20:44, 20:44] = 1
    x[:, 1, 16:48, 16:48] = 1
    net = network(CompactConfig(contrasts=(8.0,)))
    *_, signs = net._found(x, net.see(x[:, :1]))
    assert (signs[0, 0, 22:42, 22:42] > 0).all()
    assert (signs[0, 0, :16] < 0).all()


def test_wild_previous_logits_are_tamed():
    x = torch.zeros(1, 5, 16, 16)
    x[:, 4] = 1e6
    with torch.no_grad():
        assert torch.isfinite(network(SMALL)(x)).all()


@pytest.mark.parametrize("shape", [(1, 4, 16, 16), (1, 5, 16, 12), (5, 16, 16)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 8"):
        CompactNetwork(SMALL)(torch.zeros(shape))


def test_wrong_configurations_are_refused():
    with pytest.raises(ValueError, match="plain, wide"):
        Level(8, block="dense")
    with pytest.raises(ValueError, match="weight, none"):
        CompactConfig(norm="layer")
    with pytest.raises(ValueError, match="at least one level"):
        CompactConfig(levels=())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_file_rebuilds_its_network(tmp_path, dtype):
    net = network(SMALL)
    path = save_network(tmp_path / "net.safetensors", net, resolution=64, training={"steps": 3}, dtype=dtype)
    again, described = load_network(path)
    assert (described.network, described.resolution, described.training) == (SMALL, 64, {"steps": 3})
    x = torch.rand(1, 5, 16, 16)
    tolerance = 0 if dtype == torch.float32 else 2e-2
    with torch.no_grad():
        torch.testing.assert_close(again(x), net(x), rtol=tolerance, atol=tolerance)
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


@pytest.mark.parametrize("field", ["likeness", "contrasts", "levels"])
def test_a_file_that_does_not_say_all_about_its_network_is_refused(tmp_path, field):
    path = save_network(tmp_path / "net.safetensors", network(SMALL), resolution=64)
    with safe_open(path, framework="pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    described = json.loads(metadata["network"])
    del described[field]
    save_file(tensors, path, {**metadata, "network": json.dumps(described)})
    with pytest.raises(ValueError, match=f"describes no network that this version knows.*{field}"):
        load_network(path)


def test_a_file_is_a_predictor(tmp_path):
    path = save_network(tmp_path / "net.safetensors", network(SMALL), resolution=64)
    predictor = sp.load_predictor(path)
    prediction = predictor.open(torch.rand(50, 70).numpy()).predict(point_coords=[(30, 20)], point_labels=[1])
    assert prediction.mask.shape == (50, 70)
    assert prediction.state.logits.shape == (64, 64)


def test_other_files_are_refused_by_name(tmp_path):
    from safetensors.torch import save_file

    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_network("nowhere.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="architecture None"):
        load_network(tmp_path / "a.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="cannot be read"):
        load_network(tmp_path / "torn.safetensors")
    path = save_network(tmp_path / "b.safetensors", network(SMALL), resolution=64)
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode, "others can read it, as any file"
    assert {one.name for one in tmp_path.iterdir()} == {"a.safetensors", "torn.safetensors", "b.safetensors", "plain"}
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # a handle, not a dict
    described = json.loads(metadata["network"])
    save_file(tensors, path, {**metadata, "network": json.dumps({**described, "depth": 3})})
    with pytest.raises(ValueError, match="depth"):
        load_network(path)
    save_file(tensors, path, {**metadata, "network": json.dumps({**described, "detail": 8})})
    with pytest.raises(ValueError, match="stem"):
        load_network(path)
