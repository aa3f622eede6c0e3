"""A long history of one edition, made by repeating a snapshot, in a folder or on an object store.

Each day one article has another text, which is gone the next day; its page is recorded. So every day brings a
snapshot, a feed, run facts, a bodies file and a recording, as a crawl leaves them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from helpscraper.archive.indexing import update_index
from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.store.objects import ObjectStore
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from tests.conftest import article, body
from tests.tables import articles_table
from tests.warc.made import exchange

EN = Partition("okx", "en")
# A thousand days later it is not yet today.
BEGIN = dt.datetime(2023, 9, 1, 6, tzinfo=dt.UTC)
_FEW = ("fees", "limits", "passkeys")


def invented() -> tuple[pa.Table, pa.Table]:
    """Return the rows and the bodies of a snapshot of three articles."""
    bodies = {name: body(f"words about {name}") for name in _FEW}
    rows = [article(BEGIN, name, section="help", body_sha256=bodies[name].sha256) for name in _FEW]
    return articles_table(rows), bodies_table(bodies.values(), BEGIN)


def day(number: int, rows: pa.Table, bodies: pa.Table) -> tuple[str, pa.Table, pa.Table]:
    """Return the id, the rows and the new bodies of one day."""
    at, edited = BEGIN + number * dt.timedelta(days=1), number % rows.num_rows
    new = body(f"words of day {number}")
    keys = rows.column("body_sha256").to_pylist()
    keys[edited] = new.sha256
    columns = {"body_sha256": keys, "snapshot_at": [at] * rows.num_rows}
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))
    fresh = bodies_table([new], at)
    return snapshot_id(at), rows, pa.concat_tables([bodies, fresh]) if number == 0 else fresh


def facts_of(name: str, rows: pa.Table, **known: Any) -> RunFacts:
    """Return the facts of a complete crawl of these rows."""
    whole = {"whole": True, "content_type": "section", "total": 0, "seen": 0}
    sections = {key: whole for key in rows.column("section").to_pylist() if key}
    return RunFacts.from_json({
        "run_id": name, "site": EN.site, "locale": EN.locale, "kind": "crawl", "outcome": "committed", "exit_code": 0,
        "complete": True, "started_at": dt.datetime.strptime(name, "%Y%m%dT%H%M%S%z").isoformat(),
        "finish_reason": "finished", "sections": sections, "versions": {"extractor": "okx/3"}, "seconds": 60.0,
        "counts": {"fetched": rows.num_rows}, "requests": {"total": rows.num_rows}, **known,
    })  # fmt: skip


def build(store: Store, days: range, base: tuple[pa.Table, pa.Table] | None = None) -> None:
    """Commit the snapshots of ``days`` (0 is the first), each a day later than the one before."""
    catalog, (every, bodies) = Catalog(store), base or invented()
    for number in days:
        name, rows, fresh = day(number, every, bodies)
        recorder = Recorder(store, EN, name, info={"software": "test"})
        recorder.write(exchange(f"https://help.example/help/{number}", f"page of day {number}".encode()))
        recorder.close()
        run = replace(facts_of(name, rows), warc=recorder.facts())
        changes = changes_feed(catalog, EN, name, rows, run, fresh.to_batches())
        write_snapshot(store, EN, name, rows, fresh, run, changes)


def fill(uri: str, built: Store, snapshots: int) -> Catalog:
    """Upload the first snapshots of a history, and index all files but those of the newest, as a crawl leaves them."""
    store = open_store(uri)
    newest = snapshot_id(BEGIN + (snapshots - 1) * dt.timedelta(days=1))
    paths = [path for path in built.list("") if path.rpartition("/")[2] < newest]
    _upload(paths, built, store)
    store.probe()
    update_index(Catalog(store).with_cached_listings(), EN)
    _upload([path for path in built.list("") if f"/{newest}" in path], built, store)
    return Catalog(store)


def _upload(paths: Sequence[str], built: Store, store: Store) -> None:
    assert isinstance(store, ObjectStore)
    store.fs.fs.pipe({f"{store.root}/{path}": built.read(path) for path in paths})
