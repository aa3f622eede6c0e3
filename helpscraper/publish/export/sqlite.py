"""An archive as a SQLite database: articles, versions, changes, and full-text search (FTS5), as Datasette finds it."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa

from helpscraper.archive.reader import Catalog
from helpscraper.history.all_changes import all_changes
from helpscraper.publish.export import rows
from helpscraper.publish.export.beside import new_file

__all__ = ["write_sqlite"]

_KEYS = {
    "articles": "PRIMARY KEY (site, locale, article_id)",
    "versions": "PRIMARY KEY (site, locale, article_id, version)",
}
_INDEXES = (
    "CREATE INDEX versions_of ON versions (article_id)",
    "CREATE INDEX changes_of ON changes (article_id)",
    "CREATE INDEX changes_at ON changes (at)",
)
_SEARCHED = ("articles", "versions")


def write_sqlite(catalog: Catalog, target: Path, *, words: bool = True) -> dict[str, int]:
    """Write the database and return the number of rows of each table.

    ``articles`` are those of the latest snapshot of each edition, with their texts. Instants and dates are ISO 8601
    text, lists JSON. Raises ``CommandError`` when ``target`` cannot be written.
    """
    newest = {each.partition: each for each in catalog.snapshots()}
    tables = {
        "articles": rows.articles(catalog, list(newest.values()), bodies=True).drop_columns(["body_html"]),
        "versions": rows.versions(catalog),
        "changes": all_changes(catalog, words=words).table,
    }
    with new_file(target) as path, contextlib.closing(sqlite3.connect(path)) as database:
        # A database that is not whole never gets its name, so nothing has to be safe before.
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        for name, table in tables.items():
            _fill(database, name, table)
        for statement in _INDEXES:
            database.execute(statement)
        for name in _SEARCHED:
            # Datasette finds the index of a table by these very quotation marks.
            options = f'tokenize="porter", content="{name}"'
            database.execute(f"CREATE VIRTUAL TABLE {name}_fts USING fts5(title, body_text, {options})")
            database.execute(f"INSERT INTO {name}_fts ({name}_fts) VALUES ('rebuild')")  # noqa: S608 (own names)
        database.commit()
        database.execute("PRAGMA optimize")
    return {name: table.num_rows for name, table in tables.items()}


def _fill(database: sqlite3.Connection, name: str, table: pa.Table) -> None:
    columns = [f'"{field.name}" {_type(field.type)}' for field in table.schema]
    database.execute(f"CREATE TABLE {name} ({', '.join([*columns, *filter(None, [_KEYS.get(name)])])})")
    marks = ", ".join("?" * table.num_columns)
    values = (tuple(map(_stored, record)) for record in rows.records(table))
    database.executemany(f"INSERT INTO {name} VALUES ({marks})", values)  # noqa: S608 (own names)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _stored(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else value
