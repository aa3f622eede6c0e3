"""The expected rows of a crawl of the sample help centre, and the expected changes between two states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from helpscraper.sample.bodies import Node, blocks, to_text
from helpscraper.sample.locales import locale_format, phrases
from helpscraper.sample.model import LATEST, SHOWN_ZONE, Attack, Options, Spec, category_of
from helpscraper.sample.new_articles import title_of
from helpscraper.sample.story import specs

__all__ = ["Change", "ExpectedArticle", "edition", "expected_changes", "truth", "visible"]

Kind = Literal["added", "removed", "renamed", "moved", "retitled", "edited", "touched", "counted"]


@dataclass(frozen=True, slots=True)
class ExpectedArticle:
    """One article of one edition, with the values of a snapshot's columns.

    ``title`` is that of the CMS (it may end in a space). ``published_at`` and ``updated_at`` are instants in UTC,
    ``published_on`` and ``updated_on`` calendar dates at +08:00. ``view_count`` is None if none is shown.
    ``body_text`` is that of ``bodies.to_text``. ``key`` is never served.
    """

    key: int
    slug: str
    source_id: str | None
    title: str
    category: str
    section: str
    category_title: str
    section_title: str
    listed_in: tuple[str, ...]
    published_at: dt.datetime | None
    updated_at: dt.datetime | None
    created_at: dt.datetime
    published_on: dt.date
    updated_on: dt.date | None
    view_count: int | None
    reading_minutes: int
    language: str
    rich: bool
    body: tuple[Node, ...]
    body_text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two states; ``article_id`` is the slug after it (before it, if removed)."""

    article_id: str
    kind: Kind
    field: str | None = None
    before: str | None = None
    after: str | None = None
    silent: bool = False


def is_us(locale: str, options: Options) -> bool:
    """Tell whether the US edition is served, at its own prefix or at the neutral one."""
    return locale == "en-us" or (locale == "en" and options.region == "us")


def truth(
    state: int = 0, locale: str = "en", options: Options | None = None, *, extra: int = 0
) -> tuple[ExpectedArticle, ...]:
    """Return every article of the edition ``locale`` in ``state``, newest first."""
    options = options or Options()
    return edition(
        state, locale, options.articles, options.seed, extra, is_us(locale, options), options.hostile
    )


@lru_cache(maxsize=12)
def edition(
    state: int, locale: str, articles: int, seed: int, extra: int, us: bool, hostile: Attack | None
) -> tuple[ExpectedArticle, ...]:
    """Return the articles of one edition in the order of listings: by publication, newest first."""
    chosen = [spec for spec in specs(state, articles, seed, extra) if _in_edition(spec, locale, us)]
    records = [_record(spec, locale, us, hostile) for spec in chosen]
    return tuple(sorted(records, key=lambda r: (r.published_at or r.created_at, r.key), reverse=True))


def _in_edition(spec: Spec, locale: str, us: bool) -> bool:
    """The US edition lacks a fifth of the articles; other languages lack every eleventh."""
    if us:
        return spec.key % 5 != 0
    return locale.startswith("en") or spec.key % 11 != 5


def _record(spec: Spec, locale: str, us: bool, hostile: Attack | None) -> ExpectedArticle:
    words, speech = phrases(locale, hostile=hostile), locale_format(locale)
    plan, updated = spec.plan, spec.updated
    if spec.behind is not None and not locale.startswith("en"):
        plan, updated = spec.behind
    prefix = "" if locale == "en" else f"/{locale}"
    # A target that exists in every state, so that bodies do not change when another article goes.
    body = blocks(plan, words, spec.ticker, f"{prefix}/help/section/faq-security")
    text = to_text(body) + (f"\n{hostile.text}" if hostile else "")
    category = category_of(spec.section)
    title = title_of(spec, locale) + " " * (spec.key % 13 == 4)
    return ExpectedArticle(
        key=spec.key,
        slug=f"{spec.slug[:190]}-us" if us and spec.key % 7 == 1 else spec.slug,
        source_id=spec.source_id,
        title=hostile.title(title, spec.key) if hostile else title,
        category=category,
        section=spec.section,
        category_title=words["categories"][category],
        section_title=words["sections"][spec.section],
        listed_in=tuple(sorted({spec.section, LATEST} if category == "announcements" else {spec.section})),
        published_at=spec.published,
        updated_at=updated,
        created_at=spec.created,
        published_on=spec.published.astimezone(SHOWN_ZONE).date(),
        updated_on=updated.astimezone(SHOWN_ZONE).date(),
        view_count=spec.views or None,
        reading_minutes=1 + len(text) // 400,
        language="en-us" if us else speech.language,
        rich=spec.rich,
        body=body,
        body_text=text,
    )


def visible(records: Iterable[ExpectedArticle], layout: str) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` without values that ``layout`` does not show.

    ``e3`` has no CMS ids. Pages without JSON state have no instants either, and announcements no updated date.
    """
    if layout == "e2":
        return tuple(records)
    if layout.startswith("e3"):
        return tuple(replace(record, source_id=None) for record in records)
    return tuple(
        replace(
            record,
            source_id=None,
            published_at=None,
            updated_at=None,
            updated_on=None if record.category == "announcements" else record.updated_on,
        )
        for record in records
    )


def expected_changes(
    a: int, b: int, locale: str = "en", options: Options | None = None
) -> tuple[Change, ...]:
    """Return every change from state ``a`` to state ``b``, sorted by article and kind.

    ``touched`` and ``counted`` are given only for articles without another change.
    """
    before = {record.key: record for record in truth(a, locale, options)}
    after = {record.key: record for record in truth(b, locale, options)}
    changes = [Change(before[key].slug, "removed") for key in before.keys() - after.keys()]
    changes += [Change(after[key].slug, "added") for key in after.keys() - before.keys()]
    for key in before.keys() & after.keys():
        changes += _compare(before[key], after[key])
    return tuple(sorted(changes, key=lambda change: (change.article_id, change.kind, change.field or "")))


def _compare(old: ExpectedArticle, new: ExpectedArticle) -> list[Change]:
    slug = new.slug
    dated = old.updated_at != new.updated_at
    found: list[Change] = []
    if old.slug != slug:
        found.append(Change(slug, "renamed", "slug", old.slug, slug))
    if old.category != new.category:
        found.append(Change(slug, "moved", "category", old.category, new.category))
    if old.section != new.section:
        found.append(Change(slug, "moved", "section", old.section, new.section))
    if old.title.strip() != new.title.strip():
        found.append(Change(slug, "retitled", "title", old.title.strip(), new.title.strip()))
    if old.body_text != new.body_text:
        found.append(Change(slug, "edited", "body", old.body_text, new.body_text, silent=not dated))
    if not found and dated:
        found.append(Change(slug, "touched", "updated_at", str(old.updated_at), str(new.updated_at)))
    elif not found and old.view_count != new.view_count:
        found.append(Change(slug, "counted", "view_count", str(old.view_count), str(new.view_count)))
    return found
