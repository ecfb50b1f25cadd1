"""Predictors that are networks: the paper's five channels in, logits out."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from scribbleprompt_widget import models
from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.models.checkpoints import PUBLISHED_UNET, file_sha256, load_weights
from scribbleprompt_widget.models.compact import CompactNetwork, Seen
from scribbleprompt_widget.models.network_file import is_network_file, load_network
from scribbleprompt_widget.models.unet import RESOLUTION, ScribblePromptUNet
from scribbleprompt_widget.predictors.base import GIVEN, Predictor, Session, State
from scribbleprompt_widget.predictors.clicks import held_pixels, hold_clicks
from scribbleprompt_widget.predictors.closer import closer_grid, shown_object, without_new_parts
from scribbleprompt_widget.predictors.monotone import monotone
from scribbleprompt_widget.predictors.parts import is_negative, parts
from scribbleprompt_widget.predictors.plain import areas_of, hold_areas
from scribbleprompt_widget.prompts import Box, Click, Prompts

__all__ = [
    "NAME_DIGITS",
    "NetworkPredictor",
    "compact_predictor",
    "load_checkpoint",
    "load_compact",
    "load_shipped",
    "load_unet",
]

SHIPPED_WEIGHTS: Final = "weights/compact.safetensors"
"""In `scribbleprompt_widget.models`."""
LOOKS: Final = 3
"""How often the project's networks look: at 256 cells a look, from 4096 pixels to an object's own in two steps."""
UNSAID: Final = -0.01
"""Logit at most, where nobody has said yet what the object is: hardly an opinion, and no mask."""
NAME_DIGITS: Final = 8
"""Digits of a file's checksum that tell its network from others."""


class NetworkPredictor(Predictor):
    """A network that reads B 5 H W (image, box, positive, negative, previous logits) and gives B 1 H W logits.

    Parameters
    ----------
    module
        The network; it is set to evaluation.
    name
        What the registry and kept states call it.
    resolution
        Side of the square that the image is brought to; its aspect is kept, by padding with zeros.
    device
        "cpu", "cuda", "cuda:1", "mps".
    bfloat16
        Convolve in bfloat16: much quicker where the processor has instructions for it, much slower where not.
    looks
        How often to look: first at the whole image, then more closely at what was found there, while that makes the
        object larger. 1: the whole image alone, as the paper does.
    clicks_hold
        Turn what contradicts a click, with the even ground around it.
    plain_areas
        In images of areas of one grey each, an area belongs to the object whole or not at all.
    monotone
        Positive prompts that are added take nothing away, negative ones add nothing.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        *,
        name: str,
        resolution: int,
        device: str | torch.device = "cpu",
        bfloat16: bool = False,
        looks: int = 1,
        clicks_hold: bool = False,
        plain_areas: bool = False,
        monotone: bool = False,
    ) -> None:
        self.name = name
        self.resolution = resolution
        self.device = torch.device(device)
        self.bfloat16 = bfloat16
        self.engine = f"torch {self.device}{' bfloat16' if bfloat16 else ''}"
        self.module = module.eval().to(self.device)
        self.looks = looks
        self.clicks_hold = clicks_hold
        self.plain_areas = plain_areas
        self.monotone = monotone

    def _open(self, image: Image) -> Session:
        return _NetworkSession(self, image)

    @torch.inference_mode()
    def see(self, pixels: np.ndarray) -> Seen | None:
        """What the project's networks read of an image (H, W), whatever is drawn on it; None for others."""
        if not isinstance(self.module, CompactNetwork):
            return None
        return self.module.see(torch.from_numpy(pixels[None, None]).to(self.device))

    @torch.inference_mode()
    def forward(self, channels: np.ndarray, seen: Seen | None = None) -> np.ndarray:
        """Logits (H, W) float32 for channels (5, H, W) float32 on the network's grid; `seen` of the image, if known."""
        x = torch.from_numpy(channels[None]).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits = self.module(x) if seen is None else self.module(x, seen)
        result: np.ndarray = logits[0, 0].float().cpu().numpy()
        return result


class _NetworkSession(Session):
    predictor: NetworkPredictor

    def __init__(self, predictor: NetworkPredictor, image: Image) -> None:
        super().__init__(predictor, image)
        self._whole = Grid.square_around(image.shape, predictor.resolution)
        self._pixels = self._whole.sample(image.grey)

    @cached_property
    def _seen(self) -> Seen | None:
        return self.predictor.see(self._pixels)

    @cached_property
    def _areas(self) -> np.ndarray | None:
        return areas_of(self.image.grey)

    def remembers(self, prompts: Prompts) -> bool:
        # The logits of what was drawn in boxes and of what was handed in are one sum.
        return not any(isinstance(prompt, Box) for prompt in prompts)

    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        state = self._found(prompts, previous)
        return monotone(state, previous, prompts) if previous is not None and self.predictor.monotone else state

    def _found(self, prompts: Prompts, previous: State | None) -> State:
        boxed, apart = parts(prompts, self._whole)
        given = previous if previous is not None and previous.engine == GIVEN else None
        if apart or (given is not None and not self.remembers(prompts)):
            # A box takes nothing from what was drawn elsewhere, nor from a mask that was handed in.
            rest = apart or Prompts(filter(is_negative, prompts))
            elsewhere = self._found(rest, given) if rest or given is None else given
            return self._joined(self._found(boxed, None), elsewhere, prompts)
        state = self._look(self._whole, prompts, previous, self.predictor.looks)
        return replace(state, held=held_pixels(prompts)) if self.predictor.clicks_hold else state

    def _joined(self, a: State, b: State, prompts: Prompts) -> State:
        """What lies in either of two masks."""
        state = self._state(np.maximum(a.onto(self._whole), b.onto(self._whole)), self._whole)
        return replace(state, held=held_pixels(prompts)) if self.predictor.clicks_hold else state

    def _look(self, grid: Grid, prompts: Prompts, previous: State | None, looks: int) -> State:
        """What the network says on a grid, with closer looks at what it found there."""
        is_whole = grid == self._whole
        pixels = self._pixels if is_whole else grid.sample(self.image.grey)
        drawn = prompts.rasterise(grid)
        earlier = np.zeros(grid.shape, dtype=np.float32) if previous is None else previous.onto(grid)
        channels = np.stack([pixels, *drawn, earlier])
        logits = self.predictor.forward(channels, self._seen) if is_whole else self.predictor.forward(channels)
        clicked = Prompts(prompt for prompt in prompts if isinstance(prompt, Click))
        if clicked and self.predictor.clicks_hold:
            clicks = clicked.rasterise(grid)
            standing = (clicks.positive * (drawn.positive > 0), clicks.negative * (drawn.negative > 0))
            logits = hold_clicks(logits, pixels, standing, (drawn.positive, drawn.negative))
        if self.predictor.plain_areas and self._areas is not None:
            logits = hold_areas(logits, self._areas, prompts, grid)
        shown = _shown(prompts, grid)
        if not shown.any() and not (earlier > 0).any():
            logits = np.minimum(logits, UNSAID)
        state = self._state(logits, grid)
        if looks == 1:
            return state
        found = closer_grid(grid, shown_object(logits, shown), self.image.shape)
        if found is None:
            return state
        closer = self._look(found, prompts, previous, looks - 1)
        if found.runs_out(shown_object(closer.logits, _shown(prompts, found)), self.image.shape):
            return state  # an object larger than it looked at first would end where the closer look does
        if found.scale_x > 1:
            # Of the image little more is seen by cells smaller than its pixels: a second opinion, not a better one.
            closer = replace(closer, logits=(closer.logits + grid.transfer(logits, found)) / 2)
        elif previous is not None:
            # Where cells are large, clicks that are added to a small object look like many objects.
            state = replace(state, logits=without_new_parts(logits, earlier, shown))
        return replace(state, closer=closer)


def _shown(prompts: Prompts, grid: Grid) -> np.ndarray:
    """(h, w) bool: what is said to be of the object, or around it.

    Negative prompts may have taken a positive one's cell where cells are large: they are left out.
    """
    drawn = Prompts(prompt for prompt in prompts if isinstance(prompt, Box) or prompt.positive).rasterise(grid)
    shown: np.ndarray = (drawn.positive > 0) | (drawn.box > 0)
    return shown


def load_unet(
    checkpoint: str | Path | None = None, *, sha256: str | None = None, device: str | torch.device = "cpu"
) -> NetworkPredictor:
    """ScribblePrompt-UNet, the paper's network, with weights from a file.

    Parameters
    ----------
    checkpoint
        The published ``ScribblePrompt_unet_v1_nf192_res128.pt``, or a file with the same names (.pt, .safetensors).
    sha256
        Checked when given. A file that carries the published name is checked against the published sum anyway.
    device
        Where it runs.

    Raises
    ------
    ValueError
        Without a checkpoint (none is shipped), or for one that does not fit.
    """
    if checkpoint is None:
        raise ValueError(
            f'model "unet" has no weights here: give the path of {PUBLISHED_UNET["file"]} as the model; '
            "the paper's authors publish it at https://github.com/halleewong/ScribblePrompt"
        )
    checkpoint = Path(checkpoint).expanduser()
    if sha256 is None and checkpoint.name == PUBLISHED_UNET["file"]:
        sha256 = PUBLISHED_UNET["sha256"]
    module = ScribblePromptUNet().float()
    load_weights(module, checkpoint, sha256=sha256)
    return NetworkPredictor(module, name=_name("unet", checkpoint), resolution=RESOLUTION, device=device)


def load_compact(
    checkpoint: str | Path, *, name: str | None = None, device: str | torch.device = "cpu"
) -> NetworkPredictor:
    """A network of the project's own, from a file that training or fine-tuning wrote.

    Parameters
    ----------
    checkpoint
        A .safetensors file; the architecture and the resolution are in it.
    name
        What kept states call it; unless given, "compact" and the file's checksum, so that no other network reads them.
    device
        Where it runs.

    Raises
    ------
    FileNotFoundError, ValueError
        When the file is not there, or is not of that kind.
    """
    checkpoint = Path(checkpoint).expanduser()
    network, described = load_network(checkpoint)
    name = name or _name("compact", checkpoint)
    return compact_predictor(network, name=name, resolution=described.resolution, device=device)


def compact_predictor(
    network: CompactNetwork, *, name: str, resolution: int, device: str | torch.device = "cpu"
) -> NetworkPredictor:
    """A predictor with a network of ours: folded, in bfloat16 where the processor has it, looking closely."""
    return NetworkPredictor(
        network.fold(),
        name=name,
        resolution=resolution,
        device=device,
        bfloat16=torch.device(device).type == "cpu" and has_bfloat16(),
        looks=LOOKS,
        clicks_hold=True,
        plain_areas=True,
        monotone=True,
    )


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by itself."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def load_shipped(*, device: str | torch.device = "cpu") -> NetworkPredictor:
    """The network that is shipped; ``models/weights/MODEL_CARD.md`` says what it was trained on, and how good it is."""
    with resources.as_file(resources.files(models) / SHIPPED_WEIGHTS) as path:
        return load_compact(path, name="compact", device=device)


def load_checkpoint(checkpoint: str | Path, **keywords: Any) -> NetworkPredictor:
    """Whichever network a file holds: `load_compact` where it says so itself, else `load_unet`."""
    checkpoint = Path(checkpoint).expanduser()
    return load_compact(checkpoint, **keywords) if is_network_file(checkpoint) else load_unet(checkpoint, **keywords)


def _name(kind: str, checkpoint: Path) -> str:
    """Its own for every file, because networks must not read each other's states."""
    return f"{kind}-{file_sha256(checkpoint)[:NAME_DIGITS]}"
