"""New articles of the sample help centre: the whole of state 0, and those that come later."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from random import Random

from helpscraper.sample.locales import phrases
from helpscraper.sample.model import (
    EPOCH,
    LATEST,
    SECTIONS,
    SHOWN_ZONE,
    STEP,
    BlockPlan,
    Spec,
    category_of,
    dice,
)

__all__ = ["first", "identifier", "newcomer", "slug_of", "title_of"]

_SHARES = [(section.slug, section.share) for section in SECTIONS if section.slug != LATEST]
_BASE = sum(share for _, share in _SHARES)


def title_of(spec: Spec, locale: str) -> str:
    """Return the title of an article in one edition, as the CMS would store it but for spaces."""
    words = phrases(locale)
    templates = words["titles"][spec.section_of_title]
    title: str = templates[spec.template % len(templates)].format(t=spec.ticker, n=spec.figure)
    return words["retitled"].format(title=title) if spec.retitled else title


def slug_of(title: str) -> str:
    """Return the slug that the CMS makes of an English title: ``[a-z0-9-]``, at most 200 characters (76 until 2026)."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:200].strip("-")


def _sections(articles: int) -> list[str]:
    """Deal the articles to the sections by their shares, largest remainder last."""
    counts = {slug: articles * share // _BASE for slug, share in _SHARES}
    for slug in list(counts)[: articles - sum(counts.values())]:
        counts[slug] += 1
    return [slug for slug, count in counts.items() for _ in range(count)]


def first(articles: int, seed: int) -> tuple[Spec, ...]:
    """Return the articles of state 0, in order of their keys; keys that follow each other share a section."""
    taken: set[str] = set()
    made: list[Spec] = []
    for key, section in enumerate(_sections(articles)):
        age = dt.timedelta(hours=13 * ((key * 37) % articles) + 9, minutes=(key * 17) % 60)
        made.append(_born(key, section, EPOCH - age, dice(seed, "first", key), taken))
    return tuple(made)


def _born(key: int, section: str, at: dt.datetime, luck: Random, taken: set[str]) -> Spec:
    """Make a new article; every eighth is dated to midnight of the shown day or ten minutes later
    (+08:00).
    """
    published = at.replace(second=0, microsecond=0)
    if key % 8 in {3, 5}:
        published = (
            published.astimezone(SHOWN_ZONE).replace(hour=0, minute=10 * (key % 8 == 5)).astimezone(dt.UTC)
        )
    updated = min(
        EPOCH - dt.timedelta(hours=1), published + dt.timedelta(days=luck.randint(0, 14), seconds=40.5)
    )
    spec = Spec(
        key=key,
        source_id=identifier(luck),
        slug="",
        section=section,
        template=luck.randrange(60),
        ticker=_ticker(key),
        figure=luck.choice((2, 3, 5, 10, 24, 39, 250)),
        published=published,
        created=published - dt.timedelta(hours=luck.randint(1, 60), seconds=7.25),
        updated=max(updated, published) if at <= EPOCH else published + dt.timedelta(minutes=3),
        views=_first_views(key, luck) if category_of(section) == "faq" else None,
        rich=key % 5 != 2,
        plan=_plan(luck, key),
    )
    slug = wanted = slug_of(title_of(spec, "en"))
    while slug in taken:
        slug = f"{wanted[:190]}-{luck.randint(2, 9999)}"
    taken.add(slug)
    return replace(spec, slug=slug)


def _first_views(key: int, luck: Random) -> int:
    """Give an FAQ its count: one digit, thousands, and now and then 0, which the site does not show."""
    return (
        0
        if key % 16 == 7
        else luck.choice((luck.randint(1, 9), luck.randint(10, 999), luck.randint(1000, 29999)))
    )


def _ticker(key: int) -> str:
    consonants, vowels = "BDFGKLMNPRSTVZ", "AEIOU"
    a, b, c, d = key % 14, key // 14 % 5, key // 70 % 14, (key * 3 + key // 980) % 5
    return consonants[a] + vowels[b] + consonants[(c + a * 5) % 14] + vowels[d]


def identifier(luck: Random) -> str:
    """Return an id as the CMS gives them: 21 or 22 letters and digits."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(luck.choice(letters) for _ in range(luck.choice((21, 22, 22, 22))))


def _plan(luck: Random, key: int) -> tuple[BlockPlan, ...]:
    order = luck.sample(range(12), 12)
    figures = [luck.randint(2, 97) for _ in range(12)]
    picks = list(zip(order, figures, strict=True))
    shapes: tuple[str, ...] = luck.choice((
        ("p", "h2", "ul", "p", "table"),
        ("p", "break", "nested", "p", "ol"),
        ("p", "h2", "p", "quote", "code", "p"),
        ("p", "image", "h2", "ol", "h2", "p", "table"),
    ))  # fmt: skip
    plan = [BlockPlan("p", (picks[0],))]
    for number, shape in enumerate(shapes):
        start = (number * 2 + 1) % 11
        plan.append(BlockPlan(shape, tuple(picks[start : start + 2])))  # type: ignore[arg-type]  # literals above
    return (*plan, BlockPlan("p", ((11, 100 + key), picks[11])))


def newcomer(known: tuple[Spec, ...], state: int, seed: int, section: str, number: int) -> Spec:
    """Return an article that is newer than all in ``known``; ``number`` tells those of one state apart."""
    key = known[-1].key + 1
    at = EPOCH + STEP * state - dt.timedelta(hours=12) + dt.timedelta(minutes=number)
    return _born(key, section, at, dice(seed, "new", state, number), {spec.slug for spec in known})
