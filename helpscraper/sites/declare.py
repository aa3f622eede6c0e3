"""Write the declaration of a site."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpscraper.errors import CommandError
from helpscraper.sites.declaration import Mistakes, parse_declaration, site_of
from helpscraper.sites.site import Site
from helpscraper.urls import is_key

__all__ = ["new_site", "site_name", "write_declaration"]


def site_name(url: str) -> str:
    """Return a name for the site at ``url``, made from its host; raises ``CommandError`` for an unusable host.

    >>> site_name("https://www.Acme.example/hc/en-us"), site_name("http://127.0.0.1:8000")
    ('acme.example', '127.0.0.1-8000')
    """
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").removeprefix("www.") + (f"-{parts.port}" if parts.port else "")
    except ValueError:
        name = ""
    if not is_key(name):
        raise CommandError(f"{url[:200]}: its host gives no name for a site", advice="name it with --name")
    return name


def new_site(folder: Path, name: str, values: Mapping[str, Any]) -> Site:
    """Return the site that ``values`` declare, for which ``folder/NAME.toml`` is still to be written.

    Raises ``CommandError`` for an invalid name, invalid values, and a file that exists.
    """
    file = folder / f"{name}.toml"
    try:
        site = site_of(name, parse_declaration(_toml(values).encode(), {}), str(file))
    except Mistakes as mistakes:
        raise CommandError(
            f"{name}: {mistakes}", advice="docs/sites.md describes a declaration"
        ) from mistakes
    if file.exists():
        raise _there_already(file)
    return site


def write_declaration(site: Site) -> Path:
    """Write the declaration of a ``new_site`` to its file, whole or not at all, and return the path.

    Raises ``CommandError`` for a file that exists, which is never overwritten, and for one that cannot be written.
    """
    file = Path(site.file)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(_toml(site.declaration), encoding="utf-8")
            os.link(part, file)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise _there_already(file) from None
    except OSError as error:
        raise CommandError(
            f"{file}: cannot be written: {error.strerror}",
            advice="name another folder with HELPSCRAPER_SITES",
        ) from error
    return file


def _there_already(file: Path) -> CommandError:
    return CommandError(f"{file} is there already", advice="crawl it with -a site=, or give another --name")


def _toml(values: Mapping[str, Any]) -> str:
    """Write texts, lists of texts, and tables of texts: JSON writes each value as TOML does."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"{key} = {_text(value)}" for key, value in plain.items()]
    for key in values.keys() - plain.keys():
        lines += ["", f"[{key}]", *(f"{_text(k)} = {_text(v)}" for k, v in values[key].items())]
    return "\n".join(lines) + "\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
