"""A diff as data in its order, and as a notebook shows it."""

from __future__ import annotations

import random

import pyarrow as pa

from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.history.result import ARTICLES_SCHEMA, DiffResult, ordered, renames_of
from tests.history.worlds import MONDAY, body


def changes(*records: tuple[str, str, str | None, str | None, str | None]) -> pa.Table:
    """Change records of (article, kind, field, before, after); an edit of a body is silent."""
    keys = ("article_id", "kind", "field", "before", "after")
    rows = [dict(zip(keys, each, strict=True)) for each in records]
    for each in rows:
        each |= {"silent": (each["kind"], each["field"]) == ("edited", "body_sha256"), "at": MONDAY}
    return pa.Table.from_pylist(rows, CHANGES_SCHEMA)


def result(table: pa.Table, **titles: str) -> DiffResult:
    names = [{"article_id": name, "title": title} for name, title in titles.items()]
    articles = pa.Table.from_pylist(names, ARTICLES_SCHEMA)
    return DiffResult("one", "two", table, table.slice(0, 0), articles, warnings=("a < b",))


IN_ORDER = (
    ("a", "renamed", "source_id", "z", "a"),
    ("a", "renamed", "url", "x/z", "x/a"),
    ("a", "edited", "body_sha256", "1", "2"),
    ("a", "edited", "picture", "p", "q"),
    ("a", "edited", "title", "A", "B"),
    ("a", "edited", "updated_at", "m", "n"),
    ("a", "edited", "word_count", "1", "2"),
    ("a", "retitled", "title", "A", "B"),
    ("a", "moved", "category", "c", "d"),
    ("a", "moved", "section", "c", "d"),
    ("a", "counted", "view_count", "1", "2"),
    ("b", "added", "article", None, "{}"),
    ("c", "counted", "view_count", "1", "2"),
)


def test_records_are_ordered_by_article_kind_and_column() -> None:
    for seed in range(5):
        mixed = random.Random(seed).sample(IN_ORDER, len(IN_ORDER))
        assert ordered(changes(*mixed)) == changes(*IN_ORDER)
    two = IN_ORDER[1], IN_ORDER[0]
    assert ordered(changes(*two)) == changes(*two[::-1])
    assert ordered(changes()) == changes()


def test_a_record_without_a_field_stands_beside_the_rename_and_before_the_columns() -> None:
    rename = ("a", "renamed", "source_id", "z", "a")
    beside, edit = ("a", "renamed", None, None, None), ("a", "edited", None, None, None)
    for given in ((rename, beside), (beside, rename)):
        assert ordered(changes(*given)) == changes(*given)
    assert ordered(changes(IN_ORDER[2], edit)) == changes(edit, IN_ORDER[2])


def test_of_the_records_of_a_rename_one_holds_the_slugs() -> None:
    by_body = changes(("n", "renamed", "source_id", "1", "2"), ("n", "renamed", "body", "old", "n"))
    by_id = changes(("m", "renamed", "url", "x/o", "x/m"), ("m", "renamed", "source_id", "o", "m"))
    assert renames_of(by_body) == [("old", "n")]
    assert renames_of(by_id) == [("o", "m")]
    assert renames_of(pa.concat_tables([by_body, by_id, changes(IN_ORDER[2])])) == [("old", "n"), ("o", "m")]
    assert not ARTICLES_SCHEMA.field("article_id").nullable


def test_a_notebook_shows_a_diff_to_the_letter() -> None:
    found = result(
        changes(
            ("a", "edited", "body_sha256", body("1"), body("2")),
            ("a", "retitled", "title", "x" * 120, "y" * 121),
            ("b", "added", "article", None, "{}"),
            ("c", "touched", None, None, "<new>"),
            ("c", "counted", "view_count", "1", "2"),
        ),
        a="A & B",
        b="z" * 121,
    )
    assert repr(found) == "<diff one..two: 1 added, 1 edited (1 silent), 1 retitled, 1 touched, 1 counted>"
    assert repr(result(changes())) == "<diff one..two: no change>"
    assert found._repr_html_() == (
        "<p><b>one → two</b>: 1 added, 1 edited (1 silent), 1 retitled, 1 touched, 1 counted</p><p>⚠ a &lt; b</p>"
        "<table><thead><tr><th>kind</th><th>article</th><th>field</th><th>before</th><th>after</th></tr></thead><tbody>"
        '<tr><td>edited (silent)</td><td title="a">A &amp; B</td><td>body_sha256</td>'
        "<td>111111111111…</td><td>222222222222…</td></tr>"
        '<tr><td>retitled</td><td title="a">A &amp; B</td><td>title</td>'
        f"<td>{'x' * 120}</td><td>{'y' * 119}…</td></tr>"
        f'<tr><td>added</td><td title="b">{"z" * 119}…</td><td>article</td><td></td><td></td></tr>'
        '<tr><td>touched</td><td title="c"></td><td></td><td></td><td>&lt;new&gt;</td></tr></tbody></table>'
    )


def test_a_notebook_shows_two_hundred_changes_and_counts_the_others() -> None:
    many = [(f"a{n}", "touched", "updated_on", "1", "2") for n in range(203)]
    assert "more in" not in result(changes(*many[:200]))._repr_html_()
    shown = result(changes(*many))._repr_html_()
    assert shown.endswith("<p>… 3 more in <code>.changes</code></p>") and shown.count("<tr>") == 201
