"""Which events stand in the feeds of a site and of its sections: found by DuckDB, before any article is folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpscraper.publish.report.load import Source
from helpscraper.publish.report.model import Article

__all__ = ["Newest", "newest_of"]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest events of one section: (article id, snapshot id), the newest first; ``slug`` None: of the site."""

    slug: str | None
    title: str
    events: tuple[tuple[str, str], ...]

    def inputs(self, digests: Mapping[str, str]) -> str:
        """Return all that the feed is made of, as text; ``digests`` are those of the articles."""
        return repr((self.title, [(owner, sid, digests[owner]) for owner, sid in self.events]))


def newest_of(source: Source, lost: Iterable[Article], kinds: frozenset[str], limit: int) -> list[Newest]:
    """Return the ``limit`` newest events of the site, and of every section that an article stands in.

    ``lost`` are the articles that the last snapshot does not hold; each stands where it was seen last. Events are
    ordered by snapshot, then by the article's key.
    """
    gone = list(lost)
    columns = [
        [each.article_id for each in gone],
        [each.section for each in gone],
        [each.section_title for each in gone],
    ]
    con = source.con
    con.execute(
        "create or replace temp table spots as"
        " select owner, coalesce(section, '') as slug,"
        " coalesce(nullif(section_title, ''), nullif(section, ''), 'No section') as title from ("
        " select article_id as owner, section, section_title from last_rows union all"
        " select unnest($1::varchar[]), unnest($2::varchar[]), unnest($3::varchar[]))",
        columns,
    )
    con.execute(
        "create or replace temp table told as select distinct owner, sid, slug, sha256(owner)[:16] as key"
        " from records join spots using (owner) where kind in (select unnest($1::varchar[]))",
        [sorted(kinds)],
    )
    site = con.execute("select owner, sid from told order by sid desc, key desc limit ?", [limit]).fetchall()
    found = [Newest(None, "all changes", tuple(site))]
    by_section: dict[str, list[tuple[str, str]]] = {}
    for slug, owner, sid in con.execute(
        "select slug, owner, sid from told qualify row_number() over (partition by slug order by sid desc, key desc)"
        " <= ? order by slug, sid desc, key desc",
        [limit],
    ).fetchall():
        by_section.setdefault(slug, []).append((owner, sid))
    titles = con.execute("select slug, arg_max(title, owner) from spots group by 1 order by 1").fetchall()
    return found + [Newest(slug, title, tuple(by_section.get(slug, ()))) for slug, title in titles]
