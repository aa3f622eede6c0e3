"""The disk space of a year of daily snapshots, against a git repository of the same content.

10,000 articles, each day 1 % edited and 30 % of the view counts moving. The repository holds, for each article, one
JSON file of columns and one file for each form of the body; a commit a day, then ``git gc --aggressive``. "Each day
whole" writes every row with its body every day. The archive is measured as crawls leave it, and after ``compact``.
Bounds, after ``compact`` as git's figure is after ``gc``: less than the repository, and less than 1/20 of each day
whole; one article of one snapshot under 20 ms, every snapshot loaded as before.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import pyarrow as pa

from benchmarks import history_data
from helpscraper.archive.parquet import write_parquet
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import BODIES_SCHEMA, SNAPSHOT_SCHEMA

SHARE = 20
# Facts of crawls are not the help centre's content, so git does not have to hold them.
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
        """Run git's most aggressive ``gc`` and return the bytes of the repository."""
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


def sizes(archive: Path) -> dict[str, int]:
    """Return the bytes of each folder of the archive."""
    return {kind: size(archive / kind) for kind in ("snapshots", "bodies", "changes", "runs")}


def shown(name: str, parts: dict[str, int]) -> str:
    """Return the line of a table for the archive in one of its states."""
    detail = ", ".join(f"{kind} {value / 1e6:.1f}" for kind, value in parts.items())
    return f"  {name:<22}{sum(parts.values()) / 1e6:9.1f}   {detail}"


def packed(archive: Path) -> float:
    """Compact everything in a process of its own and return the seconds that it took."""
    command = [sys.executable, "-m", "helpscraper", "compact", "--archive", str(archive), "--keep", "0"]
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def one_article(archive: Path, count: int = 200) -> float:
    """Return the median seconds for one article of one snapshot, drawn anew each time, in a catalog that is warm."""
    luck, catalog = random.Random(7), Catalog(archive)
    snapshots = catalog.snapshots()
    articles = catalog.load_table(snapshots[0], columns=["article_id"]).column(0).to_pylist()
    taken = []
    for _ in range(count):
        snapshot, article = luck.choice(snapshots), luck.choice(articles)
        begin = time.perf_counter()
        found = catalog.load_table(snapshot, article_id=article)
        taken.append(time.perf_counter() - begin)
        assert found.num_rows == 1
    return statistics.median(taken)


def whole_snapshot(archive: Path, count: int = 9) -> float:
    """Return the median seconds for all rows of one snapshot."""
    catalog = Catalog(archive)
    taken = []
    for snapshot in catalog.snapshots()[:: max(1, len(catalog.snapshots()) // count)]:
        begin = time.perf_counter()
        catalog.load_table(snapshot)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


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
        collected = repository.packed()
        archive = folder / "archive"
        before, article_before, load_before = sizes(archive), one_article(archive), whole_snapshot(archive)
        seconds = packed(archive)
        after, article_after, load_after = sizes(archive), one_article(archive), whole_snapshot(archive)
    own = sum(after.values())
    print(f"{args.days} days of {args.articles:,} articles, in MB")
    print(shown("archive", before))
    print(f"{shown('archive, compacted', after)}, in {seconds:.0f} s")
    print(
        f"  {'git, gc aggressive':<22}{collected / 1e6:9.1f}   archive / git = {own / collected:.2f} (bound 1)"
    )
    print(
        f"  {'each day whole':<22}{each_day / 1e6:9.1f}   whole / archive = {each_day / own:.1f} (bound {SHARE})"
    )
    print(
        f"  one article of one snapshot {article_before * 1e3:.1f} ms,"
        f" compacted {article_after * 1e3:.1f} ms (bound 20)"
    )
    print(
        f"  one whole snapshot {load_before * 1e3:.0f} ms, compacted {load_after * 1e3:.0f} ms (bound 1000)"
    )
    return int(own >= collected or own * SHARE >= each_day or article_after > 0.02 or load_after > 1)


if __name__ == "__main__":
    sys.exit(main())
