"""A history from before the first crawl, fetched from archives on loopback and imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from helpscraper import Archive
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Capture
from helpscraper.archive.verify import verify
from helpscraper.backfill.client import Gap
from helpscraper.backfill.fetch import ANOTHER, LATER, NOT_HAD, REFUSED, Asked
from helpscraper.backfill.run import Backfill
from helpscraper.cli import main
from helpscraper.cli.backfill import _conclude
from helpscraper.errors import ExtractionError, LockHeldError
from helpscraper.platforms.okx.article import ArticlePage
from helpscraper.replay.captures import CaptureReport
from helpscraper.sample import SampleServer
from helpscraper.sites import get_site
from helpscraper.warc.record import Damage
from tests.backfill.archives import Web, article, collections, common_crawl, serving, utc
from tests.warc.made import SITE, members, response
from tests.warc.test_captures import slugs


@pytest.fixture(scope="module")
def then() -> tuple[str, bytes]:
    """The number and the page of an article of the years on Zendesk."""
    with SampleServer(layout="zendesk", articles=10) as server:
        key = server.truth()[0].slug
        return key, server.healthy(f"/hc/en-us/articles/{key}").body


@pytest.fixture
def web(then: tuple[str, bytes]) -> Iterator[Web]:
    with serving(common_crawl(collections(*then))) as web:
        yield web


def run(web: Web, folder: Path, *words: str) -> int:
    source = f"{web.url}/collinfo.json"
    return main(
        ["backfill", "--archive", str(folder / "archive"), "--source", source, "--pause", "0", *words]
    )


def table(text: str) -> dict[str, list[int]]:
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: [int(cell) for cell in line[1:]] for line in lines if line[:1] and line[0].isdigit()}


CAPTURE = Capture(f"{SITE}/help/a", "20210501000000", 200, "text/html", "", "f", 0, 1)

COUNTS = {
    # known, chosen, fetched, unchanged, read, unreadable
    "2019": [2, 2, 2, 0, 1, 0],
    "2020": [0, 0, 0, 0, 0, 0],
    "2021": [3, 3, 2, 1, 3, 0],
    "2022": [2, 2, 2, 0, 1, 1],
}


def test_the_history_reaches_back_to_the_first_capture_and_says_where_it_is_thin(
    web: Web, then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(web, tmp_path) == 0
    out, err = capsys.readouterr()
    assert table(out) == COUNTS
    assert "knows 7 captures of okx/en" in out
    assert "reaches back to 2019-03-04: 4 snapshots" in out and "2019-03-04 to 2021-05-01" in out
    assert "dated ahead: 1 (2098: 1)" in err and "a redirect, which holds no page: 1 (2019: 1)" in err
    assert "a page without an article or a list: 1 (2022: 1)" in err and "/help/broken" in err
    held = Archive(tmp_path / "archive", site="okx", locale="en")
    days = [each[:8] for each in held.snapshots()["snapshot_id"]]
    assert days == ["20190304", "20210501", "20210601", "20220701"]
    assert held.load(held.snapshots()["snapshot_id"][0])["article_id"].tolist() == [then[0]]
    one, two, _ = slugs()
    assert set(held.load(held.snapshots()["snapshot_id"][1])["article_id"]) == {one, two}
    assert not verify(Catalog(tmp_path / "archive")).problems
    asked = len(web.paths(".warc.gz"))
    assert asked == 6

    assert run(web, tmp_path) == 0
    again = capsys.readouterr()
    assert table(again.out) == COUNTS and again.err.replace("there already", "") == err
    assert "imported: 0 days; there already: 4" in again.out
    assert len(web.paths(".warc.gz")) == asked


def test_a_page_that_a_later_parser_reads_is_not_unreadable_any_more(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--from", "2021", "--to", "2022")
    read = ArticlePage._title

    def unread(page: ArticlePage) -> str:
        if slugs()[1] in page.url:
            raise ExtractionError(page.url, "title", "not found")
        return read(page)

    monkeypatch.setattr(ArticlePage, "_title", unread)
    assert run(web, tmp_path, *words) == 0
    assert table(capsys.readouterr().out)["2021"] == [3, 3, 2, 1, 1, 2]
    monkeypatch.setattr(ArticlePage, "_title", read)
    monkeypatch.setattr("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next")
    assert main(["reextract", "--archive", str(tmp_path / "archive"), "--jobs", "1"]) == 0
    capsys.readouterr()
    assert run(web, tmp_path, *words) == 0
    out, err = capsys.readouterr()
    assert table(out) == {"2021": COUNTS["2021"], "2022": COUNTS["2022"]}
    assert f"/help/{slugs()[1]}" not in err and "/help/broken" in err


def test_a_change_lies_between_the_two_captures_that_saw_the_article(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(web, tmp_path) == 0
    capsys.readouterr()
    where = ["history", slugs()[0], "--archive", str(tmp_path / "archive")]
    assert main(where) == 0
    told = capsys.readouterr().out
    assert "(near-identical body)" in told  # the same article on the platform of 2019
    # 20210601T000000Z did not see this article.
    assert "20210501T000000Z -> 20220701T000000Z\n    moved" in told
    assert main([*where, "--format", "json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out) if row["to"] == "20220701T000000Z"]
    assert rows and {row["from"] for row in rows} == {"20210501T000000Z"}


def test_a_help_centre_on_another_platform_is_found_at_its_declared_address(
    then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, old = then
    page = response(f"https://help.acme.example/hc/en-us/articles/{key}-x", old, at=utc(2020, 2, 2))
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "acme.toml").write_text(
        'platform = "zendesk-pages"\nbase_url = "https://help.acme.example"\n[editions]\n"" = "en-us"\n'
    )
    with serving(common_crawl({"CC-MAIN-2020-05": {"a.warc.gz": members(page)}})) as web:
        assert run(web, tmp_path, "acme") == 0
        assert run(web, tmp_path) == 4
    assert table(capsys.readouterr().out) == {"2020": [1, 1, 1, 0, 1, 0]}
    assert Archive(tmp_path / "archive", site="acme").load()["article_id"].tolist() == [key]


def test_a_dry_run_tells_the_same_from_the_index_and_writes_nothing(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(web, tmp_path, "--dry-run") == 0
    found = table(capsys.readouterr().out)
    assert found == {year: [*counts[:2], 0, 0, 0, 0] for year, counts in COUNTS.items()}
    assert not web.paths(".warc.gz") and not list(tmp_path.iterdir())
    web.fault = lambda path, *_: (403, {}, b"no") if "2022-27-index" in path and "page=0" in path else None
    assert run(web, tmp_path, "--dry-run") == 4
    out, err = capsys.readouterr()
    assert list(table(out)) == ["2019", "2020", "2021"]
    assert "did not answer in full; it named 5 captures of okx/en" in out
    assert "not known: " in err and "page=0: status 403: 'no'" in err
    assert "missing: 1 part of the index, named above: another --source may have them" in err
    assert run(web, tmp_path, "--dry-run", "--locale", "fr") == 4


def test_a_part_of_the_time_is_asked_for_and_thinned(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(web, tmp_path, "--from", "2020-05", "--to", "2022-06-30", "--every", "9w", "--limit", "1") == 0
    out, err = capsys.readouterr()
    assert table(out) == {"2020": [0] * 6, "2021": [3, 2, 1, 0, 1, 0]}
    assert "thinned out by --every: 1" in err and "for the next run, by --limit: 1" in err


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_nothing_found_is_never_a_success(
    locale: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(
        common_crawl({"CC-MAIN-2022-27": {"a.warc.gz": members(response(f"{SITE}/trade", b"x"))}})
    ) as web:
        assert run(web, tmp_path, "--locale", locale, "--from", "2019") == 4
    out, err = capsys.readouterr()
    assert f"knows 0 captures of okx/{locale}" in out
    for place in (
        "nothing was imported",
        "--source commoncrawl",
        "support.okex.com",
        "--locale",
        "import FILE",
    ):
        assert place in err


def test_an_archive_that_does_not_answer_is_said_and_gone_on_with(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = (503, {"Retry-After": "9999"}, b"")
    web.fault = lambda path, _, count: busy if path == "/d.warc.gz" else None
    assert run(web, tmp_path) == 4
    out, err = capsys.readouterr()
    assert table(out)["2022"] == [2, 2, 0, 0, 0, 0]
    assert "the archive did not give it: 2 (2022: 2)" in err and "again later" in err
    web.fault = lambda *_: None
    assert run(web, tmp_path) == 0
    assert table(capsys.readouterr().out) == COUNTS
    assert len(web.paths("a.warc.gz")) == 2  # of the first run


def test_a_crawl_that_keeps_the_import_from_running_is_found_before_the_first_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Catalog(tmp_path / "archive").store.state_dir(Partition("okx", "en"))
    lock = FileLock(folder / "lock", thread_local=False)  # as a crawl takes it
    one = slugs()[0]
    with serving(
        common_crawl({"CC-MAIN-2021-17": {"a.warc.gz": members(article(one, utc(2021, 5, 1)))}})
    ) as web:
        with lock:
            assert run(web, tmp_path) == 75
            assert "is running" in capsys.readouterr().err and not web.asked

        def begin(path: str, *_: object) -> None:
            if path == "/a.warc.gz":
                lock.acquire()

        web.fault = begin
        assert run(web, tmp_path) == 75
        out, err = capsys.readouterr()
        assert table(out) == {"2021": [1, 1, 1, 0, 0, 0]}
        assert "nothing was imported: " in err and "the same command imports them" in err
        lock.release()
        assert run(web, tmp_path) == 0
        assert len(web.paths("a.warc.gz")) == 1
    assert "imported: 1 day;" in capsys.readouterr().out


def told(column: str = "read", reason: str = "", gap: Gap | None = None, **more: Any) -> Backfill:
    """The result of a run with one capture in ``column``."""
    done = Backfill(Partition("okx", "en"), **more)
    done.coverage.count(column, CAPTURE)
    if reason:
        done.coverage.leave_out(CAPTURE, reason)
    if gap:
        done.asked.miss(gap)
    return done


AGAIN, ELSEWHERE = "the same command again later", "another --source may have them"


@pytest.mark.parametrize(
    ("done", "code", "said"),
    [
        (told(), 0, ""),
        (told(imported=CaptureReport(already=["a day of another source"]), column="unreadable"), 4, "no page was read"),
        (told(reason=LATER), 0, "left by --limit: 1 capture; the same command fetches the next ones"),
        (told(reason=NOT_HAD), 4, f"missing: 1 capture that the archive did not give: run {AGAIN}"),
        (told(reason=REFUSED), 4, f"missing: 1 capture that the archive refused: {ELSEWHERE}"),
        (told(reason=ANOTHER), 4, f"missing: 1 capture for which the archive has something else: {ELSEWHERE}"),
        (told(gap=Gap("x", again=True)), 4, f"missing: 1 part of the index, named above: run {AGAIN}"),
        (told(gap=Gap("x", again=False)), 4, f"missing: 1 part of the index, named above: {ELSEWHERE}"),
        (told(imported=CaptureReport(problems=[Damage("f", 1, "bad")])), 4, "missing: 1 place of kept files"),
        (told(held=LockHeldError("a crawl is running")), 75, "nothing was imported: a crawl is running"),
        (told(asked=Asked(unchecked=2)), 0, "not compared with a digest of the index: 2 of"),
    ],
)  # fmt: skip
def test_the_exit_code_is_that_of_the_table_and_each_missing_thing_is_named(
    done: Backfill, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _conclude(done, get_site("okx"), "wayback", dry_run=False) == code
    err = capsys.readouterr().err
    assert said in err if said else not err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--source", "internet"], "--source internet: unknown"),
        (["--every", "often"], "--every often"),
        (["--from", "2019-13"], "--from 2019-13"),
        (["--from", "2022", "--to", "2021"], "the end is not after the start"),
        (["--from", "2098"], "--to today: the end is not after the start"),
        (["--limit", "0"], "--limit 0"),
        (["--pause", "-1"], "--pause -1"),
        (["nowhere"], "unknown site"),
        (["--locale", "qq-qq-qq"], "qq-qq-qq"),
    ],
)
def test_wrong_arguments_are_named(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backfill", "--archive", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err
