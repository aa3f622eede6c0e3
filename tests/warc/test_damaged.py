"""Any damage to recordings: reading them again loses no row and no body."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition, parse_path, reextracted_path, snapshot_path
from helpscraper.archive.lost_rows import lost_rows
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.recordings import load_index, warc_files
from helpscraper.archive.sql import query
from helpscraper.archive.verify import verify
from helpscraper.archive.writer import write_reextracted
from helpscraper.errors import ArchiveError
from helpscraper.intake.known import read_earlier_rows
from helpscraper.items import RawArticle
from helpscraper.platforms.okx import EXTRACTOR, ArticlePage, ListingPage
from helpscraper.replay.captures import import_captures
from helpscraper.replay.reextract import Report, reextract
from helpscraper.sample import SampleServer
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage
from tests.e2e.conftest import crawl, helpscraper

pytestmark = pytest.mark.slow

EN = Partition("okx", "en")
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An archive of three crawls (all, a week later with carried articles, all again), and one of imports."""
    folder = tmp_path_factory.mktemp("recorded")
    with SampleServer(layout="e2", articles=24, validators=True) as server:
        for state, mode in enumerate(("incremental", "incremental", "full")):
            server.state = min(state, 1)
            done = crawl(server, folder / "crawls", "-a", f"mode={mode}", "-s", "AUDIT_DAYS=0.125")
            assert done.code == 0, done.said
        files = sorted(folder.glob("crawls/warc/*/*/*.warc.gz"))
        import_captures(str(folder / "imports"), files[:1], base_url=server.url)
        import_captures(str(folder / "imports"), files[1:], base_url=server.url)
    return {name: folder / name for name in ("crawls", "imports")}


def rows_of(archive: Path) -> Rows:
    """The rows that readers see, with their bodies."""
    catalog = Catalog(archive)
    return {each.id: catalog.load_table(each, bodies=True).to_pylist() for each in catalog.snapshots()}


# ---- kinds of damage: each takes a file and a number that says where

Corrupt = Callable[[Path, float], None]


def cut(path: Path, where: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * where)])


def flip(path: Path, where: float) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[int(where * (len(data) - 1))] ^= 1 << int(where * 1e6) % 8
    path.write_bytes(data)


def blank(path: Path, where: float) -> None:
    """A bad block: 600 bytes are zeros."""
    data = bytearray(path.read_bytes())
    start = int(where * len(data))
    data[start : start + 600] = bytes(len(data[start : start + 600]))
    path.write_bytes(data)


def remove(path: Path, where: float) -> None:
    path.unlink()


def spoil_header(path: Path, where: float) -> None:
    """Another value in one header of one record, or a line less, in a gzip member that is whole."""
    if not path.name.endswith(".gz"):
        return flip(path, where)
    with path.open("rb") as stream:
        records = [each for each in iter_records(stream, path.name) if not isinstance(each, Damage)]
    if not records:
        return None
    chosen = records[int(where * (len(records) - 1))]
    data = path.read_bytes()
    member = gzip.decompress(data[chosen.offset : chosen.offset + chosen.length])
    lines = member.split(b"\r\n")
    headers = [number for number, line in enumerate(lines[:40]) if re.match(rb"[\w-]+:|HTTP/|WARC/", line)]
    number = headers[int(where * 1e5) % len(headers)]
    lines[number] = lines[number][:-1] + b"7" if int(where * 1e7) % 2 else b"X-Was: 1"
    changed = gzip.compress(b"\r\n".join(lines), mtime=0)
    path.write_bytes(data[: chosen.offset] + changed + data[chosen.offset + chosen.length :])
    return None


EXACT: tuple[Corrupt, ...] = (cut, flip, blank, remove)
"""Damage that a checksum shows; a header that somebody wrote anew may say anything."""


@dataclass(frozen=True)
class Blow:
    file: int
    damage: Corrupt
    where: float
    index_too: bool

    def strike(self, archive: Path) -> None:
        files = sorted(path for path in archive.glob("warc/*/*/*") if path.is_file())
        if not files:
            return
        path = files[self.file % len(files)]
        self.damage(path, self.where)
        if self.index_too:
            path.with_name(path.name.replace(".warc.gz", ".cdxj")).unlink(missing_ok=True)


BLOWS = st.lists(
    st.builds(
        Blow,
        st.integers(0, 5),
        st.sampled_from([*EXACT, spoil_header]),
        st.floats(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


def check(original: Path, blows: list[Blow], force: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        shutil.copytree(original, archive)
        before = rows_of(archive)
        for blow in blows:
            blow.strike(archive)
        with mock.patch(
            "helpscraper.platforms.okx.platform.Okx.extractor", EXTRACTOR if force else "okx/next"
        ):
            reports = list(reextract(str(archive), force=force, jobs=1))
        after = rows_of(archive)
        if all(blow.damage in EXACT for blow in blows):
            assert after == before
        assert_nothing_lost(archive, before, after)
        for report in reports:
            assert report.whole or report.problems


def assert_nothing_lost(archive: Path, before: Rows, after: Rows) -> None:
    catalog = Catalog(archive)
    for name, rows in before.items():
        now = {row["article_id"]: row for row in after[name]}
        assert now.keys() == {row["article_id"] for row in rows}
        for row in rows:
            again = now[row["article_id"]]
            assert row["body_text"] is None or again["body_text"] is not None
            assert row["status"] != "fetched" or again["status"] == "fetched"
    (count,) = query(catalog, "select count(*) as n from snapshots").column("n").to_pylist()
    assert count == sum(map(len, before.values()))
    for path in catalog.store.list("reextracted"):
        item = parse_path(path)
        assert item is not None
        first = Snapshot(EN, item.snapshot_id, snapshot_path(EN, item.snapshot_id))
        table = pq.read_table(catalog.store.url(path), partitioning=None)
        assert lost_rows(catalog.load_table(first), table).num_rows == 0


@pytest.mark.parametrize("name", ["crawls", "imports"])
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blows=BLOWS, force=st.booleans())
# Of two captures of a page in one file the later one is cut off.
@example(blows=[Blow(3, cut, 0.5, index_too=False)], force=False)
def test_no_damage_loses_a_row_or_a_body(
    archives: dict[str, Path], name: str, blows: list[Blow], force: bool
) -> None:
    check(archives[name], blows, force)


@pytest.mark.long
@pytest.mark.parametrize("name", ["crawls", "imports"])
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blows=BLOWS, force=st.booleans())
def test_no_damage_loses_a_row_or_a_body_in_many_examples(
    archives: dict[str, Path], name: str, blows: list[Blow], force: bool
) -> None:
    check(archives[name], blows, force)


# ---- each kind of loss by itself


@pytest.fixture
def mine(archives: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the crawls that a test may change."""
    return Path(shutil.copytree(archives["crawls"], tmp_path / "archive"))


def a_fetched_row(archive: Path) -> dict[str, Any]:
    """A row of the first crawl that the second one carried over: later rows stand on its record."""
    catalog = Catalog(archive)
    carried = [row for row in catalog.load_table("latest~1").to_pylist() if row["status"] == "carried"]
    later = {row["warc_record"] for row in carried}
    rows: list[dict[str, Any]] = catalog.load_table("latest~2").to_pylist()
    return next(row for row in rows if row["warc_record"] in later)


def spoil(archive: Path, reference: str) -> None:
    file, _, offset = reference.partition("#")
    data = bytearray((archive / file).read_bytes())
    data[int(offset) + 200] ^= 0xFF
    (archive / file).write_bytes(data)


def first(reports: Iterable[Report]) -> Report:
    return next(iter(list(reports)))


def test_the_command_names_file_offset_and_url_and_ends_with_4(mine: Path) -> None:
    row, before = a_fetched_row(mine), rows_of(mine)
    spoil(mine, row["warc_record"])
    done = helpscraper("reextract", "--force", "--archive", mine)
    assert done.returncode == 4, done.stderr
    assert f"{row['url']}: {row['warc_record']}: " in done.stderr
    assert "kept as it was" in done.stderr
    assert rows_of(mine) == before
    offset = row["warc_record"].partition("#")[2]
    problems = verify(Catalog(mine)).problems
    assert any(each.problem == "record" and each.detail.startswith(f"#{offset}: ") for each in problems)
    assert not any(each.path.startswith("reextracted/") for each in problems)


@pytest.mark.parametrize("loses", ["page", "title", "body"])
def test_what_a_new_extractor_reads_no_more_is_kept(
    mine: Path, loses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, before = a_fetched_row(mine), rows_of(mine)
    article = ArticlePage.article

    def lesser(page: ArticlePage) -> RawArticle:
        raw = article.__get__(page)
        if raw.key != row["article_id"]:
            return raw
        if loses == "page":
            raise page.error("title", "this extractor knows no such page")
        without = ("title",) if loses == "title" else ("body_html", "body_markdown", "body_text")
        return replace(raw, **dict.fromkeys(without))

    monkeypatch.setattr(ArticlePage, "article", property(lesser))
    monkeypatch.setattr("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next")
    report = first(reextract(str(mine), ["latest~2"], jobs=1))
    assert not report.whole
    assert any(row["url"] in each and row["warc_record"] in each for each in report.problems)
    assert rows_of(mine) == before
    catalog = Catalog(mine)
    facts = catalog.facts(catalog.resolve("latest~2"))
    assert facts.kept == {row["article_id"]: facts.extractor_before}
    # Plain `reextract` tries again, writes the same again nowhere, and is at rest once the row can be read.
    assert first(reextract(str(mine), ["latest~2"], jobs=1)).written == report.written
    monkeypatch.setattr(ArticlePage, "article", article)
    assert first(reextract(str(mine), ["latest~2"], jobs=1)).whole
    assert first(reextract(str(mine), ["latest~2"], jobs=1)).written is None


def test_what_an_unreadable_listing_said_is_kept(mine: Path) -> None:
    before = rows_of(mine)
    (file, *_) = warc_files(Catalog(mine).store, EN)
    listings = [each for each in load_index(Catalog(mine).store, file) if "/section/" in each.url]
    assert listings
    for each in listings:
        spoil(mine, each.ref)
    report = first(reextract(str(mine), ["latest~2"], force=True, jobs=1))
    assert not report.whole
    assert rows_of(mine) == before
    assert any(row["listed_in"] for rows in before.values() for row in rows)


def test_listings_that_one_extractor_cannot_read_are_whole_for_the_next(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen() -> list[Any]:
        facts = Catalog(mine).facts(Catalog(mine).resolve("latest~2"))
        return [facts.complete, facts.incomplete_reasons, facts.sections]

    def unknown(page: ListingPage, *_: Any, **__: Any) -> None:
        raise page.error("listing", "this extractor knows no such page")

    whole = seen()
    with monkeypatch.context() as patch:
        patch.setattr("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next")
        patch.setattr(ListingPage, "check_answers", unknown)
        assert not first(reextract(str(mine), ["latest~2"], jobs=1)).whole
    assert (seen()[0], whole[0]) == (False, True)
    assert first(reextract(str(mine), ["latest~2"], jobs=1)).whole
    assert seen() == whole


def test_a_crawl_whose_recordings_are_missing_keeps_its_snapshot(mine: Path) -> None:
    before = rows_of(mine)
    (file, *_) = warc_files(Catalog(mine).store, EN)
    (mine / file).unlink()
    reports = list(reextract(str(mine), force=True, jobs=1))
    assert reports[0].written is None
    assert reports[0].problems == (f"{file}: the file is missing",)
    assert not reports[0].whole
    assert rows_of(mine) == before


def test_a_body_that_is_nowhere_holds_up_no_other_row(mine: Path) -> None:
    row = a_fetched_row(mine)
    spoil(mine, row["warc_record"])
    for path in mine.glob("bodies/**/*.parquet"):
        path.unlink()
    list(reextract(str(mine), force=True, jobs=1))
    keys = {each["body_sha256"] for each in Catalog(mine).load_table("latest~2").to_pylist()}
    held = set(Catalog(mine).body_index(EN).keys.to_pylist())
    assert keys - held == {row["body_sha256"]}


def test_what_an_older_helpscraper_lost_is_named_and_brought_back(mine: Path) -> None:
    before, catalog = rows_of(mine), Catalog(mine)
    snapshot = catalog.resolve("latest~2")
    target = mine / reextracted_path(EN, snapshot.id)
    target.parent.mkdir(parents=True)
    table = pq.read_table(catalog.store.url(snapshot.path), partitioning=None)
    pq.write_table(table.slice(2), target)
    lost = [problem for problem in verify(Catalog(mine)).problems if problem.path.startswith("reextracted/")]
    assert [each.problem for each in lost] == ["has lost rows or bodies of its snapshot"]
    assert first(reextract(str(mine), ["latest~2"], force=True, jobs=1)).whole
    assert rows_of(mine) == before


def test_a_re_extraction_that_loses_anything_is_not_stored(mine: Path) -> None:
    catalog = Catalog(mine)
    snapshot = catalog.resolve("latest~2")
    rows, facts = catalog.load_table(snapshot), catalog.facts(snapshot)
    name = rows.schema.get_field_index("body_sha256")
    no_bodies = rows.set_column(name, "body_sha256", pa.nulls(rows.num_rows, pa.string()))
    for lesser in (rows.slice(1), no_bodies):
        with pytest.raises(ArchiveError, match="the snapshot has these articles"):
            write_reextracted(catalog.store, EN, snapshot.id, lesser, [], facts)
    assert catalog.store.list("reextracted") == []


def test_a_crawl_after_a_row_was_kept_reads_everything_once(mine: Path) -> None:
    row = a_fetched_row(mine)
    spoil(mine, row["warc_record"])
    # The newest crawl fetched it anew; the one before carried it over, and so the row of the older extractor.
    (mine / Catalog(mine).resolve("latest").path).unlink()
    with mock.patch("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next"):
        list(reextract(str(mine), jobs=1))
    known = read_earlier_rows(Catalog(mine), EN)
    assert known.kept == {row["article_id"]: EXTRACTOR}
    assert known.extractors == {"okx/next", EXTRACTOR}
