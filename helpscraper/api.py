"""``Archive``: what a notebook, the command line and the report read. Needs no Scrapy.

>>> from helpscraper import Archive
>>> Archive("output")
Archive('output')
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from helpscraper.archive.arrow import with_edition
from helpscraper.archive.editions import editions_table
from helpscraper.archive.frames import to_frame
from helpscraper.archive.overview import runs_table, snapshots_table
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.sql import query
from helpscraper.archive.verify import VerifyReport, verify
from helpscraper.errors import ReferenceNotFoundError
from helpscraper.plain_text import html_safe

if TYPE_CHECKING:
    from helpscraper.history.diff import DiffResult
    from helpscraper.history.timeline import History

__all__ = ["Archive"]


class Archive:
    """An archive of snapshots, for reading.

    ``uri`` is a folder or an fsspec URL; ``site`` and ``locale`` narrow everything down to a part of it, and with the
    locale ``all`` ``load`` gives the rows of every edition. A snapshot is named by ``latest``, ``latest~N``, its id, a
    unique prefix of it, a day (text or ``datetime.date``), an instant (``datetime``) or a time back from now such as
    ``7d``; a text can have ``LOCALE:`` or ``SITE/LOCALE:`` before it for another edition. Methods raise
    ``ReferenceNotFoundError`` for an unknown name and ``ArchiveError`` naming a damaged file; the rest of the archive
    can still be read.

    DataFrames have the types that pandas works with: strings are ``str``, counts nullable ``Int64``, instants
    ``datetime64[us, UTC]``, calendar dates ``datetime64[us]`` at midnight without a zone, ``listed_in`` and ``labels``
    tuples.
    """

    def __init__(
        self, uri: str | os.PathLike[str] = "output", site: str | None = None, locale: str | None = None
    ) -> None:
        self._every_edition = locale == "all"
        self.catalog = Catalog(uri, site=site, locale=None if self._every_edition else locale)

    def __repr__(self) -> str:
        narrowed = [
            f"{name}={value!r}" for name in ("site", "locale") if (value := getattr(self.catalog, name))
        ]
        return f"Archive({', '.join([repr(self.catalog.store.uri), *narrowed])})"

    def _repr_html_(self) -> str:
        """Show the editions in a notebook: their snapshots, and the first and the last of them."""
        catalog = self._now()
        ids = {str(each): catalog.ids(each) for each in catalog.partitions()}
        names = ("edition", "snapshots", "first", "latest")
        shown = [(name, len(every), every[0], every[-1]) for name, every in ids.items() if every]
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in shown)
        head = "".join(f"<th>{name}</th>" for name in names)
        return f"<p>{html_safe(repr(self))}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _now(self) -> Catalog:
        """Return a new catalog, so that each method sees the newest commits."""
        return self.catalog.with_cached_listings()

    def snapshots(self) -> pd.DataFrame:
        """Return one row per committed snapshot, oldest first (``archive.overview.SNAPSHOTS_SCHEMA``)."""
        return to_frame(snapshots_table(self._now()))

    def runs(self) -> pd.DataFrame:
        """Return one row per run, refused and failed ones too (columns: ``archive.overview.RUNS_SCHEMA``)."""
        return to_frame(runs_table(self._now()))

    def resolve(self, ref: str | dt.date = "latest") -> Snapshot:
        """Return the snapshot named ``ref``; ``reextracted`` says whether a newer reading is used."""
        return self._now().resolve(ref)

    def load(self, ref: str | dt.date = "latest", bodies: bool = False) -> pd.DataFrame:
        """Return the rows of a snapshot, sorted by ``article_id``, with the columns of the data dictionary.

        Each row is an article that existed. The articles whose own page answered 404 or 410 in that crawl are in its
        run facts: ``archive.catalog.facts(archive.resolve(ref)).gone``. ``bodies`` adds ``body_text``,
        ``body_markdown`` and ``body_html``. ``frame.attrs`` holds ``snapshot`` (its id), ``site``, ``locale`` and
        ``reextracted``: whether this is a newer extractor's reading of that crawl. With ``locale="all"`` the columns
        ``site`` and ``locale`` come first, and editions without such a snapshot are left out.
        """
        catalog = self._now()
        if self._every_edition:
            return to_frame(_every_edition(catalog, ref, bodies))
        snapshot = catalog.resolve(ref)
        frame = to_frame(catalog.load_table(snapshot, bodies=bodies))
        frame.attrs = {
            "snapshot": snapshot.id,
            "site": snapshot.partition.site,
            "locale": snapshot.partition.locale,
            "reextracted": snapshot.reextracted,
        }
        return frame

    def diff(
        self,
        a: str | dt.date = "latest~1",
        b: str | dt.date = "latest",
        *,
        kinds: Iterable[str] = (),
        fields: Iterable[str] = (),
        sections: Iterable[str] = (),
    ) -> DiffResult:
        """Return the changes from snapshot ``a`` to snapshot ``b``; see ``history.diff.diff_snapshots``.

        ``kinds``, ``fields`` and ``sections`` (keys) narrow them; ``silent`` is understood as a kind.
        """
        from helpscraper.history.diff import diff_snapshots

        return diff_snapshots(self._now(), a, b, kinds=kinds, fields=fields, sections=sections)

    def changes(
        self,
        since: str | dt.date | None = None,
        until: str | dt.date | None = None,
        *,
        kinds: Iterable[str] = (),
        sections: Iterable[str] = (),
        words: bool = True,
    ) -> pd.DataFrame:
        """Return all changes from ``since`` to ``until``, each crawl against the one before it, as one DataFrame.

        One row for each change record, by edition, oldest first, with the columns of
        ``history.change_rows.CHANGE_ROWS_SCHEMA``: the article with its title, section and URL, the kind, field and
        values, the two crawls ``from`` and ``to`` between which it happened, and the words of an edit. A bound is a
        date, ``7d``, or a snapshot; both belong to the range. ``kinds`` (``silent`` counts as one) and ``sections``
        (keys) narrow the changes; without ``kinds`` all are given but ``counted``, for which there is ``views``.
        ``words=False`` leaves the words out, which saves some milliseconds for each edit.
        ``frame.attrs["warnings"]`` names crawls that cannot be compared.

        >>> archive = Archive("tests/data/archive-v1")
        >>> frame = archive.changes(since="2026-11-21", kinds=["silent"])
        >>> frame[["title", "from", "to"]].loc[0].tolist()
        ['Trading fees', '20261120T060000Z', '20261121T060000Z']
        >>> frame["words"][0].splitlines()
        ['Fees', 'Maker [-0.08-]{+0.07+} %', 'Taker 0.10 %']
        """
        from helpscraper.history.all_changes import all_changes

        found = all_changes(
            self._now(), since=since, until=until, kinds=kinds, sections=sections, words=words
        )
        frame = to_frame(found.table)
        frame.attrs = {"warnings": found.warnings}
        return frame

    def history(self, article_id: str) -> History:
        """Return the history of one article over all snapshots and across renames; see ``history.timeline``."""
        from helpscraper.history.timeline import article_history

        return article_history(self._now(), article_id)

    def views(self) -> pd.DataFrame:
        """Return the view counts as a tidy series with gains per day, across renames.

        One row for each article in each snapshot (columns: ``history.views.VIEWS_SCHEMA``). ``site``, ``locale``,
        ``article_id`` and ``slug`` are categories, because a year of 10,000 articles has 3.65 million rows.

        >>> views = Archive("tests/data/archive-v1").views()
        >>> views[["article_id", "view_count", "gain", "gain_per_day"]].tail(1).values.tolist()
        [['set-up-a-passkey', 1260, 60, 60.0]]
        """
        from helpscraper.history.views import view_series

        return to_frame(view_series(self._now()))

    def timeline(self, section: str | None = None) -> pd.DataFrame:
        """Return how many articles changed in each snapshot, by section and kind; ``section`` chooses one.

        One row for each (columns: ``history.timeline.TIMELINE_SCHEMA``); ``silent`` and ``picture`` count as kinds.

        >>> timeline = Archive("tests/data/archive-v1").timeline()
        >>> timeline.pivot_table(index="at", columns="kind", values="articles", aggfunc="sum")["silent"].tolist()
        [1]
        """
        from helpscraper.history.timeline import timeline_table

        return to_frame(timeline_table(self._now(), section))

    def freshness(self) -> pd.DataFrame:
        """Return how old each article of the latest snapshot is by its date, and how often it was edited since.

        One row for each article (columns: ``history.freshness.FRESHNESS_SCHEMA``).

        >>> fresh = Archive("tests/data/archive-v1").freshness()
        >>> fresh.loc[fresh.silent_edits > 0, ["article_id", "days", "edits"]].values.tolist()
        [['trading-fees', 51, 1]]
        """
        from helpscraper.history.freshness import freshness

        return to_frame(freshness(self._now()))

    def editions(self, base: str | None = None) -> pd.DataFrame:
        """Match the articles of one site's editions, and show which lag behind the ``base`` locale.

        ``base`` is by default the locale that a crawl without arguments asks for.
        One row per article and locale, of the latest snapshots (columns:
        ``archive.editions.EDITIONS_SCHEMA``).
        """
        return to_frame(editions_table(self._now(), base))

    def search(self, pattern: str, *, history: bool = False, sections: Iterable[str] = ()) -> pd.DataFrame:
        """Return the articles whose text matches a regular expression, in the latest snapshot or (``history``) ever.

        One row for each time during which an article said it: ``since`` and ``until`` (columns:
        ``history.search.SEARCH_SCHEMA``).
        """
        from helpscraper.history.search import search

        return to_frame(search(self._now(), pattern, history=history, sections=sections))

    def sql(self, query_text: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Return the answer to one SELECT over ``snapshots``, ``latest``, ``bodies``, ``changes``, ``runs``.

        ``params`` are the values of ``$name`` in the query. DuckDB does the work over the Parquet files, within 1 GB;
        see ``archive.sql`` for the views.

        >>> archive = Archive("tests/data/archive-v1")
        >>> archive.sql("select title from latest where view_count > $least", {"least": 1000})["title"].tolist()
        ['Set up a passkey']
        """
        return to_frame(query(self._now(), query_text, params))

    def body(self, sha256: str) -> dict[str, Any]:
        """Return one body: ``body_text``, ``body_markdown``, ``body_html``, ``first_snapshot_at``."""
        return self._now().body(sha256)

    def verify(self) -> VerifyReport:
        """Read every file and return the problems of the archive; nothing is repaired."""
        return verify(self._now())


def _every_edition(catalog: Catalog, ref: str | dt.date, bodies: bool) -> pa.Table:
    """Return the rows of the snapshot ``ref`` of each edition that has one, with ``site`` and ``locale``."""
    tables: list[pa.Table] = []
    missing: list[ReferenceNotFoundError] = []
    for partition in catalog.partitions():
        try:
            snapshot = catalog.resolve(ref, site=partition.site, locale=partition.locale)
        except ReferenceNotFoundError as error:
            missing.append(error)
            continue
        tables.append(with_edition(catalog.load_table(snapshot, bodies=bodies), partition))
    if not tables:
        raise missing[0] if missing else ReferenceNotFoundError(f"{catalog.store.uri} holds no snapshot")
    return pa.concat_tables(tables)
