"""What an evaluation found: every prediction, the means that are told of them, and the files that hold both."""

from __future__ import annotations

import math
import platform
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scribbleprompt_widget.evaluation.metrics import number_of_prompts
from scribbleprompt_widget.evaluation.protocols import HUMAN
from scribbleprompt_widget.evaluation.statistics import CONFIDENCE, estimate
from scribbleprompt_widget.extras import require

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["METRICS", "PREDICTIONS_FILE", "Report", "interval_text", "markdown_table", "task_values", "trial_figures"]

PREDICTIONS_FILE: Final = "predictions.csv"
SUMMARY_FILE: Final = "summary.csv"
REPORT_FILE: Final = "report.md"

NOC: Final = {"noc85": 0.85, "noc90": 0.90}
"""Names and thresholds of the numbers of prompts."""
METRICS: Final = {"dice": "Dice", "hd95": "HD95, px", "noc85": "NoC@85", "noc90": "NoC@90", "seconds": "s / prediction"}
"""Names in files, and as they are read."""
TRIAL: Final = ["predictor", "protocol", "task", "modality", "label", "image", "trial"]


@dataclass(frozen=True, eq=False)
class Report:
    """The result of `evaluate`.

    Attributes
    ----------
    predictions
        A data frame with a row for each prediction: predictor, protocol, task, modality, label, image (index), name,
        trial (annotator, from 0), round (from 1), dice, hd95 (pixels), seconds, error. Rows after an annotator had
        nothing more to say repeat the last figures, with seconds NaN.
    engines
        What computed, by predictor.
    notes
        What a reader has to know: images left out, predictions that failed.
    """

    predictions: pd.DataFrame
    engines: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def trials(self) -> pd.DataFrame:
        """A row for each trial: Dice and HD95 after its last round, mean seconds, NoC (NaN for people's scribbles)."""
        return trial_figures(self.predictions)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Means and their bootstrap intervals, in long form.

        Columns: predictor, protocol, level ("overall", "modality" or "task"), group (which one), metric, mean, low,
        high, tasks, cases (images times their labels).
        """
        rows = [
            (predictor, protocol, level, group, metric, *_estimated(trials, metric), *_counts(trials))
            for predictor, protocol, found in _groups(self.trials)
            for level, group, trials in _levels(found)
            for metric in METRICS
            if trials[metric].notna().any()
        ]
        columns = ["predictor", "protocol", "level", "group", "metric", "mean", "low", "high", "tasks", "cases"]
        frame: pd.DataFrame = require("pandas").DataFrame(rows, columns=columns)
        return frame

    def rounds(self, metric: str = "dice") -> pd.DataFrame:
        """The overall mean of "dice" or "hd95" after each round: predictor, protocol, round, mean, low, high."""
        rows = [
            (predictor, protocol, number, *_estimated(at_round, metric))
            for predictor, protocol, found in _groups(self.predictions)
            for number, at_round in found.groupby("round")
        ]
        frame: pd.DataFrame = require("pandas").DataFrame(
            rows, columns=["predictor", "protocol", "round", "mean", "low", "high"]
        )
        return frame

    def to_dict(self) -> dict[str, Any]:
        """What ``--json`` prints: ``{predictor: {protocol: {"mean": {...}, "tasks": {task: {"dice": ...}}}}}``.

        "mean" has dice and hd95 after the last round and seconds, over all tasks. None stands for what is not known.
        """
        result: dict[str, Any] = {}
        for predictor, protocol, trials in _groups(self.trials):
            tasks = {task: {"dice": _plain(trials[trials["task"] == task], "dice")} for task in trials["task"].unique()}
            mean = {metric: _plain(trials, metric) for metric in ("dice", "hd95", "seconds")}
            result.setdefault(predictor, {})[protocol] = {"mean": mean, "tasks": tasks}
        return result

    def to_markdown(self) -> str:
        """The tables, to read: for each protocol all predictors, overall, by modality and by task."""
        parts = ["# Evaluation", ""]
        for protocol in self.summary["protocol"].unique():
            here = self.summary[self.summary["protocol"] == protocol]
            parts += [f"## {protocol}", "", _overall_table(here), ""]
            for level in ("modality", "task"):
                if (here["level"] == level).any():
                    parts += [f"Dice by {level}:", "", _dice_table(here, level), ""]
        reading = (
            f"Means over annotators, images, labels and tasks in turn; in brackets {CONFIDENCE:.0%} bootstrap intervals"
            " (images and tasks resampled). Of several rounds Dice and HD95 are those after the last. Seconds are"
            f" wall-clock on {platform.machine()}, beside whatever else ran."
        )
        parts += [reading, "", *(f"- {name}: {engine}" for name, engine in self.engines.items())]
        if self.notes:
            parts += ["", "Notes:", "", *(f"- {note}" for note in self.notes)]
        return "\n".join(parts).rstrip() + "\n"

    def save(self, folder: str | Path) -> list[Path]:
        """Write predictions.csv, summary.csv, report.md, and dice_PROTOCOL.png for each protocol of several rounds.

        Returns
        -------
        The files; the folder is made when it is not there.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / name for name in (PREDICTIONS_FILE, SUMMARY_FILE, REPORT_FILE)]
        self.predictions.to_csv(files[0], index=False)
        self.summary.to_csv(files[1], index=False)
        pictures = self._save_figures(folder)
        shown = "".join(f"\n![Dice against rounds]({path.name})\n" for path in pictures)
        files[2].write_text(self.to_markdown() + shown, encoding="utf-8")
        return files + pictures

    def _save_figures(self, folder: Path) -> list[Path]:
        from scribbleprompt_widget.evaluation.figures import dice_figure  # noqa: PLC0415  # brings matplotlib

        files = []
        rounds = self.rounds()
        for protocol in rounds["protocol"].unique():
            here = rounds[rounds["protocol"] == protocol]
            if here["round"].max() > 1:
                files.append(folder / f"dice_{protocol}.png")
                dice_figure(here, str(protocol)).savefig(files[-1])
        return files


def trial_figures(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row for each trial, as `Report.trials`; `predictions` may have more columns than its own."""
    rows = []
    keys = [*TRIAL, *(["run"] if "run" in predictions else [])]
    for key, trial in predictions.groupby(keys, sort=False):
        dices = trial["dice"].tolist()
        noc = [
            math.nan if trial["protocol"].iat[0] == HUMAN else number_of_prompts(dices, threshold, len(dices))
            for threshold in NOC.values()
        ]
        rows.append((*key, dices[-1], trial["hd95"].iat[-1], trial["seconds"].mean(), *noc))
    frame: pd.DataFrame = require("pandas").DataFrame(rows, columns=[*keys, "dice", "hd95", "seconds", *NOC])
    return frame


def task_values(trials: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """By task, a metric's mean over annotators: images x labels, NaN where an image does not have a label."""
    return {
        str(task): found.groupby(["image", "label"])[metric].mean().unstack("label")
        for task, found in trials.groupby("task")
    }


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _groups(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for (predictor, protocol), found in frame.groupby(["predictor", "protocol"], sort=False):
        yield str(predictor), str(protocol), found


def _levels(trials: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "overall", "all", trials
    for level in ("modality", "task"):
        for group, found in trials.groupby(level):
            if group:
                yield level, str(group), found


def _estimated(trials: pd.DataFrame, metric: str) -> tuple[float, float, float]:
    found = estimate(_arrays(trials, metric))
    return found.mean, found.low, found.high


def _counts(trials: pd.DataFrame) -> tuple[int, int]:
    cases = trials[["task", "image", "label"]].drop_duplicates()
    return cases["task"].nunique(), len(cases)


def _arrays(trials: pd.DataFrame, metric: str) -> dict[str, NDArray[np.float64]]:
    return {task: frame.to_numpy(dtype=np.float64) for task, frame in task_values(trials, metric).items()}


def _plain(trials: pd.DataFrame, metric: str) -> float | None:
    mean = estimate(_arrays(trials, metric)).mean
    return float(mean) if math.isfinite(mean) else None


def _overall_table(summary: pd.DataFrame) -> str:
    overall = summary[summary["level"] == "overall"]
    shown = [metric for metric in METRICS if metric in set(overall["metric"])]
    rows = []
    for predictor, found in overall.groupby("predictor", sort=False):
        cells = {row["metric"]: _cell(row) for row in found.to_dict("records")}
        rows.append([str(predictor), *(cells.get(metric, "") for metric in shown)])
    return markdown_table(["", *(METRICS[metric] for metric in shown)], rows)


def _dice_table(summary: pd.DataFrame, level: str) -> str:
    found = summary[(summary["level"] == level) & (summary["metric"] == "dice")]
    predictors = [str(name) for name in found["predictor"].unique()]
    rows = []
    for group, of_group in found.groupby("group"):
        cells = {row["predictor"]: _cell(row) for row in of_group.to_dict("records")}
        rows.append([str(group), *(cells.get(predictor, "") for predictor in predictors)])
    return markdown_table(["", *predictors], rows)


def _cell(row: Mapping[Hashable, Any]) -> str:
    digits = {"dice": ".3f", "seconds": "#.3g"}.get(row["metric"], ".1f")
    return interval_text(row["mean"], row["low"], row["high"], digits)


def interval_text(mean: float, low: float, high: float, digits: str) -> str:
    """A mean with its interval in brackets, where it has one."""
    if math.isnan(mean):
        return ""
    return f"{mean:{digits}}" + ("" if math.isnan(low) else f" [{low:{digits}}, {high:{digits}}]")
