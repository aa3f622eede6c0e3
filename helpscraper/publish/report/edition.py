"""The pages of one site and locale: their paths, digests of their inputs, and functions that make them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from itertools import groupby

from markupsafe import Markup
from matplotlib.figure import Figure

from helpscraper.archive.layout import Partition
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import Crawl, CrawlRow, PeriodCounts, article_key
from helpscraper.publish.report import indexes, plots
from helpscraper.publish.report.crawls import crawls
from helpscraper.publish.report.render import (
    ROWS_SHOWN,
    PageLocation,
    crawl_page,
    page,
    periods_of,
    row_data,
    unit_of,
)
from helpscraper.publish.report.search import data_script, documents, shards
from helpscraper.publish.story import crawl_rows
from helpscraper.publish.translations import main_edition, translations_by_article

__all__ = ["EditionPages", "view_frame"]

Make = Callable[[], Iterator[tuple[str, str]]]
_GAINS = 10
_RECENT = 12


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:32]


class EditionPages:
    """The pages of one edition; ``folder`` is its folder, relative to the report's root."""

    def __init__(self, source: EditionData, partitions: Sequence[Partition], *, lead: bool) -> None:
        self.source = source
        self.lead = lead
        self.partition = source.partition
        self.folder = f"{self.partition.site}/{self.partition.locale}"
        self.translations = translations_by_article(source.catalog, self.partition, partitions)
        self.crawls = crawls(source)
        self._digests = source.article_digests()
        self._reused_ids = source.reused_ids()
        self.edition_links = [
            (
                str(each),
                "index.html" if each == main_edition(partitions) else f"{each.site}/{each.locale}/index.html",
                each == self.partition,
            )
            for each in partitions
        ]

    @property
    def front(self) -> str:
        """The path of this edition's front page."""
        return "index.html" if self.lead else f"{self.folder}/index.html"

    @cached_property
    def periods(self) -> PeriodCounts:
        """The numbers of the plots."""
        return periods_of(self.crawls, self.source.counts())

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
        )

    def articles(self) -> Iterator[tuple[str, str, str]]:
        """Yield id, key and digest of the inputs of each article's page."""
        for owner, digest in self._digests.items():
            translations = [asdict(each) for each in self.translations.get(owner, ())]
            yield owner, article_key(owner), self._digest(digest, translations)

    def other_pages(self) -> Iterator[tuple[str, str, Make]]:
        """Yield path, digest and maker of every other page; a maker yields the page and its separate scripts."""
        digests, reextracted = self.source.crawl_digests(), self.source.reextracted_files()
        for crawl in self.crawls:
            path = f"{self.folder}/crawls/{crawl.id}.html"
            rows = [each for each in reextracted if each.split("/")[-1].startswith(crawl.id)]
            yield (
                path,
                self._digest(asdict(crawl), digests.get(crawl.id), rows, self._reused_ids.get(crawl.id)),
                partial(self._crawl, crawl, path),
            )
        runs = [asdict(crawl) for crawl in self.crawls]
        path = f"{self.folder}/crawls/index.html"
        yield path, self._digest(runs), partial(self._list, path)
        every = self._digest(runs, digests, reextracted, self.edition_links)
        yield self.front, every, self._front
        silent = f"{self.folder}/silent.html"
        yield silent, every, partial(self._silent, silent)
        for before, after in sorted(self.source.renamed.items()):
            if before not in self._digests:
                name = f"{self.folder}/articles/{article_key(before)}.html"
                yield name, self._digest(before, after), partial(self._moved, name, after)

    def _moved(self, name: str, after: str) -> Iterator[tuple[str, str]]:
        yield name, page("moved.html", self.place("articles"), key=article_key(after))

    def _crawl(self, crawl: Crawl, path: str) -> Iterator[tuple[str, str]]:
        rows = self._rows(crawl)
        counted = self.source.counted(crawl.id) if crawl.previous else []
        present = self._reused_ids.get(crawl.id, {})
        top = [name for name, _, _ in counted[:_GAINS]]
        titles = self.source.titles(crawl.id, top) if top else {}
        gains = [
            (article_key(present.get(name, name)), titles.get(name, (name, "", ""))[0], before, after)
            for name, before, after in counted[:_GAINS]
        ]
        yield path, crawl_page(crawl, self.place("crawls"), rows, len(counted), gains)
        base = path.removesuffix(".html")
        if len(rows) > ROWS_SHOWN:
            yield f"{base}-rows.js", data_script(f"rows{crawl.id}", row_data(rows[ROWS_SHOWN:]))
        if len(counted) > _GAINS:
            every = [[article_key(present.get(name, name)), before, after] for name, before, after in counted]
            yield f"{base}-views.js", data_script(f"views{crawl.id}", every)

    def _rows(self, crawl: Crawl) -> list[CrawlRow]:
        if not crawl.previous:
            return []
        records = self.source.crawl_records(crawl.id)
        titles = self.source.titles(crawl.id, (record.article_id for record in records))
        return crawl_rows(records, titles, crawl.previous, self._reused_ids.get(crawl.id, {}))

    def _list(self, path: str) -> Iterator[tuple[str, str]]:
        yield path, page("crawls.html", self.place("crawls"), crawls=self.crawls[::-1])

    def _silent(self, path: str) -> Iterator[tuple[str, str]]:
        rows: list[CrawlRow] = []
        # Rows link to pages by present ids; snapshots hold the ids of their time.
        old_ids = self.source.silent_ids()
        for snapshot, group in groupby(self.source.silent_records(), key=lambda record: record.snapshot):
            records = list(group)
            then = {record.article_id: old_ids[snapshot, record.article_id] for record in records}
            known = self.source.titles(snapshot, then.values())
            titles = {now: known[old] for now, old in then.items() if old in known}
            rows += crawl_rows(records, titles, self.source.previous(snapshot))
        front = self.periods
        edits = front.kinds.get("edited", (0,) * len(front.periods))
        dated = [max(0, each - quiet) for each, quiet in zip(edits, front.silent, strict=True)]
        plot = Markup()
        if sum(front.silent):
            figure = plots.silent_edits(front.periods, dated, front.silent)
            plot = _svg(figure, "silent", f"Edits by {front.unit}: dated by the site and silent")
        yield (
            path,
            page(
                "silent.html",
                self.place(),
                rows=rows[:ROWS_SHOWN],
                more=len(rows) - ROWS_SHOWN,
                sections=sorted({row.section_title for row in rows if row.section_title}),
                plot=plot,
                front=front,
                dated=dated,
            ),
        )
        if len(rows) > ROWS_SHOWN:
            yield (
                path.removesuffix(".html") + "-rows.js",
                data_script(
                    "rowssilent",
                    [
                        [*row, r.snapshot, r.previous]
                        for row, r in zip(row_data(rows[ROWS_SHOWN:]), rows[ROWS_SHOWN:], strict=True)
                    ],
                ),
            )

    def _front(self) -> Iterator[tuple[str, str]]:
        place = self.place()
        if self.lead:
            place = replace(place, root="", home=f"{self.folder}/", front="index.html")
        committed = [crawl for crawl in self.crawls if crawl.committed]
        changed = next(
            (crawl for crawl in reversed(committed) if any(kind != "counted" for kind in crawl.kinds)), None
        )
        rows = self._rows(changed) if changed else []
        front = self.periods
        yield self.front, page(
            "front.html", place, crawls=self.crawls[::-1][:14], total=len(self.crawls), last=self.crawls[-1],
            committed=committed, newest=committed[-1], changed=changed, rows=rows[:_RECENT], changes=len(rows),
            touched=sum(row.kinds == ("touched",) for row in rows),
            silent=sum(crawl.silent for crawl in committed), front=front, figures=self._figures(front),
            editions=self.edition_links,
            sections=len({section for _, section, _ in self.source.titles(committed[-1].id).values()} - {""}),
        )  # fmt: skip

    def _figures(self, front: PeriodCounts) -> dict[str, Markup]:
        if not front.kinds:
            return {}
        note = "the numbers are in the table below"
        # All articles may be touched on one day, and would hide the other changes.
        drawn = {kind: counts for kind, counts in front.kinds.items() if kind != "touched"}
        return {
            "kinds": _svg(
                plots.changes_by_kind(front.periods, drawn), "kinds",
                f"Changed articles by {front.unit}, stacked by kind of change, without those only touched; {note}",
            ),
            "sections": _svg(
                plots.changes_by_section(front.periods, front.sections), "sections",
                f"Changed articles by section and {front.unit}, without those only touched; {note}",
            ),
            "articles": _svg(
                plots.series(front.periods, front.articles), "articles", f"Number of articles by {front.unit}; {note}"
            ),
        }  # fmt: skip

    def data(self) -> Iterator[tuple[str, str, Make]]:
        """Yield folder, digest and maker of the data scripts: search index and view counts."""
        rows = indexes.number_documents(self.source)
        found = [(article_key(row[0]), *row[1:]) for row in rows]
        yield f"{self.folder}/search/", indexes.search_digest(self.source), partial(self._search, found)
        yield f"{self.folder}/views/", indexes.views_digest(self.source), self._views

    def _search(self, found: Sequence[tuple[str, str, str, str | None, bool]]) -> Iterator[tuple[str, str]]:
        for number, block in enumerate(documents(found)):
            yield f"{self.folder}/search/d{number}.js", data_script(f"d{number}", block)
        words_by_shard = shards(indexes.tokens(self.source))
        for number, words in words_by_shard.items():
            yield f"{self.folder}/search/w{number}.js", data_script(f"w{number}", words)
        yield f"{self.folder}/search/w.js", data_script("w", sorted(words_by_shard))

    def _views(self) -> Iterator[tuple[str, str]]:
        for shard, text in indexes.views(self.source):
            yield f"{self.folder}/views/{shard}.js", f'helpscraperData("v{shard}",{text});\n'


def _svg(figure: Figure, name: str, description: str) -> Markup:
    return Markup(plots.inline_svg(figure, name, description))  # noqa: S704 (matplotlib escapes every label)


def view_frame() -> Markup:
    """Return the empty figure for view counts, which a script on the article's page fills in."""
    return _svg(plots.frame(), "views", "View count")
