"""How good a network is: Dice per round against the simulated annotator, and Dice on people's own scribbles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.rounds import PromptChannels, network_input
from scribbleprompt_widget.training.play import dice, play
from scribbleprompt_widget.training.source import Batch

__all__ = ["People", "dice_of_rounds", "people_dice", "read_people"]

BATCH = 8
"""Samples at a time; what fits anywhere."""


@torch.inference_mode()
def dice_of_rounds(
    network: nn.Module,
    batch: Batch,
    config: SimulationConfig,
    *,
    rounds: int,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> list[float]:
    """Mean Dice after each round of simulated prompts.

    Parameters
    ----------
    network
        B 5 H W -> B 1 H W; in evaluation mode.
    batch
        Images, masks and the streams that the prompts follow from: the same batch gives the same prompts, as far as the
        network makes the same errors.
    autocast
        What the network runs in, and nothing else.
    """
    scores = torch.zeros(rounds)
    for start in range(0, len(batch.images), BATCH):
        part = slice(start, start + BATCH)
        masks = batch.masks[part]
        for number, logits in enumerate(
            play(network, batch.images[part], masks, batch.draws[part], config, rounds=rounds, autocast=autocast)
        ):
            scores[number] += dice(logits > 0, masks).sum().cpu()
    return [float(score) / len(batch.images) for score in scores]


@dataclass(frozen=True, eq=False)
class People:
    """One task with people's scribbles.

    Attributes
    ----------
    images
        (N, 1, H, W) float32 in [0, 1], with the greys that a predictor sees.
    masks
        (N, 1, H, W) bool.
    scribbles
        (N, annotators, 2, H, W) float32 in {0, 1}: positive, negative.
    """

    images: Tensor
    masks: Tensor
    scribbles: Tensor


def read_people(folder: str | Path) -> dict[str, People]:
    """Tasks in MedScribble's layout, by name: for measuring only.

    Parameters
    ----------
    folder
        NAME.npz with `images` (N, H, W), `masks` (N, H, W) and `scribbles` (N, annotators, 2, H, W).

    Raises
    ------
    FileNotFoundError
        When the folder has no such file.
    ValueError
        When a file lacks an array or holds one of another shape; the message names it.
    """
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"{str(folder)!r} holds no .npz files with people's scribbles")
    return {path.stem: _people(path) for path in paths}


def _people(path: Path) -> People:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ("images", "masks", "scribbles") if key in file.files}
    except Exception as error:  # zipfile, zlib and numpy raise what they like on a broken file
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    if missing := {"images", "masks", "scribbles"} - set(arrays):
        raise ValueError(f"{str(path)!r} lacks {', '.join(sorted(missing))}")
    images, masks, scribbles = arrays["images"], arrays["masks"], arrays["scribbles"]
    count, annotators = len(images), scribbles.shape[1] if scribbles.ndim == 5 else 1
    if images.ndim != 3 or masks.shape != images.shape or not images.size:
        raise ValueError(f"{str(path)!r} takes images and masks (N, H, W), got {images.shape} and {masks.shape}")
    if scribbles.shape != (count, annotators, 2, *images.shape[1:]):
        raise ValueError(f"{str(path)!r} takes scribbles (N, annotators, 2, H, W), got {scribbles.shape}")
    greys = np.stack([Image.of(image).grey for image in images])
    return People(
        torch.from_numpy(greys)[:, None],
        torch.from_numpy(masks > 0)[:, None],
        torch.from_numpy((scribbles != 0).astype(np.float32)),
    )


@torch.inference_mode()
def people_dice(
    network: nn.Module, people: Mapping[str, People], *, resolution: int, device: torch.device
) -> dict[str, float]:
    """Mean Dice per task on people's own scribbles, all of one annotator at once, no corrections.

    Parameters
    ----------
    network
        B 5 H W -> B 1 H W; in evaluation mode.
    people
        What `read_people` gives.
    resolution
        Side that the images are brought to; Dice is measured at their own.

    Returns
    -------
    Task -> mean over images and annotators.
    """
    return {name: _task(network, task, resolution, device) for name, task in people.items()}


def _task(network: nn.Module, task: People, resolution: int, device: torch.device) -> float:
    annotators = task.scribbles.shape[1]
    inputs = task.images.repeat_interleave(annotators, dim=0)
    truth = task.masks.repeat_interleave(annotators, dim=0)
    drawn = task.scribbles.flatten(0, 1)
    scores = []
    for start in range(0, len(inputs), BATCH):
        part = slice(start, start + BATCH)
        image, strokes, mask = (tensor[part].to(device) for tensor in (inputs, drawn, truth))
        size, own = (resolution, resolution), tuple(mask.shape[-2:])
        if own != size:
            image = nn.functional.interpolate(image, size, mode="bilinear", antialias=True)
            strokes = nn.functional.interpolate(strokes, size, mode="bilinear", antialias=True)
        channels = PromptChannels(torch.zeros_like(image), strokes[:, :1], strokes[:, 1:])
        inputs_ = network_input(image, channels, torch.zeros_like(image)).contiguous(memory_format=torch.channels_last)
        logits = network(inputs_).float()
        if own != size:
            logits = nn.functional.interpolate(logits, own, mode="bilinear")
        scores.append(dice(logits > 0, mask))
    return float(torch.cat(scores).mean())
