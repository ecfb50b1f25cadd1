"""`scribbleprompt train`: a command line to a run."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from scribbleprompt_widget.extras import require

__all__ = ["add_parsers"]


def add_parsers(commands: Any) -> None:
    """Add the command to the subparsers of an `argparse` parser; it sets `run`, which takes the parsed options."""
    parser = commands.add_parser(
        "train",
        help="train a network against the simulated annotator",
        description="Train a network against the simulated annotator. A run that was killed goes on with --resume DIR, "
        "or with the same command again. Under torchrun, several processes train together.",
        epilog="example: scribbleprompt train cpu --data tasks --out run --minutes 60 optimisation.rate=1e-3",
    )
    parser.set_defaults(run=_train)
    parser.add_argument(
        "config", nargs="?", metavar="CONFIG", help="smoke, cpu, gpu, default, paper, ablation, or a YAML file"
    )
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes, as in optimisation.rate=1e-3")
    parser.add_argument("--out", metavar="DIR", help="the run's folder: checkpoint, logs, weights.safetensors")
    parser.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    parser.add_argument("--data", metavar="DIR", help="folder of tasks; without it, synthetic images alone")
    parser.add_argument("--people", metavar="DIR", help="folder with people's scribbles, to measure on, never to train")
    parser.add_argument("--minutes", type=float, metavar="N", help="time budget; the schedule fits itself to it")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: %(default)s)")


def _train(options: argparse.Namespace) -> None:
    started = [name for name in ("config", "out", "data", "minutes") if getattr(options, name) is not None]
    if options.resume is not None and (started or options.changes):
        raise ValueError("train takes --resume DIR alone, or CONFIG --out DIR: a run keeps its configuration")
    if options.resume is None and (options.config is None or options.out is None):
        raise ValueError("train takes CONFIG and --out DIR, or --resume DIR")
    config, loop = (require(f"scribbleprompt_widget.training.{name}") for name in ("config", "loop"))
    keywords = {"people": options.people, "device": options.device}
    try:
        if options.resume is not None:
            weights = loop.resume(options.resume, **keywords)
        else:
            run = config.read_config(options.config, options.changes)
            if options.data is not None:
                # In full: it may be resumed from elsewhere.
                run = replace(run, data=replace(run.data, root=Path(options.data).absolute()))
            if options.minutes is not None:
                run = replace(run, minutes=options.minutes)
            weights = loop.train(run, options.out, **keywords)
    except KeyboardInterrupt:
        folder = Path(options.resume or options.out)
        begun = (folder / loop.CONFIG).is_file()
        # Told by the command line: an interrupt is no error of anybody's.
        raise KeyboardInterrupt(f"; go on with: scribbleprompt train --resume {folder}" if begun else "") from None
    print(weights)  # noqa: T201  # a command talks on its streams
