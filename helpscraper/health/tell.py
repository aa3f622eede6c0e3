"""Tell people once of the changes that crawls found (``NOTIFY_CHANGES``), and send them a digest (``DIGEST``).

A small file of the archive notes for each receiver the newest snapshot whose changes it was told. So a crawl that was
killed after its commit, or a receiver that was away, leaves changes that the next crawl tells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from filelock import FileLock, Timeout

from helpscraper.archive.layout import Partition, snapshot_instant, told_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, HelpscraperError, MissingExtraError
from helpscraper.extras import need
from helpscraper.health.notify import deliver
from helpscraper.health.rules import PERIODS, Rule
from helpscraper.history.all_changes import rows_of_steps
from helpscraper.history.article_changes import ArticleChanges, article_changes, with_words
from helpscraper.history.digest import counted, digest
from helpscraper.history.kinds import KINDS
from helpscraper.history.render_changes import as_text
from helpscraper.history.steps import steps

__all__ = ["Telling", "changes_message", "note_receivers", "tell"]

logger = logging.getLogger(__name__)

_EARLY = dt.timedelta(hours=12)
"""A digest is due this much before its time, because crawls do not begin at the same second."""

_SHOWN = 20
_IN_A_DIGEST = 100
# Signs by which a chat calls everybody, or somebody: a text of the site calls nobody.
_CALL = re.compile(r"@(?=\w)|<(?=[!@#])")


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told of what: the settings ``NOTIFY_URLS``, ``NOTIFY_CHANGES``, ``DIGEST`` and ``NOTIFY_TIMEOUT``."""

    urls: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    period: str = ""
    seconds: float = 30.0


@dataclass
class _Told:
    """For each receiver (a hash of its URL) the newest snapshot whose changes it was told, and that of its digest."""

    store: Store
    path: str
    changes: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, store: Store, partition: Partition) -> _Told:
        path = told_path(partition)
        found = store.read_with_etag(path)
        try:
            stored = json.loads(found[0]) if found else {"changes": {}, "digests": {}}
            return cls(store, path, dict(stored["changes"]), dict(stored["digests"]))
        except (ValueError, KeyError, TypeError) as error:
            logger.warning(
                "%s: cannot be read (%s); only this crawl's changes are told", store.url(path), error
            )
            return cls(store, path)

    def write(self, urls: Sequence[str]) -> None:
        """Keep the notes of these receivers; a removed one that comes back begins anew."""
        keys = {_key(url) for url in urls}
        kept = {
            name: {key: value for key, value in notes.items() if key in keys}
            for name, notes in (("changes", self.changes), ("digests", self.digests))
        }
        self.store.replace(self.path, json.dumps(kept, indent=1).encode())


def _key(url: str) -> str:
    """Return a name of a receiver that does not tell its password."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def note_receivers(catalog: Catalog, partition: Partition, urls: Sequence[str]) -> None:
    """Before a commit, note for each new receiver that it knows everything until now.

    So it is told the changes of this commit even if this process is killed before it tells them.
    """
    if not urls:
        return
    try:
        told = _Told.read(catalog.store, partition)
        newest = next(reversed(catalog.ids(partition)), "")
        told.changes = {_key(url): told.changes.get(_key(url), newest) for url in urls}
        told.write(urls)
    except ArchiveError as error:
        logger.warning("It cannot be noted who is told of changes: %s", error)


def tell(catalog: Catalog, partition: Partition, telling: Telling, now: dt.datetime) -> None:
    """Tell each receiver the changes that it was not told yet, and send the digest if it is due at ``now``.

    A failure is logged and nothing else: the next crawl tries again.
    """
    if not telling.urls:
        if telling.period:
            logger.warning("DIGEST=%s sends nothing, because NOTIFY_URLS is empty", telling.period)
        return
    catalog = Catalog(catalog.store, site=partition.site, locale=partition.locale).with_cached_listings()
    try:
        with FileLock(catalog.store.state_dir(partition) / "told.lock", timeout=telling.seconds):
            told = _Told.read(catalog.store, partition)
            _tell_changes(catalog, partition, telling, told)
            if telling.period:
                _send_digest(catalog, partition, telling, told, now)
    except Timeout:
        logger.warning("Another crawl is telling changes; those of this one are told with the next")
    except (HelpscraperError, OSError) as error:
        logger.warning("The changes could not be told; the next crawl tries again: %s", error)


def _tell_changes(catalog: Catalog, partition: Partition, telling: Telling, told: _Told) -> None:
    ids = catalog.ids(partition)
    if not ids:
        return
    before = ids[-2] if len(ids) > 1 else ""
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for url in telling.urls:
        waiting[told.changes.get(_key(url), before) if telling.rules else ids[-1]].append(url)
    for since, urls in waiting.items():
        found = changes_message(catalog, partition, since, telling.rules)
        accepted = deliver(urls, *found, telling.seconds) if found else set(urls)
        told.changes |= {_key(url): ids[-1] for url in accepted} | {
            _key(url): since for url in urls if url not in accepted
        }
        told.write(telling.urls)


def changes_message(
    catalog: Catalog, partition: Partition, since: str, rules: Sequence[Rule]
) -> tuple[str, str] | None:
    """Return (title, text) of the changes after the snapshot ``since`` that a rule wants; None without any."""
    taken = [step for step in steps(catalog, partition) if step[1].id > since]
    rows, warnings = rows_of_steps(catalog, taken, words=False)
    for text in warnings:
        logger.warning("Changes that cannot be told: %s", text)
    found = [
        change
        for change in article_changes(catalog, rows, words=False)
        if any(rule.fits(change) and _finds(catalog, rule, change) for rule in rules)
    ]
    if not found:
        return None
    found.sort(key=lambda change: (not change.silent, KINDS.index(change.kinds[0]), change.end, change.title))
    words = _has_words()
    shown = [
        as_text(with_words(catalog, change, whole=True) if words else change, short=True)
        for change in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        place = f"--archive {catalog.store.uri} --site {partition.site} --locale {partition.locale}"
        ends = f"{taken[0][0].id} {taken[-1][1].id}"
        shown.append(f"And {len(found) - _SHOWN} more: helpscraper diff {ends} {place}")
    title = f"helpscraper {partition}: {counted(found) or f'{len(found)} changes'}"
    return title, _calling_nobody("\n\n".join(shown))


def _finds(catalog: Catalog, rule: Rule, change: ArticleChanges) -> bool:
    return not rule.words or rule.finds(with_words(catalog, change, whole=True))


def _has_words() -> bool:
    try:
        need("words")
    except MissingExtraError as error:
        logger.warning("The message has no words of the edits: %s", error.message)
        return False
    return True


def _calling_nobody(text: str) -> str:
    """Return text of the site without the power to call people in a chat."""
    return _CALL.sub("\\g<0>\u200b", text)


def _send_digest(
    catalog: Catalog, partition: Partition, telling: Telling, told: _Told, now: dt.datetime
) -> None:
    period = dt.timedelta(days=PERIODS[telling.period])
    ids = catalog.ids(partition)
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for url in telling.urls:
        # Without an earlier digest it is due when the archive is old enough to fill one.
        last = told.digests.get(_key(url), "")
        if ids and snapshot_instant(last or ids[0]) <= now - period + _EARLY:
            waiting[last].append(url)
    for last, urls in waiting.items():
        found = digest(catalog, last or now - period, words=_has_words(), limit=_IN_A_DIGEST)
        title = f"helpscraper {partition}, {telling.period} digest: {found.title}"
        accepted = deliver(urls, title, _calling_nobody(found.render("text")), telling.seconds)
        told.digests |= {_key(url): ids[-1] for url in accepted}
        told.write(telling.urls)
