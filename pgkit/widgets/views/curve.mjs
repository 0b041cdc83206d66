// The learning curve of all runs; every single run on demand.
import { control, el } from "../lab.mjs";
import { FONT, VIEWS, drawCurve } from "../plot.mjs";

VIEWS.curve = ({ label }, host) => {
  const canvas = el("canvas", { class: "pg-plot pg-curve", role: "img" });
  const single = control("input", {
    type: "checkbox", change: () => host.ask({ kind: "singles", on: single.checked }),
  });
  const node = el("div", { class: "pg-curve-box" }, canvas, el("label", { class: "pg-layer" }, single, "every run"));
  return {
    node,
    canvas,
    draw(parts, facts, colours, frame) {
      if (!host.busy()) single.checked = frame.singles;
      drawCurve(canvas, host.store, { lines: facts.lines, label, iteration: frame.iteration, head: frame.head, colours, font: FONT, singles: frame.singles });
    },
  };
};
