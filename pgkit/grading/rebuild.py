"""Rebuild a submission: every cell from the course's own notebook, only the answers from the student's.

A student's notebook may have lost cells, doubled them, moved or edited them, or not be a notebook at all. None of that
is repaired: it is not used. What was found is said in notes, which the student and the instructor read.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

LARGEST = 200_000  # characters of one answer
BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
KINDS = ("code", "markdown", "raw")
PLACEHOLDER = "raise NotImplementedError({name!r})\n"


@dataclass(frozen=True)
class Check:
    """A cell that gives points.  asks: (exercise, the expression that names the answer) of each `check(...)` in it."""

    grade_id: str
    points: float
    asks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rebuilt:
    """A notebook that can be trusted except for its answers.

    notebook : the source's cells with the student's answers; hidden tests are not in it.
    notes    : what was odd about the submission, in sentences.
    missing  : grade_ids of answers that the submission does not have;  unreadable : there is no submission.
    """

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: bool = False


def read(text: str | bytes) -> NotebookNode:
    """A notebook as nbformat 4, with cells of the three kinds only.  ValueError says why it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ids that are there twice
            book = nbformat.reads(
                text.decode("utf-8") if isinstance(text, bytes) else text, as_version=4
            )
        cells = [_cell(cell) for cell in book.cells if cell.cell_type in KINDS]
    except Exception as error:  # nbformat raises what json, its schema and its converters raise
        words = clean(f"{type(error).__name__}: {str(error)[:120]}")
        raise ValueError(f"this is no notebook ({words})") from error
    book.cells = cells
    return book


def _cell(cell: Any) -> NotebookNode:
    """A cell whose text can be written, and whose metadata is at least a mapping."""
    if not isinstance(cell.source, str):
        raise ValueError("the source of a cell is no text")
    cell.source = clean(cell.source)
    if not isinstance(cell.get("metadata"), Mapping):
        cell.metadata = NotebookNode()
    return cell


def clean(text: str) -> str:
    """Text that can be written in UTF-8: half of a pair of surrogates becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def rebuild_file(source: NotebookNode, data: bytes, note: str = "") -> Rebuilt:
    """As `rebuild`, from the bytes of the submitted file.

    note : what was odd about the file;  b"" where there is none.
    """
    notes = [note] if note else []
    submitted = None
    if data:
        try:
            submitted = read(data)
        except ValueError as error:
            notes.append(f"The file cannot be read: {error}.")
    made = rebuild(source, submitted)
    return Rebuilt(made.notebook, [*notes, *made.notes], made.missing, submitted is None)


def info(cell: Mapping[str, Any]) -> dict[str, Any]:
    """What nbgrader keeps about a cell; {} where it keeps nothing that makes sense."""
    kept = cell.get("metadata", {}).get("nbgrader")
    return dict(kept) if isinstance(kept, Mapping) and isinstance(kept.get("grade_id"), str) else {}


def is_answer(kept: Mapping[str, Any]) -> bool:
    return bool(kept.get("solution"))


def checks(source: NotebookNode) -> list[Check]:
    """The check cells of a source notebook, in order."""
    found = []
    for cell in source.cells:
        kept = info(cell)
        if cell.cell_type != "code" or not kept.get("grade") or is_answer(kept):
            continue
        calls = [
            (str(call.args[0].value), ast.unparse(call.args[1]))
            for call in ast.walk(ast.parse(cell.source))
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "check"
            and isinstance(call.args[0], ast.Constant)
        ]
        asks = tuple(dict.fromkeys(calls))
        if not asks:
            raise ValueError(f"the check {kept['grade_id']!r} calls no check(name, answer)")
        found.append(Check(kept["grade_id"], float(kept["points"]), asks))
    return found


def rebuild(source: NotebookNode, submitted: NotebookNode | None) -> Rebuilt:
    """The source's notebook with the answers of a submission; None for one that could not be read."""
    told = {kept["grade_id"]: kept for cell in source.cells if (kept := info(cell))}
    notes: list[str] = []
    answers, extra = _answers(told, submitted, notes) if submitted is not None else ({}, {})
    cells, missing = [], []
    for cell in source.cells:
        kept = info(cell)
        new: Any = nbformat.from_dict(cell)
        if cell.cell_type == "code":
            new.outputs, new.execution_count = [], None
        name = kept.get("grade_id", "")
        if is_answer(kept):
            if name in answers:
                new.source = answers[name]
            else:
                missing.append(name)
                new.source = PLACEHOLDER.format(name=name) if cell.cell_type == "code" else ""
        else:
            new.source = without_hidden(cell.source)
        cells += [new, *extra.get(name, [])]
    if submitted is not None and missing:
        notes.append(f"No cell for {', '.join(missing)}: not answered, or the cell was deleted.")
    book = nbformat.v4.new_notebook(cells=cells, metadata=source.metadata)
    return Rebuilt(book, notes, missing)


def without_hidden(text: str) -> str:
    """A check cell as students see it."""
    return re.sub(rf"[ \t]*{BEGIN}.*?{END}[^\n]*\n?", "", text, flags=re.DOTALL)


def _answers(
    told: Mapping[str, Mapping[str, Any]], book: NotebookNode, notes: list[str]
) -> tuple[dict[str, str], dict[str, list[NotebookNode]]]:
    """The student's answers by grade_id, and code cells of their own by the grade_id that they follow."""
    found: dict[str, list[tuple[int, str]]] = {}
    extra: dict[str, list[NotebookNode]] = {}
    last = ""
    for at, cell in enumerate(book.cells):
        name = _name_of(cell, told)
        if name in told:
            last = name
            if is_answer(told[name]):
                found.setdefault(name, []).append((at, cell.source))
        elif cell.cell_type == "code" and cell.source.strip():
            own = nbformat.v4.new_code_cell(cell.source[:LARGEST], id=f"own-{at}")
            extra.setdefault(last, []).append(own)
    answers = {name: _one(name, places, notes) for name, places in found.items()}
    for name, text in answers.items():
        if len(text) > LARGEST:
            notes.append(
                f"{name} has {len(text)} characters; only an answer of up to {LARGEST} is run."
            )
            answers[name] = PLACEHOLDER.format(name=name)
    count = sum(map(len, extra.values()))
    if count:
        notes.append(
            f"{count} code cell{'s' if count > 1 else ''} of the student's own, run as well."
        )
    return answers, extra


def _name_of(cell: NotebookNode, told: Mapping[str, Any]) -> str:
    """The grade_id of a cell; where the metadata are lost, the answer whose function the cell defines."""
    kept = info(cell)
    if kept:
        return kept["grade_id"] if kept["grade_id"] in told else ""
    if cell.cell_type != "code":
        return ""
    tree = _tree(cell.source)
    defined = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] if tree else []
    return next((n for n in reversed(defined) if n in told and is_answer(told[n])), "")


def _one(name: str, places: list[tuple[int, str]], notes: list[str]) -> str:
    """One answer out of cells with the same id: neighbours were split, others copied."""
    groups: list[list[tuple[int, str]]] = []
    for at, text in places:
        if groups and at == groups[-1][-1][0] + 1:
            if text != groups[-1][-1][1]:
                groups[-1].append((at, text))
        else:
            groups.append([(at, text)])
    if len(groups) > 1:
        notes.append(f"{name} is there {len(groups)} times; the last one counts.")
    pieces = [text for _, text in groups[-1]]
    joined = "\n".join(pieces)
    if len(pieces) == 1 or (not _parses(joined) and _parses(pieces[-1])):
        return pieces[-1]
    notes.append(f"{name} was split into {len(pieces)} cells; they are joined.")
    return joined


def _parses(text: str) -> bool:
    return _tree(text) is not None


def _tree(text: str) -> ast.Module | None:
    """What the text says in Python; None if nothing."""
    try:
        return ast.parse(text) if len(text) <= LARGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
