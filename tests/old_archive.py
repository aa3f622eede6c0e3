"""An archive as helpscraper wrote it before schema 2, with rows of gone articles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.parquet import RUN_KEY
from helpscraper.archive.schema import SNAPSHOT_SCHEMA, VERSION_KEY

__all__ = ["make_old"]

SINCE_2 = ("labels", "votes_up", "votes", "confidence")


def make_old(root: Path) -> None:
    """Rewrite every snapshot of the local archive at ``root`` as schema 1, with a row for each article that is gone.

    Such a row holds what was last known of the article. Change feeds and bodies look the same in both versions.
    """
    known: dict[str, dict[str, Any]] = {}
    for path in sorted(root.glob("snapshots/*/*/*.parquet")):
        file = pq.ParquetFile(path)
        run = json.loads(file.schema_arrow.metadata[RUN_KEY])
        rows = file.read().to_pylist()
        at = rows[0]["snapshot_at"]
        rows += [
            known[name] | {"snapshot_at": at, "status": "gone"}
            for name in run.pop("gone", {})
            if name in known
        ]
        known |= {row["article_id"]: row for row in rows}
        schema = pa.schema([field for field in SNAPSHOT_SCHEMA if field.name not in SINCE_2])
        table = pa.Table.from_pylist(rows, schema).sort_by("article_id")
        noted = {VERSION_KEY: b"1", RUN_KEY: json.dumps(run).encode()}
        pq.write_table(table.replace_schema_metadata(noted), path)
