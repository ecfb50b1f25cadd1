"""The training loop: one network learns first predictions and corrections from the simulated annotator.

Every random number follows from the seed, the step and the sample's place, so that a run that was killed goes on as if
nothing had been (on one CPU process with the same number of threads: bit for bit).
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision, Precision
from tqdm.auto import tqdm

from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.models.network_file import load_network, save_network
from scribbleprompt_widget.predictors.network import has_bfloat16
from scribbleprompt_widget.training.augmentation import NO_AUGMENTATION
from scribbleprompt_widget.training.checkpoint import read_state, write_state
from scribbleprompt_widget.training.config import TrainingConfig, plain, read_config, write_config
from scribbleprompt_widget.training.layout import data_sets
from scribbleprompt_widget.training.log import Log
from scribbleprompt_widget.training.losses import segmentation_loss
from scribbleprompt_widget.training.optimisation import MovingAverage, make_optimiser, rate_factor
from scribbleprompt_widget.training.play import play
from scribbleprompt_widget.training.source import Batch, Source
from scribbleprompt_widget.training.validation import dice_of_rounds, people_dice, read_people

__all__ = ["CONFIG", "WEIGHTS", "resume", "train"]

CONFIG: Final = "config.yaml"
"""The run's whole configuration, in its folder."""
WEIGHTS: Final = "weights.safetensors"
"""The averaged weights, in the run's folder: written with every measurement and at the end."""
HELD_OUT: Final = 1 << 20
"""Added to a run's seed for the samples that it is measured on: no training step draws from there."""
BAD_MOVES: Final = 20
"""Gradients in a row that are no numbers, after which a run gives up."""


def train(
    config: TrainingConfig,
    out: str | Path,
    *,
    people: str | Path | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Path:
    """Train a network; started again on the same folder, go on from its last checkpoint.

    Under ``torchrun`` every process takes its share: the batch of a step is `Size.batch` times the number of processes.

    Parameters
    ----------
    config
        The run.
    out
        The run's folder: configuration, checkpoint, logs (CSV, and TensorBoard's when it is installed) and weights.
    people
        A folder with people's own scribbles in MedScribble's layout, to measure on; never trained on.
    device
        Lightning Fabric's accelerator: "auto", "cpu", "cuda", "mps".
    progress
        Show a bar.

    Returns
    -------
    The weights' path, a file for `scribbleprompt_widget.load_predictor`.

    Raises
    ------
    ValueError
        When the folder holds a run of another configuration, or is not the same one in all processes, or the data or
        people's scribbles are not what they should be.
    FloatingPointError
        When the loss stops being finite.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    devices, machines = _processes()
    precision = _precision(config, Fabric(accelerator=device).device.type)
    fabric = Fabric(accelerator=device, devices=devices, num_nodes=machines, plugins=precision)
    fabric.launch()
    if fabric.is_global_zero:
        _refuse_another(out / CONFIG, config)
    fabric.barrier()
    run = _Run(config, out, fabric, people, progress=progress)
    # Only now: a run that never began (a misspelt folder of data) does not hold its folder.
    if fabric.is_global_zero and not (out / CONFIG).is_file():
        write_config(out / CONFIG, config)
    fabric.barrier()
    run.go()
    return out / WEIGHTS


def resume(out: str | Path, *, people: str | Path | None = None, device: str = "auto", progress: bool = True) -> Path:
    """Go on with the run in a folder, from its last checkpoint; see `train`.

    Raises
    ------
    FileNotFoundError
        When the folder holds no run.
    """
    path = Path(out) / CONFIG
    if not path.is_file():
        raise FileNotFoundError(f"{str(out)!r} holds no training run: {CONFIG} is not there")
    return train(read_config(path), out, people=people, device=device, progress=progress)


class _Run:
    """The state of a run, and its steps."""

    def __init__(
        self, config: TrainingConfig, out: Path, fabric: Fabric, people: str | Path | None, *, progress: bool
    ) -> None:
        self.config, self.out, self.fabric, self.progress = config, out, fabric, progress
        # Read now, so that a folder without scribbles is told before the first step.
        self.people = read_people(people) if people is not None and fabric.is_global_zero else None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = CompactNetwork(config.network) if config.start is None else _started(config)
        self.average = MovingAverage(self.network, config.optimisation.average)
        self.average.network.to(fabric.device)
        optimiser = make_optimiser(self.network, config.optimisation)
        forward = torch.compile(self.network) if config.compile else self.network
        self.module, self.optimiser = fabric.setup(cast("torch.nn.Module", forward), optimiser)
        source = Source(config.data, config.sizes[0].resolution)
        self.sources = [source.at(size.resolution) for size in config.sizes]
        self.held_out = _held_out(config, fabric.device) if fabric.is_global_zero else {}
        self.step, self.seconds, self.bad = 0, 0.0, 0
        if (state := read_state(out)) is not None:
            self._restore(state)
        _refuse_folders_apart(out, self.step, fabric)
        self.log = Log(out, self.step) if fabric.is_global_zero else None

    def go(self) -> None:
        """All steps that are left, checkpoints and measurements between them."""
        config = self.config
        started = time.monotonic() - self.seconds
        done = self._done()
        with self._bar() as bar, self.log or nullcontext(), self._batches() as batches:
            while done < 1:
                facts = self._take_step(next(batches), done)
                self.step += 1
                self.seconds = time.monotonic() - started
                done = self._done()
                bar.update()
                bar.set_postfix(facts, refresh=False)
                if self.log is not None:
                    self.log.step(self.step, {"minutes": self.seconds / 60, **facts})
                # What was measured is in the checkpoint's past: a run resumed after its end has nothing to do.
                if done >= 1 or self.step % config.validation.every == 0:
                    self._measure()
                if done >= 1 or self.step % config.checkpoint_every == 0:
                    self._save()

    def _bar(self) -> tqdm[NoReturn]:
        hidden = not (self.progress and self.fabric.is_global_zero)
        return tqdm(total=self.config.steps, initial=self.step, unit="step", disable=hidden)

    def _done(self) -> float:
        """The share of the run that is over; the same in all processes."""
        by_steps = self.step / self.config.steps
        if self.config.minutes is None:
            return by_steps
        by_time = self.seconds / (60 * self.config.minutes)
        done: float = self.fabric.broadcast(1.0 if by_steps >= 1 else by_time)
        return done

    def _take_step(self, batch: Batch, done: float) -> dict[str, float]:
        config, optimisation = self.config, self.config.optimisation
        rate = optimisation.rate * rate_factor(self.step, done, optimisation)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.module.train()
        losses, norm = [], 0.0
        played = play(
            self.module,
            batch.images,
            batch.masks,
            batch.draws,
            config.simulation,
            rounds=config.rounds,
            idle=config.idle,
            given=config.given,
        )
        for number in range(config.rounds):
            moves = optimisation.every_round or number == config.rounds - 1
            # Gradients of several processes are added up when the weights move, not before.
            waits = self.fabric.world_size > 1 and not moves
            with self.fabric.no_backward_sync(self.module, enabled=True) if waits else nullcontext():
                loss = segmentation_loss(next(played), batch.masks, config.loss).mean()
                self.fabric.backward(loss if optimisation.every_round else loss / config.rounds)
            losses.append(loss.detach())
            if moves:
                norm = self._move()
        mean = cast("torch.Tensor", self.fabric.all_reduce(torch.stack(losses).mean()))
        return {"loss": float(mean), "rate": rate, "norm": norm}

    def _move(self) -> float:
        """Move the weights along the gradients, whose norm is returned.

        Not if they are no numbers: one bad batch must not end a long run.
        """
        clipped = self.fabric.clip_gradients(
            self.module, self.optimiser, max_norm=self.config.optimisation.clip, error_if_nonfinite=False
        )
        norm = float(cast("torch.Tensor", clipped))
        if math.isfinite(norm):
            self.bad = 0
            self.optimiser.step()
            self.average.update(self.network, self.step)
        else:
            self.bad += 1
            if self.bad >= BAD_MOVES:
                raise FloatingPointError(
                    f"no finite gradient {BAD_MOVES} times in a row up to step {self.step}: lower optimisation.rate"
                )
        self.optimiser.zero_grad()
        return norm

    @contextmanager
    def _batches(self) -> Iterator[Iterator[Batch]]:
        """The batches from the current step on, made ahead by threads."""
        with ThreadPoolExecutor(max(self.config.workers, 1)) as pool:
            waiting: list[Future[Batch]] = []

            def batches() -> Iterator[Batch]:
                step = self.step
                while True:
                    if not self.config.workers:
                        yield self._batch(step)
                    else:
                        while len(waiting) <= self.config.workers:
                            waiting.append(pool.submit(self._batch, step + len(waiting)))
                        yield waiting.pop(0).result()
                    step += 1

            try:
                yield batches()
            finally:
                for future in waiting:
                    future.cancel()

    def _batch(self, step: int) -> Batch:
        config = self.config
        shares = np.array([size.share for size in config.sizes])
        chosen = int(np.random.default_rng((config.seed, step)).choice(len(shares), p=shares / shares.sum()))
        size = config.sizes[chosen].batch
        first = self.fabric.global_rank * size
        return self.sources[chosen].batch(step, size, seed=config.seed, device=self.fabric.device, first=first)

    def _measure(self) -> None:
        """Validate the averaged weights and write them; one process does it, the others wait."""
        if self.fabric.is_global_zero and self.log is not None:
            config, network = self.config, self.average.network
            scores: dict[str, Any] = {}
            autocast = self.fabric.autocast
            for name, batch in self.held_out.items():
                scores[name] = dice_of_rounds(
                    network, batch, config.simulation, rounds=config.rounds, autocast=autocast
                )
                self.log.scores(self.step, name, scores[name])
            if self.people is not None:
                resolution, device = config.validation.resolution, self.fabric.device
                with autocast():
                    scores["people"] = dict(people_dice(network, self.people, resolution=resolution, device=device))
                for name, score in scores["people"].items():
                    self.log.scores(self.step, f"people/{name}", [score])
            save_network(
                self.out / WEIGHTS,
                network,
                resolution=config.validation.resolution,
                training={"config": _told(config), "steps": self.step, "minutes": self.seconds / 60, "dice": scores},
            )
        self.fabric.barrier()

    def _save(self) -> None:
        if self.fabric.is_global_zero:
            if self.log is not None:
                self.log.flush()
            write_state(
                self.out,
                {
                    "step": self.step,
                    "seconds": self.seconds,
                    "bad": self.bad,
                    "network": self.network.state_dict(),
                    "average": self.average.network.state_dict(),
                    "optimiser": self.optimiser.state_dict(),
                },
            )
        self.fabric.barrier()

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.seconds, self.bad = state["step"], state["seconds"], state["bad"]
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])


class _Mixed(MixedPrecision):
    """bfloat16 in the network, but not in what it reads: local contrast may be finer than bfloat16's steps."""

    def convert_input(self, data: Any) -> Any:
        return data


def _precision(config: TrainingConfig, device: str) -> Precision:
    """The configuration's, unless the processor would have to imitate it: that takes eight times as long."""
    if config.precision == "32-true":
        return Precision()
    if device == "cpu" and not has_bfloat16():
        warnings.warn("this processor has no instructions for bfloat16: training in single precision", stacklevel=3)
        return Precision()
    return _Mixed("bf16-mixed", device)


def _started(config: TrainingConfig) -> CompactNetwork:
    """The network of `config.start`."""
    network, _ = load_network(config.start or "")
    if config.network.norm != "none" and network.config == dataclasses.replace(config.network, norm="none"):
        raise ValueError(
            f"start takes weights with their normalisation; in {config.start!r} it was folded away, as by fine-tuning: "
            "take the weights that it started from, or train with network.norm=none"
        )
    if network.config != config.network:
        raise ValueError(f"start takes weights of the run's network, {config.network}; got {network.config}")
    return network


def _processes() -> tuple[int, int]:
    """How many processes train together on this machine, and how many machines: as torchrun says, else one alone."""
    if not torch.distributed.is_torchelastic_launched():
        return 1, 1
    # For CPUs Fabric does not ask the launcher itself.
    return int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["GROUP_WORLD_SIZE"])


def _refuse_another(path: Path, config: TrainingConfig) -> None:
    """Refuse a folder with a run of another configuration."""
    if path.is_file() and (found := read_config(path)) != config:
        changed = [key for key, value in plain(config).items() if plain(found)[key] != value]
        raise ValueError(f"{str(path.parent)!r} holds a run of another configuration: {', '.join(changed)} differ")


def _told(config: TrainingConfig) -> dict[str, Any]:
    """The configuration for those who get the weights: files and folders by their names, which are told to anybody."""
    root = None if config.data.root is None else Path(config.data.root).name
    start = None if config.start is None else Path(config.start).name
    told: dict[str, Any] = plain(
        dataclasses.replace(config, start=start, data=dataclasses.replace(config.data, root=root))
    )
    return told


def _refuse_folders_apart(out: Path, step: int, fabric: Fabric) -> None:
    """Refuse processes that found different checkpoints: their networks would differ, and nobody would be told."""
    if fabric.world_size == 1:
        return
    steps = cast("torch.Tensor", fabric.all_gather(torch.tensor(step))).flatten().tolist()
    if len(set(steps)) > 1:
        raise ValueError(
            f"out takes one folder that all processes share; {str(out)!r} is not the same folder in all processes: "
            f"their checkpoints are of steps {', '.join(map(str, steps))}"
        )


def _held_out(config: TrainingConfig, device: torch.device) -> dict[str, Batch]:
    """Samples to measure on, by name of their set; without augmentation."""
    # What concerns training alone, and may name sets that are not measured on, is left out.
    data = dataclasses.replace(
        config.data, exclude=(), weights={}, augmentation=NO_AUGMENTATION, superpixel_probability=0.0
    )
    # A shipped configuration names sets that other people's data may lack.
    found = [] if data.root is None else data_sets(data.root)
    missing = [name for name in config.validation.sets if name not in found]
    if missing and data.root is not None:
        instead = "" if len(missing) < len(config.validation.sets) else "; synthetic images are measured on instead"
        warnings.warn(f"{str(data.root)!r} lacks sets to measure on: {', '.join(missing)}{instead}", stacklevel=4)
    chosen = {
        name: dataclasses.replace(data, include=(name,), synthetic_probability=0.0)
        for name in config.validation.sets
        if name in found
    } or {"synthetic": dataclasses.replace(data, root=None)}
    return {
        name: Source(one, config.validation.resolution).batch(
            0, config.validation.images, seed=config.seed + HELD_OUT, device=device
        )
        for name, one in chosen.items()
    }
