"""pyproject.toml, requirements.lock and environment.yml say the same; the two commands are what the README says."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = dict(
    line.split("==")
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if "==" in line
)


def requirements():
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [r for r in map(Requirement, texts) if r.name != "pgkit"]


def test_the_lock_pins_every_requirement_within_its_bounds():
    for requirement in requirements():
        pin = LOCK.get(canonicalize_name(requirement.name))
        assert pin, f"{requirement.name} is not in requirements.lock; run `make lock`"
        assert requirement.specifier.contains(pin), f"{requirement} but the lock has {pin}"


def test_torch_is_the_one_build_at_hand():
    assert LOCK["torch"] == "2.13.0"


def test_the_lock_holds_nothing_but_exact_versions():
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9._-]+==[0-9][0-9A-Za-z.]*", line), line


def test_conda_installs_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert "-r requirements.lock" in pip
    assert "-e ." in pip
    assert [p for p in pip if "==" in p] == []  # pins stand in one place
    python = next(d for d in environment["dependencies"] if str(d).startswith("python="))
    version = python.split("=")[-1]
    assert PROJECT["requires-python"] == ">=3.11"
    assert tuple(map(int, version.split("."))) >= (3, 11)


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in requirements():
        line = next(x for x in text.splitlines() if re.match(rf'\s*"{requirement.name}\b', x))
        assert "#" in line, f"say in pyproject.toml what {requirement.name} is for"


def test_the_readme_names_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for command in ("lab", "test"):
        assert f"make {command}" in readme
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_every_link_in_the_readme_and_docs_leads_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
