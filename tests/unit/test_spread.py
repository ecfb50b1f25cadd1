"""Prompts spread over the image: where signs travel, stop and fade."""

import pytest
import torch

from scribbleprompt_widget.models.spread import ground, spread_prompts

SIDE = 64
GRIDS = 4


def blank(batch=1):
    return torch.zeros(batch, 1, SIDE, SIDE)


def disc(radius=16, centre=SIDE // 2):
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return (((rows - centre) ** 2 + (columns - centre) ** 2) < radius**2).float()[None, None]


def spread(image, positive=None, negative=None, contrasts=(8.0,)):
    positive, negative = (blank(len(image)) if one is None else one for one in (positive, negative))
    return spread_prompts(ground(image, contrasts=contrasts, grids=GRIDS), positive, negative)


def at(*places):
    drawn = blank()
    for row, column in places:
        drawn[0, 0, row, column] = 1
    return drawn


def test_a_short_stroke_of_each_sign_outlines_a_disc():
    image = 0.2 + 0.5 * disc() + 0.02 * torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    strokes = [at(*[(row + i, column) for i in range(6) for column in (30, 31)]) for row in (29, 4)]
    found = spread(image, positive=strokes[0], negative=strokes[1]) > 0
    truth = disc() > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.9


def test_signs_are_bounded_and_change_places_with_their_prompts():
    generator = torch.Generator().manual_seed(1)
    image, noise = torch.rand(2, 1, SIDE, SIDE, generator=generator), torch.rand(2, 2, SIDE, SIDE, generator=generator)
    positive, negative = (noise > 0.98).float().split(1, dim=1)
    signs = spread(image, positive=positive, negative=negative, contrasts=(2.0, 30.0))
    assert signs.shape == (2, 2, SIDE, SIDE)
    assert signs.abs().max() <= 1
    torch.testing.assert_close(signs, -spread(image, positive=negative, negative=positive, contrasts=(2.0, 30.0)))


def test_nothing_drawn_says_nothing():
    assert not spread(torch.rand(1, 1, SIDE, SIDE)).any()


def test_a_lone_sign_fades_with_distance_and_behind_edges():
    signs = spread(disc(), positive=at((32, 32)))[0, 0]
    assert signs.min() >= 0
    assert signs[32, 32] > signs[32, 40] > signs[32, 60] > 0
    assert signs[32, 40] - signs[32, 60] > 3 * (signs[32, 32] - signs[32, 40])


def test_even_ground_is_no_trouble():
    signs = spread(blank(), positive=at((32, 10)), negative=at((32, 54)))[0, 0]
    assert torch.isfinite(signs).all()
    assert signs[:, :24].min() > 0 > signs[:, 40:].max()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_come_back_as_single(dtype):
    image, positive = disc().to(dtype), at((32, 32)).to(dtype)
    assert spread(image, positive=positive).dtype == torch.float32
