"""Predictors that are networks: the paper's five channels in, logits out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from scribbleprompt_widget.grid import Grid
from scribbleprompt_widget.image import Image
from scribbleprompt_widget.models.checkpoints import PUBLISHED_UNET, file_sha256, load_weights
from scribbleprompt_widget.models.network_file import is_network_file, load_network
from scribbleprompt_widget.models.unet import RESOLUTION, ScribblePromptUNet
from scribbleprompt_widget.predictors.base import Predictor, Session, State
from scribbleprompt_widget.prompts import Prompts

__all__ = ["NetworkPredictor", "load_checkpoint", "load_compact", "load_unet"]

NAME_DIGITS: Final = 8
"""Digits of a file's checksum that tell its network from others."""


class NetworkPredictor(Predictor):
    """A network that reads B 5 H W (image, box, positive, negative, previous logits) and gives B 1 H W logits.

    Parameters
    ----------
    module
        The network; it is set to evaluation and moved to `device`.
    name
        What the registry and kept states call it.
    resolution
        Side of the square that the image is brought to; its aspect is kept, by padding with zeros.
    device
        "cpu", "cuda", "cuda:1", "mps".
    """

    def __init__(
        self, module: torch.nn.Module, *, name: str, resolution: int, device: str | torch.device = "cpu"
    ) -> None:
        self.name = name
        self.resolution = resolution
        self.device = torch.device(device)
        self.engine = f"torch {self.device}"
        self.module = module.eval().to(self.device)

    def _open(self, image: Image) -> Session:
        return _NetworkSession(self, image)

    @torch.inference_mode()
    def forward(self, channels: np.ndarray) -> np.ndarray:
        """Logits (H, W) float32 for channels (5, H, W) float32, on the network's grid."""
        logits = self.module(torch.from_numpy(channels[None]).to(self.device))
        result: np.ndarray = logits[0, 0].float().cpu().numpy()
        return result


class _NetworkSession(Session):
    predictor: NetworkPredictor

    def __init__(self, predictor: NetworkPredictor, image: Image) -> None:
        super().__init__(predictor, image)
        self._grid = Grid.square_around(image.shape, predictor.resolution)
        self._pixels = self._grid.sample(image.grey)

    def _infer(self, prompts: Prompts, previous: State | None) -> State:
        drawn = prompts.rasterise(self._grid)
        channels = np.stack([self._pixels, drawn.box, drawn.positive, drawn.negative, self._previous_logits(previous)])
        return self._state(self.predictor.forward(channels), self._grid)

    def _previous_logits(self, previous: State | None) -> np.ndarray:
        if previous is None:
            return np.zeros(self._grid.shape, dtype=np.float32)
        if previous.grid == self._grid:
            return previous.logits
        # Logits that a person gave at the image's resolution.
        return self._grid.sample(previous.logits)


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
    module = ScribblePromptUNet()
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
    return NetworkPredictor(network.fold(), name=name, resolution=described.resolution, device=device)


def load_checkpoint(checkpoint: str | Path, **keywords: Any) -> NetworkPredictor:
    """Whichever network a file holds: `load_compact` where it says so itself, else `load_unet`."""
    checkpoint = Path(checkpoint).expanduser()
    return load_compact(checkpoint, **keywords) if is_network_file(checkpoint) else load_unet(checkpoint, **keywords)


def _name(kind: str, checkpoint: Path) -> str:
    """Its own for every file, because networks must not read each other's states."""
    return f"{kind}-{file_sha256(checkpoint)[:NAME_DIGITS]}"
