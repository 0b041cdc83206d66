"""Cards: quiz, glossary, notation, spot the bug.  Once shown they need no kernel; on paper they fold open.

Their state lives in the page, and nothing is counted.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit.bugs import BUGS, Bug, find, source_of
from pgkit.glossary import TERMS, look_up, said, typeset

_HERE = Path(__file__).parent
_ESM = (_HERE / "cards.mjs").read_text(encoding="utf-8")
CSS = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("lab.css", "cards.css"))


class _Page(anywidget.AnyWidget):
    _esm = _ESM
    _css = CSS
    card = traitlets.Dict().tag(sync=True)


class Card:
    """Something to read or answer.  Shown as a cell's last expression.

    content : what the page needs, as JSON.   page, text : the same without a kernel, as HTML and as plain text.
    """

    def __init__(self, content: Mapping[str, Any], page: str, text: str) -> None:
        self.page, self.text = page, text
        self.view = _Page(card=dict(content))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None):
        return bundle(self.view, self.page, self.text)


def bundle(view: Any, page: str, text: str):
    """The live view where there is a kernel; else the page, else the text."""
    made = view._repr_mimebundle_()
    data, metadata = made if isinstance(made, tuple) else (made, {})
    return {**(data or {}), "text/html": page, "text/plain": text}, metadata


# ---------------------------------------------------------------- quiz


def quiz(
    question: str, choices: Sequence[str], *, answer: str, explain: Mapping[str, str], key: str
) -> Card:
    """A question with choices, in the order given; each choice, right or wrong, has its own explanation.

    Parameters
    ----------
    question : a sentence.
    choices : at least two, all different.
    answer : the right one.
    explain : choice -> why it is right or wrong; for all choices.
    key : a name for the question, one for each in the course.

    Raises
    ------
    ValueError : too few or equal choices, an answer that is none of them, explanations missing or too many.
    """
    content = _question(question, choices, answer, explain, key)
    return Card({"kind": "quiz", **content}, _quiz_page(content), _quiz_text(question, choices))


def _question(question, choices, answer, explain, key) -> dict[str, Any]:
    if not str(key).strip():
        raise ValueError(
            f"key = {key!r}, but a quiz needs a name; give it one such as 'reinforce-1'"
        )
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise ValueError(
            f"choices = {list(choices)!r}, but quiz {key!r} needs at least two, all different; add or reword some"
        )
    if answer not in choices:
        raise ValueError(
            f"answer = {answer!r}, but it must be one of the choices; copy it from there"
        )
    lacking = [c for c in choices if not str(explain.get(c, "")).strip()]
    unknown = [c for c in explain if c not in choices]
    if lacking or unknown:
        raise ValueError(
            f"explain = {list(explain)!r}, but each choice needs its own explanation and nothing else does; "
            f"add {lacking!r}, leave out {unknown!r}"
        )
    return {
        "key": key,
        "label": question,
        "question": typeset(question),
        "choices": [
            {"text": typeset(c), "right": c == answer, "why": typeset(explain[c])} for c in choices
        ],
    }


def _quiz_page(content: Mapping[str, Any]) -> str:
    items = "".join(
        f"<li>{c['text']}<details><summary>Is it this one?</summary>"
        f"<p><b>{'Yes.' if c['right'] else 'No.'}</b> {c['why']}</p></details></li>"
        for c in content["choices"]
    )
    return f"<p><b>Quiz.</b> {content['question']}</p><ol type='A'>{items}</ol>"


def _quiz_text(question: str, choices: Sequence[str]) -> str:
    lines = [f"{chr(65 + i)}. {c}" for i, c in enumerate(choices)]
    return "\n".join([f"Quiz. {question}", *lines])


# ---------------------------------------------------------------- glossary and notation


def glossary() -> Card:
    """All terms of the course; type to find one."""
    terms = sorted(TERMS, key=lambda t: t.name.lower())
    rows = [
        {
            "name": t.name,
            "symbol": typeset(t.symbol),
            "plain": said(t),
            "meaning": typeset(t.meaning),
            "met": t.met,
            "see": list(t.see),
        }
        for t in terms
    ]
    page = "".join(
        f"<dt><b>{html.escape(t.name)}</b> {typeset(t.symbol)}</dt>"
        f"<dd>{typeset(said(t).partition(': ')[2])}</dd>"
        for t in terms
    )
    text = "\n".join(map(said, terms))
    return Card({"kind": "glossary", "terms": rows}, f"<dl>{page}</dl>", text)


class Snippet:
    """A piece of HTML and its plain text."""

    def __init__(self, page: str, text: str) -> None:
        self.page, self.text = page, text

    def _repr_html_(self) -> str:
        return self.page

    def __repr__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.page


def term(name: str) -> Snippet:
    """A word of the glossary: its meaning on hover, and below it on a click or the Enter key.

    Raises ValueError for a word that the glossary does not have.
    """
    words = said(look_up(name))
    page = (
        f'<details class="pgkit-term"><summary title="{html.escape(words, quote=True)}" '
        f'style="cursor:help"><dfn>{html.escape(name)}</dfn></summary>{typeset(words)}</details>'
    )
    return Snippet(page, words)


def notation() -> Snippet:
    """The symbols: what each means, what it is in code, where it is first met."""
    rows = [t for t in TERMS if t.symbol]
    cells = "".join(
        f"<tr><th scope='row' style='text-align:left;white-space:nowrap'>{typeset(t.symbol)}</th>"
        f"<td style='text-align:left'><b>{html.escape(t.name)}</b>. {typeset(t.meaning)}</td>"
        f"<td style='text-align:left'>{f'<code>{html.escape(t.code)}</code>' if t.code else ''}</td>"
        f"<td>{t.met:02d}</td></tr>"
        for t in rows
    )
    head = "".join(
        f"<th scope='col' style='text-align:left'>{h}</th>"
        for h in ("Symbol", "Meaning", "In code", "Notebook")
    )
    text = "\n".join(f"{t.symbol}  {t.name}  {t.code}  {t.met:02d}" for t in rows)
    return Snippet(f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>", text)


# ---------------------------------------------------------------- spot the bug


def spot_the_bug(key: str) -> Card:
    """The learning curves with and without a bug: which bug is it?  After the right answer, the diff.

    Raises ValueError for an unknown bug.
    """
    bug = find(key)
    iterations, right, wrong = bug.curves()
    picture, words = _curves_svg(iterations, right, wrong, CURVES[bug.curve])
    explain = {**bug.distractors, bug.title: bug.explanation}
    choices = sorted(explain)  # by the alphabet, so that the place of the right one says nothing
    where = f"{bug.algorithm.__name__} in {bug.make_world().name}"
    content = _question("One line differs. Which bug is it?", choices, bug.title, explain, bug.key)
    answer = {"symptom": bug.symptom, "diff": _diff(bug)}
    lines = "".join(
        f"{sign} {html.escape(line)}\n"
        for sign, line in [(d["sign"], d["line"]) for d in answer["diff"]]
    )
    page = (
        f"<h4>Spot the bug: {html.escape(where)}</h4><figure style='margin:0;max-width:640px'>{picture}"
        f"<figcaption>{html.escape(words)}</figcaption></figure>{_quiz_page(content)}"
        f"<details><summary>The bug</summary><p>{html.escape(bug.symptom)} "
        f"{html.escape(bug.explanation)}</p><pre>{lines}</pre></details>"
    )
    text = f"Spot the bug: {where}. {words}\n{_quiz_text(content['label'], choices)}"
    shown = {"kind": "bug", "where": where, "picture": picture, "words": words, **content, **answer}
    return Card(shown, page, text)


def bug_gallery() -> Snippet:
    """All bugs: the algorithm, and how to look at each, without giving it away."""
    rows = [(b.key, b.algorithm.__name__, b.make_world().name) for b in BUGS.values()]
    items = "".join(
        f"<tr><td>{i}</td><td style='text-align:left'>{html.escape(a)}</td><td style='text-align:left'>"
        f"{html.escape(w)}</td><td style='text-align:left'><code>spot_the_bug({html.escape(repr(k))})</code></td></tr>"
        for i, (k, a, w) in enumerate(rows, start=1)
    )
    head = "".join(f"<th scope='col'>{h}</th>" for h in ("", "Algorithm", "World", "Look at it"))
    text = "\n".join(f"{a} in {w}: spot_the_bug({k!r})" for k, a, w in rows)
    return Snippet(f"<table><thead><tr>{head}</tr></thead><tbody>{items}</tbody></table>", text)


def _diff(bug: Bug) -> list[dict[str, str]]:
    """The changed line with the line before and after it, where the bug is in the source."""
    right = [{"sign": "-", "line": bug.wrong_line}, {"sign": "+", "line": bug.right_line}]
    if bug.scored_from_mu:
        return right
    text = source_of(bug.algorithm, bug.method)
    lines = [line.partition("  # ")[0].rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line.strip()]
    at = next(i for i, line in enumerate(lines) if bug.right_line in line)
    old = lines[at].replace(bug.right_line, bug.wrong_line)
    shown = [
        (" ", lines[at - 1]),
        ("-", old),
        ("+", lines[at]),
        *[(" ", x) for x in lines[at + 1 : at + 2]],
    ]
    return [{"sign": sign, "line": line} for sign, line in shown]


CURVES = {"J": "Return J", "error of V": "Error of V (root mean square over states)"}


def _curves_svg(x: Sequence[int], right: Any, wrong: Any, shown: str) -> tuple[str, str]:
    """Median and the middle 80 % over runs as inline SVG, and the same in words."""
    bands = [np.quantile(y, (0.1, 0.5, 0.9), axis=1) for y in (right, wrong)]
    low, high = min(b.min() for b in bands), max(b.max() for b in bands)
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    pad = 0.06 * (high - low)
    low, high = low - pad, high + pad
    left, top, width, height = 52, 30, 572, 220

    def at(i: int, y: float) -> str:
        return f"{left + width * x[i] / x[-1]:.1f},{top + height * (high - y) / (high - low):.1f}"

    ticks = _round_ticks(low, high)
    parts = [
        f"<line x1='{left}' x2='{left + width}' y1='{y:.1f}' y2='{y:.1f}' stroke='currentColor' opacity='.18'/>"
        f"<text x='{left - 8}' y='{y + 4:.1f}' text-anchor='end'>{value:g}</text>"
        for value in ticks
        for y in [top + height * (high - value) / (high - low)]
    ]
    styles = (
        ("right", "var(--pg-policy, #0072b2)", ""),
        ("with the bug", "var(--pg-fire, #d55e00)", "7 4"),
    )
    for k, ((name, hue, dash), (below, middle, above)) in enumerate(
        zip(styles, bands, strict=True)
    ):
        edge = [at(i, y) for i, y in enumerate(above)] + [
            at(i, below[i]) for i in reversed(range(len(x)))
        ]
        line = " ".join(at(i, y) for i, y in enumerate(middle))
        stroke = f"fill='none' stroke='{hue}' stroke-width='2.5' stroke-dasharray='{dash}'"
        parts += [
            f"<polygon points='{' '.join(edge)}' fill='{hue}' opacity='.18'/>",
            f"<polyline points='{line}' {stroke}/>",
            f"<line x1='{left + 130 * k}' x2='{left + 28 + 130 * k}' y1='14' y2='14' {stroke}/>",
            f"<text x='{left + 36 + 130 * k}' y='18'>{name}</text>",
        ]
    foot = top + height + 18
    if shown != CURVES["J"]:
        parts.append(
            f"<text x='{left + width}' y='18' text-anchor='end'>{html.escape(shown)}</text>"
        )
    parts.append(f"<text x='{left}' y='{foot}'>0</text>")
    parts.append(f"<text x='{left + width}' y='{foot}' text-anchor='end'>{x[-1]} iterations</text>")
    (_, r, _), (_, w, _) = bands
    words = (
        f"{shown} of {right.shape[1]} runs, median and the middle 80 %. Right: from {r[0]:.3g} to {r[-1]:.3g}. "
        f"With the bug: from {w[0]:.3g} to {w[-1]:.3g}."
    )
    svg = (
        f"<svg viewBox='0 0 640 276' role='img' aria-label='{html.escape(words)}' style='width:100%' "
        f"font-size='12' fill='currentColor'>{''.join(parts)}</svg>"
    )
    return svg, words


def _round_ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers within the range."""
    raw = (high - low) / 4
    unit = 10.0 ** np.floor(np.log10(raw))
    step = unit * next(m for m in (1, 2, 5, 10) if m * unit >= raw)
    return [
        float(round(k * step, 10)) for k in range(int(np.ceil(low / step)), int(high // step) + 1)
    ]
