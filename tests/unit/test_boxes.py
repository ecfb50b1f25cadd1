"""Simulated boxes hold their object."""

import torch
from hypothesis import given, settings

from scribbleprompt_widget.simulation.boxes import boxes
from scribbleprompt_widget.simulation.config import SimulationConfig
from tests.regions import disc, draws_for, filled, regions, seeds

CONFIG = SimulationConfig()


def corners(box):
    rows, columns = box[0].any(1).nonzero(), box[0].any(0).nonzero()
    return int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())


@given(regions(), seeds)
@settings(max_examples=50)
def test_a_box_is_a_filled_rectangle_around_its_object(masks, seed):
    drawn = boxes(masks, draws_for(masks, seed), CONFIG)
    assert drawn.shape == masks.shape
    assert (drawn.bool() | ~masks).all()
    assert torch.equal(filled(drawn), filled(masks))
    for box in drawn[filled(drawn)]:
        top, left, bottom, right = corners(box)
        assert box[0, top : bottom + 1, left : right + 1].all()
        assert box.sum() == (bottom - top + 1) * (right - left + 1)


def test_a_tight_box_touches_its_object_and_a_jittered_one_varies_by_side():
    mask = disc(128, 20).expand(200, -1, -1, -1)
    exact = corners(disc(128, 20)[0])
    tight = boxes(mask, draws_for(mask), SimulationConfig(box_tight_probability=1.0))
    assert {corners(box) for box in tight} == {exact}
    loose = boxes(mask, draws_for(mask), SimulationConfig(box_tight_probability=0.0))
    moved = torch.tensor([corners(box) for box in loose]) - torch.tensor(exact)
    moved = moved * torch.tensor([-1, -1, 1, 1])
    assert moved.min() == 0
    assert 15 < moved.max() < CONFIG.box_jitter
    assert (torch.corrcoef(moved.T.float()) - torch.eye(4)).abs().max() < 0.3
