"""Fine-tuning: a network learns one task from a few labelled images, without forgetting the others."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.models.network_file import save_network
from scribbleprompt_widget.predictors.network import NetworkPredictor, compact_predictor, load_compact
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.augmentation import AugmentationConfig, augment
from scribbleprompt_widget.training.losses import LossConfig, segmentation_loss
from scribbleprompt_widget.training.play import play
from scribbleprompt_widget.training.source import Batch, DataConfig, Source

__all__ = ["FinetuneConfig", "finetune"]

GREATEST_NORM: Final = 1.0
"""Of all gradients together; larger ones are scaled down to it."""
MIXED: Final = 0.5
"""Share of a cell from which it belongs to a mask."""
IDLE: Final = 0.1
"""Share of later rounds without a new prompt, as in training."""


@dataclass(frozen=True)
class FinetuneConfig:
    """How a network is fine-tuned.

    Attributes
    ----------
    seconds
        Time budget, in which the rate falls to zero along a cosine.
    steps
        Number of steps, instead of a time budget: the result then follows from the seed alone.
    batch
        Samples of the new task in each step.
    rehearsal
        Synthetic samples in each step, so that the network keeps what it can do.
    pool
        How many synthetic samples are made, before the first step, to rehearse from.
    rounds
        Rounds per sample.
    rate
        Learning rate of Adam.
    pull
        How much of the way to where it began a weight is drawn back over the whole run, at the full rate.
    """

    seconds: float = 60.0
    steps: int | None = None
    batch: int = 3
    rehearsal: int = 1
    pool: int = 16
    rounds: int = 3
    rate: float = 2e-4
    pull: float = 0.5
    loss: LossConfig = field(default_factory=lambda: LossConfig(focal=0.0, cross_entropy=0.5))
    augmentation: AugmentationConfig = field(default_factory=lambda: AugmentationConfig(elastic_probability=0.1))
    simulation: SimulationConfig = field(default_factory=SimulationConfig)

    def __post_init__(self) -> None:
        if (
            self.seconds <= 0
            or self.rate <= 0
            or min(self.batch, self.rounds) < 1
            or min(self.rehearsal, self.pool) < 0
        ):
            raise ValueError(f"fine-tuning takes positive seconds, rate, batch and rounds, got {self}")
        if not 0 <= self.pull < 1:
            raise ValueError(f"pull takes a share in [0, 1), got {self.pull}")


def finetune(
    predictor: NetworkPredictor | str | Path,
    images: Sequence[Any],
    masks: Sequence[Any],
    *,
    out: str | Path | None = None,
    config: FinetuneConfig | None = None,
    seed: int = 0,
    progress: bool = True,
) -> NetworkPredictor:
    """Teach a network one's own task by about five labelled images, in about a minute.

    Parameters
    ----------
    predictor
        A predictor with a network of this project, or the path of its weights. It stays as it is.
    images
        The images: anything that `Image.of` takes.
    masks
        As many arrays or files of the images' own sizes: booleans, or label maps, of which each label is learnt as an
        object of its own. At least one has to show something.
    out
        A .safetensors file to write, for `load_predictor`; None: nothing is written.
    config
        Budget and rates.
    seed
        What all random numbers follow from.
    progress
        Show a bar.

    Returns
    -------
    A new predictor.

    Raises
    ------
    TypeError
        When the predictor's network is of another kind.
    ValueError
        When images and masks do not match, or no mask shows anything; the message says which.

    Examples
    --------
    >>> import scribbleprompt_widget as sp
    >>> mine = sp.finetune("weights.safetensors", images, masks, out="mine.safetensors")  # doctest: +SKIP
    >>> w = sp.Segmenter(another_image, model="mine.safetensors")  # doctest: +SKIP
    """
    config = FinetuneConfig() if config is None else config
    if not isinstance(predictor, NetworkPredictor):
        predictor = load_compact(predictor)
    start = predictor.module
    if not isinstance(start, CompactNetwork):
        raise TypeError(f"finetune takes a network of this project, got {type(start).__name__}")
    examples = _Examples.of(images, masks, predictor.resolution, predictor.device)
    # Normalisation is folded away: the statistics of a few images would be worse than what it learnt from many.
    network = copy.deepcopy(start.fold()).train()
    _learn(network, examples, predictor, config, seed, progress=progress)
    if out is None:
        name = f"{predictor.name}+"
        return compact_predictor(network, name=name, resolution=predictor.resolution, device=predictor.device)
    save_network(out, network, resolution=predictor.resolution, training={"finetuned": predictor.name})
    return load_compact(out, device=predictor.device)


def _learn(
    network: CompactNetwork,
    examples: _Examples,
    predictor: NetworkPredictor,
    config: FinetuneConfig,
    seed: int,
    *,
    progress: bool,
) -> None:
    device = predictor.device
    weights = list(network.parameters())
    anchors = [weight.detach().clone() for weight in weights]
    optimiser = torch.optim.Adam(weights, lr=config.rate)
    source = Source(DataConfig(), predictor.resolution)
    pool = source.batch(0, config.pool, seed=seed, device=device) if config.rehearsal and config.pool else None
    started, step, done = time.monotonic(), 0, 0.0
    with tqdm(total=100, unit="%", desc="fine-tuning", disable=not progress) as bar:
        while done < 1:
            factor = (1 + math.cos(math.pi * done)) / 2
            for group in optimiser.param_groups:
                group["lr"] = config.rate * factor
            draws = Draws(torch.arange(config.batch + config.rehearsal)).to(device).fork("finetune", seed, step)
            batch = _batch(examples, pool, draws, config)
            loss = _send_back(network, batch, config)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            before, done = done, _done(step, time.monotonic() - started, config)
            _draw_back(weights, anchors, 1 - (1 - config.pull) ** (factor * (done - before)))
            bar.update(round(100 * done) - bar.n)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)


def _batch(examples: _Examples, pool: Batch | None, draws: Draws, config: FinetuneConfig) -> Batch:
    """Samples of the new task, then some to rehearse."""
    count = len(draws) if pool is None else config.batch
    which = draws[:count].fork("which").integers(0, len(examples.masks))
    images, masks = augment(
        examples.images[which], examples.masks[which], draws[:count].fork("augmentation"), config.augmentation
    )
    if pool is not None:
        old = draws[count:].fork("which").integers(0, len(pool.masks))
        images, masks = torch.cat([images, pool.images[old]]), torch.cat([masks, pool.masks[old]])
    return Batch(images, masks, draws.fork("prompts"))


def _send_back(network: CompactNetwork, batch: Batch, config: FinetuneConfig) -> float:
    """Gradients of one batch's rounds; returns its loss."""
    total = 0.0
    played = play(network, batch.images, batch.masks, batch.draws, config.simulation, rounds=config.rounds, idle=IDLE)
    for logits in played:
        loss = segmentation_loss(logits, batch.masks, config.loss).mean() / config.rounds
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not say
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(network.parameters(), GREATEST_NORM)
    return total


def _done(step: int, seconds: float, config: FinetuneConfig) -> float:
    """The share of the run that is over."""
    if config.steps is not None:
        return min(step / config.steps, 1.0)
    return min(seconds / config.seconds, 1.0)


@torch.no_grad()
def _draw_back(weights: list[torch.nn.Parameter], anchors: list[Tensor], share: float) -> None:
    for weight, anchor in zip(weights, anchors, strict=True):
        weight.lerp_(anchor, share)


@dataclass(frozen=True, eq=False)
class _Examples:
    """Labelled images at the network's resolution: (N, 1, S, S), in [0, 1] and {0, 1}, one for each image and label."""

    images: Tensor
    masks: Tensor

    @classmethod
    def of(cls, images: Sequence[Any], masks: Sequence[Any], resolution: int, device: torch.device) -> _Examples:
        if len(images) != len(masks):
            raise ValueError(f"finetune takes as many masks as images, got {len(masks)} and {len(images)}")
        pairs = []
        for number, (given, labelled) in enumerate(zip(images, masks, strict=True)):
            image, labels = Image.of(given), Image.of(labelled).pixels
            if labels.shape != image.shape:
                raise ValueError(f"masks[{number}] takes the image's shape {image.shape}, got {labels.shape}")
            # The same grid that the predictor lays over an image.
            grid = Grid.square_around(image.shape, resolution)
            pixels = grid.sample(image.grey)
            for label in np.unique(labels[labels != 0]):
                mask = grid.sample((labels == label).astype(np.float32)) >= MIXED
                if mask.any():
                    pairs.append((pixels, mask))
        if not pairs:
            raise ValueError("masks takes at least one mask that shows something, got none")
        stacked = (torch.from_numpy(np.stack(part)).float()[:, None].to(device) for part in zip(*pairs, strict=True))
        return cls(*stacked)
