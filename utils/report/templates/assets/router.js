// The address: #overview or another page, #annotator=<name>, or #image=<id>. And the keys that work everywhere.
(function (app) {
  "use strict";

  const TABS = [...document.querySelectorAll("[data-tab]")].map((link) => link.dataset.tab);
  const listView = document.getElementById("list-view");
  const imageView = document.getElementById("image-view");
  const baseTitle = document.title;
  let lastRow = null;

  /** What the address names, "image" or "annotator"; null when it names none. */
  function namedInHash(kind) {
    const match = new RegExp("^#" + kind + "=(.*)$", "s").exec(location.hash);
    if (!match) return null;
    try {
      return decodeURIComponent(match[1]);
    } catch {
      return match[1]; // a link that was cut off within a character
    }
  }

  function showTab(tab, isImage) {
    for (const name of TABS) {
      document.getElementById("section-" + name).hidden = name !== tab;
      const link = document.querySelector('[data-tab="' + name + '"]');
      if (name === tab) link.setAttribute("aria-current", isImage ? "true" : "page");
      else link.removeAttribute("aria-current");
    }
  }

  function route() {
    const id = namedInHash("image");
    const annotator = namedInHash("annotator");
    const tab = id !== null || annotator !== null ? "browser" : TABS.find((name) => location.hash === "#" + name) || "overview";
    const wasOpen = !imageView.hidden;
    if (annotator !== null) app.showAnnotator(annotator);
    showTab(tab, id !== null);
    listView.hidden = id !== null;
    imageView.hidden = id === null;
    document.title = id === null ? baseTitle : id + " – " + baseTitle;
    if (id !== null) {
      if (!wasOpen) window.scrollTo(0, 0);
      app.showImage(id);
      lastRow = app.openRow || null;
    } else {
      app.openRow = null;
      if (tab !== "browser" || !wasOpen || !lastRow || !app.focusRow(lastRow.key)) window.scrollTo(0, 0);
    }
  }

  /** True where arrow keys belong to what has the focus. */
  function usesArrows(element) {
    return element.matches('select, textarea, [type="range"], [type="search"], .frame[tabindex]');
  }

  document.addEventListener("keydown", function (event) {
    if (imageView.hidden || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Escape") location.hash = "#browser";
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !app.openRow || usesArrows(event.target)) return;
    event.preventDefault();
    app.goToNeighbour(by);
  });
  document.querySelector("[data-skip]").addEventListener("click", function (event) {
    event.preventDefault(); // its hash would be taken for a section
    document.getElementById("content").focus();
  });
  window.addEventListener("hashchange", route);
  route();
})(window.IMAPP);
