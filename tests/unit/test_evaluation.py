"""Evaluation: what is measured, over what it is averaged, and that nothing bad in the data passes for a figure."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribbleprompt_widget import cli
from scribbleprompt_widget.evaluation import PROTOCOLS, compare, evaluate, read_tasks
from scribbleprompt_widget.evaluation.metrics import dice, hd95, number_of_prompts
from scribbleprompt_widget.evaluation.protocols import protocol_annotators
from scribbleprompt_widget.evaluation.statistics import difference, estimate
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.predictors.base import Predictor, Session
from scribbleprompt_widget.predictors.registry import load_predictor
from scribbleprompt_widget.prompts import Box, Click, Prompts, Scribble

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
# Nearest scribble (Euclidean) and GrabCut as they were measured apart from this code (shared/data/README.md).
KNOWN = {
    "nearest": {"acdc": 0.801, "btcv": 0.865, "hipxray": 0.877, "octa500": 0.201, "paxray": 0.798, "wbc": 0.760},
}
SHAPE = (48, 40)


def disc(x, y, radius, shape=SHAPE):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def strokes(positive, negative):
    drawn = np.zeros((2, *SHAPE), dtype=bool)
    for channel, (rows, columns) in zip(drawn, (positive, negative), strict=True):
        channel[rows, columns] = True
    return drawn


NOTHING = (slice(0, 0), slice(0, 0))


@pytest.fixture
def folder(tmp_path):
    """Two tasks: discs with two people's scribbles, and a label map of two labels without scribbles."""
    masks = np.stack([disc(20, 20, 9), disc(18, 26, 7)])
    images = (60 + 120 * masks + np.random.default_rng(0).integers(0, 9, masks.shape)).astype(np.uint8)
    person = strokes((slice(19, 26), slice(17, 22)), (slice(0, 48), slice(2, 4)))
    other = strokes((slice(18, 24), slice(16, 20)), (slice(2, 4), slice(0, 40)))
    np.savez(
        tmp_path / "discs.npz", images=images, masks=masks, scribbles=np.stack([[person, other]] * 2), modality="CT"
    )
    labels = np.stack([disc(12, 12, 6) + 2 * disc(28, 36, 5), disc(12, 12, 6), np.zeros(SHAPE, bool)]).astype(np.uint8)
    np.savez(
        tmp_path / "two.npz", images=np.repeat((50 * labels)[..., None], 3, 3), masks=labels, names=["a", "b", "c"]
    )
    return tmp_path


class Scripted(Predictor):
    """Predicts what `answer(prompts)` says: a mask, or an exception."""

    name, engine = "scripted", "python"

    def __init__(self, answer):
        self.answer = answer

    def _open(self, image):
        return ScriptedSession(self, image)


class ScriptedSession(Session):
    def _infer(self, prompts, previous):
        answer = self.predictor.answer(prompts, self.image)
        if isinstance(answer, Exception):
            raise answer
        return self._state(np.where(answer, 1, -1).astype(np.float32), Grid.of_image(self.image.shape))


# --- metrics ---------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 12), st.integers(1, 12)), st.sampled_from([0.02, 0.3, 0.9]))
@settings(max_examples=40)
def test_metrics_are_their_definitions(seed, shape, share):
    rng = np.random.default_rng(seed)
    one, other = rng.random((2, *shape)) < share
    total = one.sum() + other.sum()
    assert dice(one, other) == pytest.approx(2 * (one & other).sum() / total if total else 1)
    assert hd95(one, other) == pytest.approx(hd95(other, one))
    assert 0 <= hd95(one, other) <= np.hypot(*(np.array(shape) - 1))
    assert hd95(one, one) == 0


def test_hd95_is_monais():
    import warnings

    import torch
    from monai.metrics import compute_hausdorff_distance

    one, other = disc(20, 20, 9), disc(24, 22, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a deprecated argument that MONAI passes to itself
        expected = compute_hausdorff_distance(
            *(torch.from_numpy(m)[None, None] for m in (one, other)), include_background=True, percentile=95
        )
    assert hd95(one, other) == pytest.approx(float(expected), abs=1e-5)


def test_metrics_of_empty_masks():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    assert (dice(empty, empty), hd95(empty, empty)) == (1, 0)
    for pair in ((empty, full), (full, empty)):
        assert (dice(*pair), hd95(*pair)) == (0, 5)  # the diagonal of 3 by 4
    with pytest.raises(ValueError, match="one shape"):
        dice(empty, full[:3])


def test_number_of_prompts():
    assert number_of_prompts([0.2, 0.85, 0.5], 0.85, 20) == 2
    assert number_of_prompts([0.2] * 20, 0.85, 20) == 20


# --- simulated annotators --------------------------------------------------------------------------------------------


@given(
    st.integers(0, 2**20),
    st.sampled_from([name for name in PROTOCOLS if name != "human"]),
    st.tuples(st.integers(4, 30), st.integers(4, 30)),
)
@settings(max_examples=30)
def test_prompts_lie_on_the_errors_and_have_their_sign(seed, protocol, shape):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.random((2, *shape)) < 0.4
    truth[0, 0] = True
    case = simple_case(truth)
    (annotator,) = protocol_annotators(protocol, case, seed)
    first = annotator.next(np.zeros(shape, bool), Prompts())
    prompts = first + annotator.next(predicted, first)
    assert list(annotator.next(predicted, first)) == list(prompts[1:])  # same seed, same prompts
    for prompt, now in zip(prompts, (np.zeros(shape, bool), predicted), strict=False):
        if isinstance(prompt, Box):
            rows, columns = np.nonzero(truth)
            assert (prompt.x0, prompt.y0, prompt.x1, prompt.y1) == (
                columns.min(), rows.min(), columns.max(), rows.max(),
            )  # fmt: skip
            continue
        errors = truth & ~now if prompt.positive else now & ~truth
        if isinstance(prompt, Click):
            assert errors[int(prompt.y), int(prompt.x)]
        else:
            assert isinstance(prompt, Scribble)
            assert prompt.raster.any()
            assert not ((prompt.raster > 0) & ~errors).any()


def simple_case(truth):
    from scribbleprompt_widget.evaluation.data import Case

    return Case("t", 1, 0, "0", "", np.zeros(truth.shape, np.uint8), truth, None)


def test_a_centre_click_is_deepest_in_the_largest_error_and_never_repeated():
    truth = disc(20, 20, 9) | disc(36, 44, 2)
    (annotator,) = protocol_annotators("center_clicks", simple_case(truth), 0)
    nothing = np.zeros(SHAPE, bool)
    prompts = annotator.next(nothing, Prompts())
    assert prompts == Prompts([Click(20, 20)])
    for _ in range(5):  # to a predictor that does not listen
        prompts += annotator.next(nothing, prompts)
    assert len({(click.x, click.y) for click in prompts}) == 6
    assert annotator.next(truth | disc(6, 40, 4), prompts)[0] == Click(6, 40, positive=False)
    assert not annotator.next(truth, prompts)


# --- baselines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nearest", "nearest_geodesic", "grabcut"])
def test_baselines(name):
    truth = disc(20, 20, 9)
    session = load_predictor(name).open((60 + 120 * truth).astype(np.uint8))
    inside, outside = Click(20, 20), Scribble([(6, 4), (34, 4), (34, 36), (6, 36), (6, 4)], positive=False)
    assert not session.predict(Prompts([outside])).mask.any()
    assert session.predict(Prompts([inside])).mask[20, 20]
    assert dice(session.predict(Prompts([Scribble([(14, 20), (26, 20)]), outside])).mask, truth) > 0.7
    assert dice(session.predict(Prompts([Box(11, 11, 29, 29)])).mask, truth) > 0.8
    first = session.predict(Prompts([inside, outside]))
    again = session.predict(Prompts([inside, outside, Click(3, 3, positive=False)]), mask_input=first.state)
    assert again.mask[20, 20]
    assert not again.mask[3, 3]
    for everything in (True, False):
        whole = Scribble(raster=np.ones(SHAPE), positive=everything)
        assert (session.predict(Prompts([whole])).mask == everything).all()


# --- data ------------------------------------------------------------------------------------------------------------


def test_tasks_are_read(folder):
    discs, two = read_tasks(folder)
    assert (discs.name, discs.modality, two.name, two.modality) == ("discs", "CT", "two", "")
    assert [(case.label, case.name) for case in two.cases()] == [(1, "a"), (2, "a"), (1, "b")]
    assert [case.label for case in two.cases(limit=1)] == [1, 2]
    (folder / "modalities.csv").write_text("task,modality\ntwo,MRI\n")
    assert [task.modality for task in read_tasks(folder)] == ["CT", "MRI"]
    assert [task.modality for task in read_tasks(folder, {"two": "X-ray"})] == ["CT", "X-ray"]


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(array).save(path)


def write_pairs(root):
    """A task of files side by side, one of two folders, and one of arrays, in a folder as training takes it."""
    mask = disc(20, 20, 9).astype(np.uint8)
    image = 60 + 120 * mask
    save(root / "eye" / "left.png", image)
    save(root / "eye" / "left_mask.png", 255 * mask)
    save(root / "eye" / "large.png", np.repeat(image, 2, axis=0))
    save(root / "eye" / "large_mask.png", np.repeat(np.stack([255 * mask] * 3, axis=-1), 2, axis=0))
    (root / "eye" / "notes.txt").write_text("about them")
    save(root / "heart" / "mri" / "images" / "a.tif", image)
    save(root / "heart" / "mri" / "masks" / "a.png", mask)
    np.savez(root / "heart" / "ct.npz", images=image[None], masks=mask[None])


def test_image_and_mask_files_are_tasks_too(tmp_path):
    write_pairs(tmp_path)
    (tmp_path / "modalities.csv").write_text("task,modality\nheart/mri,MRI\n")
    found = {task.name: task for task in read_tasks(tmp_path)}
    assert list(found) == ["eye", "heart/ct", "heart/mri"]
    assert found["heart/mri"].modality == "MRI"
    assert [(case.name, case.pixels.shape, case.truth.sum()) for case in found["eye"].cases()] == [
        ("large", (96, 40), 2 * disc(20, 20, 9).sum()),
        ("left", SHAPE, disc(20, 20, 9).sum()),
    ]
    assert [task.name for task in read_tasks([tmp_path / "eye", tmp_path / "heart" / "mri"])] == ["eye", "mri"]
    report = evaluate("nearest", tmp_path, "center_clicks", rounds=2)
    assert set(report.to_dict()["nearest"]["center_clicks"]["tasks"]) == {"eye", "heart/ct", "heart/mri"}
    assert report.notes == ("eye: 1 files are left out: notes (it has no mask)",)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("left_mask.png", np.ones((9, 40), np.uint8), r"its mask takes the image's shape \(48, 40\), got \(9, 40\)"),
        ("left_mask.tif", np.arange(48 * 40, dtype=np.uint16).reshape(SHAPE), "its mask holds 1920 labels"),
        ("left_mask.tif", np.full(SHAPE, 1.5, np.float32), "its mask holds fractions"),
        ("left.tif", np.where(disc(9, 9, 2), np.nan, 1).astype(np.float32), "it takes finite numbers"),
    ],
)
def test_bad_image_and_mask_files_are_refused_by_name(tmp_path, name, array, words):
    write_pairs(tmp_path)
    for old in (tmp_path / "eye").glob(name.split(".")[0] + ".*"):
        old.unlink()
    save(tmp_path / "eye" / name, array)
    with pytest.raises(ValueError, match=f"eye: left: {words}"):
        read_tasks(tmp_path)
    (tmp_path / "eye" / name).write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"eye: left: .* cannot be read as an image"):
        read_tasks(tmp_path)


def test_scribbles_are_where_they_are_not_zero(folder):
    with np.load(folder / "discs.npz") as file:
        arrays = dict(file)
    np.savez(folder / "signed.npz", **{**arrays, "scribbles": -arrays["scribbles"].astype(np.float32)})
    found = evaluate("nearest", folder).to_dict()["nearest"]["human"]["tasks"]
    assert found["signed"] == found["discs"]


IMAGES, MASKS = np.zeros((2, *SHAPE), np.uint8), np.ones((2, *SHAPE), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": IMAGES}, "lacks masks"),
        ({"images": IMAGES[0], "masks": MASKS}, r"images takes \(N, H, W\)"),
        ({"images": IMAGES, "masks": MASKS[:, :9]}, "masks takes the images' shape"),
        ({"images": IMAGES * np.nan, "masks": MASKS}, "finite"),
        ({"images": IMAGES, "masks": MASKS - 2.0}, "labels from 0"),
        ({"images": IMAGES, "masks": MASKS * 1.5}, "whole numbers"),
        ({"images": IMAGES, "masks": MASKS, "scribbles": np.zeros((2, 3, *SHAPE))}, "scribbles takes"),
        ({"images": IMAGES, "masks": MASKS * [[[1]], [[2]]], "scribbles": np.zeros((2, 1, 2, *SHAPE))}, "one label"),
        ({"images": IMAGES, "masks": MASKS, "names": ["a"]}, "names takes"),
        ({"images": IMAGES, "masks": MASKS, "modality": ["CT", "MRI"]}, "one string"),
    ],
)
def test_bad_data_are_refused_by_name(tmp_path, arrays, words):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=f"bad.npz: .*{words}"):
        read_tasks(tmp_path)


def test_unreadable_and_missing_data(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.npz"):
        read_tasks(tmp_path)
    (tmp_path / "broken.npz").write_bytes(b"PK no zip")
    with pytest.raises(ValueError, match=r"broken\.npz: not a readable"):
        read_tasks(tmp_path)


# --- means and intervals ---------------------------------------------------------------------------------------------


def test_the_mean_is_over_images_then_labels_then_tasks():
    one = np.array([[1.0, 0.0], [0.5, np.nan]])  # labels: 0.75 and 0
    assert estimate({"one": one, "other": np.array([[1.0]])}).mean == pytest.approx((0.375 + 1) / 2)
    assert np.isnan(estimate({}).mean)
    assert estimate({"one": np.array([[np.nan]]), "other": np.array([[1.0]])}).mean == 1


def test_intervals():
    rng = np.random.default_rng(0)
    values = rng.normal(0.5, 0.1, (400, 1))
    found = estimate({"task": values})
    assert found.low < found.mean < found.high
    assert found.high - found.low == pytest.approx(4 * 0.1 / 20, rel=0.15)  # of a normal mean
    gain = difference({"task": values + 0.01}, {"task": values})
    assert (gain.low, gain.high) == (pytest.approx(0.01), pytest.approx(0.01))  # the same images are drawn
    single = estimate({"task": values[:1]})
    assert np.isnan(single.low)


# --- evaluate --------------------------------------------------------------------------------------------------------


def test_people_are_averaged_and_the_report_is_written(folder, tmp_path):
    report = evaluate(["nearest", "random_walker"], folder, ["human", "center_clicks"], rounds=3)
    found = report.to_dict()
    assert set(found) == {"nearest", "random_walker"}
    assert set(found["nearest"]["human"]["mean"]) == {"dice", "hd95", "seconds"}
    assert set(found["nearest"]["human"]["tasks"]) == {"discs"}
    assert set(found["nearest"]["center_clicks"]["tasks"]) == {"discs", "two"}
    human = report.trials[(report.trials["protocol"] == "human") & (report.trials["predictor"] == "nearest")]
    assert len(human) == 4  # two images, two people
    assert found["nearest"]["human"]["tasks"]["discs"]["dice"] == pytest.approx(human["dice"].mean())
    assert human["noc90"].isna().all()
    assert any("left out: c" in note for note in report.notes)
    assert any("two: has no scribbles" in note for note in report.notes)
    files = {path.name for path in report.save(tmp_path / "out")}
    assert files == {"predictions.csv", "summary.csv", "report.md", "dice_center_clicks.png"}
    text = (tmp_path / "out" / "report.md").read_text()
    assert "| random_walker |" in text
    assert "Dice by modality" in text
    levels = report.summary[(report.summary["metric"] == "noc90") & (report.summary["level"] == "modality")]
    assert levels["group"].tolist() == ["CT", "CT"]


def test_rounds_go_on_from_the_last_state_until_no_error_is_left(folder):
    seen = []

    def answer(prompts, image):
        seen.append(len(prompts))
        return disc(20, 20, 9) if len(prompts) == 2 else np.zeros(SHAPE, bool)

    report = evaluate(Scripted(answer), folder / "discs.npz", "center_clicks", rounds=5, limit=1, workers=1)
    assert seen == [1, 2]
    assert report.predictions["dice"].tolist() == [0, 1, 1, 1, 1]
    assert report.predictions["seconds"].notna().tolist() == [True, True, False, False, False]
    assert report.trials[["noc85", "noc90"]].to_numpy().tolist() == [[2, 2]]


def test_a_failed_prediction_counts_as_an_empty_mask_and_is_named(folder):
    def answer(prompts, image):
        return RuntimeError("out of ideas") if len(prompts) == 2 else disc(20, 20, 5)

    report = evaluate(Scripted(answer), folder / "discs.npz", "center_clicks", rounds=4, limit=1)
    dices = report.predictions["dice"].tolist()
    assert dices[0] > 0
    assert dices[1:] == [0, 0, 0]
    assert report.predictions["hd95"].iat[-1] == pytest.approx(np.hypot(47, 39))
    assert report.trials["noc85"].tolist() == [4]
    assert "scripted: failed on 1 images" in report.notes[0]
    assert "RuntimeError: out of ideas" in report.notes[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocols": "humans"}, "protocols takes human, center_clicks"),
        ({"predictors": ["nearest", "nearest"]}, "a name of its own"),
        ({"predictors": []}, "one or more"),
        ({"predictors": "nearer"}, "model takes one of"),
        ({"rounds": 0}, "rounds takes 1"),
        ({"workers": 0}, "workers takes 1"),
        ({"data": "two.npz", "protocols": "human"}, "takes data with scribbles"),
    ],
)
def test_wrong_calls(folder, changes, words):
    call = {"predictors": "nearest", "data": "discs.npz", "protocols": "center_clicks", **changes}
    with pytest.raises(ValueError, match=words):
        evaluate(call.pop("predictors"), folder / call.pop("data"), **call)


# --- compare ---------------------------------------------------------------------------------------------------------


def test_repeats_are_averaged_and_gains_are_paired(folder, tmp_path):
    for name, radius in (("a1", 8), ("a2", 7), ("b", 9)):
        predictor = Scripted(lambda prompts, image, radius=radius: disc(20, 20, radius))
        evaluate({name: predictor}, folder / "discs.npz").save(tmp_path / name)
    found = compare({"small": [tmp_path / "a1", tmp_path / "a2"], "large": tmp_path / "b"})
    assert set(found.to_dict()) == {"small", "large"}
    dices = {
        (row.run, row.group): row
        for row in found.table.itertuples()
        if row.metric == "dice" and row.protocol == "human"
    }
    small, large = dices["small", "all"], dices["large", "all"]
    assert (small.runs, large.runs, small.gain) == (2, 1, 0)
    assert small.spread > 0
    assert large.gain == pytest.approx(large.mean - small.mean)
    assert "| small | 2 |" in found.to_markdown()
    with pytest.raises(FileNotFoundError, match="holds no evaluation"):
        compare({"x": tmp_path})


# --- the commands ----------------------------------------------------------------------------------------------------


def test_commands(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["evaluate", "nearest", "--data", str(folder), "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert set(found["nearest"]["human"]) == {"mean", "tasks"}
    assert "has no scribbles" in captured.err
    assert cli.main(["compare", f"one={out}", str(out), "--out", str(tmp_path / "side by side")]) == 0
    assert "comparison.md" in capsys.readouterr().out
    assert cli.main(["evaluate", "nearest", "--data", str(folder / "discs.npz")]) == 0
    assert "| nearest |" in capsys.readouterr().out
    assert cli.main(["evaluate", "nearest", "--data", str(tmp_path / "nowhere")]) == 1
    assert "nowhere does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["evaluate", "nearest", "--data", "."], ["compare", "."]])
def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys, monkeypatch, command):
    monkeypatch.chdir(tmp_path)  # without data: the work itself would fail otherwise
    (tmp_path / "taken").write_text("a file")
    assert cli.main([*command, "--out", "taken"]) == 1
    assert "taken" in capsys.readouterr().err


def test_a_missing_extra_is_named(folder, monkeypatch, capsys):
    for module, extra, arguments in (
        ("pandas", "evaluate", ["nearest"]),
        ("cv2", "evaluate", ["grabcut"]),
        ("distributed", "scale", ["nearest", "--scheduler", "tcp://127.0.0.1:1"]),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "meta_path", [Hidden(module), *sys.meta_path])
            for name in [name for name in sys.modules if name.partition(".")[0] == module]:
                patch.delitem(sys.modules, name)
            assert cli.main(["evaluate", *arguments, "--data", str(folder)]) == 1
        assert f"{module} is not installed: pip install 'scribbleprompt-widget[{extra}]'" in capsys.readouterr().err


class Hidden:
    def __init__(self, module):
        self.module = module

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_importing_brings_nothing_heavy():
    code = (
        "import sys, scribbleprompt_widget.evaluation, scribbleprompt_widget.cli\n"
        "print([m for m in ('torch', 'monai', 'cv2', 'dask', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not DEV.is_dir(), reason="needs MedScribble in shared/data/dev")
def test_known_figures_on_medscribble():
    found = evaluate("nearest", DEV).to_dict()["nearest"]["human"]["tasks"]
    assert {task: figures["dice"] for task, figures in found.items()} == pytest.approx(KNOWN["nearest"], abs=0.005)
