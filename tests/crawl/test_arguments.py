"""What ``-a NAME=VALUE`` means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.errors import CommandError


def test_without_arguments_the_real_site_is_crawled_whole() -> None:
    arguments = CrawlArguments.parse()
    assert (arguments.site.name, arguments.locale, arguments.base_url) == ("okx", "en", "https://www.okx.com")
    assert (arguments.mode, arguments.audit, arguments.limit, arguments.scope) == (
        "incremental",
        0.05,
        None,
        None,
    )


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        CrawlArguments.parse(
            mode="quick", limit="0", audit="2", sections="../x", base_url="ftp://x", colour="red"
        )
    for part in (
        "mode=quick",
        "limit=0",
        "audit=2",
        "sections=../x",
        "base_url=ftp://x",
        "colour: no such argument",
    ):
        assert part in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "base_url",
    ["okx.com", "https://", "https://a/b", "https://a?x=1", "https://me@a", "file:///etc", "https://a:port"],
)
def test_a_base_url_is_a_scheme_and_a_host(base_url: str) -> None:
    with pytest.raises(CommandError, match="base_url"):
        CrawlArguments.parse(base_url=base_url)


@pytest.mark.parametrize("locale", ["xx-yy", "../en", "EN "])
def test_unknown_locales_and_sites_are_refused(locale: str) -> None:
    with pytest.raises(CommandError):
        CrawlArguments.parse(locale=locale)
    with pytest.raises(CommandError):
        CrawlArguments.parse(site="other")


@given(
    sections=st.lists(st.sampled_from(["faq-kyc", "api", "web3"]), unique=True),
    limit=st.none() | st.integers(1, 10**6),
    audit=st.floats(0, 1).map(lambda share: f"{share:g}"),
    mode=st.sampled_from(["incremental", "full"]),
    query=st.text(alphabet="abc ü", max_size=9),
)
def test_facts_say_what_was_asked_and_read_back_the_same(
    sections: list[str], limit: int | None, audit: str, mode: str, query: str
) -> None:
    given_ = {
        "sections": ",".join(sections),
        "limit": limit and str(limit),
        "audit": audit,
        "mode": mode,
        "query": query,
    }
    arguments = CrawlArguments.parse(**given_)
    assert CrawlArguments.parse(**arguments.as_facts()) == arguments
    assert (arguments.scope is None) == (not sections and not query and limit is None)
