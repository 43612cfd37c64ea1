"use strict";

// Tables of class `sortable`: a click on a column's head orders the rows by it, another turns it.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
  const text = (row, at) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();

  const sort = (at) => {
    const turned = heads[at].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = [...body.rows].map((row) => [text(row, at), row]);
    // Empty cells come last either way.
    rows.sort(([a], [b]) => !a - !b || turned * compare(a, b));
    body.append(...rows.map(([, row]) => row));
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[at].setAttribute("aria-sort", turned === 1 ? "ascending" : "descending");
  };

  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(at));
    head.append(button);
  });
}
