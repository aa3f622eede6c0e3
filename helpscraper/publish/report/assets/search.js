// Search in titles and texts without a server: the typed words decide which scripts to load.
(() => {
  "use strict";

  const { home, load, make, siteText } = window.helpscraper;
  const SHARDS = 256;
  const BLOCK = 500;
  const SHOWN = 30;
  const folder = home + "search/";
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

  // The same words and shards as in report/search.py.
  const shardOf = (word) => {
    let value = 0x811c9dc5;
    for (const character of [...word].slice(0, 2)) value = Math.imul(value ^ character.codePointAt(0), 0x01000193) >>> 0;
    return value % SHARDS;
  };
  const cut = (text) => {
    const plain = text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC").replaceAll("ς", "σ");
    const words = [];
    for (const run of plain.match(/[\p{L}\p{N}]+/gu) ?? []) {
      const characters = [...run];
      if (!unspaced.test(run)) words.push(characters.slice(0, 24).join(""));
      else if (characters.length === 1) words.push(run);
      else for (let i = 0; i + 1 < characters.length; i++) words.push(characters[i] + characters[i + 1]);
    }
    return [...new Set(words)].slice(0, 12);
  };
  const sums = (steps) => {
    let at = 0;
    return steps.map((step) => (at += step));
  };

  const scored = async (word, last) => {
    const number = shardOf(word);
    // Empty shards are not written.
    const written = (await load(`${folder}w.js`, "w")) ?? [];
    const shard = written.includes(number) ? ((await load(`${folder}w${number}.js`, `w${number}`)) ?? {}) : {};
    const scores = new Map();
    const add = (known, weight) => {
      const [titled, other] = shard[known];
      for (const n of sums(titled)) scores.set(n, Math.max(scores.get(n) ?? 0, 10 * weight));
      for (const n of sums(other)) scores.set(n, Math.max(scores.get(n) ?? 0, weight));
    };
    if (Object.hasOwn(shard, word)) add(word, 1);
    // The last word may be incomplete.
    if (last && [...word].length > 1 && !unspaced.test(word)) {
      for (const known of Object.keys(shard)) if (known !== word && known.startsWith(word)) add(known, 0.7);
    }
    return scores;
  };

  const find = async (text) => {
    const words = cut(text);
    if (!words.length) return null;
    const each = await Promise.all(words.map((word, place) => scored(word, place === words.length - 1)));
    each.sort((a, b) => a.size - b.size);
    const [rarest, ...others] = each;
    const found = [];
    for (const [n, score] of rarest) {
      if (others.every((scores) => scores.has(n))) found.push([n, others.reduce((sum, scores) => sum + scores.get(n), score)]);
    }
    return found.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  };

  const block = (place) => load(`${folder}d${place}.js`, `d${place}`);
  const documentOf = async (n) => ((await block(Math.floor(n / BLOCK))) ?? [])[n % BLOCK];

  // All titles by key, for lists with keys only.
  window.helpscraper.titles = async () => {
    const titles = new Map();
    for (let place = 0; ; place++) {
      const found = await block(place);
      for (const [key, title] of found ?? []) titles.set(key, title);
      if (!found || found.length < BLOCK) return titles;
    }
  };

  // The rest of the index of articles, which the page has in part: without what only the page's own rows tell.
  const index = document.querySelector("[data-article-index]");
  const addArticles = async () => {
    const there = new Set([...index.tBodies[0].rows].map((row) => row.dataset.key));
    const rows = [];
    for (let place = 0, found = []; place === 0 || found.length === BLOCK; place++) {
      found = (await block(place)) ?? [];
      for (const [key, title, section, dated, gone] of found) {
        if (there.has(key) || !/^[0-9a-f]{16}$/.test(key)) continue;
        const state = gone ? make("span", { class: "state bad" }, "no longer there") : null;
        const name = make("th", { scope: "row" }, make("a", { href: `${home}articles/${key}.html` }, siteText(title)), " ", state);
        const cells = [make("td", { "data-label": "Section" }, siteText(section)), make("td", { "data-label": "dated" }, dated), make("td", {}), make("td", {})];
        rows.push([title.toLowerCase(), make("tr", { "data-key": key }, name, ...cells)]);
      }
    }
    rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    index.tBodies[0].append(...rows.map(([, row]) => row));
    document.querySelector("[data-rest]")?.remove();
    document.querySelector("[data-filters]").dispatchEvent(new Event("input"));
  };
  if (index) addArticles();

  const input = make("input", { id: "q", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search titles and text", "aria-controls": "hits", maxlength: 200 });
  const form = make("form", { class: "search", role: "search" }, make("label", { for: "q", class: "unseen" }, "Search titles and text"), input);
  const list = make("ol", {});
  const status = make("p", { class: "soft", role: "status" });
  const panel = make("section", { id: "hits", class: "hits", "aria-label": "Search results", hidden: true }, status, list);
  document.querySelector(".theme").before(form);
  document.querySelector("header.top").after(panel);
  let turn = 0;

  const show = async () => {
    const mine = ++turn;
    const text = input.value.trim();
    const found = text ? await find(text) : null;
    const hits = found ? await Promise.all(found.slice(0, SHOWN).map(([n]) => documentOf(n))) : [];
    if (mine !== turn) return;
    panel.hidden = found === null;
    status.textContent = found === null ? "" : found.length === 0 ? "Nothing found" : `${found.length} found${found.length > SHOWN ? `, the best ${SHOWN} shown` : ""}`;
    list.replaceChildren(
      ...hits.filter((hit) => hit && /^[0-9a-f]{16}$/.test(hit[0])).map(([key, title, section, dated, gone]) =>
        make(
          "li", {},
          make("a", { href: `${home}articles/${key}.html` }, siteText(title)), " ",
          make("span", { class: "soft" }, siteText(section), dated ? " · " + dated : "", gone ? " · no longer there" : ""),
        ),
      ),
    );
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.focus();
  });
  let pause;
  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(show, 80);
  });
  const close = () => {
    turn++;
    panel.hidden = true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      close();
      input.focus();
    } else if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      input.focus();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !panel.hidden) {
      const links = [input, ...list.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement);
      if (at < 0) return;
      event.preventDefault();
      links[Math.min(links.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
    }
  });
})();
