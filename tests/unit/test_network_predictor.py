"""What a network predictor does around its network: closer looks, clicks that hold, states that are kept."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scribbleprompt_widget as sp
from scribbleprompt_widget.models.compact import CompactNetwork
from scribbleprompt_widget.predictors.network import NetworkPredictor
from scribbleprompt_widget.predictors.plain import areas_of
from scribbleprompt_widget.prompts import Box, Click, Lasso, Prompts, Scribble

SIDE = 64


class Bright(torch.nn.Module):
    """A network that knows what it wants: everything bright."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        return 40 * (x[:, :1] - 0.5)


class Same(torch.nn.Module):
    """A network that says the same everywhere."""

    def __init__(self, logit):
        super().__init__()
        self.logit = logit

    def forward(self, x):
        return torch.full_like(x[:, :1], self.logit)


def predictor(module, **keywords):
    return NetworkPredictor(module, name="test", resolution=SIDE, **keywords)


def disc(side, centre, radius):
    y, x = np.mgrid[:side, :side]
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_a_small_object_is_as_sharp_as_in_its_crop_and_the_rest_is_kept():
    side, near, far = 1024, (303, 411), (803, 640)
    truth = disc(side, near, 20)
    other = disc(side, far, 60)
    image = 0.1 + 0.8 * (truth | other)
    around = np.s_[411 - 60 : 411 + 60, 303 - 60 : 303 + 60]
    click = Prompts([Click(*near)])

    coarse = predictor(Bright()).open(image).predict(click)
    closer = predictor(Bright(), looks=3).open(image).predict(click)
    crop = predictor(Bright()).open(image[around]).predict(Prompts([Click(60, 60)]))
    assert dice(coarse.mask[around], truth[around]) < 0.9
    assert dice(closer.mask[around], truth[around]) >= dice(crop.mask, truth[around]) - 0.01
    assert dice(closer.mask[around], truth[around]) > 0.98
    outside = ~np.zeros_like(truth)
    outside[around] = False
    assert np.array_equal(closer.mask[outside], coarse.mask[outside])
    assert np.array_equal(closer.mask, closer.logits > 0)


@pytest.mark.parametrize(("looks", "size", "radius"), [(1, 1024, 50), (3, SIDE, 30), (3, 40, 2)])
def test_one_look_where_no_more_are_wanted_or_the_object_is_seen_large_already(looks, size, radius):
    image = 0.1 + 0.8 * disc(size, (size // 2, size // 2), radius)
    module = Bright()
    predictor(module, looks=looks).open(image).predict(Prompts([Click(size // 2, size // 2)]))
    assert len(module.seen) == 1


def test_a_small_object_in_a_small_image_is_looked_at_twice_and_both_looks_count():
    class First(Bright):
        def forward(self, x):
            logits = super().forward(x)
            return logits if len(self.seen) == 1 else logits + 2

    image = 0.1 + 0.8 * disc(SIDE, (20, 30), 4)
    click = Prompts([Click(20, 30)])
    once = predictor(First(), looks=1).open(image).predict(click)
    module = First()
    twice = predictor(module, looks=3).open(image).predict(click)
    assert len(module.seen) == 2
    assert twice.logits[30, 20] == pytest.approx(once.logits[30, 20] + 1, abs=0.1)
    assert twice.logits[60, 60] == once.logits[60, 60]
    assert np.array_equal(twice.mask, twice.logits > 0)


def test_what_is_not_the_object_alone_makes_no_mask():
    image = 0.1 + 0.8 * disc(256, (80, 80), 30)
    session = predictor(Bright(), looks=3, clicks_hold=True).open(image)
    negative = Prompts([Click(200, 200, positive=False)])
    nothing = session.predict(negative)
    assert not nothing.mask.any()
    assert not session.predict(negative + [Click(10, 10, positive=False)], mask_input=nothing.state).mask.any()
    assert session.predict(negative + [Click(80, 80)], mask_input=nothing.state).mask[80, 80]
    # A mask that is there already is another matter.
    given = session.predict(negative, mask_input=np.where(disc(256, (80, 80), 30), 8.0, -8.0).astype(np.float32))
    assert given.mask[80, 80]


@pytest.mark.parametrize("side", [48, 64, 256])
@pytest.mark.parametrize("invert", [False, True])
def test_in_a_plain_image_what_is_clicked_or_stroked_is_the_object_whole(side, invert):
    scale = side / 64
    object_, other = disc(side, (20 * scale, 20 * scale), 9 * scale), disc(side, (44 * scale, 44 * scale), 9 * scale)
    image = np.where(object_, 140, np.where(other, 140, 60)).astype(np.uint8) ^ np.uint8(255 * invert)
    session = sp.load_predictor("default").open(image)
    click = Click(20 * scale, 20 * scale)
    spilt = Scribble([(14 * scale, 20 * scale), (31 * scale, 20 * scale)])
    for prompts in (
        [click],
        [spilt],
        [click, Click(44 * scale, 44 * scale), Click(44 * scale, 46 * scale, positive=False)],
    ):
        assert dice(session.predict(Prompts(prompts)).mask, object_) > 0.95
    assert not session.predict(Prompts([click])).mask[other].any()
    both = session.predict(Prompts([click, Click(44 * scale, 44 * scale)])).mask
    assert dice(both, object_ | other) > 0.95


@pytest.mark.parametrize("row", [170, 171])
def test_a_click_on_a_thin_line_of_a_plain_image_is_not_one_on_its_ground(row):
    image = np.zeros((512, 512), np.uint8)
    image[row, 40:470] = 255
    image[300:400, 300:400] = 100
    session = sp.load_predictor("default").open(image)
    assert areas_of(session.image.grey) is not None
    for prompts in ([Click(200, row)], [Scribble([(100, row), (300, row)], width=1)]):
        assert session.predict(Prompts(prompts)).mask.mean() < 0.05


def test_a_loose_lasso_in_a_plain_image_means_what_lies_in_it():
    square = np.zeros((256, 256), bool)
    square[100:140, 100:140] = True
    session = sp.load_predictor("default").open(square.astype(float))
    for near in (5, 30):
        low, high = 100 - near, 140 + near
        lasso = Lasso([(low, low), (high, low), (high, high), (low, high)])
        assert dice(session.predict(Prompts([lasso])).mask, square) > 0.95


def test_objects_with_grain_on_an_even_ground_are_not_plain():
    image = np.zeros((256, 256), np.uint8)
    image[disc(256, (100, 120), 20)] = np.random.default_rng(0).integers(80, 200, 256 * 256)[
        : disc(256, (100, 120), 20).sum()
    ]
    assert (np.diff(image.astype(int)) == 0).mean() > 0.9
    assert areas_of(image / np.float32(255)) is None
    assert sp.load_predictor("default").open(image).predict(Prompts([Click(121, 120)])).mask.mean() < 0.2


def test_images_with_grain_and_images_of_nothing_are_not_plain():
    plain = np.where(disc(64, (30, 30), 10), 0.8, 0.2).astype(np.float32)
    grain = np.random.default_rng(0).normal(0, 1e-3, plain.shape).astype(np.float32)
    assert areas_of(plain).max() == 1
    assert areas_of(plain + grain) is None
    assert areas_of(np.where(plain > 0.5, plain, 0.2 + grain)) is None
    assert areas_of(np.zeros((64, 64), np.float32)) is None
    assert areas_of(np.zeros((1, 1), np.float32)) is None


class Moody(torch.nn.Module):
    """A network that says something else each time."""

    def __init__(self):
        super().__init__()
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x):
        return torch.randn(x[:, :1].shape, generator=self.generator)


def test_positive_prompts_take_nothing_away_and_negative_ones_add_nothing():
    session = predictor(Moody(), monotone=True).open(np.random.default_rng(0).random((SIDE, SIDE)))
    before = session.predict(Prompts([Click(10, 10)]))
    prompts = Prompts([Click(10, 10)])
    for added in (
        [Click(20, 20)],
        [Click(30, 30, positive=False)],
        [Scribble([(5, 5), (40, 9)]), Click(9, 9)],
        [Scribble([(5, 50), (40, 50)], positive=False)],
    ):
        prompts += added
        after = session.predict(prompts, mask_input=before.state)
        more, less = (after.mask & ~before.mask).any(), (before.mask & ~after.mask).any()
        assert (more, less) == ((True, False) if added[0].positive else (False, True))
        before = after
    given = np.where(disc(SIDE, (30, 30), 12), 4, -4).astype(np.float32)
    after = session.predict(Prompts([Click(40, 30, positive=False)]), mask_input=given).mask
    assert not (after & (given < 0)).any()


def test_everything_may_change_by_prompts_of_both_signs_a_box_or_others_than_before():
    session = predictor(Moody(), monotone=True).open(np.random.default_rng(0).random((SIDE, SIDE)))
    no = Click(30, 30, positive=False)
    first = session.predict(Prompts([Click(10, 10)]))
    for prompts in ([Click(10, 10), Click(20, 20), no], [Click(10, 10), Box(2, 2, 40, 40)], [Click(11, 11), no], [no]):
        after = session.predict(Prompts(prompts), mask_input=first.state)
        assert (after.mask & ~first.mask).any()
        assert (first.mask & ~after.mask).any()


def test_a_session_sees_its_image_once_and_closer_looks_anew(monkeypatch):
    seen, forward = [], NetworkPredictor.forward
    see = CompactNetwork.see
    monkeypatch.setattr(CompactNetwork, "see", lambda self, image: seen.append(image[0, 0].numpy()) or see(self, image))
    looked_at = []
    monkeypatch.setattr(
        NetworkPredictor, "forward", lambda self, x, *given: looked_at.append(x[0]) or forward(self, x, *given)
    )
    image = 0.1 + 0.8 * disc(1024, (303, 411), 20)
    session = predictor(CompactNetwork().eval(), looks=2).open(image)
    first = session.predict(Prompts([Click(303, 411)]))
    session.predict(Prompts([Click(303, 411), Click(800, 700, positive=False)]), mask_input=first.state)
    whole, closer, again, closer_again = looked_at
    assert np.array_equal(whole, again)
    assert not np.array_equal(whole, closer)
    assert [id_of(one, seen) for one in (whole, closer, closer_again)] == [0, 1, 2]
    assert len(seen) == 3


def id_of(image, images):
    """Which of the images it is; the last, should several be."""
    return max(number for number, one in enumerate(images) if np.array_equal(one, image))


def test_clicks_that_are_added_to_a_small_object_find_no_others_far_away():
    class Eager(Bright):
        """Who is told twice, marks all that is bright; first only what is brightest."""

        def forward(self, x):
            self.seen.append(x)
            return 40 * (x[:, :1] - (0.8 if x[:, 2].sum() < 2 else 0.3))

    image = 0.1 + 0.8 * disc(1024, (303, 411), 20) + 0.4 * disc(1024, (803, 640), 40)
    image[:, :50] = 0.9  # so much that it is no outlier
    session = predictor(Eager(), looks=3).open(image)
    first = session.predict(Prompts([Click(303, 411)]))
    assert not first.mask[640, 803]
    second = session.predict(Prompts([Click(303, 411), Click(320, 411)]), mask_input=first.state)
    assert second.mask[411, 303]
    assert not second.mask[640, 803]
    # With a prompt there, it is meant.
    third = Prompts([Click(303, 411), Click(320, 411), Click(803, 640)])
    assert session.predict(third, mask_input=second.state).mask[640, 803]


def test_a_large_object_needs_no_closer_look_and_a_box_asks_for_one():
    module = Bright()
    image = 0.1 + 0.8 * disc(1024, (512, 512), 400)
    session = predictor(module, looks=3).open(image)
    session.predict(Prompts([Click(512, 512)]))
    assert len(module.seen) == 1
    session.predict(Prompts([Box(40, 40, 90, 90)]))
    assert len(module.seen) > 2
    assert module.seen[-1][0, 1].mean() > 0.1


def test_a_closer_look_goes_on_from_what_an_earlier_one_saw():
    module = Bright()
    session = predictor(module, looks=3).open(0.1 + 0.8 * disc(1024, (300, 400), 20))
    first = session.predict(Prompts([Click(300, 400)]))
    module.seen.clear()
    second = session.predict(Prompts([Click(300, 400), Click(310, 400)]), mask_input=first.state)
    finest = first.state.closer.closer or first.state.closer
    assert np.allclose(module.seen[-1][0, 4].numpy(), finest.logits, atol=1e-4)
    assert np.array_equal(session.restore(second.state).logits, second.logits)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (67, 500), (2, 2)])
def test_images_of_any_shape(shape):
    image = np.random.default_rng(0).random(shape)
    module = predictor(Bright(), looks=3, clicks_hold=True)
    prediction = module.open(image).predict(Prompts([Click(0, 0), Click(shape[1] - 1, shape[0] - 1)]))
    assert prediction.logits.shape == shape
    assert np.isfinite(prediction.logits).all()
    assert prediction.mask[-1, -1]


@st.composite
def clicked(draw):
    height, width = draw(st.tuples(st.integers(1, 400), st.integers(1, 400)))
    place = st.tuples(st.floats(-0.5, width - 0.501), st.floats(-0.5, height - 0.501), st.booleans())
    return (height, width), draw(st.lists(place, min_size=1, max_size=8))


@given(clicked(), st.floats(-15, 15), st.integers(0, 99), st.integers(1, 3))
def test_clicks_hold_on_images_of_any_size_in_any_round(case, logit, seed, looks):
    shape, clicks = case
    session = predictor(Same(logit), clicks_hold=True, looks=looks).open(np.random.default_rng(seed).random(shape))
    prompts, state, last = Prompts(), None, {}
    for x, y, positive in clicks:
        prompts += [Click(x, y, positive)]
        last[int(np.floor(y + 0.5)), int(np.floor(x + 0.5))] = positive
        prediction = session.predict(prompts, mask_input=state)
        state = prediction.state
        assert np.array_equal(prediction.mask, prediction.logits > 0)
        assert all(prediction.mask[place] == sign for place, sign in last.items())


@settings(max_examples=60)
@given(st.tuples(st.integers(1, 900), st.integers(1, 900)), st.integers(0, 999))
def test_closer_looks_lie_in_what_they_look_at(shape, seed):
    rng = np.random.default_rng(seed)
    image = np.kron(rng.random((9, 9)), np.ones((100, 100)))[: shape[0], : shape[1]]
    session = predictor(Bright(), looks=3).open(image)
    for _ in range(3):
        x, y = rng.integers(shape[1]), rng.integers(shape[0])
        prediction = session.predict(Prompts([Click(x, y), Click(shape[1] - 1 - x, shape[0] - 1 - y, positive=False)]))
        assert prediction.logits.shape == shape


def test_two_signs_in_one_cell_are_told_apart():
    side, near = 1024, (303, 411)
    image = 0.1 + 0.8 * disc(side, near, 5)
    prompts = Prompts([Click(*near), Click(near[0] + 8, near[1], positive=False)])
    prediction = predictor(Bright(), looks=3, clicks_hold=True).open(image).predict(prompts)
    assert prediction.state.closer is not None
    assert prediction.mask[411, 303]
    assert not prediction.mask[411, 311]


def test_an_object_that_goes_on_is_not_cut_by_a_closer_look():
    image = np.full((1024, 1024), 0.1)
    image[500:540, 300:340] = 0.9
    # A tail that only a close look sees.
    image[515:517, 340:] = 0.9
    mask = predictor(Bright(), looks=2).open(image).predict(Prompts([Click(320, 520)])).mask
    columns = np.flatnonzero(mask[500:540].any(axis=0))
    assert columns.max() < 345 or columns.max() > 1000


def test_a_click_turns_more_than_a_pixel_and_no_more_than_its_surroundings():
    image = 0.2 + 0.6 * disc(512, (256, 256), 100)
    mask = predictor(Same(-1.5), clicks_hold=True).open(image).predict(Prompts([Click(200, 256)])).mask
    assert 100 < mask.sum() < 5000
    assert mask[disc(512, (200, 256), 3)].all()
    assert not mask[~disc(512, (200, 256), 40)].any()


@pytest.mark.parametrize("positive", [True, False])
def test_a_click_that_is_heard_in_its_own_cell_alone_turns_more_than_it(positive):
    class Hard(torch.nn.Module):
        def forward(self, x):
            return (-10 + 4 * x[:, 2:3]) if positive else (10 - 4 * x[:, 3:4])

    prompts = Prompts([] if positive else [Box(2, 2, 250, 250)]) + [Click(30, 30, positive)]
    module = NetworkPredictor(Hard(), name="test", resolution=256, clicks_hold=True)
    mask = module.open(np.full((256, 256), 0.5)).predict(prompts).mask
    turned = mask if positive else ~mask
    assert turned[29:32, 29:32].all()
    assert turned.sum() < 100


def test_a_click_stops_at_an_edge():
    image = np.zeros((SIDE, SIDE))
    image[:, 32:] = 1
    mask = predictor(Same(-3.0), clicks_hold=True).open(image).predict(Prompts([Click(32, 30)])).mask
    assert mask[:, 32:].sum() > 4 * mask[:, :32].sum()


def test_later_prompts_say_otherwise():
    session = predictor(Same(-3.0), clicks_hold=True).open(np.random.default_rng(0).random((SIDE, SIDE)))
    stroke = Scribble([(20, 30), (40, 30)], positive=False, width=5)
    assert not session.predict(Prompts([Click(30, 30), stroke])).mask[30, 30]
    assert session.predict(Prompts([stroke, Click(30, 30)])).mask[30, 30]
    assert not session.predict(Prompts([Click(30, 30), Click(30, 30, positive=False)])).mask[30, 30]


def test_what_agrees_with_its_clicks_is_left_alone():
    image = np.random.default_rng(0).random((SIDE, SIDE))
    prompts = Prompts([Click(10, 10)])
    held, free = (predictor(Same(3.0), clicks_hold=hold).open(image).predict(prompts) for hold in (True, False))
    assert np.array_equal(held.logits, free.logits)
