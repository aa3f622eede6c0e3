"""The optional parts of helpscraper, and the one line that installs one that is missing.

``pyproject.toml`` has the distributions of each extra; this module has the modules that they bring. Before a function
imports a module of an extra, it calls ``need``:

>>> need("words")
>>> need("fleet")
Traceback (most recent call last):
KeyError: 'fleet'
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

from helpscraper.errors import MissingExtraError

__all__ = ["EXTRAS", "missing", "need"]

_PAGES = ("babel", "lxml", "markdown_it", "parsel", "regex")
_WORDS = ("icu4py", "rapidfuzz")

EXTRAS: Final = {
    "crawl": (
        *_PAGES, "brotli", "dateparser", "scrapy", "twisted",
        *(("backports.zstd",) if sys.version_info < (3, 14) else ()),
    ),
    "words": _WORDS,
    "report": (*_PAGES, *_WORDS, "jinja2", "markupsafe", "matplotlib", "nh3"),
    "notify": ("apprise",),
    "xlsx": (*_WORDS, "xlsxwriter"),
    "s3": ("fsspec", "s3fs"),
    "gcs": ("fsspec", "gcsfs"),
    "azure": ("adlfs", "azure.core", "fsspec"),
    "dask": ("dask", "distributed"),
}  # fmt: skip
"""The modules that each extra brings, by their import names."""


def need(*extras: str) -> None:
    """Raise ``MissingExtraError`` with the line that installs ``extras`` unless all their modules are there."""
    absent = {extra: [module for module in EXTRAS[extra] if not _installed(module)] for extra in extras}
    if names := [extra for extra in extras if absent[extra]]:
        raise _error(absent[names[0]][0], *names)


def missing(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return the error that names the extra of the module that ``error`` missed, None for a module of no extra."""
    wanted = f"{error.name}."
    for extra, modules in EXTRAS.items():
        for module in modules:
            if wanted.startswith(f"{module}."):
                return _error(module, extra)
    return None


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def _error(module: str, *extras: str) -> MissingExtraError:
    names = ",".join(extras)
    return MissingExtraError(
        f"{module} is not installed; install it with: pip install 'helpscraper[{names}]'"
    )
