// Gaussian policies as points (k, σ²), and the soft optimum that they go to.
import { el, plain } from "../lab.mjs";
import { VIEWS, halo, plotAxes, segment, sharp } from "../plot.mjs";

const DECADES = [0.001, 0.01, 0.1, 1];

VIEWS.gains = ({ k, variance, ruler }) => {
  const node = el("canvas", { class: "pg-plot", role: "img" });
  return {
    node,
    draw({ points, way }, { best, lost }, colours) {
      const page = sharp(node);
      if (page.width < 80) return;
      const y = variance.map(Math.log10);
      const axes = plotAxes(node, page, colours, {
        x: k, y, yTicks: [], xLabel: "gain k", title: `variance σ² of the policy${lost ? `; ${lost} runs have diverged` : ""}`,
      });
      const { ctx } = page;
      const { box, size } = axes;
      const at = (gain, spread) => [axes.x(gain), axes.y(Math.log10(spread))];
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      for (const tick of DECADES) {
        const [, row] = at(k[0], tick);
        ctx.strokeStyle = colours.line;
        segment(ctx, box.left, Math.round(row) + 0.5, box.right, Math.round(row) + 0.5);
        ctx.fillStyle = colours.soft;
        ctx.fillText(plain(tick), box.left - size * 0.4, row);
      }
      const [gain, spread] = best;
      const green = () => Object.assign(ctx, { strokeStyle: colours.goal, lineWidth: 1.5 });
      green().setLineDash([3, 4]);
      segment(ctx, axes.x(gain), box.top, axes.x(gain), box.bottom);
      ctx.setLineDash([]);
      ctx.textAlign = "left";
      for (const [temperature, value] of ruler) {
        const [x, row] = at(gain, value);
        green();
        segment(ctx, x - 6, row, x + 6, row);
        halo(ctx, `T = ${plain(temperature)}`, x + size * 1.1, row, colours, colours.goal);
      }
      ctx.save();
      ctx.beginPath();
      ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
      ctx.clip();
      ctx.strokeStyle = colours.policy;
      ctx.globalAlpha = 0.5;
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      for (let i = 0; i < way.length; i += 2) ctx[i ? "lineTo" : "moveTo"](...at(way[i], way[i + 1]));
      ctx.stroke();
      ctx.globalAlpha = 1;
      if (spread !== null) star(ctx, ...at(gain, spread), size * 1.15, colours);
      for (let i = 0; i < points.length; i += 2) {
        ctx.beginPath();
        ctx.arc(...at(points[i], points[i + 1]), 4.5, 0, 2 * Math.PI);
        ctx.fillStyle = colours.policy;
        ctx.fill();
        ctx.strokeStyle = colours.paper;
        ctx.lineWidth = 1.2;
        ctx.stroke();
      }
      ctx.restore();
    },
  };
};

function star(ctx, x, y, r, colours) {
  ctx.beginPath();
  for (let i = 0; i < 10; i += 1) {
    const [turn, far] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 ? 0.45 * r : r];
    ctx[i ? "lineTo" : "moveTo"](x + far * Math.cos(turn), y + far * Math.sin(turn));
  }
  ctx.closePath();
  ctx.fillStyle = colours.goal;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}
