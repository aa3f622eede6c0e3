"""The records of articles that a crawl of a part did not look for."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import GoneFact
from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.history.diff import DiffResult, diff_tables
from helpscraper.history.relations import Evidence, EvidenceSnapshot
from tests.history.compose import apply, compose
from tests.history.test_diff_properties import live, records
from tests.history.worlds import MONDAY, SECTIONS, SLUGS, body, row, run, table

few = settings(max_examples=12, deadline=None)
Seen = tuple[pa.Table, RunFacts]


def part(*sections: str, day: int = 1, **facts: Any) -> RunFacts:
    """The facts of a crawl that was asked for these sections only."""
    whole = {slug: {"whole": True, "content_type": "section"} for slug in sections}
    return run(day, complete=False, sections=whole, **facts)


def steps(*seen: Seen) -> list[DiffResult]:
    """Compare each snapshot with the one before, as their change feeds do."""
    return [step(seen, number, number + 1) for number in range(len(seen) - 1)]


def step(seen: Sequence[Seen], a: int, b: int) -> DiffResult:
    views = [EvidenceSnapshot(*each) for each in seen]
    return diff_tables(
        seen[a][0],
        seen[b][0],
        before_run=seen[a][1],
        after_run=seen[b][1],
        evidence=Evidence(views[:a][::-1], views[a + 1 : b]),
    )


def told(result: DiffResult) -> list[tuple[str, str, str]]:
    return [(each["article_id"], each["kind"], each["field"]) for each in result.table.to_pylist()]


ALPHA, BETA = row("alpha"), row("beta", section="fees", listed_in=["fees"], body_sha256=body("b"))
FULL = table(ALPHA, BETA), run(0)
PART = table(ALPHA, day=1), part("faq")


def test_what_comes_back_into_sight_is_not_new() -> None:
    first, second = steps(FULL, PART, (table(ALPHA, BETA, day=2), run(2)))
    assert told(first) == [("beta", "unverified", "article")]
    assert not second
    assert second.set_aside.column("reason").to_pylist() == ["unseen"]
    assert second.warnings == (
        "1 article that 20261117T060000Z did not look for came into sight again:"
        " compared with the last snapshot that held them",
    )


def test_a_part_that_was_read_whole_proves_what_went_from_it() -> None:
    [only] = steps(FULL, (table(day=1), part("faq")))
    assert told(only) == [("alpha", "removed", "article"), ("beta", "unverified", "article")]


def test_an_edit_out_of_sight_is_an_edit() -> None:
    edited = BETA | {"body_sha256": body("c"), "view_count": 12}
    _, second = steps(FULL, PART, (table(ALPHA, edited, day=2), run(2)))
    assert told(second) == [("beta", "edited", "body_sha256"), ("beta", "counted", "view_count")]
    assert second.primary() == {"beta": "edited"}


def test_what_was_removed_out_of_sight_was_removed() -> None:
    _, second, third = steps(FULL, PART, PART, (table(ALPHA, day=3), run(3)))
    assert not second
    assert told(third) == [("beta", "removed", "article")]
    assert third.table.column("before").to_pylist()[0].startswith('{"article_id":"beta"')


def test_what_was_renamed_out_of_sight_was_renamed() -> None:
    renamed = BETA | {"article_id": "better", "url": "https://help.example/help/better"}
    after = table(ALPHA, renamed, day=2)
    _, second = steps(FULL, PART, (after, run(2)))
    assert told(second) == [("better", "renamed", "source_id")]
    assert second.articles.to_pylist()[0]["previous_id"] == "beta"
    assert apply(PART[0], second).to_pylist() == live(after).to_pylist()


def test_what_no_snapshot_held_is_added_where_one_looked() -> None:
    gamma = row("gamma", section="fees", listed_in=["fees"], source_id=None, body_sha256=body("g"))
    _, second = steps(FULL, PART, (table(ALPHA, BETA, gamma, day=2), run(2)))
    assert told(second) == [("gamma", "added", "article")]
    [alone] = steps(PART, (table(ALPHA, gamma, day=2), run(2)))
    assert told(alone) == [("gamma", "unverified", "article")]


def test_what_was_gone_before_it_went_out_of_sight_is_added_when_it_comes_back() -> None:
    without = table(ALPHA, day=1), run(1)
    _, _, third = steps(
        FULL, without, (table(ALPHA, day=2), part("faq", day=2)), (table(ALPHA, BETA, day=3), run(3))
    )
    assert told(third) == [("beta", "added", "article")]
    for answered in (
        (table(ALPHA, BETA | {"status": "gone"}, day=1), part("faq")),
        (table(ALPHA, day=1), replace(part("faq"), gone={"beta": GoneFact(status=404)})),
    ):
        went, came = steps(FULL, answered, (table(ALPHA, BETA, day=2), run(2)))
        assert told(went) == [("beta", "removed", "article")]
        assert told(came) == [("beta", "added", "article")]


def test_snapshots_in_between_prove_too() -> None:
    without, again = (table(ALPHA, day=2), run(2)), (table(ALPHA, BETA, day=3), run(3))
    unknown = table(day=1), part()
    assert told(step([unknown, without, again], 0, 2)) == [
        ("alpha", "unverified", "article"), ("beta", "added", "article"),
    ]  # fmt: skip
    assert told(step([FULL, without, (table(ALPHA, day=3), part("faq", day=3))], 0, 2)) == [
        ("beta", "removed", "article")
    ]
    # It was seen again since, so that nobody knows.
    seen = [FULL, without, again, (table(ALPHA, day=4), part("faq", day=4))]
    assert told(step(seen, 0, 3)) == [("beta", "unverified", "article")]


def test_what_another_extractor_read_last_is_kept_apart() -> None:
    older = FULL[0], run(0, versions={"extractor": "okx/0"})
    changed = table(ALPHA | {"title": "Alpha!"}, BETA | {"title": "Beta!"}, day=2)
    _, second = steps(older, PART, (changed, run(2)))
    assert told(second) == [("alpha", "retitled", "title")]
    reasons = {(each["article_id"], each["reason"]) for each in second.set_aside.to_pylist()}
    assert reasons == {("beta", "unseen"), ("beta", "extractor")}


def test_live_articles_are_counted_without_what_was_out_of_sight() -> None:
    _, second = steps(FULL, PART, (table(ALPHA, BETA, day=2), run(2)))
    assert second.counts == {"before": 1, "after": 2}


@st.composite
def worlds(draw: st.DrawFn, days: int = 4) -> list[Seen]:
    """Some days of a help centre whose articles stay where they are, each seen whole or in part."""
    seen = []
    for day in range(days):
        rows = []
        for number, slug in enumerate(draw(st.lists(st.sampled_from(SLUGS), unique=True))):
            section = SECTIONS[SLUGS.index(slug) % len(SECTIONS)]
            rows.append(
                row(
                    slug, section=section, listed_in=[section], source_id=None,
                    body_sha256=body(f"{slug}{draw(st.integers(0, 1))}"),
                    title=draw(st.sampled_from(["One", "Two"])),
                    updated_on=draw(st.sampled_from([None, dt.date(2026, 11, 1)])),
                    status=draw(st.sampled_from(["fetched", "carried", "gone"])),
                )
            )  # fmt: skip
            assert number < len(SLUGS)
        sections = draw(st.none() | st.lists(st.sampled_from(SECTIONS), unique=True))
        facts = run(day) if sections is None else part(*sections, day=day)
        # What is gone is no row; a file of schema 1 may hold it as one all the same.
        absent = sorted(set(SLUGS) - {each["article_id"] for each in rows})
        gone = {slug: GoneFact(status=404) for slug in absent if draw(st.booleans())}
        facts = replace(facts, gone=gone)
        seen.append((table(*rows, day=day), facts))
    return seen


@few
@given(worlds())
def test_whatever_was_seen_steps_lead_from_one_snapshot_to_the_next(seen: list[Seen]) -> None:
    for (before, after), diff in zip(itertools.pairwise(seen), steps(*seen), strict=True):
        assert apply(before[0], diff).to_pylist() == live(after[0]).to_pylist()


@few
@given(worlds())
def test_steps_composed_equal_the_direct_diff_across_holes(seen: list[Seen]) -> None:
    direct = step(seen, 1, 3)
    composed = compose(step(seen, 1, 2), step(seen, 2, 3))
    assert records(composed) == records(direct)
    assert apply(seen[1][0], direct).to_pylist() == live(seen[3][0]).to_pylist()


@few
@given(worlds(days=3), st.randoms(use_true_random=False))
def test_a_part_in_between_changes_nothing_in_what_is_told_of_the_site(seen: list[Seen], luck: Any) -> None:
    """All that a crawl of a part can do is to tell a change earlier."""
    first, _, last = ((each[0], run(day)) for day, each in enumerate(seen))
    shown = [slug for slug in SECTIONS if luck.random() < 0.5]
    rows = [each for each in first[0].to_pylist() if each["section"] in shown]
    at = MONDAY + dt.timedelta(days=1)
    between = pa.Table.from_pylist([each | {"snapshot_at": at} for each in rows], schema=SNAPSHOT_SCHEMA)
    through = steps(first, (between, part(*shown)), last)
    direct = step([first, last], 0, 1)
    kept = [each for each in records(through[1]) if not each[-1]]
    assert kept == records(direct)
    assert {each[1] for each in records(through[0])} <= {"unverified"}


@pytest.mark.parametrize("known", [True, False])
def test_back_in_time_two_snapshots_speak_for_themselves(known: bool) -> None:
    facts = run(0) if known else part("faq", day=0)
    found = diff_tables(table(ALPHA), table(ALPHA, BETA, day=1), before_run=facts, after_run=run(1))
    back = diff_tables(table(ALPHA, BETA, day=1), table(ALPHA), before_run=run(1), after_run=facts)
    kinds = {"added": "removed"}
    assert [kinds.get(kind, kind) for _, kind, _ in told(found)] == [kind for _, kind, _ in told(back)]
