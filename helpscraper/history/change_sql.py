"""The SQL that turns pairs of rows into change records, built from the table of kinds.

``pairs`` has one row for each article that differs: ``key``, ``via``, every compared column as ``b_…`` and ``a_…``, and
flags (``edited``, ``undated``, ``corroborated``, ``happened`` and so on; see ``compare``).
"""
# ruff: noqa: S608  (every name that is put into SQL below is a constant of this package; values are parameters)

from __future__ import annotations

from collections.abc import Collection

from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.history.kinds import ARTICLE, COMPARED, FIELD_KINDS, KINDS, LABELS

__all__ = ["COLUMNS", "HAPPENED", "RECORDS", "as_text", "records_query"]

_SQL_TYPES = {
    "list<element: string>": "VARCHAR[]",
    "list<item: string>": "VARCHAR[]",
    "string": "VARCHAR",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "date32[day]": "DATE",
    "int64": "BIGINT",
    "int32": "INTEGER",
    "int16": "SMALLINT",
}
COLUMNS = {field.name: _SQL_TYPES[str(field.type)] for field in SNAPSHOT_SCHEMA}
"""The SQL type of each column of a snapshot."""

HAPPENED = (
    "case when edited then 'edited' when retitled then 'retitled' when moved then 'moved'"
    " when b_article_id <> a_article_id then 'renamed' else 'touched' end"
)
"""The kind of a difference in a companion column, such as a date."""

# Conditions under which a difference only follows from the new key.
_FOLLOWING = {
    "url": "coalesce(ends_with(b_url, '/' || b_article_id)"
    " and a_url = left(b_url, length(b_url) - length(b_article_id)) || a_article_id, false)",
    "source_id": "coalesce(b_source_id = b_article_id and a_source_id = a_article_id, false)",
}


def records_query(unknown: Collection[str]) -> str:
    """Return the query for all records, each as ``article_id`` and a struct ``r``.

    Differences in the columns ``unknown`` to one side get the reason ``schema``.
    """
    structs = [
        _went(),
        _came(),
        *_hidden(),
        _renamed(),
        *(_field(name, name in unknown) for name in COMPARED),
    ]
    return f"""
        select article_id, r from (select key as article_id, unnest([{", ".join(structs)}]) as r from pairs)
        where r is not null
        """


_ORDER = "case r.kind " + " ".join(f"when '{kind}' then {i}" for i, kind in enumerate(KINDS)) + " end"

RECORDS = f"""
select article_id, r.kind as kind, r.field as field, r.before as before, r.after as after,
    r.silent as silent, ?::timestamptz as "at", r.reason as reason
from records_unsorted order by article_id, {_ORDER}, r.place nulls first
"""
"""The query that sorts the table ``records_unsorted``; its parameter is the instant of the later snapshot."""


def _struct(
    condition: str,
    kind: str,
    field: str,
    before: str,
    after: str,
    reason: str = "null",
    place: int | str = "null",
) -> str:
    """Return the SQL of one record, null where ``condition`` does not hold."""
    return (
        f"case when {condition} then struct_pack(kind := {kind}, field := {field}::varchar,"
        f" before := {before}::varchar, after := {after}::varchar,"
        f" silent := {kind} = 'edited' and undated, reason := {reason}::varchar, place := {place}::integer) end"
    )


def _went() -> str:
    kind = "case when removed then 'removed' else 'unverified' end"
    return _struct("a_article_id is null", kind, f"'{ARTICLE}'", _whole("b"), "null")


def _came() -> str:
    kind = "case when added then 'added' else 'unverified' end"
    return _struct("b_article_id is null", kind, f"'{ARTICLE}'", "null", _whole("a"))


def _hidden() -> tuple[str, str]:
    """Hidden articles: whether a crawl sees them is no change of the site."""
    kind, field, reason = "'unverified'", f"'{ARTICLE}'", "'unseen'"
    return (
        _struct("hidden and a_article_id is not null", kind, field, "null", _whole("a"), reason),
        _struct("hidden and a_article_id is null", kind, field, _whole("b"), "null", reason),
    )


def _whole(side: str) -> str:
    """Return the SQL of a whole article as a JSON object without nulls (the merge patch drops them)."""
    parts = ", ".join(
        f"{name} := {_json(f'{side}_{name}', COLUMNS[name])}" for name in ("article_id", *COMPARED)
    )
    return f"json_merge_patch('{{}}', to_json(struct_pack({parts})))"


def _renamed() -> str:
    reason = "case when not corroborated then 'extractor' end"
    return _struct("b_article_id <> a_article_id", "'renamed'", "via", "b_article_id", "a_article_id", reason)


def _field(name: str, unknown: bool) -> str:
    before, after = f"b_{name}", f"a_{name}"
    if name in FIELD_KINDS:
        kind = f"'{FIELD_KINDS[name]}'"
    elif name in LABELS:
        slug = LABELS[name]
        kind = f"case when b_{slug} is null and a_{slug} is null then 'moved' else happened end"
    else:
        kind = "happened"
    # A value from the article's page is no change when only one of the two crawls read the page.
    unread = f"({before} is null and b_unread or {after} is null and a_unread)"
    reason = f"case when not corroborated then 'extractor' when {unread} then 'unread' end"
    differs = f"both_there and {before} is distinct from {after}"
    if name in _FOLLOWING:
        differs += f" and not (b_article_id <> a_article_id and {_FOLLOWING[name]})"
    if unknown:
        reason = "'schema'"
    old, new = as_text(before, COLUMNS[name]), as_text(after, COLUMNS[name])
    return _struct(differs, kind, f"'{name}'", old, new, reason, COMPARED.index(name))


def as_text(value: str, sql_type: str) -> str:
    """Return SQL for a value as text: ISO 8601 for dates and instants (UTC), JSON for lists, digits for numbers."""
    if sql_type == "TIMESTAMPTZ":
        naive = f"make_timestamp(epoch_us({value}))"
        return f"replace(strftime({naive}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
    if sql_type == "VARCHAR[]":
        return f"cast(to_json({value}) as varchar)"
    return f"cast({value} as varchar)"


def _json(value: str, sql_type: str) -> str:
    return as_text(value, sql_type) if sql_type in {"TIMESTAMPTZ", "DATE"} else value
