"""Grids: where a small array lies in an image, and resampling between the two."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribbleprompt_widget.grid import Grid

shapes = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(shapes)
def test_the_images_own_grid_changes_nothing(shape):
    array = np.random.default_rng(0).random(shape, dtype=np.float32)
    grid = Grid.of_image(shape)
    assert np.array_equal(grid.sample(array), array)
    assert np.array_equal(grid.restore(array, shape), array)


@given(shapes, st.integers(1, 64))
def test_a_constant_stays_constant_and_outside_is_filled(shape, side):
    grid = Grid.square_around(shape, side)
    sampled = grid.sample(np.ones(shape), fill=0)
    assert sampled.shape == (side, side)
    assert set(np.unique(sampled).tolist()) <= {0, 1}
    assert sampled.any()
    restored = grid.restore(np.full((side, side), 3.0), shape)
    assert restored.shape == shape
    assert (restored == 3).all()


@given(shapes, st.integers(8, 64))
def test_a_ramp_keeps_its_place_through_sampling_and_restoring(shape, side):
    # Convolving a ramp with a symmetric kernel leaves it a ramp, so only the borders may differ.
    grid = Grid.square_around(shape, side)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    cell = max(shape) / side
    for ramp in (x, y):
        back = grid.restore(grid.sample(ramp), shape)
        margin = int(np.ceil(2 * max(cell, 1))) + 1
        inner = (slice(margin, -margin), slice(margin, -margin))
        # One cell is the most that the image's border can be off inside a padded square.
        np.testing.assert_allclose(back[inner], ramp[inner], atol=cell + 1e-3)


@given(st.floats(-10, 300), st.floats(-10, 300))
def test_points_and_cells_agree_on_an_unscaled_window(x, y):
    grid = Grid(10, 20, 40, 60, 40, 30)
    assert np.allclose(grid.to_cells(np.array([[x, y]])), [[x - 10, y - 20]])


def test_pixel_centres_of_a_halved_grid_lie_between_its_pixels():
    grid = Grid.square_around((64, 64), 32)
    assert grid.to_cells(np.array([[0.5, 2.5]])).tolist() == [[0, 1]]


def test_the_square_around_an_oblong_image_is_centred():
    grid = Grid.square_around((100, 60), 50)
    assert (grid.x0, grid.y0, grid.x1, grid.y1) == (-20, 0, 80, 100)
    assert grid.window((100, 60)) == (slice(0, 100), slice(0, 60))
    sampled = grid.sample(np.ones((100, 60)))
    assert sampled[:, 10:40].all()
    assert not sampled[:, :10].any()
    assert not sampled[:, 40:].any()


@given(
    st.tuples(st.integers(1, 700), st.integers(1, 700)),
    st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(1, 800), st.floats(1, 800)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 2**32 - 1),
)
def test_where_values_are_positive_is_known_without_restoring_them_all(shape, place, cells, seed):
    x0, y0, width, height = place
    grid = Grid(x0, y0, x0 + width, y0 + height, *cells)
    rng = np.random.default_rng(seed)
    # Large parts of one sign, and zeros, which are not positive.
    values = np.clip(np.round(rng.normal(0, 1) + rng.normal(0, rng.choice([0.1, 1]), cells)), -1, 1)
    assert np.array_equal(grid.restore_positive(values, shape), grid.restore(values, shape) > 0)
    own = Grid.of_image(cells)
    assert np.array_equal(own.restore_positive(values, cells), values > 0)


def test_restoring_is_bilinear_without_seams():
    grid = Grid.of_image((500, 700))
    coarse = Grid(0, 0, 700, 500, 25, 35)
    y, x = np.mgrid[:25, :35].astype(float)
    rows, columns = np.mgrid[:500, :700]
    place = coarse.to_cells(np.stack([columns, rows], axis=-1).reshape(-1, 2)).reshape(500, 700, 2)
    expected = 3 * np.clip(place[..., 0], 0, 34) + np.clip(place[..., 1], 0, 24)
    np.testing.assert_allclose(coarse.restore(3 * x + y, grid.shape), expected, atol=1e-3)


def test_a_grid_beside_the_image_has_an_empty_window():
    grid = Grid(200, 200, 300, 300, 10, 10)
    assert grid.restore(np.ones((10, 10)), (100, 100)).size == 0
    assert grid.restore_positive(np.ones((10, 10)), (100, 100)).size == 0
    assert not grid.sample(np.ones((100, 100))).any()


@pytest.mark.parametrize("edges", [(0, 128.0000001), (127.9999999, 200), (-1e6, 1e-7), (199.9999999, 1e6)])
def test_a_pixel_that_a_grid_hardly_touches_is_restored(edges):
    low, high = edges
    for grid in (Grid(low, 0, high, 200, 40, 40), Grid(0, low, 200, high, 40, 40)):
        assert (grid.restore(np.ones((40, 40)), (200, 200)) == 1).all()


def test_a_grid_without_size_is_refused():
    with pytest.raises(ValueError, match="covers a rectangle"):
        Grid(0, 0, 0, 10, 5, 5)


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_a_grid_holds_keeps_its_place_on_another(x, y):
    first, other = Grid(-20, 0, 80, 100, 50, 50), Grid(10, 20, 74, 84, 32, 32)
    rows, columns = np.mgrid[:50, :50].astype(np.float32)
    ramp = first.transfer(columns + 3 * rows, other)
    (column, row), (i, j) = (
        first.to_cells(np.array([[x + 12, y + 22]]))[0],
        other.to_cells(np.array([[x + 12, y + 22]]))[0],
    )
    if 1 <= i <= 30 and 1 <= j <= 30 and i % 1 == j % 1 == 0:
        assert ramp[int(j), int(i)] == pytest.approx(column + 3 * row, abs=0.05)


def test_nothing_is_known_where_a_grid_ends():
    moved = Grid(0, 0, 10, 10, 5, 5).transfer(np.ones((5, 5)), Grid(5, 5, 15, 15, 10, 10), fill=-7)
    assert (moved[:5, :5] == 1).all()
    assert (moved[5:] == -7).all()


def test_cells_span_a_rectangle_of_the_image():
    cells = np.zeros((50, 50))
    cells[10:12, 20] = 1
    rectangle = Grid(-20, 0, 80, 100, 50, 50).rectangle(cells)
    assert rectangle == (20, 20, 22, 24)
    assert rectangle.side == 4
    assert rectangle.widened(1) == (19, 19, 23, 25)
