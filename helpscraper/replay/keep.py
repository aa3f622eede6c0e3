"""Keep the values of earlier rows for which a re-extraction has no readable record."""

from __future__ import annotations

from collections.abc import Set
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.recordings import record_of
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, InputError
from helpscraper.intake.ledger import Ledger
from helpscraper.replay.answers import RecordReader

__all__ = ["keep_sightings", "reasons", "settle_rest"]

_OF_ITS_PAGE = frozenset({"body_sha256", "word_count", "reading_minutes", "fetched_at"})
"""The columns that only an article's own page fills."""


def settle_rest(ledger: Ledger, before: pa.Table) -> None:
    """Give the articles whose own page was not read in this crawl the outcome that the crawl gave them."""
    # One recorded 404 does not make an article gone when the crawl kept its row.
    known = pa.array(sorted(ledger.articles() - ledger.gone_articles()), pa.string())
    for row in before.filter(pc.invert(pc.is_in(before.column("article_id"), known))).to_pylist():
        if row["status"] == "carried":
            ledger.validated(row["article_id"], {"fetched_at": row["fetched_at"]})
        elif row["status"] not in {"fetched", "listed"}:
            ledger.settle(row["article_id"], row["status"])


def keep_sightings(ledger: Ledger, before: pa.Table, unread: Set[str], *, everywhere: bool) -> set[str]:
    """Enter again the rows of listings that can no longer be read; return their articles.

    These are the listings among the questions ``unread``, or all listings (``everywhere``) when it is not known which
    answers are missing. A listing has no body.
    """
    listings = {each.split("/")[1] for each in unread if not each.startswith("article/")}
    if not (everywhere or listings):
        return set()
    seen = {(entry.article_id, section) for entry in ledger.entries() for section in entry.sightings}
    kept = set()
    for row in before.to_pylist():
        said = {name: value for name, value in row.items() if name not in _OF_ITS_PAGE}
        for section in row["listed_in"] or [""]:
            if (everywhere or section in listings) and (row["article_id"], section) not in seen:
                ledger.sighting(row["article_id"], section, said)
                kept.add(row["article_id"])
    return kept


def reasons(store: Store, ledger: Ledger, lost: pa.Table, records: Set[str]) -> dict[str, tuple[str, str]]:
    """Return (URL, reason) by article for each row that would be lost; a reason names file and offset of its record.

    ``records`` are those that were read. Flattened text is never re-extracted, so a readable record of it gives no
    reason.
    """
    details = {entry.article_id: entry.detail for entry in ledger.entries()} if lost.num_rows else {}
    found = {}
    with closing(RecordReader(store)) as source:
        for row in lost.to_pylist():
            ref, reason = row["warc_record"], details.get(row["article_id"])
            if reason is None and row["status"] in {"carried", "failed"}:
                reason = "its row was carried over, and no readable earlier snapshot has it"
            elif reason is None and ref and record_of(ref) in records:
                reason = "today's extractor does not find the article in its record"
            elif reason is None and ref:
                reason = _unreadable(source, ref)
            if reason is not None:
                named = reason if ref and ref in reason else f"{ref or 'no record'}: {reason}"
                found[row["article_id"]] = (row["url"], named)
    return found


def _unreadable(source: RecordReader, reference: str) -> str | None:
    """Return why the record cannot be read again; None for a readable record of flattened text."""
    try:
        record = source.record(reference)
    except (InputError, ArchiveError) as error:
        return error.message
    known = record.type in {"response", "revisit"} or record.is_bare_page
    return "the request of this record is not known" if known else None
