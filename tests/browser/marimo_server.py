"""A marimo server that shows one notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.server import ROOT, free_port, stop_group, wait_for_answer

NOTEBOOK = """\
# /// script
# [tool.marimo.display]
# theme = "{theme}"
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import numpy as np
    import scribbleprompt_widget as sp
    from tests.paint import PaintPredictor
    return PaintPredictor, mo, np, sp


@app.cell
def _(PaintPredictor, mo, np, sp):
    w = sp.Segmenter(np.full((120, 160), 0.5), labels=["lesion", "organ"], model=PaintPredictor())
    version, set_version = mo.state(0)
    # marimo runs cells again for what the page changes, and for states; new masks come from the kernel.
    w.observe(lambda change: set_version(change["new"]), names="mask_version")
    ui = mo.ui.anywidget(w)
    ui
    return ui, version, w


@app.cell
def _(mo, ui, version, w):
    ui.value, version()
    mo.md(f"mask of {{w.mask.sum()}} pixels by {{len(w.prompts)}} prompts")
    return
"""


class MarimoServer:
    """`marimo run` with settings of its own, in a temporary folder."""

    def __init__(self, folder: Path, theme: str):
        folder.mkdir(parents=True)
        notebook, log = folder / "notebook.py", folder / "server.log"
        notebook.write_text(NOTEBOOK.format(theme=theme))
        port = free_port()
        self.address = f"http://127.0.0.1:{port}/"
        homes = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *[sys.executable, "-m", "marimo", "--yes", "run", notebook.name],
                    *["--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"],
                ],
                cwd=folder,
                env={**os.environ, **homes, "PYTHONPATH": str(ROOT), "MARIMO_SKIP_UPDATE_CHECK": "1"},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for_answer(self.process, f"{self.address}health", log)

    def stop(self):
        stop_group(self.process)
