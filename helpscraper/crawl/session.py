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
from typing import Any

from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder
from helpscraper.archive.run_facts import RunFacts
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.crawl.clock import free_instant
from helpscraper.crawl.lock import CrawlLock
from helpscraper.crawl.own_settings import OWN
from helpscraper.crawl.plan import Audit, Pace, needs_fetch, plan_audit, suspicion
from helpscraper.crawl.recovery import Leftover, bury, stamp, take_up, unresumable
from helpscraper.crawl.validators import load_validators
from helpscraper.errors import HelpscraperError
from helpscraper.health.checks import Thresholds
from helpscraper.health.notify import notify_transition, run_before
from helpscraper.intake.known import crawls_alike, newest_run, read_known
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.witness import Witness
from helpscraper.normalise.article import Context
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Findings

__all__ = ["CrawlSession", "SessionOptions"]

logger = logging.getLogger(__name__)

_NOTHING_SAID = frozenset({"audit", "no evidence", "unlisted"})
"""Reasons to read a page although nothing speaks for a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What the settings say of a session; ``docs/settings.md`` describes each."""

    archive_uri: str = OWN["ARCHIVE_URI"].default
    resume: bool = OWN["RESUME"].default
    resume_max_hours: float = OWN["RESUME_MAX_HOURS"].default
    audit_days: float = OWN["AUDIT_DAYS"].default
    baseline_runs: int = OWN["HEALTH_BASELINE_RUNS"].default
    thresholds: Thresholds = field(default_factory=Thresholds)
    notify_urls: tuple[str, ...] = ()
    notify_seconds: float = OWN["NOTIFY_TIMEOUT"].default
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
        self.platform = get_platform(arguments.site.platform)
        known = read_known(catalog, self.partition)
        self.known = known.rows
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
        last = newest_run(catalog, self.partition)
        alike = crawls_alike(catalog, self.partition, arguments.as_facts(), before=snapshot_id(snapshot_at))
        starts = [*(snapshot_instant(run.run_id) for run in alike), snapshot_at]
        # A crawl that ended early, such as one of a host that did not answer, shows no pace.
        ended = (run for run in reversed(alike) if run.finish_reason == "finished")
        self.pace = Pace.of(starts, next(ended, None))
        self.audit: Audit | None = None
        self.validators = {} if self.full_because else load_validators(catalog, self.partition, last)
        self.region: dict[str, str] = {}
        self.witness = Witness(arguments.witness)
        self.monotonic_start = time.monotonic()
        self.concluded: RunFacts | None = None
        self.recorder: Recorder | None = None
        self.broken: HelpscraperError | None = None
        self.mistake: str | None = None
        # Says in words why the crawl was ended early, where the reason that Scrapy is given is one word.
        self.stopped: str | None = None
        self._suspects: dict[str, str] = {}
        outcomes = ledger.outcomes()
        self.asked = outcomes["expected"] + outcomes["fetched"] + outcomes["gone"]
        self._lock = lock

    @property
    def language(self) -> str:
        """The BCP 47 tag of the edition that was asked for."""
        return self.context.locale_facts.bcp47

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
                    logger.warning("Going on with the crawl of %s.", leftover)
                    ledger.reopen()
                    begun = snapshot_instant(leftover.snapshot_id)
                    return cls(arguments, options, catalog, lock, ledger, begun, resumed=True)
            snapshot_at = free_instant(catalog, partition)
            if leftover is not None:
                logger.warning(
                    "Found the ledger of a crawl that did not end: %s. Starting clean%s.", leftover,
                    "" if options.resume or not leftover.outcomes else "; --resume would have gone on from it",
                )  # fmt: skip
                _tell(bury(catalog, partition, leftover), catalog, partition, options)
            ledger.delete()
            ledger = Ledger(path)
            stamp(ledger, snapshot_at, arguments, options.versions)
            return cls(arguments, options, catalog, lock, ledger, snapshot_at, leftover, why_new=why_new)
        except BaseException:
            lock.release()
            raise

    def decide(self, article_id: str, listed: Callable[[], Mapping[str, Any]], section: str | None) -> None:
        """Enter in the ledger what is to be done about an article that a listing showed: its page is due, or it is
        carried over.

        ``listed`` gives the typed columns of the listing's row and is only asked where they matter; ``section`` is
        None for a tag or a search.
        """
        done = self.ledger.outcome(article_id)
        if done in {"expected", "fetched", "gone"}:
            return
        reason, known = self.full_because, self.known.get(article_id)
        if reason is None:
            said = listed() if known is not None else {}
            reason = needs_fetch(said, known, section, evidence=self.platform.claim.evidence)
            if reason is None and known is not None and (hint := suspicion(said, known)):
                self._suspects[article_id] = hint
        if reason is not None and self.may_ask():
            self.claim(article_id, reason)
        elif reason is not None:
            self.ledger.settle(article_id, "listed", "beyond the limit that was asked for")
        elif done is None:
            self.ledger.settle(article_id, "carried")

    def may_ask(self) -> bool:
        """Tell whether the limit that was asked for, if any, leaves room for one more article page."""
        return self.arguments.limit is None or self.asked < self.arguments.limit

    def claim(self, article_id: str, reason: str) -> bool:
        """Enter that the article's page is due, and why; False when it was so already."""
        if not self.ledger.expect(article_id, reason):
            return False
        self.asked += 1
        self.ledger.tally("reason", {reason: 1})
        return True

    def plan_audit(self) -> None:
        """Enter which of the articles that the listings call unchanged are due all the same, once the listings are
        read.
        """
        days = self.options.audit_days
        if not days or self.full_because or self.arguments.query:
            return
        carried = self.ledger.carried()
        read_at = {name: at for name, at in self.known.pairs("fetched_at") if name in carried}
        bound = dt.timedelta(days=days)
        self.audit = plan_audit(read_at, self.snapshot_at, bound, self.pace, self._suspects)
        for article_id in self.audit.chosen:
            if self.may_ask():
                self.claim(article_id, self._suspects.get(article_id, "audit"))

    def conditional(self, article_id: str, reason: str) -> tuple[str | None, str | None]:
        """Return (ETag, Last-Modified) for a request that asks whether anything changed at all.

        Only where nothing speaks for a change, and where the row and body that a 304 would vouch for are at hand.
        """
        row = self.known.get(article_id) if reason in _NOTHING_SAID else None
        if row is None or row["body_sha256"] is None or row["status"] == "failed":
            return (None, None)
        return self.validators.get(article_id, (None, None))

    def served(self, found: Findings) -> None:
        """Note in which language and for which region a page was served, as far as it says so."""
        if found.language:
            self.ledger.tally("language", {found.language: 1})
        if site := found.region.get("site"):
            self.ledger.tally("region", {site: 1})
        self.region |= found.region

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
        section_of, seen = dict(self.known.pairs("section")), self.ledger.articles()
        found = sorted(
            (at or self.snapshot_at, article_id)
            for article_id, at in self.known.pairs("fetched_at")
            if article_id not in seen and not (partial and section_of[article_id] not in sections)
        )
        return [article_id for _, article_id in found]

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
                self.recorder.close_unindexed()
            self.ledger.close()
        finally:
            self._lock.release()

    def finish(self) -> None:
        """Give the lock back and remove the ledger: the archive holds all that it held."""
        try:
            self.ledger.delete()
        finally:
            self._lock.release()


def _tell(facts: RunFacts | None, catalog: Catalog, partition: Partition, options: SessionOptions) -> None:
    """Tell of a run that was killed: it could not do so itself, and this one may be killed as well."""
    if facts is not None and options.notify_urls:
        before = run_before(catalog, partition, facts.run_id)
        notify_transition(options.notify_urls, facts, before, options.notify_seconds)
