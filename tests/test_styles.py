"""Style sheets are global on a page: what one part of the kit calls its own, no other part may style."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

WIDGETS = Path(__file__).resolve().parent.parent / "pgkit" / "widgets"


def sheets() -> dict[str, str]:
    """Every style sheet, by the file that it stands in."""
    found = {path.name: path.read_text(encoding="utf-8") for path in WIDGETS.glob("*.css")}
    for path in sorted(WIDGETS.rglob("*.mjs")):
        inside = re.findall(
            r"const (?:STYLE|LOOK) = `(.*?)`;", path.read_text(encoding="utf-8"), re.S
        )
        if inside:
            found[path.name] = "\n".join(inside)
    return found


def owned(sheet: str) -> set[str]:
    """The classes that a sheet styles wherever they stand: rules whose selector is that class alone."""
    rules = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    selectors = re.findall(r"(?:^|[{};])\s*([^{};@]+)\{", rules)
    parts = [part.strip() for selector in selectors for part in selector.split(",")]
    return {part[1:] for part in parts if re.fullmatch(r"\.pg-[\w-]+", part)}


def test_no_part_of_the_kit_styles_what_belongs_to_another():
    owners = defaultdict(set)
    for name, sheet in sheets().items():
        for cls in owned(sheet):
            owners[cls].add(name)
    assert len(owners) > 60
    assert {cls: sorted(names) for cls, names in owners.items() if len(names) > 1} == {}


def test_what_a_module_styles_for_itself_is_used_by_no_other():
    text = {
        path.name: path.read_text(encoding="utf-8")
        for path in WIDGETS.rglob("*")
        if path.suffix in (".mjs", ".css")
    }
    for name, sheet in sheets().items():
        if name.endswith(".css"):
            continue
        for cls in owned(sheet):
            users = [other for other in text if re.search(rf"\b{cls}\b(?!-)", text[other])]
            assert users == [name], cls
