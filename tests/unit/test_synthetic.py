"""Synthetic images: always something to segment in them, and something to see."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.shapes import KINDS, STRUCTURES, TISSUES, VESSELS, draw_scene
from scribbleprompt_widget.training.synthetic import SyntheticConfig, synthetic_images


@settings(max_examples=15)
@given(st.integers(0, 2**40), st.sampled_from([32, 64, 100]))
def test_synthetic_images_have_targets(seed, size):
    images, masks = synthetic_images(Draws(torch.arange(6) + seed), size)
    assert images.shape == masks.shape == (6, 1, size, size)
    assert images.isfinite().all()
    assert images.min() >= 0
    assert images.max() <= 1
    share = masks.float().mean(dim=(1, 2, 3))
    assert (share > 0).all()
    assert (share < 0.95).all()


def test_targets_can_be_seen():
    images, masks = synthetic_images(Draws(torch.arange(200)), 64, SyntheticConfig(noise_deviation=(0, 0)))
    shown = torch.nn.functional.max_pool2d(masks.float(), 7, stride=1, padding=3)
    around = (shown > 0) & ~masks
    inside = (images * masks).sum(dim=(1, 2, 3)) / masks.sum(dim=(1, 2, 3))
    outside = (images * around).sum(dim=(1, 2, 3)) / around.sum(dim=(1, 2, 3))
    assert ((inside - outside).abs() > 0.03).float().mean() > 0.85


def test_scenes_have_every_structure_and_vessels_are_thin():
    scene = draw_scene(Draws(torch.arange(120)), 64)
    assert scene.numbers.min() >= 0
    assert scene.numbers.max() < STRUCTURES
    for span in (TISSUES, *KINDS, VESSELS):
        met = ((scene.numbers >= span.start) & (scene.numbers < span.stop)).flatten(1).any(dim=1)
        assert met.float().mean() > 0.2
    vessels = (scene.numbers == VESSELS.start).float()[:, None]
    eroded = -torch.nn.functional.max_pool2d(-vessels, 7, stride=1, padding=3)
    assert eroded.sum() < 0.1 * vessels.sum()


def test_synthetic_images_do_not_depend_on_their_neighbours():
    draws = Draws(torch.arange(10))
    rows = torch.tensor([7, 1, 4])
    for whole, part in zip(synthetic_images(draws, 64), synthetic_images(draws[rows], 64), strict=True):
        torch.testing.assert_close(whole[rows].float(), part.float(), atol=1e-5, rtol=0)
