"""Regions of many shapes, for the tests of the simulated annotator."""

import numpy as np
import torch
from hypothesis import strategies as st
from scipy import ndimage

from scribbleprompt_widget.simulation.draws import Draws

seeds = st.integers(-(2**63), 2**63 - 1)


@st.composite
def regions(draw, count=3):
    """(count, 1, H, W) bool: blobs, specks, thin lines, everything, nothing."""
    height, width = draw(st.integers(8, 72)), draw(st.integers(8, 72))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    masks = np.zeros((count, 1, height, width), dtype=bool)
    for mask in masks[:, 0]:
        kind = draw(st.sampled_from(["blobs", "specks", "line", "all", "none", "pixel"]))
        if kind in {"blobs", "specks"}:
            noise = ndimage.gaussian_filter(rng.standard_normal((height, width)), rng.uniform(0.3, 8))
            mask[:] = noise > np.quantile(noise, rng.uniform(0.05, 0.99))
        elif kind == "line":
            mask[rng.integers(height), :] = True
        elif kind == "pixel":
            mask[rng.integers(height), rng.integers(width)] = True
        else:
            mask[:] = kind == "all"
    return torch.from_numpy(masks)


def draws_for(masks, seed=0):
    return Draws(torch.arange(len(masks)) + seed % 2**62)


def disc(side, radius):
    return ellipse(side, radius, radius)


def ellipse(side, height, width):
    """(1, 1, side, side) bool: half axes in pixels, in the middle."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return torch.from_numpy((y / height) ** 2 + (x / width) ** 2 <= 1)[None, None]


def filled(channel):
    """(B,) bool: which samples have anything."""
    return channel.flatten(1).any(1)
