"""Every output of changes names an exchanged picture, apart from changed words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpscraper.cli import main

PAGE = (Path(__file__).parent.parent / "pages" / "ArticlePage" / "pictures" / "page.html").read_text()
OLD, NEW = "https://cdn.harbour.example/throw.png", "https://cdn.harbour.example/cast.png"
SWAPPED = PAGE.replace("harbour.example/throw.png", "harbour.example/cast.png")
URL = "https://www.okx.com/help/tie-up-at-the-quay"


def served(page: str) -> str:
    """The page as the first site would serve it."""
    return page.replace("https://help.harbour.example/help/", "https://www.okx.com/help/")


def imported(folder: Path, *pages: str, first: int = 1) -> Path:
    """An archive with one snapshot for each page, a day apart from the ``first`` of the month on."""
    archive = folder / "archive"
    for day, page in enumerate(pages, first):
        file = folder / f"{day}.html"
        file.write_text(served(page))
        at = f"2026-03-0{day}T06:00:00Z"
        assert main(["import", str(file), "--archive", str(archive), "--url", URL, "--captured-at", at]) == 0
    return archive


def ran(capsys: pytest.CaptureFixture[str], archive: Path, *words: str) -> str:
    capsys.readouterr()
    main([words[0], "--archive", str(archive), *words[1:]])
    return capsys.readouterr().out


def picture_records(capsys: pytest.CaptureFixture[str], archive: Path) -> list[dict[str, str]]:
    changes = json.loads(ran(capsys, archive, "diff", "latest~1", "latest", "--format", "json"))["changes"]
    return [record for record in changes if record["field"] == "picture"]


def test_a_swapped_picture_is_an_edit_with_its_own_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = imported(tmp_path, PAGE, SWAPPED)
    (record,) = picture_records(capsys, archive)
    assert (record["kind"], record["silent"]) == ("edited", True)
    others = ["https://www.okx.com/help/img/knot.png", "https://www.okx.com/help/img/large.png"]
    assert json.loads(record["before"]) == [OLD, *others]
    assert json.loads(record["after"]) == [NEW, *others]
    text = ran(capsys, archive, "diff", "latest~1", "latest", "--words")
    assert f"picture         {OLD} -> {NEW}\n" in text
    assert "1 edited (1 silent), 1 picture\n" in text
    assert "same words; its pictures" in text
    assert "1 edited (1 silent), 1 picture\n" in ran(capsys, archive, "log")
    only = ran(capsys, archive, "diff", "latest~1", "latest", "--field", "picture")
    assert NEW in only
    assert "body" not in only


def test_report_and_feed_name_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = imported(tmp_path, PAGE, SWAPPED)
    assert main(["report", "--archive", str(archive), "--out", str(tmp_path / "report")]) == 0
    crawls = [page.read_text() for page in (tmp_path / "report").rglob("*.html")]
    assert any(">picture<" in page and NEW in page for page in crawls)
    assert main(["feed", "--archive", str(archive), "--out", str(tmp_path / "feeds")]) == 0
    feeds = [feed.read_text() for feed in (tmp_path / "feeds").rglob("*.atom")]
    assert any("picture: " in feed and NEW in feed for feed in feeds)


def test_an_edit_of_words_alone_names_no_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = imported(tmp_path, PAGE, PAGE.replace("Throw the line", "Cast the line"))
    assert picture_records(capsys, archive) == []
    assert "1 edited (1 silent)\n" in ran(capsys, archive, "diff", "latest~1", "latest")


def test_a_body_of_pictures_alone_is_a_body(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = PAGE[: PAGE.index("<p>Throw")] + '<img src="/a.png"></div></div></article></div></body></html>'
    archive = imported(tmp_path, only, only.replace("/a.png", "/b.png"))
    (record,) = picture_records(capsys, archive)
    assert json.loads(record["after"]) == ["https://www.okx.com/b.png"]


def test_a_picture_that_came_or_went_has_no_other_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = "<p>Throw the line.</p></div></div></article></div></body></html>"
    before = PAGE[: PAGE.index("<p>Throw")] + bare
    archive = imported(tmp_path, before, before.replace("<p>Throw", '<img src="/a.png"><p>Throw'))
    (record,) = picture_records(capsys, archive)
    assert (record["before"], json.loads(record["after"])) == (None, ["https://www.okx.com/a.png"])
    assert "picture         (none) -> https://www.okx.com/a.png" in ran(
        capsys, archive, "diff", "latest~1", "latest"
    )
