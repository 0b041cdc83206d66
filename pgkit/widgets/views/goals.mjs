// Where the runs end, as a bar.
import { stackedBar } from "../lab.mjs";
import { VIEWS } from "../plot.mjs";

VIEWS.goals = ({ runs, goals }) => {
  const parts = [
    ...goals.map((letter) => ({ hue: { G: "goal", e: "trap" }[letter] ?? "soft", text: "" })),
    { hue: "neither", text: goals.length === 1 ? "elsewhere" : "at neither" },
  ];
  const bar = stackedBar(parts);
  return {
    node: bar.node,
    draw(_, { counts, pay }) {
      goals.forEach((letter, i) => { parts[i].text = `at ${pay[letter] >= 0 ? "+" : "−"}${Math.abs(pay[letter])}`; });
      bar.show([...counts, runs - counts.reduce((a, b) => a + b, 0)], runs);
    },
  };
};
