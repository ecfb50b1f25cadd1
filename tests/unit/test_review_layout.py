"""Where tiles are: whatever the size, each place belongs to the tile that is drawn there."""

from hypothesis import given
from hypothesis import strategies as st

from scribbleprompt_widget.widgets.review_layout import PADDING, Layout

layouts = st.builds(
    Layout,
    count=st.integers(1, 2000),
    size=st.integers(48, 512),
    rows_shown=st.integers(1, 20),
    width=st.integers(40, 3000),
)


@given(layouts, st.data())
def test_a_tile_that_is_seen_is_found_where_it_is_drawn(layout, data):
    index = data.draw(st.integers(0, layout.count - 1))
    first = layout.first_to_see(index, layout.clamped(data.draw(st.integers(0, layout.rows))))
    assert index in layout.seen(first)
    x, y = layout.corner(index, first)
    assert y - PADDING >= 0
    assert y + layout.size + PADDING <= layout.height
    if layout.width >= layout.size + 2 * PADDING:
        assert layout.index_at(x + layout.size / 2, y + layout.size / 2, first) == index


@given(layouts, st.floats(-10, 4000), st.floats(-10, 9000), st.integers(-3, 3000))
def test_no_place_belongs_to_a_tile_that_is_not_seen(layout, x, y, first):
    first = layout.clamped(first)
    assert layout.index_at(x, y, first) in {None, *layout.seen(first)}


@given(layouts)
def test_scrolling_from_the_first_row_to_the_last_passes_every_tile_and_no_more_than_is_seen(layout):
    rows = range(layout.clamped(layout.rows) + 1)
    assert {index for first in rows for index in layout.seen(first)} == set(range(layout.count))
    assert all(len(layout.seen(first)) <= layout.columns * layout.rows_shown for first in rows)
