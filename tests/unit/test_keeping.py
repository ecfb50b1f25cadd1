"""A session that is kept while one labels."""

import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import keeper
from tests.front_end import FrontEnd
from tests.paint import PaintPredictor

IMAGE = np.random.default_rng(0).integers(0, 255, (30, 40), dtype=np.uint8)
PATIENCE_S = 60
ROOT = Path(__file__).parents[2]
DRAWN = """
    import os, time, numpy as np, scribbleprompt_widget as sp
    from tests.paint import PaintPredictor
    w = sp.Segmenter(np.eye(30), labels=["cell"], model=PaintPredictor(), session={path!r})
    w.add_box(2, 2, 9, 9)
    w.commit()
    w.add_click(20, 20)
"""
KILLED = """
    while len(sp.load_session({path!r}, model=PaintPredictor()).history) < len(w.history):
        time.sleep(0.01)
    os._exit(9)
"""


@pytest.fixture
def written(monkeypatch):
    """What is written, while nothing is written but when it is asked for or something ends."""
    written = []
    write = keeper.write_session

    def wrapped(path, saved):
        written.append(saved)
        return write(path, saved)

    monkeypatch.setattr(keeper, "write_session", wrapped)
    for name in ("LEAST_PAUSE_S", "MOST_PAUSE_S"):
        monkeypatch.setattr(keeper, name, 10.0 * PATIENCE_S)
    return written


def segmenter(path, **keywords):
    return sp.Segmenter(IMAGE, model=PaintPredictor(), session=path, **keywords)


def kept(path):
    return sp.load_session(path, model=PaintPredictor())


@pytest.mark.parametrize("end", ["", KILLED])
def test_what_a_python_that_is_gone_had_is_there(tmp_path, end):
    path = str(tmp_path / "work.zip")
    code = textwrap.dedent((DRAWN + end).format(path=path))
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE_S, cwd=ROOT)
    assert ended.returncode == (9 if end else 0)
    w = sp.Segmenter(np.eye(30), model=PaintPredictor(), session=path)
    assert (w.labels, len(w.instance_table), len(w.prompts)) == (["cell"], 1, 1)
    w.undo()
    assert not w.prompts
    w.close()
    assert len(kept(path).history) == len(w.history)
    assert not kept(path).prompts


def test_it_is_written_soon_after_a_change_without_being_asked(tmp_path, monkeypatch):
    path, done = tmp_path / "work.zip", threading.Event()
    monkeypatch.setattr(keeper, "LEAST_PAUSE_S", 0.0)
    write = keeper.write_session

    def wrapped(path, saved):
        write(path, saved)
        if len(saved.history.steps) == 11:
            done.set()

    monkeypatch.setattr(keeper, "write_session", wrapped)
    w = segmenter(path)
    for x in range(5, 15):
        w.add_click(x, 5)
    assert done.wait(PATIENCE_S)
    assert len(kept(path).prompts) == 10
    w.close()


def test_changes_that_follow_quickly_are_written_together(tmp_path, written):
    w = segmenter(tmp_path / "work.zip")
    w.add_click(3, 3)
    w.add_click(5, 5)
    assert not written
    w.close()
    w.close()
    assert [len(saved.history.steps) for saved in written] == [3]


def test_pauses_are_as_long_as_the_writing_and_no_longer_than_half_a_minute(tmp_path, written, monkeypatch):
    w = segmenter(tmp_path / "work.zip")
    monkeypatch.setattr(keeper, "LEAST_PAUSE_S", 0.0)
    for ratio, pause in ((0.0, 0.0), (1e9, keeper.MOST_PAUSE_S)):
        monkeypatch.setattr(keeper, "PAUSE_RATIO", ratio)
        w.save_session(tmp_path / "work.zip")
        assert w._keeper._pause == pause
    w.close()


def test_a_cell_that_is_run_again_goes_on(tmp_path, written):
    path = tmp_path / "work.zip"
    first = segmenter(path, labels=["cell"])
    first.add_click(3, 3)
    first.change_label("cell", name="nucleus")
    with pytest.warns(UserWarning, match="has the labels nucleus, which hold; add_label adds cell"):
        again = segmenter(path, labels=["cell"])
    assert again.labels == ["nucleus"]
    assert again.mask[3, 3]
    again.add_click(9, 9)
    for x in (20, 25):  # each time
        first.add_click(x, 20)
        assert "work.zip' is kept by a later Segmenter" in str(first.last_error)
    with pytest.raises(RuntimeError, match="later Segmenter"):
        first.save_session(path)
    again.close()
    first.close()
    assert len(kept(path).prompts) == 2
    first.save_session(tmp_path / "first.zip")
    assert len(kept(tmp_path / "first.zip").prompts) == 3


@pytest.mark.parametrize("wrong", [{"image": IMAGE.T}, {"image": IMAGE, "labels": ["a", "a"]}])
def test_a_segmenter_that_cannot_be_takes_no_file_from_another(tmp_path, written, wrong):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    with pytest.raises(ValueError, match="differ"):
        sp.Segmenter(model=PaintPredictor(), session=path, **wrong)
    w.add_click(9, 9)
    assert w.last_error is None
    w.close()
    assert len(kept(path).prompts) == 2


def test_the_file_stays_where_it_was_wherever_python_goes(tmp_path, written, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    w = segmenter("work.zip")
    monkeypatch.chdir(tmp_path / "other")
    w.add_click(3, 3)
    w.close()
    assert len(kept(tmp_path / "one" / "work.zip").prompts) == 1
    assert not list((tmp_path / "other").iterdir())


def test_a_link_stays_one_and_is_the_same_file(tmp_path, written):
    link = tmp_path / "link.zip"
    first = segmenter(tmp_path / "work.zip")
    link.symlink_to(tmp_path / "work.zip")
    first.add_click(3, 3)
    again = segmenter(link)
    again.add_click(9, 9)
    again.close()
    assert link.is_symlink()
    assert len(kept(tmp_path / "work.zip").prompts) == 2


def test_another_hand_in_the_file_is_left_alone(tmp_path, written, caplog):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    other = sp.Segmenter(IMAGE, model=PaintPredictor())
    other.add_box(1, 1, 20, 20)
    other.save_session(path)
    w.add_click(3, 3)
    w._keeper._write_later()
    assert "written by somebody else" in str(w.last_error)
    assert "written by somebody else" in caplog.text
    with pytest.raises(ValueError, match="somebody else"):
        w.save_session(path)
    w.close()
    assert kept(path).history == other.history
    w.save_session(tmp_path / "mine.zip")
    assert len(kept(tmp_path / "mine.zip").prompts) == 1


def test_what_is_drawn_while_it_is_saved_by_hand_is_kept_too(tmp_path, monkeypatch, written):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    write = keeper.write_session

    def drawing(path, saved):
        if len(saved.history.steps) == 2:
            w.add_click(9, 9)
        return write(path, saved)

    monkeypatch.setattr(keeper, "write_session", drawing)
    w.add_click(3, 3)
    w.save_session(path)
    w.close()
    assert len(kept(path).prompts) == 2


def test_a_last_write_that_fails_keeps_the_widget_that_has_the_work(tmp_path, written, monkeypatch):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    write = keeper.write_session
    full = OSError(28, "No space left on device")

    def fails(path, saved):
        raise full

    monkeypatch.setattr(keeper, "write_session", fails)
    with pytest.raises(OSError, match="No space left"):
        segmenter(path)
    w.add_click(9, 9)
    monkeypatch.setattr(keeper, "write_session", interrupted)
    with pytest.raises(KeyboardInterrupt):
        w.close()
    monkeypatch.setattr(keeper, "write_session", write)
    w.close()
    assert len(kept(path).prompts) == 2


def interrupted(path, saved):
    raise KeyboardInterrupt


def test_what_a_network_that_was_away_did_not_take_is_written_when_it_is_back(tmp_path, monkeypatch):
    path, done = tmp_path / "work.zip", threading.Event()
    write = keeper.write_session
    tries = iter([False, True])

    def sometimes(path, saved):
        if not next(tries):
            raise OSError("away")
        write(path, saved)
        done.set()

    for name in ("LEAST_PAUSE_S", "MOST_PAUSE_S"):
        monkeypatch.setattr(keeper, name, 0.0)
    w = segmenter(path)
    monkeypatch.setattr(keeper, "write_session", sometimes)
    w.add_click(3, 3)
    assert done.wait(PATIENCE_S)
    assert len(kept(path).prompts) == 1
    monkeypatch.undo()
    w.close()


@pytest.mark.parametrize("ask", [lambda w, path: w.save_session(path), lambda w, path: segmenter(path)])
def test_what_could_not_be_written_when_it_was_asked_for_is_written_later(tmp_path, written, monkeypatch, ask):
    path, done = tmp_path / "work.zip", threading.Event()
    write = keeper.write_session
    w = segmenter(path)
    w.add_click(3, 3)

    def fails_once(path, saved):
        monkeypatch.setattr(keeper, "write_session", lambda *given: (write(*given), done.set()))
        raise OSError("away")

    monkeypatch.setattr(keeper, "write_session", fails_once)
    monkeypatch.setattr(keeper, "MOST_PAUSE_S", 0.0)
    with pytest.raises(OSError, match="away"):
        ask(w, path)
    assert done.wait(PATIENCE_S)
    assert len(kept(path).prompts) == 1
    w.close()


def test_work_that_cannot_be_written_keeps_its_image(tmp_path, written, monkeypatch):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    write = keeper.write_session

    def fails(path, saved):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeper, "write_session", fails)
    with pytest.raises(OSError, match="No space left"):
        w.set_image(IMAGE[:20])
    assert (w.image.shape, len(w.prompts)) == (IMAGE.shape, 1)
    w.add_click(9, 9)
    monkeypatch.setattr(keeper, "write_session", write)
    w.set_image(IMAGE[:20])
    assert (w.image.shape, len(w.prompts)) == (IMAGE[:20].shape, 0)
    assert len(kept(path).prompts) == 2
    w.close()


def test_what_is_predicted_while_it_is_closed_is_kept(tmp_path, written):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    paint = w._annotation.predictor
    paint.wait_for = threading.Event()
    view, click = FrontEnd(w), {"kind": "click", "x": 5, "y": 6, "positive": True}
    drawing = threading.Thread(target=view.say, args=("prompt",), kwargs={"label": 0, "prompt": click})
    drawing.start()
    while not paint.calls:
        time.sleep(0.001)
    closing = threading.Thread(target=w.close)
    closing.start()
    closing.join(0.05)  # sooner or later: it waits
    paint.wait_for.set()
    for thread in (drawing, closing):
        thread.join(PATIENCE_S)
    assert len(kept(path).prompts) == len(w.prompts) == 1
    w._on_message(w, {"type": "prompt", "id": None, "image": 0, "label": 0, "prompt": click}, [])
    assert len(w.prompts) == 1, "a closed widget is not changed from the canvas"


def test_an_image_that_is_refused_changes_nothing_about_the_keeping(tmp_path, written):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w._annotation.predictor._open = refuse
    with pytest.raises(ValueError, match="not this one"):
        w.set_image(IMAGE[:20])
    del w._annotation.predictor._open
    w.add_click(3, 3)
    w.close()
    assert len(kept(path).prompts) == 1
    w.save_session(path)


def refuse(image):
    raise ValueError("not this one")


def test_a_file_that_was_deleted_begins_anew_and_the_cell_before_it_is_told(tmp_path, written):
    path = tmp_path / "work.zip"
    first = segmenter(path)
    path.unlink()
    again = segmenter(path)
    first.add_click(3, 3)
    assert "later Segmenter" in str(first.last_error)
    again.add_click(9, 9)
    again.close()
    assert len(kept(path).prompts) == 1


def test_saving_by_hand_to_the_same_file_is_no_other_hand(tmp_path, written):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    assert w.save_session(path) == path
    w.add_click(9, 9)
    w.close()
    assert w.last_error is None
    assert len(kept(path).prompts) == 2


def test_what_could_not_be_written_is_tried_again_when_it_ends(tmp_path, written, caplog):
    folder = tmp_path / "drive"
    folder.mkdir()
    w = segmenter(folder / "work.zip")
    shutil.rmtree(folder)
    w.add_click(3, 3)
    w._keeper._write_later()
    assert "there is no folder" in str(w.last_error)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        w.save_session(folder / "work.zip")
    folder.mkdir()
    w.close()
    assert len(kept(folder / "work.zip").prompts) == 1


def test_who_ends_waits_for_what_is_being_written(tmp_path, monkeypatch):
    path, begun, may = tmp_path / "work.zip", threading.Event(), threading.Event()
    write = keeper.write_session

    def slow(path, saved):
        begun.set()
        assert may.wait(PATIENCE_S)
        return write(path, saved)

    monkeypatch.setattr(keeper, "LEAST_PAUSE_S", 0.0)
    monkeypatch.setattr(keeper, "write_session", slow)
    w = segmenter(path)
    w.add_click(3, 3)
    assert begun.wait(PATIENCE_S)
    w.add_click(9, 9)
    threading.Timer(0.05, may.set).start()  # sooner or later: it is waited for
    assert len(segmenter(path).prompts) == 2


def test_another_image_does_not_take_the_file_along(tmp_path, written):
    path = tmp_path / "work.zip"
    w = segmenter(path)
    w.add_click(3, 3)
    w.set_image(IMAGE[:20])
    w.add_click(9, 9)
    w.close()
    assert [(prompt.x, prompt.y) for prompt in kept(path).prompts] == [(3, 3)]


def test_the_label_that_was_chosen_last_is_kept(tmp_path, written):
    w = sp.Segmenter(IMAGE, labels=["cell", "vessel"], model=PaintPredictor(), session=tmp_path / "work.zip")
    choosing = threading.Thread(target=setattr, args=(w, "label", "vessel"))
    with w._lock:  # as while something is predicted
        choosing.start()
        choosing.join(PATIENCE_S)
        assert not choosing.is_alive()
    w.close()
    assert sp.load_session(tmp_path / "work.zip", model=PaintPredictor()).label == "vessel"


def test_another_label_takes_back_nothing_that_is_drawn_meanwhile(tmp_path, written, monkeypatch):
    path = tmp_path / "work.zip"
    w = sp.Segmenter(IMAGE, labels=["cell", "vessel"], model=PaintPredictor(), session=path)
    drawing = threading.Thread(target=w.add_click, args=(3, 3))
    replace = keeper.replace

    def meanwhile(saved, **changes):
        drawing.start()
        drawing.join(0.2)  # it may have to wait
        return replace(saved, **changes)

    monkeypatch.setattr(keeper, "replace", meanwhile)
    w.label = "vessel"
    drawing.join(PATIENCE_S)
    w.close()
    assert [action for action, _ in kept(path).history] == ["open", "prompt"]
    assert kept(path).label == "vessel"


def test_a_label_that_is_being_renamed_is_kept_by_its_new_name(tmp_path, written):
    w = segmenter(tmp_path / "work.zip", labels=["cell"])
    saved = []
    w.observe(lambda _: saved.append(w._saved()), names="_labels")
    w.change_label("cell", name="nucleus")
    assert [(one.active, one.labels[0].name) for one in saved] == [("nucleus", "nucleus")]
    w.close()


def test_a_session_that_is_none_is_told_by_the_arguments_name(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    segmenter(tmp_path / "work.zip").close()
    with pytest.raises(ValueError, match=r"session.* another than the one that was labelled"):
        sp.Segmenter(IMAGE.T, model=PaintPredictor(), session=tmp_path / "work.zip")
    with pytest.raises(ValueError, match=r"session is .*, which is no saved session"):
        segmenter(tmp_path / "notes.txt")
    with pytest.raises(TypeError, match="session takes a file's name, got 5"):
        segmenter(5)
    with pytest.raises(FileNotFoundError, match=r"session: .*there is no folder"):
        segmenter(tmp_path / "no" / "work.zip")
    assert (tmp_path / "notes.txt").read_text() == "mine"
