"""Means over annotators, images, labels and tasks, and their bootstrap intervals."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CONFIDENCE", "RESAMPLES", "Estimate", "difference", "estimate", "resampled"]

RESAMPLES: Final = 2000
CONFIDENCE: Final = 0.95
BLOCK: Final = 4_000_000
"""Numbers held at once while images are drawn."""


@dataclass(frozen=True)
class Estimate:
    """A mean and its interval: NaN where there is nothing to average, the interval also where there is one image."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resampled:
    """A mean over tasks, and the same mean of `RESAMPLES` bootstrap samples, (R,): none of a single image."""

    mean: float
    samples: Floats


def estimate(tasks: Mapping[str, Floats]) -> Estimate:
    """The mean over tasks and its bootstrap interval; see `resampled`.

    Parameters
    ----------
    tasks
        By task, (images, labels) float64: means over annotators; NaN where an image does not have a label.

    Examples
    --------
    >>> import numpy as np
    >>> estimate({"one": np.array([[0.5], [0.7]]), "other": np.array([[1.0], [1.0]])}).mean
    0.8
    """
    return _interval(resampled(tasks))


def difference(tasks: Mapping[str, Floats], reference: Mapping[str, Floats]) -> Estimate:
    """How much larger one mean is than another of the same images, with the interval of the paired difference."""
    one, other = resampled(tasks), resampled(reference)
    return _interval(Resampled(one.mean - other.mean, one.samples - other.samples))


def resampled(tasks: Mapping[str, Floats]) -> Resampled:
    """Bootstrap the mean over images, then labels, then tasks.

    Images are drawn with replacement inside their task (an image brings all its labels and annotators); where there
    are several tasks, they are drawn with replacement first, so that the interval tells of other tasks too. What is
    drawn follows from the tasks' names and sizes alone: the same for each predictor, so that differences are paired.
    A task without any number is left out.
    """
    tasks = {name: values for name, values in tasks.items() if np.isfinite(values).any()}
    if not tasks:
        return Resampled(np.nan, np.array([]))
    names = sorted(tasks)
    means = np.array([_task_means(tasks[name], np.ones((1, len(tasks[name]))))[0] for name in names])
    if len(names) == 1 and len(tasks[names[0]]) == 1:
        return Resampled(float(means[0]), np.array([]))
    samples = np.stack([_task_samples(name, tasks[name]) for name in names])
    rng = np.random.default_rng(_seed("\n".join(names)))
    drawn = rng.integers(len(names), size=(RESAMPLES, len(names)))
    return Resampled(float(means.mean()), samples[drawn.T, np.arange(RESAMPLES)].mean(axis=0))


def _task_samples(name: str, values: Floats) -> Floats:
    """(R,) bootstrap means of one task."""
    rng = np.random.default_rng(_seed(name))
    count = len(values)
    rows = max(1, BLOCK // count)
    parts = []
    for start in range(0, RESAMPLES, rows):
        weights = rng.multinomial(count, np.full(count, 1 / count), size=min(rows, RESAMPLES - start))
        parts.append(_task_means(values, weights.astype(np.float64)))
    return np.concatenate(parts)


def _task_means(values: Floats, weights: Floats) -> Floats:
    """(R,) means over images, weighted by (R, images), then over the labels that are left."""
    known = np.isfinite(values)
    totals, counts = weights @ np.where(known, values, 0), weights @ known
    labels = np.divide(totals, counts, out=np.zeros_like(totals), where=counts > 0)
    present = (counts > 0).sum(axis=1)
    means: Floats = np.divide(labels.sum(axis=1), present, out=np.full(len(weights), np.nan), where=present > 0)
    return means


def _interval(found: Resampled) -> Estimate:
    samples = found.samples[np.isfinite(found.samples)]
    if not samples.size:
        return Estimate(found.mean, np.nan, np.nan)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(samples, (tail, 100 - tail)).tolist()
    return Estimate(found.mean, low, high)


def _seed(text: str) -> int:
    return zlib.crc32(text.encode())
