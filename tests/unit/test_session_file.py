"""A session that is saved today and goes on tomorrow."""

import json
import zipfile

import numpy as np
import PIL.Image
import pytest
import SimpleITK as sitk  # noqa: N813  # as everybody calls it

import scribbleprompt_widget as sp
from tests.front_end import FrontEnd
from tests.paint import PaintPredictor

SHAPE = (30, 40)


def pixels():
    return np.random.default_rng(0).integers(0, 255, SHAPE, dtype=np.uint8)


def draw(w):
    w.add_box(2, 2, 9, 9)
    w.add_click(20, 20)
    w.add_scribble(raster=np.eye(*SHAPE), positive=False)
    w.paint([(1, 1), (5, 1)], width=1, positive=False)
    w.finish(fill_holes=True, threshold=0.4)
    w.commit()
    w.add_label("organ")
    w.start_from(np.eye(*SHAPE, k=3) > 0)
    w.add_lasso([(10, 10), (20, 10), (15, 20)])
    w.lock_label("lesion")
    w.undo()


def test_everything_goes_on_where_it_stopped(tmp_path):
    paint = PaintPredictor()
    w = sp.Segmenter(pixels(), labels=["lesion"], model=paint, spacing=(0.5, 0.7))
    draw(w)
    again = sp.load_session(w.save_session(tmp_path / "today.zip"), model=paint)
    calls = paint.calls
    assert (again.label, again.labels, again.history, again.area()) == (w.label, w.labels, w.history, w.area())
    for step in [*range(len(w.history)), 3, 0, len(w.history) - 1]:
        for one in (w, again):
            one.go_to(step)
        for name in w.labels:
            w.label = again.label = name
            assert np.array_equal(again.mask, w.mask)
            assert np.array_equal(again.probability, w.probability)
            assert again.prompts == w.prompts
        assert np.array_equal(again.instances, w.instances)
        assert np.array_equal(again.label_map, w.label_map)
    assert paint.calls == calls, "what is restored is not predicted again"
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in again.instance_table]
    assert rows == [{k: v for k, v in row.items() if k != "seconds"} for row in w.instance_table]
    again.lock_label("lesion", False)
    again.add_click(30, 5)
    assert again.mask[5, 30]


def test_a_view_of_a_loaded_session_shows_it(tmp_path):
    w = sp.Segmenter(pixels(), model=PaintPredictor())
    w.add_box(2, 2, 9, 9)
    again = sp.load_session(w.save_session(tmp_path / "s"), model=PaintPredictor())
    view = FrontEnd(again)
    view.say("whole")
    assert np.array_equal(view.masks[0], w.mask)
    assert view.prompts[0] == w.prompts.to_json()
    again.add_click(20, 20)
    assert np.array_equal(view.masks[0], again.mask)


def test_predictors_of_our_own_are_found_by_name_and_their_states_restored(tmp_path):
    w = sp.Segmenter(pixels(), model="compact")
    w.add_click(20, 20)
    w.add_scribble([(3, 3), (9, 9)], positive=False)
    again = sp.load_session(w.save_session(tmp_path / "s"))
    assert again.model == "compact"
    assert np.array_equal(again.probability, w.probability)
    for one in (w, again):
        one.add_click(30, 10)
    assert np.array_equal(again.probability, w.probability)


def test_an_image_in_a_file_is_kept_as_its_path(tmp_path):
    file = tmp_path / "image.png"
    PIL.Image.fromarray(pixels()).save(file)
    w = sp.Segmenter(file, model=PaintPredictor())
    w.add_click(3, 3)
    session = w.save_session(tmp_path / "s.zip")
    with zipfile.ZipFile(session) as held:
        content = json.loads(held.read("session.json"))
        assert "image" not in np.load(held.open("arrays.npz"))
    assert content["image"]["source"] == str(file)
    assert sp.load_session(session, model=PaintPredictor()).image.source == str(file)
    moved = file.rename(tmp_path / "moved.png")
    with pytest.raises(FileNotFoundError, match="pass image="):
        sp.load_session(session)
    assert sp.load_session(session, image=moved, model=PaintPredictor()).mask[3, 3]
    with pytest.raises(ValueError, match="another than the one that was labelled"):
        sp.load_session(session, image=np.zeros(SHAPE))
    with pytest.raises(ValueError, match="another than the one that was labelled"):
        sp.load_session(session, image=pixels().reshape(SHAPE[::-1]))


def test_a_slice_of_a_volume_keeps_its_place(tmp_path):
    file = tmp_path / "volume.nii.gz"
    volume = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 99, (4, *SHAPE)).astype(np.int16))
    volume.SetSpacing((0.5, 0.6, 3))
    sitk.WriteImage(volume, file)
    w = sp.Segmenter(file, slice_index=2, model=PaintPredictor())
    w.add_box(2, 2, 9, 9)
    for again in (
        sp.load_session(w.save_session(tmp_path / "s"), model=PaintPredictor()),
        sp.load_session(tmp_path / "s", image=file, model=PaintPredictor()),
    ):
        assert (again.image.spacing, vars(again.image.geometry)) == (w.image.spacing, vars(w.image.geometry))
    w = sp.Segmenter(sitk.ReadImage(file), slice_index=2, model=PaintPredictor())
    again = sp.load_session(w.save_session(tmp_path / "s"), model=PaintPredictor())
    assert (again.image.spacing, vars(again.image.geometry)) == (w.image.spacing, vars(w.image.geometry))


def test_an_image_whose_file_does_not_say_which_slice_is_kept_itself(tmp_path, monkeypatch):
    np.save(tmp_path / "volume.npy", np.random.default_rng(0).integers(0, 99, (4, *SHAPE)))
    w = sp.Segmenter(tmp_path / "volume.npy", slice_index=2, model=PaintPredictor())
    again = sp.load_session(w.save_session(tmp_path / "s"), model=PaintPredictor())
    assert np.array_equal(again.image.pixels, w.image.pixels)
    assert not again.image.pixels.flags.writeable


def test_a_session_moves_with_its_image_and_is_found_from_anywhere(tmp_path, monkeypatch):
    folder = tmp_path / "one"
    folder.mkdir()
    PIL.Image.fromarray(pixels()).save(folder / "image.png")
    monkeypatch.chdir(folder)
    w = sp.Segmenter("image.png", model=PaintPredictor())
    w.add_click(3, 3)
    with pytest.raises(ValueError, match="another file than the image's own"):
        w.save_session("image.png")
    w.save_session("s.zip")
    monkeypatch.chdir(tmp_path)
    moved = folder.rename(tmp_path / "two")
    assert sp.load_session(moved / "s.zip", model=PaintPredictor()).mask[3, 3]
    monkeypatch.setenv("HOME", str(moved))
    assert sp.load_session("~/s.zip", model=PaintPredictor()).mask[3, 3]


def test_what_steps_share_is_written_and_read_once(tmp_path):
    w = sp.Segmenter(pixels(), model=PaintPredictor())
    for number in range(20):
        w.add_scribble([(number, 3), (number, 9)])
    path = w.save_session(tmp_path / "s")
    with zipfile.ZipFile(path) as file:
        assert len(json.loads(file.read("session.json"))["prompts"]) == 20
    again = sp.load_session(path, model=PaintPredictor())
    steps = again._annotation.history.steps
    assert all(steps[-1].entry(0).prompts[i] is steps[i + 1].entry(0).prompts[i] for i in range(20))
    states = steps[-1].entry(0).states
    assert [state.prompts for state in states] == [w.prompts[: number + 1] for number in range(20)]
    assert all(states[i] is steps[i + 1].entry(0).states[i] for i in range(20))
    soft = np.zeros(SHAPE)
    soft[3, 3:6] = 0.5
    w.add_scribble(raster=soft)
    assert sp.load_session(w.save_session(path), model=PaintPredictor()).prompts == w.prompts


def test_an_image_whose_file_was_written_over_is_kept_with_the_session(tmp_path):
    file = tmp_path / "image.png"
    PIL.Image.fromarray(pixels()).save(file)
    w = sp.Segmenter(file, model=PaintPredictor())
    w.add_click(3, 3)
    path = w.save_session(tmp_path / "s.zip")
    assert sp.load_session(path, model=PaintPredictor()).image.source == str(file)
    PIL.Image.fromarray(pixels().T).save(file)
    assert np.array_equal(sp.load_session(w.save_session(path), model=PaintPredictor()).image.pixels, pixels())
    file.unlink()
    assert np.array_equal(sp.load_session(w.save_session(path), model=PaintPredictor()).image.pixels, pixels())


def test_a_file_from_before_objects_had_an_order_is_read(tmp_path):
    w = sp.Segmenter(pixels(), model=PaintPredictor())
    for x in (2, 12, 22):
        w.add_box(x, 2, x + 5, 9)
        w.commit()
    path = w.save_session(tmp_path / "s")
    with zipfile.ZipFile(path) as file:
        content, arrays = json.loads(file.read("session.json")), file.read("arrays.npz")
    for item in content["instances"]:
        del item["order"]
    for item in content["entries"]:
        del item["taken"]
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("session.json", json.dumps(content))
        file.writestr("arrays.npz", arrays)
    again = sp.load_session(path, model=PaintPredictor())
    again.resume(2)
    again.add_click(15, 20)
    again.commit()
    assert [row["box"][0] for row in again.instance_table] == [2, 12, 22]


def test_damage_anywhere_is_told_by_the_files_name(tmp_path):
    w = sp.Segmenter(pixels(), labels=["lesion"], model=PaintPredictor())
    draw(w)
    path = w.save_session(tmp_path / "s")
    whole = path.read_bytes()
    directory = range(len(whole) - 200, len(whole))
    for place in {*range(0, len(whole), 97), *directory}:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            sp.load_session(path, model=PaintPredictor())
        except ValueError as error:
            assert str(path) in str(error) or "its pixels differ" in str(error)  # noqa: PT017
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as file:
        content, arrays = json.loads(file.read("session.json")), file.read("arrays.npz")
    for change in (
        {"current": 99},
        {"current": -1},
        {"version": "x"},
        {"label": "none"},
        {"labels": [{**content["labels"][0], "color": 'red"><img>'}, content["labels"][1]]},
        {"labels": content["labels"][:1]},
        {"steps": []},
        {"steps": [{**content["steps"][0], "locked": [9]}]},
        {"steps": [{**content["steps"][-1], "entries": [-1]}]},
        {"masks": [{"box": [0, 0, 999, 999]}] * len(content["masks"])},
        {"instances": [{**content["instances"][0], "layer": 9}]},
        {"entries": [{**content["entries"][0], "taken": {"instance": 9, "finish": {}}}]},
        {"entries": [{**entry, "states": []} for entry in content["entries"]]},
    ):
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("session.json", json.dumps({**content, **change}))
            file.writestr("arrays.npz", arrays)
        with pytest.raises(ValueError, match="no saved session, or damaged"):
            sp.load_session(path, model=PaintPredictor())


def test_a_session_is_written_over_but_no_other_file(tmp_path):
    w = sp.Segmenter(np.eye(8), model=PaintPredictor())
    path = w.save_session(tmp_path / "today.zip")
    w.add_click(2, 2)
    w.save_session(path)
    assert len(sp.load_session(path, model=PaintPredictor()).prompts) == 1
    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    with pytest.raises(ValueError, match=r"notes\.txt' is neither"):
        w.save_session(mine)
    assert mine.read_text() == "mine"


def test_what_is_no_session_is_told(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="no saved session"):
        sp.load_session(tmp_path / "text")
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("other.txt", "hello")
    with pytest.raises(ValueError, match="no saved session"):
        sp.load_session(tmp_path / "zip")
    with pytest.raises(FileNotFoundError):
        sp.load_session(tmp_path / "nothing")
    w = sp.Segmenter(pixels(), model=PaintPredictor())
    path = w.save_session(tmp_path / "s")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    later = parts["session.json"].replace(b'"version": 1', b'"version": 99')
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("session.json", later)
        file.writestr("arrays.npz", parts["arrays.npz"])
    with pytest.raises(ValueError, match="later version"):
        sp.load_session(path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        w.save_session(tmp_path / "no" / "s")
