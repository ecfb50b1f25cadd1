"""Film the walk that the README shows: a real JupyterLab, real pointer events, one picture of the screen for each step.

.venv/bin/python docs/walk.py
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.browser.lab import Canvas, Lab  # noqa: E402  # the tests' harness, from this checkout
from tests.browser.server import Server, launch_chromium  # noqa: E402  # the same

CELLS = [
    """\
import scribbleprompt_widget as sp
from skimage import data

w = sp.Segmenter(data.coins(), labels=["coin"])
w""",
    "for one in w.instance_table: print(one)",
]
WINDOW = {"width": 760, "height": 880}
SIZE = (570, 660)
"""Of the film."""
COLORS = 64
MOVES = 6
"""Pictures of one stroke's way between two of its points."""
FRAME_MS = 70
LOOK_MS = 1100
"""How long what came of a step is shown."""
ARROW = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (13, 12))


class Film:
    """Pictures of a page, and how long each is shown. The pointer is drawn in: pictures of pages have none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pointer = (WINDOW["width"] / 2, WINDOW["height"] / 2)
        self.frames: list[PIL.Image.Image] = []
        self.milliseconds: list[int] = []

    def shoot(self, milliseconds: int = FRAME_MS) -> None:
        """Take the screen as it is."""
        frame = PIL.Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        x, y = self.pointer
        PIL.ImageDraw.Draw(frame).polygon([(x + dx, y + dy) for dx, dy in ARROW], fill="black", outline="white")
        self.frames.append(frame.resize(SIZE, PIL.Image.Resampling.LANCZOS))
        self.milliseconds.append(milliseconds)

    def move(self, to: tuple[float, float], moves: int = MOVES) -> None:
        """Move the pointer there, in sight."""
        (x0, y0), (x1, y1) = self.pointer, to
        for i in range(1, moves + 1):
            self.pointer = (x0 + (x1 - x0) * i / moves, y0 + (y1 - y0) * i / moves)
            self.page.mouse.move(*self.pointer)
            self.shoot()

    def stroke(self, canvas: Canvas, *points: tuple[float, float], prompts: int, button: str = "left") -> None:
        """Draw, and look at the mask that comes of it."""
        first, *rest = (canvas.at(*point) for point in points)
        self.move(first)
        self.page.mouse.down(button=button)
        for point in rest:
            self.move(point)
        self.page.mouse.up(button=button)
        canvas.expect_prompts(prompts)
        self.shoot(LOOK_MS)

    def save(self, path: Path) -> None:
        """As a GIF that repeats, with one palette for all pictures."""
        sheet = PIL.Image.new("RGB", (SIZE[0], SIZE[1] * len(self.frames)))
        for i, frame in enumerate(self.frames):
            sheet.paste(frame, (0, SIZE[1] * i))
        palette = sheet.quantize(COLORS, method=PIL.Image.Quantize.MEDIANCUT)
        small = [frame.quantize(palette=palette, dither=PIL.Image.Dither.NONE) for frame in self.frames]
        small[0].save(path, save_all=True, append_images=small[1:], duration=self.milliseconds, loop=0, optimize=True)


def main() -> None:
    """Walk, and keep the film."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = Server(Path(folder)), launch_chromium(playwright)
        try:
            page = browser.new_page(viewport=WINDOW, device_scale_factor=1)
            lab = Lab(page, server, server.write(CELLS, "coins"))
            page.keyboard.press("ControlOrMeta+b")  # the file browser makes room
            canvas = lab.run_widget(0)
            canvas.at(0, 0)  # scrolls there
            film = Film(page)
            film.shoot(LOOK_MS)
            walk(film, canvas)
            lab.run(1)
            lab.cell(1).locator(".jp-OutputArea-output").wait_for()
            film.shoot(2 * LOOK_MS)
            film.save(HERE / "walk.gif")
        finally:
            browser.close()
            server.stop()


def walk(film: Film, canvas: Canvas) -> None:
    """A scribble, a correction, the object is done; a box and a click for the next ones."""
    page = film.page
    film.stroke(canvas, (46, 52), (58, 46), (58, 62), (46, 66), prompts=1)
    film.stroke(canvas, (72, 26), (71, 80), button="right", prompts=2)
    page.keyboard.press("c")
    canvas.expect_prompts(0)
    film.shoot(LOOK_MS)
    page.keyboard.press("b")
    film.stroke(canvas, (78, 33), (120, 77), prompts=1)
    page.keyboard.press("c")
    canvas.expect_prompts(0)
    page.keyboard.press("s")
    film.stroke(canvas, (144, 44), (160, 40), (162, 58), prompts=1)
    page.keyboard.press("c")
    canvas.expect_prompts(0)
    film.shoot(LOOK_MS)


if __name__ == "__main__":
    main()
