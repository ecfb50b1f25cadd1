"""Checkpoints of a run: everything that resuming needs, in one file that is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import torch

__all__ = ["CHECKPOINT", "read_state", "write_state"]

CHECKPOINT: Final = "checkpoint.pt"
"""Name of the file inside a run's folder."""


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint: written beside it, then renamed, so that a kill at any moment leaves one of the two."""
    temporary = folder / f".{CHECKPOINT}.part"
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / CHECKPOINT)


def read_state(folder: Path) -> dict[str, Any] | None:
    """The last checkpoint of a run, on the CPU; None when there is none yet.

    Raises
    ------
    ValueError
        When the file is damaged, or holds more than tensors and plain values.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"checkpoint {str(path)!r} cannot be read: {error}") from error
    return state
