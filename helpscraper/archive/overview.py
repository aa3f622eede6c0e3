"""Tables of the snapshots and the runs of an archive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from helpscraper.archive.layout import Partition, refused_path, run_path, snapshot_instant
from helpscraper.archive.lost_snapshots import lost_snapshots
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import NO_COUNTS, Verdict
from helpscraper.errors import ArchiveError
from helpscraper.items import STATUSES

__all__ = ["RUNS_SCHEMA", "SNAPSHOTS_SCHEMA", "runs_table", "snapshots_table"]

_INSTANT = pa.timestamp("us", tz="UTC")
_COUNTS = (*STATUSES, "gone")

SNAPSHOTS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string(), nullable=False),
        pa.field("locale", pa.string(), nullable=False),
        pa.field("snapshot_id", pa.string(), nullable=False),
        pa.field("snapshot_at", _INSTANT, nullable=False),
        pa.field("articles", pa.int64()),
        pa.field("gone", pa.int64()),
        pa.field("complete", pa.bool_()),
        pa.field("outcome", pa.string()),
        pa.field("scope", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("reextracted", pa.bool_(), nullable=False),
        pa.field("extractor", pa.string()),
        pa.field("bytes", pa.int64()),
        pa.field("path", pa.string(), nullable=False),
        pa.field("error", pa.string()),
    ]
)
"""One row for each committed snapshot.

``articles`` counts its rows, ``gone`` the articles whose own page answered 404 or 410 in that crawl; ``scope`` is the
part that was crawled, null for all. ``error`` is the reason why a file cannot be read; its facts are then null. For a
packed month ``path`` is the month's file and ``bytes`` the snapshot's share of it.
"""

RUNS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string(), nullable=False),
        pa.field("locale", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("exit_code", pa.int32()),
        pa.field("started_at", _INSTANT, nullable=False),
        pa.field("finished_at", _INSTANT),
        pa.field("seconds", pa.float64()),
        pa.field("complete", pa.bool_()),
        pa.field("articles", pa.int64()),
        *(pa.field(name, pa.int64()) for name in _COUNTS),
        pa.field("requests", pa.int64()),
        pa.field("retries", pa.int64()),
        pa.field("bytes", pa.int64()),
        pa.field("health", pa.string()),
        pa.field("accepted", pa.bool_(), nullable=False),
        pa.field("snapshot", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
"""One row for each run, with the counts of its rows by status, and ``gone`` as in ``SNAPSHOTS_SCHEMA``.

``articles`` excludes ``gone``, ``health`` is the worst verdict, ``accepted`` marks a refused run that was accepted
later.
"""


def snapshots_table(catalog: Catalog) -> pa.Table:
    """Return one row per committed snapshot, oldest first within its partition, with ``SNAPSHOTS_SCHEMA``."""
    rows = []
    for snapshot in catalog.snapshots():
        row: dict[str, Any] = {
            "site": snapshot.partition.site,
            "locale": snapshot.partition.locale,
            "snapshot_id": snapshot.id,
            "snapshot_at": snapshot_instant(snapshot.id),
            "reextracted": snapshot.reextracted,
            "path": catalog.store.url(snapshot.path),
        }
        try:
            facts, articles = catalog.overview(snapshot)
            row |= {
                "articles": articles,
                "gone": len(facts.gone),
                "outcome": facts.outcome,
                "scope": facts.scope,
                "complete": facts.complete,
                "kind": facts.kind,
                "extractor": facts.extractor,
                "bytes": catalog.size(snapshot),
            }
        except ArchiveError as error:
            row["error"] = error.message
        rows.append(row)
    return pa.Table.from_pylist(rows, SNAPSHOTS_SCHEMA)


def runs_table(catalog: Catalog, last: int | None = None) -> pa.Table:
    """Return one row per run (of the ``last``, None: all) with ``RUNS_SCHEMA``, oldest first within its partition.

    A committed run without a snapshot is shown as ``failed``: it was killed in the last step, or its snapshot is lost.
    Unreadable run facts are shown as ``failed`` with the error as reason. A snapshot without run facts has a row too.
    """
    committed = {partition: catalog.paths(partition) for partition in catalog.partitions()}
    every = sorted(
        (run_id, partition)
        for partition, paths in committed.items()
        for run_id in {*catalog.run_ids(partition), *paths}
    )
    wanted: dict[Partition, list[str]] = {}
    for run_id, partition in every if last is None else every[max(0, len(every) - last) :]:
        wanted.setdefault(partition, []).append(run_id)
    rows = []
    for partition, ids in sorted(wanted.items()):
        paths, lost = committed[partition], lost_snapshots(catalog, partition, set(ids))
        rows += [_run_row(catalog, partition, run_id, paths.get(run_id), lost.get(run_id)) for run_id in ids]
    return pa.Table.from_pylist(rows, RUNS_SCHEMA)


def _run_row(
    catalog: Catalog, partition: Partition, run_id: str, path: str | None, feed: str | None
) -> dict[str, Any]:
    """Return the row of one run; ``path`` is the file of its snapshot, None when none was committed.

    ``feed`` is the change feed that was compared with a lost snapshot.
    """
    store = catalog.store
    row: dict[str, Any] = {
        "site": partition.site,
        "locale": partition.locale,
        "run_id": run_id,
        "started_at": snapshot_instant(run_id),
        "accepted": False,
    }
    committed = path is not None
    try:
        facts: RunFacts = (
            catalog.run(partition, run_id)
            if store.exists(run_path(partition, run_id))
            else catalog.facts(catalog.resolve(run_id, site=partition.site, locale=partition.locale))
        )
    except ArchiveError as error:
        return row | {"outcome": "failed", "reason": error.message, "snapshot": path}
    outcome: str = facts.outcome or "failed"
    reason = (
        facts.reason or facts.error or "; ".join(facts.incomplete_reasons) or _concerns(facts.health) or None
    )
    if not committed and outcome in {"committed", "incomplete"}:
        outcome, reason = "failed", "the commit was interrupted before the snapshot was written"
        if feed:
            reason = f"its snapshot is missing, although {feed} was compared with it"
    if not committed and store.exists(refused_path(partition, run_id)):
        path = refused_path(partition, run_id)
    counts, finished = facts.counts, facts.finished_at
    return row | {
        "kind": facts.kind,
        "outcome": outcome,
        "exit_code": facts.exit_code,
        "finished_at": dt.datetime.fromisoformat(finished) if finished else None,
        "seconds": facts.seconds,
        "complete": facts.complete,
        "articles": counts.live if counts != NO_COUNTS else None,
        **{name: getattr(counts, name) for name in _COUNTS},
        "requests": facts.requests.total,
        "retries": facts.requests.retries,
        "bytes": facts.requests.bytes,
        "health": _worst(facts.health),
        "accepted": committed and outcome == "refused",
        "snapshot": path,
        "reason": reason,
    }


def _concerns(health: Iterable[Verdict]) -> str:
    """Return the health checks that were not passed, with what they found."""
    return "; ".join(f"{each.check}: {each.detail}" for each in health if each.verdict != "ok")


def _worst(health: Iterable[Verdict]) -> str | None:
    verdicts = {each.verdict for each in health}
    return next((verdict for verdict in ("fail", "warn", "ok") if verdict in verdicts), None)
