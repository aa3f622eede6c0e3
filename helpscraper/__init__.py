"""helpscraper keeps the history of a help centre.

The way of a page, and the folder where each step lives::

    site                                    (or helpscraper/sample, on loopback)
      |
      v
    spiders/      Scrapy: ask, follow, yield          files, web archives, own WARC
      |                                                 |
      |   payload/   codings undone, bytes to text      v
      |<----------------------------------------- replay/   re-extraction, captures, saved pages
      v
    platforms/    URL and payload in, findings out   -+
      |             html/  any page: parse once;      |
      |                    a body in three forms      |  pure: no Scrapy, no clock, no network
      v                                               |
    normalise/    raw text to typed values           -+
      |
      v
    intake/       findings into the ledger, the ledger into rows; was a list read whole
      |
      v
    crawl/        one running crawl: session, plan, the one commit at its end
      |             health/  may it be committed, what drifted, who is told
      v
    archive/      Parquet snapshots, bodies, recordings, run facts       warc/  the format
      |
      v
    history/      two snapshots to typed changes; word diff; the story of one article
      |             absence.py   the rule for removed and added articles
      |
      v
    api.py        ``Archive``: what notebooks, commands and the report read
      |
      +--> publish/   report/ as static pages, feed/ as Atom
      v
    cli/          parse arguments, call one function, print

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
