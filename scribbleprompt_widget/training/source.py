"""Where training samples come from: real images with their labels or with superpixels, and synthetic images."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.augmentation import AugmentationConfig, augment
from scribbleprompt_widget.training.layout import data_sets, read_data_set
from scribbleprompt_widget.training.superpixels import SuperpixelConfig, SuperpixelTable
from scribbleprompt_widget.training.synthetic import SyntheticConfig, synthetic_images
from scribbleprompt_widget.training.tasks import TaskTable

__all__ = ["Batch", "DataConfig", "Source"]


class Batch(NamedTuple):
    """Samples to train on, augmented.

    Attributes
    ----------
    images
        (B, 1, S, S) float32 in [0, 1].
    masks
        (B, 1, S, S) float32, {0, 1}, none of them empty.
    draws
        One seed per sample, for what is drawn next (prompts): independent of what the batch was made from.
    """

    images: Tensor
    masks: Tensor
    draws: Draws


@dataclass(frozen=True)
class DataConfig:
    """What to train on.

    Attributes
    ----------
    root
        Folder of tasks (docs/training_data.md); None for synthetic images alone.
    include, exclude
        Names or patterns of data sets (``retina_*``); all, and none, unless given. Exclude what is kept for measuring.
    weights
        Relative probability of data sets by name, 1 where not given.
    component_probability, union_probability
        Share of real labels of which a single connected component is the target, or that are joined with labels
        beside them in the label map.
    superpixel_probability
        Share of real images whose label is a superpixel instead (0.5 in the paper).
    synthetic_probability
        Share of samples that are synthetic images; 1 without a root.
    least_area
        Pixels, of the 256x256 that images are stored at, below which nothing is a target.
    cache
        Folder for superpixels; beside the user's other caches unless given.
    superpixels, synthetic, augmentation
        The numbers of each.
    """

    root: str | Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    component_probability: float = 0.25
    union_probability: float = 0.1
    superpixel_probability: float = 0.5
    synthetic_probability: float = 0.2
    least_area: int = 64
    cache: str | Path | None = None
    superpixels: SuperpixelConfig = field(default_factory=SuperpixelConfig)
    synthetic: SyntheticConfig = field(default_factory=SyntheticConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        for name in ("component", "union", "superpixel", "synthetic"):
            value = getattr(self, f"{name}_probability")
            if not 0 <= value <= 1:
                raise ValueError(f"{name}_probability takes a probability in [0, 1], got {value}")
        if self.component_probability + self.union_probability > 1:
            raise ValueError("component_probability and union_probability exclude each other; their sum is at most 1")
        if self.least_area < 1:
            raise ValueError(f"least_area takes a number of pixels from 1 on, got {self.least_area}")
        for name in ("include", "exclude"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise TypeError(f"{name} takes a list of names, got the string {value!r}")
            object.__setattr__(self, name, tuple(value))


class Source:
    """Makes batches. All that a batch holds follows from (seed, step, place in the batch) alone.

    Parameters
    ----------
    config
        What to train on.
    resolution
        Side S of the samples.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is nothing to train on; what is bad in the folder is named in a warning, once, here.

    Examples
    --------
    >>> source = Source(DataConfig(), resolution=64)
    >>> batch = source.batch(0, 4, seed=1)
    >>> batch.images.shape, batch.masks.shape
    (torch.Size([4, 1, 64, 64]), torch.Size([4, 1, 64, 64]))
    """

    def __init__(self, config: DataConfig, resolution: int) -> None:
        self.config = config
        self.resolution = resolution
        self._tables: dict[torch.device, _Tables] = {}
        self._read = None if config.root is None or config.synthetic_probability == 1 else _read(config)

    def at(self, resolution: int) -> Source:
        """The same data at another resolution; both share what was read, on every device."""
        other = copy.copy(self)
        other.resolution = resolution
        return other

    def batch(self, step: int, size: int, *, seed: int, device: str | torch.device = "cpu", first: int = 0) -> Batch:
        """Make the samples of one step.

        Parameters
        ----------
        step
            Which step of the training.
        size
            How many samples.
        seed
            Of the whole training.
        device
            Where the samples are made. All images are kept there from the first call on.
        first
            Place of the first sample in the step's whole batch: several processes share a batch by it.
        """
        draws = Draws(torch.arange(first, first + size)).fork("sample", seed, step).to(device)
        images = torch.empty(size, 1, self.resolution, self.resolution, device=device)
        masks = torch.empty_like(images)
        # Which samples are synthetic is decided on the host, so that a GPU is not waited for.
        invented = draws.fork("kind").host().uniform() < (
            1 if self._read is None else self.config.synthetic_probability
        )
        for chosen, make in ((invented.nonzero()[:, 0], self._invent), ((~invented).nonzero()[:, 0], self._take)):
            if len(chosen):
                rows = chosen.to(draws.device, non_blocking=True)
                images[rows], masks[rows] = (made.to(images.dtype) for made in make(draws[chosen]))
        return Batch(images, masks, draws.fork("next"))

    def _invent(self, draws: Draws) -> tuple[Tensor, Tensor]:
        images, masks = synthetic_images(draws.fork("synthetic"), self.resolution, self.config.synthetic)
        return augment(images, masks, draws.fork("augmentation"), self.config.augmentation)

    def _take(self, draws: Draws) -> tuple[Tensor, Tensor]:
        tables, config = self._on(draws.device), self.config
        choice = tables.tasks.sample(
            draws.fork("choice"),
            component_probability=config.component_probability,
            union_probability=config.union_probability,
        )
        numbers, low, high = tables.tasks.numbers[choice.image], choice.low, choice.high
        if tables.superpixels is not None:
            drawn = draws.fork("superpixel").uniform() < config.superpixel_probability
            rows, number = tables.superpixels.sample(choice.image, draws.fork("which"))
            # By choice between the two, not by looking which samples take one: a GPU would be waited for.
            replaced = drawn & (rows >= 0)
            numbers = torch.where(replaced[:, None, None], tables.superpixels.maps[rows.clamp(min=0)], numbers)
            low, high = torch.where(replaced, number, low), torch.where(replaced, number + 1, high)
        low, high = (bound.to(numbers.dtype)[:, None, None] for bound in (low, high))
        return augment(
            tables.tasks.images[choice.image][:, None],
            ((numbers >= low) & (numbers < high))[:, None],
            draws.fork("augmentation"),
            config.augmentation,
            size=self.resolution,
            content=tables.tasks.content[choice.image],
        )

    def _on(self, device: torch.device) -> _Tables:
        """The tables on a device, moved there once."""
        if device not in self._tables:
            assert self._read is not None  # noqa: S101  # no real image is asked for without them
            self._tables[device] = self._read.to(device)
        return self._tables[device]


@dataclass(frozen=True, eq=False)
class _Tables:
    tasks: TaskTable
    superpixels: SuperpixelTable | None

    def to(self, device: torch.device) -> _Tables:
        return _Tables(self.tasks.to(device), None if self.superpixels is None else self.superpixels.to(device))


def _read(config: DataConfig) -> _Tables:
    assert config.root is not None  # noqa: S101  # the caller asked
    names = data_sets(config.root, config.include, config.exclude)
    found, unusable = [], []
    for name in names:
        try:
            found += read_data_set(config.root, name)
        except ValueError as error:  # noqa: PERF203  # all of them are told at once
            unusable.append(str(error))
    if unusable:
        raise ValueError("; ".join(unusable))
    tasks = TaskTable.of(found, least_area=config.least_area, weights=config.weights)
    if config.superpixel_probability == 0:
        return _Tables(tasks, None)
    superpixels = SuperpixelTable.of(tasks.images, tasks.content, config.superpixels, config.least_area, config.cache)
    return _Tables(tasks, superpixels)
