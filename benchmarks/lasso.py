"""How much of a lasso predictors should read: Dice of one lasso, by the share of its depth that is left out at the rim.

    python -m benchmarks.lasso --data FOLDER [--models compact random_walker] [--shares 0 0.2 0.4 0.6] [--images 2]

For the largest component of an object in each image, lassos are drawn as people may: around it and a little off it,
along its border, and within it. A share of 0 reads all that lies inside the outline.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from scipy import ndimage
from skimage import measure

import scribbleprompt_widget as sp
from scribbleprompt_widget import core
from scribbleprompt_widget.evaluation.metrics import dice

LEAST_AREA: Final = 200
"""Pixels; smaller objects are clicked."""
LOOSE: Final = 3.0
"""Standard deviation, in pixels, of the blur that makes an outline as round as a hand draws it."""
OFF: Final = 2
"""Pixels between the object and a lasso around it."""
DEEP: Final = 0.3
"""How far within the object a lasso in it keeps, as a share of its depth."""
WAYS: Final = ("around", "along", "within")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.npz")
    parser.add_argument("--models", nargs="+", default=["compact", "random_walker"])
    parser.add_argument("--shares", nargs="+", type=float, default=[0.0, 0.2, 0.4, 0.6])
    parser.add_argument("--images", type=int, default=2, help="of each set")
    options = parser.parse_args()
    samples = [one for path in sorted(options.data.glob("*.npz")) for one in read(path, options.images)]
    print(f"{len(samples)} objects\n\n| model | share | {' | '.join(WAYS)} | mean |\n|---|---|---|---|---|---|")
    for name in options.models:
        predictor = sp.load_predictor(name)
        for share in options.shares:
            core.CORE = share
            scores = np.array([measured(predictor, *sample) for sample in samples]).mean(axis=0)
            cells = " | ".join(f"{score:.3f}" for score in (*scores, scores.mean()))
            print(f"| {name} | {share:g} | {cells} |", flush=True)


def read(path: Path, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images (H, W) and the largest component of one object in each, (H, W) bool."""
    with np.load(path) as file:
        images, masks = file["images"], file["masks"]
    rng = np.random.default_rng(0)
    found = []
    for number in rng.permutation(len(images)):
        labels = np.unique(masks[number])[1:]
        if not len(labels):
            continue
        parts, _ = ndimage.label(masks[number] == rng.choice(labels))
        areas = np.bincount(parts.ravel())[1:]
        if areas.size and areas.max() >= LEAST_AREA:
            found.append((images[number], parts == 1 + areas.argmax()))
        if len(found) == count:
            break
    return found


def measured(predictor: sp.Predictor, image: np.ndarray, truth: np.ndarray) -> list[float]:
    """Dice of a lasso drawn in each of `WAYS`."""
    session = predictor.open(image)
    depth = ndimage.distance_transform_edt(np.pad(truth, 1))[1:-1, 1:-1]
    loose = ndimage.gaussian_filter(truth.astype(float), LOOSE) > 0.25
    areas = (ndimage.binary_dilation(loose, iterations=OFF), truth, depth > DEEP * depth.max())
    return [dice(session.predict([lasso(area)]).mask, truth) for area in areas]


def lasso(area: np.ndarray) -> sp.Lasso:
    """The longest outline of an area."""
    outlines = measure.find_contours(np.pad(area.astype(float), 1), 0.5)
    return sp.Lasso(max(outlines, key=len)[:, ::-1] - 1)


if __name__ == "__main__":
    main()
