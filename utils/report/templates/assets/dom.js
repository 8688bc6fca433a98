// Making elements and formatting values. Text from tables becomes text nodes and attributes, never markup.
(function (app) {
  "use strict";

  const FIRST_ROWS = 40;
  const ROWS_AT_A_TIME = 600;

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** An HTML element; attributes whose value is a function are event listeners. */
  app.el = function (tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  };

  app.svg = function (tag, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  };

  /** A number with so many decimals, a dash where there is none. */
  app.decimals = function (value, digits) {
    return value === null || value === undefined ? "–" : value.toFixed(digits);
  };

  app.whole = function (value) {
    return value === null || value === undefined ? "–" : value.toLocaleString("en");
  };

  app.plural = function (count, word) {
    return app.whole(count) + " " + word + (count === 1 ? "" : "s");
  };

  /** "5 of 18 images", or "18 images" when all are shown. */
  app.countOf = function (shown, all, word) {
    return shown === all ? app.plural(all, word) : app.whole(shown) + " of " + app.plural(all, word);
  };

  app.collator = new Intl.Collator("en", { numeric: true });

  app.distinct = function (values) {
    return [...new Set(values)].sort(app.collator.compare);
  };

  /** Adds options; `counts` maps each value to the number shown behind it. */
  app.addOptions = function (select, values, counts) {
    for (const value of values) {
      const text = value === null ? "not given" : value;
      // The sign before the value keeps "no value" and an empty text apart from "all", which is "".
      const code = value === null ? "-" : "=" + value;
      select.append(app.el("option", { value: code }, text + " (" + app.whole(counts.get(value)) + ")"));
    }
  };

  /** What an option made by addOptions stands for. */
  app.optionValue = function (code) {
    return code === "-" ? null : code.slice(1);
  };

  app.tally = function (values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return counts;
  };

  /** Replaces the rows of a table's body: the first at once, the others in portions, so that the page stays quick. */
  app.renderRows = function (body, items, makeRow) {
    const job = Symbol("rows");
    body.imappJob = job;
    body.replaceChildren(...items.slice(0, FIRST_ROWS).map(makeRow));
    (function more(from) {
      if (from >= items.length) return;
      setTimeout(function () {
        if (body.imappJob !== job) return;
        body.append(...items.slice(from, from + ROWS_AT_A_TIME).map(makeRow));
        more(from + ROWS_AT_A_TIME);
      });
    })(FIRST_ROWS);
  };

  app.thumbUrl = function (key) {
    return "thumbs/" + key + ".jpg?v=" + app.stamp;
  };

  /** A photo beside its name; it is loaded when it comes near the window. */
  app.lazyThumb = function (key, size) {
    // `loading` comes first: set after `src`, it may be too late.
    return app.el("img", { loading: "lazy", src: app.thumbUrl(key), alt: "", ...size });
  };

  app.imageHash = function (id) {
    return "#image=" + encodeURIComponent(id);
  };

  /** Links to the tables that something is from, as far as they are in the report; null when none is. */
  app.csvLinks = function (names) {
    const urls = names.map((name) => app.known.csv[name]).filter(Boolean);
    const links = urls.map((url) => [app.el("a", { href: url }, url.split("/").pop()), " "]);
    return urls.length ? app.el("p", { class: "csv" }, urls.length === 1 ? "Table: " : "Tables: ", ...links) : null;
  };

  // The file's own date, so that two runs give the same page.
  const written = new Date(document.lastModified);
  const day = written.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  document.getElementById("made").textContent = "This page was written on " + day + ".";

  app.announce = function (text) {
    document.getElementById("live").textContent = text;
  };
})(window.IMAPP);
