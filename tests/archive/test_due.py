"""Which editions are due: what counts as crawled, and which editions a site has."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpscraper.archive.due import schedule
from helpscraper.archive.layout import Partition, run_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile
from helpscraper.cli import main
from helpscraper.errors import CommandError
from helpscraper.sites import sites_at
from tests.s3_server import S3Server

Commit = Callable[..., SnapshotFile]
ACME = 'platform = "zendesk"\nbase_url = "https://support.acme.example"\n'
NOW = dt.datetime(2026, 11, 28, 6, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROWS = [{"article_id": "a"}]


def declare(store: Store, text: str = ACME, name: str = "acme") -> None:
    folder = Path(store.uri).parent / "sites"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text)


def due(store: Store, every: dt.timedelta = DAY, **part: str) -> dict[str, str | None]:
    """The due editions, each with the day of its last crawl."""
    found = schedule(Catalog(store, **part), sites_at(store.uri), every, NOW).due
    return {str(each.edition): each.last_crawl and f"{each.last_crawl:%d}" for each in found}


def failed(store: Store, edition: Partition, name: str, **more: Any) -> None:
    facts = {"run_id": name, "site": edition.site, "locale": edition.locale, "kind": "crawl"}
    facts |= {"outcome": "failed", "exit_code": 1} | more
    store.put_new(run_path(edition, name), RunFacts.from_json(facts).dump())


def test_due_is_what_was_not_crawled_whole_for_so_long(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-25", ROWS, locale="de")
    commit(store, "2026-11-27", ROWS, locale="en")
    commit(store, "2026-11-26", ROWS, locale="fr", outcome="incomplete", complete=False)
    assert due(store) == {"okx/de": "25", "okx/fr": "26", "okx/en": "27"}
    assert list(due(store)) == ["okx/de", "okx/fr", "okx/en"]  # the longest due first
    assert due(store, 2 * DAY) == {"okx/de": "25", "okx/fr": "26"}
    assert due(store, 2 * DAY, locale="fr") == {"okx/fr": "26"}
    assert due(store, 4 * DAY) == {}


def test_an_import_a_part_a_refusal_and_a_failure_leave_an_edition_due(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", ROWS)
    commit(store, "2026-11-24", ROWS, kind="import")
    commit(store, "2026-11-25", ROWS, kind="re-extract", extraction_of="import")
    commit(store, "2026-11-26", ROWS, scope="limit=5")
    failed(store, Partition("okx", "en"), "20261127T060000Z")
    failed(store, Partition("okx", "en"), "20261127T070000Z", outcome="refused", exit_code=3)
    assert due(store) == {"okx/en": "20"}
    commit(store, "2026-11-27", ROWS, kind="re-extract", extraction_of="crawl", site="okx")
    assert due(store) == {"okx/en": "27"}


def test_an_edition_that_was_only_imported_is_not_kept_by_crawls(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-24", ROWS, kind="import")
    assert due(store) == {}
    failed(store, Partition("okx", "fr"), "20261127T060000Z")
    assert due(store) == {"okx/fr": None}


def test_the_editions_of_a_site_are_declared_or_in_the_archive(store: Store, commit: Commit) -> None:
    assert due(store) == {}  # nobody asked for the shipped ones
    assert due(store, site="okx") == {"okx/en": None}
    assert due(store, site="okx", locale="fr") == {"okx/fr": None}
    declare(store)
    assert due(store) == {"acme/en": None}
    commit(store, "2026-11-20", ROWS, site="acme", locale="fr")
    assert due(store) == {"acme/fr": "20"}
    declare(store, f'{ACME}crawl_locales = ["en-us", "de"]\n')
    assert due(store) == {"acme/de": None, "acme/en-us": None}
    declare(store, f"{ACME}crawl_locales = []\n")
    assert due(store) == {}  # a site that rests
    for name in ("nowhere", "okx-tr"):
        with pytest.raises(CommandError):
            due(store, site=name)
    with pytest.raises(CommandError):
        due(store, site="okx", locale="xx-nowhere")


def test_what_cannot_be_counted_is_named(
    store: Store, commit: Commit, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(store, "2026-11-20", ROWS)
    commit(store, "2999-01-01", ROWS)
    commit(store, "2026-11-20", ROWS, site="gone")
    commit(store, "2026-11-27", ROWS)
    (Path(store.uri) / run_path(Partition("okx", "en"), "20261127T060000Z")).write_text("{")
    assert due(store) == {"okx/en": "20"}
    assert main(["due", "--archive", store.uri]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("warning: okx/en:29990101T060000Z is in the future")
    assert "20261127T060000Z.json: damaged run facts" in said[1]
    assert said[2:] == ["warning: gone/en: no declaration names this site any more"]


def test_the_command_lists_and_says_when_nothing_is_due(
    store: Store, commit: Commit, capsys: pytest.CaptureFixture[str]
) -> None:
    def ran(*words: str) -> tuple[int, str, str]:
        code = main(["due", "--archive", store.uri, *words])
        return (code, *capsys.readouterr())

    code, out, err = ran("--format", "json")
    assert (code, json.loads(out)) == (0, [])
    assert err.startswith("nothing is due: no site is declared here, and the archive holds no crawl")
    today = dt.datetime.now(dt.UTC)
    commit(store, f"{today - 2 * DAY:%Y-%m-%d}", ROWS)
    declare(store, f'{ACME}crawl_locales = ["en-us"]\n')
    rows = json.loads(ran("--format", "json")[1])
    assert [(row["site"], row["locale"], row["host"]) for row in rows] == [
        ("acme", "en-us", "support.acme.example"), ("okx", "en", "okx.com")
    ]  # fmt: skip
    assert (rows[0]["last_crawl"], rows[0]["due_seconds"], rows[0]["due_for"]) == (
        None,
        None,
        "never crawled",
    )
    last = dt.datetime.fromisoformat(rows[1]["last_crawl"])
    late = (today - last - dt.timedelta(hours=20)).total_seconds()
    assert late - 1 < rows[1]["due_seconds"] < late + 60
    assert ran("--site", "okx", "--every", "9w")[1:] == (
        "",
        "nothing is due: every edition (1) was crawled within 9w\n",
    )
    assert ran("--every", "soon")[0] == 2


def test_an_edition_on_an_object_store_costs_one_request(s3: S3Server, commit: Commit) -> None:
    store = open_store(s3.new_uri("due"))
    for day in (20, 21, 22):
        commit(store, f"2026-11-{day}", ROWS)
    with s3.counted() as counts:
        assert due(store) == {"okx/en": "22"}
    assert counts["GET"] <= 2 and counts["HEAD"] == 0, counts
