"""Augmentation: masks move with their images, nothing is lost, and a sample does not depend on its neighbours."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.augmentation import AugmentationConfig, augment
from scribbleprompt_widget.training.config import read_config
from scribbleprompt_widget.training.fields import blur, coordinates, smooth_field

STILL = AugmentationConfig(
    **{name: 0.0 for name in AugmentationConfig.__dataclass_fields__ if name.endswith("_probability")}
)
GEOMETRY = replace(STILL, affine_probability=0.7, elastic_probability=0.5, flip_probability=0.5, crop_probability=0.5)


def scene(count, size=96, seed=0):
    """Bright ellipses on a dark ground: the image itself says where the mask has to be."""
    draws = Draws(torch.arange(count) + seed)
    x, y = coordinates(size, torch.device("cpu"))
    place = draws.uniform(4)[:, :, None, None]
    u, v = x - (place[:, 0] - 0.5), y - (place[:, 1] - 0.5)
    masks = ((u / (0.15 + 0.4 * place[:, 2])) ** 2 + (v / (0.15 + 0.4 * place[:, 3])) ** 2 < 1)[:, None]
    return 0.2 + 0.6 * masks.float(), masks


def test_without_any_augmentation_nothing_changes():
    images, masks = scene(4)
    same, still = augment(images, masks, Draws(torch.arange(4)), STILL)
    torch.testing.assert_close(same, images, atol=2e-4, rtol=0)
    assert torch.equal(still, masks.float())


@pytest.mark.parametrize("size", [32, 48, 96, 192])
def test_size_is_changed_on_the_way(size):
    images, masks = scene(4)
    resized, labels = augment((images * 255).to(torch.uint8), masks, Draws(torch.arange(4)), STILL, size=size)
    assert resized.shape == labels.shape == (4, 1, size, size)
    torch.testing.assert_close(labels.mean(dim=(1, 2, 3)), masks.float().mean(dim=(1, 2, 3)), atol=0.01, rtol=0)
    assert ((resized > 0.5) == (labels > 0.5)).float().mean() > 0.98


@settings(max_examples=20)
@given(st.integers(0, 2**40))
def test_masks_move_with_their_images(seed):
    images, masks = scene(6, seed=seed % 1000)
    config = replace(GEOMETRY, repeat_probability=0.3, repeat_one=0.0)
    moved, labels = augment(images, masks, Draws(torch.arange(6) + seed), config)
    assert ((moved > 0.5) == (labels > 0.5)).float().mean() > 0.995
    assert labels.unique().tolist() == [0, 1]
    assert (labels.sum(dim=(1, 2, 3)) > 0).all()


@settings(max_examples=20)
@given(
    st.integers(0, 2**40),
    st.sampled_from([read_config(name).data.augmentation for name in ("default", "cpu", "paper")]),
)
def test_images_stay_images_and_targets_stay_targets(seed, config):
    images, masks = scene(5, seed=seed % 1000)
    shown, labels = augment(images, masks, Draws(torch.arange(5) + seed), config, size=64)
    assert shown.dtype == labels.dtype == torch.float32
    assert shown.isfinite().all()
    assert shown.min() >= 0
    assert shown.max() <= 1
    share = labels.mean(dim=(1, 2, 3))
    assert (share > 0).all()
    assert (share < 1).all()


@pytest.mark.parametrize("one", [False, True])
def test_mirrored_copies_surround_what_the_image_shows(one):
    config = replace(STILL, repeat_probability=1.0, repeats=(2.0, 2.0), repeat_one=float(one))
    ramp = torch.linspace(0.2, 0.8, 64)
    images = (0.5 * (ramp[:, None] + ramp)).expand(8, 1, 64, 64)
    padded, content = torch.zeros(8, 1, 64, 64), torch.tensor([[0, 16, 64, 48]]).expand(8, 4)
    padded[:, :, 16:48] = images[:, :, 16:48]
    masks = padded > 0.55
    shown, labels = augment(padded, masks, Draws(torch.arange(8)), config, content=content)
    # It is 32 pixels wide and 16 high now; 32 beyond, it is mirrored, and 64 beyond, itself again; so across.
    torch.testing.assert_close(shown[:, :, :32], shown[:, :, 32:], atol=1e-5, rtol=0)
    assert shown.min() > 0.1, "padding is not repeated"
    assert (shown - shown.flip(-1)).abs().amax(dim=(1, 2, 3)).min() > 0.01, "it is not looked at from its middle"
    certain = (shown - 0.55).abs() > 0.02
    if one:
        assert not labels[(shown < 0.55) & certain].any()
        rows, columns = labels.any(dim=3).sum(dim=2), labels.any(dim=2).sum(dim=2)
        assert (rows <= 16).all()
        assert (columns <= 32).all()
        assert (labels.sum(dim=(1, 2, 3)) > 0).all()
    else:
        assert torch.equal((labels > 0.5)[certain], (shown > 0.55)[certain])


@pytest.mark.parametrize("size", [64, 128])
def test_copies_join_without_seams_and_lost_targets_come_back_as_they_were(size):
    config = replace(STILL, affine_probability=1.0, repeat_probability=1.0, repeats=(1.5, 3.5))
    images = torch.zeros(16, 1, 128, 128)
    images[:, :, 32:96] = 1
    masks = torch.zeros(16, 1, 128, 128, dtype=torch.bool)
    masks[:, :, 50:70, 40:60] = True
    content = torch.tensor([[0, 32, 128, 96]]).expand(16, 4)
    shown, _ = augment(images, masks, Draws(torch.arange(16)), config, size=size, content=content)
    torch.testing.assert_close(shown, torch.ones_like(shown), atol=1e-3, rtol=0)
    config = replace(config, least_share=0.9)  # nothing is kept
    masks[:, :, 50:69] = False
    _, labels = augment(images, masks, Draws(torch.arange(16)), config, size=128, content=content)
    torch.testing.assert_close(labels, masks.float())


def test_another_view_shows_through_where_it_is_asked_for():
    images, masks = scene(200)
    draws = Draws(torch.arange(200))
    moving = replace(STILL, affine_probability=1.0)
    own, mine = augment(images, masks, draws, moving)
    laid, labels = augment(
        images, masks, draws, replace(moving, overlay_probability=0.5, overlay_strength=(0.25, 0.25))
    )
    assert torch.equal(labels, mine), "what shows through is no target"
    through = (laid - own).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert 0.4 < through.float().mean() < 0.6
    # A quarter of what is there gives way to a quarter of something that lies in [0, 0.8].
    other = (laid - 0.75 * own)[through] / 0.25
    assert other.min() > -1e-2
    assert other.max() < 0.81
    assert ((other > 0.5) != (mine[through] > 0.5)).float().mean() > 0.1, "the same view lies over itself"


def test_where_another_view_ends_there_is_no_edge():
    _, masks = scene(50)
    config = replace(STILL, affine_probability=1.0, overlay_probability=1.0, overlay_strength=(0.5, 0.5))
    flat, _ = augment(torch.full(masks.shape, 0.7), masks, Draws(torch.arange(50)), config)
    inside, _ = augment(torch.ones(masks.shape), masks, Draws(torch.arange(50)), replace(config, overlay_probability=0))
    # Beside its border an image is mixed with the padding that lies around it.
    edges = ((flat - 0.7).abs() > 0.01) & (inside > 0.99)
    assert edges.float().mean() < 0.01


def test_a_sample_does_not_depend_on_its_neighbours():
    images, masks = scene(8)
    draws = Draws(torch.arange(8))
    config = AugmentationConfig(repeat_probability=0.5, overlay_probability=0.5)
    together = augment(images, masks, draws.fork("a"), config, size=64)
    rows = torch.tensor([5, 2])
    alone = augment(images[rows], masks[rows], draws[rows].fork("a"), config, size=64)
    for whole, part in zip(together, alone, strict=True):
        torch.testing.assert_close(whole[rows], part, atol=1e-6, rtol=0)


def test_tiny_and_thin_targets_survive():
    masks = torch.zeros(64, 1, 256, 256, dtype=torch.bool)
    masks[:32, :, 100:108, 60:68] = True
    masks[32:, :, 31, 20:220] = True
    images = torch.full((64, 1, 256, 256), 90, dtype=torch.uint8)
    for size in (64, 128):
        _, labels = augment(images, masks, Draws(torch.arange(64)), AugmentationConfig(), size=size)
        assert (labels.sum(dim=(1, 2, 3)) > 0).all()


def test_crops_stay_within_the_content_and_show_the_object():
    config = replace(STILL, crop_probability=1.0, fill_probability=1.0)
    images, masks = torch.zeros(32, 1, 256, 256), torch.zeros(32, 1, 256, 256, dtype=torch.bool)
    images[:, :, 60:200] = 0.5
    masks[:, :, 90:120, 30:50] = True
    content = torch.tensor([0, 60, 256, 200]).expand(32, 4)
    shown, labels = augment(images, masks, Draws(torch.arange(32)), config, size=64, content=content)
    # Only at the very edge of the content is padding mixed in.
    assert ((shown - 0.5).abs() < 0.01).float().mean() > 0.97
    assert shown.min() > 0.2
    share = labels.mean(dim=(1, 2, 3))
    assert share.max() > 4 * share.min(), "crops differ in scale"


def test_padding_is_painted_when_it_is_asked_for():
    images, masks = torch.full((64, 1, 64, 64), 0.5), torch.zeros(64, 1, 64, 64, dtype=torch.bool)
    images[:, :, :16] = 0
    masks[:, :, 30:40, 30:40] = True
    content = torch.tensor([0, 16, 64, 64]).expand(64, 4)
    painted, _ = augment(images, masks, Draws(torch.arange(64)), replace(STILL, fill_probability=1.0), content=content)
    greys = painted[:, 0, 4, 4]
    assert greys.std() > 0.2
    assert (painted[:, 0, :15].amax(dim=(1, 2)) == painted[:, 0, :15].amin(dim=(1, 2))).all()
    torch.testing.assert_close(painted[:, 0, 20:], images[:, 0, 20:], atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"flip_probability": 1.5}, "flip_probability"),
        ({"gamma": (0.0, 1.0)}, "gamma"),
        ({"scale": (1.1, 0.8)}, "scale"),
        ({"least_crop": 0.0}, "least_crop"),
        ({"repeats": (0.5, 2.0)}, "repeats"),
        ({"repeat_one": 2.0}, "repeat_one"),
        ({"overlay_strength": (0.5, 1.5)}, "overlay_strength"),
    ],
)
def test_numbers_that_cannot_be_are_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        AugmentationConfig(**changed)


@pytest.mark.parametrize("knots", [2, 9, 20])
def test_fields_have_unit_variance_everywhere(knots):
    field = smooth_field(Draws(torch.arange(3000)), 32, knots)
    assert field.mean() == pytest.approx(0, abs=0.15)
    assert field.var(dim=0).mean() == pytest.approx(1, abs=0.1)
    assert field[:, :, 0, 0].var() == pytest.approx(1, abs=0.15)


def test_blur_keeps_means_and_leaves_alone_what_it_should():
    images = torch.rand(2, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    blurred = blur(images, torch.tensor([0.0, 1.5]), radius=4)
    torch.testing.assert_close(blurred[0], images[0])
    assert blurred[1].std() < 0.3 * images[1].std()
    assert blurred[1].mean() == pytest.approx(float(images[1].mean()), abs=0.01)
