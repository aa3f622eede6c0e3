"""A Scrapy add-on that times a crawl from the start of its engine to the end of all its handlers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

__all__ = ["Stopwatch", "StopwatchAddon"]


class Stopwatch:
    """Write ``{"seconds": …, "processor": …, "responses": …}`` when the engine has stopped.

    The setting ``STOPWATCH_FILE`` names the file. Loading modules and building the engine come before the start, for
    every spider; the work of a spider when it closes (helpscraper: the commit) is counted.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._started = self._processor = 0.0
        crawler.signals.connect(self.engine_started, signals.engine_started)
        crawler.signals.connect(self.engine_stopped, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Stopwatch:
        """Make the extension for ``crawler``."""
        return cls(crawler)

    def engine_started(self) -> None:
        """Start the watch."""
        self._started, self._processor = time.perf_counter(), time.process_time()

    def engine_stopped(self) -> None:
        """Stop it and write the times to the file."""
        facts = {
            "seconds": time.perf_counter() - self._started,
            "processor": time.process_time() - self._processor,
            "responses": self._crawler.stats.get_value("downloader/response_count"),
        }
        Path(self._crawler.settings["STOPWATCH_FILE"]).write_text(json.dumps(facts))


class StopwatchAddon:
    """Adds the stopwatch to a spider's extensions."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Register the extension."""
        settings.setdefault_in_component_priority_dict("EXTENSIONS", Stopwatch, 1000)
