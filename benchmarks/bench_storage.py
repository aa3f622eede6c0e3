"""What a year of daily snapshots takes on disk, beside a git repository of the same content.

10,000 articles, each day 1 % edited and 30 % of the view counts moving. The repository holds, for each article, one
JSON file of columns and one file for each form of the body; a commit a day, then ``git gc --aggressive``. "Each day
whole" writes every row with its body every day. Bounds: less than the repository, and less than 1/20 of each day whole.

The last line is no bound: the same rows with a month of snapshots in one file, sorted by article and then by time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import history_data
import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.parquet import write_parquet
from helpscraper.archive.schema import BODIES_SCHEMA, SNAPSHOT_SCHEMA

SHARE = 20
# What a crawl writes of itself is not the help centre's content, so git does not have to hold it.
_BOOKKEEPING = ("snapshot_at", "status", "fetched_at", "warc_record")


class Repository:
    """A git repository that is fed day by day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, str] = {}
        self.mark = 0
        subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
        self.process = subprocess.Popen(
            ["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE
        )
        assert self.process.stdin is not None
        self.stream: IO[bytes] = self.process.stdin

    def commit(self, day: history_data.Day) -> None:
        """Commit the files that changed that day."""
        columns = day.rows.drop_columns(list(_BOOKKEEPING)).to_pylist()
        texts = {
            row.pop("body_sha256"): row for row in day.bodies.drop_columns(["first_snapshot_at"]).to_pylist()
        }
        seconds = int(day.at.timestamp())
        self.stream.write(
            f"commit refs/heads/main\ncommitter bench <bench@example.com> {seconds} +0000\n".encode()
        )
        self.stream.write(b"data 0\n")
        for row in columns:
            slug = row["article_id"]
            files = {f"{slug}.json": json.dumps(row, default=str, indent=0)}
            if row["body_sha256"] in texts:
                files |= {f"{slug}.{form}": text for form, text in texts[row["body_sha256"]].items()}
            for path, text in files.items():
                if self.known.get(path) != text:
                    self.known[path] = text
                    data = text.encode()
                    self.stream.write(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")

    def packed(self) -> int:
        """Collect the garbage as hard as git can and return the bytes of the repository."""
        self.stream.close()
        self.process.wait()
        command = [
            "git",
            "-C",
            str(self.folder),
            "-c",
            "pack.threads=2",
            "gc",
            "--aggressive",
            "--prune=now",
            "--quiet",
        ]
        subprocess.run(command, check=True)
        return size(self.folder)


def size(folder: Path, pattern: str = "**/*") -> int:
    """Return the bytes of the files below ``folder``."""
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())


def whole(folder: Path, day: history_data.Day, bodies: pa.Table) -> int:
    """Write one day whole, rows and bodies, with the archive's own options, and return the bytes."""
    path = folder / "whole.parquet"
    rows = write_parquet(path, SNAPSHOT_SCHEMA, [day.rows.sort_by("article_id")])
    total = path.stat().st_size
    write_parquet(path, BODIES_SCHEMA, [bodies.sort_by("body_sha256")], rows=512)
    assert rows == bodies.num_rows
    return total + path.stat().st_size


def monthly(archive: Path, folder: Path) -> int:
    """Return the bytes of the snapshots' rows with thirty snapshots in a file."""
    paths = sorted(archive.glob("snapshots/*/*/*.parquet"))
    total = 0
    for start in range(0, len(paths), 30):
        tables = [pq.ParquetFile(path).read() for path in paths[start : start + 30]]
        table = pa.concat_tables(tables).replace_schema_metadata()
        target = folder / "month.parquet"
        table = table.sort_by([("article_id", "ascending"), ("snapshot_at", "ascending")])
        write_parquet(target, SNAPSHOT_SCHEMA, [table], rows=8192 * 30)
        total += target.stat().st_size
    return total


def main() -> int:
    """Print the sizes and ratios; return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--articles", type=int, default=10_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = Repository(folder / "git")
        each_day = first = 0
        for number, day in enumerate(history_data.build(folder / "archive", args.days, args.articles)):
            repository.commit(day)
            if number == 0:
                first = whole(folder, day, day.bodies)
            each_day += first  # every later day is as large as the first: as many rows, as many bodies
        packed = repository.packed()
        parts = {kind: size(folder / "archive" / kind) for kind in ("snapshots", "bodies", "changes", "runs")}
        packed_rows = monthly(folder / "archive", folder)
    own = sum(parts.values())
    print(f"{args.days} days of {args.articles:,} articles, in MB")
    print(
        f"  archive            {own / 1e6:9.1f}   "
        + ", ".join(f"{k} {v / 1e6:.1f}" for k, v in parts.items())
    )
    print(f"  git, gc aggressive {packed / 1e6:9.1f}   archive / git = {own / packed:.2f} (bound 1)")
    print(
        f"  each day whole     {each_day / 1e6:9.1f}   whole / archive = {each_day / own:.1f} (bound {SHARE})"
    )
    rest = own - parts["snapshots"]
    print(f"  months in one file {(packed_rows + rest) / 1e6:9.1f}   rows {packed_rows / 1e6:.1f}")
    return int(own >= packed or own * SHARE >= each_day)


if __name__ == "__main__":
    sys.exit(main())
