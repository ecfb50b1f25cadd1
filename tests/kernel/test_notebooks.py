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
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHOWS_A_PICTURE = re.compile(r"^(plt\.show|show_\w+|Image\.fromarray)\(", re.MULTILINE)
SETUP = """\
import numpy as np
import scribbleprompt_widget as sp
from tests.paint import PaintPredictor
w = sp.Segmenter(np.full((600, 900), 0.5), model=PaintPredictor())
"""


def execute(cells, folder=ROOT):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return run(notebook, folder)


def run(notebook, folder):
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures_of(cell):
    """The PNGs that a cell shows, as (h, w, 3) arrays."""
    found = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
    return [np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")) for data in found]


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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path):
    for cell in code_cells(nbformat.read(path, as_version=4)):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_its_figures(path):
    shown = 0
    for cell in code_cells(run(nbformat.read(path, as_version=4), path.parent)):
        assert not [output.text for output in cell.outputs if output.get("name") == "stderr"]
        if SHOWS_A_PICTURE.search(cell.source):
            pictures = pictures_of(cell)
            assert pictures, cell.source
            # Not blank, nor title and captions alone.
            assert all((picture < 250).any(axis=2).mean() > 0.05 for picture in pictures), cell.source
            shown += len(pictures)
    assert shown


def test_inner_steps_that_the_notebook_computes_are_those_of_the_library():
    path = ROOT / "notebooks" / "03_how_scribbleprompt_works.ipynb"
    notebook = nbformat.read(path, as_version=4)
    last = next(number for number, cell in enumerate(notebook.cells) if "Centerline scribbles, step" in cell.source)
    check = """\
segments = both_signs(line_scribbles, seed=0, **unbroken, **unwarped)["negative"]
print("ends of segments drawn:", segments.flat[ends.flatten()].all())
above = noise.numpy() > level.item()
line = both_signs(centerline_scribbles, seed=7, thickness=(0.1, 0.1), **unwarped)["positive"] > 0
print("line where it breaks:", (line & above).sum(), "elsewhere:", (line & ~above).sum() > 100)
"""
    notebook.cells = [*notebook.cells[: last + 1], nbformat.v4.new_code_cell(check)]
    (output,) = run(notebook, path.parent).cells[-1].outputs
    assert output.text == "ends of segments drawn: True\nline where it breaks: 0 elsewhere: True\n"


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


def test_a_saved_notebook_keeps_the_thumbnails_of_a_grid_with_what_was_drawn():
    grid = "grid = sp.ReviewGrid([np.full((60, 90), 0.5)] * 4, model=PaintPredictor())\ngrid"
    notebook = execute([SETUP + grid, "grid.open_image(1).add_box(20, 20, 70, 40)"])
    notebook.metadata.pop("widgets", None)
    (picture,) = static_pictures(HTMLExporter().from_notebook_node(notebook)[0])
    first, second = (picture[7:151, x : x + 144] for x in (7, 165))
    assert np.ptp(first, axis=2).max() <= 15
    assert np.ptp(second, axis=2).max() > 50, "the outline's colour"


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
