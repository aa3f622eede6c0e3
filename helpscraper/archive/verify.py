"""Check every file of an archive and report problems; nothing is repaired.

Files are read row group by row group, to bound memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.bodies import BodyIndex, bodies_files
from helpscraper.archive.layout import (
    ArchiveFile,
    Kind,
    PackedKind,
    Partition,
    folder,
    folder_within,
    parse_month_path,
    parse_path,
    run_path,
    snapshot_instant,
    snapshot_path,
)
from helpscraper.archive.lost_rows import COMPARED, lost_rows
from helpscraper.archive.lost_snapshots import lost_snapshots, overlapping_feeds
from helpscraper.archive.months import PackedMonth
from helpscraper.archive.parquet import RUN_KEY, open_parquet
from helpscraper.archive.problems import PROBLEMS_SCHEMA, Problem, VerifyReport
from helpscraper.archive.progress import Progress, silent, tracked
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import MovedAway, check_records
from helpscraper.archive.redirects import read_redirects, redirect_files
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import (
    BODIES_SCHEMA,
    CHANGES_SCHEMA,
    REQUIRED,
    SNAPSHOT_SCHEMA,
    read_compatible,
    schema_version,
)
from helpscraper.errors import ArchiveError, ReferenceNotFoundError
from helpscraper.normalise.bodies import body_key

__all__ = ["PROBLEMS_SCHEMA", "Problem", "VerifyReport", "verify"]

_SHOWN = 5
_WITH_ROWS: tuple[Kind, ...] = ("snapshots", "reextracted", "refused")
_PACKED: tuple[PackedKind, ...] = ("snapshots", "changes")
_TWICE = "plain readers see its rows twice; run `helpscraper compact` to finish an interrupted run"
_WARC_SCHEMA: pa.Schema = pa.schema([SNAPSHOT_SCHEMA.field("warc_record")])


def verify(catalog: Catalog, progress: Progress = silent) -> VerifyReport:
    """Read every file of the archive (within the catalog's filter) and report its problems.

    It checks that

    - the page checksums of Parquet files match, and every WARC record is readable and matches its digests;
    - every body hashes to its key, and the body and the record of every row exist;
    - file name, ``snapshot_at`` and run facts agree, and every snapshot has run facts;
    - no article is duplicate, no required column is null, no snapshot is in two files;
    - no re-extraction has lost a row or a body, and no snapshot is missing that a feed was compared with;
    - no change is in two feeds.

    ``progress`` is told of the files. Raises ``ReferenceNotFoundError`` when there is no archive.
    """
    report = VerifyReport()
    partitions = _partitions(catalog)
    if not partitions:
        # A mistyped path or a disk that is not mounted must not be reported as sound.
        raise ReferenceNotFoundError(
            f"{catalog.store.uri}: no archive here",
            advice="check --archive, --site and --locale, or crawl first",
        )
    for partition in partitions:
        for path in tracked(bodies_files(catalog.store, partition), f"{partition} bodies", progress):
            report.problems += _collected(path, _check_bodies(catalog, path, report))
        index = BodyIndex(catalog.store, partition)
        for kind in _WITH_ROWS:
            for item in tracked(_files(catalog, kind, partition), f"{partition} {kind}", progress):
                setattr(report, kind, getattr(report, kind) + 1)
                report.problems += _collected(item.path, _check_snapshot(catalog, item, index, report))
        for packed in _PACKED:
            for part in tracked(catalog.months.parts(packed, partition), f"{partition} months", progress):
                report.problems += _collected(part.path, _check_month(catalog, part, index, report))
            for path, name, other in catalog.months.duplicates(packed, partition):
                report.problems.append(Problem(path, "redundant", f"{other} holds {name} too: {_TWICE}"))
        for item in _files(catalog, "changes", partition):
            report.problems += _collected(item.path, _check_changes(catalog, item))
        for item in _files(catalog, "runs", partition):
            report.problems += _collected(item.path, _check_run(catalog, item))
        for path in redirect_files(catalog.store, partition):
            report.problems += _collected(path, _check_redirects(catalog, path))
        for name, feed in lost_snapshots(catalog, partition).items():
            path = snapshot_path(partition, name)
            report.problems.append(Problem(path, "snapshot is missing", f"{feed} was compared with it"))
        for path, (begin, between) in overlapping_feeds(catalog, partition).items():
            detail = f"it is from {begin}, but {between} in between has a feed: a sum counts changes twice"
            report.problems.append(Problem(path, "overlaps another feed", detail))
        references = _references(catalog, partition)
        for wrong in check_records(catalog.store, partition, references, progress):
            if isinstance(wrong, MovedAway):
                report.moved.append(wrong)
                continue
            where = f" ({wrong.url})" if wrong.url else ""
            advice = f"; {wrong.advice}" if wrong.advice else ""
            report.problems.append(
                Problem(wrong.file, "record", f"#{wrong.offset}: {wrong.detail}{where}{advice}")
            )
    report.problems += _foreign_files(catalog)
    return report


def _references(catalog: Catalog, partition: Partition) -> Iterator[str]:
    """Yield the records that rows of the partition refer to, if not the file before refers to the same.

    Damaged files are reported elsewhere.
    """
    before: set[str] = set()
    paths = [item.path for kind in _WITH_ROWS for item in _files(catalog, kind, partition)]
    for path in [*paths, *(part.path for part in catalog.months.parts("snapshots", partition))]:
        try:
            with open_parquet(catalog.store, path) as file:
                table = read_compatible(file.read(["warc_record"]), _WARC_SCHEMA, where=path)
        except ArchiveError:
            continue
        here = set(pc.unique(table.column("warc_record")).drop_null().to_pylist())
        yield from sorted(here - before)
        before = here


def _partitions(catalog: Catalog) -> list[Partition]:
    """Return every partition with a file of any kind."""
    kinds: tuple[Kind, ...] = ("snapshots", "bodies", "runs", "refused", "changes", "reextracted", "warc")
    found = {
        item.partition
        for kind in kinds
        for path in catalog.store.list(folder_within(kind, catalog.site, catalog.locale))
        if (item := parse_path(path) or parse_month_path(path))
    }
    return sorted(p for p in found if catalog.site in (None, p.site) and catalog.locale in (None, p.locale))


def _files(catalog: Catalog, kind: Kind, partition: Partition) -> list[ArchiveFile]:
    return sorted(item for path in catalog.store.list(folder(kind, partition)) if (item := parse_path(path)))


def _collected(path: str, problems: Iterator[Problem]) -> list[Problem]:
    """Collect the problems of one file; an unreadable file is a problem too."""
    found: list[Problem] = []
    try:
        found.extend(problems)
    except ArchiveError as error:
        found.append(Problem(path, "unreadable", error.message))
    return found


def _check_bodies(catalog: Catalog, path: str, report: VerifyReport) -> Iterator[Problem]:
    with open_parquet(catalog.store, path) as file:
        for batch in file.iter_batches(batch_size=256, use_threads=False):
            table = read_compatible(pa.Table.from_batches([batch]), BODIES_SCHEMA, where=path)
            report.bodies += table.num_rows
            keys, texts, markdowns = (
                table.column(name).to_pylist() for name in ("body_sha256", "body_text", "body_markdown")
            )
            wrong = [
                key
                for key, text, markdown in zip(keys, texts, markdowns, strict=True)
                if text is None or markdown is None or body_key(text, markdown) != key
            ]
            if wrong:
                yield Problem(path, "body does not hash to its key", _listed(wrong))


def _check_snapshot(
    catalog: Catalog, item: ArchiveFile, index: BodyIndex, report: VerifyReport
) -> Iterator[Problem]:
    with open_parquet(catalog.store, item.path) as file:
        groups = (file.read_row_group(n, use_threads=False) for n in range(file.num_row_groups))
        yield from _check_rows(item, file.schema_arrow, groups, index, report)
        if item.kind == "reextracted":
            yield from _check_losses(catalog, item, file.read(list(COMPARED)))
    if item.kind != "reextracted":
        yield from _check_facts(catalog, item)


def _check_losses(catalog: Catalog, item: ArchiveFile, rows: pa.Table) -> Iterator[Problem]:
    """Report the articles of a snapshot that its re-extraction lacks, or whose body or page it lacks."""
    path = catalog.months.path("snapshots", item.partition, item.snapshot_id)
    if path is None:
        yield Problem(item.path, "its snapshot is missing", snapshot_path(item.partition, item.snapshot_id))
        return
    with catalog.months.open("snapshots", item.partition, item.snapshot_id, path) as snapshot:
        lost = lost_rows(snapshot.read(COMPARED), rows)
    if lost.num_rows:
        texts = lost.column("article_id").to_pylist()
        yield Problem(item.path, "has lost rows or bodies of its snapshot", _listed(texts))


def _check_month(
    catalog: Catalog, part: PackedMonth, index: BodyIndex, report: VerifyReport
) -> Iterator[Problem]:
    """Check each snapshot in a month's file like one with its own file, and the number of its rows."""
    if part.error is not None:
        raise part.error
    kind, partition = part.file.kind, part.file.partition
    with open_parquet(catalog.store, part.path) as file:
        surplus = int(file.metadata.num_rows) - sum(part.rows.values())
    if surplus:
        yield Problem(part.path, "rows of no snapshot", f"{surplus} more than its metadata states")
    for name, count in part.rows.items():
        with catalog.months.open(kind, partition, name, part.path) as opened:
            table = opened.read()
        if table.num_rows != count:
            yield Problem(part.path, "rows are missing", f"{name} has {table.num_rows} of {count}")
        if kind == "snapshots":
            report.snapshots += 1
            item = ArchiveFile("snapshots", partition, name, 0, part.path)
            yield from _check_rows(item, table.schema, [table], index, report)
            yield from _check_facts(catalog, item)


def _check_facts(catalog: Catalog, item: ArchiveFile) -> Iterator[Problem]:
    if not catalog.store.exists(run_path(item.partition, item.snapshot_id)):
        yield Problem(item.path, "run facts are missing", run_path(item.partition, item.snapshot_id))


def _check_rows(
    item: ArchiveFile, schema: pa.Schema, tables: Iterable[pa.Table], index: BodyIndex, report: VerifyReport
) -> Iterator[Problem]:
    instant = pa.scalar(snapshot_instant(item.snapshot_id), SNAPSHOT_SCHEMA.field("snapshot_at").type)
    last = ""
    yield from _check_footer(item, schema)
    for each in tables:
        table = read_compatible(each, where=item.path)
        report.rows += table.num_rows
        for name in REQUIRED:
            if table.column(name).null_count:
                nulls = table.filter(pc.is_null(table.column(name)))
                yield Problem(item.path, f"{name} is null", _listed(nulls.column("article_id").to_pylist()))
        ids = pa.concat_arrays([pa.array([last]), *table.column("article_id").chunks])
        yield from _check_order(item.path, ids)
        last = ids[-1].as_py() or last
        other = table.filter(pc.not_equal(table.column("snapshot_at"), instant))
        if other.num_rows:
            ids_text = _listed(other.column("article_id").to_pylist())
            yield Problem(item.path, "snapshot_at does not agree with the file name", ids_text)
        keys = table.column("body_sha256").combine_chunks()
        missing = index.missing(pc.unique(keys).drop_null())
        if len(missing):
            rows = table.filter(pc.is_in(keys, value_set=missing))
            head = rows.slice(0, _SHOWN).select(["article_id", "body_sha256"]).to_pylist()
            texts = [f"{row['article_id']} ({row['body_sha256']})" for row in head]
            yield Problem(item.path, "body is missing", _listed(texts, rows.num_rows))


def _check_footer(item: ArchiveFile, schema: pa.Schema) -> Iterator[Problem]:
    metadata = schema.metadata or {}
    if schema_version(schema) is None:
        yield Problem(item.path, "schema version is missing", "the file's metadata does not state it")
    if RUN_KEY not in metadata:
        yield Problem(item.path, "run facts are missing from the footer", RUN_KEY.decode())
        return
    run_id = RunFacts.parse(metadata[RUN_KEY], item.path).run_id
    if run_id != item.snapshot_id:
        yield Problem(item.path, "run facts do not agree with the file name", f"they are those of {run_id}")


def _check_order(path: str, ids: pa.Array) -> Iterator[Problem]:
    """Report duplicate articles, and rows out of order, which would hide duplicates."""
    before, after = ids[:-1], ids[1:]
    twice = after.filter(pc.equal(before, after))
    if len(twice):
        yield Problem(path, "duplicate article", _listed(twice.to_pylist()))
    unsorted = after.filter(pc.less(after, before))
    if len(unsorted):
        yield Problem(path, "rows are not sorted by article_id", _listed(unsorted.to_pylist()))


def _check_changes(catalog: Catalog, item: ArchiveFile) -> Iterator[Problem]:
    with open_parquet(catalog.store, item.path) as file:
        for batch in file.iter_batches(use_threads=False):
            read_compatible(pa.Table.from_batches([batch]), CHANGES_SCHEMA, where=item.path)
    yield from ()


def _check_run(catalog: Catalog, item: ArchiveFile) -> Iterator[Problem]:
    facts = RunFacts.parse(catalog.store.read(item.path), item.path)
    if facts.run_id != item.snapshot_id:
        yield Problem(
            item.path, "run facts do not agree with the file name", f"they are those of {facts.run_id}"
        )


def _check_redirects(catalog: Catalog, path: str) -> Iterator[Problem]:
    read_redirects(catalog.store, path)
    yield from ()


def _foreign_files(catalog: Catalog) -> Iterator[Problem]:
    """Report foreign files in ``snapshots/``, because plain readers would read them."""
    for path in catalog.store.list("snapshots"):
        item = parse_path(path)
        if (item is None or item.part) and parse_month_path(path) is None:
            yield Problem(
                path, "not a snapshot", "plain readers read every file below snapshots/: move it away"
            )


def _listed(values: list[str], count: int | None = None) -> str:
    total = len(values) if count is None else count
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return f"{shown} and {total - _SHOWN} more" if total > _SHOWN else shown
