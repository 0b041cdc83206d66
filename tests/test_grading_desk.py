"""Around grading: release, collect, check, submit, feedback and scores, as instructors and students type them."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from pgkit.cli import main
from pgkit.grading.course import Course
from pgkit.grading.desk import collect
from pgkit.grading.sandbox import why_not
from pgkit.grading.student import check, find, opened, pack

ROOT = Path(__file__).resolve().parent.parent
sandboxed = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")
RELEASE = ROOT / "assignments" / "ps1" / "ps1.ipynb"
SOLUTION = ROOT / "solutions" / "ps1" / "ps1.ipynb"


@pytest.fixture
def course(tmp_path):
    place = tmp_path / "course"
    shutil.copytree(ROOT / "solutions" / "ps1", place / "solutions" / "ps1")
    shutil.copy(ROOT / "nbgrader_config.py", place)
    return place


@pytest.fixture
def mine(tmp_path):
    shutil.copy(SOLUTION, tmp_path / "mine.ipynb")
    return tmp_path / "mine.ipynb"


@sandboxed
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_from_release_to_feedback(course, mine, tmp_path, capsys):
    at = ["--course", str(course)]
    assert main(["release", "ps1", *at]) == 0
    assert "the solution gets 25 of 25 points, the untouched release 0" in capsys.readouterr().out
    assert (
        main(["submit", "ps1", str(mine), "--name", "ada", "--to", str(tmp_path / "ada.zip")]) == 0
    )
    lms = tmp_path / "lms.zip"
    with zipfile.ZipFile(lms, "w") as file:
        file.writestr("ben_1234_ps1.ipynb", RELEASE.read_text())
        file.write(tmp_path / "ada.zip", "late/ada.zip")
        file.writestr("ps1.ipynb", "{}")
    assert main(["collect", "ps1", str(lms), *at]) == 0
    said = capsys.readouterr().out
    assert "ps1.ipynb: whose is it?" in said
    assert "2 submissions" in said
    assert main(["grade", "ps1", *at]) == 0
    assert main(["report", "ps1", *at]) == 0
    told = (course / "ps1-report.html").read_text()
    assert "2 submissions, mean 12.5 of 25 points" in told
    assert "1 of 2 have all 4 points" in told
    assert "ada" not in told
    assert main(["feedback", "ps1", *at]) == 0
    page = (course / "feedback" / "ada" / "ps1" / "ps1.html").read_text()
    assert "HIDDEN" not in page
    assert "4.0 / 4.0" in page or "4 / 4" in page or "(Score: 4.0 / 4.0)" in page
    assert main(["scores", "ps1", "--csv", str(tmp_path / "s.csv"), *at]) == 0
    rows = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert [(r["student"], r["status"], r["score"]) for r in rows] == [
        ("ada", "ok", "25"),
        ("ben", "ok", "0"),
    ]
    capsys.readouterr()
    assert main(["scores", "ps1", "--layout", "lms", "--anonymous", *at]) == 0
    table = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert table[0] == ["SIS Login ID", "ps1 (35)"]
    assert {row[1] for row in table[1:]} == {"25", "0"}
    assert not any("ada" in cell for row in table for cell in row)


@sandboxed
@pytest.mark.filterwarnings("ignore")
def test_a_set_whose_solution_fails_is_not_released(course, capsys):
    path = course / "solutions" / "ps1" / "ps1.ipynb"
    book = nbformat.read(path, 4)
    cell = next(c for c in book.cells if c.metadata.nbgrader.get("grade_id") == "reward_to_go")
    cell.source = cell.source.replace(
        "### BEGIN SOLUTION", "### BEGIN SOLUTION\n    return rewards"
    )
    nbformat.write(book, path)
    assert main(["release", "ps1", "--course", str(course)]) == 2
    assert "the solution gets" in capsys.readouterr().err
    assert main(["release", "ps7", "--course", str(course)]) == 2
    assert "build the course first" in capsys.readouterr().err


def test_there_is_no_report_before_there_are_grades(course, capsys):
    assert main(["report", "ps1", "--course", str(course)]) == 2
    assert "nothing is graded yet" in capsys.readouterr().err


def test_the_later_one_counts_and_the_earlier_one_is_kept(course, tmp_path):
    place, folder = Course.at(course), tmp_path / "in" / "ada"
    folder.mkdir(parents=True)
    for text in ("first", "second"):
        (folder / "ps1.ipynb").write_text(text)
        taken, left = collect(place, "ps1", [tmp_path / "in"])
        assert [one.student for one in taken] == ["ada"]
        assert left == []
    assert (course / "submitted" / "ada" / "ps1" / "ps1.ipynb").read_text() == "second"
    kept = list((course / ".pgkit" / "collected" / "ps1" / "ada").glob("*.ipynb"))
    assert [path.read_text() for path in kept] == ["first"]


def test_names_out_of_a_zip_stay_in_the_folder(course, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("../../etc/ps1.ipynb", "{}")
        file.writestr("..hidden_ps1.ipynb", "{}")
        file.writestr("notes.txt", "x")
        file.writestr("inner.zip", b"not a zip")
    taken, left = collect(Course.at(course), "ps1", [tmp_path / "x.zip"])
    assert {one.student for one in taken} <= {"etc", "hidden"}
    assert any("cannot be read" in line for line in left)
    assert {p.name for p in (course / "submitted").iterdir()} <= {"etc", "hidden"}


def test_a_packed_notebook_carries_its_hash(mine):
    target = pack("ps1", mine, "ada")
    with zipfile.ZipFile(target) as file:
        told = json.loads(file.read("manifest.json"))
        assert file.read("ps1.ipynb") == mine.read_bytes()
    assert (told["ps"], told["student"], len(told["sha256"])) == ("ps1", "ada", 64)


def test_what_would_not_grade_is_refused_with_the_way_out(mine, tmp_path, capsys):
    with pytest.raises(ValueError, match=r"name = '\.\./x'"):
        pack("ps1", mine, "../x")
    mine.write_text("no notebook")
    with pytest.raises(ValueError, match="begin from a fresh copy"):
        opened("ps1", mine)
    nbformat.write(nbformat.v4.new_notebook(), mine)
    with pytest.raises(ValueError, match="is it another notebook"):
        opened("ps1", mine)
    with pytest.raises(ValueError, match="must be one of ps1"):
        find("ps99")
    assert main(["check", "ps1", str(tmp_path / "none.ipynb")]) == 2
    assert "give the notebook" in capsys.readouterr().err


def test_a_student_sees_what_is_right_and_what_is_not_answered(mine, capsys):
    assert main(["check", "ps1", str(mine)]) == 0
    said = capsys.readouterr().out
    assert "25 of 25 points on the visible inputs" in said
    assert "Not answered" not in said
    found = check("ps1", RELEASE)
    assert sum(v.points for v in found.verdicts) == 0
    assert found.written == ["confident_wrong", "all_plus_100", "not_supervised"]
