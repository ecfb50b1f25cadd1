"""The grid in real JupyterLab and Notebook 7: pointer, wheel and keys, and what is to be seen."""

import io

import PIL.Image
import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, Canvas, wait_until

COUNT = 500
GRID = (
    SETUP
    + f"""
class Images:
    def __init__(self):
        self.read = []
    def __len__(self):
        return {COUNT}
    def __getitem__(self, index):
        self.read.append(index)
        return np.full((60, 80, 3), (index % 256, 40, 200), np.uint8)

images = Images()
mask = np.zeros((60, 80), bool)
mask[20:40, 20:60] = True
masks = [mask if index % 2 else None for index in range({COUNT})]
heard = []
grid = sp.ReviewGrid(images, masks, model=PaintPredictor())
grid.observe(lambda change: heard.append(change["new"]), names="selected")
grid"""
)
TILE, PITCH = 144, 178
"""Sides of a thumbnail, and from one row to the next, as they are unless asked for."""


class GridView:
    """A `ReviewGrid` on the screen."""

    def __init__(self, lab, cell=0):
        self.lab, self.page = lab, lab.page
        self.root = lab.cell(cell).locator(".sp-review")
        self.sheet = self.root.locator(".sp-review-sheet")
        self.canvas = self.sheet.locator("canvas")
        self.expect_drawn()

    def expect_drawn(self):
        expect(self.sheet).to_have_attribute("data-state", "ready")

    @property
    def columns(self):
        return int(self.sheet.evaluate("element => element.clientWidth") // (TILE + 14))

    def place(self, row, column):
        """The middle of the tile in a row and column of what is seen, on the page."""
        self.sheet.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        return box["x"] + (column + 0.5) * box["width"] / self.columns, box["y"] + row * PITCH + 7 + TILE / 2

    def click(self, row, column, *modifiers):
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.place(row, column))
        for key in modifiers:
            self.page.keyboard.up(key)

    def color(self, row, column, dx=0, dy=0):
        """The colour so many pixels from the middle of a tile."""
        x, y = self.place(row, column)
        clip = {"x": round(x) + dx, "y": round(y) + dy, "width": 1, "height": 1}
        return PIL.Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))

    def wait_color(self, row, column, color):
        wait_until(self.page, lambda: self.color(row, column) == color, f"the colour {color} of tile {row}, {column}")

    def expect_selected(self, count):
        expect(self.root.locator(".sp-review-status")).to_contain_text(f"{COUNT} images, {count} selected")


def color_of(index):
    return index % 256, 40, 200


@pytest.fixture
def lab(open_notebook, request):
    lab = open_notebook([GRID, ""], app=getattr(request, "param", "lab"))
    lab.run(0)
    lab.grid = GridView(lab)
    return lab


in_both_apps = pytest.mark.parametrize("lab", ["lab", "notebook"], indirect=True)


@in_both_apps
def test_click_ctrl_click_and_shift_click_select(lab):
    grid = lab.grid
    grid.click(0, 0)
    grid.expect_selected(1)
    grid.click(0, 2, "Shift")
    grid.expect_selected(3)
    grid.click(1, 1, "ControlOrMeta")
    grid.expect_selected(4)
    grid.click(0, 1, "ControlOrMeta")
    grid.expect_selected(3)
    columns = grid.columns
    assert lab.evaluate(1, "[grid.selected, len(heard)]") == [[0, 2, columns + 1], 4]
    expect(lab.cell(0).locator("img[class^=sp-static]")).to_be_hidden()  # what a saved notebook keeps


def test_a_selected_tile_is_framed_and_ticked(lab):
    grid = lab.grid
    plain = [grid.color(0, column, dx, dy) for column in (0, 1) for dx, dy in ((-76, 0), (-72, -72))]
    grid.click(0, 0)
    grid.expect_selected(1)
    wait_until(lab.page, lambda: grid.color(0, 0, -76) != plain[0], "a frame")
    assert grid.color(0, 0, -72, -72) != plain[1]
    assert [grid.color(0, 1, -76), grid.color(0, 1, -72, -72)] == plain[2:]
    lab.evaluate(1, "setattr(grid, 'selected', [1])")  # from Python
    wait_until(lab.page, lambda: grid.color(0, 1, -76) != plain[2], "a frame")


@in_both_apps
def test_tiles_that_are_scrolled_to_are_drawn_and_no_others_are_read(lab):
    grid = lab.grid
    columns, seen = grid.columns, 3
    assert [grid.color(0, 1, dy=-40), grid.color(2, 0, dy=-40)] == [color_of(1), color_of(2 * columns)]
    assert lab.evaluate(1, "sorted(images.read)") == list(range(seen * columns))
    lab.page.mouse.move(*grid.place(1, 1))
    lab.page.mouse.wheel(0, 2 * PITCH)
    grid.wait_color(0, 0, color_of(2 * columns))
    grid.expect_drawn()
    assert lab.evaluate(1, "len(images.read)") == (seen + 2) * columns
    grid.sheet.evaluate("element => element.scrollTop = element.scrollHeight")
    last_row = (COUNT - 1) // columns
    grid.wait_color(seen - 1, 0, color_of(last_row * columns))
    grid.expect_drawn()
    grid.click(seen - 1, 0)
    grid.expect_selected(1)
    read, selected = lab.evaluate(1, "[images.read, grid.selected]")
    assert selected == [last_row * columns]
    assert len(read) == len(set(read)) <= 3 * seen * columns  # three places were looked at, out of 28


@in_both_apps
def test_a_double_click_opens_the_image_with_its_mask_and_drawing_changes_the_tile(lab):
    grid = lab.grid
    before = grid.color(0, 1, dx=-30)
    lab.page.mouse.dblclick(*grid.place(0, 1))
    canvas = Canvas(lab.page, grid.root.locator(".sp-segmenter"))
    canvas.wait_version_after(0)
    assert lab.evaluate(1, "[grid.segmenter.mask.tolist() == mask.tolist(), grid.segmenter.mask.sum().item()]") == [
        True,
        800,
    ]
    canvas.press("b")
    canvas.stroke((1, 1), (78, 58))
    canvas.expect_state("ready")
    wait_until(lab.page, lambda: lab.evaluate(1, "int(grid.mask(1).sum())") > 4000, "the mask in the grid")
    grid.sheet.scroll_into_view_if_needed()
    line = [grid.color(0, 1, dx=-72 + 1 + step) for step in range(5)]
    assert (0x56, 0xB4, 0xE9) in line
    assert before == color_of(1)
    grid.root.get_by_role("button", name="Close", exact=True).click()
    expect(grid.root.locator(".sp-segmenter")).to_have_count(0)


def test_an_image_that_is_opened_comes_into_view_with_the_keys_and_leads_to_the_next(lab):
    grid = GridView(lab)
    for name, act in (
        ("#0", lambda: lab.page.mouse.dblclick(*grid.place(0, 0))),
        ("#1", lambda: grid.root.get_by_role("button", name="Next").click()),
    ):
        act()
        title = grid.root.locator(".sp-review-title", has_text=name)
        expect(title).to_be_in_viewport(ratio=0.9)
        canvas = grid.root.get_by_role("application")
        expect(canvas).to_be_focused()
        expect(canvas.locator("canvas").first).to_be_in_viewport(ratio=0.8)


def test_keys_move_and_select_and_leave_the_notebook_alone(lab):
    grid, keyboard = lab.grid, lab.page.keyboard
    grid.click(0, 0)
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "d", "d", "x", "a"):
        keyboard.press(key)
    grid.expect_selected(2)
    expect(lab.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2)
    columns = grid.columns
    for _ in range(3):
        keyboard.press("PageDown")
    grid.expect_selected(1)
    grid.wait_color(2, 2, color_of((1 + 9) * columns + 2))
    keyboard.press("Enter")
    expect(grid.root.get_by_role("application")).to_be_focused()
    grid.sheet.focus()
    keyboard.press("Escape")
    grid.expect_selected(0)
    lab.save()  # by Ctrl+S, with the focus in the grid


def test_a_reloaded_page_and_a_second_view_show_the_grid(open_notebook):
    lab = open_notebook([GRID, "grid"])
    lab.run(0)
    grid = GridView(lab)
    grid.sheet.evaluate(f"element => element.scrollTop = {10 * PITCH}")
    grid.click(0, 1)
    grid.expect_selected(1)
    shown = color_of(10 * grid.columns)
    grid.wait_color(0, 0, shown)
    lab.run(1)
    second = GridView(lab, 1)
    second.wait_color(0, 0, shown)
    lab.save()
    lab.open()
    grid = GridView(lab)
    grid.wait_color(0, 0, shown)
    grid.click(0, 0, "ControlOrMeta")
    grid.expect_selected(2)


def test_an_image_that_cannot_be_read_is_a_tile_that_says_so(open_notebook):
    make = "grid = sp.ReviewGrid(['nowhere.png', np.full((60, 80, 3), (9, 40, 200), np.uint8)])\ngrid"
    lab = open_notebook([SETUP + make])
    lab.run(0)
    grid = GridView(lab)
    assert grid.color(0, 1) == color_of(9)
    grid.page.mouse.click(*grid.place(0, 0))
    expect(grid.root.get_by_role("alert")).to_contain_text("nowhere.png")


def test_the_plain_wheel_goes_on_to_the_page_at_the_grids_end(open_notebook):
    few = "grid = sp.ReviewGrid(np.zeros((3, 8, 8)))\ngrid"
    lab = open_notebook([SETUP + few, *["1\n" * 30] * 5])
    lab.run(0)
    grid = GridView(lab)
    scroller = lab.page.locator(".jp-WindowedPanel-outer")
    lab.page.mouse.move(*grid.place(0, 0))
    before = scroller.evaluate("element => element.scrollTop")
    lab.page.mouse.wheel(0, 200)
    scrolled = "([element, before]) => element.scrollTop > before"
    lab.page.wait_for_function(scrolled, arg=[scroller.element_handle(), before])
