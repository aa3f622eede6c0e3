"""Which article is this: history, blame, views, the report and the table answer alike, however keys change hands."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from helpscraper.archive.reader import Catalog
from helpscraper.history.blame import blame
from helpscraper.history.identity import Identities, Rename, Tenure
from helpscraper.history.steps import renames_between, steps
from helpscraper.history.timeline import article_history
from helpscraper.history.views import view_series
from helpscraper.publish.load import EditionData
from tests.history.story import EN, committed
from tests.history.worlds import row

KEYS = "abcd"

Place = tuple[str, str]
"""A snapshot and a key: a row of an archive, or where one could be."""


def articles(days: list[str], keys: Iterable[str], renames: list[Rename]) -> dict[Place, frozenset[Place]]:
    """Return all places of the article at each place: the oracle, by joining neighbours in time.

    A key goes on from day to day unless a rename takes it away or brings it; a rename leads to the new key.
    """
    found = {(day, key): {(day, key)} for day in days for key in keys}

    def join(one: Place, other: Place) -> None:
        joined = found[one] | found[other]
        found.update(dict.fromkeys(joined, joined))

    for before, after in itertools.pairwise(days):
        links = [(old, new) for when, old, new in renames if when == after]
        for old, new in links:
            join((before, old), (after, new))
        for key in set(keys) - {key for link in links for key in link}:
            join((before, key), (after, key))
    return {place: frozenset(joined) for place, joined in found.items()}


def assert_groups(groups: Iterable[tuple[Place, str]], expected: dict[Place, frozenset[Place]]) -> None:
    """The same name is given to the places of one article, and to no other."""
    named: dict[str, frozenset[Place]] = {}
    owner: dict[frozenset[Place], str] = {}
    for place, name in groups:
        assert named.setdefault(name, expected[place]) == expected[place], (place, name)
        assert owner.setdefault(expected[place], name) == name, (place, name)


@st.composite
def renamed(draw: st.DrawFn) -> list[list[tuple[str, str]]]:
    """Of each day the renames: each key once on a side, as a diff has them."""
    permuted = st.permutations(KEYS)
    days = draw(st.lists(st.tuples(permuted, permuted, st.integers(0, 3)), max_size=5))
    return [
        [(old, new) for old, new in zip(one, other, strict=True) if old != new][:count]
        for one, other, count in days
    ]


@given(renamed())
@example([[("a", "b"), ("b", "a")], [("a", "c")]])
@example([[("x", "b")], [("b", "x")], [("a", "x")]])
def test_the_table_and_the_tenures_are_those_of_the_oracle(links: list[list[tuple[str, str]]]) -> None:
    days = [str(number) for number in range(len(links) + 1)]
    renames = [(str(number), old, new) for number, each in enumerate(links, 1) for old, new in each]
    keys = sorted({*KEYS, *(key for _, *pair in renames for key in pair)})
    expected, known = articles(days, keys, renames), Identities(reversed(renames))
    rows = known.table().to_pylist()
    held = [(Tenure(each["article_id"], each["since"], each["until"]), each["owner"]) for each in rows]
    named = {(day, each.key): owner for each, owner in held for day in days if each.covers(day)}
    assert_groups(named.items(), expected)
    for key in keys:
        owners = [owner for each, owner in held if each.key == key and each.covers(days[-1])]
        assert owners in ([key], [])
        last = known.tenures(key, days[-1])
        assert {(day, each.key) for each in last for day in days if each.covers(day)} == expected[
            days[-1], key
        ]
    for key, owner in known.given_up().items():
        last_day = max(int(when) for when, old, _ in renames if old == key) - 1
        assert owner == named[days[last_day], key]


def test_a_key_that_nobody_bears_means_who_gave_it_up_last() -> None:
    known = Identities([("1", "a", "b"), ("2", "x", "a"), ("3", "a", "y")])
    assert [each.key for each in known.tenures("a")] == ["x", "a", "y"]
    assert known.tenures("a", seen="3") == (Tenure("a", "3"),)
    assert known.given_up()["a"] == "y"


def test_an_article_whose_key_was_taken_over_is_named_by_when() -> None:
    """b was there until it was removed; then x came to be called b."""
    table = Identities([("3", "x", "b")]).table()
    assert [each.name for each in table.schema if not each.nullable] == ["article_id", "owner"]
    rows = table.to_pylist()
    assert {each["owner"] for each in rows if each["article_id"] == "b" and each["until"]} == {"b@3"}
    assert [each["owner"] for each in rows if each["article_id"] == "x" and each["until"]] == ["b"]


WORLDS = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.integers(1, 3), min_size=1, max_size=3).map(
        lambda world: {key: number for number, key in {v: k for k, v in world.items()}.items()}
    ),
    min_size=3,
    max_size=5,
)
"""Of each day the articles (by number) under their keys."""

EVERYTHING = [
    {"a": 1, "b": 2, "c": 3},
    {"d": 1, "b": 2},  # a is called d; c is removed
    {"d": 1, "a": 2, "c": 3},  # b takes the key a over; c returns
    {"b": 1, "a": 2},  # the first two have exchanged their keys; c is removed again
    {"b": 1, "c": 2},  # and its key is taken over
]
SWAP = [{"a": 1, "b": 2}, {"c": 1, "b": 2}, {"c": 1, "a": 2}, {"b": 1, "a": 2}]
CHAIN = [{"a": 1}, {"b": 1}, {"c": 1, "a": 2}, {"c": 1, "b": 2}]
RETURNED = [{"a": 1, "b": 2}, {"b": 2}, {"a": 1, "b": 2}, {"c": 1, "b": 2}]


def build(folder: Path, worlds: list[dict[str, int]]) -> Catalog:
    catalog = Catalog(folder)
    for day, world in enumerate(worlds):
        rows = [
            row(
                key, title=f"Title {number}", source_id=f"cms-{number}", view_count=10 * day + number,
                body=f"First of {number}.\nSecond of {number} on {day // 2}.", published_on=None, published_at=None,
            )
            for key, number in world.items()
        ]  # fmt: skip
        catalog = committed(folder, day, rows)
    return catalog


def check(folder: Path, worlds: list[dict[str, int]]) -> None:
    catalog = build(folder, worlds)
    days, keys = catalog.ids(EN), sorted({key for world in worlds for key in world})
    expected = articles(days, keys, renames_between(catalog, steps(catalog, EN)))
    views = view_series(catalog).to_pylist()
    assert_groups(
        [((f"{r['snapshot_at']:%Y%m%dT%H%M%SZ}", r["slug"]), r["article_id"]) for r in views], expected
    )
    with EditionData(catalog, EN, counted=True) as report:
        records = report.con.execute("select sid, article_id, owner from records").fetchall()
        first = report.con.execute("select article_id, owner from first_owned").fetchall()
        pages, former = report.article_digests().keys(), report.renamed
    places = [((sid, key), owner) for sid, key, owner in records]
    grouped = [*places, *(((days[0], key), owner) for key, owner in first)]
    assert_groups(grouped, expected)
    # The report and the series of views use the same names.
    assert_groups(
        [*grouped, *(((f"{r['snapshot_at']:%Y%m%dT%H%M%SZ}", r["slug"]), r["article_id"]) for r in views)], expected
    )  # fmt: skip
    owners = dict(grouped)
    for key in keys:
        found = article_history(catalog, key)
        own = {(day, name) for day in days if (name := found.name_in(day))}
        told = [(r["snapshot_id"], r["article_id"]) for r in found.table.to_pylist()]
        assert sorted(told) == sorted(place for place, _ in places if place in own)
        assert own == expected[min(own)]
        names = {owners[place] for place in own if place in owners}
        assert names == {former[key] if key in former and key not in pages else key}
        there = [(day, key) for day, world in zip(days, worlds, strict=True) for key in world]
        day, last = max(place for place in there if place in own)
        number = worlds[days.index(day)][last]
        assert blame(catalog, key).column("text").to_pylist()[0] == f"First of {number}."


@pytest.mark.parametrize(
    "worlds", [EVERYTHING, *(pytest.param(each, marks=pytest.mark.long) for each in (SWAP, CHAIN, RETURNED))]
)
def test_every_reader_answers_alike(worlds: list[dict[str, int]], tmp_path: Path) -> None:
    check(tmp_path, worlds)


@pytest.mark.long
@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(WORLDS)
def test_every_reader_answers_alike_for_any_worlds(worlds: list[dict[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        check(Path(folder), worlds)
