"""Find renames: removed articles that still exist under another key.

Articles that went are matched with articles that came, each at most once:

1. ``source_id``: the same CMS id, which one article on each side has. An id that repeats the key does not count.
2. ``redirect``: the address of the first redirected to that of the second, after the first was last seen as a page;
   over several addresses, none of them still an article, in the order of time. The publication dates must not differ,
   and no other article that went may lead to the same one: a help centre also redirects retired articles to one that
   replaces them. A temporary redirect (302, 303, 307) says that the address stays the article's (RFC 9110, 15.4), but
   some hosts answer so for every renamed page: it counts if both articles state the same publication.
3. ``body``: the same body, which one article on each side has, unless publication dates or ids differ. If the
   publication date matches, a changed id is ignored.
4. ``body`` again: at least nine in ten five-word shingles in common. Notices from one template differ only by a token's
   name, so neither publication dates nor ids may differ where both sides state them.

Step 4 compares only bodies that share one of the smallest shingle hashes, and ignores shingles that many bodies share,
so the work does not grow with the square of the number of articles.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from helpscraper.archive.run_parts import PERMANENT, Redirect

__all__ = ["Bodies", "Candidate", "Rename", "find_renames", "shingles", "similarity"]

_SHINGLE = 5
_SKETCH = 64
_FOLLOWED = 20
_ALIKE = 0.9
# With more articles than this on one side step 4 is skipped: the bodies would fill the memory, and a help centre that
# changes all keys at once keeps its ids or its exact bodies.
_BOUND = 5_000

Bodies = Callable[[Sequence[str]], Mapping[str, str]]
"""A function from body keys to texts; it leaves out bodies that cannot be read."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that went or came; ``published_at``, ``published_on`` and ``seen`` are ISO 8601 text.

    ``seen`` is the instant (UTC, with ``Z``) at which the article was last seen: its page, or its snapshot.
    """

    article_id: str
    source_id: str | None = None
    body_sha256: str | None = None
    published_at: str | None = None
    published_on: str | None = None
    seen: str | None = None

    @property
    def cms_id(self) -> str | None:
        """The CMS's id, unless it only repeats the key."""
        return None if self.source_id in (None, "", self.article_id) else self.source_id


@dataclass(frozen=True, slots=True)
class Rename:
    """One article under two keys; ``via`` says how it was recognised (see ``kinds.RENAME_EVIDENCE``)."""

    before: str
    after: str
    via: str


def find_renames(
    went: Sequence[Candidate],
    came: Sequence[Candidate],
    bodies: Bodies | None = None,
    redirects: Sequence[Redirect] = (),
    *,
    living: Collection[str] = (),
    until: str = "~",
) -> list[Rename]:
    """Return the renames between the articles that ``went`` and those that ``came``, sorted by the earlier key.

    Without ``bodies`` only ids and equal body keys are compared. The order of ``went`` and ``came`` does not matter;
    ``redirects`` are sorted by time. ``living`` are the articles of the later snapshot, those that came too, and
    ``until`` is the instant at which it ended: of several redirects of an address the newest until then counts, else
    the first after it.
    """
    renames = [
        Rename(b.article_id, a.article_id, "source_id") for b, a in _unique_pairs(went, came, "cms_id")
    ]
    went, came = _without(went, came, renames)
    if redirects and went and came:
        renames += _by_redirect(went, came, redirects, living, until)
    went, came = _without(went, came, renames)
    same = _unique_pairs(went, came, "body_sha256")
    renames += [Rename(b.article_id, a.article_id, "body") for b, a in same if _may_be_same(b, a)]
    went, came = _without(went, came, renames)
    if bodies is not None and went and came and max(len(went), len(came)) <= _BOUND:
        renames += _near(went, came, bodies)
    return sorted(renames, key=lambda rename: rename.before)


def _without(
    went: Sequence[Candidate], came: Sequence[Candidate], renames: Iterable[Rename]
) -> tuple[list[Candidate], list[Candidate]]:
    before = {rename.before for rename in renames}
    after = {rename.after for rename in renames}
    return [c for c in went if c.article_id not in before], [c for c in came if c.article_id not in after]


def _unique_pairs(
    went: Sequence[Candidate], came: Sequence[Candidate], name: str
) -> list[tuple[Candidate, Candidate]]:
    """Pair by an attribute, without values that several articles of one side have: they identify nothing."""
    sides = []
    for side in (went, came):
        counts = Counter(getattr(c, name) for c in side)
        sides.append(
            {
                getattr(c, name): c
                for c in side
                if getattr(c, name) is not None and counts[getattr(c, name)] == 1
            }
        )
    return [(candidate, sides[1][value]) for value, candidate in sides[0].items() if value in sides[1]]


def _by_redirect(
    went: Sequence[Candidate],
    came: Sequence[Candidate],
    redirects: Sequence[Redirect],
    living: Collection[str],
    until: str,
) -> list[Rename]:
    known: defaultdict[str, list[Redirect]] = defaultdict(list)
    for each in redirects:
        known[each.article_id].append(each)
    there = {candidate.article_id: candidate for candidate in came}
    articles = {*living, *there}
    ends = [(before, _way_from(before, known, articles, until)) for before in went]
    counts = Counter(way[-1].target_id for _, way in ends if way)
    # Several addresses that lead to one article were replaced by it, also where only one of them was ever a page.
    newest = (_in_force(found, "", until) for found in known.values())
    direct = Counter(each.target_id for each in newest if each)
    renames = []
    for before, way in ends:
        after = there.get(way[-1].target_id) if way else None
        if after is None or counts[after.article_id] > 1 or direct[after.article_id] > 1:
            continue
        weak = next((each.status for each in way if each.status not in {None, *PERMANENT}), None)
        same, status = _same_publication(before, after), weak or way[0].status
        if same or (same is None and weak is None):
            via = f"redirect_{status}" if status else "redirect"
            renames.append(Rename(before.article_id, after.article_id, via))
    return renames


def _way_from(
    before: Candidate, known: Mapping[str, Sequence[Redirect]], living: Collection[str], until: str
) -> list[Redirect]:
    """Return the redirects, each seen after the one before it, from ``before`` to the first living article."""
    key, since, passed, way = before.article_id, before.seen or "", {before.article_id}, []
    while (found := _in_force(known.get(key, ()), since, until)) and found.target_id not in passed:
        key, since = found.target_id, found.at
        passed.add(key)
        way.append(found)
        if key in living:
            return way
    return []


def _in_force(found: Sequence[Redirect], since: str, until: str) -> Redirect | None:
    """Return the newest redirect of one address from ``since`` to ``until``, else the first after that."""
    later = [each for each in found if each.at >= since]
    return next((each for each in reversed(later) if each.at <= until), later[0] if later else None)


def _same(before: str | None, after: str | None) -> bool | None:
    return None if before is None or after is None else before == after


def _same_publication(before: Candidate, after: Candidate) -> bool | None:
    """Compare the instants of publication, else the dates; None when there is nothing to compare."""
    instants = _same(before.published_at, after.published_at)
    return _same(before.published_on, after.published_on) if instants is None else instants


def _may_be_same(before: Candidate, after: Candidate) -> bool:
    published = _same_publication(before, after)
    return published is True or (published is None and _same(before.cms_id, after.cms_id) is not False)


def _may_be_alike(before: Candidate, after: Candidate) -> bool:
    return _same_publication(before, after) is not False and _same(before.cms_id, after.cms_id) is not False


def _near(went: Sequence[Candidate], came: Sequence[Candidate], bodies: Bodies) -> list[Rename]:
    keys = {c.body_sha256 for c in (*went, *came) if c.body_sha256 is not None}
    texts = bodies(sorted(keys))
    # The full sets of shingles are large, so keep only sketches and compute the sets of the few candidates again.
    of = lru_cache(maxsize=64)(lambda key: shingles(texts[key]))
    sketches = {key: sorted(shingles(text))[:_SKETCH] for key, text in texts.items()}
    index: defaultdict[int, list[Candidate]] = defaultdict(list)
    for after in came:
        for value in sketches.get(after.body_sha256 or "", ()):
            index[value].append(after)
    found: list[tuple[float, str, str]] = []
    for before in went:
        mine = sketches.get(before.body_sha256 or "", ())
        near = {a.article_id: a for value in mine if len(index[value]) <= _FOLLOWED for a in index[value]}
        for after in near.values():
            if not _may_be_alike(before, after):
                continue
            alike = similarity(of(before.body_sha256), of(after.body_sha256))
            if alike >= _ALIKE:
                found.append((-alike, before.article_id, after.article_id))
    renames: list[Rename] = []
    used: set[tuple[str, str]] = set()
    for _, old, new in sorted(found):
        if ("before", old) not in used and ("after", new) not in used:
            used |= {("before", old), ("after", new)}
            renames.append(Rename(old, new, "body"))
    return renames


def shingles(text: str) -> frozenset[int]:
    """Return the hashes of all runs of five words of ``text`` (of all its words, when it has fewer).

    In scripts without spaces, characters are used instead of words.
    """
    words = text.split()
    if len(words) * 12 < len(text):
        words = list("".join(words))
    runs = (" ".join(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1)))
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        for run in runs
        if run
    )


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of shingles that two bodies have in common (Jaccard), 0.0 for an empty body.

    >>> similarity(shingles("a b c d e f"), shingles("a b c d e f"))
    1.0
    """
    union = len(one | other)
    return len(one & other) / union if union else 0.0
