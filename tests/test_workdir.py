"""The working copy: nothing a student changed is ever overwritten; what is new arrives beside."""

import errno
import os
from pathlib import Path

import pytest

from pgkit.workdir import MANIFEST, deliver


@pytest.fixture
def kit(tmp_path):
    source = tmp_path / "kit"
    (source / "notebooks").mkdir(parents=True)
    (source / "assignments" / "ps2").mkdir(parents=True)
    (source / "notebooks" / "05.ipynb").write_text("v1")
    (source / "assignments" / "ps2" / "ps2.ipynb").write_text("v1")
    (source / "notebooks" / ".ipynb_checkpoints").mkdir()
    (source / "notebooks" / ".ipynb_checkpoints" / "05.ipynb").write_text("junk")
    return source


def test_a_first_delivery_copies_everything(kit, tmp_path):
    work = tmp_path / "work"
    done = deliver(work, kit)
    assert done.new == ["notebooks/05.ipynb", "assignments/ps2/ps2.ipynb"]
    assert (work / "notebooks" / "05.ipynb").read_text() == "v1"
    assert not list(work.rglob(".ipynb_checkpoints"))


def test_a_second_delivery_changes_nothing(kit, tmp_path):
    deliver(tmp_path / "work", kit)
    again = deliver(tmp_path / "work", kit)
    assert (again.new, again.updated, again.beside) == ([], [], [])


def test_a_changed_file_stays_and_the_new_version_comes_beside_once(kit, tmp_path):
    work = tmp_path / "work"
    deliver(work, kit)
    mine = work / "notebooks" / "05.ipynb"
    mine.write_text("my answers")
    assert not deliver(work, kit).beside  # the kit has nothing new
    (kit / "notebooks" / "05.ipynb").write_text("v2")
    assert deliver(work, kit).beside == [("notebooks/05.ipynb", "notebooks/05.new.ipynb")]
    assert mine.read_text() == "my answers"
    assert (work / "notebooks" / "05.new.ipynb").read_text() == "v2"
    assert not deliver(work, kit).beside
    (work / "notebooks" / "05.new.ipynb").write_text("changed too")
    (kit / "notebooks" / "05.ipynb").write_text("v3")
    assert deliver(work, kit).beside == [("notebooks/05.ipynb", "notebooks/05.new2.ipynb")]
    assert (work / "notebooks" / "05.new.ipynb").read_text() == "changed too"


def test_an_untouched_file_is_brought_up_to_date(kit, tmp_path):
    work = tmp_path / "work"
    deliver(work, kit)
    (kit / "notebooks" / "05.ipynb").write_text("v2")
    assert deliver(work, kit).updated == ["notebooks/05.ipynb"]
    assert (work / "notebooks" / "05.ipynb").read_text() == "v2"


def test_a_removed_file_comes_back_and_new_material_arrives(kit, tmp_path):
    work = tmp_path / "work"
    deliver(work, kit)
    (work / "notebooks" / "05.ipynb").unlink()
    (kit / "notebooks" / "06.ipynb").write_text("v1")
    assert deliver(work, kit).new == ["notebooks/05.ipynb", "notebooks/06.ipynb"]


@pytest.mark.parametrize("damage", ["", "{", "[]", "null"])
def test_a_damaged_record_never_costs_a_student_anything(kit, tmp_path, damage):
    work = tmp_path / "work"
    deliver(work, kit)
    (work / MANIFEST).write_text(damage)
    (work / "notebooks" / "05.ipynb").write_text("my answers")
    done = deliver(work, kit)
    assert done.beside == [("notebooks/05.ipynb", "notebooks/05.new.ipynb")]
    assert (work / "notebooks" / "05.ipynb").read_text() == "my answers"


def test_a_full_disk_is_said_and_leaves_no_half_file(kit, tmp_path, monkeypatch):
    def full(fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk is full"):
        deliver(tmp_path / "work", kit)
    assert not [p for p in (tmp_path / "work").rglob("*") if p.is_file()]


def test_a_file_where_the_folder_should_be_is_said(kit, tmp_path):
    (tmp_path / "work").write_text("not a folder")
    with pytest.raises(OSError, match="not a folder"):
        deliver(tmp_path / "work", kit)


def test_a_folder_that_cannot_be_written_is_said(kit, tmp_path, monkeypatch):
    def denied(self, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(OSError, match="--workdir"):
        deliver(tmp_path / "work", kit)


def test_the_kit_itself_is_no_working_copy(kit):
    with pytest.raises(OSError, match="the kit itself"):
        deliver(kit, kit)
