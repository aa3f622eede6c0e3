// Set the colours that the reader chose last time, before anything is painted.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("helpscraper-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // A browser may refuse storage to a page on disk; then the system's colours are used.
  }
})();
