"""A spider that breaks before its first request."""

from __future__ import annotations

from typing import Any

from helpscraper.spiders import help as ours


class Broken(ours.HelpSpider):
    name = "help"

    async def start(self) -> Any:
        raise RuntimeError("a defect in start()")
        yield
