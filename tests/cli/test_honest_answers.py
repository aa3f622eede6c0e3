"""No command says "nothing" where it means "not known", ignores an option, or ends loudly in a pipe."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_run
from helpscraper.cli import main
from helpscraper.history.body_diff import words_of
from tests.commands import ran
from tests.history.story import EN, committed, days, story

KEPT = Path(__file__).parents[1] / "data" / "archive-v1"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diff", "--section", "fess"], "did you mean: fees"),
        (["diff", "--section", "zzz"], "choose one of: faq, fees"),
        (["diff", "--kind", "edit"], "did you mean: edited"),
        (["diff", "--kind", "silentt"], "did you mean: silent"),
        (["diff", "--field", "titel"], "did you mean: title"),
        (["diff", "--field", "view"], "did you mean: views"),
        (["diff", "--article", "trading-fee"], "did you mean: trading-fees"),
        (["diff", "--kind", ""], "'': a name is empty"),
        (["diff", "--section", "fees,"], "'fees,': a name is empty"),
        (["diff", "--locale", "fr"], "(okx/fr) holds no snapshot yet\n  choose one of: okx/en"),
        (["runs", "--locale", "fr"], "no run of fr\n  choose one of: okx/en"),
        (["log", "--locale", "fr"], "no run of fr"),
        (["reextract", "--locale", "fr"], "no run of fr"),
        (["diff", "--words", "--stat"], "--words and --stat do not go together"),
        (["log", "--words"], "say `helpscraper log ARTICLE --words`"),
        (["log", "limits", "--last", "2"], "ARTICLE and --last do not go together"),
        (["show", "limits@latest~4", "--body", "text", "--format", "json"], "--body and --format json"),
        (["show", "limits@latest~4", "--raw", "--format", "md"], "--raw and --format md"),
        (["show", "limits@latest~4", "--raw", "--body", "text"], "--raw and --body do not go together"),
    ],
)
def test_what_cannot_be_done_is_said(
    capsys: pytest.CaptureFixture[str], archive: Path, words: list[str], said: str
) -> None:
    code, out, err = ran(capsys, archive, *words)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    "words",
    [
        ["runs"], ["log"], ["log", "limits"], ["diff"], ["diff", "--locale", "all"], ["show"], ["show", "limits"],
        ["history", "limits"], ["blame", "limits"], ["reextract"], ["export"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("exists", [False, True])
def test_an_archive_that_holds_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], exists: bool
) -> None:
    folder = tmp_path / "nothing"
    if exists:
        folder.mkdir()
    code, out, err = ran(capsys, folder, *words)
    assert (code, out) == (2, "")
    assert "holds no snapshot" in err and "helpscraper crawl" in err


@pytest.mark.parametrize(
    "words", [["runs"], ["verify"], ["compact"], ["accept", "20261122T060000Z"], ["crawl"]]
)
@pytest.mark.parametrize("archive", ["", "x::y"])
def test_no_archive_is_named_by_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str],
    archive: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code = main([words[0], "--archive", archive, *words[1:]])
    assert code == 2
    err = capsys.readouterr().err
    assert "the URI is empty" in err or "chains several file systems" in err
    assert list(tmp_path.iterdir()) == []


def test_log_of_runs_that_all_failed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "runs/site=okx/locale=en"
    shutil.copytree(KEPT / "runs/site=okx/locale=en", target)
    assert ran(capsys, tmp_path, "runs")[0] == 0
    code, out, err = ran(capsys, tmp_path, "log")
    assert (code, out) == (2, "") and "helpscraper runs" in err
    for words in (["show"], ["export"], ["diff"]):
        code, out, err = ran(capsys, tmp_path, *words)
        assert (code, out) == (2, "")
        assert "though there were runs" in err and "helpscraper runs" in err and "there is" not in err


def test_stat_as_data(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, _ = ran(capsys, archive, "diff", "latest~4", "latest~1", "--stat", "--format", "json")
    rows: list[dict[str, Any]] = json.loads(out)
    assert code == 0
    days = {"site": "okx", "locale": "en", "from": "20261116T060000Z", "to": "20261119T060000Z"}
    assert list(rows[0]) == [*days, "section", "kind", "articles"]
    assert days | {"section": "fees", "kind": "edited", "articles": 1} in rows
    _, out, _ = ran(capsys, archive, "diff", "latest~4", "latest~1", "--stat", "--format", "csv")
    assert [row["articles"] for row in csv.DictReader(io.StringIO(out))] == [
        str(row["articles"]) for row in rows
    ]
    assert "no change" in ran(capsys, archive, "diff", "latest", "latest", "--stat")[1]


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "latest~4", "latest~1"], ["diff", "latest~4", "latest~1", "--stat"], ["log"],
        ["diff", "latest~4", "latest~1", "--words"], ["log", "limits"], ["history", "limits", "--words"],
        ["blame", "limits"],
    ],
)  # fmt: skip
def test_a_file_holds_what_would_be_printed(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path, words: list[str]
) -> None:
    printed = ran(capsys, archive, *words)[1]
    code, out, _ = ran(capsys, archive, *words, "-o", str(tmp_path / "file.txt"))
    assert (code, out) == (0, "")
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == printed
    code, _, err = ran(capsys, archive, *words, "-o", str(tmp_path / "no/file.txt"))
    assert code == 2 and "no/file.txt" in err


def test_a_body_goes_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    printed = ran(capsys, KEPT, "show", "trading-fees", "--body", "markdown")[1]
    code, out, _ = ran(
        capsys, KEPT, "show", "trading-fees", "--body", "markdown", "-o", str(tmp_path / "body.md")
    )
    assert (code, out) == (0, "")
    assert (tmp_path / "body.md").read_text(encoding="utf-8") == printed


def test_every_format_of_data_holds_the_same_records(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    counts = []
    for name in ("json", "csv", "md", "parquet"):
        target = tmp_path / f"changes.{name}"
        ran(capsys, archive, "diff", "latest~4", "latest~1", "--format", name, "-o", str(target))
        if name == "parquet":
            counts.append(pq.read_table(target).num_rows)
        elif name == "json":
            counts.append(len(json.loads(target.read_text())["changes"]))
        else:
            lines = target.read_text().splitlines()
            counts.append(len(lines) - (2 if name == "md" else 1))
    assert len(set(counts)) == 1


def written(folder: Path, *markdowns: str) -> None:
    """An article whose words stay and whose Markdown is another each day."""

    from helpscraper.archive.schema import bodies_table
    from helpscraper.archive.store import open_store
    from helpscraper.archive.writer import write_snapshot
    from helpscraper.items import Body
    from helpscraper.normalise.bodies import body_key
    from tests.history.worlds import MONDAY, row, run, table

    text = "See the rules first."
    for day, markdown in enumerate(markdowns):
        body = Body(body_key(text, markdown), text, markdown, f"<p>{day}</p>")
        at = MONDAY + dt.timedelta(days=day)
        write_snapshot(
            open_store(folder), EN, at.strftime("%Y%m%dT%H%M%SZ"),
            table(row("rules", body_sha256=body.sha256), day=day),
            bodies_table([body], at), run(day, site="okx", locale="en", outcome="committed"), None,
        )  # fmt: skip


def test_words_show_links_that_changed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = "See [the rules](https://help.example/old) first."
    written(tmp_path, first, first.replace("old", "new"))
    for words in (["diff", "--words"], ["history", "rules", "--words"]):
        code, out, _ = ran(capsys, tmp_path, *words)
        assert code == 0
        assert "same words; its pictures, links or formatting changed, here as Markdown" in out
        assert "[-old-]{+new+}" in out
    assert main(["report", "--archive", str(tmp_path), "--out", str(tmp_path / "r")]) == 0
    pages = [
        page.read_text()
        for folder in ("r", "r/okx/en", "r/okx/en/crawls")
        for page in (tmp_path / folder).glob("*.html")
    ]
    told = [page for page in pages if "The words are the same" in page]
    assert len(told) >= 4 and all("<del>old</del><ins>new</ins>" in page for page in told)
    assert main(["feed", "--archive", str(tmp_path), "--out", str(tmp_path / "f")]) == 0
    assert "The words are the same" in (tmp_path / "f/okx/en/all.atom").read_text()
    written(tmp_path / "spaced", first, first.replace("See ", "See  "))
    assert "only its markup or line breaks changed" in ran(capsys, tmp_path / "spaced", "diff", "--words")[1]


def test_a_body_that_cannot_be_read_has_no_words(archive: Path) -> None:
    from helpscraper.archive.reader import Catalog

    assert words_of(Catalog(archive), EN)("0" * 64, "1" * 64) is None


@pytest.mark.parametrize(
    "words",
    [
        ["diff", "latest~4", "latest~1"], ["diff", "--format", "json"],
        *(pytest.param(words, marks=pytest.mark.long)
          for words in (["log"], ["history", "limits"], ["runs"], ["show"], ["blame", "limits"])),
    ],
)  # fmt: skip
def test_a_pipe_that_nobody_reads_ends_quietly(archive: Path, words: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "helpscraper", words[0], "--archive", str(archive), *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 0, said
    assert not [line for line in said.splitlines() if not line.startswith("warning: ")]


def test_back_in_time_is_said(capsys: pytest.CaptureFixture[str], archive: Path) -> None:
    code, out, err = ran(capsys, archive, "diff", "latest~3", "latest~4")
    assert code == 0 and "added" in out
    assert "20261117T060000Z is later than 20261116T060000Z" in err


def test_a_story_says_what_became_of_what_nobody_looked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    faq: dict[str, Any] = {"complete": False, "sections": {"faq": {"whole": True, "content_type": "section"}},
           "scope": "sections=faq"}  # fmt: skip
    committed(tmp_path, 0, days()[0])
    committed(tmp_path, 1, [each for each in days()[0] if each["section"] == "faq"], **faq)
    assert "not seen since" in ran(capsys, tmp_path, "history", "trading-fees")[1]
    committed(tmp_path, 2, days()[0])
    _, out, _ = ran(capsys, tmp_path, "history", "trading-fees")
    assert "unverified          not seen, but the crawl did not look everywhere" in out
    assert out.endswith("20261118T060000Z  seen again, unchanged\n")
    _, out, _ = ran(capsys, tmp_path, "log")
    assert "2 articles  only part: sections=faq" in out and "incomplete" not in out
    assert "added" not in out


def test_what_may_be_new_is_marked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    committed(tmp_path, 0, days()[0][:1], complete=False, sections={})
    committed(tmp_path, 1, days()[0])
    code, out, err = ran(capsys, tmp_path, "diff")
    assert code == 0 and "unverified (new?)" in out and "added" not in out
    assert err == (
        "warning: 3 articles seen for the first time, maybe not new:"
        " 20261116T060000Z did not look everywhere they could be\n"
    )
    assert "seen for the first time" in ran(capsys, tmp_path, "history", "farewell")[1]


def translated(folder: Path) -> None:
    """An article with letters that Latin-1 has, and others that it has not; title and text change."""
    from tests.history.worlds import row

    for day, (title, checked) in enumerate([("费用", "实名认证"), ("Gebühren 费用", "手机验证")]):
        committed(folder, day, [row("rules", title=title, body=f"Erst nach der Prüfung: {checked}。")])


@pytest.mark.parametrize(
    "words",
    [
        ["diff"], ["blame", "rules"],
        *(pytest.param(words, marks=pytest.mark.long) for words in (["show"], ["history", "rules", "--words"])),
    ],
)  # fmt: skip
def test_a_terminal_of_another_encoding_gets_all_it_can(tmp_path: Path, words: list[str]) -> None:
    translated(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "helpscraper", words[0], "--archive", str(tmp_path), *words[1:]],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if words[0] in ("blame", "history"):
        assert "Prüfung".encode("latin-1") in done.stdout
        assert b"\\u624b\\u673a" in done.stdout


def test_json_is_utf8_whatever_the_terminal(tmp_path: Path) -> None:
    translated(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "helpscraper", "diff", "--archive", str(tmp_path), "--format", "json"],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert "Gebühren 费用" in {r["after"] for r in json.loads(done.stdout.decode())["changes"]}


def test_an_article_with_a_number_for_a_key_is_shown_where_no_snapshot_begins_with_it(
    capsys: pytest.CaptureFixture[str], store: Store, commit: Callable[..., SnapshotFile]
) -> None:
    rows = [{"article_id": key, "body": f"Words of {key}."} for key in ("4410000000000", "20261120")]
    commit(store, "2026-11-20", rows, site="acme", locale="en-us")
    folder = Path(store.uri)
    at = ["--site", "acme", "--locale", "en-us"]
    assert ran(capsys, folder, "show", "4410000000000", *at, "--body", "text") == (
        0,
        "Words of 4410000000000.\n",
        "",
    )
    code, out, err = ran(capsys, folder, "show", "4410000000001", *at)
    assert (code, out) == (2, "") and "4410000000001: no such snapshot" in err
    code, out, _ = ran(capsys, folder, "show", "20261120", *at)
    assert code == 0 and "4410000000000" in out  # a snapshot of that day comes first
    assert ran(capsys, folder, "show", "20261120@latest", *at, "--body", "text")[1] == "Words of 20261120.\n"


def test_runs_of_several_sites_are_told_apart(
    capsys: pytest.CaptureFixture[str], store: Store, commit: Callable[..., SnapshotFile]
) -> None:
    commit(store, "2026-11-20", [{"article_id": "a"}])
    assert "site" not in ran(capsys, Path(store.uri), "runs")[1].splitlines()[0].split()
    commit(store, "2026-11-20", [{"article_id": "a"}], site="acme")
    head, *rows = ran(capsys, Path(store.uri), "runs")[1].splitlines()
    assert head.split()[:3] == ["run_id", "site", "locale"]
    assert [row.split()[1:3] for row in rows if row.startswith("2026")] == [["acme", "en"], ["okx", "en"]]


@pytest.mark.parametrize(
    "words", [["show"], ["diff", "latest~1"], ["export", "--format", "csv"]], ids=lambda w: w[0]
)
def test_a_day_after_the_newest_snapshot_is_said_to_mean_that(
    words: list[str], capsys: pytest.CaptureFixture[str], archive: Path
) -> None:
    code, out, err = ran(capsys, archive, *words, "2031-01-01")
    said, _, rest = err.partition("\n")
    assert code == 0 and out
    assert re.fullmatch(r"2031-01-01 is after the newest snapshot of okx/en: \d{8}T\d{6}Z is used", said)
    assert ran(capsys, archive, *words, "latest") == (0, out, rest)


def test_a_day_before_the_first_snapshot_means_the_same_in_every_command(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    """As the name of a snapshot it is refused; as the begin of a range it is told that nothing is known before."""
    for words in (["show"], ["diff"], ["export", "--format", "csv"]):
        code, out, err = ran(capsys, archive, *words, "2020-01-01")
        assert (code, out) == (2, "") and "begins later, with" in err, words
    for words in (["log"], ["diff"], ["report", "--out", str(tmp_path / "r")]):
        code, _, err = ran(capsys, archive, *words, "--from", "2020-01-01")
        assert (
            code == 0 and "nothing is known of the time from 2020-01-01 until 2026-11-16 06:00 UTC" in err
        ), words
        code, _, err = ran(capsys, archive, *words, "--from", "2031-01-01")
        assert code == 2 and "no snapshot from 2031-01-01" in err, words


def test_verify_of_runs_alone_has_nothing_to_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_run(
        open_store(tmp_path), EN, "20261122T060000Z", RunFacts(run_id="20261122T060000Z", outcome="failed")
    )
    code, out, _ = ran(capsys, tmp_path, "verify")
    assert code == 0 and "there is no snapshot to check" in out and "all well" not in out


def test_runs_says_why_a_crawl_has_a_warning(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, commit: Callable[..., Any]
) -> None:
    health = [
        {"check": "articles", "verdict": "ok", "detail": "1 article"},
        {"check": "section", "verdict": "warn", "detail": "no baseline"},
    ]
    commit(
        open_store(tmp_path), "2026-06-01", [{"article_id": "a", "title": "A", "body": "x"}], health=health
    )
    (row,) = json.loads(ran(capsys, tmp_path, "runs", "--format", "json")[1])
    assert (row["health"], row["reason"]) == ("warn", "section: no baseline")
