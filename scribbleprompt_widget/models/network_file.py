"""Files of the project's own networks: safetensors, with the architecture in the file, so that it loads by itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import save

from scribbleprompt_widget.models.checkpoints import load_weights
from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.whole_file import check_folder, target_path, written_whole

__all__ = ["NetworkFile", "check_network_path", "is_network_file", "load_network", "save_network"]

ARCHITECTURE: Final = "scribbleprompt-compact-3"
"""What a file says that it is; the number rises when the same weights would be another network."""


@dataclass(frozen=True)
class NetworkFile:
    """What a file holds beside the weights.

    Attributes
    ----------
    network
        What the network is built from.
    resolution
        Side of the square that it works at best.
    training
        How it was made: free, JSON.
    """

    network: CompactConfig
    resolution: int
    training: dict[str, Any] = field(default_factory=dict)


def save_network(
    path: str | Path,
    network: CompactNetwork,
    *,
    resolution: int,
    training: dict[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write weights and architecture; the file appears whole or not at all.

    Parameters
    ----------
    path
        A .safetensors file.
    network
        The network, folded (`CompactNetwork.fold`) or not: it is loaded as it is saved. Fine-tuning saves a folded one.
    resolution
        Side of the square that it works at best.
    training
        What to remember of how it was made; anything that JSON holds.
    dtype
        float16 halves the file. Weights are float32 again when they are loaded.
    """
    path = check_network_path(path)
    tensors = {
        name: tensor.detach().cpu().to(dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    metadata = {
        "architecture": ARCHITECTURE,
        "network": json.dumps(asdict(network.config)),
        "resolution": str(resolution),
        "training": json.dumps(training or {}),
    }
    # As bytes: the library's own files can be read by nobody but who wrote them.
    with written_whole(path) as part:
        part.write_bytes(save(tensors, metadata))
    return path


def check_network_path(path: str | Path) -> Path:
    """See, before the work is done, that `save_network` can write there.

    Raises
    ------
    ValueError, FileNotFoundError
        When it is no .safetensors file, or lies in no folder.
    """
    target = target_path(path)
    if target.suffix != ".safetensors":
        raise ValueError(f"path takes a .safetensors file, got {str(target)!r}")
    check_folder(target)
    return target


def is_network_file(path: str | Path) -> bool:
    """Whether `load_network` can rebuild a network from this file alone."""
    return (
        Path(path).suffix == ".safetensors" and Path(path).is_file() and _metadata(path).get("architecture") is not None
    )


def load_network(path: str | Path) -> tuple[CompactNetwork, NetworkFile]:
    """The network of a file, as it was saved (folded or not); and what the file says about it.

    The network is in evaluation mode, on the CPU, float32.

    Raises
    ------
    FileNotFoundError, ValueError
        When the file is not there, is none of `save_network`, or was damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint {str(path)!r} does not exist")
    metadata = _metadata(path)
    if (found := metadata.get("architecture")) != ARCHITECTURE:
        told = f"checkpoint {str(path)!r} is of architecture {found!r}, not {ARCHITECTURE!r}"
        raise ValueError(f"{told}: fine-tune or train again, or use the version of this package that wrote it")
    try:
        given = json.loads(metadata["network"])
        # No default of today fills in for what an older version did not know; what is left over nobody knows.
        values = {one.name: given.pop(one.name) for one in fields(CompactConfig)}
        values["levels"] = tuple(Level(**level) for level in values["levels"])
        values["contrasts"] = tuple(values["contrasts"])
        network = CompactConfig(**values, **given)
        described = NetworkFile(network, int(metadata["resolution"]), json.loads(metadata["training"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"checkpoint {str(path)!r} describes no network that this version knows: {error}") from error
    module = CompactNetwork(described.network).float()
    load_weights(module, path)
    return module.eval(), described


def _metadata(path: str | Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except Exception as error:
        raise ValueError(f"checkpoint {str(path)!r} cannot be read as safetensors: {error}") from error
