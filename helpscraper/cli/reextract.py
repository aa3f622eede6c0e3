"""``helpscraper reextract``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from helpscraper.cli.options import add_partition, locale_of, open_existing, refuse_together
from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need
from helpscraper.plain_text import plural

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper reextract                       # every snapshot that an older extractor read
  helpscraper reextract latest~3              # this one, and those that it carried articles over from
  helpscraper reextract 2026-11-22 --force    # although today's extractor has read it already
  helpscraper reextract --scheduler tcp://dask.example:8786      # read by the workers of a Dask cluster

Each becomes another snapshot of the same instant, which `show`, `diff` and `log` prefer. A run that was killed goes
on where it stopped. A row that cannot be read again (a damaged record, a missing file) is kept unchanged.

exit codes: 0 all was read again, 4 something recorded is damaged or missing: stderr names file, offset and URL,
75 another re-extraction of the same site and locale is running
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("refs", nargs="*", metavar="REF", help="snapshots (default: all)")
    parser.add_argument(
        "--force", action="store_true", help="also when today's extractor has read the snapshot already"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="read on the workers of this Dask cluster, tcp://HOST:8786, a part of one WARC file a task",
    )  # fmt: skip
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Re-extract and print one line for each snapshot; unreadable places go to stderr, by file and offset."""
    need("crawl")
    if args.jobs is not None and args.jobs < 1:
        raise CommandError(f"--jobs {args.jobs}: give a number from 1")
    if args.jobs is not None and args.scheduler is not None:
        refuse_together("--jobs", "--scheduler", "the cluster has as many jobs as its workers have threads")
    store = open_existing(args).store
    from helpscraper.cli.progress import Bar
    from helpscraper.crawl.cluster import connected
    from helpscraper.replay.reextract import reextract

    code = ExitCode.OK
    archive, jobs, cluster = args.archive, args.jobs, None
    with ExitStack() as stack:
        if args.scheduler is not None:
            local = store.local_path()
            archive = archive if local is None else str(local.absolute())  # as the workers name it
            client = stack.enter_context(connected(args.scheduler))
            jobs, cluster = sum(client.nthreads().values()), client.get_executor()
        bar = stack.enter_context(Bar("records"))
        reports = reextract(
            archive, args.refs, site=args.site, locale=locale_of(args), force=args.force, jobs=jobs,
            cluster=cluster, progress=bar.show,
        )  # fmt: skip
        for report in reports:
            for problem in report.problems:
                bar.say(f"  {problem}", file=sys.stderr)
            if not report.whole:
                code = ExitCode.INCOMPLETE
            if report.written is None:
                bar.say(f"{report.snapshot}: {report.reason}")
            else:
                rows, records = plural(report.written.rows, "row"), plural(report.records, "record")
                bar.say(f"{report.snapshot}: {rows} from {records}, {report.written.path}")
    return code
