"""Endurance: what a long day at the canvas leaves behind, in the page and in the kernel. `make test-soak` runs it."""

import pytest

from tests.browser.lab import SETUP
from tests.browser.server import ROOT

pytestmark = pytest.mark.soak

STROKES = 1000
ROUND = 100
"""Strokes on one image; then comes the next image, and with it a new history."""
SLACK = 1.1
"""A heap that was collected still varies; what leaks with every stroke grows without end."""
PAGE_SLACK_MB = 4
KERNEL_SLACK_MB = 1
OBJECTS_SLACK = 2000

KERNEL = """
import gc, tracemalloc
rng = np.random.default_rng(0)
def next_image():
    w.set_image(rng.random((240, 320)))
def held():
    gc.collect()
    return [tracemalloc.get_traced_memory()[0] / 1e6, len(gc.get_objects())]
tracemalloc.start()
w = sp.Segmenter(rng.random((240, 320)), model=PaintPredictor())
w"""


def test_a_thousand_strokes_leave_nothing_behind(open_notebook, page):
    lab = open_notebook([SETUP + KERNEL, ""])
    canvas = lab.run_widget(0)
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.enable")

    def page_mb() -> float:
        devtools.send("HeapProfiler.collectGarbage")
        return devtools.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    rows = []
    for done in range(0, STROKES, ROUND):
        for number in range(ROUND):
            x, y = 10 + number * 37 % 200, 10 + number * 23 % 200
            canvas.stroke((x, y), (x + 80, y + 15), steps=3, button="right" if number % 3 == 2 else "left")
            if number % 10 == 9:
                canvas.expect_prompts(number + 1)
                canvas.press("ControlOrMeta+z", "ControlOrMeta+Shift+z")
        canvas.expect_prompts(ROUND)
        assert lab.evaluate(1, "len(w.prompts)") == ROUND
        lab.evaluate(1, "next_image()")
        canvas.expect_prompts(0)
        rows.append([done + ROUND, page_mb(), *lab.evaluate(1, "held()")])
    report(rows)
    _, first_page, first_kernel, first_objects = rows[1]  # the first round fills caches
    _, last_page, last_kernel, last_objects = rows[-1]
    assert last_page < first_page * SLACK + PAGE_SLACK_MB
    assert last_kernel < first_kernel * SLACK + KERNEL_SLACK_MB
    assert last_objects < first_objects * SLACK + OBJECTS_SLACK


def report(rows):
    """Write what was measured, for docs/soak.md."""
    lines = ["| strokes | heap of the page, MB | memory of the kernel, MB | its objects |", "|---|---|---|---|"]
    lines += [f"| {strokes} | {page:.1f} | {kernel:.1f} | {objects} |" for strokes, page, kernel, objects in rows]
    (ROOT / "out").mkdir(exist_ok=True)
    (ROOT / "out" / "soak-strokes.md").write_text("\n".join(lines) + "\n")
