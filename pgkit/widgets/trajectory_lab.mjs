// One trajectory: the map, the rewards and what each step is credited with.  Everything that follows from γ and t
// is computed here, at once; paths, and what a cut leaves out, come from Python.
import { button, choice, control, el, fill, newId, player, scaleOf, valueControl, write } from "./lab.mjs";
import { VIEWS, halo, pageLab, plotAxes, segment, sharp, vector } from "./plot.mjs";

const BEAT = 450; // milliseconds that playing takes for a step
const MOST_TERMS = 5; // of a sum that is written out
const GAMMAS = [ // fine near 1
  ...Array.from({ length: 45 }, (_, i) => (2 * i) / 100),
  ...Array.from({ length: 18 }, (_, i) => (900 + 5 * i) / 1000),
  ...Array.from({ length: 11 }, (_, i) => (990 + i) / 1000),
];
const GAMMA_SCALE = {
  steps: GAMMAS.length - 1,
  value: (p) => GAMMAS[Math.round(p * GAMMA_SCALE.steps)],
  place: (x) => GAMMAS.reduce((best, g, k) => (Math.abs(g - x) < Math.abs(GAMMAS[best] - x) ? k : best), 0) / GAMMA_SCALE.steps,
};
const MOVES = [[0, -1], [1, 0], [0, 1], [-1, 0]]; // up, right, down, left
const WHOLE = "whole"; // every step is credited with G₀

// ---------------------------------------------------------------- returns

/** Q̂_t = r_t + γ Q̂_{t+1}, from the last step backwards. */
function rewardToGo(rewards, gamma) {
  const q = [...rewards];
  for (let t = q.length - 2; t >= 0; t -= 1) q[t] += gamma * q[t + 1];
  return q;
}

/** What each step is credited with, and what a cut leaves out of it on average. */
function credits({ rewards }, gamma, weight, rest) {
  const [q, n] = [rewardToGo(rewards, gamma), rewards.length];
  const credit = weight === WHOLE ? q.map(() => q[0]) : q;
  return { credit, missing: q.map((_, t) => gamma ** (n - (weight === WHOLE ? 0 : t)) * rest) };
}

/** The credit of step t as a sum: in symbols, with numbers, and by the recursion. */
function written({ rewards }, gamma, weight, t, credit) {
  const n = rewards.length;
  const [whole, first] = [weight === WHOLE, weight === WHOLE ? 0 : t];
  const name = whole ? "G₀" : `Q̂${low(first)}`;
  let terms = rewards.map((_, k) => `${power("γ ", k - first)}r${low(k)}`).slice(first);
  if (terms.length > 4) terms = [...terms.slice(0, 3), "⋯", terms.at(-1)];
  const paid = rewards.map((_, k) => k).filter((k) => k >= first && rewards[k] !== 0);
  const lines = [`${name} = ${terms.join(" + ")}`];
  if (paid.length) {
    const shown = paid.slice(0, MOST_TERMS);
    const rest = paid.length > MOST_TERMS ? ` + ⋯ (${paid.length - MOST_TERMS} more)` : "";
    const note = paid.length < n - first ? "   (rewards of 0 left out)" : "";
    const values = shown.map((k) => brief(gamma ** (k - first) * rewards[k]));
    const total = brief(credit[t]);
    const byPower = sum(shown.map((k) => [brief(Math.abs(rewards[k])) + power(` · ${brief(gamma)}`, k - first), rewards[k] < 0]));
    const byValue = sum(values.map((x) => [x.replace("−", ""), x[0] === "−"]));
    if (paid.length === 1) lines.push(`= ${byPower}${byPower === total ? "" : ` = ${total}`}${note}`);
    else lines.push(`= ${byPower}${rest}${note}`, `= ${byValue}${rest} = ${total}`);
  } else lines.push(whole ? "= 0, since nothing is paid" : "= 0, since no reward lies ahead");
  if (!whole && first < n - 1) {
    const after = brief(credit[first + 1]);
    lines.push(`${name} = r${low(first)} + γ Q̂${low(first + 1)} = ${brief(rewards[first])} + ${brief(gamma)} · ${after[0] === "−" ? `(${after})` : after} = ${brief(credit[t])}`);
  }
  return lines;
}

function low(k) {
  return [...String(k)].map((c) => "₀₁₂₃₄₅₆₇₈₉"[c]).join("");
}

/** "γ ", 3 -> "γ³ "; a first power is plain, a zeroth one is left out. */
function power(base, k) {
  if (k === 0) return "";
  const high = k === 1 ? "" : [...String(k)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");
  return `${base.trimEnd()}${high}${base.endsWith(" ") ? " " : ""}`;
}

/** Two digits after the point, where there are any; four for a γ close to 1. */
function brief(x) {
  const scale = x > 0.99 && x < 1 ? 1e4 : 100;
  const digits = Math.floor(Math.abs(x) * scale + 0.5) / scale;
  return `${x < 0 && digits > 0 ? "−" : ""}${digits}`;
}

function sum(terms) {
  return terms.map(([x, minus], i) => (i ? ` ${minus ? "−" : "+"} ${x}` : (minus ? "−" : "") + x)).join("");
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put, request, start } = pageLab(model, host, "trajectory lab");
  const at = { colours: null, map: null, mapKey: "", axes: null };
  const last = () => get("scene").rewards.length - 1;
  const look = (t) => put({ t: Math.max(0, Math.min(last(), t)) });

  const { node: play, toggle, stop, playing } = player({
    begin: () => get("t") >= last() && look(0),
    step: () => {
      look(get("t") + 1);
      return get("t") < last();
    },
    beat: () => BEAT,
    end: request,
  });
  play.setAttribute("aria-keyshortcuts", "Space");

  // controls
  const choose = (word, name) => {
    const select = control("select", { id: newId(name), change: () => { stop(); put({ [name]: select.value }); } });
    const node = el("span", { class: "pg-buttons" }, el("label", { for: select.id }, word), select);
    const show = (options, value) => {
      const key = JSON.stringify(options);
      if (select.pgOptions !== key) select.replaceChildren(...options.map(([v, text]) => el("option", { value: v }, text)));
      select.pgOptions = key;
      select.value = value;
    };
    return { node, show };
  };
  const [map, path] = [choose("map", "world"), choose("path", "path")];
  const another = button("New path", () => { stop(); put({ seed: get("seed") + 1 }); }, { title: "the same policy with the next seed" });
  const weight = choice("credit each step with", [
    ["to-go", "Q̂ₜ: rewards from t on", "reward-to-go"], [WHOLE, "G₀: all rewards", "the whole return, for every step"],
  ], (value) => put({ weight: value }));
  const scrub = control("input", {
    type: "range", min: 0, step: 1, id: newId("t"), "aria-label": "step t",
    input: () => { stop(); look(Number(scrub.value)); },
    keydown: (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      toggle();
    },
  });
  const step = (by) => () => { stop(); look(get("t") + by); };
  const reading = el("span", { class: "pg-reading" });
  const gamma = noted(
    { name: "gamma", symbol: "γ", label: "discount", meaning: "how much less a reward counts for each step that it lies ahead", scale: GAMMA_SCALE, legal: (x) => x >= 0 && x <= 1 },
    (x) => put({ gamma: x }), () => say("γ is a number from 0 to 1."));
  const { longest } = get("scene");
  const horizon = noted(
    { name: "horizon", symbol: "T", label: "cut after", meaning: "the horizon: a path that has not ended by then is cut",
      scale: scaleOf({ low: 1, high: longest, whole: true }), legal: (x) => Number.isInteger(x) && x >= 1 && x <= longest },
    (x) => { stop(); put({ horizon: x }); }, () => say(`T is a whole number from 1 to ${longest}.`));

  // what is shown
  const ground = el("div", { class: "pg-path-map", role: "img", "aria-label": "map" });
  const bars = el("canvas", { class: "pg-plot", role: "img", "aria-label": "rewards and credits", style: "display: block; width: 100%; height: 100%; cursor: pointer; touch-action: none" });
  const sums = el("div", { style: "min-height: 6.4em; font-size: 1.06em; line-height: 1.6; white-space: pre-wrap" });
  const status = el("div", { class: "pg-sub", role: "status", style: "min-height: 4.3em; margin-top: 6px" });
  const title = el("span", { class: "pg-sub" });
  const say = (words) => write(status, words);
  const over = el("canvas", { style: "position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "One trajectory"), title)),
    el("div", { class: "pg-buttons pg-above" }, map.node, path.node, another, el("span", { class: "pg-gap" }), weight.node),
    el("div", { class: "pg-walk" }, ground, el("div", { class: "pg-bars" }, bars)),
    el("div", { class: "pg-transport pg-time", role: "group", "aria-label": "time" },
      el("div", { class: "pg-buttons" }, play, button("‹", step(-1), { "aria-label": "one step back" }), button("›", step(1), { "aria-label": "one step on" })),
      el("label", { class: "pg-scrub", for: scrub.id }, el("span", {}, "step t"), scrub, reading)),
    el("div", { class: "pg-trajectory-under" }, el("div", {}, gamma.node, horizon.node, status), sums));

  function draw(colours) {
    at.colours = colours;
    const [scene, now] = [get("scene"), { gamma: get("gamma"), weight: get("weight"), t: Math.min(get("t"), last()) }];
    const { credit, missing } = credits(scene, now.gamma, now.weight, get("rest"));
    Object.assign(root.dataset, { credit: JSON.stringify(credit), missing: JSON.stringify(missing) });
    showControls(scene, now);
    const lines = written(scene, now.gamma, now.weight, now.t, credit);
    root.dataset.written = JSON.stringify(lines);
    write(sums, lines.join("\n"));
    const words = tell(scene, now, credit, missing);
    if (!playing()) say(words);
    drawMap(scene, now, credit, words);
    drawBars(scene, now, credit, missing, get("rest"));
    bars.setAttribute("aria-label", `rewards ${scene.rewards.map(brief).join(", ")}; credits ${credit.map(brief).join(", ")}`);
  }

  function showControls(scene, { gamma: g, weight: w, t }) {
    map.show(scene.worlds.map((name) => [name, name]), scene.world);
    map.node.hidden = scene.worlds.length < 2;
    path.show(scene.paths, get("path"));
    another.disabled = !["random", "expert"].includes(get("path"));
    weight.show(w);
    gamma.show(g, g < 1 ? `1/(1−γ) = ${brief(1 / (1 - g))} step${g > 0 ? "s" : ""}` : "every reward counts in full");
    horizon.show(get("horizon"), "steps at most");
    scrub.max = last();
    scrub.value = t;
    scrub.setAttribute("aria-valuetext", `${t} of 0 to ${last()}`);
    fill(scrub, last() ? (100 * t) / last() : 0);
    write(reading, `t = ${t} of 0 … ${last()}`);
    write(title, `${scene.world}, ${Object.fromEntries(scene.paths)[get("path")]}`);
  }

  function drawMap(scene, { t }, credit, words) {
    const key = scene.world;
    if (at.mapKey !== key) {
      const setting = { ...scene, goals: Object.keys(scene.pay), rewards: [], layers: [], paint: false, episodes: 1 };
      at.map = VIEWS.grid(setting, { request, ask() {}, link: { ask() {}, busy: () => false } });
      Object.assign(at.map.canvas.style, { display: "block", width: "100%", pointerEvents: "none" });
      at.map.canvas.removeAttribute("tabindex");
      at.map.canvas.setAttribute("role", "presentation");
      at.map.canvas.setAttribute("aria-hidden", "true");
      ground.replaceChildren(at.map.canvas, over);
      at.mapKey = key;
    }
    ground.setAttribute("aria-label", words);
    const cells = scene.rows * scene.cols;
    at.map.draw({ occupancy: new Float32Array(cells), mu: new Float32Array(cells) }, { pay: scene.pay }, at.colours);
    const { ctx, width } = sharp(over);
    if (width > 20) trail(ctx, scene, t, credit, width / scene.cols, at.colours);
  }

  function drawBars(scene, now, credit, missing, rest) {
    const { ctx, width, height } = sharp(bars);
    if (width < 80) return;
    const n = scene.rewards.length;
    const x = [-0.6, n - 0.4 + Math.max(0.5, 0.075 * n)];
    const every = Math.max(1, Math.ceil(n / 15));
    const xTicks = scene.rewards.map((_, k) => k).filter((k) => k % every === 0);
    const air = 5; // for the hat of Q̂
    const top = Math.round(0.42 * height);
    ctx.translate(0, air);
    const title = now.weight === WHOLE ? `rewards rₖ, and (filled) what of each counts: γᵏ rₖ` : `rewards rₖ, and (filled) what of each counts for Q̂${low(now.t)}`;
    const upper = plotAxes(bars, { ctx, width, height: top - air }, at.colours, { x, y: reach(scene.rewards), title, xTicks: [], yTicks: rewardTicks(scene.rewards) });
    paid(ctx, upper, scene, now, at.colours);
    ending(ctx, upper, scene, at.colours, true);
    ctx.translate(0, top);
    const range = reach(allGammas(scene).concat(credit, missing.map((m, k) => credit[k] + m)));
    const name = now.weight === WHOLE ? "G₀, the same credit for every step" : "Q̂ₜ, the credit of step t";
    const lower = plotAxes(bars, { ctx, width, height: height - top - air }, at.colours, { x, y: range, title: name, xTicks, xLabel: "time t" });
    credited(ctx, lower, { credit, missing, rest }, now, at.colours);
    ending(ctx, lower, scene, at.colours, false);
    at.axes = upper;
  }

  const touched = (event) => {
    if (!at.axes) return;
    const { box } = at.axes;
    const [low0, high0] = at.axes.low;
    const x = event.clientX - bars.getBoundingClientRect().left;
    stop();
    look(Math.round(low0 + ((high0 - low0) * (x - box.left)) / (box.right - box.left)));
  };
  bars.addEventListener("pointerdown", (event) => {
    bars.setPointerCapture(event.pointerId);
    event.preventDefault();
    scrub.focus({ preventScroll: true });
    touched(event);
  });
  bars.addEventListener("pointermove", (event) => event.buttons && touched(event));

  return start({
    watched: ["scene", "rest", "gamma", "t", "weight", "horizon", "path", "world", "seed"], draw, restyle: () => at.map?.restyle(), close: stop,
  });
}

const STYLE = `
.pg-above { margin-bottom: 12px; gap: 8px 14px; }
.pg-above .pg-gap { flex: 1; }
.pgkit-lab button:disabled { opacity: 0.45; cursor: default; }
.pg-walk { display: grid; grid-template-columns: minmax(220px, 0.62fr) 1fr; gap: 18px; align-items: stretch; }
.pg-path-map { position: relative; align-self: start; }
.pg-bars { min-height: 320px; height: 100%; }
.pg-trajectory-under { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px 34px; margin-top: 14px; }
.pg-trajectory-under .pg-knob { grid-template-columns: 6.6em minmax(80px, 1fr) auto 11em; }
.pg-time { grid-template-columns: auto minmax(0, 1fr); }
.pg-time .pg-buttons { flex-wrap: nowrap; }
.pg-note { color: var(--pg-soft); font-size: 0.92em; }
@container (max-width: 940px) {
  .pg-trajectory-under { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 640px) {
  .pg-walk { grid-template-columns: minmax(0, 1fr); }
  .pg-path-map { width: min(100%, 330px); justify-self: center; }
  .pg-trajectory-under .pg-knob { grid-template-columns: 6.6em minmax(60px, 1fr) auto; }
  .pg-note { display: none; }
  .pg-time { grid-template-columns: minmax(0, 1fr); }
}
`;

/** A knob with a note beside it. */
function noted(knob, turn, refuse) {
  const inner = valueControl(knob, turn, refuse);
  const note = el("span", { class: "pg-note" });
  inner.node.append(note);
  return {
    node: inner.node,
    show(x, words) {
      inner.show(x);
      write(note, words);
    },
  };
}

/** What there is to see, as a sentence. */
function tell(scene, { t }, credit, missing) {
  const s = scene.states[t];
  const step = `Step t = ${t}: at row ${Math.floor(s / scene.cols) + 1}, column ${(s % scene.cols) + 1}, go ${scene.actions[scene.taken[t]]}; `
    + `reward ${brief(scene.rewards[t])}, credit ${brief(credit[t])}.`;
  const n = scene.rewards.length;
  if (scene.ended) return `${step} After ${n} ${n === 1 ? "step" : "steps"} the episode ends by itself: nothing is missing.`;
  return `${step} At T = ${n} it is cut, but the world would go on. Missing here, on average: ${brief(missing[t])} (dashed).`;
}

// ---------------------------------------------------------------- drawing

/** Every credit that some γ can give: the axis stays while one drags. */
function allGammas(scene) {
  const found = [];
  for (let g = 0; g <= 1.001; g += 0.05) found.push(...rewardToGo(scene.rewards, Math.min(g, 1)));
  return found;
}

/** From the lowest to the highest, 0 included, with room for a number. */
function reach(values) {
  const [lowest, highest] = [Math.min(0, ...values), Math.max(0, ...values)];
  if (highest === lowest) return [-1, 1];
  const room = 0.16 * (highest - lowest);
  return [lowest < 0 ? lowest - room : lowest, highest > 0 ? highest + room : highest];
}

/** 0, and the largest reward either way, where there is room for its number. */
function rewardTicks(rewards) {
  const [lowest, highest] = [Math.min(0, ...rewards), Math.max(0, ...rewards)];
  const room = 0.25 * (highest - lowest);
  return [lowest, 0, highest].filter((v, i) => i === 1 || Math.abs(v) > room);
}

function hueOf(scene, k) {
  const letter = scene.letters[scene.states[k + 1]];
  return { G: "goal", e: "trap", F: "fire", f: "fire" }[letter] ?? (scene.rewards[k] < 0 ? "fire" : "goal");
}

function column(axes, k) {
  const half = Math.max(1.5, Math.min(17, 0.36 * (axes.x(1) - axes.x(0))));
  return [axes.x(k) - half, 2 * half];
}

/** The moment that one looks at, through both pictures. */
function band(ctx, axes, t, colours) {
  ctx.fillStyle = colours.ink;
  ctx.globalAlpha = 0.09;
  const half = (axes.x(1) - axes.x(0)) / 2;
  ctx.fillRect(axes.x(t) - half, axes.box.top, 2 * half, axes.box.bottom - axes.box.top);
  ctx.globalAlpha = 1;
}

function zero(ctx, axes, colours) {
  ctx.strokeStyle = colours.soft;
  ctx.lineWidth = 1;
  segment(ctx, axes.box.left, Math.round(axes.y(0)) + 0.5, axes.box.right, Math.round(axes.y(0)) + 0.5);
}

/** Rewards as outlines; filled is what of each counts for the step that one looks at. */
function paid(ctx, axes, scene, { t, gamma, weight }, colours) {
  band(ctx, axes, t, colours);
  const first = weight === WHOLE ? 0 : t;
  let taken = -Infinity; // how far numbers reach already
  scene.rewards.forEach((r, k) => {
    const [x, wide] = column(axes, k);
    const hue = colours[hueOf(scene, k)];
    if (r === 0) {
      ctx.fillStyle = colours.soft;
      ctx.globalAlpha = k < first ? 0.35 : 1;
      ctx.fillRect(x, axes.y(0) - 1.5, wide, 3);
      ctx.globalAlpha = 1;
      return;
    }
    const counts = k < first ? 0 : gamma ** (k - first) * r;
    ctx.globalAlpha = k < first ? 0.4 : 1;
    ctx.fillStyle = hue;
    ctx.fillRect(x, Math.min(axes.y(0), axes.y(counts)), wide, Math.abs(axes.y(counts) - axes.y(0)));
    ctx.strokeStyle = hue;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(x, Math.min(axes.y(0), axes.y(r)), wide, Math.abs(axes.y(r) - axes.y(0)));
    const [words, middle] = [`${r > 0 ? "+" : ""}${brief(r)}`, x + wide / 2];
    const half = ctx.measureText(words).width / 2;
    if (middle - half > taken + 2) {
      ctx.textAlign = "center";
      ctx.textBaseline = r > 0 ? "bottom" : "top";
      halo(ctx, words, middle, axes.y(r) + (r > 0 ? -2 : 3), colours);
      taken = middle + half;
    }
    ctx.globalAlpha = 1;
  });
  zero(ctx, axes, colours);
}

/** Credits as bars: up in blue, down in vermilion; dashed what a cut leaves out. */
function credited(ctx, axes, { credit, missing, rest }, { t }, colours) {
  band(ctx, axes, t, colours);
  const size = axes.size;
  const usual = ctx.font;
  const words = credit.map((q) => brief(Math.abs(q) >= 100 ? Math.round(10 * q) / 10 : q));
  const room = axes.x(1) - axes.x(0) > 0.4 * size + Math.max(...words.map((text) => ctx.measureText(text).width));
  credit.forEach((q, k) => {
    const [x, wide] = column(axes, k);
    const hue = q > 0 ? colours.policy : q < 0 ? colours.fire : colours.soft;
    const y = axes.y(q);
    ctx.fillStyle = hue;
    ctx.globalAlpha = k === t ? 1 : 0.62;
    if (q === 0) ctx.fillRect(x, axes.y(0) - 1.5, wide, 3);
    else ctx.fillRect(x, Math.min(axes.y(0), y), wide, Math.abs(y - axes.y(0)));
    ctx.globalAlpha = 1;
    if (rest !== 0 && Math.abs(axes.y(q + missing[k]) - y) > 1) {
      ctx.setLineDash([3, 3]);
      ctx.lineWidth = 1.3;
      ctx.strokeStyle = colours.ink;
      ctx.strokeRect(x, Math.min(y, axes.y(q + missing[k])), wide, Math.abs(axes.y(q + missing[k]) - y));
      ctx.setLineDash([]);
    }
  });
  zero(ctx, axes, colours);
  credit.forEach((q, k) => {
    if (k !== t && !room) return;
    ctx.textAlign = "center";
    ctx.textBaseline = q < 0 ? "top" : "bottom";
    ctx.font = k === t ? `700 ${usual}` : usual;
    halo(ctx, words[k], axes.x(k), axes.y(q) + (q < 0 ? 3 : -2), colours);
  });
  ctx.font = usual;
}

/** Where the episode ended, or was cut. */
function ending(ctx, axes, scene, colours, named) {
  const x = axes.x(scene.rewards.length - 0.42);
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = scene.ended ? 2 : 1.5;
  ctx.setLineDash(scene.ended ? [] : [5, 4]);
  segment(ctx, x, axes.box.top, x, axes.box.bottom);
  ctx.setLineDash([]);
  if (!named) return;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  halo(ctx, scene.ended ? "end" : "cut", x + 4, (axes.box.top + axes.box.bottom) / 2, colours);
}

/** The path: an arrow for each action in the colour of its credit, and the walker at s_t. */
function trail(ctx, scene, t, credit, size, colours) {
  const most = Math.max(...credit.map(Math.abs), 1e-12);
  const middle = (s) => [((s % scene.cols) + 0.5) * size, (Math.floor(s / scene.cols) + 0.5) * size];
  const order = credit.map((_, k) => k).filter((k) => k !== t);
  for (const k of [...order, t]) {
    const [dx, dy] = MOVES[scene.taken[k]];
    const moved = scene.states[k + 1] !== scene.states[k];
    const [x, y] = middle(scene.states[k]);
    const [from, to] = moved ? [0.14, 0.78] : [0.12, 0.42];
    const side = 0.13; // one keeps to the right, so that there and back lie side by side
    const place = (part) => [x + size * (part * dx - side * dy), y + size * (part * dy + side * dx)];
    const hue = credit[k] > 0 ? colours.policy : credit[k] < 0 ? colours.fire : colours.soft;
    const thick = size * (0.04 + 0.07 * Math.sqrt(Math.abs(credit[k]) / most));
    vector(ctx, place(from), place(to), hue, colours, Math.max(1.2, Math.min(thick, 4.5)));
  }
  const [x, y] = middle(scene.states[t]);
  ctx.beginPath();
  ctx.arc(x, y, 0.2 * size, 0, 2 * Math.PI);
  ctx.fillStyle = colours.ember;
  ctx.fill();
  ctx.lineWidth = 2.2;
  ctx.strokeStyle = colours.ink;
  ctx.stroke();
}

export default { render };
