"""Prompts: what goes in, how they are drawn on a grid, and that they survive JSON."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from scribbleprompt_widget import Box, Click, Lasso, Prompts, Scribble
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.clicks import held_pixels
from scribbleprompt_widget.prompts import cells_of, check_inside, prompt_from_json

SHAPE = (48, 64)
SEEN = json.loads((Path(__file__).parents[1] / "seen.json").read_text())
coordinate = st.floats(-20, 90, allow_nan=False)
points = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6)
scribbles = st.builds(Scribble, points, st.booleans(), st.floats(0.1, 12))
clicks = st.builds(Click, coordinate, coordinate, st.booleans())
boxes = st.builds(Box, coordinate, coordinate, coordinate, coordinate)
prompts = st.lists(st.one_of(scribbles, clicks, boxes), max_size=6).map(Prompts)
grids = st.sampled_from([Grid.of_image(SHAPE), Grid.square_around(SHAPE, 32), Grid(8, 4, 24, 20, 40, 40)])


def distance_to_polyline(points, shape):
    """By brute force: the distance of each pixel centre to ten thousand places along the line."""
    points = np.asarray(points, dtype=float)
    if len(points) == 1:
        places = points
    else:
        t = np.linspace(0, len(points) - 1, 2000)
        places = np.stack([np.interp(t, np.arange(len(points)), points[:, i]) for i in (0, 1)], axis=1)
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.sqrt(((x[..., None] - places[:, 0]) ** 2 + (y[..., None] - places[:, 1]) ** 2).min(axis=-1))


@given(points, st.floats(2, 12))
def test_a_stroke_covers_what_lies_within_half_its_width(points, width):
    drawn = Prompts([Scribble(points, width=width)]).rasterise(Grid.of_image(SHAPE)).positive > 0
    distance = distance_to_polyline(points, SHAPE)
    slack = 0.1  # the brute force is that coarse
    assert drawn[distance <= width / 2 - slack].all()
    assert not drawn[distance > max(width / 2, np.sqrt(0.5)) + slack].any()


@given(st.lists(st.tuples(st.floats(0, 63), st.floats(0, 47)), min_size=1, max_size=6), st.floats(0.05, 3), grids)
def test_thin_strokes_stay_unbroken_on_every_grid(points, width, grid):
    drawn = Prompts([Scribble(points, width=width)]).rasterise(grid).positive > 0
    if grid.x0 <= 0 and grid.y0 <= 0:  # a grid over a part of the image may see a stroke leave and come back
        assert ndimage.label(drawn, np.ones((3, 3)))[1] == 1


@given(prompts, grids)
def test_channels_are_in_range_and_signs_never_share_a_cell(prompts, grid):
    channels = prompts.rasterise(grid)
    for channel in channels:
        assert channel.shape == grid.shape
        assert channel.dtype == np.float32
        assert ((channel >= 0) & (channel <= 1)).all()
    assert not ((channels.positive > 0) & (channels.negative > 0)).any()


@given(prompts, scribbles)
def test_a_later_prompt_holds_the_cells_that_it_touches(earlier, scribble):
    alone = Prompts([scribble]).rasterise(Grid.of_image(SHAPE))
    both = (earlier + [scribble]).rasterise(Grid.of_image(SHAPE))
    own = "positive" if scribble.positive else "negative"
    assert (getattr(both, own)[getattr(alone, own) > 0] == 1).all()


@given(prompts)
def test_json_and_back_is_exact(prompts):
    assert Prompts.from_json(prompts.to_json()) == prompts


@given(boxes)
def test_a_box_covers_pixel_centres_from_floor_to_ceiling(box):
    drawn = Prompts([box]).rasterise(Grid.of_image(SHAPE)).box > 0
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = (x >= np.floor(box.x0)) & (x <= np.ceil(box.x1)) & (y >= np.floor(box.y0)) & (y <= np.ceil(box.y1))
    assert np.array_equal(drawn, expected)


@given(coordinate, coordinate, coordinate, coordinate)
def test_boxes_may_be_dragged_from_any_corner(x0, y0, x1, y1):
    corners = {Box(x0, y0, x1, y1), Box(x1, y0, x0, y1), Box(x0, y1, x1, y0), Box(x1, y1, x0, y0)}
    assert len(corners) == 1


def test_a_box_without_area_is_the_pixel_it_lies_on():
    drawn = Prompts([Box(5, 6, 5, 6)]).rasterise(Grid.of_image(SHAPE)).box
    assert np.argwhere(drawn).tolist() == [[6, 5]]


def test_a_click_is_one_pixel():
    drawn = Prompts([Click(5.4, 6.6, positive=False)]).rasterise(Grid.of_image(SHAPE))
    assert np.argwhere(drawn.negative).tolist() == [[7, 5]]
    assert not drawn.positive.any()


def test_a_one_pixel_raster_line_survives_an_eightfold_reduction():
    raster = np.zeros((512, 512))
    np.fill_diagonal(raster, 1)
    drawn = Prompts([Scribble(raster=raster)]).rasterise(Grid.square_around((512, 512), 64)).positive
    assert np.array_equal(drawn, np.eye(64, dtype=np.float32))


@pytest.mark.parametrize("side", [32, 100, 300])
def test_a_raster_keeps_its_place_on_finer_and_coarser_grids(side):
    raster = np.zeros((100, 100))
    raster[20:40, 60:70] = 1
    drawn = Prompts([Scribble(raster=raster)]).rasterise(Grid.square_around((100, 100), side)).positive
    rows, columns = np.nonzero(drawn)
    np.testing.assert_allclose(np.array([rows.min(), rows.max() + 1]) * 100 / side, [20, 40], atol=100 / side)
    np.testing.assert_allclose(np.array([columns.min(), columns.max() + 1]) * 100 / side, [60, 70], atol=100 / side)
    assert drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()


def test_soft_rasters_stay_soft():
    raster = np.full(SHAPE, 0.25)
    assert (Prompts([Scribble(raster=raster)]).rasterise(Grid.of_image(SHAPE)).positive == np.float32(0.25)).all()


def test_sams_keywords():
    scribbles = np.zeros((2, *SHAPE))
    scribbles[1, 3, 4] = 1
    prompts = Prompts.from_arrays(
        point_coords=[[1, 2], [3, 4]], point_labels=[1, 0], box=np.array([5, 6, 1, 2]), scribbles=scribbles
    )
    assert prompts[0] == Box(1, 2, 5, 6)
    assert prompts[1].positive is False
    assert list(prompts[2:]) == [Click(1, 2), Click(3, 4, positive=False)]


def test_scribble_arrays_without_a_stroke_are_no_prompts():
    assert len(Prompts.from_arrays(scribbles=np.zeros((2, *SHAPE)))) == 0


def test_prompts_are_a_sequence_that_does_not_change():
    prompts = Prompts([Click(1, 2)])
    longer = prompts + [Box(0, 0, 1, 1)]
    assert (len(prompts), len(longer), longer[-1]) == (1, 2, Box(0, 0, 1, 1))
    scribble = Scribble([(1, 2)])
    with pytest.raises(ValueError, match="read-only"):
        scribble.points[0] = 5
    assert hash(Prompts([scribble])) == hash(Prompts([Scribble([(1, 2)])]))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Click("a", 1), TypeError, "x takes a number.*'a'"),
        (lambda: Click(1, float("nan")), ValueError, "y takes a finite number"),
        (lambda: Click(1, 2, "yes"), TypeError, "positive takes True or False.*'yes'"),
        (lambda: Box(1, 2, 3, None), TypeError, "y1 takes a number"),
        (lambda: Scribble([]), ValueError, "points is empty"),
        (Scribble, ValueError, "either points or raster, got neither"),
        (lambda: Scribble([(1, 2, 3)]), ValueError, r"points takes an \(N, 2\) array.*\(1, 3\)"),
        (lambda: Scribble([(1, float("inf"))]), ValueError, "points takes finite numbers"),
        (lambda: Scribble("hello"), TypeError, "points takes an array of numbers"),
        (lambda: Scribble([(1, 2)], width=0), ValueError, "width must be more than 0"),
        (lambda: Scribble(raster=np.full((2, 2), 7)), ValueError, r"raster takes values in \[0, 1\], got 7 to 7"),
        (lambda: Scribble(raster=np.zeros(3)), ValueError, r"raster takes an \(H, W\) array"),
        (lambda: Scribble(raster=np.zeros((2, 2))), ValueError, "raster is empty: .* at least one pixel above 0"),
        (lambda: Click(1e308, 1), ValueError, r"x takes a finite number of image pixels, up to 1e\+12.*got 1e\+308"),
        (lambda: Box(0, 0, 5, -1e308), ValueError, "y1 takes a finite number"),
        (lambda: Scribble([(1, 2)], width=1e308), ValueError, "width takes a finite number"),
        (lambda: Scribble([(1, 2), (-1e308, 1e308)]), ValueError, r"points takes .*up to 1e\+12.*got 1e\+308"),
        (
            lambda: Prompts(Click(1, 2)),
            TypeError,
            r"prompts takes a sequence of Click, Box, Scribble and Lasso, got Click",
        ),
        (lambda: Prompts(3), TypeError, "prompts takes a sequence of Click, Box, Scribble and Lasso, got int"),
        (lambda: Prompts([(1, 2)]), TypeError, "prompts takes Click, Box, Scribble and Lasso, got tuple"),
        (lambda: Prompts.from_arrays(box=[1, 2, 3]), ValueError, "box takes 4 numbers"),
        (lambda: Prompts.from_arrays(point_coords=[[1, 2]]), ValueError, "point_labels go together"),
        (lambda: Prompts.from_arrays(point_coords=[[1, 2]], point_labels=[1, 1]), ValueError, "one label a point"),
        (lambda: Prompts.from_arrays(point_coords=[[1, 2]], point_labels=[2]), ValueError, "point_labels takes 1"),
        (lambda: Prompts.from_arrays(scribbles=np.zeros((3, 4))), ValueError, r"scribbles takes a \(2, H, W\)"),
        (lambda: prompt_from_json({"kind": "star"}), ValueError, "kind is click, box, scribble or lasso, got 'star'"),
        (lambda: prompt_from_json({"kind": "click", "x": 1}), ValueError, "lacks the field 'y'"),
    ],
)
def test_bad_input_is_told_by_name(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    "prompt",
    [
        Click(64, 10),
        Click(10, -1),
        Box(70, 0, 90, 10),
        Box(-9, -9, -3, -3),
        Scribble([(100, 100), (120, 120)]),
        Scribble([(-9, 30), (5, 100)]),
        Lasso.circle(-100, -100, 5),
        Scribble(np.full((500, 2), -9.0)),
    ],
)
def test_prompts_outside_the_image_are_told_with_its_size_and_not_at_length(prompt):
    told = r"outside the image: x takes -0\.5 to 63\.5, y takes -0\.5 to 47\.5"
    with pytest.raises(ValueError, match=told) as caught:
        check_inside(prompt, SHAPE)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "prompt",
    [
        Click(-0.5, 47.4),
        Box(-10, -10, 500, 500),
        Box(63, 47, 90, 90),
        Scribble([(-30, 20), (90, 21)]),
        Scribble([(5, 5)], width=1e12),
    ],
)
def test_prompts_partly_inside_are_taken(prompt):
    check_inside(prompt, SHAPE)
    assert sum(channel.sum() for channel in Prompts([prompt]).rasterise(Grid.of_image(SHAPE))) > 0


@pytest.mark.parametrize("case", SEEN["cases"], ids=lambda case: str(case["prompt"]))
def test_the_front_end_knows_what_is_refused(case):
    """Its tests read the same file."""
    prompt = prompt_from_json(case["prompt"])
    with contextlib.nullcontext() if case["seen"] else pytest.raises(ValueError, match="outside the image"):
        check_inside(prompt, tuple(SEEN["shape"]))


def test_far_away_points_cost_nothing_and_break_nothing():
    drawn = Prompts([Scribble([(-1e12, 24), (1e12, 24)], width=1)]).rasterise(Grid.of_image(SHAPE)).positive
    assert drawn[24].all()
    assert drawn.sum() == SHAPE[1]


corners = st.lists(st.tuples(st.floats(-10, 70), st.floats(-10, 60)), min_size=3, max_size=8)


@given(corners, st.booleans())
def test_predictors_read_no_more_of_a_lasso_than_there_is(corners, positive):
    lasso, grid = Lasso(corners, positive=positive), Grid.of_image(SHAPE)
    channels = Prompts([lasso]).rasterise(grid)
    core, other = (channels.positive, channels.negative) if positive else (channels.negative, channels.positive)
    assert not other.any()
    # A cell more, where the lasso is too thin for one and its outline stands for it.
    assert not (core > 0)[~ndimage.binary_dilation(cells_of(lasso, grid) > 0, np.ones((3, 3)))].any()


@given(corners, st.integers(0, 40), st.integers(0, 30))
def test_a_lasso_is_read_alike_on_every_grid(corners, x, y):
    prompts = Prompts([Lasso(corners)])
    whole = prompts.rasterise(Grid.of_image(SHAPE)).positive
    part = prompts.rasterise(Grid(x, y, x + 15, y + 12, 12, 15)).positive
    assert np.array_equal(whole[y : y + 12, x : x + 15], part)


def test_the_core_of_a_disc_is_a_smaller_one():
    y, x = np.mgrid[:101, :101]
    for center in (50, 10):  # the second goes on beyond the image
        distance = np.hypot(x - center, y - 50)
        core = Prompts([Lasso.circle(center, 50, 30)]).rasterise(Grid.of_image((101, 101))).positive > 0
        assert core[distance < 16].all()
        assert not core[distance > 20].any()


def test_a_thin_limb_of_a_lasso_has_a_core_of_its_own():
    block_and_limb = Lasso([(0, 0), (30, 0), (30, 10), (60, 10), (60, 14), (30, 14), (30, 30), (0, 30)])
    core = Prompts([block_and_limb]).rasterise(Grid.of_image(SHAPE)).positive > 0
    assert core[15, 15]
    assert core[12, 50]
    assert not core[9, 31:].any()
    assert not core[15, 31:].any()


def test_the_tail_that_is_left_where_a_lasso_was_closed_has_none():
    with_tail = Lasso([(0, 10), (40, 10), (40, 20), (0, 20), (0, 12), (30, 9), (60, 9), (60, 10)])
    core = Prompts([with_tail]).rasterise(Grid.of_image(SHAPE)).positive > 0
    assert core[15, 20]
    assert not core[:, 42:].any()


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), min_size=3, max_size=30))
def test_the_core_of_a_large_lasso_lies_within_it(corners):
    lasso, grid = Lasso(corners), Grid.of_image((1000, 1000))
    core = Prompts([lasso]).rasterise(grid).positive > 0
    inside = cells_of(lasso, grid) > 0
    assert not core[~inside].any() or not core[inside].any()


@given(st.floats(5, 55), st.floats(5, 40), st.floats(0.01, 3), st.integers(1, 8))
def test_small_lassos_are_seen_on_coarse_grids(x, y, radius, side):
    assert Prompts([Lasso.circle(x, y, radius)]).rasterise(Grid.square_around(SHAPE, side)).positive.any()


def test_a_click_under_the_rim_of_a_later_lasso_holds_and_one_under_its_core_does_not():
    click, grid = Click(40, 24), Grid.of_image(SHAPE)
    for lasso, holds in (
        (Lasso.circle(40, 44, 21, positive=False), True),
        (Lasso.circle(40, 30, 21, positive=False), False),
    ):
        prompts = Prompts([click, lasso])
        assert bool(held_pixels(prompts)) == holds == bool(prompts.rasterise(grid).positive[24, 40])
