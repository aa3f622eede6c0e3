"""The parts around a body are left out by any one of their marks: the site drops and renames them one by one."""

from __future__ import annotations

import pytest

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import ArticlePage

URL = "https://help.harbour.example/help/ropes"
PAGE = (
    '<html><body><article aria-label="Ropes"><h1>Ropes</h1>'
    '<div class="index_content__a1B+c"><p>Coil them.</p>{chrome}<p>Dry them.</p></div></article></body></html>'
)


@pytest.mark.parametrize(
    "chrome",
    [
        '<div class="index_footerContainer__x1">{}</div>', '<div id="footer-8Lm2">{}</div>',
        '<div data-testid="footer">{}</div>', '<div class="Footer_footer__x1">{}</div>',
        '<div class="index_articleSidebarContainer__x1">{}</div>', '<div class="index_headerContainer__x1">{}</div>',
        '<div class="index_shareContainer__x1">{}</div>', '<div class="index_share__x1">{}</div>',
        '<div class="okui-breadcrumbs">{}</div>', "<header>{}</header>", "<nav>{}</nav>", "<aside>{}</aside>",
        "<footer>{}</footer>",
    ],
)  # fmt: skip
def test_each_mark_of_chrome_is_enough(chrome: str) -> None:
    article = ArticlePage(URL, PAGE.format(chrome=chrome.format("<p>Follow us</p>"))).article
    assert article.body_text == "Coil them.\nDry them."
    assert article.body_markdown == "Coil them.\n\nDry them."
    assert "Follow us" not in (article.body_html or "")


@pytest.mark.parametrize(
    ("label", "heading"),
    [(None, "Ropes"), ("", ""), ("Ropes", None), ("Ropes", "Knots"), ("", "Ropes"), (None, None)],
)
def test_an_element_whose_label_is_not_its_heading_is_no_article(
    label: str | None, heading: str | None
) -> None:
    stated = "" if label is None else f' aria-label="{label}"'
    title = "" if heading is None else f"<h1>{heading}</h1>"
    page = f"<html><body><article{stated}>{title}<p>Words.</p></article></body></html>"
    with pytest.raises(ExtractionError, match="no article element of this site"):
        _ = ArticlePage(URL, page).article
