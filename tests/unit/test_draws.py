"""Random numbers: each sample's own, the same wherever it is."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scribbleprompt_widget.simulation.draws import Draws
from tests.regions import seeds


def kinds(draws):
    return draws.uniform(2, 3), draws.normal(4), draws.integers(-5, 100, 3), draws.uniform()


@given(st.lists(seeds, min_size=1, max_size=6), st.data())
def test_a_sample_draws_the_same_whatever_is_beside_it(numbers, data):
    index = data.draw(st.integers(0, len(numbers) - 1))
    for together, alone in zip(
        kinds(Draws(torch.tensor(numbers))), kinds(Draws(torch.tensor([numbers[index]]))), strict=True
    ):
        assert torch.equal(together[index], alone[0])


@given(st.lists(seeds, min_size=1, max_size=4))
def test_a_fork_follows_from_seeds_and_keys_alone(numbers):
    draws = Draws(torch.tensor(numbers))
    before = draws.fork("box", 3).uniform(5)
    draws.uniform(7)
    assert torch.equal(draws.fork("box", 3).uniform(5), before)
    assert torch.equal(draws.fork("box").fork(3).uniform(5), before)
    assert not torch.equal(draws.fork("box", "3").uniform(5), before)
    assert not torch.equal(draws.fork(3, "box").uniform(5), before)


def test_asking_again_gives_other_numbers():
    draws = Draws(torch.tensor([1]))
    assert not torch.equal(draws.uniform(4), draws.uniform(4))


def test_taking_some_samples_keeps_their_place_in_the_stream():
    draws = Draws(torch.arange(5))
    draws.uniform(3)
    some = draws[torch.tensor([4, 1])]
    assert len(some) == 2
    assert torch.equal(some.normal(6), draws.normal(6)[[4, 1]])


def test_numbers_are_known_for_good():
    # Whoever changes the generator changes every training run: on purpose only.
    draws = Draws(torch.tensor([0, 1, -1]))
    assert draws.integers(0, 1000, 2).tolist() == KNOWN
    assert draws.fork("a", 1).integers(0, 1000).tolist() == KNOWN_FORK


KNOWN = [[935, 527], [972, 79], [52, 883]]
KNOWN_FORK = [306, 798, 749]


def test_distributions():
    # Neighbouring seeds, few numbers of each: what training uses.
    draws = Draws(torch.arange(2000))
    uniform = draws.uniform(10, low=-1.0, high=3.0)
    assert -1 <= float(uniform.min()) <= float(uniform.max()) < 3
    assert stats.kstest(((uniform + 1) / 4).flatten().numpy(), "uniform").pvalue > 0.01
    assert stats.kstest(draws.normal(10).flatten().numpy(), "norm").pvalue > 0.01
    counts = np.bincount(draws.integers(2, 9, 10).flatten().numpy())
    assert counts[:2].sum() == 0
    assert len(counts) == 9
    assert stats.chisquare(counts[2:]).pvalue > 0.01
    assert np.abs(np.corrcoef(draws.uniform(10).numpy().T) - np.eye(10)).max() < 0.1
    assert (
        np.abs(np.corrcoef(draws.fork("a").uniform(10).numpy().T, draws.fork("b").uniform(10).numpy().T)).mean() < 0.1
    )


def test_bounds_for_each_sample():
    low, high = torch.tensor([0, 10, 20]), torch.tensor([1, 20, 22])
    numbers = Draws(torch.arange(3)).integers(low, high, 50)
    assert (numbers >= low[:, None]).all()
    assert (numbers < high[:, None]).all()
    reals = Draws(torch.arange(3)).uniform(50, low=low.float(), high=high.float())
    assert (reals >= low[:, None]).all()
    assert (reals < high[:, None]).all()


def test_from_a_generator():
    first = Draws.from_generator(torch.Generator().manual_seed(5), 4)
    again = Draws.from_generator(torch.Generator().manual_seed(5), 4)
    assert torch.equal(first.uniform(3), again.uniform(3))
    assert len(torch.unique(first.uniform())) == 4


def test_concatenated_samples_keep_their_numbers():
    parts = [Draws(torch.arange(2)).fork("a"), Draws(torch.arange(3)).fork("b")]
    both = Draws.concatenate(parts).uniform(4)
    assert torch.equal(both, torch.cat([part.uniform(4) for part in parts]))
    with pytest.raises(ValueError, match="nothing has been drawn"):
        Draws.concatenate(parts)


def test_draws_travel_between_processes():
    draws = Draws(torch.arange(3))
    draws.uniform()
    assert torch.equal(pickle.loads(pickle.dumps(draws)).uniform(2), draws.uniform(2))


@pytest.mark.parametrize("seeds", [torch.zeros(2, 2, dtype=torch.int64), torch.zeros(2), torch.zeros(2).int()])
def test_seeds_are_checked(seeds):
    with pytest.raises(ValueError, match="seeds takes"):
        Draws(seeds)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_draws_the_same():
    cpu, gpu = Draws(torch.arange(50)), Draws(torch.arange(50, device="cuda"))
    assert torch.equal(cpu.uniform(9), gpu.uniform(9).cpu())
    assert torch.equal(cpu.integers(0, 77, 9), gpu.integers(0, 77, 9).cpu())
    assert torch.allclose(cpu.normal(9), gpu.normal(9).cpu(), atol=1e-5)
