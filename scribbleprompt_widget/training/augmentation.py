"""Augmentation of a batch in torch: one resampling for all that moves pixels, then what changes their values.

Every number follows from its sample's own seed, so that a sample does not depend on its neighbours, on the batch's size
or on the device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.fields import blur, coordinates, smooth_field

__all__ = ["NO_AUGMENTATION", "AugmentationConfig", "augment"]

# Lengths in pixels are those of the paper's training resolution, and grow with the resolution.
_REFERENCE_SIZE = 128
# How far from the middle of a crop, in half sides, the pixel of the object lies that it is cut around.
_CROP_JITTER = 0.8
# A view that shows almost nothing else leaves no background to mark.
_MOST_SHARE = 0.95
# From so many pixels of an image to one that is drawn on, bilinear sampling leaves some out.
_LEAVING_OUT = 2.0
# In pixels of an image: a half, and one more that averaging mixes with what is beside it. In [-1, 1], twice as much.
_SEAM = 2 * 1.5
# Grey values of padding that is not black lie in this range.
_FILL_RANGE = (0.0, 1.0)
_SHARPNESS_KERNEL_SUM, _SHARPNESS_CENTRE = 13.0, 5.0


@dataclass(frozen=True)
class AugmentationConfig:
    """What is done to an image and its mask, how often and how strongly.

    The first block is the paper's release (``configs/train_unet.yaml`` of halleewong/ScribblePrompt), the second is
    what this project adds; the configuration "paper" has the first block alone, with the paper's sharpness (up to 5: it
    turns the grain of tissue and of noise into black and white). A name with `_probability` is the share
    of samples that it happens to; pairs are ranges, drawn from uniformly unless said otherwise.

    Attributes
    ----------
    affine_probability, rotation, scale, translation
        Rotation in degrees; scale of the object; translation at most, as a share of the side, along both axes.
    brightness_contrast_probability, brightness, contrast
        Added to the image, which is in [0, 1]; multiplied with it.
    blur_probability, blur_sigma
        In pixels at 128x128.
    noise_probability, noise_mean, noise_deviation
        Of Gaussian noise that is added.
    elastic_probability, elastic_strength, elastic_sigma
        A smooth deformation: displacement of white noise in [-1, 1], blurred by sigma (pixels at 128x128), times the
        strength in half sides.
    sharpness_probability, sharpness
        0 is smooth, 1 as it was, more is sharper.
    flip_probability
        Along each axis.
    crop_probability, least_crop
        A square inside what the image shows (without padding), with a pixel of the object in it, shown at full size.
        Its side is drawn log-uniformly from `least_crop`, as a share of the image's side, to all of it: resolution has
        to follow the object, and padding must not become a cue.
    gamma_probability, gamma
        Exponent, drawn log-uniformly.
    inversion_probability
        White becomes black.
    fill_probability
        Padding takes a random grey instead of black.
    repeat_probability, repeats, repeat_one
        The image is seen from farther away, with mirrored copies of itself around it: few objects become many alike.
        How much farther, drawn log-uniformly: so many images fit along a side. And in which share of them the object of
        the image itself is the target, instead of all: prompts tell the two apart.
    overlay_probability, overlay_strength
        Another view of the same image shows through, as what lies in front and behind does in a projection (X-rays,
        OCT angiography). At this strength: 0 is none of it, 1 nothing else.
    least_share
        Where less of the view than this is object, the view is given up for the whole image.
    """

    affine_probability: float = 0.5
    rotation: tuple[float, float] = (0.0, 360.0)
    scale: tuple[float, float] = (0.8, 1.1)
    translation: float = 0.2
    brightness_contrast_probability: float = 0.5
    brightness: tuple[float, float] = (-0.1, 0.1)
    contrast: tuple[float, float] = (0.8, 1.2)
    blur_probability: float = 0.5
    blur_sigma: tuple[float, float] = (0.1, 1.1)
    noise_probability: float = 0.5
    noise_mean: tuple[float, float] = (0.0, 0.05)
    noise_deviation: tuple[float, float] = (0.0, 0.05)
    elastic_probability: float = 0.25
    elastic_strength: tuple[float, float] = (1.0, 2.0)
    elastic_sigma: float = 7.0
    sharpness_probability: float = 0.5
    sharpness: tuple[float, float] = (0.0, 3.0)
    flip_probability: float = 0.5

    crop_probability: float = 0.4
    least_crop: float = 0.25
    gamma_probability: float = 0.3
    gamma: tuple[float, float] = (0.6, 1.7)
    inversion_probability: float = 0.15
    fill_probability: float = 0.2
    repeat_probability: float = 0.0
    repeats: tuple[float, float] = (1.5, 3.5)
    repeat_one: float = 0.5
    overlay_probability: float = 0.0
    overlay_strength: tuple[float, float] = (0.15, 0.5)
    least_share: float = 0.001

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name.endswith("_probability") and not 0 <= value <= 1:
                raise ValueError(f"{name} takes a probability in [0, 1], got {value}")
            if isinstance(value, list | tuple):
                if len(value) != 2 or value[0] > value[1]:
                    raise ValueError(f"{name} takes a range (low, high), got {value}")
                object.__setattr__(self, name, tuple(value))
        if not 0 <= self.repeat_one <= 1:
            raise ValueError(f"repeat_one takes a share in [0, 1], got {self.repeat_one}")
        if self.repeats[0] < 1:
            raise ValueError(f"repeats takes a range from 1 on, got {self.repeats}")
        for name in ("scale", "gamma"):
            if getattr(self, name)[0] <= 0:
                raise ValueError(f"{name} takes a range above 0, got {getattr(self, name)}")
        if not 0 <= self.overlay_strength[0] <= self.overlay_strength[1] <= 1:
            raise ValueError(f"overlay_strength takes a range in [0, 1], got {self.overlay_strength}")
        if not 0 < self.least_crop <= 1:
            raise ValueError(f"least_crop takes a share of the side in (0, 1], got {self.least_crop}")


_never: dict[str, Any] = {one.name: 0.0 for one in fields(AugmentationConfig) if one.name.endswith("_probability")}
NO_AUGMENTATION = AugmentationConfig(**_never)
"""Images as they are, only brought to size."""


def augment(
    images: Tensor,
    masks: Tensor,
    draws: Draws,
    config: AugmentationConfig,
    *,
    size: int | None = None,
    content: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Move, deform and repaint images, and move their masks along.

    Parameters
    ----------
    images
        (B, 1, H, H): float32 in [0, 1], or uint8.
    masks
        (B, 1, H, H) bool, or {0, 1}; none of them empty.
    draws
        One seed per sample.
    size
        Side S of what is returned; H unless given. Bringing images to another size costs nothing extra here.
    content
        (B, 4) box of each image without its padding, (x0, y0, x1, y1) in edge coordinates, pixels; the whole image
        unless given.

    Returns
    -------
    images
        (B, 1, S, S) float32 in [0, 1].
    masks
        (B, 1, S, S) float32, {0, 1}, none of them empty.
    """
    side = images.shape[-1]
    size = size or side
    if content is None:
        content = torch.zeros(len(images), 4, device=images.device)
        content[:, 2:] = side
    content = content.float() * (2 / side) - 1
    repeats = _repeats(draws.fork("repeats"), config)
    view = _views(masks, content, repeats, draws.fork("view"), config)
    grid = coordinates(size, images.device).expand(len(images), 2, size, size)
    grid = grid + _elastic(draws.fork("elastic"), size, config)
    pair = torch.cat([images, masks], dim=1).float()
    if images.dtype == torch.uint8:
        pair[:, :1] /= 255
    seen = _from_afar(pair, repeats.many, size) if config.repeat_probability else pair
    points, first = _folded(_transformed(grid, view), content, repeats.many, side)
    sampled, inside = _look(seen, points, content)
    pixels, labels = sampled[:, :1], (sampled[:, 1:] >= 0.5) & (first | ~repeats.one[:, None, None, None])

    share = labels.float().mean(dim=(1, 2, 3))
    # A GPU is waited for here, once a batch: few are lost, if any, and sampling all of them again would cost more.
    lost = ((share < config.least_share) | (share > _MOST_SHARE)).nonzero()[:, 0]
    if len(lost):
        plain = coordinates(size, images.device).expand(len(lost), 2, size, size).permute(0, 2, 3, 1)
        sampled, seen = _look(pair[lost], plain, content[lost])
        whole = sampled[:, 1:] >= 0.5
        # Structures thinner than the pixels of a smaller image survive as what they touch.
        whole |= ~whole.any(dim=(1, 2, 3), keepdim=True) & (sampled[:, 1:] > 0)
        pixels[lost], labels[lost], inside[lost] = sampled[:, :1], whole, seen
    if config.overlay_probability:
        pixels = _overlaid(pixels, pair, content, draws.fork("overlay"), config)
    return _repaint(pixels, inside, draws, config), labels.float()


# --- where to look ---------------------------------------------------------------------------------------------------


class _Repeats(NamedTuple):
    """How many images fit along a side (B,), 1 in most, and how far beside the middle is looked (B, 2), in half sides.

    `one`: where the object of the image itself is the target, (B,) bool.
    """

    many: Tensor
    aside: Tensor
    one: Tensor


def _repeats(draws: Draws, config: AugmentationConfig) -> _Repeats:
    unit = draws.uniform(5)
    drawn = _between(unit[:, 1], (math.log(config.repeats[0]), math.log(config.repeats[1]))).exp()
    happens = unit[:, 0] < config.repeat_probability
    many = torch.where(happens, drawn, 1.0)
    # A target must not be known by its place in the middle.
    aside = (many - 1)[:, None] * (2 * unit[:, 3:] - 1)
    return _Repeats(many, aside, happens & (unit[:, 2] < config.repeat_one))


def _views(masks: Tensor, content: Tensor, repeats: _Repeats, draws: Draws, config: AugmentationConfig) -> Tensor:
    """(B, 2, 3) matrices from the output square to the image, both spanning [-1, 1]."""
    unit = draws.uniform(14)
    moves = (unit[:, 0] < config.affine_probability).float()
    angle = torch.deg2rad(_between(unit[:, 1], config.rotation)) * moves
    scale = 1 + (_between(unit[:, 2], config.scale) - 1) * moves
    # The image spans 2 from edge to edge.
    shift = 2 * config.translation * (2 * unit[:, 3:5] - 1) * moves[:, None]
    flips = 1 - 2 * (unit[:, 5:7] < config.flip_probability).float()
    # What is seen from farther away is not seen from closer.
    crops = (unit[:, 7] < config.crop_probability) & (repeats.many == 1)
    crop_centre, crop_half = _crops(masks, content, unit[:, 8:13], config)
    centre = torch.where(crops[:, None], crop_centre, repeats.aside)
    half = torch.where(crops, crop_half, repeats.many)

    cos, sin = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    matrix = rotation * flips[:, None, :] * (half / scale)[:, None, None]
    return torch.cat([matrix, (centre + shift * (half / repeats.many)[:, None])[:, :, None]], dim=2)


def _crops(masks: Tensor, content: Tensor, unit: Tensor, config: AugmentationConfig) -> tuple[Tensor, Tensor]:
    """Centres (B, 2) and half sides (B,) of squares inside the content that hold a pixel of the object."""
    low, high = content[:, :2], content[:, 2:]
    most = (0.5 * (high - low)).amin(dim=1)
    least = most.clamp(max=config.least_crop)
    half = least * (most / least) ** unit[:, 0]
    anchor = _pixel_of(masks[:, 0] > 0, unit[:, 1], unit[:, 2])
    centre = anchor + _CROP_JITTER * half[:, None] * (2 * unit[:, 3:5] - 1)
    return torch.minimum(torch.maximum(centre, low + half[:, None]), high - half[:, None]), half


def _pixel_of(masks: Tensor, row_unit: Tensor, column_unit: Tensor) -> Tensor:
    """A random pixel of each mask (B, H, W), as (x, y) in [-1, 1]."""
    height, width = masks.shape[1:]
    rows = _weighted(masks.sum(dim=2), row_unit)
    line = masks[torch.arange(len(masks), device=masks.device), rows]
    columns = _weighted(line, column_unit)
    return torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=1)


def _weighted(weights: Tensor, unit: Tensor) -> Tensor:
    """An index for each row of weights (B, N), with probability in proportion to them."""
    cumulative = weights.float().cumsum(dim=1)
    # Below the total even where the product rounds up to it.
    wanted = (unit * cumulative[:, -1]).floor()[:, None]
    return torch.searchsorted(cumulative, wanted, right=True)[:, 0].clamp(max=weights.shape[1] - 1)


def _elastic(draws: Draws, size: int, config: AugmentationConfig) -> Tensor:
    """Displacements (B, 2, size, size) in half sides."""
    unit = draws.uniform(2)
    bends = (unit[:, 0] < config.elastic_probability).float()
    # What is left of white noise in [-1, 1] (deviation 1 / sqrt 3) after a Gaussian blur over an area.
    left = 1 / (math.sqrt(3) * 2 * math.sqrt(math.pi) * config.elastic_sigma)
    strength = _between(unit[:, 1], config.elastic_strength) * left * bends
    knots = max(2, round(_REFERENCE_SIZE / (1.5 * config.elastic_sigma)))
    return smooth_field(draws.fork("field"), size, knots, channels=2) * strength[:, None, None, None]


def _transformed(grid: Tensor, view: Tensor) -> Tensor:
    """A grid (B, 2, S, S) seen through matrices (B, 2, 3), as `grid_sample` takes it: (B, S, S, 2)."""
    size = grid.shape[-1]
    points = torch.baddbmm(view[:, :, 2:], view[:, :, :2], grid.flatten(2))
    return points.view(-1, 2, size, size).permute(0, 2, 3, 1)


def _from_afar(pair: Tensor, repeats: Tensor, size: int) -> Tensor:
    """Average images and masks (B, 2, H, H) where so many lie along a side that pixels would be left out."""
    # `_look` averages what a smaller size alone leaves out, and bilinear sampling takes care of a factor of 2.
    left_out = repeats * (pair.shape[-1] / size) / max(1, pair.shape[-1] // (2 * size))
    # Borders go on as they are: what lies beyond them is what is mirrored.
    padded = F.pad(pair, [1, 1, 1, 1], mode="replicate")
    once = F.avg_pool2d(padded, 3, stride=1)
    return torch.where((left_out > _LEAVING_OUT)[:, None, None, None], once, pair)


def _folded(grid: Tensor, content: Tensor, repeats: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Mirror what lies beyond the content of a grid (B, S, S, 2) into it, in those that repeat.

    Also tells where the image itself is seen, not a copy: (B, 1, S, S) bool.
    """
    low, high = content[:, None, None, :2], content[:, None, None, 2:]
    places = (grid - low) / (high - low)
    first = ((places >= 0) & (places < 1)).all(dim=3)[:, None]
    mirrored = low + (1 - (places.remainder(2) - 1).abs()) * (high - low)
    # Beyond the middle of its outermost pixels the content would be mixed with padding: a seam.
    margin = torch.minimum(torch.full_like(low, _SEAM / side), (high - low) / 2)
    mirrored = torch.minimum(torch.maximum(mirrored, low + margin), high - margin)
    return torch.where((repeats > 1)[:, None, None, None], mirrored, grid), first


def _look(pair: Tensor, grid: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
    """Sample images and masks (B, 2, H, H); also tell what of the view lies inside the content, (B, 1, S, S) bool."""
    # Where pixels are left out, they are averaged first; bilinear sampling itself takes care of a factor of 2.
    factor = pair.shape[-1] // (2 * grid.shape[1])
    if factor > 1:
        pair = F.avg_pool2d(pair, factor)
    sampled = F.grid_sample(pair, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    inside = (grid > content[:, None, None, :2]) & (grid < content[:, None, None, 2:])
    return sampled, inside.all(dim=3)[:, None]


# --- what values to show ---------------------------------------------------------------------------------------------


def _overlaid(pixels: Tensor, pair: Tensor, content: Tensor, draws: Draws, config: AugmentationConfig) -> Tensor:
    """Let another view of the images (B, 2, H, H, with their masks) show through what is seen of them, (B, 1, S, S)."""
    unit = draws.uniform(2)
    strength = torch.where(unit[:, 0] < config.overlay_probability, _between(unit[:, 1], config.overlay_strength), 0.0)
    size = pixels.shape[-1]
    once = _Repeats(torch.ones_like(strength), torch.zeros_like(content[:, :2]), strength < 0)
    view = _views(pair[:, 1:], content, once, draws.fork("view"), config)
    grid = coordinates(size, pixels.device).expand(len(pixels), 2, size, size)
    other, inside = _look(pair[:, :1], _transformed(grid, view), content)
    # Where the other view ends, nothing lies over this one: a shadow there would be an edge that no projection has.
    return torch.lerp(pixels, other, strength[:, None, None, None] * inside)


def _repaint(pixels: Tensor, inside: Tensor, draws: Draws, config: AugmentationConfig) -> Tensor:
    """Change the values of images (B, 1, S, S), and paint what lies outside of them."""
    unit = draws.fork("values").uniform(16)

    def sometimes(column: int, probability: float, value: Tensor, otherwise: float) -> Tensor:
        """(B, 1, 1, 1): the value where it happens, else what changes nothing."""
        return torch.where(unit[:, column] < probability, value, otherwise)[:, None, None, None]

    scale = pixels.shape[-1] / _REFERENCE_SIZE
    log_gamma = _between(unit[:, 1], (math.log(config.gamma[0]), math.log(config.gamma[1])))
    gamma = sometimes(0, config.gamma_probability, log_gamma.exp(), 1.0)
    pixels = pixels.clamp(1e-4, 1) ** gamma
    inverts = sometimes(2, config.inversion_probability, torch.ones_like(unit[:, 2]), 0.0)
    pixels = pixels + inverts * (1 - 2 * pixels)
    brightness = sometimes(3, config.brightness_contrast_probability, _between(unit[:, 4], config.brightness), 0.0)
    contrast = sometimes(3, config.brightness_contrast_probability, _between(unit[:, 5], config.contrast), 1.0)
    pixels = ((pixels + brightness).clamp(0, 1) * contrast).clamp(0, 1)

    sigma = sometimes(6, config.blur_probability, _between(unit[:, 7], config.blur_sigma) * scale, 0.0)
    pixels = blur(pixels, sigma.flatten(), radius=max(1, round(2 * scale)))
    mean = sometimes(8, config.noise_probability, _between(unit[:, 9], config.noise_mean), 0.0)
    deviation = sometimes(8, config.noise_probability, _between(unit[:, 10], config.noise_deviation), 0.0)
    noise = draws.fork("noise").normal(*pixels.shape[1:])
    pixels = (pixels + mean + deviation * noise).clamp(0, 1)
    factor = sometimes(11, config.sharpness_probability, _between(unit[:, 12], config.sharpness), 1.0)
    smooth = _smoothed(pixels)
    pixels = (smooth + factor * (pixels - smooth)).clamp(0, 1)

    fill = sometimes(13, config.fill_probability, _between(unit[:, 14], _FILL_RANGE), 0.0)
    return torch.where(inside, pixels, fill)


def _smoothed(images: Tensor) -> Tensor:
    """The smooth end of the sharpness scale: a 3x3 kernel of ones with a heavy centre, as Pillow and kornia have it."""
    padded = F.pad(images, [1, 1, 1, 1], mode="replicate")
    lines = padded[:, :, :-2] + padded[:, :, 1:-1] + padded[:, :, 2:]
    square = lines[..., :-2] + lines[..., 1:-1] + lines[..., 2:]
    return (square + (_SHARPNESS_CENTRE - 1) * images) / _SHARPNESS_KERNEL_SUM


def _between(unit: Tensor, bounds: tuple[float, float]) -> Tensor:
    return bounds[0] + (bounds[1] - bounds[0]) * unit
