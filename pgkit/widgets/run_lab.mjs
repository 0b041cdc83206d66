// The page of a RunLab: views of one run, linked, with controls for knobs, time and the start.
import {
  button, choice, connect, el, footer, knobControl, menu, plain, tile, transport, write,
} from "./lab.mjs";
import { COLOURS, VIEWS, curveStore, onTheme, painter, palette } from "./plot.mjs";

const RESET_WORDS = [
  ["nominal", "nominal", "every rollout starts where the task starts"],
  ["uniform", "uniform", "every state that an episode can start in is equally likely"],
  ["expert", "expert", "start where the best policy goes"],
  ["painted", "painted", "start where you painted"],
];

function render({ model, el: host }) {
  const setting = model.get("setting");
  const root = el("div", { class: "pgkit-lab", tabindex: "-1", "data-lm-suppress-shortcuts": "true", role: "region", "aria-label": `${setting.title} lab` });
  host.append(root);

  const status = el("div", { class: "pg-status", role: "status" }, "Waiting for Python …");
  const say = (text, alarm = false) => {
    write(status, text);
    status.classList.toggle("pg-alarm", alarm);
  };
  let late = false;
  const link = connect(model, receive, (waiting) => {
    late = waiting;
    if (waiting) say("Python is busy; what you asked for will come.");
  });
  const store = curveStore();
  const latest = { frame: null, parts: null, received: 0, drawn: 0 };

  const views = setting.views.map((view) => {
    const made = VIEWS[view.kind](view.setting, {
      link, store, say, busy: link.busy,
      request: () => brush.request(),
      ask: (message, buffers = []) => link.ask({ ...message, view: view.key }, { key: `view ${view.key}`, buffers }),
    });
    const words = el("p", { class: "pg-hidden" });
    const node = el("figure", { class: "pg-view", "data-view": view.kind, "aria-label": view.title }, made.node, words);
    node.querySelectorAll("canvas[role=img]").forEach((canvas) => canvas.setAttribute("aria-label", view.title));
    return { ...view, ...made, node, words };
  });
  const training = transport(link);
  const foot = footer(link, say);
  const knobs = Object.fromEntries([
    ...setting.knobs.map((knob) => [
      knob.name,
      knobControl(knob, (value) => link.ask({ kind: "set", changes: { [knob.name]: value } }, { key: `set ${knob.name}` })),
    ]),
    ...setting.choices.map((one) => [
      one.name,
      menu(one, (value) => link.ask({ kind: "set", changes: { [one.name]: value } }, { key: `set ${one.name}` })),
    ]),
  ]);
  const reset = choice("reset distribution μ", RESET_WORDS.filter(([name]) => setting.resets.includes(name)), (name) => {
    link.ask({ kind: "set", changes: { reset: name } }, { key: "set reset" });
  });
  const tiles = {
    iteration: tile("iteration"),
    j: tile(setting.counts, "from the nominal start, median over runs"),
    ...(setting.penalty && !setting.hide.includes("penalty") ? { mismatch: tile("‖d_π*_/μ‖_∞_", "the penalty: how far μ is from where the best policy goes; ∞ if it misses a state") } : {}),
    pace: tile("iterations/s"),
  };
  assemble(root, setting, { status, views, tiles, training, knobs, reset, foot, link });

  const brush = painter(root, draw);
  let colours = null;
  const stopTheme = onTheme(() => {
    colours = null;
    views.forEach((view) => view.restyle?.());
    brush.request();
  });
  const sizes = new ResizeObserver(() => brush.request());
  root.querySelectorAll("canvas").forEach((canvas) => sizes.observe(canvas));

  function receive(frame, parts) {
    if (!store.take(frame, parts)) return link.ask({ kind: "hello" });
    Object.assign(latest, { frame, parts, received: frame.n });
    if (frame.masses && !link.busy()) views.forEach((view) => view.load?.(frame.masses));
    if (frame.answer !== undefined || !late) say(frame.status, frame.alarm);
    if (frame.said) views.forEach((view) => view.said?.(frame.said));
    if (frame.code !== undefined) foot.show(frame);
    brush.request();
    return undefined;
  }

  function draw() {
    const { frame, parts } = latest;
    if (!frame) return;
    colours ??= palette(root, COLOURS);
    if (!colours || !root.clientWidth) {
      brush.request(); // the page is changing its style sheets
      return;
    }
    for (const view of views) {
      const facts = frame.views[view.key];
      view.draw(own(parts, view.key), facts, colours, frame);
      if (facts.words) describe(view, facts.words);
    }
    training.show(frame);
    if (!link.busy()) {
      for (const [name, knob] of Object.entries(knobs)) knob.show(frame.values[name]);
      reset.show(frame.reset);
    }
    if (frame.code === undefined) foot.show(frame);
    showNumbers(frame, parts);
    latest.drawn = frame.n;
    Object.assign(root.dataset, { ...frame.values, n: frame.n, version: frame.version, trained: frame.trained, iteration: frame.iteration });
  }

  function showNumbers(frame, parts) {
    tiles.iteration.show(plain(frame.iteration, 7));
    tiles.j.show(fixed(parts.now[2]));
    tiles.mismatch?.show(frame.covered ? plain(frame.mismatch) : "∞");
    tiles.pace.show(frame.playing && frame.pace > 0 ? plain(frame.pace < 10 ? frame.pace : Math.round(frame.pace), frame.pace < 10 ? 2 : 6) : "–");
  }

  root.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button, canvas, select, input:not([type=range])")) return;
    event.preventDefault();
    training.toggle();
  });
  const report = setInterval(() => {
    if (!latest.frame?.playing) return;
    link.tell({ kind: "seen", n: brush.visible() ? latest.drawn : latest.received });
  }, 250);
  link.ask({ kind: "hello" });

  return () => {
    link.tell({ kind: "bye" });
    clearInterval(report);
    sizes.disconnect();
    stopTheme();
    views.forEach((view) => view.close?.());
    brush.close();
    link.close();
  };
}

function fixed(x) {
  if (!Number.isFinite(x)) return plain(x);
  return (Math.abs(x) >= 1000 ? x.toFixed(0) : x.toFixed(2)).replace("-", "−");
}

/** The parts of a view, without its key. */
function own(parts, key) {
  const found = {};
  for (const [name, part] of Object.entries(parts)) {
    if (name.startsWith(`${key}.`)) found[name.slice(key.length + 1)] = part;
  }
  return found;
}

function describe(view, words) {
  write(view.words, words);
  const picture = view.node.querySelector("canvas[role=img]");
  if (picture && picture.getAttribute("aria-label") !== words) picture.setAttribute("aria-label", words);
}

function cornersIcon() {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("viewBox", "0 0 16 16");
  box.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4");
  box.append(path);
  return box;
}

function assemble(root, setting, parts) {
  const { status, views, tiles, training, knobs, reset, foot, link } = parts;
  const full = button(cornersIcon(), () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()), {
    class: "pg-icon", title: "full screen", "aria-label": "full screen",
  });
  const lead = Math.max(0, views.findIndex((view) => !view.wide)); // what is wide and comes first stands above
  const above = views.slice(0, lead);
  const [first, ...others] = views.slice(lead);
  const beside = others.filter((view) => !view.wide).slice(0, first.kind === "grid" ? 2 : 1);
  const below = others.filter((view) => !beside.includes(view));
  const numbers = el("div", { class: "pg-tiles", style: `--pg-count: ${Object.keys(tiles).length}` }, ...Object.values(tiles).map((t) => t.node));
  const tools = views.map((view) => view.tools).filter(Boolean);
  const presets = setting.presets.length ? menu({ name: "preset", label: "preset", options: ["…", ...setting.presets], meaning: "settings that make a point" }, (name) => {
    if (name !== "…") link.ask({ kind: "preset", name });
  }) : null;
  presets?.show("…");
  const start = setting.resets.length || tools.length ? el("div", { class: "pg-mu" },
    setting.resets.length ? el("div", { class: "pg-row", "data-part": "reset" }, el("span", { class: "pg-caption" }, "rollouts start at s₁ ~ μ"), reset.node) : null,
    ...tools) : null;
  root.append(
    el("div", { class: "pg-head" },
      el("div", { class: "pg-name-of-lab" },
        el("span", { class: "pg-title" }, setting.title),
        el("span", { class: "pg-sub" }, `${setting.algorithm}, ${setting.runs} ${setting.runs === 1 ? "run" : "runs at once"}`)),
      full, status),
    ...above.map((view) => view.node),
    beside.length ? el("div", { class: "pg-stage" },
      el("div", { class: "pg-left" }, first.node),
      el("div", { class: "pg-right" }, numbers, ...beside.map((view) => view.node)))
      : el("div", { class: "pg-right" }, numbers, first.node),
    below.length ? el("div", { class: "pg-below" }, ...below.map((view) => view.node)) : "",
    training.node,
    el("div", { class: start ? "pg-panel" : "pg-panel pg-only-knobs" }, start ?? "",
      el("div", { class: "pg-knobs", "data-part": "knobs" },
        presets ? el("div", { "data-part": "presets" }, presets.node) : "",
        ...Object.values(knobs).map((k) => k.node))),
    foot.node);
  root.querySelectorAll(".pg-view[data-view]").forEach((node, i) => node.classList.toggle("pg-wide", Boolean(views[i].wide)));
  training.node.querySelector(".pg-scrub").dataset.part = "time";
  for (const name of setting.hide) {
    root.querySelectorAll(`[data-part="${name}"]`).forEach((node) => { node.hidden = true; });
  }
}

export default { render };
