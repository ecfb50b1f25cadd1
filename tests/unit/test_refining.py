import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import scribbleprompt_widget as sp
from scribbleprompt_widget.refining import CELLS, REACH, refined


def region_of(mask, x=0, y=0):
    return slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1])


def blobs(rng, shape):
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), rng.uniform(0.5, 4))
    return noise > np.quantile(noise, rng.uniform(0.2, 0.9))


@given(st.integers(0, 2**32 - 1), st.integers(8, 60), st.integers(8, 60), st.integers(0, 3))
@settings(max_examples=60)
def test_every_change_is_taken_whole_or_not_at_all(seed, height, width, clicks):
    rng = np.random.default_rng(seed)
    start, predicted = blobs(rng, (height, width)), blobs(rng, (height, width))
    x, y = rng.integers(0, 50, 2).tolist()
    drawn = sp.Prompts(sp.Click(x + int(rng.integers(width)), y + int(rng.integers(height))) for _ in range(clicks))
    mask = refined(start, predicted, drawn, region_of(start, x, y))
    changes, count = ndimage.label(start ^ predicted, np.ones((3, 3)))
    taken = mask ^ start
    near = np.zeros_like(start)
    for click in drawn:
        row, column = int(click.y) - y, int(click.x) - x
        near[max(row - REACH, 0) : row + REACH + 1, max(column - REACH, 0) : column + REACH + 1] = True
    for number in range(1, count + 1):
        change = changes == number
        assert taken[change].all() == (change & near).any() == taken[change].any()
    assert not (taken & (changes == 0)).any()


def test_changes_in_large_images_are_told_apart_by_cells():
    start = np.zeros((30, 3 * CELLS), dtype=bool)
    predicted = np.zeros_like(start)
    predicted[10:12, 100:110] = predicted[10:12, 1000:1010] = True
    mask = refined(start, predicted, sp.Prompts([sp.Click(104, 10)]), region_of(start))
    assert mask[10:12, 100:110].all()
    assert mask.sum() == 20


def test_boxes_and_strokes_reach_what_they_touch():
    start = np.zeros((40, 90), dtype=bool)
    predicted = start.copy()
    for x in (5, 35, 65):
        predicted[10:20, x : x + 10] = True
    drawn = sp.Prompts([sp.Box(0, 0, 20, 30), sp.Scribble([(66, 2), (74, 9)], positive=False)])
    mask = refined(start, predicted, drawn, region_of(start))
    assert mask[15, 10]
    assert mask[15, 70]
    assert not mask[15, 40]
