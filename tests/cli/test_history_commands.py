"""``log``, ``diff``, ``history`` and ``blame`` on a small archive with a story."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helpscraper.archive.layout import Partition, changes_path, snapshot_path
from helpscraper.archive.store import open_store
from helpscraper.cli import main
from tests.commands import ran
from tests.history.story import EN, committed, days, story
from tests.history.worlds import MONDAY

DAY = dt.timedelta(days=1)
Golden = Callable[[str, str], None]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


def day(number: int) -> dt.date:
    return dt.date(2026, 7, 2) + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("log.txt", ["log"]),
        ("log.json", ["log", "--last", "2", "--format", "json"]),
        ("log-article.txt", ["log", "withdrawal-limits"]),
        ("diff.txt", ["diff", "2026-11-17", "2026-11-18"]),
        ("diff-words.txt", ["diff", "latest~4", "latest~1", "--words"]),
        ("diff-stat.txt", ["diff", "latest~4", "latest~1", "--stat"]),
        ("diff-silent.txt", ["diff", "latest~4", "latest~1", "--kind", "silent"]),
        ("diff-counted.txt", ["diff", "latest~4", "latest~3", "--kind", "counted"]),
        ("diff.json", ["diff", "latest~3", "latest~2", "--format", "json"]),
        ("diff.md", ["diff", "latest~3", "latest~2", "--format", "md"]),
        ("history.txt", ["history", "limits", "--words"]),
        ("blame.txt", ["blame", "trading-fees"]),
    ],
)
def test_output(
    capsys: pytest.CaptureFixture[str], golden: Golden, archive: Path, name: str, words: list[str]
) -> None:
    code, out, err = ran(capsys, archive, *words)
    assert (code, err) == (0, "")
    golden(name, out)


def test_json_is_the_contract(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    _, out, _ = ran(capsys, archive, "diff", "latest~3", "latest~2", "--format", "json")
    answer = json.loads(out)
    assert list(answer) == ["from", "to", "editions", "changes"]
    assert (answer["from"], answer["to"]) == ("20261117T060000Z", "20261118T060000Z")
    assert list(answer["changes"][0]) == [
        "site", "locale", "article_id", "kind", "field", "before", "after", "silent", "at", "from", "to",
    ]  # fmt: skip


def test_exit_code_is_gits(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    assert ran(capsys, archive, "diff", "latest~3", "latest~2", "--exit-code")[0] == 1
    assert ran(capsys, archive, "diff", "latest~3", "latest~2")[0] == 0
    assert ran(capsys, archive, "diff", "latest", "latest", "--exit-code")[0] == 0
    assert ran(capsys, archive, "diff", "latest~3", "latest~2", "--exit-code", "--kind", "added")[0] == 0


def test_csv_and_parquet(capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path) -> None:
    _, out, _ = ran(capsys, archive, "diff", "latest~3", "latest~2", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["kind"] for row in rows} == {"renamed", "edited", "counted"}
    target = tmp_path / "changes.parquet"
    ran(capsys, archive, "diff", "latest~3", "latest~2", "--format", "parquet", "--output", str(target))
    assert pq.read_table(target).num_rows == len(rows)


def test_doubts_go_to_stderr(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, err = ran(capsys, archive, "diff")
    assert code == 0 and "unverified" in out
    assert err == "warning: 1 article not seen: 20261120T060000Z did not look everywhere they could be\n"


@pytest.mark.parametrize(
    ("words", "same"),
    [
        (["diff", "latest~3..latest~2"], ["diff", "latest~3", "latest~2"]),
        (["diff", "latest~3", "2026-11"], ["diff", "latest~3", "latest"]),
        (["log", "--since", "2026-11", "--until", "2026-11"], ["log"]),
        (["show", "https://help.example/help/trading-fees/"], ["show", "trading-fees"]),
        (["history", "https://help.example/help/limits#x"], ["history", "limits"]),
        (["blame", "https://help.example/help/limits"], ["blame", "limits"]),
    ],
)
def test_two_ways_to_name_the_same(
    capsys: pytest.CaptureFixture[str], archive: Path, words: list[str], same: list[str]
) -> None:
    code, out, _ = ran(capsys, archive, *words)
    assert (code, out) == ran(capsys, archive, *same)[:2] and out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diff", "202611"], "202611 matches 5 snapshots"),
        (["diff", "latest~9"], "holds 5 snapshots"),
        (["diff", "", "latest"], "the name of a snapshot of"),
        (["diff", "latest~1", ""], "is empty"),
        (["show", "trading-fees@"], "is empty"),
        (["diff", "--kind", "deleted"], "no such kind of change: deleted"),
        (["diff", "--field", "colour"], "no such field to compare: colour"),
        (["diff", "--article", "trading-fee"], "did you mean: trading-fees"),
        (["history", "trading-fee"], "did you mean: trading-fees"),
        (["blame", "zzz"], "knows this article"),
        (["log", "--last", "-1"], "not a number of snapshots"),
        (["show", "2026-13"], "2026-13: there is no such month"),
        (["history", "https://help.example/help/none"], "has this address\n  give its key"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], archive: Path, words: list[str], said: str) -> None:
    code, out, err = ran(capsys, archive, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_one_snapshot_has_nothing_to_compare_with(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    committed(tmp_path, 0, days()[0])
    code, _, err = ran(capsys, tmp_path, "diff")
    assert code == 2 and "holds only one snapshot, 20261116T060000Z" in err
    assert ran(capsys, tmp_path, "log")[0] == 0


def test_a_damaged_file_is_named_and_the_rest_works(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    catalog = story(tmp_path)
    Path(catalog.store.url(snapshot_path(EN, "20261118T060000Z"))).write_bytes(b"PAR1 broken")
    code, _, err = ran(capsys, tmp_path, "diff", "latest~3", "latest~2")
    assert code == 1 and "20261118T060000Z.parquet" in err
    assert ran(capsys, tmp_path, "diff", "latest~4", "latest~3")[0] == 0
    code, out, _ = ran(capsys, tmp_path, "log")
    assert code == 0 and "20261118T060000Z.parquet" in out and "1 retitled" in out


def test_a_missing_snapshot_is_named_and_the_rest_works(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    catalog = story(tmp_path)
    gone, feed = snapshot_path(EN, "20261118T060000Z"), changes_path(EN, "20261119T060000Z")
    Path(catalog.store.url(gone)).unlink()
    said = f"warning: 20261118T060000Z: {gone} is missing, although {feed} was compared with it"
    for words in (
        ["log"],
        ["diff", "2026-11-18", "latest"],
        ["digest", "--since", "2026-11-17"],
        ["report", "--out", str(tmp_path.with_name("pages"))],
    ):
        code, out, err = ran(capsys, tmp_path, *words)
        assert code == 0 and out and f"{said}; restore it from a backup" in err.splitlines()
    assert "is missing" not in ran(capsys, tmp_path, "diff", "2026-11-19", "latest")[2]
    assert (
        f"its snapshot is missing, although {feed} was compared with it" in ran(capsys, tmp_path, "runs")[1]
    )
    code, out, _ = ran(capsys, tmp_path, "verify", "--format", "json")
    expected = {"path": gone, "problem": "snapshot is missing", "detail": f"{feed} was compared with it"}
    assert code == 1 and json.loads(out) == [expected]
    # That feed is unreadable: then nothing proves that there was one.
    Path(catalog.store.url(feed)).write_bytes(b"")
    assert "is missing" not in ran(capsys, tmp_path, "log")[2]


def test_a_crawl_that_was_killed_before_its_commit_lost_no_snapshot(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    catalog = story(tmp_path)
    last = catalog.ids(EN)[-1]
    Path(catalog.store.url(snapshot_path(EN, last))).unlink()
    assert "is missing" not in ran(capsys, tmp_path, "log")[2]
    assert "the commit was interrupted" in ran(capsys, tmp_path, "runs")[1]
    assert ran(capsys, tmp_path, "verify")[0] == 0


def test_a_bulk_touch_is_one_line_beside_the_edits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, commit: Callable[..., object]
) -> None:
    store, rows = open_store(tmp_path / "a"), [
        {"article_id": f"a{n:04}", "section": "faq" if n % 2 else "fees", "body": "Words.", "updated_on": day(n % 28)}
        for n in range(1_014)
    ]  # fmt: skip
    commit(store, "2026-08-10", rows)
    for n, row in enumerate(rows):
        row |= {"updated_on": day(40), "body": "Other words."} if n < 14 else {"updated_on": day(40)}
    commit(store, "2026-08-12", rows)
    said = "14 edited, 1,000 touched"
    assert ran(capsys, tmp_path / "a", "diff", "latest~1", "latest")[1].splitlines()[-1] == said
    (line,) = (each for each in ran(capsys, tmp_path / "a", "log")[1].splitlines() if "all sections" in each)
    assert line.split(maxsplit=2)[2] == said


def test_editions_side_by_side(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for locale in ("en", "de"):
        for day, rows in enumerate(days()[:2]):
            committed(tmp_path, day, rows, partition=Partition("okx", locale))
    committed(tmp_path, 0, days()[0], partition=Partition("okx", "fr"))
    code, out, err = ran(capsys, tmp_path, "diff", "--locale", "all")
    assert code == 0 and "okx/en  20261116" in out and "okx/de  20261116" in out
    assert "okx/fr) holds only one snapshot" in err
    one, two = (
        json.loads(ran(capsys, tmp_path, "diff", "--locale", locale, "--format", "json")[1])
        for locale in ("en", "en,de")
    )
    assert list(one) == list(two) == ["from", "to", "editions", "changes"]
    span = {"from": "20261116T060000Z", "to": "20261117T060000Z"}
    assert two["editions"] == [{"site": "okx", "locale": each} | span for each in ("en", "de")]
    assert span.items() <= two.items() and one["editions"] == two["editions"][:1]
    assert [row for row in two["changes"] if row["locale"] == "en"] == one["changes"] != []


def test_sites_side_by_side(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for site in ("okx", "another"):
        for day, rows in enumerate(days()[:2]):
            committed(tmp_path, day, rows, partition=Partition(site, "en"))
    answer = json.loads(ran(capsys, tmp_path, "diff", "--locale", "all", "--format", "json")[1])
    assert [each["site"] for each in answer["editions"]] == ["another", "okx"]
    changes = {
        site: [row | {"site": ""} for row in answer["changes"] if row["site"] == site]
        for site in ("another", "okx")
    }
    assert changes["another"] and changes["another"] == changes["okx"]
    told = ran(capsys, tmp_path, "diff", "--site", "another", "--locale", "all")[1]
    assert "another/en" in told and "okx/en" not in told


def test_what_a_page_says_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = days()[0]
    committed(tmp_path, 0, rows)
    committed(tmp_path, 1, [rows[0] | {"title": "\x1b[2Jgone"}, *rows[1:]])
    for command in (["diff"], ["log", "set-up-a-passkey"]):
        assert "\x1b" not in ran(capsys, tmp_path, *command)[1]


def test_an_earlier_slug_shows_the_article_under_its_later_one(
    capsys: pytest.CaptureFixture[str], archive: Path
) -> None:
    words = ["show", "limits", "--archive", str(archive), "--format", "json"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert [row["article_id"] for row in json.loads(out)] == ["withdrawal-limits"]
    assert err.startswith("limits was renamed: in okx/en:") and err.endswith("it is withdrawal-limits\n")
    assert main(["show", "limits@latest~4", *words[2:]]) == 0
    out, err = capsys.readouterr()
    assert ([row["article_id"] for row in json.loads(out)], err) == (["limits"], "")


def test_a_removed_article_is_shown_as_it_last_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = days()[0]
    number, other = rows[0] | {"article_id": "4410"}, rows[1:]
    for day, held in enumerate(([number, *other], [number, *other], other)):
        committed(tmp_path, day, held)
    words = ["--archive", str(tmp_path), "--format", "json"]
    for key in ("4410", "4410@latest~1"):
        assert main(["show", key, *words]) == 0
        out, err = capsys.readouterr()
        assert [row["article_id"] for row in json.loads(out)] == ["4410"]
        assert bool(err) == ("@" not in key)
    assert main(["show", "4410", *words]) == 0
    newest, held = re.findall(r"okx/en:\S+[0-9]Z", capsys.readouterr().err)
    assert held < newest
    assert main(["show", "4410@latest", *words]) == 2
    said = capsys.readouterr().err
    assert f"4410: no such article in {newest}" in said and f"`helpscraper show 4410@{held[-16:]}`" in said
    assert main(["show", "4411", *words]) == 2


def test_data_formats_hold_the_words_of_an_edit(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    for words in (["diff", "latest~3", "latest~2"], ["history", "limits"], ["log", "limits"]):
        out = ran(capsys, archive, *words, "--words", "--format", "json")[1]
        rows = json.loads(out)["changes"] if words[0] == "diff" else json.loads(out)
        (edit,) = (row for row in rows if row["field"] == "body_sha256")
        assert edit["words"].endswith("Ask us for [-more-]{+a higher one+}.")
        assert (edit["words_deleted"], edit["words_inserted"]) == (["more"], ["a higher one"])
        assert {row["words"] for row in rows if row is not edit} == {None}
    out = ran(capsys, archive, "diff", "latest~3", "latest~2", "--words", "--format", "csv")[1]
    assert {row["words_inserted"] for row in csv.DictReader(io.StringIO(out))} == {"", '["a higher one"]'}


def test_a_change_says_between_which_crawls_it_happened(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = days()[0][:1]
    seen = {"fetched_at": MONDAY}
    committed(tmp_path, 0, [first[0] | seen])
    committed(tmp_path, 1, [first[0] | seen | {"status": "carried"}])
    committed(
        tmp_path, 2, [first[0] | {"body": "Other words.", "title": "Other", "fetched_at": MONDAY + 2 * DAY}]
    )
    out = ran(capsys, tmp_path, "history", "set-up-a-passkey", "--format", "json")[1]
    spans = {row["field"]: (row["from"], row["to"]) for row in json.loads(out)}
    assert spans["title"] == ("20261117T060000Z", "20261118T060000Z")
    assert spans["body_sha256"] == ("20261116T060000Z", "20261118T060000Z")
    for words in (["history", "set-up-a-passkey"], ["diff"]):
        told = ran(capsys, tmp_path, *words)[1]
        assert "20261117T060000Z -> 20261118T060000Z" in told
        assert "its page last read by 20261116T060000Z" in told
    changes = json.loads(ran(capsys, tmp_path, "diff", "--format", "json")[1])["changes"]
    assert {row["field"]: (row["from"], row["to"]) for row in changes} == spans


def test_the_log_says_the_same_in_every_format(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    told = ran(capsys, archive, "log", "--last", "0")[1]
    rows = json.loads(ran(capsys, archive, "log", "--last", "0", "--format", "json")[1])
    heads = [line.split()[0] for line in told.splitlines() if not line.startswith(" ")]
    assert [row["snapshot_id"] for row in rows] == heads and len(heads) == 5
    assert [row["articles"] for row in rows] == [3, 4, 3, 3, 4]
    first, second = rows[-1], rows[-2]
    assert (first["edited"], first["sections"]) == (None, None)  # there is nothing to compare it with
    assert (second["edited"], second["silent"], second["removed"], second["added"]) == (1, 1, 1, 0)
    assert second["sections"][0] == {"section": "api", "kind": "removed", "articles": 1}
    assert "counted" not in second
    counted = json.loads(ran(capsys, archive, "log", "--counts", "--format", "json")[1])
    assert counted[0]["counted"] == 1
    assert (
        list(csv.DictReader(io.StringIO(ran(capsys, archive, "log", "--format", "csv")[1])))[3]["silent"]
        == "1"
    )
    committed(tmp_path, 0, days()[0])
    committed(tmp_path, 1, days()[0])
    still = json.loads(ran(capsys, tmp_path, "log", "--format", "json")[1])
    assert [(row["edited"], row["sections"]) for row in still] == [(0, []), (None, None)]


@pytest.mark.parametrize(
    ("bounds", "ids", "base"),
    [
        (["--from", "2026-11-18", "--to", "2026-11-19"], [18, 19], 17),
        (["--since", "2026-11-20"], [20], 19),
        (["--from", "latest~2", "--until", "2026-11-19"], [18, 19], 18),
        (["--from", "2026-11-01", "--to", "2026-11-17"], [16, 17], 16),
    ],
)
def test_log_diff_and_report_take_the_same_range(
    capsys: pytest.CaptureFixture[str],
    archive: Path,
    tmp_path: Path,
    bounds: list[str],
    ids: list[int],
    base: int,
) -> None:
    code, out, err = ran(capsys, archive, "log", *bounds, "--format", "json")
    assert code == 0
    assert [row["snapshot_id"][6:8] for row in json.loads(out)] == [str(each) for each in reversed(ids)]
    begins_late = "begins with 20261116T060000Z: nothing is known of the time from 2026-11-01"
    assert (begins_late in err) == (base == ids[0] == 16)
    _, out, err = ran(capsys, archive, "diff", *bounds, "--format", "json")
    answer = json.loads(out)
    assert (answer["from"][6:8], answer["to"][6:8]) == (str(base), str(ids[-1]))
    assert (begins_late in err) == (base == ids[0] == 16)
    code, _, err = ran(capsys, archive, "report", *bounds, "--out", str(tmp_path / "r"))
    crawls = sorted(path.stem[6:8] for path in (tmp_path / "r/okx/en/crawls").glob("2*.html"))
    assert (code, crawls) == (0, [str(each) for each in range(base, ids[-1] + 1)])
    assert (begins_late in err) == (base == ids[0] == 16)


@pytest.mark.parametrize("command", [["log"], ["diff"], ["report", "--out", "pages"]])
def test_a_range_without_a_crawl_is_refused_everywhere(
    capsys: pytest.CaptureFixture[str],
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for bounds in (["--from", "2030-01-01"], ["--to", "2020-01-01"]):
        code, out, err = ran(capsys, archive, *command, *bounds)
        assert (code, out) == (2, "") and "no snapshot" in err
    assert ran(capsys, archive, *command, "--from", "2026-02-30")[0] == 2
    assert list(tmp_path.iterdir()) == []
