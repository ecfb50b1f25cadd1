"""The simulated annotator's speed, beside the paper's algorithm written plainly and beside a training step.

    python -m benchmarks.simulation [--device cuda] [--sides 128 256] [--batch 16] [--threads 1]

Milliseconds per sample, medians over repeats on one set of masks (thresholded smooth noise: one to a dozen objects;
predictions that are wrong along borders). "five rounds" are first prompts and four corrections. "plain" is
`benchmarks.plain_annotator`: one process, sample by sample; it has no strokes by hand, so `simulation` is timed without
them as well. A training step is five rounds of the default network forwards and backwards, and the optimiser's step.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from benchmarks.plain_annotator import PlainAnnotator
from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.simulation import boxes, clicks, scribbles
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.noise import smooth_noise
from scribbleprompt_widget.simulation.rounds import PromptChannels, corrections, first_prompts, network_input

ROUNDS = 5
KINDS = {
    "box": boxes.boxes,
    "uniform clicks": clicks.uniform_clicks,
    "center clicks": clicks.center_clicks,
    "border clicks": clicks.border_clicks,
    "line": scribbles.line_scribbles,
    "centerline": scribbles.centerline_scribbles,
    "contour": scribbles.contour_scribbles,
    "hand": scribbles.hand_scribbles,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sides", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1, help="torch's threads; OpenCV always has one")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.machine()
    print(f"{name}, torch {torch.__version__}, {options.threads} threads, batches of {options.batch}\n")
    for side in options.sides:
        report(side, options.batch, options.device, options.repeats)


def report(side: int, batch: int, device: str, repeats: int) -> None:
    config = SimulationConfig()
    masks, predicted = (part.to(device) for part in examples(side, batch))

    def per_sample(run: Callable[[int], object]) -> float:
        return 1000 * median_seconds(run, device, repeats) / batch

    def seeds(number: int) -> Draws:
        return Draws.from_generator(torch.Generator().manual_seed(number), batch, device)

    def draw(kind: Callable[..., Tensor], number: int) -> Tensor:
        return kind(masks, seeds(number), config)

    def play(chosen: SimulationConfig, number: int) -> PromptChannels:
        return five_rounds(masks, predicted, seeds(number), chosen)

    print(f"| {side}x{side}, ms per sample | |\n|---|---|")
    for name, kind in KINDS.items():
        print(f"| {name} | {per_sample(partial(draw, kind)):.2f} |")
    times = {}
    for name, chosen in (("with hand", config), ("without hand", replace(config, hand_probability=0.0))):
        times[name] = per_sample(partial(play, chosen))
        print(f"| five rounds, {name} | {times[name]:.2f} |")
    times["plain"] = per_sample(lambda number: plain_rounds(masks, predicted, number))
    print(f"| five rounds, plain | {times['plain']:.2f} |")
    step = per_sample(training_step(masks, device))
    print(f"| training step, float32 | {step:.2f} |")
    half = per_sample(training_step(masks, device, torch.bfloat16))
    print(f"| training step, bfloat16 | {half:.2f} |")
    print(
        f"\nfive rounds with hand: {times['with hand'] / step:.2f} of a float32 step, "
        f"{times['with hand'] / half:.2f} of a bfloat16 step; plain takes "
        f"{times['plain'] / times['without hand']:.1f} times as long as five rounds without hand\n",
        flush=True,
    )


def examples(side: int, batch: int) -> tuple[Tensor, Tensor]:
    """Masks and predictions, (batch, 1, side, side) bool."""
    draws = Draws(torch.arange(batch))
    scale = side / 128
    height = smooth_noise(draws.fork("objects"), (side, side), (8 * scale, 24 * scale))
    error = smooth_noise(draws.fork("errors"), (side, side), (4 * scale, 12 * scale))
    level = draws.uniform(1, 1, 1, low=0.3, high=1.5)
    return height > level, height + 0.3 * error > level


def five_rounds(masks: Tensor, predicted: Tensor, draws: Draws, config: SimulationConfig) -> PromptChannels:
    channels = first_prompts(masks, draws, config)
    for number in range(1, ROUNDS):
        channels = corrections(channels, masks, predicted, draws, config, number=number)
    return channels


def plain_rounds(masks: Tensor, predicted: Tensor, seed: int) -> None:
    annotator = PlainAnnotator(SimulationConfig(), seed)
    for mask, prediction in zip(masks[:, 0].cpu().numpy(), predicted[:, 0].cpu().numpy(), strict=True):
        _, positive, negative = annotator.first_prompts(mask)
        for _ in range(1, ROUNDS):
            more, less = annotator.corrections(mask, prediction)
            positive, negative = np.maximum(positive, more), np.maximum(negative, less)


def training_step(masks: Tensor, device: str, precision: torch.dtype | None = None) -> Callable[[int], object]:
    network = CompactNetwork().to(device)
    optimiser = torch.optim.AdamW(network.parameters())
    inputs = network_input(torch.rand(masks.shape, device=device), PromptChannels.empty(masks))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    truth = masks.float()

    def step(_: int) -> None:
        for _ in range(ROUNDS):
            with torch.autocast(torch.device(device).type, precision, enabled=precision is not None):
                logits = network(inputs)
            torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), truth).backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def median_seconds(run: Callable[[int], object], device: str, repeats: int) -> float:
    run(0)
    times = []
    for number in range(repeats):
        finish(device)
        start = time.perf_counter()
        run(number)
        finish(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
