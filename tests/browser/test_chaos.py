"""Whatever comes in whatever order, from the browser and from Python: kernel and canvas agree in the end."""

import random
import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import SETUP, wait_until

WIDTH, HEIGHT = 160, 120
PER_CHECK = 100
"""Events between two looks at whether everything agrees."""

KERNEL = f"""
import random
w = sp.Segmenter(np.tile(np.linspace(0, 1, {WIDTH}), ({HEIGHT}, 1)), labels=["a", "b", "c"], model=PaintPredictor())
rng = random.Random(0)
def place():
    return rng.uniform(-20, {WIDTH} + 20), rng.uniform(-20, {HEIGHT} + 20)
def legal():
    x, y, positive = rng.uniform(0, {WIDTH - 1}), rng.uniform(0, {HEIGHT - 1}), rng.random() < 0.6
    act = rng.randrange(16)
    if act == 0: w.add_click(x, y, positive)
    elif act == 1: w.add_box(x, y, *place())
    elif act == 2: w.add_scribble([(x, y), place(), place()], positive, rng.uniform(0.5, 12))
    elif act == 3: w.undo()
    elif act == 4: w.redo()
    elif act == 5: w.label = rng.choice(w.labels)
    elif act == 6: w.mask, w.label_map, w.prompts, w.area(), w.instances, w.instance_table, w.history
    elif act == 7: w.add_lasso([(x, y), place(), place()], positive)
    elif act == 8: w.add_circle(x, y, rng.uniform(1, 30), positive)
    elif act == 9: w.paint([(x, y), place(), place()], positive, rng.uniform(1, 12), filled=rng.random() < 0.5)
    elif act == 10: w.finish(fill_holes=rng.random() < 0.5, keep_largest=positive, smooth=rng.choice([0, 2]))
    elif act == 11: w.commit()
    elif act == 12: w.lock_label(rng.choice(w.labels), rng.random() < 0.3)
    elif act == 13: w.start_from(rng.choice(w.labels))
    elif act == 14: w.go_to(rng.randrange(max(len(w.history) - 5, 0), len(w.history)))
    elif rng.random() < 0.3: w.clear()
    elif w.instance_table: w.resume(rng.randint(1, len(w.instance_table)))
ILLEGAL = [
    lambda: w.add_click(float("nan"), 3), lambda: w.add_click("x", 3), lambda: w.add_click(-900, -900),
    lambda: w.add_box(500, 500, 600, 600), lambda: w.add_scribble([]), lambda: w.add_scribble([(1, 2)], width=-1),
    lambda: w.add_scribble(raster=np.zeros((3, 3))), lambda: setattr(w, "label", "nobody"),
    lambda: setattr(w, "model", "no such model"),
]
def disturb(count):
    '''So many acts from Python; the illegal ones that were not refused.'''
    taken = []
    for _ in range(count):
        if rng.random() < 0.7:
            try:
                legal()
            except ValueError as error:
                assert "is locked" in str(error) or "is in hand" in str(error), error
        else:
            number = rng.randrange(len(ILLEGAL))
            try:
                ILLEGAL[number]()
            except (TypeError, ValueError):
                continue
            taken.append(number)
    w.redo()  # mostly does nothing; `last_error` is None again
    return taken
def state():
    '''For each label: prompts, pixels.'''
    masks = [w._annotation.masks[label] for label in range(3)]
    return [[len(w._annotation.prompts(label)), int(masks[label].sum())] for label in range(3)]
w"""


class Person:
    """Somebody who does whatever comes to mind; some of it makes no sense."""

    def __init__(self, lab, canvas, rng: random.Random):
        self.lab, self.canvas, self.rng, self.page = lab, canvas, rng, canvas.page
        self.acts = [
            *[self.stroke] * 6,
            *[self.click] * 2,
            *[self.key] * 6,
            *[self.undo_or_redo] * 4,
            *[self.label] * 2,
            self.escape_from_a_stroke,
            self.double_click,
            self.meaningless_keys,
            self.zoom,
            self.two_buttons,
            self.panel,
        ]

    def act(self):
        self.rng.choice(self.acts)()

    def place(self) -> tuple[float, float]:
        return self.rng.uniform(-10, WIDTH + 10), self.rng.uniform(-10, HEIGHT + 10)

    def inside(self) -> tuple[float, float]:
        """Where to press: beside the canvas it could be one of Lab's own buttons, which hide cells."""
        return self.rng.uniform(0, WIDTH - 1), self.rng.uniform(0, HEIGHT - 1)

    def stroke(self):
        points = [self.inside(), *(self.place() for _ in range(self.rng.randint(1, 3)))]
        self.canvas.stroke(*points, button=self.rng.choice(["left", "left", "right"]), steps=3)

    def click(self):
        self.canvas.click(*self.inside())

    def key(self):
        self.canvas.press(self.rng.choice([*"spbloved", *"spbloved", *"tt[]rc", "Delete", "Enter", "ArrowLeft"]))

    def undo_or_redo(self):
        keys = ["ControlOrMeta+z", "ControlOrMeta+Shift+z", "ControlOrMeta+y"]
        self.canvas.press(*self.rng.choices(keys, k=self.rng.randint(1, 4)))

    def label(self):
        self.canvas.press(self.rng.choice("1239"))

    def escape_from_a_stroke(self):
        self.page.mouse.move(*self.canvas.at(*self.inside()))
        self.page.mouse.down()
        self.page.mouse.move(*self.canvas.at(*self.place()), steps=3)
        self.page.keyboard.press("Escape")
        self.page.mouse.up()

    def double_click(self):
        self.page.mouse.dblclick(*self.canvas.at(*self.inside()))

    def meaningless_keys(self):
        self.canvas.press("k", "F2", "Backspace", "~")

    def zoom(self):
        self.canvas.press(*self.rng.choices(["+", "-", "0"], k=3), "0")

    def panel(self):
        self.canvas.press(self.rng.choice("qfnj?"), "Tab", "Escape")

    def two_buttons(self):
        self.page.mouse.move(*self.canvas.at(*self.inside()))
        self.page.mouse.down()
        self.page.mouse.down(button="right")
        self.page.mouse.move(*self.canvas.at(*self.place()), steps=2)
        self.page.mouse.up(button="right")
        self.page.mouse.up()


def told(canvas) -> list[int]:
    """Prompts and pixels of the active label, as the canvas has them."""
    area = canvas.root.locator('.sp-facts [title="Area of the mask"]').inner_text()
    return [int(canvas.root.get_attribute("data-prompts")), int(area.replace(",", "").removesuffix(" px"))]


def check_agreement(lab, canvas):
    expect(canvas.root).to_have_attribute("data-state", re.compile("ready|error"))  # of what was refused, it tells
    state, version = lab.evaluate(1, "[state(), w.mask_version]")
    canvas.wait_version_after(version - 1)
    for label, expected in enumerate(state):
        canvas.press(str(label + 1))
        wait_until(lab.page, lambda expected=expected: told(canvas) == expected, f"{expected} of label {label + 1}")


def check_pixels(lab, canvas):
    """A view that is opened now is drawn from the state alone: it shows what the one shows that saw it all happen."""
    # What the person does with success takes an error off the picture; what Python does leaves it there to be read.
    canvas.press("ControlOrMeta+z", "ControlOrMeta+Shift+z")
    canvas.expect_state("ready")
    canvas.press("1", "0", "s")
    fresh = lab.run_widget(2)
    fresh.wait_version_after(canvas.version - 1)
    lab.page.mouse.move(0, 0)
    wait_until(
        lab.page,
        lambda: canvas.canvas.screenshot() == fresh.canvas.screenshot(),
        "the same picture in an old and a new view",
    )


@pytest.mark.parametrize("events", [300, pytest.param(5000, marks=pytest.mark.soak)])
def test_after_chaos_kernel_and_canvas_agree(open_notebook, page, events):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    lab = open_notebook([SETUP + KERNEL, "", "w"])
    canvas = lab.run_widget(0)
    rng = random.Random(events)
    person = Person(lab, canvas, rng)
    for number in range(events):
        person.act()
        if rng.random() < 0.03:
            assert lab.evaluate(1, "disturb(8)") == []
        if number % PER_CHECK == PER_CHECK - 1:
            check_agreement(lab, canvas)
    check_pixels(lab, canvas)

    steps = lab.evaluate(1, "[w.undo() for _ in range(9999) if w._can['undo']].__len__()")
    assert steps > events / 20
    check_agreement(lab, canvas)
    assert lab.evaluate(1, "[state(), w.label_map.any().item()]") == [[[0, 0]] * 3, False]
    assert errors == []
    assert lab.evaluate(1, "repr(w.last_error)") == "None"
    assert "Exception in callback" not in lab.server.log.read_text()
