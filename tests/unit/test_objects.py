"""Objects: committed, taken up again, looked at, mended and counted."""

import numpy as np
import pandas as pd
import pytest

import scribbleprompt_widget as sp
from tests.front_end import agree
from tests.paint import PaintPredictor

SHAPE = (40, 60)
LASSO = {"kind": "lasso", "points": [[20, 2], [30, 2], [30, 12], [20, 12]], "positive": True}


def test_an_object_that_is_done_is_taken_up_again_and_mended_or_deleted(w, view):
    w.label = "organ"
    for box in ((2, 2, 5, 5), (12, 2, 15, 5), (22, 2, 25, 5)):
        w.add_box(*box)
        w.commit()
    w.label = "lesion"
    w.resume(2)
    assert w.label == "organ"
    assert w.mask[3, 13]
    w.add_box(12, 20, 15, 22)
    assert [row["box"][0] for row in w.instance_table] == [2, 22]
    with pytest.raises(ValueError, match="an object of 'organ' is in hand"):
        w.resume(1)
    w.commit()
    assert w.instances[3, 13] == w.instances[21, 13] == 2  # the number that it had
    agree(w, view)
    view.say("resume", x=3, y=3)
    assert w.mask[3, 3]
    assert w.instances[3, 3] == 1
    w.clear()
    agree(w, view)
    assert not w.label_map[3, 3]
    assert w.instances[3, 3] == 0
    w.undo()
    w.undo()
    assert [row["box"][0] for row in w.instance_table] == [2, 12, 22]
    agree(w, view)
    with pytest.raises(ValueError, match="one of the 3 objects that are done, from 1; got 4"):
        w.resume(4)
    assert view.say("resume", x=39, y=29)[-1]["type"] == view.say("resume", x=-1, y=99)[-1]["type"] == "error"
    w.lock_label("organ")
    with pytest.raises(ValueError, match="locked"):
        w.resume(1)


def rowed(w):
    """What the table tells of objects, but for the time, by their left side."""
    return [(row["box"][0], row["label"], row["area"], row["prompts"]) for row in w.instance_table]


def commit_row(w, *labels):
    """One object for each label, side by side."""
    for number, label in enumerate(labels):
        w.label = label
        w.add_box(2 + 10 * number, 2, 8 + 10 * number, 12)
        w.add_click(4 + 10 * number, 4)
        w.commit()


def test_an_object_that_was_only_looked_at_is_put_down_as_it_was(w, view):
    w.finish(smooth=2, keep_largest=True)
    w.paint([(3, 20), (30, 20)], width=1)  # holds, whatever is done to the rest
    commit_row(w, "lesion", "lesion")
    before, map_before, seconds = rowed(w), w.instances, [row["seconds"] for row in w.instance_table]
    for _ in range(3):
        w.resume(1)
        assert w.mask.sum() == before[0][2]
        assert w._entries[0]["taken"]
        agree(w, view)
        w.resume(2)  # while the first is in hand: it makes way
        assert np.array_equal(w.mask, map_before == 2)
        assert rowed(w) == before
        assert np.array_equal(w.instances, map_before)
        agree(w, view)
        w.commit()
    assert rowed(w) == before
    assert [row["seconds"] for row in w.instance_table] == seconds
    assert np.array_equal(w.instances, map_before)
    assert w._entries[0]["smooth"] == 2, "the label goes on as it was"
    w.undo()
    w.undo()
    assert w.mask.sum() == before[0][2]
    agree(w, view)


def test_the_label_follows_the_object_in_hand_and_nothing_else(w):
    commit_row(w, "lesion", "organ")
    w.resume(1)
    steps = len(w.history)
    w.label = "organ"
    w.resume(1)
    assert (w.label, len(w.history)) == ("lesion", steps)  # it was in hand already
    w.resume(2)
    assert w.label == "organ"
    w.undo()
    assert (w.label, w.mask.sum()) == ("lesion", w.instance_table[0]["area"])
    w.redo()
    assert w.label == "organ"
    w.go_to(steps - 1)
    assert w.label == "lesion"
    w.label = "organ"  # while the lesion stays in hand
    w.add_box(2, 20, 8, 28)
    w.undo()
    assert w.label == "organ"


def test_the_label_follows_an_object_whose_commit_is_undone(w):
    commit_row(w, "lesion", "organ")
    w.label = "lesion"
    w.undo()
    assert (w.label, w.mask.any(), len(w.instance_table)) == ("organ", True, 1)
    w.label = "lesion"
    w.redo()
    assert (w.label, len(w.instance_table)) == ("lesion", 2)


def test_objects_are_walked_through_by_their_numbers(w):
    commit_row(w, "lesion", "organ", "lesion")
    seen = []
    for number in range(1, 4):
        w.resume(number)
        seen.append((w.label, int(np.flatnonzero(w.mask.any(axis=0))[0])))
    assert seen == [("lesion", 2), ("organ", 12), ("lesion", 22)]
    w.lock_label("lesion")
    assert len(w.instance_table) == 3


def test_no_object_is_none_to_take_up(w):
    with pytest.raises(ValueError, match="instance takes none: no object is done yet; got 9"):
        w.resume(9)


def test_what_is_looked_at_is_put_down_by_any_step_that_is_not_its_own(w, view):
    commit_row(w, "lesion")
    before = rowed(w)
    organ = {"kind": "box", "x0": 0, "y0": 0, "x1": 4, "y1": 29}
    meanwhile = {
        "prompt": lambda: view.say("prompt", label=1, prompt=organ),
        "paint": lambda: view.say(
            "paint", label=1, prompt={"kind": "lasso", "points": [[0, 0], [9, 0], [9, 9]], "positive": True}
        ),
        "lock": lambda: view.say("lock", label=1, locked=True),
        "its lock": lambda: view.say("lock", label=0, locked=True),
    }
    for act in meanwhile.values():
        w.resume(1)
        assert view.say("preview", label=1, prompt=organ)[-1]["type"] == "preview"
        act()
        assert rowed(w) == before
        assert w.instances[6, 3] == 1
        assert w.label_map[6, 3] == 1
        assert not w._entries[0]["taken"]
        agree(w, view)
        w.undo()
        assert (w._entries[0]["taken"], rowed(w)) == (True, before)
        agree(w, view)
        w.undo()


def test_a_locked_label_takes_nothing_of_an_object_that_is_mended(w):
    commit_row(w, "lesion")
    area = w.instance_table[0]["area"]
    w.label = "organ"
    w.add_box(0, 0, 12, 14)  # around it
    locked = w.mask
    w.lock_label("organ")
    w.resume(1)
    w.add_click(30, 20)
    assert w.mask.sum() == area + 1
    w.commit()
    assert w.instance_table[0]["area"] == area + 1
    w.label = "organ"
    assert np.array_equal(w.mask, locked)


def test_objects_that_touch_are_told_apart_when_one_was_looked_at(w):
    w.label = "organ"
    w.add_box(8, 0, 12, 10)
    w.label = "lesion"
    w.add_box(2, 0, 7, 10)
    w.commit()
    w.resume(1)
    w.label = "organ"
    w.commit()
    assert len({item.layer for item in w._annotation.objects}) == 2


def test_the_active_label_stays_when_a_step_is_undone_that_took_nothing_up(w):
    commit_row(w, "lesion")
    w.resume(1)
    w.add_click(4, 20)
    w.label = "organ"
    w.undo()
    assert w.label == "organ"


def test_looking_at_an_object_changes_no_file(w, tmp_path):
    w = sp.Segmenter(np.zeros((30, 40)), model=PaintPredictor())
    w.add_box(2, 2, 8, 12)
    w.commit()
    files = [w.save(tmp_path / "done.npy"), None]
    w.resume(1)
    files[1] = w.save(tmp_path / "looked_at.npy")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_objects_keep_their_order_whatever_is_done_meanwhile(w, tmp_path):
    commit_row(w, "lesion", "organ", "lesion", "organ")
    w.resume(1)
    w.add_click(4, 20)
    w.resume(1)  # of the other label
    w.add_click(14, 20)
    again = sp.load_session(w.save_session(tmp_path / "work.zip"), model=PaintPredictor())
    for one in (w, again):
        for label in ("lesion", "organ"):
            one.label = label
            one.commit()
        assert [row["box"][0] for row in one.instance_table] == [2, 12, 22, 32]
        assert [row["prompts"] for row in one.instance_table] == [3, 3, 2, 2]
    again.close()
    w.resume(3)
    w.start_from(np.eye(*SHAPE) > 0)
    w.label = "organ"
    w.resume(2)
    w.clear()
    w.label = "lesion"
    w.commit()
    w.add_box(0, 25, 39, 29)
    w.commit()
    assert [row["box"][0] for row in w.instance_table] == [2, 0, 32, 0]
    assert [row["label"] for row in w.instance_table] == ["lesion", "lesion", "organ", "lesion"]


def test_whoever_observes_finds_the_label_of_an_object_that_is_taken_up(w):
    commit_row(w, "lesion", "organ")
    w.label = "lesion"
    seen = []
    w.observe(lambda _: seen.append((w.label, w.area().pixels)), names="mask_version")
    w.resume(2)
    assert seen == [("organ", 7 * 11)]


def test_what_was_done_is_told_though_telling_failed(w, view):
    def hinder(change):
        raise RuntimeError("an observer's own")

    w.observe(hinder, names="_entries")
    *_, update, error = view.say("paint", label=0, prompt={**LASSO})
    assert (update["type"], update["base"]) == ("update", None)
    assert (error["type"], error["id"], error["text"]) == ("error", None, "RuntimeError: an observer's own")
    assert w.mask_version == w._version
    agree(w, view)


def test_only_what_changes_on_the_screen_is_sent_when_objects_change_numbers(w, view):
    for x in range(0, 30, 4):
        w.add_box(x, 2, x + 1, 5)
        w.commit()
    (update,) = [one for one in view.say("resume", x=0, y=3) if one["type"] == "update"]
    assert {(plane["layer"], plane["x"]) for plane in update["planes"]} == {(0, 0), (1, 0)}
    agree(w, view)


def test_committed_objects_are_kept_apart_and_counted(w, view):
    w.add_box(2, 2, 9, 9)
    view.say("commit", label=0)
    assert (w.mask.any(), len(w.prompts)) == (False, 0)
    w.add_box(8, 2, 15, 9)
    assert not w.mask[5, 9], "pixels of the first object are taken"
    w.commit()
    w.label = "organ"
    w.add_box(20, 20, 25, 25)
    w.commit()
    w.commit()
    table = pd.DataFrame(w.instance_table)
    assert table["label"].tolist() == ["lesion", "lesion", "organ"]
    assert table["area"].tolist() == [64, 48, 36]
    assert table["box"].tolist() == [(2, 2, 10, 10), (10, 2, 16, 10), (20, 20, 26, 26)]
    assert table["prompts"].tolist() == [1, 1, 1]
    assert (table["seconds"] >= 0).all()
    assert [int((w.instances == i).sum()) for i in (1, 2, 3)] == [64, 48, 36]
    assert [int((w.label_map == i).sum()) for i in (1, 2)] == [112, 36]
    assert [entry["objects"] for entry in w._entries] == [2, 1]
    # Those that touch are in different layers.
    assert (view.layers[1:, 0].sum(axis=0) == 1).sum() == 112
    assert len({np.argmax(view.layers[1:, 0, 5, x]) for x in (5, 12)}) == 2
    w.undo()
    assert (len(w.instance_table), w.mask.sum()) == (2, 36)
    assert not view.layers[1:, 1].any()
