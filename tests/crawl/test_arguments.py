"""The arguments ``-a NAME=VALUE``: their values and their mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.cli import main
from helpscraper.crawl.arguments import CrawlArguments
from helpscraper.errors import CommandError
from helpscraper.platforms.okx.platform import Okx
from helpscraper.sites import sites_at


def test_without_arguments_the_real_site_is_crawled_whole() -> None:
    arguments = CrawlArguments.parse()
    assert (arguments.site.name, arguments.locale, arguments.base_url) == ("okx", "en", "https://www.okx.com")
    assert (arguments.mode, arguments.limit, arguments.scope) == ("incremental", None, None)


def test_names_that_begin_with_an_underscore_are_those_of_an_engine() -> None:
    assert CrawlArguments.parse(_job="6487ec79947edab326d6db28a2d86511") == CrawlArguments.parse()


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        CrawlArguments.parse(
            mode="quick",
            limit="0",
            sections="../x",
            base_url="ftp://x",
            witness="me",
            colour="red",
        )
    for part in (
        "mode=quick",
        "witness=me: pages, api or both",
        "limit=0",
        "sections=../x",
        "base_url=ftp://x",
        "colour: no such argument",
    ):
        assert part in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("platform", "refused"),
    [("zendesk", {"categories", "sections", "query", "limit"}), ("zendesk-pages", {"query"}), ("okx", set())],
)
def test_a_part_that_a_platform_cannot_ask_for_is_refused(
    platform: str, refused: set[str], tmp_path: Path
) -> None:
    (tmp_path / "acme.toml").write_text(f'platform = "{platform}"\nbase_url = "https://help.example.com"\n')
    sites = sites_at(None, str(tmp_path))
    for name, value in {"categories": "1", "sections": "2", "query": "fee", "limit": "3"}.items():
        arguments = {"site": "acme", name: value}
        if name not in refused:
            assert CrawlArguments.parse(sites, **arguments).scope
            continue
        with pytest.raises(CommandError, match=f"{name}: {platform} cannot limit a crawl by {name}"):
            CrawlArguments.parse(sites, **arguments)


def test_only_a_platform_with_an_interface_is_asked_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CrawlArguments.parse(witness="api").witness == "api"
    monkeypatch.setattr(Okx, "interface", None)
    with pytest.raises(CommandError, match="witness=api: okx has no interface beside its pages"):
        CrawlArguments.parse(witness="api")


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
    mode=st.sampled_from(["incremental", "full"]),
    witness=st.sampled_from(["pages", "api", "both"]),
    query=st.text(alphabet="abc ü", max_size=9).filter(lambda text: bool(text.strip())) | st.none(),
)
def test_facts_say_what_was_asked_and_read_back_the_same(
    sections: list[str], limit: int | None, mode: str, witness: str, query: str
) -> None:
    given_ = {
        "sections": ",".join(sections) or None,
        "limit": limit and str(limit),
        "mode": mode,
        "query": query,
        "witness": witness,
    }
    if query:
        given_["sections"] = given_["witness"] = None
    arguments = CrawlArguments.parse(**given_)
    assert CrawlArguments.parse(**arguments.as_facts().to_json()) == arguments
    assert (arguments.scope is None) == (not sections and not query and limit is None)


@pytest.mark.parametrize(
    ("narrowed", "said"),
    [
        ({"sections": "faq-kyc"}, "sections=faq-kyc: a search has no sections"),
        ({"categories": "faq,announcements"}, "categories=faq,announcements: a search looks through one tab"),
    ],
)
def test_a_search_is_narrowed_by_one_category_alone(narrowed: dict[str, str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        CrawlArguments.parse(query="face", **narrowed)
    assert CrawlArguments.parse(query="face", categories="faq,faq").categories == ("faq",)


def test_a_search_is_read_on_its_pages() -> None:
    with pytest.raises(CommandError, match="witness=api: a search is read on its pages"):
        CrawlArguments.parse(query="face", witness="api")
    assert CrawlArguments.parse(query="face", witness="pages").witness == "pages"


def test_a_part_named_twice_is_that_part() -> None:
    assert (
        CrawlArguments.parse(sections="faq-kyc,faq-kyc").scope
        == CrawlArguments.parse(sections="faq-kyc").scope
    )


@pytest.mark.parametrize("limit", ["٣", "²", "1e3", "-1", "+1", "1.0", " 1"])
def test_a_limit_is_plain_digits(limit: str) -> None:
    with pytest.raises(CommandError, match="limit="):
        CrawlArguments.parse(limit=limit)


@pytest.mark.parametrize(
    ("name", "value"),
    [("query", ""), ("query", " "), *((n, v) for n in ("sections", "categories") for v in ("", ",", ",,"))],
)
def test_an_empty_part_is_not_the_whole(name: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{name}={value}: "):
        CrawlArguments.parse(**{name: value})


def test_an_argument_given_twice_is_refused_before_anything_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = ["-a", "sections=faq-kyc", "-a", "limit=1", "-a", "sections=faq-fees"]
    assert main(["crawl", "--archive", str(tmp_path / "archive"), *twice]) == 2
    said = capsys.readouterr().err
    assert "-a sections: given more than once" in said
    assert "-a sections=one,two" in said
    assert not (tmp_path / "archive").exists()
