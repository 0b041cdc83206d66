"""Views of a run, their numbers against the oracle: spread, contour, cloud, ellipse, variance."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from pgkit import draw, exact
from pgkit.algorithms import ALGORITHMS
from pgkit.fits import default_settings
from pgkit.run import Run
from pgkit.types import State
from pgkit.widgets.timeline import Timeline
from pgkit.widgets.views.cloud import Cloud, Paced, expected_gradient, gradients
from pgkit.widgets.views.contour import COARSE, PATHS, SIDE, Contour
from pgkit.widgets.views.ellipse import Ellipse, fisher
from pgkit.widgets.views.spread import BINS, Spread
from pgkit.widgets.views.variance import NAMES, Variance, baselines, by_samples, exactly
from pgkit.worlds import load_world


def timeline(world="two-state", algorithm="reinforce", *, runs=8, train=0, seed=0, **knobs):
    """A timeline of `runs` runs, trained a little by the algorithm's own text."""
    world = load_world(world)
    settings = default_settings(algorithm, world) | knobs
    run = Run(ALGORITHMS[algorithm](**settings), world, runs=runs, seed=seed, engine="text")
    found = Timeline(run)
    if train:
        found.advance(train)
    return found


def put(found, theta):
    """The same timeline with other parameters."""
    found.run.state = State(np.broadcast_to(theta, found.run.state.theta.shape).copy())
    return found


def is_json(x):
    """No NaN and no numpy in what goes to the page."""
    import json

    return json.loads(json.dumps(x, allow_nan=False)) is not None


def prints(view, found):
    """The picture on paper is a PNG."""
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    view.paper(figure.subplots(), found)
    return draw.png(figure).startswith(b"\x89PNG")


# ---------------------------------------------------------------- spread


@pytest.mark.parametrize("world", ["two-state", "century", "ring-of-fire", "lqr", "bandit"])
def test_spread_counts_every_run_and_prints(world):
    found, view = timeline(world, runs=20, train=3), Spread()
    facts, parts = view.frame(found)
    j = found.evaluation().expected_return
    assert parts["counts"].sum() == 20
    assert parts["counts"].shape == (BINS,)
    np.testing.assert_allclose(facts["quantiles"], np.quantile(j, (0.1, 0.5, 0.9)))
    assert facts["low"] <= np.quantile(j, 0.1) <= facts["high"]
    assert is_json(facts)
    assert is_json(view.setup(found.run))
    assert prints(view, found)


def test_spread_names_what_has_diverged():
    found, view = timeline("two-state", runs=4), Spread()
    theta = np.zeros((4, 2))
    theta[1] = np.nan
    facts, parts = view.frame(put(found, theta))
    assert facts["lost"] == 1
    assert parts["counts"].sum() == 3
    assert "1 of 4 runs have diverged" in view.sentence(found)
    facts, parts = view.frame(put(found, np.full((4, 2), np.nan)))
    assert (facts["lost"], facts["quantiles"]) == (4, None)
    assert "all 4 runs have diverged" in view.sentence(found)
    assert prints(view, found)


def test_spread_knows_the_best_return_of_a_finite_horizon():
    facts, _ = Spread().frame(timeline("century"))
    assert facts["lines"][0]["value"] == pytest.approx(518.2)  # science.md, Century
    facts, _ = Spread().frame(timeline("ring-of-fire"))
    assert max(line["value"] for line in facts["lines"]) == pytest.approx(51.3342, abs=1e-4)


def test_the_axis_of_the_spread_never_shrinks_while_one_watches():
    found, view = timeline("century", runs=16), Spread()
    before, _ = view.frame(found)
    found.advance(20)
    after, _ = view.frame(found)
    assert after["low"] <= before["low"] + 1e-9
    assert after["high"] >= before["high"] - 1e-9


# ---------------------------------------------------------------- what all of them share

EXACT = (Contour(), Cloud(), Ellipse(), Variance())


@pytest.mark.parametrize("view", EXACT, ids=lambda view: view.kind)
def test_views_that_need_the_oracle_refuse_a_world_without_one(view):
    assert "finite world" in view.misfit(timeline("lqr").run)


@pytest.mark.parametrize("view", EXACT, ids=lambda view: view.kind)
def test_a_diverged_run_is_named_and_printed(view):
    found = put(timeline("two-state", runs=3), np.full(2, np.nan))
    facts, _ = view.frame(found)
    assert facts["lost"]
    assert is_json(facts)
    assert "diverged" in view.sentence(found)
    assert prints(view, found)


@pytest.mark.parametrize("view", EXACT, ids=lambda view: view.kind)
@pytest.mark.parametrize(
    "world", ["two-state", "scaled-bandit", "century", "ring-of-fire", "bandit"]
)
@pytest.mark.parametrize("algorithm", ["reinforce", "reinforce_baseline", "actor_critic"])
def test_frames_are_json_and_finite_and_print(view, world, algorithm):
    found = timeline(world, algorithm, runs=4, train=2)
    if view.misfit(found.run):
        assert "two parameters" in view.misfit(found.run)
        return
    facts, parts = view.frame(found)
    assert is_json(facts)
    assert is_json(view.setup(found.run))
    assert all(np.isfinite(part).all() for part in parts.values())
    assert view.sentence(found)
    assert prints(view, found)


@pytest.mark.parametrize("axes", [(0,), (1, 1), (-1, 0), "ab", 3, (0, 1, 2)])
@pytest.mark.parametrize("family", [Contour, Cloud])
def test_axes_are_two_different_parameters(family, axes):
    with pytest.raises(ValueError, match=r"axes = .*such as \(0, 1\)"):
        family(axes=axes)
    assert "0 to 1" in family(axes=(0, 7)).misfit(timeline().run)


def test_dear_pictures_are_paced_but_never_when_insisted_on():
    paced, calls = Paced(), []
    slow = lambda: calls.append(1) or np.linalg.eigh(np.eye(150))[0].sum() + len(calls)  # noqa: E731
    first = paced((object(), 1), slow, told=1)
    assert paced((object(), 2), slow, told=2) == first  # at once: the old one
    assert paced((object(), 3), slow, told=3, now=True) != first
    assert len(calls) == 2
    paced((object(), 4), slow, told=0)  # rewound: at once
    assert len(calls) == 3


# ---------------------------------------------------------------- contour


@pytest.mark.parametrize("world", ["two-state", "scaled-bandit"])
def test_contour_is_the_exact_return(world):
    found, view = timeline(world, runs=20, train=3), Contour()
    facts, parts = view.frame(found)
    run, grid = found.run, parts["j"].reshape(SIDE, SIDE)
    x, y = (np.linspace(-h, h, SIDE) for h in facts["half"])
    for col, row in [(0, 0), (40, 0), (7, 31)]:
        table = run.policy.table(np.array([x[col], y[row]]))
        j = exact.push(run.world, table, run.gamma, run.algorithm.horizon)[0]
        assert grid[row, col] == pytest.approx(j)
    np.testing.assert_array_equal(parts["now"], run.state.theta)
    assert parts["way"].shape == (PATHS, 4, 2)  # iterations 0 to 3
    np.testing.assert_array_equal(parts["way"][:, 0], 0)
    np.testing.assert_array_equal(parts["way"][:, -1], run.state.theta[:PATHS])


def test_contour_of_a_table_holds_the_other_parameters():
    found, view = timeline("century", runs=4, train=4), Contour(axes=(1, 3))
    facts, parts = view.frame(found)
    grid, run = parts["j"].reshape(SIDE, SIDE), found.run
    theta = run.state.theta[0].copy()
    theta[0, 1], theta[1, 1] = -facts["half"][0], facts["half"][1]
    j = exact.push(run.world, run.policy.table(theta), run.gamma, run.algorithm.horizon)[0]
    assert grid[-1, 0] == pytest.approx(j)
    assert parts["now"].shape == (1, 2)
    assert Contour(axes=(0, 1)).frame(timeline("ring-of-fire", runs=2))[0]["side"] == COARSE


def test_ways_follow_time_travel_and_branches():
    found, view = timeline("two-state", runs=3), Contour()
    for _ in range(6):
        found.advance(1)
        view.frame(found)
    found.rewind(2)
    _, parts = view.frame(found)
    assert parts["way"].shape[1] == 3  # iterations 0, 1, 2
    np.testing.assert_array_equal(parts["way"][:, -1], found.run.state.theta)
    found.run.set(alpha=0.9)
    found.advance(1)
    _, parts = view.frame(found)
    np.testing.assert_array_equal(parts["way"][:, -1], found.run.state.theta)
    assert parts["way"].shape[1] == 4  # not those of the way that was left


def test_the_rival_has_a_way_of_its_own():
    found, view = timeline("two-state", runs=3, train=2), Contour()
    found.compare(alpha=1.0)
    found.advance(3)
    facts, parts = view.frame(found)
    assert facts["rival"]
    np.testing.assert_array_equal(parts["rival"][:, -1], found.rival.state.theta)
    assert prints(view, found)


def test_a_long_way_stays_short_on_the_page():
    found, view = timeline("scaled-bandit", runs=1, episodes=1), Contour()
    for _ in range(540):
        found.run.advance(1, record=False)
        view._way("way", found, found.run)
    _, parts = view.frame(found)
    assert 60 < parts["way"].shape[1] <= 128
    assert (parts["way"][0, 0] == 0).all()
    np.testing.assert_array_equal(parts["way"][0, -1], found.run.state.theta[0])


def test_axes_can_be_turned():
    class Lab:
        timeline = timeline("century", runs=2)

    view = Contour(axes=(0, 1))
    view.asked(Lab, {"axes": [2, 3]}, [])
    assert view.frame(Lab.timeline)[0]["names"] == ["θ(1, 0)", "θ(1, 1)"]
    with pytest.raises(ValueError, match="0 to 3"):
        view.asked(Lab, {"axes": [2, 4]}, [])
    assert view.axes == (2, 3)


# ---------------------------------------------------------------- cloud


@pytest.mark.parametrize("algorithm", ["reinforce", "reinforce_natural"])
@pytest.mark.parametrize("world", ["two-state", "scaled-bandit", "century"])
def test_the_mean_of_the_cloud_is_the_exact_gradient(world, algorithm):
    run = timeline(world, algorithm, runs=3).run
    rng = np.random.default_rng(1)
    found = put(Timeline(run), 0.5 * rng.standard_normal(run.state.theta.shape[1:]))
    cloud, true = gradients(found.run, 2000), expected_gradient(found.run)
    error = cloud.std(axis=0, ddof=1) / np.sqrt(len(cloud))
    assert (np.abs(cloud.mean(axis=0) - true) < 4.5 * error + 1e-12).all()
    facts, parts = Cloud(samples=400).frame(found)
    np.testing.assert_allclose(parts["exact"], [facts["length"], 0], atol=1e-9)
    assert facts["length"] == pytest.approx(np.linalg.norm(true))


def test_the_exact_gradient_is_the_derivative_of_the_return():
    found = put(timeline("two-state", runs=2), [0.4, -0.3])
    run, slope = found.run, np.zeros(2)
    for k in range(2):
        ends = []
        for h in (1e-5, -1e-5):
            theta = run.state.theta[0] + h * np.eye(2)[k]
            ends.append(exact.push(run.world, run.policy.table(theta), run.gamma, 20)[0])
        slope[k] = (ends[0] - ends[1]) / 2e-5
    np.testing.assert_allclose(expected_gradient(run), slope, rtol=1e-6)


def test_the_cloud_can_be_seen_along_parameters_and_refuses_what_has_no_gradient():
    found = timeline("century", runs=2, train=1)
    _, parts = Cloud(axes=(2, 3)).frame(found)
    np.testing.assert_allclose(parts["exact"], expected_gradient(found.run)[2:])
    for name in ("monte_carlo", "awr", "supervised"):
        assert "policy gradients" in Cloud().misfit(timeline("ring-of-fire", name, runs=2).run)
    for samples in (5, 5000, True):
        with pytest.raises(ValueError, match="samples"):
            Cloud(samples=samples)


def test_looking_at_gradients_changes_nothing_that_is_learned():
    watched, left_alone = timeline("century", runs=3), timeline("century", runs=3)
    for _ in range(3):
        for view in (Cloud(), Variance(), Contour((0, 1))):
            view.frame(watched)
        watched.advance(1)
        left_alone.advance(1)
    np.testing.assert_array_equal(watched.run.state.theta, left_alone.run.state.theta)


# ---------------------------------------------------------------- ellipse


@pytest.mark.parametrize("epsilon", [1e-4, 0.01, 0.5, 4.0])
@pytest.mark.parametrize("world", ["two-state", "scaled-bandit"])
def test_both_steps_end_on_their_edge(world, epsilon):
    found = timeline(world, runs=2, train=2)
    facts, parts = Ellipse(epsilon).frame(found)
    _, matrix = fisher(found.run)
    assert np.linalg.norm(parts["plain"]) == pytest.approx(epsilon)
    assert 0.5 * parts["natural"] @ matrix @ parts["natural"] == pytest.approx(epsilon)
    tilt, radii = facts["tilt"], facts["radii"]
    axes = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    for axis, r in zip(axes, radii, strict=True):  # the drawn ellipse is the level set of F
        assert 0.5 * (r * axis) @ matrix @ (r * axis) == pytest.approx(epsilon)
    if epsilon < 0.001:
        assert facts["natural"]["kl"] == pytest.approx(epsilon, rel=0.1)  # to second order
    assert max(np.linalg.norm(parts["natural"]), epsilon) < facts["half"]


def test_the_ellipse_says_when_fisher_is_singular():
    found = put(timeline("two-state", runs=2), [800.0, 800.0])
    assert Ellipse().frame(found)[0]["flat"] == 2
    assert "F is zero" in Ellipse().sentence(found)
    found = put(timeline("two-state", runs=2), [0.3, 60.0])
    facts, parts = Ellipse().frame(found)
    assert facts["flat"] == 1
    assert facts["radii"].count(None) == 1
    assert "strip without end" in Ellipse().sentence(found)
    assert np.isfinite(parts["natural"]).all()
    assert prints(Ellipse(), found)


def test_the_size_of_the_step_can_be_turned_and_is_checked():
    found, view = timeline(), Ellipse()
    before = view.frame(found)[1]["plain"]
    view.asked(None, {"epsilon": 0.1}, [])
    assert np.linalg.norm(view.frame(found)[1]["plain"]) == pytest.approx(0.1)
    assert np.linalg.norm(before) == pytest.approx(0.5)
    for bad in (0, -1, 5, np.nan, "x", None, True):
        with pytest.raises(ValueError, match="epsilon = "):
            view.asked(None, {"epsilon": bad}, [])
    assert view.epsilon == 0.1


# ---------------------------------------------------------------- variance


def test_variances_of_century_are_those_of_the_oracle():
    found = timeline("century", runs=2, train=0)
    facts, parts = Variance().frame(found)
    run = found.run
    probs = run.policy.table(run.state.theta[0])
    known = exact.named_estimators(run.world, probs, 1.0, 5)
    psi = exact.softmax_scores(probs)
    names = {
        "none": "reward-to-go", "mean return": "reward-to-go - mean", "V(s)": "reward-to-go - V(s)",
        "V_t(s)": "reward-to-go - V_t(s)", "Q_t(s,a)": "reward-to-go - Q_t(s,a)",
    }  # fmt: skip
    assert facts["exact"]
    for ours, theirs in names.items():
        found = exact.estimator_moments(known[theirs], run.world, probs, psi, 5)
        assert parts["variance"][NAMES.index(ours)] == pytest.approx(found.trace, abs=1e-9)
        off = np.linalg.norm(found.mean - expected_gradient(run))
        assert parts["bias"][NAMES.index(ours)] == pytest.approx(off, abs=1e-9)
    assert facts["log"]  # a hundred in every reward
    assert parts["bias"][-1] == pytest.approx(facts["length"])  # the trap takes all of the signal


@pytest.mark.parametrize(
    ("world", "episodes"), [("century", 4), ("century", 1), ("scaled-bandit", 3)]
)
def test_samples_agree_with_enumeration(world, episodes):
    run = timeline(world, runs=2, episodes=episodes, seed=3).run
    rng = np.random.default_rng(2)
    put(Timeline(run), 0.5 * rng.standard_normal(run.state.theta.shape[1:]))
    tables, _ = baselines(run)
    true, _, _ = exactly(run, tables, episodes)
    sampled, error, _ = by_samples(run, tables, episodes)
    assert (np.abs(sampled - true) < 4.5 * error + 1e-9).all(), (true, sampled, error)


def test_long_horizons_are_sampled_and_say_so():
    found = timeline("two-state", runs=2)
    facts, parts = Variance().frame(found)
    assert not facts["exact"]
    assert (parts["error"] > 0).all()
    assert f"from {facts['samples']} rollouts" in Variance().sentence(found)
