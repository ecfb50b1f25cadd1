"""Pointer-up to painted overlay, in real JupyterLab and Chromium.

For each predictor and image side: median and 95th percentile in milliseconds over real pointer strokes, the median of
its inference alone, and the median number of bytes on the wire each way per stroke. "floor" is a predictor that costs
nothing: the price of the way from the pointer to the kernel and back to the screen. "bare" is a widget of forty lines
that only sends the stroke and paints a whole mask that comes back (benchmarks/bare.py): the peer of the floor. Strokes
of the two alternate, so that both see the same machine.

    python -m benchmarks.latency [--sides 256 512 1024 2048] [--strokes 30] [--predictors floor random_walker compact]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import Lab
from tests.browser.server import PATIENCE_S, Server, launch_chromium

FLOOR = "floor"
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

BARE_CELL = """\
from benchmarks.bare import BareWidget
BareWidget({side})"""


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
    parser.add_argument("--predictors", nargs="+", default=[FLOOR, "random_walker", "compact"])
    options = parser.parse_args()

    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; {options.strokes} strokes each\n")
    print("| predictor | side | median ms | 95th percentile ms | inference ms | bytes out | bytes in |")
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
    """The table's row for a predictor; for the floor, the bare widget's too."""
    context = browser.new_context(viewport={"width": 1280, "height": 2000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    traffic = Traffic(page)
    cells = [CELL.format(side=side, predictor=predictor), BARE_CELL.format(side=side)]
    lab = Lab(page, server, server.write(cells, f"{predictor.split(maxsplit=1)[0]}-{side}"))
    canvas = lab.run_widget(0)
    bare = run_bare(lab) if predictor == FLOOR else None
    ours, theirs = Strokes(), Strokes()
    for i in range(strokes):
        x, y = side * (0.2 + 0.5 * (i * 0.618 % 1)), side * (0.2 + 0.6 * (i * 0.382 % 1))
        before = (traffic.sent, traffic.received, canvas.version)
        canvas.stroke((x, y), (x + STROKE_PX, y), steps=4)
        canvas.wait_version_after(before[2])
        canvas.expect_prompts(i + 1)
        ours.milliseconds.append(float(canvas.root.get_attribute("data-latency-ms")))
        ours.inference.append(1000 * float(canvas.root.get_attribute("data-seconds")))
        ours.sent.append(traffic.sent - before[0])
        ours.received.append(traffic.received - before[1])
        if bare is not None:
            before = (traffic.sent, traffic.received)
            theirs.milliseconds.append(bare_stroke(page, bare, i + 1))
            theirs.sent.append(traffic.sent - before[0])
            theirs.received.append(traffic.received - before[1])
    lab.stop_kernel()
    context.close()
    rows = [f"| {predictor} | {side} | {ours} |"]
    if bare is not None:
        rows.append(f"| bare | {side} | {theirs} |")
        ratio = statistics.median(ours.milliseconds) / statistics.median(theirs.milliseconds)
        rows.append(f"| floor / bare | {side} | {ratio:.2f} | | | | |")
    return "\n".join(rows)


@dataclass
class Strokes:
    """What was measured, stroke by stroke."""

    milliseconds: list[float] = field(default_factory=list)
    inference: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        percentile = statistics.quantiles(self.milliseconds, n=20)[-1]
        inference = f"{statistics.median(self.inference):.1f}" if self.inference else ""
        times = f"{statistics.median(self.milliseconds):.1f} | {percentile:.1f} | {inference}"
        return f"{times} | {statistics.median(self.sent):.0f} | {statistics.median(self.received):.0f}"


def run_bare(lab):
    lab.run(1)
    canvas = lab.cell(1).locator(".bare-canvas")
    canvas.wait_for()
    return canvas


def bare_stroke(page, canvas, version: int) -> float:
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + STROKE_PX, y, steps=4)
    page.mouse.up()
    canvas.page.wait_for_function(
        "([canvas, version]) => canvas.dataset.version == version", arg=[canvas.element_handle(), version]
    )
    return float(canvas.get_attribute("data-latency-ms"))


if __name__ == "__main__":
    main()
