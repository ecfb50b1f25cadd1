"""Make the pictures that the README shows: a real JupyterLab, driven by real pointer events.

.venv/bin/python docs/screenshot.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.browser.lab import Lab  # noqa: E402  # the tests' harness, from this checkout
from tests.browser.server import Server, launch_chromium  # noqa: E402  # the same

CELLS = [
    """\
import scribbleprompt_widget as sp
from skimage import data

w = sp.Segmenter(data.immunohistochemistry(), labels=["gland"])
w""",
    "w.mask.shape, w.area()",
]


def main() -> None:
    """Drive the page and take the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = Server(Path(folder)), launch_chromium(playwright)
        try:
            page = browser.new_page(viewport={"width": 800, "height": 1080}, device_scale_factor=1)
            lab = Lab(page, server, server.write(CELLS, "segment"))
            page.keyboard.press("ControlOrMeta+b")  # the file browser makes room
            canvas = lab.run_widget(0)
            canvas.stroke((285, 345), (290, 420), (330, 470))
            canvas.expect_prompts(1)
            canvas.stroke((350, 355), (365, 400), (362, 450))
            canvas.expect_prompts(2)
            canvas.stroke((242, 330), (240, 420), (270, 480), button="right")
            canvas.expect_prompts(3)
            lab.run(1)
            lab.cell(1).locator(".jp-OutputArea-output").wait_for()
            lab.cell(0).locator(".cm-content").scroll_into_view_if_needed()  # tools and picture with what made them
            page.screenshot(path=HERE / "screenshot.png")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
