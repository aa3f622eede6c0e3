"""A spider that finds nothing and says nothing."""

from __future__ import annotations

from typing import Any

from helpscraper.spiders import help as ours


class Broken(ours.HelpSpider):
    name = "help"

    def parse_page(self, response: Any, asked: Any) -> Any:
        return []
