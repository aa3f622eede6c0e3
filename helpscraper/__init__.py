"""helpscraper keeps the history of a help centre.

The way of a page, and the folder where each step lives::

    a site, declared in sites/                      a web archive, a file, our own WARC files
      |   (sample/ is one on loopback)                |
      v                                               v
    spiders/      Scrapy: ask, follow, yield        backfill/  fetch captures of a web archive
      |             extensions/  retries, robots      |
      |                          rules, recording   replay/    captures, saved pages, re-extraction
      |                                               |
      +-----------------------+-----------------------+
                              v
    payload/      codings undone, bytes to text      -+
    platforms/    URL and payload in, findings out    |
      |             html/  any page: parse once;      |  pure: no Scrapy, no clock, no network
      |                    a body in three forms      |
    normalise/    raw text to typed values           -+
      |             pipelines/  its steps, one by one, in a live crawl
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
      |
      v
    api.py        ``Archive``: what notebooks, commands and the report read
      |
      +--> publish/   report/ as static pages, feed/ as Atom, export/ for other programs
      v
    cli/          parse arguments, call one function, print

Where to change

- the row that a page becomes: ``platforms/NAME`` reads the page, ``normalise`` its values, ``intake/merge.py`` makes
  the row;
- which help centres are read: a site of a known platform is a TOML file in ``sites``, another platform is a folder in
  ``platforms`` (or a distribution of its own; see docs/platforms.md);
- what counts as removed or added: ``history/absence.py``, and what a platform's lists can prove: its ``Claim``.

Imports go one way and a contract in ``.importlinter`` keeps them so. Only ``spiders``, ``pipelines``, ``extensions``,
``settings``, ``crawl.process`` and ``crawl.settings_table`` know Scrapy; everything that reads an archive works
without it.
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
