"""An archive for other programs: SQLite, Excel and Markdown say the same, and a failure leaves nothing behind."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from openpyxl.utils.escape import unescape

from helpscraper import Archive
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.publish.export import rows
from helpscraper.publish.export.markdown import file_name, write_folder
from helpscraper.publish.export.sqlite import write_sqlite
from helpscraper.publish.export.xlsx import write_xlsx
from tests.commands import ran
from tests.history.story import EN, committed, days, story
from tests.history.worlds import MONDAY, row
from tests.report.hostile import PAYLOAD


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


def test_sqlite_has_articles_versions_changes_and_search(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "help.db"
    assert ran(capsys, folder, "export", "--to", "sqlite", str(target))[1] == (
        f"{target}: 3 articles, 8 versions, 10 changes\n"
    )
    with sqlite3.connect(target) as database:
        ask: Callable[..., list[Any]] = lambda sql, *given: database.execute(sql, given).fetchall()  # noqa: E731
        found = ask(
            "select title, since, until from versions where article_id = 'trading-fees' order by version"
        )
        assert found == [
            ("Trading fees", "2026-11-16T06:00:00Z", "2026-11-17T06:00:00Z"),
            ("Trading fees", "2026-11-17T06:00:00Z", "2026-11-20T06:00:00Z"),
        ]
        found = ask("select rowid from articles_fts where articles_fts match 'withdrawal'")
        assert found == ask("select rowid from articles where article_id = 'withdrawal-limits'")
        found = ask("""select rowid from versions_fts where versions_fts match '"0.10"'""")
        assert found == ask("select rowid from versions where article_id = 'trading-fees' and version = 1")
        assert ask("select words_inserted from changes where words_deleted = '[\"0.10\"]'") == [('["0.12"]',)]
        changes = Archive(folder).changes()
        assert ask("select count(*) from changes where silent") == [(int(changes["silent"].sum()),)]
        assert ask("pragma integrity_check") == [("ok",)]
    database.close()


def test_a_version_ends_where_an_article_is_away(tmp_path: Path) -> None:
    first = days()[0]
    for day, shown in enumerate([first, first[1:], first, first]):
        committed(tmp_path, day, shown)
    table = rows.versions(Catalog(tmp_path)).to_pylist()
    own = [
        (row["version"], (row["since"] - MONDAY).days, row["until"])
        for row in table
        if row["article_id"] == "set-up-a-passkey"
    ]
    assert own == [(1, 0, MONDAY + dt.timedelta(days=1)), (2, 2, None)]


EVIL = [
    "=1+1",
    "+1",
    "-2",
    "@SUM(A1)",
    "http://a.example",
    "0012",
    "_x0041_",
    "a\x0bb",
    "\ud800",
    PAYLOAD,
    "x" * 40_000,
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_text_stays_a_text_in_a_workbook(tmp_path: Path) -> None:
    known = {"labels": ["b"], "view_count": 2**60 + 1, "published_on": dt.date(1812, 1, 1)}
    bare = {"body": None, "body_sha256": None}
    titles = [text.encode("utf-8", "replace").decode() for text in EVIL]
    found = [row(f"a-{n:02}", title=title, **known, **bare) for n, title in enumerate(titles)]
    catalog = committed(tmp_path, 0, found)
    target = tmp_path / "help.xlsx"
    counts, cut = write_xlsx(catalog, catalog.snapshots(EN), target)
    assert (counts, cut) == ({"articles": len(EVIL), "changes": 0}, 1)
    sheet = openpyxl.load_workbook(target)["articles"]
    names = [cell.value for cell in sheet[1]]
    cells = [dict(zip(names, line, strict=True)) for line in sheet.iter_rows(min_row=2)]
    for cell, text in zip(cells, EVIL, strict=True):
        assert cell["title"].data_type == "s" and cell["title"].hyperlink is None
        if len(text) < 1000 and text.isprintable():
            assert unescape(cell["title"].value) == text
    first = {name: cell.value for name, cell in cells[0].items()}
    assert first["labels"] == '["b"]' and first["view_count"] == str(2**60 + 1)
    assert first["published_on"] == "1812-01-01" and first["snapshot_at"] == MONDAY.replace(tzinfo=None)


def test_a_folder_has_a_file_for_each_article_that_yaml_reads(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(folder)
    assert write_folder(catalog, [catalog.resolve("2026-11-17")], tmp_path / "out") == 3
    text = (tmp_path / "out/okx/en/trading-fees.md").read_text("utf-8")
    head, _, body = text.removeprefix("---\n").partition("---\n\n")
    found = yaml.safe_load(head)
    assert (found["article_id"], found["title"], found["listed_in"]) == (
        "trading-fees",
        "Trading fees",
        ["fees"],
    )
    assert found["updated_on"] == dt.date(2026, 10, 17)
    assert "view_count" not in found and "snapshot_at" not in found, "git would show a change a day"
    assert body.startswith("Level\tMaker")


def test_hostile_keys_and_texts_decide_no_path_and_no_front_matter(tmp_path: Path) -> None:
    evil = [
        "../../up",
        "/etc/passwd",
        "a/b",
        "CON",
        "con.txt",
        "a\x00b",
        "..",
        ".hidden",
        "Fees",
        "fees",
        "x" * 300,
        PAYLOAD,
        "\u2028---\n",
    ]
    names = [file_name(key) for key in evil]
    assert len({name.lower() for name in names}) == len(evil), "also where a file system ignores case"
    for name in names:
        assert Path(name).name == name and not name.startswith(".") and len(name) < 130 and name.isascii()
    title = f'{PAYLOAD}\n---\nstatus: "x"\x85\ufeff\x07'
    catalog = committed(
        tmp_path / "a",
        0,
        [row(key.replace("\x00", ""), title=title, body=None, body_sha256=None) for key in sorted(evil)],
    )
    write_folder(catalog, catalog.snapshots(), tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == len(evil) and {path.parent for path in files} == {tmp_path / "out/okx/en"}
    for path in files:
        assert yaml.safe_load(path.read_text("utf-8").split("\n---\n")[0])["title"] == title
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a", tmp_path / "out"]


def test_a_later_export_renews_its_own_files_and_git_shows_the_edit(folder: Path, tmp_path: Path) -> None:
    target, catalog = tmp_path / "out", Catalog(folder)
    write_folder(catalog, [catalog.resolve("2026-11-16")], target)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(target)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (target / "okx/en/notes.md").write_text("mine")
    write_folder(catalog, [catalog.resolve("2026-11-17")], target)
    shown = subprocess.run([*git, "diff", "--stat"], check=True, capture_output=True, text=True).stdout
    assert "trading-fees.md" in shown and "farewell.md" in shown and "2 files changed" in shown
    assert (target / "okx/en/notes.md").read_text() == "mine" and not (target / "okx/en/farewell.md").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "sqlit", "x.db"], "sqlit: no such kind of export\n  did you mean: sqlite"),
        (["--to", "sqlite", "there"], "there exists already\n  add --overwrite"),
        (["--to", "md", "there"], "this is a file"),
        (["--to", "md", "full"], "full exists already"),
        (["--to", "sqlite", "s3://bucket/x.db"], "no local path"),
        (["--to", "xlsx", "-"], "no local path"),
        (["--to", "sqlite", "full"], "this is a folder"),
        (["--to", "sqlite", "nowhere/x.db"], "cannot be written: No such file or directory"),
        (["--to", "xlsx", "x.xlsx", "--format", "csv"], "--to and --format do not go together"),
        (["--to", "sqlite", "x.db", "--bodies"], "leave --bodies out"),
        (["latest~1", "--to", "sqlite", "x.db"], "the database holds every snapshot"),
        (["--to", "md", "x", "--wacz"], "--to"),
        (["latest~99", "--to", "md", "x"], "holds 5 snapshots"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("there").write_text("mine")
    Path("full").mkdir()
    Path("full/file").write_text("mine")
    code, out, err = ran(capsys, folder, "export", *words)
    assert (code, out) == (2, "") and said in err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "there"]
    assert Path("there").read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--to", "md", "{}/snapshots"],
        ["export", "--to", "md", "{}/bodies/site=okx/locale=en", "--overwrite"],
        ["export", "--to", "md", "{}", "--overwrite"],
        ["export", "--to", "md", "{}/../" + "link/warc/new"],
        ["export", "--to", "sqlite", "{}/snapshots/site=okx/locale=en/x.db"],
        ["export", "--to", "xlsx", "{}/runs/x.xlsx"],
        ["export", "--wacz", "-o", "{}/warc/x.wacz"],
        ["export", "-o", "{}/.state/x.csv"],
        ["diff", "-o", "{}/snapshots/site=okx/locale=en/x.parquet", "--format", "parquet"],
        ["digest", "-o", "{}/changes/x.txt"],
        ["report", "--out", "{}/snapshots/site=okx/report"],
        ["feed", "--out", "{}/index"],
        ["log", "-o", "{}/snapshots/x.csv", "--archive", "another"],
    ],
)
def test_nothing_is_written_into_the_folders_of_an_archive(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder.parent)
    (folder.parent / "link").unlink(missing_ok=True)
    (folder.parent / "link").symlink_to(folder)
    before = sorted(folder.rglob("*"))
    given = [word.format(folder) for word in words]
    assert main([*given[:1], "--archive", str(folder), *given[1:]]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "archive" in err and "name a path outside of it" in err
    assert sorted(folder.rglob("*")) == before


def test_a_failure_leaves_nothing_half_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.db").write_text("mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    catalog = Catalog(folder)
    monkeypatch.setattr(rows, "_plain", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    for write in (
        lambda: write_sqlite(catalog, tmp_path / "old.db"),
        lambda: write_xlsx(catalog, catalog.snapshots(), tmp_path / "new.xlsx"),
        lambda: write_folder(catalog, catalog.snapshots(), tmp_path / "new"),
    ):
        with pytest.raises(Exception, match="No space left"):
            write()
    assert [path.name for path in tmp_path.iterdir()] == ["old.db"] and (
        tmp_path / "old.db"
    ).read_text() == "mine"


@pytest.mark.parametrize("words", [["export", "--to", "sqlite"], ["report", "--out"], ["feed", "--out"]])
def test_a_full_disk_is_one_line_that_names_the_file(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, words: list[str]
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        code, out, err = ran(capsys, folder, *words, str(tmp_path / "made"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code in (1, 2), out) == (True, "")
    assert f"{tmp_path / 'made'}" in err and "cannot be written" in err and len(err.splitlines()) == 2
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".helpscraper-report.json"]


def test_without_the_extra_excel_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import helpscraper.extras as extras

    monkeypatch.setattr(extras, "_installed", lambda module: module != "xlsxwriter")
    code, out, err = ran(capsys, folder, "export", "--to", "xlsx", str(tmp_path / "x.xlsx"))
    assert (code, out) == (1, "") and "pip install 'helpscraper[xlsx]'" in err
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_has_the_changes_of_its_editions(tmp_path: Path) -> None:
    for locale in ("en", "zh-hans"):
        for day in (0, 1):
            committed(tmp_path / "a", day, days()[day], partition=Partition("okx", locale))
    catalog = Catalog(tmp_path / "a")
    counts, _ = write_xlsx(catalog, [catalog.snapshots(EN)[-1]], tmp_path / "one.xlsx")
    every, _ = write_xlsx(catalog, catalog.snapshots(), tmp_path / "every.xlsx")
    assert every["changes"] == 2 * counts["changes"] > 0


def test_every_edition_is_exported_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for locale in ("en", "zh-hans"):
        committed(tmp_path / "a", 0, days()[0], partition=Partition("okx", locale))
    for words, count in (([], 4), (["--locale", "all"], 8)):
        code, out, _ = ran(
            capsys, tmp_path / "a", "export", "--to", "md", str(tmp_path / f"out-{count}"), *words
        )
        assert (code, out) == (0, f"{tmp_path}/out-{count}: {count} articles\n")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_datasette_opens_it_and_finds_the_search(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "help.db"
    write_sqlite(Catalog(folder), target)

    def shown(path: str) -> Any:
        done = subprocess.run(
            ["datasette", str(target), "--get", path], capture_output=True, text=True, check=True, timeout=120,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )  # fmt: skip
        return json.loads(done.stdout)

    tables = {table["name"]: table for table in shown("/help.json")["tables"]}
    assert tables["articles"]["fts_table"] == "articles_fts" and tables["articles"]["count"] == 3
    found = shown("/help/articles.json?_search=withdrawal&_shape=array")
    assert [row["article_id"] for row in found] == ["withdrawal-limits"]
