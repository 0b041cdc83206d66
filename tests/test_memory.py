"""Memory: what was put in comes out, old memories stay as they were, and little is copied."""

import numpy as np
import pytest

from pgkit.draws import Draws, run_keys
from pgkit.memory import Memory

RUNS = 2


def block(first, count):
    """Steps numbered from `first`, other for each run."""
    number = np.arange(first, first + count, dtype=np.float64) + 1000 * np.arange(RUNS)[:, None]
    return {
        "s": np.stack([number, -number], axis=-1),
        "a": number.astype(np.int64),
        "r": number / 2,
        "s_next": np.stack([number + 1, -number], axis=-1),
        "terminated": number % 3 == 0,
        "live": np.ones(number.shape, dtype=bool),
    }


def numbers(memory):
    """The numbers of the first run's steps, after seeing that all fields belong together."""
    D = memory.all()
    number = 2 * D.r
    np.testing.assert_array_equal(D.s[..., 1], -number)
    np.testing.assert_array_equal(D.s_next[..., 0], number + 1)
    np.testing.assert_array_equal(D.a, number)
    np.testing.assert_array_equal(D.terminated, number % 3 == 0)
    np.testing.assert_array_equal(number[1], number[0] + 1000)
    assert D.a.dtype == np.int64
    assert D.episodes == len(memory)
    return number[0].astype(int).tolist()


def filled(capacity, blocks, size):
    memory, kept = Memory(capacity), []
    for k in range(blocks):
        memory = memory.add(**block(k * size, size))
        kept.append(memory)
    return memory, kept


@pytest.mark.parametrize(("capacity", "size"), [(10, 1), (10, 3), (10, 10), (10, 17), (1, 1)])
def test_the_last_steps_are_kept_in_order_and_old_memories_stay(capacity, size):
    _, kept = filled(capacity, 40, size)
    for k, memory in enumerate(kept):  # each of them, after all the others were made
        end = (k + 1) * size
        assert numbers(memory) == list(range(max(0, end - capacity), end))
        assert len(memory) == min(end, capacity)


def test_a_fork_does_not_disturb_its_brother():
    _, kept = filled(10, 7, 3)
    here = kept[3]
    left = here.add(**block(100, 3)).add(**block(103, 3))
    right = here.add(**block(200, 3)).add(**block(203, 3))
    assert numbers(left) == [8, 9, 10, 11, 100, 101, 102, 103, 104, 105]
    assert numbers(right) == [8, 9, 10, 11, 200, 201, 202, 203, 204, 205]
    assert numbers(here) == list(range(2, 12))
    assert numbers(kept[-1]) == list(range(11, 21))


def test_little_is_copied_and_no_more_than_twice_the_capacity_is_held():
    """Arrays are made anew once in `capacity` steps; in between, successors share them."""
    memory, kept = filled(100, 1000, 1)
    arrays = {id(m.arrays): m.arrays for m in kept}
    assert len(arrays) < 10 + 1000 / 100
    assert max(x.size for x in arrays.values()) <= 200
    assert memory.arrays.fields["s"].shape == (RUNS, memory.arrays.size, 2)


def test_samples_are_uniform_and_each_run_has_its_own():
    memory, _ = filled(10, 9, 2)  # steps 8 .. 17
    draws = Draws(run_keys(0, RUNS))
    D = memory.sample(20_000, draws, 3)
    assert D.r.shape == (RUNS, 20_000)
    assert D.s.shape == (RUNS, 20_000, 2)
    assert D.episodes == 20_000
    for run in range(RUNS):
        step, count = np.unique(2 * D.r[run], return_counts=True)
        np.testing.assert_array_equal(step, np.arange(8, 18) + 1000 * run)
        assert np.abs(count / 2000 - 1).max() < 0.1  # four standard errors are .085
    np.testing.assert_array_equal(D.s[..., 0], 2 * D.r)
    np.testing.assert_array_equal(D.r, memory.sample(20_000, draws, 3).r)
    assert (D.r != memory.sample(20_000, draws, 4).r).any()
    assert ((2 * D.r[0]) != (2 * D.r[1] - 1000)).any()


def test_a_memory_of_nothing_is_refused():
    with pytest.raises(ValueError, match="capacity = 0, but a memory must hold at least 1"):
        Memory(0)
