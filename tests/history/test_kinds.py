"""The kind of each difference, and its claims."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from helpscraper.archive.schema import SNAPSHOT_SCHEMA, VOLATILE
from helpscraper.errors import ArchiveError, CommandError
from helpscraper.history.diff import DiffResult, diff_tables
from helpscraper.history.kinds import COMPARED, KINDS, check_fields, check_kinds
from tests.history.worlds import MONDAY, SECTIONS, body, row, run, table

LATER = MONDAY + dt.timedelta(hours=20)


def diff(before: dict[str, Any] | None, after: dict[str, Any] | None, **facts: Any) -> DiffResult:
    sides = [table(*([side] if side else []), day=day) for day, side in enumerate((before, after))]
    return diff_tables(*sides, before_run=run(0), after_run=run(1, **facts))


def told(result: DiffResult) -> list[tuple[str, str]]:
    return [(each["kind"], each["field"]) for each in result.table.to_pylist()]


def test_every_column_is_compared_or_bookkeeping() -> None:
    bookkeeping = {"snapshot_at", "article_id", "status", "fetched_at", "warc_record", "confidence"}
    assert set(COMPARED) | bookkeeping == set(SNAPSHOT_SCHEMA.names)
    assert not set(COMPARED) & bookkeeping
    assert bookkeeping - {"article_id"} <= VOLATILE


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"title": "New"}, [("retitled", "title")]),
        ({"section": "fees"}, [("moved", "section")]),
        ({"section": "fees", "section_title": "Fees"}, [("moved", "section"), ("moved", "section_title")]),
        ({"section_title": "Common questions"}, [("touched", "section_title")]),
        ({"updated_at": LATER}, [("touched", "updated_at")]),
        ({"published_on": dt.date(2026, 1, 1)}, [("touched", "published_on")]),
        ({"listed_in": ["faq", "latest"]}, [("touched", "listed_in")]),
        ({"view_count": 11}, [("counted", "view_count")]),
        ({"view_count": None}, [("counted", "view_count")]),
        ({"snippet": "An excerpt"}, [("counted", "snippet")]),
        ({"votes_up": 3, "votes": 4}, [("counted", "votes_up"), ("counted", "votes")]),
        ({"labels": ["new"]}, [("touched", "labels")]),
        ({"confidence": "generic"}, []),
        ({"body_sha256": body("b")}, [("edited", "body_sha256")]),
        ({"body_sha256": body("b"), "updated_at": LATER}, [("edited", "body_sha256"), ("edited", "updated_at")]),
        (
            {"body_sha256": body("b"), "view_count": 11, "title": "New"},
            [("edited", "body_sha256"), ("retitled", "title"), ("counted", "view_count")],
        ),
        ({"status": "carried", "fetched_at": LATER, "warc_record": "f#1"}, []),
        ({"status": "failed"}, []),
        ({"status": "gone"}, [("removed", "article")]),
    ],
)  # fmt: skip
def test_one_difference(changed: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert told(diff(row("alpha"), row("alpha", **changed))) == expected


def test_a_label_speaks_of_a_move_only_where_there_is_no_slug() -> None:
    before, after = row("alpha", section=None), row("alpha", section=None, section_title="Elsewhere")
    assert told(diff(before, after)) == [("moved", "section_title")]


@pytest.mark.parametrize(
    ("dates", "silent"),
    [
        ({}, True),
        ({"updated_at": LATER}, False),
        ({"updated_on": LATER.date()}, False),
        ({"published_at": LATER}, True),
    ],
)
def test_an_edit_is_silent_when_neither_updated_date_moved(dates: dict[str, Any], silent: bool) -> None:
    found = diff(row("alpha"), row("alpha", body_sha256=body("b"), **dates))
    assert set(found.table.column("silent").to_pylist()) == {silent}
    assert ("silent" in found.summary()) is silent
    assert bool(found.narrow(kinds=["silent"])) is silent


def test_a_retitle_is_never_silent() -> None:
    assert not any(diff(row("alpha"), row("alpha", title="New")).changes["silent"])


def test_an_added_article_is_told_whole() -> None:
    [record] = diff(None, row("alpha", listed_in=["faq"])).records()
    assert (record["kind"], record["field"], record["before"]) == ("added", "article", None)
    whole = json.loads(record["after"])
    assert whole["title"] == "Alpha" and whole["listed_in"] == ["faq"] and whole["view_count"] == 10
    assert whole["updated_at"] == "2026-10-17T06:00:00Z" and "snippet" not in whole
    assert record["at"] == "2026-11-17T06:00:00Z"


def test_a_removed_article_is_dated_by_the_crawl_that_missed_it() -> None:
    [record] = diff(row("alpha"), None).records()
    assert (record["kind"], record["at"]) == ("removed", "2026-11-17T06:00:00Z")
    # A row knows its snapshot; the crawl may have begun before.
    later = table(row("alpha", title="New"), day=3)
    [record] = diff_tables(table(row("alpha")), later, before_run=run(), after_run=run(1)).records()
    assert (record["kind"], record["at"]) == ("retitled", "2026-11-19T06:00:00Z")


def test_pictures_are_told_where_both_bodies_can_be_read() -> None:
    shown = {body("a"): ["/höhe.png", "/b.png"], body("b"): ["/c.png"], body("c"): ["/b.png", "/höhe.png"]}
    before, after = (
        table(*(row(f"from-a-to-{key}", body_sha256=body(now or key)) for key in "bcd"), day=day)
        for day, now in enumerate(("a", None))
    )
    back = diff_tables(after, before, pictures=lambda keys: {k: v for k, v in shown.items() if k in keys})
    found = diff_tables(before, after, pictures=lambda keys: {k: v for k, v in shown.items() if k in keys})
    told = [
        [
            (each["article_id"], each["before"], each["after"])
            for each in one.records()
            if each["field"] == "picture"
        ]
        for one in (found, back)
    ]
    old, new = '["/höhe.png", "/b.png"]', '["/c.png"]'
    assert told == [[("from-a-to-b", old, new)], [("from-a-to-b", new, old)]]


def test_what_cannot_be_compared_is_named(tmp_path: Path) -> None:
    broken, fine = tmp_path / "broken.parquet", table(row("alpha"))
    broken.write_bytes(b"PAR1 broken")
    with pytest.raises(ArchiveError, match=f"{re.escape(str(broken))}: cannot be compared"):
        diff_tables(fine, broken)
    with pytest.raises(ArchiveError, match="column status is missing"):
        diff_tables(fine, fine.drop_columns(["status"]))
    place = fine.schema.get_field_index("updated_at")
    undated = fine.set_column(place, "updated_at", pa.array(["soon"]))
    with pytest.raises(ArchiveError, match="these tables: cannot be compared"):
        diff_tables(fine, undated)


def test_gone_rows_are_not_live() -> None:
    gone = row("alpha", status="gone")
    assert not diff(gone, None) and not diff(gone, gone) and not diff(None, gone)
    assert told(diff(gone, row("alpha"))) == [("added", "article")]


def test_a_page_read_for_the_first_time_is_no_change() -> None:
    listed = row("alpha", body_sha256=None, word_count=None, source_id=None, status="listed")
    found = diff(listed, row("alpha", view_count=11))
    assert told(found) == [("counted", "view_count")]
    assert set(found.extractor_changes["field"]) == {"body_sha256", "word_count", "source_id"}
    assert set(found.extractor_changes["reason"]) == {"unread"}


def test_what_a_new_extractor_may_have_done_is_kept_apart() -> None:
    before = table(row("alpha"), row("beta"), row("gamma"))
    after = table(
        row("alpha", title="Alpha!"),
        row("beta", title="Beta!", updated_at=LATER),
        row("delta", body_sha256=body("d"), published_at=LATER),
        day=1,
    )
    found = diff_tables(before, after, before_run=run(), after_run=run(1, versions={"extractor": "okx/2"}))
    # Between the two crawls the site itself dated an update of beta; presence and absence are seen, not extracted.
    assert found.primary() == {"beta": "retitled", "delta": "added", "gamma": "removed"}
    assert found.extractor_changes[["article_id", "field", "reason"]].values.tolist() == [
        ["alpha", "title", "extractor"]
    ]
    assert "okx/1 to okx/2" in found.warnings[0]


@pytest.mark.parametrize(
    ("facts", "warned"),
    [
        ({"kind": "re-extract"}, None),
        ({"kind": "re-extract", "extraction_of": "crawl"}, None),
        ({"kind": "re-extract", "versions": {"extractor": "okx/2"}}, "from okx/1 to okx/2"),
        ({"kind": "re-extract", "extraction_of": "import"}, "from okx/1 to okx/1 (import)"),
    ],
)
def test_a_reextraction_differs_from_a_crawl_by_its_extractor_alone(
    facts: dict[str, Any], warned: str | None
) -> None:
    found = diff(row("alpha"), row("alpha", title="New"), **facts)
    if warned is None:
        assert told(found) == [("retitled", "title")] and found.warnings == ()
    else:
        assert not found and warned in found.warnings[0]


@pytest.mark.parametrize("side", [0, 1])
def test_a_row_that_a_re_extraction_kept_differs_by_its_extractor(side: int) -> None:
    before = table(row("alpha"), row("beta"))
    after = table(row("alpha", title="New"), row("beta", title="New"), day=1)
    runs = [run(), run(1)]
    runs[side] = replace(runs[side], kept={"alpha": "okx/0"})
    found = diff_tables(before, after, before_run=runs[0], after_run=runs[1])
    assert found.primary() == {"beta": "retitled"}
    assert found.extractor_changes["article_id"].tolist() == ["alpha"]
    # Kept on both sides, both rows are of one extractor.
    both = [replace(each, kept={"alpha": "okx/0"}) for each in runs]
    found = diff_tables(before, after, before_run=both[0], after_run=both[1])
    assert found.primary() == {"alpha": "retitled", "beta": "retitled"}


def test_a_column_that_one_side_does_not_have_is_kept_apart() -> None:
    old = table(row("alpha")).drop_columns(["reading_minutes", "language"])
    found = diff_tables(old, table(row("alpha", title="New"), day=1), before_run=run(), after_run=run(1))
    assert told(found) == [("retitled", "title")]
    assert set(found.extractor_changes["field"]) == {"reading_minutes", "language"}
    assert "language, reading_minutes" in found.warnings[0]


ABSENCES = [
    ({}, "removed"),
    ({"complete": False}, "removed"),
    ({"complete": False, "sections": {"faq": {"whole": False}}}, "unverified"),
    ({"complete": False, "sections": {}}, "unverified"),
    ({"complete": True, "sections": {}}, "removed"),
    ({"complete": False, "sections": {"faq": {"whole": True}, "fees": {"whole": False}}}, "unverified"),
    (
        {
            "complete": False,
            "sections": {"faq": {"whole": True}, "fees": {"whole": False, "content_type": "tag"}},
        },
        "removed",
    ),
]


@pytest.mark.parametrize(("facts", "kind"), ABSENCES)
def test_an_absence_is_a_claim(facts: dict[str, Any], kind: str) -> None:
    facts = {"complete": False, "sections": {slug: {"whole": True} for slug in SECTIONS}} | facts
    found = diff(row("alpha", listed_in=["faq", "fees"]), None, **facts)
    assert told(found) == [(kind, "article")]
    assert any("not seen" in text for text in found.warnings) is (kind == "unverified")


@pytest.mark.parametrize(("facts", "kind"), ABSENCES)
def test_an_appearance_is_a_claim_too(facts: dict[str, Any], kind: str) -> None:
    facts = {"complete": False, "sections": {slug: {"whole": True} for slug in SECTIONS}} | facts
    after = table(row("alpha", listed_in=["faq", "fees"]), day=1)
    found = diff_tables(table(), after, before_run=run(0, **facts), after_run=run(1))
    assert told(found) == [({"removed": "added"}.get(kind, kind), "article")]
    [record] = found.records()
    assert record["before"] is None and json.loads(record["after"])["title"] == "Alpha"
    assert any("maybe not new" in text for text in found.warnings) is (kind == "unverified")


def test_another_region_is_never_compared() -> None:
    with pytest.raises(CommandError, match=r"regional site GLOBAL.*by US"):
        diff_tables(
            table(row("alpha")),
            table(),
            before_run=run(region={"site": "GLOBAL"}),
            after_run=run(1, region={"site": "US"}),
        )


def test_an_article_that_stands_there_twice_is_an_error_that_shows_it() -> None:
    with pytest.raises(ArchiveError, match=r"before: 1 articles .* alpha https"):
        diff_tables(table(row("alpha"), row("alpha")), table())
    with pytest.raises(ArchiveError, match="after: 3 articles") as several:
        diff_tables(table(), table(*map(row, ("alpha", "alpha", "beta", "beta", "delta", "gamma", "gamma"))))
    shown = str(several.value).split("more than once: ")[1]
    assert re.findall(r"(\w+) https", shown) == ["alpha", "alpha", "beta", "beta", "gamma"]


def test_unknown_kinds_and_fields_are_named() -> None:
    with pytest.raises(CommandError, match="deleted"):
        check_kinds(["added", "deleted"])
    with pytest.raises(CommandError, match="colour"):
        check_fields(["title", "colour"])
    assert check_kinds(KINDS) == KINDS


def test_the_two_nearest_names_are_offered_where_any_is_near() -> None:
    with pytest.raises(CommandError) as near:
        check_fields(["titl"])
    assert str(near.value.advice).split("; ")[0] == "did you mean: title, section_title"
    with pytest.raises(CommandError) as far:
        check_kinds(["xyzzy"])
    assert str(far.value.advice) == f"kinds: {', '.join(KINDS)}, silent"


def test_a_rename_is_found_by_the_field_that_it_changes() -> None:
    found = diff(
        row("alpha"), row("beta", source_id="id-alpha", url="https://help.example/help/beta", title="Beta")
    )
    named = [
        (each["kind"], each["before"], each["after"])
        for each in found.narrow(fields=["article_id"]).records()
    ]
    assert named == [("renamed", "alpha", "beta")]
    assert [each["field"] for each in found.narrow(fields=["article_id", "title"]).records()] == [
        "source_id",
        "title",
    ]
    assert not diff(row("alpha"), row("alpha", title="Other")).narrow(fields=["article_id"])


@pytest.mark.parametrize(("names", "said"), [(["alpha"], "1 article"), (["alpha", "beta"], "2 articles")])
def test_what_was_not_looked_for_is_warned_of_to_the_word(names: list[str], said: str) -> None:
    some, none = table(*map(row, names)), table()
    nowhere = run(1, complete=False, sections={})
    assert diff_tables(some, none, before_run=run(), after_run=nowhere).warnings == (
        f"{said} not seen: 20261117T060000Z did not look everywhere they could be",
    )
    assert diff_tables(none, some, before_run=nowhere, after_run=run(2)).warnings == (
        f"{said} seen for the first time, maybe not new: 20261117T060000Z did not look everywhere they could be",
    )
    bare = diff_tables(some, none)
    assert (bare.from_id, bare.to_id) == ("before", "after")
    assert bare.warnings == (f"{said} not seen: after did not look everywhere they could be",)


def test_hostile_titles_are_escaped_in_a_notebook() -> None:
    shown = diff(
        row("alpha", title="<script>alert(1)</script>"), row("alpha", title="<img src=x>")
    )._repr_html_()
    assert "<script" not in shown and "<img" not in shown and "&lt;script&gt;" in shown


def test_a_notebook_counts_view_counts_and_shows_the_rest() -> None:
    before = [row("alpha"), row("beta"), row("gamma")]
    after = [row("alpha", view_count=11), row("beta", title="Second"), row("gamma", title="Third")]
    found = diff_tables(table(*before), table(*after, day=1), before_run=run(), after_run=run(1))
    shown = found._repr_html_()
    assert "2 retitled, 1 counted" in shown
    assert shown.count("<tr><td>") == 2 and "view_count" not in shown and " more in " not in shown


def test_narrowing_by_section_and_article() -> None:
    before = table(row("alpha"), row("beta", section="fees"))
    after = table(row("alpha", title="A2"), row("beta", section="fees", title="B2"), day=1)
    found = diff_tables(before, after, before_run=run(), after_run=run(1))
    assert list(found.narrow(sections=["fees"]).changes["article_id"]) == ["beta"]
    assert list(found.only(["alpha"]).changes["article_id"]) == ["alpha"]
