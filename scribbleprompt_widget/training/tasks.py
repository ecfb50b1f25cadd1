"""Tasks as tables of numbers, and hierarchical sampling from them: data set, task, label, image, then what of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.layout import TaskData
from scribbleprompt_widget.training.squares import content_box, stretched

__all__ = ["Choice", "Ragged", "TaskTable", "numbered_components"]

_NEIGHBOURS = np.ones((3, 3), dtype=bool)
# Region numbers are kept as int16.
MOST_REGIONS = 2**15 - 1


class Choice(NamedTuple):
    """What was sampled: the pixels of map `image` whose number n has `low <= n < high`. Each (B,) int64."""

    image: Tensor
    low: Tensor
    high: Tensor


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of different lengths, laid one after the other: row i starts at `start[i]` and has `count[i]` places.

    Both are (N,) int64.
    """

    start: Tensor
    count: Tensor

    @classmethod
    def of(cls, counts: Sequence[int]) -> Ragged:
        """Rows of these lengths."""
        count = torch.tensor(counts, dtype=torch.int64)
        return cls(count.cumsum(0) - count, count)

    def to(self, device: torch.device) -> Ragged:
        """The same rows on another device."""
        return Ragged(self.start.to(device), self.count.to(device))

    def pick(self, rows: Tensor, draws: Draws) -> Tensor:
        """A place in each of these rows (B,), all equally likely; `start` where the row is empty."""
        return self.start[rows] + draws.integers(0, self.count[rows].clamp(min=1))


@dataclass(frozen=True, eq=False)
class TaskTable:
    """Everything that is sampled from, as tensors that can live on any device.

    A label map becomes a *number map*: the connected components are numbered 1, 2, ..., label after label. A whole
    label, several labels that follow each other and a single component are then all one range of numbers.

    Attributes
    ----------
    images
        (N, 256, 256) uint8, with the greys that a predictor sees.
    content
        (N, 4) int64 boxes (x0, y0, x1, y1) of the images without their padding.
    numbers
        (N, 256, 256) int16 number maps.
    set_bounds
        (data sets,) float32: upper bounds of their probabilities, cumulated.
    tasks, labels, entries
        Rows of the hierarchy: the tasks of a data set, the labels of a task, the images of a label (one entry each).
    entry_image, entry_low, entry_high
        (entries,) int64: which image, and the label's range of numbers in it.
    components, component_number
        The components of an entry that are large enough, and their numbers.
    image_labels, label_low, label_high
        The labels in an image and their ranges, in the order of their values.
    """

    images: Tensor
    content: Tensor
    numbers: Tensor
    set_bounds: Tensor
    tasks: Ragged
    labels: Ragged
    entries: Ragged
    entry_image: Tensor
    entry_low: Tensor
    entry_high: Tensor
    components: Ragged
    component_number: Tensor
    image_labels: Ragged
    label_low: Tensor
    label_high: Tensor

    @classmethod
    def of(cls, tasks: Iterable[TaskData], *, least_area: int, weights: Mapping[str, float] | None = None) -> TaskTable:
        """Build the tables.

        Parameters
        ----------
        tasks
            As read from a folder.
        least_area
            Pixels (of 256x256) that a label or a component has to have to be sampled.
        weights
            Relative probabilities of data sets by name, 1 where not given; 0 leaves one out.

        Raises
        ------
        ValueError
            If a weight is negative or of an unknown data set, or nothing large enough is left.
        """
        return _Builder(least_area).build(list(tasks), dict(weights or {}))

    def to(self, device: torch.device) -> TaskTable:
        """The same tables on another device."""
        return TaskTable(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})

    def sample(self, draws: Draws, *, component_probability: float, union_probability: float) -> Choice:
        """Choose a data set, one of its tasks, one of its labels, an image with it, and what of it.

        Parameters
        ----------
        draws
            One seed per sample.
        component_probability
            Share of samples that take a single connected component of the label.
        union_probability
            Share of samples that take several labels which follow each other in the label map as one.
        """
        data_set = torch.searchsorted(self.set_bounds, draws.fork("data set").uniform(), right=True)
        data_set = data_set.clamp(max=len(self.set_bounds) - 1)
        task = self.tasks.pick(data_set, draws.fork("task"))
        label = self.labels.pick(task, draws.fork("label"))
        entry = self.entries.pick(label, draws.fork("image"))
        image, low, high = self.entry_image[entry], self.entry_low[entry], self.entry_high[entry]

        kind = draws.fork("part").uniform()
        single = (kind < component_probability) & (self.components.count[entry] > 0)
        place = self.components.pick(entry, draws.fork("component")).clamp(max=len(self.component_number) - 1)
        low = torch.where(single, self.component_number[place], low)
        high = torch.where(single, low + 1, high)

        union = (kind >= 1 - union_probability) & ~single
        ends = self.image_labels.pick(image, draws.fork("first")), self.image_labels.pick(image, draws.fork("last"))
        low = torch.where(union, self.label_low[torch.minimum(*ends)], low)
        high = torch.where(union, self.label_high[torch.maximum(*ends)], high)
        return Choice(image, low, high)


def numbered_components(labels: NDArray[np.uint8]) -> tuple[NDArray[np.int16], dict[int, tuple[int, int]]]:
    """Number the connected components (8 neighbours) of a label map (H, W), label after label.

    Returns
    -------
    numbers
        (H, W) int16, 0 = background.
    ranges
        For each label its numbers, low <= n < high.
    """
    numbers = np.zeros(labels.shape, dtype=np.int32)
    ranges, low = {}, 1
    for label in np.unique(labels[labels > 0]).tolist():
        parts, count = ndimage.label(labels == label, structure=_NEIGHBOURS)
        numbers[parts > 0] = parts[parts > 0] + (low - 1)
        ranges[label] = (low, low + count)
        low += count
    if low > MOST_REGIONS:
        raise ValueError(f"a label map has {low} separate parts, and up to {MOST_REGIONS} are taken: is it noise?")
    return numbers.astype(np.int16), ranges


class _Builder:
    """Fills the tables, image by image."""

    def __init__(self, least_area: int) -> None:
        self.least_area = least_area
        self.images: list[NDArray[np.uint8]] = []
        self.numbers: list[NDArray[np.int16]] = []
        self.content: list[tuple[int, int, int, int]] = []
        self.image_labels: list[list[tuple[int, int]]] = []

    def build(self, tasks: list[TaskData], weights: dict[str, float]) -> TaskTable:
        names = list(dict.fromkeys(task.data_set for task in tasks))
        for name, weight in weights.items():
            if name not in names:
                raise ValueError(f"weights names {name!r}, and the data sets are {', '.join(names)}")
            if not weight >= 0:
                raise ValueError(f"weights takes numbers from 0 on, got {weight} for {name!r}")
        # data set -> task -> label -> entries (image, low, high, numbers of components)
        tree: dict[str, list[list[list[tuple[int, int, int, list[int]]]]]] = {}
        for task in tasks:
            labels = [entries for entries in self._labels(task) if entries]
            if labels and weights.get(task.data_set, 1.0) > 0:
                tree.setdefault(task.data_set, []).append(labels)
        if not tree:
            raise ValueError(f"no label has {self.least_area} pixels or more in any image")
        label_rows = [labels for tasks_ in tree.values() for labels in tasks_]
        entry_rows = [entries for labels in label_rows for entries in labels]
        entries = [entry for row in entry_rows for entry in row]
        probability = torch.tensor([weights.get(name, 1.0) for name in tree], dtype=torch.float64)
        flat_labels = [bounds for image in self.image_labels for bounds in image]
        return TaskTable(
            images=torch.from_numpy(np.stack(self.images)),
            content=torch.tensor(self.content),
            numbers=torch.from_numpy(np.stack(self.numbers)),
            set_bounds=(probability.cumsum(0) / probability.sum()).float(),
            tasks=Ragged.of([len(tasks_) for tasks_ in tree.values()]),
            labels=Ragged.of([len(labels) for labels in label_rows]),
            entries=Ragged.of([len(row) for row in entry_rows]),
            entry_image=torch.tensor([entry[0] for entry in entries]),
            entry_low=torch.tensor([entry[1] for entry in entries]),
            entry_high=torch.tensor([entry[2] for entry in entries]),
            components=Ragged.of([len(entry[3]) for entry in entries]),
            component_number=torch.tensor([number for entry in entries for number in entry[3]] or [0]),
            image_labels=Ragged.of([len(image) for image in self.image_labels]),
            label_low=torch.tensor([low for low, _ in flat_labels]),
            label_high=torch.tensor([high for _, high in flat_labels]),
        )

    def _labels(self, task: TaskData) -> list[list[tuple[int, int, int, list[int]]]]:
        """Add a task's images; give the entries of each of its labels."""
        found: dict[int, list[tuple[int, int, int, list[int]]]] = {}
        for image, labels in zip(task.images, task.labels, strict=True):
            numbers, ranges = numbered_components(labels)
            areas = np.bincount(numbers.ravel())
            kept = {label: span for label, span in ranges.items() if areas[slice(*span)].sum() >= self.least_area}
            if not kept:
                continue
            for label, (low, high) in kept.items():
                large = [number for number in range(low, high) if areas[number] >= self.least_area]
                found.setdefault(label, []).append((len(self.images), low, high, large))
            self.images.append(stretched(image))
            self.content.append(content_box(image))
            self.numbers.append(numbers)
            self.image_labels.append(list(kept.values()))
        return [found[label] for label in sorted(found)]
