"""The versions that run facts state."""

from __future__ import annotations

from helpscraper import __version__
from helpscraper.archive.schema import SCHEMA_VERSION

__all__ = ["versions"]


def versions(extractor: str) -> dict[str, str]:
    """Return the versions of helpscraper, of the ``extractor`` that reads the pages, and of the schema."""
    return {"helpscraper": __version__, "extractor": extractor, "schema": str(SCHEMA_VERSION)}
