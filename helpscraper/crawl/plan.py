"""Which article pages a crawl fetches, and which it carries over from before. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["audit_share", "needs_fetch"]

_EVIDENCE = ("title", "updated_at", "updated_on", "published_at", "published_on", "source_id")
"""What a listing says that would move if the article did. A listing that does not state one of them says nothing."""

_MINUTE = dt.timedelta(minutes=1)


def needs_fetch(
    listed: Mapping[str, Any], previous: Mapping[str, Any] | None, section: str | None = None
) -> str | None:
    """Say why an article's page must be fetched, or None when its listing gives no reason to.

    ``listed`` are the typed columns of one listing row, ``previous`` the article's row of an earlier snapshot and
    ``section`` the listing that shows it (None for a tag, whose members come and go by themselves, and for a search).

    >>> needs_fetch({"title": "A"}, None)
    'new'
    >>> needs_fetch({"title": "B"}, {"title": "A", "body_sha256": "0", "status": "fetched"})
    'title'
    """
    if previous is None:
        return "new"
    if previous.get("body_sha256") is None:
        return "never fetched"
    if previous.get("status") in {"failed", "gone"}:
        return "not fetched last time"
    for name in _EVIDENCE:
        now, before = listed.get(name), previous.get(name)
        if now is not None and before is not None and not _same(name, now, before):
            return name
    if section is not None and section not in (previous.get("listed_in") or ()):
        return "section"
    return None


def _same(name: str, now: Any, before: Any) -> bool:
    if name == "published_at":
        # Articles state the minute where listings state the millisecond.
        return bool(abs(now - before) < _MINUTE)
    return bool(now == before)


def audit_share(previous: Mapping[str, Mapping[str, Any]], share: float) -> set[str]:
    """Choose the articles to fetch again although their listing says unchanged: those fetched longest ago.

    Taking ``ceil(share * n)`` of the oldest each time fetches every article at least once in ``1 / share`` runs,
    without any memory of what was chosen before.

    >>> sorted(audit_share({"a": {"fetched_at": None, "body_sha256": "0", "status": "fetched"}}, 0.05))
    ['a']
    """
    able = [
        (row["fetched_at"] or _NEVER, article_id)
        for article_id, row in previous.items()
        if row.get("body_sha256") is not None and row.get("status") in {"fetched", "carried", "listed"}
    ]
    able.sort()
    # 0.07 * 100 is 7.000000000000001 in binary; that is no eighth article.
    return {article_id for _, article_id in able[: math.ceil(round(share * len(able), 6))]}


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
