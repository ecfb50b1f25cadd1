"""Driving a notebook and the widgets in it as a person would: by pointer, wheel and keys."""

from __future__ import annotations

import base64
import io
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

import PIL.Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.server import PATIENCE_S

SETUP = """\
import numpy as np
import scribbleprompt_widget as sp
from tests.paint import PaintPredictor
"""


def wait_until(page: Page, condition: Callable[[], object], what: str):
    """Ask again and again, while the page goes on, for as long as there is patience."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain for {what}"
        page.wait_for_load_state()


class Lab:
    """One notebook in JupyterLab or Notebook 7."""

    def __init__(self, page: Page, server, notebook: str, app: str = "lab"):
        self.page, self.server, self.notebook, self.app = page, server, notebook, app
        self.open()

    def open(self):
        """Open, or open again; wait until the kernel is idle."""
        self.page.goto(self.server.address(self.notebook, app=self.app))
        self.wait_idle()

    def wait_idle(self):
        # The page calls a kernel idle that it is not yet connected to, and loses what it is asked to run: ask both.
        wait_until(self.page, self._connected, f"an idle kernel of {self.notebook}")
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first.wait_for(state="attached")
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()

    def _connected(self) -> bool:
        kernels = [s["kernel"] for s in self.request("GET", "sessions") if s["path"] == self.notebook]
        return any(kernel["connections"] > 0 and kernel["execution_state"] == "idle" for kernel in kernels)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run(self, index: int):
        """Run a cell; it may still be running afterwards."""
        self._enter(index)
        self.page.keyboard.press("Shift+Enter")

    def _enter(self, index: int):
        """Put the cursor into a cell."""
        editor = self.cell(index).locator(".cm-content")
        # What is only just in sight may lie under Lab's toolbar.
        editor.evaluate("editor => editor.scrollIntoView({ block: 'center' })")
        editor.click()

    def run_widget(self, index: int) -> Canvas:
        """Run a cell that shows a widget."""
        self.run(index)
        return self.widget(index)

    def widget(self, index: int) -> Canvas:
        """The widget that a cell shows, once it is ready."""
        return Canvas(self.page, self.cell(index).locator(".sp-segmenter"))

    def evaluate(self, index: int, expression: str):
        """Put an expression into a cell and run it; its value, which JSON has to be able to hold."""
        cell = self.cell(index)
        self._enter(index)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(f"import json; print('<<' + json.dumps({expression}) + '>>')")
        before = cell.locator(".jp-InputPrompt").first.inner_text()
        self.page.keyboard.press("Shift+Enter")
        expect(cell.locator(".jp-InputPrompt").first).not_to_have_text(before)
        output = cell.locator(".jp-OutputArea-output", has_text=">>")
        output.wait_for()
        text = output.inner_text()
        return json.loads(text[text.index("<<") + 2 : text.rindex(">>")])

    def request(self, method: str, path: str):
        """Ask the server's REST interface."""
        address = f"http://127.0.0.1:{self.server.port}/api/{path}"
        headers = {"Authorization": f"token {self.server.token}"}
        with urllib.request.urlopen(urllib.request.Request(address, method=method, headers=headers)) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def save(self):
        """Save the notebook with Lab's own key, and wait for the file."""
        before = self._modified()
        self.page.keyboard.press("ControlOrMeta+s")
        wait_until(self.page, lambda: self._modified() != before, f"{self.notebook} to be saved")

    def _modified(self) -> str:
        return self.request("GET", f"contents/{urllib.parse.quote(self.notebook)}?content=0")["last_modified"]

    def colors_of(self, picture: Locator, *points: tuple[int, int]) -> list[tuple[int, ...]]:
        """The colours (r, g, b) of an embedded picture at pixels (x, y)."""
        data = picture.get_attribute("src").partition(",")[2]
        pixels = PIL.Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
        return [pixels.getpixel(point) for point in points]

    def stop_kernel(self):
        for session in self.request("GET", "sessions"):
            if session["path"] == self.notebook:
                self.request("DELETE", f"sessions/{session['id']}")


class Canvas:
    """A `Segmenter` on the screen; coordinates are image pixels."""

    def __init__(self, page: Page, root: Locator):
        self.page, self.root = page, root
        self.expect_state("ready")
        self.canvas = root.locator("canvas[data-image-rect]")
        self.canvas.wait_for()

    def expect_state(self, state: str):
        expect(self.root).to_have_attribute("data-state", state)

    def expect_prompts(self, count: int):
        """Wait until as many prompts are committed and everything is answered."""
        expect(self.root).to_have_attribute("data-prompts", str(count))
        self.expect_state("ready")

    @property
    def version(self) -> int:
        return int(self.root.get_attribute("data-mask-version"))

    def wait_version_after(self, version: int):
        self.page.wait_for_function(
            "([root, version]) => Number(root.dataset.maskVersion) > version",
            arg=[self.root.element_handle(), version],
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where the centre of an image pixel is on the page."""
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        left, top, scale = map(float, self.canvas.get_attribute("data-image-rect").split(","))
        return box["x"] + left + (x + 0.5) * scale, box["y"] + top + (y + 0.5) * scale

    def stroke(self, *points: tuple[float, float], button: str = "left", steps: int = 8):
        """Press, move and release."""
        first, *rest = [self.at(*point) for point in points]
        self.page.mouse.move(*first)
        self.page.mouse.down(button=button)
        for point in rest:
            self.page.mouse.move(*point, steps=steps)
        self.page.mouse.up(button=button)

    def click(self, x: float, y: float, *, button: str = "left"):
        self.stroke((x, y), button=button)

    def press(self, *keys: str):
        """Press keys with the focus on the widget."""
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def pixel(self, x: float, y: float) -> list[int]:
        """The colour [r, g, b] that the screen shows at an image pixel's centre."""
        left, top = self.at(x, y)
        clip = {"x": int(left), "y": int(top), "width": 1, "height": 1}
        return list(PIL.Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0)))
