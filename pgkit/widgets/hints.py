"""Staged hints: a nudge, the method, almost the code. They fold open in the page and need no kernel."""

from __future__ import annotations

import re
import textwrap

STAGES = ("nudge", "method", "almost code")
_ITEM = re.compile(r"^- (" + "|".join(STAGES) + r"):[ \t]*", re.MULTILINE)


def hints_markdown(source: str) -> str:
    """A list `- nudge: …`, `- method: …`, `- almost code: …` as nested <details>, one inside the other.

    Parameters
    ----------
    source : the list; a stage may run over several lines (indented), also with a code block.

    Raises
    ------
    ValueError : when the stages are not the three, in this order.
    """
    pieces = _ITEM.split(source.strip() + "\n")
    if pieces[0].strip() or tuple(pieces[1::2]) != STAGES:
        raise ValueError(f"hints are a list with the items {', '.join(STAGES)}, in this order")
    return staged(*(textwrap.dedent(" " * 2 + text).strip() for text in pieces[2::2]))


def staged(nudge: str, method: str, almost_code: str) -> str:
    """The three hints in Markdown, each inside the one before, so that nobody sees too much at once."""
    text = ""
    for number, (stage, hint) in reversed(
        list(enumerate(zip(STAGES, (nudge, method, almost_code), strict=True), start=1))
    ):
        inner = f"\n\n{text}" if text else ""
        text = f"<details><summary>Hint {number} of 3: {stage}</summary>\n\n{hint}{inner}\n\n</details>"
    return text


def folded(summary: str, text: str) -> str:
    """One foldable paragraph in Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
