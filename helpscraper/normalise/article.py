"""Turn one raw article into the typed columns of a row, step by step; each step names its changes.

A step is a pure function ``(raw, context) -> Values``. The pipelines of a crawl run the steps one by one, and
``intake.enter`` runs them all for imports and re-extraction, so all give the same row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from helpscraper.items import Body, RawArticle
from helpscraper.json_text import well_formed
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.categories import Vocabulary
from helpscraper.normalise.counts import parse_count, parse_reading_minutes
from helpscraper.normalise.dates import parse_date, parse_instant, shown_date
from helpscraper.normalise.markers import of_update
from helpscraper.normalise.titles import normalise_title
from helpscraper.normalise.words import count_words
from helpscraper.urls import is_key

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
    def root(self) -> str:
        """The scheme and host that serve the edition, without a final slash."""
        return (self.base_url or self.site.base_url).rstrip("/")

    @property
    def locale_facts(self) -> Locale:
        """The language of the edition, and how it writes dates and numbers."""
        return self.site.locale(self.locale)


@dataclass(slots=True)
class Values:
    """Columns for a row, the body if there is one, and ``outcomes``: one ``field/outcome`` for each event."""

    columns: dict[str, Any] = field(default_factory=dict)
    body: Body | None = None
    outcomes: list[str] = field(default_factory=list)

    def add(self, others: Values) -> None:
        """Add the columns and outcomes of another step, and its body if it has one."""
        self.columns.update(others.columns)
        self.outcomes += others.outcomes
        self.body = others.body or self.body


Step = Callable[[RawArticle, Context], Values]

_LONGEST_KEY = 200


def identity(raw: RawArticle, context: Context) -> Values:
    """Give ``article_id``, ``url``, ``source_id`` and ``language``.

    The platform built the URL from the key (``Platform.read``); it is not the page's own.
    """
    values = Values()
    if not is_key(raw.key):
        values.outcomes.append("article_id/rejected")
        return values
    values.columns["article_id"] = raw.key
    values.columns["url"] = raw.url
    values.columns["source_id"] = _well_formed(raw.source_id, "source_id", values)
    values.columns["language"] = _language(raw, context)
    return values


def _language(raw: RawArticle, context: Context) -> str:
    """Return the page's own tag in BCP 47's usual case (``zh-Hans``, ``pt-BR``), else that of the edition."""
    if not raw.language:
        return context.locale_facts.bcp47
    first, *rest = raw.language.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part for part in rest]
    return "-".join([first.lower(), *cased])


def titles(raw: RawArticle, context: Context) -> Values:
    """Give ``title`` and ``snippet``."""
    values = Values()
    for name in ("title", "snippet"):
        text = _well_formed(getattr(raw, name), name, values)
        cleaned = normalise_title(text) if text is not None else ""
        values.columns[name] = cleaned or None
        if text is not None and cleaned != text:
            values.outcomes.append(f"{name}/{'cleaned' if cleaned else 'empty'}")
        values.outcomes.append(f"{name}/{'present' if cleaned else 'absent'}")
    return values


def dates(raw: RawArticle, context: Context) -> Values:
    """Give the instants ``…_at`` and the shown dates ``…_on``.

    The shown date comes from the visible line, else from the instant in the site's time zone. Where both exist and
    differ, the visible line wins and the difference is counted.
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
            read = parse_date(text, context.locale_facts.bcp47)
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


def _date_lines(raw: RawArticle, values: Values) -> dict[str, str | None]:
    """Return the visible date lines by name.

    Page objects go by position (first published, then updated), so a lone "Updated on …" line arrives as the
    publication; its marker corrects that.
    """
    published, updated = raw.published_text, raw.updated_text
    if published is not None and updated is None and of_update(published):
        values.outcomes.append("updated_on/told-by-marker")
        published, updated = None, published
    return {"published": published, "updated": updated}


def categories(raw: RawArticle, context: Context) -> Values:
    """Give ``category`` and ``section`` as keys, their titles as shown, and the labels, sorted.

    Where the declaration names the categories, an unknown one becomes null and is counted; an unknown section keeps
    its key when that is a valid key, because sections come and go. Without declared names the site's keys are kept.
    """
    values, site = Values(), context.site
    values.columns["labels"] = (
        None if raw.labels is None else sorted({normalise_title(well_formed(each)) for each in raw.labels})
    )
    for name, known in (("category", site.categories), ("section", site.sections)):
        stated = _well_formed(getattr(raw, name), name, values)
        shown = _well_formed(getattr(raw, f"{name}_title"), f"{name}_title", values)
        key = _named(known, (stated, shown), context.locale_facts.language, slugs=name == "section")
        # No longer than a slug may be.
        values.columns[name] = key if known else normalise_title(stated or "")[:_LONGEST_KEY] or None
        values.columns[f"{name}_title"] = (normalise_title(shown) or None) if shown else None
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
    """Return the canonical key of the first known label; with ``slugs`` a valid key is its own canonical key."""
    for label in labels:
        found = known.find(label, language)
        if found is not None:
            return found
        if slugs and label and is_key(label):
            return label
    return None


def counts(raw: RawArticle, context: Context) -> Values:
    """Give ``view_count``, votes and ``reading_minutes``; an approximate count ("1.2K") is counted and stays null."""
    values = Values(columns={"view_count": None, "reading_minutes": None})
    values.columns |= {"votes_up": raw.votes_up, "votes": raw.votes}
    if raw.view_count_text is not None:
        count = parse_count(raw.view_count_text, context.locale_facts.bcp47)
        values.columns["view_count"] = count.value
        values.outcomes.append(f"view_count/{count.problem or 'present'}")
    else:
        values.outcomes.append("view_count/absent")
    if raw.reading_text is not None:
        minutes = parse_reading_minutes(raw.reading_text, context.locale_facts.bcp47)
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
    # A body that has only pictures has no text.
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
"""The steps, in the order in which they run."""


def normalise_article(raw: RawArticle, context: Context) -> Values:
    """Run every step over ``raw``; without a valid slug the columns have no ``article_id``."""
    merged = Values()
    for step in STEPS:
        merged.add(step(raw, context))
    return merged


def _well_formed(text: str | None, name: str, values: Values) -> str | None:
    """Replace lone surrogates, and record the outcome ``surrogate`` when there were any."""
    if text is None:
        return None
    clean = well_formed(text)
    if clean is not text:
        values.outcomes.append(f"{name}/surrogate")
    return clean
