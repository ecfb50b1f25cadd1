import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import scribbleprompt_widget as sp
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import State
from scribbleprompt_widget.predictors.refining import REACH, refined


def state_of(mask, grid=None, closer=None):
    shape = mask.shape if grid is None else (200, 200)
    logits = np.where(mask, 3, -3).astype(np.float32)
    return State(logits, grid or Grid.of_image(shape), shape, "x", "y", closer)


def blobs(rng, shape):
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), rng.uniform(0.5, 4))
    return noise > np.quantile(noise, rng.uniform(0.2, 0.9))


@given(st.integers(0, 2**32 - 1), st.integers(8, 60), st.integers(8, 60), st.integers(0, 3))
@settings(max_examples=60)
def test_every_change_is_taken_whole_or_not_at_all(seed, height, width, clicks):
    rng = np.random.default_rng(seed)
    before, predicted = blobs(rng, (height, width)), blobs(rng, (height, width))
    drawn = sp.Prompts(sp.Click(int(rng.integers(width)), int(rng.integers(height))) for _ in range(clicks))
    found = refined(state_of(predicted), state_of(before), drawn)
    mask = found.logits > 0
    changes, count = ndimage.label(before ^ predicted, np.ones((3, 3)))
    taken = mask ^ before
    near = np.zeros_like(before)
    for click in drawn:
        row, column = int(click.y), int(click.x)
        near[max(row - REACH, 0) : row + REACH + 1, max(column - REACH, 0) : column + REACH + 1] = True
    for number in range(1, count + 1):
        change = changes == number
        assert taken[change].all() == (change & near).any() == taken[change].any()
    assert not (taken & (changes == 0)).any()


def test_boxes_strokes_and_lassos_reach_what_they_touch():
    before = np.zeros((40, 150), dtype=bool)
    predicted = before.copy()
    for x in (5, 35, 65, 95):
        predicted[10:20, x : x + 10] = True
    drawn = sp.Prompts(
        [
            sp.Box(0, 0, 20, 30),
            sp.Scribble([(66, 2), (74, 9)], positive=False),
            sp.Lasso([(94, 0), (148, 0), (148, 39), (94, 39)]),  # far from its core
        ]
    )
    mask = refined(state_of(predicted), state_of(before), drawn).logits > 0
    assert [mask[15, x] for x in (10, 40, 70, 100)] == [True, False, True, True]


def test_closer_looks_are_refined_too():
    before = state_of(np.zeros((50, 50), dtype=bool), Grid(0, 0, 200, 200, 50, 50))
    part = np.zeros((100, 100), dtype=bool)
    part[10:20, 10:20] = part[60:70, 60:70] = True
    closer = state_of(part, Grid(50, 50, 100, 100, 100, 100))
    found = refined(
        state_of(np.zeros((50, 50), dtype=bool), before.grid, closer), before, sp.Prompts([sp.Click(57, 57)])
    )
    mask = found.restore_positive()
    assert mask[57, 57]
    assert not mask[82, 82]


@pytest.mark.parametrize("radius", [40, 44, 48])
def test_a_lasso_around_an_object_mends_a_mask_that_is_too_small(radius):
    y, x = np.mgrid[:160, :160]
    distance = np.hypot(x - 80, y - 80)
    disc = distance < 50
    w = sp.Segmenter(np.where(disc, 0.8, 0.2) + np.random.default_rng(0).normal(0, 0.03, disc.shape))
    w.start_from(distance < radius)
    w.add_circle(80, 80, 54)
    assert (w.mask ^ disc).sum() < 0.5 * ((distance < radius) ^ disc).sum()
    w.close()


def test_mask_probability_and_the_next_prediction_agree():
    y, x = np.mgrid[:128, :128]
    discs = [np.hypot(x - cx, y - cy) < 12 for cx in (25, 64, 103) for cy in (25, 64, 103)]
    image = np.where(np.any(discs, axis=0), 0.8, 0.2) + np.random.default_rng(0).normal(0, 0.05, x.shape)
    w = sp.Segmenter(image)
    w.start_from(np.any(discs[:5], axis=0))
    w.add_click(25, 25, positive=False)
    w.add_click(103, 103)
    assert np.array_equal(w.mask, w.probability > 0.5)
    assert w.mask[103, 103]
    assert not w.mask[25, 25]
    assert w.mask[64, 25]
    assert not w.mask[64, 103], "nobody spoke of it"
    assert not w.mask[25, 103]
    w.close()
