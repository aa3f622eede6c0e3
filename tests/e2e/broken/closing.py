"""A spider that closes itself in the middle of the listings."""

from __future__ import annotations

from typing import Any

from scrapy.exceptions import CloseSpider

from helpscraper.spiders import help as ours


class Broken(ours.HelpSpider):
    name = "help"

    def parse_list(self, response: Any, asked: Any, walk: int) -> Any:
        yield from super().parse_list(response, asked, walk)
        raise CloseSpider("had enough")
