"""Parts of the loop: the schedule, the moving average, rounds, logs, checkpoints, measuring on people."""

import csv
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch

from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.checkpoint import CHECKPOINT, read_state, write_state
from scribbleprompt_widget.training.log import SCORES, STEPS, Log
from scribbleprompt_widget.training.optimisation import (
    MovingAverage,
    OptimisationConfig,
    make_optimiser,
    rate_factor,
)
from scribbleprompt_widget.training.play import SURE, dice, play
from scribbleprompt_widget.training.validation import people_dice, read_people

SIDE = 32


@pytest.fixture
def sample():
    masks = torch.zeros(3, 1, SIDE, SIDE)
    masks[:, :, 8:24, 6:20] = 1
    return 0.2 + 0.6 * masks, masks, Draws(torch.arange(3))


class Recorder(torch.nn.Module):
    """Answers with a constant, and remembers what it was asked."""

    def __init__(self, logit):
        super().__init__()
        self.logit = torch.nn.Parameter(torch.tensor(float(logit)))
        self.inputs = []

    def forward(self, x):
        self.inputs.append(x)
        return self.logit.expand(len(x), 1, *x.shape[2:])


def test_the_rate_rises_then_falls_along_a_cosine():
    config = OptimisationConfig(warm_up=9, final=0.1)
    rates = [rate_factor(step, step / 100, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, abs=0.01)
    assert all(a < b for a, b in pairwise(rates[:10]))
    assert max(rates) <= 1
    assert rates.index(max(rates)) == 9
    assert all(a > b for a, b in pairwise(rates[9:]))
    assert rates[-1] == pytest.approx(0.1)


def test_vectors_are_not_decayed():
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    decays = {
        id(p): group["weight_decay"]
        for group in make_optimiser(network, OptimisationConfig()).param_groups
        for p in group["params"]
    }
    assert [decays[id(p)] > 0 for p in network.parameters()] == [True, False, False, False]


def test_the_average_follows_and_leaves_the_network_alone():
    network = torch.nn.BatchNorm1d(1)
    average = MovingAverage(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(2.0)
        network.num_batches_tracked.fill_(7)
    for step in range(200):
        average.update(network, step)
    assert average.network.weight.item() == pytest.approx(2, abs=1e-4)
    assert average.network.num_batches_tracked.item() == 7
    assert not average.network.training
    assert network.weight.item() == 2


def test_prompts_are_kept_and_logits_are_carried_on(sample):
    network = Recorder(-3)
    logits = list(play(network, *sample, SimulationConfig(), rounds=3))
    assert len(logits) == 3
    first, second, third = network.inputs
    assert (first[:, 4] == 0).all()
    assert (second[:, 4] == -3).all()
    for earlier, later in ((first, second), (second, third)):
        assert (later[:, 1:4] >= earlier[:, 1:4]).all()
    # All of the object is missing: what is new is positive.
    assert (second[:, 2].sum(dim=(1, 2)) > first[:, 2].sum(dim=(1, 2))).all()
    assert torch.equal(second[:, 3], first[:, 3])


def test_no_graph_goes_from_round_to_round(sample):
    network = Recorder(-3)
    for logits in play(network, *sample, SimulationConfig(), rounds=3):
        network.zero_grad()
        logits.mean().backward()  # would fail were an earlier, freed round in this one's graph
        assert network.logit.grad.item() == pytest.approx(1)
    assert not any(x.requires_grad for x in network.inputs)


def test_idle_rounds_bring_no_prompt(sample):
    network = Recorder(-3)
    list(play(network, *sample, SimulationConfig(), rounds=3, idle=1 - 1e-9))
    assert torch.equal(network.inputs[0][:, 1:4], network.inputs[2][:, 1:4])


def test_a_wrong_mask_can_be_what_a_sample_begins_with(sample):
    images, masks, draws = sample
    masks = torch.zeros_like(masks)
    masks[:, :, 2:12, 3:9] = 1  # its mirrored copies lie elsewhere
    network = Recorder(-3)
    next(play(network, images, masks, draws, SimulationConfig(), rounds=1, given=1 - 1e-9))
    box, positive, negative, previous = network.inputs[0][:, 1:].split(1, dim=1)
    assert previous.unique().tolist() == [-SURE, SURE]
    assert not box.any()
    # Prompts say what is wrong with it, and nothing else.
    assert not (positive.bool() & ~((masks > 0) & (previous < 0))).any()
    assert not (negative.bool() & ~((masks == 0) & (previous > 0))).any()
    assert (positive + negative).sum(dim=(1, 2, 3)).gt(0).all()


def test_dice():
    a = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]).view(3, 1, 2, 2)
    b = torch.tensor([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]).view(3, 1, 2, 2)
    torch.testing.assert_close(dice(a > 0, b.float()), torch.tensor([2 / 3, 1.0, 0.0]))


def test_a_checkpoint_is_whole_or_the_one_before(tmp_path):
    assert read_state(tmp_path) is None
    write_state(tmp_path, {"step": 1, "weights": torch.ones(3)})
    (tmp_path / f".{CHECKPOINT}.part").write_bytes(b"half")  # killed while writing the next
    assert read_state(tmp_path)["step"] == 1
    write_state(tmp_path, {"step": 2})
    assert read_state(tmp_path) == {"step": 2}
    (tmp_path / CHECKPOINT).write_bytes(b"half")
    with pytest.raises(ValueError, match=CHECKPOINT):
        read_state(tmp_path)


def test_logs_go_on_from_the_checkpoint(tmp_path):
    facts = {"minutes": 0.5, "loss": 1.0, "rate": 0.1, "norm": 2.0}
    log = Log(tmp_path, 0)
    for step in (1, 2, 3):
        log.step(step, facts)
    log.scores(3, "a", [0.5, 0.75])
    log.close()
    with (tmp_path / STEPS).open("a") as file:
        file.write("4,0.")  # killed in the middle of a row
    log = Log(tmp_path, 2)
    log.step(3, facts)
    log.close()
    with (tmp_path / STEPS).open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    with (tmp_path / SCORES).open() as file:
        assert list(csv.DictReader(file)) == []


def test_people_are_measured_by_task(tmp_path):
    masks = np.zeros((2, 40, 40), np.uint8)
    masks[:, 10:30, 10:30] = 1
    scribbles = np.zeros((2, 3, 2, 40, 40), np.uint8)
    np.savez(tmp_path / "a.npz", images=masks * 255, masks=masks, scribbles=scribbles)
    np.savez(tmp_path / "b.npz", images=255 - masks * 255, masks=masks, scribbles=scribbles)

    class Bright(torch.nn.Module):
        def forward(self, x):
            return x[:, :1] - 0.5

    for side in (40, 64):
        scores = people_dice(Bright(), read_people(tmp_path), resolution=side, device=torch.device("cpu"))
        assert scores["a"] == pytest.approx(1, abs=0.02)
        assert scores["b"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": np.zeros((2, 8, 8))}, "lacks masks, scribbles"),
        ({"images": np.zeros((2, 8, 8, 3)), "masks": np.zeros((2, 8, 8))}, r"images and masks \(N, H, W\)"),
        ({"images": np.zeros((2, 8, 8)), "masks": np.zeros((2, 8, 9))}, r"images and masks \(N, H, W\)"),
        ({"images": np.eye(8)[None], "masks": np.eye(8)[None], "scribbles": np.zeros((1, 2, 8, 8))}, "takes scribbles"),
    ],
)
def test_people_in_another_layout_are_refused_by_name(tmp_path, arrays, words):
    with pytest.raises(FileNotFoundError, match=r"\.npz"):
        read_people(tmp_path)
    np.savez(tmp_path / "c.npz", **{"scribbles": np.zeros((2, 3, 2, 8, 8)), **arrays} if len(arrays) > 1 else arrays)
    with pytest.raises(ValueError, match=rf"c\.npz.*{words}"):
        read_people(tmp_path)
    (tmp_path / "c.npz").write_bytes(b"PK no archive")
    with pytest.raises(ValueError, match=r"c\.npz.*cannot be read"):
        read_people(tmp_path)


def test_only_the_network_runs_in_another_precision(sample):
    class Told(Recorder):
        def forward(self, x):
            self.inputs.append(torch.is_autocast_enabled("cpu"))
            return super().forward(x)

    plain, mixed = Told(-1), Told(-1)
    config = SimulationConfig(hand_probability=0)
    autocast = partial(torch.autocast, "cpu", torch.bfloat16)
    for network, keywords in ((plain, {}), (mixed, {"autocast": autocast})):
        list(play(network, *sample, config, rounds=3, **keywords))
    assert plain.inputs[::2] == [False] * 3
    assert mixed.inputs[::2] == [True] * 3
    assert all(torch.equal(a, b) for a, b in zip(plain.inputs[1::2], mixed.inputs[1::2], strict=True))
