// Gradients of other rollouts as a cloud, the exact one and their mean as arrows.
import { el, plain, short, ten } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp, vector } from "../plot.mjs";

VIEWS.cloud = () => {
  const node = el("canvas", { class: "pg-plot", role: "img" });
  return {
    node,
    draw({ points, mean, exact }, facts, colours) {
      const page = sharp(node);
      const { ctx, width } = page;
      if (width < 80) return;
      node.setAttribute("aria-label", words(facts));
      if (facts.lost) return nothing(page, colours, "Run 0 has diverged.");
      const { x, y, e, times } = reach(points, mean, exact);
      const unit = e ? `, in ${ten(e)}` : "";
      const axes = plotAxes(node, page, colours, {
        x, y, equal: true, grid: false, xLabel: facts.names[0] + unit,
        title: `${facts.count} gradients of ${facts.episodes} rollout${facts.episodes === 1 ? "" : "s"} each, at iteration ${facts.iteration}`,
      });
      const { box, size } = axes;
      const place = { x: (value) => axes.x(value * times), y: (value) => axes.y(value * times) };
      ctx.save();
      ctx.beginPath();
      ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
      ctx.clip();
      ctx.strokeStyle = colours.edge;
      ctx.lineWidth = 1;
      segment(ctx, box.left, place.y(0), box.right, place.y(0));
      segment(ctx, place.x(0), box.top, place.x(0), box.bottom);
      ctx.fillStyle = colours.policy;
      ctx.globalAlpha = 0.4;
      for (let i = 0; i < points.length; i += 2) {
        ctx.beginPath();
        ctx.arc(place.x(points[i]), place.y(points[i + 1]), 2.4, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.globalAlpha = 1;
      const from = [place.x(0), place.y(0)];
      const ends = [mean, exact].map(([x, y]) => [place.x(x), place.y(y)]);
      vector(ctx, from, ends[1], colours.goal, colours, 6);
      vector(ctx, from, ends[0], colours.policy, colours);
      ctx.restore();
      names(ctx, ends, box, size, colours);
      below(ctx, facts, box, size, colours);
      return undefined;
    },
  };
};

function words(facts) {
  if (facts.lost) return "Run 0 has diverged: it has no gradient.";
  return `A cloud of ${facts.count} gradients around the exact one: length ${plain(facts.length)}, standard deviation ${plain(facts.deviation)}`
    + (facts.uphill === null ? "." : `; ${plain(100 * facts.uphill)} % point uphill.`);
}

function nothing({ ctx, width, height }, colours, text) {
  ctx.fillStyle = colours.soft;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, width / 2, height / 2);
}

/** Everything but the farthest hundredth, the arrows and the origin; in units of 10ᵉ = 1/times. */
function reach(points, mean, exact) {
  const spans = [0, 1].map((k) => {
    const along = points.filter((_, i) => i % 2 === k).sort();
    const cut = Math.floor(along.length * 0.005);
    return [Math.min(0, mean[k], exact[k], along[cut]), Math.max(0, mean[k], exact[k], along.at(-1 - cut))];
  });
  const far = Math.max(...spans.flat().map(Math.abs));
  if (far === 0) return { x: [-1, 1], y: [-1, 1], e: 0, times: 1 };
  const ordinary = far >= 0.02 && far < 1e4;
  const e = ordinary ? 0 : Math.floor(Math.log10(far));
  const times = 10 ** -e;
  const least = 0.06 * Math.max(...spans.map(([low, high]) => high - low));
  const [x, y] = spans.map(([low, high]) => [(low - least) * times, (high + least) * times]);
  return { x, y, e, times };
}

/** One over, one under the arrows' ends, whichever is higher. */
function names(ctx, [mean, exact], box, size, colours) {
  const up = exact[1] <= mean[1];
  ctx.textAlign = "left";
  for (const [text, [x, y], over, hue] of [["exact", exact, up, "goal"], ["mean", mean, !up, "policy"]]) {
    ctx.textBaseline = over ? "bottom" : "top";
    const wide = ctx.measureText(text).width;
    const left = Math.min(box.right - wide, Math.max(box.left, x + 4));
    const at = Math.min(box.bottom - 2 * size, Math.max(box.top + 2 * size, y + (over ? -6 : 6)));
    halo(ctx, text, left, at, colours, colours[hue]);
  }
}

function below(ctx, facts, box, size, colours) {
  const uphill = facts.uphill === null ? "the gradient is zero" : `${plain(100 * facts.uphill, 2)} % uphill`;
  const cosine = facts.cosine === null ? "" : `, cos(mean, exact) ${plain(facts.cosine, 2)}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  halo(ctx, `|∇J| ${short(facts.length)}, std ${short(facts.deviation)}, ${uphill}`, box.left + 4, box.top + 2, colours);
  if (cosine) halo(ctx, cosine.slice(2), box.left + 4, box.top + 2 + size * 1.35, colours);
}
