"""Checks of any page, as scripts that run in the browser and return what is wrong."""

# Text whose contrast with the ground behind it is below 4.5:1; also how many texts were looked at.
CONTRAST = """
() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, alpha } = parse(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || element.closest("svg, script, noscript, option") || !element.checkVisibility()) continue;
    const [a, b] = [parse(getComputedStyle(element).color).rgb, ground(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  return { seen, poor };
}
"""

# Faults that keep people with a screen reader or without a mouse from using a page.
ACCESSIBILITY = """
() => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const label = (element) => element.getAttribute("aria-label") || element.innerText || element.textContent;
  for (const field of all("input, select, textarea")) {
    const texts = [...field.labels].map((one) => one.innerText).join("") + (field.getAttribute("aria-label") || "");
    if (!texts.trim()) faults.push("no label: " + field.outerHTML.slice(0, 80));
  }
  for (const control of all("button, a[href], [role=img], [role=region], nav, form"))
    if (!(control.hasAttribute("aria-labelledby") || label(control).trim() || control.querySelector("img[alt]")))
      faults.push("no name: " + control.outerHTML.slice(0, 80));
  for (const image of all("img")) if (!image.hasAttribute("alt")) faults.push("no alt: " + image.src);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("id twice: " + id);
  for (const element of all("[aria-labelledby]"))
    if (!document.getElementById(element.getAttribute("aria-labelledby"))) faults.push("no such label: " + element.id);
  const levels = all("h1, h2, h3, h4").map((heading) => Number(heading.tagName[1]));
  levels.forEach((level, place) => {
    if (level > (place ? levels[place - 1] : 0) + 1) faults.push("heading level left out before h" + level);
  });
  for (const table of all("table")) if (!table.querySelector("th[scope]")) faults.push("table without heads");
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) faults.push("tab order forced");
  if (all("main").length !== 1 || !document.documentElement.lang || !document.title) faults.push("page without frame");
  return faults;
}
"""

# How the element with the focus is told apart, or null when nothing has the focus.
FOCUS = """
() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const style = getComputedStyle(element);
  const line = element.closest(".mask.strong") ? getComputedStyle(element.querySelector(".line")).strokeWidth : null;
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return { name: element.outerHTML.slice(0, 80), visible: ring || line !== null };
}
"""
