"""What networks cost: arithmetic, weights, milliseconds per prediction and per training sample, beside the paper's.

    python -m benchmarks.networks [--repeats 20] [--train] [--bf16]

Operations are two per multiply-add, counted by torch at each network's working resolution (128 for the paper's, 256
for ours). Milliseconds are the quickest of the repeats, eager torch, channels last, batch 1, with one and two threads.
With --train: one forward and backward pass, per sample of a batch of 8, two threads, at 128 and at 256.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from scribbleprompt_widget.models.compact import CompactConfig, CompactNetwork, Level
from scribbleprompt_widget.models.unet import ScribblePromptUNet

TRAIN_BATCH = 8

DESIGNS = {
    "default": CompactConfig(),
    # Reads the five channels alone.
    "five channels": CompactConfig(relief=False, ridges=False, likeness=False, contrasts=(), context=False),
    # No features at full resolution: all the arithmetic goes below.
    "half": CompactConfig(0, (Level(24), Level(32), Level(40), Level(96), Level(160, encoder=2, decoder=0))),
    # Convolutions 3x3 all the way down; no attention, no large kernels.
    "plain": CompactConfig(8, (Level(20), Level(32), Level(56), Level(96), Level(160, encoder=2, decoder=0))),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--train", action="store_true", help="time training too")
    parser.add_argument("--bf16", action="store_true", help="time bfloat16 autocast too")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}\n")
    columns = ["GFLOP", "times less", "weights, M", "1 thread, ms", "2 threads, ms"]
    columns += ["bf16, 1 thread, ms", "bf16, 2 threads, ms"] * options.bf16
    if options.train:
        columns += ["training 128, ms", "training 256, ms"]
        columns += ["bf16 training 128, ms", "bf16 training 256, ms"] * options.bf16
    print("| network | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    paper = flops(ScribblePromptUNet(), 128)
    networks: dict[str, tuple[Callable[[], Any], int]] = {"paper's": (ScribblePromptUNet, 128)}
    networks |= {name: (lambda config=config: CompactNetwork(config), 256) for name, config in DESIGNS.items()}
    for name, (make, side) in networks.items():
        torch.manual_seed(0)
        network = make().to(memory_format=torch.channels_last)
        count = flops(network, side)
        cells = [
            f"{count / 1e9:.2f}",
            f"{paper / count:.1f}",
            f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}",
        ]
        folded = network.fold() if isinstance(network, CompactNetwork) else network.eval()
        precisions = (False, True) if options.bf16 else (False,)
        cells += [f"{predict(folded, side, n, options.repeats, bf16):.1f}" for bf16 in precisions for n in (1, 2)]
        if options.train:
            cells += [f"{learn(network, s, options.repeats, bf16):.1f}" for bf16 in precisions for s in (128, 256)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def flops(network: nn.Module, side: int) -> int:
    # By plain products: the counter does not know a CPU's fused attention.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 5, side, side))
    return counter.get_total_flops()


def predict(network: nn.Module, side: int, threads: int, repeats: int, bf16: bool) -> float:
    torch.set_num_threads(threads)
    x = torch.rand(1, 5, side, side).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        return quickest(lambda: network(x), repeats)


def learn(network: nn.Module, side: int, repeats: int, bf16: bool) -> float:
    torch.set_num_threads(2)
    x = torch.rand(TRAIN_BATCH, 5, side, side).contiguous(memory_format=torch.channels_last)
    network.train()

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            y = network(x)
        y.float().square().mean().backward()

    return quickest(step, max(repeats // 5, 2)) / TRAIN_BATCH


def quickest(call: Callable[[], object], repeats: int) -> float:
    """Milliseconds of the quickest call: what the machine does when nothing else wants it."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
