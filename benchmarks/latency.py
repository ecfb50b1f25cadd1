"""Pointer-up to painted overlay, in real JupyterLab and Chromium.

For each predictor and image side: median and 95th percentile in milliseconds over real pointer strokes, the median of
the kernel's share, and the median number of bytes on the wire each way per stroke. "floor" is a predictor that costs
nothing: the price of the way from the pointer to the kernel and back to the screen.

    python -m benchmarks.latency [--sides 256 512 1024 2048] [--strokes 30] [--predictors floor random_walker]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import Lab
from tests.browser.server import PATIENCE_S, Server, launch_chromium

STROKE_PX = 60
"""Length of a stroke in image pixels, the same at every side, so that the changed region is too."""

CELL = """\
import numpy as np
import scipy.ndimage
import scribbleprompt_widget as sp
from benchmarks.floor import FloorPredictor
from scribbleprompt_widget.models.unet import ScribblePromptUNet
from scribbleprompt_widget.predictors.network import NetworkPredictor

sp.register_predictor("floor", FloorPredictor)
# The published weights are not here; random ones take exactly as long.
sp.register_predictor("unet (random weights)", lambda: NetworkPredictor(ScribblePromptUNet(), name="u", resolution=128))
coarse = np.random.default_rng(0).random((16, 16))
image = (scipy.ndimage.zoom(coarse, {side} / 16, order=1) * 255).astype(np.uint8)
w = sp.Segmenter(image, model="{predictor}")
w"""


class Traffic:
    """Bytes on the page's websockets."""

    def __init__(self, page):
        self.sent = self.received = 0
        page.on("websocket", self._watch)

    def _watch(self, websocket):
        websocket.on("framesent", self._on_sent)
        websocket.on("framereceived", self._on_received)

    def _on_sent(self, payload):
        self.sent += len(payload)

    def _on_received(self, payload):
        self.received += len(payload)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--strokes", type=int, default=30)
    parser.add_argument("--predictors", nargs="+", default=["floor", "random_walker", "unet (random weights)"])
    options = parser.parse_args()

    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; {options.strokes} strokes each\n")
    print("| predictor | side | median ms | 95th percentile ms | kernel ms | bytes out | bytes in |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = Server(Path(folder)), launch_chromium(playwright)
        try:
            for predictor in options.predictors:
                for side in options.sides:
                    print(row(server, browser, predictor, side, options.strokes), flush=True)
        finally:
            browser.close()
            server.stop()


def row(server, browser, predictor: str, side: int, strokes: int) -> str:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    traffic = Traffic(page)
    notebook = server.write([CELL.format(side=side, predictor=predictor)], f"{predictor.split(maxsplit=1)[0]}-{side}")
    lab = Lab(page, server, notebook)
    canvas = lab.run_widget(0)
    milliseconds, kernel, sent, received = [], [], [], []
    for i in range(strokes):
        x, y = side * (0.2 + 0.5 * (i * 0.618 % 1)), side * (0.2 + 0.6 * (i * 0.382 % 1))
        before = (traffic.sent, traffic.received, canvas.version)
        canvas.stroke((x, y), (x + STROKE_PX, y), steps=4)
        canvas.wait_version_after(before[2])
        canvas.expect_prompts(i + 1)
        milliseconds.append(float(canvas.root.get_attribute("data-latency-ms")))
        kernel.append(1000 * float(canvas.root.get_attribute("data-seconds") or "nan"))
        sent.append(traffic.sent - before[0])
        received.append(traffic.received - before[1])
    lab.stop_kernel()
    context.close()
    percentile = statistics.quantiles(milliseconds, n=20)[-1] if strokes > 1 else milliseconds[0]
    numbers = f"{statistics.median(milliseconds):.1f} | {percentile:.1f} | {statistics.median(kernel):.1f}"
    traffic_text = f"{statistics.median(sent):.0f} | {statistics.median(received):.0f}"
    return f"| {predictor} | {side} | {numbers} | {traffic_text} |"


if __name__ == "__main__":
    main()
