"use strict";
// Lets a reader sort tables by their columns. Without it, or where it may not run, nothing is
// missing from the page. It reads text and moves rows; it makes no markup and asks for nothing.
(() => {
  const SCALE = { k: 1e3, M: 1e6, B: 1e9, T: 1e12, s: 1, min: 60, h: 3600, d: 86400 };
  // <0.1%  -1,234  12.3k  3 d  35.2–41.3%  49 or later  × 74.7%  ◆ 3, and * after what is open
  const NUMBER = /^[^\p{L}\p{N}<>+\-−.]*([<>]?)([+\-−]?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*(%|k|M|B|T|s|min|h|d)?(?:\s*[–*].*| or later| to .*)?$/u;
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
  const WORDS = new Intl.Collator(undefined, { numeric: true });

  function numberIn(text) {
    const found = NUMBER.exec(text);
    if (!found) return null;
    const size = Number(found[2].replaceAll(",", "").replace("−", "-"));
    const nudge = found[1] === "<" ? -1e-9 : found[1] === ">" ? 1e-9 : 0;
    return size * (SCALE[found[3]] || 1) + nudge;
  }

  function valuesOf(rows, column) {
    const texts = rows.map((row) => row.cells[column].textContent.trim());
    const known = texts.map((text) => (text === "" || text === "–" ? null : text));
    const numbers = known.map((text) => (text === null ? null : numberIn(text)));
    const numeric = known.every((text, i) => text === null || numbers[i] !== null);
    return numeric ? numbers : known;
  }

  function compared(one, other) {
    return typeof one === "number" ? one - other : WORDS.compare(one, other);
  }

  // What is unknown comes last, whichever way; what is alike stays as it was.
  function inOrder(rows, column, way) {
    if (way === "none") return rows;
    const values = valuesOf(rows, column);
    const places = rows.map((_, place) => place);
    places.sort((a, b) => {
      if (values[a] === null || values[b] === null) {
        return (values[a] === null) - (values[b] === null) || a - b;
      }
      const order = compared(values[a], values[b]);
      return (way === "descending" ? -order : order) || a - b;
    });
    return places.map((place) => rows[place]);
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.querySelector(".unseen") || rows[0].cells[column].classList.contains("bar")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const way = NEXT[head.getAttribute("aria-sort")];
        for (const each of heads) {
          if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
        }
        head.setAttribute("aria-sort", way);
        table.classList.toggle("sorted", way !== "none");
        body.append(...inOrder(rows, column, way));
      });
    });
    const told = document.createElement("span");
    told.className = "unseen";
    told.textContent = " (the buttons in its header sort it)";
    table.caption.append(told);
  }

  document.querySelectorAll("table.sortable").forEach(makeSortable);
})();
