"""Thumbnails: what is to be seen of images and masks when they are small."""

import numpy as np
import pytest

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.widgets.labelling import COLORS
from scribbleprompt_widget.widgets.picture import draw_overlay
from scribbleprompt_widget.widgets.thumbnail import draw_thumbnail

GREY = Image.of(np.full((200, 100), 7, np.uint8))


def drawn_in(picture, color):
    return (picture == tuple(bytes.fromhex(color[1:]))).all(axis=2)


@pytest.mark.parametrize(
    ("shape", "expected"), [((200, 100), (64, 32)), ((10, 40), (16, 64)), ((1, 900), (1, 64)), ((64, 64), (64, 64))]
)
def test_the_longer_side_fills_the_square_whether_reduced_or_enlarged(shape, expected):
    picture = draw_thumbnail(Image.of(np.zeros(shape)), None, COLORS, 64)
    assert picture.shape == (*expected, 3)
    assert picture.dtype == np.uint8


def test_the_outline_lies_along_the_inner_border_and_leaves_the_inside_free():
    mask = np.zeros((200, 100), np.uint8)
    mask[50:150, 25:75] = 1
    picture = draw_thumbnail(GREY, mask, COLORS, 100, line=2)
    line = drawn_in(picture, COLORS[0])
    assert line[25:75, 12:14].all()
    assert not line[28:72, 16:35].any()
    plain = draw_thumbnail(GREY, None, COLORS, 100)
    assert (picture[30:70, 20:30] == plain[30:70, 20:30]).all()


def test_the_least_spot_and_the_thinnest_line_are_seen():
    image = Image.of(np.zeros((2000, 2000), np.uint8))
    mask = np.zeros(image.shape, bool)
    mask[1500, 333] = mask[100] = True
    line = drawn_in(draw_thumbnail(image, mask, COLORS, 100, line=1), COLORS[0])
    assert line[75, 16]
    assert line[5].all()


def test_a_mask_that_fills_the_image_is_framed():
    line = drawn_in(draw_thumbnail(GREY, np.ones((200, 100), bool), COLORS, 100, line=1), COLORS[0])
    assert line[0].all()
    assert line[:, -1].all()


def test_labels_have_the_segmenters_colours_and_lines_of_different_kinds():
    image = Image.of(np.zeros((300, 300), np.uint8))
    label_map = np.zeros(image.shape, np.int64)
    for label in (1, 2, 3):
        label_map[10:290, 100 * label - 90 : 100 * label - 10] = label
    picture = draw_thumbnail(image, label_map, COLORS, 300, line=2)
    left_edges = [picture[20:280, 100 * label - 90] for label in (1, 2, 3)]
    shares = [
        (edge == tuple(bytes.fromhex(COLORS[label][1:]))).all(axis=1).mean() for label, edge in enumerate(left_edges)
    ]
    assert shares[0] == 1
    assert shares[1:] == [pytest.approx(2 / 3, abs=0.05), pytest.approx(1 / 2, abs=0.05)]


def test_more_labels_than_colours_begin_again_with_the_first():
    label_map = np.zeros((200, 100), np.uint8)
    label_map[50:150, 25:75] = 1 + len(COLORS)
    assert drawn_in(draw_thumbnail(GREY, label_map, COLORS, 100), COLORS[0]).any()


def test_masks_of_thin_lines_are_seen_in_small_pictures():
    mask = np.zeros((2048, 2048), dtype=bool)
    mask[700] = mask[:, 33] = True
    picture = draw_overlay(Image.of(np.zeros((2048, 2048), dtype=np.uint8)), [mask], ["#56b4e9"], max_side=512)
    assert picture.shape == (512, 512, 3)
    assert (picture[175] > 0).any(axis=-1).all()
    assert (picture[:, 8] > 0).any(axis=-1).all()
    assert (picture > 0).any(axis=-1).sum() == 2 * 512 - 1
