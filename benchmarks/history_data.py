"""An invented help centre over a year, for the benchmarks of history and storage.

10,000 articles; each day 1 % of them are edited (one paragraph rewritten, date moved) and 30 % of the view counts move;
a tenth of the rows are fetched that day and the others carried, as an incremental crawl does it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import BODIES_SCHEMA, SNAPSHOT_SCHEMA
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from helpscraper.normalise.bodies import body_key

START = dt.datetime(2025, 11, 22, 6, tzinfo=dt.UTC)
PARTITION = Partition("okx", "en")
_SECTIONS = 24


@dataclass
class Day:
    """One day's crawl: the rows of its snapshot, the bodies that are new, and their texts by row."""

    at: dt.datetime
    rows: pa.Table
    bodies: pa.Table


def vocabulary(rng: np.random.Generator, size: int = 6000) -> list[str]:
    """Return invented words, short ones first: drawn by Zipf's law they compress as English does."""
    onsets, vowels, ends = (
        "b c d f g h l m n p r s t v w st tr pl".split(),
        "a e i o u ea".split(),
        "n r s t l d".split(),
    )
    words: dict[str, None] = {}
    while len(words) < size:
        syllables = 1 + int(rng.integers(0, 1 + min(3, len(words) // 300)))
        made = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables)) + str(
            rng.choice(ends)
        )
        words[made] = None
    return list(words)


class Centre:
    """The help centre on one day; ``days`` continues it."""

    def __init__(self, articles: int = 10_000, words: int = 420, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.words = np.array(vocabulary(self.rng))
        weights = 1 / np.arange(1, len(self.words) + 1)
        self.weights = weights / weights.sum()
        self.count = articles
        self.length = words
        self.titles = [self._sentence(7).capitalize() for _ in range(articles)]
        self.slugs = [f"{title.lower().replace(' ', '-')[:60]}-{i}" for i, title in enumerate(self.titles)]
        letters = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
        self.ids = ["".join(self.rng.choice(letters, 22)) for _ in range(articles)]
        self.snippets = [self._sentence(24).capitalize() for _ in range(articles)]
        self.paragraphs = [self._paragraphs() for _ in range(articles)]
        self.keys = [""] * articles
        self.section = self.rng.integers(0, _SECTIONS, articles)
        self.published = [
            START - dt.timedelta(minutes=int(m)) for m in self.rng.integers(1, 1_500_000, articles)
        ]
        self.updated = [
            p + dt.timedelta(minutes=int(m))
            for p, m in zip(self.published, self.rng.integers(1, 9999, articles), strict=True)
        ]
        self.views = self.rng.integers(10, 100_000, articles)
        self.fetched = [START] * articles
        self.records = [
            f"20251122T060000Z-00000.warc.gz#{31_000 * i + int(self.rng.integers(0, 9999))}"
            for i in range(articles)
        ]

    def _sentence(self, words: int) -> str:
        return " ".join(self.rng.choice(self.words, words, p=self.weights))

    def _paragraphs(self) -> list[str]:
        drawn = self.rng.choice(
            self.words, max(20, int(self.rng.normal(self.length, self.length / 4))), p=self.weights
        )
        cuts = range(0, len(drawn), 60)
        return [" ".join(drawn[i : i + 60]).capitalize() + "." for i in cuts]

    def days(self, count: int) -> Iterator[Day]:
        """Yield ``count`` days, the first with every body."""
        for number in range(count):
            at = START + dt.timedelta(days=number)
            changed = (
                np.arange(self.count)
                if number == 0
                else self.rng.choice(self.count, self.count // 100, replace=False)
            )
            if number:
                self._live(at, changed)
            bodies = pa.Table.from_pylist([self._body(int(i), at) for i in changed], BODIES_SCHEMA)
            yield Day(at, self._rows(at, number, set(changed.tolist())), bodies)

    def _live(self, at: dt.datetime, edited: np.ndarray) -> None:
        for i in edited.tolist():
            paragraphs = self.paragraphs[i]
            paragraphs[int(self.rng.integers(len(paragraphs)))] = self._sentence(60).capitalize() + "."
            self.updated[i] = at - dt.timedelta(minutes=int(self.rng.integers(1, 1400)))
        moved = self.rng.choice(self.count, self.count * 3 // 10, replace=False)
        self.views[moved] += self.rng.integers(1, 60, len(moved))
        name = snapshot_id(at)
        for place, i in enumerate(
            sorted({*edited.tolist(), *self.rng.choice(self.count, self.count // 20).tolist()})
        ):
            self.fetched[i] = at
            self.records[i] = f"{name}-00000.warc.gz#{31_000 * place + int(self.rng.integers(0, 9999))}"

    def _body(self, i: int, at: dt.datetime) -> dict[str, object]:
        text, markdown = "\n".join(self.paragraphs[i]), "\n\n".join(self.paragraphs[i])
        self.keys[i] = body_key(text, markdown)
        html = "".join(f"<p>{p}</p>" for p in self.paragraphs[i])
        return {
            "body_sha256": self.keys[i],
            "body_text": text,
            "body_markdown": markdown,
            "body_html": html,
            "first_snapshot_at": at,
        }

    def _rows(self, at: dt.datetime, number: int, fetched: set[int]) -> pa.Table:
        n = self.count
        offset = dt.timezone(dt.timedelta(hours=8))
        section = [f"faq-section-{s:02d}" for s in self.section]
        columns = {
            "snapshot_at": [at] * n,
            "article_id": self.slugs,
            "source_id": self.ids,
            "url": [f"https://www.example.com/help/{slug}" for slug in self.slugs],
            "title": self.titles,
            "category": ["faq"] * n,
            "section": section,
            "category_title": ["FAQ"] * n,
            "section_title": [f"Section {s:02d}" for s in self.section],
            "listed_in": [[s] for s in section],
            "published_at": self.published,
            "updated_at": self.updated,
            "published_on": [p.astimezone(offset).date() for p in self.published],
            "updated_on": [p.astimezone(offset).date() for p in self.updated],
            "view_count": self.views.tolist(),
            "snippet": [None] * n,
            "body_sha256": self.keys,
            "word_count": [60 * len(p) for p in self.paragraphs],
            "reading_minutes": [1 + len(p) // 4 for p in self.paragraphs],
            "language": ["en"] * n,
            "status": ["fetched" if f == at else "carried" for f in self.fetched],
            "fetched_at": self.fetched,
            "warc_record": self.records,
            "confidence": ["declared"] * n,
        }
        # Of a platform that shows no labels and no votes.
        absent = [None] * n
        return pa.table(
            {f.name: pa.array(columns.get(f.name, absent), f.type) for f in SNAPSHOT_SCHEMA},
            schema=SNAPSHOT_SCHEMA,
        )


def run_facts(at: dt.datetime) -> RunFacts:
    """Return the facts of a complete crawl."""
    sections = {f"faq-section-{s:02d}": {"whole": True, "content_type": "section"} for s in range(_SECTIONS)}
    return RunFacts.from_json({
        "run_id": snapshot_id(at), "site": "okx", "locale": "en", "kind": "crawl", "outcome": "committed",
        "complete": True, "started_at": at.isoformat(), "sections": sections, "versions": {"extractor": "okx/1"},
        "counts": {"fetched": 500},
    })  # fmt: skip


def build(folder: Path, days: int, articles: int = 10_000) -> Iterator[Day]:
    """Commit ``days`` snapshots with their feeds into ``folder`` and yield each day when it is committed."""
    catalog = Catalog(folder)
    for day in Centre(articles).days(days):
        name, run = snapshot_id(day.at), run_facts(day.at)
        changes = changes_feed(catalog, PARTITION, name, day.rows, run, day.bodies.to_batches())
        write_snapshot(catalog.store, PARTITION, name, day.rows, day.bodies, run, changes)
        yield day
