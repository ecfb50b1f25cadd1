"""What each thing around the network brings: Dice and milliseconds with it and without.

    python -m benchmarks.parts --data FOLDER [--weights compact] [--protocols line_scribbles ...] [--limit 2]

In each row one thing is other than shipped. Means over images, labels and sets, in images of a few hundred pixels:
`benchmarks.closer` has large ones.
"""

from __future__ import annotations

import argparse
import copy
import sys
from pathlib import Path

import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget.evaluation import evaluate
from scribbleprompt_widget.evaluation.protocols import PROTOCOLS
from scribbleprompt_widget.predictors.network import NetworkPredictor


class Mirrored(torch.nn.Module):
    """The mean of what a network says of an image and of its mirror image."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """B 5 H W -> B 1 H W."""
        mean: torch.Tensor = (self.module(x) + self.module(x.flip(-1)).flip(-1)) / 2
        return mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.npz that were not trained on")
    parser.add_argument("--weights", default="compact")
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=["center_clicks"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, help="images of each set; all unless given")
    options = parser.parse_args()
    shipped = sp.load_predictor(options.weights)
    if not isinstance(shipped, NetworkPredictor):
        parser.error(f"--weights takes a network, got {options.weights}")

    def changed(**attributes: object) -> NetworkPredictor:
        other = copy.copy(shipped)
        vars(other).update(attributes)
        return other

    ways = {
        "as shipped": shipped,
        "one look": changed(looks=1),
        "clicks not held": changed(clicks_hold=False),
        "all may change by any prompt": changed(monotone=False),
        f"{shipped.resolution // 2} cells": changed(resolution=shipped.resolution // 2),
        "its mirror image too": changed(module=Mirrored(shipped.module)),
    }
    report = evaluate(ways, options.data, options.protocols, rounds=options.rounds, limit=options.limit, workers=1)
    for note in report.notes:
        print(note, file=sys.stderr)
    means = report.rounds()
    for protocol in options.protocols:
        found = report.predictions[report.predictions["protocol"] == protocol]
        dice = means[means["protocol"] == protocol].set_index(["predictor", "round"])["mean"]
        rounds = sorted(found["round"].unique())
        print(f"\n| {protocol} | {' | '.join(map(str, rounds))} | ms |\n|---{'|---' * len(rounds)}|---|")
        for name in ways:
            milliseconds = 1000 * found.loc[found["predictor"] == name, "seconds"].median()
            print(f"| {name} | {' | '.join(f'{dice[name, n]:.3f}' for n in rounds)} | {milliseconds:.0f} |")


if __name__ == "__main__":
    main()
