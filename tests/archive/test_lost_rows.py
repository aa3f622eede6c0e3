"""The rows that a second version of a snapshot has lost."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from helpscraper.archive.lost_rows import keep_lost, lost_rows

FIELDS = ("article_id", "status", "body_sha256", "warc_record")
FETCHED = ("a", "fetched", "1")


def table(*rows: tuple[Any, ...]) -> pa.Table:
    return pa.Table.from_pylist(
        [dict(zip(FIELDS, (*row, "w#1")[:4], strict=True)) for row in rows],
        pa.schema([(name, pa.string()) for name in FIELDS]),
    )


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (FETCHED, FETCHED, False),
        (FETCHED, ("a", "fetched", "2"), False),
        (FETCHED, ("b", "fetched", "1"), True),
        (FETCHED, ("a", "fetched", None), True),
        (FETCHED, ("a", "failed", "1"), True),
        (FETCHED, ("a", "listed", None), True),
        (("a", "fetched", None), ("a", "fetched", None), False),
        (("a", "fetched", None), ("a", "listed", None), True),
        (("a", "carried", "1"), ("a", "failed", "1"), False),
        (("a", "carried", "1"), ("a", "carried", None), True),
        (("a", "failed", "1"), ("a", "fetched", "2"), False),
        (("a", "failed", "1"), ("a", "failed", None), True),
        (("a", "listed", None), ("a", "listed", None), False),
        (("a", "listed", None), ("b", "listed", None), True),
        (("a", "gone", "1"), ("b", "listed", None), False),
        ((*FETCHED, "w#7"), (*FETCHED, "w#1"), True),
        ((*FETCHED, None), (*FETCHED, "w#1"), False),
        (("a", "carried", "1", "w#7"), ("a", "carried", "1", "w#1"), False),
    ],
)
def test_an_article_its_body_or_its_page_can_be_lost(
    before: tuple[Any, ...], after: tuple[Any, ...], lost: bool
) -> None:
    assert lost_rows(table(before), table(after)).num_rows == lost
    kept, those = keep_lost(table(before), table(after))
    assert those.num_rows == lost
    assert lost_rows(table(before), kept).num_rows == 0
    if not lost:
        assert kept.equals(table(after))


def test_the_others_stay_and_the_rows_are_sorted() -> None:
    before = table(("b", "fetched", "1"), ("d", "fetched", "2"), ("e", "fetched", "3"))
    after = table(("a", "listed", None), ("d", "failed", "2"), ("e", "fetched", "4"))
    kept, lost = keep_lost(before, after)
    assert (
        kept.to_pylist()
        == table(
            ("a", "listed", None), ("b", "fetched", "1"), ("d", "fetched", "2"), ("e", "fetched", "4")
        ).to_pylist()
    )
    assert lost.column("article_id").to_pylist() == ["b", "d"]
    assert lost_rows(table(), after).num_rows == 0
    assert lost_rows(before, table()).equals(before)
