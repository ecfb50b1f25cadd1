"""Synthetic labels: superpixels of real images, so that the network learns to segment what no one has labelled.

Felzenszwalb and Huttenlocher's segmentation at a random scale, as in the paper (section 3.3). It is far too slow to run
during training (0.1 s an image), so each image gets a few maps ahead, kept in a cache: one small file an image, named
by what the image holds, so that a computation that was cut short goes on and a changed image gets new maps.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb
from torch import Tensor
from tqdm.auto import tqdm

from scribbleprompt_widget.cache import cache_folder
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.tasks import Ragged

__all__ = ["SuperpixelConfig", "SuperpixelTable", "default_cache", "superpixel_maps"]

# Part of the files' names: maps made by other code are not taken.
_VERSION = 1
# A superpixel that is larger than this leaves no background to mark.
_MOST_SHARE = 0.9
# Black grounds (of 255) fall apart along borders that no one can see.
_BLACK = 4
_WAIT_BEFORE_BAR = 2.0


@dataclass(frozen=True)
class SuperpixelConfig:
    """Numbers of the segmentation.

    Attributes
    ----------
    maps
        How many maps an image has, each at a scale of its own.
    scale
        Range of Felzenszwalb's scale (larger: larger regions). Each map draws log-uniformly from its own part of the
        range, so that few maps cover all of it; the paper draws uniformly from the same range for every sample.
    sigma
        Width of the blur before it, pixels.
    least_size
        Pixels that a region has at least: of images of 256x256, as many as the paper's 32 of 128x128.
    """

    maps: int = 3
    scale: tuple[float, float] = (1.0, 500.0)
    sigma: float = 0.5
    least_size: int = 128

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", tuple(self.scale))
        if self.maps < 1 or self.least_size < 1:
            raise ValueError(f"maps and least_size take numbers from 1 on, got {self.maps} and {self.least_size}")
        if len(self.scale) != 2 or not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f"scale takes a range (low, high) above 0, got {self.scale}")


@dataclass(frozen=True, eq=False)
class SuperpixelTable:
    """The superpixels of all images, as tensors that can live on any device.

    Attributes
    ----------
    maps
        (N * maps, 256, 256) int16: the maps of image 0, then those of image 1, ...
    usable, number
        For each map the numbers of the superpixels that can be a target, larger ones several times.
    per_image
        How many maps an image has.
    """

    maps: Tensor
    usable: Ragged
    number: Tensor
    per_image: int

    @classmethod
    def of(
        cls,
        images: Tensor,
        content: Tensor,
        config: SuperpixelConfig,
        least_area: int,
        cache: str | Path | None = None,
    ) -> SuperpixelTable:
        """Read the maps of images (N, 256, 256) uint8 from the cache, after computing those that it lacks.

        Parameters
        ----------
        content
            (N, 4) boxes (x0, y0, x1, y1) of the images without their padding, which is no target.
        least_area
            Pixels that a target has at least.
        cache
            Folder; `default_cache()` unless given.
        """
        folder = default_cache() if cache is None else Path(cache)
        maps = _all_maps(images.numpy(), config, folder)
        usable = [
            _usable(each, image, box, least_area)
            for image, of_image, box in zip(images.numpy(), maps, content.tolist(), strict=True)
            for each in of_image
        ]
        return cls(
            maps=torch.from_numpy(maps.reshape(-1, *maps.shape[2:]).view(np.int16)),
            usable=Ragged.of([len(numbers) for numbers in usable]),
            number=torch.from_numpy(np.concatenate([*usable, [0]]).astype(np.int64)),
            per_image=config.maps,
        )

    def to(self, device: torch.device) -> SuperpixelTable:
        """The same tables on another device."""
        return SuperpixelTable(self.maps.to(device), self.usable.to(device), self.number.to(device), self.per_image)

    def sample(self, image: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Choose a map and a superpixel for images (B,): rows of `maps`, -1 where there is none, and numbers."""
        row = image * self.per_image + draws.fork("map").integers(0, self.per_image)
        place = self.usable.pick(row, draws.fork("number"))
        return torch.where(self.usable.count[row] > 0, row, -1), self.number[place]


def superpixel_maps(image: NDArray[np.uint8], config: SuperpixelConfig) -> NDArray[np.uint16]:
    """Segment one image at several scales; the same image gives the same maps.

    Parameters
    ----------
    image
        (H, W) uint8.

    Returns
    -------
    (maps, H, W) uint16, numbered from 0 in each map.
    """
    generator = np.random.default_rng(np.frombuffer(hashlib.sha256(image.tobytes()).digest(), dtype=np.uint32))
    edges = np.geomspace(*config.scale, config.maps + 1)
    scales = np.exp(generator.uniform(np.log(edges[:-1]), np.log(edges[1:])))
    grey = image.astype(np.float32) / 255
    maps = [felzenszwalb(grey, scale=scale, sigma=config.sigma, min_size=config.least_size) for scale in scales]
    return np.stack(maps).astype(np.uint16)


def default_cache() -> Path:
    """Where superpixels are kept unless a folder is given: the user's cache folder (``XDG_CACHE_HOME``)."""
    return cache_folder() / "superpixels"


def _all_maps(images: NDArray[np.uint8], config: SuperpixelConfig, folder: Path) -> NDArray[np.uint16]:
    """(N, maps, 256, 256) for (N, 256, 256), from the cache where it has them."""
    maps = np.empty((len(images), config.maps, *images.shape[1:]), dtype=np.uint16)

    def fill(index: int) -> None:
        maps[index] = _cached_maps(images[index], config, folder)

    # Felzenszwalb's merging runs without the interpreter's lock: threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in tqdm(pool.map(fill, range(len(images))), "superpixels", len(images), delay=_WAIT_BEFORE_BAR):
            pass
    return maps


def _cached_maps(image: NDArray[np.uint8], config: SuperpixelConfig, folder: Path) -> NDArray[np.uint16]:
    key = hashlib.sha256(f"{_VERSION} {config!r} {image.shape}".encode() + image.tobytes()).hexdigest()[:24]
    path = folder / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["maps"]  # type: ignore[no-any-return]  # written below
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        path.unlink(missing_ok=True)
        warnings.warn(f"superpixels: {path} was damaged ({error}) and is made again", stacklevel=2)
    maps = superpixel_maps(image, config)
    folder.mkdir(parents=True, exist_ok=True)
    # Renamed when it is whole: another process, or a kill, never leaves half a file.
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
        np.savez_compressed(file, maps=maps)
    Path(file.name).replace(path)
    return maps


def _usable(
    numbers: NDArray[np.uint16], image: NDArray[np.uint8], box: tuple[int, int, int, int], least_area: int
) -> NDArray[np.int64]:
    """The superpixels that can be a target: neither tiny, nor nearly everything, nor padding, nor plain black.

    Each stands there in proportion to its side: most superpixels are tiny, and most targets should not be.
    """
    x0, y0, x1, y1 = box
    shown = numbers[y0:y1, x0:x1]
    total = np.bincount(numbers.ravel())
    inside = np.bincount(shown.ravel(), minlength=len(total))
    grey = np.bincount(numbers.ravel(), weights=image.ravel()) / np.maximum(total, 1)
    good = (total >= least_area) & (inside <= _MOST_SHARE * shown.size) & (2 * inside >= total) & (grey > _BLACK)
    numbers_of_good = np.flatnonzero(good)
    return np.repeat(numbers_of_good, np.sqrt(total[numbers_of_good] / least_area).astype(np.int64))
