"""Racing: the statistics against definitions and enumeration, the race against Run, the file against the race."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from pgkit import Reinforce, Run, exact, figures, load_world, uniform
from pgkit.files import free_name, write_new
from pgkit.race import CONFIGURATIONS, NORMS, WEIGHTS, Race, contender, from_json, load, save
from pgkit.statistics import (
    FEWEST,
    difference,
    improvement,
    interval,
    iqm,
    optimality_gap,
    probability_of_improvement,
)
from pgkit.sweep import Experiment

RNG = np.random.default_rng(5)
LAST = 10  # iterations
MAP = "S..e\n.##.\n...G\n"


# ---------------------------------------------------------------- the statistics


def trimmed(values):
    """The middle half by its definition: drop the lowest and the highest, a quarter of all times each."""
    left = sorted(values)
    for _ in range(len(values) // 4):
        left.remove(min(left))
        left.remove(max(left))
    return sum(left) / len(left)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (4, 1), (7, 1), (8, 1), (10, 3), (64, 2)])
def test_iqm_is_the_mean_of_the_middle_half_of_all_scores(shape):
    x = RNG.standard_normal(shape)
    assert iqm(x) == pytest.approx(trimmed(x.ravel().tolist()))


def test_a_quarter_of_the_runs_can_be_anything_without_moving_the_iqm_much():
    x = np.arange(16.0)[:, None]
    wild = x.copy()
    wild[-4:] = 1e9
    wild[:4] = -np.inf
    assert iqm(wild) == iqm(x) == 7.5


def test_the_optimality_gap_counts_only_what_is_below_the_target():
    assert optimality_gap(np.array([[0.5], [1.0], [3.0]]), 1.0) == pytest.approx(0.5 / 3)


def test_probability_of_improvement_counts_every_pair_and_halves_ties():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [2.0], [0.0]])
    pairs = [(a > b) + (a == b) / 2 for a in x[:, 0] for b in y[:, 0]]
    assert probability_of_improvement(x, y) == pytest.approx(np.mean(pairs))
    assert probability_of_improvement(x, x) == 0.5
    both = np.hstack([x, y]), np.hstack([y, x])  # two tasks: won as often as lost
    assert probability_of_improvement(*both) == pytest.approx(0.5)


def enumerated(values, statistic):
    """The exact bootstrap distribution: all n^n resamples."""
    n = len(values)
    return np.array([statistic(values[list(at)]) for at in itertools.product(range(n), repeat=n)])


def test_the_interval_is_that_of_the_exact_bootstrap_distribution():
    x = np.array([0.0, 1.0, 3.0, 7.0, 8.0])
    low, high = np.quantile(enumerated(x, trimmed), (0.025, 0.975), method="inverted_cdf")
    got = interval(x, count=40_000)
    assert (got.low, got.high) == (pytest.approx(low, abs=0.4), pytest.approx(high, abs=0.4))
    assert got.value == pytest.approx(trimmed(x))


def test_pairs_are_drawn_together_and_others_are_not():
    x = RNG.standard_normal(24)
    y = x - 0.01  # better by the same bit with every seed
    together, apart = difference(x, y, paired=True), difference(x, y, paired=False)
    assert together.low == pytest.approx(0.01)
    assert together.high == pytest.approx(0.01)
    assert apart.holds(0.0)
    assert improvement(x, y, paired=True).value == improvement(x, y, paired=False).value


def test_resamples_stay_within_their_task():
    """Two tasks with scores of a thousand and of one: were they mixed, the mean would jump about."""
    x = np.stack([np.full(10, 1000.0), np.full(10, 1.0)], axis=1)
    got = interval(x, lambda table: table.mean(axis=(-2, -1)))
    assert got.low == got.high == got.value == 500.5


def test_improvement_by_counts_is_improvement_of_the_resampled_runs():
    x, y = RNG.standard_normal((6, 1)), RNG.standard_normal((5, 1)) + 0.3
    rng = np.random.default_rng(1)
    drawn = [
        probability_of_improvement(x[rng.integers(0, 6, 6)], y[rng.integers(0, 5, 5)])
        for _ in range(4000)
    ]
    got = improvement(x, y, paired=False)
    assert got.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.04)
    assert got.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.04)


@pytest.mark.parametrize(("runs", "least"), [(20, 0.90), (64, 0.92)])
def test_the_interval_of_a_difference_holds_the_truth_about_as_often_as_it_says(runs, least):
    """Normal scores, one better by 0.5: of 400 races about 95 % hold it (standard error 0.011)."""
    rng, kept = np.random.default_rng(11), 0
    for seed in range(400):
        x, y = rng.standard_normal(runs) + 0.5, rng.standard_normal(runs)
        kept += difference(x, y, paired=False, count=400, seed=seed).holds(0.5)
    assert least <= kept / 400 <= 0.985


def test_runs_that_diverged_are_the_worst_and_break_nothing():
    x, y = np.array([np.nan, -np.inf, *range(14)]), np.arange(16.0)
    assert interval(x).value == pytest.approx(trimmed([-1e300, -1e300, *range(14)]))
    assert difference(x, y, paired=True).value < 0
    lost = np.full(8, np.nan)
    assert difference(lost, lost, paired=True).value == 0
    assert improvement(lost, np.arange(8.0), paired=True).value == 0


@pytest.mark.parametrize("bad", [[], np.zeros((2, 2, 2)), 3.0])
def test_scores_of_another_shape_are_refused(bad):
    with pytest.raises(ValueError, match="scores has shape"):
        interval(bad)


def test_pairs_need_as_many_of_each():
    with pytest.raises(ValueError, match="x has 3 runs and y 4"):
        difference(np.zeros(3), np.zeros(4), paired=True)


# ---------------------------------------------------------------- the race


def small(**options):
    about = {"runs": 8, "iterations": LAST, "start": "uniform"} | options
    return Race({"plain": contender(**about), "critic": contender(**about, weight="A", alpha=0.3)})


def test_a_race_is_two_runs_and_their_scores():
    outcome = small().run()
    world = load_world("ring-of-fire")
    alone = Run(Reinforce(), world, mu=uniform(world, 0.95), runs=8, engine="numpy").advance(LAST)
    np.testing.assert_array_equal(outcome.scores[0][-1], alone.history[-1].expected_return)
    assert outcome.at.tolist() == sorted(set(outcome.at.tolist()))
    assert (outcome.at[0], outcome.at[-1]) == (0, LAST)
    assert outcome.scores[1].shape == (len(outcome.at), 8)


def test_how_often_one_looks_changes_nothing():
    race, runs = small(), small().line_up()
    for run in runs:
        run.advance(LAST)
    for late, steady in zip(race.outcome(runs).scores, race.run().scores, strict=True):
        np.testing.assert_array_equal(late[-1], steady[-1])


def test_the_best_is_the_optimum_within_the_horizon():
    world, race = load_world("ring-of-fire"), small(horizon=20)
    v = np.zeros(world.n_states)
    for _ in range(20):
        reached = (world.prob * (world.reward + 0.95 * v[world.next_state])).sum(axis=-1)
        v = np.where(world.terminal, 0.0, reached.max(axis=1))
    assert race.best == pytest.approx(v @ world.start)
    gaps = race.run().verdict().gaps
    assert gaps is not None
    assert min(gaps) > 0
    assert exact.optimal_values(world, 0.95)[0] @ world.start == pytest.approx(race.best)


def test_the_verdict_says_who_wins_only_if_the_interval_does_not_hold_zero():
    outcome = small().run()
    high, low = np.linspace(40, 50, 8), np.linspace(0, 10, 8)
    clear = replace(outcome, scores=(np.tile(low, (2, 1)), np.tile(high, (2, 1)))).verdict()
    assert clear.winner == "critic"
    assert clear.words.startswith("critic wins, after")
    assert "probability 1 [1, 1]" in clear.words
    assert "difference is 40" in clear.words
    mixed = replace(outcome, scores=(np.tile(low, (2, 1)), np.tile(low[::-1], (2, 1)))).verdict()
    assert mixed.winner is None
    assert mixed.call == "Too close to call"
    assert "which holds 0" in mixed.words
    few = small(runs=FEWEST - 1).run().verdict()
    assert few.winner is None
    assert "Too few runs" in few.words
    lost = replace(outcome, scores=(np.full((2, 8), np.nan), np.tile(high, (2, 1)))).verdict()
    assert lost.winner == "critic"
    assert "8 of 8 runs of plain have diverged" in lost.words


def test_a_contender_raced_against_itself_is_too_close_to_call():
    one = contender(runs=8, iterations=10)
    verdict = Race({"one": one, "the same": one}).run().verdict()
    assert verdict.difference.value == verdict.difference.low == verdict.difference.high == 0
    assert verdict.winner is None
    assert verdict.improvement.value == 0.5


def test_other_seeds_are_no_pairs_and_more_steps_are_told():
    base = contender(runs=8, iterations=10)
    race = Race({"one": base, "other": replace(base, seed=1, settings={"episodes": 32})})
    assert not race.paired
    assert "other has taken" in race.run().verdict().words
    assert "with the same seeds" not in race.run().verdict().words


@pytest.mark.parametrize(
    ("change", "words"),
    [({"runs": 9}, "runs = 8 and 9"), ({"iterations": 31}, "iterations = 30 and 31"),
     ({"world": "ring-of-fire-closed"}, "the same world"),
     ({"settings": {"gamma": 0.9}}, "gamma = 0.95 and 0.9"),
     ({"settings": {"horizon": 20}}, "horizon = 30 and 20"),
     ({"settings": {"alpha": -1}}, "alpha = -1"), ({"reset": "nowhere"}, "reset = 'nowhere'")],
)  # fmt: skip
def test_an_unfair_or_impossible_race_is_refused(change, words):
    one = contender(runs=8, iterations=30)
    with pytest.raises(ValueError, match=words):
        Race({"one": one, "other": replace(one, **change)})


def test_a_race_is_between_two():
    with pytest.raises(ValueError, match="between two"):
        Race({"alone": contender()})


@pytest.mark.parametrize("key", list(itertools.product(WEIGHTS, NORMS)))
def test_every_weight_and_norm_makes_an_algorithm_or_says_that_there_is_none(key):
    weight, norm = key
    if key not in CONFIGURATIONS:
        with pytest.raises(ValueError, match="has only norm"):
            contender(weight=weight, norm=norm)
        return
    experiment = contender(weight=weight, norm=norm, start="uniform", runs=2)
    assert experiment.prepare("numpy").advance(2).iteration == 2


@pytest.mark.parametrize("name", ["weight", "norm"])
def test_an_unknown_knob_is_named(name):
    with pytest.raises(ValueError, match=f"{name} = 'x', but it must be one of"):
        contender(**cast(dict[str, Any], {name: "x"}))


# ---------------------------------------------------------------- the file


def test_a_file_gives_back_the_very_numbers(tmp_path):
    race = small()
    outcome = race.run()
    stored = load(save(tmp_path / "race.json", race, outcome))
    assert stored.remarks == ()
    again = stored.race.run()
    for one, other in zip(outcome.scores, again.scores, strict=True):
        np.testing.assert_array_equal(one, other)
    assert stored.compare(again) == "The same as in the file, to the last digit."
    assert again.verdict() == outcome.verdict()
    other = replace(again, scores=(again.scores[0] + 1, again.scores[1]))
    assert stored.compare(other) == "8 of 16 runs end otherwise than in the file."


def test_maps_and_resets_travel_inside_the_file(tmp_path):
    (tmp_path / "map.txt").write_text(MAP)
    (tmp_path / "mu.txt").write_text("1 1 1 0\n1 0 0 1\n1 1 1 0\n")
    about: dict[str, Any] = {"runs": 4, "iterations": 5, "start": str(tmp_path / "mu.txt")}
    race = Race({w: contender(str(tmp_path / "map.txt"), weight=w, **about) for w in ("Q", "Q-V")})
    outcome = race.run()
    path = save(tmp_path / "race.json", race, outcome)
    text = json.loads(path.read_text())
    assert text["world"] == {"map": MAP.splitlines()}
    for file in ("map.txt", "mu.txt"):
        (tmp_path / file).unlink()
    again = load(path).race.run()
    assert again.race.contenders["Q"].world == MAP
    assert load(path).compare(again) == "The same as in the file, to the last digit."


def test_a_map_can_be_the_name_of_a_world():
    run = contender(MAP, runs=2).prepare("numpy")
    assert (run.world.n_states, run.world.goals.keys()) == (12, {"e", "G"})
    race = Race({"one": contender(MAP, runs=2), "other": contender(MAP, runs=2, alpha=0.2)})
    assert race.best == pytest.approx(100 * 0.95**4)  # five moves


def test_every_setting_is_spelled_out(tmp_path):
    found = json.loads(save(tmp_path / "race.json", small()).read_text())
    assert found["contenders"]["plain"]["settings"] == {
        "alpha": 0.1, "gamma": 0.95, "episodes": 16, "horizon": 30,
    }  # fmt: skip
    assert {"python", "numpy", "machine"} <= set(found["made with"])


def test_nothing_is_overwritten_unless_asked(tmp_path):
    path = save(tmp_path / "race.json", small())
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="choose another name"):
        save(path, small(runs=9))
    assert path.read_bytes() == before
    save(path, small(runs=9), overwrite=True)
    assert json.loads(path.read_text())["runs"] == 9
    assert free_name(path).name == "race-2.json"
    write_new(free_name(path), "x")
    assert free_name(path).name == "race-3.json"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["race-2.json", "race.json"]


def test_what_differs_here_is_told():
    from pgkit.race import as_json

    found = as_json(small())
    found["made with"]["numpy"] = "1.0"
    assert from_json(found).remarks == (f"made with numpy 1.0, here is {np.__version__}",)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not a settings file"), ("[]", "not a settings file"), ('{"a": 1}', "not a settings file"),
     ('{"pgkit race": 99}', "reads format 1"), ('{"pgkit race": 1}', "damaged: KeyError at 'world'")],
)  # fmt: skip
def test_a_file_that_is_none_is_named(tmp_path, text, words):
    (tmp_path / "race.json").write_text(text)
    with pytest.raises(ValueError, match=words) as refused:
        load(tmp_path / "race.json")
    assert "race.json" in str(refused.value)


def test_a_changed_setting_in_the_file_is_checked(tmp_path):
    path = save(tmp_path / "race.json", small())
    path.write_text(path.read_text().replace('"alpha": 0.1', '"alpha": -3'))
    with pytest.raises(ValueError, match=r"race\.json: alpha = -3"):
        load(path)


# ---------------------------------------------------------------- the figure


def test_the_figure_is_written_as_asked_and_says_what_it_shows(tmp_path):
    outcome = small().run()
    picture = figures.race(outcome)
    assert picture.words == outcome.verdict().words
    for ending, head in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        path = figures.export(picture, tmp_path / f"race{ending}")
        assert path.read_bytes().startswith(head)
        with pytest.raises(FileExistsError):
            figures.export(picture, path)
    with pytest.raises(ValueError, match="end the name with one"):
        figures.export(picture, tmp_path / "race.bmp")


@pytest.mark.slow
def test_processes_give_the_same_race():
    here, there = small().run(), small().run(workers=2)
    for one, other in zip(here.scores, there.scores, strict=True):
        np.testing.assert_array_equal(one, other)
    assert there.verdict() == here.verdict()


def test_any_environment_of_gymnasium_can_be_raced():
    pytest.importorskip("gymnasium")
    about: dict[str, Any] = {"runs": 2, "iterations": 2, "episodes": 2, "horizon": 8}
    race = Race({w: contender("gymnasium:CartPole-v1", weight=w, **about) for w in ("A", "exp(A)")})
    outcome = race.run()
    assert outcome.episodes == 10
    assert race.best is None
    assert outcome.verdict().gaps is None
    assert Experiment("awr", "gymnasium:CartPole-v1").world == "gymnasium:CartPole-v1"
