"""What an installed wheel holds."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl"))).namelist()


def test_a_wheel_carries_every_chapter_and_its_notes(names):
    for path in ROOT.glob("course/[0-9]*.py"):
        assert f"pgkit/material/course/{path.name}" in names
        assert f"pgkit/material/notebooks/{path.stem}.ipynb" in names
    for page in ("stage", "presenter"):
        assert f"pgkit/lecture_view/{page}.html" in names


def test_a_wheel_carries_no_answers(names):
    material = [name for name in names if name.startswith("pgkit/material/")]
    assert not [n for n in material if "solutions" in n or n.endswith(("build.py", "gallery.py"))]
    sets = [n for n in material if Path(n).stem.startswith("ps")]
    assert sets
    assert all(n.startswith("pgkit/material/assignments/") for n in sets)
