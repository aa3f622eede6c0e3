"""After any change of an archive, an increment gives the same bytes as a build from nothing."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from helpscraper.archive.compact import compact
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.writer import write_reextracted, write_run
from helpscraper.errors import CommandError
from helpscraper.history.current_feed import feed_is_current
from helpscraper.history.diff import diff_snapshots
from helpscraper.publish.feed import build_feeds
from helpscraper.publish.feed.pages import feed_entries
from helpscraper.publish.feed.sections import section_feeds
from helpscraper.publish.load import EditionData
from helpscraper.publish.report.build import build_report
from helpscraper.sample.model import EPOCH, STEP
from tests import sample_archive

EN = Partition("okx", "en")
ARTICLES = 25


def crawl(archive: Path, *states: int, locale: str = "en") -> None:
    """Commit these states of the help centre, in this order."""
    for state in states:
        sample_archive.build(archive, states=range(state, state + 1), locales=(locale,), articles=ARTICLES)


def reextract(archive: Path, extractor: str = "okx/1") -> None:
    """Read the snapshot before the latest again: another title, another section's name, another date.

    What another ``extractor`` reads differently is no change of the site, but the pages show what it read.
    """
    catalog = Catalog(archive)
    snapshot = catalog.resolve("latest~1")
    rows = catalog.load_table(snapshot).to_pylist()
    for row in rows:
        row["title"] += " as read again"
        row["section_title"] = "Read again"
        row["updated_on"] = dt.date(2026, 1, 2)
    table = pa.Table.from_pylist(rows, catalog.load_table(snapshot).schema)
    facts = replace(catalog.facts(snapshot), kind="re-extract", versions={"extractor": extractor})
    write_reextracted(catalog.store, EN, snapshot.id, table, [], facts)


def pack(archive: Path) -> None:
    """Pack every month."""
    assert list(compact(Catalog(archive), EN, dt.datetime(2027, 1, 1, tzinfo=dt.UTC)))


def fail(archive: Path) -> None:
    """Leave the facts of a run that committed nothing."""
    name = "20260801T000000Z"
    facts = RunFacts(run_id=name, outcome="failed", exit_code=1, error="connection refused")
    write_run(Catalog(archive).store, EN, name, facts)


STEPS: dict[str, Callable[[Path], None]] = {
    "another crawl": lambda archive: crawl(archive, 4),
    "a failed run": fail,
    "a day between": lambda archive: crawl(archive, 2),
    "a day before all": lambda archive: crawl(archive, 0),
    "a re-extraction": reextract,
    "packed months": pack,
    "a crawl upon packed months": lambda archive: crawl(archive, 5),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def agree(archive: Path, tmp_path: Path, step: str, *, keeps: bool) -> None:
    """Bring report and feeds up to date, and hold them against new ones."""
    # The feeds first, because the report links to them.
    for name, build in (("feeds", build_feeds), ("report", build_report)):
        built = build(Catalog(archive), tmp_path / name)
        build(Catalog(archive), tmp_path / "fresh")
        now, fresh = contents(tmp_path / name), contents(tmp_path / "fresh")
        shutil.rmtree(tmp_path / "fresh")
        other = [page for page in sorted(now.keys() | fresh.keys()) if now.get(page) != fresh.get(page)]
        assert other == [], f"{name}: {step}"
        # Four assets stay in any case.
        assert not keeps or built.kept > 5, f"{name}: {step}: everything was made again"


@pytest.mark.parametrize("at_once", [2, pytest.param(1, marks=pytest.mark.long)])
def test_an_increment_is_a_rebuild(tmp_path: Path, at_once: int) -> None:
    """So many steps between a build and the next one."""
    archive = tmp_path / "a"
    crawl(archive, 1, 3)
    agree(archive, tmp_path, "the first crawls", keeps=False)
    steps = list(STEPS)
    for first in range(0, len(steps), at_once):
        several = steps[first : first + at_once]
        for step in several:
            STEPS[step](archive)
        agree(archive, tmp_path, " and ".join(several), keeps=True)


def test_one_reading_after_another(tmp_path: Path) -> None:
    """A second re-extraction of the same crawl, by extractors whose differences are no changes of the site."""
    archive = tmp_path / "a"
    crawl(archive, 1, 2, 3)
    for extractor in ("okx/3", "okx/4"):
        reextract(archive, extractor)
        agree(archive, tmp_path, extractor, keeps=extractor != "okx/3")


def test_an_earlier_day_on_which_all_was_the_same(tmp_path: Path) -> None:
    """No article has an event, and yet every page and every empty feed begins at another time."""
    archive = tmp_path / "a"
    crawl(archive, 0)
    agree(archive, tmp_path, "a crawl", keeps=False)
    sample_archive.build(archive, states=range(1), articles=ARTICLES, begin=EPOCH - STEP)
    agree(archive, tmp_path, "the same, a week before", keeps=False)


def test_what_left_the_site_is_told(tmp_path: Path) -> None:
    crawl(tmp_path / "a", 0, 1, 2, 3, 4)
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f", kinds=["removed"])
    with EditionData(Catalog(tmp_path / "a"), EN, views=False) as source:
        removed = [a for a in source.articles(source.missing_articles(), {}) if a.state == "removed"]
    told = (tmp_path / "f/okx/en/all.atom").read_text()
    assert removed and all(f"/{article.key}</id>" in told for article in removed)


def test_an_edition_that_leads_comes_later(tmp_path: Path) -> None:
    """Every page of the other edition then leads to another front page."""
    archive = tmp_path / "a"
    crawl(archive, 3, 4, locale="ar")
    agree(archive, tmp_path, "one edition", keeps=False)
    crawl(archive, 3, 4)
    agree(archive, tmp_path, "the edition that leads", keeps=False)


def test_another_version_makes_everything_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "a"
    crawl(archive, 1, 2)
    for name, build in (("report", build_report), ("feeds", build_feeds)):
        build(Catalog(archive), tmp_path / name)
        before = contents(tmp_path / name)
        pages = [page for page in before if not page.startswith(".")]
        for page in pages:
            (tmp_path / name / page).write_text("what an older version made")
        with monkeypatch.context() as patch:
            patch.setattr(
                f"helpscraper.publish.{name.removesuffix('s')}.build.fingerprint", lambda: "another"
            )
            build(Catalog(archive), tmp_path / name)
        after = contents(tmp_path / name)
        assert {page: after[page] for page in pages} == {page: before[page] for page in pages}


def test_a_file_that_was_deleted_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each sort; of the scripts beside a page, their page is still there."""
    monkeypatch.setattr("helpscraper.publish.report.edition._GAINS", 1)
    archive = tmp_path / "a"
    crawl(archive, 1, 2)
    for name, build, sorts in (
        ("report", build_report, ("index.html", "okx/en/silent.html", "okx/en/crawls/2*Z.html", "okx/en/views/*.js",
                                  "okx/en/crawls/*-views.js", "okx/en/search/w?*.js", "okx/en/search/d0.js",
                                  "okx/en/articles/*.html", "assets/report.js")),
        ("feeds", build_feeds, ("okx/en/all.atom", "okx/en/sections/*.atom", "okx/en/articles/*.atom")),
    ):  # fmt: skip
        build(Catalog(archive), tmp_path / name)
        before = contents(tmp_path / name)
        for sort in sorts:
            found = sorted((tmp_path / name).glob(sort))
            assert found, sort
            found[0].unlink()
            build(Catalog(archive), tmp_path / name)
            assert contents(tmp_path / name) == before, sort


def test_without_its_list_of_files_a_folder_is_no_report(tmp_path: Path) -> None:
    """Nobody could tell which of its files are ours to delete."""
    archive = tmp_path / "a"
    crawl(archive, 1)
    for name, build in (("report", build_report), ("feeds", build_feeds)):
        build(Catalog(archive), tmp_path / name)
        (tmp_path / name / ".helpscraper-report.json").unlink()
        before = contents(tmp_path / name)
        with pytest.raises(CommandError, match="nothing was written"):
            build(Catalog(archive), tmp_path / name)
        assert contents(tmp_path / name) == before


def test_the_order_of_commits_does_not_matter(tmp_path: Path) -> None:
    """A feed that was published before a day came between does not hold any more."""
    crawl(tmp_path / "a", 0, 1, 2, 3)
    crawl(tmp_path / "b", 0, 1, 3, 2)
    catalog = Catalog(tmp_path / "b")
    snapshots = catalog.snapshots(EN)
    assert [feed_is_current(catalog, b, a) for b, a in pairwise(snapshots)] == [
        True, True, False,
    ]  # fmt: skip
    for build in (build_report, build_feeds):
        for name in ("a", "b"):
            build(Catalog(tmp_path / name), tmp_path / f"{name}-{build.__name__}")
        assert contents(tmp_path / f"a-{build.__name__}") == contents(tmp_path / f"b-{build.__name__}")


def test_what_was_read_again_is_compared_again(tmp_path: Path) -> None:
    """The feed of the crawl after a re-extraction was written against the older reading."""
    crawl(tmp_path / "a", 1, 2, 3)
    reextract(tmp_path / "a")
    catalog = Catalog(tmp_path / "a")
    _, before, after = catalog.snapshots(EN)
    assert before.reextracted and not feed_is_current(catalog, before, after)
    compared = diff_snapshots(catalog, before, after).table.to_pylist()
    wanted = sorted(
        (row["article_id"], row["kind"], row["field"]) for row in compared if row["kind"] != "counted"
    )
    with EditionData(catalog, EN) as source:
        found = [(r.article_id, r.kind, r.field) for r in source.crawl_records(after.id)]
    assert sorted(found, key=str) == sorted(wanted, key=str) and found


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_newest_events_are_those_of_all_articles(tmp_path: Path, limit: int) -> None:
    """DuckDB finds the same as folding every article and sorting."""
    crawl(tmp_path / "a", 0, 1, 2, 3, 4)
    kinds = frozenset({"added", "removed", "edited", "renamed", "moved"})
    with EditionData(Catalog(tmp_path / "a"), EN, views=False) as source:
        articles = list(source.articles(sorted(source.article_digests()), {}))
        lost = list(source.articles(source.missing_articles(), {}))
        found = section_feeds(source, lost, kinds, limit)
    assert {each.article_id for each in articles if each.state != "live"} == {
        each.article_id for each in lost
    }
    assert lost
    told: dict[str | None, list[tuple[str, str, str]]] = {None: []}
    for article in articles:
        every = [
            (t.event.snapshot, article.key, article.article_id) for t in feed_entries(article, kinds, 1000)
        ]
        told.setdefault(article.section or "", []).extend(every)
        told[None] += every
    wanted = {
        slug: tuple((owner, sid) for sid, _, owner in sorted(events, reverse=True)[:limit])
        for slug, events in told.items()
    }
    assert {each.slug: each.events for each in found} == wanted
    assert len(told[None]) > 20
