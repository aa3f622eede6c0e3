"""The life of the sample help centre: state 0, and every later state as the one before it plus a round of changes.

A round picks disjoint articles for each kind of change, so that what happened between two neighbouring states is
never in doubt: the truth about it is a comparison by ``Spec.key``, which the served site does not show.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
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

__all__ = ["gone", "slug_of", "specs", "title_of"]

_SHARES = [(section.slug, section.share) for section in SECTIONS if section.slug != LATEST]
_BASE = sum(share for _, share in _SHARES)


def title_of(spec: Spec, locale: str) -> str:
    """Return the title of an article in one edition; some end in a space, as the CMS of the real site lets them."""
    words = phrases(locale)
    templates = words["titles"][spec.section_of_title]
    title: str = templates[spec.template % len(templates)].format(t=spec.ticker, n=spec.figure)
    return words["retitled"].format(title=title) if spec.retitled else title


def slug_of(title: str) -> str:
    """Return the slug that the CMS makes of an English title: ``[a-z0-9-]``, cut at 76 characters."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:76].strip("-")


@lru_cache(maxsize=16)
def specs(state: int, articles: int, seed: int, extra: int = 0) -> tuple[Spec, ...]:
    """Return every article of ``state``, in order of their keys; ``extra`` new listings were put in just now."""
    if state < 0 or articles < 1:
        raise ValueError(
            f"state={state}, articles={articles}: a state counts from 0 and holds at least one article"
        )
    if extra:
        known = specs(state, articles, seed, extra - 1)
        return (*known, _newcomer(known, state, seed, "announcements-new-listings", 900 + extra))
    if state == 0:
        return _first(articles, seed)
    return _round(specs(state - 1, articles, seed), state, seed)


def gone(state: int, articles: int, seed: int) -> dict[str, int]:
    """Return the slugs that existed before ``state`` and are no more, each with the status it now answers."""
    now = {spec.slug for spec in specs(state, articles, seed)}
    before = {spec.slug: spec.key for n in range(state) for spec in specs(n, articles, seed)}
    return {slug: 404 + 6 * (key % 2) for slug, key in before.items() if slug not in now}


def _sections(articles: int) -> list[str]:
    """Deal the articles to the sections by their shares, largest remainder last."""
    counts = {slug: articles * share // _BASE for slug, share in _SHARES}
    for slug in list(counts)[: articles - sum(counts.values())]:
        counts[slug] += 1
    return [slug for slug, count in counts.items() for _ in range(count)]


def _first(articles: int, seed: int) -> tuple[Spec, ...]:
    taken: set[str] = set()
    made: list[Spec] = []
    for key, section in enumerate(_sections(articles)):
        age = dt.timedelta(hours=13 * ((key * 37) % articles) + 9, minutes=(key * 17) % 60)
        made.append(_born(key, section, EPOCH - age, dice(seed, "first", key), taken))
    return tuple(made)


def _born(key: int, section: str, at: dt.datetime, luck: Random, taken: set[str]) -> Spec:
    """Make a new article; every eighth is dated to midnight of the shown day or ten minutes later (+08:00)."""
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
        source_id=_identifier(luck),
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
        slug = f"{wanted[:66]}-{luck.randint(2, 9999)}"
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


def _identifier(luck: Random) -> str:
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


def _newcomer(known: tuple[Spec, ...], state: int, seed: int, section: str, number: int) -> Spec:
    key = known[-1].key + 1
    at = EPOCH + STEP * state - dt.timedelta(hours=12) + dt.timedelta(minutes=number)
    return _born(key, section, at, dice(seed, "new", state, number), {spec.slug for spec in known})


def _round(before: tuple[Spec, ...], state: int, seed: int) -> tuple[Spec, ...]:
    """Apply one of every kind of change, and more of the common ones, to ``before``."""
    luck = dice(seed, "round", state)
    now = EPOCH + STEP * state - dt.timedelta(hours=luck.randint(1, 20), seconds=0.496)
    after: dict[int, Spec] = {spec.key: spec for spec in before}
    fresh = iter(luck.sample(before, len(before)))

    def some(count: int, fit: Callable[[Spec], bool] = lambda spec: True) -> Iterator[Spec]:
        """Take articles that no other change of this round touches."""
        found = 0
        for spec in list(free):
            if found < count and fit(spec):
                free.remove(spec)
                found += 1
                yield spec

    free = list(fresh)
    for kind, count, change in _CHANGES:
        for spec in some(count, lambda spec, kind=kind: _fits(kind, spec, state)):  # type: ignore[misc]
            changed = change(spec, now, luck)
            if changed is None:
                del after[spec.key]
            else:
                after[spec.key] = changed
    for spec in some(len(free), lambda spec: spec.views is not None and spec.key % 3 == state % 3):
        after[spec.key] = replace(spec, views=(spec.views or 0) + luck.randint(1, 400))
    known = before
    for number, section in enumerate(
        ("announcements-new-listings", "announcements-delistings", "faq-identity")
    ):
        born = _newcomer(known, state, seed, section, number)
        known = (*known, born)
        after[born.key] = born
    return tuple(after[key] for key in sorted(after))


def _fits(kind: str, spec: Spec, state: int) -> bool:
    """Tell which articles a kind of change is for: counts only move on FAQ, and a bulk touch hits one section."""
    if kind == "bulk":
        return state % 2 == 0 and spec.section == "announcements-trading-updates"
    if kind == "behind":
        return spec.behind is None
    if kind in {"removed", "moved", "category"}:
        return spec.key % 4 != 1 and (kind != "category" or spec.section == "faq-getting-started")
    return True


def _removed(spec: Spec, now: dt.datetime, luck: Random) -> Spec | None:
    return None


def _renamed(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(spec, slug=f"{spec.slug[:64]}-{luck.randint(10**5, 10**6)}", updated=now)


def _reborn(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(_renamed(spec, now, luck), source_id=_identifier(luck))


def _renamed_edited(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return _refigured(_renamed(spec, now, luck), now, luck)


def _moved(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    own = category_of(spec.section)
    others = [s.slug for s in SECTIONS if s.category == own and s.slug not in {LATEST, spec.section}]
    return replace(spec, section=luck.choice(others), home=spec.section_of_title, updated=now)


def _recategorised(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(spec, section="docs-fees", home=spec.section_of_title, views=None, updated=now)


def _retitled(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(spec, retitled=not spec.retitled, updated=now)


def _silent(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    """Change the body, and not the date."""
    addition = BlockPlan("edit", ((0, luck.randint(2, 9999)),))
    plan = list(spec.plan)
    plan.insert(luck.randint(1, len(plan)), addition)
    return replace(spec, plan=tuple(plan), behind=None)


def _edited(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(_silent(spec, now, luck), updated=now)


def _refigured(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    """Change one figure of the last paragraph: the smallest edit there is."""
    (sentence, figure), *rest = spec.plan[-1].picks
    last = BlockPlan(spec.plan[-1].shape, ((sentence, figure + 3 * luck.randint(200, 300)), *rest))
    return replace(spec, plan=(*spec.plan[:-1], last), updated=now, behind=None)


def _english_only(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(_edited(spec, now, luck), behind=(spec.plan, spec.updated))


def _touched(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(spec, updated=now - dt.timedelta(minutes=luck.randint(1, 50)))


def _bulk(spec: Spec, now: dt.datetime, luck: Random) -> Spec:
    return replace(spec, updated=now)


_CHANGES: tuple[tuple[str, int, Callable[[Spec, dt.datetime, Random], Spec | None]], ...] = (
    ("category", 1, _recategorised),
    ("removed", 2, _removed),
    ("renamed", 1, _renamed),
    ("reborn", 1, _reborn),
    ("renamed+edited", 1, _renamed_edited),
    ("moved", 1, _moved),
    ("retitled", 1, _retitled),
    ("edited", 2, _edited),
    ("figure", 1, _refigured),
    ("silent", 2, _silent),
    ("behind", 1, _english_only),
    ("touched", 2, _touched),
    ("bulk", 10_000, _bulk),
)
