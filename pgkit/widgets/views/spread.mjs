// J of every run: dots that pile up, or bars where there are too many; median and 10 to 90 % above them.
import { el, plain } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp } from "../plot.mjs";

VIEWS.spread = ({ label }) => {
  const node = el("canvas", { class: "pg-plot", role: "img" });
  return {
    node,
    draw({ counts }, facts, colours) {
      const page = sharp(node);
      if (page.width < 80) return;
      const axes = plotAxes(node, page, colours, {
        x: [facts.low, facts.high], y: [0, 1], xLabel: label, yTicks: [],
        title: `${facts.runs} runs${facts.lost ? `, ${facts.lost} diverged` : ""}`,
      });
      const { ctx } = page;
      const { box, size } = axes;
      const floor = box.bottom;
      const top = box.top + size * 2.6; // room for the median and the names of the lines
      ctx.strokeStyle = colours.edge;
      segment(ctx, box.left, floor + 0.5, box.right, floor + 0.5);
      lines(ctx, axes, facts.lines, colours);
      if (facts.quantiles) piles(ctx, counts, box, floor, top, colours);
      outside(ctx, facts, box, floor, size, colours);
      if (facts.quantiles) marks(ctx, axes, facts.quantiles, top - size * 0.7, colours);
      node.setAttribute("aria-label", words(facts));
    },
  };
};

function words({ runs, lost, quantiles }) {
  const end = lost ? ` ${lost} of ${runs} runs have diverged.` : "";
  if (!quantiles) return `No run is left.${end}`;
  const [low, median, high] = quantiles.map((x) => plain(x, 4));
  return `J over ${runs} runs: median ${median}, 10 to 90 % from ${low} to ${high}.${end}`;
}

/** Dots, as large as the highest pile allows; bars if they would be too small to see. */
function piles(ctx, counts, box, floor, top, colours) {
  const wide = (box.right - box.left) / counts.length;
  const most = Math.max(...counts, 1);
  const step = Math.min(wide, (floor - top) / most);
  ctx.fillStyle = colours.policy;
  counts.forEach((count, i) => {
    const x = box.left + (i + 0.5) * wide;
    if (step < 3.5) {
      const high = ((floor - top) * count) / most;
      ctx.fillRect(x - wide * 0.42, floor - high, wide * 0.84, high);
      return;
    }
    for (let k = 0; k < count; k += 1) {
      ctx.beginPath();
      ctx.arc(x, floor - (k + 0.5) * step, step * 0.42, 0, 2 * Math.PI);
      ctx.fill();
    }
  });
}

function marks(ctx, axes, [low, median, high], y, colours) {
  const inside = (value) => Math.min(axes.box.right, Math.max(axes.box.left, axes.x(value)));
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 2;
  segment(ctx, inside(low), y, inside(high), y);
  for (const value of [low, high]) segment(ctx, inside(value), y - 5, inside(value), y + 5);
  ctx.beginPath();
  ctx.arc(inside(median), y, 5, 0, 2 * Math.PI);
  ctx.fillStyle = colours.ink;
  ctx.fill();
  const text = `median ${plain(median, 4)}, bar 10–90 %`;
  const half = ctx.measureText(text).width / 2;
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  const x = Math.min(axes.box.right - half, Math.max(axes.box.left + half, inside(median)));
  halo(ctx, text, x, y - 7, colours);
}

/** The best J: dashed, named beside the line where the dots are not. */
function lines(ctx, axes, all, colours) {
  const { box, size } = axes;
  all.forEach(({ value, text, hue }, i) => {
    const x = axes.x(value);
    ctx.strokeStyle = colours[hue];
    ctx.lineWidth = 1.5;
    ctx.setLineDash([6, 4]);
    segment(ctx, x, box.top + size * 2.6, x, box.bottom);
    ctx.setLineDash([]);
    const right = x > (box.left + box.right) / 2;
    ctx.textAlign = right ? "right" : "left";
    ctx.textBaseline = "top";
    halo(ctx, text, x + (right ? -5 : 5), box.top + size * (2.8 + 1.4 * i), colours);
  });
}

function outside(ctx, { below, above }, box, floor, size, colours) {
  ctx.textBaseline = "bottom";
  for (const [count, side, x] of [[below, "left", box.left], [above, "right", box.right]]) {
    if (!count) continue;
    ctx.textAlign = side;
    halo(ctx, side === "left" ? `← ${count} lower` : `${count} higher →`, x, floor - size * 3, colours);
  }
}
