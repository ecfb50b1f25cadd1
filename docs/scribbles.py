"""Put simulated scribbles beside people's: docs/scribbles.png and the table in docs/scribbles.md, whose words stay.

.venv/bin/python docs/scribbles.py --data FOLDER    (MedScribble's development tasks: NAME.npz with masks, scribbles)

Only strokes and outlines are shown, no images. A task whose licence does not let that be passed on is left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import PIL.Image
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.stroke_statistics import StrokeStatistics, measure, table  # noqa: E402  # from this checkout
from scribbleprompt_widget.simulation.config import SimulationConfig  # noqa: E402  # the same
from scribbleprompt_widget.simulation.draws import Draws  # noqa: E402  # the same
from scribbleprompt_widget.simulation.scribbles import (  # noqa: E402  # the same
    centerline_scribbles,
    contour_scribbles,
    hand_scribbles,
    line_scribbles,
)

mpl.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402  # after the choice of where to draw

LEFT_OUT = {"paxray"}
"""Not for commercial use."""
ANNOTATORS = 3
SHOWN = 2
"""Images of each task in the picture."""
SIMULATIONS = {
    "by hand": hand_scribbles,
    "line": line_scribbles,
    "centerline": centerline_scribbles,
    "contour": contour_scribbles,
}
COLUMNS = ("people",) * 3 + ("by hand",) * 3 + ("line", "centerline", "contour")
POSITIVE, NEGATIVE, OBJECT = (0, 130, 60), (205, 30, 30), (222, 222, 222)

BEGIN, END = "<!-- made by docs/scribbles.py -->", "<!-- end -->"
"""What lies between them in docs/scribbles.md is made here; the rest is written by people."""


def main() -> None:
    """Measure, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    rows: dict[str, list[StrokeStatistics]] = {}
    pictures: list[tuple[str, np.ndarray]] = []
    for path in sorted(options.data.glob("*.npz")):
        if path.stem in LEFT_OUT:
            continue
        with np.load(path) as data:
            masks, people = data["masks"] > 0, data["scribbles"] > 0
        drawn = {"people": people, **{name: simulate(name, masks, path.stem) for name in SIMULATIONS}}
        for name, scribbles in drawn.items():
            for mask, annotators in zip(masks, scribbles, strict=True):
                for positive, negative in annotators:
                    for sign, strokes, region in (("+", positive, mask), ("-", negative, ~mask)):
                        figures = measure(strokes, region, around=sign == "-")
                        if figures is not None:
                            rows.setdefault(f"{name} {sign}", []).append(figures)
        pictures += [
            (path.stem, strip(masks[index], {k: v[index] for k, v in drawn.items()})) for index in range(SHOWN)
        ]
    rows = {name: rows[name] for name in sorted(rows, key=lambda name: name[-1])}
    document = HERE / "scribbles.md"
    document.write_text(with_table(document.read_text("utf-8"), table(rows)), "utf-8")
    save(pictures, HERE / "scribbles.png")


def with_table(document: str, made: str) -> str:
    """The document with another table between its two marks, and all else as it is."""
    if not (document.count(BEGIN) == document.count(END) == 1 and document.index(BEGIN) < document.index(END)):
        raise ValueError(f"scribbles.md takes the marks {BEGIN} and {END}, once each and in this order")
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made.strip()}\n\n{END}{rest.split(END)[1]}"


def simulate(name: str, masks: np.ndarray, task: str) -> np.ndarray:
    """(N, annotators, 2, H, W) bool: as many simulated annotators as there are people."""
    regions = torch.from_numpy(np.repeat(masks, ANNOTATORS, axis=0))[:, None]
    draws = Draws(torch.arange(len(regions))).fork(task, name)
    config = SimulationConfig()
    signs = []
    for sign, region in (("positive", regions), ("negative", ~regions)):
        counts = draws.fork(sign, "count").integers(1, config.most_interactions + 1)
        signs.append(SIMULATIONS[name](region, draws.fork(sign), config, counts=counts) > 0)
    return torch.cat(signs, dim=1).unflatten(0, (len(masks), ANNOTATORS)).numpy()


def strip(mask: np.ndarray, drawn: dict[str, np.ndarray]) -> np.ndarray:
    """One row of the picture, (side, columns * side, 3) uint8: the object's surroundings under each kind of strokes."""
    window = surroundings(mask)
    tiles, seen = [], dict.fromkeys(drawn, 0)
    for name in COLUMNS:
        positive, negative = drawn[name][seen[name]]
        seen[name] += 1
        tile = np.full((*mask.shape, 3), 255, dtype=np.uint8)
        tile[mask], tile[negative], tile[positive] = OBJECT, NEGATIVE, POSITIVE
        tiles.append(np.asarray(resized(tile[window])))
    return np.concatenate(tiles, axis=1)


def surroundings(mask: np.ndarray) -> tuple[slice, slice]:
    """A square of at least half the image, with the object in its middle."""
    rows, columns = np.nonzero(mask)
    reach = max(np.ptp(rows), np.ptp(columns)) * 0.9
    side = int(np.clip(2 * reach, mask.shape[0] // 2, mask.shape[0]))
    corner = [
        int(np.clip((place.min() + place.max()) // 2 - side // 2, 0, n - side))
        for place, n in zip((rows, columns), mask.shape, strict=True)
    ]
    return slice(corner[0], corner[0] + side), slice(corner[1], corner[1] + side)


def resized(tile: np.ndarray, side: int = 160, margin: int = 3) -> np.ndarray:
    """A tile of one size with a thin frame."""
    scaled = np.asarray(PIL.Image.fromarray(tile).resize((side, side), PIL.Image.Resampling.NEAREST))
    return np.pad(scaled, ((margin, margin), (margin, margin), (0, 0)), constant_values=245)


def save(pictures: list[tuple[str, np.ndarray]], path: Path) -> None:
    """All rows under their columns' names."""
    picture = np.concatenate([row for _, row in pictures])
    height, width = picture.shape[:2]
    figure = plt.figure(figsize=((width + 70) / 100, (height + 24) / 100), dpi=100)
    axes = figure.add_axes((70 / (width + 70), 0, width / (width + 70), height / (height + 24)))
    axes.imshow(picture, interpolation="nearest")
    axes.set_axis_off()
    tile = width / len(COLUMNS)
    for number, name in enumerate(COLUMNS):
        axes.text((number + 0.5) * tile, -8, name, ha="center", fontsize=10)
    for number, (name, row) in enumerate(pictures):
        axes.text(-6, (number + 0.5) * len(row), name, ha="right", va="center", fontsize=10)
    figure.savefig(path)
    plt.close(figure)
    # A few flat colours: a palette makes the file a fraction of the size.
    with PIL.Image.open(path) as full:
        full.convert("RGB").quantize(32).save(path, optimize=True)


if __name__ == "__main__":
    main()
