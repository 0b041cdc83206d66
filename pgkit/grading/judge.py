"""The judge: values that came out of the sandbox against exact answers, and a notebook that says so.

What the student's process says is looked at here as numbers. Nothing of it is run, and no text of it decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

from pgkit.check import Report, draw_cases, judge
from pgkit.grading.rebuild import Check, info, is_answer
from pgkit.grading.sandbox import values

TEXT = 20_000  # characters of output kept of one cell


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check cell.

    text : what the student reads;  failed : the first part that is not right;  note : for the instructor.
    """

    grade_id: str
    points: float
    out_of: float
    text: str
    failed: str = ""
    note: str = ""


def request(notebook: NotebookNode, checks: Sequence[Check]) -> list[dict[str, Any]]:
    """The cells of a rebuilt notebook as the sandbox takes them: check cells only ask for values."""
    asks = {check.grade_id: check.asks for check in checks}
    cells: list[dict[str, Any]] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        key = key_of(cell)
        if key in asks:
            cells.append({"id": key, "probes": [list(ask) for ask in asks[key]]})
        else:
            cells.append({"id": key, "source": cell.source})
    return cells


def key_of(cell: NotebookNode) -> str:
    """What a cell is called in requests and replies."""
    return info(cell).get("grade_id") or cell.id


def verdicts(
    checks: Sequence[Check], reply: Mapping[str, Any], seeds: Sequence[int | None]
) -> list[Verdict]:
    """Points and words for every check, whatever the reply looks like."""
    return [_verdict(check, reply, seeds) for check in checks]


def nothing(checks: Sequence[Check], why: str) -> list[Verdict]:
    """The verdicts on what could not be read."""
    return [Verdict(check.grade_id, 0.0, check.points, why, why) for check in checks]


def _verdict(check: Check, reply: Mapping[str, Any], seeds: Sequence[int | None]) -> Verdict:
    said = reply.get("cells", {}).get(check.grade_id)
    end = reply.get("end", "")
    if not isinstance(said, Mapping) or not isinstance(said.get("values"), Mapping):
        why = (
            f"Grading stopped before this check: {end}."
            if end
            else "The notebook stopped before this check."
        )
        return Verdict(check.grade_id, 0.0, check.points, why, why)
    note: list[str] = []
    reports = [_report(name, said["values"], seeds, note) for name, _ in check.asks]
    score = sum(report.score for report in reports) / len(reports)
    failed = next((part for report in reports for part in report.parts if part.message), None)
    return Verdict(
        check.grade_id,
        round(min(score, 1.0) * check.points, 2),
        check.points,
        "\n".join(map(str, reports)),
        f"{failed.name}: {failed.message}" if failed else "",
        " ".join(dict.fromkeys(note)),
    )


def _report(
    name: str, said: Mapping[str, Any], seeds: Sequence[int | None], note: list[str]
) -> Report:
    """What is right for all seeds."""
    total = None
    for seed in seeds:
        count = len(draw_cases(name, seed))
        found = values(said.get(f"{name}/{seed}"), count)
        try:
            report = judge(name, found, seed=seed)
        except Exception as error:  # arrays of a form that the set's own probe never gives
            note.append(f"{name}: the judge could not take the results ({type(error).__name__}).")
            report = judge(name, values(None, count), seed=seed)
        total = report if total is None else total + report
    assert total is not None
    return total


# ---------------------------------------------------------------- the graded notebook


def graded(
    notebook: NotebookNode,
    reply: Mapping[str, Any],
    found: Sequence[Verdict],
    notes: Sequence[str] = (),
) -> NotebookNode:
    """The rebuilt notebook with what it printed and the judge's words: text only, and no HTML of the student's.

    notes : what was odd about the submission; they stand below the first code cell.
    """
    book: Any = nbformat.from_dict(notebook)
    by_id = {verdict.grade_id: verdict for verdict in found}
    said = reply.get("cells", {})
    for count, cell in enumerate((c for c in book.cells if c.cell_type == "code"), start=1):
        key = key_of(cell)
        cell.execution_count = count
        cell.outputs = (
            _judged(by_id[key], count)
            if key in by_id
            else _printed(said.get(key), reply.get("end", ""))
        )
    first = next((cell for cell in book.cells if cell.cell_type == "code"), None)
    if first is not None and notes:
        told = "\n".join(f"Note: {note}" for note in notes) + "\n"
        first.outputs.insert(0, nbformat.v4.new_output("stream", name="stdout", text=told))
    for cell in book.cells:
        if cell.cell_type == "markdown" and is_answer(info(cell)):
            cell.source = harmless(cell.source)
    return book


def judged_points(notebook: NotebookNode, checks: Sequence[Check]) -> dict[str, float]:
    """The points that stand in the check cells of a graded notebook."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "execute_result":
                found[key_of(cell)] = float(output.data["text/plain"])
    return {check.grade_id: found.get(check.grade_id, 0.0) for check in checks}


def with_others_kept(
    new: NotebookNode, old: NotebookNode, checks: Sequence[Check], only: str
) -> NotebookNode:
    """A graded notebook in which the check `only` is new and every other one is as it was."""
    book: Any = nbformat.from_dict(new)
    before = {key_of(cell): cell for cell in old.cells if cell.cell_type == "code"}
    for cell in book.cells:
        name = key_of(cell) if cell.cell_type == "code" else ""
        if name != only and any(check.grade_id == name for check in checks) and name in before:
            cell.outputs = nbformat.from_dict(before[name].outputs)
    return book


def harmless(markdown: str) -> str:
    """Markdown in which no HTML tag begins, no link runs a script and no formula makes a link or an element."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", markdown)
    text = re.sub(r"(?i)(javascript|vbscript|data)(\s*:)", r"\1 \2", text)
    return re.sub(
        r"\\(?=(href|url|require|cssId|class|style|html\w*|mmlToken|unicode|def|let)\b)",
        r"\\ ",
        text,
    )


def _judged(verdict: Verdict, count: int) -> list[NotebookNode]:
    points = {"text/plain": f"{verdict.points:g}"}
    return [
        nbformat.v4.new_output("stream", name="stdout", text=verdict.text + "\n"),
        nbformat.v4.new_output("execute_result", data=points, execution_count=count),
    ]


def _printed(said: Any, end: str) -> list[NotebookNode]:
    if not isinstance(said, Mapping):
        why = f"Not run: {end}." if end else "Not run."
        return [nbformat.v4.new_output("stream", name="stdout", text=why + "\n")]
    outputs = []
    for name in ("stdout", "stderr"):
        text = said.get(name)
        if isinstance(text, str) and text:
            outputs.append(nbformat.v4.new_output("stream", name=name, text=text[:TEXT]))
    error = said.get("error")
    if isinstance(error, str) and error:
        kind, _, words = error[:2000].partition(": ")
        outputs.append(
            nbformat.v4.new_output("error", ename=kind, evalue=words, traceback=[error[:2000]])
        )
    return outputs
