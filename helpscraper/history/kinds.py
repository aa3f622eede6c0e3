"""The kinds of change, and which kind a difference in each column is.

The table covers every column of a snapshot. With additions and removals it is complete: applying a diff to the older
snapshot gives the newer one in all compared columns.

===================================================  ==========================================================
column                                               kind of a difference in it
===================================================  ==========================================================
``article_id``                                       ``renamed``
``body_sha256``                                      ``edited``
``title``                                            ``retitled``
``category``, ``section``                            ``moved``
``category_title``, ``section_title``                ``moved`` where the site gave no key on either side, so that
                                                     the label is all there is; else as in the next row: a section
                                                     that was relabelled did not move its articles
``updated_at``, ``updated_on``, ``published_at``,    what else happened to the article: ``edited``, else
``published_on``, ``listed_in``, ``url``,            ``retitled``, else ``moved``, else ``renamed``, else ``touched``
``source_id``, ``word_count``, ``reading_minutes``,
``language``, ``labels``
``view_count``, ``snippet``, ``votes_up``,           ``counted``: they move by themselves
``votes``
``snapshot_at``, ``status``, ``fetched_at``,         not compared: they describe the crawl, not the site
``warc_record``, ``confidence``
===================================================  ==========================================================

An edit that exchanged pictures has a second record, ``edited`` with the field ``picture``: the addresses on both sides.

A ``renamed`` record's ``field`` says how the rename was recognised (a key of ``RENAME_EVIDENCE``); ``before`` and
``after`` are the two keys. A URL or id that only follows the new key has no record of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from helpscraper.errors import CommandError
from helpscraper.nearest import nearest

__all__ = [
    "ARTICLE",
    "CERTAIN",
    "COMPANIONS",
    "COMPARED",
    "FIELD_KINDS",
    "KINDS",
    "LABELS",
    "PICTURE",
    "QUIET",
    "RENAME_EVIDENCE",
    "check_fields",
    "check_kinds",
    "counts_text",
    "primary_kind",
]

KINDS: Final = (
    "added",
    "removed",
    "unverified",
    "renamed",
    "edited",
    "retitled",
    "moved",
    "touched",
    "counted",
)
"""All kinds, the strongest first: an article's *primary* kind is the first of these that any of its records has."""

QUIET: Final = frozenset({"counted"})
"""Kinds that text output shows only on request."""

CERTAIN: Final = ("added", "removed", "renamed", "edited", "retitled", "moved")
"""The kinds that a crawl has proven and that say something new: a digest lists them, ``all`` in a rule means them."""

ARTICLE: Final = "article"
"""The ``field`` of ``added``, ``removed`` and ``unverified``; the value is the whole article as a JSON object.

An ``unverified`` article with ``before`` was not seen and may still exist; one with ``after`` was seen for the first
time and may have existed before."""

PICTURE: Final = "picture"
"""The ``field`` of an ``edited`` record about exchanged pictures; it is not a column."""

RENAME_EVIDENCE: Final = {
    "redirect": "the older address redirected to the newer one",
    **{f"redirect_{n}": f"the older address redirected to the newer one, HTTP {n}" for n in (301, 308)},
    **{
        f"redirect_{n}": f"the older address redirected to the newer one, HTTP {n}; both have one time of publication"
        for n in (302, 303, 307)
    },
    "body": "near-identical body",
    "source_id": "same CMS id",
}
"""The evidence that an article has another key now, by the ``field`` of the ``renamed`` record.

A record with the two ids may stand beside one of the other evidence, so ``source_id`` is the last."""

FIELD_KINDS: Final = {
    "body_sha256": "edited",
    "title": "retitled",
    "category": "moved",
    "section": "moved",
    "view_count": "counted",
    "snippet": "counted",
    "votes_up": "counted",
    "votes": "counted",
}

LABELS: Final = {"category_title": "category", "section_title": "section"}
"""Label columns and the key column of each; a label shows a move only where there is no key."""

COMPANIONS: Final = (
    "updated_at",
    "updated_on",
    "published_at",
    "published_on",
    "listed_in",
    "url",
    "source_id",
    "word_count",
    "reading_minutes",
    "language",
    "labels",
)
"""Columns whose difference takes its kind from what else happened to the article."""

COMPARED: Final = (*FIELD_KINDS, *LABELS, *COMPANIONS)
"""The columns that are compared beside the key."""

_FIELD_NAMES: Final = {"body": "body_sha256", "views": "view_count"}


def primary_kind(kinds: Collection[str]) -> str | None:
    """Return the strongest of ``kinds``, or None when there are none.

    >>> primary_kind(["counted", "edited", "renamed"])
    'renamed'
    """
    return next((kind for kind in KINDS if kind in kinds), None)


def counts_text(counts: Mapping[str, int]) -> str:
    """Return the number of articles of each kind in words; ``silent`` is a part of ``edited``.

    >>> counts_text({"edited": 7, "silent": 2, "added": 1, "picture": 1})
    '1 added, 7 edited (2 silent), 1 picture'
    """
    told = []
    for kind in (*KINDS, *(("silent",) if not counts.get("edited") else ()), PICTURE):
        if counts.get(kind):
            silent = f" ({counts['silent']:,} silent)" if kind == "edited" and counts.get("silent") else ""
            told.append(f"{counts[kind]:,} {kind}{silent}")
    return ", ".join(told)


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return ``kinds`` without repeats; raises ``CommandError`` that names all unknown ones."""
    wanted = tuple(dict.fromkeys(kinds))
    if wrong := [kind for kind in wanted if kind not in KINDS]:
        raise CommandError(
            f"no such kind of change: {', '.join(wrong)}", advice=_advice(wrong, "kinds", (*KINDS, "silent"))
        )
    return wanted


def check_fields(fields: Iterable[str]) -> tuple[str, ...]:
    """Return ``fields`` as column names (``body`` and ``views`` are understood); ``CommandError`` for unknown ones.

    >>> check_fields(["body", "title"])
    ('body_sha256', 'title')
    """
    wanted = tuple(dict.fromkeys(_FIELD_NAMES.get(field, field) for field in fields))
    known = (*COMPARED, "article_id", ARTICLE, PICTURE)
    if wrong := [field for field in wanted if field not in known]:
        names = (*known, *_FIELD_NAMES)
        raise CommandError(
            f"no such field to compare: {', '.join(wrong)}", advice=_advice(wrong, "fields", names)
        )
    return wanted


def _advice(wrong: Iterable[str], what: str, known: Iterable[str]) -> str:
    """Return the nearest known names, and all known names."""
    names = tuple(known)
    like = dict.fromkeys(name for each in wrong for name in nearest(each, names, 2))
    return "; ".join([*([f"did you mean: {', '.join(like)}"] if like else []), f"{what}: {', '.join(names)}"])
