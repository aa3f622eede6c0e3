"""Answer a shell that asks for completions: names of commands and options, and those that the archive holds."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import argcomplete

from helpscraper.errors import HelpscraperError

if TYPE_CHECKING:
    from helpscraper.archive.reader import Catalog

__all__ = ["answer", "command_of"]


def command_of(line: str, known: Collection[str]) -> str | None:
    """Return the command in the line that is being completed.

    >>> command_of("helpscraper show --locale e", ("show",))
    'show'
    """
    try:
        words = shlex.split(line)
    except ValueError:  # a quote is still open
        words = line.split()
    return next((word for word in words[1:] if word in known), None)


def answer(parser: argparse.ArgumentParser, command: str | None) -> None:
    """Print the completions and end the process."""
    for holder in _parsers(parser, command):
        for action in holder._actions:
            if find := _FINDERS.get(action.dest):
                action.completer = _completer(find)  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options=False)


def _parsers(parser: argparse.ArgumentParser, command: str | None) -> Iterable[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and command in action.choices:
            yield action.choices[command]


def _completer(find: Callable[[Catalog], Iterable[str]]) -> Callable[..., list[str]]:
    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        from helpscraper.archive.arrow import leave_pandas_out

        leave_pandas_out()
        from helpscraper.archive.reader import Catalog

        # A completer that fails would write into the line that the user is typing.
        try:
            given = (getattr(parsed_args, name, None) for name in ("site", "locale"))
            site, locale = (value if isinstance(value, str) and value != "all" else None for value in given)
            catalog = Catalog(parsed_args.archive, site=site, locale=locale).with_cached_listings()
            return [name for name in find(catalog) if name.startswith(prefix)]
        except HelpscraperError:
            return []

    return complete


def _sites(catalog: Catalog) -> Iterable[str]:
    return sorted({each.site for each in type(catalog)(catalog.store).partitions()})


def _declared(catalog: Catalog) -> Iterable[str]:
    from helpscraper.sites import sites_at

    return sorted(sites_at(catalog.store.uri).by_name)


def _locales(catalog: Catalog) -> Iterable[str]:
    found = type(catalog)(catalog.store, site=catalog.site).partitions()
    return [*sorted({each.locale for each in found}), "all"]


def _snapshots(catalog: Catalog) -> Iterable[str]:
    return ["latest", *reversed(catalog.ids(catalog.partition()))]


def _articles(catalog: Catalog) -> Iterable[str]:
    ids: list[str] = catalog.load_table(columns=["article_id"]).column("article_id").to_pylist()
    return ids


_FINDERS: dict[str, Callable[[Catalog], Iterable[str]]] = {
    "site": _sites,
    "locale": _locales,
    "article": _articles,
    "url": _declared,  # of `crawl`
    "what": lambda catalog: [*_articles(catalog), *_snapshots(catalog)],
    **dict.fromkeys(("ref", "refs", "a", "b", "first", "last"), _snapshots),
}
"""The names that complete an argument, by its ``dest``."""
