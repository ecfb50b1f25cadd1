"""`scribbleprompt segment`: the same from a shell."""

import numpy as np
import PIL.Image
import pytest

from scribbleprompt_widget import cli

SHAPE = (60, 80)


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    disc = (x - 40) ** 2 + (y - 30) ** 2 < 15**2
    path = tmp_path / "disc.png"
    PIL.Image.fromarray(np.clip(80 + 90 * disc + rng.normal(0, 8, SHAPE), 0, 255).astype(np.uint8)).save(path)
    return path, disc


def dice(path, truth):
    mask = np.asarray(PIL.Image.open(path)) > 0
    return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())


def test_clicks_and_a_box(picture, tmp_path, capsys):
    path, disc = picture
    out = tmp_path / "mask.png"
    prompts = ["--box", "23,13,57,47", "--click", "40,30", "--negative-click", "5,5"]
    assert cli.main(["segment", str(path), *prompts, "--out", str(out)]) == 0
    assert dice(out, disc) > 0.9
    pixels = int((np.asarray(PIL.Image.open(out)) > 0).sum())
    assert capsys.readouterr().out == f"{out}: {pixels} px\n"


@pytest.mark.parametrize("kind", ["png", "csv"])
def test_scribbles_from_files(picture, tmp_path, kind):
    path, disc = picture
    lines = {"on": [(32, 22), (49, 27), (31, 32), (48, 38)], "beside": [(5, 5), (5, 55), (75, 55), (75, 5)]}
    files = {}
    for name, points in lines.items():
        files[name] = tmp_path / f"{name}.{kind}"
        if kind == "csv":
            files[name].write_text("".join(f"{x},{y}\n" for x, y in points))
        else:
            from PIL import ImageDraw

            stroke = PIL.Image.new("L", SHAPE[::-1])
            ImageDraw.Draw(stroke).line(points, fill=255, width=2)
            stroke.save(files[name])
    out = tmp_path / "mask.npz"
    prompts = ["--scribble", str(files["on"]), "--negative-scribble", str(files["beside"])]
    assert cli.main(["segment", str(path), *prompts, "--out", str(out)]) == 0
    mask = np.load(out)["mask"]
    assert 2 * (mask & disc).sum() / (mask.sum() + disc.sum()) > 0.9


def drawn(mode, stroke):
    """A picture of a stroke as drawing programs write it."""
    from PIL import Image

    alpha = np.where(stroke, 200, 0).astype(np.uint8)
    black, opaque = np.zeros_like(alpha), np.full_like(alpha, 255)
    pictures = {
        "blue": Image.fromarray(np.stack([black, black, alpha], axis=-1)),
        "blue, opaque": Image.fromarray(np.stack([black, black, alpha, opaque], axis=-1)),
        "black on nothing": Image.fromarray(np.stack([black, black, black, alpha], axis=-1)),
        "grey on nothing": Image.merge("LA", [Image.fromarray(opaque), Image.fromarray(alpha)]),
        "bits": Image.fromarray(stroke),
    }
    return pictures[mode]


@pytest.mark.parametrize("mode", ["blue", "blue, opaque", "black on nothing", "grey on nothing", "bits"])
def test_a_stroke_is_read_from_any_kind_of_picture(tmp_path, mode):
    stroke = np.zeros(SHAPE, dtype=bool)
    stroke[20:23, 30:50] = True
    drawn(mode, stroke).save(tmp_path / "stroke.png")
    scribble = cli._scribble(str(tmp_path / "stroke.png"), positive=False)
    assert np.array_equal(scribble.raster, stroke)
    assert not scribble.positive


def test_home_is_expanded(picture, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "on.csv").write_text("32,22\n49,27\n")
    assert cli.main(["segment", "~/disc.png", "--scribble", "~/on.csv", "--out", "~/mask.png"]) == 0
    assert (tmp_path / "mask.png").exists()


def test_a_slice_of_a_volume_goes_back_into_its_place(tmp_path, capsys):
    sitk = pytest.importorskip("SimpleITK")
    volume = np.zeros((5, *SHAPE), np.float32)
    volume[2, 20:40, 30:50] = 100
    source = sitk.GetImageFromArray(volume)
    source.SetSpacing((0.5, 2.0, 3.0))
    sitk.WriteImage(source, str(tmp_path / "v.nii.gz"))
    arguments = ["segment", str(tmp_path / "v.nii.gz"), "--click", "40,30", "--out", str(tmp_path / "m.nii.gz")]
    assert cli.main(arguments) == 1
    assert "slice_index" in capsys.readouterr().err
    assert cli.main([*arguments, "--slice-index", "2", "--model", "random_walker"]) == 0
    mask = sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    assert mask.GetSpacing() == pytest.approx(source.GetSpacing())
    array = sitk.GetArrayFromImage(mask)
    assert array.shape == volume.shape
    assert array[2].any()
    assert not array[[0, 1, 3, 4]].any()
    assert "400 px, 400.00 mm2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--out", "m.png"], 1, "at least one prompt"),
        (["--click", "40", "--out", "m.png"], 2, "takes 2 numbers with commas between them, got '40'"),
        (["--box", "1,2,3,x", "--out", "m.png"], 2, "takes 4 numbers"),
        (["--click", "nan,64", "--out", "m.png"], 2, "--click: x takes a finite number of image pixels"),
        (["--click", "4,6", "--out", "m.png", "--model", "unet"], 1, "give the path of"),
        (["--click", "400,3", "--out", "m.png"], 1, "outside the image"),
        (["--click", "40,3", "--out", "m.docx"], 1, "docx"),
        (["--click", "40,3", "--out", "m.png", "--model", "sma"], 1, "model takes one of"),
        (["--scribble", "nowhere.png", "--out", "m.png"], 2, "nowhere.png"),
        (["--click", "40,3"], 2, "--out"),
    ],
)
def test_wrong_calls_are_told_without_a_traceback(picture, capsys, arguments, status, words):
    try:
        got = cli.main(["segment", str(picture[0]), *arguments])
    except SystemExit as exit_:
        got = exit_.code
    assert got == status
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_a_file_that_is_not_there_is_named(capsys):
    assert cli.main(["segment", "nowhere.png", "--click", "1,1", "--out", "m.png"]) == 1
    assert "nowhere.png" in capsys.readouterr().err


def test_a_stroke_on_white_paper_is_no_scribble(picture, tmp_path, capsys):
    paper = np.full(SHAPE, 255, np.uint8)
    paper[20:22, 10:40] = 0
    PIL.Image.fromarray(paper).save(tmp_path / "paper.png")
    with pytest.raises(SystemExit):
        cli.main(["segment", str(picture[0]), "--scribble", str(tmp_path / "paper.png"), "--out", "m.png"])
    assert "black or transparent beside it" in capsys.readouterr().err


def test_files_that_are_no_scribble_are_told(picture, tmp_path, capsys):
    (tmp_path / "headed.csv").write_text("x,y\n12,40\n")
    with pytest.raises(SystemExit):
        cli.main(["segment", str(picture[0]), "--scribble", str(tmp_path / "headed.csv"), "--out", "m.png"])
    assert "takes lines of two numbers like 12,40.5" in capsys.readouterr().err
    small = np.zeros((9, 9), np.uint8)
    small[4, 2:7] = 255
    PIL.Image.fromarray(small).save(tmp_path / "small.png")
    assert cli.main(["segment", str(picture[0]), "--scribble", str(tmp_path / "small.png"), "--out", "m.png"]) == 1
    assert "a picture of a scribble takes the image's shape" in capsys.readouterr().err


def test_the_image_is_not_written_over(picture, capsys):
    before = picture[0].read_bytes()
    assert cli.main(["segment", str(picture[0]), "--click", "40,30", "--out", str(picture[0])]) == 1
    assert "another file than the image's own" in capsys.readouterr().err
    assert picture[0].read_bytes() == before
