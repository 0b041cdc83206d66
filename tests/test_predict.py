"""Predictions are committed before the reveal, kept, and never changed silently; hints and timers fold and count."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from pgkit.figures import curves
from pgkit.widgets.hints import hints_markdown
from pgkit.widgets.predict import Ledger, predict


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "predictions.json"


def ask(ledger, **options):
    options = {"low": 0, "high": 100, "unit": "runs", **options}
    return predict("How many of 100 escape?", key="escape", ledger=ledger, **options)


def choose(ledger):
    return predict("Which?", key="which", choices=["red", "blue", "neither"], ledger=ledger)


def test_the_answer_is_locked_until_a_prediction_is_committed(ledger):
    question = ask(ledger)
    answer = question.reveal(28, explain="A step.")
    assert answer.locked
    assert "28" not in answer._content.value
    assert not ledger.exists()
    question.commit(40)
    assert not answer.locked
    assert "Answer: 28 runs" in answer._content.value
    assert "12 runs off" in answer._content.value


def test_a_commitment_survives_a_new_kernel(ledger):
    ask(ledger).commit(40)
    again = ask(ledger)
    assert again.committed == 40
    assert again._button.disabled
    assert again._input.disabled
    assert again.reveal(28).distance() == 12


def test_a_change_of_mind_is_written_beside_the_first_prediction(ledger):
    question = ask(ledger).commit(40)
    question._change.click()
    assert not question._button.disabled
    question._input.value = "55"
    question._button.click()
    commits = json.loads(ledger.read_text())["escape"]["commits"]
    assert [c["value"] for c in commits] == [40, 55]
    assert "first 40" in question._status.value


def test_after_the_reveal_no_prediction_changes(ledger):
    question = ask(ledger).commit(40)
    question.reveal(28)
    with pytest.raises(ValueError, match="can no longer change"):
        question.commit(28)
    again = ask(ledger)
    assert again._change.layout.display == "none"
    with pytest.raises(ValueError, match="can no longer change"):
        again.commit(28)
    assert [c["value"] for c in json.loads(ledger.read_text())["escape"]["commits"]] == [40]


@pytest.mark.parametrize("value", ["", "many", "101", "-1", "nan", None, "inf"])
def test_a_number_out_of_range_is_refused_in_words(ledger, value):
    question = ask(ledger)
    with pytest.raises(ValueError, match=r"not a number between 0 and 100"):
        question.commit(value)
    question._input.value = value or ""
    question._button.click()
    assert question.committed is None
    assert "between 0 and 100" in question._status.value or "filled in" in question._status.value


@pytest.mark.parametrize(("value", "kept"), [("30", 30), (" 30 % ", 30), ("2,5", 2.5), (7, 7)])
def test_numbers_are_read_as_people_write_them(ledger, value, kept):
    assert ask(ledger).commit(value).committed == kept


def test_what_was_committed_is_said_as_people_do(ledger):
    said = choose(ledger).commit("blue")._status.value
    year = datetime.now().year
    assert re.search(rf"Committed: blue, \d\d \w+ {year}, \d\d:\d\d\.", said), said
    kept = json.loads(ledger.read_text())
    del kept["which"]["commits"][0]["at"]  # a ledger that was edited by hand
    ledger.write_text(json.dumps(kept))
    assert "Committed: blue." in choose(ledger)._status.value


def test_a_choice_is_a_hit_or_a_miss(ledger):
    question = choose(ledger)
    with pytest.raises(ValueError, match="none of the choices"):
        question.commit("green")
    question.commit("red")
    assert question.reveal("blue").distance() is False
    assert "Answer: blue" in question.reveal("blue")._content.value


def test_an_answer_is_computed_when_it_is_needed_and_once(ledger):
    calls = []
    question = ask(ledger)
    answer = question.reveal(lambda: calls.append(1) or 28)
    assert calls == []
    question.commit(30)
    answer.refresh()
    assert calls == [1]


def test_two_questions_share_the_file(ledger):
    ask(ledger).commit(40)
    choose(ledger).commit("red")
    assert set(json.loads(ledger.read_text())) == {"escape", "which"}
    assert [p.name for p in ledger.parent.iterdir()] == ["predictions.json"]


@pytest.mark.parametrize("text", ["{", "[]", '{"escape": 3}', '{"escape": {"commits": [1]}}'])
def test_a_damaged_file_is_put_aside_and_said(ledger, text):
    ledger.write_text(text)
    question = ask(ledger)
    assert question.committed is None
    assert "was damaged" in question._status.value
    question.commit(40)
    assert ask(ledger).committed == 40
    assert any("broken" in p.name and p.read_text() == text for p in ledger.parent.iterdir())


def test_a_folder_that_cannot_be_written_keeps_predictions_in_memory(tmp_path):
    question = ask(tmp_path / "missing" / "predictions.json").commit(40)
    assert question.committed == 40
    assert "cannot be written" in question._status.value


def test_a_ledger_entry_that_nobody_made_is_empty(ledger):
    assert Ledger(ledger).entry("x") == {"question": "", "commits": [], "revealed": None}


@pytest.mark.parametrize(
    "options", [{"low": None}, {"low": 3, "high": 3}, {"choices": ["only one"]}]
)
def test_a_question_that_cannot_be_answered_is_refused(ledger, options):
    with pytest.raises(ValueError, match="predict"):
        ask(ledger, **options)


def test_everything_can_be_read_without_a_kernel(ledger):
    figure = curves({"a": ([0, 1], [2.0, 3.0])}, x="x", y="y")
    question = ask(ledger)
    data, _ = question._repr_mimebundle_()
    assert "How many of 100 escape?" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data
    data, _ = question.reveal(28, explain="A step.", show=figure)._repr_mimebundle_()
    assert "<details>" in data["text/html"]
    assert 'alt="y against x' in data["text/html"]
    assert data["text/plain"] == "The answer: 28 runs. A step."


def test_question_text_is_escaped(ledger):
    question = predict("<b>x</b>?", key="k", low=0, high=1, ledger=ledger)
    assert "&lt;b&gt;" in question.view.children[0].value


def test_labels_are_there_for_keyboard_and_screen_reader(ledger):
    assert ask(ledger)._input.description == "Your prediction (runs)"
    assert choose(ledger)._input.description == "Your prediction"
    assert 'role="status"' in ask(ledger)._status.value


def test_hints_fold_one_inside_the_other():
    text = hints_markdown("- nudge: a\n- method: b\n  more b\n- almost code: `c`\n")
    assert text.count("<details>") == text.count("</details>") == 3
    assert text.index("nudge") < text.index("method") < text.index("almost code")
    assert "b\nmore b" in text
    assert text.endswith("</details>\n\n</details>\n\n</details>")


@pytest.mark.parametrize(
    "source",
    ["- nudge: a\n- method: b", "x\n- nudge: a", "- method: a\n- nudge: b\n- almost code: c"],
)
def test_hints_come_in_three_stages(source):
    with pytest.raises(ValueError, match="nudge, method, almost code"):
        hints_markdown(source)
