"""Notebooks executed in real kernels, and what is left of them without one."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import PIL.Image
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

ROOT = Path(__file__).parents[2]
SETUP = """\
import numpy as np
import scribbleprompt_widget as sp
from tests.paint import PaintPredictor
w = sp.Segmenter(np.full((600, 900), 0.5), model=PaintPredictor())
"""


def execute(cells, folder=ROOT):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def static_pictures(html):
    tags = re.findall(r'<img[^>]*class="sp-static-\w+"[^>]*>', html)
    found = [re.search(r'src="data:image/jpeg;base64,([^"]+)"', tag)[1] for tag in tags]
    return [np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(data)))).astype(int) for data in found]


def is_tinted(picture, x, y):
    """Whether a pixel of a grey picture has the mask's colour over it."""
    return int(np.ptp(picture[y, x])) > 15


def test_the_quickstart_runs_and_reaches_its_dice(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "notebooks" / "check_quickstart.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"Dice (\S+) after (\d) prompts; the picture is in (.+)", done.stdout)
    assert float(found[1]) >= 0.85
    assert int(found[2]) <= 5
    with PIL.Image.open(found[3]) as picture:
        assert picture.size == (512, 512)


def test_a_saved_notebook_keeps_a_picture_of_the_latest_mask():
    notebook = execute([SETUP + "w", "w.add_box(300, 150, 600, 450)"])
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (picture,) = static_pictures(html)
    assert max(picture.shape[:2]) == 512
    assert is_tinted(picture, 256, 170)
    assert not is_tinted(picture, 30, 30)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert sum(len(output.data.get("text/html", "")) for output in outputs) < 100_000  # notebooks stay small


def test_without_widget_state_the_picture_is_still_there():
    notebook = execute([SETUP + "w.add_box(300, 150, 600, 450)", "w", "w.clear()"])
    notebook.metadata.pop("widgets", None)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (picture,) = static_pictures(html)
    assert not is_tinted(picture, 256, 170)


def test_a_widget_shown_twice_keeps_both_pictures_up_to_date():
    notebook = execute([SETUP + "w", "w", "w.add_box(300, 150, 600, 450)"])
    pictures = static_pictures(HTMLExporter().from_notebook_node(notebook)[0])
    assert len(pictures) == 2
    assert all(is_tinted(picture, 256, 170) for picture in pictures)


def test_a_closed_widget_shows_its_name_and_leaves_its_picture():
    notebook = execute([SETUP + "w.add_box(300, 150, 600, 450)\nw", "w.close()", "w", "1 + 1"])
    assert notebook.cells[2].outputs[0].data["text/plain"] == "Segmenter(closed)"
    assert len(static_pictures(HTMLExporter().from_notebook_node(notebook)[0])) == 1


@pytest.mark.parametrize("modules", ["torch", "SimpleITK", "matplotlib", "IPython", "skimage", "scipy"])
def test_importing_the_package_is_quick_because_it_loads_little(modules):
    code = f"import sys, scribbleprompt_widget; sys.exit({modules!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
