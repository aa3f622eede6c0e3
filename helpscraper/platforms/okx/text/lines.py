"""Section listings and article headers in flattened text."""

from __future__ import annotations

import re

from helpscraper.normalise.counts import parse_reading_minutes, split_reading
from helpscraper.normalise.dates import date_at, parse_date
from helpscraper.normalise.markers import MARKER
from helpscraper.platforms.okx.text.anchors import Anchor, anchors, cut_anchor, glued
from helpscraper.platforms.okx.text.markers import LAST_UPDATED
from helpscraper.platforms.okx.text.rows import Builder, lines_of, slug_words
from helpscraper.platforms.okx.text.tail import label_at
from helpscraper.platforms.okx.urls import parse_help_url

__all__ = ["read_article", "read_section"]

_BULLETS = ("- ", "* ", "• ", "– ")
# An article's date line is among the first lines, below the title and any notice.
_HEAD = 8
_ABOVE = 3
_LABEL = re.compile(r"[^\W\d_][^\d\n:：]{0,40}[:：]\s{0,3}")
_DECORATION = " *_•-–"
_BRACKETS = dict.fromkeys(map(ord, "[]()"), " ")
_LONGEST_DATED = 90
# This many characters of an address decide whether it was made from a title.
_TOLD = 30


def read_section(text: str, builder: Builder) -> None:
    """Append the rows of a section: one on each line after a bullet, its count last. Other lines are headings."""
    found = anchors(text, builder.page.locale)
    lines = lines_of(text, 0, len(text))
    index = 0
    for number, (begin, end) in enumerate(lines):
        inside = []
        while index < len(found) and found[index].start < end:
            inside.append(found[index])
            index += 1
        bullet = text[begin : begin + 2] in _BULLETS
        begin += 2 * bullet
        if inside:
            anchor = next((one for one in reversed(inside) if one.whole), inside[-1])
            _section_row(text, begin, end, anchor, builder, last=number == len(lines) - 1)
        elif bullet:
            tail = cut_anchor(text[:end], begin, []) if number == len(lines) - 1 else None
            if not found and tail is None:
                # A menu has bullets too; only a date shows a list of articles.
                builder.page.outcomes["rows/no-date-line"] += 1
                continue
            builder.row(text[begin : tail.start if tail else end], complete=False)
        else:
            builder.page.outcomes["lines/heading"] += 1


def _section_row(text: str, begin: int, end: int, anchor: Anchor, builder: Builder, *, last: bool) -> None:
    title = text[begin : anchor.start]
    if last and not anchor.whole and text[anchor.end : end].strip():
        tail = cut_anchor(text[:end], begin, [anchor])
        if tail is not None:
            builder.row(title, anchor=anchor, complete=False)
            return
    position = anchor.end
    label = label_at(text, position)
    position += len(label) if label else 0
    rest = text[position:end].strip()
    builder.row(title, anchor=anchor, category=label, views_text=rest or None)


def read_article(text: str, builder: Builder) -> None:
    """Append the one row of an article: the title is the line above the date line, the body the lines below it.

    Above the title there may be a notice; in the body there may be other dates, with any marker.
    """
    page = builder.page
    spans = lines_of(text, 0, len(text))
    target = parse_help_url(page.url)
    slug = target.slug if target.kind == "article" else None
    header = _header(text, spans, anchors(text, page.locale))
    if header is None:
        _undated(text, spans, builder, slug)
        return
    title, anchor = header
    stop = text.find("\n", anchor.end)
    stop = len(text) if stop < 0 else stop
    rest = text[anchor.end : stop].strip()
    tail = (
        cut_anchor(text, anchor.start, [anchor])
        if rest and not anchor.whole and stop >= len(text.rstrip())
        else None
    )
    reading, views_text = split_reading(rest, page.locale) if tail is None else (None, None)
    row = builder.row(title, anchor=anchor, views_text=views_text, complete=tail is None, slug=slug)
    if reading is not None:
        row.raw.reading_text, row.reading_minutes = reading, parse_reading_minutes(reading, page.locale)
    row.raw.body_text = text[stop:].strip() or None


def _header(text: str, spans: list[tuple[int, int]], found: list[Anchor]) -> tuple[str, Anchor] | None:
    """Return title and date line, among the first lines of the text; the body may quote others.

    The date line has a line of its own below the title; failing that, it is glued to the title.
    """
    head = spans[:_HEAD]
    starts = {begin: number for number, (begin, _) in enumerate(head)}
    for anchor in found:
        number = starts.get(anchor.start)
        if number:
            return text[slice(*head[number - 1])], anchor
    for anchor in found[:1]:
        begin = next((begin for begin, end in head[:_ABOVE] if begin <= anchor.start < end), None)
        if begin is not None and glued(text, anchor.start):
            return text[begin : anchor.start], anchor
    return None


def _undated(text: str, spans: list[tuple[int, int]], builder: Builder, slug: str | None) -> None:
    """Append the row of an article without a date line, or one whose text stops inside it.

    A text that begins with the body's own date ("Last updated: 13 July 2023") holds no title.
    """
    builder.page.outcomes["published/no-date-line"] += 1
    tail = cut_anchor(text, 0, [])
    above = [span for span in spans if tail is None or span[1] <= tail.start]
    if tail is not None and len(above) < _HEAD:
        title = text[slice(*above[-1])] if above else text[spans[0][0] : tail.start]
        builder.row(title, complete=False, slug=slug)
        return
    if len(spans) < 2:
        # One line without a date may be an error message or a menu.
        return
    title = text[slice(*spans[0])]
    untitled = _is_dated(title, builder.page.locale) and not (
        slug and slug_words(title)[:_TOLD] == slug[:_TOLD]
    )
    row = builder.row("" if untitled else title, complete=not untitled, slug=slug)
    row.raw.body_text = text[0 if untitled else spans[0][1] :].strip()
    if untitled:
        builder.page.outcomes["title/no-title-line"] += 1


def _is_dated(line: str, locale: str) -> bool:
    """Tell whether ``line`` is only a date, with or without a label.

    A known label ("Last updated") may be followed by more than the date; other labels end with a colon.
    """
    line = line.translate(_BRACKETS).strip(_DECORATION)
    if len(line) > _LONGEST_DATED:
        return False
    locales = (locale, "en-gb")
    known = MARKER.match(line) or LAST_UPDATED.match(line)
    if known is not None and any(date_at(line, known.end(), each) for each in locales):
        return True
    label = _LABEL.match(line)
    dates = (line, line[label.end() :] if label else "")
    return any(parse_date(date, each).date is not None for date in dates for each in locales)
