"""The labs of notebook 08 in a real browser: what their pages compute is what Python computes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from pgkit.widgets.batch_lab import BatchLab
from pgkit.widgets.triad_lab import EXAMPLES, UPDATES, TriadLab
from pgkit.widgets.walk_lab import EPISODES, LOOKS, METHODS, WalkLab
from tests.e2e.jupyter import drawn
from tests.e2e.pages import follow, lab_page, painted, shot
from tests.e2e.test_notebooks import AXE, SERIOUS

pytestmark = pytest.mark.e2e


def test_the_page_learns_from_the_walks_what_python_learns(browser):
    lab = WalkLab()
    page, wrong = lab_page(browser, lab)
    settings = (
        (0.03, 0.1, 0.5, 1, False),
        (0.9, 0.01, 0.0, 37, True),
        (0.2, 1.0, 1.0, EPISODES, False),
    )
    for k, (mc, td, initial, episode, falling) in enumerate(settings):
        lab.seed, lab.alpha_mc, lab.alpha_td, lab.initial = 6 + k % 2, mc, td, initial
        lab.episode, lab.falling = episode, falling
        for look in LOOKS:
            lab.look = look
            shown = follow(page, lab)
        v, found = json.loads(shown["v"]), json.loads(shown["found"])
        assert shown["walk"] == lab.walk.partition(",")[0]
        for m in METHODS:
            np.testing.assert_allclose(v[m], lab.values(m)[episode, 0], atol=1e-12)
            assert found[m]["error"] == pytest.approx(lab.error(m))
            assert found[m]["least"] == pytest.approx(lab.least(m))
            assert found[m]["bias"] == pytest.approx([lab.bias(m), lab.bias(m, "V")], abs=1e-12)
            assert found[m]["variance"] == pytest.approx(
                [lab.variance(m), lab.variance(m, "V")], abs=1e-12
            )
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_the_walk_lab_is_played_dragged_and_typed_and_a_cell_is_clicked(browser):
    page, wrong = lab_page(browser, WalkLab(episode=0))
    status = page.get_by_role("status")
    page.get_by_role("button", name="Next episode").click()
    expect(status).to_contain_text("Episode 1 of run 1: C B A B A, out on the left, G = 0")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.values.episode >= 4", timeout=10_000)
    page.get_by_role("button", name="Pause").click()
    stopped = page.evaluate("window.values.episode")
    time = page.get_by_role("slider", name="episode")
    time.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.values.episode") == stopped + 1
    field = page.get_by_label("Monte Carlo α, typed")
    field.fill("0")
    field.press("Enter")
    expect(status).to_contain_text("above 0")
    field.fill("0,25")
    field.press("Enter")
    assert page.evaluate("window.values.alpha_mc") == 0.25
    page.get_by_role("radio", name="Can have bias").check()
    assert page.evaluate("window.values.look") == "TD bias"
    expect(status).to_contain_text("TD, bias: the mean target is off by")
    page.get_by_role("radio", name="falling α").check(force=True)
    assert page.evaluate("window.values.falling") is True
    box = page.get_by_role("img", name="error of V").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 16, box["y"] + 100)
    page.mouse.up()
    assert page.evaluate("window.values.episode") > 95
    page.get_by_role("button", name="New walks").click()
    assert page.evaluate("window.values.seed") == 7
    page.evaluate(f"() => {{ {AXE} }}")
    assert page.locator(".pgkit-lab").evaluate(SERIOUS) == []
    assert wrong == []
    page.close()


def test_the_page_diverges_as_python_does(browser):
    lab = TriadLab()
    page, wrong = lab_page(browser, lab)
    for example, bootstrap, shared in itertools.product(EXAMPLES, (True, False), (True, False)):
        lab.example, lab.bootstrap, lab.shared = example, bootstrap, shared
        for lab.alpha, lab.gamma, lab.off in ((0.1, 0.99, 1.0), (0.01, 0.6, 0.35), (0.5, 1.0, 0.0)):
            lab.update = UPDATES[example] // 2
            shown = follow(page, lab)
            assert float(shown["factor"]) == pytest.approx(lab.factor, abs=1e-9)
            over = json.loads(shown["over"])
            for at in (0.0, 0.5, 1.0):
                there = TriadLab(example, lab.alpha, lab.gamma, at, bootstrap, shared)
                assert over[round(40 * at)] == pytest.approx(there.factor, abs=1e-9)
            np.testing.assert_allclose(
                json.loads(shown["v"]), lab.values[lab.update], rtol=1e-7, atol=1e-9
            )
    assert all(colours > 10 for colours in painted(page))
    assert wrong == []
    page.close()


def test_divergence_is_played_and_each_switch_stops_it(browser):
    page, wrong = lab_page(browser, TriadLab())
    lab = page.get_by_role("region", name="divergence lab")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.values.update === 100", timeout=30_000)
    expect(lab).to_contain_text("V grows: × 1.0980 an update")
    for off, on in (("Monte Carlo", "TD"), ("a table", "shared weights")):
        page.get_by_role("radio", name=off, exact=True).check(force=True)
        expect(lab).to_contain_text("V does not grow")
        page.get_by_role("radio", name=on, exact=True).check(force=True)
        expect(lab).to_contain_text("V grows")
    slider = page.get_by_role("slider", name="off-policy")
    slider.focus()
    page.keyboard.press("Home")
    expect(lab).to_contain_text("V does not grow")
    assert page.evaluate("window.values.off") == 0
    field = page.get_by_label("discount γ, typed")
    field.fill("3")
    field.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("between 0 and 1")
    page.get_by_role("radio", name="Baird").check(force=True)
    assert page.evaluate("[window.values.alpha, window.values.update]") == [0.01, 0]
    page.get_by_role("button", name="Next update").click()
    assert page.evaluate("window.values.update") == 1
    page.evaluate(f"() => {{ {AXE} }}")
    assert lab.evaluate(SERIOUS) == []
    assert wrong == []
    page.close()


def test_episodes_are_added_and_taken_away(browser):
    lab = BatchLab()
    page, wrong = lab_page(browser, lab)
    more, status = page.get_by_role("button", name="A 0, B 1 more"), page.get_by_role("status")
    expect(status).to_contain_text("V(A) = 0.75")
    expect(page.get_by_role("button", name="A 0, B 1 less")).to_be_disabled()
    more.focus()
    for lab.a1 in (1, 2, 3):
        page.keyboard.press("Enter")
        drawn(page)
        shown = json.loads(page.locator(".pgkit-lab").evaluate("e => e.dataset.v"))
        for m in METHODS:
            assert shown[m] == pytest.approx(lab.values(m))
    page.get_by_role("button", name="A 0, B 0 less").click()
    page.get_by_label("one episode B 0 less", exact=True).click()
    expect(status).to_contain_text("They agree")
    page.get_by_role("button", name="The eight episodes").click()
    assert page.evaluate("['a0', 'a1', 'b1', 'b0'].map((x) => window.values[x])") == [1, 0, 6, 1]
    page.evaluate(f"() => {{ {AXE} }}")
    assert page.locator(".pgkit-lab").evaluate(SERIOUS) == []
    assert wrong == []
    page.close()


def test_they_look_right_in_light_dark_narrow_and_large(browser):
    looks: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("walk-light", WalkLab(episode=1), {}),
        ("walk-dark", WalkLab(look="all runs", episode=30), {"dark": True, "width": 1300}),
        ("walk-800", WalkLab(look="TD variance", episode=60), {"width": 800}),
        ("walk-phone", WalkLab(look="MC convergence", episode=70), {"width": 420}),
        ("walk-bias", WalkLab(look="TD bias", episode=5, initial=0.0), {}),
        ("batch-light", BatchLab(), {}),
        ("batch-dark", BatchLab(2, 3, 12, 0), {"dark": True, "width": 800}),
        ("batch-phone", BatchLab(a0=0), {"width": 420}),
        ("triad-light", TriadLab(update=30), {}),
        ("triad-dark", TriadLab("Baird", update=1000), {"dark": True, "width": 1300}),
        ("triad-800", TriadLab(shared=False, update=100), {"width": 800}),
        ("triad-phone", TriadLab(off=0.2, update=60), {"width": 420}),
    )
    for name, lab, options in looks:
        page, wrong = lab_page(browser, lab, **options)
        shot(page, name)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        assert wrong == []
        page.close()
