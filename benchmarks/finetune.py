"""What fine-tuning brings: Dice on the task's other images, and on other tasks, before and after.

    python -m benchmarks.finetune --data FOLDER [--weights compact] [--sets NAME ...] [--images 5] [--seconds 60]
        [--steps N] [--blend SHARE]

For each set: a network is fine-tuned on a few of its images, then measured on the set's others and on all other sets,
at equal prompts (the simulated annotator's, `--rounds` of them), the largest label of each image. `--steps` in place of
seconds gives the same figures whatever else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial
from pathlib import Path

import numpy as np
import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget.predictors.network import NetworkPredictor
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.finetune import FinetuneConfig, finetune
from scribbleprompt_widget.training.play import dice, play

MEASURED = 16
"""Images of each set, at most."""
BATCH = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.npz that were not trained on")
    parser.add_argument("--weights", default="compact")
    parser.add_argument("--sets", nargs="*", help="to fine-tune on; all unless given")
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--steps", type=int, help="in place of seconds")
    parser.add_argument("--blend", type=float, default=FinetuneConfig.blend)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    predictor = sp.load_predictor(options.weights)
    assert isinstance(predictor, NetworkPredictor)
    sets = {path.stem: read(path) for path in sorted(options.data.glob("*.npz"))}
    config = FinetuneConfig(seconds=options.seconds, steps=options.steps, blend=options.blend)
    before = {name: measured(predictor, *held(data, options.images), options.rounds) for name, data in sets.items()}
    print("| set | before | after | change | other sets | the worst of them |\n|---|---|---|---|---|---|")
    rises, falls = [], []
    for name in options.sets or list(sets):
        images, masks = (list(part[: options.images]) for part in sets[name])
        tuned = finetune(predictor, images, masks, config=config, progress=False)
        after = {other: measured(tuned, *held(data, options.images), options.rounds) for other, data in sets.items()}
        changes = {other: after[other] - before[other] for other in sets}
        rises.append(changes.pop(name))
        falls.append(statistics.mean(changes.values()))
        worst = min(changes, key=lambda other: changes[other])
        print(
            f"| {name} | {before[name]:.3f} | {after[name]:.3f} | {rises[-1]:+.3f} | {falls[-1]:+.3f} "
            f"| {worst} {changes[worst]:+.3f} |",
            flush=True,
        )
    print(f"| mean | | | {statistics.mean(rises):+.3f} | {statistics.mean(falls):+.3f} | |")


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W) uint8 and the largest label of each (N, H, W) bool; images without one are left out."""
    with np.load(path) as file:
        images, labels = file["images"], file["masks"]
    if images.ndim == 4:
        images = images.mean(axis=-1).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order]
    whole = [np.bincount(one.ravel(), minlength=2)[1:] for one in labels]
    masks = np.stack([one == 1 + counts.argmax() for one, counts in zip(labels, whole, strict=True)])
    kept = masks.any(axis=(1, 2))
    return images[kept], masks[kept]


def held(data: tuple[np.ndarray, np.ndarray], images: int) -> tuple[np.ndarray, np.ndarray]:
    part = slice(images, images + MEASURED)
    return data[0][part], data[1][part]


@torch.inference_mode()
def measured(predictor: NetworkPredictor, images: np.ndarray, masks: np.ndarray, rounds: int) -> float:
    """Mean Dice over images and rounds; the prompts follow from the image's number and the errors."""
    # The greys and the precision that people's images are predicted with.
    pixels = torch.from_numpy(np.stack([sp.Image.of(image).grey for image in images]))[:, None]
    truth = torch.from_numpy(masks.astype(np.float32))[:, None]
    scores = []
    for start in range(0, len(pixels), BATCH):
        part = slice(start, start + BATCH)
        draws = Draws(torch.arange(start, min(start + BATCH, len(pixels))))
        autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=predictor.bfloat16)
        played = play(
            predictor.module,
            pixels[part],
            truth[part],
            draws,
            SimulationConfig(),
            rounds=rounds,
            autocast=autocast,
        )
        for logits in played:
            scores += dice(logits > 0, truth[part]).tolist()
    return statistics.mean(scores)


if __name__ == "__main__":
    main()
