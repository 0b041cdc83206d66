"""The lecture view without a browser: sections, notes, minutes, the folder of a lecture, the server's pages."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from pgkit import lecture
from pgkit.cli import main

SCRIPT = """# %% [markdown]
# # 07 · A title
# Words.

# %%
x = 1  # # no heading

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 4.** Say *this*.

# %% [markdown]
# ## Second, with $x_1$

# %% [markdown] tags=["instructor"]
# No minutes here.
#
# Another paragraph.

# %% [markdown]
# ### Deeper headings open nothing
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "course" / "07_a_title.py"
    path.parent.mkdir()
    path.write_text(SCRIPT)
    return path


def test_each_heading_is_a_section_with_its_notes_and_minutes(script):
    first, second = lecture.outline(script)
    assert first.title == "07 · A title"
    assert first.notes == ["**Minutes 0 to 4.** Say *this*."]
    assert first.minutes == (0, 4)
    assert second.title == "Second, with $x_1$"
    assert second.notes == ["No minutes here.\n\nAnother paragraph."]
    assert second.minutes is None


@pytest.mark.parametrize("number", ["7", "07", 7])
def test_a_chapter_is_found_by_its_number(script, number):
    assert lecture.find_chapter(number, script.parent) == script


def test_a_bad_number_gets_the_list_of_chapters(capsys):
    assert main(["lecture", "99", "--no-browser"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "chapter = 99" in err
    assert "05_ring_of_fire" in err
    with pytest.raises(ValueError, match="chapter = five"):
        lecture.find_chapter("five")


@pytest.mark.parametrize("path", lecture.chapters().values(), ids=lambda p: p.stem)
def test_sections_of_script_and_notebook_are_the_same_and_minutes_go_forward(path):
    sections = lecture.outline(path)
    book = nbformat.read(path.parent.parent / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    words = [c.source for c in book.cells if c.cell_type == "markdown"]
    assert [s.title for s in sections] == [t for w in words for t in lecture.HEADING.findall(w)]
    assert any(s.notes for s in sections), "an instructor needs a note"
    minutes = [m for s in sections if s.minutes for m in s.minutes]
    assert minutes == sorted(minutes)


def test_every_lecture_has_a_folder_of_its_own_and_the_notebook_stays_as_it_is(tmp_path):
    notebook = tmp_path / "07_a_title.ipynb"
    notebook.write_text("{}")
    one, two = (lecture.lay_out(notebook, tmp_path / "lectures") for _ in range(2))
    assert one != two
    (one / notebook.name).write_text("changed")
    assert notebook.read_text() == (two / notebook.name).read_text() == "{}"
    settings = {p.stem: json.loads(p.read_text()) for p in one.rglob("*.jupyterlab-settings")}
    assert settings["tracker"] == {"windowingMode": "none"}


def test_the_pages_ask_nobody_else_for_anything():
    for page in lecture.VIEW.glob("*.html"):
        assert not re.findall(r"""https?://|(?:src|href)=["']//""", page.read_text()), page
