"""The session of one crawl: its lock, its ledger, what was known before, and the decisions that follow from that.

The spider and the pipelines talk to this class and to nothing else of the archive. It knows no Scrapy, so an import
or a test can hold a session too.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.warc import Recorder
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.health import Thresholds
from helpscraper.crawl.known import known_articles, newest_run
from helpscraper.crawl.ledger import Ledger
from helpscraper.crawl.lock import CrawlLock
from helpscraper.crawl.plan import audit_share, needs_fetch
from helpscraper.crawl.validators import load_validators
from helpscraper.errors import CommandError, HelpscraperError
from helpscraper.locales import get_locale
from helpscraper.normalise.article import Context
from helpscraper.pages.okx import OkxPage

__all__ = ["CrawlSession", "SessionOptions"]

logger = logging.getLogger(__name__)

Decision = Literal["fetch", "carry", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What the settings say of a session; ``docs/settings.md`` describes each."""

    archive_uri: str = "output"
    resume: bool = False
    resume_max_hours: float = 24.0
    baseline_runs: int = 5
    thresholds: Thresholds = field(default_factory=Thresholds)
    notify_urls: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


class CrawlSession:
    """One crawl of one site and locale. Create it with ``open``, end it with ``conclude.conclude`` or ``abandon``."""

    def __init__(
        self,
        arguments: CrawlArguments,
        options: SessionOptions,
        catalog: Catalog,
        lock: CrawlLock,
        ledger: Ledger,
        snapshot_at: dt.datetime,
    ) -> None:
        self.arguments = arguments
        self.options = options
        self.catalog = catalog
        self.ledger = ledger
        self.snapshot_at = snapshot_at
        self.partition = Partition(arguments.site.name, arguments.locale)
        self.context = Context(arguments.site, arguments.locale, arguments.base_url)
        self.known: dict[str, dict[str, Any]] = known_articles(catalog, self.partition)
        self.audit = audit_share(self.known, arguments.audit) if arguments.mode == "incremental" else set()
        self.validators = load_validators(catalog, self.partition, newest_run(catalog, self.partition))
        self.region: dict[str, str] = {}
        self.found_lying: dict[str, str] = {}
        self.monotonic_start = time.monotonic()
        self.fetches_planned = 0
        self._asked: set[str] = set()
        self.concluded: dict[str, Any] | None = None
        self.recorder: Recorder | None = None
        self.broken: HelpscraperError | None = None
        self._lock = lock

    @property
    def language(self) -> str:
        """The BCP 47 tag of the edition that was asked for."""
        return get_locale(self.arguments.locale).bcp47

    @property
    def snapshot_id(self) -> str:
        """The id of the snapshot that this crawl is to become."""
        return snapshot_id(self.snapshot_at)

    @classmethod
    def open(cls, arguments: CrawlArguments, options: SessionOptions) -> CrawlSession:
        """Take the lock and open the ledger, a new one or (with ``resume``) that of a crawl that did not end.

        Raises ``LockHeldError``, ``ArchiveError`` for a damaged or unwritable archive, and ``CommandError`` when there
        is nothing to resume or it is too old.
        """
        catalog = Catalog(options.archive_uri)
        partition = Partition(arguments.site.name, arguments.locale)
        folder = catalog.store.state_dir(partition)
        lock = CrawlLock(folder)
        dead = lock.acquire()
        try:
            if dead is not None:
                logger.warning(
                    "The lock was held by process %s on %s since %s, which ended without releasing it; taken over.",
                    dead.get("pid"), dead.get("host"), dead.get("started_at"),
                )  # fmt: skip
            ledger = Ledger(folder / "ledger.sqlite")
            meta = ledger.meta()
            if options.resume:
                snapshot_at = _resumable(meta, arguments, options)
                session = cls(arguments, options, catalog, lock, ledger, snapshot_at)
                logger.info("Resuming the crawl of %s: %s", session.snapshot_id, dict(ledger.outcomes()))
                return session
            found = {}
            if meta:
                found = {"snapshot_id": meta.get("snapshot_id", "?"), "outcomes": str(dict(ledger.outcomes()))}
                logger.warning(
                    "Found the ledger of a crawl that did not end: %s, articles %s. Starting clean; "
                    "--resume would have gone on from it.", found["snapshot_id"], found["outcomes"],
                )  # fmt: skip
            ledger.delete()
            ledger = Ledger(folder / "ledger.sqlite")
            snapshot_at = _free_instant(catalog, partition)
            ledger.set_meta(snapshot_id=snapshot_id(snapshot_at), **arguments.as_facts())
            session = cls(arguments, options, catalog, lock, ledger, snapshot_at)
            session.found_lying = found
            return session
        except BaseException:
            lock.release()
            raise

    def decide(self, article_id: str, listed: Mapping[str, Any], section: str | None) -> Decision:
        """Say what to do about an article that a listing showed, and enter that in the ledger.

        ``listed`` are the typed columns of the listing's row; ``section`` is None for a tag or a search.
        """
        done = self.ledger.outcome(article_id)
        if done in {"fetched", "gone"}:
            return "list"
        previous = self.known.get(article_id)
        reason: str | None = "full crawl"
        if self.arguments.mode == "incremental":
            reason = needs_fetch(listed, previous, section)
            if reason is None and article_id in self.audit:
                reason = "audit"
        if reason is None:
            if done is None:
                self.ledger.settle(article_id, "carried")
            return "carry"
        # An article that a crawl expected before it broke off is asked for again: that request died with it.
        if article_id in self._asked:
            return "list"
        if self.arguments.limit is not None and self.fetches_planned >= self.arguments.limit:
            self.ledger.settle(article_id, "listed", "beyond the limit that was asked for")
            return "list"
        self.fetches_planned += 1
        self._asked.add(article_id)
        self.ledger.expect(article_id)
        self.ledger.tally("reason", {reason: 1})
        return "fetch"

    def served(self, page: OkxPage, *, region: bool = True) -> None:
        """Note which language a page was served in and, if asked, for which region (that costs parsing two scripts)."""
        self.ledger.tally("language", {page.language or "?": 1})
        if region or not self.region:
            facts = page.region
            stated = {"site": facts.sub_site, "market": facts.market, "ip_region": facts.ip_region, "lang": facts.html_lang}
            self.region |= {name: value for name, value in stated.items() if value is not None}

    def vanished(self) -> list[str]:
        """Return the articles known from before that no listing showed, where the listings read could have shown them.

        Their own pages tell whether they are gone, or only left the listings.
        """
        if self.arguments.query or self.arguments.limit:
            return []
        sections = {section.slug for section in self.ledger.sections()}
        partial = bool(self.arguments.scope)
        return sorted(
            article_id
            for article_id, row in self.known.items()
            if self.ledger.outcome(article_id) is None and not (partial and row.get("section") not in sections)
        )

    def close_recording(self) -> None:
        """Bring the recorded responses to the disk: the rows to be committed refer to them.

        Raises ``ArchiveError``; also the one for which the crawl ended, when a response could not be recorded.
        """
        if self.broken is not None:
            raise self.broken
        if self.recorder is not None:
            self.recorder.close()

    def release(self) -> None:
        """Give the lock back and close the ledger, keeping it."""
        if self.recorder is not None:
            self.recorder.leave()
        self.ledger.close()
        self._lock.release()

    def finish(self) -> None:
        """Give the lock back and remove the ledger: the archive holds all that it held."""
        self.ledger.delete()
        self._lock.release()


def _resumable(meta: Mapping[str, str], arguments: CrawlArguments, options: SessionOptions) -> dt.datetime:
    if "snapshot_id" not in meta:
        raise CommandError(
            "there is no crawl to resume for this site and locale", advice="run it again without --resume"
        )
    asked, before = arguments.as_facts(), {k: v for k, v in meta.items() if k != "snapshot_id"}
    if asked != before:
        differ = sorted(k for k in asked.keys() | before.keys() if asked.get(k) != before.get(k))
        raise CommandError(
            f"the crawl to resume was started with other arguments: {', '.join(differ)}",
            advice="resume with " + " ".join(f"-a {k}={v}" for k, v in sorted(before.items())),
        )
    started = snapshot_instant(meta["snapshot_id"])
    age = dt.datetime.now(dt.UTC) - started
    if age > dt.timedelta(hours=options.resume_max_hours):
        raise CommandError(
            f"the crawl to resume began {started:%Y-%m-%d %H:%M} UTC, too long ago to be one snapshot with today's site",
            advice="run it again without --resume, or raise RESUME_MAX_HOURS",
        )
    return started


def _free_instant(catalog: Catalog, partition: Partition) -> dt.datetime:
    """Return now, in whole seconds, once that second is later than every run of the partition."""
    while True:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        if not catalog.is_taken(partition, snapshot_id(now)):
            return now
        time.sleep(0.05)
