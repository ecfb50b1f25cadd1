"""The network that is shipped: small, offline, and as good as the model card says."""

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget import models
from scribbleprompt_widget.models.network_file import load_network
from scribbleprompt_widget.predictors.network import SHIPPED_WEIGHTS
from scribbleprompt_widget.training.config import read_config

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
MOST_BYTES = 10e6


@pytest.fixture(scope="module")
def predictor():
    return sp.load_predictor("compact")


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def disc(side, centre, radius):
    y, x = np.mgrid[:side, :side]
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def test_it_is_small_and_was_trained_without_what_it_is_measured_on():
    with resources.as_file(resources.files(models) / SHIPPED_WEIGHTS) as path:
        assert path.stat().st_size < MOST_BYTES
        _, described = load_network(path)
    held_out = read_config("default").validation.sets
    assert held_out
    for run in (described.training, *described.training["earlier"]):
        assert set(held_out) <= set(run["config"]["data"]["exclude"])


@pytest.mark.parametrize("side", [100, 256, 1024])
def test_a_stroke_of_each_sign_outlines_a_disc(predictor, side):
    truth = disc(side, (0.45 * side, 0.5 * side), 0.2 * side)
    image = 0.3 + 0.4 * truth + np.random.default_rng(0).normal(0, 0.03, truth.shape)
    inside = sp.Scribble([(0.4 * side, 0.4 * side), (0.5 * side, 0.6 * side)], width=side / 60)
    beside = sp.Scribble([(0.1 * side, 0.1 * side), (0.9 * side, 0.1 * side)], positive=False, width=side / 60)
    assert dice(predictor.open(image).predict(sp.Prompts([inside, beside])).mask, truth) > 0.93


def test_a_box_alone_and_a_click_alone_find_a_disc(predictor):
    truth = disc(256, (110, 130), 40)
    image = 0.3 + 0.4 * truth + np.random.default_rng(0).normal(0, 0.03, truth.shape)
    session = predictor.open(image)
    assert dice(session.predict(box=(70, 90, 150, 170)).mask, truth) > 0.9
    assert dice(session.predict(point_coords=[(110, 130)], point_labels=[1]).mask, truth) > 0.8


@pytest.mark.skipif(not DEV.is_dir(), reason="MedScribble is not here")
@pytest.mark.parametrize(
    ("task", "least"),
    [("acdc", 0.915), ("btcv", 0.9), ("hipxray", 0.93), ("octa500", 0.455), ("paxray", 0.825), ("wbc", 0.915)],
)
def test_peoples_own_scribbles(predictor, task, least):
    with np.load(DEV / f"{task}.npz") as data:
        images, masks, scribbles = data["images"], data["masks"] > 0, data["scribbles"] > 0
    scores = []
    for image, mask, drawn in zip(images, masks, scribbles, strict=True):
        session = predictor.open(image)
        scores += [dice(session.predict(scribbles=one.astype(float)).mask, mask) for one in drawn]
    assert np.mean(scores) > least
