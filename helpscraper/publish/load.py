"""Read the data of one edition: DuckDB joins and counts; Python makes the history of one article at a time."""
# ruff: noqa: S608  (names in SQL are constants of this module; values are parameters)

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.sql import connect
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.history.last_read import OF_THE_PAGE, last_reads
from helpscraper.publish.model import ArticleHistory, ChangeRecord, Translation
from helpscraper.publish.story import article_history
from helpscraper.publish.tables import prepare
from helpscraper.sites import sites_at

__all__ = ["EditionData"]


class EditionData:
    """One site and locale of an archive, from the snapshot with id ``first`` to ``last``; a context manager.

    ``counted`` adds changes of view counts to the events of articles; without ``views`` they are not read at all.
    Raises ``CommandError`` when the range is empty.
    """

    def __init__(
        self, catalog: Catalog, partition: Partition, first: str | None = None, last: str | None = None,
        *, counted: bool = False, views: bool = True,
    ) -> None:  # fmt: skip
        self.catalog = catalog
        self.partition = partition
        self.locale = sites_at(catalog.store.uri).locale(partition.site, partition.locale)
        every = catalog.snapshots(partition)
        self.snapshots = [s for s in every if (first or s.id) <= s.id <= (last or s.id)]
        if not self.snapshots:
            raise CommandError(
                f"{catalog.store.uri} ({partition}): no snapshot from {first or 'the first'} to {last or 'latest'}",
                advice="choose snapshots that `helpscraper log` lists, or crawl first",
            )
        self.ids = [each.id for each in self.snapshots]
        self.con = connect(catalog, memory_limit="300MB")
        self.con.execute("set preserve_insertion_order = false")
        self.renamed = prepare(self.con, catalog, partition, self.snapshots, counted=counted, views=views)

    def __enter__(self) -> EditionData:
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

    def article_digests(self) -> dict[str, str]:
        """Return a digest of the inputs of each article's page, for every article ever seen."""
        rows = self.con.execute(
            """
            with changes_of as (
                select owner, md5(string_agg(concat_ws(chr(31), sid, article_id, kind, field, coalesce(before, chr(30)),
                       coalesce(after, chr(30)), silent), chr(29) order by sid, article_id, kind, field)) as h
                from records group by owner),
            base as (select owner, md5(concat_ws('/', ?, f::varchar)) as h from first_owned f),
            last as (select article_id as owner, md5(l::varchar) as h from last_rows l),
            counted as (select distinct owner, 'counted' as h from points)
            select owner, md5(concat_ws('/', coalesce(base.h, ''), coalesce(changes_of.h, ''), coalesce(last.h, ''),
                   coalesce(counted.h, '')))
            from changes_of full join base using (owner) full join last using (owner) left join counted using (owner)
            order by 1
            """,
            [self.ids[0]],
        ).fetchall()
        return dict(rows)

    def missing_articles(self) -> list[str]:
        """Return the ids of the articles that are not in the last snapshot, sorted."""
        rows = self.con.execute(
            "select owner from (select owner from records union select owner from first_owned)"
            " where owner not in (select article_id from last_rows) order by 1"
        ).fetchall()
        return [owner for (owner,) in rows]

    def articles(
        self, wanted: Sequence[str], translations: Mapping[str, tuple[Translation, ...]]
    ) -> Iterator[ArticleHistory]:
        """Yield the histories of the ``wanted`` articles, by id."""
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
        records = {
            owner: [ChangeRecord(*row[1:]) for row in group]
            for owner, group in groupby(found, key=lambda row: row[0])
        }
        counted = {
            row[0]
            for row in con.execute(
                "select distinct owner from points semi join asked using (owner)"
            ).fetchall()
        }
        for owner in sorted(wanted):
            yield article_history(
                owner, base.get(owner), self.ids[0], latest.get(owner), records.get(owner, ()),
                translations.get(owner, ()), owner in counted,
            )  # fmt: skip

    def _rows(self, query: str) -> dict[str, dict[str, Any]]:
        cursor = self.con.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return {row[-1]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}

    def bodies(
        self, keys: Sequence[str], *, form: Literal["text", "html", "markdown"] = "text"
    ) -> dict[str, str]:
        """Return bodies as text, HTML or Markdown by key, without missing ones."""
        column = f"body_{form}"
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
            # These aggregates do not depend on the order, so nothing has to be sorted.
            "select sid, concat_ws('/', count(*), bit_xor(h), sum(h % 1000000007)) from (select sid,"
            " hash(article_id, kind, field, before, after, silent) as h from feed) group by sid"
        ).fetchall()
        return dict(rows)

    def crawl_records(self, snapshot_id: str) -> list[ChangeRecord]:
        """Return the changes of one crawl without view counts, by article."""
        rows = self.con.execute(
            "select sid, article_id, kind, field, before, after, silent from feed where sid = ? and kind <> 'counted'"
            " order by article_id, kind, field",
            [snapshot_id],
        ).fetchall()
        return [ChangeRecord(*row) for row in rows]

    def counted(self, snapshot_id: str) -> list[tuple[str, int | None, int | None]]:
        """Return the changed view counts of one crawl: article id, before, after; the largest gain first."""
        return self.con.execute(
            "select article_id, try_cast(before as bigint), try_cast(after as bigint) from feed where sid = ?"
            " and kind = 'counted' order by coalesce(try_cast(after as bigint) - try_cast(before as bigint), 0) desc,"
            " article_id",
            [snapshot_id],
        ).fetchall()

    def titles(
        self, snapshot_id: str, wanted: Iterable[str] | None = None
    ) -> dict[str, tuple[str, str, str]]:
        """Return title, section and section title of the ``wanted`` articles (None: all) of one snapshot, by id."""
        snapshot = self.snapshots[self.ids.index(snapshot_id)]
        table = self.catalog.load_table(snapshot, columns=["article_id", "title", "section", "section_title"])
        if wanted is not None:
            names = pa.array(sorted(set(wanted)), pa.string())
            table = table.filter(pc.is_in(table.column("article_id"), value_set=names))
        columns = [table.column(name).to_pylist() for name in table.schema.names]
        return {
            article_id: (title, section or "", label or section or "")
            for article_id, title, section, label in zip(*columns, strict=True)
        }

    def reextracted_files(self) -> list[str]:
        """Return the files of re-extracted snapshots, whose rows differ from those of the crawl."""
        return [each.path for each in self.snapshots if each.reextracted]

    def changes(
        self, *, since: str = "", silent: bool = False
    ) -> Iterator[tuple[str, list[ChangeRecord], dict[str, str]]]:
        """Yield each crawl after ``since`` with its changes and the last id of each changed article, the latest first.

        With ``silent``, only the articles with a silent edit; changes of counts are never included.
        """
        rows = self.con.execute(
            "select r.sid, r.article_id, r.kind, r.field, r.before, r.after, r.silent, r.owner from records r"
            " semi join (select sid, owner from records where sid > $1 group by all having bool_or(silent) or not $2) s"
            " on r.sid = s.sid and r.owner = s.owner where r.kind <> 'counted'"
            " order by r.sid desc, r.article_id, r.kind, r.field",
            [since, silent],
        ).fetchall()
        for snapshot, group in groupby(rows, key=lambda row: row[0]):
            found = list(group)
            yield snapshot, [ChangeRecord(*row[:-1]) for row in found], {row[1]: row[-1] for row in found}

    @cached_property
    def labels(self) -> dict[str, tuple[str, str, str]]:
        """The last known title, section and section title of every article ever seen, by id."""
        rows = self.con.execute(
            """
            with known as (
                select owner, title, section, section_title, '' as rank from first_owned
                union all select owner, j ->> '$.title', j ->> '$.section', j ->> '$.section_title', sid
                from (select owner, sid, coalesce(after, before) as j from records where field = 'article')
                union all select article_id, title, section, section_title, '~' from last_rows)
            select owner, arg_max({'t': title, 's': section, 'n': section_title}, rank) from known group by 1
            """
        ).fetchall()
        return {owner: (row["t"] or owner, row["s"] or "", row["n"] or row["s"] or "") for owner, row in rows}

    @cached_property
    def last_seen(self) -> dict[str, list[tuple[str, str, str]]]:
        """By crawl, each article that it found changed: its last id, its id then, the last crawl that saw it before.

        Of a change of its page, that is the last crawl that read the page. Articles that came or went are left out.
        """
        rows = self.con.execute(
            "select sid, owner, min(article_id), coalesce(max(before) filter (kind = 'renamed' and after = article_id),"
            " min(article_id)), bool_or(field in (select unnest(?))) from records where field <> 'article'"
            " group by sid, owner order by sid, owner",
            [sorted(OF_THE_PAGE)],
        ).fetchall()
        changed = {sid: [row[1:] for row in group] for sid, group in groupby(rows, key=lambda row: row[0])}
        found: dict[str, list[tuple[str, str, str]]] = {}
        seen: dict[str, Snapshot] = {}
        everywhere: Snapshot | None = None
        for before, after in pairwise(self.snapshots):
            with suppress(ArchiveError):  # the change feed is there, the snapshot is damaged
                if self.catalog.facts(before).complete:
                    seen, everywhere = {}, before
                else:
                    keys = self.catalog.load_table(before, columns=["article_id"]).column("article_id")
                    seen |= dict.fromkeys(keys.to_pylist(), before)
            own = changed.get(after.id, [])
            last_of = {key: last for _, _, key, _ in own if (last := seen.get(key, everywhere))}
            pages = {key: last_of[key] for _, _, key, of_page in own if of_page and key in last_of}
            read: dict[str, str] = {}
            for last in set(pages.values()):
                read |= last_reads(self.catalog, last, {key for key in pages if pages[key] == last})
            found[after.id] = [
                (owner, then, read.get(key, last_of[key].id)) for owner, then, key, _ in own if key in last_of
            ]
        return found

    def since(self, snapshot_id: str) -> dict[str, str]:
        """Return, by the id then, the last crawl that saw each article that this crawl found changed."""
        return {then: last for _, then, last in self.last_seen.get(snapshot_id, [])}

    def reused_ids(self) -> dict[str, dict[str, str]]:
        """Return, by crawl, the ids that now belong to another article, each with the last id of its article then."""
        rows = self.con.execute(
            "select sid, article_id, owner_of(article_id, sid) as owner from (select distinct sid, article_id from feed"
            " where article_id in (select article_id from tenures) and article_id in (select owner from records"
            " union select owner from first_owned union select article_id from last_rows)) where owner <> article_id"
        ).fetchall()
        found: dict[str, dict[str, str]] = {}
        for sid, article_id, owner in rows:
            found.setdefault(sid, {})[article_id] = owner
        return found

    def counts(self) -> list[tuple[str, str, str, int, int]]:
        """Return the changes of each crawl as (snapshot, kind, section, number of articles, number of silent ones)."""
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
