"""Labs on a page of their own, without a kernel: what the page computes and draws by itself."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import anywidget
import numpy as np

from pgkit.widgets.lab import bundle, styles
from tests.e2e.jupyter import drawn

SHOTS = os.environ.get("PGKIT_SHOTS")  # a folder for pictures to look at
LOOK = """
body { margin: 12px; background: var(--jp-layout-color0, #fff); }
.pg-plot { display: block; width: 100%; height: 260px; }
.stand-in { margin: 0 0 18px; }
"""
MODEL = """
const heard = {};
window.values = window.start;
window.model = {
  get: (name) => window.values[name],
  set: (name, value) => { window.values[name] = value; (heard[`change:${name}`] ?? []).forEach((f) => f()); },
  save_changes() {}, on: (name, f) => { (heard[name] ??= []).push(f); }, off() {},
};
render({ model, el: document.querySelector("main") });
"""
STAND_IN = """
const root = document.querySelector(".pgkit-lab");
const colours = palette(root, COLOURS);
window.asked = [];
const drawn = [];
let queued = null;
const again = () => {
  queued ??= requestAnimationFrame(() => {
    queued = null;
    drawn.forEach((draw) => draw());
  });
};
const host = { ask: (message) => window.asked.push(message), request: again, say() {}, busy: () => false };
for (const { kind, setting, facts, parts } of window.views) {
  const seen = VIEWS[kind](setting, host);
  root.append(el("div", { class: "stand-in", "data-view": kind }, seen.node));
  const arrays = {};
  for (const [name, x] of Object.entries(parts)) arrays[name] = Float32Array.from(x, (v) => v === null ? NaN : v);
  const draw = () => seen.draw(arrays, facts, colours, { iteration: 0, head: 0, playing: false });
  drawn.push(draw);
  draw();
  seen.restyle?.();
}
again();
"""
OF_EVERY_WIDGET = frozenset(anywidget.AnyWidget.class_traits(sync=True))


def opened(browser, inside, script, *, dark=False, width=1100, calm=False):
    """A page with the labs' styles, running a script; and what went wrong on it."""
    motion = "reduce" if calm else "no-preference"
    page = browser.new_page(
        viewport={"width": width, "height": 700}, device_scale_factor=2, reduced_motion=motion
    )
    page.goto("about:blank")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    theme = "false" if dark else "true"
    page.set_content(
        f'<style>{styles("lab.css")}{LOOK}</style><body data-jp-theme-light="{theme}">{inside}</body>'
    )
    page.add_script_tag(content=script, type="module")
    return page, wrong


def stand_in(browser, shown, *, dark=False, width=620, calm=False):
    """A page with (view, timeline)s drawn; and what went wrong on it."""
    views = []
    for view, found in shown:
        facts, parts = view.frame(found)
        flat = {
            name: [None if np.isnan(v) else float(v) for v in np.asarray(x, float).ravel()]
            for name, x in parts.items()
        }
        setting = view.setup(found.run)
        views.append({"kind": view.kind, "setting": setting, "facts": facts, "parts": flat})
    modules = dict.fromkeys(f"views/{view.module}" for view, _ in shown)
    script = bundle("lab.mjs", "plot.mjs", *modules)
    script += f"window.views = {json.dumps(views, allow_nan=False)};" + STAND_IN
    lab = '<div class="pgkit-lab"></div>'
    page, wrong = opened(browser, lab, script, dark=dark, width=width, calm=calm)
    page.wait_for_function("window.asked !== undefined")
    page.wait_for_timeout(300)
    return page, wrong


def values_of(lab) -> dict[str, Any]:
    """What the page of a lab knows: its own synchronised traits."""
    return {
        name: getattr(lab, name)
        for name in lab.traits(sync=True)
        if name not in OF_EVERY_WIDGET and not name.startswith("_")
    }


def lab_page(browser, lab, *, above="", in_sight=True, **options):
    """The lab, and what went wrong on its page: `window.values` is what Python would hear."""
    renders = r"export default \{ render(?:: ([\w.]+))? \};"
    script = re.sub(renders, lambda m: f"const render = {m[1]};" if m[1] else "", lab._esm)
    script += f"window.start = {json.dumps(values_of(lab))};" + MODEL
    page, wrong = opened(browser, f"{above}<main></main>", script, **options)
    if in_sight:
        page.wait_for_selector("[data-drawn], [data-marked]")
        page.wait_for_timeout(150)
    return page, wrong


def follow(page, lab) -> dict[str, str]:
    """Bring the page to where the lab stands; what it then shows."""
    page.evaluate(
        "(v) => Object.entries(v).forEach(([k, x]) => window.model.set(k, x))", values_of(lab)
    )
    drawn(page)
    return told(page)


def told(page) -> dict[str, str]:
    """What the lab on the page says of itself."""
    return page.locator(".pgkit-lab").evaluate("e => ({ ...e.dataset })")


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def painted(page):
    """How many different colours each canvas shows."""
    return page.evaluate("""() => [...document.querySelectorAll("canvas.pg-plot")].map((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")
