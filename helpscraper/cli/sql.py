"""``helpscraper sql``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from helpscraper.cli.options import add_format, add_partition, open_existing
from helpscraper.errors import CommandError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper sql "select section, count(*) as articles from latest group by all order by 2 desc"
  helpscraper sql 'select title from latest where view_count > $least' --param least=1000 --format csv
  helpscraper sql "select site, locale, min(snapshot_at), count(distinct snapshot_at) from snapshots group by all"
  echo 'from latest limit 3' | helpscraper sql - --format json

The views are snapshots (every article in every crawl), latest, bodies, changes and runs; docs/data-dictionary.md has
their columns. Nothing is written: only one SELECT is allowed. It can read every file that you can, so run no query of a
stranger. A value of --param takes the type that it is compared with. Quote the query with ' where it has $name, which a
shell would replace.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "query", metavar="QUERY", help="one SELECT in the SQL of DuckDB; - reads it from a pipe"
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of $NAME in the query (repeat)",
    )
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the answer."""
    from helpscraper.archive.sql import query
    from helpscraper.cli.changes_text import print_warnings
    from helpscraper.cli.output import emit

    params: dict[str, str] = {}
    for text in args.param:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise CommandError(
                f"--param {text}: not NAME=VALUE", advice="for $day in the query: --param day=2026-11-22"
            )
        params[name] = value
    text = sys.stdin.read() if args.query == "-" else args.query
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        answer = query(open_existing(args), text, params)
    print_warnings(str(each.message) for each in told)
    emit(_plain(answer), args.format, output=args.output)
    return 0


def _plain(table: pa.Table) -> pa.Table:
    """Return the answer with column types that every format can write, and with names that occur once."""
    import pyarrow as pa

    from helpscraper.archive.duck import open_duckdb

    seen: Counter[str] = Counter()
    names = []
    for name in table.schema.names:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    table = table.rename_columns(names)
    kept = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_string, pa.types.is_timestamp,
        pa.types.is_date, pa.types.is_decimal,
    )  # fmt: skip
    columns = []
    for field in table.schema:
        quoted = '"' + field.name.replace('"', '""') + '"'
        if any(test(field.type) for test in kept) or field.type == pa.list_(pa.string()):
            columns.append(quoted)
        else:
            columns.append(f"{quoted}::VARCHAR AS {quoted}")
    with open_duckdb() as connection:
        connection.register("answer", table)
        found: pa.Table = connection.sql(f"SELECT {', '.join(columns)} FROM answer").to_arrow_table()  # noqa: S608
    return found
