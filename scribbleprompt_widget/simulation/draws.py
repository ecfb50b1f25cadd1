"""Random numbers with one seed per sample: a sample draws the same, whatever is beside it and wherever it runs.

Counter-based: a number is a hash of the sample's key and of how many numbers were drawn before it. The hash is integer
arithmetic, so the bits are identical on every device; what is computed from them (a logarithm, say) may differ in the
last place.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

__all__ = ["Draws"]

# The golden ratio in 64 bits and the two multipliers of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), as signed.
_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)

_FLOAT_BITS = 24
"""Bits of a uniform number: as many as float32 holds exactly."""


class Draws:
    """Streams of random numbers, one for each sample of a batch.

    Like a generator it moves on: asking twice gives other numbers. `fork` leaves it where it is.

    Parameters
    ----------
    seeds
        (B,) int64, one seed for each sample. Numbers come on the device of this tensor.

    Raises
    ------
    ValueError
        When `seeds` is not a (B,) int64 tensor.

    Examples
    --------
    >>> draws = Draws(torch.tensor([3, 4]))
    >>> draws.uniform(5).shape
    torch.Size([2, 5])
    >>> bool((draws[1:].fork("boxes").uniform() == draws.fork("boxes").uniform()[1:]).all())
    True
    """

    __slots__ = ("_counter", "_keys", "device")

    def __init__(self, seeds: Tensor) -> None:
        if seeds.ndim != 1 or seeds.dtype != torch.int64:
            raise ValueError(f"seeds takes a (B,) int64 tensor, got shape {tuple(seeds.shape)} {seeds.dtype}")
        self.device = seeds.device
        # Keys stay on the host: `fork`, `host` and indexing then never wait for a GPU.
        self._keys = _mix(seeds.cpu() + _GOLDEN)
        self._counter = 0

    @classmethod
    def from_generator(
        cls, generator: torch.Generator | None, count: int, device: torch.device | str | None = None
    ) -> Draws:
        """`count` samples with seeds from a CPU generator; numbers come on `device` (default: the CPU)."""
        seeds = torch.randint(-(1 << 63), (1 << 63) - 1, (count,), generator=generator, dtype=torch.int64)
        return cls(seeds).to(device or "cpu")

    @classmethod
    def concatenate(cls, parts: Sequence[Draws]) -> Draws:
        """One after the other; each has to be new (nothing drawn yet), as `fork` returns it.

        Raises
        ------
        ValueError
            When numbers have been drawn from one, or `parts` is empty.
        """
        if not parts or any(part._counter for part in parts):
            raise ValueError("parts takes one or more draws from which nothing has been drawn")
        return parts[0]._with(torch.cat([part._keys for part in parts]), 0)

    def fork(self, *keys: int | str) -> Draws:
        """An independent stream for a purpose: it follows from the seeds and `keys`, not from what was drawn before."""
        mixed = self._keys
        for key in keys:
            mixed = _mix((mixed ^ _key_bits(key)) + _GOLDEN)
        return self._with(mixed, 0)

    def host(self) -> Draws:
        """The same streams with their numbers on the CPU: for choices that steer what runs next."""
        return self.to("cpu")

    def to(self, device: torch.device | str) -> Draws:
        """The same streams with their numbers on another device."""
        moved = self._with(self._keys, self._counter)
        # The device as tensors name it: "cuda" is "cuda:0" there.
        moved.device = torch.empty(0, device=device).device
        return moved

    def uniform(self, *shape: int, low: float | Tensor = 0.0, high: float | Tensor = 1.0) -> Tensor:
        """Numbers in [low, high), (B, *shape) float32; `low` and `high` may be (B,) tensors."""
        first, end = self._bound(low, shape), self._bound(high, shape)
        numbers: Tensor = _unit(self._bits(shape)) * (end - first) + first
        return numbers

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, (B, *shape) float32."""
        # Box and Muller's transform; 1 - u is in (0, 1], so that the logarithm is finite.
        radius = (-2 * torch.log1p(-_unit(self._bits(shape)))).sqrt()
        return radius * torch.cos(2 * math.pi * _unit(self._bits(shape)))

    def integers(self, low: int | Tensor, high: int | Tensor, *shape: int) -> Tensor:
        """Integers in [low, high), (B, *shape) int64; `low` and `high` may be (B,) tensors, low < high."""
        first, end = self._bound(low, shape), self._bound(high, shape)
        numbers: Tensor = _shift(self._bits(shape), 1) % (end - first) + first
        return numbers

    def __getitem__(self, index: Tensor | slice | Sequence[int]) -> Draws:
        if isinstance(index, Tensor):
            index = index.cpu()
        return self._with(self._keys[index], self._counter)

    def __len__(self) -> int:
        return len(self._keys)

    def _with(self, keys: Tensor, counter: int) -> Draws:
        other = object.__new__(Draws)
        other.device, other._keys, other._counter = self.device, keys, counter
        return other

    def _bits(self, shape: tuple[int, ...]) -> Tensor:
        count = math.prod(shape)
        # Not blocking: a copy that waits would wait for all that the GPU has still to do.
        keys = self._keys.to(self.device, non_blocking=True)
        steps = torch.arange(self._counter, self._counter + count, device=self.device)
        self._counter += count
        return _mix(keys[:, None] + steps * _GOLDEN).view(-1, *shape)

    def _bound(self, bound: float | Tensor, shape: tuple[int, ...]) -> Any:
        """A bound that broadcasts; a number stays a Python number, so that integers stay integers."""
        if not isinstance(bound, Tensor):
            return bound
        return bound.to(self.device).reshape(-1, *(1 for _ in shape))


def _mix(x: Tensor) -> Tensor:
    """SplitMix64's finaliser: every bit of `x` (int64) reaches every bit of the result."""
    x = (x ^ _shift(x, 30)) * _FIRST
    x = (x ^ _shift(x, 27)) * _SECOND
    return x ^ _shift(x, 31)


def _shift(x: Tensor, bits: int) -> Tensor:
    """A shift to the right that brings in zeros; torch's own brings in the sign."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _unit(bits: Tensor) -> Tensor:
    return _shift(bits, 64 - _FLOAT_BITS).float() * 2.0**-_FLOAT_BITS


@lru_cache(maxsize=1024)
def _key_bits(key: int | str) -> int:
    # repr tells 1 from "1"; Python's own hash of a string changes from run to run.
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
