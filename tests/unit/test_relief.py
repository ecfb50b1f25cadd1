"""An image's relief: local contrast, whatever the exposure."""

import pytest
import torch

from scribbleprompt_widget.models.relief import relief


def test_faint_lines_are_as_clear_as_strong_ones_and_exposure_does_not_matter():
    ramp = torch.linspace(0.2, 0.7, 128).expand(128, 128)
    image = (ramp + 0.02 * torch.randn(128, 128, generator=torch.Generator().manual_seed(0)))[None, None].clone()
    image[..., 40, :] -= 0.1
    image[..., 90, :] -= 0.3
    found = relief(image)[0, 0]
    assert found.shape == (128, 128)
    assert found.abs().max() <= 1
    assert found[40].mean() < -0.5
    assert found[90].mean() < -0.5
    assert found[64].abs().mean() < 0.4
    torch.testing.assert_close(relief(0.8 * image + 0.1), relief(image), atol=0.02, rtol=0)


def test_even_ground_has_none():
    assert relief(torch.full((1, 1, 64, 64), 0.3)).abs().max() < 1e-4


@pytest.mark.parametrize("side", [4, 8, 32])
def test_small_images_and_other_precisions(side):
    assert relief(torch.rand(2, 1, side, side, dtype=torch.bfloat16)).dtype == torch.float32
