"""One sample's rounds, as training, validation and fine-tuning all play them: the network against the annotator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import torch
from torch import Tensor, nn

from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.rounds import PromptChannels, corrections, first_prompts, network_input

__all__ = ["SURE", "dice", "play", "spoilt"]

SURE: Final = 4.0
"""Logit of a mask that somebody hands in."""
ADDED: Final = 0.7
"""Share of wrong masks that have too much, rather than too little."""


def play(
    network: nn.Module,
    images: Tensor,
    masks: Tensor,
    draws: Draws,
    config: SimulationConfig,
    *,
    rounds: int,
    idle: float = 0.0,
    given: float = 0.0,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Tensor]:
    """Logits of one round after the other.

    Nothing but numbers goes from a round to the next, so that a round's graph can be freed (its loss sent back) before
    the next is asked for: memory does not grow with the rounds.

    Parameters
    ----------
    network
        B 5 H W -> B 1 H W logits.
    images, masks
        B 1 H W, in [0, 1] and {0, 1}.
    draws
        One stream per sample.
    rounds
        How many.
    idle
        Probability, per sample and later round, that nothing new is drawn.
    given
        Probability, per sample, that it begins with a wrong mask and its first corrections instead of with first
        prompts: what a network has to know to mend other people's masks, and to obey a negative prompt alone.
    autocast
        What the network runs in. Not the annotator, whose prompts would be others in another precision.

    Yields
    ------
    B 1 H W logits.
    """
    channels, previous = _beginning(masks, draws, config, given)
    for number in range(rounds):
        if number:
            drawn = corrections(channels, masks, previous > 0, draws, config, number=number)
            waits = draws.fork("idle", number).uniform(1, 1, 1) < idle
            channels = PromptChannels(*(torch.where(waits, old, new) for old, new in zip(channels, drawn, strict=True)))
        inputs = network_input(images, channels, previous).contiguous(memory_format=torch.channels_last)
        with autocast():
            logits = network(inputs)
        yield logits
        previous = logits.detach().float()


def _beginning(masks: Tensor, draws: Draws, config: SimulationConfig, given: float) -> tuple[PromptChannels, Tensor]:
    """Prompts and previous logits of the first round."""
    channels, previous = first_prompts(masks, draws, config), torch.zeros_like(masks)
    if not given:
        return channels, previous
    wrong = spoilt(masks, draws.fork("spoilt"))
    nothing = PromptChannels(*(torch.zeros_like(masks) for _ in channels))
    mends = corrections(nothing, masks, wrong, draws, config, number=0)
    begins = draws.fork("given").uniform(1, 1, 1) < given
    channels = PromptChannels(*(torch.where(begins, new, old) for new, old in zip(mends, channels, strict=True)))
    return channels, torch.where(begins, SURE * (2 * wrong.to(masks.dtype) - 1), previous)


def spoilt(masks: Tensor, draws: Draws) -> Tensor:
    """Wrong masks B 1 H W, bool: with a mirrored copy of themselves added, or cut out."""
    kind = draws.integers(0, 3, 1, 1, 1)
    upright = torch.where(kind == 0, masks.flip(-1), masks.flip(-2))
    mirrored = torch.where(kind == 2, masks.flip(-1, -2), upright) > 0
    return torch.where(draws.uniform(1, 1, 1) < ADDED, (masks > 0) | mirrored, (masks > 0) & ~mirrored)


def dice(masks: Tensor, truth: Tensor) -> Tensor:
    """(B,) float32: Dice of two batches of masks, bool or {0, 1}; 1 where both are empty."""
    masks, truth = masks.flatten(1).float(), truth.flatten(1).float()
    total = masks.sum(dim=1) + truth.sum(dim=1)
    overlap = 2 * (masks * truth).sum(dim=1)
    return torch.where(total > 0, overlap / total.clamp_min(1), 1.0)
