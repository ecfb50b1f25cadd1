"""What a run writes down: two CSV files, and TensorBoard's events when it is installed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["SCORES", "STEPS", "Log"]

STEPS: Final = "steps.csv"
"""One row per step: step, minutes, loss, rate, norm."""
SCORES: Final = "scores.csv"
"""One row per measurement, set and round: step, set, round (from 1), dice."""
STEP_COLUMNS: Final = ("step", "minutes", "loss", "rate", "norm")
SCORE_COLUMNS: Final = ("step", "set", "round", "dice")


class Log:
    """The logs in a run's folder, from a step on: rows of later steps, left by a killed run, are dropped.

    Parameters
    ----------
    folder
        The run's.
    step
        Steps that the checkpoint knows of.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._files = []
        self._writers = []
        for name, columns in ((STEPS, STEP_COLUMNS), (SCORES, SCORE_COLUMNS)):
            _keep(folder / name, columns, step)
            file = (folder / name).open("a", encoding="utf-8", newline="", buffering=1)
            self._files.append(file)
            self._writers.append(csv.writer(file, lineterminator="\n"))
        self._board = _board(folder, step)
        self.flush()

    def step(self, step: int, facts: Mapping[str, float]) -> None:
        """The facts of one step."""
        self._writers[0].writerow([step, *(f"{facts[name]:.6g}" for name in STEP_COLUMNS[1:])])
        if self._board is not None:
            for name in STEP_COLUMNS[2:]:
                self._board.add_scalar(name, facts[name], step)

    def scores(self, step: int, name: str, dice: Sequence[float]) -> None:
        """Dice on one set, after each round."""
        for number, score in enumerate(dice, 1):
            self._writers[1].writerow([step, name, number, f"{score:.4f}"])
            if self._board is not None:
                self._board.add_scalar(f"dice/{name}/{number}", score, step)
        self.flush()

    def flush(self) -> None:
        """Let readers see everything so far."""
        for file in self._files:
            file.flush()
        if self._board is not None:
            self._board.flush()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()
        if self._board is not None:
            self._board.close()


def _keep(path: Path, columns: Sequence[str], step: int) -> None:
    """Drop the rows after a step: written beside the log, then renamed, so that a kill at any moment loses none."""
    rows = [columns, *_rows_until(path, step)]
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    temporary.replace(path)


def _rows_until(path: Path, step: int) -> list[list[str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    # A killed process may leave half a row; it is later than the checkpoint, which is written after a flush.
    return [row for row in rows if row and row[0].isdigit() and int(row[0]) <= step]


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  # slow, and may be missing
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
