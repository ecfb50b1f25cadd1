"""Everything at once: legal and illegal events, from the canvas and from Python."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets.annotation import Annotation
from tests.front_end import MOST_LABELS, FrontEnd, objects_agree
from tests.paint import PaintPredictor

SHAPE = (30, 40)

column, line = st.integers(-3, SHAPE[1] + 3), st.integers(-3, SHAPE[0] + 3)
signs = st.booleans()
point = st.tuples(column, line).map(list)
drawn = st.one_of(
    st.builds(lambda p, s: {"kind": "click", "x": p[0], "y": p[1], "positive": s}, point, signs),
    st.builds(lambda p, q: {"kind": "box", "x0": p[0], "y0": p[1], "x1": q[0], "y1": q[1]}, point, point),
    st.builds(
        lambda p, s, w: {"kind": "scribble", "points": p, "positive": s, "width": w},
        st.lists(point, min_size=1, max_size=4),
        signs,
        st.floats(0.5, 9),
    ),
    st.builds(
        lambda p, s: {"kind": "lasso", "points": p, "positive": s}, st.lists(point, min_size=3, max_size=6), signs
    ),
)
label = st.integers(0, MOST_LABELS - 1)


class Anything(RuleBasedStateMachine):
    """Legal and illegal events from the canvas and from Python: both sides stay in step, and all can be undone."""

    def __init__(self):
        super().__init__()
        self.widget = sp.Segmenter(np.zeros(SHAPE), labels=["a", "b"], model=PaintPredictor())
        self.view = FrontEnd(self.widget)

    def say(self, kind, **fields):
        self.widget.last_error = None
        answers = [message["type"] for message in self.view.say(kind, **fields)]
        assert answers[-1] in {"update", "error", "preview"}
        assert (answers[-1] == "error") == (self.widget.last_error is not None)

    @rule(kind=st.sampled_from(["prompt", "paint", "preview"]), label=label, prompt=drawn)
    def draw(self, kind, label, prompt):
        self.say(kind, label=label, prompt=prompt)

    @rule(kind=st.sampled_from(["clear", "unpaint", "commit", "undo", "redo"]), label=label)
    def command(self, kind, label):
        self.say(kind, label=label)

    @rule(x=st.integers(-1, SHAPE[1]), y=st.integers(-1, SHAPE[0]))
    def resume(self, x, y):
        self.say("resume", x=x, y=y)

    @rule(label=label, x=st.integers(0, SHAPE[1] - 4), y=st.integers(0, SHAPE[0] - 4))
    def commit_a_box(self, label, x, y):
        self.say("prompt", label=label, prompt={"kind": "box", "x0": x, "y0": y, "x1": x + 3, "y1": y + 3})
        self.say("commit", label=label)

    @precondition(lambda self: self.widget.instance_table)
    @rule(number=st.integers(0, 9))
    def resume_one(self, number):
        found = self.widget.instances
        y, x = np.argwhere(found == 1 + number % found.max())[0].tolist()
        self.say("resume", x=x, y=y)

    @rule(label=label, changes=st.dictionaries(st.integers(0, 4), st.lists(drawn, max_size=2), max_size=3))
    def reprompt(self, label, changes):
        self.say("reprompt", label=label, changes=[{"index": i, "prompts": p} for i, p in changes.items()])

    @rule(label=label, locked=st.booleans())
    def lock(self, label, locked):
        self.say("lock", label=label, locked=locked)

    @rule(label=label, threshold=st.floats(-0.1, 1.1), smooth=st.sampled_from([0, 1.5]), flags=st.tuples(signs, signs))
    def finish(self, label, threshold, smooth, flags):
        fields = {"fill_holes": flags[0], "keep_largest": flags[1]}
        self.say("finish", label=label, threshold=threshold, smooth=smooth, **fields)

    @rule(step=st.integers(-1, 30))
    def go(self, step):
        self.say("go", step=step)

    @precondition(lambda self: len(self.widget.labels) < MOST_LABELS)
    @rule()
    def add_label(self):
        self.widget.add_label(next(f"label {i}" for i in range(9) if f"label {i}" not in self.widget.labels))

    @precondition(lambda self: len(self.widget.labels) > 2)  # `start` and the view know two
    @rule(label=label)
    def remove_label(self, label):
        self.say("unlabel", label=label)

    @rule(index=st.integers(0, 1), mask=st.integers(0, 2**20))
    def start(self, index, mask):
        self.widget.label = self.widget.labels[index]
        bits = np.random.default_rng(mask).random(SHAPE) < 0.3
        try:
            self.widget.start_from(bits)
        except ValueError as error:
            assert "is locked" in str(error)  # noqa: PT017

    @rule(name=st.sampled_from(["one", "other"]))
    def use(self, name):
        predictor = PaintPredictor()
        predictor.name = name
        self.widget.model = predictor

    @rule(seed=st.randoms())
    def order(self, seed):
        names = self.widget.labels
        seed.shuffle(names)
        self.widget.order_labels(names)

    @invariant()
    def both_sides_agree(self):
        w, view = self.widget, self.view
        active = w.label
        assert view.version == w.mask_version
        for index, name in enumerate(w.labels):
            w.label = name
            assert np.array_equal(view.masks[index], w.mask)
            assert view.prompts[index] == w.prompts.to_json()
        w.label = active
        # What was changed bit by bit is what would be made at once.
        now = w._annotation
        anew = Annotation(now.image, now.labels, now.predictor, now.history)
        assert all(np.array_equal(anew.masks[label], now.masks[label]) for label in range(len(w.labels)))
        assert np.array_equal(anew.label_map(), w.label_map)
        layers = view.layers[1:]
        assert layers.sum(axis=(0, 1)).max() <= 1, "objects do not overlap"
        looked_at = objects_agree(w, view)
        assert not (view.masks.any(axis=0) & (w.instances > 0) & ~looked_at).any()

    def teardown(self):
        steps = len(self.widget.history)
        for _ in range(steps):
            self.widget.undo()
        assert not self.view.layers.any()
        assert not any(self.view.prompts)
        self.both_sides_agree()
        self.widget.close()


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=15, stateful_step_count=30, suppress_health_check=list(HealthCheck))
