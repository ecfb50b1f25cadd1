"""The shell command `scribbleprompt`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from scribbleprompt_widget import __version__
from scribbleprompt_widget.evaluation import commands as evaluation_commands
from scribbleprompt_widget.extras import MissingExtraError
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.image_input import read_stroke
from scribbleprompt_widget.mask_file import save_mask
from scribbleprompt_widget.predictors.registry import load_predictor, predictor_names
from scribbleprompt_widget.prompts import Box, Click, Prompt, Prompts, Scribble
from scribbleprompt_widget.training import commands as training_commands

__all__ = ["main"]

POINT_FILES = (".csv", ".txt")
INTERRUPTED = 130
"""What a shell reports of a command that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 for an error told on stderr, 2 for wrong words, or 130 after Ctrl-C."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest:
        # argparse gives up on a command's last words when options stand before them.
        if not hasattr(options, "changes") or any(word.startswith("-") for word in rest):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        options.changes += rest
    try:
        with _plain_warnings():
            options.run(options)
    except (OSError, ValueError, TypeError, FloatingPointError, MissingExtraError) as error:
        print(f"scribbleprompt: {error}", file=sys.stderr)  # noqa: T201  # a command talks on its streams
        return 1
    except KeyboardInterrupt as interrupt:
        print(f"\nscribbleprompt: interrupted{interrupt}", file=sys.stderr)  # noqa: T201  # likewise
        return INTERRUPTED
    return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as a person reads them, without the line of code that gave them."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: f"scribbleprompt: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scribbleprompt", description="Interactive segmentation after ScribblePrompt."
    )
    parser.add_argument("--version", action="version", version=f"scribbleprompt {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)

    segment = commands.add_parser(
        "segment",
        help="segment an image by prompts",
        description="Segment an image by prompts. Coordinates are image pixels, x = column and y = row, from 0.",
        epilog="example: scribbleprompt segment ct.dcm --box 40,52,88,97 --negative-click 60,30 --out mask.nii.gz",
    )
    segment.set_defaults(run=_segment)
    segment.add_argument("image", help="PNG, JPEG, TIFF, DICOM, NIfTI, NRRD, MHA or .npy")
    prompts = segment.add_argument_group("prompts", "any number of each; they are taken in the order given")
    for sign, positive, where in (("", True, "on the object"), ("negative-", False, "beside it")):
        prompts.add_argument(
            f"--{sign}click",
            dest="prompts",
            action="append",
            metavar="X,Y",
            type=_told(partial(_click, positive=positive)),
            help=f"a click {where}",
        )
        prompts.add_argument(
            f"--{sign}scribble",
            dest="prompts",
            action="append",
            metavar="FILE",
            type=_told(partial(_scribble, positive=positive)),
            help=f"a stroke {where}: {' or '.join(POINT_FILES)} with x,y lines, or a picture of the image's size where "
            "it alone is not transparent or, without transparency, not black",
        )
    prompts.add_argument(
        "--box",
        dest="prompts",
        action="append",
        metavar="X0,Y0,X1,Y1",
        type=_told(_box),
        help="a box around the object",
    )
    segment.add_argument(
        "--out", required=True, metavar="MASK", help="PNG, NPZ, NIfTI, NRRD, ...: by the file's ending"
    )
    segment.add_argument("--model", default="default", help=f"{', '.join(predictor_names())}, or a checkpoint's path")
    segment.add_argument("--device", help="where a network runs: cpu, cuda, ...")
    segment.add_argument("--slice-index", type=int, metavar="N", help="which slice of a volume")
    segment.add_argument("--axis", type=int, choices=(0, 1, 2), help="the axis that the slice is taken along")

    evaluation_commands.add_parsers(commands)
    training_commands.add_parsers(commands)
    return parser


def _segment(options: argparse.Namespace) -> None:
    if not options.prompts:
        raise ValueError("segment takes at least one prompt: --click, --box, --scribble")
    image = Image.of(options.image, slice_index=options.slice_index, axis=options.axis)
    for prompt in options.prompts:
        raster = getattr(prompt, "raster", None)
        if raster is not None and raster.shape != image.shape:
            raise ValueError(
                f"a picture of a scribble takes the image's shape {image.shape}, got one of {raster.shape}"
            )
    keywords = {"device": options.device} if options.device else {}
    mask = load_predictor(options.model, **keywords).open(image).predict(Prompts(options.prompts)).mask
    path = save_mask(options.out, mask, image)
    pixels = int(mask.sum())
    area = "" if image.pixel_area_mm2 is None else f", {pixels * image.pixel_area_mm2:.2f} mm2"
    print(f"{path}: {pixels} px{area}")  # noqa: T201  # a command talks on its streams


def _told(parse: Callable[[str], Prompt]) -> Callable[[str], Prompt]:
    """Let argparse tell what was wrong; of other errors it tells the function's name."""

    def told(text: str) -> Prompt:
        try:
            return parse(text)
        except (OSError, ValueError, TypeError) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return told


def _click(text: str, *, positive: bool) -> Prompt:
    x, y = _numbers(text, 2)
    return Click(x, y, positive)


def _box(text: str) -> Prompt:
    return Box(*_numbers(text, 4))


def _scribble(text: str, *, positive: bool) -> Prompt:
    path = Path(text).expanduser()
    if path.suffix.lower() in POINT_FILES:
        try:
            points = np.loadtxt(path, delimiter=",", ndmin=2)
        except ValueError as error:
            raise ValueError(f"{text!r} takes lines of two numbers like 12,40.5 (x, y), nothing else") from error
        return Scribble(points, positive)
    return Scribble(raster=read_stroke(path), positive=positive)


def _numbers(text: str, count: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ValueError(f"takes {count} numbers with commas between them, got {text!r}")
    return numbers
