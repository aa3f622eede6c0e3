"""Render pages as HTML. Everything is escaped except the output of ``sanitise`` and ``plots``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from helpscraper.history.render import excerpt, reads_leftwards, to_html
from helpscraper.history.words import Span, word_diff
from helpscraper.publish import pages
from helpscraper.publish.model import KIND_WORDS, ArticleHistory, CrawlRow, feed_name
from helpscraper.publish.report.periods import instant_shown, instant_text
from helpscraper.publish.report.search import data_script
from helpscraper.publish.sanitise import clean_html, safe_url
from helpscraper.publish.story import pool_blocks

__all__ = [
    "PageLocation",
    "article_data",
    "article_page",
    "environment",
    "first_rows",
    "marked",
    "page",
    "row_data",
    "rows_page",
    "rows_script",
    "with_words",
]

_HTML_LIMIT = 100_000
_DATA_LIMIT = 120_000
ROWS_SHOWN = 200
"""Rows in a page, with their changed words; the others are in a separate script, without them."""


@dataclass(frozen=True, slots=True)
class PageLocation:
    """The edition of a page, and relative paths from it to the root and to the edition's folder."""

    site: str
    locale: str
    language: str
    direction: str
    root: str
    home: str
    front: str
    unit: str = "day"
    """The unit that distinguishes the edition's crawls; see ``periods.unit_of``."""
    editions: tuple[tuple[str, str, bool], ...] = ()
    """Name, path of the front page from the root, and whether it is this edition."""
    feeds: str | None = None
    """The URL of the feeds, or their folder relative to the report's root."""

    @property
    def feed_folder(self) -> str | None:
        """Where the feeds of this edition are, as a link from the page."""
        if self.feeds is None:
            return None
        return f"{self.feeds if safe_url(self.feeds) else self.root + self.feeds}/{self.site}/{self.locale}/"


@cache
def environment() -> Environment:
    """Return the templates of the report with their filters."""
    env = pages.environment("helpscraper.publish.report")
    env.filters |= {
        "feed_name": feed_name,
        "date": lambda snapshot_id: instant_text(snapshot_id)[:10],
        "day": _day,
        "clock": _clock,
        "json": _json,
        "marks": _marks,
        "href": safe_url,
        "number": _number,
        "text_direction": _text_direction,
    }
    env.globals["EDITIONS_SHOWN"] = 12
    env.globals["KIND_WORDS"] = KIND_WORDS
    return env


@pass_context
def _day(context: Context, snapshot_id: str) -> str:
    """Return the day of a crawl, with its time if the edition has several crawls a day."""
    return instant_shown(snapshot_id, context["place"].unit)


@pass_context
def _clock(context: Context, snapshot_id: str) -> str:
    """Return day and time of a crawl, with seconds if the edition has several crawls a minute."""
    unit = context["place"].unit
    return instant_shown(snapshot_id, "minute" if unit == "day" else unit)


def _number(value: float | None) -> str:
    """Return a count with thin spaces between thousands, a dash for none."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def _text_direction(text: str | None, place: PageLocation) -> str:
    """Return the ``dir`` of a text of the site, because an Arabic title may begin with a Latin name."""
    return "rtl" if place.direction == "rtl" and reads_leftwards(text or "") else "auto"


def _json(value: Any) -> Markup:
    """Return ``value`` as JSON that cannot end the data block that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 (special characters were just escaped)


def page(template: str, place: PageLocation, **context: Any) -> str:
    """Return one page."""
    return environment().get_template(template).render(place=place, **context)


def article_data(article: ArticleHistory, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of the word diff in the browser: every version as positions in a pool of blocks."""
    blocks, versions = pool_blocks([texts.get(version.body or "") for version in article.versions])
    return {
        "blocks": blocks,
        "versions": [
            {"id": version.snapshot, "title": version.title, "known": version.body in texts, "blocks": places}
            for version, places in zip(article.versions, versions, strict=True)
        ],
    }


def article_page(
    article: ArticleHistory, place: PageLocation, texts: Mapping[str, str], html: str | None
) -> tuple[str, dict[str, Any] | None]:
    """Return the page of an article and, if it is large, the data of its versions for a separate script."""
    # One version has nothing to be compared with.
    data = article_data(article, texts) if len(article.versions) > 1 else {"blocks": [], "versions": []}
    size = sum(len(block.encode("utf-8", "replace")) for block in data["blocks"]) + 6 * sum(
        len(version["blocks"]) for version in data["versions"]
    )
    body = clean_html(html, article.url) if html else ""
    clipped = len(body.encode("utf-8", "replace")) > _HTML_LIMIT
    if clipped:
        body = ""
    separate = size > _DATA_LIMIT
    shown = _shown_version(article, texts)
    diff = _diff_to(shown, article, texts, place.language)
    text = page(
        "article.html", place, article=article, body=Markup(body), clipped=clipped,  # noqa: S704 (nh3 cleaned it)
        data=data if data["versions"] and not separate else None, separate=separate, diff=diff,
        shown=shown,
    )  # fmt: skip
    return text, data if separate else None


def _shown_version(article: ArticleHistory, texts: Mapping[str, str]) -> int:
    """Return the place of the last version whose text differs from the one before it, else of the last version."""
    read = [texts.get(version.body or "", "") for version in article.versions]
    last = len(read) - 1
    return next((place for place in range(last, 0, -1) if read[place - 1] != read[place]), last)


def _diff_to(shown: int, article: ArticleHistory, texts: Mapping[str, str], language: str) -> Markup:
    """Return the word diff of the version at ``shown`` and the one before it, for readers without JavaScript."""
    if not shown:
        return Markup()
    before, after = (texts.get(version.body or "", "") for version in article.versions[shown - 1 : shown + 1])
    html = to_html(word_diff(before, after, language), context=1)
    return Markup(html) if len(html) < _HTML_LIMIT else Markup()  # noqa: S704 (to_html escapes every text)


def field_spans(name: str, before: str | None, after: str | None, language: str) -> list[Span]:
    """Return the two values of a field as one text: of a title and of an address the changed words are marked.

    >>> field_spans("title", "A new lamp", "A lamp", "en")
    [Span(op='same', text='A '), Span(op='delete', text='new '), Span(op='same', text='lamp')]
    """
    if name.startswith(("title", "address")) and before and after:
        blocks = [block.spans for block in word_diff(before, after, language).blocks]
        parts = [[*spans, Span("same", " ")] for spans in blocks[:-1]]
        return [span for part in [*parts, blocks[-1]] for span in part] if blocks else []
    sides = [Span("delete", before or ""), Span("same", " "), Span("insert", after or "")]
    return [span for span in sides if span.text and (span.op != "same" or (before and after))]


@pass_context
def _marks(context: Context, field: tuple[str, str | None, str | None]) -> Markup:
    """Return the changed words of a field as HTML."""
    place: PageLocation = context["place"]
    tags = {"delete": Markup("<del>{}</del>"), "insert": Markup("<ins>{}</ins>"), "same": Markup("{}")}
    inner = Markup().join(tags[span.op].format(span.text) for span in field_spans(*field, place.language))
    if field[0] in ("updated_on", "published_on"):
        return Markup("<span>{}</span>").format(inner)
    way = _text_direction(f"{field[1]}{field[2]}", place)
    return Markup('<bdi lang="{}" dir="{}">{}</bdi>').format(place.language, way, inner)


Words = dict[tuple[str | None, str | None], Markup]
"""The changed words of edits as HTML, by the keys of the two bodies."""


def with_words(
    rows: Sequence[CrawlRow], texts: Mapping[str, str], language: str, known: Words | None = None
) -> list[CrawlRow]:
    """Return the rows with the changed words of each edit, from the texts of its two bodies or from ``known``."""
    known = {} if known is None else known
    found = []
    for row in rows:
        before, after = (texts.get(key or "") for key in row.bodies or (None, None))
        if row.bodies and before is not None and after is not None:
            if row.bodies not in known:
                known[row.bodies] = _words(before, after, language) or _marked_words(
                    row.bodies, texts, language
                )
            row = replace(row, words=known[row.bodies])
        found.append(row)
    return found


def _words(before: str, after: str, language: str) -> Markup:
    shown = excerpt(word_diff(before, after, language), limit=800)
    if not shown.blocks:
        return Markup()
    return Markup(to_html(shown) + '<p class="gap">…</p>' * shown.cut)  # noqa: S704 (to_html escapes every text)


def marked(key: str | None) -> str:
    """Return the key of the Markdown of a body among texts."""
    return f"{key}.md"


def _marked_words(bodies: tuple[str | None, str | None], texts: Mapping[str, str], language: str) -> Markup:
    """Return the changed links, pictures and formatting of an edit that left the words."""
    before, after = (texts.get(marked(key), "") for key in bodies)
    note = '<p class="soft" lang="en">The words are the same: its links, pictures or formatting changed.</p>'
    return Markup(note) + _words(before, after, language)  # noqa: S704 (a constant)


_SIGNS = {"same": "=", "delete": "-", "insert": "+"}


def row_data(rows: Sequence[CrawlRow], language: str) -> list[list[Any]]:
    """Return rows in the form that the pages' script reads."""
    return [
        [
            row.key, row.anchor, row.title, row.section_title, list(row.kinds), 1 if row.silent else 0,
            [[f[0], [[_SIGNS[span.op], span.text] for span in field_spans(*f, language)]] for f in row.fields],
            1 if row.bodies else 0, row.snapshot, row.since or row.previous,
        ]
        for row in rows
    ]  # fmt: skip


def first_rows(rows: Sequence[CrawlRow]) -> Sequence[CrawlRow]:
    """Return the rows that are in the page itself."""
    return rows[:ROWS_SHOWN]


def rows_script(name: str, rows: Sequence[CrawlRow], language: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the script with the rows that are not in the page ``name``, if there are any."""
    if len(rows) > ROWS_SHOWN:
        data = row_data(rows[ROWS_SHOWN:], language)
        yield f"{name}-rows.js", data_script(f"rows{name}", data)


def rows_page(
    template: str,
    place: PageLocation,
    rows: Sequence[CrawlRow],
    texts: Mapping[str, str],
    known: Words | None = None,
    **context: Any,
) -> str:
    """Return a page with a list of changes: the first ``ROWS_SHOWN`` rows with their words, and filters for all."""
    shown = with_words(first_rows(rows), texts, place.language, known)
    sections = sorted({row.section_title for row in rows if row.section_title})
    kinds = [kind for kind in KIND_WORDS if any(kind in row.kinds for row in rows)]
    return page(
        template, place, rows=shown, more=len(rows) - len(shown), sections=sections, kinds=kinds,
        silent=sum(row.silent for row in rows), **context,
    )  # fmt: skip
