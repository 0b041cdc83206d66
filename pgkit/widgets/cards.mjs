// Quiz, glossary, spot the bug: Python sends the card once, everything else happens here.
let count = 0;

function make(tag, words = "", attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (words) node.textContent = words;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
/** Words with their symbols typeset, by pgkit. */
function typeset(tag, words, attributes = {}) {
  const node = make(tag, "", attributes);
  node.innerHTML = words;
  return node;
}
const QUIET = { "data-lm-suppress-shortcuts": "true" };

function question(card, solved = () => {}) {
  const group = `pg-quiz-${count++}`;
  const form = make("form", "", { class: "pg-quiz" });
  const set = make("fieldset", "", {}, typeset("legend", card.question));
  const said = make("div", "", { role: "status", class: "pg-said" });
  const check = make("button", "Check", { type: "submit", class: "pg-play", ...QUIET });
  card.choices.forEach((choice, i) => {
    const input = make("input", "", { type: "radio", name: group, value: i, ...QUIET });
    const mark = make("span", "", { class: "pg-mark" });
    set.append(make("label", "", { class: "pg-option" }, input, typeset("span", choice.text), mark));
    input.addEventListener("change", () => said.replaceChildren());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const at = set.querySelector("input:checked")?.value;
    if (at === undefined) { said.textContent = "Choose one first."; said.className = "pg-said"; return; }
    const { right, why } = card.choices[at];
    const option = set.querySelectorAll(".pg-option")[at];
    option.classList.add(right ? "pg-right" : "pg-wrong");
    option.querySelector(".pg-mark").textContent = right ? "✓ right" : "✗ tried";
    said.className = `pg-said ${right ? "pg-right" : "pg-wrong"}`;
    said.replaceChildren(make("b", right ? "Right. " : "Not this one. "), typeset("span", why));
    if (right) solved();
  });
  form.append(set, check, said);
  return form;
}

function glossary(card, box) {
  const search = make("input", "", {
    type: "search", class: "pg-field pg-search", placeholder: "type to find a term", "aria-label": "Find a term", ...QUIET,
  });
  const found = make("span", "", { role: "status", class: "pg-sub" });
  const list = make("dl", "", { class: "pg-terms" });
  const rows = card.terms.map((t) => {
    const see = make("span", "", { class: "pg-see" }, `Notebook ${String(t.met).padStart(2, "0")}`);
    if (t.see.length) see.append(" · see ");
    t.see.forEach((name, i) => {
      const link = make("button", name, { type: "button", class: "pg-link", ...QUIET });
      link.addEventListener("click", () => { search.value = name; filter(); search.focus(); });
      see.append(i ? ", " : "", link);
    });
    const head = make("dt", "", {}, make("b", t.name), " ", typeset("i", t.symbol));
    const row = make("div", "", {}, head, typeset("dd", t.meaning), make("dd", "", {}, see));
    list.append(row);
    return { row, name: t.name.toLowerCase(), text: t.plain.toLowerCase() };
  });
  function filter() {
    const wanted = search.value.trim().toLowerCase();
    for (const { row, text } of rows) row.hidden = !text.includes(wanted);
    // an exact name comes first
    for (const { row, name } of rows) row.style.order = wanted && name === wanted ? -2 : wanted && name.startsWith(wanted) ? -1 : 0;
    const shown = rows.filter(({ row }) => !row.hidden).length;
    found.textContent = shown ? `${shown} of ${rows.length} terms` : "No term has this in it.";
  }
  search.addEventListener("input", filter);
  box.append(make("div", "", { class: "pg-head-card" }, make("span", "Glossary", { class: "pg-title" }), search, found), list);
  filter();
}

function bug(card, box) {
  const figure = make("figure", "", { class: "pg-figure" });
  figure.innerHTML = card.picture; // made by pgkit from numbers
  figure.append(make("figcaption", card.words));
  const answer = make("div", "", { class: "pg-answer", role: "status" });
  const solved = () => {
    const pre = make("pre", "", { class: "pg-diff", tabindex: "0", "aria-label": "the change that repairs it" });
    for (const { sign, line } of card.diff) {
      pre.append(make("span", `${sign} ${line}\n`, { class: sign === "+" ? "pg-plus" : sign === "-" ? "pg-minus" : "" }));
    }
    answer.replaceChildren(make("p", card.symptom), pre);
  };
  box.append(
    make("div", "", { class: "pg-head-card" }, make("span", "Spot the bug", { class: "pg-title" }), make("span", card.where, { class: "pg-sub" })),
    make("div", "", { class: "pg-two" }, figure, question(card, solved)), answer,
  );
}

function render({ model, el }) {
  const card = model.get("card");
  const box = make("section", "", { class: "pgkit-lab pgkit-card", "aria-label": card.label ?? card.kind });
  if (card.kind === "quiz") box.append(question(card));
  else if (card.kind === "glossary") glossary(card, box);
  else bug(card, box);
  el.replaceChildren(box);
}
export default { render };
