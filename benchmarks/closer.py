"""What closer looks and held clicks bring: small objects in large images, with and without.

    python -m benchmarks.closer --data FOLDER [--weights compact] [--sets NAME ...]

Images of one set side by side make a 2048x2048 image; the object is the largest component of a label in one of them.
Dice after 1 to 4 prompts of a simulated annotator (a click or a scribble first, then clicks in the centre of the
largest error), on the large image with one look and with closer ones, and on the small image alone: what closer looks
should reach.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from scipy import ndimage

import scribbleprompt_widget as sp
from scribbleprompt_widget.evaluation.protocols import Correction, Errors, center_click
from scribbleprompt_widget.evaluation.protocols import _scribbler as scribbler
from scribbleprompt_widget.predictors.network import NetworkPredictor
from scribbleprompt_widget.simulation.draws import Draws

SIDE = 2048
SETS = ("neuroblastoma_fluo", "glomeruli_pas", "axon_myelin_sem", "lung_ct", "breast_us_usg", "ms_lesion_flair")
TILE = 512
"""Side that an image of 256 pixels is enlarged to: its objects are then about 60 pixels wide."""
CASES = 3
ROUNDS = 4
FIRST = {"click": center_click, "scribble": scribbler("centerline_scribbles")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.npz")
    parser.add_argument("--weights", default="compact")
    parser.add_argument("--sets", nargs="+", default=SETS)
    options = parser.parse_args()
    predictor = sp.load_predictor(options.weights)
    assert isinstance(predictor, NetworkPredictor)
    cases = [case for name in options.sets for case in mosaics(options.data / f"{name}.npz")]
    print(
        f"{len(cases)} objects\n\n| first prompt | looks | "
        + " | ".join(f"{n} prompts" for n in range(1, ROUNDS + 1))
        + " |"
    )
    print("|---" * (2 + ROUNDS) + "|")
    ways = {"one": (1, True, False), "closer ones": (3, True, False), "closer ones, clicks free": (3, False, False)}
    ways["the small image alone"] = (1, True, True)
    for first, draw in FIRST.items():
        for way, (looks, hold, alone) in ways.items():
            predictor.looks, predictor.clicks_hold = looks, hold
            scores = [
                trial(predictor, image, truth, tile if alone else np.s_[:, :], draw) for image, truth, tile in cases
            ]
            print(
                f"| {first} | {way} | " + " | ".join(f"{score:.3f}" for score in np.mean(scores, axis=0)) + " |",
                flush=True,
            )


def mosaics(path: Path) -> list[tuple[np.ndarray, np.ndarray, tuple[slice, slice]]]:
    """Large image, truth, and the tile with the object."""
    with np.load(path) as file:
        images, labels = file["images"], file["masks"]
    images = images.mean(axis=-1) if images.ndim == 4 else images
    rng, count = np.random.default_rng(0), SIDE // TILE
    chosen = rng.integers(len(images), size=(count, count))
    whole = np.block([[enlarged(images[i], PIL.Image.Resampling.BICUBIC) for i in row] for row in chosen])
    marks = np.block([[enlarged(labels[i], PIL.Image.Resampling.NEAREST) for i in row] for row in chosen])
    found = []
    for row, column in rng.permutation([(i, j) for i in range(count) for j in range(count)]):
        tile = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        here = np.unique(marks[tile])
        if (here > 0).any() and len(found) < CASES:
            parts, _ = ndimage.label(marks[tile] == rng.choice(here[here > 0]))
            truth = np.zeros(whole.shape, dtype=bool)
            truth[tile] = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
            found.append((whole / 255, truth, tile))
    return found


def enlarged(image: np.ndarray, how: PIL.Image.Resampling) -> np.ndarray:
    return np.asarray(PIL.Image.fromarray(image.astype(np.uint8)).resize((TILE, TILE), how)).astype(np.float32)


def trial(
    predictor: NetworkPredictor, image: np.ndarray, truth: np.ndarray, part: tuple[slice, slice], first: Correction
) -> list[float]:
    session, truth = predictor.open(image[part]), truth[part]
    prompts, state, mask, scores = sp.Prompts(), None, np.zeros_like(truth), []
    for number in range(ROUNDS):
        errors = Errors(truth & ~mask, mask & ~truth)
        if errors.missed.any() or errors.wrong.any():
            draw = first if number == 0 else center_click
            prompts += [draw(errors, Draws(torch.tensor([number])))]
            prediction = session.predict(prompts, mask_input=state)
            mask, state = prediction.mask, prediction.state
        scores.append(2 * (mask & truth).sum() / max(mask.sum() + truth.sum(), 1))
    return scores


if __name__ == "__main__":
    main()
