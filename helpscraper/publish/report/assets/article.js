// An article's page: the word diff of any two versions, and the plot of its view counts.
(() => {
  "use strict";

  const { home, load, make, number, way, when } = window.helpscraper;
  const article = document.querySelector("article[data-key]");
  if (!article) return;

  // The longest common subsequence of two lists as runs: [equal, from, to, from, to].
  const runs = (old, now) => {
    let start = 0;
    let oldEnd = old.length;
    let nowEnd = now.length;
    while (start < oldEnd && start < nowEnd && old[start] === now[start]) start++;
    while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) oldEnd--, nowEnd--;
    const found = [];
    const push = (equal, i1, i2, j1, j2) => {
      if (i1 === i2 && j1 === j2) return;
      const last = found.at(-1);
      if (last && last[0] === equal) [last[2], last[4]] = [i2, j2];
      else found.push([equal, i1, i2, j1, j2]);
    };
    push(true, 0, start, 0, start);
    const rows = oldEnd - start;
    const columns = nowEnd - start;
    if (rows * columns > 4e6) {
      // Two texts this long and this different are shown as one removed and one added.
      push(false, start, oldEnd, start, nowEnd);
    } else if (rows || columns) {
      const width = columns + 1;
      const best = new Uint32Array((rows + 1) * width);
      for (let i = rows - 1; i >= 0; i--) {
        for (let j = columns - 1; j >= 0; j--) {
          best[i * width + j] =
            old[start + i] === now[start + j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
        }
      }
      let i = 0;
      let j = 0;
      while (i < rows || j < columns) {
        if (i < rows && j < columns && old[start + i] === now[start + j]) {
          push(true, start + i, start + i + 1, start + j, start + j + 1);
          i++, j++;
        } else if (j === columns || (i < rows && best[(i + 1) * width + j] >= best[i * width + j + 1])) {
          push(false, start + i, start + i + 1, start + j, start + j);
          i++;
        } else {
          push(false, start + i, start + i, start + j, start + j + 1);
          j++;
        }
      }
    }
    push(true, oldEnd, old.length, nowEnd, now.length);
    return found;
  };

  // Words with the space after them; Intl.Segmenter knows scripts without spaces.
  const segmenter = window.Intl?.Segmenter && new Intl.Segmenter(article.dataset.language || "en", { granularity: "word" });
  const units = (text) => {
    const parts = segmenter ? [...segmenter.segment(text)].map((each) => each.segment) : text.match(/[\p{L}\p{M}\p{N}]+|\s+|[^\p{L}\p{M}\p{N}\s]/gu) ?? [];
    const found = [];
    for (const part of parts) {
      if (part === " " && found.length && !found.at(-1).endsWith(" ")) found[found.length - 1] += " ";
      else found.push(part);
    }
    return found;
  };

  const KEPT = 0.3;
  const spans = (before, after) => {
    const [old, now] = [units(before), units(after)];
    const bare = (list) => list.map((unit) => unit.trimEnd());
    let found = runs(bare(old), bare(now));
    const shared = found.reduce((sum, [equal, i1, i2]) => sum + (equal ? i2 - i1 : 0), 0);
    if (shared < KEPT * Math.min(old.length, now.length)) found = [[false, 0, old.length, 0, now.length]];
    return found.flatMap(([equal, i1, i2, j1, j2]) => {
      const [gone, came] = [old.slice(i1, i2).join(""), now.slice(j1, j2).join("")];
      if (equal) return [["same", came]];
      const space = gone.endsWith(" ") && came.endsWith(" ") ? " " : "";
      const cut = (text) => (space ? text.slice(0, -1) : text);
      return [["delete", cut(gone)], ["insert", cut(came)], ["same", space]].filter(([, text]) => text);
    });
  };

  const RELATED = 0.5;
  const words = (text) => {
    const every = units(text).map((unit) => unit.trimEnd());
    const real = every.filter((unit) => /[\p{L}\p{N}]/u.test(unit));
    return new Set(real.length ? real : every);
  };
  const likeness = (one, other) => {
    let common = 0;
    for (const word of one) common += other.has(word);
    return (2 * common) / (one.size + other.size || 1);
  };

  // The fate of each block, in the order of the later version: {fate, spans, before, after}.
  const compare = (blocks, old, now) => {
    const pairs = new Map();
    const gaps = [];
    for (const [equal, i1, i2, j1, j2] of runs(old, now)) {
      if (equal) for (let k = 0; k < j2 - j1; k++) pairs.set(j1 + k, [i1 + k, false]);
      else gaps.push([i1, i2, j1, j2]);
    }
    const left = gaps.flatMap(([i1, i2]) => Array.from({ length: i2 - i1 }, (_, k) => i1 + k));
    const right = gaps.flatMap(([, , j1, j2]) => Array.from({ length: j2 - j1 }, (_, k) => j1 + k));
    const taken = new Set();
    for (const j of right) {
      const i = left.find((place) => old[place] === now[j] && !taken.has(place));
      if (i !== undefined && units(blocks[now[j]]).length > 2) {
        pairs.set(j, [i, true]);
        taken.add(i);
      }
    }
    const sets = new Map();
    const setOf = (block) => sets.get(block) ?? sets.set(block, words(blocks[block])).get(block);
    const relate = (lefts, rights, moved) => {
      const free = lefts.filter((i) => !taken.has(i)).slice(0, 120);
      const open = rights.filter((j) => !pairs.has(j)).slice(0, 120);
      const candidates = free.flatMap((i) => open.map((j) => [likeness(setOf(old[i]), setOf(now[j])), i, j])).filter(([alike]) => alike >= RELATED);
      candidates.sort((a, b) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]);
      const used = [];
      for (const [, i, j] of candidates) {
        if (taken.has(i) || pairs.has(j) || (!moved && used.some(([k, m]) => (i - k) * (j - m) <= 0))) continue;
        pairs.set(j, [i, moved]);
        taken.add(i);
        used.push([i, j]);
      }
    };
    const range = (from, to) => Array.from({ length: to - from }, (_, k) => from + k);
    for (const [i1, i2, j1, j2] of gaps) relate(range(i1, i2), range(j1, j2), false);
    relate(left, right, true);

    const kept = new Set([...pairs.values()].map(([i]) => i));
    const gone = range(0, old.length).filter((i) => !kept.has(i));
    const anchors = [];
    let anchor = old.length;
    for (let j = now.length - 1; j >= 0; j--) {
      const pair = pairs.get(j);
      if (pair && !pair[1]) anchor = pair[0];
      anchors[j] = anchor;
    }
    const result = [];
    let shown = 0;
    const lost = (i) => ({ fate: "deleted", before: blocks[old[i]], after: null, spans: [["delete", blocks[old[i]]]] });
    now.forEach((block, j) => {
      while (shown < gone.length && gone[shown] < anchors[j]) result.push(lost(gone[shown++]));
      const pair = pairs.get(j);
      const text = blocks[block];
      if (!pair) result.push({ fate: "inserted", before: null, after: text, spans: [["insert", text]] });
      else {
        const [i, moved] = pair;
        const same = old[i] === block;
        result.push({ fate: moved ? "moved" : same ? "same" : "changed", before: blocks[old[i]], after: text, spans: same ? [["same", text]] : spans(blocks[old[i]], text) });
      }
    });
    while (shown < gone.length) result.push(lost(gone[shown++]));
    return result;
  };

  // Drawing, with the same elements and classes as history/render.py.
  const marked = (op, text) => (op === "same" ? document.createTextNode(text) : make(op === "delete" ? "del" : "ins", {}, text));
  const cells = (found) => {
    const row = [make("td", {})];
    for (const [op, text] of found) {
      text.split("\t").forEach((piece, place) => {
        if (place) row.push(make("td", {}));
        if (piece) row.at(-1).append(marked(op, piece));
      });
    }
    return row;
  };
  const inner = (found) => {
    const tabular = found.some(([, text]) => text.includes("\t"));
    return tabular ? [make("table", { class: "cells" }, make("tbody", {}, make("tr", {}, ...cells(found))))] : found.map(([op, text]) => marked(op, text));
  };
  // As in history/render.py: an Arabic paragraph may begin with a Latin name.
  const heading = (block) => way(block.spans.map(([, text]) => text).join(""));
  const near = (found, whole) => {
    const keep = new Set();
    found.forEach(({ fate }, place) => {
      if (fate !== "same") for (const at of [place - 1, place, place + 1]) keep.add(at);
    });
    const shown = [];
    found.forEach((block, place) => {
      if (whole || keep.has(place)) shown.push(block);
      else if (shown.at(-1) !== null) shown.push(null);
    });
    return shown;
  };
  const note = (fate) => (fate === "moved" ? make("span", { class: "moved-note", lang: "en" }, "moved ") : null);
  const inline = (shown) => {
    const target = make("div", { class: "word-diff" });
    for (const block of shown) {
      if (block === null) target.append(make("p", { class: "gap", lang: "en", "aria-label": "unchanged paragraphs" }, "…"));
      else if (block.spans.some(([, text]) => text.includes("\t"))) {
        const last = target.lastElementChild;
        const table = last?.tagName === "TABLE" ? last : target.appendChild(make("table", {}, make("tbody", {})));
        table.tBodies[0].append(make("tr", { class: block.fate, dir: heading(block) }, ...cells(block.spans)));
      } else target.append(make("p", { class: block.fate, dir: heading(block) }, note(block.fate), ...inner(block.spans)));
    }
    return target;
  };
  // A deleted paragraph faces the one that came in its place.
  const facing = (shown) => {
    const rows = [];
    let waiting = [];
    for (const block of shown) {
      if (block?.fate === "inserted" && waiting.length) {
        const gone = waiting.shift();
        Object.assign(gone, { fate: "changed", after: block.after, spans: [...gone.spans, ...block.spans] });
        continue;
      }
      const row = block && { ...block };
      if (row?.fate === "deleted") waiting.push(row);
      else waiting = [];
      rows.push(row);
    }
    return rows;
  };
  const side = (shown, from, to) => {
    const rows = facing(shown).map((block) => {
      if (block === null) return make("tr", { class: "gap" }, make("td", { colspan: 2, lang: "en", "aria-label": "unchanged paragraphs" }, "…"));
      const half = (drop) => block.spans.filter(([op]) => op !== drop);
      // The cell keeps the direction of the table, which decides the side of its border.
      const cell = (text, drop) => make("td", {}, text === null ? null : make("div", { dir: way(text) }, note(block.fate), ...inner(half(drop))));
      return make("tr", { class: block.fate }, cell(block.before, "insert"), cell(block.after, "delete"));
    });
    const head = [from, to].map((version) => make("th", { scope: "col", dir: "ltr", lang: "en" }, named(version.id)));
    return make("table", { class: "word-diff side" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  };

  // A version is named as in the form.
  const named = (id) => form.querySelector(`option[value="${id}"]`).textContent;
  const count = (found) => {
    const total = { delete: 0, insert: 0 };
    let moved = 0;
    for (const { fate, spans: list } of found) {
      moved += fate === "moved";
      for (const [op, text] of list) if (op !== "same") total[op] += units(text).filter((unit) => /[\p{L}\p{N}]/u.test(unit)).length;
    }
    const said = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
    if (!total.delete && !total.insert && !moved && found.every(({ fate }) => fate === "same")) return "The text is the same in both.";
    return `${said(total.delete, "word")} removed, ${said(total.insert, "word")} added${moved ? `, ${said(moved, "paragraph")} moved` : ""}.`;
  };

  const form = document.querySelector("[data-diff]");
  const target = document.querySelector("[data-target]");
  const start = (data) => {
    const byId = new Map(data.versions.map((version) => [version.id, version]));
    const fields = form.elements;
    const draw = () => {
      const [from, to] = [byId.get(fields.from.value), byId.get(fields.to.value)];
      const found = compare(data.blocks, from.blocks, to.blocks);
      const shown = near(found, fields.whole.checked);
      const drawn = fields.layout.value === "side" ? side(shown, from, to) : inline(shown);
      const title = from.title === to.title ? null : make("p", { class: "retitled", dir: way(to.title) }, make("span", { lang: "en" }, "Title: "), ...spans(from.title, to.title).map(([op, text]) => marked(op, text)));
      target.replaceChildren(...[title, shown.some(Boolean) ? drawn : null].filter(Boolean));
      const unread = [from, to].filter((version) => !version.known).map((version) => named(version.id));
      form.querySelector("[data-summary]").textContent = unread.length ? `No text was fetched in ${unread.join(" and ")}.` : count(found);
    };
    // #FROM..TO: the versions that were current in these two crawls; #TO: that version and the one before it.
    const choose = () => {
      const match = /^#(?:(\d{8}T\d{6}Z)\.\.)?(\d{8}T\d{6}Z)$/.exec(location.hash);
      if (!match) return;
      const place = (id) => Math.max(data.versions.findLastIndex((version) => version.id <= id), 0);
      const to = place(match[2]);
      fields.from.value = data.versions[match[1] ? place(match[1]) : Math.max(to - 1, 0)].id;
      fields.to.value = data.versions[to].id;
      document.getElementById("diff").scrollIntoView();
    };
    // Both lists have the same versions; the page has one, because nothing can be chosen without this script.
    fields.to.append(...[...fields.from.options].map((option) => option.cloneNode(true)));
    fields.to.value = form.dataset.diff;
    form.hidden = false;
    document.querySelector("[data-static]")?.remove();
    form.addEventListener("input", () => {
      draw();
      history.replaceState(null, "", `#${fields.from.value}..${fields.to.value}`);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", () => {
      choose();
      draw();
    });
    choose();
    draw();
  };
  const holder = document.getElementById("data");
  if (form && holder) {
    if (holder.dataset.more) load(holder.dataset.more, holder.dataset.name).then((data) => data && start(data));
    else start(JSON.parse(holder.textContent));
  }

  // View counts. The axis has the lowest and the highest count and no others.
  const day = (at) => when(new Date(at * 1000).toISOString().replace("T", " "));
  const draw = (figure, points) => {
    const width = Math.max(figure.clientWidth, 240);
    // Two instants need two lines where there is little room.
    const lines = width < 420 ? 2 : 1;
    const [left, right, top, bottom, height] = [64, 12, 14, 120, 132 + 18 * lines];
    const svg = (tag, attributes, text) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (text) element.textContent = text;
      return element;
    };
    const [first, last] = [points[0][0], points.at(-1)[0]];
    const counts = points.map(([, count]) => count);
    const [low, high] = [Math.min(...counts), Math.max(...counts)];
    const x = (at) => left + ((at - first) / (last - first)) * (width - left - right);
    const y = (count) => (low === high ? (top + bottom) / 2 : bottom - ((count - low) / (high - low)) * (bottom - top));
    const places = points.map(([at, count]) => [x(at).toFixed(1), y(count).toFixed(1)]);
    const told = `View count from ${number(counts[0])} on ${day(first)} to ${number(counts.at(-1))} on ${day(last)}`;
    const picture = svg("svg", { class: "plot views", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": told });
    for (const count of new Set([low, high])) {
      picture.append(svg("path", { class: "grid", d: `M ${left} ${y(count)} H ${width - right}` }));
      picture.append(svg("text", { x: left - 8, y: y(count) + 4, "text-anchor": "end" }, number(count)));
    }
    picture.append(svg("text", { x: left, y: 144 }, day(first)));
    picture.append(svg("text", { x: width - right, y: height - 8, "text-anchor": "end" }, day(last)));
    picture.append(svg("path", { class: "line", d: `M ${places.map((place) => place.join(" ")).join(" L ")}` }));
    if (points.length < 40) picture.append(...places.map(([cx, cy]) => svg("circle", { cx, cy, r: 3 })));
    figure.append(picture);
  };
  const section = document.querySelector("[data-view-line]");
  const key = article.dataset.key;
  const shard = key.slice(0, 2);
  if (section) load(`${home}views/${shard}.js`, `v${shard}`).then((series) => {
    const points = series && Object.hasOwn(series, key) ? series[key] : null;
    if (!points) return;
    const figure = section.querySelector(".figure");
    section.hidden = false;
    if (points.length > 1) draw(figure, points);
    const gain = points.at(-1)[1] - points[0][1];
    figure.append(make("p", { class: "soft" }, points.length > 1 ? `${number(points.at(-1)[1])} at last, ${gain < 0 ? "−" : "+"}${number(Math.abs(gain))} since ${day(points[0][0])}.` : `${number(points[0][1])} when it was counted.`));
  });
})();
