"""Who prompts, and how: people's recorded scribbles, or a simulated annotator that corrects round after round.

A simulated annotator gives one prompt a round. It looks at the errors, missed object and what was wrongly taken for it,
and prompts in the largest connected one (pixels that touch by sides or corners; of equal ones the missed comes first).
Before the first round nothing is predicted, so that the first prompt is on the object. It never clicks a pixel twice,
and stops when there is no error left to prompt on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from scipy import ndimage

from scribbleprompt_widget.prompts import Box, Click, Prompt, Prompts, Scribble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scribbleprompt_widget.evaluation.data import Case
    from scribbleprompt_widget.simulation.draws import Draws

    Bools = NDArray[np.bool_]

__all__ = ["HUMAN", "PROTOCOLS", "ROUNDS", "Annotator", "protocol_annotators"]

HUMAN: Final = "human"
"""Everything that one person drew, at once; each person is a trial of their own."""
ROUNDS: Final = 20
"""Most rounds of a simulated annotator, as in the literature on interactive segmentation."""
TOUCHING: Final = np.ones((3, 3), dtype=np.bool_)


class Errors(NamedTuple):
    """Where a prediction is wrong, without the pixels that were clicked before; each (H, W) bool."""

    missed: Bools
    wrong: Bools

    def largest(self) -> tuple[Bools, bool]:
        """The largest connected part, (H, W) bool, and whether it is missed object."""
        parts = []
        for region in self:
            labels, count = ndimage.label(region, TOUCHING)
            sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
            parts.append((int(sizes.max()), labels == 1 + int(sizes.argmax())) if count else (0, region))
        (missed_size, missed), (wrong_size, wrong) = parts
        return (missed, True) if missed_size >= wrong_size else (wrong, False)


Correction: TypeAlias = "Callable[[Errors, Draws], Prompt]"


class Annotator(ABC):
    """Gives the prompts of one trial.

    Attributes
    ----------
    repeats
        Whether there are rounds after the first.
    """

    repeats = True

    @abstractmethod
    def next(self, predicted: Bools, earlier: Prompts) -> Prompts:
        """New prompts on seeing a prediction.

        Parameters
        ----------
        predicted
            (H, W) bool; all False before the first round.
        earlier
            All prompts given so far.

        Returns
        -------
        Prompts
            Empty when there is nothing more to say.
        """


@dataclass(frozen=True, eq=False)
class RecordedAnnotator(Annotator):
    """A person's scribbles, (2, H, W): all in the first round, and then nothing."""

    scribbles: NDArray[Any]
    repeats = False

    def next(self, predicted: Bools, earlier: Prompts) -> Prompts:  # noqa: ARG002  # was drawn without a prediction
        if earlier:
            return Prompts()
        # The positive last: it holds where the two meet, as with simulated prompts.
        signs = ((self.scribbles[1], False), (self.scribbles[0], True))
        return Prompts([Scribble(raster=drawn != 0, positive=positive) for drawn, positive in signs if drawn.any()])


@dataclass(frozen=True, eq=False)
class SimulatedAnnotator(Annotator):
    """One prompt a round: `first`, then `correct`. What it draws follows from `draws` and the round alone."""

    truth: Bools
    draws: Draws
    correct: Correction
    first: Correction

    def next(self, predicted: Bools, earlier: Prompts) -> Prompts:
        fresh = np.ones_like(self.truth)
        for prompt in earlier:
            if isinstance(prompt, Click):
                fresh[int(prompt.y), int(prompt.x)] = False
        errors = Errors(self.truth & ~predicted & fresh, predicted & ~self.truth & fresh)
        if not (errors.missed.any() or errors.wrong.any()):
            return Prompts()
        draw = self.correct if earlier else self.first
        return Prompts([draw(errors, self.draws.fork("round", len(earlier)))])


def protocol_annotators(protocol: str, case: Case, seed: int) -> Sequence[Annotator]:
    """The annotators of one case: each makes a trial.

    Parameters
    ----------
    protocol
        One of `PROTOCOLS`.
    case
        What is to be segmented.
    seed
        Same seed, same prompts, wherever and beside whatever they are drawn.

    Returns
    -------
    One simulated annotator; or the people who drew something on the case, none where nobody did.
    """
    if protocol == HUMAN:
        return [] if case.scribbles is None else [RecordedAnnotator(drawn) for drawn in case.scribbles if drawn.any()]
    import torch  # noqa: PLC0415  # only simulations need it

    from scribbleprompt_widget.simulation.draws import Draws  # noqa: PLC0415  # brings torch

    draws = Draws(torch.tensor([seed])).fork(protocol, case.task, case.label, case.image)
    correct = _CORRECTIONS[protocol]
    return [SimulatedAnnotator(case.truth, draws, correct, box_around if protocol == BOX_FIRST else correct)]


def center_click(errors: Errors, draws: Draws) -> Prompt:  # noqa: ARG001  # there is one centre
    """A click in the largest error, on the pixel that is farthest from all that is outside it, the border included."""
    region, positive = errors.largest()
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return Click(int(x), int(y), positive)


def random_click(errors: Errors, draws: Draws) -> Prompt:
    """A click anywhere in the errors, each pixel equally likely."""
    pixels = np.argwhere(errors.missed | errors.wrong)
    y, x = pixels[int(draws.integers(0, len(pixels)))].tolist()
    return Click(x, y, bool(errors.missed[y, x]))


def box_around(errors: Errors, draws: Draws) -> Prompt:  # noqa: ARG001  # there is one tight box
    """The tight box around the missed object: before the first round, around all of it."""
    rows, columns = np.nonzero(errors.missed)
    return Box(columns.min(), rows.min(), columns.max(), rows.max())


def _scribbler(name: str) -> Correction:
    def scribble(errors: Errors, draws: Draws) -> Prompt:
        import torch  # noqa: PLC0415  # only simulated scribbles need it

        from scribbleprompt_widget.simulation import scribbles  # noqa: PLC0415  # likewise
        from scribbleprompt_widget.simulation.config import SimulationConfig  # noqa: PLC0415  # likewise

        region, positive = errors.largest()
        drawn = getattr(scribbles, name)(torch.from_numpy(region)[None, None], draws, SimulationConfig())
        return Scribble(raster=drawn[0, 0].numpy(), positive=positive)

    return scribble


BOX_FIRST: Final = "box_then_clicks"
_CORRECTIONS: Final[dict[str, Correction]] = {
    "center_clicks": center_click,
    "random_clicks": random_click,
    "line_scribbles": _scribbler("line_scribbles"),
    "centerline_scribbles": _scribbler("centerline_scribbles"),
    "contour_scribbles": _scribbler("contour_scribbles"),
    BOX_FIRST: center_click,
}
PROTOCOLS: Final = (HUMAN, *_CORRECTIONS)
"""The names that `evaluate` takes."""
