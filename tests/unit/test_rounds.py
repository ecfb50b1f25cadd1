"""First prompts and corrections: what an annotator would draw, and never on the wrong side."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from scribbleprompt_widget.simulation.config import HandHabits, SimulationConfig
from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.simulation.rounds import PromptChannels, corrections, first_prompts, network_input
from scribbleprompt_widget.simulation.scribbles import contour_scribbles
from tests.regions import disc, draws_for, filled, regions, seeds

CUT = SimulationConfig(hand=HandHabits(spill_probability=0.0))


@given(regions(), seeds)
@settings(max_examples=10)
def test_first_prompts_have_the_sign_of_where_they_are(masks, seed):
    channels = first_prompts(masks, draws_for(masks, seed), CUT)
    for channel in channels:
        assert channel.shape == masks.shape
        assert channel.min() >= 0
        assert channel.max() <= 1
    assert not (channels.positive.bool() & ~masks).any()
    assert not (channels.negative.bool() & masks).any()
    prompted = filled(channels.box) | filled(channels.positive)
    assert torch.equal(prompted, filled(masks))


@given(regions(), regions(), seeds)
@settings(max_examples=10)
def test_corrections_come_from_errors_only(masks, predicted, seed):
    if predicted.shape != masks.shape:
        predicted = ~masks
    draws = draws_for(masks, seed)
    channels = corrections(PromptChannels.empty(masks), masks, predicted, draws, CUT, number=1)
    assert not channels.box.any()
    assert not (channels.positive.bool() & ~(masks & ~predicted)).any()
    assert not (channels.negative.bool() & ~(predicted & ~masks)).any()
    prompted = filled(channels.positive) | filled(channels.negative)
    assert torch.equal(prompted, filled(masks ^ predicted))


@given(regions(), seeds)
@settings(max_examples=6)
def test_where_nothing_is_wrong_nothing_is_added(masks, seed):
    draws = draws_for(masks, seed)
    first = first_prompts(masks, draws, SimulationConfig())
    second = corrections(first, masks, masks, draws, SimulationConfig(), number=1)
    for before, after in zip(first, second, strict=True):
        assert torch.equal(before, after)


@given(regions(count=4), seeds)
@settings(max_examples=6)
def test_a_samples_prompts_do_not_depend_on_its_neighbours(masks, seed):
    draws, config = draws_for(masks, seed), SimulationConfig()
    first = first_prompts(masks, draws, config)
    then = corrections(first, masks, ~masks, draws, config, number=1)
    again = corrections(first_prompts(masks, draws, config), masks, ~masks, draws, config, number=1)
    index = torch.tensor([2, 0])
    some = first_prompts(masks[index], draws[index], config)
    some = corrections(some, masks[index], ~masks[index], draws[index], config, number=1)
    for channel, same, alone in zip(then, again, some, strict=True):
        assert torch.equal(channel, same)
        assert ((channel[index] != alone).flatten(1).sum(1) <= 4).all()


def test_where_nothing_is_outside_rounding_draws_nothing():
    some = torch.ones(6, 1, 9, 17, dtype=torch.bool)
    some[1:3, :, :, 12:] = False
    draws, config = draws_for(some, 7), SimulationConfig()
    together = contour_scribbles(some, draws, config)
    for index in range(len(some)):
        alone = contour_scribbles(some[index : index + 1], draws[torch.tensor([index])], config)
        assert torch.equal(together[index : index + 1], alone)
    assert (filled(together)).all()


def test_every_mix_is_as_likely_and_counts_are_in_range():
    count = 700
    masks = disc(32, 10).expand(count, -1, -1, -1)
    config = SimulationConfig(
        positive_counts=(1, 3), negative_counts=(1, 3), hand_probability=0.0, thickness=(3.0, 3.0)
    )
    channels = first_prompts(masks, draws_for(masks), config)
    boxed = filled(channels.box).float().mean()
    assert abs(float(boxed) - 4 / 7) < 0.06
    # With a box alone there is nothing else: one mix of seven.
    assert abs(float((~filled(channels.positive)).float().mean()) - 1 / 7) < 0.05
    clicks_only = channels.positive.flatten(1).sum(1)
    assert ((clicks_only >= 1) & (clicks_only <= 3)).float().mean() > 2 / 7 - 0.1


def test_some_samples_begin_with_one_prompt_on_the_object():
    masks = disc(32, 10).expand(400, -1, -1, -1)
    config = SimulationConfig(
        single_probability=1.0, positive_counts=(2, 3), negative_counts=(2, 3), hand_probability=0.0, thickness=(3, 3)
    )
    alone = first_prompts(masks, draws_for(masks), config)
    assert not alone.negative.any()
    drawn = filled(alone.positive)
    assert (filled(alone.box) ^ drawn).all()
    # Boxes, clicks, scribbles: a third each.
    assert abs(float(drawn.float().mean()) - 2 / 3) < 0.08
    assert abs(float((alone.positive.flatten(1).sum(1) == 1).float().mean()) - 1 / 3) < 0.08
    nothing = torch.zeros_like(masks)
    then = [
        corrections(PromptChannels.empty(masks), masks, nothing, draws_for(masks), config, number=number)
        for number in (1, 2)
    ]
    ink = torch.stack([channels.positive.flatten(1).sum(1) for channels in (alone, *then)])
    # One kind to the end. Few scribbles are a pixel long, as clicks are.
    assert ((ink[1:] == 1) == (ink[0] == 1))[:, drawn].float().mean() > 0.97
    # After a box, clicks in half of the samples.
    assert abs(float((ink[1, ~drawn] == 1).float().mean()) - 0.5) < 0.15
    assert not torch.equal(then[0].positive, then[1].positive)
    some = first_prompts(masks, draws_for(masks), replace(config, single_probability=0.4))
    # Of the others, all but boxes alone have negative prompts.
    assert abs(float(filled(some.negative).float().mean()) - 0.6 * 6 / 7) < 0.08


def test_corrections_go_where_most_is_wrong():
    count = 150
    masks = torch.zeros(count, 1, 64, 64, dtype=torch.bool)
    masks[..., :30] = True
    predicted = torch.zeros_like(masks)
    predicted[:, :, 60:, 60:] = True  # 16 pixels wrong, 1920 missed
    channels = corrections(PromptChannels.empty(masks), masks, predicted, draws_for(masks), CUT, number=1)
    assert filled(channels.positive).float().mean() > 0.95
    assert filled(channels.negative).float().mean() < 0.1


def test_later_prompts_hold_where_signs_meet():
    masks = disc(64, 20)
    everything = torch.ones(masks.shape)
    channels = corrections(
        PromptChannels(everything * 0, everything, everything * 0),
        masks,
        ~masks & disc(64, 30),
        draws_for(masks),
        CUT,
        number=1,
    )
    assert not (channels.positive.bool() & channels.negative.bool()).any()
    fresh = corrections(PromptChannels.empty(masks), masks, ~masks & disc(64, 30), draws_for(masks), CUT, number=1)
    assert torch.equal(fresh.negative, channels.negative)


def test_the_networks_input():
    masks = disc(32, 10)
    images = torch.rand(1, 1, 32, 32)
    channels = first_prompts(masks, draws_for(masks), SimulationConfig())
    read = network_input(images, channels, None)
    assert read.shape == (1, 5, 32, 32)
    assert torch.equal(read[:, 1:2], channels.box)
    assert not read[:, 4].any()
    assert torch.equal(network_input(images, channels, images)[:, 4:], images)


def test_what_does_not_fit_is_refused():
    masks, config = disc(32, 10), SimulationConfig()
    with pytest.raises(ValueError, match=r"masks takes \(B, 1, H, W\)"):
        first_prompts(masks[0], draws_for(masks), config)
    with pytest.raises(ValueError, match="1 samples"):
        first_prompts(masks, Draws(torch.arange(2)), config)
    with pytest.raises(ValueError, match="predicted and channels take"):
        corrections(PromptChannels.empty(masks), masks, masks[..., :30], draws_for(masks), config, number=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("positive_counts", (3, 1)),
        ("hand_probability", 1.5),
        ("thickness", (0.0, 2.0)),
        ("warp_magnitude", (-1.0, 2.0)),
        ("blur_kernel", 32),
        ("max_length", 0.0),
        ("box_jitter", float("nan")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        SimulationConfig(**{name: value})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_prompts_the_same():
    masks = torch.cat([disc(128, radius) for radius in range(4, 60)])
    on_cpu = first_prompts(masks, draws_for(masks), SimulationConfig())
    on_gpu = first_prompts(masks.cuda(), draws_for(masks).to("cuda"), SimulationConfig())
    for cpu, gpu in zip(on_cpu, on_gpu, strict=True):
        assert (cpu != gpu.cpu()).float().mean() < 1e-3


@pytest.mark.parametrize("spread", [first_prompts, None])
def test_shy_strokes_keep_away_from_the_border(spread):
    masks = disc(128, 40).expand(12, 1, 128, 128)
    shy = SimulationConfig(shy_probability=1.0, shyness=(8.0, 8.0), hand=HandHabits(spill_probability=0.0))
    draws = draws_for(masks, 3)
    if spread is not None:
        channels = first_prompts(masks, draws, shy)
        # Clicks are single pixels, and lie anywhere.
        strokes = channels.positive.flatten(1).sum(1) > 2 * shy.most_interactions
    else:
        channels = corrections(PromptChannels.empty(masks), masks, torch.zeros_like(masks), draws, shy, number=1)
        strokes = channels.positive.flatten(1).sum(1) > shy.most_interactions
    assert strokes.any()
    inner = disc(128, 32)
    share = (channels.positive.bool() & inner)[strokes].sum() / channels.positive[strokes].sum()
    assert share > 0.97


def test_shy_strokes_are_there_in_thin_regions_too():
    masks = torch.zeros(8, 1, 64, 64, dtype=torch.bool)
    masks[:, :, 30:32, 5:60] = True
    shy = SimulationConfig(shy_probability=1.0, shyness=(12.0, 12.0), hand=HandHabits(spill_probability=0.0))
    channels = corrections(
        PromptChannels.empty(masks), masks, torch.zeros_like(masks), draws_for(masks, 0), shy, number=1
    )
    assert channels.positive.flatten(1).any(1).all()


@pytest.mark.parametrize("kinds", [("clicks",), ("scribbles",), ("box", "clicks"), ("clicks", "scribbles")])
def test_only_wanted_kinds_are_drawn(kinds):
    masks = disc(64, 20).expand(24, -1, -1, -1)
    draws, config = draws_for(masks, 0), SimulationConfig(kinds=kinds, hand_probability=1, shy_probability=0)
    first = first_prompts(masks, draws, config)
    then = corrections(PromptChannels.empty(masks), masks, torch.zeros_like(masks), draws, config, number=1)
    assert first.box.any() == ("box" in kinds)
    for channels in (first, then):
        # At most three clicks of a pixel each; a scribble is larger.
        large = channels.positive.sum(dim=(1, 2, 3)) > 3
        assert large.any() == ("scribbles" in kinds)
        assert (~large & filled(channels.positive)).any() == ("clicks" in kinds)


def test_kinds_that_leave_nothing_to_correct_with_are_refused():
    for kinds in (("box",), (), ("click",)):
        with pytest.raises(ValueError, match="kinds takes some of box, clicks, scribbles"):
            SimulationConfig(kinds=kinds)
