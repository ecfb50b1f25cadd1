"""Run the quickstart without a browser: `make demo CHECK=1`.

Executes the notebook in a real kernel, writes the picture that it shows to out/01_quickstart.png, prints the Dice that
it reached, and exits with 0 when that is good enough with few enough prompts.
"""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import Final

import nbformat
from nbclient import NotebookClient

NOTEBOOK: Final = Path(__file__).parent / "01_quickstart.ipynb"
PICTURE: Final = Path(__file__).parents[1] / "out" / "01_quickstart.png"
LEAST_DICE: Final = 0.85
MOST_PROMPTS: Final = 5
TIMEOUT_S: Final = 300


def main() -> int:
    """Run it; the exit status."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]

    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(base64.b64decode(pictures[-1]))

    text = "".join(output.text for output in outputs if output.output_type == "stream")
    found = re.search(r"Dice (\S+) after (\d+) prompts", text)
    if found is None:
        print(f"{NOTEBOOK.name} printed no Dice")
        return 1
    dice, prompts = float(found[1]), int(found[2])
    print(f"Dice {dice:.3f} after {prompts} prompts; the picture is in {PICTURE}")
    return 0 if dice >= LEAST_DICE and prompts <= MOST_PROMPTS else 1


if __name__ == "__main__":
    sys.exit(main())
