// Be the predictor: a batch of episodes of A and B, the values that Monte Carlo and TD come to, and the world that TD counts.
import { button, el, write } from "./lab.mjs";
import { halo, pageLab, plotAxes, sharp, vector } from "./plot.mjs";

const USUAL = { a0: 1, a1: 0, b1: 6, b0: 1 };
const METHODS = [["MC", "Monte Carlo", "fire"], ["TD", "TD", "policy"]];

/** V(A) and V(B) of both; null for a state that was not seen. */
function fixedPoints({ a0, a1, b1, b0 }) {
  const [inA, inB] = [a0 + a1, a0 + a1 + b1 + b0];
  const b = inB ? (a1 + b1) / inB : null;
  return { MC: [inA ? a1 / inA : null, b], TD: [inA ? b : null, b] };
}

const said = (v) => (v === null ? "–" : v.toFixed(2));

function render({ model, el: host }) {
  const { root, get, put, start } = pageLab(model, host, "predictor lab");
  const at = { colours: null };
  const { kinds, most } = get("scene");
  const counts = () => Object.fromEntries(Object.keys(kinds).map((kind) => [kind, get(kind)]));
  const set = (changes) => put(Object.fromEntries(Object.entries(changes).map(([kind, n]) => [kind, Math.max(0, Math.min(most, n))])));

  const rows = Object.entries(kinds).map(([kind, words]) => {
    const reading = el("b", { class: "pg-batch-count" });
    const marks = el("span", { class: "pg-batch-marks", "aria-hidden": "true" });
    const less = button("−", () => set({ [kind]: get(kind) - 1 }), { "aria-label": `one episode ${words} less` });
    const more = button("+", () => set({ [kind]: get(kind) + 1 }), { "aria-label": `one episode ${words} more` });
    return { kind, reading, marks, less, more, node: el("div", { class: "pg-batch-row" }, el("span", { class: "pg-batch-kind" }, words), less, reading, more, marks) };
  });
  const bars = el("canvas", { class: "pg-plot pg-batch-bars", role: "img", "aria-label": "values" });
  const world = el("canvas", { class: "pg-plot pg-batch-world", role: "img", "aria-label": "the world that was counted" });
  const status = el("div", { class: "pg-sub pg-batch-words", role: "status" });
  root.append(
    el("style", {}, STYLE),
    el("div", { class: "pg-head" }, el("div", { class: "pg-name-of-lab" }, el("span", { class: "pg-title" }, "You are the predictor"),
      el("span", { class: "pg-sub" }, "the same episodes, gone through until nothing changes any more"))),
    el("div", { class: "pg-batch-three" },
      el("div", {}, ...rows.map((row) => row.node), el("div", { class: "pg-buttons pg-batch-back" }, button("The eight episodes", () => set(USUAL)))), bars, world),
    status);

  function draw(colours) {
    at.colours = colours;
    const now = counts();
    const V = fixedPoints(now);
    root.dataset.v = JSON.stringify(V);
    for (const row of rows) {
      write(row.reading, String(now[row.kind]));
      write(row.marks, "●".repeat(now[row.kind]));
      row.less.disabled = now[row.kind] === 0;
      row.more.disabled = now[row.kind] === most;
    }
    write(status, wordsOf(now, V));
    drawBars(V);
    drawWorld(now, V);
  }

  function wordsOf(now, V) {
    if (V.MC[0] === null) return "A was never seen: neither of them can say anything about it.";
    const [mc, td] = [V.MC[0], V.TD[0]];
    const why = `Monte Carlo looks at the ${now.a0 + now.a1} ${now.a0 + now.a1 === 1 ? "episode" : "episodes"} that began in A: V(A) = ${said(mc)}. `
      + `TD believes V(B) = ${said(V.TD[1])}, from all ${now.a0 + now.a1 + now.b1 + now.b0} visits of B: V(A) = ${said(td)}.`;
    return Math.abs(mc - td) < 1e-9 ? `${why} They agree.` : why;
  }

  function drawBars(V) {
    if (bars.clientWidth < 80) return;
    const page = sharp(bars);
    bars.setAttribute("aria-label", METHODS.map(([m, name]) => `${name}: V(A) ${said(V[m][0])}, V(B) ${said(V[m][1])}`).join("; "));
    const axes = plotAxes(bars, page, at.colours, { x: [-0.6, 1.6], y: [0, 1.12], xTicks: [], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: " ", title: "where V comes to rest" });
    const { ctx } = page;
    const { size, box } = axes;
    const unit = axes.x(1) - axes.x(0);
    for (const s of [0, 1]) {
      METHODS.forEach(([m, , hue], i) => {
        const x = axes.x(s) + (i - 0.5) * 0.36 * unit;
        const v = V[m][s];
        ctx.fillStyle = at.colours[hue];
        ctx.globalAlpha = 0.88;
        if (v !== null) ctx.fillRect(x - 0.15 * unit, Math.min(axes.y(v), axes.y(0) - 2), 0.3 * unit, Math.max(2, axes.y(0) - axes.y(v)));
        ctx.globalAlpha = 1;
        ctx.textAlign = "center";
        ctx.textBaseline = "bottom";
        halo(ctx, said(v), x, axes.y(v ?? 0) - 3, at.colours);
      });
      ctx.fillStyle = at.colours.ink;
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      ctx.fillText(s ? "V(B)" : "V(A)", axes.x(s), box.bottom + 0.4 * size);
    }
    let x = box.left;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const [, name, hue] of METHODS) {
      const y = box.bottom + 2.1 * size;
      ctx.fillStyle = at.colours[hue];
      ctx.fillRect(x, y - 5, 10, 10);
      ctx.fillStyle = at.colours.ink;
      ctx.fillText(name, x + 15, y);
      x += 32 + ctx.measureText(name).width;
    }
  }

  /** Two states and two ends; the arrows as thick as they are likely. */
  function drawWorld(now, V) {
    if (world.clientWidth < 80) return;
    const page = sharp(world);
    const { ctx, width, height } = page;
    const axes = plotAxes(world, page, at.colours, { x: [0, 10], y: [0, 10], xTicks: [], yTicks: [], grid: false, title: "the world that was counted: TD's answer is its value" });
    const { size } = axes;
    const r = Math.min(26, width / 14);
    const left = 0.12 * width;
    const place = { A: [left + r, 0.55 * height], B: [0.5 * width, 0.55 * height], one: [0.88 * width, 0.27 * height], zero: [0.88 * width, 0.83 * height] };
    const p = V.TD[1];
    const arrow = (from, to, share, text, lift) => {
      if (!share) return;
      const [[x0, y0], [x1, y1]] = [place[from], place[to]];
      const length = Math.hypot(x1 - x0, y1 - y0);
      const [u, v] = [(x1 - x0) / length, (y1 - y0) / length];
      const end = to === "B" ? r + 4 : 34;
      vector(ctx, [x0 + u * (r + 3), y0 + v * (r + 3)], [x1 - u * end, y1 - v * end], at.colours.policy, at.colours, 1.5 + 5 * share);
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      halo(ctx, text, (x0 + x1) / 2, (y0 + y1) / 2 + lift * 1.7 * size, at.colours);
    };
    world.setAttribute("aria-label", p === null ? "nothing was counted" : `counted: ${now.a0 + now.a1 ? "A always goes to B; " : ""}B pays 1 with probability ${said(p)}`);
    if (now.a0 + now.a1) arrow("A", "B", 1, "1, pays 0", -1);
    if (p !== null) {
      arrow("B", "one", p, said(p), -1);
      arrow("B", "zero", 1 - p, said(1 - p), 1);
    }
    for (const [name, seen] of [["A", now.a0 + now.a1], ["B", p !== null]]) {
      const [x, y] = place[name];
      ctx.beginPath();
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.globalAlpha = seen ? 1 : 0.35;
      ctx.fillStyle = at.colours.floor;
      ctx.fill();
      ctx.strokeStyle = at.colours.ink;
      ctx.lineWidth = 2;
      ctx.stroke();
      ctx.fillStyle = at.colours.ink;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(name, x, y);
      ctx.globalAlpha = 1;
    }
    for (const [name, words] of [["one", "1"], ["zero", "0"]]) {
      ctx.fillStyle = at.colours.soft;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(`pays ${words}`, ...place[name]);
    }
  }

  return start({ watched: [...Object.keys(kinds), "scene"], draw });
}

const STYLE = `
.pg-batch-three { display: grid; grid-template-columns: auto minmax(0, 1fr) minmax(0, 1.2fr); gap: 10px 22px; align-items: start; }
.pg-batch-row { display: grid; grid-template-columns: 5.2em 32px 1.6em 32px 6.6em; align-items: center; justify-content: start; gap: 8px; margin-bottom: 8px; }
.pgkit-lab .pg-batch-row button { width: 32px; padding: 0; }
.pgkit-lab .pg-batch-row button:disabled { opacity: 0.4; cursor: default; }
.pg-batch-count { text-align: center; }
.pg-batch-marks { color: var(--pg-soft); font-size: 0.6em; letter-spacing: 0.15em; overflow-wrap: anywhere; }
.pg-batch-back { margin-top: 6px; }
.pg-batch-bars, .pg-batch-world { display: block; width: 100%; height: 230px; }
.pg-batch-words { min-height: 2.8em; margin-top: 12px; }
@container (max-width: 900px) {
  .pg-batch-three { grid-template-columns: minmax(0, 1fr) minmax(0, 1.2fr); }
  .pg-batch-three > div { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 0 30px; }
  .pg-batch-back { flex-basis: 100%; }
}
@container (max-width: 480px) {
  .pg-batch-three { grid-template-columns: minmax(0, 1fr); }
}
`;

export default { render };
