"""Make articles of the sample help centre: those of state 0, and later ones."""

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
    seeded_random,
)

__all__ = ["first_articles", "identifier", "new_article", "slug_of", "title_of"]

_SHARES = [(section.slug, section.share) for section in SECTIONS if section.slug != LATEST]
_BASE = sum(share for _, share in _SHARES)


def title_of(spec: Spec, locale: str) -> str:
    """Return the title of an article in one locale."""
    words = phrases(locale)
    templates = words["titles"][spec.section_of_title]
    title: str = templates[spec.template % len(templates)].format(t=spec.ticker, n=spec.figure)
    return words["retitled"].format(title=title) if spec.retitled else title


def slug_of(title: str) -> str:
    """Return the slug that the CMS makes of an English title: ``[a-z0-9-]``, at most 200 characters."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:200].strip("-")


def _sections(articles: int) -> list[str]:
    """Return the sections of ``articles`` articles, by the shares of the sections."""
    counts = {slug: articles * share // _BASE for slug, share in _SHARES}
    for slug in list(counts)[: articles - sum(counts.values())]:
        counts[slug] += 1
    return [slug for slug, count in counts.items() for _ in range(count)]


def first_articles(articles: int, seed: int) -> tuple[Spec, ...]:
    """Return the articles of state 0 by key; neighbouring keys share a section."""
    taken: set[str] = set()
    made: list[Spec] = []
    for key, section in enumerate(_sections(articles)):
        age = dt.timedelta(hours=13 * ((key * 37) % articles) + 9, minutes=(key * 17) % 60)
        made.append(_make_article(key, section, EPOCH - age, seeded_random(seed, "first", key), taken))
    return tuple(made)


def _make_article(key: int, section: str, at: dt.datetime, rng: Random, taken: set[str]) -> Spec:
    """Make an article; two of eight are published at 00:00 or 00:10 (+08:00), to test the change of day."""
    published = at.replace(second=0, microsecond=0)
    if key % 8 in {3, 5}:
        published = (
            published.astimezone(SHOWN_ZONE).replace(hour=0, minute=10 * (key % 8 == 5)).astimezone(dt.UTC)
        )
    updated = min(
        EPOCH - dt.timedelta(hours=1), published + dt.timedelta(days=rng.randint(0, 14), seconds=40.5)
    )
    spec = Spec(
        key=key,
        source_id=identifier(rng),
        slug="",
        section=section,
        template=rng.randrange(60),
        ticker=_ticker(key),
        figure=rng.choice((2, 3, 5, 10, 24, 39, 250)),
        published=published,
        created=published - dt.timedelta(hours=rng.randint(1, 60), seconds=7.25),
        updated=max(updated, published) if at <= EPOCH else published + dt.timedelta(minutes=3),
        views=_first_views(key, rng) if category_of(section) == "faq" else None,
        rich=key % 5 != 2,
        plan=_plan(rng, key),
    )
    slug = wanted = slug_of(title_of(spec, "en"))
    while slug in taken:
        slug = f"{wanted[:190]}-{rng.randint(2, 9999)}"
    taken.add(slug)
    return replace(spec, slug=slug)


def _first_views(key: int, rng: Random) -> int:
    """Return the view count of an FAQ: small, large, or 0, which the site does not show."""
    return (
        0
        if key % 16 == 7
        else rng.choice((rng.randint(1, 9), rng.randint(10, 999), rng.randint(1000, 29999)))
    )


def _ticker(key: int) -> str:
    consonants, vowels = "BDFGKLMNPRSTVZ", "AEIOU"
    a, b, c, d = key % 14, key // 14 % 5, key // 70 % 14, (key * 3 + key // 980) % 5
    return consonants[a] + vowels[b] + consonants[(c + a * 5) % 14] + vowels[d]


def identifier(rng: Random) -> str:
    """Return an id like those of the CMS: 21 or 22 letters and digits."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(rng.choice(letters) for _ in range(rng.choice((21, 22, 22, 22))))


def _plan(rng: Random, key: int) -> tuple[BlockPlan, ...]:
    order = rng.sample(range(12), 12)
    figures = [rng.randint(2, 97) for _ in range(12)]
    picks = list(zip(order, figures, strict=True))
    shapes: tuple[str, ...] = rng.choice((
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


def new_article(known: tuple[Spec, ...], state: int, seed: int, section: str, number: int) -> Spec:
    """Return an article newer than all in ``known``; ``number`` distinguishes those of one state."""
    key = known[-1].key + 1
    at = EPOCH + STEP * state - dt.timedelta(hours=12) + dt.timedelta(minutes=number)
    return _make_article(
        key, section, at, seeded_random(seed, "new", state, number), {spec.slug for spec in known}
    )
