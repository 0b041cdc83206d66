"""A page that stands alone: HTML with bars as SVG, no script and no other file."""

from __future__ import annotations

import html
from collections.abc import Sequence

WIDTH, LEFT, BAR, GAP = 640, 190, 24, 6  # of bars, in pixels


def page(title: str, lead: str, sections: Sequence[str]) -> str:
    """The whole page; `lead` and the sections are HTML."""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff; max-width: 760px; margin: 2rem auto; }}
section {{ margin: 2rem 0; break-inside: avoid; }} h2 {{ font-size: 1.1rem; margin: 0 0 .2rem; }}
p {{ margin: .2rem 0; color: #5d6a78; }} svg {{ max-width: 100%; font: 14px system-ui, sans-serif; }}
table {{ border-collapse: collapse; }}
:is(td, th) {{ padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top; }}
</style>
<h1>{html.escape(title)}</h1>
<p>{lead}</p>
{"".join(sections)}
</html>
"""


def section(title: str, words: str, inside: str) -> str:
    """A heading, a line of plain text, and HTML."""
    return f"<section><h2>{html.escape(title)}</h2><p>{html.escape(words)}</p>{inside}</section>\n"


def bars(rows: Sequence[tuple[str, int, bool]]) -> str:
    """Horizontal bars: (label, count, whether it is striped and marked ✓)."""
    most = max((n for _, n, _ in rows), default=0) or 1
    drawn = []
    for i, (label, n, marked) in enumerate(rows):
        y, wide = i * (BAR + GAP), (WIDTH - LEFT - 60) * n / most
        words = label if len(label) <= 24 else label[:23] + "…"
        drawn.append(
            f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{html.escape(words)}'
            f"<title>{html.escape(label)}</title></text>"
            f'<rect x="{LEFT}" y="{y}" width="{max(wide, 2):.0f}" height="{BAR}" rx="3" '
            f'fill="{"url(#hit)" if marked else "#0072b2"}"/>'
            f'<text x="{LEFT + max(wide, 2) + 8:.0f}" y="{y + 17}">{n}{" ✓" if marked else ""}</text>'
        )
    said = ", ".join(f"{label}: {n}" for label, n, _ in rows)
    return (
        f'<svg role="img" aria-label="{html.escape(said)}" viewBox="0 0 {WIDTH} {len(rows) * (BAR + GAP)}" '
        f'width="{WIDTH}"><defs><pattern id="hit" width="8" height="8" patternTransform="rotate(45)" '
        'patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="#00875f"/>'
        '<rect width="3" height="8" fill="#5fc0a3"/></pattern></defs>'
        f"{''.join(drawn)}</svg>"
    )
