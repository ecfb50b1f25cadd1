"""One predictor, one protocol, one case: prompts and predictions in turn, each measured."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scribbleprompt_widget.evaluation.metrics import dice, hd95, worst_hd95
from scribbleprompt_widget.evaluation.protocols import Annotator, protocol_annotators
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Predictor, Session, State
from scribbleprompt_widget.prompts import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scribbleprompt_widget.evaluation.data import Case

__all__ = ["Measurement", "measure"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measurement:
    """One prediction, measured.

    Attributes
    ----------
    trial
        The annotator's number, from 0.
    round
        From 1.
    dice, hd95
        Of the mask after this round; HD95 in pixels.
    seconds
        Wall-clock time from prompts to mask; NaN where nothing was predicted (no error was left, or a failure).
    error
        What went wrong, or "".
    """

    trial: int
    round: int
    dice: float
    hd95: float
    seconds: float
    error: str = ""


def measure(predictor: Predictor, protocol: str, case: Case, rounds: int, seed: int) -> list[Measurement]:
    """Run a protocol on a case.

    Parameters
    ----------
    predictor
        It opens the image once for all trials.
    protocol
        One of `protocols.PROTOCOLS`.
    case
        What is to be segmented.
    rounds
        Most rounds; each trial of a simulated protocol has as many measurements. An annotator that has nothing more to
        say leaves the mask as it is, and the last figures stand for the remaining rounds.
    seed
        Of the simulated annotator.

    Returns
    -------
    Measurements in order. A prediction that fails (an exception, logits that are not finite, a mask of another shape)
    counts as an empty mask from its round on: Dice 0, HD95 the image's diagonal. `Measurement.error` says why.
    """
    annotators = protocol_annotators(protocol, case, seed)
    try:
        session: Session | Exception = predictor.open(Image.of(case.pixels))
    except Exception as error:  # noqa: BLE001  # whatever a predictor raises is its failure, not the evaluation's
        session = error
    found = []
    for trial, annotator in enumerate(annotators):
        count = rounds if annotator.repeats else 1
        found += _trial(session, annotator, case, trial, count)
    return found


def _trial(
    session: Session | Exception, annotator: Annotator, case: Case, trial: int, rounds: int
) -> list[Measurement]:
    prompts, state = Prompts(), None
    mask = np.zeros_like(case.truth)
    found: list[Measurement] = []
    for number in range(1, rounds + 1):
        new = annotator.next(mask, prompts)
        if not new:
            # Only after a prediction: before the first one there is always something to say.
            last = found[-1]
            found += [Measurement(trial, n, last.dice, last.hd95, math.nan) for n in range(number, rounds + 1)]
            break
        prompts += new
        try:
            mask, state, seconds = _predicted(session, prompts, state, case)
        except Exception as error:  # noqa: BLE001  # as in `measure`
            why = f"{type(error).__name__}: {error}"
            _log.warning("%s, image %s, label %d: %s", case.task, case.name, case.label, why)
            worst = worst_hd95(case.truth.shape)
            found += [Measurement(trial, n, 0.0, worst, math.nan, why) for n in range(number, rounds + 1)]
            break
        found.append(Measurement(trial, number, dice(mask, case.truth), hd95(mask, case.truth), seconds))
    return found


def _predicted(
    session: Session | Exception, prompts: Prompts, state: State | None, case: Case
) -> tuple[NDArray[np.bool_], State, float]:
    if isinstance(session, Exception):
        raise session
    started = time.perf_counter()
    prediction = session.predict(prompts, mask_input=state)
    mask = prediction.mask
    seconds = time.perf_counter() - started
    if mask.shape != case.truth.shape:
        raise ValueError(f"the mask has shape {mask.shape}, the image {case.truth.shape}")
    if not np.isfinite(prediction.logits).all():
        raise ValueError("the logits are not finite")
    return mask, prediction.state, seconds
