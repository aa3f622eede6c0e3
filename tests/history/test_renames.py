"""When two articles are one under two slugs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.redirects import Redirect
from helpscraper.history.diff import diff_tables
from helpscraper.history.kinds import RENAME_EVIDENCE
from helpscraper.history.renames import Bodies, Candidate, find_renames, shingles, similarity
from tests.history.worlds import body, row, run, table

TEXT = " ".join(f"word{n}" for n in range(200))


def test_by_the_id_of_the_cms() -> None:
    went, came = Candidate("old", "id-1", "a"), Candidate("new", "id-1", "b")
    [found] = find_renames([went], [came])
    assert (found.before, found.after, found.via) == ("old", "new", "source_id")


def test_an_id_that_repeats_the_slug_or_stands_there_twice_is_none() -> None:
    assert not find_renames([Candidate("old", "new", "a")], [Candidate("new", "new", "b")])
    assert not find_renames([Candidate("old", "1")], [Candidate("new", "1"), Candidate("other", "1")])


def test_by_an_equal_body() -> None:
    [found] = find_renames([Candidate("old", None, "a")], [Candidate("new", "id-9", "a")])
    assert found.via == "body"
    assert not find_renames([Candidate("old", "1", "a")], [Candidate("new", "2", "a")])
    # "Reborn": the CMS gave it a new id, and the moment of publication tells that it is the same.
    assert find_renames([Candidate("old", "1", "a", "T1")], [Candidate("new", "2", "a", "T1")])
    assert not find_renames([Candidate("old", None, "a", "T1")], [Candidate("new", None, "a", "T2")])


def near(before: str, after: str, **fields: str) -> bool:
    def bodies(keys: Sequence[str]) -> Mapping[str, str]:
        return {key: {"b": before, "a": after}[key] for key in keys}

    return bool(find_renames([Candidate("old", None, "b", **fields)], [Candidate("new", None, "a")], bodies))


def test_by_a_nearly_equal_body() -> None:
    assert near(TEXT, TEXT.replace("word100", "other"))
    assert not near(TEXT, " ".join(f"other{n}" for n in range(200)))
    assert not near(TEXT, TEXT + " " + TEXT[: len(TEXT) // 3].upper())
    assert not near("", "")


def test_nearly_equal_is_nine_shingles_in_ten() -> None:
    words = [f"w{n}" for n in range(104)]
    before = " ".join(words[:94])  # 90 shingles
    assert near(before, " ".join(words))  # and 100, of which 90 are shared
    assert not near(" ".join(words[:93]), " ".join(words))  # 89


def test_a_nearly_equal_body_under_another_id_of_the_cms_is_another_article() -> None:
    def bodies(keys: Sequence[str]) -> Mapping[str, str]:
        return {key: {"b": TEXT, "a": TEXT + " more"}[key] for key in keys}

    def found(before: str | None, after: str | None) -> bool:
        return bool(find_renames([Candidate("old", before, "b")], [Candidate("new", after, "a")], bodies))

    assert found(None, None) and found("1", None) and found(None, "2")
    assert not found("1", "2")


def led(*steps: tuple[str, str, str]) -> list[Redirect]:
    return [Redirect(article_id=old, target_id=new, at=at) for old, new, at in steps]


def test_by_a_redirect_from_the_old_address_to_the_new() -> None:
    went, came = [Candidate("old", seen="2019")], [Candidate("new"), Candidate("other")]
    (found,) = find_renames(went, came, redirects=led(("old", "new", "2020")))
    assert (found.before, found.after, found.via) == ("old", "new", "redirect")
    (found,) = find_renames(
        went, came, redirects=led(("old", "a", "2020"), ("a", "b", "2021"), ("b", "new", "2022"))
    )
    assert found.after == "new"


@pytest.mark.parametrize(
    "steps",
    [
        (("old", "new", "2018"),),  # its page was seen later
        (("old", "between", "2021"), ("between", "new", "2020")),  # the way is not in the order of time
        (("old", "new", "2020"), ("old", "home", "2021")),  # the newest counts
        (("old", "a", "2020"), ("a", "old", "2021")),
        (("old", "new", "2020"), ("retired", "new", "2020")),  # both cannot be the same article
        (("old", "new", "2020"), ("never seen", "new", "2020")),
    ],
)
def test_a_redirect_that_does_not_show_one_article_is_no_rename(
    steps: tuple[tuple[str, str, str], ...],
) -> None:
    went = [Candidate("old", seen="2019"), Candidate("retired", seen="2019")]
    assert not find_renames(went, [Candidate("new")], redirects=led(*steps))


def test_the_redirect_of_the_time_between_counts_and_else_the_first_after_it() -> None:
    went, came = [Candidate("old", seen="2019")], [Candidate("new"), Candidate("newer")]

    def after(until: str) -> str:
        redirects = led(("old", "new", "2020"), ("old", "newer", "2023"), ("old", "newest", "2024"))
        (found,) = find_renames(went, came, redirects=redirects, until=until)
        return found.after

    assert (after("2021"), after("2023")) == ("new", "newer")
    went = [Candidate("old", seen="2022")]
    assert after("2022-06") == "newer"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_temporary_redirect_counts_only_beside_the_same_publication(status: int) -> None:
    redirect = Redirect.found(("old", "new"), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), ("", ""), [status])

    def found(old: str | None, new: str | None) -> list[str]:
        went, came = Candidate("old", published_on=old), Candidate("new", published_on=new)
        return [each.via for each in find_renames([went], [came], redirects=[redirect])]

    permanent = [f"redirect_{status}"] * (status in {301, 308})
    assert found("2018-01-01", "2018-01-01") == [f"redirect_{status}"]
    assert found("2018-01-01", None) == found(None, None) == permanent
    assert found("2018-01-01", "2019-01-01") == []
    assert str(status) in RENAME_EVIDENCE[f"redirect_{status}"]


def test_the_weakest_redirect_of_a_way_counts() -> None:
    when = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert Redirect.found(("old", "new"), when, ("", ""), [301, 302]).status == 302
    way = [
        Redirect.found(keys, when, ("", ""), [status])
        for keys, status in ((("old", "a"), 301), (("a", "new"), 307))
    ]
    went, came = (Candidate(key, published_on="2018-01-01") for key in ("old", "new"))
    (found,) = find_renames([went], [came], redirects=way)
    assert found.via == "redirect_307"


def test_a_way_ends_at_the_first_article_that_is_still_there() -> None:
    went, came = [Candidate("old")], [Candidate("new")]
    way = led(("old", "between", "2020"), ("between", "new", "2021"))
    assert find_renames(went, came, redirects=way)
    assert not find_renames(went, came, redirects=way, living={"between", "new"})


def test_a_redirect_to_an_article_of_another_day_is_that_to_a_replacement() -> None:
    redirects = led(("old", "new", "2020"))
    for at, found in (("2018-01-01", True), (None, True), ("2020-01-01", False)):
        went, came = Candidate("old", published_on="2018-01-01"), Candidate("new", published_on=at)
        assert bool(find_renames([went], [came], redirects=redirects)) == found


def texts_of(**texts: str) -> Bodies:
    return lambda keys: {key: texts[key] for key in keys}


def test_the_publication_of_nearly_equal_bodies_may_be_the_same_but_not_another() -> None:
    def found(before: str | None, after: str | None) -> bool:
        sides = Candidate("old", None, "b", before), Candidate("new", None, "a", after)
        return bool(find_renames(*([each] for each in sides), texts_of(b=TEXT, a=f"{TEXT} more")))

    assert found("T1", "T1") and found("T1", None) and found(None, None)
    assert not found("T1", "T2")


def test_a_nearly_equal_body_that_cannot_be_the_same_article_hides_no_other() -> None:
    came = [Candidate("apart", "2", "apart"), Candidate("same", None, "same")]
    bodies = texts_of(old=TEXT, apart=f"{TEXT} more", same=f"{TEXT} and more")
    [found] = find_renames([Candidate("old", "1", "old")], came, bodies)
    assert found.after == "same"


@pytest.mark.parametrize(("shared", "found"), [(20, True), (21, False)])
def test_what_many_bodies_share_says_nothing(shared: int, found: bool) -> None:
    text = TEXT[: TEXT.index("word50")]
    texts = {f"c{n}": f"{text} {n}" for n in range(shared)}
    came = [Candidate(key, None, key) for key in texts]
    assert bool(find_renames([Candidate("old", None, "w")], came, texts_of(w=text, **texts))) is found


@pytest.mark.parametrize(("articles", "found"), [(5000, True), (5001, False)])
def test_bodies_are_read_up_to_a_number_of_articles(articles: int, found: bool) -> None:
    others = [Candidate(f"other-{n}") for n in range(articles - 1)]
    sides = [Candidate("old", None, "b")], [Candidate("new", None, "a"), *others]
    bodies = texts_of(b=TEXT, a=f"{TEXT} more")
    assert bool(find_renames(*sides, bodies)) is found
    assert bool(find_renames(*sides[::-1], bodies)) is found


def test_a_shingle_is_five_words_or_all_or_five_characters_where_no_spaces_are() -> None:
    assert [len(shingles(" ".join("abcdef"[:n]))) for n in range(7)] == [0, 1, 1, 1, 1, 1, 2]
    assert 2**56 < max(shingles(TEXT)) < 2**64, "eight bytes keep the sets small and the hashes apart"
    six = "".join(f"{letter * 11} " for letter in "abcdef")  # twelve characters for each word
    assert len(shingles(six)) == 2
    assert len(shingles(f"{six}\n")) == len(shingles("".join(six.split()))) == 26


@pytest.mark.parametrize(("went", "came"), [(1, 3), (3, 1), (2, 2), (3, 2)])
def test_nearly_equal_bodies_are_paired_one_to_one_the_most_alike_first(went: int, came: int) -> None:
    texts = {f"w{n}": f"{TEXT} tail" for n in range(went)}
    texts |= {f"c{n}": f"{TEXT} tail" + " more" * n for n in range(1, came + 1)}

    def bodies(keys: Sequence[str]) -> Mapping[str, str]:
        return {key: texts[key] for key in keys}

    sides = [[Candidate(key, None, key) for key in texts if key[0] == side] for side in "wc"]
    found = find_renames(sides[0], sides[1], bodies)
    pairs = [(f"w{n}", f"c{n + 1}") for n in range(min(went, came))]
    assert [(each.before, each.after) for each in found] == pairs


def test_notices_of_one_template_are_not_one_article() -> None:
    def bodies(keys: Sequence[str]) -> Mapping[str, str]:
        return {key: TEXT.replace("word100", key) for key in keys}

    went = [Candidate("list-aaa", "1", "aaa", None, "2026-01-01")]
    came = [Candidate("list-bbb", "2", "bbb", None, "2026-02-02")]
    assert not find_renames(went, came, bodies)


def test_a_rename_that_also_edits_is_both() -> None:
    before, after = row("old"), row("new", source_id="id-old", title="Old", body_sha256=body("b"))
    found = diff_tables(table(before), table(after, day=1), before_run=run(), after_run=run(1))
    assert found.summary() == {"renamed": 1, "edited": 1, "silent": 1}
    record = found.records()[0]
    assert (record["article_id"], record["field"]) == ("new", "source_id")
    assert (record["before"], record["after"]) == ("old", "new")
    # The URL followed the slug, so it is no change of its own.
    assert list(found.changes["field"]) == ["source_id", "body_sha256"]
    assert found.articles.to_pylist()[0]["previous_id"] == "old"


candidates = st.lists(
    st.builds(
        Candidate,
        st.text("abcdef", min_size=1, max_size=3),
        st.none() | st.sampled_from("1234"),
        st.none() | st.sampled_from("wxyz"),
        st.none() | st.sampled_from(["T1", "T2"]),
    ),
    max_size=8,
    unique_by=lambda each: each.article_id,
)


@given(candidates, candidates)
def test_each_article_has_one_other_and_order_does_not_matter(
    went: list[Candidate], came: list[Candidate]
) -> None:
    found = find_renames(went, came)
    assert len({each.before for each in found}) == len({each.after for each in found}) == len(found)
    assert find_renames(went[::-1], came[::-1]) == found
    assert {(r.after, r.before) for r in find_renames(came, went)} == {(r.before, r.after) for r in found}


@given(st.text(max_size=200), st.text(max_size=200))
def test_similarity_is_a_share(one: str, other: str) -> None:
    a, b = shingles(one), shingles(other)
    assert 0 <= similarity(a, b) == similarity(b, a) <= 1
    assert similarity(a, a) == (1.0 if a else 0.0)


def test_variants_under_one_title_are_two_articles() -> None:
    """Regional variants of a notice share title, section, count and body; their publication tells them apart."""
    day = dt.date(2025, 1, 19)
    before = row("feature-ends", title="Feature ends", source_id=None, published_at=None, published_on=day)
    after = {**before, "article_id": "feature-ends-au", "published_on": day.replace(year=2023)}
    found = diff_tables(table(before), table(after, day=1), before_run=run(), after_run=run(1))
    assert found.summary() == {"added": 1, "removed": 1}
    same = diff_tables(
        table(before), table({**after, "published_on": day}, day=1), before_run=run(), after_run=run(1)
    )
    assert same.summary() == {"renamed": 1}
    # Both at once, one count moving in step: nothing but the counts moved.
    both, moved = ([{**each, "view_count": count} for each in (before, after)] for count in (278, 1806))
    found = diff_tables(table(*both), table(*moved, day=1), before_run=run(), after_run=run(1))
    assert found.summary() == {"counted": 2}
