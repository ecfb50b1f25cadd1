"""Files that appear whole or not at all."""

import os
import time

import pytest

from scribbleprompt_widget.whole_file import ABANDONED_S, written_whole


def test_a_file_that_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("before")

    def fail():
        with written_whole(target) as part:
            part.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "before"


def test_what_a_killed_python_left_is_removed_and_what_another_writes_is_not(tmp_path):
    target = tmp_path / ("a" * 250 + ".txt")
    with written_whole(target) as part:
        part.write_text("before")
        prefix = part.parent.name[:-8]
    for name, age in (("old", 2 * ABANDONED_S), ("new", 0.0)):
        folder = tmp_path / (prefix + name)
        folder.mkdir()
        (folder / "part").write_text("half")
        os.utime(folder, (time.time() - age,) * 2)
    with written_whole(target) as part:
        part.write_text("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [prefix + "new", target.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_nothing_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with (
        pytest.raises(PermissionError, match=r"path: nothing can be written to the folder"),
        written_whole(tmp_path / "a"),
    ):
        pass
