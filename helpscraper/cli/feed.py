"""``helpscraper feed``."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpscraper.cli.options import add_partition, open_existing
from helpscraper.extras import need
from helpscraper.plain_text import plural

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper feed
  helpscraper feed --out /srv/www/feeds --base-url https://example.org/feeds --report-url https://example.org/report
  helpscraper feed --kind edited --kind touched --entries 20

index.html lists the feeds: all.atom of all articles, one of each section and of each article. With --base-url,
feeds.opml lists them for feed readers.
An entry is one article in one crawl.
The default kinds are changes of the content: added, removed, renamed, edited, retitled, moved.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--out", metavar="DIR", default="feeds", help="the folder of the feeds (default: %(default)s)"
    )
    parser.add_argument("--base-url", metavar="URL", help="the URL at which DIR is served")
    parser.add_argument(
        "--report-url", metavar="URL", help="the URL of the report; entries link to their change in it"
    )
    parser.add_argument(
        "--kind", dest="kinds", metavar="KIND", action="append", help="only these kinds of change"
    )
    parser.add_argument(
        "--entries", metavar="N", type=int, default=100, help="entries in one feed (default: %(default)s)"
    )
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Write the feeds and print the path of the page that lists them."""
    need("report")
    from helpscraper.cli.progress import Bar
    from helpscraper.errors import CommandError
    from helpscraper.publish.feed.build import CONTENT_KINDS, build_feeds

    if args.entries < 1:
        raise CommandError(
            f"--entries {args.entries}: a feed needs at least one entry", advice="give a number from 1"
        )
    with Bar("articles") as bar:
        built = build_feeds(
            open_existing(args),
            Path(args.out),
            kinds=args.kinds or CONTENT_KINDS,
            limit=args.entries,
            base_url=args.base_url,
            report_url=args.report_url,
            progress=bar.show,
        )
    print(
        f"{built.index}  ({plural(built.written, 'file')} written, {built.kept} kept, {built.deleted} deleted)"
    )
    if args.base_url is None:
        print(
            "no feeds.opml: feed readers need whole addresses; add --base-url, the URL at which the folder is served"
        )
    return 0
