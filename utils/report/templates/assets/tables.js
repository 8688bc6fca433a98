// The two tables of an image: its masks, with a switch for each outline, and their pairs.
(function (app) {
  "use strict";

  const PAIR_COLUMNS = [
    ["Dice", "dice", 4],
    ["Jaccard", "jaccard", 4],
    ["HD (px)", "hd", 1],
    ["HD95 (px)", "hd95", 1],
    ["ASSD (px)", "assd", 2],
    ["HD (norm.)", "hd_normalized", 4],
    ["HD95 (norm.)", "hd95_normalized", 4],
    ["ASSD (norm.)", "assd_normalized", 4],
  ];

  const HINT =
    "Dice to others: with the vote of the masks by other annotators. Sensitivity and specificity are part of STAPLE’s estimate; " +
    "they do not say whose mask is better, least of all where there are two. ST: STAPLE consensus. MV: majority vote, where " +
    "ties count as foreground, so that of two masks it is the union.";

  function pointing(row, picture, indices) {
    for (const type of ["pointerenter", "focusin"]) row.addEventListener(type, () => picture.point(indices));
    for (const type of ["pointerleave", "focusout"]) row.addEventListener(type, () => picture.point([]));
    return row;
  }

  function heading(texts) {
    return app.el("thead", null, app.el("tr", null, ...texts.map((text) => app.el("th", { scope: "col" }, text))));
  }

  function scrolling(table, label) {
    return app.el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);
  }

  /** A switch for all outlines, and the table with one for each; `isOff` says which start switched off. */
  app.masksTable = function (detail, styles, picture, isOff, onSwitch) {
    const boxes = [];
    const all = app.el("input", { type: "checkbox", id: "all-outlines" });
    function refresh() {
      const on = boxes.filter((box) => box.checked).length;
      all.checked = on === boxes.length;
      all.indeterminate = on > 0 && on < boxes.length;
    }
    function set(index, on) {
      boxes[index].checked = on;
      picture.show(index, on);
      onSwitch(detail.masks[index], on);
      refresh();
    }
    const lines = detail.masks.map(function (mask, index) {
      const box = app.el("input", { type: "checkbox", change: () => set(index, box.checked) });
      box.checked = !isOff(mask);
      boxes.push(box);
      picture.show(index, box.checked);
      const share = (100 * mask.area) / (detail.width * detail.height);
      const name = app.el("label", { title: mask.file }, box, app.swatch(styles[index]), mask.annotator);
      const line = app.el(
        "tr",
        null,
        app.el("th", { scope: "row" }, name),
        ...[
          ...(app.known.factors.length ? [mask.human ? app.levelsOf(mask).join(", ") : "–"] : []),
          app.whole(mask.area),
          share.toFixed(1) + " %",
          app.decimals(mask.others, 4),
          app.decimals(mask.sensitivity, 4),
          app.decimals(mask.specificity, 4),
        ].map((text) => app.el("td", null, text)),
      );
      return pointing(line, picture, [index]);
    });
    all.addEventListener("change", function () {
      const on = all.checked; // changes while single ones are switched
      boxes.forEach((box, index) => set(index, on));
    });
    refresh();
    const heads = heading(["Outline", ...(app.known.factors.length ? ["Tool, skill"] : []), "Area (px)", "of image", "Dice to others", "Sensitivity", "Specificity"]);
    const table = app.el("table", { class: "data masks" }, heads, app.el("tbody", null, ...lines));
    return [
      app.el("label", { class: "all" }, all, "All outlines"),
      scrolling(table, "Masks of the image"),
      app.el("p", { class: "hint" }, HINT, app.known.levels && " " + app.known.levels + "."),
      app.csvLinks(["mask_agreement", "performance"]),
    ];
  };

  app.pairsTable = function (detail, styles, picture) {
    const side = (index) => [app.swatch(styles[index]), detail.masks[index].annotator];
    const lines = detail.pairs.map(function (pair) {
      const human = detail.masks[pair.a].human && detail.masks[pair.b].human;
      const line = app.el(
        "tr",
        { class: human ? "human" : "with-consensus" },
        app.el("th", { scope: "row" }, ...side(pair.a)),
        app.el("th", { scope: "row" }, ...side(pair.b)),
        ...PAIR_COLUMNS.map(([, key, digits]) => app.el("td", null, app.decimals(pair[key], digits))),
      );
      return pointing(line, picture, [pair.a, pair.b]);
    });
    if (!lines.length) return [app.el("p", { class: "empty" }, "This image has no pairs of masks.")];
    const heads = heading(["Mask", "and mask", ...PAIR_COLUMNS.map(([text]) => text)]);
    const table = app.el("table", { class: "data pairs" }, heads, app.el("tbody", null, ...lines));
    const hint =
      "Distances in pixels; normalised (norm.): as a share of the image’s diagonal. A dash: undefined because a mask is empty. " +
      "Rows with ST or MV, in grey, compare a mask with a consensus that it is part of.";
    return [scrolling(table, "Agreement of pairs of masks"), app.el("p", { class: "hint" }, hint), app.csvLinks(["pairs"])];
  };
})(window.IMAPP);
