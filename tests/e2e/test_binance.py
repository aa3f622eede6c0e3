"""Crawls of the sample site with the answers of Binance's announcements."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpscraper import Archive
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Action, PendingReply, Reply
from tests.e2e.conftest import FAST, Result, assert_true, expected, helpscraper, newest_facts, rows, told

FLAGS = [part for name, value in FAST.items() for part in ("-s", f"{name}={value}")]
SHOWN = (
    "title",
    "section",
    "section_title",
    "source_id",
    "published_at",
    "updated_at",
    "body_text",
    "listed_in",
)


def read(server: SampleServer, archive: Path, *flags: str) -> Result:
    url = f"{server.url}/en/support/announcement"
    done = helpscraper("crawl", url, "--archive", archive, *FLAGS, *flags)
    return Result(done.returncode, done.stdout, done.stderr, newest_facts(archive))


def changed(change: Callable[[dict[str, Any]], None]) -> Action:
    """Answer with the data of the healthy answer, changed."""

    def act(pending: PendingReply) -> Reply:
        said = json.loads(pending.reply.body)
        change(said["data"])
        return replace(pending.reply, body=json.dumps(said).encode())

    return act


def moved(data: dict[str, Any]) -> None:
    data["catalogs"][0]["total"] -= 1


def twice(data: dict[str, Any]) -> None:
    data["catalogs"][0]["articles"][0] = data["catalogs"][0]["articles"][1]


def repeated(pending: PendingReply) -> Reply:
    return pending.server.healthy(pending.target.replace("pageNo=2", "pageNo=1"))


FAULTS: dict[str, tuple[Action, str]] = {
    "48": (changed(moved), "the list moved while it was read: 9, then 8 articles"),
    "50": (changed(twice), "3 of 4 articles seen"),
    "52": (repeated, "2 of 8 articles seen"),
    "53": (changed(lambda data: data.clear()), "data.catalogs: NoneType where a list was recorded"),
}
"""What becomes of the second page of a catalog, and how the hole is named."""


def test_announcements_are_recognised_archived_and_compared(tmp_path: Path) -> None:
    archive = tmp_path / "output"
    with SampleServer(layout="binance", articles=36, interface_page=2) as server:
        first = read(server, archive)
        assert first.code == 0, first.said
        assert first.stderr.startswith(f"binance (by its catalogs): {server.url}, en; its lists show no edit")
        assert_true(server, archive)
        found, truth = rows(archive), expected(server)
        for key, row in truth.items():
            assert {name: found[key][name] for name in SHOWN} == {name: row[name] for name in SHOWN}
            assert found[key]["url"] == f"{server.url}/en/support/announcement/{key}"
        name = f"127.0.0.1-{server.port}"
        before = Archive(archive, site=name).load(bodies=True)
        done = helpscraper("reextract", "latest", "--force", "--archive", archive, "--site", name)
        assert f"{len(truth)} rows from" in done.stdout, done.stderr
        assert Archive(archive, site=name).load(bodies=True).equals(before)

        server.faults += [Fault(act, path=f"*catalogId={key}*pageNo=2*") for key, (act, _) in FAULTS.items()]
        broken = changed(lambda data: data.update(body="none"))
        server.faults.append(Fault(broken, path=f"*articleCode={min(truth)}"))
        holed = read(server, archive, "-s", "SECOND_CHANCES=0")
        assert holed.code == 4, holed.said
        for key, (_, said) in FAULTS.items():
            assert said in " ".join(holed.facts["sections"][key]["holes"])
        problems = str(holed.facts["problem_texts"])
        assert "data.body: no tree of nodes" in problems and "stands twice in the list 50" in problems
        assert told(archive, name).keys() <= {"touched"}
        assert_true(server, archive)

        server.faults.clear()
        server.state = 1
        second = read(server, archive)
        assert second.code == 0, second.said
        assert_true(server, archive)
        now, changes = expected(server), told(archive, name)
        both = truth.keys() & now.keys()
        assert changes["removed"] == truth.keys() - now.keys() != set()
        assert changes["added"] == now.keys() - truth.keys()
        edited = {key for key in both if truth[key]["body_text"] != now[key]["body_text"]}
        assert changes["edited"] == edited
        secret = {key for key in edited if truth[key]["updated_at"] == now[key]["updated_at"]}
        assert told(archive, name, silent=True)["edited"] == secret != set()
