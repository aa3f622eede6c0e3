"""Each check refuses its kind of bad crawl, and passes one just inside its threshold."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.health import checks
from helpscraper.health.checks import Thresholds, Verdict, is_fit
from helpscraper.intake.row_counts import LISTED_FIELDS, PAGE_FIELDS, RowCounts

LIMITS = Thresholds()


def check_health(facts: dict[str, Any], earlier: list[dict[str, Any]]) -> list[Verdict]:
    return checks.check_health(RunFacts.from_json(facts), [RunFacts.from_json(each) for each in earlier])


def check_bodies(facts: dict[str, Any]) -> list[Verdict]:
    return checks.check_bodies(RunFacts.from_json(facts))


def section(n: int, content_type: str = "section", whole: bool = True) -> dict[str, Any]:
    return {"seen": n, "total": n, "whole": whole, "content_type": content_type, "holes": []}


def run(**changes: Any) -> dict[str, Any]:
    """The facts of a good crawl of 100 articles in two sections and a tag, 20 of them fetched."""
    facts: dict[str, Any] = {
        "finish_reason": "finished",
        "complete": True,
        "scope": None,
        "counts": {"fetched": 20, "carried": 80, "listed": 0, "failed": 0, "gone": 0},
        "live": {"faq": 60, "news": 40, "latest": 40, "tiny": 4},
        "sections": {
            "faq": section(60),
            "news": section(40),
            "latest": section(40, "tag"),
            "tiny": section(4),
        },
        "listed": {
            slug: {"n": n, **dict.fromkeys(LISTED_FIELDS, n)} for slug, n in (("faq", 60), ("news", 40))
        },
        "refetched": {name: {"had": 20, "lost": 0} for name in PAGE_FIELDS},
        "new": {"fetched": 0, **dict.fromkeys(PAGE_FIELDS, 0)},
        "problems": {},
        "rules": {"listing.items/class": 12, "article.body/rich_text": 15, "article.body/markdown": 5},
        "drift": {},
        "language_asked": "en",
        "languages": {"en": 40},
        "region": {"site": "OKX_GLOBAL"},
        "regions": {"OKX_GLOBAL": 12},
        "incomplete_reasons": [],
    }
    return copy.deepcopy(facts) | changes


def failing(facts: dict[str, Any], earlier: list[dict[str, Any]] | None = None) -> set[str]:
    return {
        v.check
        for v in check_health(facts, [run()] * 3 if earlier is None else earlier)
        if v.verdict == "fail"
    }


def warned(facts: dict[str, Any], earlier: list[dict[str, Any]] | None = None) -> str:
    found = check_health(facts, [run()] * 3 if earlier is None else earlier)
    return "\n".join(v.detail for v in found if v.verdict == "warn")


def live(n: int) -> dict[str, int]:
    return {"fetched": 0, "carried": n, "listed": 0, "failed": 0, "gone": 0}


def test_a_good_crawl_passes_every_check_and_each_one_speaks() -> None:
    verdicts = check_health(run(), [run()] * 3)
    assert is_fit(verdicts)
    assert {v.verdict for v in verdicts} == {"ok"}
    assert {v.check for v in verdicts} == {
        "edition", "end", "articles", "section", "coverage", "failed", "bodies", "challenge", "charset", "language",
        "region", "layout", "audit",
    }  # fmt: skip


def test_the_first_crawl_is_judged_by_what_every_help_centre_has() -> None:
    first = run(counts={"fetched": 100, "carried": 0, "listed": 0, "failed": 0, "gone": 0})
    first["new"] = {"fetched": 100, **dict.fromkeys(PAGE_FIELDS, 0)}
    assert failing(first, []) == set()
    for name, edge in (("body_sha256", 10), ("published_on", 50)):
        first["new"] |= {name: edge}
        assert failing(first, []) == set()
        first["new"] |= {name: edge + 1}
        assert failing(first, []) == {"bodies"}
        # A platform whose pages state no date is not asked for one.
        for dated in (None, True, False):
            asked = name != "published_on" or dated is not False
            assert failing(first | {"claim": {"dated": dated}}, []) == ({"bodies"} if asked else set())
        first["new"] |= {name: 0}


def test_a_single_article_without_a_body_is_no_refusal_but_a_first_crawl_of_such_is() -> None:
    odd = run()
    odd["new"] |= {"fetched": 1, "body_sha256": 1}
    assert failing(odd) == set()
    alone = run(counts={"fetched": 2, "carried": 0, "listed": 0, "failed": 0, "gone": 0})
    alone["new"] |= {"fetched": 2, "body_sha256": 2}
    assert failing(alone, []) == {"bodies"}


@pytest.mark.parametrize(
    "reason", ["shutdown", "closespider_errorcount", "unreachable", "enough", "cancelled"]
)
def test_only_a_crawl_that_ran_to_its_end_is_fit(reason: str) -> None:
    assert "end" in failing(run(finish_reason=reason))
    for stopped, because in ((None, reason), ("by a signal", "by a signal")):
        found = check_health(run(finish_reason=reason, stopped=stopped), [])
        (said,) = (v.detail for v in found if v.check == "end")
        assert said.startswith(f"the crawl did not run to its end: {because}")


def test_an_internal_error_is_never_fit_and_is_named() -> None:
    facts = run(internal_errors=1, errors=["ValueError: boom"])
    assert failing(facts) == {"end"}
    assert any("boom" in v.detail for v in check_health(facts, []))


def test_nothing_is_never_a_help_centre_and_the_reason_is_told() -> None:
    empty = run(
        counts=live(0), live={}, sections={}, listed={}, incomplete_reasons=["home page: DNSLookupError"]
    )
    assert "articles" in failing(empty, [])
    assert any("DNSLookupError" in v.detail for v in check_health(empty, []))
    empty["incomplete_reasons"] = ["only part: limit=1", "one", "two", "three", "four"]
    (said,) = (v.detail for v in check_health(empty, []) if v.check == "articles")
    assert said == "no article was found (one; two; three); an empty snapshot is never committed"


def test_a_search_without_hits_is_said_to_be_one() -> None:
    found = check_health(run(counts=live(0), scope="query='zzz'", arguments={"query": "zzz"}), [])
    (said,) = (v.detail for v in found if v.check == "articles")
    assert said == "no hit for 'zzz' was found; an empty snapshot is never committed"


def test_articles_that_could_not_be_read_at_all_are_no_help_centre() -> None:
    assert "articles" in failing(run(counts=live(0) | {"failed": 1}), [])
    for counts in (live(1) | {"failed": 2}, live(0) | {"fetched": 1, "failed": 2}, live(0) | {"listed": 2}):
        assert "articles" not in failing(run(counts=counts), [])
    # Pages whose turn had not come say nothing about the site.
    ended = run(finish_reason="shutdown", counts=live(0) | {"failed": 4})
    assert "articles" in failing(ended | {"due": 3}, [])
    assert failing(ended | {"due": 4}, []) == {"end"}


def test_too_few_articles() -> None:
    assert failing(run(counts=live(70))) == set()
    assert failing(run(counts=live(69))) == {"articles"}


def test_the_median_of_the_last_good_crawls_is_the_measure() -> None:
    odd = run(counts=live(500))
    assert failing(run(counts=live(70)), [odd, run(), run()]) == set()


def hole(n: int = 100) -> dict[str, Any]:
    """The facts of a crawl of the whole help centre that could not read one listing page."""
    return run(complete=False, counts=live(n), incomplete_reasons=["section latest: page 2: HTTP 500"])


def test_a_hole_that_lasts_does_not_take_the_measure_away() -> None:
    assert failing(run(counts=live(5), live={"faq": 5}), [hole()] * 5) == {"articles", "section"}
    assert failing(run(counts=live(70)), [hole()] * 5) == set()
    assert failing(run(counts=live(69)), [*[hole(9)] * 5, run(), run()]) == {"articles"}


def test_what_an_incomplete_crawl_saw_was_there_at_least() -> None:
    grown = hole(1000) | {"live": run()["live"] | {"news": 400}}
    assert failing(run(counts=live(700), live=grown["live"]), [grown, run()]) == set()
    assert failing(run(counts=live(699), live=grown["live"]), [grown, run()]) == {"articles"}
    assert failing(run(counts=live(700), live=grown["live"] | {"news": 199}), [grown, run()]) == {"section"}
    shrunk = hole(10) | {"live": dict.fromkeys(run()["live"], 1)}
    assert failing(run(counts=live(69)), [shrunk, run()]) == {"articles"}
    assert failing(run(live=run()["live"] | {"news": 19}), [shrunk, run()]) == {"section"}


def test_a_section_that_only_one_kind_of_crawl_knows_is_held_against_that() -> None:
    fresh = hole()
    fresh["sections"]["fresh"], fresh["live"]["fresh"] = section(20), 20
    assert failing(run(live=run()["live"] | {"fresh": 9}), [fresh, run()]) == {"section"}
    assert failing(run(live=run()["live"] | {"fresh": 10}), [fresh, run()]) == set()


@pytest.mark.parametrize("earlier", [[], [run(scope="sections=x"), run(scope="limit=5", complete=False)]])
def test_where_nothing_tells_how_much_there_should_be_the_checks_say_so(
    earlier: list[dict[str, Any]],
) -> None:
    verdicts = {v.check: v for v in check_health(run(counts=live(5)), earlier)}
    for check in ("articles", "section"):
        assert verdicts[check].verdict == "warn"
        assert "no baseline: no crawl of the whole help centre" in verdicts[check].detail


def test_a_few_articles_of_a_tiny_site_prove_nothing() -> None:
    tiny = run(counts=live(4), sections={}, live={})
    assert failing(run(counts=live(2), sections={}, live={}), [tiny]) == set()
    assert failing(run(counts=live(1), sections={}, live={}), [tiny]) == {"articles"}


def test_too_few_articles_in_one_section() -> None:
    assert failing(run(live=run()["live"] | {"news": 20})) == set()
    few = run(live=run()["live"] | {"news": 19})
    assert failing(few) == {"section"}
    (said,) = (v.detail for v in check_health(few, [run()]) if v.check == "section")
    assert said == "section news: 19 articles; usually 40"
    assert failing(run(live=run()["live"] | {"tiny": 0})) == set()
    small = run(live=run()["live"] | {"tiny": 5})
    assert failing(run(live=run()["live"] | {"tiny": 2}), [small]) == {"section"}
    assert failing(run(live=run()["live"] | {"tiny": 3}), [small]) == set()


def test_a_section_that_vanished() -> None:
    facts = run(live=run()["live"] | {"news": 0})
    del facts["sections"]["news"]
    assert failing(facts) == {"section"}
    (said,) = (v.detail for v in check_health(facts, [run()]) if v.check == "section")
    assert said == "section news: has vanished, 0 articles are left; usually 40"
    facts["live"]["news"] = 40
    assert failing(facts) == set()
    assert "section news has vanished" in warned(facts)


def test_the_newest_crawl_alone_says_which_sections_there_are() -> None:
    facts = run(live=run()["live"] | {"news": 0})
    del facts["sections"]["news"]
    assert failing(facts, [run(), facts, facts]) == {"section"}
    assert failing(facts, [facts, run(), run()]) == set()
    assert "news" not in warned(facts, [facts, run(), run()])


def test_what_the_facts_do_not_say_is_not_judged() -> None:
    silent = {name: value for name, value in run().items() if name not in {"counts", "new", "problems"}}
    told = {v.check: v.verdict for v in check_health(silent, [run()] * 3)}
    assert told["failed"] == told["bodies"] == told["challenge"] == "ok"


def test_of_several_other_editions_the_most_common_is_named() -> None:
    facts = run(locale="en", editions={"en": 2, "de": 3, "en-us": 30})
    (verdict,) = check_health(facts, [run()] * 3)
    assert (verdict.check, verdict.verdict) == ("edition", "fail")
    assert "(`-a locale=en-us`)" in verdict.detail


def test_a_tag_whose_listing_was_not_read_whole_is_a_hole_and_no_fall() -> None:
    facts = run(live=run()["live"] | {"latest": 3})
    assert failing(facts) == {"section"}
    facts["sections"]["latest"] = section(3, "tag", whole=False)
    assert failing(facts) == set()
    facts["live"]["news"] = 19
    assert failing(facts) == {"section"}


def test_a_crawl_of_a_part_is_held_against_its_own_sections_only() -> None:
    facts = run(scope="sections news", counts=live(40), live={"news": 40}, sections={"news": section(40)})
    assert failing(facts) == set()
    assert failing(facts | {"live": {"news": 19}}) == {"section"}


@pytest.mark.parametrize("name", PAGE_FIELDS)
def test_a_field_that_pages_lost(name: str) -> None:
    assert failing(run(refetched={name: {"had": 20, "lost": 4}})) == set()
    assert failing(run(refetched={name: {"had": 20, "lost": 5}})) == {"coverage"}
    assert failing(run(refetched={name: {"had": 2, "lost": 2}})) == set()
    assert failing(run(refetched={name: {"had": 14, "lost": 3}})) == {"coverage"}
    assert failing(run(refetched={name: {"had": 15, "lost": 3}})) == set()


@pytest.mark.parametrize("name", LISTED_FIELDS)
def test_a_field_that_listings_lost(name: str) -> None:
    facts = run()
    facts["listed"]["faq"][name] = 40
    assert failing(facts) == set()
    facts["listed"]["faq"][name] = 39
    assert failing(facts) == {"coverage"}
    (verdict,) = (v for v in check_health(facts, [run()]) if v.verdict == "fail")
    assert verdict.detail == f"{name}: 79 of 100 listed articles have it; usually 100"
    small = run(listed={"faq": {"n": 4, **dict.fromkeys(LISTED_FIELDS, 4)}})
    for have, failed in ((2, set()), (1, {"coverage"})):
        assert failing(run(listed={"faq": small["listed"]["faq"] | {name: have}}), [small]) == failed


def test_a_field_that_a_section_never_showed_is_not_missed() -> None:
    before = run()
    before["listed"]["news"]["view_count"] = 0
    facts = copy.deepcopy(before)
    assert failing(facts, [before]) == set()
    only_news = run(scope="sections news", counts=live(40), live={"news": 40}, sections={"news": section(40)})
    only_news["listed"] = {
        "news": facts["listed"]["news"],
        "brand-new": {"n": 9, **dict.fromkeys(LISTED_FIELDS, 0)},
    }
    assert failing(only_news, [before]) == set()


def test_failed_pages_against_all_articles() -> None:
    counts = {"fetched": 40, "carried": 50, "listed": 0, "failed": 10, "gone": 0}
    assert failing(run(counts=counts)) == set()
    assert "10 of 50" in warned(run(counts=counts))
    assert failing(run(counts=counts | {"failed": 11, "carried": 49})) == {"failed"}


def test_failed_pages_against_those_asked_for() -> None:
    counts = {"fetched": 4, "carried": 92, "listed": 0, "failed": 4, "gone": 0}
    assert failing(run(counts=counts)) == set()
    assert failing(run(counts=counts | {"failed": 5})) == {"failed"}
    assert failing(run(counts=counts | {"fetched": 0, "failed": 2})) == set()
    assert failing(run(counts=counts | {"fetched": 0, "failed": 3})) == {"failed"}
    cut = run(finish_reason="shutdown", counts=counts | {"failed": 7})
    assert failing(cut | {"due": 3}) == {"end"}
    assert failing(cut | {"due": 2}) == {"end", "failed"}
    found = check_health(cut | {"counts": counts | {"failed": 5}}, [run()] * 3)
    (said,) = (v.detail for v in found if v.check == "failed" and v.verdict == "fail")
    assert said == "5 of 9 article pages could not be read"
    assert "2 of 2 article pages" in warned(run(counts=counts | {"fetched": 0, "failed": 2}))
    assert failing(run(counts=counts | {"failed": 5}, due=5)) == {"failed"}


def test_a_single_article_without_its_body_is_said_and_many_refuse() -> None:
    def told(fetched: int, without: int, live: int = 40) -> list[tuple[str, str]]:
        facts = run(new={"fetched": fetched, "body_sha256": without}, counts={"fetched": live})
        return [(v.verdict, v.detail) for v in check_bodies(facts)]

    assert told(20, 0) == []
    assert told(20, 1) == [("warn", "1 of 20 new articles have no body")]
    assert told(20, 3) == [("fail", "3 of 20 new articles have no body")]
    assert told(10, 2) == [("warn", "2 of 10 new articles have no body")]
    assert told(30, 3) == [("warn", "3 of 30 new articles have no body")]
    # One page of many says little; the one page that there is says all.
    assert told(1, 1) == [("warn", "1 of 1 new articles have no body")]
    assert told(1, 1, live=1) == [("fail", "1 of 1 new articles have no body")]
    assert "have no body" in warned(run(new={"fetched": 20, "body_sha256": 1}))


def test_pages_that_stayed_block_pages() -> None:
    for n, said in (
        (1, "1 page stayed a block or challenge page"),
        (2, "2 pages stayed block or challenge pages"),
    ):
        (verdict,) = (
            v for v in check_health(run(problems={"challenge": n}), [run()]) if v.check == "challenge"
        )
        assert (verdict.verdict, verdict.detail) == ("fail", said)


def test_articles_that_could_not_be_decoded() -> None:
    def rules(n: int) -> dict[str, Any]:
        counts = {"fetched": 60, "carried": 40, "listed": 0, "failed": 0, "gone": 0}
        return run(counts=counts, rules=run()["rules"] | ({"article.charset/undecoded": n} if n else {}))

    assert warned(rules(0)) == ""
    assert failing(rules(3)) == set()
    assert "3 of 60 articles have characters that could not be decoded" in warned(rules(3))
    assert failing(rules(4)) == {"charset"}
    few = {"fetched": 10, "carried": 90, "listed": 0, "failed": 0, "gone": 0}
    assert failing(rules(2) | {"counts": few}) == set()
    assert "1 of 0 articles" in warned(rules(1) | {"counts": live(100)})
    assert failing(rules(3) | {"counts": few}) == {"charset"}


def test_another_language() -> None:
    assert failing(run(languages={"en": 20, "zh-Hans": 20}), []) == set()
    assert "zh-Hans" in warned(run(languages={"en": 20, "zh-Hans": 20}), [])
    assert failing(run(languages={"en": 20, "zh-Hans": 21}), []) == {"language"}


def test_another_script_is_another_language() -> None:
    assert failing(run(language_asked="zh-Hans", languages={"zh-hans": 9}), []) == set()
    assert failing(run(language_asked="zh-Hans", languages={"zh-hant": 9}), []) == {"language"}
    assert failing(run(language_asked="zh-Hans", languages={"zh": 9}), []) == set()
    assert failing(run(language_asked="zh-Hant", languages={"zh-hant-tw": 9}), []) == set()


def test_the_regional_edition_of_the_same_language() -> None:
    assert failing(run(languages={"en-us": 40}), []) == set()
    assert failing(run(languages={"en-us": 40})) == {"language"}
    assert failing(run(languages={"en": 21, "en-us": 19})) == set()


def test_pages_of_another_edition_decide_where_they_are_many() -> None:
    def told(**editions: int) -> dict[str, str]:
        served = {name.replace("_", "-"): n for name, n in editions.items()}
        return {
            v.check: v.verdict
            for v in check_health(run(locale="en", editions=served), [])
            if v.verdict != "ok"
        }

    assert "edition" not in told(en=40)
    assert told(en=39, en_us=1)["edition"] == "warn"
    assert told(en=20, en_us=20)["edition"] == "warn"
    # Nothing else is judged then: a crawl of another edition cannot be compared with this one.
    assert told(en=19, en_us=20) == {"edition": "fail"}
    assert told(en_us=1) == {"edition": "fail"}


def test_a_page_that_states_no_language_is_no_other_language() -> None:
    assert failing(run(languages={})) == set()


def test_another_region() -> None:
    assert failing(run(regions={"OKX_GLOBAL": 6, "OKX_US": 6})) == set()
    assert "OKX_US" in warned(run(regions={"OKX_GLOBAL": 6, "OKX_US": 6}))
    assert failing(run(regions={"OKX_GLOBAL": 5, "OKX_US": 7})) == {"region"}
    assert failing(run(regions={"OKX_US": 12}), []) == set()


def test_an_interface_that_was_left_is_named() -> None:
    facts = run(witness={"left": "HTTP 500"})
    assert failing(facts) == set()
    assert warned(facts) == "the interface was left for the pages: HTTP 500"


def test_layout_drift_is_named_and_left_to_the_other_checks() -> None:
    drifted = run(rules=run()["rules"] | {"listing.list/drift": 3})
    assert failing(drifted) == set()
    assert "listing.list/drift" in warned(drifted)
    unread = run(drift={"list at articleList": 2})
    assert "list at articleList" in warned(unread)


def test_a_rule_that_should_have_matched_and_did_not_is_named() -> None:
    facts = run(rules={"listing.items/other": 12, "article.body/rich_text": 20})
    assert "listing.items/class" in warned(facts)
    # 15 pages were expected to hold about four Markdown bodies: that there is none may be chance.
    assert "article.body/markdown" not in warned(
        run(rules={"listing.items/class": 12, "article.body/rich_text": 15})
    )
    # Twenty-eight are not.
    assert "article.body/markdown" in warned(
        run(rules={"listing.items/class": 12, "article.body/rich_text": 28})
    )


def test_a_failure_that_stops_is_no_rule_that_stopped() -> None:
    before = run(rules=run()["rules"] | {"article.view_count/missing": 50, "article.view_count/markup": 50})
    assert warned(run(rules=run()["rules"] | {"article.view_count/markup": 100}), [before]) == ""


def test_what_the_last_crawl_missed_already_is_no_news() -> None:
    changed = run(rules={"listing.items/other": 40, "article.body/rich_text": 20})
    assert "listing.items/class" in warned(changed, [run()] * 3)
    assert warned(changed, [changed, run(), run()]) == ""
    # Nor is it one that a layout which was served once is served no more.
    assert warned(run(), [changed, run(), run()]) == ""
    small = run(rules={"article.body/rich_text": 2})
    assert "listing.items/class" in warned(changed, [small, run(), run()])


@pytest.mark.parametrize(
    ("audit", "says"),
    [
        (None, ""),
        ({"days": 7.0, "chosen": 9, "late": 0, "put_off": 0}, ""),
        (
            {"days": 7.0, "chosen": 9, "late": 3, "put_off": 0},
            "AUDIT_DAYS=7 is not kept: 3 pages had gone unread",
        ),
        (
            {"days": 1.0, "chosen": 9, "late": 0, "put_off": 5},
            "5 pages that are due before the next crawl do not fit",
        ),
    ],
)
def test_a_bound_that_is_not_kept_is_a_warning(audit: dict[str, Any] | None, says: str) -> None:
    (found,) = [v for v in check_health(run(audit=audit), [run()] * 3) if v.check == "audit"]
    assert found.verdict == ("warn" if says else "ok")
    assert says in found.detail


@pytest.mark.parametrize(("n", "bad", "warns"), [(2, False, False), (3, True, True), (20, True, True)])
def test_pages_that_come_to_show_one_text_are_refused(n: int, bad: bool, warns: bool) -> None:
    facts = run(alike=n)
    assert ("alike" in failing(facts)) is bad
    assert any(verdict.check == "alike" for verdict in check_health(facts, [run()])) is warns
    few = run(alike=3, counts={"fetched": 60, "carried": 40, "listed": 0, "failed": 0, "gone": 0})
    assert "alike" not in failing(few) and "3 of 60 pages show the same title and text" in warned(few)


def test_a_list_that_proves_no_edit_may_lose_its_titles() -> None:
    lost = {"faq": {"n": 60, **dict.fromkeys(LISTED_FIELDS, 60), "title": 0}}
    assert "coverage" in failing(run(listed=lost))
    assert "coverage" not in failing(run(listed=lost, claim={"evidence": [], "absence": "page"}))


def test_only_texts_that_are_new_to_an_article_count_as_alike() -> None:
    row = dict.fromkeys(("section", "listed_in", "fetched_at", *PAGE_FIELDS)) | {
        "status": "fetched", "title": "Sign in", "body_sha256": "x",
    }  # fmt: skip
    counted = RowCounts()
    for number, before in enumerate([None, {"body_sha256": "a"}, {"body_sha256": "x"}, {"body_sha256": "b"}]):
        counted.add(row | {"article_id": str(number)}, before, {})
    counted.add(row | {"article_id": "other", "title": "Another"}, None, {})
    assert counted.into(RunFacts()).alike == 3
