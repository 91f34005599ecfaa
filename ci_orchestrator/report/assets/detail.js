// The panel of one test: what happened at each attempt, the deciding one first.

const panel = document.getElementById("detail");
const panelBody = document.getElementById("detail-body");
const CAUSES = { failure: "", timeout: "timed out", "worker-lost": "worker lost", "dead-letter": "dead letter" };
let opened = -1;
let openedFrom = null;

function openTest(row) {
  if (!(row >= 0 && row < COUNT)) return;
  if (panel.hidden) openedFrom = document.activeElement;
  opened = row;
  panelBody.replaceChildren(...described(row));
  panel.className = outcomeOf(row).name;
  panel.hidden = false;
  panelBody.scrollTop = 0;
  document.getElementById("detail-title").focus({ preventScroll: true });
  const place = table.rows.indexOf(row);
  if (place >= 0) mark(place);
}

function closeTest() {
  if (panel.hidden) return;
  panel.hidden = true;
  opened = -1;
  history.replaceState(null, "", location.pathname + location.search);
  (openedFrom && openedFrom.isConnected && openedFrom !== document.body ? openedFrom : grid).focus({ preventScroll: true });
}

// The neighbour in the table as it is filtered and sorted now.
function neighbour(step) {
  const next = table.rows[table.rows.indexOf(opened) + step];
  if (next !== undefined) goTo(next);
}

function goTo(row) {
  history.replaceState(null, "", `#t${row}`);
  openTest(row);
}

function described(row) {
  const { reason, attempts } = detailOf(row);
  const outcome = outcomeOf(row);
  const badge = element("span", { class: `badge ${outcome.name}` }, `${outcome.symbol} ${outcome.word}`);
  const extra = flaky[row] ? [" ", element("span", { class: "badge flaky" }, "↻ flaky")] : [];
  const head = [
    element("p", { class: "state" }, badge, ...extra),
    element("h2", { id: "detail-title", tabindex: "-1" }, element("bdi", {}, nameOf(row) || idOf(row))),
    element("p", { class: "path" }, element("bdi", {}, pathOf(row)), " · ", element("bdi", {}, suiteOf(row))),
  ];
  const deciding = attempts[attempts.length - 1];
  if (reason && !(deciding && deciding.message === reason)) head.push(element("p", { class: "reason" }, reason));
  if (!attempts.length) return [...head, element("p", { class: "hint" }, "No attempt was reported.")];
  return [...head, ...attempts.reverse().map((attempt, index) => section(attempt, attempts.length - index, attempts.length))];
}

function section(attempt, number, of) {
  const made = element("section", { class: `attempt ${attempt.outcome.name}` });
  if (of > 1) made.append(element("h3", {}, `${attempt.outcome.symbol} Attempt ${number} of ${of}: ${attempt.outcome.word}`));
  made.append(facts(attempt));
  if (attempt.message) made.append(element("p", { class: "message" }, attempt.message));
  if (attempt.details) made.append(traceback(attempt.details));
  if (attempt.stdout) made.append(written("stdout", attempt.stdout));
  if (attempt.stderr) made.append(written("stderr", attempt.stderr));
  return made;
}

function facts(attempt) {
  const place = attempt.file && (attempt.line ? `${attempt.file}:${attempt.line}` : attempt.file);
  const rows = [
    ["where", place],
    ["took", attempt.duration ? seconds(attempt.duration) : ""],
    ["cpu", attempt.cpu ? seconds(attempt.cpu) : ""],
    ["peak memory", attempt.memory ? `${count(Math.round(attempt.memory / 1048576))} MiB` : ""],
    ["started", attempt.started ? new Date(attempt.started * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC" : ""],
    ["job", attempt.jobAttempt > 1 ? `${attempt.job} (its attempt ${attempt.jobAttempt})` : attempt.job],
    ["worker", attempt.worker],
    ["cause", CAUSES[attempt.cause] ?? attempt.cause],
  ];
  const list = element("dl", { class: "facts" });
  for (const [name, value] of rows) {
    if (value) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, element("bdi", {}, value))));
  }
  const source = sourceOf(attempt.file, attempt.line);
  if (source) list.append(element("div", {}, element("dt", {}, "source"), element("dd", {}, outward(source, "open"))));
  return list;
}

const outward = (address, text) => element("a", { class: "outward", href: address, rel: "noopener noreferrer" }, text);

// A traceback; what pytest marks as the failing line (>) and as the error (E) stands out.
function traceback(text) {
  const made = element("pre", { class: "traceback" });
  const kinds = { ">": "at", E: "error" };
  for (const part of text.split("\n")) {
    const kind = /^[>E]\s/.test(part) ? kinds[part[0]] : "";
    made.append(kind ? element("span", { class: kind }, part) : part, "\n");
  }
  return made;
}

const written = (name, text) =>
  element("details", { open: "" }, element("summary", {}, name), element("pre", {}, text));

async function copyId() {
  const button = document.getElementById("detail-copy");
  try {
    await navigator.clipboard.writeText(idOf(opened));
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.getElementById("detail-title"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy id"), 1500);
}
