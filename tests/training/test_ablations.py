"""The script of the paper's questions: trains, measures, reports, and goes on after a kill."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "ablations.py"
TINY = [
    "steps=2",
    "rounds=2",
    "sizes=[{resolution: 32, batch: 2}]",
    "precision=32-true",
    "network={detail: 4, levels: [{width: 8}, {width: 8, decoder: 0}]}",
    "validation={sets: [kept], every: 99, images: 2, resolution: 32}",
    "data.exclude=[kept]",
    "data.superpixel_probability=0",
]


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    masks = np.zeros((3, 64, 64), dtype=np.uint8)
    masks[:, 20:44, 20:44] = 1
    images = rng.integers(0, 99, masks.shape, np.uint8) + 99 * masks
    drawn = np.zeros((3, 1, 2, 64, 64), dtype=bool)
    drawn[:, :, 0, 30, 24:40] = drawn[:, :, 1, 4, 4:60] = True
    for folder in ("data", "people"):
        (tmp_path / folder).mkdir()
    for name in ("seen", "kept"):
        np.savez(tmp_path / "data" / f"{name}.npz", images=images, masks=masks)
    np.savez(tmp_path / "people" / "one.npz", images=images, masks=masks, scribbles=drawn)
    plan = {
        "recipes": {"base": [], "one round": ["rounds=1"]},
        "questions": {"Rounds in training": {"base": "two", "one round": "one"}},
    }
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    return tmp_path


def run(*changes):
    words = ["--data", "data", "--people", "people", "--out", "runs", "--plan", "plan.yaml", "--seeds", "2"]
    words += ["--protocol", "center_clicks", "--rounds", "2", "--limit", "2", "--device", "cpu", *TINY, *changes]
    runpy.run_path(str(SCRIPT))["main"](words)


def test_recipes_are_trained_measured_and_reported_once(data, monkeypatch):
    monkeypatch.chdir(data)
    run()
    report = (data / "runs" / "ablations.md").read_text()
    assert "| two | 2 | 2 |" in report
    # As many predictions: twice the steps.
    assert "| one | 2 | 4 |" in report
    for protocol in ("center clicks", "human"):
        assert f"|  | {protocol} | gain |" in report
    weights = [data / "runs" / recipe / "0" / "weights.safetensors" for recipe in ("base", "one_round")]
    written = [path.stat().st_mtime_ns for path in weights]
    # As if killed while it measured the last run.
    for path in (data / "runs" / "one_round" / "1" / "people").iterdir():
        path.unlink()
    (data / "runs" / "one_round" / "1" / "people").rmdir()
    (data / "runs" / "ablations.md").unlink()
    run()
    assert [path.stat().st_mtime_ns for path in weights] == written
    again = (data / "runs" / "ablations.md").read_text()
    assert [line for line in again.splitlines() if line[:1] != "|"] == [
        line for line in report.splitlines() if line[:1] != "|"
    ]
    assert again.count("± ") == report.count("± ")

    with pytest.raises(SystemExit, match="runs of other settings: changes differ"):
        run("steps=3")


def test_the_recipes_are_configurations():
    from scribbleprompt_widget.training.config import read_config

    plan = yaml.safe_load(SCRIPT.with_suffix(".yaml").read_text())
    configs = {name: read_config("ablation", recipe) for name, recipe in plan["recipes"].items()}
    assert len({repr(config) for config in configs.values()}) == len(configs)
    assert {name for variants in plan["questions"].values() for name in variants} == set(configs)
