"""How one layout looks: its class names, its data-testid attributes, and the templates that all layouts
share.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from helpscraper.sample.model import Options

__all__ = ["Look", "Page", "templates"]

_HASH_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"


@dataclass(frozen=True, slots=True)
class Page:
    """A status and the text of a page; ``location`` where a redirect leads, ``content_type`` of the text."""

    status: int
    text: str
    location: str = ""
    content_type: str = "text/html; charset=utf-8"


@cache
def templates() -> Environment:
    """Return the templates of ``templates/``, escaping on, an unknown name an error."""
    return Environment(
        loader=PackageLoader("helpscraper.sample"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )


class Look:
    """How one layout names its classes and whether it carries data-testid."""

    def __init__(self, options: Options, words: dict[str, Any]) -> None:
        self.testids = options.layout in {"e2", "e3", "markup"}
        self.anchor_items = options.layout == "markup-a"
        self.words = words
        self._seed = f"{options.layout}/{options.hash_seed}"

    def cls(self, name: str, module: str = "index") -> str:
        """Return a class as CSS modules make them: a readable name and a hash, which may hold ``+`` and
        ``-``.
        """
        digest = hashlib.sha256(f"{self._seed}/{name}".encode()).digest()
        return f"{module}_{name}__" + "".join(_HASH_LETTERS[byte % 64] for byte in digest[:5])
