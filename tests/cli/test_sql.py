"""``helpscraper sql``: an answer in each format, and one clear line for a query that is wrong."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.layout import changes_path, snapshot_path
from tests.commands import ran
from tests.history.story import EN, story


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


EVERY_TYPE = """
    select sum(view_count) as whole, 1.5::decimal(9, 2) as part, list(article_id order by article_id) as names,
        null as nothing, {'a': 1} as object, max(snapshot_at) as at, true as yes, interval 1 day as span,
        'a' as twice, 'b' as twice
    from latest
"""


def test_an_answer_has_every_type_in_every_format(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    code, out, err = ran(capsys, folder, "sql", EVERY_TYPE, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {
            "whole": 15, "part": 1.5, "names": ["new-here", "set-up-a-passkey", "withdrawal-limits"], "nothing": None,
            "object": "{'a': 1}", "at": "2026-11-20T06:00:00Z", "yes": True, "span": "1 day", "twice": "a",
            "twice_2": "b",
        }
    ]  # fmt: skip
    for name in ("table", "csv", "md", "parquet"):
        target = tmp_path / f"answer.{name}"
        assert ran(capsys, folder, "sql", EVERY_TYPE, "--format", name, "--output", str(target))[0] == 0
        assert target.stat().st_size


def test_whole_numbers_keep_all_their_digits(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    text = """
        select sum(9223372036854775807) as total, min(-170141183460469231731687303715884105727) as least,
            any_value(340282366920938463463374607431768211455::uhugeint) as most, [sum(2::bigint ** 0)::int] as list
        from range(3)
    """
    numbers = ["27670116110564327421", "-170141183460469231731687303715884105727"]
    most = "340282366920938463463374607431768211455"
    for name in ("table", "csv", "md"):
        code, out, err = ran(capsys, folder, "sql", text, "--format", name)
        assert (code, err) == (0, "")
        cells = out.splitlines()[-1].replace("|", " ").replace(",", " ").replace('"', " ").split()
        assert cells[:3] == [*numbers, most]
    _, out, _ = ran(capsys, folder, "sql", text, "--format", "json")
    assert json.loads(out)[0] == {
        "total": int(numbers[0]),
        "least": int(numbers[1]),
        "most": most,
        "list": "[3]",
    }
    assert Archive(folder).sql(text).iloc[0].tolist()[:3] == [*map(int, numbers), most]


def test_json_has_no_constant_of_its_own(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    query = "select 'nan'::double as a, 'inf'::double as b, 1.5::double as c"
    _, out, _ = ran(capsys, folder, "sql", query, "--format", "json")
    assert json.loads(out, parse_constant=pytest.fail) == [{"a": None, "b": None, "c": 1.5}]


def test_a_parameter_takes_the_type_that_it_is_compared_with(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "select count(*) as n from snapshots where view_count > $least and snapshot_at < $day and title like $t"
    params = {"least": "90", "day": "2026-11-19", "t": "%fees"}
    given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    monkeypatch.setattr("sys.stdin", io.StringIO(question))
    _, out, _ = ran(capsys, folder, "sql", "-", *given, "--format", "json")
    assert json.loads(out) == [{"n": 3}]
    assert Archive(folder).sql(question, params)["n"].tolist() == [3]
    assert str(Archive(folder).sql("select sum(view_count) as n from latest")["n"].dtype) == "Int64"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["selec 1"], 'SQL: Parser Error: syntax error at or near "selec"'),
        (
            ["select titel from latest"],
            'column "titel" not found in FROM clause! Candidate bindings: "title"',
        ),
        (["select * from lates"], "SQL: there is no view lates"),
        (["select regexp_matches(title, '(') from latest"], "SQL: Invalid Input Error: missing ): ("),
        (["drop view latest"], "only one SELECT is allowed"),
        (["select 1; select 2"], "only one SELECT is allowed"),
        (["copy latest to 'x.csv'"], "only one SELECT is allowed"),
        (["select $a, $b", "--param", "a=1"], "SQL: there is no value for $b"),
        (["select $a", "--param", "a=1", "--param", "c=1"], "SQL: the query has no parameter $c"),
        (["select 1", "--param", "a"], "--param a: not NAME=VALUE"),
    ],
)
def test_a_wrong_query_is_one_line_and_an_advice(
    capsys: pytest.CaptureFixture[str], folder: Path, words: list[str], said: str
) -> None:
    code, out, err = ran(capsys, folder, "sql", *words)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[0] and len(err.splitlines()) == 2 and "LINE 1" not in err
    assert "did you mean: latest" in err or "lates" not in said


def test_a_damaged_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    catalog = story(tmp_path)
    damaged = snapshot_path(EN, catalog.ids(EN)[1])
    (tmp_path / damaged).write_bytes(b"PAR1 cut off")
    code, _, err = ran(capsys, tmp_path, "sql", "select count(*) from snapshots")
    assert code == 1 and damaged in err


def test_changes_that_have_no_feed_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    catalog = story(tmp_path)
    count = "select count(*) from changes"
    assert ran(capsys, tmp_path, "sql", count)[2] == ""
    name = catalog.ids(EN)[2]
    (tmp_path / changes_path(EN, name)).unlink()
    code, _, err = ran(capsys, tmp_path, "sql", count)
    assert code == 0 and err.startswith("warning: ") and len(err.splitlines()) == 1
    assert f"lacks the changes of 1 snapshot without a change feed (the first is {name})" in err
    assert ran(capsys, tmp_path, "sql", "select count(*) from latest")[2] == ""
    with pytest.warns(UserWarning, match="lacks the changes of 1 snapshot"):
        Archive(tmp_path).freshness()


@pytest.mark.long
def test_ctrl_c_ends_a_running_query(folder: Path) -> None:
    endless = "select count(*) from range(100000000000) a, range(1000)"
    words = [sys.executable, "-m", "helpscraper", "sql", "--archive", str(folder), endless]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, "interrupted" in err) == (130, True)
