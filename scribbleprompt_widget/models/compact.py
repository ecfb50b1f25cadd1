"""The project's own network: the paper's five channels in, logits out, at a twentieth of the paper's arithmetic.

A residual U-Net, narrow where there are many pixels and wide where there are few. What makes it sharp: a few features
at the image's own resolution go past everything to the head. What makes it see far: large depthwise kernels below, and
attention at the bottom, where any place can look at any other. What the whole is (thin vessels, or one large organ)
weighs what passes by above. What it need not learn: where prompts reach over even
ground (`spread_prompts`), what looks like them (`likeness`), what stands out from its surroundings (`relief`), and
where lines are (`ridges`).
Every normalisation folds into its convolution (`CompactNetwork.fold`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scribbleprompt_widget.models.likeness import Values, likeness, values_of
from scribbleprompt_widget.models.relief import relief
from scribbleprompt_widget.models.ridges import ridges
from scribbleprompt_widget.models.spread import Ground, ground, spread_prompts

__all__ = ["CompactConfig", "CompactNetwork", "Level", "Seen"]

IN_CHANNELS: Final = 5
"""Image in [0, 1], box, positive, negative, previous logits: in this order, as for the paper's network."""
PREVIOUS: Final = 4
"""Index of the previous logits among them."""
LOGIT_SCALE: Final = 4.0
"""Previous logits enter as tanh(logits / this): what is sure stays sure, whatever a caller's scale."""
EXPANSION: Final = 2
"""Width inside a wide block, as a multiple of the block's own."""
KERNEL: Final = 7
"""Side of a wide block's depthwise kernel."""
HEAD_FEATURES: Final = 32
"""Features of one attention head."""
PRIOR_LOGIT: Final = -2.0
"""What an untrained network answers: most pixels belong to no object."""
SHARPNESS: Final = 8.0
"""What the scale of attention's cosines starts from."""
BRANCH_GAIN: Final = 0.2
"""Gain that a residual branch starts from: small, so that a deep network starts as a shallow one."""
BOX_PULL: Final = 0.01
"""What a pixel inside a box counts as a positive prompt: enough where edges keep off what is outside, else not."""
AGREEMENT: Final = 6.0
"""Logit that a network starts from where a prompt's sign reaches unweakened."""
LEAK: Final = 0.1
"""What passes of negative features where the lowest level is read: with a plain ReLU, all of it can die in training."""
WEIGHT_EPSILON: Final = 1e-5
DIRECTION_EPSILON: Final = 1e-3
"""Shorter means have no direction: their gradients would drown all others, and half precision holds little less."""
BLOCKS: Final = ("plain", "wide")
NORMS: Final = ("weight", "none")


@dataclass(frozen=True)
class Level:
    """One resolution of the network.

    Attributes
    ----------
    width
        Features.
    encoder, decoder
        Residual blocks on the way down and up. The lowest level has no decoder.
    block
        "plain": two 3x3 convolutions, the quickest way to spend arithmetic on a CPU. "wide": a 7x7 depthwise
        convolution and an inverted bottleneck, for less arithmetic and a larger receptive field where pixels are few.
    attention
        Add self-attention after the encoder's blocks. Its cost grows with the square of the number of pixels.
    """

    width: int
    encoder: int = 1
    decoder: int = 1
    block: str = "plain"
    attention: bool = False

    def __post_init__(self) -> None:
        if self.block not in BLOCKS:
            raise ValueError(f"block takes one of {', '.join(BLOCKS)}, got {self.block!r}")
        if self.width < 1 or min(self.encoder, self.decoder) < 0:
            raise ValueError(f"a level takes a positive width and numbers of blocks from 0, got {self}")


@dataclass(frozen=True)
class CompactConfig:
    """Everything that a `CompactNetwork` is built from; kept beside its weights.

    Attributes
    ----------
    detail
        Features at the image's own resolution; 0: none, the network starts and ends at half resolution, where each
        place holds its 2x2 pixels (space to depth).
    levels
        From half resolution down, each half the one before.
    norm
        "weight": standardised weights with a gain, so that a prediction never depends on the other samples of a batch,
        in training either. "none": they have been folded away.
    relief
        The image's local contrast is read beside the five channels (see `relief`).
    ridges
        So is the strength of lines (see `ridges`).
    likeness
        So are maps of what looks like the strokes: in the image, and in its relief and ridges where they are read.
    contrasts
        Prompts spread over the image are read beside the five channels, once for each of these (see `spread_prompts`);
        none: the five channels alone.
    context
        Where the mean of the lowest level's features points says, for each feature that goes past the levels below, how
        much of it passes, and how much of the first guess (see `contrasts`) is believed.
    """

    detail: int = 8
    levels: tuple[Level, ...] = (
        Level(24, encoder=0),
        Level(40),
        Level(64),
        Level(128, encoder=2, block="wide", attention=True),
        Level(160, encoder=3, decoder=0, block="wide", attention=True),
    )
    norm: str = "weight"
    relief: bool = True
    ridges: bool = True
    likeness: bool = True
    contrasts: tuple[float, ...] = (8.0, 40.0)
    context: bool = True

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("levels takes at least one level")
        if self.norm not in NORMS:
            raise ValueError(f"norm takes one of {', '.join(NORMS)}, got {self.norm!r}")

    @property
    def stride(self) -> int:
        """What height and width have to be multiples of."""
        return int(2 ** len(self.levels))


class Seen(NamedTuple):
    """What `CompactNetwork.see` finds of images of a shape B 1 H W, whatever is drawn on them; as the network asks."""

    shape: tuple[int, ...]
    looks: list[Tensor]
    values: Values | None
    ground: tuple[Ground, ...]


class CompactNetwork(nn.Module):
    """B 5 H W -> B 1 H W logits; H and W multiples of `config.stride`.

    Parameters
    ----------
    config
        Widths, depths and kinds of blocks.
    """

    def __init__(self, config: CompactConfig | None = None) -> None:
        super().__init__()
        self.config = config = CompactConfig() if config is None else config
        norm, first, *others = config.norm, config.levels[0], *config.levels[1:]
        looks = config.relief + config.ridges
        read = IN_CHANNELS + looks + (1 + looks) * config.likeness + len(config.contrasts)
        self.stem: nn.Module
        if config.detail:
            self.stem = _conv(read, config.detail, 3, norm=norm)
            self.enter = _conv(config.detail, first.width, 2, stride=2, norm=norm)
            self.leave = _conv(first.width, 4 * config.detail, 1, norm=norm)
            self.refine = _conv(config.detail, config.detail, 3, groups=config.detail, norm=norm)
            self.head = nn.Conv2d(config.detail, 1, 3, padding=1)
        else:
            self.enter = _conv(4 * read, first.width, 3, norm=norm)
            self.head = nn.Conv2d(first.width, 4, 3, padding=1)
        self.encoders = nn.ModuleList(_blocks(level, level.encoder, norm, level.attention) for level in config.levels)
        pairs = list(zip(config.levels, others, strict=False))
        self.downs = nn.ModuleList(_conv(upper.width, lower.width, 2, stride=2, norm=norm) for upper, lower in pairs)
        self.ups = nn.ModuleList(_conv(lower.width, upper.width, 1, norm=norm) for upper, lower in pairs)
        self.decoders = nn.ModuleList(_blocks(upper, upper.decoder, norm, False) for upper, _ in pairs)
        nn.init.constant_(cast("Tensor", self.head.bias), PRIOR_LOGIT)
        skips = [level.width for level in config.levels[:-1]]
        self.context = _Context(config.levels[-1].width, (1, *skips, config.detail)) if config.context else None
        self.agreement = _Agreement() if config.contrasts else None
        # The layout that convolutions are quickest in, on CPUs and GPUs alike; channels that come in it stay in it.
        for parameter in self.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, x: Tensor, seen: Seen | None = None) -> Tensor:
        """Logits B 1 H W for channels B 5 H W.

        Parameters
        ----------
        x
            Image in [0, 1], box, positive, negative, previous logits.
        seen
            What `see` found of the images in `x`, one by one, where they come more than once.

        Raises
        ------
        ValueError
            When the shape is another, H or W are no multiples of the stride, or `seen` is of images of another shape.
        """
        if not torch.compiler.is_exporting():
            _check(x, self.config.stride, seen)
        seen = self.see(x[:, :1]) if seen is None else seen
        previous = torch.tanh(x[:, PREVIOUS:] / LOGIT_SCALE)
        derived = [*seen.looks, *self._found(x, seen)]
        logits, trust = self._logits(
            torch.cat([x[:, :PREVIOUS], previous, *(one.to(x.dtype) for one in derived)], dim=1)
        )
        # Where prompts reach over even ground is the first guess: the network says where to disagree.
        return logits if self.agreement is None else self.agreement(logits, derived[-1], trust)

    @torch.no_grad()
    def see(self, image: Tensor) -> Seen:
        """What is read of images B 1 H W in [0, 1] beside themselves: known ways to look, which need not be learnt."""
        config = self.config
        image = image.float().contiguous()
        looks = [relief(image)] if config.relief else []
        looks += [ridges(image)] if config.ridges else []
        values = torch.cat([image, *((look + 1) / 2 for look in looks)], dim=1)
        return Seen(
            tuple(image.shape),
            looks,
            values_of(values) if config.likeness else None,
            ground(image, contrasts=config.contrasts, grids=len(config.levels)) if config.contrasts else (),
        )

    def _logits(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the network itself says, and by how much the first guess is believed."""
        if not self.config.detail:
            y, gates = self._levels(self.enter(F.pixel_unshuffle(x, 2)))
            return F.pixel_shuffle(self.head(y), 2), gates[0]
        fine = F.relu(self.stem(x))
        y, gates = self._levels(self.enter(fine))
        coarse = F.pixel_shuffle(self.leave(F.relu(y)), 2)
        # The head reads a sum, not what a ReLU left of it: both signs of evidence reach the logits from the first step.
        mixed = _gated(fine, gates[-1]) + coarse
        return self.head(mixed + self.refine(F.relu(mixed))), gates[0]

    @torch.no_grad()
    def _found(self, x: Tensor, seen: Seen) -> list[Tensor]:
        """What is found by what was drawn on the image: what looks like the strokes, and where they reach."""
        box, positive, negative = (x[:, i : i + 1].float().contiguous() for i in range(1, PREVIOUS))
        # What is outside a box is marked as well as by a stroke; what is inside, faintly.
        outside = (1 - box) * box.amax(dim=(2, 3), keepdim=True)
        positive, negative = (
            torch.maximum(positive, BOX_PULL * box * (negative == 0)),
            torch.maximum(negative, outside * (positive == 0)),
        )
        found = [likeness(seen.values, positive, negative)] if seen.values is not None else []
        return found + ([spread_prompts(seen.ground, positive, negative)] if seen.ground else [])

    def _levels(self, x: Tensor) -> tuple[Tensor, list[Tensor] | list[None]]:
        """Down to the lowest level and up again, B width H/2 W/2 in and out; and the gates of `_Context`."""
        skips = []
        for encoder, down in zip(self.encoders[:-1], self.downs, strict=True):
            x = encoder(x)
            skips.append(x)
            x = down(F.relu(x))
        lowest = F.leaky_relu(self.encoders[-1](x), LEAK)
        gates = [None] * (len(skips) + 2) if self.context is None else self.context(lowest)
        read = lowest
        for skip, gate, up, decoder in reversed(list(zip(skips, gates[1:-1], self.ups, self.decoders, strict=True))):
            x = decoder(_gated(skip, gate) + F.interpolate(up(read), scale_factor=2.0, mode="nearest"))
            read = F.relu(x)
        return x, gates

    def fold(self) -> CompactNetwork:
        """A copy for inference, in which every normalisation has become part of its convolution. Same logits."""
        folded = copy.deepcopy(self).eval()
        folded.config = replace(self.config, norm="none")
        for parent in folded.modules():
            for name, child in parent.named_children():
                if isinstance(child, _Conv):
                    setattr(parent, name, child.fold())
        return folded


def _check(x: Tensor, stride: int, seen: Seen | None) -> None:
    if x.ndim != 4 or x.shape[1] != IN_CHANNELS or x.shape[2] % stride or x.shape[3] % stride:
        raise ValueError(
            f"the network takes B {IN_CHANNELS} H W with H and W multiples of {stride}, got {tuple(x.shape)}"
        )
    if seen is not None and seen.shape != (len(x), 1, *x.shape[2:]):
        raise ValueError(f"seen takes what was seen of the images in x, {tuple(x[:, :1].shape)}; got {seen.shape}")


def _blocks(level: Level, count: int, norm: str, attention: bool) -> nn.Sequential:
    block = _Plain if level.block == "plain" else _Wide
    blocks: list[nn.Module] = [block(level.width, norm) for _ in range(count)]
    return nn.Sequential(*blocks, *([_Attention(level.width)] if attention else []))


def _conv(
    features_in: int,
    features_out: int,
    kernel: int,
    *,
    norm: str,
    stride: int = 1,
    groups: int = 1,
    gain: float = 1.0,
) -> nn.Module:
    """A convolution and its normalisation, if there is one; halving where the stride is 2, else of the same size."""
    padding = 0 if stride > 1 else kernel // 2
    conv = nn.Conv2d(features_in, features_out, kernel, stride, padding, groups=groups)
    return conv if norm == "none" else _Conv(conv, gain)


class _Conv(nn.Module):
    """A convolution with standardised weights.

    Parameters
    ----------
    gain
        What the gains start from; 0 in the last convolution of a residual branch.
    """

    def __init__(self, conv: nn.Conv2d, gain: float) -> None:
        super().__init__()
        self.conv = conv
        self.gain = nn.Parameter(torch.full((conv.out_channels,), gain))
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        nn.init.zeros_(cast("Tensor", conv.bias))

    def forward(self, x: Tensor) -> Tensor:
        c = self.conv
        return F.conv2d(x, self._standardised(), c.bias, c.stride, c.padding, c.dilation, c.groups)

    def _standardised(self) -> Tensor:
        """Weights of mean 0 and of the variance that keeps a ReLU's output at the scale of its input."""
        weight = self.conv.weight
        variance, mean = torch.var_mean(weight, dim=(1, 2, 3), keepdim=True, correction=0)
        scale = torch.rsqrt(variance * weight[0].numel() / 2 + WEIGHT_EPSILON) * self.gain[:, None, None, None]
        return (weight - mean) * scale

    @torch.no_grad()
    def fold(self) -> nn.Conv2d:
        """A plain convolution that computes the same."""
        folded = copy.deepcopy(self.conv)
        folded.weight = nn.Parameter(self._standardised().contiguous(memory_format=torch.channels_last))
        return folded


def _gated(x: Tensor, gate: Tensor | None) -> Tensor:
    return x if gate is None else x * gate


class _Context(nn.Module):
    """Gates from the mean over all places: features B width H W in; B features 1 1 in (0, 2) out, for each of `gated`.

    They start from 1. What is read is the mean's direction, its large features tamed: read as they are, they grow until
    every gate is open or closed, whatever the image.
    """

    def __init__(self, width: int, gated: tuple[int, ...]) -> None:
        super().__init__()
        self.gated = gated
        self.out = nn.Linear(width, sum(gated))
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> list[Tensor]:
        read = F.normalize(torch.asinh(x.mean(dim=(2, 3))), dim=-1, eps=DIRECTION_EPSILON)
        gates = 1 + torch.tanh(self.out(read))
        return list(torch.split(gates[:, :, None, None], [*self.gated], dim=1))


class _Agreement(nn.Module):
    """Adds the mean of what prompts reach, times a weight that is learnt (and how far it is trusted), to the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(AGREEMENT))

    def forward(self, logits: Tensor, spread: Tensor, trust: Tensor | None) -> Tensor:
        y: Tensor = logits + self.weight * _gated(spread.mean(dim=1, keepdim=True), trust)
        return y


class _Plain(nn.Module):
    """Residual: two 3x3 convolutions."""

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        self.first = _conv(width, width, 3, norm=norm)
        self.second = _conv(width, width, 3, norm=norm, gain=BRANCH_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.relu(self.first(F.relu(x))))
        return y


class _Wide(nn.Module):
    """Residual: a large depthwise convolution, then an inverted bottleneck (as in ConvNeXt)."""

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        self.spread = _conv(width, width, KERNEL, groups=width, norm=norm)
        self.first = _conv(width, EXPANSION * width, 1, norm=norm)
        self.second = _conv(EXPANSION * width, width, 1, norm=norm, gain=BRANCH_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.relu(self.first(self.spread(x))))
        return y


class _Attention(nn.Module):
    """Residual self-attention between places; queries and keys of unit length, so that nothing has to be normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(width // HEAD_FEATURES, 1)
        self.into = nn.Conv2d(width, 3 * width, 1)
        self.out = nn.Conv2d(width, width, 1)
        self.sharpness = nn.Parameter(torch.full((self.heads,), SHARPNESS))
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        batch, width, height, columns = x.shape
        # B 3 heads features places
        parts = self.into(x).reshape(batch, 3, self.heads, width // self.heads, height * columns)
        query, key, value = parts.transpose(-1, -2).unbind(dim=1)
        query = F.normalize(query, dim=-1) * self.sharpness[:, None, None]
        mixed = F.scaled_dot_product_attention(query.to(value.dtype), F.normalize(key, dim=-1), value, scale=1.0)
        y: Tensor = x + self.out(mixed.transpose(-1, -2).reshape(batch, width, height, columns))
        return y
