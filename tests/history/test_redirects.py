"""Redirects of an archive as evidence that two articles are one: when they were seen, and when the address lived."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.archive.redirects import Redirect, add_redirects
from helpscraper.archive.store import open_store
from tests.history.story import EN, committed
from tests.history.worlds import MONDAY, row

PART = {"complete": False, "sections": {}}


def at(day: int, hours: int = 0) -> dt.datetime:
    return MONDAY + dt.timedelta(days=day, hours=hours)


def article(key: str, **fields: Any) -> dict[str, Any]:
    return row(key, source_id=None, body=f"The body of {key}.", **fields)


def led(old: str, new: str, when: dt.datetime, status: int = 301) -> Redirect:
    return Redirect.found((old, new), when, (f"https://a/{old}", f"https://a/{new}"), [status])


def renames(folder: Path, before: int, after: int) -> list[tuple[str, str, str]]:
    """The renames between two days; a diff backwards must pair the same articles."""
    names = [f"{at(day):%Y%m%dT%H%M%SZ}" for day in (before, after)]
    archive = Archive(folder, site="okx", locale="en")
    there, back = (
        [
            (each["before"], each["after"], each["field"])
            for each in archive.diff(*order).records()
            if each["kind"] == "renamed"
        ]
        for order in (names, names[::-1])
    )
    assert [(new, old, via) for old, new, via in back] == there
    return there


def imported(folder: Path, days: dict[int, list[dict[str, Any]]], *redirects: Redirect) -> None:
    """Commit days that did not look everywhere, as an import does, and the redirects that it found."""
    for day, rows in days.items():
        committed(folder, day, rows, feed=False, **PART)
    add_redirects(open_store(folder), EN, redirects)


def test_a_redirect_that_is_seen_later_joins_unless_the_old_address_lived_on(tmp_path: Path) -> None:
    days = {0: [article("old")], 1: [article("new")]}
    redirect = led("old", "new", at(3))
    imported(tmp_path / "moved", days, redirect)
    assert renames(tmp_path / "moved", 0, 1) == [("old", "new", "redirect_301")]
    imported(tmp_path / "both", days | {2: [article("old")]}, redirect)
    assert renames(tmp_path / "both", 0, 1) == []


def test_an_address_that_is_a_page_after_its_redirect_has_not_moved(tmp_path: Path) -> None:
    for hours, found in ((0, [("old", "new", "redirect_301")]), (9, [])):
        folder = tmp_path / str(hours)
        days = {0: [article("old", fetched_at=at(0, hours))], 1: [article("new")]}
        imported(folder, days, led("old", "new", at(0, 4)))
        assert renames(folder, 0, 1) == found, hours
    # It was a page again between the redirect and the later snapshot.
    imported(
        tmp_path / "again",
        {0: [article("old")], 2: [article("old")], 3: [article("new")]},
        led("old", "new", at(1)),
    )
    assert renames(tmp_path / "again", 0, 3) == []


def test_a_redirect_over_an_article_that_is_still_there_is_that_to_a_replacement(tmp_path: Path) -> None:
    way = led("old", "between", at(0, 1)), led("between", "new", at(0, 2))
    imported(tmp_path / "gone", {0: [article("old")], 1: [article("new")]}, *way)
    assert renames(tmp_path / "gone", 0, 1) == [("old", "new", "redirect_301")]
    alive = article("between")
    imported(tmp_path / "alive", {0: [article("old"), alive], 1: [article("new"), alive]}, *way)
    assert renames(tmp_path / "alive", 0, 1) == []


@pytest.mark.parametrize("complete", [True, False])
def test_a_redirect_that_a_crawl_was_answered_with_is_evidence(tmp_path: Path, complete: bool) -> None:
    facts = {} if complete else PART
    committed(tmp_path, 0, [article("old"), article("other")], **facts)
    own = [led("old", "new", at(1, 2)).to_json()]
    committed(tmp_path, 1, [article("new"), article("other")], redirects=own, **facts)
    committed(tmp_path, 2, [article("new"), article("other")], **facts)
    wanted = [("old", "new", "redirect_301")]
    assert renames(tmp_path, 0, 1) == renames(tmp_path, 0, 2) == wanted
    archive = Archive(tmp_path, site="okx", locale="en")
    assert archive.history("new").names == ("old", "new")
