"""A class's ledgers, collected."""

import json

import pytest

from pgkit.cli import main
from pgkit.predictions import Question, collect, page
from pgkit.widgets.predict import predict


def student(folder, number, choice, answer=True):
    folder.mkdir()
    ledger = folder / "predictions.json"
    asked = predict("How many of 100?", key="05-escape", low=0, high=100, ledger=ledger)
    asked.commit(number)
    if answer:
        asked.reveal(0)
    which = predict("Which fix?", key="05-fix", choices=["a bigger batch", "none"], ledger=ledger)
    which.commit(choice)
    return ledger


@pytest.fixture
def class_folder(tmp_path):
    for i, (number, choice) in enumerate(
        [(0, "none"), (50, "none"), (50, "a bigger batch"), (100, "none")]
    ):
        student(tmp_path / f"student-{i}", number, choice, answer=i == 0)
    return tmp_path


def test_every_ledger_counts_once_and_the_answer_is_marked(class_folder):
    twice = [class_folder, class_folder / "student-1" / "predictions.json"]
    questions, ledgers, problems = collect(twice)
    assert (ledgers, problems) == (4, [])
    escape, fix = questions
    assert escape.bars() == [("0", 1, True), ("50", 2, False), ("100", 1, False)]
    assert (escape.answer, escape.right) == (0, 1)
    assert fix.bars() == [("none", 3, False), ("a bigger batch", 1, False)]


def test_the_latest_commitment_counts(tmp_path):
    ledger = student(tmp_path / "s", 10, "none", answer=False)
    predict("How many of 100?", key="05-escape", low=0, high=100, ledger=ledger).commit(20)
    (escape, _), _, _ = collect([ledger])
    assert escape.values == [20]
    assert escape.changed == 1


def test_many_numbers_go_into_bins_that_hold_the_answer():
    q = Question("k", "?", values=[float(x) for x in range(100)], answer=150.0)
    bars = q.bars()
    assert len(bars) == 10
    assert sum(n for _, n, _ in bars) == 100
    assert [hit for _, _, hit in bars] == [False] * 9 + [True]


def test_the_page_is_whole_and_names_nobody(class_folder):
    questions, ledgers, _ = collect([class_folder])
    text = page(questions, ledgers)
    assert "student-" not in text
    assert "<script" not in text
    assert "http" not in text
    assert text.count("<svg") == 2
    evil = page([Question("<k>", "<script>alert(1)</script>", values=["<b>"])], 1)
    assert "<script" not in evil
    assert "<b>" not in evil


def test_the_command(class_folder, capsys):
    target = class_folder / "class.html"
    assert main(["predictions", str(class_folder), "--html", str(target)]) == 0
    out = capsys.readouterr().out
    assert "05-escape" in out
    assert "✓ the answer" in out
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["predictions", str(class_folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ledgers"], told["questions"][0]["right"]) == (4, 1)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"k": 3}', '{"k": {"commits": [{"value": [1]}]}}', "\x00"]
)
def test_a_damaged_ledger_is_named_and_left_out(class_folder, capsys, text):
    (class_folder / "student-9").mkdir()
    (class_folder / "student-9" / "predictions.json").write_text(text)
    assert main(["predictions", str(class_folder), "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["ledgers"] == 4
    assert "student-9" in told.err


def test_places_that_hold_nothing_are_refused(tmp_path, capsys):
    assert main(["predictions", str(tmp_path)]) == 2
    assert "no predictions.json" in capsys.readouterr().err
    assert main(["predictions", str(tmp_path / "nowhere")]) == 2
    assert "no such file" in capsys.readouterr().err
