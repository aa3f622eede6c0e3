"""One article over 365 snapshots of 10,000 articles: its story below 0.3 s, any version of it below 20 ms warm.

``--archive`` takes an archive that an earlier run has left (``--keep``), since building a year takes some minutes.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import history_data
from helpscraper.archive.reader import Catalog
from helpscraper.history.timeline import article_history

STORY_SECONDS = 0.3
VERSION_MS = 20.0


def main() -> int:
    """Print the times and return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, help="an archive that is there already")
    parser.add_argument("--keep", type=Path, help="build the archive here and leave it")
    parser.add_argument("--days", type=int, default=365)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = args.archive or args.keep or Path(name)
        if args.archive is None:
            for _ in history_data.build(folder, args.days):
                pass
        return measure(folder)


def measure(folder: Path) -> int:
    """Measure stories and versions of articles drawn by chance."""
    catalog = Catalog(folder)
    partition = catalog.partition()
    snapshots = catalog.snapshots(partition)
    names = catalog.load_table(snapshots[-1], columns=["article_id"]).column("article_id").to_pylist()
    luck = random.Random(1)
    stories = []
    for name in luck.sample(names, 8):
        start = time.perf_counter()
        found = article_history(catalog, name)
        stories.append(time.perf_counter() - start)
        assert len(found)
    catalog.load_table(
        snapshots[-1], article_id=names[0], bodies=True
    )  # the first look reads the keys of all bodies
    versions = []
    for snapshot in luck.sample(snapshots, 40):
        start = time.perf_counter()
        rows = catalog.load_table(snapshot, article_id=luck.choice(names), bodies=True)
        versions.append((time.perf_counter() - start) * 1000)
        assert rows.num_rows == 1
    story, version = statistics.median(stories), statistics.median(versions)
    print(f"{len(snapshots)} snapshots of {len(names):,} articles")
    print(
        f"  story of one article        {story:.3f} s, slowest {max(stories):.3f} s   (bound {STORY_SECONDS} s)"
    )
    print(
        f"  one version with its body   {version:.1f} ms, slowest {max(versions):.1f} ms   (bound {VERSION_MS:.0f} ms)"
    )
    return int(story > STORY_SECONDS or version > VERSION_MS)


if __name__ == "__main__":
    sys.exit(main())
