"""Atom feeds of what changed: of a site, of each section and of each article.

atom      entries -> RFC 4287, formatting only
build     an archive -> the files of its feeds; only those whose entries changed are written
"""

from __future__ import annotations

from helpscraper.publish.feed.build import FeedsBuilt, build_feeds

__all__ = ["FeedsBuilt", "build_feeds"]
