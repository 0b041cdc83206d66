// The deadly triad: a linear V under expected updates, in the page; it grows, until one of three switches is turned.
import { button, choice, control, el, fill, plain, player, scaleOf, short, ten, valueControl, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, roundUp, segment, sharp } from "./plot.mjs";

const POINTS = 41; // of the factor over "how far off-policy"
const SQUARINGS = 45;
const TICK = 50; // milliseconds between two pictures while it plays

// ---------------------------------------------------------------- numbers

const times = (A, B) => A.map((row) => B[0].map((_, j) => row.reduce((sum, a, k) => sum + a * B[k][j], 0)));
const turned = (A) => A[0].map((_, j) => A.map((row) => row[j]));
const unit = (n) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
const mixed = ([a, b], share) => (Array.isArray(a) ? a.map((x, i) => mixed([x, b[i]], share)) : (1 - share) * a + share * b);

/** D (γ P - 1): what an update of each value by itself would change. */
function pull({ step, visited }, off, gamma) {
  const d = mixed(visited, off);
  return mixed(step, off).map((row, s) => row.map((p, j) => d[s] * (gamma * p - Number(s === j))));
}

const plusOne = (A, alpha) => A.map((row, i) => row.map((a, j) => alpha * a + Number(i === j)));

/** The spectral radius: the 2^k-th root of the size of the 2^k-th power. */
function radius(M) {
  let [power, log] = [M, 0];
  for (let k = 0; k < SQUARINGS; k += 1) {
    const size = Math.max(...power.flat().map(Math.abs));
    if (size === 0) return 0;
    log += Math.log(size) / 2 ** k;
    power = power.map((row) => row.map((x) => x / size));
    power = times(power, power);
  }
  return Math.exp(log);
}

/** Updates of the values, V ← V + α X Xᵀ D (γ P V - V), and the factor by which they grow. */
function dynamics(example, { alpha, gamma, off, shared }) {
  const x = shared ? example.x : unit(example.x.length);
  const own = pull(example, off, gamma);
  const values = plusOne(times(times(x, turned(x)), own), alpha);
  const small = x[0].length <= x.length ? plusOne(times(times(turned(x), own), x), alpha) : values;
  return { values, factor: radius(small) };
}

function run(M, begin, updates) {
  const rows = [begin];
  for (let k = 0; k < updates; k += 1) rows.push(M.map((row) => row.reduce((sum, m, j) => sum + m * rows[k][j], 0)));
  return rows;
}

const largest = (row) => Math.max(...row.map(Math.abs));

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put, tell, start } = pageLab(model, host, "divergence lab");
  const at = { colours: null, key: "" };
  const { examples, alphas } = get("scene");

  // the switches
  const example = choice("example", Object.keys(examples).map((name) => [name, name]), (name) => {
    stop();
    put({ example: name, alpha: examples[name].alpha, update: 0 });
  });
  const flag = (name, label, yes, no) => choice(label, [["yes", yes], ["no", no]], (value) => put({ [name]: value === "yes" }));
  const bootstrap = flag("bootstrap", "target", "TD", "Monte Carlo");
  const shared = flag("shared", "values", "shared weights", "a table");
  const share = (x) => x >= 0 && x <= 1;
  const even = scaleOf({ low: 0, high: 1, steps: 200 });
  const knob = (name, symbol, label, scale, legal, law) =>
    valueControl({ name, symbol, label, scale, legal }, (value) => put({ [name]: value }), () => write(status, law));
  const sliders = {
    off: knob("off", "3", "off-policy", even, share, "How far off-policy lies between 0 and 1."),
    gamma: knob("gamma", "γ", "discount", even, share, "γ lies between 0 and 1."),
    alpha: knob("alpha", "α", "step size", scaleOf({ low: alphas[0], high: alphas[1], log: true, digits: 2 }),
      (x) => x >= alphas[0] && x <= alphas[1], `Here α lies between ${alphas[0]} and ${alphas[1]}.`),
  };
  const row = (symbol, words, node) => el("div", { class: "pg-knob pg-triad-row" }, el("span", { class: "pg-knob-label" }, el("i", {}, symbol), ` ${words}`), node);
  const data = el("span", { class: "pg-triad-data" });
  const switches = el("div", { class: "pg-triad-knobs" },
    row("1", "the target", bootstrap.node), row("2", "the values", shared.node),
    sliders.off.node, data, sliders.gamma.node, sliders.alpha.node);

  // time
  const { node: play, stop } = player({
    begin: () => get("update") >= last() && put({ update: 0 }),
    step: () => {
      put({ update: Math.min(last(), get("update") + last() / 100) }, { soon: true });
      return get("update") < last();
    },
    beat: () => TICK,
    end: tell,
  });
  const next = button("Next update", () => { stop(); put({ update: Math.min(last(), get("update") + 1) }); });
  const time = control("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "update", input: () => { stop(); put({ update: Number(time.value) }); } });
  const reading = el("span", { class: "pg-triad-reading" });
  const clock = el("div", { class: "pg-triad-time" }, play, next, time, reading);

  // the pictures
  const bars = el("canvas", { class: "pg-plot pg-triad-bars", role: "img", "aria-label": "values" });
  const growth = el("canvas", { class: "pg-plot pg-triad-growth", role: "img", "aria-label": "largest value over updates" });
  const factors = el("canvas", { class: "pg-plot pg-triad-factor", role: "img", "aria-label": "growth over off-policy" });
  const verdict = el("span", { class: "pg-triad-verdict" });
  const status = el("div", { class: "pg-sub pg-triad-words", role: "status" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "Watch it diverge"),
      el("span", { class: "pg-sub" }, "nothing is ever paid, so V = 0 is right, and the weights could say so")), verdict),
    el("div", { class: "pg-triad-pick" }, example.node),
    el("div", { class: "pg-triad-two" }, bars, el("div", {}, growth, factors)), clock, switches, status);
  factors.addEventListener("pointermove", (event) => event.buttons && slide(event));
  factors.addEventListener("pointerdown", slide);

  function slide(event) {
    if (at.off) put({ off: Math.round(1000 * Math.max(0, Math.min(1, at.off(event.offsetX)))) / 1000 });
  }
  function last() { return examples[get("example")].updates; }
  function draw(colours) {
    at.colours = colours;
    const [name, k] = [get("example"), get("update")];
    const now = examples[name];
    const settings = { alpha: get("alpha"), gamma: get("bootstrap") ? get("gamma") : 0, off: get("off"), shared: get("shared") };
    const key = JSON.stringify([name, settings]);
    if (key !== at.key) {
      const { values, factor } = dynamics(now, settings);
      const over = Array.from({ length: POINTS }, (_, i) => dynamics(now, { ...settings, off: i / (POINTS - 1) }).factor);
      Object.assign(at, { key, rows: run(values, now.begin, now.updates), factor, over });
    }
    const grows = at.factor > 1 + 1e-9;
    Object.assign(root.dataset, { factor: at.factor, v: JSON.stringify(at.rows[k]), over: JSON.stringify(at.over), k });
    example.show(name);
    bootstrap.show(get("bootstrap") ? "yes" : "no");
    shared.show(get("shared") ? "yes" : "no");
    for (const [which, each] of Object.entries(sliders)) each.show(get(which));
    time.max = now.updates;
    time.value = k;
    time.setAttribute("aria-valuetext", `after ${k} updates`);
    fill(time, (100 * k) / now.updates);
    write(reading, `update ${k} / ${now.updates}`);
    write(data, `0: ${now.data[0]}; 1: ${now.data[1]}`);
    write(verdict, grows ? `V grows: × ${at.factor.toFixed(4)} an update` : `V does not grow: × ${at.factor.toFixed(4)}`);
    verdict.classList.toggle("pg-triad-grows", grows);
    write(status, wordsOf(name, k, grows));
    drawBars(name, k, grows);
    drawGrowth(k, grows);
    drawFactors(settings.off);
  }

  function wordsOf(name, k, grows) {
    const size = largest(at.rows[k]);
    const legs = [get("bootstrap") && "bootstraps", get("shared") && "shares weights", get("off") > 0 && `${plain(100 * get("off"))} % off-policy`].filter(Boolean);
    const border = at.over.findIndex((factor) => factor > 1 + 1e-9);
    const where = border > 0 ? ` With these settings V grows from about ${plain((border - 0.5) / (POINTS - 1), 2)} off-policy on.` : "";
    const fate = grows
      ? `Each update multiplies V by ${at.factor.toFixed(4)}: ten times as large every ${Math.ceil(Math.LN10 / Math.log(at.factor))} updates.`
      : "It does not grow.";
    return `After ${k} updates the largest |V| is ${short(size, 3)}, from ${plain(largest(at.rows[0]))}. In use: ${legs.join(", ") || "none of the three"}. ${fate}${where}`;
  }

  // ---------------------------------------------------------------- pictures

  function drawBars(name, k, grows) {
    if (bars.clientWidth < 80) return;
    const page = sharp(bars);
    const row = at.rows[k];
    const high = roundUp(1.15 * Math.max(largest(row), 1e-9));
    const low = Math.min(...row) < -1e-3 * high ? -high : 0;
    bars.setAttribute("aria-label", `V after ${k} updates: ${row.map((v) => short(v, 3)).join(", ")}`);
    const axes = plotAxes(bars, page, at.colours, {
      x: [0.4, row.length + 0.6], y: [low, high], xTicks: row.map((_, i) => i + 1), xLabel: "state", yText: (v) => short(v, 2), title: `V after ${k} updates (green: the right one, 0)`,
    });
    const { ctx } = page;
    row.forEach((v, i) => {
      const [x, half] = [axes.x(i + 1), 0.3 * (axes.x(2) - axes.x(1))];
      ctx.fillStyle = grows ? at.colours.fire : at.colours.policy;
      ctx.globalAlpha = 0.85;
      ctx.fillRect(x - half, Math.min(axes.y(0), axes.y(v)), 2 * half, Math.max(1.5, Math.abs(axes.y(v) - axes.y(0))));
      ctx.globalAlpha = 1;
      ctx.textAlign = "center";
      ctx.textBaseline = v < 0 ? "top" : "bottom";
      halo(ctx, short(v, 3), x, axes.y(v) + (v < 0 ? 3 : -3), at.colours);
    });
    ctx.strokeStyle = at.colours.goal;
    ctx.lineWidth = 3;
    segment(ctx, axes.box.left, axes.y(0), axes.box.right, axes.y(0));
    if (name === "w → 2w" && get("shared")) {
      ctx.textAlign = "left";
      ctx.textBaseline = "top";
      halo(ctx, `w = ${short(row[0], 3)}`, axes.box.left + 8, axes.box.top + 4, at.colours);
    }
  }

  function drawGrowth(k, grows) {
    if (growth.clientWidth < 80) return;
    const page = sharp(growth);
    const logs = at.rows.map((row) => Math.log10(Math.max(largest(row), 1e-6)));
    const [low, high] = [Math.floor(Math.min(0, ...logs)), Math.ceil(Math.max(1, ...logs))];
    const step = Math.max(1, Math.ceil((high - low) / 4));
    const yTicks = [];
    for (let e = low; e <= high; e += step) yTicks.push(e);
    growth.setAttribute("aria-label", `largest value from ${short(largest(at.rows[0]))} to ${short(largest(at.rows.at(-1)))} over ${at.rows.length - 1} updates`);
    const axes = plotAxes(growth, page, at.colours, {
      x: [0, at.rows.length - 1], y: [low, high + 0.15], yTicks, yText: (e) => (e === 0 ? "1" : e === 1 ? "10" : ten(e)), xLabel: "updates", title: "largest |V|, log scale",
    });
    const { ctx } = page;
    ctx.strokeStyle = at.colours.soft;
    ctx.lineWidth = 1;
    segment(ctx, axes.x(k), axes.box.top, axes.x(k), axes.box.bottom);
    ctx.strokeStyle = grows ? at.colours.fire : at.colours.policy;
    for (const [from, to, strength] of [[0, k, 1], [k, logs.length - 1, 0.3]]) {
      ctx.globalAlpha = strength;
      ctx.lineWidth = 3;
      ctx.beginPath();
      for (let e = from; e <= to; e += 1) ctx[e > from ? "lineTo" : "moveTo"](axes.x(e), axes.y(logs[e]));
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    ctx.fillStyle = ctx.strokeStyle;
    ctx.beginPath();
    ctx.arc(axes.x(k), axes.y(logs[k]), 6, 0, 2 * Math.PI);
    ctx.fill();
  }

  function drawFactors(off) {
    if (factors.clientWidth < 80) return;
    const page = sharp(factors);
    const reach = 1.15 * Math.max(1e-5, ...at.over.map((f) => Math.abs(f - 1)));
    factors.setAttribute("aria-label", `factor of an update from ${at.over[0].toFixed(4)} on-policy to ${at.over.at(-1).toFixed(4)}; above 1 V grows`);
    const axes = plotAxes(factors, page, at.colours, {
      x: [0, 1], y: [1 - reach, 1 + reach], xTicks: [0, 0.5, 1], yTicks: [1 - reach / 1.15, 1, 1 + reach / 1.15], yText: (f) => (reach < 0.002 ? f.toFixed(5) : f.toFixed(3)), xLabel: "how far off-policy", title: "factor of an update; shaded: V grows",
    });
    const { ctx } = page;
    const { box } = axes;
    ctx.fillStyle = at.colours.burn;
    ctx.globalAlpha = 0.7;
    ctx.fillRect(box.left, box.top, box.right - box.left, axes.y(1) - box.top);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = at.colours.ink;
    ctx.lineWidth = 1;
    segment(ctx, box.left, axes.y(1), box.right, axes.y(1));
    ctx.strokeStyle = at.colours.policy;
    ctx.lineWidth = 2.5;
    ctx.beginPath();
    at.over.forEach((f, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(i / (POINTS - 1)), axes.y(f)));
    ctx.stroke();
    at.off = (pixel) => (pixel - axes.x(0)) / (axes.x(1) - axes.x(0));
    ctx.fillStyle = at.factor > 1 + 1e-9 ? at.colours.fire : at.colours.policy;
    ctx.strokeStyle = at.colours.paper;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(axes.x(off), axes.y(at.factor), 7, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }

  return start({ watched: ["example", "alpha", "gamma", "off", "bootstrap", "shared", "update", "scene"], draw, close: stop });
}

const STYLE = `
.pg-triad-pick { margin-bottom: 10px; }
.pg-triad-verdict { font-weight: 600; color: var(--pg-policy); white-space: nowrap; }
.pg-triad-grows { color: var(--pg-fire); }
.pg-triad-two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.1fr); gap: 8px 22px; }
.pg-triad-bars { display: block; width: 100%; height: 340px; }
.pg-triad-growth { display: block; width: 100%; height: 176px; }
.pg-triad-factor { display: block; width: 100%; height: 156px; margin-top: 8px; cursor: ew-resize; touch-action: pan-y; }
.pg-triad-time { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin-top: 12px; padding: 10px 0; border-block: 1px solid var(--pg-line); }
.pgkit-lab .pg-triad-time input { flex: 1 1 160px; width: auto; }
.pg-triad-reading { min-width: 10em; white-space: nowrap; }
.pg-triad-knobs { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 8px 22px; margin-top: 12px; align-items: center; }
.pg-triad-knobs > .pg-knob { margin-top: 0; grid-template-columns: 8.2em minmax(80px, 1fr) auto; }
.pgkit-lab .pg-triad-knobs > .pg-triad-row { grid-template-columns: 8.2em auto; justify-content: start; }
.pg-triad-data { color: var(--pg-soft); }
.pg-triad-words { min-height: 2.8em; margin-top: 12px; }
@container (max-width: 720px) { .pg-triad-verdict { grid-column: 1 / -1; grid-row: 2; } }
@container (max-width: 700px) {
  .pg-triad-two, .pg-triad-knobs { grid-template-columns: minmax(0, 1fr); }
  .pg-triad-bars { height: 240px; }
}
@container (max-width: 480px) {
  .pgkit-lab .pg-triad-knobs > .pg-knob { grid-template-columns: minmax(0, 1fr) auto; gap: 4px 10px; }
  .pg-triad-knobs .pg-knob-label { grid-column: 1 / -1; }
}
`;

export default { render };
