// One image: its data, loaded when asked for, its picture, switches and tables.
(function (app) {
  "use strict";

  const byId = new Map(app.images.map((row) => [row.id, row]));
  const view = document.getElementById("image-view");
  const waiting = new Map();
  const loaded = new Map();
  // What stays as it is from one image to the next.
  const settings = { votes: false, opacity: 0.6, photo: true, off: new Set() };

  app.receiveDetail = function (key, detail) {
    waiting.get(key)(detail);
  };

  /** Loads the data of an image once; rejected when the file is missing. */
  function load(key) {
    if (!loaded.has(key)) {
      const promise = new Promise(function (resolve, reject) {
        waiting.set(key, resolve);
        const script = app.el("script", { src: "details/" + key + ".js?v=" + app.stamp, error: reject });
        script.addEventListener("load", () => script.remove());
        document.head.append(script);
      });
      loaded.set(key, promise);
    }
    return loaded.get(key);
  }

  const step = (by, text, key) =>
    app.el("button", { type: "button", "aria-keyshortcuts": key, click: () => app.goToNeighbour(by) }, text);
  const previous = step(-1, "‹ Previous", "ArrowLeft");
  const next = step(1, "Next ›", "ArrowRight");
  const place = app.el("span", { class: "place" });
  const title = app.el("h2", { id: "image-title", tabindex: -1 });
  const content = app.el("div");
  const back = app.el("a", { href: "#browser", "aria-keyshortcuts": "Escape" }, "All images");
  view.append(app.el("div", { class: "steps" }, back, place, previous, next), title, content);

  function neighbours(row) {
    const at = app.shownImages.indexOf(row);
    const start = at < 0 ? -1 : at;
    return { at, before: at < 0 ? undefined : app.shownImages[at - 1], after: app.shownImages[start + 1] };
  }

  /** Opens the image before (-1) or after (1) the one that is open, in the list's order. */
  app.goToNeighbour = function (by) {
    const { before, after } = neighbours(app.openRow);
    const target = by < 0 ? before : after;
    if (target) location.hash = app.imageHash(target.id);
  };

  function facts(row, detail) {
    const items = [
      row.diagnosis === null ? "no diagnosis given" : row.diagnosis,
      app.whole(detail.width) + " × " + app.whole(detail.height) + " pixels",
      app.plural(row.n, "mask"),
      "mean Dice " + app.decimals(row.dice, 4),
      "mean HD95 " + app.decimals(row.hd95, 1) + (row.hd95 === null ? "" : " px"),
      detail.iterations === null ? null : "STAPLE: " + app.plural(detail.iterations, "iteration"),
    ].filter(Boolean);
    return app.el("ul", { class: "facts" }, ...items.map((text) => app.el("li", null, text)));
  }

  function notes(row, detail) {
    return [
      row.failed && "This image could not be processed: " + row.failed,
      detail.degenerate && "STAPLE’s result is degenerate: " + detail.degenerate,
    ]
      .filter(Boolean)
      .map((text) => app.el("p", { class: "note" }, text));
  }

  function legend(votes) {
    const item = (colour, index) => {
      const box = app.el("span", { class: "colour", "aria-hidden": "true" });
      box.style.backgroundColor = colour;
      return app.el("li", null, box, index + 1 + " of " + votes.max);
    };
    return app.el("ul", { class: "legend", "aria-label": "Colours of vote counts" }, ...votes.colours.map(item));
  }

  function controls(detail, picture, zoom) {
    const key = legend(detail.votes);
    const votes = app.el("input", { type: "checkbox", id: "show-votes", disabled: !detail.votes.file });
    const photo = app.el("input", { type: "checkbox", id: "show-photo", disabled: !detail.thumb });
    const opacity = app.el("input", { type: "range", min: 0.1, max: 1, step: 0.1, "aria-label": "Opacity of vote counts" });
    function apply() {
      settings.opacity = Number(opacity.value);
      if (detail.votes.file) settings.votes = votes.checked;
      if (detail.thumb) settings.photo = photo.checked;
      picture.showVotes(settings.votes, settings.opacity);
      picture.showPhoto(settings.photo || !detail.thumb);
      key.hidden = opacity.disabled = !votes.checked;
    }
    votes.checked = settings.votes && detail.votes.file;
    photo.checked = settings.photo && detail.thumb;
    opacity.value = settings.opacity;
    apply();
    const votesName = detail.votes.file ? "Vote counts" : "Vote counts (there are none)";
    const switches = [
      app.el("label", null, photo, "Photo"),
      app.el("label", null, votes, votesName),
      app.el("label", null, "Opacity ", opacity),
      zoom.element,
    ];
    return app.el("div", { class: "controls", input: apply }, ...switches, key);
  }

  function render(row, detail) {
    const styles = app.lineStyles(detail.masks);
    const zoom = app.zoomButtons();
    const picture = app.makePicture(detail, styles, zoom.told);
    zoom.drive(picture.zoom);
    const isOff = (mask) => !mask.human && settings.off.has(mask.annotator);
    const onSwitch = (mask, on) => mask.human || settings.off[on ? "delete" : "add"](mask.annotator);
    const masks = app.masksTable(detail, styles, picture, isOff, onSwitch);
    content.replaceChildren(
      facts(row, detail),
      ...notes(row, detail),
      app.el(
        "div",
        { class: "detail" },
        app.el("div", null, picture.element, controls(detail, picture, zoom)),
        app.el("div", null, app.el("h3", null, "Masks"), ...masks),
      ),
      app.el("h3", null, "Agreement of pairs"),
      ...app.pairsTable(detail, styles, picture),
    );
    picture.zoom.outlines();
  }

  function showPlace(row) {
    const { at, before, after } = neighbours(row);
    const count = app.whole(app.shownImages.length);
    place.textContent = at < 0 ? "not in the list as filtered" : app.whole(at + 1) + " of " + count;
    previous.disabled = !before;
    next.disabled = !after;
    app.announce("Image " + row.id + ", " + place.textContent);
  }

  function message(text) {
    content.replaceChildren(app.el("p", { class: "note" }, text));
  }

  /** Shows the image of that id, or says that there is none. */
  app.showImage = function (id) {
    const row = (app.openRow = byId.get(id));
    const keepFocus = document.activeElement.parentElement === previous.parentElement;
    title.textContent = id;
    content.replaceChildren();
    if (row) {
      showPlace(row);
      const isOpen = () => app.openRow === row;
      load(row.key).then(
        (detail) => isOpen() && render(row, detail),
        () => isOpen() && message(["The outlines of this image are not in the report.", row.failed].filter(Boolean).join(" ")),
      );
    } else {
      place.textContent = "";
      previous.disabled = next.disabled = true;
      message("The report has no image with this id and several masks.");
    }
    if (!keepFocus || document.activeElement.disabled) title.focus({ preventScroll: true });
  };
})(window.IMAPP);
