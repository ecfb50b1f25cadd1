"""What all predictors have in common: what goes in, what has to come out, and the registry of their names."""

import doctest

import numpy as np
import pytest
import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget import predictors
from scribbleprompt_widget.models.unet import ScribblePromptUNet
from scribbleprompt_widget.predictors import Grid, Predictor, Session
from scribbleprompt_widget.predictors.network import NetworkPredictor
from scribbleprompt_widget.predictors.registry import _FACTORIES
from tests.paint import PaintPredictor

SHAPE = (20, 30)
CLICK = sp.Prompts([sp.Click(5, 5)])


class Given(Predictor):
    """Answers with what it was given."""

    name = "given"
    engine = "none"

    def __init__(self, answer):
        self.answer = answer

    def _open(self, image):
        return GivenSession(self, image)


class GivenSession(Session):
    def _infer(self, prompts, previous):
        return self.predictor.answer(self)


WHOLE = Grid(0, 0, SHAPE[1], SHAPE[0], 2, 3)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda session: None, TypeError, "got NoneType"),
        (lambda session: session._state(np.zeros((1, 2, 3)), WHOLE), ValueError, r"got float64 of \(1, 2, 3\)"),
        (lambda session: session._state(np.zeros((3, 2)), WHOLE), ValueError, r"shape \(2, 3\), got .* \(3, 2\)"),
        (lambda session: session._state(np.ones((2, 3), int), WHOLE), ValueError, "float logits.*got int64"),
        (lambda session: session._state([[0.0] * 3] * 2, WHOLE), TypeError, "got a list"),
        (lambda session: session._state(np.full((2, 3), np.nan), WHOLE), ValueError, "finite"),
        (lambda session: session._state(np.full((2, 3), np.inf), WHOLE), ValueError, "finite"),
    ],
)
def test_a_predictor_that_answers_wrongly_is_named(answer, error, words):
    session = Given(answer).open(np.zeros(SHAPE))
    with pytest.raises(error, match=rf"predictor 'given' .*{words}"):
        session.predict(CLICK)


def test_a_state_is_read_for_images_of_its_own_size_alone():
    predictor = PaintPredictor()
    state = predictor.open(np.zeros(SHAPE)).predict(CLICK).state
    other = predictor.open(np.zeros((30, 20)))
    for call in (lambda: other.predict(CLICK, mask_input=state), lambda: other.restore(state)):
        with pytest.raises(ValueError, match=r"a state of an image of shape \(30, 20\), got one of \(20, 30\)"):
            call()


def test_networks_of_different_weights_do_not_read_each_others_states(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(NetworkPredictor, "forward", lambda _, x, _seen=None: given.append(x[4]) or x[4] + 1)
    sessions = []
    for seed in range(2):
        torch.manual_seed(seed)
        torch.save(ScribblePromptUNet().state_dict(), tmp_path / f"{seed}.pt")
        sessions.append(sp.load_predictor(tmp_path / f"{seed}.pt").open(np.zeros(SHAPE)))
    first, second = sessions
    state = first.predict(CLICK).state
    first.predict(CLICK, mask_input=state)
    second.predict(CLICK, mask_input=state)
    assert [bool(channel.any()) for channel in given] == [False, True, False]


def test_a_prompt_alone_is_told():
    with pytest.raises(TypeError, match="prompts takes a sequence of Click, Box, Scribble and Lasso, got Click"):
        PaintPredictor().open(np.zeros(SHAPE)).predict(sp.Click(1, 2))


def test_what_is_registered_must_make_predictors(monkeypatch):
    monkeypatch.setattr("scribbleprompt_widget.predictors.registry._FACTORIES", dict(_FACTORIES))
    with pytest.raises(TypeError, match="factory takes a callable that gives a Predictor, got 'mine'"):
        sp.register_predictor("mine", "mine")
    with pytest.raises(TypeError, match="name takes a string, got 3"):
        sp.register_predictor(3, PaintPredictor)
    sp.register_predictor("mine", lambda: None)
    with pytest.raises(TypeError, match="the factory of 'mine' gave NoneType, not a Predictor"):
        sp.load_predictor("mine")
    sp.register_predictor("mine", PaintPredictor)
    assert sp.load_predictor("mine").name == "paint"


def test_the_example_of_a_predictor_of_ones_own_runs(monkeypatch):
    monkeypatch.setattr("scribbleprompt_widget.predictors.registry._FACTORIES", dict(_FACTORIES))
    failed, attempted = doctest.testmod(predictors)
    assert (failed, attempted > 0) == (0, True)
