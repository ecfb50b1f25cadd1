"""What a training sample costs, augmentation included: synthetic images, real ones, and real ones with superpixels.

    python -m benchmarks.training_data --data DIR [--device cuda] [--resolution 128 192 256] [--sheet sheet.png]

A sheet shows what comes out, with the target's outline: every training should start with a look at it.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scribbleprompt_widget.training.source import Batch, DataConfig, Source

OUTLINE = (255, 70, 0)
SHEET_COLUMNS = 12
REPEATS = 5


def milliseconds(source: Source, size: int, device: str) -> float:
    """Median time of a sample in a batch of `size`."""
    times = []
    for step in range(REPEATS + 1):
        start = time.perf_counter()
        source.batch(step, size, seed=0, device=device)
        if device != "cpu":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    # The first call moves tables and fills caches.
    return 1000 * float(np.median(times[1:])) / size


def sheet(batch: Batch) -> Image.Image:
    """Each image, and beside it the same with the target's outline."""
    grey = (255 * batch.images[:, 0]).byte().cpu().numpy()
    masks = batch.masks[:, 0].cpu().numpy() > 0
    inner = masks.copy()
    for axis in (1, 2):
        for shift in (-1, 1):
            inner &= np.roll(masks, shift, axis)
    plain = np.repeat(grey[..., None], 3, axis=-1)
    outlined = plain.copy()
    outlined[masks & ~inner] = OUTLINE
    tiles = np.concatenate([plain, outlined], axis=2)
    rows = [
        np.concatenate(list(tiles[i : i + SHEET_COLUMNS // 2]), axis=1)
        for i in range(0, len(tiles), SHEET_COLUMNS // 2)
    ]
    return Image.fromarray(np.concatenate(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of tasks; synthetic images alone without it")
    parser.add_argument("--exclude", nargs="*", default=[])
    parser.add_argument("--cache", type=Path, help="folder of superpixels")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="threads that torch may use")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--resolution", type=int, nargs="+", default=[128, 192, 256])
    parser.add_argument("--sheet", type=Path, help="write pictures of samples there (PNG), one file for each kind")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    real = DataConfig(root=chosen.data, exclude=tuple(chosen.exclude), cache=chosen.cache, synthetic_probability=0.0)
    kinds = {"synthetic": DataConfig()}
    if chosen.data is not None:
        kinds["labels"] = replace(real, superpixel_probability=0.0)
        kinds["superpixels"] = replace(real, superpixel_probability=1.0)
    print(f"{chosen.device}, {torch.get_num_threads()} threads, batch of {chosen.batch}; milliseconds a sample")
    print("kind         " + "".join(f"{resolution:>8}" for resolution in chosen.resolution) + "   reading, s")
    for kind, config in kinds.items():
        start = time.perf_counter()
        source = Source(config, chosen.resolution[0])
        reading = time.perf_counter() - start
        times = [milliseconds(source.at(size), chosen.batch, chosen.device) for size in chosen.resolution]
        print(f"{kind:13}" + "".join(f"{each:8.2f}" for each in times) + f"{reading:10.1f}")
        if chosen.sheet is not None:
            path = chosen.sheet.with_stem(f"{chosen.sheet.stem}_{kind}")
            sheet(source.at(128).batch(0, 60, seed=1, device=chosen.device)).save(path)


if __name__ == "__main__":
    main()
