"""Links that a platform gives: each is followed once, on its own site, and a link that is not is a named hole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from helpscraper.intake.ledger import Ledger
from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Link, Section
from helpscraper.spiders.help import HelpSpider
from tests.okx import OKX

HERE = "https://www.okx.com"


@pytest.fixture
def spider(tmp_path: Path) -> Iterator[HelpSpider]:
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        made = HelpSpider(sections="faq-kyc,extra")
        made.session = cast("Any", SimpleNamespace(ledger=ledger, context=Context(OKX, "en")))
        yield made


def link(kind: Any, key: str, url: str) -> Link:
    return Link(url, Address(kind, "en", key))


def test_a_page_is_followed_once_however_often_it_is_named(spider: HelpSpider) -> None:
    home, category = link("home", "", f"{HERE}/help"), link("category", "faq", f"{HERE}/help/category/faq")
    asked = [request.url for request in spider._follow([home, category, home, category])]
    assert asked == [home.url, category.url]


def test_a_list_may_have_an_address_that_only_a_page_knows(spider: HelpSpider) -> None:
    extra = link("list", "extra", f"{HERE}/extra?cursor=a")
    (request,) = spider._follow([extra, extra])
    assert (request.url, request.cb_kwargs) == (extra.url, {"asked": extra.address, "walk": 1})
    (again,) = spider.walk_again("extra", 2)
    assert (again.url, again.cb_kwargs["walk"]) == (extra.url, 2)
    assert [request.url for request in spider._follow_sections([Section(key="faq-kyc")])] == [
        f"{HERE}/help/section/faq-kyc"
    ]


@pytest.mark.parametrize(
    ("astray", "said"),
    [
        (link("category", "faq", "https://evil.example/help"), "category faq: leads off the site"),
        (link("article", "a", f"{HERE}/help/a"), "article a: no list and no way to one"),
        (link("list", "extra", "//evil.example/x"), "list extra: leads off the site"),
    ],
)
def test_a_link_that_cannot_be_followed_is_a_hole(spider: HelpSpider, astray: Link, said: str) -> None:
    assert list(spider._follow([astray])) == []
    assert spider.session.ledger.problems() == [("discovery", astray.url, said)]


def test_a_list_does_not_go_on_elsewhere_or_in_a_circle(spider: HelpSpider) -> None:
    first = link("list", "faq-kyc", f"{HERE}/help/section/faq-kyc")
    list(spider._follow([first]))
    assert spider._why_not_next(first, "faq-kyc", 1) == "it was asked for before"
    assert spider._why_not_next(first, "faq-kyc", 2) is None
    off = link("list", "faq-kyc", "https://www.okx.com.evil.example/x")
    assert spider._why_not_next(off, "faq-kyc", 1) == "it leads off the site"
