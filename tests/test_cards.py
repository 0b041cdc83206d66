"""Quiz, glossary, notation and the page of a bug."""

import re

import pytest

from pgkit import glossary as words
from pgkit.glossary import with_meanings
from pgkit.widgets.cards import bug_gallery, glossary, notation, quiz, spot_the_bug, term

ASK = {"answer": "b", "explain": {"a": "No <i>.", "b": "Yes."}, "key": "k"}


def page(card):
    data = card._repr_mimebundle_()[0]
    return data["text/html"], data["text/plain"]


def test_a_quiz_has_everything_for_readers_without_a_kernel():
    html, text = page(quiz("a < b?", ["b", "a"], **ASK))
    assert "a &lt; b?" in html
    assert html.index("<li>b") < html.index("<li>a")
    assert html.count("<details>") == 2
    assert "No &lt;i&gt;." in html
    assert "A. b" in text


@pytest.mark.parametrize(
    ("changes", "choices", "says"),
    [
        ({"explain": {"b": "Yes."}}, ["a", "b"], "add \\['a'\\]"),
        ({"explain": {"a": "n", "b": "y", "c": "?"}}, ["a", "b"], "leave out \\['c'\\]"),
        ({"answer": "c"}, ["a", "b"], "answer = 'c'"),
        ({}, ["b"], "at least two"),
        ({}, ["b", "b"], "all different"),
        ({"key": " "}, ["a", "b"], "key = ' '"),
    ],
)
def test_a_bad_quiz_is_refused(changes, choices, says):
    with pytest.raises(ValueError, match=says):
        quiz("?", choices, **{**ASK, **changes})


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("π_θ(a|s)", "π<sub>θ</sub>(a|s)"),
        (
            "∇_θ log π_θ(a_t|s_t) Q̂_t",
            "∇<sub>θ</sub> log π<sub>θ</sub>(a<sub>t</sub>|s<sub>t</sub>) Q̂<sub>t</sub>",
        ),
        ("π_{k+1} ← argmax_π E_D[x]", "π<sub>k+1</sub> ← argmax<sub>π</sub> E<sub>D</sub>[x]"),
        (
            "d_π*/μ, V^π(s), V̂_φ(s'_i)",
            "d<sub>π*</sub>/μ, V<sup>π</sup>(s), V̂<sub>φ</sub>(s'<sub>i</sub>)",
        ),
        ("‖d_π*/μ‖_∞ < 2", "‖d<sub>π*</sub>/μ‖<sub>∞</sub> &lt; 2"),
        (
            "γ^(T-t) V(s_T), V_soft, k_max",
            "γ<sup>T-t</sup> V(s<sub>T</sub>), V<sub>soft</sub>, k<sub>max</sub>",
        ),
        ("q_hat, reward_to_go, tau.s_next, x_long", "q_hat, reward_to_go, tau.s_next, x_long"),
    ],
)
def test_symbols_are_typeset_and_names_of_python_are_not(text, typed):
    assert words.typeset(text) == typed


def test_the_glossary_is_large_and_consistent():
    names = [t.name.lower() for t in words.TERMS]
    symbols = [t.symbol for t in words.TERMS if t.symbol]
    assert len(names) >= 45
    assert len(set(names)) == len(names)
    assert len(set(symbols)) == len(symbols)
    for t in words.TERMS:
        assert t.meaning.endswith(".")
        assert 0 <= t.met <= 12
        assert t.name not in t.see
        for other in t.see:
            assert words.look_up(other).name == other
        assert (
            not t.code
            or t.symbol
            or t.name
            in (
                "termination",
                "truncation",
                "temperature",
                "replay",
                "leave-one-out",
                "start distribution",
            )
        )


def test_every_page_is_escaped_and_says_it_in_text_too():
    html, text = page(glossary())
    assert "(s<sub>t+1</sub>)" in html
    assert text.count("\n") == len(words.TERMS) - 1
    assert "<dfn" in str(term("TD error"))
    assert "TD error (δ_t)" in repr(term("TD error"))
    nasty = words.Term("<b>", "<i>", 'a "quote" & <s>.', 1)
    assert "<s>" not in words._plain(words.said(nasty))
    assert words.glossary_markdown("TD error").startswith(
        "- **TD error** (δ<sub>t</sub>): r<sub>t</sub> + γ"
    )
    assert notation()._repr_html_().count("<tr>") == 1 + sum(bool(t.symbol) for t in words.TERMS)


def test_an_unknown_term_is_refused_with_a_near_one():
    with pytest.raises(ValueError, match=r"term = 'advantge'.*advantage"):
        term("advantge")


def test_a_word_opens_its_meaning_by_key_and_in_the_text():
    html, text = str(term("advantage")), repr(term("advantage"))
    assert html.startswith('<details class="pgkit-term"><summary title="advantage')
    assert text.startswith("advantage (")
    shown = with_meanings("Every [[baseline]] and its [[advantage|advantages]].")
    assert re.fullmatch(
        r'Every <abbr title="baseline.*">baseline</abbr> and its <abbr title="advantage.*">advantages</abbr>\.',
        shown,
    )
    with pytest.raises(ValueError, match=r"'basline'.*baseline"):
        with_meanings("[[basline]]")
    code = "`x[[m]]` and ``a ` [[m]]``\n```python\nx = [[0]]\ny[[m]] = 1\n```\n"
    assert with_meanings(code) == code
    assert with_meanings(code + "[[baseline]]").startswith(code + '<abbr title="baseline')


def test_a_bug_shows_its_curves_and_hides_its_answer():
    html, text = page(spot_the_bug("stale_policy"))
    assert "<svg" in html
    assert html.index("<details") < html.index("policy.init(world, draws), draws")
    assert "Median" in text.title()
    assert "policy.init" not in text
    assert "spot_the_bug('sign')" in repr(bug_gallery())
