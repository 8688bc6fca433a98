// Lines of annotators. Okabe and Ito, Color Universal Design (2008): distinct for every kind of colour vision;
// beyond seven annotators the colours repeat with another line.
(function (app) {
  "use strict";

  const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#d55e00", "#f0e442", "#cc79a7", "#0072b2"];
  const DASHES = ["", "1 4", "9 3 2 3"];
  // Often the same outline: the dashes of one then fall into the gaps of the other.
  const CONSENSUS = {
    ST: { colour: "#ffffff", seam: "#000000", dash: "7 7", offset: 0 },
    MV: { colour: "#000000", seam: "#ffffff", dash: "7 7", offset: 7 },
  };
  const NAMES = { ST: "STAPLE consensus", MV: "majority vote" };

  function places(images) {
    const names = app.distinct(images.flatMap((row) => row.annotators));
    return new Map(names.map((name, place) => [name, place]));
  }

  /** The line of each mask of an image; two masks of one annotator differ in their dashes. */
  app.lineStyles = function (masks) {
    const placeOf = (app.placeOfAnnotator = app.placeOfAnnotator || places(app.images));
    const taken = new Set();
    return masks.map(function (mask) {
      if (!mask.human && CONSENSUS[mask.annotator]) return CONSENSUS[mask.annotator];
      let place = placeOf.get(mask.annotator) || 0;
      const limit = place + COLOURS.length * DASHES.length;
      while (taken.has(place) && place < limit) place += COLOURS.length;
      taken.add(place);
      const dash = DASHES[Math.floor(place / COLOURS.length) % DASHES.length];
      return { colour: COLOURS[place % COLOURS.length], seam: "#000000", dash: dash, offset: 0 };
    });
  };

  /** Tool and skill level of a mask, as far as they tell masks of these data apart. */
  app.levelsOf = function (mask) {
    const levels = { tool: mask.tool, skill_level: mask.skill };
    return app.known.factors.map((factor) => levels[factor]);
  };

  app.maskLabel = function (mask) {
    const name = NAMES[mask.annotator];
    return mask.human ? [mask.annotator, ...app.levelsOf(mask)].join(", ") : mask.annotator + (name ? ", " + name : "");
  };

  /** A short piece of the mask's line, as in a legend. */
  app.swatch = function (style) {
    const line = { x1: 1, x2: 27, y1: 5, y2: 5, "stroke-dasharray": style.dash, "stroke-dashoffset": style.offset };
    return app.svg(
      "svg",
      { class: "swatch", viewBox: "0 0 28 10", width: 28, height: 10, "aria-hidden": "true" },
      app.svg("line", { ...line, stroke: style.seam, "stroke-width": 5 }),
      app.svg("line", { ...line, stroke: style.colour, "stroke-width": 3 }),
    );
  };
})(window.IMAPP);
