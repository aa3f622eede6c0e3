"""Listings that say little: no totals, no pager, a last page that is exactly full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpscraper.sample import SampleServer
from tests.e2e.conftest import crawl, differences, expected, rows


@pytest.mark.parametrize("past_end", ["404", "empty"])
def test_a_full_last_page_without_totals_is_the_end(past_end: Any, tmp_path: Path) -> None:
    with SampleServer(layout="e3", totals=False, past_end=past_end) as server:
        result = crawl(server, tmp_path)
        assert any(request.status == 404 for request in server.requests) == (past_end == "404")
        assert result.code == 0, result.said
        assert result.facts["complete"], result.facts["incomplete_reasons"]
        assert not differences(rows(tmp_path), expected(server))


def test_a_second_crawl_says_one_line_and_nothing_on_stderr(tmp_path: Path) -> None:
    with SampleServer(layout="e2") as server:
        crawl(server, tmp_path)
        server.state = 1
        result = crawl(server, tmp_path)
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1
