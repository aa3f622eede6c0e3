"""Find the articles in the structured data of a page (JSON-LD, schema.org)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helpscraper.platforms.okx.state import Json, text
from helpscraper.platforms.okx.urls import parse_help_url

__all__ = ["article_slug", "linked_articles", "linked_text"]

# schema.org's Article and every type below it.
_ARTICLES = frozenset(
    (
        *(
            "Article",
            "AdvertiserContentArticle",
            "NewsArticle",
            "AnalysisNewsArticle",
            "AskPublicNewsArticle",
        ),
        *(
            "BackgroundNewsArticle",
            "OpinionNewsArticle",
            "ReportageNewsArticle",
            "ReviewNewsArticle",
            "Report",
        ),
        *("SatiricalArticle", "ScholarlyArticle", "MedicalScholarlyArticle", "SocialMediaPosting"),
        *("BlogPosting", "LiveBlogPosting", "DiscussionForumPosting", "TechArticle", "APIReference"),
    )
)
_HOLDERS = ("@graph", "mainEntity")
_MOST = 2_000


def linked_articles(value: Any) -> Iterator[Json]:
    """Yield the objects of type Article, or of a type below it, in lists, in graphs and as a page's main entity.

    Objects that are only mentioned (``isPartOf``, ``citation``) are other articles, and left out.
    """
    waiting = [value]
    for node in waiting:
        members = node if isinstance(node, list) else []
        if isinstance(node, dict):
            if _is_article(node.get("@type")):
                yield node
            members = [node[key] for key in _HOLDERS if key in node]
        waiting.extend(members[: _MOST - len(waiting)] if len(waiting) < _MOST else [])


def _is_article(stated: Any) -> bool:
    """Tell whether one of the stated types is an article's: plain, an address, or prefixed (``schema:Article``)."""
    names = stated if isinstance(stated, list) else [stated]
    return any(
        isinstance(name, str) and name.rpartition("/")[2].rpartition(":")[2] in _ARTICLES
        for name in names[:_MOST]
    )


def linked_text(article: Json, key: str) -> str | None:
    """Return the text at ``key``: plain, the first of a list, or a typed value (``{"@value": …}``)."""
    value = article.get(key)
    if isinstance(value, list):
        value = value[0] if value else None
    return text(value, "@value") if isinstance(value, dict) else text({key: value}, key)


def article_slug(article: Json) -> str | None:
    """Return the slug that ``article`` states, in its page's address or in its own."""
    page = article.get("mainEntityOfPage")
    stated = [page, text(page, "@id"), text(page, "url"), article.get("url"), article.get("@id")]
    targets = (parse_help_url(url) for url in stated if isinstance(url, str))
    return next((target.slug for target in targets if target.kind == "article"), None)
