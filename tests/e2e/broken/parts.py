"""Pipelines that break, and one that sees the crawl's process die in the middle."""

from __future__ import annotations

import os
import signal
from typing import Any


class Breaks:
    def process_item(self, item: Any) -> Any:
        raise RuntimeError("a defect in a pipeline")


class FailsToOpen:
    def open_spider(self) -> None:
        raise RuntimeError("a pipeline cannot open")


class Dies:
    """Kills its own process, as an out-of-memory killer would, at the Nth article page."""

    seen = 0

    def process_item(self, item: Any) -> Any:
        if item.readings[0].raw.kind == "article":
            self.seen += 1
            if self.seen == int(os.environ["DIE_AT"]):
                os.kill(os.getpid(), signal.SIGKILL)
        return item
