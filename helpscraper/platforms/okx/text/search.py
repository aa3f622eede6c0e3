"""Search results in flattened text: tabs, then title, snippet, date line, label, count, and the next title."""

from __future__ import annotations

import itertools
from urllib.parse import parse_qs

from helpscraper.normalise.counts import parse_count
from helpscraper.platforms.okx.text.anchors import Anchor, anchors, cut_anchor, glued
from helpscraper.platforms.okx.text.rows import Builder, Reading, lines_of, split_url
from helpscraper.platforms.okx.text.tail import Cut, Cuts, by_custom, cuts, label_at, labels, shape, tab_words

__all__ = ["read_search"]

_TABS = 4
_LONGEST_TAB = 60


def read_search(text: str, builder: Builder) -> None:
    """Append the rows of a page of search results to ``builder``'s page."""
    page = builder.page
    found = anchors(text, page.locale)
    kept = _one_per_line(text, found)
    begin, page.tabs = _after_tabs(text, kept[0].start if kept else len(text))
    tab_labels = page.tabs[1:]
    labelled = _labelled(text, kept, tab_labels, page.url)
    ends = []
    for anchor, after in itertools.zip_longest(kept, kept[1:]):
        stop = after.start if after else len(text)
        label, position = _label(text, anchor.end, stop, tab_labels) if labelled else (None, anchor.end)
        ends.append((label, *_count(text, position, stop), stop))
    shown = {shape(cut.preferred.count) for _, cut, _, _ in ends if cut.settled and cut.preferred.count}
    before: tuple[Reading, ...] = ()
    settled = True
    for anchor, (label, found_cut, position, stop) in zip(kept, ends, strict=True):
        title, snippet = _block(text, begin, anchor.start)
        cut = by_custom(found_cut, shown, page.locale)
        possible = _possible_readings(text, position, cut, stop)
        row = builder.row(
            title,
            anchor=anchor,
            snippet=snippet,
            category=label,
            views_text=cut.preferred.count if cut.settled else None,
        )
        row.before, row.open_before = before, not settled
        row.behind, row.open_behind = possible, not cut.settled
        if not anchor.whole:
            page.outcomes["updated/absent"] += 1
        before, settled = possible, cut.settled
        begin = cut.preferred.end
    _rest(text, begin, found, builder, before, settled)


def _rest(
    text: str, begin: int, found: list[Anchor], builder: Builder, before: tuple[Reading, ...], settled: bool
) -> None:
    """Append the row inside which the text was cut, if it was."""
    tail = cut_anchor(text, begin, found)
    title, snippet = _block(text, begin, tail.start if tail else len(text))
    if not title:
        return
    if not found and tail is None:
        # Only a date proves that these lines are hits: "No results" looks the same.
        builder.page.outcomes["rows/no-date-line"] += 1
        return
    rows = builder.page.rows
    if rows and not snippet and tail is None and any(label.startswith(title) for label in labels()):
        # The text stops inside the label of the last row.
        rows[-1].complete = False
        return
    row = builder.row(title, anchor=tail.anchor if tail else None, snippet=snippet, complete=False)
    row.before, row.open_before = before, not settled


def _one_per_line(text: str, found: list[Anchor]) -> list[Anchor]:
    """Keep the date line of each row: the last whole one of a line, or a lone one glued to its text.

    A snippet may quote a date line; the row's own follows the snippet, so it is the last.
    """
    kept: list[Anchor] = []
    lines: dict[int, list[Anchor]] = {}
    end_of_line = -1
    for anchor in found:
        if anchor.start > end_of_line:
            stop = text.find("\n", anchor.start)
            end_of_line = len(text) if stop < 0 else stop
        lines.setdefault(end_of_line, []).append(anchor)
    end_of_text = len(text.rstrip())
    any_whole = any(anchor.whole for anchor in found)
    for stop, group in lines.items():
        whole = [anchor for anchor in group if anchor.whole]
        if whole:
            kept.append(whole[-1])
        elif stop < end_of_text or not any_whole:
            kept.extend(anchor for anchor in group[-1:] if glued(text, anchor.start))
    return kept


def _after_tabs(text: str, stop: int) -> tuple[int, tuple[str, ...]]:
    """Return where the first row begins, and the words of the tab bar above it.

    The bar is recognised by its words in any known language, else by four short lines above a title.
    """
    head = lines_of(text[:stop], 0, stop)[: _TABS + 2]
    words = [text[begin:end] for begin, end in head]
    known = [word in tab_words() for word in words[:_TABS]]
    count = 0
    if (
        len(words) > _TABS and sum(known) >= 2 and all(len(word) <= _LONGEST_TAB for word in words[:_TABS])
    ) or (len(words) > _TABS + 1 and all(len(word) <= _LONGEST_TAB for word in words[:_TABS])):
        count = _TABS
    else:
        while count < len(known) and known[count]:
            count += 1
    if count == 0:
        return 0, ()
    return head[count - 1][1], tuple(words[:count])


def _block(text: str, begin: int, stop: int) -> tuple[str, str]:
    """Return title and snippet between a count and the next date line."""
    spans = lines_of(text, begin, stop)
    if not spans:
        return "", ""
    snippet = " ".join(text[first:last] for first, last in spans[1:])
    return text[spans[0][0] : spans[0][1]], snippet


def _labelled(text: str, kept: list[Anchor], extra: tuple[str, ...], url: str) -> bool:
    """Tell whether the rows carry a category label: the tab 'all' shows one in every row, the others in none.

    A title may begin with a label's word, so one row proves nothing: half of the rows must agree.
    """
    tab = (parse_qs(split_url(url).query).get("category") or [""])[0]
    if tab == "faq":
        return False
    rows = [anchor for anchor in kept if text[anchor.end : anchor.end + 400].strip()]
    hits = sum(_label(text, anchor.end, len(text), extra)[0] is not None for anchor in rows)
    return hits * 2 >= len(rows) and hits > 0


def _label(text: str, position: int, stop: int, extra: tuple[str, ...]) -> tuple[str | None, int]:
    """Return the label after a date line, on this line or alone on the next, and the position after it."""
    word = label_at(text, position, extra)
    if word is not None:
        return word, position + len(word)
    spans = _next_line(text, position, stop)
    if spans is not None:
        line = text[spans[0] : spans[1]]
        if line in extra or line in labels():
            return line, spans[1]
    return None, position


def _next_line(text: str, position: int, stop: int) -> tuple[int, int] | None:
    """Return the next line that is not blank, when this line ends here."""
    end = text.find("\n", position, stop)
    if end < 0 or text[position:end].strip():
        return None
    while end < stop and text[end].isspace():
        end += 1
    last = text.find("\n", end, stop)
    last = stop if last < 0 else last
    return (end, last) if end < stop else None


def _count(text: str, position: int, stop: int) -> tuple[Cuts, int]:
    """Cut the count after the label; it may be alone on the next line."""
    end = text.find("\n", position, stop)
    end = stop if end < 0 else end
    line = _next_line(text, position, stop)
    if line is not None:
        shown = text[line[0] : line[1]].strip()
        if len(shown) <= 20 and parse_count(shown, "en").value is not None:
            return Cuts(Cut(shown, line[1]), (), settled=True), line[0]
    return cuts(text, position, end), position


def _possible_readings(text: str, position: int, cut: Cuts, stop: int) -> tuple[Reading, ...]:
    """Return each way to read a count and the title that follows it on the line; empty where only one is possible."""
    if not cut.others:
        return ()
    end = text.find("\n", position, stop)
    line_end = stop if end < 0 else end
    return tuple(
        Reading(each.count, text[each.end : line_end].strip()) for each in (cut.preferred, *cut.others)
    )
