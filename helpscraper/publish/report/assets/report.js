// Code of every page: data scripts, the switch for dark colours, filters, and rows in separate scripts.
(() => {
  "use strict";

  const body = document.body;
  const home = body.dataset.home;
  const waiting = new Map();
  const there = new Map();

  // Data scripts pass their value by calling this.
  window.helpscraperData = (name, value) => {
    there.set(name, value);
    waiting.get(name)?.(value);
  };

  // Load only files of the report, by names that it generates.
  const allowed = /^(?:\.\.\/)*[A-Za-z0-9-]+(?:\/[A-Za-z0-9-]+)*\.js$/;
  const checked = (url) => {
    if (!allowed.test(url)) throw new TypeError("not a file of the report: " + url);
    return url;
  };
  const policy = window.trustedTypes?.createPolicy("helpscraper", { createScriptURL: checked }) ?? {
    createScriptURL: checked,
  };

  // Resolves to undefined for a missing file, because empty shards are not written.
  const load = (url, name) =>
    new Promise((resolve) => {
      if (there.has(name)) return resolve(there.get(name));
      const before = waiting.get(name);
      waiting.set(name, (value) => {
        before?.(value);
        resolve(value);
      });
      if (before) return;
      const script = document.createElement("script");
      script.src = policy.createScriptURL(url);
      script.onerror = () => {
        const settle = waiting.get(name);
        waiting.delete(name);
        settle?.(undefined);
      };
      document.head.append(script);
    });

  // make("td", {class: "num"}, "text", otherElement)
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const number = (value) =>
    value === null || value === undefined ? "–" : value.toLocaleString("en").replaceAll(",", "\u202f");

  // A text of the site; as in render.py, an Arabic one may begin with a Latin name.
  const { language, direction } = body.dataset;
  const leftward = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
  const way = (text) => (direction === "rtl" && leftward.test(text ?? "") ? "rtl" : "auto");
  const siteText = (text) => make("bdi", { lang: language, dir: way(text) }, text);

  // The instant of a crawl, "2026-11-22 06:00:00", as the page shows it: render.py has the same rule.
  const lengths = { day: 10, minute: 16, second: 19 };
  const { unit } = body.dataset;
  const when = (instant) => instant.slice(0, lengths[unit]) + (unit === "day" ? "" : " UTC");

  window.helpscraper = { home, load, make, number, siteText, way, when };

  // The page of a renamed article: keep the versions that the link names.
  const moved = document.querySelector("a[data-moved]");
  if (moved) {
    moved.hash = location.hash;
    location.replace(moved.href);
  }

  // Dark colours.
  const toggle = make("button", { type: "button", class: "theme" }, make("span", { "aria-hidden": "true", class: "moon" }), make("span", { class: "unseen" }, "Dark colours"));
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const say = () => toggle.setAttribute("aria-pressed", String(dark()));
  document.querySelector(".bar")?.append(toggle);
  say();
  system.addEventListener("change", say);
  toggle.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("helpscraper-theme", next);
    } catch {
      // The choice lasts for this page only.
    }
    say();
  });

  // Rows from a separate script.
  const key = /^[0-9a-f]{16}$/;
  const snapshot = /^\d{8}T\d{6}Z$/;
  const badge = (kind) => make("span", { class: "kind " + kind }, kind);
  // Meanings of kinds, for rows without values to show; render.py has the same words.
  const meanings = {
    added: "new article",
    removed: "taken down",
    unverified: "not seen, but not proven to be gone",
    renamed: "same article at another address",
    edited: "the text changed",
    retitled: "the title changed",
    moved: "in another section",
    touched: "only the date of the last update changed",
    counted: "only the view count changed",
  };
  const names = { updated_on: "dated", published_on: "published" };

  const marked = ([op, text]) => (op === "=" ? text : make(op === "-" ? "del" : "ins", {}, text));
  const day = (id) => when(id.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3 $4:$5:$6"));

  const table = document.querySelector("[data-rows]");
  const several = table?.dataset.when !== undefined;
  const row = ([article, anchor, title, section, found, silent, fields, edited, at, before]) => {
    if (!key.test(article) || !key.test(anchor) || !snapshot.test(at)) return null;
    found = found.filter((kind) => Object.hasOwn(meanings, kind));
    const what = make("td", { "data-label": "What changed" });
    for (const [name, spans] of fields) {
      const text = spans.map(([, part]) => part).join("");
      const value = names[name] ? make("span", {}, ...spans.map(marked)) : make("bdi", { lang: language, dir: way(text) }, ...spans.map(marked));
      what.append(make("div", { class: "field" }, make("span", { class: "name" }, names[name] ?? name), " ", value));
    }
    if (!fields.length && !edited && found.length) what.append(make("span", { class: "soft" }, meanings[found[0]]));
    const here = `${several ? `${home}crawls/${at}.html` : ""}#${anchor}`;
    const links = make("td", { class: "links" });
    if (edited && snapshot.test(before)) links.append(make("a", { href: `${home}articles/${article}.html#${at}` }, "word diff"), " ");
    if (!several) links.append(make("a", { href: here }, "permalink"));
    return make(
      "tr", { id: several ? undefined : anchor, "data-kinds": found.join(" "), "data-day": several && day(at).slice(0, 10), "data-silent": Boolean(silent) },
      several ? make("td", { "data-label": "Crawl" }, make("span", { class: "soft" }, `${day(before ?? at)} and`), " ", make("a", { href: here }, day(at))) : null,
      make("td", { "data-label": "Kind", class: "badges" }, ...found.map(badge), silent ? make("span", { class: "kind quiet" }, "silent") : null),
      make("th", { scope: "row" }, make("a", { href: `${home}articles/${article}.html` }, siteText(title)), " ", make("span", { class: "soft", "data-label": "Section" }, siteText(section))),
      what, links,
    );
  };

  const rest = table?.closest("[data-more]");
  const complete = async () => {
    if (!rest) return;
    const found = (await load(rest.dataset.more, rest.dataset.name)) ?? [];
    table.tBodies[0].append(...found.map(row).filter(Boolean));
    rest.querySelector("[data-rest]")?.remove();
    // A permanent link to a row that was not in the page.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  };

  // Filters.
  const filters = document.querySelector("[data-filters]");
  if (filters && table) {
    const fields = filters.elements;
    const apply = () => {
      const chosen = new Set([...filters.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
      const any = filters.querySelector("[name=kind]") === null;
      const section = fields.section?.value ?? "";
      const sectionOf = (line) => line.querySelector("[data-label=Section]").textContent;
      const words = fields.words.value.trim().toLowerCase();
      const [from, to] = [fields.from?.value || "", fields.to?.value || "~"];
      let shown = 0;
      for (const line of table.tBodies[0].rows) {
        const fits =
          (any || line.dataset.kinds.split(" ").some((kind) => chosen.has(kind))) &&
          (!section || sectionOf(line) === section) &&
          (!line.dataset.day || (from <= line.dataset.day && line.dataset.day <= to)) &&
          (!fields.silent?.checked || line.dataset.silent !== undefined) &&
          (!words || line.querySelector("th").textContent.toLowerCase().includes(words));
        line.hidden = !fits;
        shown += fits;
      }
      filters.querySelector("[data-count]").textContent = `${shown} of ${table.tBodies[0].rows.length} shown`;
    };
    filters.hidden = false;
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    complete().then(apply);
  } else {
    complete();
  }

  // All changed view counts: the data has keys only, the search index has the titles.
  const button = document.querySelector("[data-all-views]");
  const views = document.querySelector("[data-views]");
  if (button && views?.dataset.more) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      const [found, titles] = await Promise.all([load(views.dataset.more, views.dataset.name), window.helpscraper.titles()]);
      const lines = (found ?? []).filter(([article]) => key.test(article)).map(([article, before, after]) => {
        const gain = before === null || after === null ? "" : (after > before ? "+" : "") + (after - before);
        const link = make("a", { href: `${home}articles/${article}.html` }, siteText(titles.get(article) ?? article));
        return make("tr", {}, make("th", { scope: "row" }, link), ...[number(before), number(after), gain].map((text) => make("td", { class: "num" }, text)));
      });
      views.tBodies[0].replaceChildren(...lines);
      button.remove();
      views.querySelector("a")?.focus();
    });
  }
})();
