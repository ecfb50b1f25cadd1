"""The predictor without weights: what a person sees when they draw a little, and that nothing legal breaks it."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from scribbleprompt_widget.predictors.random_walker import RandomWalkerPredictor
from scribbleprompt_widget.predictors.walk import random_walk
from scribbleprompt_widget.prompts import Box, Click, Prompts, Scribble

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
# scikit-image's random walker by itself, beta 300, on the whole 256x256 image (shared/data/README.md).
PLAIN_WALKER = {"acdc": 0.872, "btcv": 0.877, "hipxray": 0.904, "octa500": 0.199, "paxray": 0.818, "wbc": 0.846}


def dice(mask, truth):
    return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())


def disc(shape, x, y, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def noisy(masks, shape, noise=0.08, seed=0):
    grey = np.full(shape, 0.4) + sum(0.3 * mask for mask in masks)
    grey = grey + noise * np.random.default_rng(seed).standard_normal(shape)
    return (255 * np.clip(grey, 0, 1)).astype(np.uint8)


def segment(image, *prompts):
    return RandomWalkerPredictor().open(image).predict(Prompts(prompts)).mask


SHAPE = (200, 240)
DISC = disc(SHAPE, 130, 90, 40)
INSIDE = Scribble([(110, 90), (150, 90)])
AROUND = Scribble([(75, 35), (185, 35), (185, 145), (75, 145), (75, 35)], positive=False)


@pytest.fixture(scope="module")
def session():
    return RandomWalkerPredictor().open(noisy([DISC], SHAPE))


@pytest.mark.parametrize(
    ("prompts", "least"),
    [
        ([INSIDE, AROUND], 0.95),
        ([INSIDE], 0.93),
        ([Click(125, 85)], 0.93),
        ([Click(100, 100)], 0.93),
        ([Box(90, 50, 170, 130)], 0.95),
        ([Box(80, 42, 182, 140)], 0.85),  # a loose box
        ([Box(90, 50, 170, 130), Click(130, 90)], 0.95),
        ([INSIDE, Click(20, 180, positive=False)], 0.93),  # far away, says nothing new
    ],
    ids=[
        "both signs",
        "positive stroke",
        "click",
        "click off the middle",
        "box",
        "loose box",
        "box and click",
        "far click",
    ],
)
def test_a_disc_on_noise_is_found(session, prompts, least):
    assert dice(session.predict(Prompts(prompts)).mask, DISC) > least


def test_no_prompt_and_negatives_alone_give_background(session):
    assert not session.predict().mask.any()
    assert not session.predict(Prompts([AROUND, Click(3, 3, positive=False)])).mask.any()


def test_an_earlier_state_without_prompts_is_kept(session):
    first = session.predict(Prompts([INSIDE]))
    assert np.array_equal(session.predict(mask_input=first.state).mask, first.mask)


def test_clicks_hold_where_they_are(session):
    for prompts in (
        [INSIDE, Click(130, 60, positive=False)],
        [INSIDE, Click(20, 20)],
        [Box(10, 10, 60, 60), Click(200, 150)],
    ):
        mask = session.predict(Prompts(prompts)).mask
        last = prompts[-1]
        assert mask[int(last.y), int(last.x)] == last.positive


def test_the_later_of_two_clicks_on_one_pixel_holds(session):
    there, not_there = Click(130, 90), Click(130, 90, positive=False)
    assert session.predict(Prompts([INSIDE, not_there, there])).mask[90, 130]
    assert not session.predict(Prompts([INSIDE, there, not_there])).mask[90, 130]


def test_the_same_prompts_give_the_same_logits(session):
    prompts = Prompts([INSIDE, Click(60, 60, positive=False)])
    assert np.array_equal(session.predict(prompts).logits, session.predict(prompts).logits)


def test_one_correction_does_not_turn_the_rest_over():
    # Two touching discs; the person wants one, and says so by one click on the other.
    left, right = disc(SHAPE, 80, 100, 35), disc(SHAPE, 145, 100, 35) & ~disc(SHAPE, 80, 100, 35)
    image = noisy([left, right], SHAPE)
    stroke = Scribble([(60, 100), (100, 100)])
    mask = segment(image, stroke, Click(150, 100, positive=False))
    assert dice(mask, left) > 0.85
    assert not mask[:, 190:].any()


def center_click(mask, truth):
    """A click in the middle of the largest error, as the simulated annotator makes them."""
    largest, best = 0, None
    for error, positive in ((truth & ~mask, True), (mask & ~truth, False)):
        places, count = ndimage.label(error)
        if count and (size := np.bincount(places.ravel())[1:].max()) > largest:
            largest = size
            part = places == 1 + np.bincount(places.ravel())[1:].argmax()
            depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
            y, x = np.unravel_index(depth.argmax(), depth.shape)
            best = Click(int(x), int(y), positive)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_each_click_builds_on_what_is_there(seed):
    # An object of two shades beside a distractor of its own: one click cannot tell.
    left, right = disc(SHAPE, 80, 100, 35), disc(SHAPE, 118, 100, 35)
    distractor = disc(SHAPE, 190, 100, 30)
    truth = left | right
    image = noisy([left, distractor, 0.4 * (right & ~left)], SHAPE, seed=seed)
    opened = RandomWalkerPredictor().open(image)
    prompts, state, mask, reached = Prompts(), None, np.zeros(SHAPE, dtype=bool), []
    for _ in range(6):
        if (click := center_click(mask, truth)) is None:
            break
        prompts += [click]
        prediction = opened.predict(prompts, mask_input=state)
        state, mask = prediction.state, prediction.mask
        reached.append(dice(mask, truth))
    assert reached[-1] > 0.93
    assert min(np.diff(reached)) > -0.03


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    "stroke",
    [[(250, 20), (20, 20)], [(240, 330), (270, 480)], [(225, 330), (225, 480)]],
    ids=["far", "along", "beside"],
)
def test_a_negative_stroke_after_a_click_leaves_the_rest(at_once, stroke):
    image = skimage.data.immunohistochemistry()
    opened = RandomWalkerPredictor().open(image)
    click, negative = Click(320, 400), Scribble(stroke, positive=False)
    first = opened.predict(Prompts([click]))
    second = opened.predict(Prompts([click, negative]), mask_input=None if at_once else first.state)
    assert dice(second.mask, first.mask) > 0.9


PAIR = (200, 300)
LEFT, RIGHT = disc(PAIR, 80, 100, 40), disc(PAIR, 210, 100, 40)
ON_LEFT, AROUND_RIGHT = Scribble([(60, 100), (100, 100)]), Box(168, 58, 252, 142)
AROUND_LEFT, ON_RIGHT = Box(38, 58, 122, 142), Scribble([(190, 100), (230, 100)])
BETWEEN = Scribble([(145, 60), (145, 140)], positive=False)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("prompts", "truth"),
    [
        ([ON_LEFT, AROUND_RIGHT], LEFT | RIGHT),
        ([Click(80, 100), AROUND_RIGHT], LEFT | RIGHT),
        ([ON_LEFT, BETWEEN, AROUND_RIGHT], LEFT | RIGHT),
        ([AROUND_LEFT, ON_RIGHT], LEFT | RIGHT),
        ([AROUND_LEFT, AROUND_RIGHT], LEFT | RIGHT),
        ([AROUND_LEFT, AROUND_RIGHT, Click(210, 100, positive=False)], LEFT),
        ([ON_LEFT, Box(38, 58, 85, 142)], LEFT),  # the stroke goes on beyond the box, and so does the object
        ([ON_LEFT, Box(34, 54, 126, 146)], LEFT),
        ([AROUND_LEFT, Click(210, 100)], LEFT | RIGHT),
        ([ON_LEFT, Click(215, 95)], LEFT | RIGHT),
        ([Click(80, 100), Click(215, 95), Click(20, 20, positive=False)], LEFT | RIGHT),
        ([Click(80, 100), Click(70, 100), Click(215, 95), ON_RIGHT], LEFT | RIGHT),
    ],
    ids=[
        *["stroke", "click", "both signs", "box first", "two boxes", "and a click", "too small", "around"],
        *["click after box", "click after stroke", "clicks", "clicks and stroke"],
    ],
)
def test_what_is_drawn_elsewhere_adds_to_what_is_there(prompts, truth, at_once):
    opened = RandomWalkerPredictor().open(noisy([LEFT, RIGHT], PAIR))
    state = None
    for count in [len(prompts)] if at_once else range(1, len(prompts) + 1):
        state = opened.predict(Prompts(prompts[:count]), mask_input=state).state
    assert dice(opened.restore(state).mask, truth) > 0.93


def test_small_objects_far_apart_keep_their_outlines():
    shape = (1600, 1600)
    first, second = disc(shape, 200, 200, 50), disc(shape, 1400, 1400, 50)
    mask = segment(noisy([first, second], shape), Scribble([(180, 200), (220, 200)]), Box(1349, 1349, 1451, 1451))
    assert dice(mask, first | second) > 0.93


@pytest.mark.parametrize("click", [Click(140, 100), Click(20, 20, positive=False)])
def test_a_click_that_says_what_is_known_changes_nothing(session, click):
    first = session.predict(Prompts([INSIDE]))
    second = session.predict(Prompts([INSIDE, click]), mask_input=first.state)
    assert np.array_equal(second.mask, first.mask)


def test_a_small_nucleus_among_others_in_a_large_image():
    shape = (2048, 2048)
    places = [(x, y) for x in range(150, 2000, 170) for y in range(130, 2000, 190)]
    image = np.full(shape, 170, dtype=np.uint8)
    for x, y in places:
        image[y - 35 : y + 35, x - 35 : x + 35][disc((70, 70), 35, 35, 30)] = 90
    image = image + np.random.default_rng(0).integers(0, 30, shape, dtype=np.uint8)
    x, y = places[40]
    truth = disc(shape, x, y, 30)
    opened = RandomWalkerPredictor().open(image)
    clear = Click(x + 45, y, positive=False)
    for prompts in (
        [Click(x + 5, y - 4)],
        [Scribble([(x - 12, y), (x + 12, y)])],
        [Box(x - 31, y - 31, x + 31, y + 31)],
        [Click(x, y), clear],
    ):
        assert dice(opened.predict(Prompts(prompts)).mask, truth) > 0.9, prompts


def test_a_large_object_in_a_large_image_is_not_cut():
    shape = (1500, 1500)
    truth = disc(shape, 700, 800, 500)
    opened = RandomWalkerPredictor().open(noisy([truth], shape))
    for prompts in ([Click(650, 850)], [Scribble([(500, 800), (900, 800)])], [Box(200, 300, 1200, 1300)]):
        assert dice(opened.predict(Prompts(prompts)).mask, truth) > 0.97, prompts


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 90), (300, 1), (2, 2), (3, 700), (40, 40), (130, 130)])
@pytest.mark.parametrize("kind", ["constant", "noise", "checkerboard"])
def test_degenerate_images(shape, kind):
    rows, columns = np.indices(shape)
    image = {
        "constant": np.full(shape, 7, dtype=np.uint8),
        "noise": np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8),
        "checkerboard": ((rows + columns) % 2 * 255).astype(np.uint8),
    }[kind]
    height, width = shape
    opened = RandomWalkerPredictor().open(image)
    whole, corner = Box(0, 0, width - 1, height - 1), Click(0, 0)
    everything = Scribble(raster=np.ones(shape))
    nothing = Scribble(raster=np.ones(shape), positive=False)
    for prompts in (
        [corner],
        [whole],
        [whole, corner],
        [whole, everything],
        [Box(-50, -50, 0, 0)],
        [Scribble([(-20, -20), (width + 20, height + 20)], width=5)],
        [corner, Click(width - 1, height - 1, positive=False)],
        [nothing, corner],
        [everything, Click(0, 0, positive=False)],
        [everything, nothing],
    ):
        prediction = opened.predict(Prompts(prompts))
        assert prediction.logits.shape == shape
        assert np.isfinite(prediction.logits).all()
    assert opened.predict(Prompts([everything])).mask.all()
    assert not opened.predict(Prompts([nothing])).mask.any()


@st.composite
def prompted_images(draw):
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 150))
    xs, ys = st.floats(-0.5, width - 0.501), st.floats(-0.5, height - 0.501)
    points = st.lists(st.tuples(xs, ys), min_size=1, max_size=4)
    anywhere = st.tuples(st.floats(-60, 200), st.floats(-60, 200))
    prompt = st.one_of(
        st.builds(Click, xs, ys, st.booleans()),
        st.builds(lambda p, q: Box(*p, *q), st.tuples(xs, ys), anywhere),
        # The first point lies in the image, the rest anywhere.
        st.builds(
            lambda p, more, sign, wide: Scribble([*p, *more], sign, wide),
            points, st.lists(anywhere, max_size=2), st.booleans(), st.floats(0.1, 30),
        ),
    )  # fmt: skip
    seed, levels = draw(st.integers(0, 99)), draw(st.sampled_from([1, 2, 256]))
    image = np.random.default_rng(seed).integers(0, levels, (height, width), dtype=np.uint8)
    return image, draw(st.lists(prompt, max_size=5))


@settings(max_examples=150)
@given(prompted_images())
def test_any_prompts_on_any_image_give_finite_logits_and_the_last_click_holds(case):
    image, prompts = case
    prediction = RandomWalkerPredictor().open(image).predict(Prompts(prompts))
    assert prediction.logits.shape == image.shape
    assert prediction.logits.dtype == np.float32
    assert np.isfinite(prediction.logits).all()
    if prompts and isinstance(last := prompts[-1], Click) and max(image.shape) <= 100:
        assert prediction.mask[int(np.floor(last.y + 0.5)), int(np.floor(last.x + 0.5))] == last.positive


def test_a_negative_stroke_may_take_all_that_clicks_gave():
    image = np.array([[0, 1]], dtype=np.uint8)
    prompts = Prompts([Click(0, 0), Click(1, 0), Scribble([(0, 0)], positive=False, width=2)])
    assert not RandomWalkerPredictor().open(image).predict(prompts).mask[0, 0]


def test_the_pure_function_takes_channels_as_they_are():
    grey = np.zeros((32, 32), dtype=np.float32)
    grey[8:24, 8:24] = 1
    nothing = np.zeros((32, 32), dtype=bool)
    both = nothing.copy()
    both[16, 16] = True
    logits = random_walk(grey, nothing, both, 0.5 * both)  # the larger one holds
    assert logits.shape == (32, 32)
    assert np.array_equal(logits > 0, grey > 0)
    assert not (random_walk(grey, nothing, nothing, both) > 0).any()


@pytest.mark.skipif(not DEV.is_dir(), reason="MedScribble is not beside the repository")
@pytest.mark.parametrize("task", PLAIN_WALKER)
def test_peoples_scribbles_give_at_least_what_the_plain_walker_gives(task):
    with np.load(DEV / f"{task}.npz") as data:
        images, masks, scribbles = data["images"], data["masks"] > 0, data["scribbles"] > 0
    both, positive, dilated = [], [], []
    for image, truth, annotators in zip(images, masks, scribbles, strict=True):
        opened = RandomWalkerPredictor().open(image)
        for strokes in annotators:
            both.append(dice(opened.predict(scribbles=strokes).mask, truth))
            alone = np.stack([strokes[0], np.zeros_like(strokes[0])])
            positive.append(dice(opened.predict(scribbles=alone).mask, truth))
            dilated.append(dice(strokes[0], truth))
    assert np.mean(both) > PLAIN_WALKER[task] - 0.02
    if task != "octa500":  # people's strokes there are wider than the vessels
        assert np.mean(positive) > np.mean(dilated) + 0.2


def test_two_boxes_apart_are_two_objects():
    image, first, second = np.full((200, 200), 0.2), disc((200, 200), 50, 60, 25), disc((200, 200), 150, 140, 20)
    image[first | second] = 0.8
    boxes = [Box(20, 30, 80, 90), Box(125, 115, 175, 165)]
    for prompts in (boxes, boxes[::-1]):
        mask = RandomWalkerPredictor().open(image).predict(Prompts(prompts)).mask
        assert dice(mask, first | second) > 0.95
