// The quality section: issues with their outlines, and the tables of what was quarantined, failed or degenerated.
(function (app) {
  "use strict";

  const SEVERITIES = ["high", "medium", "low"];
  const form = document.getElementById("issue-filters");
  const body = document.getElementById("issues");
  const known = new Set(app.images.map((row) => row.id));
  const idOfFile = new Map(app.images.map((row) => [row.img, row.id]));
  const rows = new Map();

  /** The issue without its number of regions: what the filter goes by. */
  function kindOf(issue) {
    return issue.issue.replace(/ \(\d+\)$/, "");
  }

  function imageLink(id) {
    return known.has(id) ? app.el("a", { href: app.imageHash(id) }, id) : id;
  }

  function outline(issue) {
    const name = issue.path ? "Outline of " + issue.mask : "No outline: " + issue.issue;
    const frame = app.el("div", { class: "outline", role: "img", "aria-label": name });
    frame.style.aspectRatio = issue.width && issue.height ? issue.width + " / " + issue.height : "4 / 3";
    if (issue.thumb) frame.append(app.lazyThumb(issue.key));
    if (!issue.path) frame.append(app.el("span", { class: "no-photo" }, "no outline"));
    else {
      const box = { viewBox: "0 0 " + issue.width + " " + issue.height, "aria-hidden": "true" };
      const lines = ["seam", "line"].map((role) => app.svg("path", { d: issue.path, class: role }));
      frame.append(app.svg("svg", box, ...lines));
    }
    return frame;
  }

  function makeRow(issue) {
    if (rows.has(issue)) return rows.get(issue);
    const made = app.el(
      "tr",
      null,
      app.el("td", { class: "thumb" }, outline(issue)),
      app.el("th", { scope: "row" }, imageLink(issue.id), app.el("span", { class: "file" }, issue.mask)),
      app.el(
        "td",
        { "data-label": "Issue" },
        issue.issue,
        issue.quarantined ? app.el("span", { class: "badge" }, "quarantined") : null,
      ),
      app.el("td", { "data-label": "Severity" }, app.el("span", { class: "severity " + issue.severity }, issue.severity)),
      app.el("td", { "data-label": "Annotator" }, issue.annotator || "–"),
    );
    rows.set(issue, made);
    return made;
  }

  function update() {
    const { kind, severity, annotator } = form.elements;
    const fits = (select, value) => !select.value || app.optionValue(select.value) === value;
    const shown = app.quality.issues.filter(
      (issue) => fits(kind, kindOf(issue)) && fits(severity, issue.severity) && fits(annotator, issue.annotator),
    );
    const all = app.quality.issues.length;
    app.renderRows(body, shown, makeRow);
    document.getElementById("issue-count").textContent = app.countOf(shown.length, all, "issue");
    const empty = document.getElementById("no-issues");
    empty.hidden = shown.length > 0;
    empty.textContent = all ? "No issue matches the filters." : "No issues were found.";
    body.parentElement.hidden = shown.length === 0;
  }

  /** How many issues of each kind, the gravest first. */
  function issueCounts() {
    const counts = app.tally(app.quality.issues.map((issue) => issue.severity + "|" + kindOf(issue)));
    const rank = (entry) => SEVERITIES.indexOf(entry[0].split("|")[0]);
    const items = [...counts].sort((a, b) => rank(a) - rank(b) || b[1] - a[1]);
    return items.map(function ([name, count]) {
      const [severity, kind] = name.split(/\|(.*)/s);
      return app.el("li", null, app.el("b", null, app.whole(count)), " " + kind + " (" + severity + ")");
    });
  }

  function plainTable(title, hint, csv, heads, items, makeCells) {
    const head = app.el("tr", null, ...heads.map((text) => app.el("th", { scope: "col" }, text)));
    const lines = items.map((item) => app.el("tr", null, ...makeCells(item).map((cell) => app.el("td", null, cell))));
    const table = app.el("table", { class: "data text" }, app.el("thead", null, head), app.el("tbody", null, ...lines));
    const name = title + " (" + app.whole(items.length) + ")";
    const shown = items.length ? app.el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table) : null;
    const none = items.length ? hint : "None.";
    return [app.el("h3", null, name), app.el("p", { class: "hint" }, none), shown, app.csvLinks([csv])];
  }

  const options = {
    kind: app.quality.issues.map(kindOf),
    severity: app.quality.issues.map((issue) => issue.severity),
    annotator: app.quality.issues.map((issue) => issue.annotator),
  };
  for (const [name, values] of Object.entries(options)) {
    const distinct = app.distinct(values);
    if (name === "severity") distinct.sort((a, b) => SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b));
    app.addOptions(form.elements[name], distinct, app.tally(values));
  }
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  update();

  document.getElementById("issue-kinds").append(...issueCounts());
  const { quarantined, failures, degenerate } = app.quality;
  document.getElementById("quality-tables").append(
    ...[
      plainTable(
        "Quarantined masks",
        "Unusable masks, removed from the metadata; their files are kept in the folder quarantine.",
        "quarantined",
        ["Image", "Mask", "Issue", "Severity"],
        quarantined,
        (row) => [row.id, row.mask, row.issue, row.severity],
      ),
      plainTable(
        "Failures",
        "Images that a stage could not process.",
        "failures",
        ["Stage", "Image", "Reason"],
        failures,
        (row) => [row.stage, idOfFile.has(row.img) ? imageLink(idOfFile.get(row.img)) : row.img, row.reason],
      ),
      plainTable(
        "Degenerate STAPLE results",
        "STAPLE’s estimates mean little here; the mask is kept as computed.",
        "performance",
        ["Image", "Why", "Iterations"],
        degenerate,
        (row) => [imageLink(row.id), row.degenerate, app.whole(row.iterations)],
      ),
    ]
      .flat()
      .filter(Boolean),
  );
})(window.IMAPP);
