"""``helpscraper crawl --due``: every edition that is due, and a summary of all."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.cli.due import scheduled
from helpscraper.cli.options import refuse_together
from helpscraper.cli.output import emit
from helpscraper.crawl.fleet import OUTCOMES, Ended, by_host, crawl_in_turn, worst
from helpscraper.errors import CommandError, ExitCode

__all__ = ["crawl_due"]

_TAKEN = ("site", "locale", "mode", "witness")


def crawl_due(
    args: argparse.Namespace, arguments: Mapping[str, str], settings: Mapping[str, str]
) -> ExitCode:
    """Crawl what is due, print a row for each edition, and return the worst exit code.

    One edition's failure ends no other. Ctrl-C and SIGTERM stop the running crawl, which keeps its ledger, and the rest
    is named as not begun; crawls that run on a cluster go on to their end.
    """
    if args.url is not None:
        refuse_together(args.url, "--due", "name a site with -a site=NAME")
    if wrong := [name for name in arguments if name not in _TAKEN]:
        raise CommandError(
            f"--due and -a {wrong[0]}= do not go together", advice=f"with --due, -a takes {', '.join(_TAKEN)}"
        )
    archive = settings.get("ARCHIVE_URI", args.archive)
    found = scheduled(
        archive,
        args.every,
        dt.datetime.now(dt.UTC),
        arguments.get("site"),
        arguments.get("locale"),
        settings.get("SITES"),
    )
    groups = by_host(found.due)
    words = ["--archive", archive]
    for name in ("mode", "witness"):
        words += ["-a", f"{name}={arguments[name]}"] if name in arguments else []
    others = {name: value for name, value in settings.items() if name != "ARCHIVE_URI"}
    words += [word for name, value in others.items() for word in ("-s", f"{name}={value}")]
    if args.scheduler is None or not groups:
        crawls = crawl_in_turn(groups, words)
    else:
        crawls = _on_cluster(args.scheduler, archive, settings.get("SITES"), groups, words)
    return _summarised([each for group in groups for each in group], crawls)


def _on_cluster(
    scheduler: str, archive: str, folder: str | None, groups: Sequence[Sequence[Partition]], words: list[str]
) -> Iterator[Ended]:
    """Crawl on a Dask cluster and print the output of each crawl when it has ended.

    Workers find a local archive and the declarations beside it on a shared disk; for an object store they are sent the
    declarations.
    """
    from helpscraper.archive.store import open_store
    from helpscraper.crawl.cluster import connected, crawl_on_cluster, declarations_of
    from helpscraper.sites import sites_at

    folder = os.environ.get("HELPSCRAPER_SITES") if folder is None else folder
    declarations: dict[str, dict[str, str]] = {}
    local = open_store(archive).local_path()
    if local is None:
        sites = sites_at(archive, folder)
        names = {each.site for group in groups for each in group}
        declarations = {name: declarations_of(sites, name) for name in names}
    else:
        words = [*words, "--archive", str(local.absolute())]
        words += ["-s", f"SITES={Path(folder).absolute()}"] if folder else []
    with connected(scheduler) as client:
        for ended in crawl_on_cluster(client, groups, words, declarations):
            good = ended.code in (ExitCode.OK, ExitCode.INCOMPLETE)
            print(ended.said.rstrip("\n"), file=sys.stdout if good else sys.stderr, flush=True)
            yield ended


def _summarised(asked: Sequence[Partition], crawls: Iterable[Ended]) -> ExitCode:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    done: dict[Partition, Ended] = {}
    try:
        for ended in crawls:
            done[ended.edition] = ended
    finally:
        if asked:
            emit(_table(asked, done))
    return worst(each.code for each in done.values())


def _table(asked: Sequence[Partition], done: Mapping[Partition, Ended]) -> pa.Table:
    rows = [(each, done.get(each)) for each in asked]
    return pa.table(
        {
            "site": [each.site for each, _ in rows],
            "locale": [each.locale for each, _ in rows],
            "exit_code": pa.array([ended and int(ended.code) for _, ended in rows], pa.int32()),
            "seconds": pa.array([ended and round(ended.seconds, 1) for _, ended in rows], pa.float64()),
            "outcome": [OUTCOMES[ended.code] if ended else "not ended" for _, ended in rows],
        }
    )
