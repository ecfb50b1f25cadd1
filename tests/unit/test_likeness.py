"""Likeness: what looks like the strokes, wherever it is."""

import pytest
import torch

from scribbleprompt_widget.models.likeness import likeness, values_of


def scene():
    """Dark lines on brighter ground, with a stroke that wanders over one, and one beside them."""
    image = 0.6 + 0.03 * torch.randn(1, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    lines = torch.zeros(96, 96, dtype=torch.bool)
    lines[20:22], lines[60:62], lines[:, 80:82] = True, True, True
    image[:, :, lines] -= 0.3
    positive, negative = torch.zeros(2, 1, 1, 96, 96)
    positive[..., 19:23, 10:60] = 1
    negative[..., 40:44, 10:60] = 1
    return image.clamp(0, 1), lines, positive, negative


def test_lines_far_from_a_sloppy_stroke_look_like_it():
    image, lines, positive, negative = scene()
    found = likeness(values_of(image), positive, negative)[0, 0]
    assert found[lines].mean() > 0.8
    assert found[~lines].mean() < 0
    assert found.abs().max() <= 1
    torch.testing.assert_close(likeness(values_of(image), negative, positive)[0, 0], -found, atol=1e-5, rtol=0)


def test_one_sign_is_compared_with_the_image():
    image, lines, positive, negative = scene()
    found = likeness(values_of(image), positive, torch.zeros_like(negative))[0, 0]
    assert found[lines].mean() > 0.5
    assert found[~lines].mean() < 0


def test_nothing_marked_says_nothing_and_a_click_little():
    image, _, positive, _ = scene()
    nothing = torch.zeros_like(positive)
    assert likeness(values_of(image), nothing, nothing).abs().max() < 1e-6
    click = nothing.clone()
    click[..., 20, 30] = 1
    assert likeness(values_of(image), click, nothing).abs().mean() < 0.2


def test_channels_and_samples_are_apart():
    image, _, positive, negative = scene()
    both = torch.cat([image, 1 - image], dim=1)
    batch = torch.cat([both, torch.rand(1, 2, 96, 96)])
    signs = [torch.cat([one, one.flip(-1)]) for one in (positive, negative)]
    found = likeness(values_of(batch), *signs)
    torch.testing.assert_close(found[:1, :1], likeness(values_of(image), positive, negative))
    torch.testing.assert_close(found[1:], likeness(values_of(batch[1:]), *(one[1:] for one in signs)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_come_back_as_single(dtype):
    image, _, positive, negative = (one.to(dtype) for one in scene())
    assert likeness(values_of(image), positive, negative).dtype == torch.float32
