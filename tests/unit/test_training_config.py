"""Configurations: shipped ones load, changes arrive, mistakes are named."""

from dataclasses import replace

import pytest

from scribbleprompt_widget.models.compact import IN_CHANNELS, CompactNetwork
from scribbleprompt_widget.training.config import (
    Size,
    TrainingConfig,
    build,
    read_config,
    shipped_configs,
    write_config,
)


@pytest.mark.parametrize("name", shipped_configs())
def test_shipped_configurations_load_and_survive_a_file(name, tmp_path):
    config = read_config(name)
    write_config(tmp_path / "again.yaml", config)
    assert read_config(tmp_path / "again.yaml") == config


def test_the_documented_names_are_shipped():
    assert {"smoke", "cpu", "gpu", "paper", "ablation"} <= set(shipped_configs())


def test_the_papers_network_reads_its_five_channels():
    network = CompactNetwork(read_config("paper").network)
    assert network.stem.conv.in_channels == IN_CHANNELS == 5
    assert network.agreement is None


def test_nothing_that_is_measured_on_is_trained_on():
    for name in ("cpu", "gpu", "default", "paper", "ablation"):
        config = read_config(name)
        assert config.validation.sets
        assert set(config.validation.sets) <= set(config.data.exclude)


def test_changes_arrive_with_their_types():
    config = read_config(
        "smoke",
        [
            "optimisation.rate=1e-4",
            "sizes=[{resolution: 32, batch: 2}]",
            "minutes=null",
            "data.weights={a: 2}",
            "seed=3",
        ],
    )
    assert config.optimisation.rate == 1e-4
    assert config.sizes == (Size(32, 2),)
    assert config.minutes is None
    assert config.data.weights == {"a": 2.0}
    assert config.seed == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("optimisation.rat=1", r"unknown key optimisation\.rat; optimisation takes optimiser, rate"),
        ("step=1", "unknown key step; the config takes seed, steps"),
        ("steps=many", "steps takes int, got 'many'"),
        ("steps=1.5", "steps takes int"),
        ("steps=true", "steps takes int"),
        ("steps=0", "steps"),
        ("precision=fp8", "precision takes one of 32-true"),
        ("sizes=[{resolution: 100}]", "multiples of the network's stride"),
        ("sizes=3", "sizes takes a list"),
        ("sizes=[{resolutions: 3}]", r"unknown key sizes\[0\]\.resolutions"),
        ("network.levels=[{width: 8, block: dense}]", r"network\.levels\[0\]: block takes one of plain, wide"),
        ("loss={dice: 0, focal: 0, cross_entropy: 0}", "loss: "),
        ("optimisation.rate=-1", "optimisation: "),
        ("optimisation=3", "optimisation takes keys with values"),
        ("rounds", "key=value"),
    ],
)
def test_mistakes_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        read_config("smoke", [change])


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(FileNotFoundError, match="smoke"):
        read_config("smok")


def test_a_configuration_is_passed_through():
    config = TrainingConfig(steps=3)
    assert build(TrainingConfig, config) is config
    assert replace(config, steps=4) != config
