"""A digest has silent edits first, then the sections; an empty time is one line and an exit code of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import ExitCode
from helpscraper.history.digest import digest
from tests.commands import ran
from tests.history.story import committed, days, story


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


def test_silent_edits_come_first_then_the_sections(folder: Path) -> None:
    found = digest(Catalog(folder), "2026-11-17")
    assert [heading for heading, _ in found.changes] == ["Silent edits", "api", "faq"]
    assert [change.title for change in found.changes[0][1]] == ["Set up a passkey now", "Trading fees"]
    assert [change.kinds[0] for change in found.changes[2][1]] == ["added", "renamed"]
    assert found.title.startswith(
        "1 added, 1 removed, 1 renamed, 3 edited (2 silent), 1 retitled (4 crawls, 2026-11-16"
    )
    assert found.notes == ("Not listed: 1 seen or missed by a crawl that did not look everywhere.",)
    cut = digest(Catalog(folder), "2026-11-17", limit=2)
    assert [heading for heading, _ in cut.changes] == ["Silent edits"]
    assert "And 3 more" in cut.render("text")


def test_each_form_has_a_paragraph_with_the_words(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    code, text, _ = ran(capsys, folder, "digest", "--since", "2026-11-17")
    assert code == 0
    assert (
        "Trading fees\n  edited without a new date; between 2026-11-16 06:00 and 2026-11-17 06:00 UTC\n"
        in text
    )
    assert "  (moved) Choose Passkey" in text or "  (moved) Open the settings." in text
    target = tmp_path / "digest.html"
    for form, marked in (
        ("md", "<del>0.10</del><ins>0.12</ins> %"),
        ("html", "<del>0.10</del><ins>0.12</ins> %"),
    ):
        words = ("digest", "--since", "2026-11-17", "--format", form, "-o", str(target), "--overwrite")
        assert ran(capsys, folder, *words)[0] == 0
        assert marked in target.read_text("utf-8")
    code, out, err = ran(capsys, folder, "digest", "--since", "2026-11-17", "-o", str(target))
    assert (code, out) == (2, "") and "exists already" in err


def test_a_time_without_a_change_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for day in (0, 1):
        committed(tmp_path, day, days()[0])
    code, out, err = ran(capsys, tmp_path, "digest", "--since", "2026-11-17")
    assert (code, out) == (ExitCode.NOTHING, "")
    assert err == "Nothing changed (1 crawl, 2026-11-16 06:00 to 2026-11-17 06:00 UTC)\n"


def test_a_time_without_a_crawl_is_an_error(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = ran(capsys, folder, "digest", "--since", "2026-10-01", "--until", "2026-10-07")
    assert (code, out) == (2, "")
    assert "no snapshot from 2026-10-01 to 2026-10-07" in err
    code, _, err = ran(capsys, folder, "digest", "--since", "2026-11-17", "--section", "fee")
    assert code == 2 and "did you mean: fees" in err


def test_several_editions_are_named(tmp_path: Path) -> None:
    for locale in ("en", "zh-hans"):
        for day in (0, 1):
            committed(tmp_path, day, days()[day], partition=Partition("okx", locale))
    found = digest(Catalog(tmp_path), "2026-11-17")
    assert {heading for heading, _ in found.changes} == {
        f"okx/{locale}: {heading}" for locale in ("en", "zh-hans") for heading in ("Silent edits", "api")
    }
    assert [heading for heading, _ in digest(Catalog(tmp_path, locale="en"), "2026-11-17").changes] == [
        "Silent edits", "api",
    ]  # fmt: skip


def test_a_time_of_one_crawl_is_an_error_and_no_quiet_week(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, err = ran(capsys, folder, "digest", "--since", "latest")
    assert (code, out) == (2, "") and "no two crawls" in err
