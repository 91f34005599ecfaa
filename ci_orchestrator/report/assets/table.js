// The table of all tests: filtered and sorted as row numbers, drawn only where it is seen.

const ROW_HEIGHT = 30; // as in report.css
const MOST_ROWS = 500000; // browsers end scrolling at some 17 million pixels

const grid = document.getElementById("grid");
const body = document.getElementById("rows");
const search = document.getElementById("search");
const suiteChoice = document.getElementById("suite");
const jobChoice = document.getElementById("job");
const flakyToggle = document.getElementById("flaky");
const toggles = [...document.querySelectorAll("[data-outcome]")];

const table = { rows: [], at: 0, key: "state", down: false };
let haystack = null;

const ORDERS = {
  state: (a, b) => RANK[data.outcomes[a]] - RANK[data.outcomes[b]] || flaky[b] - flaky[a],
  test: (a, b) => compare(pathOf(a), pathOf(b)) || compare(nameOf(a), nameOf(b)),
  suite: (a, b) => compare(suiteOf(a), suiteOf(b)),
  job: (a, b) => compare(jobOf(a), jobOf(b)),
  tries: (a, b) => tries[b] - tries[a],
  time: (a, b) => data.durations[b] - data.durations[a],
};

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function fillChoices() {
  const suites = [...new Set(data.runs.map((run) => run[0]))];
  suites.forEach((suite, number) => suiteChoice.append(element("option", { value: number }, suite)));
  const used = new Set(data.job);
  data.jobs.forEach((job, number) => {
    if (job && used.has(number)) jobChoice.append(element("option", { value: number }, job));
  });
  return suites;
}
const suites = fillChoices();

function accepted() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const pressed = toggles.filter((toggle) => toggle.getAttribute("aria-pressed") === "true");
  const outcomes = new Set(pressed.map((toggle) => toggle.dataset.outcome));
  const suite = suiteChoice.value === "" ? null : suites[suiteChoice.value];
  const job = jobChoice.value === "" ? null : Number(jobChoice.value);
  const onlyFlaky = flakyToggle.getAttribute("aria-pressed") === "true";
  if (words.length) haystack ??= Array.from({ length: COUNT }, (_, row) => idOf(row).toLowerCase());
  return (row) =>
    (!outcomes.size || outcomes.has(outcomeOf(row).name)) && (!onlyFlaky || flaky[row]) &&
    (job === null || data.job[row] === job) && (suite === null || suiteOf(row) === suite) &&
    words.every((word) => haystack[row].includes(word));
}

// Filter and sort anew; the marked test stays marked if it is still there.
function refresh() {
  const marked = table.rows[table.at];
  const accept = accepted();
  const rows = [];
  for (let row = 0; row < COUNT; row += 1) if (accept(row)) rows.push(row);
  const order = ORDERS[table.key];
  rows.sort((a, b) => (table.down ? order(b, a) : order(a, b)) || a - b);
  table.rows = rows;
  table.at = Math.max(0, rows.indexOf(marked));
  const shown = Math.min(rows.length, MOST_ROWS);
  body.style.height = `${shown * ROW_HEIGHT}px`;
  grid.setAttribute("aria-rowcount", shown + 1);
  document.getElementById("matches").textContent =
    `${counted(rows.length, "test")}${rows.length === COUNT ? "" : ` of ${count(COUNT)}`}` +
    (shown < rows.length ? `; the first ${count(shown)} are listed` : "") +
    (rows.length ? "" : ": nothing matches, reset the filters");
  grid.scrollTop = 0;
  draw();
}

function draw() {
  const shown = Math.min(table.rows.length, MOST_ROWS);
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - 6);
  const last = Math.min(shown, first + Math.ceil(grid.clientHeight / ROW_HEIGHT) + 12);
  const lines = [];
  for (let place = first; place < last; place += 1) lines.push(line(place));
  body.replaceChildren(...lines);
  if (shown) grid.setAttribute("aria-activedescendant", `row-${table.rows[table.at]}`);
  else grid.removeAttribute("aria-activedescendant");
}

function line(place) {
  const row = table.rows[place];
  const outcome = outcomeOf(row);
  const made = element(
    "div",
    { role: "row", id: `row-${row}`, class: outcome.name, "aria-rowindex": place + 2, "aria-selected": place === table.at },
    cell("state", element("span", { class: "symbol", "aria-hidden": "true" }, outcome.symbol), hidden(outcome.word)),
    testCell(row),
    cell("suite", suiteOf(row)),
    cell("job", jobOf(row)),
    cell("tries", String(tries[row])),
    cell("time", tries[row] ? seconds(data.durations[row]) : ""),
  );
  made.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
  made.dataset.place = place;
  return made;
}

function testCell(row) {
  const marks = flaky[row] ? [element("span", { class: "badge flaky" }, "↻ flaky"), " "] : [];
  const path = pathOf(row);
  const folded = element("bdi", { class: "path" }, path ? `${path} ` : "");
  const made = cell("test", ...marks, element("bdi", { class: "name" }, nameOf(row) || idOf(row)), " ", folded);
  made.title = shownOf(row);
  return made;
}

const cell = (name, ...children) => element("div", { role: "gridcell", class: name }, ...children);
const hidden = (text) => element("span", { class: "visually-hidden" }, text);

// Mark the test at a place of the table and bring it into view.
function mark(place) {
  table.at = Math.min(Math.max(0, place), Math.min(table.rows.length, MOST_ROWS) - 1);
  const head = grid.querySelector(".head").offsetHeight;
  const top = table.at * ROW_HEIGHT;
  const room = grid.clientHeight - head - ROW_HEIGHT;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
  draw();
}

function sortBy(key) {
  table.down = table.key === key ? !table.down : false;
  table.key = key;
  for (const head of grid.querySelectorAll("[role=columnheader]")) {
    const sorted = head.classList.contains(key);
    head.setAttribute("aria-sort", sorted ? (table.down ? "descending" : "ascending") : "none");
  }
  refresh();
}

function press(toggle, on) {
  toggle.setAttribute("aria-pressed", String(on));
}

// Show the tests that a link elsewhere on the page speaks of: "flaky" or "outcome=failed,errored".
function show(what) {
  resetFilters();
  const wanted = (what.split("=")[1] || "").split(",");
  for (const toggle of toggles) press(toggle, wanted.includes(toggle.dataset.outcome));
  press(flakyToggle, what === "flaky");
  refresh();
}

function resetFilters() {
  document.getElementById("filters").reset();
  for (const toggle of [...toggles, flakyToggle]) press(toggle, false);
}
