"""The report and the feeds of a large archive: full build, increment, size of pages, the front page in a real browser.

10,000 articles, a snapshot a day over a year, 1 % of the texts and 30 % of the view counts moving each day. Bounds: a
full build within 300 s and 1 GB (all processes together), an increment within 30 s (both for the pages and for the
feeds), pages under 300 KB, and the front page usable within a second from disk. ``--days`` and ``--articles`` make a
smaller run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.history_data import PARTITION, START, run_facts, vocabulary
from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import BODIES_SCHEMA, CHANGES_SCHEMA, SNAPSHOT_SCHEMA
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import EVIDENCE_KEY, FROM_KEY
from helpscraper.normalise.bodies import body_key

FULL_SECONDS, FULL_MB, STEP_SECONDS, PAGE_KB, FRONT_MS = 300, 1000, 30, 300, 1000


class Centre:
    """A help centre whose changes are known as they are made, so that no diff has to find them."""

    def __init__(self, articles: int) -> None:
        self.rng = np.random.default_rng(7)
        self.words = np.array(vocabulary(self.rng, 4000))
        weights = 1 / np.arange(1, len(self.words) + 1)
        self.weights = weights / weights.sum()
        self.count = articles
        self.ids = [f"article-{n:05d}" for n in range(articles)]
        self.titles = [self._words(7).capitalize() for _ in range(articles)]
        self.sections = self.rng.integers(0, 24, articles)
        self.paragraphs = [[self._words(60) for _ in range(7)] for _ in range(articles)]
        self.keys = [""] * articles
        self.dates = [(START - dt.timedelta(days=int(d))).date() for d in self.rng.integers(1, 900, articles)]
        self.views = self.rng.integers(10, 100_000, articles)

    def _words(self, count: int) -> str:
        return " ".join(self.rng.choice(self.words, count, p=self.weights))

    def commit(self, catalog: Catalog, day: int) -> None:
        """Let a day go by and commit its snapshot with its change feed."""
        at = START + dt.timedelta(days=day)
        feed: list[tuple[str, str, str, str, str, bool]] = []
        edited = (
            range(self.count)
            if day == 0
            else self.rng.choice(self.count, max(1, self.count // 100), replace=False)
        )
        bodies = [self._edit(int(n), at, feed if day else None) for n in edited]
        if day:
            for n in self.rng.choice(self.count, self.count * 3 // 10, replace=False):
                before, self.views[n] = self.views[n], self.views[n] + self.rng.integers(1, 60)
                feed.append((self.ids[n], "counted", "view_count", str(before), str(self.views[n]), False))
        columns = list(zip(*sorted(feed), strict=True)) or [[] for _ in range(6)]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, CHANGES_SCHEMA, strict=False)]
        changes = pa.table(
            [*arrays, pa.array([at] * len(feed), CHANGES_SCHEMA.field("at").type)], schema=CHANGES_SCHEMA
        )
        # As a crawl would publish it: against the snapshot of the day before, which saw everything.
        noted = {FROM_KEY: snapshot_id(at - dt.timedelta(days=1)).encode(), EVIDENCE_KEY: b"[]"}
        changes = changes.replace_schema_metadata(noted)
        rows, run = self._rows(at), run_facts(at)
        table = pa.Table.from_pylist(bodies, BODIES_SCHEMA)
        write_snapshot(catalog.store, PARTITION, snapshot_id(at), rows, table, run, changes if day else None)

    def _edit(
        self, n: int, at: dt.datetime, feed: list[tuple[str, str, str, str, str, bool]] | None
    ) -> dict[str, object]:
        before, dated = self.keys[n], self.dates[n]
        if feed is not None:
            self.paragraphs[n][int(self.rng.integers(7))] = self._words(60)
        text = "\n".join(self.paragraphs[n])
        self.keys[n] = body_key(text, text)
        if feed is not None:
            silent = n % 5 == 0
            feed.append((self.ids[n], "edited", "body_sha256", before, self.keys[n], silent))
            if not silent and dated != at.date():
                self.dates[n] = at.date()
                feed.append((self.ids[n], "edited", "updated_on", str(dated), str(at.date()), False))
        html = "".join(f"<p>{p}</p>" for p in self.paragraphs[n])
        return {
            "body_sha256": self.keys[n],
            "body_text": text,
            "body_markdown": text,
            "body_html": html,
            "first_snapshot_at": at,
        }

    def _rows(self, at: dt.datetime) -> pa.Table:
        given = {
            "snapshot_at": [at] * self.count, "article_id": self.ids, "title": self.titles,
            "url": [f"https://help.example/help/{each}" for each in self.ids],
            "section": [f"section-{n:02d}" for n in self.sections],
            "section_title": [f"Section {n:02d}" for n in self.sections], "updated_on": self.dates,
            "view_count": self.views, "body_sha256": self.keys, "status": ["fetched"] * self.count,
        }  # fmt: skip
        arrays = [
            pa.array(given[f.name], f.type) if f.name in given else pa.nulls(self.count, f.type)
            for f in SNAPSHOT_SCHEMA
        ]
        return pa.table(arrays, schema=SNAPSHOT_SCHEMA)


def build(what: str, archive: Path, out: Path) -> tuple[float, int]:
    """Build ``report`` or ``feed`` in a process of its own; return seconds, and the peak in MB over all processes."""
    command = [sys.executable, "-m", "helpscraper", what, "--archive", str(archive), "--out", str(out)]
    start, peak, spent = time.perf_counter(), 0, _processor()
    process = subprocess.Popen(command)
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(0.2)
    assert process.returncode == 0
    print(f"  {_processor() - spent:.0f} s of processor time")
    return time.perf_counter() - start, peak // 1024


def _processor() -> float:
    """The processor time of all children so far, which says more than the clock on a machine that others load."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(pid: int) -> int:
    """The proportional set size of a process and its children in KB: shared pages are counted once."""
    try:
        own = int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0])
        tasks = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except (OSError, IndexError):
        return 0  # it ended meanwhile
    return own + sum(_resident(int(child)) for children in tasks for child in children)


def front_page(out: Path) -> float | None:
    """Milliseconds from navigation until the front page has loaded, the best of three; None without a browser."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if binary is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        times = []
        for _ in range(3):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto((out / "index.html").as_uri())
            page.locator("#q").fill("a")
            times.append((time.perf_counter() - start) * 1000)
            page.close()
        browser.close()
    return min(times)


def main() -> int:
    """Measure, print a line for each bound, return 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--articles", type=int, default=10_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive, out, feeds = (Path(folder) / name for name in ("archive", "report", "feeds"))
        catalog, centre = Catalog(archive), Centre(args.articles)
        start = time.perf_counter()
        for day in range(args.days):
            centre.commit(catalog, day)
        print(
            f"archive of {args.articles:,} articles x {args.days} snapshots made in {time.perf_counter() - start:.0f} s"
        )
        full, full_mb = build("report", archive, out)
        told, told_mb = build("feed", archive, feeds)
        centre.commit(catalog, args.days)
        step, step_mb = build("report", archive, out)
        told_step, told_step_mb = build("feed", archive, feeds)
        largest = max(path.stat().st_size for path in out.rglob("*.html")) / 1000
        front = front_page(out)
        figures = [
            ("full build, seconds", full, FULL_SECONDS), ("full build, peak MB", full_mb, FULL_MB),
            ("increment, seconds", step, STEP_SECONDS), ("increment, peak MB", step_mb, FULL_MB),
            ("feeds, seconds", told, FULL_SECONDS), ("feeds, peak MB", told_mb, FULL_MB),
            ("feeds' increment, seconds", told_step, STEP_SECONDS),
            ("feeds' increment, peak MB", told_step_mb, FULL_MB),
            ("largest page, KB", largest, PAGE_KB), ("front page, milliseconds", front, FRONT_MS),
        ]  # fmt: skip
    for name, value, bound in figures:
        shown = (
            "no Chromium here"
            if value is None
            else f"{value:8.1f}  (bound {bound}){'' if value <= bound else '  MISSED'}"
        )
        print(f"{name:26} {shown}")
    return 1 if any(value is not None and value > bound for _, value, bound in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
