"""One way into the ledger: pipelines of a live crawl and the reading of recorded pages leave the same entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from helpscraper.intake.enter import notes_of, page_notes, readings_of, why_refused
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.notes import Batch, Problem
from helpscraper.intake.reading import PageReadings, Reading
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.pipelines import normalise
from helpscraper.pipelines.archive import ArchivePipeline
from helpscraper.pipelines.validate import ValidatePipeline
from helpscraper.platforms.contract import Findings, Section
from helpscraper.settings import ITEM_PIPELINES
from helpscraper.sites import get_site

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
HERE = Context(get_site("okx"), "en")
STEPS = [getattr(normalise, name.rpartition(".")[2]) for name in ITEM_PIPELINES if ".normalise." in name]


def whole(slug: str, title: str | None, **more: Any) -> RawArticle:
    given = {
        "body_text": f"Text of {slug}",
        "body_markdown": f"Text of {slug}",
        "body_html": f"<p>{slug}</p>",
    }
    return RawArticle(kind="article", key=slug, url=f"https://x/{slug}", title=title, **given | more)


def row(slug: str, title: str | None) -> RawArticle:
    return RawArticle(kind="listing", key=slug, url=f"https://x/{slug}", title=title, view_count_text="12")


MIXED = [row("a", "A  row "), whole("b", "Whole"), row("c", None), whole("d", None), row("../e", "Hostile")]


def readings(section: str | None = "faq") -> list[Reading]:
    return readings_of(MIXED, HERE, section=section, at=AT, record="w.warc.gz#12")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger")) as made:
        yield made


def content(ledger: Ledger) -> list[Any]:
    return [
        [*ledger.entries()],
        [*ledger.bodies()],
        ledger.tallies("fields"),
        ledger.tallies("problem"),
        [(kind, url, detail.rpartition(": ")[2]) for kind, url, detail in ledger.problems()],
    ]


def test_a_list_may_hold_whole_articles(ledger: Ledger) -> None:
    for note in notes_of(readings(), "w.warc.gz#12"):
        note.enter(ledger)
    found = {entry.article_id: entry for entry in ledger.entries()}
    assert {name: entry.outcome for name, entry in found.items()} == {
        "a": "listed", "b": "fetched", "c": "listed", "d": "failed",
    }  # fmt: skip
    assert found["b"].columns is not None
    assert found["b"].columns["warc_record"] == "w.warc.gz#12!1"
    assert found["b"].columns["fetched_at"] == AT
    assert found["b"].sightings.keys() == {"faq"}
    assert found["a"].sightings["faq"]["warc_record"] == "w.warc.gz#12"
    assert [body.text for body in ledger.bodies()] == ["Text of b"]
    assert [(kind, detail) for kind, _, detail in ledger.problems()] == [
        ("invalid", "w.warc.gz#12: no title"), ("slug", "w.warc.gz#12: '../e' is not a key"),
    ]  # fmt: skip


def test_pipelines_leave_what_a_replay_leaves(tmp_path: Path) -> None:
    class Session:
        ledger = Ledger(tmp_path / "live")

    class Spider:
        session = Session

    class Crawler:
        spider = Spider

    crawler = cast("Any", Crawler)
    pipelines = [
        *(step() for step in STEPS),
        ValidatePipeline(crawler),
        ArchivePipeline(cast("Any", Session)),
    ]
    assert [type(each).__name__ for each in pipelines] == [name.rpartition(".")[2] for name in ITEM_PIPELINES]
    item = PageReadings("https://x/list", readings())
    for pipeline in pipelines:
        item = pipeline.process_item(item)
    with closing(Ledger(tmp_path / "again")) as again, closing(Session.ledger):
        for note in notes_of(readings()):
            note.enter(again)
        assert content(Session.ledger) == content(again)


def test_the_body_that_the_archive_holds_is_not_handed_out_again() -> None:
    (key,) = [each.body.sha256 for each in _fetched(readings()) if each.body is not None]
    found = readings()
    for reading in found:
        reading.stored_body = key
    assert [each.body for each in _fetched(found)] == [None]


def _fetched(found: list[Reading]) -> list[Any]:
    return [note for note in notes_of(found) if type(note).__name__ == "Fetched"]


def test_only_an_articles_own_page_must_have_its_title() -> None:
    found = readings()
    list(notes_of(found))
    refusals = [None, None, None, "no title", "'../e' is not a key"]
    assert [why_refused(reading) for reading in found] == refusals


def test_an_article_that_its_list_could_not_read_keeps_its_title_and_its_list(ledger: Ledger) -> None:
    broken = whole("b", "Title", unread="body: a number")
    for note in notes_of(readings_of([broken], HERE, section="faq", at=AT)):
        note.enter(ledger)
    (entry,) = ledger.entries()
    assert (entry.outcome, entry.detail, entry.sightings["faq"]["title"]) == (
        "failed",
        "body: a number",
        "Title",
    )
    assert ledger.problems() == [("invalid", "https://x/b", "body: a number")]
    assert not list(ledger.bodies())


def test_an_article_without_a_body_is_named(ledger: Ledger) -> None:
    bare = whole("b", "Title", body_text=None, body_markdown=None, body_html=None)
    for note in notes_of(readings_of([bare], HERE, section="faq", at=AT, record="w#1")):
        note.enter(ledger)
    assert ledger.problems() == [("body", "https://x/b", "w#1!0: an article without a body")]


def test_a_batch_adds_sums_up_and_keeps_each_section_once(ledger: Ledger) -> None:
    found = Findings(sections=[Section(key="faq", title="First")], rules=["a/x", "a/x"], language="en")
    later = Findings(sections=[Section(key="faq", title="Later")], rules=["a/x"], language="en")
    batch = Batch()
    for each in (found, later):
        batch.add(page_notes(each))
    batch.add([Problem("record", "https://x", "w#1: cut off", "w#1")])
    assert len(batch.notes) == 2
    with ledger.transaction():
        batch.enter(ledger)
    assert ledger.tallies("rules") == {"a/x": 3}
    assert ledger.tallies("language") == {"en": 2}
    assert [(entry.key, entry.title) for entry in ledger.sections()] == [("faq", "First")]
    assert ledger.problems() == [("record", "https://x", "w#1: cut off")]
    assert _urls(batch.problems) == ["https://x"]


def _urls(problems: Iterable[Problem]) -> list[str]:
    return [problem.url for problem in problems]
