"""The shipped `smoke` run, a minute without any data: it learns, and it reads every kind of prompt."""

import csv

import pytest
import torch

from scribbleprompt_widget.models.network_file import load_network
from scribbleprompt_widget.simulation.boxes import boxes
from scribbleprompt_widget.simulation.rounds import PromptChannels, corrections, network_input
from scribbleprompt_widget.training.config import read_config
from scribbleprompt_widget.training.loop import train
from scribbleprompt_widget.training.play import SURE, dice, play
from scribbleprompt_widget.training.source import Source

HELD_OUT_SEED = 12345
COUNT = 64
STRIKES = 2
"""How often an annotator strikes out what is wrong, 1 to 3 clicks or scribbles each time."""


@pytest.fixture(scope="module")
def config():
    return read_config("smoke")


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smoke")
    train(config, folder, device="cpu", progress=False)
    return folder


@pytest.fixture(scope="module")
def network(run):
    return load_network(run / "weights.safetensors")[0]


@pytest.fixture(scope="module")
def shapes(config):
    """Held-out synthetic shapes."""
    return Source(config.data, config.validation.resolution).batch(0, COUNT, seed=HELD_OUT_SEED)


def test_loss_falls(run):
    with (run / "steps.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    part = len(losses) // 5
    assert sum(losses[-part:]) < 0.75 * sum(losses[:part])


@torch.inference_mode()
def test_dice_on_held_out_shapes(config, network, shapes):
    scores = [
        dice(logits > 0, shapes.masks).mean().item()
        for logits in play(network, shapes.images, shapes.masks, shapes.draws, config.simulation, rounds=5)
    ]
    print("Dice by round:", scores)
    assert scores[0] > 0.6
    assert scores[-1] > 0.75
    assert scores[-1] > scores[0]


@torch.inference_mode()
@pytest.mark.parametrize("kind", ["box", "positive", "negative"])
def test_no_channel_can_be_left_out(config, network, shapes, kind):
    images, masks, draws = shapes
    nothing = torch.zeros_like(masks)
    channels, previous = PromptChannels(nothing, nothing, nothing), nothing
    if kind == "box":
        channels = channels._replace(box=boxes(masks, draws.fork("box"), config.simulation))
    elif kind == "positive":
        channels = corrections(channels, masks, nothing > 0, draws, config.simulation, number=1)
    else:
        # Somebody's mask holds another object too: people strike it out.
        previous = SURE * (2 * ((masks > 0) | (masks.flip(-1) > 0)).float() - 1)
        for number in range(STRIKES):
            channels = corrections(channels, masks, previous > 0, draws, config.simulation, number=number)
        assert not channels.positive.any()
    assert getattr(channels, kind).any()
    with_it, without = (
        dice(network(network_input(images, given, previous)) > 0, masks).mean().item()
        for given in (channels, channels._replace(**{kind: nothing}))
    )
    print(kind, with_it, without)
    assert with_it - without >= 0.1
