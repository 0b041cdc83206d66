// The plain and the natural gradient on one map.  Two small worlds, so that all is computed here, at once; as in
// norm_lab.py, step by step.
import { button, control, el, fill, newId, plain, player, write } from "./lab.mjs";
import { FONT, halo, pageLab, plotAxes, segment, sharp, vector } from "./plot.mjs";

const FAR = 30; // logits that no step leaves
const UPDATES = 20000; // taken one by one
const [LENGTH, ARCS] = [0.05, 4000]; // the flow from there on
const LATEST = 8; // log10 of the last update on the clock
const GOAL = { "two-state": 1.8, "scaled-bandit": 0.45 };
const CONTEXTS = [[-1, -1], [-1, 1], [1, -1], [1, 1]];
const WORDS = {
  "two-state": ["π(stay | i)", "π(stay | j)"],
  "scaled-bandit": ["π(1 | x = (+1, +1))", "π(1 | x = (−1, +1))"],
};
const STARTS = { A: [Math.log(4), -Math.log(4)], B: [Math.log(0.775 / 0.225), -Math.log(9)], "coin toss": [0, 0] };
const SPAN = 6; // how far θ can be dragged
const SECONDS = 7; // that playing takes
const FRAME = 16; // milliseconds between two pictures of it

// ---------------------------------------------------------------- two small worlds

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

function logits(world, [x, second], scale) {
  const y = scale * second;
  return world === "two-state" ? [x, y] : [x + y, y - x];
}

const chances = (world, theta, scale) => logits(world, theta, scale).map(sigmoid);

/** {j, g, f: [F11, F12, F22]} at θ. */
function local(world, [x, second], scale) {
  const y = scale * second;
  if (world === "two-state") {
    const [p, q, stay, leave] = [sigmoid(x), sigmoid(y), sigmoid(-x), sigmoid(-y)];
    const out = stay + leave;
    const [rho, other, h] = [leave / out, stay / out, (2 * q - p) / out];
    const [f, g] = [rho * p * stay, other * q * leave];
    return { j: rho * p + 2 * other * q, g: [f * (1 - h), scale * g * (2 + h)], f: [f, 0, scale ** 2 * g] };
  }
  let [j, first, second2, a, b, c] = [0, 0, 0, 0, 0, 0];
  for (const [u, v] of CONTEXTS) {
    const z = x * u + y * v;
    const gain = v + 0.3 * u;
    const p = sigmoid(z);
    const slope = (p * sigmoid(-z)) / 4;
    j += (p * gain) / 4;
    first += slope * gain * u;
    second2 += slope * gain * v;
    a += slope * u * u;
    b += slope * u * v;
    c += slope * v * v;
  }
  return { j, g: [first, scale * second2], f: [a, scale * b, scale ** 2 * c] };
}

/** (F + λI)⁻¹ g. */
function solved([f11, b, f22], g, damping) {
  const [a, c] = [f11 + damping, f22 + damping];
  const det = a * c - b * b;
  return det > 0 ? [(c * g[0] - b * g[1]) / det, (a * g[1] - b * g[0]) / det] : [0, 0];
}

const logSigmoid = (z) => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));

function divergence(world, old, next, scale) {
  const [before, after] = [logits(world, old, scale), logits(world, next, scale)];
  const [leaveI, leaveJ] = [sigmoid(-before[0]), sigmoid(-before[1])];
  const weights = world === "two-state" ? [leaveJ / (leaveI + leaveJ), leaveI / (leaveI + leaveJ)] : [0.5, 0.5];
  return weights.reduce((sum, w, k) => {
    const [z, y] = [before[k], after[k]];
    const stay = sigmoid(z) * (logSigmoid(z) - logSigmoid(y));
    return sum + w * (stay + sigmoid(-z) * (logSigmoid(-z) - logSigmoid(-y)));
  }, 0);
}

const within = (x, far) => Math.max(-far, Math.min(far, x));

/** Rows [updates, θ₁, θ₂, J] from the start until 0.9 J*. */
function way({ world, theta, alpha, scale, damping }, natural) {
  const look = (at) => {
    const { j, g, f } = local(world, at, scale);
    return { j, d: natural ? solved(f, g, damping) : g };
  };
  let at = [...theta];
  const rows = [];
  for (let k = 0; ; k += 1) {
    const { j, d } = look(at);
    rows.push([k, ...at, j]);
    if (j >= GOAL[world] || k >= UPDATES) break;
    at = [within(at[0] + alpha * d[0], FAR), within(at[1] + alpha * d[1], FAR / scale)];
  }
  if (world === "two-state" && rows.at(-1)[3] < GOAL[world]) rows.push(...flow(look, rows.at(-1), alpha, GOAL[world]));
  return rows;
}

function flow(look, [k0, x0, y0], alpha, goal) {
  const found = [];
  let state = [x0, y0, k0];
  const rate = ([x, y]) => {
    const { d } = look([x, y]);
    const size = Math.hypot(...d);
    return size > 1e-200 ? [d[0] / size, d[1] / size, 1 / (alpha * size)] : [0, 0, Infinity];
  };
  const moved = (by, r) => [state[0] + by * r[0], state[1] + by * r[1]];
  for (let i = 0; i < ARCS; i += 1) {
    const a = rate(state);
    const b = rate(moved(LENGTH / 2, a));
    const c = rate(moved(LENGTH / 2, b));
    const d = rate(moved(LENGTH, c));
    state = state.map((old, n) => old + (LENGTH / 6) * (a[n] + 2 * b[n] + 2 * c[n] + d[n]));
    const [x, y, k] = state;
    if (!Number.isFinite(k) || Math.max(Math.abs(x), Math.abs(y)) >= FAR) break;
    found.push([k, x, y, look([x, y]).j]);
    if (found.at(-1)[3] >= goal) break;
  }
  return found;
}

function reached(world, rows) {
  const last = rows.at(-1);
  if (last[3] < GOAL[world]) return Infinity;
  if (rows.length === 1 || last[0] <= UPDATES) return last[0];
  const before = rows.at(-2);
  return before[0] + ((last[0] - before[0]) * (GOAL[world] - before[3])) / (last[3] - before[3]);
}

/** The best steps of size ε: along ∇J, and of all. */
function steps({ world, theta, scale, damping, epsilon }) {
  const { j, g, f } = local(world, theta, scale);
  const found = {};
  for (const [name, d0] of [["plain", g], ["natural", solved(f, g, damping)]]) {
    const size = f[0] * d0[0] ** 2 + 2 * f[1] * d0[0] * d0[1] + f[2] * d0[1] ** 2;
    const much = size > 0 ? Math.sqrt((2 * epsilon) / size) : 0;
    const d = [much * d0[0], much * d0[1]];
    const next = [theta[0] + d[0], theta[1] + d[1]];
    found[name] = {
      d, promise: g[0] * d[0] + g[1] * d[1], length: Math.hypot(...d),
      gain: local(world, next, scale).j - j, kl: divergence(world, theta, next, scale),
    };
  }
  return found;
}

// ---------------------------------------------------------------- the lab

const TITLES = { race: "Two ways uphill", scale: "The same policy, written differently", ball: "All steps of one size" };
const NAMES_OF = ["world", "look", "theta", "alpha", "scale", "damping", "epsilon", "clock"];

function normLab({ model, el: host }) {
  const { root, get, put, tell: save, request, start } = pageLab(model, host, "norm lab");
  const at = { colours: null, ground: {}, axes: null, begun: null, key: "", found: null };
  const [world, look] = [get("world"), get("look")];
  const now = () => Object.fromEntries(NAMES_OF.map((name) => [name, get(name)]));

  // controls
  const logs = (low, high, count) => Array.from({ length: count + 1 }, (_, i) => Number((low * (high / low) ** (i / count)).toPrecision(3)));
  const evenly = Array.from({ length: 241 }, (_, i) => (i - 120) / 20);
  const dials = {
    alpha: () => dial("α", "step size", "of both: θ ← θ + α∇J and θ ← θ + α G⁻¹∇J", logs(0.01, 100, 100), (x) => put({ alpha: x })),
    scale: () => dial("c", "scale", "the logit is x₁θ₁ + c x₂θ₂", logs(0.05, 2, 80), (x) => put({ scale: x })),
    damping: () => dial("λ", "damping", "(G + λI)⁻¹∇J", [0, ...logs(1e-6, 1, 90)], (x) => put({ damping: x })),
    epsilon: () => dial("ε", "size of a step", "½ dᵀG d = ε, in nats", logs(1e-4, 0.5, 100), (x) => put({ epsilon: x })),
    first: () => dial("θ₁", world === "two-state" ? "stay in i" : "first", "where it starts", evenly, (x) => put({ theta: [x, get("theta")[1]] })),
    second: () => dial("θ₂", world === "two-state" ? "stay in j" : "second", "where it starts", evenly, (x) => put({ theta: [get("theta")[0], x] })),
  };
  const used = { race: ["alpha", "damping", "first", "second"], scale: ["scale", "alpha", "damping"], ball: ["epsilon", "damping", "first", "second"] }[look];
  const knobs = Object.fromEntries(used.map((name) => [name, dials[name]()]));
  const { node: play, stop, playing } = player({
    begin: () => {
      const from = get("clock") >= LATEST ? 0 : get("clock");
      at.begun = performance.now() - (1000 * SECONDS * from) / LATEST;
    },
    step: () => {
      put({ clock: within((LATEST * (performance.now() - at.begun)) / 1000 / SECONDS, LATEST) }, { soon: true });
      return get("clock") < LATEST;
    },
    beat: () => FRAME,
    end: () => { save(); request(); },
  });
  const clock = control("input", {
    type: "range", min: 0, max: 300, step: 1, id: newId("clock"), "aria-label": "updates made",
    input: () => { stop(); put({ clock: (LATEST * Number(clock.value)) / 300 }); },
  });
  const reading = el("span", { class: "pg-reading" });
  const starts = Object.entries(STARTS).map(([name, theta]) =>
    button(name === "coin toss" ? name : `start ${name}`, () => { stop(); put({ theta }); }));

  // what is shown
  const left = el("canvas", { class: "pg-plot", role: "img", "aria-label": "parameters", tabindex: look === "scale" ? null : "0" });
  const right = el("canvas", { class: "pg-plot", role: "img", "aria-label": "what follows" });
  const status = el("div", { class: "pg-sub", role: "status", style: "min-height: 3em; margin-top: 10px; color: var(--pg-ink)" });
  const rows = Object.values(knobs).map((k) => k.node);
  root.append(
    el("style", {}, LOOK),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" },
      el("span", { class: "pg-title" }, TITLES[look]), el("span", { class: "pg-sub" }, world === "two-state" ? "two states, average reward" : "badly scaled bandit"))),
    world === "two-state" ? el("div", { class: "pg-buttons", style: "margin-bottom: 8px" }, ...starts,
      el("span", { class: "pg-sub" }, "or drag the dot on the map")) : "",
    el("div", { class: "pg-pair" }, left, right),
    look === "race" ? el("div", { class: "pg-transport pg-two-wide" }, play, el("label", { class: "pg-scrub", for: clock.id }, el("span", {}, "updates"), clock, reading)) : "",
    el("div", { class: "pg-dials" }, ...rows), status);

  function draw(colours) {
    at.colours = colours;
    const state = now();
    const key = JSON.stringify({ ...state, clock: 0 });
    if (key !== at.key) {
      at.key = key;
      at.found = look === "ball" ? { steps: steps(state) } : { ways: [way(state, false), way(state, true)] };
      const { ways } = at.found;
      root.dataset.found = JSON.stringify(ways
        ? { updates: ways.map((w) => reached(world, w)).map((k) => (Number.isFinite(k) ? k : null)), ends: ways.map((w) => w.at(-1)) }
        : at.found.steps);
    }
    showControls(state);
    drawLeft(state);
    if (look === "race") drawRace(state);
    else drawSquare(state);
    const words = tell(state, at.found);
    write(status, playing() ? "…" : words);
    left.setAttribute("aria-label", `J over the two parameters. ${words}`);
    right.setAttribute("aria-label", words);
  }

  function showControls(state) {
    for (const name of used) {
      const value = { first: state.theta[0], second: state.theta[1] }[name] ?? state[name];
      const [p, q] = chances(world, state.theta, state.scale);
      const note = { first: world === "two-state" ? `π = ${plain(p)}` : "", second: world === "two-state" ? `π = ${plain(q)}` : "" }[name] ?? "";
      knobs[name].show(value, note);
    }
    if (look !== "race") return;
    clock.value = Math.round((300 * state.clock) / LATEST);
    clock.setAttribute("aria-valuetext", `${plain(made(state))}`);
    fill(clock, (100 * state.clock) / LATEST);
    write(reading, counted(made(state)));
  }

  function drawLeft(state) {
    const page = sharp(left);
    if (page.width < 80) return;
    const [x, y] = frame(state);
    const j = (u, v) => local(world, [u, v], state.scale).j;
    const place = ground(left, page, at.ground, "left", [x, y, state.scale], j, {
      x, y, equal: look === "ball", xLabel: "θ₁", title: `θ₂ · J over θ, ${look === "ball" ? "ball and ellipse" : "and the two ways"}`,
    }, at.colours);
    const { ctx } = page;
    at.axes = place;
    clip(ctx, place.box, () => {
      const spot = ([u, v]) => [place.x(u), place.y(v)];
      if (look === "ball") {
        sets(ctx, state, at.found.steps, spot, at.colours);
        arrows(ctx, state.theta, at.found.steps, spot, at.colours);
      } else at.found.ways.forEach((rows, n) => trail(ctx, rows, (row) => spot([row[1], row[2]]), n, state, look, at.colours));
      dot(ctx, spot(state.theta), at.colours);
    });
    legend(ctx, place, look, at.colours);
  }

  function drawRace(state) {
    const page = sharp(right);
    if (page.width < 80) return;
    const { ctx } = page;
    const most = { "two-state": 2, "scaled-bandit": 0.5 }[world];
    const ticks = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const place = plotAxes(right, page, at.colours, { x: [-0.3, LATEST], y: [0, 1.05 * most], title: "J", xTicks: [], xLabel: "updates" });
    ctx.fillStyle = at.colours.soft;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ticks.forEach((k) => ctx.fillText(k < 2 ? String(10 ** k) : `10${"⁰¹²³⁴⁵⁶⁷⁸"[k]}`, place.x(k), place.box.bottom + place.size * 0.4));
    ctx.strokeStyle = at.colours.goal;
    ctx.setLineDash([2, 4]);
    ctx.lineWidth = 1.5;
    segment(ctx, place.box.left, place.y(GOAL[world]), place.box.right, place.y(GOAL[world]));
    ctx.setLineDash([]);
    clip(ctx, place.box, () => {
      ctx.strokeStyle = at.colours.soft;
      ctx.lineWidth = 1;
      if (state.clock < LATEST) segment(ctx, place.x(state.clock), place.box.top, place.x(state.clock), place.box.bottom);
      at.found.ways.forEach((rows, n) => trail(ctx, rows, (row) => [place.x(Math.log10(Math.max(row[0], 0.5))), place.y(row[3])], n, state, look, at.colours));
    });
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    halo(ctx, "0.9 J*", place.box.right - 4, place.y(GOAL[world]) - 3, at.colours, at.colours.goal);
    at.found.ways.forEach((rows, n) => {
      const k = reached(world, rows);
      if (!Number.isFinite(k) || (look === "race" && k > made(state))) return;
      ctx.textAlign = "left";
      ctx.textBaseline = n ? "bottom" : "top";
      const x = place.x(Math.log10(Math.max(k, 0.5)));
      const text = counted(k);
      const room = x + ctx.measureText(text).width + 12 < place.box.right;
      ctx.textAlign = room ? "left" : "right";
      halo(ctx, text, x + (room ? 7 : -7), place.y(GOAL[world]) + (n ? -3 : 5), at.colours, n ? at.colours.policy : at.colours.ink);
    });
  }

  function drawSquare(state) {
    const page = sharp(right);
    if (page.width < 80) return;
    const { ctx } = page;
    const logit = (p) => Math.log(p / (1 - p));
    const j = (u, v) => {
      const [a, b] = [logit(within(u - 0.5, 0.4999) + 0.5), logit(within(v - 0.5, 0.4999) + 0.5)];
      return local(world, world === "two-state" ? [a, b] : [(a - b) / 2, (a + b) / 2], 1).j;
    };
    const place = ground(right, page, at.ground, "right", [0], j, {
      x: [0, 1], y: [0, 1], xTicks: [0, 0.25, 0.5, 0.75, 1], yTicks: [0, 0.25, 0.5, 0.75, 1], square: true,
      xLabel: WORDS[world][0], title: `${WORDS[world][1]} · what the policy does`,
    }, at.colours);
    const spot = (theta) => {
      const [u, v] = chances(world, theta, state.scale);
      return [place.x(u), place.y(v)];
    };
    clip(ctx, place.box, () => {
      if (look === "ball") {
        sets(ctx, state, at.found.steps, spot, at.colours);
        arrows(ctx, state.theta, at.found.steps, spot, at.colours);
      } else at.found.ways.forEach((rows, n) => trail(ctx, rows, (row) => spot([row[1], row[2]]), n, state, look, at.colours));
      dot(ctx, spot(state.theta), at.colours);
    });
  }

  // dragging
  const dragged = (event) => {
    if (!at.axes || look === "scale") return;
    const { box, low, high } = at.axes;
    const where = left.getBoundingClientRect();
    const u = (event.clientX - where.left - box.left) / (box.right - box.left);
    const v = (box.bottom - event.clientY + where.top) / (box.bottom - box.top);
    const value = [low[0] + u * (high[0] - low[0]), low[1] + v * (high[1] - low[1])];
    put({ theta: value.map((x) => Number(within(x, SPAN).toFixed(3))) });
  };
  if (look !== "scale") {
    left.style.cursor = "crosshair";
    left.style.touchAction = "none";
    left.setAttribute("data-lm-suppress-shortcuts", "true");
    left.addEventListener("pointerdown", (event) => {
      left.setPointerCapture(event.pointerId);
      event.preventDefault();
      left.focus({ preventScroll: true });
      stop();
      dragged(event);
    });
    left.addEventListener("pointermove", (event) => event.buttons && dragged(event));
    left.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      put({ theta: get("theta").map((x, n) => Number(within(x + by[n], SPAN).toFixed(3))) });
    });
  }

  return start({ watched: NAMES_OF, draw, restyle: () => { at.ground = {}; }, close: stop });
}

const LOOK = `
.pg-pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 18px; }
.pg-pair canvas.pg-plot { display: block; width: 100%; height: auto; aspect-ratio: 1.14; }
.pgkit-lab .pg-two-wide { grid-template-columns: auto minmax(0, 1fr); }
.pg-dials { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 8px 34px; margin-top: 14px; }
.pg-dials .pg-knob { grid-template-columns: 9em minmax(80px, 1fr) 9.4em; margin: 0; }
.pg-dials .pg-reading { white-space: pre; }
@container (max-width: 820px) { .pg-dials { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 500px) {
  .pg-pair { grid-template-columns: minmax(0, 1fr); }
  .pg-dials .pg-knob { grid-template-columns: 7.4em minmax(50px, 1fr) 5.2em; }
  .pg-dials .pg-reading { white-space: normal; }
}
`;

/** A slider over a list of values, with its reading. */
function dial(symbol, label, meaning, values, turn) {
  const id = newId("dial");
  const slider = control("input", {
    type: "range", min: 0, max: values.length - 1, step: 1, id, title: meaning, "aria-label": `${label} ${symbol}`,
    input: () => turn(values[Number(slider.value)]),
  });
  const reading = el("span", { class: "pg-reading" });
  return {
    node: el("div", { class: "pg-knob" }, el("label", { for: id, class: "pg-knob-label", title: meaning }, el("i", {}, symbol), ` ${label}`), slider, reading),
    show(x, note) {
      const near = values.reduce((best, v, p) => (Math.abs(v - x) < Math.abs(values[best] - x) ? p : best), 0);
      slider.value = near;
      slider.setAttribute("aria-valuetext", plain(x));
      fill(slider, (100 * near) / (values.length - 1));
      write(reading, `${x !== 0 && Math.abs(x) < 0.001 ? x.toExponential(1).replace("-", "−") : plain(x)}${note ? `   ${note}` : ""}`);
    },
  };
}

const made = ({ clock, look }) => (look === "race" ? 10 ** clock : Infinity);

function counted(k) {
  if (!Number.isFinite(k)) return "never";
  return k >= 1e6 ? `${plain(k / 1e6)} million` : Math.round(k).toLocaleString("en-GB");
}

function frame({ world, look, scale }) {
  if (look === "ball") return [[-5, 5], [-5, 5]];
  if (world === "two-state") return [[-6, 16], [-6, 10]];
  const reach = 4 / Math.min(scale, 1);
  return [[-reach / 4, reach], [-reach / 4, reach]];
}

/** What there is to see, as a sentence. */
function tell(state, { ways, steps: best }) {
  const [p, q] = chances(state.world, state.theta, state.scale);
  const names = WORDS[state.world];
  const where = `${names[0]} = ${plain(p)}, ${names[1]} = ${plain(q)}`;
  if (best) {
    const each = (name, { length, gain, kl }) => `${name}: |d| = ${plain(length)}, J ${gain < 0 ? "" : "+"}${plain(gain)}, KL ${plain(kl)}`;
    return `At ${where}. Both steps have ½ dᵀG d = ${plain(state.epsilon)}. ${each("Plain", best.plain)}. ${each("Natural", best.natural)}.`;
  }
  if (state.look === "race" && state.clock < LATEST) {
    const [one, two] = ways.map((rows) => plain(rows.findLast((row) => row[0] <= made(state))[3]));
    return `From ${where}, after ${counted(Math.floor(made(state)))} update${made(state) < 2 ? "" : "s"}: plain J = ${one}, natural J = ${two}.`;
  }
  const told = ways.map((rows) => reached(state.world, rows)).map((k) => (Number.isFinite(k) ? `${counted(k)} updates` : `not within ${counted(UPDATES)} updates`));
  return `From ${where}. To 0.9 J*: plain ${told[0]}; natural ${told[1]}.`;
}

// ---------------------------------------------------------------- drawing

function clip(ctx, { left, right, top, bottom }, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  paint();
  ctx.restore();
}

const SIDE = 97; // lattice of a map
const BANDS = 12;

/** Axes over a map of J in bands, kept while nothing about it changes; returns the axes. */
function ground(canvas, page, store, name, about, j, { square = false, equal = false, ...axes }, colours) {
  const { ctx, width, height } = page;
  const room = square ? squared(canvas, page) : { dx: 0, width };
  ctx.save();
  const first = plotAxes(canvas, { ctx, width: room.width, height }, colours, { ...axes, equal, grid: false });
  const key = JSON.stringify([about, width, height, window.devicePixelRatio, colours.paper]);
  if (store[name]?.key !== key) store[name] = { key, picture: map(first, j, colours) };
  const { box } = first;
  ctx.drawImage(store[name].picture, box.left, box.top, box.right - box.left, box.bottom - box.top);
  ctx.strokeStyle = colours.edge;
  ctx.lineWidth = 1;
  ctx.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  ctx.restore();
  return first;
}

/** A width that makes the inside a square. */
function squared(canvas, { width, height }) {
  const size = canvas.pgSize ?? 12;
  return { width: Math.min(width, height - size * 4.7 + size * 4.8) };
}

function map({ low, high, box }, j, colours) {
  const ratio = (window.devicePixelRatio || 1);
  const [w, h] = [Math.round((box.right - box.left) * ratio), Math.round((box.bottom - box.top) * ratio)];
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  const values = [];
  for (let r = 0; r < SIDE; r += 1) {
    const v = high[1] - ((high[1] - low[1]) * r) / (SIDE - 1);
    for (let c = 0; c < SIDE; c += 1) values.push(j(low[0] + ((high[0] - low[0]) * c) / (SIDE - 1), v));
  }
  const [least, most] = [Math.min(...values), Math.max(...values)];
  ctx.fillStyle = colours.goal;
  const levels = Array.from({ length: BANDS }, (_, n) => least + ((most - least) * (n + 0.5)) / BANDS);
  const hue = [1, 3, 5].map((i) => parseInt(ctx.fillStyle.slice(i, i + 2), 16));
  const image = ctx.createImageData(w, h);
  const line = [1, 3, 5].map((i) => { ctx.fillStyle = colours.soft; return parseInt(ctx.fillStyle.slice(i, i + 2), 16); });
  const band = new Uint8Array(w * h);
  const [scale, row] = [BANDS / (most - least || 1), new Float64Array(SIDE)];
  for (let y = 0; y < h; y += 1) {
    const v = (y / (h - 1)) * (SIDE - 1);
    const r = Math.min(SIDE - 2, Math.floor(v));
    for (let c = 0; c < SIDE; c += 1) {
      const value = (1 - v + r) * values[r * SIDE + c] + (v - r) * values[(r + 1) * SIDE + c];
      row[c] = (value - least) * scale + 0.5;
    }
    for (let x = 0; x < w; x += 1) {
      const u = (x / (w - 1)) * (SIDE - 1);
      const c = Math.min(SIDE - 2, Math.floor(u));
      band[y * w + x] = Math.min(BANDS, row[c] + (u - c) * (row[c + 1] - row[c])); // cut to a whole number
    }
  }
  const rgba = ([red, green, blue], alpha) => ((Math.round(alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const [edge, shades] = [rgba(line, 110), Array.from({ length: BANDS + 1 }, (_, n) => rgba(hue, 12 + (150 * n) / BANDS))];
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0, i = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1, i += 1) {
      const turns = (x > 0 && band[i] !== band[i - 1]) || (y > 0 && band[i] !== band[i - w]);
      pixels[i] = turns ? edge : shades[band[i]];
    }
  }
  ctx.putImageData(image, 0, 0);
  return Object.assign(canvas, { levels });
}

/** A way as far as it has come; natural is n = 1. */
function trail(ctx, rows, spot, n, state, look, colours) {
  const limit = made(state);
  const hue = n ? colours.policy : colours.ink;
  let count = rows.findIndex((row) => row[0] > limit);
  if (count < 0) count = rows.length;
  const every = Math.max(1, Math.floor(count / 3000));
  const shown = rows.slice(0, count).filter((row, k) => k % every === 0 || k === count - 1 || row[0] <= 100 || row[0] > UPDATES);
  if (!shown.length) return;
  const points = shown.map(spot);
  for (const [wide, colour, dash] of [[4.5, colours.paper, []], [2.2, hue, n ? [] : [6, 4]]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = wide;
    ctx.setLineDash(dash);
    ctx.lineJoin = "round";
    ctx.beginPath();
    points.forEach(([x, y], k) => ctx[k ? "lineTo" : "moveTo"](x, y));
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.fillStyle = hue;
  if (count <= 60) points.forEach(([x, y]) => { ctx.beginPath(); ctx.arc(x, y, 2.6, 0, 2 * Math.PI); ctx.fill(); });
  const [x, y] = points.at(-1);
  ctx.beginPath();
  ctx.arc(x, y, 5.5, 0, 2 * Math.PI);
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}

function dot(ctx, [x, y], colours) {
  ctx.beginPath();
  ctx.arc(x, y, 6, 0, 2 * Math.PI);
  ctx.fillStyle = colours.fire;
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}

/** Ball and ellipse around θ. */
function sets(ctx, { world, theta, scale, epsilon }, best, spot, colours) {
  const [a, b, c] = local(world, theta, scale).f;
  const [half, gap] = [(a + c) / 2, Math.hypot((a - c) / 2, b)];
  const tilt = 0.5 * Math.atan2(2 * b, a - c); // of the larger eigenvalue's direction
  const [r1, r2] = [half + gap, Math.max(half - gap, 1e-12)].map((size) => Math.sqrt((2 * epsilon) / size));
  const turn = Array.from({ length: 241 }, (_, k) => (2 * Math.PI * k) / 240);
  const ellipse = turn.map((t) => [
    theta[0] + r1 * Math.cos(t) * Math.cos(tilt) - r2 * Math.sin(t) * Math.sin(tilt),
    theta[1] + r1 * Math.cos(t) * Math.sin(tilt) + r2 * Math.sin(t) * Math.cos(tilt),
  ]);
  const r = best.plain.length;
  const ball = turn.map((t) => [theta[0] + r * Math.cos(t), theta[1] + r * Math.sin(t)]);
  for (const [outline, hue, dash] of [[ellipse, colours.policy, []], [ball, colours.ink, [6, 4]]]) {
    ctx.beginPath();
    outline.forEach((point, k) => ctx[k ? "lineTo" : "moveTo"](...spot(point)));
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = hue;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = hue;
    ctx.lineWidth = 2;
    ctx.setLineDash(dash);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

function arrows(ctx, theta, best, spot, colours) {
  for (const [name, hue] of [["natural", colours.policy], ["plain", colours.ink]]) {
    vector(ctx, spot(theta), spot(theta.map((x, n) => x + best[name].d[n])), hue, colours);
  }
}

function legend(ctx, { box, size }, look, colours) {
  ctx.font = `${size}px ${FONT}`;
  const over = look === "ball"; // where there is room
  ctx.textBaseline = over ? "top" : "bottom";
  ctx.textAlign = over ? "left" : "right";
  const words = over
    ? ["dashed: ball, step along ∇J", "solid: ellipse, step along G⁻¹∇J"]
    : ["dashed: plain, along ∇J", "solid: natural, along G⁻¹∇J"];
  words.forEach((text, n) => {
    const y = over ? box.top + 4 + n * size * 1.4 : box.bottom - 4 - (1 - n) * size * 1.4;
    halo(ctx, text, over ? box.left + 5 : box.right - 5, y, colours, n ? colours.policy : colours.ink);
  });
}

// ---------------------------------------------------------------- which terms depend on θ?

function thetaMarks({ model, el: host }) {
  const root = el("div", { class: "pgkit-lab", role: "region", "aria-label": "mark the terms that depend on θ" });
  host.append(root);
  const terms = model.get("terms");
  const name = (k) => terms[k][0];
  const put = (trait, value) => {
    model.set(trait, value);
    model.save_changes();
    show();
  };
  const marked = () => new Set(model.get("marked"));
  const flip = (k) => () => {
    const now = marked();
    if (now.has(name(k))) now.delete(name(k));
    else now.add(name(k));
    put("marked", terms.map(([n]) => n).filter((n) => now.has(n)));
  };
  const marks = terms.map((_, k) => {
    const mark = button("", flip(k), { class: "pg-mark", "aria-pressed": "false", "aria-label": name(k) });
    mark.append(...typeset(name(k)));
    return mark;
  });
  const said = terms.map(() => el("li", {}));
  const list = el("ul", { class: "pg-why", hidden: true }, ...said);
  const status = el("div", { role: "status", style: "min-height: 1.6em; margin-top: 10px" });
  const check = button("Check", () => put("checked", true), { class: "pg-play" });
  const again = button("Again", () => { put("marked", []); put("checked", false); });
  const sign = (text) => el("span", { class: "pg-sign" }, text);
  const row = (...parts) => el("div", { class: "pg-sum" }, ...parts);
  root.append(
    el("style", {}, MARKS),
    el("div", { class: "pg-sub" }, "Press every term that changes when θ changes."),
    row(sign("∇J  ∝  Σ"), el("sub", {}, "s"), marks[3], sign("Σ"), el("sub", {}, "a"), marks[4], marks[5], marks[6]),
    row(el("span", { class: "pg-sub" }, ...typeset("and what d^π and Q^π are made of:")), marks[0], marks[1], marks[2]),
    el("div", { class: "pg-buttons" }, check, again), status, list);

  function show() {
    const [now, checked] = [marked(), model.get("checked")];
    marks.forEach((mark, k) => {
      mark.setAttribute("aria-pressed", String(now.has(name(k))));
      mark.dataset.verdict = checked ? (now.has(name(k)) === terms[k][1] ? "right" : "wrong") : "";
    });
    const right = terms.filter(([n, depends]) => now.has(n) === depends).length;
    list.hidden = !checked;
    if (checked) terms.forEach(([n, depends, why], k) => said[k].replaceChildren(...typeset(`${now.has(n) === depends ? "✓" : "✗"} ${n}: ${depends ? "yes" : "no"}. ${why}`)));
    write(status, checked ? `${right} of ${terms.length} right. Four terms move with θ.` : `${now.size} marked.`);
    root.dataset.marked = JSON.stringify([...now]);
  }
  const traits = ["marked", "checked"];
  traits.forEach((t) => model.on(`change:${t}`, show));
  show();
  return () => traits.forEach((t) => model.off(`change:${t}`, show));
}

/** "d^π(s)" with its π raised, "π_θ" with its θ lowered. */
function typeset(text) {
  return text.split(/(\^π|_θ)/).map((part) => {
    if (part === "^π") return el("sup", {}, "π");
    return part === "_θ" ? el("sub", {}, "θ") : part;
  });
}

const MARKS = `
.pg-sum { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 13px; margin: 12px 0; font-size: 1.15em; }
.pg-sum sup, .pg-why sup { line-height: 0; font-size: 0.72em; }
.pg-sum > sub { margin-left: -10px; align-self: flex-end; }
.pg-sum .pg-sign { font: 1.2em "STIX Two Math", "Cambria Math", Georgia, serif; }
.pgkit-lab button.pg-mark { font: italic 1.05em "STIX Two Text", "STIX Two Math", Georgia, serif; height: auto; padding: 5px 12px; }
.pgkit-lab button.pg-mark[aria-pressed="true"] { background: var(--pg-policy); border-color: var(--pg-policy); color: #fff; }
body[data-jp-theme-light="false"] .pgkit-lab button.pg-mark[aria-pressed="true"] { color: #0b1116; }
.pgkit-lab button.pg-mark[data-verdict="right"] { outline: 3px solid var(--pg-goal); outline-offset: 2px; }
.pgkit-lab button.pg-mark[data-verdict="wrong"] { outline: 3px dashed var(--pg-fire); outline-offset: 2px; }
.pg-why { margin: 8px 0 0; padding-left: 0; list-style: none; line-height: 1.55; }
`;
