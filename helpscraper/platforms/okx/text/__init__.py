"""Read rows from flattened text: the output of a text extractor for a search, a section or an article.

Flattened text has no markup, so count, label and the next title run into each other. The date lines
are found first and everything else is cut around them. A row says whether it is whole, and where two
readings fit it carries both instead of a guess; ``settle`` decides them once the article is known from
elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from helpscraper.locales import get_locale
from helpscraper.normalise.counts import parse_count
from helpscraper.normalise.titles import nfc, normalise_title
from helpscraper.platforms.okx.text.lines import read_article, read_section
from helpscraper.platforms.okx.text.markers import PUBLISHED
from helpscraper.platforms.okx.text.rows import Builder, Kind, Reading, TextPage, TextRow, split_url
from helpscraper.platforms.okx.text.search import read_search

__all__ = ["Kind", "Reading", "TextPage", "TextRow", "read_text", "settle"]


def read_text(text: str, *, url: str, locale: str, kind: Kind | None = None) -> TextPage:
    """Read the rows of one flattened page; ``kind`` is by default that of the URL, else of the text.

    Raises ``CommandError`` for an unknown locale only; unreadable text gives no
    rows. The time is linear in the length of the text.

    >>> text = "- A titlePublished on Sep 1, 2023Updated on Nov 17, 202513,989"
    >>> page = read_text(text, url="", locale="en")
    >>> page.kind, [(row.title, row.updated.isoformat(), row.views) for row in page.rows]
    ('section', [('A title', '2025-11-17', 13989)])
    """
    get_locale(locale)
    text = nfc(text.replace("\r\n", "\n").replace("\r", "\n"))
    page = TextPage(url, locale, kind or _kind(url, text))
    reader = {"search": read_search, "section": read_section, "article": read_article}[page.kind]
    reader(text, Builder(page))
    settled = settle(page.rows)
    page.rows[:] = settled
    page.outcomes["rows/ambiguous"] += sum(1 for row in settled if row.ambiguous)
    return page


def _kind(url: str, text: str) -> Kind:
    segments = split_url(url).path.split("/")
    if "help" in segments:
        match segments[segments.index("help") + 1 :]:
            case ["search", *_]:
                return "search"
            case ["section" | "category", *_]:
                return "section"
            case [str(slug), *_] if slug:
                return "article"
    for match in PUBLISHED.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if line.startswith(("- ", "* ", "• ")):
            return "section"
        if line.strip():
            return "search"
        return "article"
    return "search"


def settle(rows: Sequence[TextRow], known_titles: Iterable[str] = ()) -> list[TextRow]:
    """Return ``rows`` with their open readings settled by ``known_titles`` and by settled rows.

    A reading is chosen when its title, and no other reading's title, is known. Titles are compared as
    ``normalise_title`` gives them; the title of a row that was cut is known when a known title begins with
    it.
    """
    known = {normalise_title(title) for title in known_titles}
    # Only a row whose title was not cut from a count can confirm another.
    known |= {row.title for row in rows if row.complete and not row.before}
    settled = [replace(row, raw=replace(row.raw)) for row in rows]
    for first, second in itertools.pairwise(settled):
        if len(first.behind) < 2:
            continue
        chosen = _chosen(first.behind, second, known, open_=first.open_behind)
        if chosen is not None:
            _apply(first, second, chosen)
    return settled


def _chosen(ways: tuple[Reading, ...], row: TextRow, known: set[str], *, open_: bool) -> Reading | None:
    """Return the one reading whose title is known; a settled row changes only if its own title is unknown."""
    if not open_ and row.title in known:
        return None
    hits = [way for way in ways if _is_known(normalise_title(way.title), known, cut=not row.complete)]
    return hits[0] if len(hits) == 1 else None


def _is_known(title: str, known: set[str], *, cut: bool) -> bool:
    return bool(title) and (title in known or (cut and any(other.startswith(title) for other in known)))


def _apply(first: TextRow, second: TextRow, way: Reading) -> None:
    count = parse_count(way.views_text, "en") if way.views_text is not None else None
    first.views = count.value if count else None
    first.raw.view_count_text = way.views_text
    second.title = normalise_title(way.title)
    second.raw.title = second.title or None
    ordered = (way, *(other for other in first.behind if other != way))
    first.behind = second.before = ordered
    first.open_behind = second.open_before = False
