"""`compare`: saved evaluations side by side, repeats of one training (seeds) taken together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scribbleprompt_widget.evaluation.report import (
    METRICS,
    PREDICTIONS_FILE,
    interval_text,
    markdown_table,
    task_values,
    trial_figures,
)
from scribbleprompt_widget.evaluation.statistics import CONFIDENCE, Estimate, difference, estimate
from scribbleprompt_widget.extras import require

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of `compare`.

    Attributes
    ----------
    table
        A data frame in long form, a row for each protocol, run, metric and group: protocol, run, metric, group ("all"
        or a task), runs (how many repeats), mean, low, high; spread, the standard deviation between repeats (NaN of
        one); gain, gain_low, gain_high: the difference to the first run on the cases that both have, and its paired
        interval.
    """

    table: pd.DataFrame

    def to_markdown(self) -> str:
        """For each protocol: overall Dice, the difference to the first run, the other metrics, and Dice by task."""
        parts = ["# Comparison", ""]
        for protocol in self.table["protocol"].unique():
            here = self.table[self.table["protocol"] == protocol]
            parts += [f"## {protocol}", "", _markdown(here), ""]
        first = self.table["run"].iat[0]
        parts.append(
            f"In brackets {CONFIDENCE:.0%} bootstrap intervals over images and tasks; the gain is over {first}, "
            "paired by image. ± is the standard deviation between repeats."
        )
        return "\n".join(parts) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """``{run: {protocol: {"mean": {metric: ...}, "tasks": {task: {"dice": ...}}}}}``, as `Report.to_dict`."""
        result: dict[str, Any] = {}
        for row in self.table.to_dict("records"):
            found = result.setdefault(row["run"], {}).setdefault(row["protocol"], {"mean": {}, "tasks": {}})
            place = found["mean"] if row["group"] == ALL else found["tasks"].setdefault(row["group"], {})
            place[row["metric"]] = row["mean"] if math.isfinite(row["mean"]) else None
        return result

    def save(self, folder: str | Path) -> list[Path]:
        """Write comparison.csv and comparison.md; the folder is made when it is not there."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / "comparison.csv", folder / "comparison.md"]
        self.table.to_csv(files[0], index=False)
        files[1].write_text(self.to_markdown(), encoding="utf-8")
        return files


ALL = "all"


def compare(runs: Mapping[str, str | Path | Sequence[str | Path]]) -> Comparison:
    """Put saved evaluations side by side.

    Parameters
    ----------
    runs
        By name, in order: a folder that `Report.save` wrote, or several, which are repeats (other seeds) of one
        training; their figures are averaged image by image. Where a folder has several predictors, each is a run
        called ``NAME: PREDICTOR``.

    Raises
    ------
    FileNotFoundError
        When a folder holds no evaluation.
    ValueError
        When there is no run, or a file is not an evaluation's.
    """
    if not runs:
        raise ValueError("runs takes one evaluation or more, got none")
    groups: dict[str, list[pd.DataFrame]] = {}
    for name, given in runs.items():
        folders = [given] if isinstance(given, str | Path) else list(given)
        read = [_read(Path(folder)) for folder in folders]
        # A predictor that is a checkpoint has another path in each repeat: one in each folder is one run.
        alone = all(frame["predictor"].nunique() == 1 for frame in read)
        for number, frame in enumerate(read):
            for predictor, found in frame.groupby("predictor", sort=False):
                key = name if alone else f"{name}: {predictor}"
                groups.setdefault(key, []).append(found.assign(predictor=key, run=number))
    pandas = require("pandas")
    trials = {name: trial_figures(pandas.concat(frames)) for name, frames in groups.items()}
    reference = next(iter(trials.values()))
    rows = [
        row
        for protocol in pandas.concat(trials.values())["protocol"].unique()
        for name, found in trials.items()
        for row in _rows(name, str(protocol), found, reference)
    ]
    return Comparison(pandas.DataFrame(rows))


def _read(folder: Path) -> pd.DataFrame:
    path = folder if folder.suffix == ".csv" else folder / PREDICTIONS_FILE
    if not path.exists():
        raise FileNotFoundError(f"{folder} holds no evaluation: {path.name} is missing (scribbleprompt evaluate --out)")
    frame: pd.DataFrame = require("pandas").read_csv(path, keep_default_na=False, na_values={"seconds": [""]})
    if missing := {"predictor", "protocol", "task", "image", "label", "trial", "round", "dice"} - set(frame.columns):
        raise ValueError(f"{path} is no evaluation: it lacks the columns {', '.join(sorted(missing))}")
    return frame


def _rows(name: str, protocol: str, trials: pd.DataFrame, reference: pd.DataFrame) -> list[dict[str, Any]]:
    here = trials[trials["protocol"] == protocol]
    there = reference[reference["protocol"] == protocol]
    rows = []
    for metric in METRICS:
        values, others = task_values(here, metric), task_values(there, metric)
        groups = {ALL: list(values), **({task: [task] for task in values} if metric == "dice" else {})}
        for group, tasks in groups.items():
            if not any(values[task].notna().any(axis=None) for task in tasks):
                continue
            mean = estimate({task: values[task].to_numpy() for task in tasks})
            gain = _gain({task: values[task] for task in tasks}, others)
            repeats = [_overall(found, metric, tasks) for _, found in here.groupby("run")]
            rows.append(
                {
                    "protocol": protocol,
                    "run": name,
                    "metric": metric,
                    "group": group,
                    "runs": len(repeats),
                    "mean": mean.mean,
                    "low": mean.low,
                    "high": mean.high,
                    "spread": float(np.std(repeats, ddof=1)) if len(repeats) > 1 else math.nan,
                    "gain": gain.mean,
                    "gain_low": gain.low,
                    "gain_high": gain.high,
                }
            )
    return rows


def _overall(trials: pd.DataFrame, metric: str, tasks: Sequence[str]) -> float:
    return estimate(
        {task: frame.to_numpy() for task, frame in task_values(trials, metric).items() if task in tasks}
    ).mean


def _gain(values: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame]) -> Estimate:
    pairs = {task: values[task].align(others[task], join="inner") for task in values if task in others}
    return difference(
        {task: one.to_numpy() for task, (one, _) in pairs.items()},
        {task: other.to_numpy() for task, (_, other) in pairs.items()},
    )


def _markdown(table: pd.DataFrame) -> str:
    tasks = list(table.loc[(table["metric"] == "dice") & (table["group"] != ALL), "group"].unique())
    metrics = [metric for metric in METRICS if metric in set(table["metric"])]
    header = ["run", "repeats", "Dice", "gain", *(METRICS[metric] for metric in metrics[1:]), *tasks]
    rows = []
    for name, found in table.groupby("run", sort=False):
        records = found.to_dict("records")
        overall = {row["metric"]: row for row in records if row["group"] == ALL}
        by_task = {row["group"]: f"{row['mean']:.3f}" for row in records if row["group"] != ALL}
        dice = overall["dice"]
        spread = "" if math.isnan(dice["spread"]) else f" ± {dice['spread']:.3f}"
        rows.append(
            [
                str(name),
                str(dice["runs"]),
                interval_text(dice["mean"], dice["low"], dice["high"], ".3f") + spread,
                interval_text(dice["gain"], dice["gain_low"], dice["gain_high"], "+.3f"),
                *(f"{overall[metric]['mean']:#.3g}" if metric in overall else "" for metric in metrics[1:]),
                *(by_task.get(task, "") for task in tasks),
            ]
        )
    return markdown_table(header, rows)
