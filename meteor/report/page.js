"use strict";
// Text from models and users only ever goes through textContent.
const PAGE = 15;
const byId = (id) => document.getElementById(id);
const read = (element) => JSON.parse(element.textContent);
const make = (tag, name, text) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
};

const index = read(byId("index"));
const pieces = [...document.querySelectorAll("script.texts")];
const parsed = [];
const texts = (n) => {
  const piece = Math.floor(n / index.chunk);
  parsed[piece] ??= read(pieces[piece]);
  return parsed[piece][n % index.chunk];
};

// --- searching: what is searched is gathered piece by piece while nobody waits -----------------
const searched = [];
const gather = (piece) => {
  const end = Math.min((piece + 1) * index.chunk, index.rows.length);
  for (let n = piece * index.chunk; n < end; n++) {
    const row = index.rows[n];
    const found = texts(n);
    const parts = [row.id, row.title, found.body, found.reference ?? ""];
    for (const answer of found.answers) parts.push(answer ? answer.text : "");
    searched[n] = parts.join("\n").toLowerCase();
  }
};
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 20));
const gatherFrom = (piece) => {
  if (piece >= pieces.length) return;
  if (searched[piece * index.chunk] === undefined) gather(piece);
  idle(() => gatherFrom(piece + 1));
};
const gatherAll = () => pieces.forEach((_, piece) => {
  if (searched[piece * index.chunk] === undefined) gather(piece);
});

// --- filtering ---------------------------------------------------------------------------------
const fields = ["search", "category", "left", "right", "order"].map(byId);
const [search, category, left, right, order] = fields;
const gap = (row) => {
  const [a, b] = [row.overall[left.value], row.overall[right.value]];
  return a === null || b === null || a === undefined || b === undefined ? null : b - a;
};
const flips = (row) =>
  row.flips.includes(`${index.checkpoints[right.value]} against ${index.checkpoints[left.value]}`);
const chosen = () => {
  const wanted = search.value.trim().toLowerCase();
  if (wanted) gatherAll();
  const rows = [];
  index.rows.forEach((row, n) => {
    if (category.value && row.category !== category.value) return;
    if (wanted && !searched[n].includes(wanted)) return;
    if (order.value === "flips" && !flips(row)) return;
    if (order.value === "unjudged" && row.overall[right.value] !== null) return;
    if (order.value === "gain" && !(gap(row) > 0)) return;
    if (order.value === "loss" && !(gap(row) < 0)) return;
    rows.push(n);
  });
  if (order.value === "gain") rows.sort((a, b) => gap(index.rows[b]) - gap(index.rows[a]));
  if (order.value === "loss") rows.sort((a, b) => gap(index.rows[a]) - gap(index.rows[b]));
  return rows;
};

let rows = [];
let shown = 0;
const refresh = () => {
  rows = chosen();
  shown = 0;
  byId("list").replaceChildren();
  byId("count").textContent = `${rows.length} of ${index.rows.length} questions`;
  more();
};
const more = () => {
  const list = byId("list");
  for (const n of rows.slice(shown, shown + PAGE)) list.append(item(n));
  shown = Math.min(shown + PAGE, rows.length);
  byId("more").hidden = shown >= rows.length;
};

// --- one question ------------------------------------------------------------------------------
const signed = (value) => (value > 0 ? "▲ +" : value < 0 ? "▼ −" : "= ") + Math.abs(value).toFixed(2);
const item = (n) => {
  const row = index.rows[n];
  const li = make("li");
  const button = make("button", "row");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const title = make("span", "title", row.title);
  title.dir = "auto";
  button.append(title);
  if (row.category) button.append(make("span", "tag", row.category));
  if (flips(row)) button.append(make("span", "tag", "flips"));
  const difference = gap(row);
  const sign = difference > 0 ? " up" : difference < 0 ? " down" : "";
  button.append(make("span", "gap" + sign, difference === null ? "unjudged" : signed(difference)));
  button.addEventListener("click", () => {
    const open = li.querySelector(".open");
    button.setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else li.append(opened(n));
  });
  li.append(button);
  return li;
};
const textBlock = (text) => {
  const block = make("div", "text", text || "(empty)");
  block.dir = "auto";
  if (text && text.length > 900) {
    block.tabIndex = 0;
    block.setAttribute("role", "group");
    block.setAttribute("aria-label", "text, scrolls");
  }
  return block;
};
const details = (title, text) => {
  const part = make("details");
  part.append(make("summary", "", title), textBlock(text));
  return part;
};
const opened = (n) => {
  const row = index.rows[n];
  const found = texts(n);
  const open = make("div", "open");
  const asked = make("div", "asked");
  const traced = make("p", "meta");
  traced.append(make("code", "", `meteor trace ${row.id}`));
  asked.append(traced);
  if (found.body) asked.append(textBlock(found.body));
  if (found.reference) asked.append(details("The expert's answer", found.reference));
  const grid = make("div", "answers");
  found.answers.forEach((answer, m) => grid.append(answered(m, answer, row.overall[m])));
  open.append(asked, grid);
  return open;
};
const answered = (m, answer, overall) => {
  const card = make("div", "answer");
  const head = make("h3", "", index.checkpoints[m]);
  head.append(make("span", "", overall === null || overall === undefined ? "unjudged" : overall.toFixed(2)));
  card.append(head);
  if (!answer) {
    card.append(make("p", "meta", "no answer"));
    return card;
  }
  const facts = [`${answer.tokens} tokens${answer.cut ? ", cut off" : ""}`];
  if (answer.scores) facts.push(index.dimensions.map((d, i) => `${d} ${answer.scores[i]}`).join(" · "));
  card.append(make("p", "meta", facts.join(" · ")), textBlock(answer.text));
  if (answer.verified) {
    const { passed, feedback, result } = answer.verified;
    const word = passed === null ? "unknown whether it is right" : passed ? "right" : "not right";
    card.append(details(`Verified: ${word}`, [feedback, result].filter(Boolean).join("\n\n") || "It comes to nothing."));
  }
  if (answer.reasons) {
    card.append(details("The judge's reasons", index.dimensions.map((d, i) => `${d}: ${answer.reasons[i]}`).join("\n")));
  }
  for (const verdict of answer.verdicts ?? []) {
    card.append(details(...told(verdict)));
  }
  if (index.origins[m].length) card.append(origin(index.origins[m]));
  return card;
};
const origin = (files) => {
  const part = make("details");
  part.append(make("summary", "", "Where it comes from"));
  for (const file of files) {
    const line = make("p", "meta");
    const link = make("a", "", file.path);
    link.href = file.href;
    line.append(link, " ", make("code", "", file.hash));
    part.append(line);
  }
  return part;
};

const told = (verdict) => {
  const word = verdict.share > 0.5 ? "preferred" : verdict.share < 0.5 ? "not preferred" : "a tie";
  const title = `Against ${verdict.against}: ${word}`;
  if (verdict.same) return [title, "Both answers are the same text."];
  const lines = verdict.shares.map(([first, second], i) => {
    const reasons = verdict.reasons[i].filter(Boolean).map((reason) => "\n  " + reason).join("");
    return `${index.aspects[i]}: ${first} shown first, ${second} shown second${reasons}`;
  });
  const turned = (verdict.shares.at(-1)[0] - 0.5) * (verdict.shares.at(-1)[1] - 0.5) < 0;
  return [title + (turned ? " (the verdict flips with the order)" : ""), lines.join("\n")];
};

// --- advice trails -----------------------------------------------------------------------------
const showTrails = () => {
  const data = read(byId("trail-data"));
  const place = byId("trails");
  if (!data.length) place.append(make("p", "none", "No round of phase 2 is finished yet."));
  const group = (name) => {
    const rowsOf = data.filter((row) => row.round === name);
    const part = make("details");
    const accepted = rowsOf.filter((row) => row.accepted).length;
    part.append(make("summary", "", `${name}: ${accepted} of ${rowsOf.length} questions accepted`));
    part.addEventListener("toggle", () => {
      if (part.open && part.children.length === 1) rowsOf.forEach((row) => part.append(trail(row)));
    });
    return part;
  };
  for (const name of index.rounds) place.append(group(name));
};
const trail = (row) => {
  const part = make("details", "trail");
  const summary = make("summary", "", row.title);
  summary.dir = "auto";
  summary.append(make("span", "tag", ` · ${row.attempts.length} attempts, ${row.accepted ? "accepted" : "not accepted"}`));
  part.append(summary);
  part.addEventListener("toggle", () => {
    if (!part.open || part.children.length > 1) return;
    const grid = make("div", "answers");
    row.attempts.forEach((attempt, n) => {
      const card = make("div", "answer");
      card.append(make("h3", "", `Attempt ${n + 1}: ${attempt.correct ? "accepted" : "not yet"}`));
      card.append(textBlock(attempt.text));
      if (attempt.advice) card.append(make("p", "meta", "Advice"), textBlock(attempt.advice));
      grid.append(card);
    });
    part.append(grid);
  });
  return part;
};

// --- tooltips: what a mark says in its label ---------------------------------------------------
const tip = byId("tip");
const point = (event) => {
  const mark = event.target.closest?.('[aria-roledescription="point"], [aria-roledescription="bar"]');
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute("aria-label").replaceAll("; ", "\n");
  tip.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = Math.max(4, event.clientY - tip.offsetHeight - 10) + "px";
};
document.addEventListener("pointermove", point);
document.addEventListener("pointerdown", point);

// --- begin -------------------------------------------------------------------------------------
const options = (select, names, values) => names.forEach((name, n) => {
  const option = make("option", "", name);
  option.value = values ? values[n] : n;
  select.append(option);
});
options(category, ...[0, 1].map(() => [...new Set(index.rows.map((row) => row.category))].filter(Boolean).sort()));
options(left, index.checkpoints);
options(right, index.checkpoints);
right.value = String(Math.max(index.checkpoints.length - 1, 0));
const timed = () => {
  performance.mark("filter");
  refresh();
  performance.measure("filtered", "filter");
};
let waiting;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(timed, 80);
});
for (const field of fields.slice(1)) field.addEventListener("change", timed);
byId("more").addEventListener("click", more);
byId("browser").hidden = false;
refresh();
showTrails();
idle(() => gatherFrom(0));
