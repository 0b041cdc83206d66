"""Build the notebooks from the percent scripts in this folder, one way.

    python course/build.py           writes notebooks/, solutions/ and assignments/
    python course/build.py --check   writes nothing; exits 1 and names every file that would change

    course/NN_name.py  ->  notebooks/NN_name.ipynb
    course/gallery.py  ->  docs/gallery.ipynb           (every part of the lab kit once)
    course/psN.py      ->  solutions/psN/psN.ipynb      (nbgrader's source: answers, hidden checks)
                           assignments/psN/psN.ipynb    (what `nbgrader generate_assignment` makes of it)

Cell tags:
    instructor                  left out of every notebook (the lecture view reads it from here)
    hints                       a list `- nudge: ...`, `- method: ...`, `- almost code: ...` that folds open
    glossary                    a list `- term` of what the notebook introduced; becomes pgkit.glossary's entries
    answer:<id>                 the student's code cell, with ### BEGIN SOLUTION ... ### END SOLUTION
    check:<id>:<points>         a graded check, perhaps with ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS
    written:<id>:<points>       a written answer; its text is the model answer and stays in solutions/
In problem sets every other cell is read-only. In text, [[baseline]] or [[baseline|baselines]] shows the
glossary's meaning on hover.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    IncludeHeaderFooter,
    LockCells,
)
from traitlets.config import Config, PyFileConfigLoader

from pgkit.glossary import glossary_markdown, with_meanings
from pgkit.widgets.hints import hints_markdown

ROOT = Path(__file__).resolve().parent.parent
LECTURE = re.compile(r"\d\d_[a-z0-9_]+")
GALLERY = "gallery"
PROBLEM_SET = re.compile(r"ps\d+")
MARKER = re.compile(r"# %%(?: |$)")
GRADED = {"answer": 2, "check": 3, "written": 3}  # tag and the number of its fields
PLAIN = {"instructor", "hints", "glossary"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# nbgrader's own list and order, without InstantiateTests (needs AUTOTEST marks) and SaveCells (a database).
RELEASE = (
    IncludeHeaderFooter,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
)


class SourceError(Exception):
    """A mistake in a course script; the message starts with file and line."""


@dataclass(frozen=True)
class Cell:
    """A cell of a script, where it stands, and its tags."""

    kind: str
    source: str
    where: str
    tags: tuple[str, ...] = ()
    graded: dict = field(default_factory=dict)


# ---------------------------------------------------------------- reading


def read_cells(path: Path, root: Path = ROOT) -> list[Cell]:
    """The cells of a percent script, instructor notes included; raises SourceError for a bad tag."""
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    lines = [i for i, line in enumerate(text.splitlines(), start=1) if MARKER.match(line)]
    parsed = [c for c in jupytext.reads(text, fmt="py:percent").cells if c.cell_type != "raw"]
    if len(parsed) != len(lines):
        raise SourceError(
            f"{shown}:1: every cell must begin with a line '# %%' ({len(lines)} do, {len(parsed)} cells)"
        )
    cells, seen = [], {}
    for cell, line in zip(parsed, lines, strict=True):
        where = f"{shown}:{line}"
        tags = tuple(cell.metadata.get("tags", ()))
        graded = _graded(tags, cell, where)
        if graded:
            name = graded["grade_id"]
            if name in seen:
                raise SourceError(f"{where}: the id {name!r} is taken already, at {seen[name]}")
            seen[name] = where
        cells.append(Cell(cell.cell_type, cell.source, where, tags, graded))
    return cells


def _graded(tags: tuple[str, ...], cell, where: str) -> dict:
    found = [tag for tag in tags if tag.split(":")[0] in GRADED]
    for tag in tags:
        if tag not in found and tag not in PLAIN:
            known = ", ".join(
                [*PLAIN, "answer:<id>", "check:<id>:<points>", "written:<id>:<points>"]
            )
            raise SourceError(f"{where}: unknown tag {tag!r}; the tags are {known}")
    if len(found) > 1:
        raise SourceError(f"{where}: one cell cannot be {' and '.join(found)}")
    _check_marks(cell.source, found, where)
    if not found:
        return {}
    kind, *fields = found[0].split(":")
    if len(fields) + 1 != GRADED[kind] or not re.fullmatch(r"[A-Za-z][\w-]*", fields[0]):
        form = "<id>:<points>" if GRADED[kind] == 3 else "<id>"
        raise SourceError(
            f"{where}: {found[0]!r} must read {kind}:{form}, the id of letters, digits, _ and -"
        )
    wanted = "markdown" if kind == "written" else "code"
    if cell.cell_type != wanted:
        raise SourceError(f"{where}: {found[0]!r} belongs on a {wanted} cell")
    metadata = {
        "grade": kind != "answer",
        "grade_id": fields[0] if kind != "check" else f"check-{fields[0]}",
        "locked": kind == "check",
        "schema_version": 3,
        "solution": kind != "check",
        "task": False,
    }
    if len(fields) == 2:
        if not re.fullmatch(r"\d+(\.\d+)?", fields[1]) or float(fields[1]) <= 0:
            raise SourceError(
                f"{where}: {found[0]!r}: points must be a positive number, not {fields[1]!r}"
            )
        metadata["points"] = float(fields[1]) if "." in fields[1] else int(fields[1])
    return metadata


def _check_marks(source: str, found: list[str], where: str) -> None:
    kind = found[0].split(":")[0] if found else "plain"
    for mark, home in (("SOLUTION", "answer"), ("HIDDEN TESTS", "check")):
        begins, ends = source.count(f"### BEGIN {mark}"), source.count(f"### END {mark}")
        if begins != ends:
            raise SourceError(f"{where}: {begins} '### BEGIN {mark}' but {ends} '### END {mark}'")
        if begins and kind != home:
            raise SourceError(
                f"{where}: '### BEGIN {mark}' stands in a cell that is not tagged {home}:..."
            )
        if mark == "SOLUTION" and kind == "answer" and not begins:
            raise SourceError(
                f"{where}: {found[0]!r} has no '### BEGIN SOLUTION'; its answer would be released"
            )
    if kind == "answer" and "raise NotImplementedError(" not in source:
        raise SourceError(
            f'{where}: {found[0]!r} needs a line raise NotImplementedError("<exercise>") as placeholder'
        )


# ---------------------------------------------------------------- writing


def notebook(cells: list[Cell], *, lock: bool) -> nbformat.NotebookNode:
    """The notebook of these cells: fixed ids, no outputs, no instructor notes; lock: a problem set."""
    made, count = [], {}
    for cell in cells:
        if "instructor" in cell.tags:
            continue
        source = _written_out(cell)
        digest = hashlib.sha256(f"{cell.kind}\n{source}".encode()).hexdigest()[:10]
        count[digest] = count.get(digest, 0) + 1
        name = cell.graded.get("grade_id") or f"cell-{digest}-{count[digest]}"
        metadata = {"nbgrader": _nbgrader(cell, name)} if lock else {}
        new = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        made.append(new(source, id=name[:64], metadata=metadata))
    return nbformat.v4.new_notebook(cells=made, metadata=METADATA, nbformat_minor=5)


def _written_out(cell: Cell) -> str:
    """The cell's text, with hints folded and glossary entries fetched."""
    if "hints" in cell.tags:
        return hints_markdown(cell.source)
    try:
        if "glossary" in cell.tags:
            heading, *rest = re.split(r"^- (.+)$", cell.source, flags=re.MULTILINE)
            terms = [name.strip() for name in rest[::2]]
            return heading + glossary_markdown(*terms) + "".join(rest[-1:])
        return with_meanings(cell.source) if cell.kind == "markdown" else cell.source
    except ValueError as error:
        raise SourceError(f"{cell.where}: {error}") from error


def _nbgrader(cell: Cell, name: str) -> dict:
    read_only = {
        "grade": False, "grade_id": name, "locked": True, "schema_version": 3, "solution": False,
        "task": False,
    }  # fmt: skip
    return cell.graded or read_only


def written(nb: nbformat.NotebookNode) -> str:
    """The notebook as nbconvert's exporter would write it."""
    nbformat.validate(nb)
    text = nbformat.writes(nb, version=4)
    return text if text.endswith("\n") else text + "\n"


def released(source: str, config: Config) -> str:
    """What `nbgrader generate_assignment` makes of the source notebook, by its own preprocessors."""
    nb, resources = nbformat.reads(source, as_version=4), {}
    for preprocessor in RELEASE:
        nb, resources = preprocessor(config=config, enabled=True)(nb, resources)
    return written(nb)


def nbgrader_config(root: Path = ROOT) -> Config:
    """The settings of nbgrader_config.py."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def build(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file and its text."""
    made, config = {}, nbgrader_config(root)
    for path in sorted((root / "course").glob("*.py")):
        stem = path.stem
        if stem == "build":
            continue
        if LECTURE.fullmatch(stem) or stem == GALLERY:
            cells = read_cells(path, root)
            for cell in cells:
                if cell.graded:
                    raise SourceError(
                        f"{cell.where}: graded cells belong in a problem set (psN.py)"
                    )
            folder = "docs" if stem == GALLERY else "notebooks"
            made[root / folder / f"{stem}.ipynb"] = written(notebook(cells, lock=False))
        elif PROBLEM_SET.fullmatch(stem):
            source = written(notebook(read_cells(path, root), lock=True))
            made[root / "solutions" / stem / f"{stem}.ipynb"] = source
            made[root / "assignments" / stem / f"{stem}.ipynb"] = released(source, config)
        else:
            raise SourceError(
                f"course/{path.name}:1: a course script is called NN_name.py or psN.py"
            )
    return made


def drift(made: dict[Path, str], root: Path = ROOT) -> list[str]:
    """What differs on disk from what the sources say, one line a file."""
    found = []
    for path, text in made.items():
        if not path.is_file():
            found.append(f"{path.relative_to(root)}: missing")
        elif path.read_bytes() != text.encode():
            found.append(f"{path.relative_to(root)}: differs from its source in course/")
    found += [
        f"{path.relative_to(root)}: no source in course/ builds it" for path in stale(made, root)
    ]
    return found


def stale(made: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """Files in the generated folders that no source builds."""
    found = []
    for folder in ("notebooks", "solutions", "assignments"):
        for path in sorted((root / folder).rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and path not in made and not hidden:
                found.append(path)
    return found


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Build, or with --check compare; the exit status."""
    parser = argparse.ArgumentParser(description="Build the course's notebooks from course/*.py.")
    parser.add_argument(
        "--check", action="store_true", help="compare only; exit 1 if a file would change"
    )
    options = parser.parse_args(arguments)
    try:
        made = build(root)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    differences = drift(made, root)
    if options.check:
        for line in differences:
            print(line)
        if differences:
            print("Run `python course/build.py` and commit what it writes.")
        return 1 if differences else 0
    for path in stale(made, root):
        if path.suffix == ".ipynb":
            path.unlink()
        print(
            f"{path.relative_to(root)}: no source builds it{'; removed' if path.suffix == '.ipynb' else ''}"
        )
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != text.encode():
            path.write_bytes(text.encode())
            print(path.relative_to(root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
