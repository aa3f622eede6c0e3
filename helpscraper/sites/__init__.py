"""The help centres that helpscraper knows. Each is a declaration in TOML; the file's name is the site's name.

site         one help centre
declaration  read a declaration and report every mistake in it
declare      write a declaration
platforms    the names of platforms

Some declarations are shipped here. Others are found in the folder ``sites`` beside an archive and in the folder that
the setting ``SITES`` names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpscraper.declared import DEFAULT, MAX_BYTES, SHIPPED, beside, files_of, folders
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.locales import Locale
from helpscraper.sites.declaration import Mistakes, parse_declaration, site_of
from helpscraper.sites.declare import site_name
from helpscraper.sites.site import Site, host_of
from helpscraper.urls import origin

__all__ = [
    "DEFAULT",
    "Site",
    "Sites",
    "get_site",
    "host_of",
    "is_shipped",
    "own_folder",
    "site_name",
    "site_of_day",
    "sites_at",
]


@dataclass(frozen=True, slots=True)
class Sites:
    """Known sites by name, and by host."""

    by_name: Mapping[str, Site]
    by_host: Mapping[str | None, Site] = field(repr=False)

    def get(self, name: str) -> Site:
        """Return the site called ``name``; raises ``CommandError`` with the known names otherwise."""
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            raise CommandError(f"unknown site {name!r}", advice=f"known sites: {known}") from None

    def find(self, url: str) -> Site | None:
        """Return the site that serves ``url`` from any of its hosts, or None."""
        host = host_of(origin(url))
        return self.by_host.get(host) if host is not None else None

    def known_hosts(self) -> str:
        """Return one sentence that names every known site with its hosts, for a message about another host."""
        named = (
            f"{site.name} ({', '.join(urlsplit(url).netloc for url in site.addresses)})"
            for site in self.by_name.values()
        )
        return f"known sites: {'; '.join(named)}"

    def locale(self, name: str, prefix: str) -> Locale | None:
        """Return the locale of ``prefix`` on the site called ``name``; None when either is unknown."""
        site = self.by_name.get(name) or Site(name=name, platform="", base_url="")
        try:
            return site.locale(prefix)
        except CommandError:
            return None


def sites_at(archive: str | None = None, folder: str | None = None) -> Sites:
    """Return the shipped sites and those declared beside the archive and in ``folder``.

    ``folder`` is by default the one that the environment variable ``HELPSCRAPER_SITES`` names. A user's declaration may
    claim a host of a shipped site, but not have its name. Raises ``CommandError`` that names every mistake in every
    file.
    """
    own = [file for each in folders(archive, folder) for file in files_of(each)]
    return _read(own, _shipped()) if own else _shipped()


def own_folder(archive: str, folder: str | None = None) -> Path:
    """Return the folder for new declarations: ``folder``, else ``sites`` beside the archive.

    ``folder`` is by default that of ``HELPSCRAPER_SITES``, as for ``sites_at``. Raises ``CommandError`` for an archive
    in an object store, which has no folder beside it.
    """
    folder = os.environ.get("HELPSCRAPER_SITES") if folder is None else folder
    found = Path(folder) if folder else beside(archive)
    if found is None:
        raise CommandError(
            f"{archive}: an archive in an object store has no folder for declarations",
            advice="name one with HELPSCRAPER_SITES",
        )
    return found


@lru_cache(maxsize=1)
def _shipped() -> Sites:
    return _read(files_of(SHIPPED), Sites({}, {}))


def _read(files: list[Path], shipped: Sites) -> Sites:
    """Return ``shipped`` and the sites that ``files`` declare; a file may extend a site of any other file."""
    sites, wrong = dict(shipped.by_name), dict[Path, Mistakes]()
    pending = files
    while pending:
        wrong = {}
        for file in pending:
            try:
                site = _site(file, sites)
            except Mistakes as mistakes:
                wrong[file] = mistakes
            else:
                sites[site.name] = site
        # A file may extend a site of another file, so it is read again once more sites are known.
        pending = list(wrong) if len(wrong) < len(pending) else []
    sentences = [f"{file}: {each}" for file, mistakes in wrong.items() for each in mistakes.sentences]
    hosts: dict[str | None, Site] = {}
    for name in sorted(sites.keys() - shipped.by_name.keys()):
        for url in (*sites[name].addresses, *map(origin, sites[name].eras)):
            other = hosts.setdefault(host_of(url), sites[name])
            if other is not sites[name]:
                sentences.append(f"{sites[name].file}: {url} is a host of {other.file} already")
    if sentences:
        raise CommandError("; ".join(sentences), advice="docs/sites.md describes the declaration of a site")
    return Sites(sites, {**shipped.by_host, **hosts})


def _site(file: Path, known: Mapping[str, Site]) -> Site:
    if (taken := known.get(file.stem)) is not None:
        raise Mistakes(
            f"the site {taken.name} is declared in {taken.file} already; give the file another name"
        )
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Mistakes(f"cannot be read: {error.strerror}") from None
    return site_of(file.stem, parse_declaration(data, known), str(file))


def is_shipped(name: str) -> bool:
    """Tell whether the declaration of the site ``name`` is part of helpscraper."""
    return name in _shipped().by_name


def site_of_day(declared: Mapping[str, Any] | None, name: str, sites: Sites) -> Site:
    """Return the site ``name`` as the run facts declare it, or as it is declared today when they do not.

    Raises ``ArchiveError`` for a damaged declaration in the run facts.
    """
    if declared is None:
        return sites.get(name)
    try:
        return site_of(name, declared)
    except (Mistakes, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError(
            f"the run facts hold a damaged declaration of {name}: {error}",
            advice="restore the file from a backup",
        ) from error


def get_site(name: str) -> Site:
    """Return the site called ``name``; raises ``CommandError`` with the known names otherwise.

    >>> get_site("okx-tr").default_locale, get_site("okx").locale("es-la").bcp47
    ('tr', 'es-419')
    """
    return sites_at().get(name)
