"""Engines give the same logits; the quickest that is there is taken."""

import logging

import numpy as np
import pytest
import torch

from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.predictors import engines
from scribbleprompt_widget.predictors.engines import OnnxEngine, TorchEngine, choose_engine

SMALL = CompactConfig(4, (Level(8), Level(8, block="wide"), Level(32, decoder=0, attention=True)))
SIDE = 32


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CompactNetwork(SMALL).eval().fold()


@pytest.fixture(scope="module")
def channels():
    drawn = np.random.default_rng(0).random((5, SIDE, SIDE), dtype=np.float32)
    drawn[1:4] = drawn[1:4] > 0.95
    return drawn


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def test_onnx_runtime_gives_torchs_logits_and_exports_once(network, channels, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    expected = TorchEngine(network)(channels)
    np.testing.assert_allclose(OnnxEngine(network, resolution=SIDE)(channels), expected, atol=1e-4)
    (path,) = tmp_path.rglob("*.onnx")
    made = path.stat().st_mtime_ns
    np.testing.assert_allclose(OnnxEngine(network, resolution=SIDE)(channels), expected, atol=1e-4)
    assert [p.stat().st_mtime_ns for p in tmp_path.rglob("*.*")] == [made]


def test_bfloat16_is_close(network, channels):
    engine = TorchEngine(network, bfloat16=True)
    assert engine.name == "torch cpu bfloat16"
    found = engine(channels)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, TorchEngine(network)(channels), atol=0.1)


@pytest.mark.parametrize(
    ("bfloat16", "installed", "name"),
    [(True, True, "torch cpu bfloat16"), (False, True, "onnxruntime cpu"), (False, False, "torch cpu")],
)
def test_the_quickest_engine_that_is_there(network, monkeypatch, bfloat16, installed, name):
    if installed:
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    else:
        monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(engines, "has_bfloat16", lambda: bfloat16)
    assert choose_engine(network, resolution=SIDE).name == name


def test_a_broken_extra_is_no_trouble(network, monkeypatch, caplog):
    def broken(module, *, resolution):
        raise RuntimeError("no such provider")

    monkeypatch.setattr(engines, "has_bfloat16", lambda: False)
    monkeypatch.setattr(engines, "OnnxEngine", broken)
    with caplog.at_level(logging.WARNING):
        assert choose_engine(network, resolution=SIDE).name == "torch cpu"
    assert "no such provider" in caplog.text
