"""The archive as the records of ``model``: DuckDB joins and counts, Python folds one article at a time.

What changed comes from the change feeds that the crawls published; a snapshot without one (an import) is compared
with the one before it.
"""
# ruff: noqa: S608  (every name put into SQL is a constant of this module; values are parameters)

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import DEFAULT_PARTITION, Partition, changes_path
from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.sql import connect
from helpscraper.errors import CommandError
from helpscraper.history.diff import diff_snapshots
from helpscraper.locales import LOCALES
from helpscraper.report.model import Article, Crawl, Edition, Record, article_key, article_story

__all__ = ["Source", "editions_by_article", "lead_of"]

_ROW = (
    "article_id", "url", "title", "category_title", "section", "section_title", "published_on", "updated_on",
    "published_at", "updated_at", "body_sha256", "language",
)  # fmt: skip
_ID = """strftime("at", '%Y%m%dT%H%M%SZ')"""
_RECORD = "sid, owner, kind, field, before, after, silent"


class Source:
    """One site and locale of an archive, from snapshot ``first`` to ``last``; close it, or use it in ``with``.

    ``counted`` keeps view counts among the events of an article; without it they are only a series (``views``).
    Raises what ``Catalog.resolve`` raises, and ``CommandError`` when the range is empty.
    """

    def __init__(
        self, catalog: Catalog, partition: Partition, first: str | None = None, last: str | None = None,
        *, counted: bool = False,
    ) -> None:  # fmt: skip
        self.catalog = catalog
        self.partition = partition
        self._loud = "true" if counted else "kind <> 'counted'"
        self.locale = LOCALES.get(partition.locale)
        every = catalog.snapshots(partition)
        low = _resolved(catalog, partition, first) if first else None
        high = _resolved(catalog, partition, last) if last else None
        self.snapshots = [s for s in every if (low is None or s.id >= low) and (high is None or s.id <= high)]
        if not self.snapshots:
            raise CommandError(
                f"{catalog.store.uri} ({partition}): no snapshot from {first or 'the first'} to {last or 'latest'}",
                advice="`helpscraper log` lists the snapshots; crawl first when there is none",
            )
        self.ids = [each.id for each in self.snapshots]
        self.con = connect(catalog, memory_limit="300MB")
        self.con.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / "helpscraper-duckdb")])
        self.con.execute("set preserve_insertion_order = false")
        self._prepare()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    @property
    def language(self) -> str:
        """The BCP 47 tag of this edition."""
        return self.locale.bcp47 if self.locale else self.partition.locale

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return self.locale.direction if self.locale else "ltr"

    def previous(self, snapshot_id: str) -> str | None:
        """Return the id of the snapshot before, or None for the first."""
        place = self.ids.index(snapshot_id)
        return self.ids[place - 1] if place else None

    def _prepare(self) -> None:
        """Make the tables ``feed`` (all changes), ``records`` (those beside counts), ``first_rows``, ``last_rows``."""
        con = self.con
        columns = ", ".join(f"{name}::varchar as {name}" for name in _ROW)
        for name, snapshot in (("first_rows", self.snapshots[0]), ("last_rows", self.snapshots[-1])):
            con.register("loaded", self.catalog.load_table(snapshot, columns=[*_ROW, "status"]))
            con.execute(f"create temp table {name} as select {columns} from loaded where status <> 'gone'")
            con.unregister("loaded")
        published, lacking = [], []
        for before, after in zip(self.snapshots, self.snapshots[1:], strict=False):
            path = changes_path(self.partition, after.id)
            if self.catalog.store.exists(path) and not after.reextracted:
                published.append(after.id)
            else:
                lacking.append((before, after))
        con.execute("create temp table wanted as select unnest(?::varchar[]) as sid", [published])
        con.execute(
            "create temp table feed as"
            f" select {_ID} as sid, article_id, kind, field, before, after, silent from changes"
            f" where site = ? and locale = ? and {_ID} in (from wanted)"
            " and (kind <> 'counted' or field = 'view_count')",
            [self.partition.site, self.partition.locale],
        )
        for before, after in lacking:
            con.register("loaded", diff_snapshots(self.catalog, before, after).table)
            con.execute(
                "insert into feed select ?, article_id, kind, field, before, after, silent from loaded"
                " where kind <> 'counted' or field = 'view_count'",
                [after.id],
            )
            con.unregister("loaded")
        self._own_renames()

    def _own_renames(self) -> None:
        """Give each record its ``owner``: the id that the article bears after all its later renames."""
        renames = self.con.execute(
            "select sid, before, after from feed where kind = 'renamed' and field in ('source_id', 'body')"
            " and after = article_id"
            " order by sid desc"
        ).fetchall()
        final: dict[str, list[tuple[str, str]]] = {}
        for sid, before, after in renames:
            later = [owner for when, owner in final.get(after, ()) if when > sid]
            final.setdefault(before, []).append((sid, later[-1] if later else after))
        self.renamed = {before: pairs[-1][1] for before, pairs in final.items()}
        flat = [(before, sid, owner) for before, pairs in final.items() for sid, owner in pairs]
        self.con.execute("create temp table renames (article_id varchar, until varchar, owner varchar)")
        if flat:
            self.con.executemany("insert into renames values (?, ?, ?)", flat)
        self.con.execute(
            "create temp macro owner_of(id, seen) as coalesce((select min_by(r.owner, r.until) from renames r"
            " where r.article_id = id and r.until > seen), id)"
        )
        self.con.execute(
            f"create temp table records as select *, owner_of(article_id, sid) as owner from feed where {self._loud}"
        )
        self.con.execute(
            "create temp table first_owned as select *, owner_of(article_id, ?) as owner from first_rows",
            [self.ids[0]],
        )
        self._gather_views()

    def _gather_views(self) -> None:
        """Make the table ``points``: owner, snapshot and view count, where the count moved."""
        self.con.execute("create temp table points (owner varchar, sid varchar, n bigint)")
        for snapshot in dict.fromkeys((self.snapshots[0], self.snapshots[-1])):
            self.con.register(
                "loaded", self.catalog.load_table(snapshot, columns=["article_id", "view_count"])
            )
            self.con.execute(
                "insert into points select owner_of(article_id, $1), $1, view_count from loaded"
                " where view_count is not null",
                [snapshot.id],
            )
            self.con.unregister("loaded")
        self.con.execute(
            "insert into points select owner_of(article_id, sid), sid, try_cast(after as bigint) as n from feed"
            " where kind = 'counted' and sid <> ? and n is not null",
            [self.ids[-1]],
        )

    def article_digests(self) -> dict[str, str]:
        """Return, for every article ever seen, a digest of all that its page is made of."""
        rows = self.con.execute(
            """
            with told as (
                select owner, md5(string_agg(concat_ws(chr(31), sid, article_id, kind, field, coalesce(before, chr(30)),
                       coalesce(after, chr(30)), silent), chr(29) order by sid, article_id, kind, field)) as h
                from records group by owner),
            base as (select owner, md5(f::varchar) as h from first_owned f),
            last as (select article_id as owner, md5(l::varchar) as h from last_rows l),
            counted as (select distinct owner, 'counted' as h from points)
            select owner, md5(concat_ws('/', coalesce(base.h, ''), coalesce(told.h, ''), coalesce(last.h, ''),
                   coalesce(counted.h, '')))
            from told full join base using (owner) full join last using (owner) left join counted using (owner)
            order by 1
            """
        ).fetchall()
        return dict(rows)

    def articles(
        self, wanted: Sequence[str], editions: Mapping[str, tuple[Edition, ...]]
    ) -> Iterator[Article]:
        """Yield the stories of the ``wanted`` articles, by id."""
        con = self.con
        con.execute(
            "create or replace temp table asked as select unnest(?::varchar[]) as owner", [list(wanted)]
        )
        base = self._rows("select * exclude (owner), owner from first_owned semi join asked using (owner)")
        latest = self._rows(
            "select l.*, l.article_id as owner from last_rows l semi join asked on l.article_id = asked.owner"
        )
        found = con.execute(
            "select owner, sid, article_id, kind, field, before, after, silent from records semi join asked"
            " using (owner) order by owner, sid, kind, field"
        ).fetchall()
        told = {
            owner: [Record(*row[1:]) for row in group]
            for owner, group in groupby(found, key=lambda row: row[0])
        }
        counted = {
            row[0]
            for row in con.execute(
                "select distinct owner from points semi join asked using (owner)"
            ).fetchall()
        }
        for owner in sorted(wanted):
            yield article_story(
                owner, base.get(owner), self.ids[0], latest.get(owner), told.get(owner, ()), editions.get(owner, ()),
                owner in counted,
            )  # fmt: skip

    def _rows(self, query: str) -> dict[str, dict[str, Any]]:
        cursor = self.con.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return {row[-1]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}

    def bodies(self, keys: Sequence[str], *, html: bool = False) -> dict[str, str]:
        """Return the texts (or the HTML) of bodies by their keys; a key that no file holds is left out."""
        column = "body_html" if html else "body_text"
        return dict(
            self.con.execute(
                f"select body_sha256, any_value({column}) from bodies where site = ? and locale = ? and body_sha256 in"
                " (select unnest(?::varchar[])) group by 1",
                [self.partition.site, self.partition.locale, list(keys)],
            ).fetchall()
        )

    def crawl_digests(self) -> dict[str, str]:
        """Return a digest of the change feed of each snapshot but the first."""
        rows = self.con.execute(
            # Order does not matter to these, so a million records need no sorting.
            "select sid, concat_ws('/', count(*), bit_xor(h), sum(h % 1000000007)) from (select sid,"
            " hash(article_id, kind, field, before, after, silent) as h from feed) group by sid"
        ).fetchall()
        return dict(rows)

    def crawl_records(self, snapshot_id: str) -> list[Record]:
        """Return the changes of one crawl without the counts, article by article."""
        rows = self.con.execute(
            "select sid, article_id, kind, field, before, after, silent from feed where sid = ? and kind <> 'counted'"
            " order by article_id, kind, field",
            [snapshot_id],
        ).fetchall()
        return [Record(*row) for row in rows]

    def counted(self, snapshot_id: str) -> list[tuple[str, int | None, int | None]]:
        """Return the view counts that moved in one crawl: article id, before, after; the largest gain first."""
        return self.con.execute(
            "select article_id, try_cast(before as bigint), try_cast(after as bigint) from feed where sid = ?"
            " and kind = 'counted' order by coalesce(try_cast(after as bigint) - try_cast(before as bigint), 0) desc,"
            " article_id",
            [snapshot_id],
        ).fetchall()

    def titles(self, snapshot_id: str) -> dict[str, tuple[str, str, str]]:
        """Return title, section and section title of every article of one snapshot, by id."""
        snapshot = self.snapshots[self.ids.index(snapshot_id)]
        table = self.catalog.load_table(snapshot, columns=["article_id", "title", "section", "section_title"])
        columns = [table.column(name).to_pylist() for name in table.schema.names]
        return {
            article_id: (title, section or "", label or section or "")
            for article_id, title, section, label in zip(*columns, strict=True)
        }

    def silent_records(self) -> list[Record]:
        """Return the records of every article and crawl with a silent edit, the latest first."""
        rows = self.con.execute(
            f"select {_RECORD} from records r where exists (select 1 from records s where s.silent and"
            " s.sid = r.sid and s.owner = r.owner) order by sid desc, owner, kind, field"
        ).fetchall()
        return [Record(*row) for row in rows]

    def counts(self) -> list[tuple[str, str, str, int, int]]:
        """Return (snapshot, kind, section, articles, silent ones): the changes of every crawl, counted."""
        return self.con.execute(
            """
            with known as (
                select owner, coalesce(section_title, section) as section, 1 as rank from first_owned
                union all select owner, coalesce(j ->> '$.section_title', j ->> '$.section'), 2
                from (select owner, coalesce(after, before) as j from records where field = 'article')
                union all select article_id, coalesce(section_title, section), 3 from last_rows),
            places as (select owner, arg_max(section, rank) as section from known group by 1)
            select r.sid, r.kind, coalesce(p.section, ''), count(distinct r.owner),
                   count(distinct r.owner) filter (r.silent)
            from records r left join places p using (owner) group by 1, 2, 3 order by 1, 2, 3
            """
        ).fetchall()

    def silent_counts(self) -> dict[str, int]:
        """Return the number of articles with a silent edit by snapshot."""
        return dict(
            self.con.execute(
                "select sid, count(distinct owner) from records where silent group by 1"
            ).fetchall()
        )

    def kind_counts(self) -> dict[str, dict[str, int]]:
        """Return the number of articles under each kind of change, by snapshot."""
        rows = self.con.execute(
            "select sid, kind, count(distinct article_id) from feed group by 1, 2"
        ).fetchall()
        counts: dict[str, dict[str, int]] = {}
        for sid, kind, number in rows:
            counts.setdefault(sid, {})[kind] = number
        return counts

    def crawls(self) -> list[Crawl]:
        """Return every run of the range, the refused and failed ones too, oldest first."""
        counts, silent = self.kind_counts(), self.silent_counts()
        narrowed = Catalog(self.catalog.store, site=self.partition.site, locale=self.partition.locale)
        found = []
        for row in runs_table(narrowed).to_pylist():
            name = row["run_id"]
            if name < self.ids[0] or (name > self.ids[-1] and name in narrowed.ids(self.partition)):
                continue
            committed = name in counts or name in self.ids
            place = self.ids.index(name) if committed else None
            found.append(
                Crawl(
                    id=name,
                    outcome=row["outcome"],
                    complete=row["complete"],
                    health=self._health(name),
                    articles=row["articles"],
                    requests=row["requests"],
                    seconds=row["seconds"],
                    reason=row["reason"],
                    committed=committed,
                    kinds=counts.get(name, {}),
                    silent=silent.get(name, 0),
                    previous=self.ids[place - 1] if place else None,
                    next=self.ids[place + 1] if place is not None and place + 1 < len(self.ids) else None,
                )
            )
        return found

    def _health(self, run_id: str) -> tuple[tuple[str, str, str], ...]:
        if run_id not in self.catalog.run_ids(self.partition):
            return ()
        facts = self.catalog.run(self.partition, run_id)
        return tuple((each["check"], each["verdict"], each["detail"]) for each in facts.get("health") or ())


def lead_of(partitions: Sequence[Partition]) -> Partition:
    """Return the edition that stands for all of them: ``okx/en`` where it is among them, else the first."""
    return DEFAULT_PARTITION if DEFAULT_PARTITION in partitions else partitions[0]


def editions_by_article(catalog: Catalog, partition: Partition) -> dict[str, tuple[Edition, ...]]:
    """Return the editions in other locales of each article of ``partition``, by its id."""
    others = [each for each in catalog.partitions() if each.site == partition.site and each != partition]
    if not others:
        return {}
    whole = Catalog(catalog.store, site=partition.site)
    base = partition.locale
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in editions_table(whole, base).to_pylist():
        if row["edition"] is not None and row["locale"] != base:
            groups.setdefault(row["edition"], []).append(row)
    return {article_id: tuple(_edition(row) for row in rows) for article_id, rows in groups.items()}


def _edition(row: Mapping[str, Any]) -> Edition:
    locale = LOCALES.get(row["locale"])
    return Edition(
        row["locale"], locale.bcp47 if locale else row["locale"], locale.direction if locale else "ltr",
        str(row["title"]), f"{row['site']}/{row['locale']}/articles/{article_key(row['article_id'])}.html",
        row["days_behind"] if row["lags"] else None,
    )  # fmt: skip


def _resolved(catalog: Catalog, partition: Partition, reference: str) -> str:
    found: Snapshot = catalog.resolve(reference, site=partition.site, locale=partition.locale)
    return found.id
