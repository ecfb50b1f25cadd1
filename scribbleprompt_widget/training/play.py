"""One sample's rounds, as training, validation and fine-tuning all play them: the network against the annotator."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.rounds import PromptChannels, corrections, first_prompts, network_input

__all__ = ["dice", "play"]


def play(
    network: nn.Module,
    images: Tensor,
    masks: Tensor,
    draws: Draws,
    config: SimulationConfig,
    *,
    rounds: int,
    idle: float = 0.0,
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

    Yields
    ------
    B 1 H W logits.
    """
    previous = torch.zeros_like(images)
    channels = first_prompts(masks, draws.fork("first"), config)
    for number in range(rounds):
        if number:
            drawn = corrections(channels, masks, previous > 0, draws.fork("correction", number), config)
            waits = draws.fork("idle", number).uniform(1, 1, 1) < idle
            channels = PromptChannels(*(torch.where(waits, old, new) for old, new in zip(channels, drawn, strict=True)))
        inputs = network_input(images, channels, previous).contiguous(memory_format=torch.channels_last)
        logits = network(inputs)
        yield logits
        previous = logits.detach().float()


def dice(masks: Tensor, truth: Tensor) -> Tensor:
    """(B,) float32: Dice of two batches of masks, bool or {0, 1}; 1 where both are empty."""
    masks, truth = masks.flatten(1).float(), truth.flatten(1).float()
    total = masks.sum(dim=1) + truth.sum(dim=1)
    overlap = 2 * (masks * truth).sum(dim=1)
    return torch.where(total > 0, overlap / total.clamp_min(1), 1.0)
