"""Atom feeds of changes: of a site, of each section and of each article.

sections  the newest changes of the site and of each section
pages     make one feed of change entries
index     the index pages of the feeds, and their list as OPML
atom      write a feed as XML (RFC 4287)
build     write the feeds whose entries have changed
"""

from __future__ import annotations

from helpscraper.publish.feed.build import FeedsBuilt, build_feeds

__all__ = ["FeedsBuilt", "build_feeds"]
