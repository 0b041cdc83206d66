// Baselines: for each its mean and variance, the cloud of gradients, one rollout's weights.  All of it is polynomial
// in the offset c and evaluated here, at once; only the training of 100 runs is asked of Python.
import { button, choice, control, el, newId, plain, scaleOf, valueControl, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, roundUp, segment, sharp, vector } from "./plot.mjs";

const [FLOOR, CEILING] = [0.01, 1e6]; // of the variance's log scale
const REST = 300; // milliseconds without a change, after which other rows are trained, too
const ROOMS = ["rest", "work"];
const TRAP = "b(s,a)";

// ---------------------------------------------------------------- numbers

/** tr Cov of each baseline's gradient at c. */
function variances({ variance }, c) {
  return Object.fromEntries(Object.entries(variance).map(([name, [a, b, d]]) => [name, a + b * c + d * c * c]));
}

/** The share of the exact gradient that is left in the mean. */
function keptShares({ mean, exact }) {
  const size = exact[0] ** 2 + exact[1] ** 2;
  return Object.fromEntries(Object.entries(mean).map(([name, g]) => [name, (g[0] * exact[0] + g[1] * exact[1]) / size]));
}

/** Gradients of one baseline at c. */
function cloudAt({ cloud }, name, c) {
  const flat = cloud[name];
  const points = [];
  for (let i = 0; i < flat.length; i += 4) points.push([flat[i] + c * flat[i + 2], flat[i + 1] + c * flat[i + 3]]);
  return points;
}

function uphillShare(points, [gx, gy]) {
  return points.filter(([x, y]) => x * gx + y * gy > 1e-6).length / points.length;
}

function weightsAt({ rollout }, name, c) {
  const [w, each] = rollout.weight[name];
  return w.map((x, t) => x + c * each[t]);
}

/** A half goes up, also where rounding left a hair less. */
function percent(share) {
  return Math.floor(100 * share + 0.5 + 1e-9);
}

/** A variance with three digits, whole from a thousand on. */
function amount(v) {
  return v < 1e-9 ? "0" : v >= 1000 ? Math.round(v).toLocaleString("en").replaceAll(",", " ") : plain(v);
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put: tell, request, visible, start } = pageLab(model, host, "baseline lab");
  const at = { colours: null, timer: null };
  const put = (values) => {
    tell(values);
    changed();
  };
  const scene = get("scene");
  const names = Object.keys(scene.names);

  // the rows
  const group = newId("baseline");
  const rows = Object.fromEntries(names.map((name) => {
    const input = control("input", { type: "radio", name: group, value: name, change: () => put({ baseline: name }) });
    const bar = el("span", { class: `pg-var${name === TRAP ? " pg-trap-bar" : ""}` });
    const [mean, variance, learn] = ["pg-mean", "pg-value", "pg-learn"].map((word) => el("span", { class: word }));
    const node = el("label", { class: "pg-base-row", title: scene.means[name] }, input, el("span", { class: "pg-which" }, scene.names[name]),
      mean, el("span", { class: "pg-track" }, bar), variance, learn);
    return [name, { node, input, bar, mean, variance, learn }];
  }));
  const table = el("div", { class: "pg-table", role: "radiogroup", "aria-label": "baseline" },
    el("div", { class: "pg-base-row pg-heads", "aria-hidden": "true" }, el("span"), el("span", {}, "baseline b"), el("span", { class: "pg-mean" }, "mean ĝ"),
      el("span", {}, "variance of ĝ (log scale)"), el("span"), el("span", { class: "pg-learn" }, "runs learn")),
    ...Object.values(rows).map((row) => row.node));

  // the knobs
  const offset = valueControl(
    { name: "offset", symbol: "c", label: "reward offset", scale: scaleOf({ low: 0, high: scene.mostC, whole: true }), legal: (x) => x >= 0 && x <= scene.mostC },
    (c) => put({ offset: c }), () => write(status, `c is a number from 0 to ${scene.mostC}.`));
  const batch = choice("rollouts N", scene.batches.map((n) => [String(n), String(n)]), (value) => put({ episodes: Number(value) }));
  batch.node.classList.add("pg-batch");
  const rolls = el("div", { class: "pg-knob pg-rolls" }, el("span", { class: "pg-knob-label" }, el("i", {}, "N"), " rollouts a gradient"), batch.node,
    button("New rollouts", () => put({ seed: get("seed") + 1 }), { title: "another cloud, another rollout" }));

  // the pictures
  const cloud = el("canvas", { class: "pg-plot pg-cloud", role: "img", "aria-label": "sample gradients" });
  const path = el("canvas", { class: "pg-plot pg-one", role: "img", "aria-label": "one rollout" });
  const status = el("div", { class: "pg-sub pg-base-words", role: "status" });
  const title = el("span", { class: "pg-sub" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "Subtract a baseline"), title)),
    el("div", { class: "pg-base-two" }, el("div", {}, table, offset.node, rolls, status), el("div", { class: "pg-side" }, path, cloud)));

  function changed() {
    clearTimeout(at.timer);
    at.timer = setTimeout(next, REST);
    request();
  }
  /** When nothing moves: a row without its runs is asked for. */
  function next() {
    const missing = names.find((name) => !(name in get("outcomes")));
    if (!missing || missing === get("wanted")) return;
    if (!visible()) at.waiting = true; // until it is in sight, and drawn
    else tell({ wanted: missing });
  }

  function draw(colours) {
    at.colours = colours;
    if (at.waiting) {
      at.waiting = false;
      changed();
    }
    const [seen, name, c, n] = [get("scene"), get("baseline"), get("offset"), get("episodes")];
    const [variance, kept, points] = [variances(seen, c), keptShares(seen), cloudAt(seen, name, c)];
    const [weights, uphill] = [weightsAt(seen, name, c), uphillShare(points, seen.exact)];
    Object.assign(root.dataset, {
      variance: JSON.stringify(variance), kept: JSON.stringify(kept), uphill, weights: JSON.stringify(weights), n: seen.episodes,
    });
    showRows(seen, variance, kept, get("outcomes"), name);
    offset.show(c);
    batch.show(String(n));
    write(title, `two rooms, T = 5, at the coin toss θ = (0, 0); every reward is c = ${plain(c)} more`);
    const words = `Baseline ${seen.names[name]}: ${seen.means[name]}. The mean keeps ${percent(kept[name])} % of the exact gradient; `
      + `${percent(uphill)} % of the ${points.length} gradients drawn point uphill.`;
    write(status, words);
    drawCloud(seen, points, name, variance[name]);
    drawPath(seen, weights, name, c);
  }

  function showRows(seen, variance, kept, outcomes, chosen) {
    for (const [name, row] of Object.entries(rows)) {
      row.input.checked = name === chosen;
      const share = percent(kept[name]);
      write(row.mean, `${share} %`);
      row.mean.classList.toggle("pg-off", share !== 100);
      const wide = 100 * Math.max(0, Math.min(1, Math.log(Math.max(variance[name], FLOOR) / FLOOR) / Math.log(CEILING / FLOOR)));
      row.bar.style.width = `${wide.toFixed(2)}%`;
      write(row.variance, `${seen.sampled.includes(name) ? "≈ " : ""}${amount(variance[name])}`);
      const runs = outcomes[name];
      write(row.learn, runs ? `${runs[0]} / ${seen.runs}` : "…");
      row.learn.classList.toggle("pg-all", Boolean(runs) && runs[0] >= 0.95 * seen.runs);
      row.input.setAttribute("aria-label", `${seen.names[name]}: mean ${share} %, variance ${amount(variance[name])}${runs ? `, ${runs[0]} of ${seen.runs} runs learn` : ""}`);
    }
  }

  function drawCloud(seen, points, name, variance) {
    const page = sharp(cloud);
    if (page.width < 80) return;
    const reach = roundUp(Math.max(2.4, 2.3 * Math.sqrt(variance)));
    cloud.setAttribute("aria-label", `${points.length} gradients around the exact one, (${seen.exact.map((x) => plain(x, 4)).join(", ")}); their standard deviation is ${plain(Math.sqrt(variance))}`);
    const axes = plotAxes(cloud, page, at.colours, {
      x: [-reach, reach], y: [-reach, reach], equal: true, grid: false, xLabel: "θ₁",
      title: `${points.length} gradients ĝ, each from ${seen.episodes} rollout${seen.episodes === 1 ? "" : "s"}`,
    });
    const { ctx } = page;
    const { box, size } = axes;
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.clip();
    downhill(ctx, axes, seen.exact, at.colours);
    ctx.strokeStyle = at.colours.edge;
    ctx.lineWidth = 1;
    segment(ctx, box.left, axes.y(0), box.right, axes.y(0));
    segment(ctx, axes.x(0), box.top, axes.x(0), box.bottom);
    ctx.fillStyle = name === TRAP ? at.colours.fire : at.colours.policy;
    ctx.globalAlpha = 0.4;
    for (const [x, y] of points) {
      ctx.beginPath();
      ctx.arc(axes.x(x), axes.y(y), 2.4, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.globalAlpha = 1;
    const end = ([x, y]) => [axes.x(x), axes.y(y)];
    vector(ctx, end([0, 0]), end(seen.exact), at.colours.goal, at.colours, 6);
    vector(ctx, end([0, 0]), end(seen.mean[name]), at.colours.policy, at.colours, 2.2);
    ctx.restore();
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    const key = ["green ∇J, blue the mean of ĝ;", "shaded: downhill"];
    const whole = key.join(" ");
    const lines = ctx.measureText(whole).width + 8 < box.right - box.left ? [whole] : key;
    lines.reverse().forEach((line, n) => halo(ctx, line, box.left + 4, box.bottom - (0.3 + 1.35 * n) * size, at.colours));
  }

  function drawPath(seen, weights, name, c) {
    const page = sharp(path);
    if (page.width < 80) return;
    const { ctx } = page;
    const { s, a, above } = seen.rollout;
    const score = plain(above.reduce((sum, r) => sum + r + c, 0), 6);
    const high = roundUp(Math.max(2, ...weights.map(Math.abs)) * 1.25);
    path.setAttribute("aria-label", `one rollout with score ${score}; weights ${weights.map((w) => plain(w)).join(", ")}`);
    const low = Math.min(...weights) < -1e-9 ? -high : -0.12 * high;
    const air = 5; // for the hat of Q̂
    ctx.translate(0, air);
    const axes = plotAxes(path, { ctx, width: page.width, height: page.height - air - 16 }, at.colours, {
      x: [-0.55, s.length - 0.45], y: [low, high], xTicks: [], xLabel: " ", yTicks: low === -high ? [-high, 0, high] : [0, high],
      title: `one rollout, score ${score}: the weight Q̂ₜ${name === "none" ? "" : " − b"} of each action`,
    });
    const { size, box } = axes;
    weights.forEach((w, t) => {
      const [x, half] = [axes.x(t), 0.32 * (axes.x(1) - axes.x(0))];
      const flat = Math.abs(w) < 1e-9;
      ctx.fillStyle = w < 0 ? at.colours.fire : at.colours.policy;
      ctx.globalAlpha = 0.85;
      ctx.fillRect(x - half, Math.min(axes.y(0), axes.y(w)), 2 * half, Math.max(flat ? 2 : 1, Math.abs(axes.y(w) - axes.y(0))));
      ctx.globalAlpha = 1;
      ctx.textAlign = "center";
      ctx.textBaseline = w < 0 && !flat ? "top" : "bottom";
      halo(ctx, flat ? "0" : plain(w), x, axes.y(w) + (w < 0 && !flat ? 2 : -2), at.colours);
      ctx.textBaseline = "top";
      ctx.fillStyle = at.colours.ink;
      ctx.fillText(ROOMS[a[t]], x, box.bottom + 0.35 * size);
      ctx.fillStyle = at.colours.soft;
      ctx.fillText(`room ${s[t]}`, x, box.bottom + 1.55 * size);
      ctx.fillText(`pays ${plain(above[t] + c, 4)}`, x, box.bottom + 2.75 * size, axes.x(1) - axes.x(0) - 4);
    });
    ctx.strokeStyle = at.colours.soft;
    ctx.lineWidth = 1;
    segment(ctx, box.left, Math.round(axes.y(0)) + 0.5, box.right, Math.round(axes.y(0)) + 0.5);
  }

  return start({ watched: ["offset", "baseline", "episodes", "scene", "outcomes"], draw, changed, close: () => clearTimeout(at.timer) });
}

/** The half plane in which a step goes down. */
function downhill(ctx, axes, [gx, gy], colours) {
  const far = 3 * Math.max(...axes.high.map(Math.abs), ...axes.low.map(Math.abs));
  const length = Math.hypot(gx, gy);
  const [u, v] = [gx / length, gy / length];
  const corners = [[-v, u], [v, -u], [v - 2 * u, -u - 2 * v], [-v - 2 * u, u - 2 * v]];
  ctx.fillStyle = colours.floor;
  ctx.beginPath();
  corners.forEach(([x, y], i) => ctx[i ? "lineTo" : "moveTo"](axes.x(far * x), axes.y(far * y)));
  ctx.closePath();
  ctx.fill();
}

const STYLE = `
.pg-base-two { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(270px, 1fr); gap: 20px; align-items: start; }
.pg-table { margin-bottom: 14px; }
.pg-base-row { display: grid; grid-template-columns: 16px 10.6em 4em minmax(60px, 1fr) 4.6em 5.4em; align-items: center; gap: 0 10px;
  padding: 5px 8px; border-radius: 7px; cursor: pointer; border: 1px solid transparent; min-height: 37px; }
.pg-base-row:not(.pg-heads):hover { background: var(--pg-floor); }
.pg-base-row:has(:checked) { border-color: var(--pg-policy); background: var(--pg-floor); }
.pg-base-row:has(:focus-visible) { outline: 3px solid var(--pg-policy); outline-offset: 1px; }
.pg-base-row input { margin: 0; accent-color: var(--pg-policy); }
.pgkit-lab .pg-base-row input:focus-visible { outline: none; }
.pg-heads { color: var(--pg-soft); font-size: 0.88em; cursor: default; min-height: 0; }
.pg-mean, .pg-value, .pg-learn { text-align: right; white-space: nowrap; }
.pg-off { color: var(--pg-fire); font-weight: 600; }
.pg-all { color: var(--pg-goal); font-weight: 600; }
.pg-track { height: 16px; border-left: 1px solid var(--pg-edge); }
.pg-var { display: block; height: 100%; border-radius: 0 4px 4px 0; background: var(--pg-policy); min-width: 2px; }
.pg-trap-bar { background: repeating-linear-gradient(135deg, var(--pg-fire) 0 6px, var(--pg-burn) 6px 9px); }
.pg-rolls { grid-template-columns: 12.4em auto auto; justify-content: start; }
.pg-cloud { display: block; width: 100%; height: 300px; }
.pg-one { display: block; width: 100%; height: 220px; margin-bottom: 14px; }
.pg-base-words { min-height: 4.2em; margin-top: 12px; }
@container (max-width: 1000px) {
  .pg-rolls { grid-template-columns: 12.4em auto; }
  .pg-rolls .pg-batch { justify-self: start; }
  .pg-rolls > button { grid-column: 2; justify-self: start; }
}
@container (max-width: 940px) {
  .pg-base-row { grid-template-columns: 16px 10.4em 3.8em minmax(40px, 1fr) 4.6em 5.4em; gap: 0 6px; padding: 3px 4px; }
}
@container (max-width: 800px) {
  .pg-rolls { grid-template-columns: 12.4em auto auto; }
  .pg-rolls > button { grid-column: auto; }
  .pg-base-two { grid-template-columns: minmax(0, 1fr); }
  .pg-side { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
  .pg-one, .pg-cloud { height: 260px; }
}
@container (max-width: 560px) {
  .pg-base-row { grid-template-columns: 16px minmax(0, 1fr) 3.4em 4.4em 4.8em; }
  .pg-track, .pg-heads > :nth-child(4) { display: none; }
  .pg-side { grid-template-columns: minmax(0, 1fr); }
  .pg-rolls { grid-template-columns: minmax(0, 1fr); }
}
`;

export default { render };
