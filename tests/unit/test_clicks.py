"""Simulated clicks: in their region, where their kind says."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from scipy import ndimage

from scribbleprompt_widget.simulation.clicks import border_clicks, center_clicks, uniform_clicks
from scribbleprompt_widget.simulation.config import SimulationConfig
from tests.regions import draws_for, filled, regions, seeds

CONFIG = SimulationConfig()
KINDS = (uniform_clicks, center_clicks, border_clicks)


@pytest.mark.parametrize("kind", KINDS)
@given(masks=regions(), seed=seeds)
@settings(max_examples=15)
def test_clicks_stay_inside_and_are_no_more_than_asked_for(kind, masks, seed):
    counts = torch.tensor([0, 1, 3])
    drawn = kind(masks, draws_for(masks, seed), CONFIG, counts=counts)
    assert drawn.shape == masks.shape
    assert not (drawn.bool() & ~masks).any()
    assert (drawn.flatten(1).sum(1) <= counts).all()
    assert torch.equal(filled(drawn), filled(masks) & (counts > 0))
    once = kind(masks, draws_for(masks, seed), CONFIG)
    assert torch.equal(once.flatten(1).sum(1), filled(masks).float())


@given(regions())
@settings(max_examples=15)
def test_center_clicks_are_the_deepest_pixels_of_the_largest_components(masks):
    drawn = center_clicks(masks, draws_for(masks), CONFIG, counts=torch.full((len(masks),), 3))
    for mask, clicks in zip(masks[:, 0].numpy(), drawn[:, 0].numpy() > 0, strict=True):
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        sizes = np.bincount(labels.ravel())[1:]
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        assert clicks.sum() == min(count, 3)
        clicked = sorted(sizes[labels[clicks] - 1].tolist())
        assert clicked == sorted(np.sort(sizes)[::-1][:3].tolist())
        for label in labels[clicks]:
            assert depth[clicks & (labels == label)] == pytest.approx(depth[labels == label].max())


def test_border_clicks_keep_near_the_border():
    mask = torch.zeros(40, 1, 128, 128, dtype=torch.bool)
    mask[:, :, 20:100, 20:100] = True
    for region in (mask, ~mask):
        drawn = border_clicks(region, draws_for(region), CONFIG)
        depth = np.stack([ndimage.distance_transform_edt(one) for one in region[:, 0].numpy()])
        assert depth[drawn[:, 0].numpy() > 0].max() <= CONFIG.border_distance
