"""What a class made of a problem set: points of each exercise, what failed most, what was slow, what did not run."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pgkit import pages
from pgkit.grading.course import Course
from pgkit.grading.desk import alias
from pgkit.grading.outcome import read_log

SLOWEST = 8
COMMONEST = 3


def report(course: Course, ps: str, *, anonymous: bool = True) -> str:
    """The HTML page.  ValueError where nothing is graded yet."""
    entries = read_log(course, ps)
    if not entries:
        raise ValueError(f"{ps}: nothing is graded yet; run pgkit grade {ps}")
    name = (lambda student: alias(course, student)) if anonymous else str
    totals = [entry["points"] for entry in entries]
    most = sum(entries[0]["out_of"].values())
    ran = [entry for entry in entries if entry["status"] in ("ok", "repaired")]
    lead = (
        f"{len(entries)} submissions, mean {sum(totals) / len(totals):.1f} of {most:g} points, "
        f"{len(entries) - len(ran)} did not run to their end."
    )
    sections = [
        pages.section(
            "Points", "Students with so many points.", pages.bars(_histogram(totals, most))
        )
    ]
    sections += [_exercise(check, entries) for check in entries[0]["out_of"]]
    sections.append(_table("Did not run to their end", [e for e in entries if e not in ran], name))
    slow = sorted(entries, key=lambda e: -e["seconds"])[:SLOWEST]
    rows = "".join(
        f"<tr><td>{html.escape(name(e['student']))}</td><td>{e['seconds']:.1f} s</td></tr>"
        for e in slow
    )
    sections.append(pages.section("Slowest", "", f"<table>{rows}</table>"))
    return pages.page(f"{ps}: how the class did", lead, sections)


def _histogram(
    values: Sequence[float], most: float, steps: int = 10
) -> list[tuple[str, int, bool]]:
    """Ten equal classes; full points have one of their own."""
    counts = Counter(min(int(steps * v / most), steps - 1) if v < most else steps for v in values)
    labels = [f"{k * most / steps:g} to {(k + 1) * most / steps:g}" for k in range(steps)]
    return [(label, counts[k], False) for k, label in enumerate(labels)] + [
        (f"all {most:g}", counts[steps], True)
    ]


def _exercise(check: str, entries: Sequence[dict[str, Any]]) -> str:
    out_of = entries[0]["out_of"][check]
    points = [entry["scores"][check] for entry in entries]
    texts = [entry["failed"][check] for entry in entries if check in entry["failed"]]
    parts = Counter(text.partition(": ")[0] for text in texts)
    full, mean = sum(p == out_of for p in points), sum(points) / len(points)
    words = f"{full} of {len(points)} have all {out_of:g} points, mean {mean:.2f}."
    commonest = "".join(
        f"<tr><td>{n}</td><td><b>{html.escape(part[:100])}</b>: {html.escape(_hint(part, texts))}</td></tr>"
        for part, n in parts.most_common(COMMONEST)
    )
    counts = Counter(points)
    rows = [(f"{p:g} points", counts[p], p == out_of) for p in sorted(counts)]
    return pages.section(
        check.removeprefix("check-"), words, f"{pages.bars(rows)}<table>{commonest}</table>"
    )


def _notes(entry: dict[str, Any], name: Any) -> str:
    """The notes; without names of files, which may hold the student's, where students have none."""
    text = " ".join(entry["notes"])
    return text if name is str else re.sub(r"\S.*?\.ipynb", "….ipynb", text)


def _hint(part: str, texts: Sequence[str]) -> str:
    """What was said most often about that part."""
    said = Counter(text.partition(": ")[2] for text in texts if text.partition(": ")[0] == part)
    return said.most_common(1)[0][0][:400]


def _table(title: str, entries: Sequence[dict[str, Any]], name: Any) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name(e['student']))}</td><td>{html.escape(e['status'])}</td>"
        f"<td>{html.escape(_notes(e, name))}</td></tr>"
        for e in entries
    )
    return pages.section(title, "" if entries else "All of them did.", f"<table>{rows}</table>")
