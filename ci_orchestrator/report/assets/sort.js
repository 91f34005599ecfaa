// Tables that are plain HTML are sorted by a click on a heading; what has no value stays at the end.

for (const head of document.querySelectorAll("table.sortable th[aria-sort]")) {
  head.querySelector("button").addEventListener("click", () => sortTable(head));
}

function sortTable(head) {
  const heads = [...head.parentElement.children];
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of heads) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = head.closest("table").tBodies[0];
  const keyed = [...rows.rows].map((row, at) => ({ row, at, key: sortKey(row.cells[heads.indexOf(head)]) }));
  keyed.sort((a, b) => ordered(a.key, b.key, down) || a.at - b.at);
  rows.append(...keyed.map((one) => one.row));
}

function sortKey(cell) {
  if (cell.dataset.key !== undefined) return Number(cell.dataset.key);
  return cell.classList.contains("number") ? NaN : cell.textContent;
}

function ordered(a, b, down) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return down ? compare(b, a) : compare(a, b);
}
