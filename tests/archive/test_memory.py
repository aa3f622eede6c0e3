"""Bodies and rows pass through memory in parts; the peak of Arrow's pool is that of a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.store import open_store
from helpscraper.archive.writer import write_snapshot

COMMIT = """
import datetime as dt, json, sys
import pyarrow as pa
from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import rows_table
from helpscraper.archive.store import open_store
from helpscraper.archive.writer import write_snapshot
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.merge import merge_row
from helpscraper.intake.tables import LedgerBodies
from helpscraper.items import Body
from helpscraper.normalise.bodies import body_key
from pathlib import Path

ARTICLES, AT = 3000, dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
ledger, letters = Ledger(Path(sys.argv[1]) / "ledger.sqlite"), 0
with ledger.transaction():
    for n in range(ARTICLES):
        text = f"{n} long " * 400
        body = Body(body_key(text, text), text, text, text)
        letters += 3 * len(text)
        ledger.fetched(f"a{n:06}", {"url": f"https://h/{n}", "title": "T", "body_sha256": body.sha256}, body)
rows = rows_table(merge_row(entry, None, AT) for entry in ledger.entries())
run = RunFacts(run_id=snapshot_id(AT))
written = write_snapshot(
    open_store(sys.argv[1]), Partition("okx", "en"), run.run_id, rows, LedgerBodies(ledger, AT), run
)
print(json.dumps([written.new_bodies, letters, pa.default_memory_pool().max_memory()]))
"""


KNOWN = """
import json, sys
import pyarrow as pa
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.intake.known import read_earlier_rows

known = read_earlier_rows(Catalog(sys.argv[1]), Partition("okx", "en"))
print(json.dumps([len(known.rows), pa.total_allocated_bytes(), pa.default_memory_pool().max_memory()]))
"""


def numbers(script: str, folder: Path) -> list[int]:
    command = [sys.executable, "-c", script, str(folder)]
    found: list[int] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def test_a_commit_holds_a_small_part_of_the_bodies(tmp_path: Path) -> None:
    bodies, letters, peak = numbers(COMMIT, tmp_path)
    assert bodies == 3000
    assert letters > 20 << 20
    assert peak < letters / 2


def test_the_rows_of_the_last_crawl_are_in_memory_once(tmp_path: Path) -> None:
    count, at = 16_000, dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
    columns = {
        "snapshot_at": pa.repeat(pa.scalar(at, pa.timestamp("us", "UTC")), count),
        "article_id": pa.array([f"a{n:06}" for n in range(count)]),
        "url": pa.array([f"https://h/{n}" for n in range(count)]),
        "title": pa.array([f"{n} long " * 60 for n in range(count)]),
        "status": pa.repeat("fetched", count),
    }
    run = RunFacts(run_id=snapshot_id(at), complete=True)
    write_snapshot(open_store(tmp_path), Partition("okx", "en"), run.run_id, pa.table(columns), [], run)
    known, held, peak = numbers(KNOWN, tmp_path)
    assert known == count
    assert held > 10 << 20
    assert peak < held * 1.5
