"""A wheel built from a copy of the sources holds the front end as it is now, and works where there is no node."""

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_SOURCES = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "out", "dist", "build", ".*_cache", ".hypothesis", "widget.js", "review.js"
)

STALE = "// what an earlier build left"

DISPLAY = """
import sys
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
import scribbleprompt_widget as sp

assert "site-packages" in sp.__file__, sp.__file__
shell = InteractiveShell.instance()
with capture_output() as captured:
    shell.run_cell("import numpy as np, scribbleprompt_widget as sp; w = sp.Segmenter(np.eye(32)); w")
view, picture = captured.outputs
assert "application/vnd.jupyter.widget-view+json" in view.data, view.data
assert "sp-static-" in picture.data["text/html"]
w = shell.user_ns["w"]
assert len(w._esm) > 10_000 and len(w._css) > 500
w.add_click(3, 3)
assert w.mask[3, 3]
print("displayed")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    sources = folder / "sources"
    shutil.copytree(ROOT, sources, ignore=NOT_SOURCES)
    old = sources / "scribbleprompt_widget" / "static" / "widget.js"
    assert not old.exists()
    old.write_text(STALE)
    os.utime(old, (0, 0))
    told = run([sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(sources)])
    assert told.count("> node build.mjs") == 1  # the wheel comes from the sdist, which has it
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def run(command, **keywords):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **keywords)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_holds_the_front_end_and_nothing_of_its_making(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert zipfile.ZipFile(wheel).read("scribbleprompt_widget/static/widget.js").decode() != STALE
    for file in ("widget.js", "widget.css", "review.js", "review.css"):
        assert f"scribbleprompt_widget/static/{file}" in names
    assert not [name for name in names if name.startswith(("js/", "tests/", "notebooks/"))]


def test_it_works_in_a_clean_environment_without_node(wheel, tmp_path):
    run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    python = tmp_path / "venv" / "bin" / "python"
    options = shlex.split(os.environ.get("PIP_OPTIONS", ""))  # as in the Makefile: which build of torch
    run([python, "-m", "pip", "install", "--quiet", *options, "-c", ROOT / "constraints.txt", wheel])
    # Only what the system needs to start a program: no node, no npm.
    empty = tmp_path / "bin"
    empty.mkdir()
    environment = {**os.environ, "PATH": str(empty)}
    environment.pop("PYTHONPATH", None)
    assert shutil.which("node", path=environment["PATH"]) is None
    assert "displayed" in run([python, "-c", DISPLAY], cwd=tmp_path, env=environment)
