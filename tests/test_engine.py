"""The compiled kernels, their numpy twin and the text of the algorithm give the same values."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from pgkit import engine, exact
from pgkit.algorithms import Reinforce
from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable, softmax
from pgkit.types import State
from pgkit.worlds import World, load_world

COMPILED_AND_TWIN = pytest.mark.parametrize("backend", ["numba", "numpy"])
USUAL = {"alpha": 0.05, "gamma": 0.9, "horizon": 9, "episodes": 11}


def world(next_state, reward, terminal, start, name="test"):
    next_state, terminal = np.asarray(next_state), np.asarray(terminal, dtype=bool)
    return World(
        name=name,
        next_state=next_state[..., None],
        prob=np.ones((*next_state.shape, 1)),
        reward=np.where(terminal[:, None], 0.0, reward)[..., None],
        terminal=terminal,
        wall=np.zeros(len(terminal), dtype=bool),
        start=np.asarray(start, dtype=float),
    )


def random_world(states, actions, ends=0, seed=0):
    """Steps lead anywhere; the last `ends` states are terminal."""
    rng = np.random.default_rng(seed)
    terminal = np.arange(states) >= states - ends
    start = np.where(terminal, 0.0, rng.random(states))
    return world(
        rng.integers(0, states, (states, actions)),
        rng.normal(size=(states, actions)),
        terminal,
        start / start.sum(),
    )


def by_the_text(world, theta, keys, first, iterations, **knobs):
    """The algorithm's own page, iteration by iteration."""
    algorithm, state, mean_return, taken = Reinforce(**knobs), State(theta), [], 0
    for k in range(first, first + iterations):
        state, info = algorithm.iteration(state, world, SoftmaxTable(), Draws(keys, k))
        discount = algorithm.gamma ** np.arange(algorithm.horizon)
        mean_return.append((info.tau.r * discount).sum(axis=-1).mean(axis=-1))
        taken += info.tau.live.sum()
    return state.theta, np.array(mean_return), taken


def one_by_one(world, theta, keys, first, iterations, *, alpha, gamma, horizon, episodes):
    """The semantics with Python numbers only: one run, one trajectory, one step after another."""
    golden, full = 0x9E3779B97F4A7C15, 2**64 - 1

    def word(key, k, n, j):
        z = (int(key) + golden * ((k << 32) + (n << 16) + j)) & full
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & full
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & full
        return z ^ (z >> 31)

    def pick(probs, u):
        limits = [min(int(c * 2**32), 2**32 - 1) for c in np.cumsum(probs)[:-1]]
        return sum(limit <= u for limit in limits)

    theta, mean_return = theta.copy(), np.zeros((iterations, len(keys)))
    taken = 0
    for b, k in product(range(len(keys)), range(iterations)):
        probs, grad = softmax(theta[b]), np.zeros(theta[b].shape)
        for n in range(episodes):
            s, steps = pick(world.start, word(keys[b], first + k, n, 0) >> 32), []
            for t in range(horizon):
                if world.terminal[s]:
                    break
                u = (word(keys[b], first + k, n, 1 + t // 2) >> (32 * (t % 2))) % 2**32
                a = pick(probs[s], u)
                steps.append((s, a, world.reward[s, a, 0]))
                s = world.next_state[s, a, 0]
            q_hat = 0.0
            taken += len(steps)
            for s, a, r in reversed(steps):
                q_hat = r + gamma * q_hat
                grad[s] += (np.eye(len(probs[s]))[a] - probs[s]) * q_hat / episodes
            mean_return[k, b] += q_hat / episodes
        theta[b] += alpha * grad
    return theta, mean_return, taken


def trained(world, theta, *, first=0, iterations=6, keys=None, backend="numba", threads=1, **knobs):
    keys = run_keys(3, len(theta)) if keys is None else keys
    return engine.train(
        engine.tables(world), theta, world.start, keys, first, iterations,
        threads=threads, backend=backend, **{**USUAL, **knobs},
    )  # fmt: skip


def assert_same(one, other):
    for x, y in zip(one, other, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------- training


@dataclass
class Case:
    world: World
    knobs: dict
    scale: float = 1.0


CASES = {
    "one action": Case(random_world(6, 1, ends=1), {}),
    "two actions": Case(random_world(7, 2, ends=1, seed=1), {"gamma": 1.0}),
    "four actions, no end": Case(random_world(20, 4, seed=2), {"horizon": 12}),
    "five actions, many ends": Case(random_world(30, 5, ends=8, seed=3), {"episodes": 40}),
    "horizon 1": Case(random_world(5, 2, ends=1, seed=4), {"horizon": 1}),
    "one episode": Case(random_world(5, 4, ends=1, seed=5), {"episodes": 1}),
    "one state": Case(world([[0, 0]], [[1.0, -1.0]], [False], [1.0]), {}),
    "gamma 0": Case(random_world(9, 5, ends=2, seed=6), {"gamma": 0.0}),
    "logits of ±1000": Case(random_world(9, 4, ends=2, seed=7), {}, scale=1000.0),
    "a grid": Case(load_world("ring-of-fire"), {"horizon": 30, "episodes": 16}),
}
ALL_CASES = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def logits(case, runs=3):
    raw = np.random.default_rng(8).normal(size=(runs, *case.world.next_state.shape[:2]))
    return np.clip(case.scale * raw, -1000, 1000) if case.scale == 1 else np.sign(raw) * case.scale


@ALL_CASES
@COMPILED_AND_TWIN
def test_the_engine_computes_what_the_algorithms_page_says(case, backend):
    theta, knobs = logits(case), {**USUAL, **case.knobs}
    page = by_the_text(case.world, theta, run_keys(3, 3), 0, 6, **knobs)
    assert_same(trained(case.world, theta, backend=backend, **knobs), page)


@ALL_CASES
def test_the_engine_computes_what_a_plain_loop_does(case):
    theta, knobs = logits(case), {**USUAL, **case.knobs}
    plain = one_by_one(case.world, theta, run_keys(3, 3), 0, 2, **knobs)
    assert_same(trained(case.world, theta, iterations=2, **knobs), plain)


def test_long_histories_are_worked_off_in_groups_with_the_same_result():
    w, theta = random_world(12, 2, ends=1, seed=9), np.zeros((2, 12, 2))
    knobs = {"horizon": 3000, "episodes": 50, "alpha": 0.01}
    assert_same(
        trained(w, theta, iterations=2, backend="numba", **knobs),
        trained(w, theta, iterations=2, backend="numpy", **knobs),
    )


@COMPILED_AND_TWIN
def test_iterations_can_be_spread_over_calls_in_any_way(backend):
    case = CASES["five actions, many ends"]
    whole, mean, _ = trained(case.world, logits(case), iterations=12, backend=backend)
    theta, means = logits(case), []
    for first, n in ((0, 1), (1, 4), (5, 7)):
        theta, m, _ = trained(case.world, theta, first=first, iterations=n, backend=backend)
        means.append(m)
    np.testing.assert_array_equal(theta, whole)
    np.testing.assert_array_equal(np.concatenate(means), mean)


def test_threads_do_not_change_the_result():
    case = CASES["a grid"]
    theta, keys = np.zeros((13, 81, 4)), run_keys(0, 13)
    one, two, five = (trained(case.world, theta, keys=keys, threads=n) for n in (1, 2, 5))
    for x, y, z in zip(one, two, five, strict=True):
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(x, z)


@COMPILED_AND_TWIN
def test_a_run_does_not_depend_on_the_runs_beside_it(backend):
    case, keys = CASES["five actions, many ends"], run_keys(0, 5)
    theta, mean, _ = trained(case.world, logits(case, 5), keys=keys, backend=backend)
    alone = trained(case.world, logits(case, 5)[3:4], keys=keys[3:4], backend=backend)
    np.testing.assert_array_equal(alone[0][0], theta[3])
    np.testing.assert_array_equal(alone[1][:, 0], mean[:, 3])


@COMPILED_AND_TWIN
def test_states_that_nobody_visits_keep_their_logits(backend):
    w = world([[0, 1], [1, 0], [2, 2]], np.ones((3, 2)), [False] * 3, [1.0, 0, 0])
    theta = np.random.default_rng(0).normal(size=(2, 3, 2))
    new, *_ = trained(w, theta, backend=backend)
    np.testing.assert_array_equal(new[:, 2], theta[:, 2])
    assert (new[:, 0] != theta[:, 0]).all()


@COMPILED_AND_TWIN
def test_nothing_is_written_into_the_arguments(backend):
    case = CASES["a grid"]
    theta, start, keys = np.zeros((2, 81, 4)), case.world.start.copy(), run_keys(0, 2)
    given = (theta, start, keys)
    before = [x.copy() for x in given]
    for x in given:
        x.setflags(write=False)
    w = engine.tables(case.world)
    engine.train(w, theta, start, keys, 0, 3, backend=backend, **USUAL)
    engine.evaluate(w, theta, start, gamma=0.9, horizon=5, backend=backend)
    engine.gradient(w, theta, start, gamma=0.9, horizon=5, backend=backend)
    for x, y in zip(given, before, strict=True):
        np.testing.assert_array_equal(x, y)


@COMPILED_AND_TWIN
def test_the_mean_return_of_many_trajectories_is_the_exact_return(backend):
    w = random_world(15, 5, ends=2, seed=10)
    theta = np.random.default_rng(1).normal(size=(8, 15, 5))
    knobs = {"gamma": 0.9, "horizon": 10}
    _, mean, _ = trained(w, theta, iterations=40, alpha=0.0, episodes=200, backend=backend, **knobs)
    value = engine.evaluate(engine.tables(w), theta, w.start, backend=backend, **knobs)
    error = mean.std(axis=0) / np.sqrt(len(mean))
    assert (np.abs(mean.mean(axis=0) - value.expected_return) < 5 * error).all()


# ---------------------------------------------------------------- draws


def chi_square(counts):
    """How many standard deviations too large Pearson's statistic is, against equal counts."""
    expected, freedom = counts.mean(), counts.size - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)


def test_draws_are_uniform_in_their_high_and_low_bits():
    draws = Draws(run_keys(0, 16))
    u = np.concatenate([draws.actions(512, t).ravel() for t in range(20)])
    for bits in (u >> 24, u & 0xFF, (u >> 12) & 0xFF):
        assert abs(chi_square(np.bincount(bits, minlength=256))) < 5


@pytest.mark.parametrize("beside", ["time", "trajectory", "iteration", "key", "start"])
def test_neighbouring_draws_are_independent(beside):
    keys = run_keys(0, 17)

    def pair(t):
        here = Draws(keys[:-1], t)
        other = {
            "time": here.actions(512, 1),
            "trajectory": np.roll(here.actions(512, 0), 1, axis=1),
            "iteration": here.at_iteration(t + 1).actions(512, 0),
            "key": Draws(keys[1:], t).actions(512, 0),
            "start": here.starts(512),
        }
        return 16 * (here.actions(512, 0) >> 28) + (other[beside] >> 28)

    pairs = np.concatenate([pair(t).ravel() for t in range(20)])
    assert abs(chi_square(np.bincount(pairs, minlength=256))) < 5


# ---------------------------------------------------------------- exact values


def by_enumeration(world, probs, gamma, horizon):
    """J, visits and endings of one policy, path by path."""
    visits, ended, value = np.zeros(len(probs)), np.zeros(len(probs)), 0.0
    paths = [(s, p) for s, p in enumerate(world.start) if p > 0]
    for t in range(horizon):
        longer = []
        for s, p in paths:
            visits[s] += gamma**t * p
            for a, pi in enumerate(probs[s]):
                value += gamma**t * p * pi * world.reward[s, a, 0]
                after = world.next_state[s, a, 0]
                if world.terminal[after]:
                    ended[after] += p * pi
                else:
                    longer.append((after, p * pi))
        paths = longer
    return value, visits, ended


@COMPILED_AND_TWIN
def test_evaluate_agrees_with_the_enumeration_of_all_paths(backend):
    w = random_world(6, 5, ends=2, seed=11)
    theta = np.random.default_rng(2).normal(size=(3, 6, 5))
    e = engine.evaluate(engine.tables(w), theta, w.start, gamma=0.8, horizon=4, backend=backend)
    for b in range(3):
        value, visits, ended = by_enumeration(w, softmax(theta[b]), 0.8, 4)
        np.testing.assert_allclose(e.expected_return[b], value, atol=1e-12)
        np.testing.assert_allclose(e.occupancy[b], visits, atol=1e-12)
        np.testing.assert_allclose(e.absorbed[b], ended, atol=1e-12)


@COMPILED_AND_TWIN
@pytest.mark.parametrize("gamma", [0.0, 0.95, 1.0])
def test_evaluate_agrees_with_the_oracle_on_a_grid(backend, gamma):
    w = load_world("ring-of-fire")
    theta = 3 * np.random.default_rng(3).normal(
        size=(37, 81, 4)
    )  # more than two blocks of policies
    e = engine.evaluate(engine.tables(w), theta, w.start, gamma=gamma, horizon=30, backend=backend)
    value, visits, ended = exact.push(w, softmax(theta), gamma, 30)
    np.testing.assert_allclose(e.expected_return, value, atol=1e-11)
    np.testing.assert_allclose(e.occupancy, visits, atol=1e-11)
    np.testing.assert_allclose(e.absorbed, ended, atol=1e-11)


@COMPILED_AND_TWIN
def test_mass_is_either_walking_or_has_ended(backend):
    w = load_world("ring-of-fire")
    theta = np.zeros((1, 81, 4))
    one, two = (
        engine.evaluate(engine.tables(w), theta, w.start, gamma=1.0, horizon=n, backend=backend)
        for n in (30, 31)
    )
    walking = two.occupancy.sum() - one.occupancy.sum()  # P(s_30 is not terminal)
    np.testing.assert_allclose(walking + one.absorbed.sum(), 1.0, atol=1e-12)


@COMPILED_AND_TWIN
@pytest.mark.parametrize(("states", "actions", "horizon"), [(8, 5, 7), (5, 4, 1)])
def test_gradient_agrees_with_finite_differences(backend, states, actions, horizon):
    w = random_world(states, actions, ends=2, seed=12)
    theta = np.random.default_rng(4).normal(size=(2, states, actions))

    def value(theta):
        return exact.expected_return(w, softmax(theta), 0.9, horizon)

    j, grad = engine.gradient(
        engine.tables(w), theta, w.start, gamma=0.9, horizon=horizon, backend=backend
    )
    np.testing.assert_allclose(j, value(theta), atol=1e-12)
    for s, a in product(range(states), range(actions)):
        step = np.zeros(theta.shape)
        step[:, s, a] = 1e-5
        slope = (value(theta + step) - value(theta - step)) / 2e-5
        np.testing.assert_allclose(grad[:, s, a], slope, atol=1e-8)


@COMPILED_AND_TWIN
def test_exact_values_of_certain_policies_are_finite(backend):
    w = load_world("ring-of-fire")
    theta = np.where(np.arange(4) == 1, 1000.0, -1000.0) * np.ones((2, 81, 1))
    knobs = {"gamma": 0.9, "horizon": 20, "backend": backend}
    e = engine.evaluate(engine.tables(w), theta, w.start, **knobs)
    _, grad = engine.gradient(engine.tables(w), theta, w.start, **knobs)
    np.testing.assert_allclose(e.occupancy.sum(axis=-1), (1 - 0.9**20) / (1 - 0.9))
    np.testing.assert_allclose(grad, 0.0, atol=1e-12)


# ---------------------------------------------------------------- at the edge


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_make_no_policy_are_refused_by_name(bad):
    w, theta = CASES["two actions"].world, np.zeros((2, 7, 2))
    theta[1, 3, 0] = bad
    with pytest.raises(ValueError, match=r"theta\[1, 3, 0\]"):
        trained(w, theta)


def test_worlds_with_several_outcomes_are_left_to_the_text():
    w = CASES["two actions"].world
    noisy = World(
        name="noisy", next_state=np.repeat(w.next_state, 2, -1), prob=np.repeat(w.prob, 2, -1) / 2,
        reward=np.repeat(w.reward, 2, -1), terminal=w.terminal, wall=w.wall, start=w.start,
    )  # fmt: skip
    assert not engine.supports(noisy)
    with pytest.raises(ValueError, match="deterministic"):
        engine.tables(noisy)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="auto, numba, numpy"):
        trained(CASES["two actions"].world, np.zeros((1, 7, 2)), backend="fortran")


def test_auto_answers_at_once_whether_or_not_the_kernel_is_ready():
    case = CASES["a grid"]
    theta = np.zeros((2, 81, 4))
    at_once = trained(case.world, theta, backend="auto")
    engine.warmup(block=True)
    assert engine.ready()
    assert_same(trained(case.world, theta, backend="auto"), at_once)
