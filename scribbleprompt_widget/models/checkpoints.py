"""Reading checkpoints: safely (tensors only, no pickled code), strictly (every weight, no other), and by checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

__all__ = ["PUBLISHED_UNET", "file_sha256", "load_weights", "read_checkpoint", "weights_sha256"]

PUBLISHED_UNET: Final[dict[str, str]] = {
    "file": "ScribblePrompt_unet_v1_nf192_res128.pt",
    "sha256": "43f57ee8fa8ec529c31be281e06749f9e629b30157bbbcc9baf200cddec1acbe",
}
"""The checkpoint that the paper's authors publish (15,977,486 bytes)."""


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def weights_sha256(module: nn.Module) -> str:
    """SHA-256 of a network's weights, in hexadecimal."""
    weights = {name: value.cpu().contiguous() for name, value in module.state_dict().items()}
    return hashlib.sha256(save(weights)).hexdigest()


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """Read named tensors from a .pt, .pth or .safetensors file.

    Raises
    ------
    FileNotFoundError
        When the file is not there.
    ValueError
        When it is no checkpoint, or holds anything but tensors (which could run code when read).
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint {str(path)!r} does not exist")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"checkpoint {str(path)!r} cannot be read as tensors alone: {error}") from error
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    if not (isinstance(state, dict) and state and all(isinstance(value, Tensor) for value in state.values())):
        got = f"one of {', '.join(map(str, state))}" if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"checkpoint {str(path)!r} takes a dictionary of named tensors, got {got}")
    return state


def load_weights(module: nn.Module, path: str | Path, *, sha256: str | None = None) -> None:
    """Load a checkpoint into `module`, every weight of it and no other.

    Parameters
    ----------
    module
        The network.
    path
        A .pt, .pth or .safetensors file.
    sha256
        What the file's SHA-256 has to be, in hexadecimal; None takes any.

    Raises
    ------
    FileNotFoundError, ValueError
        When the file is not there, has another checksum, or does not fit the network; the message names the weights.
    """
    if sha256 is not None and Path(path).is_file() and (found := file_sha256(path)) != sha256.lower():
        raise ValueError(f"checkpoint {str(path)!r} has SHA-256 {found}, not {sha256}: the download may be damaged")
    weights = read_checkpoint(path)
    try:
        module.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ValueError(f"checkpoint {str(path)!r} does not fit {type(module).__name__}: {error}") from error
