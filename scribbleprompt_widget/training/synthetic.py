"""Synthetic images with masks, so that training can start with no data at all.

`shapes` says where the structures are; here they get greys, textures, blur, shading and noise as images of tissue have
them, and one of them, or all of one kind, becomes the target.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.fields import blur, coordinates, smooth_field
from scribbleprompt_widget.training.shapes import KINDS, OUTSIDE, STRUCTURES, TISSUES, VESSELS, Scene, draw_scene

__all__ = ["SyntheticConfig", "synthetic_images"]

_REFERENCE_SIZE = 128
# An image of few greys stays pale: stretching it would turn its grain into a storm.
_LEAST_RANGE = 0.5
# Of plain images, those whose ground is of one grey.
_EVEN_SHARE = 0.5


@dataclass(frozen=True)
class SyntheticConfig:
    """How synthetic images look, and what is the target in them. Pairs are ranges, drawn from uniformly.

    Attributes
    ----------
    contrast
        Of objects and vessels against what is around them, of either sign; the image is in [0, 1].
    texture
        Deviation of the grain in a structure.
    blur_sigma
        Pixels at 128x128.
    noise_deviation
        Of white noise.
    speckle
        Deviation of grain that grows with the grey, as in ultrasound.
    bias
        Deviation of the logarithm of a slow shading.
    speckle_probability, stripe_probability, field_probability, inversion_probability
        Share of images with speckle, with striped tissue, with a round field of view, and inverted.
    plain_probability
        Share of images without any grain, shading or noise, as drawings and masks are; half of them show objects on
        even ground.
    tissue_weight, object_weight, kind_weight, vessel_weight
        How often the target is a tissue, one object (or its core), all objects of a kind (or their cores), or the
        vessels, where the image has them.
    least_share, most_share
        How much of the image a target covers.
    """

    contrast: tuple[float, float] = (0.08, 0.45)
    texture: tuple[float, float] = (0.0, 0.08)
    blur_sigma: tuple[float, float] = (0.2, 1.4)
    noise_deviation: tuple[float, float] = (0.0, 0.08)
    speckle: tuple[float, float] = (0.05, 0.3)
    bias: tuple[float, float] = (0.0, 0.3)
    speckle_probability: float = 0.25
    stripe_probability: float = 0.2
    field_probability: float = 0.12
    inversion_probability: float = 0.2
    plain_probability: float = 0.0
    tissue_weight: float = 1.0
    object_weight: float = 2.0
    kind_weight: float = 1.0
    vessel_weight: float = 3.0
    least_share: float = 0.002
    most_share: float = 0.8

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, list | tuple):
                if len(value) != 2 or value[0] > value[1]:
                    raise ValueError(f"{name} takes a range (low, high), got {value}")
                object.__setattr__(self, name, tuple(value))
            elif name.endswith("_probability") and not 0 <= value <= 1:
                raise ValueError(f"{name} takes a probability in [0, 1], got {value}")
            elif value < 0:
                raise ValueError(f"{name} takes a number from 0 on, got {value}")


# What shares its greys and textures: the outside, each tissue, each kind, the vessels.
_CLASSES: Final = (OUTSIDE, *(slice(n, n + 1) for n in range(TISSUES.start, TISSUES.stop)), *KINDS, VESSELS)
_FIRST_KIND: Final = 1 + TISSUES.stop - TISSUES.start
_CLASS_OF: Final = [place for place, numbers in enumerate(_CLASSES) for _ in range(numbers.start, numbers.stop)]
# What can be a target: each structure by itself, and all of a kind.
_SINGLE: Final = [slice(n, n + 1) for n in range(1, STRUCTURES)]
_TARGETS: Final = [*_SINGLE, *KINDS]


def synthetic_images(draws: Draws, size: int, config: SyntheticConfig = SyntheticConfig()) -> tuple[Tensor, Tensor]:
    """Make images and masks.

    Parameters
    ----------
    draws
        One seed per sample.
    size
        Side S of the images, pixels.

    Returns
    -------
    images
        (B, 1, S, S) float32 in [0, 1].
    masks
        (B, 1, S, S) bool, none of them empty.
    """
    scene = draw_scene(draws.fork("scene"), size)
    masks = _target(scene.numbers, draws.fork("target"), config)
    unit = draws.fork("plain").uniform(2)
    plain = unit[:, 0] < config.plain_probability
    values = _paint(scene, draws.fork("paint"), config, plain, plain & (unit[:, 1] < _EVEN_SHARE))
    return _expose(values, draws.fork("expose"), config, plain), masks


def _target(numbers: Tensor, draws: Draws, config: SyntheticConfig) -> Tensor:
    """The mask (B, 1, S, S) of one of the structures that are large enough, or of all of a kind."""
    flat = numbers.flatten(1)
    areas = torch.zeros(len(flat), STRUCTURES + 1, device=flat.device)
    areas.scatter_add_(1, flat + 1, torch.ones((), device=flat.device).expand(flat.shape))
    below = areas.cumsum(dim=1)
    low, high = _bounds(flat.device)
    share = (below[:, high] - below[:, low]) / flat.shape[1]
    fits = (share >= config.least_share) & (share <= config.most_share)
    # The largest of log(weight) + Gumbel noise is a draw in proportion to the weights.
    gumbel = -torch.log(-torch.log(draws.uniform(len(_TARGETS)).clamp(1e-6, 1 - 1e-6)))
    score = torch.where(fits, _weights(config, flat.device).log() + gumbel, -math.inf)
    # Where nothing fits, the largest structure that is not everything.
    spare = torch.where(share < 0.95, share - 1e6, -math.inf)
    score = torch.where(fits.any(dim=1, keepdim=True), score, spare)
    chosen = score.argmax(dim=1)
    first, last = low[chosen][:, None, None], high[chosen][:, None, None]
    return ((numbers >= first) & (numbers < last))[:, None]


# Tables are sent to a device once: each time, a GPU would be waited for.


@functools.lru_cache(maxsize=16)
def _bounds(device: torch.device) -> tuple[Tensor, Tensor]:
    """The structures of each target, first <= n < last: two (targets,) int64."""
    first = torch.tensor([span.start for span in _TARGETS], device=device)
    return first, torch.tensor([span.stop for span in _TARGETS], device=device)


@functools.lru_cache(maxsize=16)
def _weights(config: SyntheticConfig, device: torch.device) -> Tensor:
    """How often each target is drawn, relative to the others, (targets,) float32."""
    # Several objects share the weight of one; a kind with one visible object is that object.
    weights = torch.zeros(len(_TARGETS))
    weights[TISSUES.start - 1 : TISSUES.stop - 1] = config.tissue_weight / 2
    weights[KINDS[0].start - 1 : KINDS[-1].stop - 1] = config.object_weight / 6
    weights[VESSELS.start - 1] = config.vessel_weight
    weights[len(_SINGLE) :] = config.kind_weight / 2
    return weights.to(device)


@functools.lru_cache(maxsize=16)
def _class_of(device: torch.device) -> Tensor:
    """The number in `_CLASSES` of each structure, (structures,) int64."""
    return torch.tensor(_CLASS_OF, device=device)


def _paint(scene: Scene, draws: Draws, config: SyntheticConfig, plain: Tensor, even: Tensor) -> Tensor:
    """Greys and textures of the structures, (B, 1, S, S); no textures where `plain` (B,), one ground where `even`."""
    grainy = (~plain).float()[:, None]
    count, size = len(scene.numbers), scene.numbers.shape[-1]
    class_of = _class_of(draws.device)
    tissues = TISSUES.stop - TISSUES.start
    # Tissues differ: equal steps in a random order, over more or less of the range.
    order = draws.uniform(tissues).argsort(dim=1)
    spread = 0.2 + 0.6 * draws.uniform(1)
    steps = 0.15 + 0.7 * (draws.uniform(1) * (1 - spread) + spread * (order + 0.8 * draws.uniform(tissues)) / tissues)
    outside = 0.06 * draws.uniform(1)
    kinds = len(_CLASSES) - _FIRST_KIND
    sign = torch.where(draws.uniform(kinds) < 0.5, -1.0, 1.0)
    delta = sign * (config.contrast[0] + (config.contrast[1] - config.contrast[0]) * draws.uniform(kinds))
    # A core differs from its own ring.
    delta[:, 2:4] += delta[:, 0:2]

    def spread_out(by_class: Tensor) -> Tensor:
        """(B, classes) to (B, S, S), for the structure that is seen."""
        return by_class[:, class_of].gather(1, scene.numbers.flatten(1)).view(count, size, size)

    ground_levels = torch.cat([outside, steps], dim=1)
    ground = ground_levels.gather(1, scene.ground.flatten(1)).view(count, size, size)
    zero = torch.zeros(count, _FIRST_KIND, device=draws.device)
    contrast = spread_out(torch.cat([zero, delta], dim=1))
    # Opaque objects hide what is under them, others tint it.
    opacity = spread_out(torch.cat([zero, draws.uniform(kinds) ** 2], dim=1))
    average = steps.mean(dim=1)[:, None, None]
    ground = torch.where(even[:, None, None], average, ground)
    values = ground + contrast + opacity * (average - ground)
    # Middles are brighter or darker than borders, as a sphere or a membrane is.
    shade = spread_out(torch.cat([zero, 0.3 * draws.normal(kinds) * grainy], dim=1))
    values = values + shade * (scene.depth - 0.3).clamp(min=0)
    # Darker than black is bright: what is darker than a black ground is seen all the same.
    values = values.abs()

    low, high = config.texture
    # Most images are smooth; in one image, structures differ in how coarse they are.
    amplitude = low + (high - low) * draws.uniform(3, 1) * draws.uniform(3, len(_CLASSES))
    amplitude[:, :, 0] *= 0.2
    striped = draws.uniform(2)
    amplitude[:, 2] *= (striped[:, :1] < config.stripe_probability).float() * 2
    amplitude *= grainy[:, :, None]
    middling = smooth_field(draws.fork("middling"), size, 16)[:, 0]
    grain = smooth_field(draws.fork("grain"), size, size // 3)[:, 0]
    values = values + spread_out(amplitude[:, 0]) * grain + spread_out(amplitude[:, 1]) * middling
    x, y = coordinates(size, draws.device)
    angle, frequency = 2 * math.pi * draws.uniform(1, 1), 8 + 30 * striped[:, 1:, None]
    waves = torch.sin((x * torch.cos(angle) + y * torch.sin(angle)) * frequency + 1.5 * middling)
    return (values + spread_out(amplitude[:, 2]) * waves)[:, None]


def _expose(values: Tensor, draws: Draws, config: SyntheticConfig, plain: Tensor) -> Tensor:
    """What a scanner or a camera does: blur, shading, speckle, noise, field of view. (B, 1, S, S) in [0, 1].

    Where `plain` (B,), no shading, speckle or noise.
    """
    size = values.shape[-1]
    grainy = (~plain).float()[:, None, None, None]
    unit = draws.uniform(16)[:, :, None, None, None]

    def between(column: int, bounds: tuple[float, float]) -> Tensor:
        return bounds[0] + (bounds[1] - bounds[0]) * unit[:, column]

    scale = size / _REFERENCE_SIZE
    values = blur(values, (between(0, config.blur_sigma) * scale).flatten(), radius=max(1, round(3 * scale)))
    values = values * (grainy * between(1, config.bias) * smooth_field(draws.fork("bias"), size, 2)).exp()
    low, high = values.amin(dim=(2, 3), keepdim=True), values.amax(dim=(2, 3), keepdim=True)
    values = (values - low) / (high - low).clamp(min=_LEAST_RANGE)
    x, y = coordinates(size, draws.device)
    speckles = grainy * (unit[:, 2] < config.speckle_probability) * between(3, config.speckle)
    values = values * (1 + speckles * smooth_field(draws.fork("speckle"), size, size // 2)).clamp(min=0)
    white = draws.fork("white").normal(1, size, size)
    values = values + grainy * between(4, config.noise_deviation) * white
    values = values.clamp(0, 1) ** torch.exp(0.5 * (2 * unit[:, 5] - 1))
    values = torch.where(unit[:, 6] < config.inversion_probability, 1 - values, values)
    centre_x, centre_y, radius = 0.2 * unit[:, 7] - 0.1, 0.2 * unit[:, 8] - 0.1, 0.85 + 0.2 * unit[:, 9]
    beyond = (x - centre_x) ** 2 + (y - centre_y) ** 2 > radius**2
    return values.masked_fill((unit[:, 10] < config.field_probability) & beyond, 0)
