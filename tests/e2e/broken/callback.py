"""A spider whose callback breaks on every article."""

from __future__ import annotations

from typing import Any

from helpscraper.spiders import help as ours


class Broken(ours.HelpSpider):
    name = "help"

    def parse_article(self, response: Any, asked: Any) -> Any:
        raise ValueError(f"a defect in the callback, at {asked.key}")
