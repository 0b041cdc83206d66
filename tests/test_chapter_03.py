"""Notebook 03: the trajectory lab without a page, and what the chapter claims, on many seeds."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pgkit import (
    Reinforce,
    Run,
    SoftmaxTable,
    WeightedClassification,
    exact,
    grid_world,
    load_world,
)
from pgkit.figures import steps
from pgkit.plug import plug
from pgkit.returns import dataset, reward_to_go
from pgkit.widgets import TrajectoryLab
from pgkit.worlds.bandit import bandit
from pgkit.worlds.random_walk import random_walk

RINGS = ("ring-of-fire", "ring-of-fire-closed")
ROOM = grid_world(".fG\nS.e", "room")


# ---------------------------------------------------------------- the lab


@pytest.mark.parametrize("world", RINGS)
def test_every_path_is_one_that_the_world_allows(world):
    lab = TrajectoryLab(world)
    map_ = load_world(world)
    for path in lab.paths:
        lab.path = path
        for seed in range(12):
            lab.seed = seed
            s, a, r = lab.states, lab.actions, lab.rewards
            assert map_.start[s[0]] == 1
            np.testing.assert_array_equal(map_.next_state[s[:-1], a, 0], s[1:])
            np.testing.assert_array_equal(map_.reward[s[:-1], a, 0], r)
            assert lab.ended == map_.terminal[s[-1]]
            assert lab.ended or len(r) == lab.horizon
            assert lab.scene["rewards"] == r.tolist()
            assert lab.scene["states"] == s.tolist()


def test_the_named_paths_lead_where_they_say():
    door = TrajectoryLab("ring-of-fire", path="expert")
    assert door.rewards.tolist() == [0] * 13 + [100]
    door.path = "fire"
    assert door.rewards[-1] == -10
    door.path = "exit"
    assert door.rewards.tolist() == [0, 1]
    through = TrajectoryLab("ring-of-fire-closed", path="fire")
    assert through.rewards.tolist() == [0, 0, 0, 0, 0, 0, -10, -10, 0, 100]


def test_a_shorter_horizon_cuts_the_same_path():
    lab = TrajectoryLab("ring-of-fire", seed=4, horizon=60)
    whole = lab.states.tolist()
    for horizon in range(1, 61):
        lab.horizon = horizon
        n = min(horizon, len(whole) - 1)
        assert lab.states.tolist() == whole[: n + 1]


@pytest.mark.parametrize("weight", ["to-go", "whole"])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.95, 0.999, 1.0])
def test_credits_are_the_definition_at_every_discount(gamma, weight):
    for seed in range(8):
        lab = TrajectoryLab("ring-of-fire-closed", seed=seed, gamma=gamma, weight=weight)
        r = lab.rewards
        q = [sum(gamma ** (k - t) * r[k] for k in range(t, len(r))) for t in range(len(r))]
        wanted = q if weight == "to-go" else [q[0]] * len(r)
        np.testing.assert_allclose(lab.q_hat, wanted, atol=1e-10)
        for t in range(len(r)):
            lab.t = t
            value = re.findall(r"= (−?[\d.]+)", lab.written[-1])[-1]
            assert float(value.replace("−", "-")) == pytest.approx(wanted[t], abs=0.006)


def test_what_a_cut_leaves_out_is_what_the_world_still_pays():
    lab = TrajectoryLab("ring-of-fire", path="expert", horizon=13)
    np.testing.assert_allclose(lab.q_hat, 0)
    np.testing.assert_allclose(lab.missing, 100 * 0.95 ** np.arange(13, 0, -1))
    assert "Cut at T = 13" in lab.sentence
    lab.horizon = 14
    assert lab.ended
    assert not lab.missing.any()
    assert "nothing is missing" in lab.sentence
    lab = TrajectoryLab("ring-of-fire-closed", seed=27)
    walk = np.full((121, 4), 0.25)
    for gamma in (0.0, 0.5, 0.95):
        lab.gamma = gamma
        v = exact.values(load_world("ring-of-fire-closed"), walk, gamma)[0][lab.states[-1]]
        np.testing.assert_allclose(lab.missing, gamma ** np.arange(30, 0, -1) * v, atol=1e-12)
    lab.gamma = 1.0
    assert np.isfinite(lab.rest)


def test_the_sum_is_written_out_with_its_numbers():
    lab = TrajectoryLab("ring-of-fire-closed", path="fire", t=6)
    assert lab.written == [
        "Q̂₆ = r₆ + γ r₇ + γ² r₈ + γ³ r₉",
        "= −10 − 10 · 0.95 + 100 · 0.95³   (rewards of 0 left out)",
        "= −10 − 9.5 + 85.74 = 66.24",
        "Q̂₆ = r₆ + γ Q̂₇ = −10 + 0.95 · 80.25 = 66.24",
    ]
    lab.weight = "whole"
    assert lab.written[0] == "G₀ = r₀ + γ r₁ + γ² r₂ + ⋯ + γ⁹ r₉"
    burnt = TrajectoryLab("ring-of-fire-closed", seed=2)
    assert "(8 more)" in burnt.written[1]
    assert TrajectoryLab("ring-of-fire", seed=4).written[1] == "= 0, since no reward lies ahead"


def test_changing_the_map_keeps_what_still_makes_sense():
    corridor = grid_world("S..G", "corridor")
    lab = TrajectoryLab("ring-of-fire", corridor, path="exit", t=1)
    lab.world = "corridor"
    assert lab.path == "random"
    assert lab.t == 0
    assert list(lab.paths) == ["random", "expert"]
    lab.path, lab.t = "expert", 2
    lab.horizon = 2
    assert lab.t == 1
    assert lab.scene["pay"] == {"G": 100.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gamma": 1.1}, "gamma = 1.1, but the discount"),
        ({"gamma": float("nan")}, "gamma = nan"),
        ({"horizon": 0}, "horizon = 0, but there is room for 1 to 60"),
        ({"horizon": 61}, "horizon = 61"),
        ({"seed": -1}, "seed = -1"),
        ({"path": "home"}, "path = 'home', but it must be one of random, expert, fire, exit"),
        ({"weight": "half"}, "weight = 'half'"),
        ({"t": 99}, "t = 99, but this path has the steps 0 to"),
        ({"t": -1}, "t = -1"),
    ],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        TrajectoryLab("ring-of-fire", **options)


def test_worlds_without_cells_are_refused():
    with pytest.raises(ValueError, match="take a grid world"):
        TrajectoryLab(random_walk())
    with pytest.raises(ValueError, match="take a grid world"):
        TrajectoryLab("cartpole")
    lab = TrajectoryLab()
    with pytest.raises(ValueError, match="world = 'moon'"):
        lab.world = "moon"


@pytest.mark.parametrize(
    "options", [{}, {"path": "exit", "t": 1}, {"horizon": 1}, {"weight": "whole", "seed": 4}]
)
def test_it_leaves_a_picture_and_its_words(options):
    lab = TrajectoryLab("ring-of-fire", **options)
    data, _ = lab._repr_mimebundle_()
    assert data["text/plain"] == lab.sentence
    assert data["image/png"].startswith("iVBOR")
    assert 'alt="' in data["text/html"]


def test_the_bars_of_steps_say_their_numbers():
    picture = steps({"r": [0, -10, 100], "Q̂": [80.75, 85, 100]})
    assert "r: 0, -10, 100; Q̂: 80.8, 85, 100" in picture.words
    assert picture.png()


# ---------------------------------------------------------------- what the chapter says


@pytest.mark.parametrize("gamma", [0.01, 0.3, 0.9, 0.95, 0.999])
def test_on_the_way_through_the_fire_the_last_step_has_the_largest_credit(gamma):
    q = TrajectoryLab("ring-of-fire-closed", path="fire", gamma=gamma).q_hat
    assert q.argmax() == 9


def test_one_step_is_weighted_classification():
    for seed in range(20):
        arms = bandit((1, 0, -1))
        info = Run(Reinforce(episodes=50, horizon=1), arms, runs=1, seed=seed).preview()[1]
        given = dataset(info.tau, q_hat=info.tau.r)  # R itself, nothing of time
        policy, theta = SoftmaxTable(), np.zeros((1, 2, 3))
        np.testing.assert_array_equal(
            info.grad, policy.grad_log_prob(theta, given, weight=given.q_hat)
        )
        again = Run(WeightedClassification(episodes=50, horizon=1), arms, runs=1, seed=seed)
        D = again.preview()[1].D
        np.testing.assert_array_equal(D.q_hat, again.preview()[1].tau.r.reshape(1, -1))


def test_the_surrogate_has_the_slope_of_the_return_for_any_policy_without_discount():
    policy, rng = SoftmaxTable(), np.random.default_rng(3)
    every = exact.paths(ROOM, horizon=5)
    for _ in range(5):
        theta = rng.normal(size=(1, 6, 4))
        p = exact.path_probability(every, policy.table(theta)[0])
        go = exact.future_return(every, 1.0)

        def surrogate(new, p=p, go=go):
            logs = policy.log_prob(new, every.s[None], every.a[None])[0]
            return p @ (go * logs * every.live).sum(axis=1)

        def J(new):
            return exact.expected_return(ROOM, policy.table(new)[0], 1.0, horizon=5)

        step = 1e-5 * rng.normal(size=theta.shape)
        gain = J(theta + step) - J(theta - step)
        assert surrogate(theta + step) - surrogate(theta - step) == pytest.approx(gain, abs=1e-9)


def test_a_cut_is_a_bias_and_the_rest_mends_it():
    world, random = load_world("ring-of-fire"), np.full((81, 4), 0.25)
    V = exact.values(world, random, 0.95)[0]
    cut_off = exact.expected_return(world, random, 0.95, horizon=30)
    assert V @ world.start == pytest.approx(-1.425, abs=1e-3)
    tau = Run(Reinforce(episodes=1000, horizon=30), world, runs=32, seed=9).preview()[1].tau
    first = reward_to_go(tau.r, 0.95)[..., 0]
    rest = 0.95**30 * np.where(tau.truncated[..., -1], V[tau.s_next[..., -1]], 0)
    error = 4 * first.std() / np.sqrt(first.size)
    assert first.mean() == pytest.approx(cut_off, abs=error)
    assert (first + rest).mean() == pytest.approx(V @ world.start, abs=error)
    assert abs(cut_off - V @ world.start) > 2 * error


def test_credit_for_what_comes_after_is_what_leads_through_the_fire():
    settings = Reinforce(alpha=0.05, horizon=6, gamma=0.95)
    short = plug(settings, reward_to_go=lambda r, gamma: np.array(r))
    learned = Run(settings, ROOM, runs=128, seed=11).advance(300).history[-1].reached["G"]
    not_yet = Run(short, ROOM, runs=128, seed=11).advance(300).history[-1].reached["G"]
    assert learned.sum() >= 126
    assert not_yet.sum() <= 2


def test_a_small_enough_discount_makes_the_near_exit_best():
    """ "On the first map, below γ ≈ 0.68 the exit at +1." """
    world = load_world("ring-of-fire")
    ends = {}
    for gamma in (0.67, 0.69, 0.95):
        s = int(np.argmax(world.start))
        for _ in range(50):
            s = int(world.next_state[s, exact.optimal_policy(world, gamma)[s].argmax(), 0])
        ends[gamma] = s
    assert ends[0.69] == ends[0.95] != ends[0.67]
