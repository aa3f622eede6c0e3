"""One raw article into the typed columns of a row, step by step; each step names what it changed.

A step is a pure function ``(raw, context) -> Values``. The pipelines run the steps one by one inside a crawl;
``normalise_article`` runs them all for imports and for re-extraction, so both give the same row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from helpscraper.items import Body, RawArticle
from helpscraper.json_text import well_formed
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.categories import Vocabulary
from helpscraper.normalise.counts import parse_count, parse_reading_minutes
from helpscraper.normalise.dates import DateReading, parse_date, parse_instant, shown_date
from helpscraper.normalise.markers import of_update
from helpscraper.normalise.titles import normalise_snippet, normalise_title
from helpscraper.normalise.words import count_words
from helpscraper.urls import is_slug

if TYPE_CHECKING:
    from helpscraper.locales import Locale
    from helpscraper.sites import Site

__all__ = ["STEPS", "Context", "Step", "Values", "normalise_article"]


@dataclass(frozen=True, slots=True)
class Context:
    """Where an article was read: its site, the locale prefix, and the base URL that its canonical URL is built on."""

    site: Site
    locale: str
    base_url: str | None = None

    @property
    def spoken(self) -> Locale:
        """The language of the edition, and how it writes dates and numbers."""
        return self.site.locale(self.locale)


@dataclass(slots=True)
class Values:
    """Columns for a row, the body if there is one, and ``outcomes``: a ``field/what`` for each thing that happened.

    Outcomes are a plain list, counted where sums are kept: a row has some fifteen of them and passes six steps.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    body: Body | None = None
    outcomes: list[str] = field(default_factory=list)


Step = Callable[[RawArticle, Context], Values]


def identity(raw: RawArticle, context: Context) -> Values:
    """Give ``article_id``, ``url``, ``source_id`` and ``language``.

    The URL was built from the key by the platform (``Platform.read``), not taken from the page.
    """
    values = Values()
    if not is_slug(raw.slug):
        values.outcomes.append("article_id/rejected")
        return values
    values.columns["article_id"] = raw.slug
    values.columns["url"] = raw.url
    values.columns["source_id"] = _well_formed(raw.source_id, "source_id", values)
    values.columns["language"] = _language(raw, context)
    return values


def _language(raw: RawArticle, context: Context) -> str:
    """Return the page's own tag in BCP 47's usual case (``zh-Hans``, ``pt-BR``), else that of the edition."""
    if not raw.language:
        return context.spoken.bcp47
    first, *rest = raw.language.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part for part in rest]
    return "-".join([first.lower(), *cased])


def titles(raw: RawArticle, context: Context) -> Values:
    """Give ``title`` and ``snippet``."""
    values = Values()
    for name, clean in (("title", normalise_title), ("snippet", normalise_snippet)):
        text = _well_formed(getattr(raw, name), name, values)
        cleaned = clean(text) if text is not None else ""
        values.columns[name] = cleaned or None
        if text is not None and cleaned != text:
            values.outcomes.append(f"{name}/{'cleaned' if cleaned else 'empty'}")
        values.outcomes.append(f"{name}/{'present' if cleaned else 'absent'}")
    return values


def dates(raw: RawArticle, context: Context) -> Values:
    """Give the instants ``…_at`` and the shown dates ``…_on``.

    The visible line decides the shown date; without one it follows from the instant in the site's own time zone.
    Where both are there and differ, the visible line stands and the difference is counted.
    """
    values = Values()
    lines = _date_lines(raw, values)
    for name in ("published", "updated"):
        stated, text = getattr(raw, name), lines[name]
        instant: dt.datetime | None = None
        if stated is not None:
            reading = parse_instant(stated)
            instant = reading.instant
            values.outcomes.append(f"{name}_at/{reading.problem or 'present'}")
        shown: dt.date | None = None
        if text is not None:
            read = _read_date(text, context.spoken.bcp47)
            shown = read.date
            values.outcomes.append(f"{name}_on/{read.problem or read.method}")
        if instant is not None:
            derived = shown_date(instant, context.site.zone)
            if shown is None:
                shown = derived
                values.outcomes.append(f"{name}_on/from-instant")
            elif shown != derived:
                values.outcomes.append(f"{name}_on/differs-from-instant")
        values.columns[f"{name}_at"] = instant
        values.columns[f"{name}_on"] = shown
    return values


def _read_date(text: str, locale: str) -> DateReading:
    return _read_again(text, locale) if len(text) <= _SHORT else parse_date(text, locale)


# An article's dates are on its own page and in two listings, each of which is asked twice; years of days are few.
_read_again = lru_cache(maxsize=8192)(parse_date)
_SHORT = 100


def _date_lines(raw: RawArticle, values: Values) -> dict[str, str | None]:
    """Return the visible date lines, told apart by their markers where the page's order would mislead.

    Page objects go by position (first published, then updated); a row that shows only "Updated on …" has its update
    in first place.
    """
    published, updated = raw.published_text, raw.updated_text
    if published is not None and updated is None and _is_of_update(published):
        values.outcomes.append("updated_on/told-by-marker")
        published, updated = None, published
    return {"published": published, "updated": updated}


def _is_of_update(line: str) -> bool:
    return _told_again(line) if len(line) <= _SHORT else of_update(line)


# Nearly every line tells of a publication, and that is only certain after a try of every language's markers.
_told_again = lru_cache(maxsize=8192)(of_update)


def categories(raw: RawArticle, context: Context) -> Values:
    """Give ``category`` and ``section`` as keys, their titles as shown, and the labels, sorted.

    A site whose declaration names its categories has no others: an unknown one is null and counted. Its sections come
    and go, so a section that is a plain slug stands as it is. Without such names the site's own keys stand.
    """
    values, site = Values(), context.site
    values.columns["labels"] = (
        None if raw.labels is None else sorted({normalise_title(well_formed(each)) for each in raw.labels})
    )
    for name, known in (("category", site.categories), ("section", site.sections)):
        stated = _well_formed(getattr(raw, name), name, values)
        shown = _well_formed(getattr(raw, f"{name}_title"), f"{name}_title", values)
        key = _named(known, (stated, shown), context.spoken.language, slugs=name == "section")
        values.columns[name] = key if known else _own_key(stated)
        values.columns[f"{name}_title"] = (_title_again(shown) or None) if shown else None
        if values.columns[name] is not None:
            values.outcomes.append(f"{name}/present")
        elif stated or shown:
            values.outcomes.append(f"{name}/unknown-label")
    section = values.columns["section"]
    if values.columns["category"] is None and section is not None:
        # A section's key may begin with its category's: `announcements-delistings`, `faq-kyc`.
        inherited = next((key for key in site.categories if section.startswith(f"{key}-")), None)
        if inherited is not None:
            values.columns["category"] = inherited
            values.outcomes.append("category/from-section")
    return values


def _named(known: Vocabulary, labels: tuple[str | None, ...], language: str, *, slugs: bool) -> str | None:
    """Return the key that the first known label stands for; with ``slugs`` a plain slug stands for itself."""
    for label in labels:
        found = known.find(label, language)
        if found is not None:
            return found
        if slugs and label and is_slug(label):
            return label
    return None


def _own_key(stated: str | None) -> str | None:
    """Return the key of a category or section as the site writes it, as far as it is no longer than a slug may be."""
    return (_title_again(stated)[:_LONGEST_KEY] or None) if stated else None


_LONGEST_KEY = 200


def _title_again(shown: str) -> str:
    return _known_title(shown) if len(shown) <= _SHORT else normalise_title(shown)


# Thousands of articles share a dozen categories and sections.
_known_title = lru_cache(maxsize=1024)(normalise_title)


def counts(raw: RawArticle, context: Context) -> Values:
    """Give ``view_count``, votes and ``reading_minutes``; an approximate count ("1.2K") is flagged and stays null."""
    values = Values(columns={"view_count": None, "reading_minutes": None})
    values.columns |= {"votes_up": raw.votes_up, "votes": raw.votes}
    if raw.view_count_text is not None:
        count = parse_count(raw.view_count_text, context.spoken.bcp47)
        values.columns["view_count"] = None if count.approximate else count.value
        what = "approximate" if count.approximate else count.problem or "present"
        values.outcomes.append(f"view_count/{what}")
    else:
        values.outcomes.append("view_count/absent")
    if raw.reading_text is not None:
        minutes = parse_reading_minutes(raw.reading_text, context.spoken.bcp47)
        values.columns["reading_minutes"] = minutes
        values.outcomes.append(f"reading_minutes/{'unreadable' if minutes is None else 'present'}")
    return values


def bodies(raw: RawArticle, context: Context) -> Values:
    """Give ``body_sha256``, ``word_count`` and the body itself, where the page had one."""
    values = Values(columns={"body_sha256": None, "word_count": None})
    if raw.kind != "article":
        return values
    text = _well_formed(raw.body_text, "body", values)
    markdown = _well_formed(raw.body_markdown, "body", values) or ""
    # A body of pictures alone has no text.
    if text is None or not (text or markdown):
        values.outcomes.append("body/absent")
        return values
    html = _well_formed(raw.body_html, "body", values) or ""
    values.body = Body(body_key(text, markdown), text, markdown, html)
    values.columns["body_sha256"] = values.body.sha256
    values.columns["word_count"] = count_words(text)
    values.outcomes.append("body/present")
    return values


STEPS: tuple[Step, ...] = (identity, titles, dates, categories, counts, bodies)
"""The steps in the order in which a row is filled."""


def normalise_article(raw: RawArticle, context: Context) -> Values:
    """Run every step over ``raw``; a raw article whose slug is refused gives no ``article_id``."""
    merged = Values()
    for step in STEPS:
        values = step(raw, context)
        merged.columns.update(values.columns)
        merged.outcomes += values.outcomes
        merged.body = values.body or merged.body
    return merged


def _well_formed(text: str | None, name: str, values: Values) -> str | None:
    """Replace lone surrogates, and count that there were any."""
    if text is None:
        return None
    clean = well_formed(text)
    if clean is not text:
        values.outcomes.append(f"{name}/surrogate")
    return clean
