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
from pgkit.grading.collect import collect, safe_name
from pgkit.grading.course import Course
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
@pytest.mark.slow
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
        assert taken == ["ada"]
        assert left == []
    assert (course / "submitted" / "ada" / "ps1" / "ps1.ipynb").read_text() == "second"
    kept = (course / ".pgkit" / "collected" / "ps1" / "ada").glob("*.ipynb")
    assert sorted(path.read_text() for path in kept) == ["first", "second"]


def test_names_out_of_a_zip_stay_in_the_folder(course, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("../../etc/ps1.ipynb", "{}")
        file.writestr("..hidden_ps1.ipynb", "{}")
        file.writestr("notes.txt", "x")
        file.writestr("inner.zip", b"not a zip")
    taken, left = collect(Course.at(course), "ps1", [tmp_path / "x.zip"])
    assert set(taken) == {"etc", safe_name("..hidden")}
    assert any("cannot be read" in line for line in left)
    assert {p.name for p in (course / "submitted").iterdir()} == set(taken)


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def test_what_one_student_packed_does_not_stop_the_others(course, mine, tmp_path):
    """Zip files that are none, that lie, that hold themselves, that are of another set, and bombs."""
    bomb = zipped(tmp_path / "bomb.zip", {"ps1.ipynb": b" " * 30_000_000})
    deep = zipped(
        tmp_path / "deep.zip",
        {"in_ps1.zip": zipped(tmp_path / "in.zip", {"b.ipynb": "{}"}).read_bytes()},
    )
    other = zipped(tmp_path / "other.zip", {"manifest.json": json.dumps({"ps": "ps2"})})
    torn = zipped(tmp_path / "torn.zip", {"manifest.json": "{ not json"})
    naked = zipped(
        tmp_path / "naked.zip", {"manifest.json": json.dumps({"ps": "ps1", "at": "2026-01-01"})}
    )
    late = {"ps": "ps1", "student": "fay", "at": "2999-01-01T00:00:00"}
    future = zipped(tmp_path / "future.zip", {"manifest.json": json.dumps(late), "ps1.ipynb": "{}"})
    good = pack("ps1", mine, "zoe", tmp_path / "good.zip")
    broken = bytearray(good.read_bytes())
    broken[200:300] = bytes(100)
    parts = {
        "ada_1_ps1.zip": bomb.read_bytes(), "ben_2_ps1.zip": deep.read_bytes(), "cem_3_ps1.zip": b"PK no",
        "dan_4_ps1.zip": other.read_bytes(), "eve_5_ps1.zip": torn.read_bytes(), "fay_6_ps1.zip": naked.read_bytes(),
        "gus_7_ps1.zip": bytes(broken), "hal_8_ps1.zip": future.read_bytes(), "zoe_9_ps1.zip": good.read_bytes(),
    }  # fmt: skip
    taken, left = collect(Course.at(course), "ps1", [zipped(tmp_path / "lms.zip", parts)])
    assert taken == ["zoe"]
    for words in (
        "30000000 bytes", "in a zip file is not opened", "File is not a zip file", "of another problem set",
        "Expecting property name", "There is no item named 'ps1.ipynb'", "cannot be read", "still to come",
    ):  # fmt: skip
        assert any(words in line for line in left), (words, left)
    assert len(left) == 8


def test_nobody_hands_in_under_another_ones_name(course, mine, tmp_path):
    place = Course.at(course)
    eves = tmp_path / "eves.ipynb"
    eves.write_text(RELEASE.read_text())
    own, forged = (pack("ps1", p, "ada", tmp_path / f"{p.stem}.zip") for p in (mine, eves))
    parts = {"Ada L_1_ps1-ada.zip": own.read_bytes(), "Eve M_2_ps1-ada.zip": forged.read_bytes()}
    taken, left = collect(place, "ps1", [zipped(tmp_path / "lms.zip", parts)])
    assert taken == ["ada"]
    assert left == [
        "Eve M_2_ps1-ada.zip: ada is the name on what Ada has handed in; is it Eve's, too? not taken"
    ]
    assert (course / "submitted" / "ada" / "ps1" / "ps1.ipynb").read_bytes() == mine.read_bytes()


def test_an_older_one_does_not_replace_a_later_one_whenever_it_is_collected(course, tmp_path):
    import os

    place = Course.at(course)
    for name, when in (("new", 2_000_000), ("old", 1_000_000)):
        path = tmp_path / name / "ada" / "ps1.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(name)
        os.utime(path, (when, when))
        assert collect(place, "ps1", [tmp_path / name]) == (["ada"], [])
    assert (course / "submitted" / "ada" / "ps1" / "ps1.ipynb").read_text() == "new"


def test_names_of_any_script_stay_apart():
    names = [
        "李明",
        "王芳",
        "Jürgen Ö",
        "José",
        "Jose\u0301",
        "../x",
        "..",
        "",
        "a" * 300,
        "a" * 301,
        "-rf",
        "@cmd",
        "a/b",
    ]
    safe = [safe_name(name) for name in names]
    assert safe[:4] == ["李明", "王芳", "Jürgen_Ö", "José"]
    assert safe[4] == "José"  # the same name, written otherwise
    assert len(set(safe)) == len(names) - 1
    assert all(s and "/" not in s and s[0] not in ".-@+" and len(s.encode()) <= 120 for s in safe)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_collect_takes_what_nbgraders_exchange_has(course, tmp_path, capsys):
    exchange = tmp_path / "exchange"
    inbound = exchange / "pgkit" / "inbound"
    inbound.mkdir(parents=True)
    exchange.chmod(0o777)
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\nc.Exchange.root = {str(exchange)!r}\n")
    handed = inbound / "ada+ps1+2026-10-01 12:00:00 UTC+x"
    handed.mkdir()
    shutil.copy(SOLUTION, handed / "ps1.ipynb")
    (handed / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC")
    assert main(["collect", "ps1", "--exchange", "--course", str(course)]) == 0
    assert "1 submissions of ps1" in capsys.readouterr().out
    assert (
        course / "submitted" / "ada" / "ps1" / "ps1.ipynb"
    ).read_bytes() == SOLUTION.read_bytes()
    assert main(["collect", "ps1", "--course", str(course)]) == 2
    assert "or --exchange" in capsys.readouterr().err


def test_a_due_date_is_read_in_any_zone():
    from pgkit.grading.desk import due_date

    assert due_date("2026-10-01 23:59 +02:00").isoformat() == "2026-10-01T23:59:00+02:00"
    assert due_date("2026-10-01").strftime("%H:%M:%S") == "23:59:59"
    assert due_date("2026-10-01 08:00").tzinfo is not None
    with pytest.raises(ValueError, match="due = 'tomorrow'"):
        due_date("tomorrow")


def test_the_report_groups_failures_and_names_nobody(course):
    from pgkit.grading.outcome import Outcome, write_log
    from pgkit.grading.report import report

    place = Course.at(course)
    for i in range(4):
        failed = {"check-x": f"rows: You give {i % 3}; it must be 9"} if i else {}
        write_log(
            place, "ps1",
            Outcome(f"lovelace{i}", "ps1", "stopped" if i == 3 else "ok", {"check-x": 2.0 * (not i)}, {"check-x": 2.0},
                    failed, ["The file is called lovelace.ipynb; <script>1</script>"], 1.5 * i),
        )  # fmt: skip
    page = report(place, "ps1")
    assert "lovelace" not in page
    assert "<script" not in page
    assert "<td>3</td><td><b>rows</b>" in page
    assert "4.5 s" in page
    assert "lovelace3" in report(place, "ps1", anonymous=False)


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
