"""Train and measure the recipes of ``ablations.yaml``, a few seeds each, and write the tables.

    python scripts/ablations.py --data FOLDER --people MEDSCRIBBLE --out runs/ablations --report docs/ablations.md

FOLDER is training data (docs/training_data.md) together with the held-out sets that the shipped configuration
``ablation`` names: what it excludes from training and measures on. Started again with the same words after a kill, it
goes on where it was; the report is written anew after every recipe. Any recipe can be run by itself, too:

    scribbleprompt train ablation data.superpixel_probability=0 seed=1 --data FOLDER --out DIR
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scribbleprompt_widget.evaluation import compare, evaluate
from scribbleprompt_widget.evaluation.report import PREDICTIONS_FILE, interval_text, markdown_table
from scribbleprompt_widget.evaluation.statistics import CONFIDENCE
from scribbleprompt_widget.training.config import TrainingConfig, read_config
from scribbleprompt_widget.training.layout import data_sets
from scribbleprompt_widget.training.log import STEPS
from scribbleprompt_widget.training.loop import WEIGHTS, train

PLAN = Path(__file__).with_suffix(".yaml")
BASE = "ablation"
SETTINGS = "settings.json"
HELD_OUT, PEOPLE = "held_out", "people"
"""Folders of the two evaluations in a run's folder."""


@dataclass(frozen=True)
class Settings:
    """What all runs have in common; kept in the output folder, which holds runs of one kind only."""

    data: str
    people: str | None
    seeds: int
    protocols: tuple[str, ...]
    rounds: int
    limit: int | None
    changes: tuple[str, ...]
    """To the base, for all recipes."""

    def config(self, recipe: Sequence[str], seed: int) -> TrainingConfig:
        """The run of one seed: with as many predictions as the base makes, so that fewer rounds see more samples."""
        base = [f"data.root={self.data}", f"seed={seed}", *self.changes]
        whole, config = read_config(BASE, base), read_config(BASE, [*base, *recipe])
        return dataclasses.replace(config, steps=whole.steps * whole.rounds // config.rounds)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, do what is left to do, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="training data, the held-out sets among them")
    parser.add_argument("--people", help="people's scribbles in MedScribble's layout, to measure on")
    parser.add_argument("--out", type=Path, required=True, help="a folder for all runs")
    parser.add_argument("--report", type=Path, help="the Markdown file to write (default: ablations.md in --out)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each recipe (default: %(default)s)")
    parser.add_argument(
        "--protocol", action="append", help="of simulated prompts (default: center_clicks, line_scribbles)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of these (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=5, help="images of each held-out set (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    parser.add_argument("--plan", type=Path, default=PLAN, help="recipes and questions (default: %(default)s)")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes to the base, as in steps=100")
    chosen = parser.parse_args(arguments)
    plan = yaml.safe_load(chosen.plan.read_text(encoding="utf-8"))
    protocols = tuple(chosen.protocol or ("center_clicks", "line_scribbles"))
    settings = Settings(
        chosen.data, chosen.people, chosen.seeds, protocols, chosen.rounds, chosen.limit, tuple(chosen.changes)
    )
    claim(chosen.out, settings, plan)
    # Seeds outside, so that an early look at the report compares all recipes.
    for seed in range(settings.seeds):
        for name, recipe in plan["recipes"].items():
            run(chosen.out / slug(name) / str(seed), settings, recipe, seed, chosen.device)
            report(chosen.report or chosen.out / "ablations.md", chosen.out, settings, plan)


def claim(out: Path, settings: Settings, plan: dict[str, Any]) -> None:
    """Keep the settings in the folder; refuse one with runs of others."""
    kept = json.loads(json.dumps({**vars(settings), "recipes": plan["recipes"]}))
    out.mkdir(parents=True, exist_ok=True)
    path = out / SETTINGS
    if path.is_file() and (found := json.loads(path.read_text(encoding="utf-8"))) != kept:
        changed = ", ".join(key for key, value in kept.items() if found.get(key) != value)
        raise SystemExit(f"{out} holds runs of other settings: {changed} differ")
    path.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def run(folder: Path, settings: Settings, recipe: Sequence[str], seed: int, device: str) -> None:
    """Train and measure one seed of a recipe, as far as that has not been done."""
    config = settings.config(recipe, seed)
    sets = [name for name in config.validation.sets if name in data_sets(settings.data)]
    if not sets:
        raise SystemExit(f"{settings.data} has none of the sets to measure on: {', '.join(config.validation.sets)}")
    weights = folder / WEIGHTS
    # What has been measured has been trained to its end; asking the run itself would mean reading all data again.
    if not (folder / HELD_OUT / PREDICTIONS_FILE).is_file():
        train(config, folder, device=device)
    paths = [found for name in sets for found in (Path(settings.data) / name, Path(settings.data) / f"{name}.npz")]
    measure(folder / HELD_OUT, weights, [path for path in paths if path.exists()], settings)
    if settings.people is not None:
        measure(folder / PEOPLE, weights, [Path(settings.people)], settings)


def measure(folder: Path, weights: Path, data: Sequence[Path], settings: Settings) -> None:
    """Evaluate into a folder, unless it holds an evaluation."""
    if (folder / PREDICTIONS_FILE).is_file():
        return
    protocols = ("human",) if folder.name == PEOPLE else settings.protocols
    # People have drawn on few images: all of them count.
    limit = None if folder.name == PEOPLE else settings.limit
    found = evaluate({"network": weights}, data, protocols, rounds=settings.rounds, limit=limit)
    whole = folder.with_name(f".{folder.name}")
    found.save(whole)
    whole.replace(folder)


def report(path: Path, out: Path, settings: Settings, plan: dict[str, Any]) -> None:
    """Write the tables of what has been measured so far."""
    parts = [f"# Ablations\n\n{introduction(settings)}"]
    for question, variants in plan["questions"].items():
        tables = [table(out, variants, where) for where in (HELD_OUT, PEOPLE)]
        costs = markdown_table(["", "runs", "steps", "minutes a run"], [cost(out, *item) for item in variants.items()])
        parts.append("\n\n".join([f"## {question}", *(one for one in tables if one), costs]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def introduction(settings: Settings) -> str:
    """How the tables came about, and how to read them."""
    config = settings.config([], 0)
    people = ", and people's own scribbles (MedScribble, all of an annotator at once)" if settings.people else ""
    changed = f", with {', '.join(settings.changes)}" if settings.changes else ""
    return (
        "Small networks, trained for minutes: what helps early, which need not be what helps in the end. Each recipe "
        f"is the shipped configuration `{BASE}`{changed} but for what its line says: {config.steps} steps of "
        f"{config.sizes[0].batch} samples and {config.rounds} rounds. Measured on data sets that were never trained "
        f"on, after {settings.rounds} simulated prompts{people}.\n\n"
        f"Dice, in brackets {CONFIDENCE:.0%} bootstrap intervals over images and sets, of the mean of "
        f"{settings.seeds} seeds; ± is the standard deviation between seeds. A gain is over the first line, paired by "
        "image: an interval without 0 tells of a difference on such sets, for these seeds.\n\n"
        "Made by `python scripts/ablations.py` from `scripts/ablations.yaml`; started again, it goes on where it was."
    )


def table(out: Path, variants: dict[str, str], where: str) -> str:
    """Dice of a question's variants on one kind of data; empty where nothing has been measured."""
    runs = {says: measured(out, name, where) for name, says in variants.items()}
    runs = {says: folders for says, folders in runs.items() if folders}
    if not runs:
        return ""
    frame = compare(runs).table
    frame = frame[(frame["metric"] == "dice") & (frame["group"] == "all")]
    protocols = list(frame["protocol"].unique())
    rows = []
    for says in runs:
        found = {row["protocol"]: row for row in frame[frame["run"] == says].to_dict("records")}
        rows.append([says, *(cell for name in protocols for cell in cells(found[name]))])
    return markdown_table(["", *(head for name in protocols for head in (name.replace("_", " "), "gain"))], rows)


def cells(row: dict[str, Any]) -> tuple[str, str]:
    """Dice and gain of a row."""
    spread = f" ± {row['spread']:.3f}" if row["runs"] > 1 else ""
    return (
        interval_text(row["mean"], row["low"], row["high"], ".3f") + spread,
        interval_text(row["gain"], row["gain_low"], row["gain_high"], "+.3f"),
    )


def cost(out: Path, name: str, says: str) -> list[str]:
    """How many runs, and the last step and the minutes of one (the median)."""
    ends = []
    for evaluation in measured(out, name, HELD_OUT):
        with (evaluation.parent / STEPS).open(encoding="utf-8", newline="") as file:
            last = list(csv.DictReader(file))[-1]
        ends.append((int(last["step"]), float(last["minutes"])))
    if not ends:
        return [says, "0", "", ""]
    steps, minutes = (statistics.median(column) for column in zip(*ends, strict=True))
    return [says, str(len(ends)), f"{steps:.0f}", f"{minutes:.1f}"]


def measured(out: Path, name: str, where: str) -> list[Path]:
    """The evaluations of a recipe's seeds that are there."""
    return sorted(path.parent for path in (out / slug(name)).glob(f"*/{where}/{PREDICTIONS_FILE}"))


def slug(name: str) -> str:
    """A recipe's name as a folder's."""
    return name.replace(" ", "_")


if __name__ == "__main__":
    main()
