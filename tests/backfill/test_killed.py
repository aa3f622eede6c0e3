"""A backfill that is killed goes on where it was cut off: nothing that it had is asked for again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.cli import main
from tests import forked
from tests.backfill.archives import Reply, Web, collections, common_crawl, serving
from tests.backfill.test_backfill import COUNTS, table
from tests.backfill.test_backfill import then as then


def words_of(web: Web, folder: Path) -> list[str]:
    return ["backfill", "--archive", str(folder), "--pause", "0", "--source", f"{web.url}/collinfo.json"]


@pytest.mark.long
def test_an_index_that_has_answered_is_asked_again_only_after_everything_was_fetched(
    then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(common_crawl(collections(*then))) as web:
        words = words_of(web, tmp_path)
        asked = []
        for more in (["--limit", "2"], ["--limit", "2"], [], []):
            assert main([*words, *more]) == 0
            asked.append(len(web.paths("-index?")))
            web.asked.clear()
        assert asked[0] == asked[3] > asked[1] == asked[2] == 0
        web.fault = lambda path, *_: (503, {"Retry-After": "9999"}, b"") if "2021-17-index" in path else None
        assert main(words) == 4
        first = web.paths("-index?")
        web.asked.clear()
        web.fault = lambda *_: None
        capsys.readouterr()
        assert main(words) == 0
        assert web.paths("-index?") and not set(web.paths("-index?")) & {
            path for path in first if "2021-17" not in path
        }
    assert table(capsys.readouterr().out) == COUNTS


@pytest.mark.parametrize(
    "number", [49, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 9, 30, 46, 47, 48, 50, 52))]
)
def test_a_killed_backfill_goes_on_where_it_was_cut_off(
    number: int, then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed: list[forked.Started] = []
    with serving(common_crawl(collections(*then))) as web:
        words = words_of(web, tmp_path)

        def kill(path: str, headers: object, count: int) -> Reply | None:
            if len(web.asked) == number:
                killed[0].kill()
            return None

        web.fault = kill
        killed.append(forked.Started(words))
        assert killed[0].wait(60).returncode == -9
        before = list(web.paths())
        web.fault = lambda *_: None
        assert main(words) == 0
        requests = Counter(
            (path, headers.get("Range")) for path, headers in web.asked if not path.endswith("collinfo.json")
        )
    assert table(capsys.readouterr().out) == COUNTS
    assert len(before) == number
    assert requests.total() - len(requests) <= 1  # the request at which it was killed
    assert len(Archive(tmp_path, site="okx", locale="en").snapshots()) == 4
