"""The random walker on people's own scribbles (MedScribble), beside simpler ways; and its speed.

    python -m benchmarks.random_walker --data ../shared/data/dev [--repeats 20]

Mean Dice per task over images and annotators. "both": all strokes of one annotator; "positive": the positive ones
alone; "box": the mask's own tight box; "click": one, deepest in the mask. Beside them, for both signs the plain
scikit-image walker (beta 300, 256x256) and the nearest scribble (Euclidean), for positive strokes those strokes widened
by 4 pixels, for the box the filled box. Then milliseconds by side of the image: median and greatest.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.segmentation import random_walker

from scribbleprompt_widget.evaluation.metrics import dice
from scribbleprompt_widget.predictors.base import Session
from scribbleprompt_widget.predictors.random_walker import RandomWalkerPredictor
from scribbleprompt_widget.prompts import Box, Click, Prompts, Scribble

PLAIN_BETA = 300
WIDENED_PX = 4
SIDES = (256, 512, 1024, 2048)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with NAME.npz: images, masks, scribbles")
    parser.add_argument("--repeats", type=int, default=20, help="timings for each side and kind of prompt")
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    quality(options.data)
    print()
    speed(options.repeats)


def quality(folder: Path) -> None:
    columns = ["both", "plain walker", "nearest", "positive", "widened", "box", "filled box", "click"]
    print("| task | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            images, masks, scribbles = data["images"], data["masks"] > 0, data["scribbles"] > 0
        rows = []
        for image, truth, annotators in zip(images, masks, scribbles, strict=True):
            session = RandomWalkerPredictor().open(image)
            box, filled, click = of_mask(truth)
            once = [dice(masked(session, box), truth), dice(filled, truth), dice(masked(session, click), truth)]
            for positive, negative in annotators:
                strokes, others = Scribble(raster=positive), Scribble(raster=negative, positive=False)
                rows.append(
                    [
                        dice(masked(session, strokes, others), truth),
                        dice(plain_walker(image, positive, negative), truth),
                        dice(nearest(positive, negative), truth),
                        dice(masked(session, strokes), truth),
                        dice(ndimage.binary_dilation(positive, iterations=WIDENED_PX), truth),
                        *once,
                    ]
                )
        print(f"| {path.stem} | " + " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0)) + " |", flush=True)


def speed(repeats: int) -> None:
    kinds = ("both", "positive", "click", "box")
    print("| side | " + " | ".join(f"{kind}: ms (max)" for kind in kinds) + " |")
    print("|---" * (len(kinds) + 1) + "|")
    for side in SIDES:
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for repeat in range(repeats):
            rng = np.random.default_rng(repeat)
            image = ndimage.zoom(rng.random((16, 16)), side / 16, order=1) + 0.1 * rng.random((side, side))
            session = RandomWalkerPredictor().open(image.astype(np.float32))
            # An object of a size between a nucleus and half the image.
            radius = float(np.exp(rng.uniform(np.log(20), np.log(side / 4))))
            x, y = rng.uniform(0.3 * side, 0.7 * side, 2)
            stroke = Scribble([(x - radius / 2, y), (x + radius / 2, y)])
            beside = Scribble([(x - radius, y - 1.5 * radius), (x + radius, y - 1.5 * radius)], positive=False)
            box = Box(x - radius, y - radius, x + radius, y + radius)
            prompts = {"both": [stroke, beside], "positive": [stroke], "click": [Click(x, y)], "box": [box]}
            for kind in kinds:
                times[kind].append(1000 * session.predict(Prompts(prompts[kind])).seconds)
        cells = (f"{statistics.median(times[kind]):.0f} ({max(times[kind]):.0f})" for kind in kinds)
        print(f"| {side} | " + " | ".join(cells) + " |", flush=True)


def masked(session: Session, *prompts: Box | Click | Scribble) -> np.ndarray:
    return session.predict(Prompts(prompts)).mask


def of_mask(truth: np.ndarray) -> tuple[Box, np.ndarray, Click]:
    rows, columns = np.nonzero(truth)
    filled = np.zeros_like(truth)
    filled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    depth = ndimage.distance_transform_edt(np.pad(truth, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return Box(columns.min(), rows.min(), columns.max(), rows.max()), filled, Click(int(x), int(y))


def plain_walker(image: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    seeds = np.where(positive, 1, np.where(negative, 2, 0))
    return random_walker(image / 255.0, seeds, beta=PLAIN_BETA, mode="cg_j", prob_tol=1.0) == 1


def nearest(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    return ndimage.distance_transform_edt(~positive) < ndimage.distance_transform_edt(~negative)


if __name__ == "__main__":
    main()
