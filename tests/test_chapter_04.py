"""Notebook 04: the science behind its sentences, and the figures that were made for it."""

from __future__ import annotations

import numpy as np
import pytest

from pgkit import Reinforce, Run, exact, grid_world, logistic
from pgkit.figures import bands, clouds, curves
from pgkit.plug import plug
from pgkit.returns import reward_to_go
from pgkit.widgets import RunLab
from pgkit.worlds.century import century
from pgkit.worlds.ring_of_fire import OPEN

WORLD = century(offset=0)
assert WORLD.features is not None
POLICY = logistic(WORLD.features)
SMALL = {"horizon": 5, "gamma": 1.0}


def enumerated(theta, world=WORLD):
    tau, pi = exact.paths(world, 5), POLICY.table(theta)
    return (
        tau,
        exact.path_probability(tau, pi),
        exact.path_scores(tau, exact.feature_scores(pi, POLICY.features)),
    )


def nudged(J, theta, h=1e-4):
    return np.array([(J(theta + x) - J(theta - x)) / (2 * h) for x in h * np.eye(2)])


@pytest.mark.parametrize("theta", [(0.0, 0.0), (0.8, -0.5), (-2.0, 1.0)])
def test_three_weights_have_one_mean_and_it_is_the_slope_of_j(theta):
    theta = np.array(theta)
    tau, p, score = enumerated(theta)
    pi = POLICY.table(theta)
    _, q = exact.values_over_time(WORLD, exact.at_all_times(pi, 5), 1.0)
    slope = nudged(lambda x: exact.expected_return(WORLD, POLICY.table(x), 1.0, 5), theta)
    weights = exact.full_return(tau, 1.0), exact.future_return(tau, 1.0), exact.look_up(tau, q)
    found = [exact.moments(p, exact.weighted_score(score, w)) for w in weights]
    for m in found:
        np.testing.assert_allclose(m.mean, found[0].mean, atol=1e-9)
        np.testing.assert_allclose(m.mean, slope, rtol=1e-6)
    assert found[0].trace > found[1].trace > found[2].trace


@pytest.mark.parametrize(("offset", "variance"), [(0, 58.7), (100, 78808.7)])
def test_the_past_is_noise_of_mean_zero(offset, variance):
    tau, p, score = enumerated(np.zeros(2), century(offset))
    past = exact.full_return(tau, 1.0) - exact.future_return(tau, 1.0)
    m = exact.moments(p, exact.weighted_score(score, past))
    assert np.abs(m.mean).max() < 1e-9
    assert m.trace == pytest.approx(variance, rel=1e-9)


def test_leaving_out_the_past_may_also_add_noise():
    """A first step that pays 1 and a second that costs 1, whatever one does."""
    tau, p, score = enumerated(np.zeros(2))
    r = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    whole = np.broadcast_to(r.sum(), tau.r.shape)
    ahead = np.broadcast_to(np.cumsum(r[::-1])[::-1], tau.r.shape)
    full, go = (exact.moments(p, exact.weighted_score(score, w)) for w in (whole, ahead))
    assert full.trace == 0
    assert go.trace > 0.1
    np.testing.assert_allclose(go.mean, 0, atol=1e-12)


@pytest.mark.parametrize("gamma", [0.5, 0.95])
def test_without_gamma_to_the_t_it_is_the_gradient_of_nothing(gamma):
    def direction(theta, weighted):
        pi = POLICY.table(theta)
        push = exact.gradient_over_time(
            WORLD, exact.at_all_times(pi, 5), gamma, weighted=weighted
        ).sum(axis=0)
        return exact.parameter_gradient(push, pi, exact.feature_scores(pi, POLICY.features))

    theta = np.array([0.8, -0.5])
    slope = nudged(lambda x: exact.expected_return(WORLD, POLICY.table(x), gamma, 5), theta)
    np.testing.assert_allclose(direction(theta, True), slope, rtol=1e-6)
    for weighted in (True, False):
        by_1, by_2 = nudged(lambda x, w=weighted: direction(x, w), theta)
        assert (abs(by_1[1] - by_2[0]) < 1e-7) == weighted


def test_the_radius_goes_as_one_over_the_root_of_n():
    tau, p, score = enumerated(np.zeros(2))
    one = exact.moments(p, exact.weighted_score(score, exact.future_return(tau, 1.0)))
    for N in (1, 4, 16):
        run = Run(Reinforce(episodes=N, **SMALL), WORLD, POLICY, runs=4000, seed=9)
        g = run.preview()[1].grad
        error = g.std(axis=0) / np.sqrt(len(g))
        assert (np.abs(g.mean(axis=0) - one.mean) < 4 * error).all()
        assert ((g - one.mean) ** 2).sum(axis=1).mean() == pytest.approx(one.trace / N, rel=0.1)


def test_on_the_meadow_every_run_arrives():
    meadow = grid_world(OPEN.replace("F", ".").replace("e", "."), "meadow")
    for seed in (4, 11):
        run = Run(Reinforce(alpha=0.05), meadow, runs=100, seed=seed).advance(300)
        assert run.history[-1].reached["G"].sum() >= 99


def test_at_equal_rollouts_the_better_n_depends_on_the_step():
    def learned(N, alpha):
        run = Run(Reinforce(alpha=alpha, episodes=N, **SMALL), WORLD, POLICY, runs=100, seed=21)
        return int((run.advance(800 // N).history[-1].expected_return > 17.7).sum())

    assert learned(4, 0.1) >= 90 > 10 >= learned(64, 0.1)
    assert learned(64, 1.6) >= 90 > 75 >= learned(4, 1.6)


def test_with_a_step_of_one_some_runs_rush_into_a_corner_and_stay():
    run = Run(Reinforce(alpha=1.0, episodes=8, **SMALL), WORLD, POLICY, runs=64, seed=0)
    before = run.advance(100).history[-1].expected_return < 17
    after = run.advance(200).history[-1].expected_return < 17
    assert before.sum() >= 3
    assert after.sum() >= 0.8 * before.sum()


def test_the_lab_takes_the_students_function_and_shows_the_wider_cloud():
    def whole(r, gamma):
        return np.broadcast_to(r.sum(axis=-1, keepdims=True), r.shape)

    look = {"policy": POLICY, "controls": ["alpha", "episodes"], "hide": ("copy", "reset", "paint")}
    lab = RunLab("reinforce", WORLD, ["cloud", "curve"], runs=8, **look)
    cloud, timeline = lab.views["cloud"], lab.timeline
    before = cloud._fresh(timeline.run)[0]["deviation"]
    lab.use(reward_to_go=whole)
    after = cloud._fresh(timeline.run)[0]["deviation"]
    assert after > 1.3 * before
    lab.use(reward_to_go=lambda r, gamma: reward_to_go(r, gamma))
    assert cloud._fresh(timeline.run)[0]["deviation"] == pytest.approx(before)
    lab.train(5)
    assert lab.run.iteration == 5


def test_the_students_function_is_the_packages_when_it_is_right():
    def mine(r, gamma):
        q = r.copy()
        for t in range(r.shape[-1] - 2, -1, -1):
            q[..., t] += gamma * q[..., t + 1]
        return q

    usual = Reinforce(**SMALL)
    ours, theirs = (
        Run(a, WORLD, POLICY, runs=4, seed=1, engine="text").advance(5)
        for a in (usual, plug(usual, reward_to_go=mine))
    )
    np.testing.assert_allclose(ours.state.theta, theirs.state.theta)


# ---------------------------------------------------------------- figures


def test_bands_say_median_and_band():
    runs = np.stack([np.arange(5.0), np.arange(5.0) + 10])  # two times, five runs
    picture = bands({"mine": ([0, 20], runs)}, x="iteration", y="J", best=18.2)
    assert "mine: median of 5 runs from 2 at 0 to 12 at 20" in picture.words
    assert "10 to 90 % there from 10.4 to 13.6" in picture.words
    assert "the best possible is 18.2" in picture.words
    assert picture.png()[:4] == b"\x89PNG"


def test_clouds_say_mean_and_radius_with_and_without_probabilities():
    g = np.array([[1.0, 0.0], [-1.0, 0.0]])
    even = clouds({"a": g, "b": 2 * g}, np.zeros(2))
    assert "a: mean (0.000, 0.000), radius 1; b: mean (0.000, 0.000), radius 2." in even.words
    uneven = clouds({"a": g}, np.zeros(2), np.array([0.75, 0.25]))
    assert "a: mean (0.500, 0.000), radius 1." in uneven.words
    assert uneven.png()[:4] == b"\x89PNG"


def test_curves_take_a_log_scale_across():
    (axes,) = curves({"N": ((0.1, 1.0), (0, 5))}, x="α", y="runs", log_x=True).figure.axes
    assert axes.get_xscale() == "log"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["0.1", "1"]
