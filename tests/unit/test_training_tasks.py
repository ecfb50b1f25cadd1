"""Hierarchical sampling: everything that should be met is met, as often as it should be."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.layout import TaskData
from scribbleprompt_widget.training.tasks import TaskTable, numbered_components


def task(data_set, name, labels):
    images = np.random.default_rng(0).integers(0, 255, labels.shape, dtype=np.uint8)
    values = tuple(np.unique(labels[labels > 0]).tolist())
    return TaskData(data_set, name, images, labels, values, tuple(str(index) for index in range(len(labels))))


def squares(count, label=1, places=((40, 40),), side=20):
    labels = np.zeros((count, 256, 256), dtype=np.uint8)
    for row, column in places:
        labels[:, row : row + side, column : column + side] = label
    return labels


def sample(table, count=4000, seed=0, component_probability=0.0, union_probability=0.0):
    draws = Draws(torch.arange(count) + 10**6 * seed)
    return table.sample(draws, component_probability=component_probability, union_probability=union_probability)


def mask(table, choice, index):
    numbers = table.numbers[choice.image[index]]
    return (numbers >= choice.low[index]) & (numbers < choice.high[index])


def test_sets_are_equally_likely_however_many_images_they_have():
    table = TaskTable.of([task("small", "small", squares(1)), task("large", "large", squares(9))], least_area=64)
    choice = sample(table)
    assert (choice.image == 0).float().mean() == pytest.approx(0.5, abs=0.03)
    assert set(choice.image.tolist()) == set(range(10))


def test_then_tasks_then_labels_then_images():
    two = squares(4)
    two[0] += squares(1, 2, ((120, 120),))[0]
    table = TaskTable.of([task("set", "one", squares(2)), task("set", "two", two)], least_area=64)
    choice = sample(table)
    assert (choice.image < 2).float().mean() == pytest.approx(0.5, abs=0.03), "tasks of a set"
    # The second label of the second task, though a single image has it.
    assert ((choice.image == 2) & (choice.low == 2)).float().mean() == pytest.approx(0.25, abs=0.03)


def test_weights_and_what_they_take():
    tasks = [task("a", "a", squares(1)), task("b", "b", squares(1)), task("c", "c", squares(1))]
    table = TaskTable.of(tasks, least_area=64, weights={"a": 3, "c": 0})
    assert (sample(table).image == 0).float().mean() == pytest.approx(0.75, abs=0.03)
    with pytest.raises(ValueError, match="weights names 'd'"):
        TaskTable.of(tasks, least_area=64, weights={"d": 1})
    with pytest.raises(ValueError, match="from 0 on, got -1"):
        TaskTable.of(tasks, least_area=64, weights={"a": -1})


def test_components_are_single_and_large_enough():
    labels = squares(1, 3, ((20, 20), (100, 100), (200, 200)))
    labels[0, 5:8, 5:8] = 3
    table = TaskTable.of([task("a", "a", labels)], least_area=64)
    choice = sample(table, 300, component_probability=1.0)
    areas = [int(mask(table, choice, index).sum()) for index in range(300)]
    assert set(areas) == {400}
    assert len(set(choice.low.tolist())) == 3
    whole = sample(table, 3)
    assert int(mask(table, whole, 0).sum()) == 3 * 400 + 9


def test_unions_join_labels_that_follow_each_other():
    labels = sum(squares(1, value, ((40 * value, 40),)) for value in (1, 2, 3))
    table = TaskTable.of([task("a", "a", labels)], least_area=64)
    choice = sample(table, 300, union_probability=1.0)
    joined = {tuple(np.unique(labels[0][mask(table, choice, index).numpy()])) for index in range(300)}
    assert joined == {(1,), (2,), (3,), (1, 2), (2, 3), (1, 2, 3)}


def test_tiny_labels_are_no_targets():
    labels = squares(2)
    labels[1] = squares(1, 1, side=4)[0]
    table = TaskTable.of([task("a", "a", labels)], least_area=64)
    assert len(table.images) == 1
    with pytest.raises(ValueError, match="no label has 500 pixels"):
        TaskTable.of([task("a", "a", labels)], least_area=500)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_ranges_of_numbers_are_the_labels(seed, labels):
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, labels + 1, (6, 6)).astype(np.uint8)
    label_map = np.kron(coarse, np.ones((4, 4), dtype=np.uint8))
    numbers, ranges = numbered_components(label_map)
    assert set(ranges) == set(np.unique(coarse)) - {0}
    for label, (low, high) in ranges.items():
        np.testing.assert_array_equal((numbers >= low) & (numbers < high), label_map == label)
    assert (numbers > 0).sum() == (label_map > 0).sum()
