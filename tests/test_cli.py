"""The command line is a contract: names, JSON, exit status, one line for bad input."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pgkit import Reinforce, Run, load_world
from pgkit.cli import main

FIELDS = {
    "algorithm", "world", "knobs", "seed", "runs", "iterations", "return_mean", "return_per_run", "evaluation_episodes",
    "reached", "mismatch", "states", "seconds", "steps_per_second",
}  # fmt: skip
QUICK = ["--runs", "3", "--iterations", "5", "--episodes", "4", "--json"]


def run_json(capsys, *argv):
    assert main(["run", *argv]) == 0
    out, _ = capsys.readouterr()
    assert out.count("\n") == 1
    return json.loads(out)


def test_run_prints_one_json_object_with_the_promised_fields(capsys):
    result = run_json(
        capsys, "reinforce", *QUICK, "--world", "ring-of-fire", "--seed", "4", "--alpha", "0.2"
    )
    assert set(result) == FIELDS
    assert result["algorithm"] == "reinforce"
    assert result["world"] == "ring-of-fire"
    assert result["knobs"] == {
        "alpha": 0.2, "gamma": 0.95, "episodes": 4, "horizon": 30, "reset": "nominal", "mix": 1.0,
    }  # fmt: skip
    assert (result["seed"], result["runs"], result["iterations"]) == (4, 3, 5)
    assert result["mismatch"] is None  # infinite
    assert set(result["reached"]) == {"G", "e"}
    assert result["return_mean"] == pytest.approx(np.mean(result["return_per_run"]))
    assert result["steps_per_second"] > 0


def test_run_scores_what_the_run_object_scores(capsys):
    result = run_json(capsys, "reinforce", *QUICK, "--reset", "uniform", "--mix", "0.5")
    world = load_world("ring-of-fire")
    from pgkit import uniform

    run = Run(
        Reinforce(episodes=4), world, mu=uniform(world, 0.95), mix=0.5, runs=3, engine="numba"
    )
    assert result["return_per_run"] == run.advance(5).history[-1].expected_return.tolist()
    assert result["mismatch"] == pytest.approx(run.mismatch)


def test_the_same_seed_gives_the_same_numbers(capsys):
    a, b = (run_json(capsys, "reinforce_resets", *QUICK, "--reset", "expert") for _ in range(2))
    assert a["return_per_run"] == b["return_per_run"]


def test_maps_and_resets_come_from_files(capsys, tmp_path):
    (tmp_path / "map.txt").write_text("S.e\n..G\n")
    (tmp_path / "mu.txt").write_text("1, 1, 0\n1 1 0\n")
    result = run_json(
        capsys,
        "reinforce",
        *QUICK,
        "--world",
        str(tmp_path / "map.txt"),
        "--reset",
        str(tmp_path / "mu.txt"),
    )
    assert result["world"] == "map.txt"
    assert result["mismatch"] is not None


def test_no_iterations_score_the_random_policy(capsys):
    result = run_json(capsys, "reinforce", "--runs", "2", "--iterations", "0", "--json")
    assert result["return_mean"] == pytest.approx(
        -1.289, abs=1e-3
    )  # within 30 steps; -1.425 for ever


def test_without_json_people_get_a_table(capsys):
    assert main(["run", "reinforce", "--runs", "2", "--iterations", "3"]) == 0
    out, _ = capsys.readouterr()
    assert "reinforce in ring-of-fire" in out
    assert "runs that reach G" in out


RACE = ["race", "reinforce --reset uniform", "actor_critic --reset uniform --alpha .3",
        "--runs", "6", "--iterations", "10"]  # fmt: skip


def test_a_race_is_told_saved_drawn_and_comes_out_the_same_again(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*RACE, "--save", "race.json", "--figure", "race.svg", "--json"]) == 0
    out, _ = capsys.readouterr()
    found = json.loads(out)
    kept = json.loads((tmp_path / "race.json").read_text())
    assert found["result"] == kept["result"]
    verdict = found["verdict"]
    assert set(verdict) == {"winner", "words", "paired", "iqm", "difference", "probability_of_improvement",
                            "optimality_gap", "same_as_file"}  # fmt: skip
    assert verdict["paired"] is True
    value, low, high = verdict["difference"]
    assert low <= value <= high
    one, other = (verdict["iqm"][name][0] for name in ("reinforce", "actor_critic"))
    assert value == pytest.approx(one - other)
    assert (tmp_path / "race.svg").read_text().startswith("<?xml")
    assert main(["race", "race.json"]) == 0
    assert "The same as in the file, to the last digit." in capsys.readouterr().out
    assert main([*RACE, "--save", "race.json"]) == 2
    assert "race.json: is there already" in capsys.readouterr().err
    assert main([*RACE, "--save", "race.json", "--force"]) == 0


def test_two_of_one_algorithm_are_told_apart_by_their_flags(capsys):
    sides = ["reinforce --alpha .1", "reinforce --alpha .3 --seed 1"]
    assert main(["race", *sides, "--runs", "5", "--iterations", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["contenders"]) == sides
    assert found["verdict"]["paired"] is False


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["run", "reinforse"], "must be one of supervised, weighted_classification, reinforce"),
        (["run", "reinforce", "--world", "ring"], "ring-of-fire"),
        (["run", "reinforce", "--reset", "everywhere"], "nominal, uniform, expert"),
        (["run", "reinforce", "--alpha", "-1"], "did you mean 1"),
        (["run", "reinforce", "--alpha", "nan"], "alpha = nan"),
        (["run", "reinforce", "--mix", "1.5"], "mix = 1.5"),
        (["run", "reinforce", "--runs", "0"], "runs = 0"),
        (["run", "reinforce", "--runs", "many"], "runs = many"),
        (["run", "reinforce", "--iterations", "-5"], "iterations = -5"),
        (["run", "reinforce", "--seed", "0.5"], "seed = 0.5"),
        (["run", "reinforce", "--beta", "1"], "--beta is no knob of reinforce"),
        (["run", "reinforce", "--reset", "expert", "--gamma", "1"], "gamma = 1"),
        (["run", "reinforce", "--speed", "1"], "unrecognized arguments: --speed 1"),
        (["run", "awr", "--preset", "papper"], "awr has paper, code"),
        (["run", "reinforce", "--preset", "paper"], "reinforce has none"),
        (["run", "actor-critic", "--optimizer", "sgd"], "must be one of plain, adam"),
        (["run", "supervised", "--world", "cartpole"], "does not fit world = 'cartpole'"),
        (["run", "soft-actor-critic", "--world", "pendulum"], "there, use"),
        (["run", "awr", "--world", "cartpole", "--reset", "uniform"], "no list of states"),
        (["sweep", "reinforce", "--alpha", ".1", "-1"], "did you mean 1"),
        (["sweep", "reinforce", "--csv", "nowhere/at/all.csv"], "no folder 'at'"),
        (["sweep", "reinforce", "--json", "."], "this is a folder"),
        (["sweep", "reinforce", "--workers", "0"], "workers = 0"),
        (["race", "reinforce"], "No such file"),
        (["race", "reinforce", "awr", "awr"], "a race is between two"),
        (["race", "reinforce --alpha -1", "awr"], "alpha = -1"),
        (["race", "reinforce --fly", "awr"], "unrecognized arguments: --fly"),
        (["race", "reinforce --gamma .9", "awr"], "give both contenders the same gamma"),
        (["race", "reinforce", "awr", "--runs", "many"], "runs = many"),
        (["race", "reinforce", "awr", "--seed", "-1"], "seed = -1"),
        (["race", "reinforce", "awr", "--target", "much"], "target = 'much'"),
        (["race", "reinforce", "awr", "--save", "."], "this is a folder"),
        (
            ["race", "reinforce", "awr", "--figure", "f.bmp", "--runs", "1", "--iterations", "1"],
            "end the name",
        ),
        (["race", "x.json", "--runs", "3"], "the file says all that"),
        (["run"], "ALGORITHM"),
        (["fly"], "invalid choice"),
        ([], "COMMAND"),
        (["lab", "--port", "99999"], "port = 99999"),
        (["lab", "--port", "x"], "invalid int"),
        (["lecture", "99"], "the chapters are: 00_start_here"),
        (["lecture", "5", "--port", "99999"], "port = 99999"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(capsys, argv, what):
    try:
        status = main(argv)
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert status == 2
    assert err.count("\n") == 1
    assert what in err
    assert out == ""


@pytest.mark.parametrize(
    ("map_text", "mu_text", "what"),
    [
        ("S.x\n..G\n", None, "line 1, column 3"),
        ("S..\n..G\n", "1 1 1\n1 x 0\n", "line 2, number 2"),
        ("S..\n..G\n", "1 1 1\n1 1\n", "line 2"),
        ("S..\n..G\n", "0 0 0\n0 0 0\n", "zero everywhere"),
        ("S..\n..G\n", "1 1 1\n1 1 1\n", "row 2, column 3"),
        ("S..\n..G\n", "1 1\n1 1\n", "shape"),
        ("S..\n..G\n", "", "holds no numbers"),
        ("S..\n..G\n", "1 nan 1\n1 1 0\n", "finite"),
    ],
)
def test_bad_files_are_refused_by_name_and_place(capsys, tmp_path, map_text, mu_text, what):
    (tmp_path / "map.txt").write_text(map_text)
    argv = ["run", "reinforce", "--world", str(tmp_path / "map.txt")]
    if mu_text is not None:
        (tmp_path / "mu.txt").write_text(mu_text)
        argv += ["--reset", str(tmp_path / "mu.txt")]
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert what in err
    assert "mu.txt" in err or "map.txt" in err


def test_list_names_everything(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    for word in ("reinforce_resets", "ring-of-fire-closed", "uniform", "--alpha", "--mix"):
        assert word in text
    assert main(["list", "--json"]) == 0
    assert "reinforce" in json.loads(capsys.readouterr().out)["algorithms"]


@pytest.mark.slow
def test_the_doctor_finds_this_machine_well(capsys):
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert {"python", "torch", "engine", "low-latency widgets"} <= {
        c["name"] for c in report["checks"]
    }


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize(
    "argv", [["list"], ["run", "--help"], ["run", "reinforce", "--alpha", "-1"]]
)
def test_a_terminal_without_greek_gets_its_answer_too(encoding, argv):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "pgkit.cli", *argv]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == (2 if "-1" in argv else 0)
    assert b"Traceback" not in done.stderr


def test_a_seed_keeps_all_its_digits(capsys):
    seed = 2**53 + 1
    assert run_json(capsys, "reinforce", *QUICK, "--seed", str(seed))["seed"] == seed


def test_too_many_runs_for_the_memory_are_said_in_one_line(capsys, monkeypatch):
    def full(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("pgkit.sweep.Run", full)
    assert main(["run", "reinforce"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_hyphens_and_underscores_are_alike(capsys):
    argv = ("--world", "ring_of_fire", "--critic-alpha", ".1", *QUICK)
    assert run_json(capsys, "actor-critic", *argv) | {"seconds": 0, "steps_per_second": 0} == (
        run_json(capsys, "actor_critic", "--critic_alpha", ".1", *QUICK)
        | {"seconds": 0, "steps_per_second": 0}
    )


@pytest.mark.parametrize("world", ["pendulum", "cartpole"])
def test_without_an_exact_j_the_result_says_over_how_many_episodes(capsys, world):
    small = ("--world", world, "--runs", "2", "--iterations", "1", "--horizon", "5", "--json")
    result = run_json(capsys, "reinforce", *small)
    assert len(result["return_per_run"]) == 2
    assert result["evaluation_episodes"] == 10
    assert run_json(capsys, "reinforce", *QUICK)["evaluation_episodes"] is None
    assert run_json(capsys, "awr", *QUICK, "--world", "lqr")["evaluation_episodes"] is None


def test_a_run_that_diverges_is_null_in_json_and_not_a_word_that_json_does_not_know(capsys):
    bad = ("--world", "lqr", "--runs", "2", "--iterations", "60", "--alpha", ".1", "--json")
    result = run_json(capsys, "weighted_classification", *bad)
    assert result["return_per_run"] == [None, None]
    assert result["return_mean"] is None


def test_a_preset_is_where_the_other_settings_start(capsys):
    knobs = run_json(capsys, "awr", "--preset", "paper", "--beta", ".3", *QUICK)["knobs"]
    assert (knobs["beta"], knobs["clip"], knobs["advantage"]) == (0.3, 0.0, "as-it-is")


@pytest.mark.slow
def test_a_sweep_runs_every_combination_and_gives_what_single_runs_give(capsys, tmp_path):
    table, file = tmp_path / "sweep.csv", tmp_path / "sweep.json"
    argv = ["--alpha", ".03", ".3", "--reset", "nominal", "uniform", "--runs", "3"]
    argv += ["--iterations", "5", "--csv", str(table), "--json", str(file)]
    assert main(["sweep", "reinforce", *argv]) == 0
    results = json.loads(file.read_text())
    settings = [(r["knobs"]["reset"], r["knobs"]["alpha"]) for r in results]
    assert settings == [("nominal", 0.03), ("nominal", 0.3), ("uniform", 0.03), ("uniform", 0.3)]
    assert len(table.read_text().splitlines()) == 5
    single = ("--alpha", ".3", "--reset", "uniform", "--runs", "3", "--iterations", "5", "--json")
    assert results[3]["return_per_run"] == run_json(capsys, "reinforce", *single)["return_per_run"]
