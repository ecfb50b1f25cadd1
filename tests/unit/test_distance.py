"""Distance transforms, components and random pixels against SciPy, over a batch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from scipy import ndimage
from torch.utils._python_dispatch import TorchDispatchMode

from scribbleprompt_widget.simulation import distance as transform
from scribbleprompt_widget.simulation.components import label_components
from scribbleprompt_widget.simulation.distance import distance_inside
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.neighbours import distance_near
from scribbleprompt_widget.simulation.noise import smooth_noise
from scribbleprompt_widget.simulation.picking import mark_pixels, pick_pixels
from tests.regions import draws_for, regions, seeds

EIGHT = np.ones((3, 3))


@given(regions())
@settings(max_examples=25)
def test_distances_are_exact(masks):
    plain, framed = distance_inside(masks), distance_inside(masks, frame=True)
    for mask, distance, with_frame in zip(masks[:, 0].numpy(), plain[:, 0], framed[:, 0], strict=True):
        if mask.all():
            assert (distance >= sum(mask.shape)).all()
        else:
            np.testing.assert_allclose(distance, ndimage.distance_transform_edt(mask), rtol=1e-6)
        padded = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        np.testing.assert_allclose(with_frame, padded, rtol=1e-6)


@pytest.mark.parametrize("chunk", [transform._CHUNK, 40 * 40 * 7, 1])
def test_what_a_gpu_runs_finds_what_a_cpu_finds_in_steps_of_any_size(monkeypatch, chunk):
    generator = np.random.default_rng(0)
    masks = ndimage.gaussian_filter(generator.normal(size=(5, 37, 40)), (0, 2, 2)) > -0.1
    masks[3], masks[4] = True, False
    regions = torch.from_numpy(masks)[:, None]
    step_by_step = [distance_inside(regions, frame=frame) for frame in (False, True)]
    monkeypatch.setattr(transform, "_CHUNK", chunk)
    # What runs on a GPU, on a CPU.
    monkeypatch.setattr(transform, "_envelope_by_steps", transform._envelope_at_once)
    plain, framed = at_once = [distance_inside(regions, frame=frame) for frame in (False, True)]
    assert all(torch.equal(one, two) for one, two in zip(step_by_step, at_once, strict=True))
    for mask, without, with_frame in zip(masks, plain[:, 0], framed[:, 0], strict=True):
        if not mask.all():
            np.testing.assert_allclose(without, ndimage.distance_transform_edt(mask), rtol=1e-6)
        padded = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        np.testing.assert_allclose(with_frame, padded, rtol=1e-6)


def test_a_step_on_a_gpu_holds_no_more_than_its_bound(monkeypatch):
    monkeypatch.setattr(transform, "_CHUNK", 30 * 20 * 4)
    held = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, call, types, args=(), kwargs=None):
            result = call(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                held.append(result.numel())
            return result

    squared = torch.rand(2, 30, 20)
    with Watch():
        transform._envelope_at_once(squared)
    assert max(held) == 30 * 20 * 4


@given(regions())
@settings(max_examples=25)
def test_distances_to_marks_are_exact_up_to_the_reach(marks):
    for mark, distance in zip(marks[:, 0].numpy(), distance_near(marks, 4)[:, 0].numpy(), strict=True):
        exact = ndimage.distance_transform_edt(~mark) if mark.any() else np.full(mark.shape, np.inf)
        near = exact <= 4
        np.testing.assert_allclose(distance[near], exact[near], rtol=1e-6)
        assert (distance[~near] > 4).all()


@given(regions())
@settings(max_examples=25)
def test_components_are_scipys(masks):
    labels = label_components(masks)
    for mask, numbers in zip(masks[:, 0].numpy(), labels[:, 0].numpy(), strict=True):
        expected, count = ndimage.label(mask, EIGHT)
        pairs = {*zip(expected[mask].tolist(), numbers[mask].tolist(), strict=True)}
        assert len(pairs) == count == len(np.unique(numbers[mask]))
        assert (numbers[~mask] == 0).all()


def test_winding_components_are_followed():
    y, x = np.mgrid[:200, :200] - 100.0
    turn = np.arctan2(y, x) / (2 * np.pi)
    spiral = torch.from_numpy((np.hypot(y, x) - 8 * turn) % 8 < 4)[None, None]
    labels = label_components(spiral)[spiral]
    assert len(labels.unique()) == ndimage.label(spiral[0, 0].numpy(), EIGHT)[1]


@given(regions(), seeds)
@settings(max_examples=25)
def test_picked_pixels_lie_in_the_region(masks, seed):
    pixels = pick_pixels(masks, draws_for(masks, seed), 20)
    inside = masks.flatten(1).gather(1, pixels)
    assert (inside.all(1) | ~masks.flatten(1).any(1)).all()


def test_every_pixel_is_as_likely():
    mask = torch.tensor([[1, 0, 1], [1, 1, 0]], dtype=torch.bool)[None, None]
    pixels = pick_pixels(mask, draws_for(mask), 4000)[0]
    counts = torch.bincount(pixels, minlength=6)
    assert counts[[1, 5]].sum() == 0
    assert ((counts[[0, 2, 3, 4]] - 1000).abs() < 120).all()


def test_marks_are_where_they_were_asked_for():
    marked = mark_pixels(torch.tensor([[0, 5, 5], [1, 2, 3]]), torch.tensor([[1, 1, 0], [0, 0, 1]]) > 0, (2, 3))
    assert marked.flatten(1).nonzero().tolist() == [[0, 0], [0, 5], [1, 3]]


def test_smooth_noise_has_variance_1_and_its_smoothness_everywhere():
    noise = smooth_noise(Draws(torch.arange(3000)), (20, 30), (3.0, 3.0)).squeeze(1)
    assert (noise.mean(0).abs() < 0.1).all()
    assert ((noise.std(0) - 1).abs() < 0.1).all()
    # White noise under a Gaussian blur correlates as exp(-d^2 / (4 sigma^2)).
    for distance in (1, 3, 6):
        expected = np.exp(-(distance**2) / (4 * 3**2))
        for first, second in ((noise[:, 0, 0], noise[:, 0, distance]), (noise[:, 8, 13], noise[:, 8 + distance, 13])):
            assert abs(float((first * second).mean()) - expected) < 0.08
