// Weights of the next update: where the samples are, and where the weight is.
import { control, el, fill, newId, plain, short, ten, write } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp, ticks } from "../plot.mjs";

VIEWS.weights = ({ runs }, host) => {
  const canvas = el("canvas", { class: "pg-plot", role: "img" });
  const id = newId("weights-run");
  const slider = control("input", {
    type: "range", id, min: 0, max: runs - 1, step: 1, value: 0,
    input: () => {
      show(Number(slider.value));
      host.ask({ kind: "view", view: "weights", run: Number(slider.value) });
    },
  });
  const reading = el("span", { class: "pg-reading" });
  const line = el("div", { class: "pg-small" });
  const row = el("div", { class: "pg-scrub", hidden: runs < 2 }, el("label", { for: id }, "run"), slider, reading);
  const node = el("div", {}, canvas, line, row);

  function show(run) {
    slider.value = run;
    slider.setAttribute("aria-valuetext", `run ${run} of ${runs}`);
    write(reading, `${run}`);
    fill(slider, runs > 1 ? (100 * run) / (runs - 1) : 0);
  }

  function draw({ counts, mass }, facts, colours) {
    if (!host.busy?.()) show(facts.run);
    canvas.setAttribute("aria-label", words(facts));
    write(line, under(facts));
    const page = sharp(canvas);
    const { ctx, width, height } = page;
    if (width < 80) return;
    if (facts.lost || !facts.count) {
      nothing(canvas, page, facts.line, colours);
      return;
    }
    const most = Math.max(...counts, ...mass);
    const axes = plotAxes(canvas, page, colours, {
      x: [facts.low, facts.high], y: [0, most * 1.42], title: facts.line, xLabel: facts.name, xTicks: [],
      yTicks: [],
    });
    const { box, size } = axes;
    scale(ctx, axes, facts, colours);
    ctx.strokeStyle = colours.edge;
    segment(ctx, box.left, box.bottom + 0.5, box.right, box.bottom + 0.5);
    if (facts.signed) {
      ctx.setLineDash([2, 3]);
      segment(ctx, axes.x(0), box.top, axes.x(0), box.bottom);
      ctx.setLineDash([]);
    }
    const wide = (box.right - box.left) / counts.length;
    const bin = (facts.high - facts.low) / counts.length;
    mass.forEach((share, i) => {
      const below = facts.signed && facts.low + (i + 0.5) * bin < 0;
      ctx.fillStyle = below ? colours.fire : colours.policy;
      ctx.globalAlpha = 0.55;
      ctx.fillRect(box.left + i * wide + 0.5, axes.y(share), wide - 1, box.bottom - axes.y(share));
      ctx.globalAlpha = 1;
    });
    outline(ctx, axes, counts, wide, colours);
    if (facts.clip) clip(ctx, axes, facts, colours);
    legend(ctx, box, size, facts, colours);
  }
  show(0);
  return { node, canvas, draw };
};

function words(facts) {
  return facts.count ? `Histogram of weights: ${facts.line}. ${under(facts)}` : facts.line;
}

function under(facts) {
  if (!facts.count) return "";
  const share = `The largest ${facts.signed ? "|w|" : "weight"}, ${short(facts.largest)}, has ${plain(100 * facts.share, 2)} % of the sum.`;
  const negative = facts.negative ? ` ${facts.negative} of ${facts.count} push down (w < 0).` : "";
  const zero = facts.zero ? ` ${facts.zero} are zero and teach nothing.` : "";
  return share + negative + zero;
}

function nothing(canvas, { ctx, width, height }, text, colours) {
  ctx.font = `${Math.max(10.5, Math.min(13, width / 30))}px ${getComputedStyle(canvas).fontFamily}`;
  ctx.fillStyle = colours.soft;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, width / 2, height / 2);
}

/** Ticks of the weights, at powers of ten where the axis is logarithmic. */
function scale(ctx, axes, { low, high, log }, colours) {
  const { box, size } = axes;
  const about = Math.max(2, Math.floor((box.right - box.left) / (size * 6)));
  ctx.fillStyle = colours.soft;
  ctx.strokeStyle = colours.edge;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  const whole = log && high - low > 1.5;
  const step = whole ? Math.max(1, Math.ceil((high - low) / about)) : null;
  const marks = [];
  if (whole) for (let e = Math.ceil(low / step) * step; e <= high; e += step) marks.push(e);
  else if (log) for (let i = 0; i <= about; i += 1) marks.push(low + ((high - low) * (i + 0.5)) / (about + 1));
  else marks.push(...ticks(low, high, about));
  for (const at of marks) {
    const text = whole ? (at === 0 ? "1" : at === 1 ? "10" : ten(at)) : short(log ? 10 ** at : at);
    segment(ctx, axes.x(at), box.bottom, axes.x(at), box.bottom + 4);
    ctx.fillText(text, axes.x(at), box.bottom + size * 0.45);
  }
}

function outline(ctx, axes, counts, wide, colours) {
  const { box } = axes;
  ctx.beginPath();
  ctx.moveTo(box.left, box.bottom);
  counts.forEach((share, i) => {
    ctx.lineTo(box.left + i * wide, axes.y(share));
    ctx.lineTo(box.left + (i + 1) * wide, axes.y(share));
  });
  ctx.lineTo(box.right, box.bottom);
  ctx.strokeStyle = colours.ink;
  ctx.lineWidth = 1.6;
  ctx.lineJoin = "miter";
  ctx.stroke();
}

function clip(ctx, axes, facts, colours) {
  const { box, size } = axes;
  const x = axes.x(facts.log ? Math.log10(facts.clip) : facts.clip);
  ctx.strokeStyle = colours.trap;
  ctx.lineWidth = 2;
  ctx.setLineDash([6, 4]);
  segment(ctx, x, box.top + size * 1.5, x, box.bottom);
  ctx.setLineDash([]);
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  halo(ctx, `clip ${plain(facts.clip)}: ${facts.clipped} clipped`, x - 5, box.top + size * 1.5, colours);
}

function legend(ctx, box, size, { signed }, colours) {
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const y = box.top + size * 0.5;
  let x = box.left + 2;
  const entry = (hues, text, solid) => {
    hues.forEach((hue) => {
      ctx.globalAlpha = solid ? 0.55 : 1;
      ctx.fillStyle = hue;
      ctx.strokeStyle = hue;
      ctx.lineWidth = 1.6;
      if (solid) ctx.fillRect(x, y - 5, 11, 10);
      else ctx.strokeRect(x + 0.5, y - 5, 10, 10);
      x += 13;
    });
    ctx.globalAlpha = 1;
    ctx.fillStyle = colours.ink;
    ctx.fillText(text, x + 3, y);
    x += ctx.measureText(text).width + size * 1.6;
  };
  entry([colours.ink], "samples", false);
  entry(signed ? [colours.fire, colours.policy] : [colours.policy], signed ? "their |w|, w < 0 and w > 0" : "their weight", true);
}
