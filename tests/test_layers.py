"""Imports point down: the direction of the package, held by its syntax tree."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pgkit"
LAYERS = [  # each module imports only from layers before its own (or its own package)
    {"types", "files", "pages"},
    {"draws", "knobs", "statistics"},
    {"worlds"},
    {"optim", "memory", "returns", "rollout", "exact"},
    {"policies", "critics", "fastnets", "nets"},
    {"resets", "engine", "algorithms"},
    {"fits", "evaluation", "plug"},
    {"run"},
    {"sweep", "bugs", "cures", "one_loop", "sweet_spot", "swings"},
    {"race"},
    {"draw", "check", "glossary", "predictions", "lecture", "workdir"},
    {"figures", "checks"},
    {"widgets", "grading", "server"},
    {"lab_server", "doctor", "cli_grading", "cli_race"},
    {"cli"},
]
RANK = {name: i for i, layer in enumerate(LAYERS) for name in layer}
FORBIDDEN = {  # outside packages that only some parts may import
    "torch": {"nets"},
    "gymnasium": {"worlds"},
    "matplotlib": {"draw", "figures"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "nbgrader": {"grading"},
    "jupytext": set(),
    "numba": {"engine"},
    "rich": {"cli", "cli_grading", "cli_race"},
}


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.name != "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = part(path)
    assert here in RANK, f"{here} has no layer; add it to LAYERS"
    for name in imports(path):
        words = name.split(".")
        if words[0] == "pgkit" and len(words) > 1 and words[1] in RANK:
            there = words[1]
            assert there == here or RANK[there] < RANK[here], f"{here} must not import {there}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_outside_packages_stay_where_they_belong(path):
    used = {name.split(".")[0] for name in imports(path)}
    for package, allowed in FORBIDDEN.items():
        assert package not in used or part(path) in allowed, (
            f"{part(path)} must not import {package}"
        )


def test_the_exact_oracle_is_never_used_by_an_algorithm():
    for path in (PACKAGE / "algorithms").glob("*.py"):
        assert not any("exact" in name for name in imports(path)), path


def test_importing_pgkit_brings_in_no_heavy_package():
    heavy = (
        "torch",
        "matplotlib",
        "ipywidgets",
        "anywidget",
        "numba",
        "gymnasium",
        "distributed",
        "nbgrader",
        "jupytext",
        "rich",
    )
    code = f"import sys, pgkit; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
