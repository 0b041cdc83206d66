"""Timers: the lecture's timings, notes that survive, input that is refused in words, a page without a kernel."""

from __future__ import annotations

import json

import pytest

from pgkit.widgets.timer import recap, think_pair_share


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "notes.json"


def share(ledger, **options):
    return think_pair_share("How to break out?", ledger=ledger, **options)


def test_the_timers_carry_the_lecture_s_timings(ledger):
    steps = share(ledger).view.steps
    assert [(s["name"], s["seconds"]) for s in steps] == [
        ("Think", 30), ("Pair", None), ("Share", 45),
    ]  # fmt: skip
    assert recap(60, ["a", "b"]).view.steps[0]["seconds"] == 60
    assert recap(lines=["a", "b"]).view.steps[0]["lines"] == ["a", "b"]


def test_timings_are_a_choice(ledger):
    steps = share(ledger, seconds=(10, 20, None)).view.steps
    assert [s["seconds"] for s in steps] == [10, 20, None]


def test_notes_survive_a_cell_that_is_run_again_and_a_new_kernel(ledger):
    share(ledger).view.notes = {"Think": "start elsewhere", "Pair": ""}
    assert share(ledger).view.notes == {"Think": "start elsewhere"}
    assert [p.name for p in ledger.parent.iterdir()] == ["notes.json"]


def test_two_timers_share_the_file_and_not_the_notes(ledger):
    share(ledger, key="a").view.notes = {"Think": "one"}
    share(ledger, key="b").view.notes = {"Think": "two"}
    written = json.loads(ledger.read_text())
    assert {k: e["notes"]["Think"] for k, e in written.items()} == {"a": "one", "b": "two"}
    assert share(ledger, key="a").view.notes == {"Think": "one"}


def test_notes_of_another_folder_are_other_notes(tmp_path):
    views = [share(tmp_path / name / "notes.json").view for name in "ab"]
    assert views[0].place != views[1].place


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_file_is_put_aside_and_said(ledger, text):
    ledger.write_text(text)
    timer = share(ledger)
    assert "was damaged" in timer.view.problem
    timer.view.notes = {"Think": "new"}
    assert share(ledger).view.notes == {"Think": "new"}
    assert (ledger.parent / "notes.broken.json").read_text() == text


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    timer = share(tmp_path / "file" / "notes.json")
    timer.view.notes = {"Think": "new"}
    assert "cannot be written" in timer.view.problem


@pytest.mark.parametrize("seconds", [(30, 45), (0, None, 45), (30, None, "x"), (True, None, 45)])
def test_timings_that_no_clock_has_are_refused(ledger, seconds):
    with pytest.raises(ValueError, match="seconds = "):
        share(ledger, seconds=seconds)


@pytest.mark.parametrize(("seconds", "lines"), [(0, ["a"]), (60, []), (60, "abc"), (60, [""])])
def test_a_recap_without_time_or_lines_is_refused(seconds, lines):
    with pytest.raises(ValueError, match=r"(seconds|lines) = "):
        recap(seconds, lines)


def test_a_question_without_a_word_needs_a_key():
    with pytest.raises(ValueError, match="key = None"):
        think_pair_share("???")


def test_everything_can_be_read_without_a_kernel(ledger):
    data, _ = think_pair_share("a < b?", ledger=ledger)._repr_mimebundle_()
    assert "a &lt; b?" in data["text/html"]
    assert "Think (30 s)" in data["text/plain"]
    data, _ = recap(60, ["first", "second"])._repr_mimebundle_()
    assert "<li>second</li>" in data["text/html"]
