"""All numbers of the simulated annotator, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from torch import Tensor

__all__ = ["REFERENCE_SIDE", "HandHabits", "SimulationConfig", "scale_of"]

REFERENCE_SIDE = 128
"""Lengths in `SimulationConfig` are pixels of a square of this side, the paper's; they grow with the image."""

Kind: TypeAlias = Literal["box", "clicks", "scribbles"]
Range = tuple[float, float]
"""Lowest and highest value; drawn uniformly between them."""


@dataclass(frozen=True)
class HandHabits:
    """How people scribble: read from, and fitted to, the six development tasks of MedScribble.

    Lengths are pixels at 128x128. The brush grows with the image exactly; all else is steered on a grid whose cells are
    as many pixels wide as the image's longer side, divided by 128 and rounded, says: in a 256x256 image, twice as long.

    Parameters
    ----------
    thickness
        Width of the brush, pixels.
    wobble
        Standard deviation of the hand's unwanted turns, radians in each 3 pixels.
    spill_probability
        Share of samples whose strokes are not cut to the region.
    hug_inside
        Share of strokes inside an object that go round along its border; others follow its middle.
    hug_distance
        How far from the border such strokes keep, where there is room; in the background, too. Pixels.
    across_inside, across_background
        Share of strokes that swing from side to side: zigzags, and spikes along a border.
    hatch_share
        Share of these that lift the pen between swings.
    fill
        How far a swing goes, as a share of the way to the border.
    swing
        Distance from one swing to the next, as a share of the region's width.
    spike
        Longest swing of a stroke along a border, to either side, pixels.
    evenness
        Shortest swing, as a share of the longest in the same place.
    slant
        Tangent of the greatest angle between swings and the perpendicular to the stroke.
    free_background
        Share of strokes in the background that take no notice of the object but to keep off it: of first strokes, of
        further ones.
    free_bend
        Standard deviation of such a stroke's bend, radians in each 3 pixels.
    apart
        What of a stroke is nearer than this to an earlier one is left out; pixels.
    branched_strokes
        Strokes that count as one in a network of vessels or a crowd of small parts, and between them.
    """

    thickness: Range = (1.4, 2.5)
    wobble: float = 0.1
    spill_probability: float = 0.7
    hug_inside: float = 0.15
    hug_distance: Range = (3.0, 9.0)
    across_inside: float = 0.45
    across_background: float = 0.2
    hatch_share: float = 0.25
    fill: Range = (0.55, 0.9)
    swing: Range = (0.2, 0.6)
    spike: Range = (2.0, 6.0)
    evenness: float = 0.5
    slant: float = 0.6
    free_background: tuple[float, float] = (0.1, 0.45)
    free_bend: float = 0.03
    apart: float = 5.0
    branched_strokes: int = 3

    def __post_init__(self) -> None:
        _check(self, positive=("thickness", "swing", "spike"))


@dataclass(frozen=True)
class SimulationConfig:
    """How the simulated annotator prompts. Defaults: the paper's released configuration, and people's habits.

    Lengths are pixels at 128x128 and are scaled to the image. A range is (lowest, highest), both possible for counts.
    What makes no sense raises ValueError.

    Parameters
    ----------
    kinds
        What prompts are of: boxes (in the first round), clicks, scribbles; clicks or scribbles among them.
    positive_counts, negative_counts
        Interactions of each sign in the first round, for each kind: where clicks and scribbles come together, both draw
        a number of their own, so that (1, 3) makes 2 to 6.
    single_probability
        Share of samples that are played as people often do: they begin with one box, one click or one scribble on the
        object, and go on with one at a time.
    correction_counts
        Interactions in a later round.
    hand_probability
        Share of scribbles that are drawn as people draw them; line, centerline and contour share the rest equally.
    thickness
        Width of line, centerline and contour scribbles.
    max_length
        Longest line scribble, and what is kept of a centerline or contour scribble in its pixels at thickness 1; None:
        no bound.
    break_smoothing, break_share
        Standard deviation of the noise that breaks a scribble up, and the share of its pixels that this leaves.
    warp_smoothing, warp_magnitude
        Standard deviation of the smooth random warp, and how far it moves a point (standard deviation, each axis).
    blur_sigma, blur_kernel
        Blur whose level set is a contour scribble; the kernel's side is odd.
    shy_probability, shyness
        Share of scribbles that keep away from the region's border, and by how much; never so far that none of the
        region is left. Strokes that end where the region does would give its border away.
    hand
        The habits of those who draw by hand.
    border_distance
        Greatest distance of a border click from the region's border.
    box_jitter
        Greatest shift of each side of a box that is not tight.
    box_tight_probability
        Share of boxes that are tight.
    """

    kinds: tuple[Kind, ...] = ("box", "clicks", "scribbles")
    positive_counts: tuple[int, int] = (1, 3)
    negative_counts: tuple[int, int] = (0, 3)
    single_probability: float = 0.0
    correction_counts: tuple[int, int] = (1, 3)

    hand_probability: float = 0.5
    thickness: Range = (1.0, 3.0)
    max_length: float | None = None
    break_smoothing: Range = (4.0, 16.0)
    break_share: Range = (0.3, 1.0)
    warp_smoothing: Range = (4.0, 16.0)
    warp_magnitude: Range = (1.0, 6.0)
    blur_sigma: Range = (5.0, 20.0)
    blur_kernel: int = 33

    shy_probability: float = 0.5
    shyness: Range = (0.0, 10.0)

    border_distance: float = 4.0
    box_jitter: float = 20.0
    box_tight_probability: float = 0.5
    hand: HandHabits = field(default_factory=HandHabits)

    def __post_init__(self) -> None:
        _check(self, positive=("thickness", "break_smoothing", "warp_smoothing", "blur_sigma"))
        if set(self.kinds) - set(get_args(Kind)) or not {"clicks", "scribbles"} & set(self.kinds):
            raise ValueError(f"kinds takes some of {', '.join(get_args(Kind))}, not box alone; got {self.kinds}")
        if self.blur_kernel < 1 or self.blur_kernel % 2 == 0:
            raise ValueError(f"blur_kernel takes an odd number of pixels, got {self.blur_kernel}")
        if self.max_length is not None and self.max_length <= 0:
            raise ValueError(f"max_length takes more than 0 pixels or None, got {self.max_length}")

    @property
    def most_interactions(self) -> int:
        """The highest of all counts: no more clicks, lines or strokes are drawn in a region at once."""
        return max(self.positive_counts[1], self.negative_counts[1], self.correction_counts[1])


def scale_of(regions: Tensor) -> float:
    """Pixels of (..., H, W) to one at the reference side."""
    return max(regions.shape[-2:]) / REFERENCE_SIDE


def _check(config: Any, *, positive: tuple[str, ...]) -> None:
    """Refuse ranges that run backwards, negative numbers, and probabilities above 1."""
    for name in (one.name for one in fields(config)):
        value = getattr(config, name)
        if name == "kinds":
            continue
        numbers = value if isinstance(value, tuple) else (value,) if isinstance(value, int | float) else ()
        if any(not number >= 0 for number in numbers):
            raise ValueError(f"{name} takes numbers from 0, got {value}")
        if name in positive and not min(numbers) > 0:
            raise ValueError(f"{name} takes numbers above 0, got {value}")
        if name.endswith("probability") and max(numbers) > 1:
            raise ValueError(f"{name} takes a probability, got {value}")
        if len(numbers) == 2 and numbers[0] > numbers[1] and name != "free_background":
            raise ValueError(f"{name} takes (lowest, highest), got {value}")
