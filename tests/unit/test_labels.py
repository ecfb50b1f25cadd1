"""Labels: added, changed, ordered, locked and removed."""

import threading

import numpy as np
import pytest

from tests.paint import PATIENCE_S, PaintPredictor

CLICK = {"kind": "click", "x": 20, "y": 20, "positive": True}


def test_labels_are_added_renamed_recoloured_and_ordered(w, view):
    w.add_box(2, 2, 9, 9)
    w.add_label("vessel")
    assert (w.label, w.labels) == ("vessel", ["lesion", "organ", "vessel"])
    w.add_box(5, 5, 12, 12)
    assert w.label_map[7, 7] == 3
    w.order_labels(["vessel", "organ", "lesion"])
    assert (w.label_map[7, 7], w.label_map[11, 11]) == (1, 3)
    w.change_label("vessel", name="artery", color="#ff0000")
    assert (w.label, w._labels[2]) == ("artery", {"name": "artery", "color": "#ff0000", "rank": 0})
    labels = [*w._labels, {"name": "bone", "color": "#00ff00", "rank": 9}]
    assert view.say("labels", labels=labels)[-1]["type"] == "update"
    view.say("prompt", label=3, prompt=CLICK)
    assert w.label_map[20, 20] == 4
    for wrong, words in (
        (labels[:2], "at least the 4"),
        ([{**labels[0], "name": "bone"}, *labels[1:]], "names that differ"),
        ([{**labels[0], "color": "red"}, *labels[1:]], "#rrggbb"),
    ):
        assert words in view.say("labels", labels=wrong)[-1]["text"]
    with pytest.raises(ValueError, match="label takes one of 'lesion', 'organ', 'artery', 'bone'; got 'x'"):
        w.change_label("x", name="y")


def test_the_last_label_is_removed_while_nothing_was_done_to_it(w, view):
    w.add_box(2, 2, 9, 9)
    w.add_label("vessel", color="#cc79a7")
    w.add_label("bone")
    assert view.say("unlabel", label=3)[-1]["type"] == "update"
    assert (w.labels, w.label) == (["lesion", "organ", "vessel"], "vessel")
    assert (len(w.history), view.version) == (2, w.mask_version)
    assert "got 3" in view.say("prompt", label=3, prompt=CLICK)[-1]["text"]
    w.add_click(3, 3)
    w.undo()
    with pytest.raises(ValueError, match="'vessel' has a history, and cannot be removed"):
        w.remove_label("vessel")
    with pytest.raises(ValueError, match="only the last of several labels can be removed, not 'organ'"):
        w.remove_label("organ")
    w.add_label("nerve")
    assert len({label["color"] for label in w._labels}) == 4
    w.lock_label("nerve")
    w.lock_label("nerve", False)
    assert "has a history" in view.say("unlabel", label=3)[-1]["text"]
    w.go_to(1)
    w.label = "lesion"
    w.add_click(12, 12)  # what was undone is gone
    w.remove_label("nerve")
    w.remove_label("vessel")
    assert (w.labels, w.label) == (["lesion", "organ"], "lesion")
    w.remove_label("organ")
    with pytest.raises(ValueError, match="only the last of several"):
        w.remove_label("lesion")


def test_a_locked_label_is_neither_overwritten_nor_drawn_on(w, view):
    w.add_box(2, 2, 9, 9)
    view.say("lock", label=0, locked=True)
    locked = w.mask
    assert "'lesion' is locked" in view.say("prompt", label=0, prompt=CLICK)[-1]["text"]
    w.label = "organ"
    w.add_box(5, 5, 12, 12)
    assert not (w.mask & locked).any()
    w.lock_label("lesion", False)
    assert (w.mask & locked).any(), "the lock is open"
    w.undo()
    assert not (w.mask & locked).any()
    other = PaintPredictor()
    other.name = "other"
    w.model = other
    w.label = "lesion"
    assert np.array_equal(w.mask, locked), "nor by another model"
    for what in ("yes", 1, None):
        with pytest.raises(TypeError, match="locked takes True or False"):
            w.lock_label("lesion", what)


def test_only_masks_that_can_change_are_made_again(w, monkeypatch):
    for number in range(20):
        w.add_label(f"label {number}")
    w.paint([(32, 22)], width=5)
    w.label = "lesion"
    w.lock_label("organ")
    made = []
    change = w._annotation.masks.change
    monkeypatch.setattr(
        w._annotation.masks, "change", lambda label, *rest: (made.append(label), change(label, *rest))[1]
    )
    w.add_box(2, 2, 9, 9)
    assert made == [0]
    w.commit()
    assert made == [0, 0]
    w.undo()
    assert made == [0, 0, 0]


def test_an_observer_of_the_label_may_wait_for_another_thread(w):
    def wait(_):
        thread = threading.Thread(target=lambda: w.mask)
        thread.start()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

    w.observe(wait, names="label")
    w.add_label("vessel")
    w.change_label("vessel", name="artery")
    assert w.label == "artery"
