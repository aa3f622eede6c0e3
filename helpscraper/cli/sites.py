"""``helpscraper sites``, and the address of ``helpscraper crawl URL``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from helpscraper.cli.options import add_format
from helpscraper.cli.parser import explain_unknown
from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need

if TYPE_CHECKING:
    import pyarrow as pa

    from helpscraper.crawl.recognise import Recognised
    from helpscraper.platforms.contract import Platform
    from helpscraper.sites import Site, Sites

__all__ = ["EXAMPLE", "at_url", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper sites                                   # the sites that a crawl can name
  helpscraper sites platforms                         # how each kind of help centre is read
  helpscraper sites add https://help.example.org/hc/en-us --name example
  helpscraper sites check example --locale en-us

exit codes: 0 done, 1 no page of the site could be read, 2 bad arguments, 3 its pages are not public
"""

_QUIET = {"LOG_LEVEL": "CRITICAL"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "action", choices=("list", "platforms", "add", "check"), nargs="?", default="list",
        help="`list` the sites (default) or the `platforms`, `add` a declaration, `check` reads ten pages",
    )  # fmt: skip
    parser.add_argument("target", metavar="URL | SITE", nargs="?", help="URL to add, or site to check")
    parser.add_argument("--name", help="name of the new site (default: its host)")
    parser.add_argument("--platform", help="the platform of the new site, if its pages do not show it")
    parser.add_argument("--locale", help="edition to check (default: that at addresses without a locale)")
    parser.add_argument("--base-url", help="where to check the site, such as http://127.0.0.1:8000")
    parser.add_argument(
        "-s", dest="settings", metavar="NAME=VALUE", action="append", default=[], help="any Scrapy setting"
    )
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``action``."""
    need("crawl")
    from helpscraper.cli.output import emit

    if (args.target is None) != (args.action in {"list", "platforms"}):
        raise CommandError(
            f"sites {args.action}: {'takes no target' if args.target else 'a target is wanted'}",
            advice="see `helpscraper sites --help`",
        )
    if args.action == "list":
        emit(_sites_table(_sites(args)), args.format, output=args.output)
        return 0
    if args.action == "platforms":
        emit(_platforms_table(), args.format, output=args.output)
        return 0
    return _add(args) if args.action == "add" else _check(args)


def _folders(args: argparse.Namespace, settings: Mapping[str, str] | None = None) -> tuple[str, str | None]:
    """Return the archive and the folder of declarations that ``-s`` names, else the archive of the command line."""
    given = _settings(args) if settings is None else settings
    return given.get("ARCHIVE_URI", args.archive), given.get("SITES")


def _sites(args: argparse.Namespace) -> Sites:
    from helpscraper.sites import sites_at

    return sites_at(*_folders(args))


def _sites_table(sites: Sites) -> pa.Table:
    import pyarrow as pa

    from helpscraper.sites import is_shipped

    columns = ("site", "platform", "base_url", "crawled", "declared_in")
    rows = [
        (
            site.name,
            site.platform,
            site.base_url,
            site.crawled,
            "shipped" if is_shipped(site.name) else site.file,
        )
        for site in sites.by_name.values()
    ]
    return pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))


def _platforms_table() -> pa.Table:
    import pyarrow as pa

    from helpscraper.platforms import get_platform, platform_names

    platforms = [get_platform(name) for name in platform_names()]
    return pa.table(
        {
            "platform": [each.name for each in platforms],
            "version": [each.extractor for each in platforms],
            "state": [_state(each) for each in platforms],
            "lists": [str(each.claim) for each in platforms],
        }
    )


def _state(platform: Platform) -> str:
    """Return ``generic`` for a platform that knows no markup, else whether it was read at two help centres."""
    if platform.claim.confidence == "generic":
        return "generic"
    return "experimental" if platform.experimental else "proven"


def _add(args: argparse.Namespace) -> int:
    from helpscraper.crawl.process import run_scout
    from helpscraper.crawl.recognise import recognise
    from helpscraper.sites import is_shipped
    from helpscraper.sites.declare import write_declaration

    known = _known(_sites(args), args.target)
    if known is not None and not (args.name and is_shipped(known.name)):
        raise CommandError(
            f"{args.target} is a page of the site {known.name}, which {known.file} declares",
            advice=f"crawl it with -a site={known.name}",
        )
    work = partial(recognise, args.target, platform=args.platform)
    found: Recognised = run_scout(args.target, work, _QUIET | _settings(args))
    print(found)
    # `due` names this edition before the archive holds a crawl of it.
    values = {**found.values, "crawl_locales": [found.locale]}
    print(f"declared in {write_declaration(_new_site(_folders(args), args.name, values))}")
    return 0


def _settings(args: argparse.Namespace) -> dict[str, str]:
    from helpscraper.cli.crawl import pairs

    return pairs("-s", args.settings)


def _known(sites: Sites, url: str) -> Site | None:
    from helpscraper.sites import host_of
    from helpscraper.urls import origin

    if "@" in origin(url):
        raise CommandError(
            "the URL holds a user name or a password",
            advice="give the public address, without the part before @",
        )
    if host_of(origin(url)) is None:
        raise CommandError(
            f"{url}: no URL", advice="write https:// and a host, such as https://support.example.com"
        )
    return sites.find(url)


def _new_site(folders: tuple[str, str | None], name: str | None, values: Mapping[str, Any]) -> Site:
    from helpscraper.sites import own_folder, site_name, sites_at
    from helpscraper.sites.declare import new_site

    name = name or site_name(values["base_url"])
    if name in sites_at(*folders).by_name:
        raise CommandError(f"there is a site {name} already", advice="give another --name")
    return new_site(own_folder(*folders), name, values)


def at_url(
    args: argparse.Namespace, arguments: dict[str, str], settings: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of a crawl of the help centre at ``args.url``, or a look at its pages that finds them.

    A help centre that is not known is declared by ``declare``, which is for after its first snapshot. Raises
    ``CommandError`` for a URL beside ``site`` or ``base_url``.
    """
    from helpscraper.crawl.recognise import recognise
    from helpscraper.platforms import address_at
    from helpscraper.sites import sites_at
    from helpscraper.sites.declare import write_declaration

    if clash := [name for name in ("site", "base_url") if name in arguments]:
        raise CommandError(f"{args.url} and {clash[0]}= name the site twice", advice="leave one of them out")
    folders = _folders(args, settings)
    sites = sites_at(*folders)
    if args.url in sites.by_name:
        return {"arguments": {"site": args.url}}
    if not {*".:/"} & {*args.url}:
        raise explain_unknown(
            "site", args.url, sites.by_name, "`helpscraper sites` lists the sites; a URL has https://"
        )
    known = _known(sites, args.url)
    if known is not None:
        address = address_at(known, args.url)
        locale = {"locale": address.locale} if address.kind != "other" and "locale" not in arguments else {}
        return {"arguments": {"site": known.name, **locale}}
    new: list[Site] = []

    def more(found: Recognised) -> dict[str, Any]:
        new.append(_new_site(folders, None, found.values))
        print(found, file=sys.stderr)
        return {"site": new[0]} | ({} if "locale" in arguments else {"locale": found.locale})

    def declare() -> None:
        print(f"declared in {write_declaration(new[0])}", file=sys.stderr)

    return {"look_first": (args.url, partial(recognise, args.url), more), "declare": declare}


def _check(args: argparse.Namespace) -> int:
    import pyarrow as pa

    from helpscraper.cli.output import emit
    from helpscraper.crawl.process import run_scout
    from helpscraper.crawl.recognise import look

    site = _sites(args).get(args.target)
    base_url = (args.base_url or site.base_url).rstrip("/")
    work = partial(look, site, args.locale or site.default_locale, base_url)
    columns, lines = run_scout(base_url, work, _QUIET | _settings(args))
    for line in lines:
        print(line, file=sys.stderr)
    seen = {name: each for name, each in columns.items() if name != "article_id"}
    table = pa.table(
        {
            "field": list(seen),
            "articles": [each.articles for each in seen.values()],
            "rule": [", ".join(sorted(each.rules)) or "not named" for each in seen.values()],
            "example": [each.example for each in seen.values()],
        }
    )
    if not table.num_rows:
        print(f"no article of {site.name} could be read", file=sys.stderr)
        return int(ExitCode.INTERNAL)
    emit(table, args.format, output=args.output)
    return 0
