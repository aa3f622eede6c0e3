"""Listings that say little: no totals, no pager, a last page that is exactly full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import crawl, differences, expected, helpscraper, rows


@pytest.mark.parametrize("past_end", ["404", "empty", "first"])
def test_a_full_last_page_without_totals_is_the_end(past_end: Any, tmp_path: Path) -> None:
    with SampleServer(layout="e3", totals=False, past_end=past_end) as server:
        result = crawl(server, tmp_path)
        assert any(request.status == 404 for request in server.requests) == (past_end == "404")
        assert result.code == 0, result.said
        assert result.facts["complete"], result.facts["incomplete_reasons"]
        assert not differences(rows(tmp_path), expected(server))


SECTION = "announcements-new-listings"


@pytest.mark.parametrize("layout", ["e3", pytest.param("e2", marks=pytest.mark.long)])
def test_another_pages_answer_is_a_named_hole_and_not_that_page(layout: Any, tmp_path: Path) -> None:
    with SampleServer(layout=layout) as server:
        server.faults.append(Fault(faults.another_page(), path=f"/help/section/{SECTION}/page/2"))
        result = crawl(server, tmp_path, "-a", f"sections={SECTION}")
        section = result.facts["sections"][SECTION]
        assert (result.code, section["whole"], section["pages_read"]) == (4, False, 1)
        assert "page 2: page: the answer is page 1 of the list, not 2" in section["holes"][0]
        assert result.facts["problems"] == {"page": 1}
        assert result.facts["drift"] == {}
        first = [record.slug for record in server.truth() if SECTION in record.listed_in][:15]
        assert rows(tmp_path).keys() == set(first)
        # The second chance finds the right page, and so does a re-extraction among the two answers.
        server.faults[0].hits, server.faults[0].times = 0, 1
        assert crawl(server, tmp_path, "-a", f"sections={SECTION}").code == 0
        assert helpscraper("reextract", "latest", "--force", "--archive", tmp_path).returncode == 0
        assert len(rows(tmp_path)) == 18


def test_a_second_crawl_says_one_line_and_nothing_on_stderr(tmp_path: Path) -> None:
    with SampleServer(layout="e2") as server:
        crawl(server, tmp_path)
        server.state = 1
        result = crawl(server, tmp_path, anew=True)  # down to what libraries print at the end of a process
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1
