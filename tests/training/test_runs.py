"""Runs as people start them: by the command, killed, resumed, over two processes."""

import csv
import os
import re
import signal
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from scribbleprompt_widget import cli
from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.models.network_file import load_network, save_network
from scribbleprompt_widget.training.checkpoint import read_state
from scribbleprompt_widget.training.config import read_config, write_config
from scribbleprompt_widget.training.loop import CONFIG, WEIGHTS, resume, train

STEPS = 24
TINY = [
    f"steps={STEPS}",
    "minutes=null",
    "rounds=2",
    "sizes=[{resolution: 32, batch: 2}, {resolution: 48, batch: 1}]",
    "network={detail: 4, levels: [{width: 8}, {width: 8, block: wide}, {width: 32, decoder: 0, attention: true}]}",
    "validation={every: 9, images: 2, resolution: 32}",
    "checkpoint_every=2",
]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
PATIENCE_S = 120


def command(*words):
    return [str(Path(sys.executable).with_name("scribbleprompt")), "train", *map(str, words)]


def run(*words):
    done = subprocess.run(
        command(*words), check=False, env=ONE_THREAD, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_struck_by(sent, *words):
    """A run that sends itself a signal where it would write its third checkpoint: no earlier, no later."""
    script = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background has it ignored
from scribbleprompt_widget import cli
from scribbleprompt_widget.training import loop

write, begun = loop.write_state, []

def write_or_fall(*words):
    begun.append(words)
    if len(begun) == 3:
        os.kill(os.getpid(), {int(sent)})
    write(*words)

loop.write_state = write_or_fall
sys.exit(cli.main(["train", *sys.argv[1:]]))
"""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        check=False,
        env=ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def rows(path, *, without=()):
    with path.open() as file:
        return [{key: value for key, value in row.items() if key not in without} for row in csv.DictReader(file)]


def with_batch(config, factor):
    return replace(config, sizes=tuple(replace(size, batch=factor * size.batch) for size in config.sizes))


def test_a_run_killed_and_resumed_equals_one_that_was_not_bit_for_bit(tmp_path):
    assert run("smoke", "--out", tmp_path / "whole", *TINY).strip() == str(tmp_path / "whole" / WEIGHTS)

    killed = tmp_path / "killed"
    assert run_struck_by(signal.SIGKILL, "smoke", "--out", killed, *TINY).returncode == -signal.SIGKILL
    assert read_state(killed)["step"] == 4
    # Its logs went on after that checkpoint: what they say is taken back.
    assert len(rows(killed / "steps.csv")) == 6
    run("--resume", killed)

    whole, resumed = (load_file(path / WEIGHTS) for path in (tmp_path / "whole", killed))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    ends = [read_state(path) for path in (tmp_path / "whole", killed)]
    for part in ("network", "average"):
        assert all(torch.equal(ends[0][part][name], ends[1][part][name]) for name in ends[0][part])
    assert rows(tmp_path / "whole" / "steps.csv", without=["minutes"]) == rows(
        killed / "steps.csv", without=["minutes"]
    )
    assert rows(tmp_path / "whole" / "scores.csv") == rows(killed / "scores.csv")

    # A finished run has nothing left to do, and keeps its logs.
    before = (killed / "scores.csv").read_text()
    resume(killed, device="cpu", progress=False)
    assert (killed / "scores.csv").read_text() == before


def test_two_processes_train_the_network_that_one_with_their_whole_batch_trains(tmp_path):
    # Standardised weights: batch normalisation would see half the batch in each process. Idle: which pixels a young
    # network gets wrong is decided by rounding, and so would be the corrections.
    config = read_config("smoke", [*TINY, "steps=4", "network.norm=weight", "idle=0.999999"])
    write_config(tmp_path / "tiny.yaml", config)
    words = [
        "--standalone",
        "--nproc-per-node=2",
        "--no-python",
        *command(tmp_path / "tiny.yaml", "--out", tmp_path / "two"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words, "--device", "cpu"],
        check=False,
        env=ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    together = load_network(tmp_path / "two" / WEIGHTS)[0]
    alone = train(with_batch(config, 2), tmp_path / "one", device="cpu", progress=False)
    for ours, theirs in zip(together.parameters(), load_network(alone)[0].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(*(rows(tmp_path / name / "steps.csv") for name in ("two", "one")), strict=True):
        assert float(ours["loss"]) == pytest.approx(float(theirs["loss"]), rel=1e-3)


def test_processes_that_do_not_share_the_runs_folder_are_refused(tmp_path):
    # As on two machines without a common disk: the first has a checkpoint, the second has none.
    config = tmp_path / "tiny.yaml"
    write_config(config, read_config("smoke", [*TINY, "steps=2"]))
    train(read_config(config), tmp_path / "machine0", device="cpu", progress=False)
    (tmp_path / "each.py").write_text(
        f"""
import os
from scribbleprompt_widget.training.config import read_config
from scribbleprompt_widget.training.loop import train

train(read_config({str(config)!r}), {str(tmp_path / "machine")!r} + os.environ["RANK"], device="cpu", progress=False)
"""
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node=2",
            str(tmp_path / "each.py"),
        ],
        check=False,
        env=ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode != 0
    assert re.search(r"ValueError: .*machine\d' is not the same folder in all processes.*steps 2, 0", done.stderr)


def test_a_time_budget_ends_a_run_and_its_cosine(tmp_path):
    config = read_config("smoke", [*TINY, "steps=1000000", "minutes=0.05"])
    train(config, tmp_path / "run", device="cpu", progress=False)
    steps = rows(tmp_path / "run" / "steps.csv")
    assert 1 < len(steps) < 1000
    assert float(steps[-1]["minutes"]) >= 0.05
    assert float(steps[-1]["rate"]) < config.optimisation.rate * 0.3


def test_a_run_goes_on_from_weights(tmp_path):
    first = train(read_config("smoke", TINY), tmp_path / "first", progress=False)
    held = ["steps=1", "optimisation.rate=1e-9", "optimisation.average=0"]
    second = train(read_config("smoke", [*TINY, *held, f"start={first}"]), tmp_path / "second", progress=False)
    (before, described), (after, again) = load_network(first), load_network(second)
    assert described.network == again.network
    for name, weights in before.state_dict().items():
        torch.testing.assert_close(after.state_dict()[name], weights, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="start takes weights of the run's network"):
        train(read_config("smoke", ["steps=1", f"start={first}"]), tmp_path / "third", progress=False)

    # Folded, as it is after fine-tuning.
    folded = save_network(tmp_path / "folded.safetensors", before.fold(), resolution=32)
    with pytest.raises(ValueError, match=r"start takes.*folded\.safetensors.*folded away"):
        train(read_config("smoke", [*TINY, *held, f"start={folded}"]), tmp_path / "fourth", progress=False)
    train(
        read_config("smoke", [*TINY, *held, f"start={folded}", "network.norm=none"]), tmp_path / "fifth", progress=False
    )


def test_a_folder_keeps_its_configuration(tmp_path):
    config = read_config("smoke", [*TINY, "steps=1"])
    train(config, tmp_path, device="cpu", progress=False)
    assert (tmp_path / CONFIG).is_file()
    with pytest.raises(ValueError, match="another configuration: steps"):
        train(read_config("smoke", [*TINY, "steps=2"]), tmp_path, device="cpu", progress=False)
    with pytest.raises(FileNotFoundError, match=r"config\.yaml"):
        resume(tmp_path / "nowhere")


def test_what_is_wrong_with_the_data_is_told_before_the_first_step_and_leaves_the_folder_free(tmp_path):
    tiny = [*TINY, "steps=1"]
    with pytest.raises(FileNotFoundError, match="dat'"):
        train(read_config("smoke", [*tiny, f"data.root={tmp_path / 'dat'}"]), tmp_path / "run", progress=False)
    with pytest.raises(FileNotFoundError, match="people's scribbles"):
        train(read_config("smoke", tiny), tmp_path / "run", people=tmp_path, progress=False)
    assert not (tmp_path / "run" / CONFIG).exists()
    train(read_config("smoke", tiny), tmp_path / "run", device="cpu", progress=False)
    assert (tmp_path / "run" / WEIGHTS).is_file()


def test_warnings_are_told_without_the_code_that_gave_them(tmp_path):
    (folder := tmp_path / "data").mkdir()
    masks = np.zeros((2, 64, 64), dtype=np.uint8)
    masks[0, 20:44, 20:44] = 1
    np.savez(folder / "half.npz", images=np.random.default_rng(0).integers(0, 99, masks.shape, np.uint8), masks=masks)
    words = ["--data", folder, "--out", tmp_path / "run", *TINY, "steps=1", "data.superpixel_probability=0"]
    done = subprocess.run(
        command("smoke", *words), check=True, env=ONE_THREAD, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert "scribbleprompt: left out of training: half: image 1 (its mask is empty)\n" in done.stderr
    assert ".py" not in done.stderr


def test_a_run_that_cannot_go_on_is_told_without_a_traceback(tmp_path, capsys):
    steep = [*TINY, "steps=50", "optimisation.rate=1e30"]
    assert cli.main(["train", "smoke", "--out", str(tmp_path), "--device", "cpu", *steep]) == 1
    assert "lower optimisation.rate" in capsys.readouterr().err


def test_an_interrupted_run_says_how_it_goes_on(tmp_path):
    done = run_struck_by(signal.SIGINT, "smoke", "--out", tmp_path, *TINY)
    assert done.returncode == 130
    assert f"scribbleprompt train --resume {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_losses_that_are_no_numbers_are_skipped_and_then_told(tmp_path, monkeypatch):
    from scribbleprompt_widget.training import loop

    config = read_config("smoke", [*TINY, "steps=3"])
    spoiled = iter([False, True, False])
    real = loop.segmentation_loss
    bad = [False]

    def loss(logits, masks, config):
        if logits.requires_grad and not hasattr(loss, "rounds"):
            loss.rounds = iter(range(2))
            bad[0] = next(spoiled)
        value = real(logits, masks, config)
        if next(loss.rounds, None) == 1:
            del loss.rounds
        return value * float("nan") if bad[0] else value

    monkeypatch.setattr(loop, "segmentation_loss", loss)
    train(config, tmp_path / "once", device="cpu", progress=False)
    assert all(torch.isfinite(p).all() for p in load_network(tmp_path / "once" / WEIGHTS)[0].parameters())

    monkeypatch.setattr(loop, "segmentation_loss", lambda *a: real(*a) * float("nan"))
    with pytest.raises(FloatingPointError, match=r"lower optimisation\.rate"):
        train(read_config("smoke", [*TINY, "steps=50"]), tmp_path / "always", device="cpu", progress=False)


def test_weights_of_sets_and_a_set_that_is_held_out_go_together(tmp_path):
    rng = np.random.default_rng(0)
    (data := tmp_path / "data").mkdir()
    for name in ("seen", "kept"):
        masks = np.zeros((2, 64, 64), dtype=np.uint8)
        masks[:, 20:44, 20:44] = 1
        np.savez(data / f"{name}.npz", images=rng.integers(0, 99, masks.shape, np.uint8) + 99 * masks, masks=masks)
    sets = ["data.exclude=[kept]", "validation.sets=[kept]", "data.weights={seen: 2}", "data.superpixel_probability=0"]
    config = read_config("smoke", [*TINY, *sets, f"data.root={data}", "steps=2"])
    train(config, tmp_path / "run", progress=False)
    _, described = load_network(tmp_path / "run" / WEIGHTS)
    assert list(described.training["dice"]) == ["kept"]
    assert described.training["config"]["data"]["root"] == "data", "where it was is nobody's business"


@pytest.mark.parametrize("has", [False, True])
def test_a_processor_that_would_imitate_bfloat16_trains_in_single_precision(tmp_path, monkeypatch, has):
    monkeypatch.setattr("scribbleprompt_widget.training.loop.has_bfloat16", lambda: has)
    tiny = read_config("smoke", [*TINY, "steps=2"])
    plain = train(tiny, tmp_path / "plain", device="cpu", progress=False)
    mixed = replace(tiny, precision="bf16-mixed")
    with nullcontext() if has else pytest.warns(UserWarning, match="no instructions for bfloat16"):
        other = train(mixed, tmp_path / "mixed", device="cpu", progress=False)
    one, two = load_file(plain), load_file(other)
    assert all(torch.equal(one[name], two[name]) for name in one) is not has


def test_a_network_in_bfloat16_reads_images_as_they_are(tmp_path, monkeypatch):
    read = []
    forward = CompactNetwork.forward
    monkeypatch.setattr(CompactNetwork, "forward", lambda self, x: (read.append(x.dtype), forward(self, x))[1])
    monkeypatch.setattr("scribbleprompt_widget.training.loop.has_bfloat16", lambda: True)
    config = read_config("smoke", [*TINY, "steps=1", "precision=bf16-mixed"])
    train(config, tmp_path, device="cpu", progress=False)
    assert set(read) == {torch.float32}


def test_data_are_found_from_wherever_a_run_is_resumed(tmp_path, monkeypatch):
    (data := tmp_path / "2024").mkdir()
    masks = np.zeros((2, 64, 64), dtype=np.uint8)
    masks[:, 20:44, 20:44] = 1
    np.savez(data / "discs.npz", images=99 * masks, masks=masks)
    monkeypatch.chdir(tmp_path)
    words = [*TINY, "steps=2", "data.superpixel_probability=0", "validation.sets=[discs, misspelt]"]
    with pytest.warns(UserWarning, match=r"2024' lacks sets to measure on: misspelt$"):
        assert cli.main(["train", "smoke", "--data", "2024", "--out", "run", "--device", "cpu", *words]) == 0
    monkeypatch.chdir(data)
    with pytest.warns(UserWarning, match="misspelt"):
        assert cli.main(["train", "--resume", "../run", "--device", "cpu"]) == 0
