// The list of images: sorted, filtered, searched. app.shownImages is the order that the arrow keys follow.
(function (app) {
  "use strict";

  const LISTS = ["annotators", "tools", "skills"];
  // What a first click on a column shows: the worst agreement, the most masks, ids from the first.
  const FIRST_ORDER = { dice: 1, id: 1, gci: 1, hd95: -1, n: -1, disputed: -1, entropy: -1, others: 1 };
  const MEASURES = [
    ["GCI", "gci"],
    ["Disputed", "disputed"],
    ["Entropy", "entropy"],
  ];
  const form = document.getElementById("image-filters");
  const body = document.getElementById("images");
  const table = document.getElementById("image-table");
  const rows = new Map();
  // Tools and skill levels, as far as they tell masks of these data apart.
  const FACTORS = { tool: "tools", skill_level: "skills" };
  const levels = app.known.factors.map((factor) => FACTORS[factor]);

  /** The lowest Dice of a mask to the others: of the annotator that is chosen, else of all. */
  function toOthers(row) {
    const code = form.elements.annotators.value;
    const known = row.others.filter(
      (dice, place) => dice !== null && (!code || row.annotators[place] === app.optionValue(code)),
    );
    return known.length ? Math.min(...known) : null;
  }

  function value(row, key) {
    return key === "others" ? toOthers(row) : row[key];
  }

  function filtered() {
    const text = form.elements.search.value.trim().toLowerCase();
    const wanted = LISTS.map((name) => [name, form.elements[name].value]).filter(([, code]) => code);
    const diagnosis = form.elements.diagnosis.value;
    const isWithin = withinLimits();
    return app.images.filter(
      (row) =>
        (!text || row.id.toLowerCase().includes(text)) &&
        wanted.every(([name, code]) => row[name].includes(app.optionValue(code))) &&
        (!diagnosis || row.diagnosis === app.optionValue(diagnosis)) &&
        isWithin(row),
    );
  }

  /** Tells whether the measure that the list is sorted by lies within the limits that are given. */
  function withinLimits() {
    const key = form.elements.sort.value;
    const [from, to] = ["from", "to"].map((name) => form.elements[name].valueAsNumber);
    const isFree = key === "id" || (Number.isNaN(from) && Number.isNaN(to));
    form.elements.from.disabled = form.elements.to.disabled = key === "id";
    return (row) => isFree || (value(row, key) !== null && !(value(row, key) < from) && !(value(row, key) > to));
  }

  function sorted(images) {
    const key = form.elements.sort.value;
    const order = Number(form.elements.order.value);
    const compare = key === "id" ? (a, b) => app.collator.compare(a, b) : (a, b) => a - b;
    // Images without a number come last in both orders; ties keep the metadata's order.
    return images.sort(function (a, b) {
      const [one, other] = [value(a, key), value(b, key)];
      if (one === null || other === null) return (one === null) - (other === null);
      return order * compare(one, other);
    });
  }

  function photo(row) {
    if (!row.thumb) return app.el("span", { class: "no-photo" }, "no photo");
    return app.lazyThumb(row.key, { width: 72, height: 54 });
  }

  function notes(row) {
    const texts = [row.failed && "failed: " + row.failed, row.degenerate && "STAPLE degenerate"].filter(Boolean);
    return texts.map((text) => app.el("span", { class: "badge" }, text));
  }

  function makeRow(row) {
    if (rows.has(row.key)) return rows.get(row.key);
    const cell = (label, ...content) => app.el("td", { "data-label": label }, ...content);
    const made = app.el(
      "tr",
      { "data-key": row.key },
      app.el("td", { class: "thumb" }, photo(row)),
      app.el("th", { scope: "row" }, app.el("a", { href: app.imageHash(row.id) }, row.id), ...notes(row)),
      cell("Masks", app.whole(row.n)),
      cell("Dice", app.decimals(row.dice, 3)),
      cell("HD95", app.decimals(row.hd95, 1)),
      ...MEASURES.map(([label, key]) => cell(label, app.decimals(row[key], 3))),
      cell("To others"),
      cell("Annotators", row.annotators.join(", ")),
      levels.length ? cell("Tools, skill", levels.flatMap((name) => row[name]).join(", ")) : null,
      cell("Diagnosis", row.diagnosis === null ? "–" : row.diagnosis),
    );
    rows.set(row.key, made);
    return made;
  }

  function shownRow(row) {
    const made = makeRow(row);
    made.querySelector("[data-label='To others']").textContent = app.decimals(toOthers(row), 3);
    return made;
  }

  function markSortedColumn() {
    const order = form.elements.order.value === "1" ? "ascending" : "descending";
    for (const head of table.querySelectorAll("[data-sort]")) {
      if (head.dataset.sort === form.elements.sort.value) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
  }

  function update() {
    app.shownImages = sorted(filtered());
    app.renderRows(body, app.shownImages, shownRow);
    markSortedColumn();
    const count = app.shownImages.length;
    document.getElementById("image-count").textContent = app.countOf(count, app.images.length, "image");
    const empty = document.getElementById("no-images");
    empty.hidden = count > 0;
    empty.textContent = app.images.length ? "No image matches the search and filters." : "No image has several masks.";
    table.hidden = count === 0;
  }

  function sortByColumn(key) {
    const again = form.elements.sort.value === key;
    form.elements.order.value = String(again ? -Number(form.elements.order.value) : FIRST_ORDER[key]);
    form.elements.sort.value = key;
    update();
  }

  function moveFocus(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const target = step && event.target.closest("tr")[step];
    if (!target) return;
    event.preventDefault();
    target.querySelector("a").focus();
  }

  /** Shows the images of an annotator, those first where this hand differs most from the others. */
  app.showAnnotator = function (name) {
    form.reset();
    form.elements.annotators.value = "=" + name;
    // Tables of the release do not say how far a single mask is from the others; the mean of its image then stands in.
    const isKnown = app.images.some((row) => row.others.some((dice) => dice !== null));
    form.elements.sort.value = isKnown ? "others" : "dice";
    form.elements.order.value = "1";
    update();
    app.announce("Images of " + name + ", the lowest Dice first");
  };

  /** Puts the focus on an image's row; false when it is not in the list. */
  app.focusRow = function (key) {
    const row = rows.get(key);
    if (!row || !row.isConnected) return false;
    row.scrollIntoView({ block: "center" });
    row.querySelector("a").focus({ preventScroll: true });
    return true;
  };

  for (const part of document.querySelectorAll("#list-view [data-factor]")) {
    part.hidden = !app.known.factors.includes(part.dataset.factor);
  }
  table.querySelector("[data-levels]").hidden = !levels.length;
  for (const name of LISTS) {
    const values = app.images.flatMap((row) => [...new Set(row[name])]);
    app.addOptions(form.elements[name], app.distinct(values), app.tally(values));
  }
  const diagnoses = app.images.map((row) => row.diagnosis);
  const given = app.distinct(diagnoses.filter((value) => value !== null));
  const options = given.concat(diagnoses.includes(null) ? [null] : []);
  app.addOptions(form.elements.diagnosis, options, app.tally(diagnoses));

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  body.addEventListener("keydown", moveFocus);
  for (const head of table.querySelectorAll("[data-sort]")) {
    head.querySelector("button").addEventListener("click", () => sortByColumn(head.dataset.sort));
  }
  update();
})(window.IMAPP);
