// Between TD and Monte Carlo: one rollout's TD errors and their weighted sum, and the error of the gradient over λ.
// A new critic or rollout comes from Python; λ, N and the step that is looked at are answered here, at once.
import { button, choice, control, el, fill, newId, plain, scaleOf, valueControl, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, segment, sharp } from "./plot.mjs";

// ---------------------------------------------------------------- numbers

/** Â_t = Σ_k (γλ)^(k-t) δ_k, from the end backwards. */
function advantages({ delta, gamma }, lam) {
  const adv = [...delta];
  for (let t = adv.length - 2; t >= 0; t -= 1) adv[t] += gamma * lam * adv[t + 1];
  return adv;
}

function between(xs, ys, x) {
  const i = Math.min(xs.length - 2, Math.max(0, Math.floor(x * (xs.length - 1) + 1e-9)));
  const share = (x - xs[i]) / (xs[i + 1] - xs[i]);
  return ys[i] + share * (ys[i + 1] - ys[i]);
}

function errorAt({ lambdas, bias, noise }, n, lam) {
  const [b, s] = [between(lambdas, bias, lam), between(lambdas, noise, lam) / Math.sqrt(n)];
  return { bias: b, noise: s, both: Math.hypot(b, s) };
}

function bestLambda(scene, n) {
  const both = scene.lambdas.map((lam) => errorAt(scene, n, lam).both);
  return scene.lambdas[both.indexOf(Math.min(...both))];
}

const minus = (x, digits = 3) => plain(x, digits).replace("-", "−");

/** Â_t as a sum with its numbers: the first terms, and what the others add. */
function written({ delta, gamma }, lam, t, total) {
  const left = delta.slice(t, t + 4).map((d, k) => [d * (gamma * lam) ** k, k]);
  const terms = left.filter(([, k]) => lam > 0 || k === 0).map(([x, k]) => `${k ? (x < 0 ? " − " : " + ") : x < 0 ? "−" : ""}${plain(Math.abs(x), 3)}`);
  const more = lam > 0 && delta.length > t + 4 ? " + …" : "";
  return `Â = ${terms.join("")}${more}${terms.length > 1 || more ? ` = ${minus(total)}` : ""}`;
}

// ---------------------------------------------------------------- the lab

function render({ model, el: host }) {
  const { root, get, put, start } = pageLab(model, host, "advantage lab");
  const at = { colours: null };
  const scene = get("scene");

  // the knobs
  const lambda = valueControl(
    { name: "lambda", symbol: "λ", label: "TD … Monte Carlo", scale: scaleOf({ low: 0, high: 1 }), legal: (x) => x >= 0 && x <= 1 },
    (lam) => put({ lam }), () => write(status, "λ is a number from 0 to 1."));
  const age = (k) => (k === scene.now ? "V = 0" : String(k));
  const lag = choice("critic's lag", scene.lags.map((k) => [String(k), age(k)]), (value) => put({ lag: Number(value) }));
  const batch = choice("rollouts N", scene.batches.map((n) => [String(n), String(n)]), (value) => put({ episodes: Number(value) }));
  const tId = newId("step");
  const step = control("input", { type: "range", id: tId, min: 0, max: scene.delta.length - 1, step: 1, input: () => put({ t: Number(step.value) }) });
  const roll = button("New rollout", () => put({ seed: get("seed") + 1 }), { title: "another rollout of the same policy" });
  const label = (id, symbol, words) => el(id ? "label" : "span", { ...(id ? { for: id } : {}), class: "pg-knob-label" }, el("i", {}, symbol), ` ${words}`);
  const knobs = el("div", { class: "pg-gae-knobs" },
    lambda.node,
    el("div", { class: "pg-knob" }, label(tId, "t", "the step"), step, roll),
    el("div", { class: "pg-knob pg-gae-row" }, label("", "V", "iterations behind"), lag.node),
    el("div", { class: "pg-knob pg-gae-row" }, label("", "N", "rollouts a gradient"), batch.node));

  // the pictures
  const errors = el("canvas", { class: "pg-plot pg-gae-error", role: "img", "aria-label": "error of the gradient" });
  const parts = el("canvas", { class: "pg-plot pg-gae-bars", role: "img", "aria-label": "TD errors" });
  const sums = el("canvas", { class: "pg-plot pg-gae-bars", role: "img", "aria-label": "advantages" });
  const status = el("div", { class: "pg-sub pg-gae-words", role: "status" });
  const title = el("span", { class: "pg-sub" }, "an actor in the Ring of Fire, uniform resets, after 40 iterations");
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "Between TD and Monte Carlo"), title)),
    el("div", { class: "pg-gae-two" }, el("div", {}, parts, sums), el("div", {}, errors)),
    knobs, status);
  for (const canvas of [parts, sums]) {
    canvas.addEventListener("pointermove", (event) => event.buttons && look(event));
    canvas.addEventListener("pointerdown", look);
  }
  errors.addEventListener("pointermove", (event) => event.buttons && slide(event));
  errors.addEventListener("pointerdown", slide);

  function look(event) {
    const n = get("scene").delta.length;
    if (at.bars) put({ t: Math.max(0, Math.min(n - 1, Math.round(at.bars(event.offsetX)))) });
  }
  function slide(event) {
    if (at.lam) put({ lam: Math.round(100 * Math.max(0, Math.min(1, at.lam(event.offsetX)))) / 100 });
  }

  function draw(colours) {
    at.colours = colours;
    const [seen, lam, n] = [get("scene"), get("lam"), get("episodes")];
    const t = Math.min(get("t"), seen.delta.length - 1);
    const adv = advantages(seen, lam);
    const now = errorAt(seen, n, lam);
    const best = bestLambda(seen, n);
    Object.assign(root.dataset, { adv: JSON.stringify(adv), error: JSON.stringify(now), best });
    lambda.show(lam);
    step.max = seen.delta.length - 1;
    step.value = t;
    step.setAttribute("aria-valuetext", `step ${t}`);
    fill(step, (100 * t) / Math.max(1, seen.delta.length - 1));
    lag.show(String(get("lag")));
    batch.show(String(n));
    write(status, `λ = ${plain(lam)}, ${seen.words[get("lag")]}, N = ${n}: bias ${now.bias.toFixed(2)}, noise ${now.noise.toFixed(2)}, together `
      + `${now.both.toFixed(2)} of the length of ∇J. Best: λ = ${plain(best)}. Step ${t}: δ = ${minus(seen.delta[t])}, ${written(seen, lam, t, adv[t])}, `
      + `exact advantage ${minus(seen.exact[t])}.`);
    drawParts(seen, lam, t);
    drawSums(seen, lam, t, adv);
    drawErrors(seen, lam, n, best);
  }

  function bars(canvas, values, others, head, xLabel) {
    const page = sharp(canvas);
    const air = 5; // for the hat of Â
    page.ctx.translate(0, air);
    page.height -= air;
    const all = [...values, ...others, 0];
    const span = Math.max(1, Math.max(...all) - Math.min(...all));
    const axes = plotAxes(canvas, page, at.colours, {
      x: [-0.6, values.length - 0.4], y: [Math.min(...all) - 0.08 * span, Math.max(...all) + 0.16 * span], xLabel, title: head,
      xTicks: values.map((_, i) => i).filter((i) => values.length < 16 || i % 5 === 0),
    });
    at.bars = (pixel) => (pixel - axes.x(0)) / (axes.x(1) - axes.x(0));
    return { ...axes, ctx: page.ctx, half: 0.36 * (axes.x(1) - axes.x(0)) };
  }

  function bar(axes, i, value, strength, edge) {
    const { ctx, half } = axes;
    const [top, height] = [Math.min(axes.y(0), axes.y(value)), Math.max(1.5, Math.abs(axes.y(value) - axes.y(0)))];
    ctx.fillStyle = value < 0 ? at.colours.fire : at.colours.policy;
    ctx.globalAlpha = strength;
    ctx.fillRect(axes.x(i) - half, top, 2 * half, height);
    ctx.globalAlpha = 1;
    if (!edge) return;
    ctx.strokeStyle = at.colours.ink;
    ctx.lineWidth = 2;
    ctx.strokeRect(axes.x(i) - half - 1, top - 1, 2 * half + 2, height + 2);
  }

  function zero(axes) {
    axes.ctx.strokeStyle = at.colours.soft;
    axes.ctx.lineWidth = 1;
    segment(axes.ctx, axes.box.left, Math.round(axes.y(0)) + 0.5, axes.box.right, Math.round(axes.y(0)) + 0.5);
  }

  function drawParts(seen, lam, t) {
    if (parts.clientWidth < 80) return;
    parts.setAttribute("aria-label", `TD errors ${seen.delta.map((d) => plain(d)).join(", ")}; looked at from step ${t}`);
    const axes = bars(parts, seen.delta, [], `TD errors δ; solid as far as step ${t} counts them`, "");
    const { ctx, size } = axes;
    seen.delta.forEach((d, k) => {
      const weight = k < t ? 0 : (seen.gamma * lam) ** (k - t);
      bar(axes, k, d, 0.1 + 0.9 * weight, k === t);
      ctx.textAlign = "center";
      ctx.textBaseline = "bottom";
      if (k >= t && weight > 0.004 && 2 * axes.half > 2.1 * size) halo(ctx, `×${weight.toFixed(2).replace(/\.?0+$/, "") || "0"}`, axes.x(k), axes.y(Math.max(d, 0)) - 3, at.colours, at.colours.soft);
    });
    zero(axes);
  }

  function drawSums(seen, lam, t, adv) {
    if (sums.clientWidth < 80) return;
    sums.setAttribute("aria-label", `advantages ${adv.map((x) => plain(x)).join(", ")}; exact ones ${seen.exact.map((x) => plain(x)).join(", ")}`);
    const axes = bars(sums, adv, seen.exact, `their weighted sum Â; green: the exact advantage`, "time t");
    const { ctx } = axes;
    adv.forEach((x, i) => bar(axes, i, x, 0.85, i === t));
    zero(axes);
    seen.exact.forEach((x, i) => {
      ctx.fillStyle = at.colours.goal;
      ctx.strokeStyle = at.colours.paper;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(axes.x(i), axes.y(x), 5, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    });
  }

  function drawErrors(seen, lam, n, best) {
    if (errors.clientWidth < 80) return;
    const page = sharp(errors);
    page.ctx.translate(0, 5); // level with the plot beside it
    page.height -= 5;
    const rows = seen.lambdas.map((x) => errorAt(seen, n, x));
    const high = 1.18 * Math.max(0.4, ...rows.map((row) => row.both));
    errors.setAttribute("aria-label", `error of the gradient over λ; smallest at ${plain(best)}`);
    const axes = plotAxes(errors, page, at.colours, {
      x: [0, 1], y: [0, high], xTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: "λ", title: `how wrong is ∇J from ${n} rollouts? (in its own length)`,
    });
    const { ctx } = page;
    const { box, size } = axes;
    at.lam = (pixel) => (pixel - axes.x(0)) / (axes.x(1) - axes.x(0));
    ctx.strokeStyle = at.colours.goal;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([3, 3]);
    segment(ctx, axes.x(best), box.top + 1.4 * size, axes.x(best), box.bottom);
    ctx.setLineDash([]);
    for (const [name, hue, dash, width] of [["bias", "trap", [9, 4, 2, 4], 2.5], ["noise", "policy", [6, 4], 2.5], ["both", "ink", [], 3]]) {
      ctx.strokeStyle = at.colours[hue];
      ctx.lineWidth = width;
      ctx.setLineDash(dash);
      ctx.beginPath();
      rows.forEach((row, i) => ctx[i ? "lineTo" : "moveTo"](axes.x(seen.lambdas[i]), axes.y(row[name])));
      ctx.stroke();
      ctx.setLineDash([]);
    }
    const here = errorAt(seen, n, lam);
    ctx.fillStyle = at.colours.ink;
    ctx.strokeStyle = at.colours.paper;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(axes.x(lam), axes.y(here.both), 7, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
    ctx.textBaseline = "bottom";
    const right = best > 0.5;
    ctx.textAlign = right ? "right" : "left";
    halo(ctx, `best λ = ${plain(best)}`, axes.x(best) + (right ? -5 : 5), box.top + 1.5 * size, at.colours, at.colours.goal);
    legend(ctx, axes);
  }

  function legend(ctx, { box, size }) {
    const words = [["bias", "trap", [9, 4, 2, 4]], ["noise", "policy", [6, 4]], ["both", "ink", []]];
    let x = box.left;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const [name, hue, dash] of words) {
      const y = box.bottom + 1.95 * size;
      ctx.strokeStyle = at.colours[hue];
      ctx.lineWidth = 2.5;
      ctx.setLineDash(dash);
      segment(ctx, x, y, x + 26, y);
      ctx.setLineDash([]);
      ctx.fillStyle = at.colours.ink;
      ctx.fillText(name, x + 31, y);
      x += 44 + ctx.measureText(name).width;
    }
  }

  return start({ watched: ["lam", "lag", "episodes", "seed", "t", "scene"], draw });
}

const STYLE = `
.pg-gae-two { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 8px 22px; }
.pg-gae-bars { display: block; width: 100%; height: 176px; cursor: pointer; touch-action: pan-y; }
.pg-gae-bars + .pg-gae-bars { margin-top: 8px; }
.pg-gae-error { display: block; width: 100%; height: 360px; cursor: ew-resize; touch-action: pan-y; }
.pg-gae-knobs { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 8px 22px; margin-top: 12px; }
.pg-gae-knobs > .pg-knob { margin-top: 0; }
.pgkit-lab .pg-gae-row { grid-template-columns: 12.4em auto; justify-content: start; }
.pg-gae-words { min-height: 2.8em; margin-top: 12px; }
@container (max-width: 860px) {
  .pg-gae-two, .pg-gae-knobs { grid-template-columns: minmax(0, 1fr); }
  .pg-gae-error { height: 280px; }
  .pg-gae-bars { height: 150px; }
}
@container (max-width: 480px) {
  .pgkit-lab .pg-gae-knobs > .pg-knob { grid-template-columns: minmax(0, 1fr) auto; gap: 4px 10px; }
  .pg-gae-knobs .pg-knob-label { grid-column: 1 / -1; }
}
`;

export default { render };
