// Dark or light: the system's choice until the reader makes one, which the browser remembers where it may.
(function () {
  "use strict";

  const KEY = "imapp-scheme";
  const root = document.documentElement;
  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden
    }
  }

  function remember(scheme) {
    try {
      window.localStorage.setItem(KEY, scheme);
    } catch {
      // the choice then lasts as long as the page
    }
  }

  function isDark() {
    return root.dataset.scheme ? root.dataset.scheme === "dark" : systemDark.matches;
  }

  function label() {
    document.getElementById("scheme").textContent = isDark() ? "Light scheme" : "Dark scheme";
  }

  if (["dark", "light"].includes(remembered())) root.dataset.scheme = remembered();
  document.addEventListener("DOMContentLoaded", function () {
    label();
    systemDark.addEventListener("change", label);
    document.getElementById("scheme").addEventListener("click", function () {
      root.dataset.scheme = isDark() ? "light" : "dark";
      remember(root.dataset.scheme);
      label();
    });
  });
})();
