"""A build renders only changed pages, with the same result as a fresh build."""

from __future__ import annotations

import datetime as dt
import filecmp
import json
import re
import shutil
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from helpscraper import publish
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.errors import CommandError
from helpscraper.publish.feed import build_feeds
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import article_key
from helpscraper.publish.report import indexes
from helpscraper.publish.report.build import build_report
from helpscraper.publish.report.crawls import crawls
from helpscraper.publish.report.periods import periods_of
from helpscraper.publish.report.render import environment, page
from helpscraper.sample import expected_changes
from helpscraper.sample.model import EPOCH, STEP
from tests import sample_archive


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_second_build_writes_nothing(archive: Path, report: Path) -> None:
    before = contents(report)
    built = build_report(Catalog(archive), report)
    assert (built.written, built.deleted) == (0, 0)
    assert contents(report) == before


def test_a_new_crawl_renders_what_it_touched(tmp_path: Path) -> None:
    sample_archive.build(tmp_path / "a", states=range(3), locales=("en",))
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    before = contents(tmp_path / "r")
    sample_archive.build(tmp_path / "a", states=range(3, 4), locales=("en",))
    built = build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    after = contents(tmp_path / "r")
    changed = {name for name in after if after[name] != before.get(name)} | (before.keys() - after.keys())
    articles = {name for name in changed if "/articles/" in name}
    loud = [c for c in expected_changes(2, 3) if c.kind != "counted"]
    touched = {f"okx/en/articles/{article_key(c.article_id)}.html" for c in loud}
    former = {f"okx/en/articles/{article_key(c.before or '')}.html" for c in loud if c.kind == "renamed"}
    assert touched <= articles <= touched | former | {"okx/en/articles/index.html"}
    crawls = {name for name in changed if "/crawls/" in name and name.endswith(".html")}
    assert len(crawls) == 3, "the new one, the one before (its link to the next), and the list"
    assert built.kept > 70
    build_report(Catalog(tmp_path / "a"), tmp_path / "fresh")
    assert contents(tmp_path / "fresh") == after
    assert not filecmp.dircmp(tmp_path / "fresh", tmp_path / "r").diff_files


def test_processes_render_the_same(
    archive: Path, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpscraper.publish.report.build._SERIAL", 10)
    monkeypatch.setattr("helpscraper.publish.report.build._BODIES", 30)
    monkeypatch.setattr("helpscraper.publish.report.build._BATCH", 16)
    build_report(Catalog(archive, locale="en"), tmp_path / "r", workers=2)
    serial, parallel = contents(report), contents(tmp_path / "r")
    names = {name for name in parallel if "/articles/" in name}
    # The other edition is not part of this report, and so no page names it.
    assert names and all(parallel[name][:300] == serial[name][:300] for name in names)
    build_report(Catalog(archive, locale="en"), tmp_path / "s", workers=1)
    assert contents(tmp_path / "s") == parallel


def test_a_range(archive: Path, tmp_path: Path) -> None:
    snapshots = [each.id for each in Catalog(archive, locale="en").snapshots()]
    build_report(Catalog(archive, locale="en"), tmp_path / "r", first=snapshots[2], last="latest~1")
    crawls = sorted(path.stem for path in (tmp_path / "r/okx/en/crawls").glob("2*.html"))
    assert crawls == snapshots[2:5]
    with pytest.raises(CommandError, match="no snapshot from"):
        build_report(Catalog(archive, locale="en"), tmp_path / "n", first="latest", last="latest~1")


def test_a_range_is_one_time_for_all_editions(archive: Path, tmp_path: Path) -> None:
    """English begins three weeks before Arabic, and the crawls of both have ids of their own."""

    def shown(first: str | None, last: str | None) -> dict[str, list[str]]:
        folder = tmp_path / f"{first}-{last}"
        build_report(Catalog(archive), folder, first=first, last=last)
        missing = [target for path in folder.rglob("*.html") for target in links(path) if not target.exists()]
        assert missing == []
        return {
            locale: sorted(path.stem for path in (folder / "okx" / locale / "crawls").glob("2*.html"))
            for locale in ("en", "ar")
        }

    english = [each.id for each in Catalog(archive, locale="en").snapshots()]
    arabic = [each.id for each in Catalog(archive, locale="ar").snapshots()]
    assert shown("2026-06-09", None) == {"en": english[1:], "ar": arabic}
    assert shown("latest~1", None) == {"en": english[-2:], "ar": arabic[-2:]}
    assert shown(None, "2026-06-16") == {"en": english[:3], "ar": []}
    with pytest.raises(CommandError, match="no snapshot to 2020-01-01"):
        shown(None, "2020-01-01")
    with pytest.raises(CommandError, match="no such day"):
        shown("2026-02-30", None)


def test_a_range_the_wrong_way_round(tmp_path: Path) -> None:
    """Another edition has a crawl on that very day, which does not make it an answer."""
    hour = dt.timedelta(hours=1)
    for locale, state, begin in (
        ("en", 0, EPOCH),
        ("en", 1, EPOCH - STEP + hour),
        ("ar", 0, EPOCH + 2 * hour),
    ):
        sample_archive.build(
            tmp_path / "a", states=range(state, state + 1), locales=(locale,), articles=12, begin=begin
        )
    with pytest.raises(CommandError, match="is earlier than"):
        build_report(Catalog(tmp_path / "a"), tmp_path / "r", first="latest", last="latest~1")
    assert not (tmp_path / "r").exists()


def links(page: Path) -> list[Path]:
    """Every file that a page names."""
    found = re.findall(r'(?:href|src|data-more)="([^"#]+)', page.read_text())
    return [page.parent / target for target in found if not target.startswith(("http:", "https:", "mailto:"))]


def test_feeds_that_were_never_published_are_computed(tmp_path: Path) -> None:
    sample_archive.build(tmp_path / "a", states=range(2), locales=("en",))
    catalog = Catalog(tmp_path / "a")
    with EditionData(catalog, Partition("okx", "en")) as source:
        published = source.crawl_records(source.ids[1])
    for path in (tmp_path / "a/changes").rglob("*.parquet"):
        path.unlink()
    with EditionData(catalog, Partition("okx", "en")) as source:
        assert source.crawl_records(source.ids[1]) == published
    assert published


def test_every_link_leads_somewhere(report: Path) -> None:
    assert [target for path in report.rglob("*.html") for target in links(path) if not target.exists()] == []


def test_no_page_names_a_remote_resource(report: Path) -> None:
    for path in [*report.rglob("*.html"), *report.rglob("*.css")]:
        text = path.read_text()
        assert not re.search(r'(?:src|srcset|poster|data|action)="(?:https?:)?//', text)
        assert (
            not re.search(r'<link[^>]+href="(?:https?:)?//', text)
            and not re.search(r"url\((?!#)", text)
            and "@import" not in text
        )
        if path.suffix == ".html":
            head = text.partition("</head>")[0]
            assert head.index("Content-Security-Policy") < min(head.index("<script"), head.index("<link"))
            assert " style=" not in text


def test_names_come_from_digests(hostile_archive: Path, tmp_path: Path) -> None:
    build_report(Catalog(hostile_archive), tmp_path / "r")
    name = re.compile(
        r"(assets/[a-z]+\.(js|css)|index\.html|okx/en/(articles/(index|[0-9a-f]{16}(-data)?)|sections/(index|[0-9a-f]{16})|crawls/(index|\d{8}T\d{6}Z)(-rows|-views)?|(silent|week|changes)(-rows)?|search/[dw]\d*|views/[0-9a-f]{2})\.(html|js)|\.helpscraper-report\.json)"
    )
    assert [path for path in contents(tmp_path / "r") if not name.fullmatch(path)] == []
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_folder_that_is_no_report_is_left_alone(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CommandError, match="nothing was written"):
        build_report(Catalog(archive), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_manifest_leads_to_no_other_folder(archive: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.html"
    victim.write_text("mine")
    (tmp_path / "r").mkdir()
    pages = {"../victim.html": "x", "/etc/x.html": "x", "okx/../../victim.html": "x"}
    (tmp_path / "r/.helpscraper-report.json").write_text(json.dumps({"made_by": "", "pages": pages}))
    build_report(Catalog(archive, locale="ar"), tmp_path / "r")
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '"x"', '{"pages": []}', "{}", "\xff", "[" * 9999])
def test_a_damaged_manifest_is_named(text: str, archive: Path, tmp_path: Path) -> None:
    (tmp_path / ".helpscraper-report.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CommandError, match=r"helpscraper-report\.json: damaged"):
        build_report(Catalog(archive, locale="ar"), tmp_path)


def test_a_report_and_feeds_do_not_delete_one_another(archive: Path, tmp_path: Path) -> None:
    catalog = Catalog(archive, locale="ar")
    for name, own, other in (("r", build_report, build_feeds), ("f", build_feeds, build_report)):
        folder = tmp_path / name
        own(catalog, folder)
        before = contents(folder)
        with pytest.raises(CommandError, match=r"holds .* and not .*") as caught:
            other(catalog, folder)
        assert "nothing was written" in str(caught.value.advice)
        assert contents(folder) == before


def broken(*_: object, **__: object) -> int:
    raise KeyboardInterrupt


def test_a_first_build_that_broke_off_is_taken_up(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(archive, locale="ar")
    for build, name in ((build_report, "report"), (build_feeds, "feed")):
        folder = tmp_path / name
        with monkeypatch.context() as patch:
            patch.setattr(f"helpscraper.publish.{name}.build.Manifest.save", broken)
            with pytest.raises(KeyboardInterrupt):
                build(catalog, folder)
        assert len(list(folder.rglob("*.*"))) > 10
        build(catalog, folder)
        build(catalog, tmp_path / "whole" / name)
        assert contents(folder) == contents(tmp_path / "whole" / name)


def test_large_pages_keep_their_size(tmp_path: Path, commit: object) -> None:
    from helpscraper.archive.store import open_store

    store = open_store(tmp_path / "a")
    rows = [
        {"article_id": f"a{n}", "title": f"Article {n} {'long ' * 20}", "section": "s", "body": f"Body {n}"}
        for n in range(400)
    ]
    commit(store, "2026-06-01", rows)  # type: ignore[operator]
    for row in rows:
        row["body"] += "\nmore"  # type: ignore[operator]
    rows[0]["body"] = "\n".join(f"Paragraph {n} {'word ' * 50}" for n in range(3000))
    commit(store, "2026-06-02", rows)  # type: ignore[operator]
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    sizes = {path: path.stat().st_size for path in (tmp_path / "r").rglob("*.html")}
    assert max(sizes.values()) < 300_000
    crawl = tmp_path / "r/okx/en/crawls/20260602T060000Z.html"
    beside = json.loads(
        crawl.with_name(f"{crawl.stem}-rows.js").read_text().partition(",")[2].rpartition(")")[0]
    )
    assert len(re.findall('<tr id="[0-9a-f]{16}" data-kinds', crawl.read_text())) + len(beside) == 400
    key = article_key("a0")
    assert (tmp_path / f"r/okx/en/articles/{key}-data.js").exists()


def test_the_command(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r"
    assert main(["report", "--archive", str(archive), "--out", str(out), "--locale", "ar"]) == 0
    assert str(out / "index.html") in capsys.readouterr().out
    assert main(["feed", "--archive", str(archive), "--out", str(tmp_path / "f"), "--entries", "3"]) == 0
    told = capsys.readouterr().out
    assert (
        f"{tmp_path}/f/index.html  (" in told
        and "no feeds.opml: feed readers need whole addresses; add --base-url" in told
    )
    assert (
        not list((tmp_path / "f").rglob("*.opml")) and "--base-url" in (tmp_path / "f/index.html").read_text()
    )
    assert main(["feed", "--archive", str(archive), "--out", str(tmp_path / "f"), "--entries", "0"]) == 2
    assert main(["report", "--archive", str(tmp_path / "none"), "--out", str(tmp_path / "x")]) == 2
    assert "no snapshot" in capsys.readouterr().err
    for command in ("report", "feed"):
        assert main([command, "--archive", str(archive), "--out", str(out), "--locale", "fr"]) == 2
        told = capsys.readouterr().err
        assert "no snapshot and no run of fr" in told and "choose one of: okx/ar, okx/en" in told


def test_every_template_escapes() -> None:
    assert environment().autoescape is True
    root = Path(publish.__file__).parent
    assert [path.name for path in root.rglob("templates/*") if "<!doctype" in path.read_text()] == [
        "page.html"
    ]
    with pytest.raises(Exception, match="has no attribute"):
        page("moved.html", None, key="x")  # type: ignore[arg-type]


def test_long_histories_are_counted_by_day_week_or_month(archive: Path) -> None:
    with EditionData(Catalog(archive), Partition("okx", "en")) as source:
        runs, counts = crawls(source), source.counts()
    front = periods_of(runs, counts)
    assert front.unit == "crawl" and len(front.periods) == 6
    per_section = sum(map(sum, front.sections.values()))
    assert sum(map(sum, front.kinds.values())) == sum(number for _, _, _, number, _ in counts)
    assert sum(front.kinds["touched"]) > 0
    assert per_section == sum(number for _, kind, _, number, _ in counts if kind != "touched")
    years = [replace(run, id=f"20{20 + n}{run.id[4:]}") for n, run in enumerate([runs[0]] * 3)]
    apart = periods_of(years, [(years[1].id, "added", "s", 4, 0), (years[2].id, "added", "s", 1, 0)])
    assert apart.periods == ("2020-06-01", "2021-06-01", "2022-06-01"), "one day of three years is three days"
    assert apart.kinds["added"] == (0, 4, 1)
    quick = [replace(runs[0], id=f"20260601T06000{n}Z") for n in range(3)]
    assert periods_of(quick, []).periods == ("06-01 06:00:00", "06-01 06:00:01", "06-01 06:00:02")
    hourly = [replace(runs[0], id=f"202606{n // 24 + 1:02d}T{n % 24:02d}0000Z") for n in range(72)]
    assert periods_of(hourly, []).periods == ("2026-06-01", "2026-06-02", "2026-06-03")
    days = [replace(runs[0], id=f"{EPOCH + dt.timedelta(days=n):%Y%m%d}T060000Z") for n in range(400)]
    assert periods_of(days[:60], []).unit == "week" and len(periods_of(days[:60], []).periods) == 9
    many = periods_of(days, counts)
    assert many.unit == "month" and many.periods[0] == "2026-06" and len(many.periods) == 14


def test_a_search_index_made_in_parts_is_the_same(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EditionData(Catalog(archive), Partition("okx", "en")) as source:
        indexes.number_documents(source)
        whole = list(indexes.words_of_shards(source))
        monkeypatch.setattr(indexes, "_AT_ONCE", 500)
        parts = list(indexes.words_of_shards(source))
    assert parts != whole and sorted(parts) == sorted(whole)
    shards = [number for number, _ in groupby(shard for shard, *_ in parts)]
    assert len(shards) == len(set(shards)) > 100


def test_a_text_that_lies_in_two_files_is_one_text_for_the_search(archive: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(archive, tmp_path / "copy")
    first = min((copy / "bodies/site=okx/locale=en").glob("*.parquet"))
    shutil.copy(first, first.with_name("20200101T000000Z.parquet"))
    found = []
    for each in (archive, copy):
        with EditionData(Catalog(each), Partition("okx", "en")) as source:
            indexes.number_documents(source)
            found.append(list(indexes.words_of_shards(source)))
    assert found[0] == found[1]
