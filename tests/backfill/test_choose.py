"""Which captures are fetched: every payload once, no two closer than asked, and every other one is named."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpscraper.archive.recordings import Capture
from helpscraper.backfill.choose import AHEAD, SAME_REDIRECT, THINNED, Pick, Wanted, at, choose, is_redirect
from helpscraper.backfill.coverage import Coverage
from helpscraper.sites import get_site, sites_at
from helpscraper.warc.record import digest_of

START, END = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2019, 2023))
WANTED = Wanted(get_site("okx"), "en", sites_at().find, START, END, now=END)
DAY = dt.timedelta(days=1)
ARTICLE = "https://www.okx.com/help/a"


def capture(day: int, digest: str = "x", url: str = ARTICLE, **other: object) -> Capture:
    date = f"{START + day * DAY:%Y%m%d%H%M%S}"
    stated = digest and digest_of(digest.encode())
    return replace(Capture(url, date, 200, "text/html", stated, "f", 0, 1), **other)  # type: ignore[arg-type]


many = st.lists(
    st.builds(
        capture,
        day=st.integers(0, 40),
        digest=st.sampled_from(["x", "y", ""]),
        url=st.sampled_from([ARTICLE, "https://www.okx.com/help/b"]),
        status=st.sampled_from([200, 200, 200, 301, 404]),
        mime=st.sampled_from(["text/html", "text/html", "warc/revisit"]),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(many, st.integers(0, 10), st.randoms(use_true_random=False))
def test_every_capture_is_picked_or_named_whatever_their_order(captures, days, random) -> None:  # type: ignore[no-untyped-def]
    known = list(WANTED.known(captures))
    named: Counter[Capture] = Counter()
    picks = choose(known, WANTED, days * DAY, lambda each, _: named.update([each]))
    assert Counter(pick.capture for pick in picks) + named == Counter(known)
    shuffled = [*captures, *captures]
    random.shuffle(shuffled)

    def told(found: list[Pick]) -> list[tuple[str, str, str, bool]]:
        return [(p.capture.date, p.capture.url, p.capture.digest, p.same_as is None) for p in found]

    assert told(choose(WANTED.known(shuffled), WANTED, days * DAY)) == told(picks)


@settings(max_examples=60)
@example([capture(0, ""), capture(1, ""), capture(1)], 1)  # without a digest nothing shows that a page stayed
@given(many, st.integers(0, 10))
def test_a_payload_is_fetched_once_and_changes_of_an_address_are_as_far_apart_as_asked(
    captures, days
) -> None:  # type: ignore[no-untyped-def]
    picks = choose(WANTED.known(captures), WANTED, days * DAY)
    fetched = [pick.capture for pick in picks if pick.same_as is None and not is_redirect(pick.capture)]
    stated = [each.digest for each in fetched if each.digest]
    assert len(set(stated)) == len(stated)
    for pick in picks:
        if pick.same_as is not None:
            assert pick.same_as in fetched and pick.same_as.digest == pick.capture.digest
            assert pick.same_as.date <= pick.capture.date
    by_url = defaultdict(list)
    for each in fetched:
        by_url[each.url].append(at(each))
    for times in by_url.values():
        assert all(two - one >= days * DAY for one, two in pairwise(times))


def test_a_page_that_did_not_change_is_known_without_a_request_and_hides_no_change() -> None:
    there = [capture(0), capture(9), capture(10, "y"), capture(20)]
    picks = choose(there, WANTED, 7 * DAY)
    assert picks == [
        Pick(there[0]), Pick(there[1], there[0]), Pick(there[2]), Pick(there[3], there[0]),
    ]  # fmt: skip


def test_a_change_closer_than_asked_is_left_out_by_name() -> None:
    named: list[tuple[Capture, str]] = []
    there = [capture(0), capture(3, "y"), capture(8, "z")]
    picks = choose(there, WANTED, 7 * DAY, lambda *each: named.append(each))
    assert [pick.capture for pick in picks] == [there[0], there[2]]
    assert named == [(there[1], THINNED)]


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (capture(5000), AHEAD),
        (capture(0, status=404), "status 404"),
        (capture(0, status=None), "status unknown"),
        (capture(0, status=304, mime="warc/revisit"), "status 304: the page lies in another capture"),
        (capture(0, ""), None),
        (capture(0, status=None, mime="warc/revisit"), None),
        (replace(capture(0), digest=digest_of(b"")), "an empty page"),
        (capture(0, status=301, url="https://www.okx.com/help/section/x"), "a redirect of a list"),
        (capture(0, status=301), None),
    ],
)
def test_a_capture_that_is_not_worth_fetching_says_why(unfit: Capture, reason: str | None) -> None:
    named: list[str] = []
    picks = choose(WANTED.known([unfit]), WANTED, DAY, lambda _, why: named.append(why))
    assert (named, len(picks)) == (([], 1) if reason is None else ([reason], 0))


def test_only_pages_of_the_edition_in_the_time_asked_for_are_known() -> None:
    then = capture(0, url="https://support.okex.com/hc/en-us/articles/7-x")
    there = [capture(0), capture(0, url="http://okx.com/help/a"), then]
    others = [
        capture(-1), capture(0, url="https://www.okx.com/fr/help/a"), capture(0, url="https://www.okx.com/trade"),
        capture(0, url="https://other.example/help/a"), capture(0, url="https://support.okex.com/hc/zh-cn/articles/7"),
    ]  # fmt: skip
    assert list(WANTED.known([*there, *others])) == [there[0], then]


def test_a_redirect_is_left_out_only_where_the_index_states_the_target_before_it() -> None:
    named: list[tuple[int, str]] = []
    redirects = [
        capture(day, "the same body", status=301, location=to)
        for day, to in [(10, "/b"), (20, "/b"), (30, "/c"), (40, ""), (50, "")]
    ]
    there = [capture(0), *redirects, capture(60)]
    picks = choose(there, WANTED, DAY, lambda each, why: named.append((there.index(each), why)))
    assert [there.index(pick.capture) for pick in picks] == [0, 1, 3, 4, 5, 6]
    assert named == [(2, SAME_REDIRECT)]


def test_a_redirect_to_the_same_address_crowds_out_neither_the_page_nor_the_redirect_behind_it() -> None:
    insecure = capture(0, "", url=ARTICLE.replace("https:", "http:"), status=301)
    moved = capture(0, "", status=301)
    found = list(WANTED.known([insecure, moved, capture(1)]))
    assert found == [insecure, moved, capture(1)]
    assert [pick.capture for pick in choose(found, WANTED, 7 * DAY)] == found


def test_coverage_has_a_row_for_every_year_also_without_captures() -> None:
    coverage = Coverage()
    coverage.count("known", capture(0))
    coverage.count("known", capture(900))
    for _ in range(5):
        coverage.leave_out(capture(0), THINNED)
    assert [row[:2] for row in coverage.rows(2018)] == [(2018, 0), (2019, 1), (2020, 0), (2021, 1)]
    assert coverage.total("known") == 2
    assert (coverage.reasons[THINNED][2019], len(coverage.examples[THINNED])) == (5, 3)
    assert Coverage().rows() == []
