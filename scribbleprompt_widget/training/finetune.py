"""Fine-tuning: a network learns one task from a few labelled images, without forgetting the others.

What it was trained on is not there to be rehearsed. In its place stand synthetic images with the answers that the
network gave before (learning without forgetting: Li and Hoiem, ECCV 2016), and in the end only a part of the way from
the old weights to the new ones is gone (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

from __future__ import annotations

import math
import time
import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.image_pairs import MOST_LABELS, label_numbers
from scribbleprompt_widget.models.checkpoints import weights_sha256
from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.models.network_file import check_network_path, save_network
from scribbleprompt_widget.predictors.network import NAME_DIGITS, NetworkPredictor, compact_predictor, load_compact
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.augmentation import AugmentationConfig, augment
from scribbleprompt_widget.training.losses import LossConfig, segmentation_loss
from scribbleprompt_widget.training.play import play
from scribbleprompt_widget.training.source import DataConfig, Source

__all__ = ["FinetuneConfig", "finetune"]

GREATEST_NORM: Final = 1.0
"""Of all gradients together; larger ones are scaled down to it."""
MIXED: Final = 0.5
"""Share of a cell from which it belongs to a mask."""
IDLE: Final = 0.1
"""Share of later rounds without a new prompt, as in training."""
WARM_UP: Final = 10
"""Moves in which the rate rises: Adam's first ones are long."""
LEAST_STEPS: Final = 15
"""Fewer than these leave a network worse than it was more often than better."""
CHUNK: Final = 4
"""Synthetic samples that are answered at a time; what fits anywhere."""


@dataclass(frozen=True)
class FinetuneConfig:
    """How a network is fine-tuned.

    Attributes
    ----------
    seconds
        Time budget, in which the rate falls to zero along a cosine; a warning says when it was too short to learn.
    steps
        Number of steps, instead of a time budget: the result then follows from the seed alone.
    batch
        Samples of the new task in each step.
    rounds
        Rounds per sample; the weights move after each.
    rate
        Learning rate of Adam.
    rehearsal
        Old answers that are rehearsed at each move.
    pool
        Synthetic samples whose answers are written down before the first step; 0: nothing is rehearsed.
    rehearsal_weight
        What a pixel's old answer counts, beside the loss on the new task.
    blend
        How much of the way from the old weights to the new ones is gone in the end.
    """

    seconds: float = 60.0
    steps: int | None = None
    batch: int = 3
    rounds: int = 3
    rate: float = 3e-4
    rehearsal: int = 1
    pool: int = 24
    rehearsal_weight: float = 2.0
    blend: float = 0.45
    loss: LossConfig = field(default_factory=lambda: LossConfig(focal=0.0, cross_entropy=0.5))
    augmentation: AugmentationConfig = field(default_factory=lambda: AugmentationConfig(elastic_probability=0.1))
    simulation: SimulationConfig = field(default_factory=SimulationConfig)

    def __post_init__(self) -> None:
        if (
            self.seconds <= 0
            or self.rate <= 0
            or min(self.batch, self.rounds, self.rehearsal) < 1
            or min(self.pool, self.rehearsal_weight) < 0
        ):
            raise ValueError(f"fine-tuning takes positive seconds, rate, batch, rounds and rehearsal, got {self}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps takes 1 or more, got {self.steps}")
        if not 0 < self.blend <= 1:
            raise ValueError(f"blend takes a share in (0, 1], got {self.blend}")


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
        As many arrays or files of the images' own sizes: booleans, fractions (cut at 0.5), or label maps and coloured
        masks, of which each label or colour is learnt as an object of its own. At least one has to show something.
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
        When the predictor has no network, or one of another kind.
    FileNotFoundError
        When `out` lies in no folder.
    ValueError
        When images and masks do not match, hold NaN, or no mask shows anything (the message says which), or `out` is no
        .safetensors file.

    Examples
    --------
    >>> import scribbleprompt_widget as sp
    >>> mine = sp.finetune("weights.safetensors", images, masks, out="mine.safetensors")  # doctest: +SKIP
    >>> w = sp.Segmenter(another_image, model="mine.safetensors")  # doctest: +SKIP
    """
    config = FinetuneConfig() if config is None else config
    if isinstance(predictor, str | Path):
        predictor = load_compact(predictor)
    if not isinstance(predictor, NetworkPredictor):
        raise TypeError(f"predictor takes one with a network, or the path of its weights; got {predictor!r}")
    if out is not None:
        check_network_path(out)
    start = predictor.module
    if not isinstance(start, CompactNetwork):
        raise TypeError(f"finetune takes a network of this project, got {type(start).__name__}")
    examples = _Examples.of(images, masks, predictor.resolution, predictor.device)
    # Normalisation is folded away: the statistics of a few images would be worse than what it learnt from many.
    network = start.fold().train()
    _learn(network, examples, predictor, config, seed, progress=progress)
    with torch.no_grad():
        for new, old in zip(network.parameters(), start.fold().parameters(), strict=True):
            new.lerp_(old, 1 - config.blend)
    if out is None:
        name = f"{predictor.name}+{weights_sha256(network)[:NAME_DIGITS]}"
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
    started, step, moves, done = time.monotonic(), 0, 0, 0.0
    optimiser = torch.optim.Adam(network.parameters(), lr=config.rate)
    autocast = partial(_autocast, predictor)
    with tqdm(total=100, unit="%", desc="fine-tuning", disable=not progress) as bar:
        # Answering the rehearsal's questions is part of the minute.
        old = _OldAnswers.of(network, predictor, config, seed)
        while done < 1:
            draws = Draws(torch.arange(config.batch)).to(predictor.device).fork("finetune", seed, step)
            images, masks = examples.sample(draws, config.augmentation)
            played = play(
                network,
                images,
                masks,
                draws.fork("prompts"),
                config.simulation,
                rounds=config.rounds,
                idle=IDLE,
                autocast=autocast,
            )
            for number in range(config.rounds):
                loss = segmentation_loss(next(played).float(), masks, config.loss).mean()
                if old is not None:
                    with autocast():
                        change = old.change(network, draws.fork("old", number)[:1], config)
                    loss = loss + config.rehearsal_weight * change
                loss.backward()  # type: ignore[no-untyped-call]  # torch does not say
                factor = min((moves + 1) / WARM_UP, 1) * (1 + math.cos(math.pi * done)) / 2
                for group in optimiser.param_groups:
                    group["lr"] = config.rate * factor
                torch.nn.utils.clip_grad_norm_(network.parameters(), GREATEST_NORM)
                optimiser.step()
                optimiser.zero_grad()
                moves += 1
            step += 1
            done = _done(step, time.monotonic() - started, config)
            bar.update(round(100 * done) - bar.n)
            bar.set_postfix(loss=f"{float(loss.detach()):.3f}", refresh=False)
    if config.steps is None and step < LEAST_STEPS:
        warnings.warn(
            f"fine-tuning took {step} steps in {config.seconds:g} seconds, and learns little in less than "
            f"{LEAST_STEPS}: give it more seconds",
            stacklevel=3,
        )


def _autocast(predictor: NetworkPredictor) -> torch.autocast:
    """What the predictor computes in, which is quicker than single precision where it is another."""
    return torch.autocast(predictor.device.type, torch.bfloat16, enabled=predictor.bfloat16)


def _done(step: int, seconds: float, config: FinetuneConfig) -> float:
    """The share of the run that is over."""
    if config.steps is not None:
        return min(step / config.steps, 1.0)
    return min(seconds / config.seconds, 1.0)


class _Recorder(nn.Module):
    """A network that writes down what it is asked and what it answers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.asked: list[Tensor] = []
        self.answered: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(x)
        self.asked.append(x.half())
        self.answered.append(logits.half())
        return logits


@dataclass(frozen=True, eq=False)
class _OldAnswers:
    """What the network answered to prompts on synthetic images before it learnt: (N, 5, S, S) and (N, 1, S, S) logits.

    In half precision, to be small; it is more than what convolutions are computed in.
    """

    asked: Tensor
    answered: Tensor

    @classmethod
    @torch.no_grad()
    def of(
        cls, network: CompactNetwork, predictor: NetworkPredictor, config: FinetuneConfig, seed: int
    ) -> _OldAnswers | None:
        recorder, source = _Recorder(network), Source(DataConfig(), predictor.resolution)
        for first in range(0, config.pool, CHUNK):
            size = min(CHUNK, config.pool - first)
            batch = source.batch(0, size, seed=seed, device=predictor.device, first=first)
            rounds = play(
                recorder, *batch, config.simulation, rounds=config.rounds, autocast=partial(_autocast, predictor)
            )
            deque(rounds, maxlen=0)
        return cls(torch.cat(recorder.asked), torch.cat(recorder.answered)) if recorder.asked else None

    def change(self, network: CompactNetwork, draws: Draws, config: FinetuneConfig) -> Tensor:
        """How far a few answers are from the old ones: their mean relative entropy, 0 where they are the same."""
        which = draws.integers(0, len(self.asked), config.rehearsal)[0]
        logits = network(self.asked[which].float().contiguous(memory_format=torch.channels_last)).float()
        old = self.answered[which].float()
        wanted = torch.sigmoid(old)
        entropy = F.binary_cross_entropy_with_logits(old, wanted)
        return F.binary_cross_entropy_with_logits(logits, wanted) - entropy


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
            image = Image.of(given)
            if not np.isfinite(image.pixels).all():
                raise ValueError(f"images[{number}] holds NaN or infinity")
            labels = _labels(labelled, number)
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

    def sample(self, draws: Draws, config: AugmentationConfig) -> tuple[Tensor, Tensor]:
        """Augmented images and masks, one for each of `draws`."""
        which = draws.fork("which").integers(0, len(self.masks))
        return augment(self.images[which], self.masks[which], draws.fork("augmentation"), config)


def _labels(mask: Any, number: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    try:
        labels = label_numbers(Image.of(mask).pixels)
    except ValueError as error:
        raise ValueError(f"masks[{number}]: {error}") from error
    if (count := len(np.unique(labels))) > MOST_LABELS + 1:
        raise ValueError(f"masks[{number}] holds {count} labels: numbered instances, or edges blurred by compression")
    return labels
