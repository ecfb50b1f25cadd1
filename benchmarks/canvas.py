"""How long a large image takes to open, and how smoothly it moves: real JupyterLab, Chromium and pointer.

For each side of a square 16-bit image: milliseconds from running the cell to the picture on the screen; and, over drags
with the middle button at a zoom where the picture is larger than the canvas, how many frames a second the page drew
(requestAnimationFrame), the longest time between two frames, in which share of them the picture had moved, and how much
of its processor the page's main thread used for a frame, which says what it could do on a machine that is not shared.

    python -m benchmarks.canvas [--sides 1024 2048 4096 8192] [--drags 5]
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import Canvas, Lab
from tests.browser.server import PATIENCE_S, Server, launch_chromium

CELLS = [
    """\
import numpy as np
import scipy.ndimage
import scribbleprompt_widget as sp
from tests.paint import PaintPredictor

coarse = np.random.default_rng(0).random((64, 64))
image = (scipy.ndimage.zoom(coarse, {side} / 64, order=1) * 4095).astype(np.uint16)
image += np.random.default_rng(1).integers(0, 200, image.shape, np.uint16)
"ready" """,
    "w = sp.Segmenter(image, model=PaintPredictor())\nw",
]

# From the key that runs the cell to the frame after the widget says that it is ready.
WATCH_OPENING = """() => {
  addEventListener("keydown", () => {
    const started = performance.now();
    const look = () => {
      const canvas = document.querySelector('.sp-segmenter[data-state="ready"] canvas[data-image-rect]');
      if (canvas) requestAnimationFrame(() => { window.openedMs = performance.now() - started; });
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
}"""

RECORD_FRAMES = """() => {
  const canvas = document.querySelector(".sp-segmenter canvas[data-image-rect]");
  window.frames_ = [];
  window.recording = true;
  const note = (time) => {
    window.frames_.push([time, canvas.dataset.imageRect]);
    if (window.recording) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 2048, 4096, 8192])
    parser.add_argument("--drags", type=int, default=5)
    options = parser.parse_args()

    load = f"load {os.getloadavg()[0]:.1f}"
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {load}; {options.drags} drags each\n")
    print("| side | opens, ms | frames a second | longest frame, ms | frames in which it moved | main thread, ms |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = Server(Path(folder)), launch_chromium(playwright)
        try:
            for side in options.sides:
                print(row(server, browser, side, options.drags), flush=True)
        finally:
            browser.close()
            server.stop()


def row(server, browser, side: int, drags: int) -> str:
    page = browser.new_page(viewport={"width": 1280, "height": 1200})
    page.set_default_timeout(PATIENCE_S * 1000)
    lab = Lab(page, server, server.write([cell.format(side=side) for cell in CELLS], f"canvas-{side}"))
    lab.run(0)
    lab.cell(0).locator(".jp-OutputArea-output").wait_for()
    lab.wait_idle()
    lab.cell(1).locator(".cm-content").click()
    page.evaluate(WATCH_OPENING)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("() => window.openedMs !== undefined")
    opened = page.evaluate("window.openedMs")
    canvas = lab.widget(1)
    canvas.press("+", "+", "+")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = busy_ms(devtools)
    frames = list(itertools.chain.from_iterable(drag(page, canvas) for _ in range(drags)))
    busy = (busy_ms(devtools) - before) / len(frames)
    lab.stop_kernel()
    page.close()
    intervals = [interval for interval, _ in frames]
    moved = statistics.mean(has_moved for _, has_moved in frames)
    rate = 1000 / statistics.mean(intervals)
    return f"| {side} | {opened:.0f} | {rate:.0f} | {max(intervals):.0f} | {moved:.0%} | {busy:.1f} |"


def busy_ms(devtools) -> float:
    """How long the page's main thread was at work so far."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def drag(page, canvas: Canvas) -> list[tuple[float, bool]]:
    """Move the picture to and fro; for each frame the milliseconds since the last, and whether it had moved."""
    box = canvas.canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    page.evaluate(RECORD_FRAMES)
    for dx, dy in ((150, 100), (-150, 60), (80, -120), (0, 0)):
        page.mouse.move(x + dx, y + dy, steps=60)
    frames = page.evaluate("() => { window.recording = false; return window.frames_; }")
    page.mouse.up(button="middle")
    return [(after[0] - before[0], after[1] != before[1]) for before, after in itertools.pairwise(frames)]


if __name__ == "__main__":
    main()
