"""Lines in an image, whatever their strength, sign and direction."""

import pytest
import torch

from scribbleprompt_widget.models.ridges import ridges


def lines():
    """A faint thin line and a strong wide one, dark, and a bright slanting one, on a ramp with grain."""
    ramp = torch.linspace(0.3, 0.7, 128).expand(128, 128)
    image = (ramp + 0.01 * torch.randn(128, 128, generator=torch.Generator().manual_seed(0))).clone()
    image[20] -= 0.1
    image[59:62] -= 0.3
    slanting = torch.arange(80, 120)
    image[slanting, slanting] += 0.15
    return image[None, None], slanting


def test_faint_and_strong_lines_are_found_with_their_sign():
    image, slanting = lines()
    found = ridges(image)[0, 0]
    assert found.shape == (128, 128)
    assert found.abs().max() <= 1
    assert found[20, 5:-5].mean() > 0.5
    assert found[60, 5:-5].mean() > 0.5
    assert found[slanting, slanting][5:-5].mean() < -0.5
    assert found[30:50].abs().mean() < 0.15


def test_edges_and_blobs_are_no_lines():
    image = torch.zeros(1, 1, 64, 64)
    image[..., 32:] = 1
    # Beside an edge the grey curves too, each way on one side of it; a line curves one way only.
    assert ridges(image).sum().abs() < 0.05 * ridges(image).abs().sum()
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    blob = torch.exp(-((y - 32) ** 2 + (x - 32) ** 2) / (2 * 6**2))[None, None]
    assert ridges(blob)[0, 0, 32, 32].abs() < 0.05


def test_neither_exposure_nor_direction_matters():
    image, _ = lines()
    rows = [20, 60]
    torch.testing.assert_close(ridges(0.5 * image + 0.2)[..., rows, :], ridges(image)[..., rows, :], atol=0.1, rtol=0)
    # In the mean: where both widths are as strong, rounding decides.
    assert (ridges(1 - image) + ridges(image)).abs().mean() < 1e-3
    assert (ridges(image.mT) - ridges(image).mT).abs().mean() < 1e-3


def test_even_ground_has_none():
    assert ridges(torch.full((1, 1, 64, 64), 0.3)).abs().max() < 1e-3


@pytest.mark.parametrize("side", [8, 32])
def test_small_images_and_other_precisions(side):
    assert ridges(torch.rand(2, 1, side, side, dtype=torch.bfloat16)).dtype == torch.float32
