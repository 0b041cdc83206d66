"""What notebook 01 claims, and the world of two clouds that it trains in."""

import numpy as np
import pytest

from pgkit import Run, Supervised, WeightedClassification, load_world
from pgkit.draws import Draws, run_keys
from pgkit.policies import log_softmax, softmax
from pgkit.widgets import LogitBars, RunLab
from pgkit.worlds import clouds_world
from pgkit.worlds.predictors import clouds

# ---------------------------------------------------------------- the gradient


@pytest.mark.parametrize("actions", [2, 3, 7])
def test_the_gradient_in_the_logits_is_one_hot_minus_probabilities(actions):
    rng, h = np.random.default_rng(actions), 1e-5
    z = rng.normal(scale=3, size=(200, actions))
    for a in range(actions):
        slope = [
            (log_softmax(z + e)[:, a] - log_softmax(z - e)[:, a]) / (2 * h)
            for e in h * np.eye(actions)
        ]
        np.testing.assert_allclose(np.eye(actions)[a] - softmax(z), np.array(slope).T, atol=1e-9)


def test_the_push_at_a_tenth_is_nine_times_that_at_nine_tenths():
    for others in (1, 2, 5):
        arrows = []
        for p in (0.1, 0.9):
            z = np.log([p, *[(1 - p) / others] * others])
            arrows.append(LogitBars(others + 1, logits=z).gradient)
        np.testing.assert_allclose(arrows[0], 9 * arrows[1], rtol=1e-12)


def test_steps_down_minus_log_rest_at_the_data_and_down_one_minus_pi_at_the_majority():
    q, a, b = np.array([0.5, 0.3, 0.2]), np.zeros(3), np.zeros(3)
    for _ in range(20_000):
        a += 0.5 * (q - softmax(a))
        pi = softmax(b)
        b += 0.5 * pi * (q - pi @ q)
    np.testing.assert_allclose(softmax(a), q, atol=1e-12)
    assert softmax(b)[0] > 0.999


@pytest.mark.parametrize(
    ("push", "steps"),
    [(lambda p: 1 - p, [17, 19, 21]), (lambda p: p * (1 - p), [431, 3014, 22064])],
)
def test_the_loss_one_minus_pi_takes_exponentially_long_to_change_its_mind(push, steps):
    """Your turn: each 2 logits more cost 2 steps more, or 7 times as many."""
    counted = []
    for wrong in (6.0, 8.0, 10.0):
        lead, n = -wrong, 0
        while (p := 1 / (1 + np.exp(-lead))) < 0.9:
            lead, n = lead + push(p), n + 1
        counted.append(n)
    assert counted == steps


# ---------------------------------------------------------------- the world


@pytest.mark.parametrize(
    "made",
    [
        {}, {"points": 500}, {"distance": 4}, {"weights": (9, 1)}, {"seed": 3},
        {"points": 121, "distance": 1 / 3, "weights": (0.1, -2.5), "seed": 2**40},
    ],
)  # fmt: skip
def test_the_name_of_a_clouds_world_makes_it_again(made):
    world = clouds_world(**made)
    again = load_world(world.name)
    assert again.name == world.name
    np.testing.assert_array_equal(again.features, world.features)
    np.testing.assert_array_equal(again.reward, world.reward)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clouds:point=5", "'point=5' is not of the form"),
        ("clouds:points", "'points' is not of the form"),
        ("clouds:points=many", "the form is clouds:points=500"),
        ("clouds:points=1", "at least 2"),
        ("clouds:weights=1", "weights ="),
        ("clouds:weights=1/nan", "finite weight"),
        ("clouds:distance=inf", "distance = inf"),
        ("clouds:seed=-1", "seed = -1"),
    ],
)
def test_a_bad_name_of_a_clouds_world_says_what_is_wrong(name, words):
    with pytest.raises(ValueError, match=words):
        load_world(name)


def test_the_copied_settings_of_a_clouds_lab_rebuild_it():
    world = clouds_world(120, weights=(3, 1), seed=2)
    for algorithm in ("supervised", "weighted_classification"):
        lab = RunLab(algorithm, world, ["boundary", "curve"], runs=4, alpha=2.0).train(7)
        again = eval(lab.code, {"RunLab": RunLab})
        np.testing.assert_array_equal(again.run.state.theta, lab.run.state.theta)


# ---------------------------------------------------------------- where the boundary settles


def best(x, label, weight):
    """Maximum likelihood by Newton's method: the exact optimum of a weighted logistic regression."""
    features, theta = np.column_stack([np.ones(len(x)), x]), np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-features @ theta))
        curvature = (features * (weight * p * (1 - p))[:, None]).T @ features
        theta = theta + np.linalg.solve(curvature, features.T @ (weight * (label - p)))
    return theta


@pytest.mark.parametrize("algorithm", [Supervised, WeightedClassification])
def test_a_run_settles_at_the_maximum_likelihood_of_its_own_data(algorithm):
    """So a boundary away from log(w)/2 is what the data say, not an error of the algorithm."""
    world = clouds_world(120, weights=(3, 1))
    run = Run(algorithm(alpha=2.0, episodes=120, horizon=1), world, runs=6).advance(2000)
    _, D = run.state.memory
    for k in range(6):
        weight = np.ones(120) if algorithm is Supervised else D.q_hat[k]
        x = world.features[D.s[k], 1:]
        np.testing.assert_allclose(run.state.theta[k], best(x, D.a[k], weight), atol=1e-3)


@pytest.mark.parametrize(("points", "spread"), [(120, (0.11, 0.19)), (1000, (0.035, 0.07))])
def test_over_many_data_sets_the_boundary_lies_at_half_log_w(points, spread):
    """log(3)/2 = .549 for all data that could come; with 120 points each data set is some .15 off."""
    D = clouds(Draws(run_keys(0, 200)), points, (3.0, 1.0))
    theta = np.array([best(D.s[k], D.a[k], D.q_hat[k]) for k in range(200)])
    at = -theta[:, 0] / theta[:, 1]
    assert at.mean() == pytest.approx(np.log(3) / 2, abs=0.06 if points < 1000 else 0.02)
    assert spread[0] < at.std() < spread[1]
