"""What notebook 00 relies on: the map of the lecture, and a self-test that is quick."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from pgkit import Reinforce, Run, doctor, load_world
from pgkit.figures import CHAPTERS, KNOBS, lecture_map

ROOT = Path(__file__).resolve().parent.parent


def test_the_map_has_thirteen_chapters_and_the_notebooks_bear_their_numbers():
    assert len(CHAPTERS) == 13
    assert {knob for knob, *_ in CHAPTERS} == set(KNOBS)
    assert [knob for knob, *_ in CHAPTERS[5:8]] == ["start", "norm", "weight"]  # the nightmares
    for path in sorted((ROOT / "course").glob("[0-9]*.py")):
        _, chapter, *_ = CHAPTERS[int(path.stem[:2])]
        title = path.read_text(encoding="utf-8").splitlines()[1].lower()
        words = [w for w in re.findall(r"[a-z]+", chapter.lower()) if len(w) > 3]
        assert any(word[:6] in title for word in words), (chapter, title)


def test_the_map_says_in_words_what_it_shows():
    picture = lecture_map()
    assert picture.png().startswith(b"\x89PNG")
    for _, chapter, slide, turned in CHAPTERS:
        assert chapter in picture.words
        assert slide in picture.words
        assert turned in picture.words
    page = picture._repr_html_()
    assert page.count("Weighted classification") == 1  # once for who does not see it, in alt
    assert picture.caption in page


def test_the_quick_examination_finds_what_the_long_one_finds():
    quick, long = doctor.examine(quick=True), doctor.examine()
    assert [c.name for c in quick] == [c.name for c in long]
    assert [c.ok for c in quick] == [c.ok for c in long]


def test_the_quick_examination_names_a_missing_package_and_what_to_do(monkeypatch):
    def version(name):
        if name == "torch":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", version)
    (found,) = (c for c in doctor.examine(quick=True) if c.name == "torch")
    assert not found.ok
    assert found.found == "not installed"
    assert "make lab" in found.advice


@pytest.mark.parametrize("knob", KNOBS)
def test_the_knobs_can_be_told_apart_on_white(knob):
    """WCAG's contrast to white is at least 4.5."""
    channels = [int(KNOBS[knob][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    brightness = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (brightness + 0.05) >= 4.5


def test_the_hint_of_the_practice_exercise_leads_to_its_goal():
    for alpha, updates, enough in ((3.0, 100, False), (0.3, 500, True), (0.1, 2000, True)):
        algorithm = Reinforce(alpha=alpha, episodes=8, horizon=1)
        run = Run(algorithm, load_world("bandit"), runs=100, seed=5).advance(updates)
        on_the_best = (run.policy.table(run.state.theta)[:, 0, 9] > 0.5).sum()
        assert (on_the_best >= 85) == enough
