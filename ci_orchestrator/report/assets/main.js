// What the page listens to.

grid.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
new ResizeObserver(draw).observe(grid);

body.addEventListener("click", (event) => {
  const clicked = event.target.closest("[role=row]");
  if (!clicked) return;
  grid.focus({ preventScroll: true });
  goTo(table.rows[clicked.dataset.place]);
});

grid.addEventListener("keydown", (event) => {
  if (event.target !== grid) return;
  const page = Math.max(1, Math.floor(grid.clientHeight / ROW_HEIGHT) - 2);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key === "Enter" && table.rows.length) goTo(table.rows[table.at]);
  else if (event.key in moves && table.rows.length) mark(table.at + moves[event.key]);
  else return;
  event.preventDefault();
});

for (const button of grid.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => sortBy(button.dataset.sort));
}

for (const toggle of [...toggles, flakyToggle]) {
  toggle.addEventListener("click", () => {
    press(toggle, toggle.getAttribute("aria-pressed") !== "true");
    refresh();
  });
}

let typing = 0;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refresh, COUNT > 20000 ? 120 : 0);
});
suiteChoice.addEventListener("change", refresh);
jobChoice.addEventListener("change", refresh);

const filters = document.getElementById("filters");
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("reset", () => {
  for (const toggle of [...toggles, flakyToggle]) press(toggle, false);
  setTimeout(refresh); // the fields are cleared after this event
});

for (const link of document.querySelectorAll("[data-show]")) {
  link.addEventListener("click", () => show(link.dataset.show));
}
for (const link of document.querySelectorAll("a.test")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(Number(link.hash.slice(2)));
  });
}

document.getElementById("detail-close").addEventListener("click", closeTest);
document.getElementById("detail-next").addEventListener("click", () => neighbour(1));
document.getElementById("detail-previous").addEventListener("click", () => neighbour(-1));
document.getElementById("detail-copy").addEventListener("click", copyId);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (event.key === "Escape" && opened >= 0) closeTest();
  else if (writing) return;
  else if (event.key === "/") search.focus();
  else if (event.key === "j" && opened >= 0) neighbour(1);
  else if (event.key === "k" && opened >= 0) neighbour(-1);
  else return;
  event.preventDefault();
});

function followAddress() {
  const asked = /^#t(\d+)$/.exec(location.hash);
  if (asked) openTest(Number(asked[1]));
}
window.addEventListener("hashchange", followAddress);

refresh();
startTimeline();
followAddress();
performance.mark("ready");
document.documentElement.dataset.ready = "";
