"""The session of one crawl: its lock, its ledger, what was known before, and the decisions that follow from that.

The spider and the pipelines talk to this class and to nothing else of the archive. It knows no Scrapy, so an import
or a test can hold a session too.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.warc import Recorder
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.clock import free_instant
from helpscraper.crawl.health import Thresholds
from helpscraper.crawl.known import newest_run, read_known
from helpscraper.crawl.ledger import Ledger
from helpscraper.crawl.lock import CrawlLock
from helpscraper.crawl.notify import notify_transition, run_before
from helpscraper.crawl.plan import audit_share, needs_fetch
from helpscraper.crawl.recovery import Leftover, bury, stamp, take_up, unresumable
from helpscraper.crawl.validators import load_validators
from helpscraper.crawl.witness import Witness
from helpscraper.errors import HelpscraperError
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
    notify_seconds: float = 30.0
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
        found_lying: Leftover | None = None,
        *,
        resumed: bool = False,
        why_new: str | None = None,
    ) -> None:
        self.arguments = arguments
        self.options = options
        self.catalog = catalog
        self.ledger = ledger
        self.snapshot_at = snapshot_at
        self.found_lying = found_lying
        self.resumed = resumed
        self.why_new = why_new
        self.partition = Partition(arguments.site.name, arguments.locale)
        self.context = Context(arguments.site, arguments.locale, arguments.base_url)
        known = read_known(catalog, self.partition)
        self.known: dict[str, dict[str, Any]] = known.rows
        extractor = options.versions.get("extractor")
        # A row carried over from another extractor would show that extractor's change as the site's, whenever the
        # article is fetched next; so a new extractor reads everything once.
        self.full_because = (
            "full crawl"
            if arguments.mode == "full"
            else "extractor"
            if extractor is not None and known.extractors - {extractor}
            else None
        )
        self.audit: set[str] = set() if self.full_because else audit_share(self.known, arguments.audit)
        self.validators = (
            {}
            if self.full_because
            else load_validators(catalog, self.partition, newest_run(catalog, self.partition))
        )
        self.region: dict[str, str] = {}
        self.witness = Witness(arguments.witness)
        self.monotonic_start = time.monotonic()
        self.concluded: dict[str, Any] | None = None
        self.recorder: Recorder | None = None
        self.broken: HelpscraperError | None = None
        self.mistake: str | None = None
        # Says in words why the crawl was ended early, where the reason that Scrapy is given is one word.
        self.stopped: str | None = None
        self._asked: set[str] = set()
        self._vouched: set[str] = set()
        outcomes = ledger.outcomes()
        self._before = outcomes["fetched"] + outcomes["gone"]
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
        """Take the lock and open the ledger: with ``resume`` that of a crawl that did not end, else a new one.

        Raises ``LockHeldError``, ``ArchiveError`` for a damaged or unwritable archive or a clock that cannot be right,
        and ``CommandError`` when the crawl to resume was started with other arguments.
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
            path = folder / "ledger.sqlite"
            ledger, leftover = take_up(path, catalog, partition)
            why_new = None
            if options.resume:
                why_new = unresumable(leftover, arguments, options.versions, options.resume_max_hours)
                if leftover is not None and why_new is None:
                    logger.warning("Resuming the crawl of %s: %s", leftover.snapshot_id, leftover.outcomes)
                    ledger.reopen()
                    begun = snapshot_instant(leftover.snapshot_id)
                    return cls(arguments, options, catalog, lock, ledger, begun, resumed=True)
            snapshot_at = free_instant(catalog, partition)
            if leftover is not None:
                logger.warning(
                    "Found the ledger of a crawl that did not end: %s, articles %s. Starting clean%s.",
                    leftover.snapshot_id, leftover.outcomes,
                    "" if options.resume else "; --resume would have gone on from it",
                )  # fmt: skip
                _tell(bury(catalog, partition, leftover), catalog, partition, options)
            ledger.delete()
            ledger = Ledger(path)
            stamp(ledger, snapshot_at, arguments, options.versions)
            return cls(arguments, options, catalog, lock, ledger, snapshot_at, leftover, why_new=why_new)
        except BaseException:
            lock.release()
            raise

    def decide(
        self, article_id: str, listed: Callable[[], Mapping[str, Any]], section: str | None
    ) -> Decision:
        """Say what to do about an article that a listing showed, and enter that in the ledger.

        ``listed`` gives the typed columns of the listing's row and is only asked where they matter; ``section`` is
        None for a tag or a search. ``fetch`` is answered once for an article in a crawl.
        """
        done = self.ledger.outcome(article_id)
        if done in {"fetched", "gone"} or article_id in self._asked:
            return "list"
        reason, known = self.full_because, self.known.get(article_id)
        if reason is None:
            reason = needs_fetch(listed() if known is not None else {}, known, section)
        if reason is None and article_id in self.audit:
            reason = "audit"
        if reason is None:
            if done is None or done == "expected":
                self.ledger.settle(article_id, "carried")
            return "carry"
        if self.arguments.limit is not None and self._before + len(self._asked) >= self.arguments.limit:
            self.ledger.settle(article_id, "listed", "beyond the limit that was asked for")
            return "list"
        self.claim(article_id, reason)
        return "fetch"

    def claim(self, article_id: str, reason: str) -> bool:
        """Enter that the article's page is asked for, and why; False when it was asked for already."""
        if article_id in self._asked or self.ledger.outcome(article_id) in {"fetched", "gone"}:
            return False
        self._asked.add(article_id)
        if reason in {"audit", "unlisted"}:
            self._vouched.add(article_id)
        self.ledger.expect(article_id)
        self.ledger.tally("reason", {reason: 1})
        return True

    def conditional(self, article_id: str) -> tuple[str | None, str | None]:
        """Return (ETag, Last-Modified) for a request that asks whether anything changed at all.

        Only where nothing speaks for a change, and where the row and body that a 304 would vouch for are at hand.
        """
        row = self.known.get(article_id)
        if (
            article_id not in self._vouched
            or row is None
            or row["body_sha256"] is None
            or row["status"] == "failed"
        ):
            return (None, None)
        return self.validators.get(article_id, (None, None))

    def served(self, page: OkxPage, *, region: bool = True) -> None:
        """Note which language a page was served in and, if asked, for which region (that costs parsing two scripts)."""
        if page.language:
            self.ledger.tally("language", {page.language: 1})
        if not region:
            return
        facts = page.region
        if facts.sub_site:
            self.ledger.tally("region", {facts.sub_site: 1})
        stated = {
            "site": facts.sub_site,
            "market": facts.market,
            "ip_region": facts.ip_region,
            "lang": facts.html_lang,
        }
        self.region |= {name: value for name, value in stated.items() if value is not None}

    def unlisted(self) -> list[str]:
        """Return the articles known from before that no listing showed, where the listings read could have shown them.

        Their own pages tell whether they are gone, or only left the listings. Those fetched longest ago come first.
        """
        if self.arguments.query or self.arguments.limit:
            return []
        sections = {section.slug for section in self.ledger.sections() if section.pages or section.problem}
        if not sections:
            return []  # not one listing was reached, so that none shows them says nothing
        partial = bool(self.arguments.scope)
        found = (
            (row["fetched_at"] or self.snapshot_at, article_id)
            for article_id, row in self.known.items()
            if self.ledger.outcome(article_id) is None
            and not (partial and row.get("section") not in sections)
        )
        return [article_id for _, article_id in sorted(found)]

    def left_over(self) -> list[str]:
        """Return the articles that a killed crawl had found and not yet fetched, and that no listing shows any more."""
        return [article_id for article_id in self.ledger.expected() if article_id not in self._asked]

    def close_recording(self) -> None:
        """Bring the recorded responses to the disk: the rows to be committed refer to them.

        Raises ``ArchiveError``; also the one for which the crawl ended, when a response could not be recorded or the
        ledger could not be written.
        """
        if self.broken is not None:
            raise self.broken
        if self.recorder is not None:
            self.recorder.close()

    def release(self) -> None:
        """Give the lock back and close the ledger, keeping it."""
        try:
            if self.recorder is not None:
                self.recorder.leave()
            self.ledger.close()
        finally:
            self._lock.release()

    def finish(self) -> None:
        """Give the lock back and remove the ledger: the archive holds all that it held."""
        try:
            self.ledger.delete()
        finally:
            self._lock.release()


def _tell(
    facts: Mapping[str, Any] | None, catalog: Catalog, partition: Partition, options: SessionOptions
) -> None:
    """Tell of a run that was killed: it could not do so itself, and this one may be killed as well."""
    if facts is not None and options.notify_urls:
        before = run_before(catalog, partition, facts["run_id"])
        notify_transition(options.notify_urls, facts, before, options.notify_seconds)
