"""What training minimises: soft Dice, focal loss, cross-entropy, and weighted sums of them.

The formulas are MONAI's (`DiceLoss(sigmoid=True)`, `FocalLoss`), to which the tests compare them; written out here
since they are three lines each, and MONAI takes seconds to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["LossConfig", "cross_entropy_loss", "focal_loss", "segmentation_loss", "soft_dice_loss"]

RELEASE_GAMMA: Final = 20.0
"""Focusing parameter in the paper's released configuration."""
SMOOTH: Final = 1e-5
"""Makes the Dice of two empty masks 1; far below one pixel."""


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; 0 leaves a term out.

    Attributes
    ----------
    dice, focal, cross_entropy
        Weights. The defaults are the paper's: soft Dice and focal loss, one to one.
    gamma
        The focal loss's focusing parameter.
    """

    dice: float = 1.0
    focal: float = 1.0
    cross_entropy: float = 0.0
    gamma: float = RELEASE_GAMMA

    def __post_init__(self) -> None:
        weights = (self.dice, self.focal, self.cross_entropy)
        if min(weights) < 0 or not any(weights) or self.gamma < 0:
            raise ValueError(f"the loss takes weights from 0, one of them positive, and gamma from 0, got {self}")


def segmentation_loss(logits: Tensor, masks: Tensor, config: LossConfig) -> Tensor:
    """The weighted sum that `config` asks for.

    Parameters
    ----------
    logits
        B 1 H W, any float; computed in float32.
    masks
        B 1 H W in {0, 1}.

    Returns
    -------
    (B,) float32, one loss per sample.
    """
    if logits.shape != masks.shape:
        raise ValueError(
            f"loss takes logits and masks of one shape, got {tuple(logits.shape)} and {tuple(masks.shape)}"
        )
    logits, masks = logits.float(), masks.float()
    total = logits.new_zeros(len(logits))
    if config.dice:
        total = total + config.dice * soft_dice_loss(logits, masks)
    if config.focal:
        total = total + config.focal * focal_loss(logits, masks, config.gamma)
    if config.cross_entropy:
        total = total + config.cross_entropy * cross_entropy_loss(logits, masks)
    return total


def soft_dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """(B,): one minus the Dice of probabilities and masks (Milletari et al., 2016, without squares)."""
    probabilities = torch.sigmoid(logits).flatten(1)
    masks = masks.flatten(1)
    overlap = (probabilities * masks).sum(dim=1)
    total = probabilities.sum(dim=1) + masks.sum(dim=1)
    return 1 - (2 * overlap + SMOOTH) / (total + SMOOTH)


def cross_entropy_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """(B,): mean binary cross-entropy over pixels."""
    return F.binary_cross_entropy_with_logits(logits, masks, reduction="none").flatten(1).mean(dim=1)


def focal_loss(logits: Tensor, masks: Tensor, gamma: float) -> Tensor:
    """(B,): pixels' mean of cross-entropy times (1 - p)^gamma, p the true class's probability (Lin et al., 2017)."""
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none")
    # log(1 - p) is the cross-entropy of the wrong class, negated: exact where p is near 1, where 1 - exp(-x) is not.
    wrong = F.binary_cross_entropy_with_logits(logits, 1 - masks, reduction="none")
    return (torch.exp(-gamma * wrong) * entropy).flatten(1).mean(dim=1)
