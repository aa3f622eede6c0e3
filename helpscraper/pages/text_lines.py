"""Section listings and article headers in flattened text."""

from __future__ import annotations

from helpscraper.locales import get_locale
from helpscraper.normalise.counts import reading_pattern
from helpscraper.pages.text_anchors import Anchor, anchors, cut_anchor
from helpscraper.pages.text_rows import Builder, lines_of
from helpscraper.pages.text_tail import label_at
from helpscraper.urls import parse_help_url

__all__ = ["read_article", "read_section"]

_BULLETS = ("- ", "* ", "• ", "– ")


def read_section(text: str, builder: Builder) -> None:
    """Append the rows of a section: one a line behind a bullet, its count last. Other lines are headings."""
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
                # A menu has bullets too, and without one date nothing tells it from a list of articles.
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
    """Append the one row of an article: the title is the line above the date line, the body what follows it.

    Above the title there may be a notice; in the body there may be other dates with other markers.
    """
    page = builder.page
    found = anchors(text, page.locale)
    spans = lines_of(text, 0, len(text))
    target = parse_help_url(page.url)
    slug = target.slug if target.kind == "article" else None
    starts = {begin: number for number, (begin, _) in enumerate(spans)}
    anchor = next((one for one in found if starts.get(one.start, 0) > 0), found[0] if found else None)
    if anchor is None:
        _undated(text, spans, builder, slug)
        return
    number = starts.get(anchor.start)
    if number:
        title = text[slice(*spans[number - 1])]
    else:
        line = text.rfind("\n", 0, anchor.start) + 1
        title = text[line : anchor.start]
    stop = text.find("\n", anchor.end)
    stop = len(text) if stop < 0 else stop
    rest = text[anchor.end : stop].strip()
    tail = (
        cut_anchor(text, anchor.start, [anchor])
        if rest and not anchor.whole and stop >= len(text.rstrip())
        else None
    )
    minutes: tuple[str, int] | None = None
    match = reading_pattern(get_locale(page.locale).language).match(rest)
    if match is not None and match.lastindex is not None:
        minutes = (match.group(), int(match.group(match.lastindex)))
        rest = rest[match.end() :].strip()
    row = builder.row(
        title,
        anchor=anchor,
        views_text=rest or None if tail is None else None,
        complete=tail is None,
        slug=slug,
    )
    if minutes is not None:
        row.raw.reading_text, row.reading_minutes = minutes
    row.raw.body_text = text[stop:].strip() or None


def _undated(text: str, spans: list[tuple[int, int]], builder: Builder, slug: str | None) -> None:
    """Append the row of an article without a date line, or one whose text stops inside it."""
    builder.page.outcomes["published/no-date-line"] += 1
    if not spans:
        return
    tail = cut_anchor(text, 0, [])
    above = [span for span in spans if tail is None or span[1] <= tail.start]
    if tail is None:
        first = spans[0]
        body = text[first[1] :].strip()
        if not body:
            # One line without a date is no article; it may be an error message or a menu.
            return
        row = builder.row(text[slice(*first)], complete=False, slug=slug)
        row.raw.body_text = body
    else:
        builder.row(
            text[slice(*above[-1])] if above else text[spans[0][0] : tail.start], complete=False, slug=slug
        )
