"""Notebook 08: the science behind its sentences, and its labs without a browser."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pgkit import MonteCarlo, Run, TemporalDifference, exact, load_world
from pgkit.bugs import find
from pgkit.types import Trajectories
from pgkit.widgets import BatchLab, TriadLab, WalkLab
from pgkit.widgets.batch_lab import KINDS, MOST
from pgkit.widgets.triad_lab import EXAMPLES, UPDATES, _parts
from pgkit.widgets.walk_lab import CELLS, EPISODES, LOOKS, METHODS, RUNS, TRUTH
from pgkit.worlds.baird import FEATURES
from pgkit.worlds.predictors import (
    AB,
    BAIRD_BEHAVIOUR,
    A,
    B,
    baird_sweep,
    batch,
    w_to_2w,
    w_to_2w_least_squares,
)

WALK = load_world("random-walk")


# ---------------------------------------------------------------- fixed points


def swept(tau: Trajectories, states: int, method: str, gamma: float, initial: float = 0.0):
    """The lecture's update with every step of the batch, again and again, until nothing changes."""
    live, last = tau.live[0], tau.terminated[0]
    s, r, s_next = tau.s[0], np.where(live, tau.r[0], 0.0), tau.s_next[0]
    G = np.zeros(r.shape)
    for t in reversed(range(r.shape[1])):
        G[:, t] = r[:, t] + (gamma * G[:, t + 1] if t + 1 < r.shape[1] else 0.0)
    v = np.full(states, initial)
    for _ in range(20_000):
        target = G if method == "MC" else r + gamma * np.where(last, 0.0, v[s_next])
        change = np.bincount(s[live], (target - v[s])[live], states)
        v += 0.02 * change
        if np.abs(change).max() < 1e-13:
            break
    return v


@pytest.mark.parametrize("gamma", [1.0, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_fixed_points_are_where_the_repeated_updates_come_to_rest(gamma, seed):
    tau = Run(TemporalDifference(horizon=60), WALK, runs=1, seed=seed).preview()[1].tau
    for data, states in ((AB, 3), (tau, 7)):
        for method, solve in (("MC", exact.batch_monte_carlo), ("TD", exact.batch_td)):
            found = swept(data, states, method, gamma, initial=0.25)
            np.testing.assert_allclose(solve(data, states, gamma, 0.25)[0], found, atol=1e-9)


def test_batch_monte_carlo_has_the_least_squares_and_batch_td_the_errors_that_sum_to_zero():
    data = batch([(A, 1.0), (B, 2.0), (B, 0.0)], [(A, 0.0), (A, 3.0)], [(B, 5.0)])
    mc, td = (f(data, 3, 0.8)[0] for f in (exact.batch_monte_carlo, exact.batch_td))
    G = {A: [1 + 0.8 * 2, 0.8 * 3, 3.0], B: [2.0, 0.0, 5.0]}
    assert mc[A] == pytest.approx(np.mean(G[A]))
    assert mc[B] == pytest.approx(np.mean(G[B]))
    errors_a = [1 + 0.8 * td[B] - td[A], 0.8 * td[A] - td[A], 3 - td[A]]
    errors_b = [2 + 0.8 * td[B] - td[B], 0 - td[B], 5 - td[B]]
    assert sum(errors_a) == pytest.approx(0, abs=1e-12)
    assert sum(errors_b) == pytest.approx(0, abs=1e-12)


def test_a_state_that_was_never_seen_keeps_its_guess():
    data = batch([(B, 1.0)])
    for solve in (exact.batch_monte_carlo, exact.batch_td):
        np.testing.assert_allclose(solve(data, 3, 1.0, 0.3), [[0.3, 1.0, 0.3]])


@pytest.mark.parametrize("episode", [[], [(7, 1.0)]])
def test_an_episode_that_is_none_is_named(episode):
    with pytest.raises(ValueError, match="episode = "):
        batch([(A, 0.0)], episode)


def test_the_exercise_has_the_solution_of_its_hint():
    data = batch([(A, 0.0), (B, 1.0)], [(B, 0.0)])
    assert exact.batch_monte_carlo(data, 3, 1.0)[0, A] == 1.0
    assert exact.batch_td(data, 3, 1.0)[0, A] == pytest.approx(0.5)


# ---------------------------------------------------------------- linear TD


def test_the_mean_update_is_bairds_sweep_and_w_to_2w():
    solid = np.tile(np.eye(7)[6], (7, 1))
    M = np.eye(8) + 0.01 * exact.linear_td(FEATURES, solid, np.full(7, 1 / 7), 0.99)
    np.testing.assert_allclose(M, baird_sweep(0.01, 0.99), atol=1e-14)
    x, step = np.array([[1.0], [2.0]]), np.array([[0.0, 1.0], [0.0, 0.9]])
    for gamma in (0.3, 0.5, 0.99):
        A_mean = exact.linear_td(x, step, np.array([1.0, 0.0]), gamma)
        assert 1 + 0.1 * A_mean[0, 0] == pytest.approx(w_to_2w(0.1, gamma))


def test_the_mean_update_is_the_mean_of_sampled_updates():
    rng = np.random.default_rng(3)
    P, x, d, w = (
        rng.dirichlet(np.ones(4), 4),
        rng.normal(size=(4, 2)),
        rng.dirichlet(np.ones(4)),
        rng.normal(size=2),
    )
    s = rng.choice(4, 200_000, p=d)
    after = (rng.random(len(s))[:, None] > P[s].cumsum(axis=1)).sum(axis=1)
    steps = (0.9 * x[after] @ w - x[s] @ w)[:, None] * x[s]
    noise = steps.std(axis=0) / np.sqrt(len(s))
    assert (np.abs(steps.mean(axis=0) - exact.linear_td(x, P, d, 0.9) @ w) < 5 * noise).all()


def random_chain(rng):
    P = rng.dirichlet(np.full(6, 0.1), size=6)
    return P, np.linalg.matrix_power(0.01 * np.eye(6) + 0.99 * P, 5000)[0]


def test_on_policy_no_step_makes_values_longer_and_linear_td_never_diverges():
    rng, off = np.random.default_rng(5), 0
    for _ in range(300):
        P, d = random_chain(rng)
        x, v = rng.normal(size=(6, 3)), rng.normal(size=6)
        assert d @ (P @ v) ** 2 <= d @ v**2 + 1e-9
        A_mean = exact.linear_td(x, P, d, 0.99)
        w = rng.normal(size=3)
        assert w @ A_mean @ w <= (0.99 - 1) * (d @ (x @ w) ** 2) + 1e-9
        assert np.linalg.eigvals(A_mean).real.max() <= 1e-9
        other = exact.linear_td(x, P, rng.dirichlet(np.full(6, 0.1)), 0.99)
        off += np.linalg.eigvals(other).real.max() > 1e-9
    assert off > 40


def test_the_fixed_point_of_linear_td_is_as_near_as_the_notebook_says():
    """‖Xw* - V‖_d ≤ ‖ΠV - V‖_d / √(1-γ²), and it is not the nearest."""
    rng, worse = np.random.default_rng(6), 0
    for gamma in (0.5, 0.9, 0.99):
        for _ in range(50):
            P = rng.dirichlet(np.ones(6), size=6)
            d = np.linalg.matrix_power(P, 500)[0]
            x, r = rng.normal(size=(6, 3)), rng.normal(size=6)
            V = np.linalg.solve(np.eye(6) - gamma * P, r)
            w = np.linalg.solve(exact.linear_td(x, P, d, gamma), -x.T @ (d * r))
            root = np.sqrt(d)
            nearest = x @ np.linalg.lstsq(root[:, None] * x, root * V)[0]
            found, least = (np.sqrt(d @ (u - V) ** 2) for u in (x @ w, nearest))
            assert found <= least / np.sqrt(1 - gamma**2) + 1e-9
            worse += found > 1.01 * least
    assert worse > 50


def test_a_least_squares_fit_of_both_states_does_not_save_w():
    assert w_to_2w_least_squares(0.99, 0.1) > 1 > w_to_2w_least_squares(0.8, 0.1)


# ---------------------------------------------------------------- the walk lab


@pytest.mark.parametrize(("method", "family"), [("MC", MonteCarlo), ("TD", TemporalDifference)])
@pytest.mark.parametrize(("alpha", "initial", "seed"), [(0.1, 0.5, 6), (0.7, 0.0, 1)])
def test_the_lab_learns_what_the_shipped_algorithms_learn(method, family, alpha, initial, seed):
    lab = WalkLab(alpha_mc=alpha, alpha_td=alpha, initial=initial, seed=seed)
    run = Run(family(alpha=alpha, initial=initial), WALK, runs=RUNS, seed=seed)
    for k in (1, 2, 5):
        run.advance(k - run.iteration, record=False)
        np.testing.assert_allclose(lab.values(method)[k], run.state.phi[:, 1:6], atol=1e-12)


def test_a_falling_alpha_is_a_knob_that_is_turned_after_every_episode():
    lab = WalkLab(alpha_td=0.4, falling=True)
    run = Run(TemporalDifference(alpha=0.4, initial=0.5), WALK, runs=RUNS, seed=lab.seed)
    for k in range(6):
        run.set(alpha=0.4 * 10 / (10 + k))
        run.advance(1, record=False)
    np.testing.assert_allclose(lab.values("TD")[6], run.state.phi[:, 1:6], atol=1e-12)


@pytest.mark.parametrize(
    ("method", "alpha", "errors", "spread"),
    [  # means of 20 000 runs after 1, 10, 25, 50, 100 episodes, and the spread of a mean of 100
        ("TD", 0.05, (0.2288, 0.1746, 0.1097, 0.0533, 0.0353), 0.0016),
        ("TD", 0.1, (0.2222, 0.1284, 0.0566, 0.0503, 0.0552), 0.0023),
        ("TD", 0.15, (0.2161, 0.0949, 0.0577, 0.0687, 0.0701), 0.0028),
        ("MC", 0.01, (0.2332, 0.2124, 0.1827, 0.1444, 0.0969), 0.0023),
        ("MC", 0.02, (0.2313, 0.1969, 0.1537, 0.1109, 0.0817), 0.0039),
        ("MC", 0.03, (0.2301, 0.1867, 0.1391, 0.1048, 0.0936), 0.0048),
        ("MC", 0.04, (0.2293, 0.1801, 0.1338, 0.1105, 0.1073), 0.0054),
    ],
)
def test_the_labs_error_curves_are_those_of_the_book(method, alpha, errors, spread):
    lab = WalkLab(alpha_mc=alpha, alpha_td=alpha)
    found = lab.errors(method).mean(axis=1)[[1, 10, 25, 50, 100]]
    np.testing.assert_allclose(found, errors, atol=4 * spread / np.sqrt(RUNS / 100) + 5e-4)


def test_bias_and_variance_at_equal_alpha_are_those_of_twenty_thousand_runs():
    high = WalkLab(alpha_mc=0.05, alpha_td=0.05, episode=100)
    low = WalkLab(alpha_mc=0.05, alpha_td=0.05, initial=0.0, episode=100)
    assert low.bias("TD", "V") ** 2 == pytest.approx(0.0232, rel=0.15)
    assert low.bias("MC", "V") ** 2 < 5e-4
    assert low.variance("TD", "V") == pytest.approx(0.0017, rel=0.25)
    assert low.variance("MC", "V") == pytest.approx(0.0179, rel=0.15)
    assert high.variance("TD", "V") == pytest.approx(0.0015, rel=0.25)
    assert max(high.bias(m, "V") ** 2 for m in METHODS) < 5e-4
    for lab, m in itertools.product((high, low), METHODS):  # mean square error = bias² + variance
        square = (lab.errors(m)[100] ** 2).mean()
        assert square == pytest.approx(lab.bias(m, "V") ** 2 + lab.variance(m, "V"))


def test_the_moments_of_the_targets_are_those_of_targets_that_are_drawn():
    """The next step or the whole walk from each state, 20 000 times, with V of a random run."""
    lab, rng = WalkLab(episode=12, initial=0.2), np.random.default_rng(2)
    V = lab.values("TD")[12]
    for s in range(5):
        go = np.where(rng.random(20_000) < 0.5, -1, 1) + s
        run = rng.integers(RUNS, size=len(go))
        inside = V[run, np.clip(go, 0, 4)]
        td = np.where(go < 0, 0.0, np.where(go > 4, 1.0, inside))
        at = np.full(20_000, s)
        while (walking := (at >= 0) & (at <= 4)).any():
            at = at + np.where(walking, np.where(rng.random(len(at)) < 0.5, -1, 1), 0)
        for m, target in {"MC": (at > 4) * 1.0, "TD": td}.items():
            mean, variance = (x[s] for x in lab.moments(m))
            assert target.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / 20_000) + 1e-9)
            assert target.var() == pytest.approx(variance, rel=0.08, abs=1e-9)


def test_td_has_the_smaller_variance_and_a_bias_that_fades():
    lab, biases = WalkLab(), []
    for episode in (0, 1, 5, 20, 40):
        lab.episode = episode
        assert lab.bias("MC") == 0
        assert lab.variance("TD") < lab.variance("MC") == pytest.approx(35 / 180)
        biases.append(lab.bias("TD"))
    assert biases[0] == pytest.approx(np.sqrt((2 / 144 + 2 / 36) / 5))
    assert biases == sorted(biases, reverse=True)


def test_after_the_first_walk_td_has_moved_one_state_and_monte_carlo_all_that_were_visited():
    lab = WalkLab(episode=0)
    lab.tick()
    assert lab.walk == "C B A B A, out on the left"
    td, mc = (lab.values(m)[1, 0] != 0.5 for m in ("TD", "MC"))
    assert td.tolist() == [True, False, False, False, False]
    assert mc.tolist() == [True, True, True, False, False]


def test_every_control_of_the_walk_lab_over_its_range():
    lab = WalkLab()
    for look in LOOKS:
        lab.look = look
    for cell in CELLS:
        assert any(digit in lab.measured(cell) for digit in "0123456789")
    for alpha, initial, falling in ((0.001, 0.0, True), (1.0, 1.0, False)):
        lab.alpha_mc = lab.alpha_td = alpha
        lab.initial, lab.falling = initial, falling
        for episode in (0, 1, 57, EPISODES):
            lab.episode = episode
            assert f"after {episode} episodes" in lab.sentence
            assert lab.table.count("target") == 4
            for m in METHODS:
                V = lab.values(m)
                assert V.shape == (EPISODES + 1, RUNS, 5)
                assert 0 <= V.min() <= V.max() <= 1
                assert lab.error(m) == pytest.approx(
                    np.sqrt(((V[episode] - TRUTH) ** 2).mean(axis=1)).mean()
                )
    assert lab.tick(50).episode == EPISODES
    before = lab.scene["moves"]
    lab.seed = 1
    assert lab.scene["moves"] != before


@pytest.mark.parametrize(
    ("options", "words"),
    [({"alpha_mc": 0}, "alpha_mc = 0"), ({"alpha_td": 1.5}, "alpha_td = 1.5"), ({"initial": 2}, "initial = 2"),
     ({"episode": 101}, "episode = 101"), ({"look": "MC"}, "look = 'MC'"), ({"seed": -1}, "seed = -1")],
)  # fmt: skip
def test_the_walk_lab_names_a_bad_value(options, words):
    with pytest.raises(ValueError, match=words):
        WalkLab(**options)


# ---------------------------------------------------------------- the triad lab


def test_only_all_three_together_make_v_grow():
    for example, bootstrap, shared, off in itertools.product(
        EXAMPLES, (True, False), (True, False), (0.0, 1.0)
    ):
        lab = TriadLab(example, bootstrap=bootstrap, shared=shared, off=off)
        assert lab.diverges == (bootstrap and shared and off == 1)
        size = np.abs(lab.values).max(axis=1)
        assert (size[-1] > 20 * size[0]) == lab.diverges
        assert lab.diverges or size.max() <= size[0] * (1 + 1e-9)


@pytest.mark.parametrize("example", EXAMPLES)
def test_without_one_of_the_three_no_gamma_and_no_alpha_make_it_grow(example):
    for alpha, gamma in itertools.product((0.001, 0.1, 0.5), (0.0, 0.6, 0.99, 1.0)):
        for leg in ({"bootstrap": False}, {"shared": False}, {"off": 0.0}):
            assert TriadLab(example, alpha, gamma, **leg).factor <= 1 + 1e-9, (alpha, gamma, leg)


def test_the_factors_are_those_known_in_closed_form():
    for alpha, gamma in itertools.product((0.001, 0.1, 0.5), (0.0, 0.5, 0.99, 1.0)):
        assert TriadLab(alpha=alpha, gamma=gamma).factor == pytest.approx(w_to_2w(alpha, gamma))
    assert TriadLab("Baird").factor == pytest.approx(1.0023925046, abs=1e-9)
    V = TriadLab("Baird").values
    w = np.linalg.matrix_power(baird_sweep(0.01, 0.99), 1000) @ [1, 1, 1, 1, 1, 1, 10, 1]
    np.testing.assert_allclose(V[1000], FEATURES @ w, rtol=1e-9)
    on_policy = baird_sweep(0.01, 0.99, BAIRD_BEHAVIOUR)
    own = np.sort(np.abs(np.linalg.eigvals(on_policy)))
    assert own[-1] == pytest.approx(1)  # the direction of w that no value shows
    assert TriadLab("Baird", off=0.0).factor == pytest.approx(own[-2])


def test_on_policy_is_how_often_the_states_are_visited():
    """The first state once an episode, the second ten times on average; in Baird's world all alike."""
    _, step, visited, _ = _parts("w → 2w", 0.0, True)
    visits = np.linalg.solve(np.eye(2) - step.T, [1.0, 0.0])
    np.testing.assert_allclose(visited, visits / visits.sum())
    _, step, visited, _ = _parts("Baird", 0.0, True)
    np.testing.assert_allclose(visited @ step, visited)


def test_it_begins_to_grow_where_the_notebook_says():
    """ "The factor crosses 1 at about a quarter"."""
    assert not TriadLab(off=0.22).diverges
    assert TriadLab(off=0.26).diverges


def test_every_control_of_the_triad_lab_over_its_range():
    lab = TriadLab()
    assert lab.tick(30).update == 30
    for example in EXAMPLES:
        lab.example = example
        for lab.alpha, lab.gamma, lab.off in itertools.product(
            (0.001, 0.5), (0.0, 1.0), (0.0, 0.5, 1.0)
        ):
            lab.update = UPDATES[example]
            assert np.isfinite(lab.values).all()
            assert f"{lab.factor:.6f}" in lab.sentence
    lab.example = "w → 2w"
    assert lab.update == 100  # it had 1000


@pytest.mark.parametrize(
    ("options", "words"),
    [({"example": "other"}, "example = 'other'"), ({"alpha": 0.9}, "alpha = 0.9"), ({"gamma": 1.2}, "gamma = 1.2"),
     ({"off": -1}, "off = -1"), ({"update": 101}, "update = 101")],
)  # fmt: skip
def test_the_triad_lab_names_a_bad_value(options, words):
    with pytest.raises(ValueError, match=words):
        TriadLab(**options)


# ---------------------------------------------------------------- the predictor lab


def test_the_predictor_lab_shows_the_books_two_answers_and_those_of_any_batch():
    lab = BatchLab()
    assert lab.values("MC") == (0.0, 0.75)
    assert lab.values("TD") == pytest.approx((0.75, 0.75))
    for lab.a0, lab.a1, lab.b1, lab.b0 in itertools.product((0, 2, MOST), (0, 1), (0, 5), (0, 3)):
        a, b = lab.a0 + lab.a1, lab.a0 + lab.a1 + lab.b1 + lab.b0
        v_b = (lab.a1 + lab.b1) / b if b else None
        assert lab.values("MC") == pytest.approx((lab.a1 / a if a else None, v_b))
        assert lab.values("TD") == pytest.approx((v_b if a else None, v_b))
        assert ("was not seen" in lab.sentence) == (a == 0 or b == 0)


def test_what_the_notebook_asks_for_can_be_made():
    """Monte Carlo says 1 and TD nearly 0; both agree."""
    lab = BatchLab(a0=0, a1=1, b1=0, b0=MOST)
    assert lab.values("MC")[0] == 1
    assert lab.values("TD")[0] < 0.1
    lab = BatchLab(a0=1, a1=3, b1=6, b0=2)
    assert lab.values("MC") == pytest.approx(lab.values("TD"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_predictor_lab_names_a_bad_value(kind):
    for given in (-1, MOST + 1):
        with pytest.raises(ValueError, match=f"{kind} = {given}"):
            BatchLab(**{kind: given})


# ---------------------------------------------------------------- both


def test_a_reader_without_a_kernel_sees_them_all():
    for lab, word in (
        (WalkLab(episode=30), "Can have bias"),
        (TriadLab(update=40), "grows without bound"),
        (BatchLab(), "V(A) 0.750"),
    ):
        data, _ = lab._repr_mimebundle_()
        assert data["image/png"]
        assert word in data["text/plain"]
        assert 'alt="' in data["text/html"]


def test_the_bugs_curve_is_one_of_errors():
    bug = find("masked_reward")
    assert bug.curve == "error of V"
    assert bug.algorithm is TemporalDifference
