"""Notebook 12: the science behind its sentences, and its lab without a browser."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
import pytest

from pgkit import load_world
from pgkit.bugs import find
from pgkit.race import CONFIGURATIONS, Race, contender, load
from pgkit.widgets import RaceLab
from pgkit.widgets.race_lab import BUDGETS, MAPS, farthest_goal, text_of

MINE = "..e....\n.S.####\n...#..G\n...#.##\n...#...\n.#####.\n......."
FLAT = "S....e\n"
LAST = 8  # iterations of a race that is only tried


def ask(lab, **message):
    frames = []
    lab.send = lambda content, buffers=None: frames.append((content, buffers))
    lab._receive(None, {"id": 1, **message}, [])
    header, buffers = frames[-1]
    json.dumps(header, allow_nan=False)
    assert sum(size for _, size in header["parts"]) * 4 == len(buffers[0])
    return header


def small(**options):
    return RaceLab(**cast(dict[str, Any], {"runs": 6, "iterations": LAST} | options))


# ---------------------------------------------------------------- what the notebook says


def test_the_prize_is_twenty_steps_away_and_the_trap_two():
    world = load_world(f"{MINE}\n")
    assert farthest_goal(world) == 20
    race = Race({w: contender(f"{MINE}\n", weight=w, horizon=40, runs=2) for w in ("Q", "Q-V")})
    assert race.best == pytest.approx(100 * 0.95**19)


@pytest.mark.slow
def test_no_machinery_helps_where_rollouts_never_go_and_plain_resets_do():
    """64 other seeds: from S everybody ends at +1, whatever weight and norm; with resets plain REINFORCE arrives."""
    same: dict[str, Any] = {"horizon": 40, "episodes": 16, "runs": 64, "seed": 77}
    for weight, norm in CONFIGURATIONS:
        if weight == "soft":
            continue
        run = contender(f"{MINE}\n", weight=weight, norm=norm, **same).prepare("numpy").advance(150)
        assert run.history[-1].reached["G"].sum() <= 1, (weight, norm)
    run = contender(f"{MINE}\n", start="uniform", **same).prepare("numpy").advance(150)
    assert run.history[-1].reached["G"].mean() > 0.95


@pytest.mark.parametrize("seed", [0, 1])
def test_the_hint_decides_by_the_norm(seed):
    """Rewards of 1 make small gradients: a natural step does not notice."""
    about: dict[str, Any] = {"runs": 32, "iterations": 30, "seed": seed}
    race = Race({norm: contender(FLAT, norm=norm, **about) for norm in ("theta", "KL")})
    assert race.run().verdict().winner == "KL"


def test_the_bug_of_the_chapter_is_one_of_measuring():
    bug = find("scored_from_mu")
    assert bug.scored_from_mu
    _, right, wrong = bug.curves()
    assert wrong[0].mean() > right[0].mean() + 10  # "compare the curves at iteration 0"


# ---------------------------------------------------------------- the lab


def test_the_lab_is_the_race_that_its_line_and_its_file_say(tmp_path):
    lab = small(other={"start": "expert", "weight": "Q-V", "alpha": 0.2}).train(LAST)
    assert lab.status == "Finished."
    alone = lab.race.run()
    for one, other in zip(lab.outcome.scores, alone.scores, strict=True):
        np.testing.assert_array_equal(one, other)
    assert lab.verdict == alone.verdict()
    twin = eval(lab.code, {"RaceLab": RaceLab})
    np.testing.assert_array_equal(twin.outcome.scores[1], lab.outcome.scores[1])
    stored = load(lab.save_settings(tmp_path / "race.json"))
    assert stored.compare(stored.race.run()) == "The same as in the file, to the last digit."
    assert lab.save_settings(tmp_path / "race.json").name == "race-2.json"
    assert lab.save_figure(tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")


def test_it_stops_at_the_end_and_goes_again_from_the_beginning():
    lab = small().train(500)
    assert lab.lanes.iteration == LAST
    assert not lab.playing
    before = lab.outcome.scores[0][-1]
    lab.restart()
    assert (lab.lanes.iteration, lab.verdict) == (0, None)
    np.testing.assert_array_equal(lab.train(LAST).outcome.scores[0][-1], before)
    lab.restart(seed=5)
    assert lab.race.contenders["A"].seed == lab.race.contenders["B"].seed == 5
    assert (lab.train(LAST).outcome.scores[0][-1] != before).any()


@pytest.mark.parametrize(
    ("text", "words"),
    [("S..\n..G.", "line 2, column 4"), ("\n\nS.x\n..G", "line 3, column 3: unknown letter 'x'"),
     ("...\n..G", "no letter S"), ("S#G", "cannot be reached"), ("", "is empty"),
     ("S" + "." * 2600 + "G", "at most 2500"), ("cartpol", "a world is one of"),
     ("gymnasium:Nothing-v0", "Gymnasium"), ("S..", "no letter G or e")],
)  # fmt: skip
def test_a_bad_world_is_told_and_the_old_race_stays(text, words):
    lab = small().train(LAST)
    header = ask(lab, kind="world", text=text)
    assert words in header["problem"]
    assert header["iteration"] == LAST
    assert not header["alarm"]
    assert header["text"] == lab.text == text_of("ring-of-fire")
    assert ask(lab, kind="world", text="S.G")["problem"] == ""
    assert (lab.text, lab.lanes.iteration) == ("S.G\n", 0)


def test_an_unsupported_space_says_what_is_supported():
    pytest.importorskip("gymnasium")
    header = ask(small(), kind="world", text="gymnasium:Blackjack-v1")
    assert "only Box and Discrete spaces are supported" in header["problem"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * n.startswith("Gymn")) for n in MAPS]
)
def test_every_world_to_begin_from_is_one(name):
    lab, text = small(runs=2), MAPS[name]
    if text.startswith("gymnasium"):
        pytest.importorskip("gymnasium")
    header = ask(lab, kind="world", text=text)
    assert header["problem"] == ""
    if lab.race.best is None:  # states are vectors: a budget of their own, and no start to choose
        assert (header["runs"], header["iterations"]) in BUDGETS.values()
        assert [side["start"] for side in header["sides"]] == ["nominal"] * 2
        assert header["grid"] is None
        return
    assert header["grid"]["letters"] == "".join(lab.text.split())
    lab.train(1)
    assert ask(lab, kind="hello")["iteration"] == 1


def test_a_larger_map_has_a_longer_horizon_for_both():
    lab = small(world="S" + "." * 39 + "G\n", other={"weight": "exp(A)", "norm": "KL"})
    assert [e.settings["horizon"] for e in lab.race.contenders.values()] == [80, 80]


def test_every_pair_of_knobs_and_its_step():
    lab = small(runs=2)
    for weight, norm in CONFIGURATIONS:
        header = ask(lab, kind="side", side="A", changes={"weight": weight})
        header = ask(lab, kind="side", side="A", changes={"norm": norm})
        told = header["sides"][0]
        assert (told["weight"], told["norm"]) == (weight, norm)
        step = told["knobs"][0]["name"]
        assert step == {"theta": "alpha", "KL": "epsilon"}[norm] or weight == "exp(A)"
        header = ask(lab, kind="side", side="A", changes={step: 0.05})
        assert header["sides"][0]["values"][step] == 0.05
        assert not header["alarm"]
        lab.train(2)


@pytest.mark.parametrize(
    ("message", "words"),
    [({"kind": "side", "side": "C", "changes": {}}, "contenders are A and B"),
     ({"kind": "side", "side": "A", "changes": {"start": "there"}}, "reset = 'there'"),
     ({"kind": "side", "side": "A", "changes": {"alpha": -1}}, "alpha = -1"),
     ({"kind": "side", "side": "A", "changes": {"mix": 2}}, "mix = 2"),
     ({"kind": "side", "side": "A", "changes": {"weight": "x"}}, "weight = 'x'"),
     ({"kind": "budget", "changes": {"runs": 0}}, "runs = 0"),
     ({"kind": "budget", "changes": {"runs": "many"}}, "runs = many"),
     ({"kind": "budget", "changes": {"speed": 1}}, "runs, iterations and seed"),
     ({"kind": "save", "what": "all"}, "figure or settings"), ({"kind": "rewind", "to": 3}, "not rewound"),
     ({"kind": "compare"}, "compares already")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(message, words):
    lab = small(runs=2).train(3)
    before = lab.code
    header = ask(lab, **message)
    assert words in header["status"]
    assert header["alarm"]
    assert lab.code == before


def test_saving_never_overwrites_and_says_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lab = small(runs=2).train(5)
    for n, name in enumerate(("race.json", "race-2.json")):
        assert (
            ask(lab, kind="save", what="settings")["saved"]
            == f"Saved as {name}, beside this notebook."
        )
        assert len(list(tmp_path.iterdir())) == n + 1
    assert "race.png" in ask(lab, kind="save", what="figure")["saved"]


def test_two_labs_do_not_disturb_each_other():
    one, other = small(runs=2), small(runs=2)
    other.choose(A={"weight": "Q-V"}, text="S.e\n")
    one.train(5)
    assert one.text != other.text
    assert other.lanes.iteration == 0
    assert one.sides[0]["weight"] == "Q"


def test_a_reader_without_a_kernel_sees_map_or_race_and_words():
    lab = small()
    for words in ("not started", "Interquartile mean of"):
        data, _ = lab._repr_mimebundle_()
        assert data["image/png"]
        assert words in data["text/plain"]
        assert 'alt="' in data["text/html"]
        lab.train(LAST)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"runs": 0}, "runs = 0"), ({"world": "S..\nG"}, "line 2"), ({"world": "nowhere"}, "a world is one of"),
     ({"one": {"weight": "V"}}, "weight = 'V'"), ({"one": {"norm": "x"}}, "norm = 'x'"),
     ({"world": "cartpole", "one": {"start": "nominal", "weight": "Q", "alhpa": 1}}, "alhpa")],
)  # fmt: skip
def test_a_bad_argument_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        small(**options)
