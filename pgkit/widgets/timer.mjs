// A countdown over named steps. The clock runs here; Python only sends the steps once.
function render({ model, el }) {
  const steps = model.get("steps");
  el.innerHTML = "";
  const box = document.createElement("section");
  box.setAttribute("aria-label", model.get("title"));
  box.style.cssText = "border:1px solid currentColor;border-radius:8px;padding:.8em 1em;max-width:44em;color:var(--jp-content-font-color1,inherit)";
  const title = document.createElement("strong");
  title.textContent = model.get("title");
  const list = document.createElement("ol");
  list.style.margin = ".5em 0";
  const rows = steps.map((step) => {
    const row = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = step.name + (step.seconds ? ` (${step.seconds} s). ` : ". ");
    row.append(name, step.text);
    list.append(row);
    return row;
  });
  const clock = document.createElement("span");
  clock.setAttribute("role", "timer");
  clock.style.cssText = "font-size:2em;font-variant-numeric:tabular-nums;margin-right:.6em";
  const said = document.createElement("span");
  said.setAttribute("aria-live", "polite");
  const button = (label, act) => {
    const b = document.createElement("button");
    b.textContent = label;
    b.setAttribute("data-lm-suppress-shortcuts", "true");
    b.style.cssText = "font:inherit;padding:.25em .9em;margin-right:.4em";
    b.addEventListener("click", act);
    return b;
  };

  let at = 0, left = steps[0]?.seconds ?? 0, ends = null, handle = null;
  const show = () => {
    const step = steps[at];
    rows.forEach((row, i) => { row.style.opacity = i === at ? 1 : 0.55; });
    clock.textContent = step?.seconds ? `${Math.max(0, Math.ceil(left))} s` : "–";
    go.textContent = ends ? "Pause" : "Start";
    go.disabled = !step?.seconds || left <= 0;
    next.disabled = at >= steps.length - 1;
  };
  const stop = () => { clearInterval(handle); handle = ends = null; };
  const tick = () => {
    left = (ends - performance.now()) / 1000;
    if (left <= 0) { stop(); left = 0; said.textContent = `${steps[at].name}: time is up.`; }
    show();
  };
  const go = button("Start", () => {
    if (ends) stop();
    else { ends = performance.now() + left * 1000; handle = setInterval(tick, 200); }
    show();
  });
  const next = button("Next", () => {
    stop(); at += 1; left = steps[at].seconds ?? 0; said.textContent = `${steps[at].name}.`; show();
  });
  const again = button("Again", () => { stop(); at = 0; left = steps[0]?.seconds ?? 0; said.textContent = ""; show(); });
  box.append(title, list, clock, go, next, again, said);
  el.append(box);
  show();
  return stop;
}
export default { render };
