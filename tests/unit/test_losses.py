"""The losses are the ones that their names say."""

import math

import pytest
import torch

from scribbleprompt_widget.training.losses import (
    LossConfig,
    cross_entropy_loss,
    focal_loss,
    segmentation_loss,
    soft_dice_loss,
)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    logits = 5 * torch.randn(3, 1, 16, 20, generator=generator)
    return logits, (torch.rand(3, 1, 16, 20, generator=generator) > 0.7).float()


@pytest.mark.parametrize("gamma", [0.0, 2.0, 20.0])
def test_focal_and_dice_are_monais(pair, gamma):
    losses = pytest.importorskip("monai.losses")
    logits, masks = pair
    expected = losses.FocalLoss(gamma=gamma, reduction="none")(logits, masks).mean(dim=(1, 2, 3))
    torch.testing.assert_close(focal_loss(logits, masks, gamma), expected, rtol=1e-4, atol=1e-7)
    expected = losses.DiceLoss(sigmoid=True, reduction="none", smooth_nr=1e-5, smooth_dr=1e-5)(logits, masks).flatten()
    torch.testing.assert_close(soft_dice_loss(logits, masks), expected)


def test_terms_are_selected_by_their_weights(pair):
    dice, focal, entropy = soft_dice_loss(*pair), focal_loss(*pair, 20), cross_entropy_loss(*pair)
    torch.testing.assert_close(segmentation_loss(*pair, LossConfig()), dice + focal)
    torch.testing.assert_close(segmentation_loss(*pair, LossConfig(focal=0)), dice)
    config = LossConfig(dice=2, focal=0, cross_entropy=0.5)
    torch.testing.assert_close(segmentation_loss(*pair, config), 2 * dice + 0.5 * entropy)


@pytest.mark.parametrize("config", [LossConfig(), LossConfig(focal=0, cross_entropy=1)])
@pytest.mark.parametrize("value", [-1e4, 0.0, 1e4])
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_losses_and_gradients_stay_finite(config, value, fill):
    logits = torch.full((1, 1, 8, 8), value, requires_grad=True)
    loss = segmentation_loss(logits, torch.full((1, 1, 8, 8), fill), config)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert torch.isfinite(logits.grad).all()


def test_a_perfect_answer_costs_nothing_and_a_wrong_one_costs():
    masks = torch.zeros(1, 1, 8, 8)
    masks[..., :4] = 1
    right = segmentation_loss(100 * (masks - 0.5), masks, LossConfig(cross_entropy=1))
    wrong = segmentation_loss(-100 * (masks - 0.5), masks, LossConfig(cross_entropy=1))
    assert right.item() < 1e-4
    assert wrong.item() > 1
    assert math.isclose(soft_dice_loss(torch.full((1, 1, 4, 4), -1e4), torch.zeros(1, 1, 4, 4)).item(), 0, abs_tol=1e-6)


def test_wrong_configurations_and_shapes_are_refused(pair):
    with pytest.raises(ValueError, match="one of them positive"):
        LossConfig(dice=0, focal=0)
    with pytest.raises(ValueError, match="one shape"):
        segmentation_loss(pair[0], pair[1][:, :, 1:], LossConfig())
