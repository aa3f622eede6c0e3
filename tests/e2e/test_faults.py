"""With any fault on the way, the snapshot is the site's truth or the run says what is missing."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests import faults
from tests.e2e.conftest import (
    assert_honest,
    assert_untouched,
    contents,
    crawl,
    differences,
    expected,
    rows,
    snapshots,
)  # fmt: skip

FAQ = "/help/section/faq-getting-started"
NEWS = "/help/section/announcements-new-listings"
PATIENCE = {"DOWNLOAD_TIMEOUT": "2", "DOWNLOAD_MAXSIZE": str(2**20), "RETRY_TIMES": "2"}


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SampleServer, Path]]:
    """A site of some articles with a good crawl behind it."""
    archive = tmp_path_factory.mktemp("yesterday") / "archive"
    with SampleServer(articles=45) as server:
        assert crawl(server, archive).code == 0
        yield server, archive


@pytest.fixture
def server(yesterday: tuple[SampleServer, Path]) -> Iterator[SampleServer]:
    yield yesterday[0]
    yesterday[0].faults.clear()
    yesterday[0].extra = 0


@pytest.fixture
def archive(yesterday: tuple[SampleServer, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(yesterday[1], tmp_path / "archive"))


def article_paths(server: SampleServer, n: int) -> list[str]:
    return [f"/help/{record.slug}" for record in server.truth()[:: len(server.truth()) // n][:n]]


def test_hiccups_cost_nothing(server: SampleServer, archive: Path) -> None:
    before = contents(archive)
    paths = article_paths(server, 9)
    hiccups = (
        faults.status(503), faults.reset(), faults.truncated(), faults.truncated_gzip(), faults.hang(),
        faults.challenge(), faults.empty_body(), faults.soft_404(), faults.status(404),
    )  # fmt: skip
    for path, action in zip(paths, hiccups, strict=True):
        server.faults.append(Fault(action, path=path, times=1))
    for path, action in (
        (FAQ, faults.empty_listing()), (NEWS, faults.challenge()), ("/help/category/faq", faults.soft_404()),
        ("/help", faults.truncated_gzip()), ("/help/section/faq-identity", faults.redirect("http://10.0.0.1/")),
    ):  # fmt: skip
        server.faults.append(Fault(action, path=path, times=1))
    result = crawl(server, archive, "-a", "mode=full", settings=PATIENCE)
    assert all(fault.hits == 1 for fault in server.faults)
    assert result.code == 0, result.said
    assert not differences(rows(archive), expected(server))
    assert result.facts["problems"] == {}
    assert result.facts["requests"]["second_chances"] == 8
    assert_untouched(before, archive)


def test_pages_that_stay_broken_are_named_and_keep_what_was_known(
    server: SampleServer, archive: Path
) -> None:
    before, past = contents(archive), rows(archive)
    other = SampleServer(articles=2)
    with other:
        actions = {
            "HTTP 503": faults.status(503),
            "max redirections": faults.redirect_loop(),
            "off the site": faults.redirect(f"{other.url}/help"),
            "http://10.0.0.1/": faults.redirect("http://10.0.0.1/"),
            "article: ": faults.soft_404(),
            "larger than DOWNLOAD_MAXSIZE": faults.huge(4 * 2**20),
            "no whole answer within": faults.trickle(200),
            "cut off": faults.truncated_gzip(),
            "before the answer was whole": faults.truncated(),
            "connection reset by the server": faults.reset(),
        }
        paths = article_paths(server, len(actions))
        server.faults += [
            Fault(action, path=path) for path, action in zip(paths, actions.values(), strict=True)
        ]
        started = time.monotonic()
        once = {"RETRY_TIMES": "1", "HEALTH_MAX_FAILED": "0.3"}
        result = crawl(server, archive, "-a", "mode=full", settings=PATIENCE | once)
        assert time.monotonic() - started < 60
        assert other.requests == []
    assert result.code == 4, result.said
    now = rows(archive)
    failed = {name: row for name, row in now.items() if row["status"] == "failed"}
    assert sorted(failed) == sorted(path.removeprefix("/help/") for path in paths)
    volatile = {"snapshot_at", "status"}
    for name, row in failed.items():
        assert {k: v for k, v in row.items() if k not in volatile} == {
            k: v for k, v in past[name].items() if k not in volatile
        }
    said = "\n".join(result.facts["problem_texts"])
    for path, words in zip(paths, actions, strict=True):
        (line,) = [line for line in said.splitlines() if path.removeprefix("/help/") in line]
        assert words.lower() in line.lower(), line
    assert f"{len(actions)} article pages could not be read" in result.facts["incomplete_reasons"]
    assert_untouched(before, archive)
    # The next crawl, on a sound site, makes good for it without being told.
    server.faults.clear()
    assert crawl(server, archive).code == 0
    assert not differences(rows(archive), expected(server))


def test_a_listing_that_cannot_be_read_is_a_hole_and_no_removal(server: SampleServer, archive: Path) -> None:
    before = contents(archive)
    server.faults.append(Fault(faults.status(503), path=FAQ))
    server.faults.append(
        Fault(faults.empty_listing(), path="/help/section/announcements-latest-announcements/page/2")
    )
    result = crawl(server, archive, settings=PATIENCE)
    assert result.code == 4, result.said
    reasons = " ".join(result.facts["incomplete_reasons"])
    assert "section faq-getting-started: page 1: HTTP 503" in reasons
    assert "section announcements-latest-announcements: page 2: list: the page states" in reasons
    assert not result.facts["sections"]["faq-getting-started"]["whole"]
    # Its articles were asked for at their own addresses, and none is lost.
    assert not differences(rows(archive), expected(server))
    assert_untouched(before, archive)


def test_wrong_charset_and_shifting_pages_do_not_matter(server: SampleServer, archive: Path) -> None:
    server.faults.append(Fault(faults.shift(), path="/help/section/announcements-l*", skip=1, times=1))
    server.faults.append(Fault(faults.wrong_charset(), path="/help/*"))
    result = crawl(server, archive, "-a", "mode=full")
    assert server.extra == 1
    assert result.code == 0, result.said
    # The newcomer came after its own section had been read; everything else of it is there.
    (different,) = differences(rows(archive), expected(server))
    assert ": listed_in: ['announcements-latest-announcements'] is not" in different


@pytest.mark.long
def test_a_list_that_never_stands_still_is_said_to(server: SampleServer, archive: Path) -> None:
    server.faults.append(Fault(faults.shift(), path="/help/section/announcements-l*"))
    result = crawl(server, archive)
    assert result.code == 4
    assert any(
        "announcements-latest-announcements: " in reason for reason in result.facts["incomplete_reasons"]
    )


def test_block_pages_are_refused(server: SampleServer, archive: Path) -> None:
    before = contents(archive)
    server.faults.append(Fault(faults.challenge(403), path=article_paths(server, 3)[0]))
    server.faults.append(Fault(faults.denied(), path=article_paths(server, 3)[1]))
    result = crawl(server, archive, "-a", "mode=full", settings=PATIENCE)
    assert result.code == 3, result.said
    assert result.verdicts() == {"challenge": "2 pages stayed block or challenge pages"}
    assert_untouched(before, archive)


def test_an_unknown_list_key_is_read_by_an_emergency_rule_and_named(
    server: SampleServer, archive: Path
) -> None:
    server.faults.append(Fault(faults.layout_drift(), path="/help/section/*"))
    result = crawl(server, archive)
    assert result.code in {0, 4}, result.said
    assert "no longer matching: listing.items/class, listing.list/items" in result.verdicts("warn")["layout"]
    assert not differences(rows(archive), expected(server))


def test_a_state_that_breaks_everywhere_loses_fields_and_is_refused(
    server: SampleServer, archive: Path
) -> None:
    server.faults.append(Fault(faults.broken_state(), path="/help/*"))
    result = crawl(server, archive, "-a", "mode=full")
    assert result.code == 3, result.said
    assert "published_at: 0 of 67 listed articles have it; usually 67" in result.verdicts()["coverage"]
    assert ".state/broken" in result.verdicts("warn")["layout"]


def test_a_slug_that_climbs_leads_nowhere(server: SampleServer, archive: Path) -> None:
    server.faults.append(Fault(faults.slug_with_dots(), path=FAQ))
    asked = len(server.requests)
    result = crawl(server, archive)
    assert result.code == 4, result.said
    assert not [
        request for request in server.requests[asked:] if "passwd" in request.path or ".." in request.path
    ]
    assert not [path for path in archive.rglob("*") if "passwd" in path.name]
    assert not differences(rows(archive), expected(server))


def test_a_site_that_goes_away_is_left_alone(server: SampleServer, archive: Path) -> None:
    before = contents(archive)
    server.faults.append(Fault(faults.status(500), skip=12))
    asked = len(server.requests)
    result = crawl(server, archive, "-a", "mode=full", settings={"RETRY_TIMES": "1", "GIVE_UP_AFTER": "5"})
    assert result.code == 3
    assert "unreachable" in result.facts["reason"]
    assert len(server.requests) - asked < 12 + 2 * (5 + 4)
    assert_untouched(before, archive)
    # What was read by then is not lost.
    server.faults.clear()
    assert crawl(server, archive, "-a", "mode=full", "--resume").code == 0
    assert not differences(rows(archive), expected(server))


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed_for_the_whole_host(form: str, server: SampleServer, archive: Path) -> None:
    def busy(pending: PendingReply) -> Reply:
        # A date has whole seconds: what is asked for is between two and three of them.
        until = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3), usegmt=True)
        return faults.too_many_requests("2" if form == "seconds" else until)(pending)

    # One of the first articles: before those the crawl waits for its listings, whatever a host asks for.
    server.faults.append(Fault(busy, skip=25, times=1))
    first = len(server.requests)
    result = crawl(server, archive, "-a", "mode=full", settings={"CONCURRENT_REQUESTS_PER_DOMAIN": "4"})
    assert result.code == 0, result.said
    assert 1 < result.facts["requests"]["held_seconds"] <= 3
    made = server.requests[first:]
    at = next(request.at for request in made if request.status == 429)
    times = [at, *sorted(request.at for request in made if request.at > at)]
    sent_before = next(n for n, (a, b) in enumerate(pairwise(times)) if b - a > 1)
    # What was on its way, or was sent before the answer had been read, cannot be called back; all the rest waited.
    assert sent_before <= 12 < len(times) / 2
    assert times[sent_before + 1] - at > 1.9


def test_retry_after_is_capped(server: SampleServer, archive: Path) -> None:
    server.faults.append(Fault(faults.too_many_requests(99_999_999_999, 503), path=FAQ, times=1))
    started = time.monotonic()
    result = crawl(server, archive, settings={"RETRY_AFTER_MAX": "1"})
    assert result.code == 0
    assert result.facts["requests"]["held_seconds"] == 1
    assert time.monotonic() - started < 30


ACTIONS = [
    faults.status(503), faults.status(404), faults.status(403), faults.too_many_requests(0), faults.reset(),
    faults.truncated(), faults.truncated_gzip(), faults.wrong_charset(), faults.redirect_loop(),
    faults.redirect("http://10.0.0.1/"), faults.redirect("https://elsewhere.example/"), faults.soft_404(),
    faults.challenge(), faults.denied(), faults.empty_listing(), faults.empty_body(), faults.shift(),
    faults.broken_state(), faults.layout_drift(), faults.slug_with_dots(), faults.huge(3 * 2**20),
    faults.trickle(500),
]  # fmt: skip
PLACES = "/help/section/* /help/category/* /help/* /help/[a-m]* /help/section/faq-* /help *".split()


def survive(server: SampleServer, archive: Path, seed: int) -> None:
    server.faults += faults.mixture(seed, ACTIONS, PLACES)
    patience = PATIENCE | {"DOWNLOAD_TIMEOUT": "1"}
    for mode in ("full", "incremental"):
        before = contents(archive)
        result = crawl(server, archive, "-a", f"mode={mode}", settings=patience)
        assert_honest(result, archive, server, before)
    server.faults.clear()
    before, n = contents(archive), len(snapshots(archive))
    assert crawl(server, archive, "-a", "mode=full").code == 0
    assert not differences(rows(archive), expected(server))
    assert len(snapshots(archive)) == n + 1
    assert_untouched(before, archive)


@pytest.mark.parametrize("seed", range(1))
def test_a_mixture_of_faults(seed: int, server: SampleServer, archive: Path) -> None:
    survive(server, archive, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 32))
def test_more_mixtures_of_faults(seed: int, server: SampleServer, archive: Path) -> None:
    survive(server, archive, seed)
