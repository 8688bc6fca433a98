// The picture of an image: photo, vote counts and outlines, one above the other.
(function (app) {
  "use strict";

  const FRAYED = 9000; // characters of a path: a smooth outline has some hundreds

  function outline(mask, style, index) {
    const dashes = { "stroke-dasharray": style.dash || null, "stroke-dashoffset": style.offset };
    const path = (role, colour, more) => app.svg("path", { d: mask.path, class: role, stroke: colour, ...more });
    return app.svg(
      "g",
      { class: (mask.human ? "mask" : "mask consensus") + (mask.path.length > FRAYED ? " frayed" : ""), "data-index": index, tabindex: 0, role: "img", "aria-label": app.maskLabel(mask) },
      path("seam", style.seam, dashes),
      path("line", style.colour, dashes),
      path("hit", "transparent"),
    );
  }

  function layers(detail) {
    const photo = detail.thumb
      ? app.el("img", { class: "photo", src: app.thumbUrl(detail.key), alt: "Photo of " + detail.id })
      : app.el("p", { class: "no-photo" }, "There is no photo: the outlines are drawn on a neutral ground.");
    const votes = app.el("img", { class: "votes", alt: "Vote counts of " + detail.id, hidden: true });
    if (detail.votes.file) votes.src = "votes/" + detail.key + ".png?v=" + app.stamp;
    return { photo, votes };
  }

  /** Handlers that name the outlines at the pointer or with the focus. */
  function nameOutlines(picture, stage, tip) {
    function at(x, y) {
      const hits = document.elementsFromPoint(x, y).filter((element) => element.classList.contains("hit"));
      return hits.map((hit) => Number(hit.parentElement.dataset.index)).sort((a, b) => a - b);
    }
    function place(x, y) {
      const box = stage.getBoundingClientRect();
      const [left, top] = [x - box.left, y - box.top];
      // Towards the middle of the picture, so that the name is not cut off at its edge.
      tip.style.translate = (left > box.width / 2 ? "calc(-100% - 12px)" : "12px") + " " + (top > 60 ? "calc(-100% - 8px)" : "16px");
      tip.style.left = left + "px";
      tip.style.top = top + "px";
    }
    stage.addEventListener("pointermove", function (event) {
      picture.highlight(at(event.clientX, event.clientY));
      place(event.clientX, event.clientY);
    });
    stage.addEventListener("pointerleave", () => picture.highlight([]));
    stage.addEventListener("focusin", function (event) {
      const mask = event.target.closest(".mask");
      if (!mask) return;
      picture.highlight([Number(mask.dataset.index)]);
      const [outer, inner] = [stage.getBoundingClientRect(), mask.getBoundingClientRect()];
      place(Math.max(outer.left, inner.left), Math.max(outer.top, inner.top));
    });
    stage.addEventListener("focusout", () => picture.highlight([]));
  }

  /** Returns {element, show, highlight, showVotes, showPhoto, zoom} for the data of one image; `zoomed` is told how far. */
  app.makePicture = function (detail, styles, zoomed) {
    const masks = detail.masks.map((mask, index) => outline(mask, styles[index], index));
    const drawing = app.svg(
      "svg",
      { viewBox: "0 0 " + detail.width + " " + detail.height, role: "group", "aria-label": "Outlines of " + detail.id },
      ...masks,
    );
    const { photo, votes } = layers(detail);
    const tip = app.el("div", { class: "tip", role: "tooltip", hidden: true });
    const stage = app.el("div", { class: "stage" }, photo, votes, drawing, tip);
    const frame = app.el("div", { class: "frame", role: "region", "aria-label": "Picture of " + detail.id }, stage);
    frame.style.setProperty("--ratio", detail.width / detail.height);

    const picture = {
      element: frame,
      show(index, on) {
        masks[index].style.display = on ? "" : "none";
      },
      highlight(indices) {
        const visible = indices.filter((index) => masks[index].style.display !== "none");
        drawing.classList.toggle("dimmed", visible.length > 0);
        masks.forEach((mask, index) => mask.classList.toggle("strong", visible.includes(index)));
        tip.hidden = visible.length === 0;
        tip.replaceChildren(
          ...visible.map((index) => app.el("div", null, app.swatch(styles[index]), app.maskLabel(detail.masks[index]))),
        );
      },
      /** Highlights without the name, for what names the masks itself. */
      point(indices) {
        picture.highlight(indices);
        tip.hidden = true;
      },
      showVotes(on, opacity) {
        votes.hidden = !on || !detail.votes.file;
        votes.style.opacity = opacity;
      },
      showPhoto(on) {
        photo.hidden = !on;
      },
      zoom: app.makeZoom(frame, stage, detail, masks, zoomed),
    };
    nameOutlines(picture, stage, tip);
    return picture;
  };
})(window.IMAPP);
