"""Find the known article for a row of flattened text, which has a title and dates but no key."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import TypeAlias

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import ReferenceNotFoundError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, dates
from helpscraper.normalise.titles import normalise_title
from helpscraper.platforms import get_platform

__all__ = ["KnownArticles", "known_articles", "named_rows"]

KnownArticles: TypeAlias = dict[str, dict[str, dt.date | None]]
"""By title, the keys of the articles with that title and the date of publication of each."""


def known_articles(catalog: Catalog, partition: Partition) -> KnownArticles:
    """Return the articles of the newest snapshot, by title."""
    names = ["article_id", "title", "published_on"]
    try:
        table = catalog.load_table("latest", columns=names, site=partition.site, locale=partition.locale)
    except ReferenceNotFoundError:
        return {}
    found: defaultdict[str, dict[str, dt.date | None]] = defaultdict(dict)
    for article_id, title, published in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        found[title][article_id] = published
    return found


def named_rows(
    text: str, url: str, context: Context, known: KnownArticles
) -> tuple[list[RawArticle], tuple[str, ...]]:
    """Return the rows of flattened text, and the titles that it leaves open.

    An article's own address names it. In a list each row gets the key of the one known article with its title and,
    where both are dated, its date of publication: regional variants of a notice are articles of their own under one
    title. Any other row keeps the key that was made of its title, with its date where an article of another date has
    that key already.
    """
    platform = get_platform(context.site.platform)
    found = platform.read_text(text, url, context, known.keys())
    published_on = {key: published for alike in known.values() for key, published in alike.items()}
    addressed = platform.address(context.site, url).kind == "article"
    taken: Counter[str] = Counter()
    for raw in found.articles:
        published = dates(raw, context).columns["published_on"]
        alike = known.get(normalise_title(raw.title or ""), {})
        fits = [key for key, its_own in alike.items() if not _differ(published, its_own)]
        key = fits[0] if len(fits) == 1 and not addressed else raw.key
        if not fits and not addressed and published and _differ(published, published_on.get(key)):
            key = f"{key}-{published:%Y%m%d}"
        taken[key] += 1
        raw.key = key if taken[key] == 1 else f"{key}-{taken[key]}"
        raw.url = platform.article_url(context, raw.key)
    return found.articles, found.ambiguous


def _differ(one: dt.date | None, other: dt.date | None) -> bool:
    return one is not None and other is not None and one != other
