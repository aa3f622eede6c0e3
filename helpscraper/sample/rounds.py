"""Apply a round of changes: every kind of change, each to other articles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from helpscraper.sample.model import (
    EPOCH,
    LATEST,
    SECTIONS,
    STEP,
    BlockPlan,
    Spec,
    category_of,
    seeded_random,
)
from helpscraper.sample.new_articles import identifier, new_article

__all__ = ["next_round"]


def next_round(before: tuple[Spec, ...], state: int, seed: int) -> tuple[Spec, ...]:
    """Apply one of every kind of change to ``before``, and more of the common ones."""
    rng = seeded_random(seed, "round", state)
    now = EPOCH + STEP * state - dt.timedelta(hours=rng.randint(1, 20), seconds=0.496)
    after: dict[int, Spec] = {spec.key: spec for spec in before}
    fresh = iter(rng.sample(before, len(before)))

    def some(count: int, fit: Callable[[Spec], bool] = lambda spec: True) -> Iterator[Spec]:
        """Take articles that have no other change in this round."""
        found = 0
        for spec in list(free):
            if found < count and fit(spec):
                free.remove(spec)
                found += 1
                yield spec

    free = list(fresh)
    for kind, count, change in _CHANGES:
        for spec in some(count, lambda spec, kind=kind: _fits(kind, spec, state)):  # type: ignore[misc]
            changed = change(spec, now, rng)
            if changed is None:
                del after[spec.key]
            else:
                after[spec.key] = changed
    for spec in some(len(free), lambda spec: spec.views is not None and spec.key % 3 == state % 3):
        after[spec.key] = replace(spec, views=(spec.views or 0) + rng.randint(1, 400))
    known = before
    for number, section in enumerate(
        ("announcements-new-listings", "announcements-delistings", "faq-identity")
    ):
        new = new_article(known, state, seed, section, number)
        known = (*known, new)
        after[new.key] = new
    return tuple(after[key] for key in sorted(after))


def _fits(kind: str, spec: Spec, state: int) -> bool:
    """Tell whether a kind of change may be applied to ``spec``; a bulk touch applies to one section."""
    if kind == "bulk":
        return state % 2 == 0 and spec.section == "announcements-trading-updates"
    if kind == "behind":
        return spec.behind is None
    if kind in {"removed", "moved", "category"}:
        return spec.key % 4 != 1 and (kind != "category" or spec.section == "faq-getting-started")
    return True


def _removed(spec: Spec, now: dt.datetime, rng: Random) -> Spec | None:
    return None


def _renamed(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(spec, slug=f"{spec.slug[:190]}-{rng.randint(10**5, 10**6)}", updated=now)


def _renamed_with_new_id(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(_renamed(spec, now, rng), source_id=identifier(rng))


def _renamed_edited(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return _refigured(_renamed(spec, now, rng), now, rng)


def _moved(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    own = category_of(spec.section)
    others = [s.slug for s in SECTIONS if s.category == own and s.slug not in {LATEST, spec.section}]
    return replace(spec, section=rng.choice(others), home=spec.section_of_title, updated=now)


def _recategorised(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(spec, section="docs-fees", home=spec.section_of_title, views=None, updated=now)


def _retitled(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(spec, retitled=not spec.retitled, updated=now)


def _silent(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    """Change the body without the date."""
    addition = BlockPlan("edit", ((0, rng.randint(2, 9999)),))
    plan = list(spec.plan)
    plan.insert(rng.randint(1, len(plan)), addition)
    return replace(spec, plan=tuple(plan), behind=None)


def _edited(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(_silent(spec, now, rng), updated=now)


def _refigured(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    """Change one figure of the last paragraph, the smallest edit."""
    (sentence, figure), *rest = spec.plan[-1].picks
    last = BlockPlan(spec.plan[-1].shape, ((sentence, figure + 3 * rng.randint(200, 300)), *rest))
    return replace(spec, plan=(*spec.plan[:-1], last), updated=now, behind=None)


def _english_only(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(_edited(spec, now, rng), behind=(spec.plan, spec.updated))


def _touched(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(spec, updated=now - dt.timedelta(minutes=rng.randint(1, 50)))


def _bulk(spec: Spec, now: dt.datetime, rng: Random) -> Spec:
    return replace(spec, updated=now)


_CHANGES: tuple[tuple[str, int, Callable[[Spec, dt.datetime, Random], Spec | None]], ...] = (
    ("category", 1, _recategorised),
    ("removed", 2, _removed),
    ("renamed", 1, _renamed),
    ("renamed, new id", 1, _renamed_with_new_id),
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
