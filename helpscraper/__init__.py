"""helpscraper keeps the history of a help centre.

The way of a page, and the folder where each step lives::

    site                                                          (or helpscraper/sample, on loopback)
      |
      v
    spiders/     start, follow, yield: no selectors, no cleaning
      |          payload/: codings undone, bytes to text; recorded pages go the same way
      v
    pages/       URL + HTML in, raw fields out            -+
      |                                                    |  pure: no Scrapy, no clock, no network
      v                                                    |
    normalise/   raw text -> typed values, each change named-+
      |
      v
    pipelines/   thin Scrapy classes over normalise/, then the ledger of the running crawl
      |
      v
    crawl/       the ledger, its completeness and health checks, and the one commit at the end
      |              ^
      |              +-- imports.py, captures/, reextract.py: the same rows from files, web archives, own WARC
      v
    archive/     Parquet snapshots, bodies, WARC and run facts: layout, schema, writer, reader
      |
      v
    history/     two snapshots -> typed changes; word diff; the story of one article
      |
      v
    api.py       ``Archive``: what notebooks, the command line and the report read
      |
      +--> report/, feed/   the same as static pages and as Atom
      v
    cli/         parse arguments, call one function, print

Imports go one way and a contract in ``.importlinter`` keeps them so. Only ``spiders``, ``pipelines``,
``extensions``, ``settings`` and ``crawl.process`` know Scrapy; everything that reads an archive works without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpscraper.api import Archive

__all__ = ["Archive", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import ``Archive`` on first use, so that ``helpscraper --help`` pays for neither pandas nor DuckDB."""
    if name == "Archive":
        from helpscraper.api import Archive

        return Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
