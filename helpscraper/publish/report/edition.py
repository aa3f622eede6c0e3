"""The pages of one site and locale: their paths, digests of their inputs, and functions that make them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import Crawl, CrawlRow, PeriodCounts, article_key
from helpscraper.publish.report import indexes, lists, plots
from helpscraper.publish.report.contents import (
    ARTICLES_SHOWN,
    IndexedArticle,
    Section,
    indexed_articles,
    sections_of,
)
from helpscraper.publish.report.crawls import crawls
from helpscraper.publish.report.periods import periods_of, unit_of
from helpscraper.publish.report.render import (
    PageLocation,
    Words,
    first_rows,
    page,
    rows_page,
    rows_script,
    with_words,
)
from helpscraper.publish.report.search import data_script, documents, shards
from helpscraper.publish.story import crawl_rows
from helpscraper.publish.translations import main_edition, translations_by_article

__all__ = ["EditionPages", "Gain"]

Make = Callable[[], Iterator[tuple[str, str]]]
Gain = tuple[str, str, int | None, int | None]
"""Key and title of an article, its view count before and after."""
_GAINS = 10
_LONG = dt.timedelta(days=7)
"""Two crawls that are this far apart are named both."""
_RECENT = 12


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:32]


class EditionPages:
    """The pages of one edition; ``folder`` is its folder, relative to the report's root."""

    def __init__(
        self,
        source: EditionData,
        partitions: Sequence[Partition],
        *,
        lead: bool,
        feeds: str | None = None,
    ) -> None:
        self.source = source
        self.lead = lead
        self.feeds = feeds
        self._words: Words = {}
        self.partition = source.partition
        self.folder = f"{self.partition.site}/{self.partition.locale}"
        self.translations = translations_by_article(source.catalog, self.partition, partitions)
        self.crawls = crawls(source)
        self.last_seen = self._last_seen()
        self._digests = source.article_digests()
        self._reused_ids = source.reused_ids()
        self.edition_links = tuple(
            (
                str(each),
                "index.html" if each == main_edition(partitions) else f"{each.site}/{each.locale}/index.html",
                each == self.partition,
            )
            for each in partitions
        )

    def _last_seen(self) -> dict[str, dict[str, str]]:
        """Return by article, and by the crawl that found a change, the last crawl that saw the article before.

        Left out is the crawl right before, unless that is ``_LONG`` ago.
        """
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for after, rows in self.source.last_seen.items():
            before = self.source.previous(after) or after
            far = snapshot_instant(after) - snapshot_instant(before) >= _LONG
            for owner, _, last in rows:
                if far or last != before:
                    found[owner][after] = last
        return found

    @property
    def front(self) -> str:
        """The path of this edition's front page."""
        return "index.html" if self.lead else f"{self.folder}/index.html"

    @cached_property
    def periods(self) -> PeriodCounts:
        """The numbers of the plots."""
        return periods_of(self.crawls, self.source.counts())

    @cached_property
    def _indexed(self) -> list[IndexedArticle]:
        return indexed_articles(self.source)

    @cached_property
    def sections(self) -> list[Section]:
        """The sections, also those of which every article is gone."""
        return list(sections_of(self._indexed))

    @cached_property
    def _unit(self) -> str:
        return unit_of([crawl.id for crawl in self.crawls])

    def _digest(self, *parts: object) -> str:
        """Return a digest of the inputs of a page, including those of every page."""
        return _digest(asdict(self.place()), *parts)

    def place(self, below: str = "") -> PageLocation:
        """Return the location of pages in the subfolder ``below`` of this edition."""
        up = "../" if below else ""
        root = f"{up}../../"
        front = f"{root}index.html" if self.lead else f"{up}index.html"
        return PageLocation(
            self.partition.site,
            self.partition.locale,
            self.source.language,
            self.source.direction,
            root,
            up,
            front,
            self._unit,
            self.edition_links,
            self.feeds,
        )

    def articles(self) -> Iterator[tuple[str, str, str]]:
        """Yield id, key and digest of the inputs of each article's page."""
        for owner, digest in self._digests.items():
            translations = [asdict(each) for each in self.translations.get(owner, ())]
            yield owner, article_key(owner), self._digest(digest, translations, self.last_seen.get(owner))

    def crawl_pages(self) -> Iterator[tuple[Crawl, str, str]]:
        """Yield each crawl with the path of its page and the digest of the page's inputs."""
        digests, reextracted = self.source.crawl_digests(), self.source.reextracted_files()
        for place, crawl in enumerate(self.crawls):
            again = [each for each in reextracted if each.split("/")[-1].startswith(crawl.id)]
            # The crawl that read a page before may be any earlier one.
            earlier = [each.id for each in self.crawls[:place]] if crawl.id in digests else []
            inputs = asdict(crawl), digests.get(crawl.id), again, self._reused_ids.get(crawl.id), earlier
            yield crawl, f"{self.folder}/crawls/{crawl.id}.html", self._digest(*inputs)

    def other_pages(self) -> Iterator[tuple[str, str, Make]]:
        """Yield path, digest and maker of every other page; a maker yields the page and its separate scripts."""
        runs = [asdict(crawl) for crawl in self.crawls]
        path = f"{self.folder}/crawls/index.html"
        yield path, self._digest(runs), partial(self._list, path)
        every = self._digest(runs, self.source.crawl_digests(), self.source.reextracted_files())
        yield self.front, every, self._front
        for name, make in (("silent", self._silent), ("week", self._week), ("changes", self._changes)):
            yield f"{self.folder}/{name}.html", every, make
        yield from self._indexes()
        for before, after in sorted(self.source.renamed.items()):
            if before not in self._digests:
                name = f"{self.folder}/articles/{article_key(before)}.html"
                yield name, self._digest(before, after), partial(self._moved, name, after)

    def _indexes(self) -> Iterator[tuple[str, str, Make]]:
        """Yield the index of sections, the page of each section, and the index of articles."""
        inputs = [(section.key, self._digest(section.inputs)) for section in self.sections]
        path = f"{self.folder}/sections/index.html"
        yield path, self._digest(inputs), partial(self._sections, path)
        for section, (key, digest) in zip(self.sections, inputs, strict=True):
            path = f"{self.folder}/sections/{key}.html"
            yield path, digest, partial(self._articles, path, section.articles, section)
        path = f"{self.folder}/articles/index.html"
        yield path, self._digest(inputs), partial(self._articles, path, self._indexed, None)

    def _sections(self, path: str) -> Iterator[tuple[str, str]]:
        live = sum(section.live for section in self.sections)
        yield path, page("sections.html", self.place("sections"), sections=self.sections, live=live)

    def _articles(
        self, path: str, articles: Sequence[IndexedArticle], section: Section | None
    ) -> Iterator[tuple[str, str]]:
        shown = articles if section else articles[:ARTICLES_SHOWN]
        live = sum(each.lives for each in articles)
        yield path, page(
            "articles.html", self.place("articles"), section=section, articles=shown, live=live,
            gone=len(articles) - live, more=len(articles) - len(shown),
            sections=[] if section else sorted({each.section for each in articles if each.section}),
        )  # fmt: skip

    def _moved(self, name: str, after: str) -> Iterator[tuple[str, str]]:
        yield name, page("moved.html", self.place("articles"), key=article_key(after))

    def crawl_rows(self, crawl: Crawl) -> list[CrawlRow]:
        """Return the changes that a crawl found, except those of counts."""
        if not crawl.previous:
            return []
        records = self.source.crawl_records(crawl.id)
        titles = self.source.titles(crawl.id, (record.article_id for record in records))
        present = self._reused_ids.get(crawl.id, {})
        return crawl_rows(records, titles, crawl.previous, present, self.source.since(crawl.id))

    def crawl_counts(self, crawl: Crawl) -> tuple[list[Gain], list[Gain]]:
        """Return the largest changes of view counts that a crawl found, with titles, and all, with keys only."""
        counted = self.source.counted(crawl.id) if crawl.previous else []
        present = self._reused_ids.get(crawl.id, {})
        top = [name for name, _, _ in counted[:_GAINS]]
        titles = self.source.titles(crawl.id, top) if top else {}
        every = [
            (article_key(present.get(name, name)), titles.get(name, (name,))[0], before, after)
            for name, before, after in counted
        ]
        return every[:_GAINS], every

    def _list(self, path: str) -> Iterator[tuple[str, str]]:
        yield path, page("crawls.html", self.place("crawls"), crawls=self.crawls[::-1])

    def _silent(self) -> Iterator[tuple[str, str]]:
        front = self.periods
        edits = front.kinds.get("edited", (0,) * len(front.periods))
        dated = [max(0, each - quiet) for each, quiet in zip(edits, front.silent, strict=True)]
        plot: tuple[Markup, ...] = ()
        if sum(front.silent):
            draw = partial(plots.silent_edits, front.periods, dated, front.silent)
            plot = _both(draw, "silent", f"Edits by {front.unit}: dated by the site and silent")
        rows = lists.silent_rows(self.source)
        yield from self._rows("silent", rows, plot=plot, front=front, dated=dated, days=self._days)

    def _week(self) -> Iterator[tuple[str, str]]:
        rows = lists.week_rows(self.source)
        newest, crawls = self.source.ids[-1], len(self.source.ids)
        yield from self._rows("week", rows, newest=newest, crawls=crawls, counts=lists.counts_of(rows))

    def _changes(self) -> Iterator[tuple[str, str]]:
        rows, left_out = lists.newest_rows(self.source)
        yield from self._rows("changes", rows, left_out=left_out, days=self._days)

    @property
    def _days(self) -> tuple[str, str]:
        first, last = (snapshot_instant(each) for each in (self.source.ids[0], self.source.ids[-1]))
        return f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"

    def _rows(self, name: str, rows: list[CrawlRow], **context: Any) -> Iterator[tuple[str, str]]:
        """Yield a page with changes of several crawls, and the script of the rows that are not in it."""
        texts = lists.texts_of(self.source, first_rows(rows))
        text = rows_page(f"{name}.html", self.place(), rows, texts, self._words, **context)
        yield f"{self.folder}/{name}.html", text
        for script, text in rows_script(name, rows, self.source.language):
            yield f"{self.folder}/{script}", text

    def _front(self) -> Iterator[tuple[str, str]]:
        place = self.place()
        if self.lead:
            place = replace(place, root="", home=f"{self.folder}/", front="index.html")
        committed = [crawl for crawl in self.crawls if crawl.committed]
        changed = next(
            (crawl for crawl in reversed(committed) if any(kind != "counted" for kind in crawl.kinds)), None
        )
        rows = self.crawl_rows(changed) if changed else []
        texts = lists.texts_of(self.source, rows[:_RECENT])
        front = self.periods
        yield self.front, page(
            "front.html", place, crawls=self.crawls[::-1][:14], total=len(self.crawls), last=self.crawls[-1],
            committed=committed, newest=committed[-1], changed=changed, changes=len(rows),
            rows=with_words(rows[:_RECENT], texts, self.source.language, self._words),
            touched=sum(row.kinds == ("touched",) for row in rows),
            silent=sum(crawl.silent for crawl in committed), front=front, figures=self._figures(front),
            from_zero=plots.starts_at_zero(front.articles),
            darkest=max((max(counts) for counts in front.drawn_sections.values()), default=0),
            sections=sum(bool(section.live and section.slug) for section in self.sections),
        )  # fmt: skip

    def _figures(self, front: PeriodCounts) -> dict[str, tuple[Markup, ...]]:
        if not front.kinds:
            return {}
        note = "the numbers are in the table below"
        # All articles may be touched on one day, and would hide the other changes.
        drawn = {kind: counts for kind, counts in front.kinds.items() if kind != "touched"}
        by_kind = (
            f"Changed articles by {front.unit}, stacked by kind of change, without those only touched; {note}"
        )
        by_section = f"Changed articles by section and {front.unit}, without those only touched; {note}"
        return {
            "kinds": _both(partial(plots.changes_by_kind, front.periods, drawn), "kinds", by_kind),
            "sections": (
                _svg(
                    partial(plots.changes_by_section, front.periods, front.drawn_sections),
                    "sections",
                    by_section,
                ),
            ),
            "articles": (
                _svg(
                    partial(plots.series, front.periods, front.articles),
                    "articles",
                    f"Number of articles by {front.unit}; {note}",
                ),
            ),
        }

    def data(self) -> Iterator[tuple[str, str, Make]]:
        """Yield folder, digest and maker of the data scripts: search index and view counts."""
        rows = indexes.number_documents(self.source)
        found = [(article_key(row[0]), *row[1:]) for row in rows]
        yield f"{self.folder}/search/", indexes.search_digest(self.source), partial(self._search, found)
        yield f"{self.folder}/views/", indexes.views_digest(self.source), self._views

    def _search(self, found: Sequence[tuple[str, str, str, str | None, bool]]) -> Iterator[tuple[str, str]]:
        for number, block in enumerate(documents(found)):
            yield f"{self.folder}/search/d{number}.js", data_script(f"d{number}", block)
        numbers = []
        for number, words in shards(indexes.words_of_shards(self.source)):
            numbers.append(number)
            yield f"{self.folder}/search/w{number}.js", data_script(f"w{number}", words)
        yield f"{self.folder}/search/w.js", data_script("w", sorted(numbers))

    def _views(self) -> Iterator[tuple[str, str]]:
        for shard, text in indexes.views(self.source):
            yield f"{self.folder}/views/{shard}.js", f'helpscraperData("v{shard}",{text});\n'


def _svg(draw: partial[Figure], name: str, description: str) -> Markup:
    return Markup(plots.inline_svg(draw(), name, description))  # noqa: S704 (matplotlib escapes every label)


def _both(draw: partial[Figure], name: str, description: str) -> tuple[Markup, Markup]:
    """Return a figure in the width of a desk and in that of a phone."""
    return _svg(draw, name, description), _svg(partial(draw, width=plots.PHONE), f"{name}-phone", description)
