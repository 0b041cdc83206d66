"""Notebook 06: the science behind its sentences, and its lab without a browser."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pgkit import Reinforce, ReinforceNatural, Run, SoftmaxTable, exact, load_world, logistic
from pgkit.widgets import NormLab, ThetaMarks
from pgkit.widgets.norm_lab import DAMPING, LOOKS, TERMS, WORLDS, A, B, local, solved
from pgkit.worlds.scaled_bandit import scaled_bandit

TWO = load_world("two-state")
assert TWO.features is not None
POLICY = logistic(TWO.features)
PLACES = [(0.0, 0.0), A, B, (4.0, 0.0), (-3.0, 2.0), (5.5, -5.5)]


# ---------------------------------------------------------------- the two worlds of the lab


@pytest.mark.parametrize("theta", PLACES)
def test_the_labs_two_states_are_those_of_exact(theta):
    j, g, (a, b, c) = local("two-state", theta)
    at = np.array(theta)
    assert j == pytest.approx(exact.two_state_average(at), rel=1e-12)
    np.testing.assert_allclose(g, exact.two_state_gradient(at), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose((a, c), exact.two_state_fisher(at), rtol=1e-12)
    assert b == 0
    np.testing.assert_allclose(solved((a, b, c), g), exact.two_state_natural(at), rtol=1e-9)


@pytest.mark.parametrize(
    ("theta", "scale"), list(product([(0.0, 0.0), (0.7, 4.0), (-2.0, 1.0)], (1.0, 0.1)))
)
def test_the_labs_bandit_is_that_of_the_package(theta, scale):
    world = scaled_bandit(scale)
    assert world.features is not None
    policy, at = logistic(world.features), np.array(theta)
    pi = policy.table(at)
    psi = exact.feature_scores(pi, policy.features)
    j, g, (a, b, c) = local("scaled-bandit", theta, scale)
    assert j == pytest.approx(exact.expected_return(world, pi, 1.0, 1), rel=1e-12)
    G = exact.fisher(pi, psi, world.start)
    np.testing.assert_allclose([[a, b], [b, c]], G, rtol=1e-10, atol=1e-14)
    nudged = [
        (local("scaled-bandit", at + h, scale)[0] - local("scaled-bandit", at - h, scale)[0]) / 2e-5
        for h in 1e-5 * np.eye(2)
    ]
    np.testing.assert_allclose(g, nudged, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        solved((a, b, c), g, 0.01), exact.natural_gradient(G, np.array(g), 0.01), rtol=1e-9
    )


def test_small_steps_take_the_time_of_the_flow():
    for start, slow, fast in ((A, 301.9, 1.597), (B, 1.967e6, 2.175)):
        plain, natural = NormLab(theta=start, alpha=0.01).updates
        assert plain * 0.01 == pytest.approx(slow, rel=0.02)
        assert natural * 0.01 == pytest.approx(fast, rel=0.02)


def test_the_iterations_are_those_that_were_measured():
    """science.md 2.1 and 2.2: exact fixed steps from start A; the bandit for every scale."""
    found = [NormLab(theta=A, alpha=a).updates for a in (0.01, 0.1, 1, 10)]
    assert found[1:] == [(3022, 17), (305, 3), (33, 2)] or found[1:] == [
        (3022, 17),
        (304, 3),
        (33, 2),
    ]
    assert found[0][0] == pytest.approx(30189, abs=40)
    assert NormLab(theta=A, alpha=100).updates[0] == pytest.approx(29453, rel=0.01)
    for scale in (1.0, 0.3, 0.1, 0.05):
        for alpha, updates in ((1.0, 4), (0.3, 11), (0.1, 31)):
            lab = NormLab("scale", scale=scale, alpha=alpha)
            assert lab.updates[1] == updates
    assert NormLab("scale", scale=0.1, alpha=10).updates[0] == 659


def test_what_works_from_a_fails_from_b():
    assert min(NormLab(theta=B, alpha=a).updates[0] for a in (0.1, 1, 10, 100)) > 50_000


def test_damping_makes_the_natural_way_depend_on_the_scale():
    found = [NormLab("scale", scale=s, damping=0.1).updates[1] for s in (1.0, 0.1)]
    assert found[1] > 3 * found[0]


@pytest.mark.parametrize("theta", PLACES)
def test_both_steps_have_the_size_and_the_natural_one_promises_most(theta):
    lab = NormLab("ball", theta=theta, epsilon=0.01)
    _, g, f = local("two-state", theta)
    G = np.array([[f[0], f[1]], [f[1], f[2]]])
    for step in lab.steps.values():
        d = np.array(step["d"])
        assert d @ G @ d / 2 == pytest.approx(0.01, rel=1e-9)
        pi, new = POLICY.table(np.array(theta)), POLICY.table(np.array(theta) + d)
        weight = exact.two_state_stationary(np.array(theta))
        assert step["kl"] == pytest.approx(exact.mean_divergence(pi, new, weight), rel=1e-6)
    np.testing.assert_allclose(
        lab.steps["natural"]["d"], exact.kl_step(G, np.array(g), 0.01), rtol=1e-6
    )
    assert lab.steps["natural"]["promise"] >= lab.steps["plain"]["promise"] * (1 - 1e-12)


# ---------------------------------------------------------------- the prose


def kl_walk(direction, theta, epsilon):
    updates, far = 0, theta[0]
    while exact.two_state_average(theta) < 1.8:
        d, G = direction(theta), exact.two_state_fisher(theta)
        theta = theta + np.sqrt(2 * epsilon / (G * d * d).sum()) * d
        updates, far = updates + 1, max(far, theta[0])
    return updates, far


@pytest.mark.parametrize("epsilon", [0.0003, 0.001])
def test_measured_by_kl_the_plain_direction_leaves_the_plateau_but_gets_too_sure(epsilon):
    plain = kl_walk(exact.two_state_gradient, np.array(B), epsilon)
    natural = kl_walk(exact.two_state_natural, np.array(B), epsilon)
    assert plain[0] <= 1.3 * natural[0]
    assert plain[1] > 15 > 5 > natural[1]


def test_in_a_table_from_zero_plain_and_natural_are_one_direction_where_all_is_seen_alike():
    probs = np.full((2, 3), 1 / 3)
    psi = exact.softmax_scores(probs)
    G = exact.fisher(probs, psi, np.array([0.5, 0.5]))
    g = exact.parameter_gradient(np.random.default_rng(0).normal(size=(2, 3)), probs, psi)
    n = exact.natural_gradient(G, g)
    assert g @ n / np.linalg.norm(g) / np.linalg.norm(n) == pytest.approx(1, abs=1e-12)


def test_a_curved_parametrisation_changes_a_finite_step_by_alpha_squared():
    """θ = sinh u: the same step to first order; science.md 2.4."""
    u = np.arcsinh(np.array(B))

    def apart(alpha):
        slope = np.cosh(u)  # dθ/du
        by_u = np.sinh(u + alpha * exact.two_state_natural(np.array(B)) / slope)
        by_theta = np.array(B) + alpha * exact.two_state_natural(np.array(B))
        return np.abs(by_u - by_theta).max()

    assert 3.5 < apart(0.02) / apart(0.01) < 4.5


def test_runs_that_the_natural_step_alone_loses_always_stay_in_i():
    algorithm = ReinforceNatural(gamma=1.0, episodes=32, horizon=20, epsilon=0.01)
    run = Run(algorithm, TWO, POLICY, runs=64, seed=5)
    run.state = replace(run.state, theta=np.tile(B, (64, 1)))
    stuck = run.advance(100).history[-1].expected_return < 20
    assert stuck.sum() >= 5
    assert (POLICY.table(run.state.theta)[stuck, 0, 1] > 0.99).mean() > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [0.001, 0.01, 0.1])
def test_the_natural_gradient_does_not_cure_the_ring_of_fire(epsilon):
    run = Run(ReinforceNatural(epsilon=epsilon), load_world("ring-of-fire"), runs=100, seed=6)
    assert run.advance(500).history[-1].reached["G"].sum() <= 2


def test_with_the_exact_advantage_of_every_state_it_would():
    ring, table = load_world("ring-of-fire"), SoftmaxTable()
    theta = np.zeros((ring.n_states, ring.n_actions))
    for _ in range(20):
        theta = theta + 0.1 * exact.softmax_natural_gradient(ring, table.table(theta), 0.95)
    assert exact.expected_return(ring, table.table(theta), 0.95) > 51


def test_the_line_search_of_your_turn_mends_every_step():
    def real_kl(theta, step):
        pair = POLICY.table(theta), POLICY.table(theta + step)
        return exact.mean_divergence(*pair, exact.two_state_stationary(theta))

    J, theta = exact.two_state_average, np.array(B)
    for _ in range(8):
        g, G = exact.two_state_gradient(theta), np.diag(exact.two_state_fisher(theta))
        step = exact.kl_step(G, g, 0.3)
        for _ in range(30):
            if real_kl(theta, step) <= 0.3 and J(theta + step) >= J(theta):
                break
            step = step / 2
        assert real_kl(theta, step) <= 0.3
        assert J(theta + step) >= J(theta)
        theta = theta + step
        if J(theta) > 1.99:
            break
    assert J(theta) > 1.99


def test_the_slide_and_reinforce_differ_in_the_update_alone():
    same = {"gamma": 1.0, "episodes": 4, "horizon": 5}
    plain, natural = (
        Run(a, TWO, POLICY, runs=3, seed=2).preview()[1].grad
        for a in (Reinforce(**same), ReinforceNatural(epsilon=0.01, **same))
    )
    np.testing.assert_allclose(plain, natural)


# ---------------------------------------------------------------- the lab without a browser


@pytest.mark.parametrize(("look", "world"), list(product(LOOKS, WORLDS)))
def test_every_look_has_words_and_a_picture(look, world):
    lab = NormLab(look, world)
    data, _ = lab._repr_mimebundle_()
    assert data["text/plain"] == lab.sentence
    assert "<img" in data["text/html"]
    assert lab.picture()[:4] == b"\x89PNG"


@pytest.mark.parametrize("look", LOOKS)
def test_it_answers_over_the_whole_range(look):
    corners = ([-6.0, -6.0], [6.0, 6.0], [6.0, -6.0], [-6.0, 6.0])
    for world, theta, scale, damping in product(WORLDS, corners, (0.05, 2.0), DAMPING):
        lab = NormLab(look, world, theta=theta, alpha=100.0, scale=scale, damping=damping)
        if look == "ball":
            assert all(np.isfinite([s["length"], s["gain"]]).all() for s in lab.steps.values())
        else:
            assert all(k >= 0 for k in lab.updates)
            assert all(np.isfinite(lab.path(n)).all() for n in (False, True))
        assert "nan" not in lab.sentence


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"look": "map"}, "must be one of race, scale, ball"),
        ({"world": "grid"}, "must be one of two-state"),
        ({"theta": (9, 0)}, "within ±6"),
        ({"theta": (1.0,)}, "two numbers"),
        ({"alpha": 0.0}, "step size α must lie in"),
        ({"scale": 5}, "scale c of a feature"),
        ({"damping": -1}, "damping λ must lie in"),
        ({"epsilon": 3}, "size ε of a step"),
        ({"clock": 9}, "the clock, log10 of the updates"),
    ],
)
def test_bad_input_says_the_way_out(bad, words):
    with pytest.raises(ValueError, match=words):
        NormLab(**bad)


def test_marks_count_what_is_right_and_refuse_other_terms():
    marks = ThetaMarks()
    assert marks.right == 3  # nothing marked: right about the world's own terms
    marks.marked = [name for name, depends, _ in TERMS if depends]
    assert marks.right == len(TERMS)
    with pytest.raises(ValueError, match="must be one of"):
        marks.marked = ["J"]
    data, _ = marks._repr_mimebundle_()
    assert "distribution shift" in data["text/html"]
