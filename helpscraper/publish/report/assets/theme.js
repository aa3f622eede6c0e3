// Before anything is painted: the colours that the reader chose last time.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("helpscraper-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // A browser may refuse storage to a page from disk; the system's colours are used then.
  }
})();
