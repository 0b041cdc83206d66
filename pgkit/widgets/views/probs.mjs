// Bars of π(a|s) in one state, with an arrow on each: where its logit is pushed.
import { control, el, newId, plain } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp, vector } from "../plot.mjs";

VIEWS.probs = ({ actions, states, runs, all, data }, host) => {
  const canvas = el("canvas", { class: "pg-plot", role: "img" });
  const ask = (name, value) => host.ask({ kind: "view", view: "probs", [name]: value });
  const number = (text) => (/^\d+$/.test(text) ? Number(text) : text);
  const pick = (label, name, options) => {
    const id = newId(name);
    const select = control("select", { id, change: () => ask(name, number(select.value)) },
      ...options.map(([value, text]) => el("option", { value }, text)));
    return { node: el("span", {}, el("label", { for: id }, `${label} `), select), show: (value) => { if (select.value !== String(value)) select.value = String(value); } };
  };
  const menus = {
    state: pick("s", "state", states),
    action: pick("push to a* =", "action", [...actions.map((name, a) => [a, name]), ...(data ? [["data", "data of the next update"]] : [])]),
    run: pick("of", "run", [["mean", all === 1 ? "the run" : `mean of ${all} runs`], ...Array.from({ length: all === 1 ? 0 : runs }, (_, k) => [k, `run ${k}`])]),
  };
  const node = el("div", {}, canvas, el("div", { class: "pg-buttons" }, ...Object.values(menus).map((menu) => menu.node)));

  function draw({ probs, logits, push }, facts, colours) {
    if (!host.busy?.()) for (const [name, menu] of Object.entries(menus)) menu.show(facts[name]);
    const title = `π(a|s) in ${facts.name}, ${facts.who}`;
    canvas.setAttribute("aria-label", facts.lost ? `${title}: the logits are no numbers`
      : `${title}: ${actions.map((a, i) => `${a} ${plain(probs[i])}, push ${plain(push[i])}`).join("; ")}`);
    const page = sharp(canvas);
    if (page.width < 80) return;
    const ends = facts.lost ? [] : [...probs].map((p, a) => p + facts.scale * push[a]);
    const floor = Math.min(0, ...ends);
    const axes = plotAxes(canvas, page, colours, {
      x: [-0.5, actions.length - 0.5], y: [floor < 0 ? floor - 0.05 : 0, Math.max(1, ...ends) + 0.04], title, xTicks: [],
      xLabel: " ", yTicks: [0, 0.25, 0.5, 0.75, 1],
    });
    if (facts.lost) return;
    bars(page.ctx, axes, { probs, logits, push, ends }, actions, facts, colours);
  }
  return { node, canvas, draw };
};

function bars(ctx, axes, { probs, logits, push, ends }, actions, facts, colours) {
  const { box, size } = axes;
  const wide = (box.right - box.left) / actions.length;
  const half = Math.min(0.33 * wide, 34);
  actions.forEach((name, a) => {
    const x = axes.x(a);
    const y = axes.y(probs[a]);
    ctx.fillStyle = colours.policy;
    ctx.globalAlpha = 0.6;
    ctx.fillRect(x - half, y, 2 * half, axes.y(0) - y);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colours.policy;
    ctx.lineWidth = 2;
    segment(ctx, x - half, y, x + half, y);
    ctx.font = ctx.font.replace(/^(600 )?/, facts.action === a ? "600 " : "");
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.fillStyle = colours.ink;
    ctx.fillText(fit(ctx, facts.action === a ? [`${name} = a*`, `${last(name)}*`] : [name, last(name)], wide - 4), x, box.bottom + size * 0.35);
    ctx.font = ctx.font.replace(/^600 /, "");
    ctx.fillStyle = colours.soft;
    ctx.fillText(fit(ctx, [`logit ${plain(logits[a], 3)}`, plain(logits[a], 2), plain(logits[a], 1)], wide - 4), x, box.bottom + size * 1.6);
  });
  actions.forEach((_, a) => {
    const [x, y, end] = [axes.x(a), axes.y(probs[a]), axes.y(ends[a])];
    const arrow = Math.min(0.5 * half, 12);
    if (Math.abs(end - y) > 2) vector(ctx, [x - arrow, y], [x - arrow, end], colours.ink, colours, 2.2);
    const low = push[a] < 0;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const at = Math.abs(end - y) > 2.4 * size ? (y + end) / 2 : y + (low ? 1.1 : -0.9) * size;
    const text = `${push[a] > 0 ? "+" : ""}${plain(push[a], 2)}`;
    if (wide > size * 3.2) halo(ctx, text, x - arrow + 8, Math.min(box.bottom - size, Math.max(box.top, at)), colours);
  });
}

const last = (name) => name.split(" ").at(-1);

/** The first of the texts that is narrow enough, or as much of the last as fits. */
function fit(ctx, texts, wide) {
  const found = texts.find((text) => ctx.measureText(text).width <= wide);
  if (found !== undefined) return found;
  let short = texts.at(-1);
  while (short.length > 1 && ctx.measureText(`${short}…`).width > wide) short = short.slice(0, -1);
  return short.length > 1 ? `${short}…` : "";
}
