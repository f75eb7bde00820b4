(() => {
  "use strict";
  const table = document.getElementById("equations");
  const body = table.tBodies[0];
  const rows = [...body.rows];

  // Sorting: a button in every heading; numbers and names by what they are, not by how they are printed.
  const key = (row, column) => {
    const value = row.cells[column].dataset.value;
    const number = { inf: Infinity, nan: NaN }[value] ?? Number(value);
    return value !== "" && !Number.isNaN(number) ? number : value;
  };
  const compare = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      body.append(...rows.slice().sort((a, b) => down * compare(key(a, column), key(b, column))));
    });
  });

  // Filtering: a button for every verdict that some equation has.
  const filters = document.getElementById("filters");
  const verdicts = [...new Set(rows.map((row) => row.dataset.verdict))];
  const show = (wanted) => {
    for (const row of rows) row.hidden = wanted !== "" && row.dataset.verdict !== wanted;
    for (const other of filters.children) other.setAttribute("aria-pressed", String(other.dataset.verdict === wanted));
  };
  for (const verdict of verdicts.length > 1 ? ["", ...verdicts] : []) {
    const count = rows.filter((row) => verdict === "" || row.dataset.verdict === verdict).length;
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.verdict = verdict;
    button.textContent = `${verdict || "all"} ${count}`;
    button.addEventListener("click", () => show(verdict));
    filters.append(button);
  }
  filters.hidden = verdicts.length < 2;
  show("");

  // A formula that is wider than its cell can be scrolled by keyboard too.
  const reach = () => {
    for (const box of body.querySelectorAll(".formula")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reach);
  reach();

  // On paper nothing is folded away, and nothing is filtered out.
  const folded = new Set();
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) { folded.add(one); one.open = true; }
  });
  window.addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    folded.clear();
  });
})();
