"""How good a network is: Dice per round against the simulated annotator, and Dice on people's own scribbles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.rounds import PromptChannels, network_input
from scribbleprompt_widget.training.play import dice, play
from scribbleprompt_widget.training.source import Batch

__all__ = ["dice_of_rounds", "people_dice"]

BATCH = 8
"""Samples at a time; what fits anywhere."""


@torch.inference_mode()
def dice_of_rounds(network: nn.Module, batch: Batch, config: SimulationConfig, *, rounds: int) -> list[float]:
    """Mean Dice after each round of simulated prompts.

    Parameters
    ----------
    network
        B 5 H W -> B 1 H W; in evaluation mode.
    batch
        Images, masks and the streams that the prompts follow from: the same batch gives the same prompts, as far as the
        network makes the same errors.
    """
    scores = torch.zeros(rounds)
    for start in range(0, len(batch.images), BATCH):
        part = slice(start, start + BATCH)
        masks = batch.masks[part]
        for number, logits in enumerate(
            play(network, batch.images[part], masks, batch.draws[part], config, rounds=rounds)
        ):
            scores[number] += dice(logits > 0, masks).sum().cpu()
    return [float(score) / len(batch.images) for score in scores]


@torch.inference_mode()
def people_dice(
    network: nn.Module, folder: str | Path, *, resolution: int, device: torch.device
) -> Mapping[str, float]:
    """Mean Dice per task on people's own scribbles, all of one annotator at once, no corrections. For measuring only.

    Parameters
    ----------
    network
        B 5 H W -> B 1 H W; in evaluation mode.
    folder
        MedScribble's layout: NAME.npz with `images` (N, H, W), `masks` (N, H, W), `scribbles` (N, annotators, 2, H, W).
    resolution
        Side that the images are brought to; Dice is measured at their own.

    Returns
    -------
    Task -> mean over images and annotators.

    Raises
    ------
    FileNotFoundError
        When the folder has no such file.
    """
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"{str(folder)!r} holds no .npz files with people's scribbles")
    return {path.stem: _task(network, path, resolution, device) for path in paths}


def _task(network: nn.Module, path: Path, resolution: int, device: torch.device) -> float:
    with np.load(path) as file:
        if missing := {"images", "masks", "scribbles"} - set(file.files):
            raise ValueError(f"{str(path)!r} lacks {', '.join(sorted(missing))}")
        images, masks, scribbles = file["images"], file["masks"] > 0, file["scribbles"] > 0
    annotators = scribbles.shape[1]
    scale = np.iinfo(images.dtype).max if images.dtype.kind in "ui" else 1
    inputs = torch.from_numpy(images.astype(np.float32) / scale)[:, None].repeat_interleave(annotators, dim=0)
    truth = torch.from_numpy(masks)[:, None].repeat_interleave(annotators, dim=0)
    drawn = torch.from_numpy(scribbles.reshape(-1, *scribbles.shape[2:]).astype(np.float32))
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
