"""`scribbleprompt evaluate` and `scribbleprompt compare`: command lines to calls, results to streams and files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from scribbleprompt_widget.evaluation.compare import compare
from scribbleprompt_widget.evaluation.protocols import HUMAN, PROTOCOLS, ROUNDS
from scribbleprompt_widget.evaluation.run import evaluate

__all__ = ["add_parsers"]


def add_parsers(commands: Any) -> None:
    """Add both commands to the subparsers of an `argparse` parser; each sets `run`, which takes the parsed options."""
    _add_evaluate(commands)
    _add_compare(commands)


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure predictors by people's scribbles and simulated prompts",
        description="Measure predictors: Dice, HD95, numbers of prompts and seconds, by task, modality and overall.",
        epilog="example: scribbleprompt evaluate nearest random_walker --data MedScribble --out report",
    )
    parser.set_defaults(run=_evaluate)
    parser.add_argument("predictors", nargs="+", metavar="PREDICTOR", help="a predictor's name or a checkpoint's path")
    parser.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="PATH",
        help="tasks: NAME.npz, folders of images and masks, or folders of these",
    )
    parser.add_argument(
        "--protocol",
        action="append",
        choices=PROTOCOLS,
        metavar="NAME",
        help=f"{', '.join(PROTOCOLS)}; may be given several times (default: {HUMAN})",
    )
    parser.add_argument("--out", metavar="DIR", help="where CSV files, report.md and figures go")
    parser.add_argument("--json", action="store_true", help="print the means as JSON, and nothing else")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="most rounds (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of simulated prompts (default: %(default)s)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N images of each task")
    parser.add_argument("--device", help="where networks run: cpu, cuda, ...")
    parser.add_argument("--workers", type=int, metavar="N", help="threads; 1 to measure seconds (default: one a core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786, instead of threads")


def _add_compare(commands: Any) -> None:
    parser = commands.add_parser(
        "compare",
        help="put evaluations side by side",
        description="Put evaluations side by side; differences are to the first, paired by image.",
        epilog="example, with two seeds each: scribbleprompt compare dice=d1 dice=d2 focal=f1 focal=f2",
    )
    parser.set_defaults(run=_compare)
    parser.add_argument(
        "runs", nargs="+", metavar="[NAME=]DIR", help="what evaluate --out wrote; equal names are repeats of one run"
    )
    parser.add_argument("--out", metavar="DIR", help="where comparison.csv and comparison.md go")
    parser.add_argument("--json", action="store_true", help="print the means as JSON, and nothing else")


def _evaluate(options: argparse.Namespace) -> None:
    _claim(options)
    report = evaluate(
        options.predictors,
        options.data,
        options.protocol or HUMAN,
        rounds=options.rounds,
        seed=options.seed,
        limit=options.limit,
        device=options.device,
        workers=options.workers,
        scheduler=options.scheduler,
        progress=_progress if sys.stderr.isatty() else None,
    )
    for note in report.notes:
        print(f"scribbleprompt: {note}", file=sys.stderr)  # noqa: T201  # a command talks on its streams
    _tell(report, options)


def _compare(options: argparse.Namespace) -> None:
    _claim(options)
    runs: dict[str, list[str]] = {}
    for text in options.runs:
        name, equals, folder = text.partition("=")
        runs.setdefault(name, []).append(folder if equals else text)
    _tell(compare(runs), options)


def _claim(options: argparse.Namespace) -> None:
    """Make the folder of --out before hours of predictions, not after them."""
    if options.out:
        Path(options.out).mkdir(parents=True, exist_ok=True)


def _tell(result: Any, options: argparse.Namespace) -> None:
    """A result to --out, and to stdout: JSON, or the tables, or the files that hold them."""
    files = result.save(options.out) if options.out else []
    if options.json:
        text = json.dumps(result.to_dict(), indent=2, allow_nan=False)
    else:
        text = "\n".join(map(str, files)) or result.to_markdown().rstrip()
    print(text)  # noqa: T201  # a command talks on its streams


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} cases", end=end, file=sys.stderr, flush=True)  # noqa: T201  # a command talks on its streams
