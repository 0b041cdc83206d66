// Where the runs end, as a bar.
import { stackedBar } from "../lab.mjs";
import { VIEWS } from "../plot.mjs";

VIEWS.goals = ({ runs, goals, pay }) => {
  const words = (letter) => `at ${pay[letter] >= 0 ? "+" : "−"}${Math.abs(pay[letter])}`;
  const bar = stackedBar([
    ...goals.map((letter) => ({ hue: { G: "goal", e: "trap" }[letter] ?? "soft", text: words(letter) })),
    { hue: "neither", text: goals.length === 1 ? "elsewhere" : "at neither" },
  ]);
  return {
    node: bar.node,
    draw: (parts, { counts }) => bar.show([...counts, runs - counts.reduce((a, b) => a + b, 0)], runs),
  };
};
