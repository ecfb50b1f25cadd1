"""The simulated annotator's rounds: first prompts from the mask, then corrections from what a prediction got wrong.

Wong et al., ECCV 2024, section 3.2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.boxes import boxes
from scribbleprompt_widget.simulation.clicks import border_clicks, center_clicks, uniform_clicks
from scribbleprompt_widget.simulation.config import SimulationConfig, scale_of
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.neighbours import distance_near
from scribbleprompt_widget.simulation.scribbles import (
    centerline_scribbles,
    contour_scribbles,
    hand_scribbles,
    line_scribbles,
)

__all__ = ["PromptChannels", "corrections", "first_prompts", "network_input"]

# The bits of a mix of prompts; 1 to 7 are the non-empty mixes.
_BOX, _CLICKS, _SCRIBBLES = 1, 2, 4
_BITS = {"box": _BOX, "clicks": _CLICKS, "scribbles": _SCRIBBLES}

# Clicks first, hand scribbles last.
_KINDS = (
    uniform_clicks,
    center_clicks,
    border_clicks,
    line_scribbles,
    centerline_scribbles,
    contour_scribbles,
    hand_scribbles,
)
_CLICK_KINDS = 3

_MOST_SHYNESS = 0.7
"""Share of a region's depth that strokes keep away from its border at most."""


class PromptChannels(NamedTuple):
    """Prompts as a network reads them: each (B, 1, H, W) float32 in [0, 1]."""

    box: Tensor
    positive: Tensor
    negative: Tensor

    @classmethod
    def empty(cls, masks: Tensor) -> PromptChannels:
        """No prompts yet, in the shape of (B, 1, H, W) `masks`."""
        return cls(*(torch.zeros(masks.shape, device=masks.device) for _ in cls._fields))


def first_prompts(masks: Tensor, draws: Draws, config: SimulationConfig) -> PromptChannels:
    """What an annotator draws first.

    Every non-empty mix of box, clicks and scribbles (of `config.kinds`) is equally likely. Clicks and scribbles come in
    `config.positive_counts` on the object and `config.negative_counts` beside it, each kind with numbers of its own.
    With `config.single_probability` there is one box, one click or one scribble on the object instead, each kind
    equally likely; such a sample's corrections come one at a time, too.

    Parameters
    ----------
    masks
        (B, 1, H, W), bool or {0, 1}. Without an object there are only negative prompts, without background only
        positive ones and the box.
    draws
        B samples, on the device of `masks`.
    config
        All its numbers are used.

    Returns
    -------
    PromptChannels of (B, 1, H, W).

    Raises
    ------
    ValueError
        When `masks` is not (B, 1, H, W), or `draws` has another number of samples or another device.
    """
    masks = _checked(masks, draws) > 0.5
    choice = draws.fork("mix").host()
    allowed = sum(_BITS[kind] for kind in set(config.kinds))
    mixes = torch.tensor([mix for mix in range(1, 8) if not mix & ~allowed])
    mix = mixes[choice.integers(0, len(mixes))]
    counts = torch.stack(
        [choice.integers(low, high + 1, 2) for low, high in (config.positive_counts, config.negative_counts)]
    )
    single, alone = _single(draws, config)
    mix = torch.where(single, alone, mix)
    counts = torch.where(single[:, None], torch.tensor([1, 0])[:, None, None], counts)
    channels = PromptChannels.empty(masks)
    regions = torch.cat([masks, ~masks])
    both = Draws.concatenate([draws.fork("positive"), draws.fork("negative")])
    kinds = (_click_kinds(both), _scribble_kinds(both, config))
    places = (regions, _shied(regions, both, config))
    for number, (bit, kind, where) in enumerate(zip((_CLICKS, _SCRIBBLES), kinds, places, strict=True)):
        wanted = torch.where((mix & bit) > 0, counts[:, :, number], 0).flatten()
        drawn = _draw(torch.where(wanted > 0, kind, -1), where, both.fork(number), config, _sent(wanted, masks))
        channels = _add(channels, *drawn.chunk(2))
    boxed = _sent((mix & _BOX) > 0, masks)
    return channels._replace(box=boxes(masks, draws.fork("box"), config) * boxed[:, None, None, None])


def corrections(
    channels: PromptChannels, masks: Tensor, predicted: Tensor, draws: Draws, config: SimulationConfig, *, number: int
) -> PromptChannels:
    """What an annotator adds on seeing a prediction.

    Clicks or scribbles (of `config.kinds`), equally likely, `config.correction_counts` of them; each is on missed
    object (positive) or on what was wrongly taken for it (negative) with a probability in proportion to the two areas.
    Samples that began with one prompt (see `first_prompts`) go on with one a round: clicks after a click, scribbles
    after a scribble, after a box either. Where no error is left, nothing is added.

    Parameters
    ----------
    channels
        The prompts so far.
    masks
        (B, 1, H, W), bool or {0, 1}: the truth.
    predicted
        (B, 1, H, W), bool or in [0, 1]: the last prediction; object where more than 0.5.
    draws
        B samples, on the device of `masks`: those of the first prompts.
    config
        All its numbers but those of first prompts are used.
    number
        The round: with another, other prompts are drawn.

    Returns
    -------
    PromptChannels: the earlier prompts and the new ones; where they meet with different signs, the new ones hold.

    Raises
    ------
    ValueError
        When shapes or the number of samples differ, or `draws` is on another device.
    """
    masks = _checked(masks, draws) > 0.5
    if predicted.shape != masks.shape or channels.positive.shape != masks.shape:
        raise ValueError(
            f"predicted and channels take the masks' shape {tuple(masks.shape)}, got {tuple(predicted.shape)} and "
            f"{tuple(channels.positive.shape)}"
        )
    predicted = predicted > 0.5
    missed, wrong = masks & ~predicted, predicted & ~masks
    areas = torch.cat([missed, wrong], dim=1).flatten(2).sum(2)
    share = areas[:, 0] / areas.sum(1).clamp(min=1)
    single, alone = _single(draws, config)
    draws = draws.fork("correction", number)
    choice = draws.fork("choice")
    most = config.correction_counts[1]
    sides = choice.uniform(most) < share[:, None]
    choice = choice.host()
    count = torch.where(single, 1, choice.integers(config.correction_counts[0], most + 1))
    clicked = choice.integers(0, 2) > 0
    if len(allowed := {"clicks", "scribbles"} & set(config.kinds)) == 1:
        clicked = torch.full_like(clicked, "clicks" in allowed)
    clicked = torch.where(single & (alone != _BOX), alone == _CLICKS, clicked).repeat(2)
    wanted = _sent(torch.arange(most) < count[:, None], masks)
    counts = torch.cat([(wanted & sides).sum(1), (wanted & ~sides).sum(1)])
    both = Draws.concatenate([draws.fork("positive"), draws.fork("negative")])
    kinds = torch.where(clicked, _click_kinds(both), _scribble_kinds(both, config))
    regions = torch.cat([missed, wrong])
    places = torch.where(_sent(clicked, masks)[:, None, None, None], regions, _shied(regions, both, config))
    return _add(channels, *_draw(kinds, places, both, config, counts).chunk(2))


def network_input(images: Tensor, channels: PromptChannels, previous_logits: Tensor | None = None) -> Tensor:
    """The five channels that the paper's network reads.

    Parameters
    ----------
    images
        (B, 1, H, W) in [0, 1].
    channels
        Prompts of the same shape.
    previous_logits
        (B, 1, H, W): the network's last answer; None in the first round: zeros.

    Returns
    -------
    (B, 5, H, W) float32: image, box, positive, negative, previous logits.
    """
    if previous_logits is None:
        previous_logits = torch.zeros_like(images)
    return torch.cat([images, *channels, previous_logits], dim=1)


def _checked(masks: Tensor, draws: Draws) -> Tensor:
    if masks.ndim != 4 or masks.shape[1] != 1:
        raise ValueError(f"masks takes (B, 1, H, W), got {tuple(masks.shape)}")
    if len(draws) != len(masks) or draws.device != masks.device:
        raise ValueError(
            f"draws takes {len(masks)} samples on {masks.device}, as many as masks, got {len(draws)} on {draws.device}"
        )
    return masks


def _sent(choice: Tensor, masks: Tensor) -> Tensor:
    """A choice made on the host, on the masks' device, without waiting for what that has still to do."""
    return choice.to(masks.device, non_blocking=True)


def _add(channels: PromptChannels, positive: Tensor, negative: Tensor) -> PromptChannels:
    """New prompts on top of earlier ones. Where signs meet the later holds; among the new ones, the positive."""
    negative = negative * (positive == 0)
    return channels._replace(
        positive=torch.maximum(channels.positive * (negative == 0), positive),
        negative=torch.maximum(channels.negative * (positive == 0), negative),
    )


def _single(draws: Draws, config: SimulationConfig) -> tuple[Tensor, Tensor]:
    """Who gives one prompt at a time, and the bit of the kind that they begin with: (B,) each, on the host."""
    choice = draws.fork("single").host()
    single = choice.uniform() < config.single_probability
    bits = torch.tensor(sorted({_BITS[kind] for kind in config.kinds}))
    return single, bits[choice.integers(0, len(bits))]


def _click_kinds(draws: Draws) -> Tensor:
    """Numbers in `_KINDS`, (B,) on the host: clicks of each kind, equally likely."""
    return draws.fork("click kind").host().integers(0, _CLICK_KINDS)


def _scribble_kinds(draws: Draws, config: SimulationConfig) -> Tensor:
    """Numbers in `_KINDS`, (B,) on the host: hand scribbles with their probability, else one of the paper's."""
    choice = draws.fork("scribble kind").host()
    hand = len(_KINDS) - 1
    paper = choice.integers(_CLICK_KINDS, hand)
    return torch.where(choice.uniform() < config.hand_probability, hand, paper)


def _shied(regions: Tensor, draws: Draws, config: SimulationConfig) -> Tensor:
    """What of the regions (2B, 1, H, W) shy strokes keep to: never nothing of something."""
    draws, scale = draws.fork("shy"), scale_of(regions)
    low, high = config.shyness
    margin = draws.uniform(1, 1, 1, low=low * scale, high=high * scale)
    margin = margin * (draws.uniform(1, 1, 1) < config.shy_probability)
    depth = distance_near(~regions, max(math.ceil(high * scale), 1))
    deepest = depth.flatten(1).amax(1)[:, None, None, None]
    return regions & (depth > torch.minimum(margin, _MOST_SHYNESS * deepest))


def _draw(kinds: Tensor, regions: Tensor, draws: Draws, config: SimulationConfig, counts: Tensor) -> Tensor:
    """Prompts of a kind (its number in `_KINDS`, on the host; -1 for none) for each sample: (B, 1, H, W).

    Each kind runs once, over the samples that it was chosen for. The choice is made on the host, so that a GPU is not
    waited for; on a CPU samples are left out where nothing is to be drawn, which only the regions tell.
    """
    if regions.device.type == "cpu":
        kinds = torch.where((counts > 0) & regions.flatten(1).any(1), kinds, -1)
    drawn = torch.zeros(regions.shape, device=regions.device)
    for number, kind in enumerate(_KINDS):
        host = (kinds == number).nonzero().squeeze(1)
        if len(host):
            index = host.to(regions.device, non_blocking=True)
            drawn[index] = kind(regions[index], draws[host], config, counts=counts[index])
    return drawn
