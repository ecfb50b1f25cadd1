"""Simulated scribbles: inside their region, never empty, as thick, long and deep as said."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from scipy import ndimage
from skimage.morphology import skeletonize

from scribbleprompt_widget.simulation.config import HandHabits, SimulationConfig
from scribbleprompt_widget.simulation.scribbles import (
    centerline_scribbles,
    contour_scribbles,
    hand_scribbles,
    line_scribbles,
)
from tests.regions import disc, draws_for, ellipse, filled, regions, seeds

CONFIG = SimulationConfig()
CUT = SimulationConfig(hand=HandHabits(spill_probability=0.0))
STILL = SimulationConfig(warp_magnitude=(0.0, 0.0), break_share=(1.0, 1.0))
PAPER = (line_scribbles, centerline_scribbles, contour_scribbles)
KINDS = (*PAPER, hand_scribbles)


@pytest.mark.parametrize("kind", KINDS)
@given(masks=regions(), seed=seeds)
@settings(max_examples=15)
def test_scribbles_stay_inside_and_are_empty_only_where_the_region_is(kind, masks, seed):
    counts = torch.tensor([0, 1, 3])
    drawn = kind(masks, draws_for(masks, seed), CUT, counts=counts)
    assert drawn.shape == masks.shape
    assert drawn.dtype == torch.float32
    assert set(drawn.unique().tolist()) <= {0, 1}
    assert not (drawn.bool() & ~masks).any()
    assert torch.equal(filled(drawn), filled(masks) & (counts > 0))


@pytest.mark.parametrize("kind", KINDS)
@given(masks=regions(), seed=seeds)
@settings(max_examples=8)
def test_a_samples_scribble_does_not_depend_on_its_neighbours(kind, masks, seed):
    together = kind(masks, draws_for(masks, seed), CONFIG)
    assert torch.equal(kind(masks, draws_for(masks, seed), CONFIG), together)
    alone = kind(masks[1:2], draws_for(masks, seed)[1:2], CONFIG)
    # Sums are taken in another order in a batch of another size: single pixels on the edge of a stroke may turn.
    assert (alone != together[1:2]).sum() <= 2


@pytest.mark.parametrize("kind", PAPER)
def test_thickness(kind):
    mask = ellipse(128, 25, 60).expand(12, -1, -1, -1)
    for thickness in (2.0, 5.0):
        drawn = kind(mask, draws_for(mask), replace(STILL, thickness=(thickness, thickness)))[:, 0].numpy() > 0
        areas = drawn.sum((1, 2))
        lengths = np.array([skeletonize(one).sum() for one in drawn])
        long = lengths > 40
        assert long.any()
        # Diagonal lines have fewer pixels than length; a middle line between two pixels is two pixels wide.
        assert thickness * 0.8 <= np.median(areas[long] / lengths[long]) <= thickness * 1.3 + 1.5


@pytest.mark.parametrize("kind", PAPER)
def test_length_bound(kind):
    mask = ellipse(128, 25, 60).expand(12, -1, -1, -1)
    drawn = kind(mask, draws_for(mask), replace(STILL, max_length=20.0, thickness=(1.0, 1.0)))[:, 0].numpy() > 0
    longest = max(skeletonize(one).sum() for one in drawn)
    assert longest <= 24
    free = kind(mask, draws_for(mask), replace(STILL, thickness=(1.0, 1.0)))[:, 0].numpy() > 0
    assert max(skeletonize(one).sum() for one in free) > 40


@given(seed=seeds)
@settings(max_examples=20)
def test_contours_of_thick_regions_keep_off_the_middle(seed):
    y, x = np.mgrid[:96, :96]
    bar = (np.abs(y - 48) <= 9) & (np.abs(x - 48) <= 40)
    masks = torch.cat([torch.from_numpy(bar)[None, None], ellipse(96, 20, 44)])
    drawn = contour_scribbles(masks, draws_for(masks, seed), CONFIG)[:, 0].numpy() > 0
    for mask, strokes in zip(masks[:, 0].numpy(), drawn, strict=True):
        depth = ndimage.distance_transform_edt(mask)
        assert depth[strokes].max() < 0.75 * depth.max()


def test_the_steps_of_a_border_are_no_middle_lines():
    region = ellipse(128, 30, 50)
    drawn = centerline_scribbles(region, draws_for(region), replace(STILL, thickness=(1.0, 1.0)))
    assert not (drawn.bool() & ~ellipse(128, 26, 46)).any()


def test_centerlines_run_along_the_middle():
    bar = torch.zeros(1, 1, 64, 128, dtype=torch.bool)
    bar[:, :, 20:35, 10:118] = True
    drawn = centerline_scribbles(bar, draws_for(bar), replace(STILL, thickness=(1.0, 1.0)))[0, 0]
    rows = drawn[:, 30:98].nonzero()[:, 0]
    assert (rows - 27).abs().max() <= 1
    assert drawn[:, 30:98].any(0).all()


def test_breaking_leaves_the_share_and_more_pieces():
    mask = disc(128, 60).expand(40, -1, -1, -1)
    whole = contour_scribbles(mask, draws_for(mask), STILL).sum()
    broken = contour_scribbles(mask, draws_for(mask), replace(STILL, break_share=(0.5, 0.5)))
    assert 0.35 < broken.sum() / whole < 0.65
    pieces = [ndimage.label(one, np.ones((3, 3)))[1] for one in broken[:, 0].numpy()]
    assert np.median(pieces) > 1


def test_a_hand_draws_few_long_strokes_with_much_ink():
    mask = disc(128, 40).expand(40, -1, -1, -1)
    by_hand = hand_scribbles(mask, draws_for(mask), CONFIG)
    lines = line_scribbles(mask, draws_for(mask), CONFIG)
    assert by_hand.sum() > 2 * lines.sum()
    assert np.median([ndimage.label(one, np.ones((3, 3)))[1] for one in by_hand[:, 0].numpy()]) == 1
    around = hand_scribbles(~mask, draws_for(mask), SimulationConfig(hand=HandHabits(free_background=(0.0, 0.0))))
    distance = ndimage.distance_transform_edt(~mask[0, 0].numpy())
    assert np.percentile(distance[(around[:, 0].numpy() > 0).any(0)], 90) < 20


def test_a_hand_spills_over_thin_structures_only_with_its_probability():
    vessel = torch.zeros(40, 1, 128, 128, dtype=torch.bool)
    vessel[:, :, 64, 10:118] = True
    always = hand_scribbles(vessel, draws_for(vessel), SimulationConfig(hand=HandHabits(spill_probability=1.0)))
    inside = (always.bool() & vessel).sum() / always.sum()
    assert 0.3 < inside < 0.7
    sometimes = hand_scribbles(vessel, draws_for(vessel), SimulationConfig(hand=HandHabits(spill_probability=0.5)))
    spilt = (sometimes.bool() & ~vessel).flatten(1).any(1).sum()
    assert 8 < spilt < 32


@pytest.mark.parametrize("side", [64, 96, 191, 192])
def test_a_hand_keeps_off_an_object_by_a_share_of_the_image(side):
    def distance(side):
        mask = disc(side, side / 6).expand(20, -1, -1, -1)
        drawn = hand_scribbles(
            ~mask, draws_for(mask), replace(CONFIG, hand=replace(CONFIG.hand, free_background=(0, 0)))
        )
        away = torch.from_numpy(ndimage.distance_transform_edt(~mask[0, 0].numpy()))
        return float(away[drawn[:, 0].any(0)].median()) / side

    assert distance(side) == pytest.approx(distance(128), rel=0.25)


def test_sizes_scale_with_the_image():
    small, large = disc(128, 40).expand(20, -1, -1, -1), disc(256, 80).expand(20, -1, -1, -1)
    for kind in KINDS:
        shares = [float(kind(mask, draws_for(mask), CONFIG).sum() / mask.sum()) for mask in (small, large)]
        assert shares[1] == pytest.approx(shares[0], rel=0.45)
