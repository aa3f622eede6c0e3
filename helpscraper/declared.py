"""Where the declarations of sites lie, and the default edition of a site; nothing here needs the extra ``crawl``.

``sites`` reads whole declarations and checks them.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Final

from helpscraper.errors import CommandError
from helpscraper.urls import is_locale

__all__ = ["DEFAULT", "MAX_BYTES", "SHIPPED", "beside", "default_locale", "files_of", "folders"]

DEFAULT: Final = "okx"
"""The site of a crawl that names none."""

MAX_BYTES: Final = 256 * 1024
"""Bytes of the largest declaration; a long one has some 10 KB."""

SHIPPED: Final = Path(__file__).parent / "sites"
"""The folder of the declarations that are part of helpscraper."""


def folders(archive: str | None = None, folder: str | None = None) -> list[Path]:
    """Return the folders of a user's declarations: ``sites`` beside the archive, and ``folder``.

    ``folder`` is by default the one that the environment variable ``HELPSCRAPER_SITES`` names. Raises ``CommandError``
    when there is no such folder.
    """
    folder = os.environ.get("HELPSCRAPER_SITES", "") if folder is None else folder
    if folder and not Path(folder).is_dir():
        raise CommandError(
            f"SITES={folder}: no such folder", advice="name the folder that holds the declarations"
        )
    named = (beside(archive), Path(folder) if folder else None)
    return list(dict.fromkeys(path.resolve() for path in named if path))


def beside(archive: str | None) -> Path | None:
    """Return the folder ``sites`` beside a local archive; an object store has none."""
    if archive is None or ("://" in archive and not archive.startswith("file://")):
        return None
    return Path(archive.removeprefix("file://")).absolute().parent / "sites"


def files_of(folder: Path) -> list[Path]:
    """Return the declarations in ``folder``: the default site's first, then by name."""
    return sorted(folder.glob("*.toml"), key=lambda path: (path.stem != DEFAULT, path.name))


def default_locale(site: str, archive: str | None = None) -> str | None:
    """Return the locale of the addresses of ``site`` that name none; None for a site that is not declared.

    Only this key of the declaration is read. Raises ``CommandError`` for a file that is not TOML.

    >>> default_locale("okx"), default_locale("okx-tr"), default_locale("acme")
    ('en', 'tr', None)
    """
    known = (file for folder in (SHIPPED, *folders(archive)) for file in files_of(folder))
    file = next((file for file in known if file.stem == site), None)
    if file is None:
        return None
    try:
        with file.open("rb") as stream:
            values = tomllib.loads(stream.read(MAX_BYTES + 1).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(
            f"{file}: {error}", advice="docs/sites.md describes the declaration of a site"
        ) from error
    editions = values.get("editions")
    locale = editions.get("", "en") if isinstance(editions, dict) else "en"
    if not (isinstance(locale, str) and is_locale(locale)):
        raise CommandError(
            f'{file}: editions: a locale such as en is wanted at "", not {locale!r}',
            advice="docs/sites.md describes the declaration of a site",
        )
    return locale
