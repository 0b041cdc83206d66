"""Notebook 10: the science behind its sentences, and its labs without a browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgkit import ALGORITHMS, Run, SoftActorCritic, exact, load_world, uniform
from pgkit.bugs import find
from pgkit.fits import default_settings
from pgkit.policies import LinearGaussian, SoftmaxTable
from pgkit.swings import EVERY, MEASURED, RUNS, measure, swings
from pgkit.types import Dataset
from pgkit.widgets import RunLab, TemperatureLab
from pgkit.widgets.temperature_lab import GAMMA, LADDER, MAPS, PAYS, STEPS, optimum
from pgkit.widgets.views import view
from pgkit.widgets.views.gains import best, gains

RING = load_world("ring-of-fire")
NAME = "soft_actor_critic_continuous"

# ---------------------------------------------------------------- the mathematics


@pytest.mark.parametrize("temperature", [0.05, 1.0, 10.0])
def test_no_distribution_has_a_larger_bracket_than_the_softmax(temperature):
    rng = np.random.default_rng(0)
    q = rng.normal(size=4) * 3
    v = temperature * np.log(np.exp(q / temperature).sum())
    for probs in rng.dirichlet(np.ones(4), size=2000):
        assert probs @ (q - temperature * np.log(probs)) <= v + 1e-12
    pi = exact.soft_policy(q, temperature)
    np.testing.assert_allclose(q - temperature * np.log(pi), v)  # the bracket is V for every action
    assert q.max() <= v <= q.max() + temperature * np.log(4)


def test_the_actor_s_gradient_is_the_score_times_q_minus_t_log_pi():
    """Against finite differences of E_D Σ_a π (Q - T log π) with Q held, in every number of θ."""
    rng, policy, T, n = np.random.default_rng(1), SoftmaxTable(), 0.7, 6
    theta, q = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, n, 4))
    s = rng.integers(0, 3, (1, n))
    D = Dataset(s, np.zeros((1, n), int), np.zeros((1, n)), np.ones((1, n), bool), episodes=n)

    def worth(theta):
        probs = policy.probs(theta, s)
        return float((probs * (q - T * np.log(probs))).sum(axis=-1).mean())

    probs = policy.probs(theta, s)
    grad = policy.grad_probs(theta, D, weight=probs * (q - T * np.log(probs)))
    for i in np.ndindex(theta.shape):
        step = np.zeros(theta.shape)
        step[i] = 1e-6
        assert grad[i] == pytest.approx(
            (worth(theta + step) - worth(theta - step)) / 2e-6, abs=1e-8
        )


def test_the_two_lives_are_worth_the_same_where_the_notebook_says():
    finish = 100 * GAMMA**13
    assert finish == pytest.approx(exact.optimal_values(RING, GAMMA)[0] @ RING.start)
    assert finish == pytest.approx(51.3, abs=0.05)
    assert np.log(4) / (1 - GAMMA) == pytest.approx(27.7, abs=0.05)
    assert finish * (1 - GAMMA) / np.log(4) == pytest.approx(1.85, abs=0.005)
    assert abs(0.99**13 - 0.88) < 0.005  # what patience does to the prize


def test_without_the_wage_it_is_the_kl_to_the_uniform_policy_that_is_paid_for():
    """The soft values of H - log 4 are those of a policy that pays T · KL(π ‖ uniform) a step, by its own solve."""
    found = optimum("ring-of-fire", "above uniform", 2.0)
    kl = (found.probs * np.log(4 * np.maximum(found.probs, 1e-300))).sum(axis=-1)
    pay = (found.probs * exact.backup(RING, np.zeros(RING.n_states), 0.0)).sum(axis=-1)
    pay = np.where(RING.terminal, 0.0, pay - 2.0 * kl)
    np.testing.assert_allclose(
        exact.discounted_sum(RING, found.probs, GAMMA, pay), found.values, atol=1e-8
    )


def test_next_to_the_prize_a_hot_policy_points_away():
    for world in MAPS:
        task, probs = load_world(world), optimum(world, "entropy", 10.0).probs
        into = task.goals["G"][task.next_state[..., 0]] & task.startable[:, None]
        assert into.sum() >= 3
        assert probs[into].max() < 0.05
    hottest = optimum("ring-of-fire", "entropy", 30.0)
    assert hottest.entropy < 0.9 * np.log(4)  # "uniform?": no


def test_rewards_and_temperature_scale_together():
    twice = replace(RING, reward=2 * RING.reward)
    for T in (0.3, 2.6):
        one, _ = exact.soft_policy_iteration(RING, GAMMA, T)
        two, _ = exact.soft_policy_iteration(twice, GAMMA, 2 * T)
        np.testing.assert_allclose(one, two, atol=1e-9)


# ---------------------------------------------------------------- the lab of the temperature


def test_its_optimum_is_that_of_soft_value_iteration():
    for world in MAPS:
        task = load_world(world)
        for T in (0.01, 1.0, 2.6, 30.0):
            found = optimum(world, "entropy", T)
            v, q = exact.soft_values(task, GAMMA, T)
            np.testing.assert_allclose(found.values, v, atol=1e-9 * max(1, v.max()))
            inside = task.startable
            np.testing.assert_allclose(
                found.probs[inside], exact.soft_policy(q, T)[inside], atol=1e-6
            )
            assert sum(found.ends) == pytest.approx(1)
            bonus = np.where(task.terminal, 0.0, T * exact.entropy(found.probs))
            wage = exact.discounted_sum(task, found.probs, GAMMA, bonus) @ task.start
            assert found.worth == pytest.approx(
                found.expected_return + wage, abs=1e-7 * found.worth
            )


def test_every_control_over_its_range():
    lab = TemperatureLab()
    for world in MAPS:
        lab.world = world
        assert lab.at == lab.scene["start"]
        for pay in PAYS:
            lab.pay = pay
            assert len(lab.scene["ladder"]) == len(lab.scene["ends"]) == len(LADDER)
            assert np.allclose(np.sum(lab.scene["ends"], axis=1), 1)
            for T in (0.01, 0.5, 3.0, 30.0):
                lab.temperature = T
                assert f"T = {T:.3g}" in lab.sentence
                at = float(np.interp(np.log(T), np.log(LADDER), lab.scene["worth"]))
                assert lab.optimum.worth == pytest.approx(at, rel=0.02, abs=0.3)
        for at in (0, len(lab.scene["letters"]) - 1, lab.scene["letters"].index("G")):
            lab.at = at
            assert "At row" in lab.sentence or "nothing is chosen" in lab.sentence
    lab.show = "values"
    assert "+100" in lab.table


def test_turning_the_temperature_moves_the_walks():
    shares = [TemperatureLab(T).optimum.ends[0] for T in (0.3, 2.0, 3.0, 10.0)]
    assert shares[0] > 0.999
    assert shares[1] > 0.99
    assert 0.2 < shares[2] < 0.3
    assert shares[3] < 0.001
    assert TemperatureLab(3.0, pay="above uniform").optimum.ends[0] > 0.99
    assert STEPS == 60


@pytest.mark.parametrize(
    ("options", "words"),
    [({"temperature": 0.0}, "temperature = 0.0"), ({"temperature": 31}, "from 0.01 to 30"),
     ({"world": "century"}, "world = 'century'"), ({"pay": "money"}, "one of entropy, above uniform"),
     ({"show": "q"}, "show = 'q'"), ({"cell": (0, 3)}, r"cell = \(0, 3\)")],
)  # fmt: skip
def test_a_bad_value_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        TemperatureLab(**options)


def test_a_cell_is_chosen_by_row_and_column():
    lab = TemperatureLab(cell=(4, 3))
    assert lab.at == 3 * 9 + 2
    with pytest.raises(ValueError, match="at = 81"):
        lab.at = 81
    assert lab.at == 29


def test_a_reader_without_a_kernel_sees_the_map_and_the_curves():
    data, _ = TemperatureLab(3.0)._repr_mimebundle_()
    assert data["image/png"]
    assert "77 % still walking" in data["text/plain"]
    assert 'alt="' in data["text/html"]


# ---------------------------------------------------------------- the soft regulator


def test_twelve_learners_come_to_the_closed_form_and_follow_it():
    """science: |k - k*| < .05, σ² within 30 %; here from one optimum to the next without a restart."""
    world = load_world("lqr")
    lab = RunLab(NAME, world, ["gains", "curve"], runs=12, seed=2)
    for T in (0.1, 1.0):
        lab.set(temperature=T).train(40)
        k, variance = gains(lab.run).T
        k_star, s_star = exact.lqr_soft_optimum(exact.LQR(), T)
        assert np.abs(k - k_star).max() < 0.05
        np.testing.assert_allclose(variance, s_star, rtol=0.3)
        assert best(lab.run) == (k_star, s_star)
        assert f"k* = {k_star:.4f}" in lab.sentence


def test_the_view_of_gains_draws_the_way_and_goes_back_in_time():
    lab = RunLab(NAME, "lqr", ["gains"], runs=3, temperature=0.1)
    for _ in range(4):
        lab.train(3)
        facts, parts = lab.views["gains"].frame(lab.timeline)
    assert parts["points"].shape == (3, 2)
    assert parts["way"].shape[0] >= 4
    np.testing.assert_allclose(parts["way"][-1][0], parts["points"][:, 0].mean())
    lab.rewind(3)
    _, back = lab.views["gains"].frame(lab.timeline)
    assert len(back["way"]) < len(parts["way"])
    assert facts["lost"] == 0
    assert lab.picture()
    hard = RunLab("actor_critic", "lqr", ["gains"], runs=2)
    assert best(hard.run)[1] is None
    assert "no best σ² but 0" in hard.sentence
    with pytest.raises(ValueError, match="world = 'lqr'"):
        RunLab("reinforce", "ring-of-fire", ["gains"])
    assert view("gains").setup(hard.run)["ruler"] == []
    assert isinstance(hard.run.policy, LinearGaussian)


# ---------------------------------------------------------------- the pendulum, the bug


def test_the_stored_swings_are_sixteen_runs_that_all_arrive():
    at, returns = swings()
    assert returns.shape == (len(at), RUNS)
    assert at[:2] == [0, EVERY]
    assert (returns[-1] > -250).all()
    assert np.median(returns[0]) < -1000


@pytest.mark.slow
def test_the_stored_swings_can_be_measured_again():
    """The same runs; rounding of another library may part them, so the middle of the curve is compared."""
    found = measure(300)
    np.testing.assert_array_equal(found[:3], MEASURED[:3])
    assert abs(np.median(found[-1]) - np.median(MEASURED[6])) < 100


def test_the_gallery_has_the_trap_s_mirror_image():
    bug = find("entropy_sign")
    assert bug.runs <= 16  # the notebook's cell has five seconds
    assert bug.method == "_soft_value"


@pytest.mark.slow
def test_without_the_slow_copy_hardly_a_pendulum_stands():
    """Measured at another seed: none of six after 400 iterations.  With it all sixteen do (the stored swings)."""
    world = load_world("pendulum")
    settings = {**default_settings(NAME, world), "polyak": 1.0}
    run = Run(ALGORITHMS[NAME](**settings), world, runs=6, seed=12).advance(400)
    assert (run.history[-1].expected_return > -300).mean() < 0.4
    assert (swings()[1][-1] > -250).all()


@pytest.mark.slow
def test_the_learner_falls_into_the_trap_and_stays_out_of_it_when_it_is_cold():
    """Notebook: 8 runs each, other seeds here."""
    for T, iterations in ((0.3, 120), (3.0, 90)):
        run = Run(
            SoftActorCritic(temperature=T, alpha=0.5),
            RING,
            mu=uniform(RING, GAMMA),
            runs=24,
            seed=11,
        )
        score = run.advance(iterations, record=False).evaluate()
        if T < 1:
            assert score.reached["G"].mean() > 0.85
        else:
            assert not score.reached["G"].any()
            assert score.absorbed.sum(axis=-1).max() < 0.1


def test_settings_of_the_two_labs_are_those_of_the_package():
    assert default_settings(NAME, load_world("lqr"))["tuning"] == "fixed"
    assert default_settings(NAME, load_world("pendulum"))["polyak"] == 0.02  # "by 2 %"


def test_the_hint_of_the_thermostat_finds_the_temperature():
    low, high, T = 0.05, 3.0, 1.0
    for _ in range(30):
        T = np.sqrt(low * high)
        below = optimum("ring-of-fire", "entropy", T).entropy < 0.6
        low, high = (T, high) if below else (low, T)
    assert optimum("ring-of-fire", "entropy", T).entropy == pytest.approx(0.6, abs=1e-6)
    entropies = [optimum("ring-of-fire", "entropy", t).entropy for t in np.geomspace(0.05, 3, 20)]
    assert (np.diff(entropies) > -1e-9).all()  # "the mean entropy rises with T"


def test_the_noise_of_the_score_is_the_entropy_s_and_not_that_of_q():
    """The notebook's table, and with T = 0: the column "score - V" grows like 1/σ, or stays near 1.1."""
    noise = np.random.default_rng(0).normal(size=200_000)
    for temperature in (0.0, 0.1):
        sizes = []
        for std in (0.1, 0.03, 0.01):
            log_pi = -(noise**2) / 2 - np.log(std) - np.log(2 * np.pi) / 2
            weight = -((-0.5 + std * noise + 0.9) ** 2) - temperature * log_pi
            sizes.append(np.std(noise / std * (weight - weight.mean())))
        if temperature:
            assert sizes[2] == pytest.approx(10 * np.sqrt(2.5) * temperature / 0.1, rel=0.05)
        else:
            np.testing.assert_allclose(sizes, 1.13, atol=0.1)
