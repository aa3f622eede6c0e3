"""``helpscraper runs``."""

from __future__ import annotations

import argparse

from helpscraper.cli.options import add_format, add_partition, open_existing

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper runs
  helpscraper runs --last 7 --format json
"""

_SHOWN = (
    "run_id", "locale", "kind", "outcome", "articles", "fetched", "carried", "failed", "gone", "requests",
    "seconds", "health", "reason",
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--last", type=int, metavar="N", help="only the last N runs")
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row for each run, oldest first."""
    import pyarrow.compute as pc

    from helpscraper.archive.overview import runs_table
    from helpscraper.cli.output import emit
    from helpscraper.errors import CommandError

    if args.last is not None and args.last < 1:
        raise CommandError(f"--last {args.last}: not a number of runs", advice="give 1 or more")
    table = runs_table(open_existing(args), args.last).sort_by(
        [("run_id", "ascending"), ("site", "ascending"), ("locale", "ascending")]
    )
    # Its facts keep the refusal; shown here, it would look as if nobody had accepted it.
    place, field = table.schema.get_field_index("outcome"), table.schema.field("outcome")
    outcome = pc.if_else(table.column("accepted"), "accepted", table.column("outcome"))
    table = table.set_column(place, field, outcome)
    several = pc.count_distinct(table.column("site")).as_py() > 1
    emit(table, args.format, output=args.output, columns=_SHOWN[:1] + ("site",) * several + _SHOWN[1:])
    return 0
