// Two weighted data points: what each of them pushes, where π goes, and the loss.  All of it is computed here, at once.
import { aroundZero, button, choice, el, knobControl, plain, player, short, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, segment, sharp, ticks, vector } from "./plot.mjs";

const READINGS = { // name -> [state, action] of each of the two data points, counted from 0
  "two actions": [[0, 0], [0, 1]],
  "same pair": [[0, 0], [0, 0]],
  "two states": [[0, 0], [1, 1]],
};
const [USUAL, LARGEST] = [5, 100]; // the sliders' reach, and the farthest weight
const [FARTHEST, KEPT] = [1000, 200]; // |logit|, steps of the way that are kept
const STEP = { low: 0.01, high: 10 }; // of α
const [BEAT, RUN] = [70, 300]; // milliseconds for a step while running, and steps in one run
const LEVELS = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]; // of π, drawn in the plane
const HUES = ["policy", "trap"];
const LOW = "₁₂";

// ---------------------------------------------------------------- the numbers

function softmax(logits) {
  const top = Math.max(...logits);
  const all = logits.map((x) => Math.exp(x - top));
  const total = all[0] + all[1];
  return all.map((x) => x / total);
}

/** -log σ(x), for any x. */
function surprise(x) {
  return Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** All that follows from the weights and the logits. */
function numbers({ R, reading, logits }) {
  const theta = [logits.slice(0, 2), logits.slice(2)];
  const probs = theta.map(softmax);
  const data = READINGS[reading].map(([s, a], i) => ({ s, a, R: R[i] }));
  const weights = [[0, 0], [0, 0]];
  for (const { s, a, R: w } of data) weights[s][a] += w;
  const pushes = data.map(({ s, a, R: w }) =>
    [0, 1].map((k) => [0, 1].map((b) => (k === s ? w * ((a === b ? 1 : 0) - probs[s][b]) : 0))));
  const gradient = [0, 1].map((s) => [0, 1].map((a) => pushes[0][s][a] + pushes[1][s][a]));
  const leads = data.map(({ s, a }) => theta[s][a] - theta[s][1 - a]); // of each data point's own action
  const loss = data.reduce((sum, { R: w }, i) => sum + (w ? w * surprise(leads[i]) : 0), 0);
  const states = reading === "two states" ? [0, 1] : [0];
  const rest = weights[0][0] * weights[0][1] > 0 ? weights[0][0] / (weights[0][0] + weights[0][1]) : null;
  return { theta, probs, data, weights, pushes, gradient, leads, loss, states, rest };
}

/** What becomes of π(·|s), in a sentence. */
function verdict({ weights, states, rest }, s) {
  const [one, two] = weights[s];
  const inS = states.length === 1 ? "" : ` in s${LOW[s]}`;
  if (one === 0 && two === 0) return `No push${inS}: the weights are 0 or cancel. Nothing moves.`;
  if (one > 0 && two > 0) return `A minimum${inS}: π(a₁) = R₁/(R₁+R₂) = ${plain(rest)}.`;
  if (Math.min(one, two) >= 0) {
    const a = one > 0 ? 0 : 1;
    return `Only a${LOW[a]} has weight${inS}: π(a${LOW[a]}) → 1. The loss nears 0 and never gets there.`;
  }
  if (one < 0 && two < 0) {
    return `No minimum: both weights are negative, the loss falls without end. π(a₁) = ${plain(rest)} is the top of a hill; steps run away from it.`;
  }
  const a = two < 0 ? 0 : 1;
  return `No minimum${inS}: a${LOW[1 - a]} has a negative weight, the loss falls without end while π(a${LOW[a]}) → 1.`;
}

function stepped(logits, gradient, alpha) {
  const moved = logits.map((x, k) => x + alpha * gradient[k >> 1][k & 1]);
  return moved.map((x) => Math.max(-FARTHEST, Math.min(FARTHEST, x)));
}

/** Where θ lies in the plane: the two logits of s₁, or how far each data point's action leads in its state. */
function place(reading, theta) {
  const flat = theta.flat();
  return reading === "two states" ? [flat[0] - flat[1], flat[3] - flat[2]] : [flat[0], flat[1]];
}

function signed(x, digits = 3) {
  return `${x > 0 ? "+" : ""}${plain(x, digits)}`;
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put: tell, request, start } = pageLab(model, host, "reward lab");
  const at = { left: 0, note: "" };
  const now = () => ({ R: [get("R1"), get("R2")], reading: get("reading"), logits: [...get("logits")], alpha: get("alpha") });
  const put = (values) => {
    at.note = "";
    tell(values);
  };
  const complain = (words) => {
    at.note = words;
    request();
  };

  const step = () => {
    const state = now();
    const moved = stepped(state.logits, numbers(state).gradient, state.alpha);
    put({ logits: moved, way: [...get("way"), state.logits].slice(-KEPT), steps: get("steps") + 1 });
    return Math.max(...moved.map((x, k) => Math.abs(x - state.logits[k])));
  };
  const { node: run, stop } = player({
    word: "Run",
    begin: () => { at.left = RUN; },
    step: () => {
      at.left -= 1;
      return step() >= 1e-4 && at.left > 0;
    },
    beat: () => BEAT,
    end: request,
  });

  const reading = choice("the two data points", [
    ["two actions", "two actions of one state", "(s₁, a₁, R₁) (s₁, a₂, R₂)"],
    ["same pair", "the same pair twice", "(s₁, a₁, R₁) (s₁, a₁, R₂), as the slide has it"],
    ["two states", "two states", "(s₁, a₁, R₁) (s₂, a₂, R₂), as the slide's loss has it"],
  ], (value) => put({ reading: value }));
  reading.node.classList.add("pg-reading-of");
  const weights = [0, 1].map((i) => weight(i, (value) => put({ [`R${i + 1}`]: value }), () => complain(`A weight is a number within ±${LARGEST}. `)));
  const alpha = knobControl(
    { name: "alpha", symbol: "α", label: "step size", log: true, meaning: "how much of the sum of pushes a step goes", ...STEP },
    (value) => {
      if (typeof value === "number" && value > 0 && value <= STEP.high) put({ alpha: value });
      else complain(`α is a number above 0, at most ${STEP.high}. `);
    });
  const one = button("Take a step", () => { stop(); step(); });
  const more = button("Add 1 to both", () => {
    const moved = now().R.map((x) => Number((x + 1).toPrecision(12)));
    if (Math.max(...moved) > LARGEST) complain(`A weight is at ${LARGEST} already. `);
    else put({ R1: moved[0], R2: moved[1] });
  }, { title: "R₁ + 1 and R₂ + 1" });
  const reset = button("Reset", () => { stop(); put({ logits: [0, 0, 0, 0], way: [], steps: 0 }); }, { title: "back to the coin toss" });

  const canvas = (height) => el("canvas", { class: "pg-plot", role: "img", "aria-label": "picture", style: `display: block; width: 100%; height: ${height}` });
  const [plane, line, curve] = [canvas("100%"), canvas("144px"), canvas("222px")];
  const given = el("span", { class: "pg-sub" });
  const facts = el("div", { class: "pg-facts" });
  const status = el("div", { role: "status", class: "pg-verdict" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "Two weighted data points"), given)),
    el("div", { class: "pg-buttons" }, reading.node),
    el("div", { class: "pg-reward" }, el("div", { class: "pg-plane" }, plane), el("div", {}, line, curve)),
    status,
    el("div", { class: "pg-reward-under" },
      el("div", {}, weights[0].node, weights[1].node, alpha.node),
      el("div", {}, el("div", { class: "pg-buttons" }, run, one, reset, more), facts)));

  function draw(colours) {
    const state = now();
    const found = numbers(state);
    const words = found.states.map((s) => verdict(found, s)).join(" ");
    Object.assign(root.dataset, {
      probs: JSON.stringify(found.probs), pushes: JSON.stringify(found.pushes), gradient: JSON.stringify(found.gradient),
      loss: String(found.loss), verdict: words,
    });
    showControls(state);
    write(given, found.data.map(({ s, a, R }) => `(s${LOW[s]}, a${LOW[a]}, ${signed(R, 4)})`).join("  "));
    write(status, at.note + words);
    write(facts, told(state, found, get("steps")).join("\n"));
    drawPlane(plane, state, found, get("way"), colours);
    drawLine(line, state, found, colours);
    drawLoss(curve, state, found, colours);
  }
  function showControls(state) {
    reading.show(state.reading);
    weights.forEach((knob, i) => knob.show(state.R[i], Math.max(USUAL, Math.ceil(Math.abs(state.R[i])))));
    alpha.show(state.alpha);
  }

  return start({ watched: ["R1", "R2", "reading", "alpha", "logits", "way", "steps"], draw, close: stop });
}

const STYLE = `
.pg-reward { display: grid; grid-template-columns: minmax(0, 0.72fr) minmax(0, 1fr); gap: 22px; margin-top: 12px; }
.pg-plane { min-height: 300px; height: 100%; position: relative; }
.pg-plane canvas { position: absolute; inset: 0; }
.pg-verdict { min-height: 2.9em; margin: 10px 0 8px; padding-left: 10px; border-left: 3px solid var(--pg-edge); }
.pgkit-lab .pg-reading-of label:has(:checked) { background: var(--pg-ink); color: var(--pg-paper); }
body[data-jp-theme-light="false"] .pgkit-lab .pg-reading-of label:has(:checked) { color: var(--pg-paper); }
.pg-reward-under { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 10px 34px; }
.pg-reward-under .pg-knob { grid-template-columns: 7em minmax(80px, 1fr) auto; }
.pg-facts { min-height: 5.6em; margin-top: 8px; white-space: pre-wrap; }
@container (max-width: 640px) {
  .pg-reward, .pg-reward-under { grid-template-columns: minmax(0, 1fr); }
  .pg-reading-of { display: flex; flex-direction: column; }
  .pg-reading-of label + label { border-left: 0; border-top: 1px solid var(--pg-line); }
}
`;

/** The slider of a weight, in the colour of its arrow. */
function weight(i, turn, refuse) {
  const name = `R${LOW[i]}`;
  const made = aroundZero({ name: "weight", label: [el("i", {}, name), " weight"], words: `weight ${name}`, largest: LARGEST, digits: 1 }, turn, refuse);
  if (i === 1) made.slider.style.setProperty("--pg-policy", `var(--pg-${HUES[1]})`);
  return made;
}

/** The numbers of now, line by line. */
function told({ reading, alpha }, { probs, data, pushes, gradient, loss }, steps) {
  const lead = (push, s, a) => signed(Number(push[s][a].toFixed(2)), 4);
  const pi = data.map(({ s, a }) => `π(a${LOW[a]}|s${LOW[s]}) = ${short(probs[s][a], 3)}`);
  const lines = [`after ${steps} step${steps === 1 ? "" : "s"}: ${[...new Set(pi)].join(",  ")},  loss ${plain(loss)}`];
  if (reading === "two states") {
    for (const [i, { s, a }] of data.entries()) lines.push(`R${LOW[i]} pushes the logit of a${LOW[a]} in s${LOW[s]} by ${lead(pushes[i], s, a)}`);
  } else lines.push(`on the logit of a₁: R₁ pushes ${lead(pushes[0], 0, 0)}, R₂ pushes ${lead(pushes[1], 0, 0)}, both ${lead(gradient, 0, 0)}`);
  lines.push(`a step moves it by α = ${plain(alpha)} times that`);
  return lines;
}

// ---------------------------------------------------------------- drawing

/** The next of a few round numbers, so that the frame rests while one drags. */
function rounded(x) {
  return [4, 6, 10, 15, 25, 40, 60, 100, 150, 250, 400, 600, 1000, 1500].find((n) => n >= x) ?? 2000;
}

/** The logits, the way that they came, and the pushes. */
function drawPlane(canvas, { reading }, { theta, pushes, rest, data }, way, colours) {
  const { ctx, width, height } = sharp(canvas);
  if (width < 80 || height < 80) return;
  const two = reading === "two states";
  const here = place(reading, theta);
  const moves = pushes.map((push) => place(reading, push));
  const end = [0, 1].map((k) => here[k] + moves[0][k] + moves[1][k]);
  const trail = [...way.map((logits) => place(reading, [logits])), here];
  const tips = moves.map((m) => [here[0] + m[0], here[1] + m[1]]);
  const reach = rounded(1.12 * Math.max(...[...trail, ...tips, end].flat().map(Math.abs)));
  const size = Math.min(width, height + 20);
  const axes = plotAxes(canvas, { ctx, width: size, height }, colours, {
    x: [-reach, reach], y: [-reach, reach], equal: true, grid: false,
    title: two ? "lead of a₂ in s₂ ↑" : "logit of a₂ ↑   (diagonals: π(a₁))", xLabel: two ? "lead of a₁ in s₁ →" : "logit of a₁ →",
  });
  const { box } = axes;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  ctx.clip();
  levels(ctx, axes, two, colours);
  if (rest !== null && !two) {
    ctx.setLineDash([6, 4]);
    ctx.lineWidth = 2;
    ctx.strokeStyle = colours[data[0].R > 0 ? "goal" : "fire"];
    diagonal(ctx, axes, Math.log(rest / (1 - rest)));
    ctx.setLineDash([]);
  }
  if (!two) levelNames(ctx, axes, colours);
  ctx.strokeStyle = colours.soft;
  ctx.fillStyle = colours.soft;
  ctx.lineWidth = 1;
  ctx.beginPath();
  trail.forEach(([x, y], k) => ctx[k ? "lineTo" : "moveTo"](axes.x(x), axes.y(y)));
  ctx.stroke();
  for (const [x, y] of trail) dot(ctx, axes.x(x), axes.y(y), 2);
  const px = ([x, y], by = 0) => [axes.x(x) + by, axes.y(y) - by];
  const aside = two ? 0 : 8; // one line for each, since all lie on the same
  vector(ctx, px(here), px(end), colours.ink, colours, 3);
  moves.forEach((_, i) => vector(ctx, px(here, i ? -aside : aside), px(tips[i], i ? -aside : aside), colours[HUES[i]], colours, 2.4));
  ctx.fillStyle = colours.ink;
  dot(ctx, ...px(here), 4.5);
  ctx.restore();
}

function dot(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fill();
}

/** All logits with the same lead of a₁. */
function diagonal(ctx, axes, lead) {
  const far = 2 * (axes.high[0] - axes.low[0]);
  segment(ctx, axes.x(lead / 2 - far), axes.y(-lead / 2 - far), axes.x(lead / 2 + far), axes.y(-lead / 2 + far));
}

/** Where π(a₁) is what it says; in two states, where each π is. */
function levels(ctx, axes, two, colours) {
  const { box } = axes;
  ctx.strokeStyle = colours.edge;
  ctx.lineWidth = 1;
  for (const lead of LEVELS.map((p) => Math.log(p / (1 - p)))) {
    if (two) {
      segment(ctx, axes.x(lead), box.top, axes.x(lead), box.bottom);
      segment(ctx, box.left, axes.y(lead), box.right, axes.y(lead));
    } else diagonal(ctx, axes, lead);
  }
}

/** The values of π beside the way, where there is room. */
function levelNames(ctx, axes, colours) {
  const { box, size } = axes;
  if (axes.high[1] > 12) return;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const aside = 0.55 * axes.high[1];
  let last = -Infinity;
  for (const p of LEVELS) {
    const lead = Math.log(p / (1 - p));
    const [x, y] = [axes.x(lead / 2 - aside), axes.y(-lead / 2 - aside)];
    if (x - last < 1.25 * size || y > box.bottom - size || x < box.left + 1.4 * size) continue;
    halo(ctx, plain(p), x, y, colours, colours.soft);
    last = x;
  }
}

/** π on its axis: where one step goes with R₁ alone, with R₂ alone, with both. */
function drawLine(canvas, { alpha }, { theta, probs, data, pushes, gradient, states, rest }, colours) {
  const { ctx, width, height } = sharp(canvas);
  if (width < 80) return;
  const one = states.length === 1;
  const after = (push, s, a) => softmax(theta[s].map((x, k) => x + alpha * push[s][k]))[a];
  const rows = data.map(({ s, a }, i) => {
    const b = one ? 0 : a;
    return { name: `R${LOW[i]}`, from: probs[s][b], to: after(pushes[i], s, b), hue: HUES[i] };
  });
  if (one) rows.push({ name: "both", from: probs[0][0], to: after(gradient, 0, 0), hue: "ink" });
  const axes = plotAxes(canvas, { ctx, width, height }, colours, {
    x: [0, 1], y: [rows.length - 0.4, one ? -1.3 : -0.6], yTicks: [], xTicks: [0, 0.25, 0.5, 0.75, 1],
    title: one ? "π(a₁|s₁), and where one step takes it" : "π(a₁|s₁) and π(a₂|s₂), and where one step takes them",
  });
  const { box, size } = axes;
  ctx.strokeStyle = colours.edge;
  ctx.lineWidth = 1;
  segment(ctx, box.left, box.bottom, box.right, box.bottom);
  if (one && rest !== null) {
    const [x, hue] = [axes.x(rest), colours[data[0].R > 0 ? "goal" : "fire"]];
    ctx.strokeStyle = hue;
    ctx.lineWidth = 2;
    ctx.setLineDash([6, 4]);
    segment(ctx, x, box.top, x, box.bottom);
    ctx.setLineDash([]);
    ctx.textAlign = rest < 0.75 ? "left" : "right";
    ctx.textBaseline = "middle";
    halo(ctx, `R₁/(R₁+R₂) = ${plain(rest)}`, x + (rest < 0.75 ? 5 : -5), axes.y(-0.9), colours);
  }
  rows.forEach(({ name, from, to, hue }, k) => {
    const y = axes.y(k);
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    segment(ctx, box.left, y, box.right, y);
    vector(ctx, [axes.x(from), y], [axes.x(to), y], colours[hue], colours, hue === "ink" ? 3 : 2.4);
    ctx.fillStyle = colours[hue];
    dot(ctx, axes.x(from), y, 4);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillStyle = colours.ink;
    ctx.fillText(name, box.left - 0.5 * size, y);
  });
  canvas.setAttribute("aria-label", rows.map(({ name, from, to }) => `${name}: π from ${plain(from)} to ${plain(to)}`).join("; "));
}

/** The loss over the lead of an action, with the present point on it. */
function drawLoss(canvas, state, { data, leads, states, rest, loss }, colours) {
  const { ctx, width, height } = sharp(canvas);
  if (width < 80) return;
  const two = states.length > 1;
  const sign = ({ a }) => (two || a === 0 ? 1 : -1);
  const reach = rounded(1.15 * Math.max(5.2, ...leads.map(Math.abs)));
  const xs = Array.from({ length: 161 }, (_, k) => -reach + (2 * reach * k) / 160);
  const terms = data.map((point) => xs.map((x) => point.R * surprise(sign(point) * x)));
  const total = xs.map((_, k) => terms[0][k] + terms[1][k]);
  const seen = (two ? terms : [...terms, total]).flat();
  const [least, most] = [Math.min(0, ...seen), Math.max(0.5, ...seen)];
  const room = 0.06 * (most - least);
  const axes = plotAxes(canvas, { ctx, width, height }, colours, {
    x: [-reach, reach], y: [least - room, most + room], xTicks: ticks(-reach, reach, 6),
    title: two ? "loss of each data point" : "loss (thick), the sum of two terms",
    xLabel: two ? "lead of the data point's action in its state" : "lead of a₁: logit of a₁ − logit of a₂",
  });
  const { box } = axes;
  ctx.strokeStyle = colours.edge;
  ctx.lineWidth = 1;
  segment(ctx, box.left, axes.y(0), box.right, axes.y(0));
  if (!two && rest !== null) {
    ctx.strokeStyle = colours[data[0].R > 0 ? "goal" : "fire"];
    ctx.lineWidth = 2;
    ctx.setLineDash([6, 4]);
    const x = axes.x(Math.max(-reach, Math.min(reach, Math.log(rest / (1 - rest)))));
    segment(ctx, x, box.top, x, box.bottom);
    ctx.setLineDash([]);
  }
  const trace = (ys, hue, thick, dash = []) => {
    ctx.strokeStyle = colours[hue];
    ctx.lineWidth = thick;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ys.forEach((y, k) => ctx[k ? "lineTo" : "moveTo"](axes.x(xs[k]), axes.y(y)));
    ctx.stroke();
    ctx.setLineDash([]);
  };
  terms.forEach((ys, i) => trace(ys, HUES[i], 1.8, i ? [2, 3] : [7, 4]));
  const point = (x, y, hue) => {
    ctx.fillStyle = colours.paper;
    dot(ctx, axes.x(x), axes.y(y), 7);
    ctx.fillStyle = colours[hue];
    dot(ctx, axes.x(x), axes.y(y), 5.5);
  };
  if (two) data.forEach(({ R }, i) => point(leads[i], R * surprise(leads[i]), HUES[i]));
  else {
    trace(total, "ink", 2.6);
    point(leads[0], loss, "ink");
  }
  canvas.setAttribute("aria-label", `loss ${plain(loss)}, ${two ? "two curves" : "a curve"} over the lead; ${least < 0 ? "it falls below 0" : "it is nowhere negative"}`);
}

export default { render };
