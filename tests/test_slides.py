"""The slide beside the code: the links hold while the source moves, and looking changes nothing."""

import sys
import threading

import numpy as np
import pytest

from pgkit import ALGORITHMS, WORLDS, Run
from pgkit.widgets.slides import SLIDES, slide, trace

ORDER = list(SLIDES)
PREDICTORS = ("monte_carlo", "temporal_difference")  # they learn V, and leave θ alone


def run_of(name, **options):
    if name == "soft_actor_critic_continuous":
        algorithm = ALGORITHMS[name](episodes=4, horizon=6, warmup=0, batch=8)
        return Run(algorithm, WORLDS["pendulum"](), runs=3, **options)
    size = {"horizon": 6} if name in PREDICTORS else {"episodes": 4, "horizon": 6}
    return Run(ALGORITHMS[name](**size), WORLDS["ring-of-fire"](), runs=3, **options)


@pytest.mark.parametrize("name", SLIDES)
def test_every_link_leads_to_one_statement_of_the_source(name):
    code = [line.strip() for line, _ in slide(name).code]
    for text, starts in SLIDES[name]:
        for start in starts:
            found = [line for line in code if line.startswith(start)]
            assert len(found) == 1, (text, start, found)


@pytest.mark.parametrize("name", [name for name in SLIDES if name not in PREDICTORS])
def test_the_gradient_or_the_new_parameters_are_shown_and_the_run_stays_as_it_was(name):
    run = run_of(name)
    theta, history = run.state.theta.copy(), len(run.history)
    shown = slide(name, run=run)
    at = next(
        i
        for i, (line, _) in enumerate(shown.code)
        if (line.startswith("theta") and "policy.fit" in line)
        or (line.split("=")[0].strip() == "theta" and "alpha" in line)
        or "theta = theta + step" in line
    )
    row = next(r for r in shown.values(at) if r["name"] == "theta")
    assert row["shape"] == f"[{', '.join(map(str, theta.shape))}]"
    assert row["dtype"] == "float64"
    assert row["mean"]
    assert run.iteration == 0
    assert len(run.history) == history
    np.testing.assert_array_equal(run.state.theta, theta)


def test_the_values_are_those_of_the_next_iteration():
    run = run_of("reinforce", engine="text").advance(3)
    made = {k: v for names in trace(run).values() for k, v in names.items()}
    np.testing.assert_array_equal(made["theta"], run.fork().advance(1).state.theta)


@pytest.mark.parametrize("name", PREDICTORS)
def test_an_array_that_is_written_into_is_shown_too(name):
    """V[run, s] += ... binds no name; its values are those of the next iteration all the same."""
    run = run_of(name, engine="text").advance(2)
    shown = slide(name, run=run)
    (at,) = [i for i, (line, _) in enumerate(shown.code) if line.strip().startswith("V[run, s]")]
    assert [row["name"] for row in shown.values(at)] == ["V"]
    made = trace(run)[shown.code[at][1]]["V"]
    np.testing.assert_array_equal(made, run.fork().advance(1).state.phi)
    assert not np.array_equal(made, run.state.phi)


def test_td_differs_from_monte_carlo_in_the_target():
    shown = slide("temporal_difference", previous="monte_carlo")
    changed = {shown.code[i][0].strip().partition("=")[0].strip() for i in shown.changed}
    assert changed == {"D", "s, s_next", "target"}


def test_a_statement_over_two_lines_is_one():
    shown = slide("reinforce", run=run_of("reinforce"))
    at = next(i for i, (line, _) in enumerate(shown.code) if line.strip().startswith("episodes="))
    assert {row["name"] for row in shown.values(at)} >= {"tau.s", "tau.a", "tau.r"}


def test_a_tracer_that_was_there_is_put_back_even_after_an_error():
    def mine(*_):
        return None

    run = run_of("reinforce")
    before = sys.gettrace()
    sys.settrace(mine)
    try:
        trace(run)
        assert sys.gettrace() is mine
        run.policy = None
        with pytest.raises(AttributeError):
            trace(run)
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


def test_two_threads_trace_at_once():
    found = {}

    def work(name):
        found[name] = {k for names in trace(run_of(name)).values() for k in names}

    threads = [threading.Thread(target=work, args=(n,)) for n in ("reinforce", "awr")]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert {"tau", "D", "grad", "theta"} <= found["reinforce"]
    assert {"weight", "memory"} <= found["awr"]
    assert "weight" not in found["reinforce"]


@pytest.mark.parametrize("name", ["reinforce", "awr", "actor_critic", "soft_actor_critic"])
def test_slow_motion_goes_through_the_lines_in_the_order_in_which_they_run(name):
    run = run_of(name)
    shown = slide(name, run=run)
    walk = shown.walk()
    lines = [step["line"] for step in walk]
    assert len(set(lines)) == len(lines) > 4
    assert all(step["rows"] == shown.values(step["line"]) for step in walk)
    names = [row["name"] for step in walk for row in step["rows"]]
    assert names.index("tau.s") < names.index("D.s") < len(names) - 1 - names[::-1].index("theta")
    assert run.iteration == 0
    shown._asked({"walk": True})
    assert shown.view.values["walk"] == walk


def test_the_symbols_of_a_slide_are_typeset_and_none_is_left_raw():
    for name in SLIDES:
        shown = slide(name)
        for line in shown.view.card["slide"]:
            assert "_" not in line
            assert "^" not in line
        assert "<sub>" in shown._repr_mimebundle_()[0]["text/html"]
    assert "π<sub>θ</sub>" in slide("reinforce").view.card["slide"][0]


def test_changed_lines_are_marked_by_a_plus():
    shown = slide("reinforce_resets", previous="reinforce")
    assert {shown.code[i][0].partition("=")[0].strip() for i in shown.changed} == {"mu", "tau"}
    text = shown._repr_mimebundle_()[0]["text/plain"]
    assert "+ mu    = world.start" in text
    assert "UPDATE" in text


def test_a_message_from_the_page_is_answered():
    shown = slide("reinforce", run=run_of("reinforce"))
    shown._asked({"line": 1})
    assert shown.view.values["rows"][0]["name"] == "tau.s"
    sent = []
    shown.view.observe(lambda change: sent.append(change.new), "values")
    shown._asked({"line": 1})
    assert len(sent) == 1  # asked twice, answered twice
    shown._asked({"line": 999})
    assert "line = 999" in shown.view.values["problem"]
    slide("reinforce")._asked({"line": "x"})


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="name = 'sarsa', but a slide is one of supervised"):
        slide("sarsa")
    with pytest.raises(ValueError, match="run is of Reinforce"):
        slide("awr", run=run_of("reinforce"))
    with pytest.raises(ValueError, match="only a run has values"):
        slide("awr").values(0)
    with pytest.raises(ValueError, match="only a run can be walked"):
        slide("awr").walk()
