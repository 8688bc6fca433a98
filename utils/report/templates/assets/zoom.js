// Zooming and moving a picture in its frame: about the pointer or the middle, by wheel, drag, buttons and arrow keys.
(function (app) {
  "use strict";

  const LARGEST = 16;
  const STEP = 1.5;
  const MARGIN = 1.4; // of the outlines, when they are brought to the frame
  const SMALL = 1.6; // outlines that need no more are shown with the whole picture

  /** The box around all outlines that are drawn, in pixels of the image; null when there is none. */
  function boxOf(masks) {
    const boxes = masks.map((mask) => mask.getBBox()).filter((box) => box.width || box.height);
    if (!boxes.length) return null;
    const left = Math.min(...boxes.map((box) => box.x));
    const top = Math.min(...boxes.map((box) => box.y));
    const right = Math.max(...boxes.map((box) => box.x + box.width));
    const bottom = Math.max(...boxes.map((box) => box.y + box.height));
    return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
  }

  function dragging(frame) {
    let from = null;
    frame.addEventListener("pointerdown", function (event) {
      if (event.button !== 0 || event.pointerType === "touch" || !frame.classList.contains("zoomed")) return;
      from = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
      frame.setPointerCapture(event.pointerId);
      event.preventDefault();
      frame.focus({ preventScroll: true });
    });
    frame.addEventListener("pointermove", function (event) {
      if (from) frame.scrollTo(from.x - event.clientX, from.y - event.clientY);
    });
    for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, () => (from = null));
  }

  /** Returns {factor, by, whole, outlines} for a stage in its frame; `told` is called after each change. */
  app.makeZoom = function (frame, stage, size, masks, told) {
    const zoom = { factor: 1 };

    /** Sets the factor so that the point (x, y) of the frame shows what it showed before. */
    function set(factor, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
      const before = stage.getBoundingClientRect();
      const outer = frame.getBoundingClientRect();
      const [shareX, shareY] = [(outer.left + x - before.left) / before.width, (outer.top + y - before.top) / before.height];
      zoom.factor = Math.min(LARGEST, Math.max(1, factor));
      stage.style.setProperty("--zoom", zoom.factor);
      frame.classList.toggle("zoomed", zoom.factor > 1);
      if (zoom.factor > 1) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
      const after = stage.getBoundingClientRect();
      frame.scrollTo(shareX * after.width - x, shareY * after.height - y);
      told(zoom.factor);
    }

    zoom.by = (times) => set(zoom.factor * times);
    zoom.whole = () => set(1);
    /** Brings the outlines to the frame; those that fill it well enough are shown with the whole picture. */
    zoom.outlines = function () {
      const box = boxOf(masks);
      const factor = box ? Math.min(size.width / (box.width * MARGIN), size.height / (box.height * MARGIN)) : 1;
      set(factor < SMALL ? 1 : factor);
      if (zoom.factor === 1) return;
      const shown = stage.getBoundingClientRect();
      frame.scrollTo(
        (box.x / size.width) * shown.width - frame.clientWidth / 2,
        (box.y / size.height) * shown.height - frame.clientHeight / 2,
      );
    };
    frame.addEventListener(
      "wheel",
      function (event) {
        const times = event.deltaY < 0 ? STEP : 1 / STEP;
        // A whole picture leaves the wheel to the page.
        if (event.deltaY === 0 || (times < 1 && zoom.factor === 1)) return;
        event.preventDefault();
        const outer = frame.getBoundingClientRect();
        set(zoom.factor * times, event.clientX - outer.left, event.clientY - outer.top);
      },
      { passive: false },
    );
    dragging(frame);
    return zoom;
  };

  /** The buttons for it, and how large the picture is shown. */
  app.zoomButtons = function () {
    const shown = app.el("output", { class: "factor", "aria-label": "Zoom" });
    const button = (text, label) => app.el("button", { type: "button", "aria-label": label, title: label }, text);
    const [less, more] = [button("−", "Zoom out"), button("+", "Zoom in")];
    const [outlines, whole] = [button("Outlines", "Zoom to the outlines"), button("Whole", "Show the whole picture")];
    const element = app.el("span", { class: "zoom", role: "group", "aria-label": "Zoom" }, less, shown, more, outlines, whole);
    return {
      element,
      told(factor) {
        shown.textContent = factor.toFixed(1) + "×";
        less.disabled = factor <= 1;
        more.disabled = factor >= LARGEST;
      },
      drive(zoom) {
        less.addEventListener("click", () => zoom.by(1 / STEP));
        more.addEventListener("click", () => zoom.by(STEP));
        outlines.addEventListener("click", zoom.outlines);
        whole.addEventListener("click", zoom.whole);
      },
    };
  };
})(window.IMAPP);
