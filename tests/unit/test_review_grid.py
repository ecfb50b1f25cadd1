"""The grid without a browser: from Python, and through the messages that its front end sends."""

import gc
import weakref

import numpy as np
import PIL.Image
import pytest
from ipywidgets.widgets.widget import _instances

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import review_items
from tests.paint import PaintPredictor

COUNT = 500
SIZE = 100
COLUMNS, ROWS = 6, 3
WIDTH = COLUMNS * (SIZE + 14) + 20
COLORS = {"bg": "#ffffff", "fg": "#000000", "soft": "#888888", "accent": "#0000ff", "bad": "#ff0000"}


class Page:
    """A page that shows a grid: it asks until all in view is drawn, as js/src/review.ts does."""

    def __init__(self, grid):
        self.grid, self.sheet = grid, grid._sheet
        self.heard = []
        self.sheet._listener.send = lambda message, buffers=None: self.heard.append(message)

    def say(self, **message):
        self.sheet._listener._handle_custom_msg(message, [])

    def look(self, first=0, **more):
        asked = 0
        while True:
            view = {"width": WIDTH, "ratio": 1, "anew": False, "colors": COLORS, **more}
            self.say(type="view", id=f"v-{asked}", first=first, **view)
            answer = self.heard[-1]
            assert (answer["type"], answer["id"]) == ("drawn", f"v-{asked}")
            asked += 1
            if not answer["more"]:
                return asked

    def at(self, index):
        layout, first = self.sheet._scene.layout, self.sheet._scene.first
        x, y = layout.corner(index, first)
        return {"x": (x + 10) / layout.width, "y": (y + 10) / layout.height}

    def click(self, index, *, toggle=False, range_=False, kind="press"):
        self.say(type=kind, toggle=toggle, range=range_, **self.at(index))

    def press(self, key, *, toggle=False, range_=False):
        self.say(type="key", key=key, toggle=toggle, range=range_)

    @property
    def first(self):
        return self.sheet._scene.first


class Images:
    """Lazy images that count how often each is read."""

    def __init__(self, count=COUNT):
        self.count = count
        self.read = []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:
            raise IndexError(index)
        self.read.append(index)
        return np.full((20, 30), index % 200, np.uint8)


@pytest.fixture
def images():
    return Images()


@pytest.fixture
def grid(images):
    grid = sp.ReviewGrid(images, size=SIZE, rows=ROWS, model=PaintPredictor())
    yield grid
    grid.close()


@pytest.fixture
def page(grid):
    page = Page(grid)
    page.look()
    return page


def test_only_what_is_seen_is_read_and_each_once(images, grid):
    assert images.read == []
    page = Page(grid)
    page.look()
    assert images.read == list(range(ROWS * COLUMNS))
    page.look(first=1)
    assert images.read == list(range((ROWS + 1) * COLUMNS))
    page.look(first=60)
    page.look(first=0)
    assert len(images.read) == (2 * ROWS + 1) * COLUMNS == len(set(images.read))
    page.look(first=10_000)
    assert max(images.read) == COUNT - 1


def test_slow_images_come_by_and_by(grid, images, monkeypatch):
    monkeypatch.setattr("scribbleprompt_widget.widgets.review_sheet.READING_S", -1)  # all time is used up
    page = Page(grid)
    page.say(type="view", id="v", first=0, width=WIDTH, ratio=1, anew=True, colors=COLORS)
    assert page.heard[-1] == {"type": "drawn", "id": "v", "more": True}
    assert len(images.read) == 1


def test_click_ctrl_click_and_shift_click(page, grid):
    heard = []
    grid.observe(lambda change: heard.append(change["new"]), names="selected")
    page.click(3)
    assert grid.selected == [3]
    page.click(7, range_=True)
    assert grid.selected == [3, 4, 5, 6, 7]
    page.click(5, toggle=True)
    page.click(12, toggle=True)
    assert grid.selected == [3, 4, 6, 7, 12]
    page.click(10, range_=True, toggle=True)
    assert grid.selected == [3, 4, 6, 7, 10, 11, 12]
    page.click(1)
    assert grid.selected == [1]
    assert heard[:2] == [[3], [3, 4, 5, 6, 7]]
    page.say(type="press", x=1, y=0.999, toggle=False, range=False)  # beside all tiles
    assert grid.selected == []


def test_a_click_means_the_tile_that_is_scrolled_there(page, grid):
    page.look(first=20)
    page.say(type="press", x=0.01, y=0.1, toggle=False, range=False)
    assert grid.selected == [20 * COLUMNS]


def test_keys_move_select_and_scroll(page, grid):
    page.click(0)
    page.press("ArrowRight")
    page.press("ArrowDown")
    assert grid.selected == [COLUMNS + 1]
    page.press("ArrowRight", range_=True)
    assert grid.selected == [COLUMNS + 1, COLUMNS + 2]
    page.press("ArrowRight", toggle=True)  # moves, and selects nothing
    assert grid.selected == [COLUMNS + 1, COLUMNS + 2]
    page.press(" ")
    assert grid.selected == [COLUMNS + 1, COLUMNS + 2, COLUMNS + 3]
    page.press("End")
    assert grid.selected == [COUNT - 1]
    assert page.heard[-1] == {"type": "scroll", "first": page.first}
    assert COUNT - 1 in grid._sheet._scene.layout.seen(page.first)
    page.press("ArrowRight")
    page.press("ArrowDown")
    assert grid.selected == [COUNT - 1]
    page.press("PageUp")
    assert grid.selected == [COUNT - 1 - ROWS * COLUMNS]
    page.press("Home")
    page.press("ArrowUp")
    assert (grid.selected, page.first) == ([0], 0)
    page.press("all")
    assert len(grid.selected) == COUNT
    page.press("Escape")
    assert grid.selected == []


def test_down_from_above_a_short_last_row_leads_to_its_end(page, grid):
    page.press("End")
    page.press("ArrowUp")
    page.press("ArrowRight")
    page.press("ArrowRight", toggle=True)
    above = grid._cursor
    assert above // COLUMNS == (COUNT - 1) // COLUMNS - 1
    page.press("ArrowDown")
    assert grid.selected == [min(above + COLUMNS, COUNT - 1)]


def test_selected_can_be_set_and_is_checked(page, grid):
    grid.selected = [9, np.int64(2), 2]
    assert grid.selected == [2, 9]
    with pytest.raises(ValueError, match="selected takes numbers from 0 to 499, got 500"):
        grid.selected = [500]
    with pytest.raises(TypeError, match="selected takes whole numbers, got 'a'"):
        grid.selected = ["a"]
    assert grid.selected == [2, 9]


def test_a_double_click_opens_the_image_and_what_is_drawn_changes_the_tile(page, grid):
    page.click(4)
    page.click(4, kind="open")
    assert grid.segmenter.image.pixels[0, 0] == 4
    assert grid.segmenter in grid.children
    assert grid._items.known_tile(4, SIZE).labels is None
    grid.segmenter.add_box(3, 3, 9, 9)
    assert np.array_equal(grid.mask(4), grid.segmenter.mask)
    assert grid._items.known_tile(4, SIZE).labels == 1
    first = grid.segmenter
    page.press("ArrowRight")
    page.press("Enter")
    assert grid.segmenter.image.pixels[0, 0] == 5
    assert first.comm is None  # closed
    assert grid.mask(4).sum() == 49
    assert grid.mask(5) is None


def test_objects_that_are_done_and_labels_that_are_added_stay_in_the_grid():
    mask = np.zeros((16, 16), bool)
    mask[2:6, 2:6] = True
    grid = sp.ReviewGrid([np.eye(16)] * 2, [mask, None], model=PaintPredictor())
    grid.open_image(0).commit()
    assert np.array_equal(grid.mask(0), mask)
    named = sp.ReviewGrid([np.eye(16)] * 2, [mask, mask], labels=["a", "b"], model=PaintPredictor())
    assert named.mask(1).dtype == np.uint8, "before it is drawn on as well as after"
    named.open_image(0).add_label("c")
    named.segmenter.add_box(9, 9, 12, 12)
    named.segmenter.change_label("b", name="d")
    assert named.open_image(1).labels == ["a", "d", "c"]
    assert (named.open_image(0).labels, named.mask(0)[10, 10], named.mask(0)[3, 3]) == (["a", "d", "c"], 3, 1)


def test_what_was_drawn_on_an_image_is_there_when_it_is_opened_again():
    mask = np.zeros((16, 16), bool)
    mask[12:14, 12:14] = True
    grid = sp.ReviewGrid([np.eye(16)] * 2, [mask, None], labels=["a", "b"], model=PaintPredictor())
    w = grid.open_image(0)
    w.add_box(2, 2, 5, 5)
    w.commit()
    w.label = "b"
    w.add_click(9, 9)
    found, areas = grid.mask(0), [row["area"] for row in w.instance_table]
    grid.open_image(1).change_label("b", name="c")
    grid.segmenter.add_label("d")
    for _ in range(2):  # the second time it is open already
        w = grid.open_image(0)
        assert (w.labels, w.label, len(w.prompts)) == (["a", "c", "d"], "c", 1)
        assert [row["area"] for row in w.instance_table] == areas
        assert np.array_equal(grid.mask(0), found)
        assert np.array_equal(w.label_map, found)
    w.add_click(11, 9)
    assert w.mask[9, 9]
    assert not grid.open_image(1).label_map.any()


def test_what_was_drawn_after_the_mask_was_undone_is_there_again():
    mask = np.zeros((16, 16), bool)
    mask[2:6, 2:6] = True
    grid = sp.ReviewGrid([np.eye(16)] * 2, [mask, None], model=PaintPredictor())
    w = grid.open_image(0)
    w.undo()
    w.add_click(9, 9)
    grid.open_image(1)
    assert len(grid.open_image(0).prompts) == 1


def test_a_name_that_was_removed_may_be_taken_and_images_open_all_the_same():
    grid = sp.ReviewGrid([np.eye(16)] * 2, labels=["a", "b", "c"], model=PaintPredictor())
    w = grid.open_image(0)
    w.remove_label("c")
    w.change_label("a", name="c")
    assert grid.open_image(1).labels == ["c", "b", "c (3)"]
    assert grid.open_image(0).labels == ["c", "b", "c (3)"]


def test_images_that_are_opened_and_shut_leave_nothing():
    grid = sp.ReviewGrid([np.eye(16)] * 2, model=PaintPredictor())
    grid.open_image(0)
    before = len(_instances)
    for _ in range(3):
        grid.open_image(1)
    assert len(_instances) == before


def test_the_next_image_is_opened_from_the_one_before():
    grid = sp.ReviewGrid([np.eye(16)] * 2, model=PaintPredictor())

    def press(name):
        (button,) = [one for one in grid._heading.children[1].children if one.description == name]
        if not button.disabled:
            button.click()
        return grid._opened

    grid.open_image(0)
    assert [press(name) for name in ("Previous", "Next", "Next", "Previous", "Close")] == [0, 1, 1, 0, None]


def test_a_label_that_was_added_by_mistake_leaves_the_grid_again():
    grid = sp.ReviewGrid([np.eye(16)] * 2, labels=["a", "b"], model=PaintPredictor())
    grid.open_image(0).add_label("oops")
    grid.segmenter.remove_label("oops")
    assert grid.open_image(1).labels == ["a", "b"]
    grid.segmenter.remove_label("b")
    assert grid.open_image(0).labels == ["a", "b"], "the other image may have it"


def test_a_mask_that_was_read_can_be_written_on(grid):
    for index in (0, 4):
        grid.open_image(index).add_box(2, 2, 5, 5)
        grid.mask(index)[:] = 0
        assert grid.mask(index).any()


def test_the_segmenter_starts_from_the_mask_that_is_there():
    label_map = np.zeros((20, 30), np.uint8)
    label_map[2:5, 2:5], label_map[10:12, 10:20] = 1, 3
    masks = [label_map, label_map == 3, None]
    grid = sp.ReviewGrid(Images(3), masks, model=PaintPredictor())
    assert grid.open_image(0).labels == ["label 1", "label 2", "label 3"]
    assert np.array_equal(grid.segmenter.label_map, label_map)
    assert np.array_equal(grid.open_image(1).mask, label_map == 3)
    assert not grid.open_image(2).mask.any()
    named = sp.ReviewGrid(Images(3), masks, labels=["a", "b", "c"], model=PaintPredictor())
    assert named.open_image(0).labels == ["a", "b", "c"]


def test_files_are_read_and_named(tmp_path):
    pixels = np.arange(600, dtype=np.uint8).reshape(20, 30)
    mask = np.zeros((20, 30), bool)
    mask[3:9, 4:8] = True
    PIL.Image.fromarray(pixels).save(tmp_path / "scan.png")
    w = sp.Segmenter(tmp_path / "scan.png", model=PaintPredictor())
    w.add_box(4, 3, 7, 8)
    paths = [w.save(tmp_path / f"mask{suffix}") for suffix in (".png", ".npy", ".npz", ".tif", ".nii.gz")]
    grid = sp.ReviewGrid([tmp_path / "scan.png"] * len(paths), paths)
    assert grid.name(0) == "scan.png"
    for index in range(len(paths)):
        assert np.array_equal(grid.mask(index), mask)


@pytest.mark.parametrize(
    ("image", "mask", "told"),
    [
        ("nowhere/scan.dcm", None, "the image cannot be read: FileNotFoundError"),
        (lambda: 1 / 0, None, "the image cannot be read: ZeroDivisionError"),
        (np.zeros((4, 4)), np.zeros((4, 5), bool), "the mask cannot be read: ValueError: mask is of shape (4, 5)"),
        (np.zeros((4, 4)), "nowhere/mask.png", "the mask cannot be read: FileNotFoundError"),
        (np.zeros((4, 4)), np.full((4, 4), 0.5), "with fractions"),
        (np.zeros((4, 4)), np.full((4, 4), -1), "has the label -1"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_tile_and_breaks_nothing(image, mask, told):
    grid = sp.ReviewGrid([np.zeros((4, 4)), image], [None, mask])
    page = Page(grid)
    page.look()
    assert told in grid._items.known_tile(1, 144).problem
    page.click(1)
    assert "sp-review-bad" in grid._status.value
    page.click(1, kind="open")
    assert grid.segmenter is None
    assert "sp-review-bad" in grid._status.value
    page.click(0)
    assert "sp-review-bad" not in grid._status.value


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"images": "scans"}, TypeError, "images takes a sequence of images, got 'scans'"),
        ({"images": np.zeros((4, 4))}, TypeError, r"images takes a sequence of images, got an array of shape \(4, 4\)"),
        ({"images": iter([])}, TypeError, "images takes a sequence of images"),
        ({"images": {"a": 1}}, TypeError, "images takes a sequence of images"),
        ({"masks": [None]}, ValueError, "masks has 1 entries, but there are 2 images"),
        ({"names": ["a", "b", "c"]}, ValueError, "names has 3 entries, but there are 2 images"),
        ({"labels": "lesion"}, TypeError, "labels takes a list of names, got the string 'lesion'"),
        ({"labels": ["a", "a"]}, ValueError, "labels takes names that differ"),
        ({"size": 3}, ValueError, "size takes a number from 48 to 512, got 3"),
        ({"size": 99.5}, TypeError, "size takes a whole number, got 99.5"),
        ({"rows": 0}, ValueError, "rows takes a number from 1 to 20, got 0"),
    ],
)
def test_arguments_are_checked(arguments, error, told):
    with pytest.raises(error, match=told):
        sp.ReviewGrid(**{"images": np.zeros((2, 4, 4)), **arguments})


def test_labels_without_a_name_are_told_until_they_have_one():
    masks = [np.eye(16, dtype=np.uint8), np.eye(16, dtype=np.uint8) * 3]
    grid = sp.ReviewGrid([np.zeros((16, 16))] * 2, masks, labels=["a", "b"], model=PaintPredictor())
    page = Page(grid)
    page.look()
    page.click(1)
    assert "labels names 2, but the mask has the label 3" in grid._status.value
    assert not grid._items.known_tile(0, 144).problem
    grid.open_image(0).add_label("c")
    page.look()
    assert "but the mask has the label" not in grid._status.value
    assert not grid._items.known_tile(1, 144).problem


def test_a_mask_that_comes_while_its_tile_is_drawn_is_on_it(monkeypatch):
    items, draw, drawn = review_items.ReviewItems([np.zeros((4, 4))], None), review_items.draw_thumbnail, []

    def while_drawing(*arguments, **keywords):
        drawn.append(arguments[1])
        if len(drawn) == 1:
            items.set_mask(0, np.ones((4, 4), dtype=bool))
        return draw(*arguments, **keywords)

    monkeypatch.setattr(review_items, "draw_thumbnail", while_drawing)
    assert items.tile(0, 8, line=1).labels == 1
    assert items.known_tile(0, 8).labels == 1
    assert len(drawn) == 2


def test_names_are_text_and_no_html():
    grid = sp.ReviewGrid([np.zeros((4, 4))], names=["<img onerror=x>"], labels=["<b>"])
    grid.selected = [0]
    assert "<img" not in grid._status.value
    assert "<b>" not in grid._status.value
    grid.open_image(0)
    assert "<img" not in grid._heading.children[0].value


def test_an_empty_grid_stands_still():
    grid = sp.ReviewGrid([])
    page = Page(grid)
    page.look()
    for key in ("ArrowRight", "Enter", " ", "all", "End"):
        page.press(key)
    assert grid.selected == []


def test_what_goes_wrong_in_drawing_is_told_and_answered(page, grid):
    page.look(colors=dict.fromkeys(COLORS, "url(//x)"))
    assert "colors takes #rrggbb" in grid._status.value


def test_a_closed_grid_is_freed():
    images = Images(3)
    grid = sp.ReviewGrid(images, model=PaintPredictor())
    Page(grid).look()
    grid.open_image(1)
    grid.close()
    gone = weakref.ref(images)
    del grid, images
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("count", "size", "rows", "shape"), [(0, 48, 1, (62, 62)), (1, 512, 20, (526, 526)), (9, 144, 3, (474, 474))]
)
def test_a_saved_notebook_has_the_first_thumbnails(count, size, rows, shape):
    images = [np.full((10, 20), number) for number in range(count)]
    masks = [np.eye(10, 20, dtype=bool)] * count
    grid = sp.ReviewGrid(images, masks, size=size, rows=rows, model=PaintPredictor())
    picture = grid._drawn_small(512)
    assert picture.shape == (*shape, 3)
    cells = [
        picture[y : y + size + 14, x : x + size + 14]
        for y in range(0, shape[0], size + 14)
        for x in range(0, shape[1], size + 14)
    ]
    assert [len(np.unique(cell)) > 1 for cell in cells] == [number < count for number in range(len(cells))]


def test_what_cannot_be_read_is_grey_there():
    grid = sp.ReviewGrid([np.zeros((10, 10)), "nowhere.png"], size=48)
    picture = grid._drawn_small(512)
    assert (picture[7:55, 69:117] == 224).all()
