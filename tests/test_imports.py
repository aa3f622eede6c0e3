"""``helpscraper import``: saved pages and flattened text, and every kind of wrong file."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.cli import main
from helpscraper.sample.server import SampleServer

AT = "2026-06-01T08:30:00+02:00"
SECTION = "https://www.okx.com/help/section/faq-security"
SEARCH = "https://www.okx.com/help/search?category=faq&term=keys"

TEXT = """All
FAQ
Announcements
Product documents
How do I name a paper key?
Write it down, then fold it.Published on Sep 4, 2024Updated on Mar 10, 202650Moonlight ledger rules
They hold until the lamp is out.Published on Aug 15, 2023Updated on Mar 24, 20261,630What is a lantern?
A lamp with manners.Published on May 8, 2026Updated on May 22, 2026"""


def files(folder: Path) -> dict[str, str]:
    """Every file of an archive with its digest."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def run(archive: Path, file: Path, *flags: str, url: str = SECTION, at: str = AT) -> int:
    return main(["import", str(file), "--archive", str(archive), "--url", url, "--captured-at", at, *flags])


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A listing page of the sample site, saved."""
    file = tmp_path / "page.html"
    with SampleServer(layout="e2") as server:
        file.write_bytes(server.healthy("/help/section/faq-security").body)
    return file


def test_flattened_text_becomes_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.txt"
    file.write_text(TEXT, encoding="utf-8")
    assert run(tmp_path / "a", file, url=SEARCH) == 0
    assert "3 rows" in capsys.readouterr().out
    rows = Archive(tmp_path / "a").load().set_index("article_id")
    assert list(rows.index) == ["how-do-i-name-a-paper-key", "moonlight-ledger-rules", "what-is-a-lantern"]
    assert rows["title"].tolist() == [
        "How do I name a paper key?",
        "Moonlight ledger rules",
        "What is a lantern?",
    ]
    assert [str(day.date()) for day in rows["published_on"]] == ["2024-09-04", "2023-08-15", "2026-05-08"]
    assert [str(day.date()) for day in rows["updated_on"]] == ["2026-03-10", "2026-03-24", "2026-05-22"]
    assert rows["view_count"].tolist()[:2] == [50, 1630]
    assert rows["view_count"].isna().tolist() == [False, False, True]
    assert set(rows["status"]) == {"listed"}
    assert str(rows["snapshot_at"].iloc[0]) == "2026-06-01 06:30:00+00:00"


def test_the_real_search_page_gives_its_fifteen_rows(tmp_path: Path, shared: Path) -> None:
    file = shared / "listing_search_face.txt"
    assert run(tmp_path / "a", file, "--format", "text", "--locale", "en", url=SEARCH) == 0
    rows = Archive(tmp_path / "a").load()
    got = {
        (row.title, str(row.published_on.date()), str(row.updated_on.date()), row.view_count)
        for row in rows.fillna({"view_count": -1}).itertuples()
    }
    expected: list[dict[str, Any]] = json.loads((shared / "listing_search_face.expected.json").read_text())
    wanted = {
        (e["title"], e["published"], e["updated"], -1 if e["views"] is None else e["views"]) for e in expected
    }
    assert got == wanted
    assert len(rows) == 15


def test_the_real_listing_gives_what_a_reader_sees(tmp_path: Path, shared: Path) -> None:
    file = shared / "okx" / "section_latest_announcements_page2_2025-04.html"
    url = "https://www.okx.com/help/section/announcements-latest-announcements/page/2"
    assert run(tmp_path / "a", file, url=url) == 0
    rows = Archive(tmp_path / "a").load().set_index("article_id")
    assert len(rows) == 15
    assert rows["source_id"].notna().all()
    assert (rows["category"] == "announcements").all()
    assert rows["view_count"].isna().all()
    # The shown date is the calendar date at +08:00, a day later than in UTC.
    late = rows.loc["okx-wallet-to-upgrade-the-services-for-fractal-bitcoin-brc-20"]
    assert str(late["published_at"]) == "2025-04-09 16:00:00+00:00"
    assert str(late["published_on"].date()) == "2025-04-10"


def test_the_real_article_gives_what_a_reader_sees(tmp_path: Path, shared: Path) -> None:
    file = shared / "okx" / "article_init_perpetual_2025-04.html"
    url = "https://www.okx.com/help/okx-to-list-perpetual-futures-for-init-crypto"
    assert run(tmp_path / "a", file, url=url) == 0
    (row,) = Archive(tmp_path / "a").load(bodies=True).to_dict("records")
    assert row["title"] == "OKX to list perpetual futures for INIT crypto"
    assert row["section"] == "announcements-new-listings"
    assert (str(row["published_on"].date()), row["reading_minutes"]) == ("2025-04-24", 2)
    assert "Tick size\t0.0001" in row["body_text"]
    assert ">>>" not in row["body_text"]


def test_the_same_import_gives_the_same_bytes(tmp_path: Path, page: Path) -> None:
    assert run(tmp_path / "a", page) == 0
    first = files(tmp_path / "a")
    assert run(tmp_path / "a", page) == 0
    assert files(tmp_path / "a") == first
    assert run(tmp_path / "b", page) == 0
    assert files(tmp_path / "b") == first


def test_a_known_title_brings_its_article_id(tmp_path: Path, page: Path) -> None:
    assert run(tmp_path / "a", page) == 0
    known = Archive(tmp_path / "a").load().iloc[0]
    date = f"{known['published_on']:%b %d, %Y}"
    text = f"{known['title']}\nSome words about it.Published on {date}Updated on Mar 10, 202650"
    file = tmp_path / "one.txt"
    file.write_text(text, encoding="utf-8")
    assert run(tmp_path / "a", file, url=SEARCH, at="2026-07-01T00:00:00Z") == 0
    assert Archive(tmp_path / "a").load()["article_id"].tolist() == [known["article_id"]]


def _bad(folder: Path, page: Path) -> dict[str, tuple[bytes, str, str]]:
    good = page.read_bytes()
    packed = gzip.compress(good)
    return {
        "empty": (b"", SECTION, "the file is empty"),
        "blank": (b" \n\t ", SECTION, "the file is empty"),
        "cut-gzip": (packed[: len(packed) // 2], SECTION, "gzip stream is damaged"),
        "bad-gzip": (packed[:40] + b"\0" * 40 + packed[80:], SECTION, "gzip stream is damaged"),
        "bomb": (gzip.compress(b"a" * (17 << 20)), SECTION, "the bound is"),
        "no-page": (b"<html><body><p>Nothing here</p></body></html>", SECTION, SECTION),
        "broken-state": (
            b'<html><script id="appState" type="application/json">{"appContext": {</script></html>', SECTION, SECTION
        ),
        "challenge": (
            b"<html><title>Just a moment...</title><body>Checking your browser</body></html>", SECTION, "challenge"
        ),
        "long-title": (
            b'<html><body><article aria-label="x"><h1 class="index_article-title-h1__a">'
            + b"A" * 3_000_000
            + b"</h1></article></body></html>",
            "https://www.okx.com/help/a-title",
            "title",
        ),
        "hostile-slug": (good, "https://www.okx.com/help/section/..%2f..%2fetc", "no article, section"),
        "no-help-url": (good, "https://example.com/blog", "is not a page of"),
        "other-edition": (good, "https://www.okx.com/de/help/section/faq-security", "the edition en, not of de"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [
        "empty", "blank", "cut-gzip", "bad-gzip", "bomb", "no-page", "broken-state", "challenge", "long-title",
        "hostile-slug", "no-help-url", "other-edition",
    ],
)  # fmt: skip
def test_bad_input_is_a_clear_error_and_changes_nothing(
    case: str, tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a"
    assert run(archive, page) == 0
    before = files(archive)
    capsys.readouterr()
    data, url, message = _bad(tmp_path, page)[case]
    file = tmp_path / "bad.html"
    file.write_bytes(data)
    assert run(archive, file, url=url, at="2026-08-01T00:00:00Z") == 2
    err = capsys.readouterr().err
    assert message in err
    if case not in {"hostile-slug", "no-help-url"}:  # these are wrong arguments
        assert str(file) in err
    assert "\n  " in err, "an error says what to do on a line of its own"
    assert "Traceback" not in err
    assert files(archive) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"articleList"', b'"articleList', "the script #appState is no JSON"),
        (b"appContext", b"otherContext", "the script #appState is no JSON with an appContext"),
        (b"{slug}", b"../../../etc/passwd", "entries have no valid slug"),
    ],
    ids=["cut-json", "other-json", "climbing-slug"],
)
def test_what_a_crawl_only_counts_an_import_refuses(
    old: bytes, new: bytes, message: str, tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a", page) == 0
    before = files(tmp_path / "a")
    slug = Archive(tmp_path / "a").load()["article_id"].iloc[0].encode()
    good = page.read_bytes()
    page.write_bytes(good.replace(old.replace(b"{slug}", slug), new))
    assert page.read_bytes() != good
    capsys.readouterr()
    assert run(tmp_path / "a", page, at="2026-08-01T00:00:00Z") == 2
    err = capsys.readouterr().err
    assert f"{page}: " in err
    assert message in err
    assert "nothing was imported" in err
    assert files(tmp_path / "a") == before


def test_a_page_whose_scripts_were_emptied_gives_what_its_markup_shows(tmp_path: Path, page: Path) -> None:
    assert run(tmp_path / "a", page) == 0
    whole = Archive(tmp_path / "a").load()
    page.write_bytes(
        re.sub(rb'(<script[^>]*id="appState"[^>]*>).*?(</script>)', rb"\1\2", page.read_bytes(), flags=re.S)
    )
    assert run(tmp_path / "b", page) == 0
    bare = Archive(tmp_path / "b").load()
    assert bare["title"].tolist() == whole["title"].tolist()
    assert bare["published_at"].isna().all()


def test_the_run_facts_say_which_rules_matched(tmp_path: Path, page: Path) -> None:
    assert run(tmp_path / "a", page) == 0
    (facts,) = (tmp_path / "a" / "runs").rglob("*.json")
    rules = json.loads(facts.read_text())["rules"]
    assert rules["listing.state/found"] == 1
    assert rules["listing.title/state"] == len(Archive(tmp_path / "a").load())


def test_a_text_in_another_encoding_names_the_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes("Wie lösche ich das?".encode("latin-1"))
    assert run(tmp_path / "a", file, url=SEARCH) == 2
    assert "not UTF-8 at byte 5" in capsys.readouterr().err
    assert not (tmp_path / "a" / "snapshots").exists()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("No results found\nTry other words", SEARCH),
        ("All\nFAQ\nAnnouncements\nProduct documents\nNothing here", SEARCH),
        ("Support center\n- Home\n- Sign in\n- Download", SECTION),
        ("This page is not available", "https://www.okx.com/help/what-is-a-lantern"),
    ],
    ids=["no-hits", "no-hits-below-tabs", "menu", "one-line"],
)
def test_words_without_a_date_are_no_articles(
    text: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.txt"
    file.write_text(text, encoding="utf-8")
    assert run(tmp_path / "a", file, url=url) == 2
    assert f"{file}: no article was found in it" in capsys.readouterr().err
    assert not (tmp_path / "a" / "snapshots").exists()


@pytest.mark.parametrize("encoding", ["windows-1251", "shift_jis", "utf-16"])
def test_html_in_the_encoding_that_it_states(encoding: str, tmp_path: Path, page: Path) -> None:
    file = tmp_path / "saved.html"
    text = page.read_text(encoding="utf-8").encode("ascii", "xmlcharrefreplace").decode()
    text = text.replace('charset="UTF-8"', f'charset="{encoding}"').replace("security", "security \u0434", 1)
    file.write_bytes(text.encode(encoding))
    assert run(tmp_path / "a", file) == 0


@pytest.mark.parametrize(
    ("stated", "data", "message"),
    [
        ("UTF-8", "\u00f6".encode("latin-1"), "not utf-8 at byte"),
        ("shift_jis", b"\x81\x20", "not cp932 at byte"),
    ],
)
def test_html_that_is_not_in_its_encoding_names_file_and_byte(
    stated: str, data: bytes, message: str, tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "saved.html"
    good = page.read_bytes().decode().encode("ascii", "xmlcharrefreplace")
    good = good.replace(b'charset="UTF-8"', f'charset="{stated}"'.encode())
    place = good.index(b"<body")
    file.write_bytes(good[:place] + data + good[place:])
    assert run(tmp_path / "a", file) == 2
    assert f"{file}: wrong encoding: {message} {place}" in capsys.readouterr().err
    assert not (tmp_path / "a" / "snapshots").exists()


@pytest.mark.parametrize("stated", [1, 3])
def test_another_page_of_the_list_than_the_url_says(
    stated: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = "/help/section/announcements-latest-announcements"
    file = tmp_path / "page.html"
    with SampleServer(layout="e2") as server:
        file.write_bytes(server.healthy(f"{listing}/page/2").body)
    url = f"https://www.okx.com{listing}" + (f"/page/{stated}" if stated > 1 else "")
    assert run(tmp_path / "a", file, url=url) == 2
    said = capsys.readouterr().err
    assert f"{file}: {url}: page: the page says that it is page 2 of its list, not {stated}" in said
    assert run(tmp_path / "a", file, url=f"https://www.okx.com{listing}/page/2") == 0


def test_an_unreadable_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "a", tmp_path / "absent.html") == 2
    assert "absent.html: cannot be read" in capsys.readouterr().err
    assert run(tmp_path / "a", tmp_path) != 0
    assert "cannot be read" in capsys.readouterr().err


def test_html_is_not_taken_for_flattened_text(
    tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a", page, "--format", "text") != 0
    assert "this is HTML" in capsys.readouterr().err


def test_a_time_to_come_is_refused(tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "a", page, at="2999-01-01T00:00:00Z") == 2
    assert "in the future" in capsys.readouterr().err


@pytest.mark.parametrize(
    "at", ["2026-06-01", "2026-06-01T08:30:00", "yesterday", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_an_offset_is_refused(
    at: str, tmp_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "a", page, at=at) == 2
    assert "not an instant" in capsys.readouterr().err


def test_another_page_at_the_same_time_never_overwrites(tmp_path: Path, page: Path) -> None:
    assert run(tmp_path / "a", page) == 0
    before = files(tmp_path / "a")
    other = tmp_path / "other.txt"
    other.write_text(TEXT, encoding="utf-8")
    assert run(tmp_path / "a", other, url=SEARCH) != 0
    assert files(tmp_path / "a") == before


def test_the_command_line_itself(tmp_path: Path, page: Path) -> None:
    packed = tmp_path / "page.html.gz"
    packed.write_bytes(gzip.compress(page.read_bytes()))
    done = subprocess.run(
        [sys.executable, "-m", "helpscraper", "import", str(packed), "--archive", str(tmp_path / "a"), "--url", SECTION,
         "--captured-at", AT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("imported: snapshots/site=okx/locale=en/20260601T063000Z.parquet, ")
