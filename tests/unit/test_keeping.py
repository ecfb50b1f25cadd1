"""A session that is kept while one labels."""

import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import keeper
from tests.paint import PaintPredictor

IMAGE = np.random.default_rng(0).integers(0, 255, (30, 40), dtype=np.uint8)
PATIENCE_S = 60
DRAWN = """
    import os, time, numpy as np, scribbleprompt_widget as sp
    from tests.paint import PaintPredictor
    w = sp.Segmenter(np.eye(30), labels=["cell"], model=PaintPredictor(), session={path!r})
    w.add_box(2, 2, 9, 9)
    w.commit()
    w.add_click(20, 20)
"""
KILLED = """
    began = os.stat({path!r}).st_size
    while os.stat({path!r}).st_size == began:
        time.sleep(0.01)
    os._exit(9)
"""


def segmenter(path, **keywords):
    return sp.Segmenter(IMAGE, model=PaintPredictor(), session=path, **keywords)


def kept(path):
    return sp.load_session(path, model=PaintPredictor())


@pytest.mark.parametrize("end", ["", KILLED])
def test_what_a_python_that_is_gone_had_is_there(tmp_path, end):
    path = str(tmp_path / "work.zip")
    code = textwrap.dedent((DRAWN + end).format(path=path))
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE_S)
    assert ended.returncode == (9 if end else 0)
    w = sp.Segmenter(np.eye(30), model=PaintPredictor(), session=path)
    assert (w.labels, len(w.instance_table), len(w.prompts)) == (["cell"], 1, 1)
    w.undo()
    assert not w.prompts
    w.close()
    assert len(kept(path).history) == len(w.history)
    assert not kept(path).prompts


def test_it_is_written_soon_after_a_change_without_being_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "LEAST_PAUSE_S", 0.0)
    written = []
    monkeypatch.setattr(keeper, "write_session", written_by(keeper.write_session, written))
    w = segmenter(tmp_path / "work.zip")
    for x in range(5, 15):
        w.add_click(x, 5)
    w._keeper.stop()
    assert len(written[-1].history.steps) == len(w.history)
    assert len(kept(tmp_path / "work.zip").prompts) == 10


def written_by(write, written):
    def wrapped(path, saved):
        written.append(saved)
        return write(path, saved)

    return wrapped


def test_changes_that_follow_quickly_are_written_together(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(keeper, "write_session", written_by(keeper.write_session, written))
    monkeypatch.setattr(keeper, "LEAST_PAUSE_S", PATIENCE_S)
    w = segmenter(tmp_path / "work.zip")
    w.add_click(3, 3)
    w.add_click(5, 5)
    w.close()
    assert [len(saved.history.steps) for saved in written] == [3]


def test_a_cell_that_is_run_again_goes_on(tmp_path):
    path = tmp_path / "work.zip"
    first = segmenter(path, labels=["cell"])
    first.add_click(3, 3)
    first.change_label("cell", name="nucleus")
    again = segmenter(path, labels=["cell"])
    assert again.labels == ["nucleus"]
    assert again.mask[3, 3]
    again.add_click(9, 9)
    with pytest.raises(RuntimeError, match=r"work\.zip' is kept by a later Segmenter"):
        raise told_by(first, lambda: first.add_click(20, 20))
    again.close()
    first.close()
    assert len(kept(path).prompts) == 2


def told_by(w, act):
    act()
    return w.last_error


def test_another_hand_in_the_file_is_left_alone(tmp_path):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    other = sp.Segmenter(IMAGE, model=PaintPredictor())
    other.add_box(1, 1, 20, 20)
    other.save_session(path)
    w.add_click(3, 3)
    w._keeper._write_later()
    assert "written by somebody else" in str(w.last_error)
    with pytest.raises(ValueError, match="somebody else"):
        w.save_session(path)
    w.close()
    assert kept(path).history == other.history
    w.save_session(tmp_path / "mine.zip")
    assert len(kept(tmp_path / "mine.zip").prompts) == 1


def test_saving_by_hand_to_the_same_file_is_no_other_hand(tmp_path):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    assert w.save_session(path) == path
    w.add_click(9, 9)
    w.close()
    assert w.last_error is None
    assert len(kept(path).prompts) == 2


def test_a_file_that_cannot_be_written_is_told_and_tried_again(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    w = segmenter(folder / "work.zip")
    shutil.rmtree(folder)
    w.add_click(3, 3)
    w._keeper._write_later()
    assert "there is no folder" in str(w.last_error)
    folder.mkdir()
    w.add_click(9, 9)
    w.close()
    assert len(kept(folder / "work.zip").prompts) == 2


def test_another_image_does_not_take_the_file_along(tmp_path):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    w.set_image(IMAGE[:20])
    w.add_click(9, 9)
    w.close()
    assert [(prompt.x, prompt.y) for prompt in kept(path).prompts] == [(3, 3)]


def test_a_session_that_is_none_is_told_by_the_arguments_name(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    segmenter(tmp_path / "work.zip").close()
    with pytest.raises(ValueError, match=r"session: .*another than the one that was labelled"):
        sp.Segmenter(IMAGE.T, model=PaintPredictor(), session=tmp_path / "work.zip")
    with pytest.raises(ValueError, match=r"session: .*no saved session"):
        segmenter(tmp_path / "notes.txt")
    with pytest.raises(TypeError, match="session: path takes a file's name, got 5"):
        segmenter(5)
    with pytest.raises(FileNotFoundError, match=r"session: .*there is no folder"):
        segmenter(tmp_path / "no" / "work.zip")
    assert (tmp_path / "notes.txt").read_text() == "mine"
