"""Find the newest events of a site and of its sections with DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpscraper.publish.load import EditionData
from helpscraper.publish.model import ArticleHistory

__all__ = ["SectionFeed", "section_feeds"]


@dataclass(frozen=True, slots=True)
class SectionFeed:
    """The newest events of a section, or of the site if ``slug`` is None: (article id, snapshot id), newest first."""

    slug: str | None
    title: str
    events: tuple[tuple[str, str], ...]

    def inputs(self, digests: Mapping[str, str]) -> str:
        """Return the inputs of the feed as text; ``digests`` are those of the articles."""
        return repr((self.title, [(owner, sid, digests[owner]) for owner, sid in self.events]))


def section_feeds(
    source: EditionData, missing: Iterable[ArticleHistory], kinds: frozenset[str], limit: int
) -> list[SectionFeed]:
    """Return the ``limit`` newest events of the site, and of every section.

    ``missing`` are the articles that are not in the last snapshot; each belongs to its last section. Events are
    ordered by snapshot, then by the article's key.
    """
    gone = list(missing)
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
        "create or replace temp table matching as select distinct owner, sid, slug, sha256(owner)[:16] as key"
        " from records join spots using (owner) where kind in (select unnest($1::varchar[]))",
        [sorted(kinds)],
    )
    site = con.execute(
        "select owner, sid from matching order by sid desc, key desc limit ?", [limit]
    ).fetchall()
    found = [SectionFeed(None, "all changes", tuple(site))]
    by_section: dict[str, list[tuple[str, str]]] = {}
    for slug, owner, sid in con.execute(
        "select slug, owner, sid from matching"
        " qualify row_number() over (partition by slug order by sid desc, key desc) <= ?"
        " order by slug, sid desc, key desc",
        [limit],
    ).fetchall():
        by_section.setdefault(slug, []).append((owner, sid))
    titles = con.execute("select slug, arg_max(title, owner) from spots group by 1 order by 1").fetchall()
    return found + [SectionFeed(slug, title, tuple(by_section.get(slug, ()))) for slug, title in titles]
