"""Documents whose tables are made by a command: what people wrote around them stays."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_a_new_table_of_scribbles_leaves_the_rest_of_its_document_alone():
    made_here = runpy.run_path(str(DOCS / "scribbles.py"))
    begin, end, with_table = (made_here[name] for name in ("BEGIN", "END", "with_table"))
    document = (DOCS / "scribbles.md").read_text("utf-8")
    table = document.split(begin)[1].split(end)[0]
    assert with_table(document, table) == document
    changed = with_table(document, "| another |")
    assert changed.split(begin)[0] == document.split(begin)[0]
    assert changed.split(end)[1] == document.split(end)[1]
    assert "## Speed" in changed.split(end)[1]
    assert table.strip() not in changed
    with pytest.raises(ValueError, match="takes the marks"):
        with_table(document.replace(end, ""), table)
