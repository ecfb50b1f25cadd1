"""How weights move: the optimiser, its rate over a run, and the moving average that is kept as the result."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import torch
from torch import nn

__all__ = ["MovingAverage", "OptimisationConfig", "make_optimiser", "rate_factor"]

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class OptimisationConfig:
    """The optimiser and its schedule.

    Attributes
    ----------
    optimiser
        "adamw" (decoupled decay) or "adam" (the paper's).
    rate
        Learning rate after warm-up; it falls along a cosine to `final` times that.
    decay
        Weight decay; not applied to biases, gains and norms.
    warm_up
        Steps of linear rise.
    clip
        Greatest norm of all gradients together; larger ones are scaled down to it.
    average
        Decay per move of the moving average of the weights; 0 keeps the last weights.
    every_round
        Move the weights after each round, which learns more from as much arithmetic while a run is short; else once per
        step, by the mean over its rounds.
    """

    optimiser: Literal["adamw", "adam"] = "adamw"
    rate: float = 1e-3
    final: float = 0.01
    decay: float = 0.01
    warm_up: int = 100
    clip: float = 1.0
    average: float = 0.999
    every_round: bool = False

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.clip <= 0 or self.warm_up < 0 or self.decay < 0:
            raise ValueError(f"optimisation takes positive rate and clip, warm_up and decay from 0, got {self}")
        if not (0 <= self.average < 1 and 0 <= self.final <= 1):
            raise ValueError(f"optimisation takes average in [0, 1) and final in [0, 1], got {self}")


def make_optimiser(network: nn.Module, config: OptimisationConfig) -> torch.optim.Optimizer:
    """Adam or AdamW for all weights of `network`, without decay on vectors (biases, gains, norms)."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.optimiser == "adam":
        return torch.optim.Adam(groups, lr=config.rate)
    return torch.optim.AdamW(groups, lr=config.rate)


def rate_factor(step: int, progress: float, config: OptimisationConfig) -> float:
    """What the learning rate is multiplied by.

    Parameters
    ----------
    step
        Steps taken, for the warm-up.
    progress
        How much of the run is over, in [0, 1], for the cosine.
    """
    warm = min((step + 1) / (config.warm_up + 1), 1.0)
    cosine = (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0))) / 2
    return warm * (config.final + (1 - config.final) * cosine)


class MovingAverage(Generic[Network]):
    """An exponential moving average of a network, in a copy of it.

    Young averages forget faster, so that they do not remember the random start.

    Attributes
    ----------
    network
        The averaged copy, in evaluation mode.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: Network, step: int) -> None:
        """Take in the weights after `step` steps."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        current = network.state_dict()
        averages, news = [], []
        for name, average in self.network.state_dict().items():
            if average.is_floating_point():
                averages.append(average)
                news.append(current[name])
            else:
                average.copy_(current[name])
        torch._foreach_lerp_(averages, news, share)
