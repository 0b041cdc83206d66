// Two hundred pulls of a bandit under exp(A/β): the dots, the fitted policy, the weights, and J over β.
// Data and curves come from Python; β is answered here, at once.
import { button, choice, el, knobControl, plain, ten, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, segment, sharp } from "./plot.mjs";

const BINS = 30;
const SPAN = 9; // powers of ten below the largest weight that the histogram shows
const BETA_TICKS = [0.01, 0.1, 1, 10, 100];

// ---------------------------------------------------------------- numbers

/** Weights in units of the largest, what is fitted to them, and how many count. */
function fitted({ adv, arm, means }, beta, clip) {
  const top = clip ? Math.log(clip) : Infinity;
  const logs = adv.map((a) => Math.min(a / beta, top));
  const most = Math.max(...logs);
  const weight = logs.map((x) => Math.exp(x - most));
  const total = weight.reduce((a, b) => a + b, 0);
  const probs = means.map(() => 0);
  weight.forEach((w, i) => { probs[arm[i]] += w / total; });
  const square = weight.reduce((a, w) => a + w * w, 0);
  const clipped = clip ? logs.map((x) => x >= top - 1e-12) : logs.map(() => false);
  return {
    logs, most, weight, total, probs, clipped, ess: (total * total) / square, share: 1 / total,
    j: probs.reduce((sum, p, a) => sum + p * means[a], 0),
  };
}

function bestOf({ ladder, mean }) {
  return ladder[mean.indexOf(Math.max(...mean))];
}

const fixed = (x, digits = 2) => x.toFixed(digits).replace("-", "−");

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put, request, start } = pageLab(model, host, "β lab");
  const at = { colours: null, beta: null, note: "" };
  const first = get("scene");

  // controls
  const knob = knobControl(
    { name: "beta", symbol: "β", label: "temperature", log: true, low: first.low, high: first.high, meaning: "the temperature β in exp(A/β)" },
    (value) => {
      if (typeof value === "number" && value >= first.low && value <= first.high) return put({ beta: value });
      at.note = `β is a number from ${first.low} to ${first.high}. `;
      return request();
    });
  const clip = choice("the largest weight", first.clips.map((c) => [String(c), c ? plain(c) : "no clip"]), (value) => put({ clip: Number(value) }));
  const scale = choice("advantages", first.scales.map((name) => [name, name === "raw" ? "A raw" : "A / std"]), (value) => put({ scale: value }));
  const task = choice("bandit", first.tasks.map((name) => [name, name]), (value) => put({ task: value }));
  const fresh = button("New data", () => put({ seed: get("seed") + 1 }), { title: "another 200 pulls of the same bandit" });
  const row = (symbol, words, ...nodes) => el("div", { class: "pg-knob pg-beta-row" },
    el("span", { class: "pg-knob-label" }, el("i", {}, symbol), ` ${words}`), el("div", { class: "pg-buttons" }, ...nodes));

  // pictures
  const canvas = (name, label) => el("canvas", { class: `pg-plot pg-beta-${name}`, role: "img", "aria-label": label });
  const dots = canvas("dots", "the pulls");
  const bars = canvas("bars", "the fitted policy");
  const bins = canvas("bins", "the weights");
  const line = canvas("line", "J over β");
  const status = el("div", { class: "pg-sub pg-beta-words", role: "status" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" },
      el("span", { class: "pg-title" }, "One knob: β"),
      el("span", { class: "pg-sub" }, "200 pulls of a bandit, given once; the policy is fitted to them, each weighted by exp(A/β)"))),
    el("div", { class: "pg-beta-two" }, el("div", {}, dots, bars), el("div", {}, bins, line)),
    el("div", { class: "pg-beta-knobs" }, knob.node, row("", "bandit", task.node, fresh), row("A", "advantages", scale.node), row("w", "largest weight", clip.node)),
    status);
  const slide = (event) => {
    if (!at.beta) return;
    const beta = Math.min(first.high, Math.max(first.low, 10 ** at.beta(event.offsetX)));
    put({ beta: Number(beta.toPrecision(3)) });
  };
  line.addEventListener("pointermove", (event) => event.buttons && slide(event));
  line.addEventListener("pointerdown", slide);

  function draw(colours) {
    at.colours = colours;
    const [scene, beta, most] = [get("scene"), get("beta"), get("clip")];
    const fit = fitted(scene, beta, most);
    const best = bestOf(scene);
    Object.assign(root.dataset, { probs: JSON.stringify(fit.probs), ess: fit.ess, j: fit.j, best });
    knob.show(beta);
    clip.show(String(most));
    scale.show(get("scale"));
    task.show(get("task"));
    const arm = fit.probs.indexOf(Math.max(...fit.probs));
    const cut = fit.clipped.filter(Boolean).length;
    write(status, `${at.note}β = ${plain(beta)}: ESS ${fixed(fit.ess, 1)} of ${scene.arm.length}; the largest weight has ${fixed(100 * fit.share, 1)} % of the sum`
      + `${most ? `, ${cut} are clipped` : ""}. The likeliest arm is ${arm}, π = ${fixed(fit.probs[arm])}; J = ${fixed(fit.j, 3)}. `
      + `Over ${scene.sets} data sets J is best at β = ${plain(best, 2)}.`);
    at.note = "";
    drawDots(scene, fit);
    drawBars(scene, fit);
    drawBins(scene, fit, most);
    drawLine(scene, beta, best);
  }

  function drawDots(scene, fit) {
    if (dots.clientWidth < 80) return;
    const page = sharp(dots);
    const arms = scene.means.length;
    const [low, high] = [Math.min(...scene.returns), Math.max(...scene.returns)];
    const axes = plotAxes(dots, page, at.colours, {
      x: [-0.5, arms - 0.5], y: [low - 0.08 * (high - low), high + 0.12 * (high - low)], xTicks: scene.means.map((_, i) => i),
      title: "200 returns R; a dot's area is its weight", xLabel: "",
    });
    const { ctx } = page;
    ctx.strokeStyle = at.colours.soft;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([6, 4]);
    segment(ctx, axes.box.left, axes.y(scene.value), axes.box.right, axes.y(scene.value));
    ctx.setLineDash([]);
    const unit = axes.x(1) - axes.x(0);
    const wide = Math.min(unit * 0.3, 60);
    scene.returns.forEach((r, i) => {
      ctx.beginPath();
      const x = axes.x(scene.arm[i]) + wide * (((i * 0.618034) % 1) * 2 - 1);
      ctx.arc(x, axes.y(r), Math.max(1.1, 9 * Math.sqrt(fit.weight[i])), 0, 2 * Math.PI);
      ctx.fillStyle = at.colours.policy;
      ctx.globalAlpha = 0.45;
      ctx.fill();
      ctx.globalAlpha = 1;
      if (fit.clipped[i]) {
        ctx.strokeStyle = at.colours.trap;
        ctx.lineWidth = 1.6;
        ctx.stroke();
      }
    });
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    halo(ctx, "V", axes.box.left + 3, axes.y(scene.value) - 2, at.colours, at.colours.soft);
    dots.setAttribute("aria-label", `${scene.arm.length} pulls; V is ${plain(scene.value)}; the largest weight has ${plain(100 * fit.share, 2)} percent`);
  }

  function drawBars(scene, fit) {
    if (bars.clientWidth < 80) return;
    const page = sharp(bars);
    const arms = scene.means.length;
    const axes = plotAxes(bars, page, at.colours, {
      x: [-0.5, arms - 0.5], y: [0, 1.12], xTicks: scene.means.map((_, i) => i), yTicks: [0, 0.5, 1], xLabel: "arm",
      title: `the fitted policy π(a), J = ${fixed(fit.j, 3)}; green: its worth`,
    });
    const { ctx } = page;
    const half = 0.34 * (axes.x(1) - axes.x(0));
    fit.probs.forEach((p, i) => {
      ctx.fillStyle = at.colours.policy;
      ctx.fillRect(axes.x(i) - half, axes.y(p), 2 * half, Math.max(1, axes.y(0) - axes.y(p)));
      ctx.strokeStyle = at.colours.goal;
      ctx.lineWidth = 2.5;
      segment(ctx, axes.x(i) - half, axes.y(scene.means[i]), axes.x(i) + half, axes.y(scene.means[i]));
    });
    ctx.strokeStyle = at.colours.ink;
    ctx.lineWidth = 1.3;
    ctx.setLineDash([3, 3]);
    segment(ctx, axes.box.left, axes.y(1 / arms), axes.box.right, axes.y(1 / arms));
    ctx.setLineDash([]);
    bars.setAttribute("aria-label", `fitted policy: ${fit.probs.map((p, i) => `arm ${i} ${fixed(p)}`).join(", ")}`);
  }

  function drawBins(scene, fit, most) {
    if (bins.clientWidth < 80) return;
    const page = sharp(bins);
    const place = fit.logs.map((x) => Math.max(x / Math.LN10, fit.most / Math.LN10 - SPAN));
    let [low, high] = [Math.min(...place), Math.max(...place, most ? Math.log10(most) : -Infinity)];
    const pad = Math.max(0.05, 0.05 * (high - low));
    [low, high] = [low - pad, high + pad];
    const counts = new Array(BINS).fill(0);
    const mass = new Array(BINS).fill(0);
    place.forEach((x, i) => {
      const bin = Math.min(BINS - 1, Math.floor(((x - low) / (high - low)) * BINS));
      counts[bin] += 1 / place.length;
      mass[bin] += fit.weight[i] / fit.total;
    });
    const axes = plotAxes(bins, page, at.colours, {
      x: [low, high], y: [0, 1.3 * Math.max(...counts, ...mass)], xTicks: [], yTicks: [], xLabel: "weight exp(A/β)",
      title: `the weights: ESS ${fixed(fit.ess, 1)} of ${scene.arm.length}`,
    });
    const { ctx } = page;
    const { box, size } = axes;
    const wide = (box.right - box.left) / BINS;
    ctx.fillStyle = at.colours.policy;
    ctx.globalAlpha = 0.55;
    mass.forEach((m, i) => ctx.fillRect(box.left + i * wide + 0.5, axes.y(m), wide - 1, box.bottom - axes.y(m)));
    ctx.globalAlpha = 1;
    ctx.strokeStyle = at.colours.ink;
    ctx.lineWidth = 1.6;
    ctx.beginPath();
    ctx.moveTo(box.left, box.bottom);
    counts.forEach((c, i) => {
      ctx.lineTo(box.left + i * wide, axes.y(c));
      ctx.lineTo(box.left + (i + 1) * wide, axes.y(c));
    });
    ctx.lineTo(box.right, box.bottom);
    ctx.stroke();
    ctx.fillStyle = at.colours.soft;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    const step = Math.max(1, Math.ceil((high - low) / 5));
    const few = high - low < 1.5;
    const marks = few ? [low + 0.1 * (high - low), (low + high) / 2, high - 0.1 * (high - low)] : [];
    if (!few) for (let e = Math.ceil(low / step) * step; e <= high; e += step) marks.push(e);
    for (const mark of marks) ctx.fillText(few ? plain(10 ** mark, 2) : mark === 0 ? "1" : ten(mark), axes.x(mark), box.bottom + 0.4 * size);
    if (most) {
      const x = axes.x(Math.log10(most));
      ctx.strokeStyle = at.colours.trap;
      ctx.lineWidth = 2;
      ctx.setLineDash([6, 4]);
      segment(ctx, x, box.top, x, box.bottom);
      ctx.setLineDash([]);
      ctx.textAlign = "right";
      ctx.textBaseline = "top";
      halo(ctx, `clip ${plain(most)}`, x - 5, box.top + 1.5 * size, at.colours);
    }
    key(ctx, box.left + 2, box.top + 0.7 * size, size, [["samples", "ink", false], ["their weight", "policy", true]]);
    bins.setAttribute("aria-label", `histogram of the weights: ESS ${fixed(fit.ess, 1)} of ${scene.arm.length}`);
  }

  function drawLine(scene, beta, best) {
    if (line.clientWidth < 80) return;
    const page = sharp(line);
    const log = Math.log10;
    const axes = plotAxes(line, page, at.colours, {
      x: [log(scene.low), log(scene.high)], y: [0, 1.16], xTicks: [], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: "β",
      title: `over ${scene.sets} data sets (drag in here)`,
    });
    const { ctx } = page;
    const { box, size } = axes;
    at.beta = (pixel) => log(scene.low) + ((pixel - box.left) / (box.right - box.left)) * (log(scene.high) - log(scene.low));
    ctx.fillStyle = at.colours.soft;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const tick of BETA_TICKS) ctx.fillText(plain(tick), axes.x(log(tick)), box.bottom + 0.4 * size);
    ctx.strokeStyle = at.colours.goal;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([3, 3]);
    segment(ctx, axes.x(log(best)), box.top + 1.4 * size, axes.x(log(best)), box.bottom);
    ctx.setLineDash([]);
    for (const [name, hue, dash, width] of [["share", "policy", [6, 4], 2], ["mean", "ink", [], 3]]) {
      ctx.strokeStyle = at.colours[hue];
      ctx.lineWidth = width;
      ctx.setLineDash(dash);
      ctx.beginPath();
      scene.ladder.forEach((x, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(log(x)), axes.y(scene[name][i])));
      ctx.stroke();
      ctx.setLineDash([]);
    }
    const here = between(scene.ladder.map(log), scene.mean, log(beta));
    ctx.strokeStyle = at.colours.soft;
    ctx.lineWidth = 1;
    segment(ctx, axes.x(log(beta)), box.top + 1.4 * size, axes.x(log(beta)), box.bottom);
    ctx.fillStyle = at.colours.ink;
    ctx.strokeStyle = at.colours.paper;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(axes.x(log(beta)), axes.y(here), 7, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
    const right = log(best) > 0;
    ctx.textAlign = right ? "right" : "left";
    ctx.textBaseline = "bottom";
    halo(ctx, `best β = ${plain(best, 2)}`, axes.x(log(best)) + (right ? -5 : 5), box.top + 1.5 * size, at.colours, at.colours.goal);
    key(ctx, box.left, box.bottom + 1.95 * size, size, [["mean J", "ink", null], ["ESS / n", "policy", [6, 4]]]);
    line.setAttribute("aria-label", `mean J over β: ${fixed(here)} here, best at β = ${plain(best, 2)}`);
  }

  /** What is what: a box for areas, a line for lines. */
  function key(ctx, left, y, size, entries) {
    let x = left;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const [text, hue, looks] of entries) {
      ctx.strokeStyle = ctx.fillStyle = at.colours[hue];
      ctx.lineWidth = 2;
      if (looks === true || looks === false) {
        ctx.globalAlpha = looks ? 0.55 : 1;
        ctx[looks ? "fillRect" : "strokeRect"](x, y - 5, 11, 10);
        ctx.globalAlpha = 1;
        x += 16;
      } else {
        ctx.setLineDash(looks ?? []);
        segment(ctx, x, y, x + 24, y);
        ctx.setLineDash([]);
        x += 29;
      }
      ctx.fillStyle = at.colours.ink;
      ctx.fillText(text, x, y);
      x += ctx.measureText(text).width + 1.4 * size;
    }
  }

  return start({ watched: ["beta", "clip", "scale", "task", "seed", "scene"], draw });
}

function between(xs, ys, x) {
  const share = ((x - xs[0]) / (xs.at(-1) - xs[0])) * (xs.length - 1);
  const i = Math.min(xs.length - 2, Math.max(0, Math.floor(share)));
  return ys[i] + (share - i) * (ys[i + 1] - ys[i]);
}

const STYLE = `
.pg-beta-two, .pg-beta-knobs { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); gap: 8px 26px; }
.pg-beta-dots, .pg-beta-line { height: 230px; }
.pg-beta-bars, .pg-beta-bins { height: 176px; margin-top: 6px; }
.pg-beta-line { margin-top: 6px; cursor: ew-resize; touch-action: pan-y; }
.pg-beta-bins { margin-top: 0; }
.pg-beta-knobs { margin-top: 12px; }
.pgkit-lab .pg-beta-knobs > .pg-knob { margin-top: 0; }
.pgkit-lab .pg-beta-row { grid-template-columns: 12.4em 1fr; }
@container (min-width: 861px) { .pgkit-lab .pg-beta-row:nth-child(even) { grid-template-columns: 9.4em 1fr; } }
.pg-beta-words { min-height: 2.8em; margin-top: 12px; }
@container (max-width: 860px) {
  .pg-beta-two, .pg-beta-knobs { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 480px) {
  .pgkit-lab .pg-beta-knobs > .pg-knob { grid-template-columns: minmax(0, 1fr) auto; gap: 4px 10px; }
  .pg-beta-knobs .pg-knob-label { grid-column: 1 / -1; }
}
`;

export default { render };
