"""The class names and data-testid attributes of a layout, and the templates of all layouts."""

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
    """A page: status, text (or ``data``), ``location`` (the target of a redirect) and ``content_type``."""

    status: int
    text: str
    location: str = ""
    content_type: str = "text/html; charset=utf-8"
    data: bytes = b""


@cache
def templates() -> Environment:
    """Return the templates of ``templates/``, with autoescape and an error for undefined names."""
    return Environment(
        loader=PackageLoader("helpscraper.sample"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )


class Look:
    """The class names of a layout, and whether it has data-testid attributes."""

    def __init__(self, options: Options, words: dict[str, Any]) -> None:
        self.testids = options.layout in {"e2", "e3", "markup"}
        self.anchor_items = options.layout == "markup-a"
        self.words = words
        self._seed = f"{options.layout}/{options.hash_seed}"

    def cls(self, name: str, module: str = "index") -> str:
        """Return a class name like those of CSS modules: a name and a hash, which may contain ``+`` and ``-``."""
        digest = hashlib.sha256(f"{self._seed}/{name}".encode()).digest()
        return f"{module}_{name}__" + "".join(_HASH_LETTERS[byte % 64] for byte in digest[:5])
