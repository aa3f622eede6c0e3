"""A saved page, or its flattened text, becomes a snapshot at the time when it was captured."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

import pyarrow as pa

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import EMPTY, ArgumentFacts, DeclarationFacts, RequestFacts
from helpscraper.archive.schema import rows_table
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.errors import CommandError, ExtractionError, InputError
from helpscraper.intake.enter import notes_of, readings_of
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.merge import Listings, merge_row
from helpscraper.intake.tables import LedgerBodies
from helpscraper.intake.versions import versions
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.payload.charsets import decoded, encoding_of
from helpscraper.platforms import address_at, extractor_of, get_platform, reader_at
from helpscraper.platforms.contract import Findings
from helpscraper.replay.naming import known_articles, named_rows
from helpscraper.replay.rows import with_rows
from helpscraper.sites import DEFAULT, Site, sites_at

__all__ = ["ImportReport", "import_page", "read_input"]

# As large as the largest response that a crawl accepts.
MAX_BYTES = 16 * 1024 * 1024
_UNCHANGED = "check --format and --url; nothing was imported"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import: the snapshot, and counts of corrected and open values by ``field/outcome``.

    ``doubts`` are findings of the health checks for a single page.
    """

    snapshot: SnapshotFile
    outcomes: Counter[str]
    ambiguous: tuple[str, ...]
    doubts: tuple[str, ...] = ()


def read_input(path: Path) -> bytes:
    """Return the bytes of ``path``, unpacked when it is a gzip file.

    Raises ``InputError`` naming the file, and the offset where a gzip stream breaks off, for a file that cannot be
    read, is empty, or is larger than 16 MiB unpacked.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}", advice="check the name and the permissions"
        ) from error
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(path, data)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{path}: {len(data):,} bytes; the bound is {MAX_BYTES:,}",
            advice="a saved page is smaller; check the file",
        )
    if not data.strip():
        raise InputError(f"{path}: the file is empty", advice="save the page again; nothing was imported")
    return data


def _gunzip(path: Path, data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return stream.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path}: the gzip stream is damaged within its {len(data):,} bytes: {error}",
            advice="copy the file again; nothing was imported",
        ) from error


def import_page(
    archive_uri: str,
    path: Path,
    *,
    form: Literal["html", "text"],
    url: str,
    locale: str | None = None,
    captured_at: dt.datetime,
    site: str | None = None,
) -> ImportReport:
    """Commit one saved page as a snapshot at ``captured_at`` (aware), marked as an incomplete import.

    ``url`` is the page's address, on any of the site's hosts; it decides the kind of page, and the site unless ``site``
    names it. ``locale`` is by default that of ``url``. The same file with the same arguments gives the same bytes, so
    importing it twice is harmless. Raises ``InputError`` for the file, also when its page is not of the kind that
    ``url`` says, ``CommandError`` for the arguments and ``ArchiveError`` for the archive; nothing is imported then.
    """
    context = _edition(_site_of(archive_uri, url, site), url, locale)
    if captured_at.tzinfo is None:
        raise CommandError(f"{captured_at.isoformat()} has no offset", advice="write 2026-11-22T06:00:00Z")
    captured_at = captured_at.astimezone(dt.UTC).replace(microsecond=0)
    data = read_input(path)
    catalog = Catalog(archive_uri)
    partition = Partition(context.site.name, context.locale)
    ambiguous: tuple[str, ...] = ()
    rules: dict[str, int] = {}
    if form == "text":
        raws, ambiguous = named_rows(_decoded(path, data), url, context, known_articles(catalog, partition))
        sections = frozenset[str]()
    else:
        found = _from_html(path, data, url, context)
        raws, rules = found.articles, dict(sorted(Counter(found.rules).items()))
        sections = frozenset(section for raw in raws for section in raw.listed_in)
        # Only the page says whether a list is a section or a tag; without that, its key is no article's own section.
        sections = frozenset() if found.content_type == "section" else sections
    if not raws:
        raise InputError(f"{path}: no article was found in it", advice=_UNCHANGED)
    with (
        TemporaryDirectory(prefix="helpscraper-") as folder,
        closing(Ledger(Path(folder) / "ledger")) as ledger,
    ):
        rows, outcomes = _rows(ledger, raws, context, captured_at, tags=sections)
        if not rows.num_rows:
            raise InputError(
                f"{path}: none of its {len(raws)} articles could become a row: {_named(outcomes)}",
                advice="check --format, --locale and --url; nothing was imported",
            )
        facts = _facts(partition, context, captured_at, path, url, len(data))
        run = with_rows(replace(facts, ambiguous=ambiguous, rules=rules), rows, outcomes)
        bodies = LedgerBodies(ledger, captured_at)
        written = write_snapshot(catalog.store, partition, snapshot_id(captured_at), rows, bodies, run)
    doubts = tuple(each.detail for each in run.health if each.verdict != "ok")
    return ImportReport(written, outcomes, ambiguous, doubts)


def _site_of(archive_uri: str, url: str, name: str | None) -> Site:
    """Return the site called ``name``, or else that of ``url``; raises ``CommandError`` when ``url`` is not its own."""
    sites = sites_at(archive_uri)
    site = sites.get(name) if name is not None else sites.find(url) or sites.get(DEFAULT)
    if site.serves(url) or _is_own_machine(url):
        return site
    raise CommandError(
        f"{url} is not a page of {site.name if name is not None else 'a help centre that helpscraper knows'}",
        advice=f"give the URL where the page was captured; {sites.known_hosts()}",
    )


def _edition(site: Site, url: str, locale: str | None) -> Context:
    """Return the edition that ``url`` belongs to; raises ``CommandError`` when it is not that of ``locale``."""
    stated = address_at(site, url).locale
    if not stated:
        raise CommandError(
            f"{url} does not state its edition, so nothing can be imported from there",
            advice="give the URL of the page that readers see",
        )
    context = Context(site, locale or stated)
    _ = context.locale_facts  # an unknown locale ends the import here
    if stated != context.locale:
        raise CommandError(
            f"{url} belongs to the edition {stated}, not to {context.locale}",
            advice=f"say --locale {stated}, or give the URL with its locale prefix",
        )
    return context


def _is_own_machine(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _decoded(path: Path, data: bytes) -> str:
    if data[:500].lstrip()[:1] == b"<":
        raise InputError(f"{path}: this is HTML, not flattened text", advice="import it with --format html")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 at byte {error.start}",
            advice="convert it first, for example with iconv; nothing was imported",
        ) from error


def _from_html(path: Path, data: bytes, url: str, context: Context) -> Findings:
    """Return the findings of a saved page."""
    platform, edition = reader_at(context, url)
    if address_at(context.site, url).kind not in {"article", "list", "category", "search"}:
        raise CommandError(
            f"{url} is no article, section, category or search of a help centre",
            advice=f"give the URL where the page was captured, such as {platform.article_url(context, 'some-article')}",
        )
    _check_encoding(path, data)
    try:
        return platform.read_saved(url, Payload(data), edition)
    except ExtractionError as error:
        raise InputError(f"{path}: {error.message}", advice=error.advice or _UNCHANGED) from error


def _check_encoding(path: Path, data: bytes) -> None:
    """Raise ``InputError`` unless ``data`` is UTF-8, or of the encoding that the page states.

    A crawl reads such a page as well as it can, because it cannot fetch the same page again; a file can be saved again.
    """
    if not decoded(data)[1]:
        return
    encoding, mark = encoding_of(data)
    try:
        data[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        offset = mark + error.start
    raise InputError(
        f"{path}: wrong encoding: not {encoding} at byte {offset}",
        advice="save the page as it was served, or correct its charset; nothing was imported",
    )


def _rows(
    ledger: Ledger, raws: Sequence[RawArticle], context: Context, at: dt.datetime, *, tags: frozenset[str]
) -> tuple[pa.Table, Counter[str]]:
    """Return the rows of a page, and counts of outcomes by ``field/outcome``."""
    with ledger.transaction():
        for raw in raws:
            section = None if raw.kind == "article" else next(iter(raw.listed_in), "")
            for note in notes_of(readings_of([raw], context, section=section, at=at)):
                note.enter(ledger)
    listings = Listings(tags=tags, confidence=get_platform(context.site.platform).claim.confidence)
    merged = (merge_row(entry, None, at, listings) for entry in ledger.entries())
    rows = rows_table(row for row in merged if row is not None)
    outcomes = Counter(ledger.tallies("fields"))
    if dropped := len(raws) - rows.num_rows:
        outcomes["row/dropped"] = dropped
    return rows, outcomes


def _facts(
    partition: Partition, context: Context, captured_at: dt.datetime, path: Path, url: str, size: int
) -> RunFacts:
    """Return the facts of the import of ``path``, of ``size`` bytes; they state what was ambiguous, and the rules."""
    page, reason = f"the page {url}", f"imported from one saved page, {path.name}"
    facts = RunFacts.imported(partition, captured_at, page, reason, versions(extractor_of(context.site)))
    return replace(
        facts,
        stated=facts.stated | {"ambiguous", "rules"},
        declaration=DeclarationFacts.of(context.site),
        requests=RequestFacts(stated=EMPTY, bytes=size),
        arguments=ArgumentFacts(file=path.name, url=url),
    )


def _named(outcomes: Counter[str]) -> str:
    return ", ".join(f"{name} ×{n}" for name, n in sorted(outcomes.items()) if not name.endswith("/present"))
