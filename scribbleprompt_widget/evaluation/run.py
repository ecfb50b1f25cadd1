"""`evaluate`: predictors on tasks, by protocols."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scribbleprompt_widget.evaluation.data import Case, Task, read_tasks
from scribbleprompt_widget.evaluation.parallel import Progress, compute
from scribbleprompt_widget.evaluation.protocols import HUMAN, PROTOCOLS, ROUNDS
from scribbleprompt_widget.evaluation.report import Report
from scribbleprompt_widget.extras import require
from scribbleprompt_widget.predictors.base import CpuPredictor, Predictor
from scribbleprompt_widget.predictors.registry import find_factory, load_predictor

if TYPE_CHECKING:
    from scribbleprompt_widget.evaluation.trials import Measurement

__all__ = ["PredictorLike", "evaluate"]

PredictorLike: TypeAlias = str | Path | Predictor
"""A name of the registry, the path of a checkpoint, or a predictor."""

NAMED = 5
"""How many images a note names."""


def evaluate(
    predictors: PredictorLike | Sequence[PredictorLike] | Mapping[str, PredictorLike],
    data: str | Path | Sequence[str | Path] | Sequence[Task],
    protocols: str | Sequence[str] = HUMAN,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    limit: int | None = None,
    device: str | None = None,
    modalities: Mapping[str, str] | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure predictors on tasks.

    Parameters
    ----------
    predictors
        Names that `load_predictor` knows, paths of checkpoints, or predictors; one or several. A mapping gives them
        names of its own; else a report calls them by what was given, a predictor by its `name`.
    data
        What `read_tasks` takes, or tasks that it gave.
    protocols
        "human": each person's scribbles at once, where a task has them. Simulated, one prompt a round: "center_clicks",
        "random_clicks", "line_scribbles", "centerline_scribbles", "contour_scribbles", "box_then_clicks".
    rounds
        Most rounds of a simulated protocol, >= 1; also what NoC is where Dice stays below.
    seed
        Of the simulated annotator.
    limit
        Only the first images of each task.
    device
        Where predictors that are given by name or path run: "cpu", "cuda".
    modalities
        By task; else the data say it.
    scheduler
        Address of a Dask scheduler; None: threads of this process. Figures are the same, but for seconds.
    workers
        How many threads; 1 where seconds are the question.
    progress
        Told how many of the cases (predictors x protocols x images x labels) are done.

    Returns
    -------
    Report
        Its `notes` name what was left out: images without any label, tasks without scribbles, failed predictions.

    Raises
    ------
    ValueError
        For unknown names, data of another layout, or nothing to measure.
    MissingExtraError
        When a library is missing; the message names the extra (``evaluate`` or ``scale``) that brings it.

    Examples
    --------
    >>> report = evaluate(["nearest", "random_walker"], "MedScribble/", "human")  # doctest: +SKIP
    >>> report.to_dict()["nearest"]["human"]["mean"]["dice"]  # doctest: +SKIP
    0.717
    """
    # Before hours of predictions, not after them.
    pandas, _ = require("pandas"), require("monai.metrics")
    from scribbleprompt_widget.evaluation.trials import measure  # noqa: PLC0415  # brings scipy

    chosen = [protocols] if isinstance(protocols, str) else list(protocols)
    _check(chosen, rounds, limit)
    tasks = _tasks(data, modalities)
    loaded = _loaded(predictors, device)
    cases = [case for task in tasks for case in task.cases(limit)]
    notes = [note for task in tasks for note in _left_out(task, chosen, limit)]
    if not cases:
        raise ValueError("data: no image has a label to segment")
    if HUMAN in chosen and not any(case.scribbles is not None and case.scribbles.any() for case in cases):
        raise ValueError(
            f"protocol {HUMAN} takes data with scribbles, and these have none; others: {', '.join(PROTOCOLS[1:])}"
        )

    pairs = [(name, protocol) for name in loaded for protocol in chosen]
    found = compute(
        partial(measure, rounds=rounds, seed=seed),
        [(loaded[name], protocol) for name, protocol in pairs],
        cases,
        scheduler=scheduler,
        workers=workers,
        progress=progress,
    )
    rows = [
        _row(name, protocol, case, measurement)
        for (name, protocol), by_case in zip(pairs, found, strict=True)
        for case, measurements in zip(cases, by_case, strict=True)
        for measurement in measurements
    ]
    return Report(
        pandas.DataFrame(rows),
        {name: predictor.engine for name, predictor in loaded.items()},
        (*notes, *_failures(rows)),
    )


def _check(protocols: Sequence[str], rounds: int, limit: int | None) -> None:
    if not protocols or (unknown := [name for name in protocols if name not in PROTOCOLS]):
        raise ValueError(f"protocols takes {', '.join(PROTOCOLS)}; got {', '.join(unknown) if protocols else 'none'}")
    for name, value in (("rounds", rounds), ("limit", limit)):
        if value is not None and value < 1:
            raise ValueError(f"{name} takes 1 or more, got {value}")


def _tasks(
    data: str | Path | Sequence[str | Path] | Sequence[Task], modalities: Mapping[str, str] | None
) -> list[Task]:
    tasks, paths = [], []
    for part in [data] if isinstance(data, str | Path) else data:
        if isinstance(part, Task):
            tasks.append(part)
        else:
            paths.append(part)
    return tasks + (read_tasks(paths, modalities) if paths else [])


def _loaded(
    predictors: PredictorLike | Sequence[PredictorLike] | Mapping[str, PredictorLike], device: str | None
) -> dict[str, Predictor]:
    if isinstance(predictors, Mapping):
        named = list(predictors.items())
    else:
        several = [predictors] if isinstance(predictors, str | Path | Predictor) else predictors
        named = [(one.name if isinstance(one, Predictor) else str(one), one) for one in several]
    names = [name for name, _ in named]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"predictors takes one or more, each with a name of its own (a mapping gives names); "
            f"got {', '.join(names) or 'none'}"
        )
    return {name: one if isinstance(one, Predictor) else _load(one, device) for name, one in named}


def _load(name: str | Path, device: str | None) -> Predictor:
    factory, _ = find_factory(name)
    # The report tells each predictor's engine.
    no_choice = isinstance(factory, type) and issubclass(factory, CpuPredictor)
    return load_predictor(name) if device is None or no_choice else load_predictor(name, device=device)


def _left_out(task: Task, protocols: Sequence[str], limit: int | None) -> Iterator[str]:
    if empty := task.empty_images(limit):
        yield f"{task.name}: {len(empty)} images without any label are left out: {_some(empty)}"
    if task.left_out:
        yield f"{task.name}: {len(task.left_out)} files are left out: {_some(task.left_out)}"
    if HUMAN in protocols and task.scribbles is None:
        yield f"{task.name}: has no scribbles, and is left out of {HUMAN}"


def _failures(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    failed: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["error"]:
            failed.setdefault((row["predictor"], row["error"]), []).append(f"{row['task']}/{row['name']}")
    for (predictor, error), names in failed.items():
        images = list(dict.fromkeys(names))
        yield f"{predictor}: failed on {len(images)} images, which count as Dice 0: {_some(images)}: {error}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def _row(predictor: str, protocol: str, case: Case, measurement: Measurement) -> dict[str, Any]:
    told = {"task": case.task, "modality": case.modality, "label": case.label, "image": case.image, "name": case.name}
    return {"predictor": predictor, "protocol": protocol, **told, **dataclasses.asdict(measurement)}
