"""Data for the browser: every word with its documents, and all view counts, computed by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from helpscraper.publish.load import EditionData
from helpscraper.publish.report.search import shard_of

__all__ = ["number_documents", "search_digest", "views", "views_digest", "words_of_shards"]

# Words of documents in one query: a report of 100,000 articles then stays within DuckDB's memory limit.
_AT_ONCE = 2_000_000


def number_documents(source: EditionData) -> list[tuple[str, str, str, str | None, bool]]:
    """Number every article ever seen (table ``documents``); return id, title, section, date and whether it exists."""
    source.con.execute(
        """
        create or replace temp table documents as
        with lost as (
            select owner, arg_max(before, sid) as j from records
            where kind in ('removed', 'unverified') and field = 'article' group by 1),
        every as (
            select article_id as owner, title, coalesce(section_title, section, '') as section,
                   coalesce(updated_on, updated_at[:10], published_on, published_at[:10]) as dated, body_sha256,
                   true as lives
            from last_rows
            union all select owner, coalesce(j ->> '$.title', owner), coalesce(j ->> '$.section_title', ''),
                   j ->> '$.updated_on', j ->> '$.body_sha256', false
            from lost where owner not in (select article_id from last_rows))
        select row_number() over (order by owner) - 1 as number, * from every
        """
    )
    return source.con.execute(
        "select owner, title, section, dated, lives from documents order by number"
    ).fetchall()


def search_digest(source: EditionData) -> str:
    """Return a digest of the inputs of the search index; call ``number_documents`` before."""
    row = source.con.execute(
        "select md5(string_agg(d::varchar, chr(30) order by number)) from documents d"
    ).fetchone()
    return str(row[0]) if row else ""


def words_of_shards(source: EditionData) -> Iterator[tuple[int, str, list[int], list[int]]]:
    """Yield shard and word, in this order, with the numbers of the documents that have it in the title, in the text.

    ``assets/search.js`` makes the same words: lower case without accents, a final sigma as any other; of scripts
    without spaces each character and each pair of characters.
    """
    con = source.con
    con.execute(
        r"""
        create or replace temp table words as
        with source as (
            select number, true as titled, title as text from documents
            union all select number, false, body_text from documents join bodies using (body_sha256)
            where site = ? and locale = ?),
        runs as (
            select number, titled,
                   regexp_matches(text, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
                   as unspaced,
                   list_distinct(regexp_extract_all(replace(strip_accents(lower(text)), 'ς', 'σ'), '[\p{L}\p{N}]+'))
                   as runs
            from source),
        every as (
            select number, titled, unnest(runs)[:24] as word from runs where not unspaced
            union all
            select number, titled, unnest(list_distinct(flatten([
                case when regexp_matches(run, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
                then list_concat(string_split(run, ''), [substr(run, i, 2) for i in range(1, length(run))])
                else [run[:24]] end for run in runs]))) from runs where unspaced)
        select word, word[:2] as beginning, number, titled from every where word <> ''
        """,
        [source.partition.site, source.partition.locale],
    )
    beginnings = [each for (each,) in con.execute("select distinct beginning from words").fetchall()]
    con.register("shards", pa.table({"beginning": beginnings, "shard": [*map(shard_of, beginnings)]}))
    # DuckDB does not spill lists, so they are made of some shards at a time.
    [(count,)] = con.execute("select count(*) from words").fetchall()
    parts = count // _AT_ONCE + 1
    for part in range(parts):
        cursor = con.execute(
            """
            select shard, word, coalesce(list(number order by number) filter (titled), []),
                   coalesce(list(number order by number) filter (not titled), [])
            from (select distinct shard, word, number, titled from words join shards using (beginning)
                  where shard % $1 = $2)
            group by shard, word order by shard, word
            """,
            [parts, part],
        )
        while rows := cursor.fetchmany(2000):
            yield from rows
    con.execute("drop table words")


def views_digest(source: EditionData) -> str:
    """Return a digest of all view counts."""
    row = source.con.execute(
        "select concat_ws('/', count(*), bit_xor(hash(owner, sid, n))) from points"
    ).fetchone()
    return str(row[0]) if row else ""


def views(source: EditionData) -> Iterator[tuple[str, str]]:
    """Yield shard and JSON of the view counts: ``{key: [[epoch seconds, count], …]}``, where the count changed.

    A shard holds the articles whose keys begin with the same two digits.
    """
    cursor = source.con.execute(
        """
        with times as (
            select sid, epoch(strptime(sid, '%Y%m%dT%H%M%SZ'))::bigint as second
            from (select distinct sid from points)),
        lines as (
            select sha256(owner)[:16] as key, replace(list_sort(list([second, n]))::varchar, ' ', '') as line
            from points join times using (sid) group by owner)
        select key[:2], string_agg('"' || key || '":' || line, ',' order by key) from lines
        group by 1 order by 1
        """
    )
    while rows := cursor.fetchmany(32):
        for shard, text in rows:
            yield shard, "{" + text + "}"
