"""A commit writes a ledger's bodies as they come; the peak of Arrow's pool is that of a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


def test_a_commit_holds_a_small_part_of_the_bodies(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COMMIT, str(tmp_path)]
    bodies, letters, peak = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert bodies == 3000
    assert letters > 20 << 20
    assert peak < letters / 2
