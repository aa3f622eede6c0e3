"""The public JSON API of Zendesk Guide: whole articles in lists, and one article by its number.

The shapes are those of answers recorded 2023 to 2024. ``edited_at`` is the instant of the last edit; ``updated_at``
also moves when only metadata changes, so it is not read. An answer to a caller without rights holds neither drafts nor
restricted articles; one that does was given to an agent and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from helpscraper.errors import ExtractionError, NotPublicError
from helpscraper.html.base import Page
from helpscraper.html.bodies import write_fragment
from helpscraper.items import RawArticle
from helpscraper.json_text import loads, member
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings, Link
from helpscraper.platforms.zendesk import addresses
from helpscraper.urls import same_site

__all__ = ["read_article", "read_list"]


class _Answer:
    """One JSON answer; ``member`` names a member of another shape than recorded."""

    def __init__(self, url: str, payload: Payload, context: Context) -> None:
        self.url, self.context = url, context
        try:
            self.data: Any = loads(payload.data.decode())
        except (ValueError, RecursionError) as error:
            raise self._no_json(payload, error) from error
        if not isinstance(self.data, dict):
            raise self.error("json", f"{type(self.data).__name__} where an object was recorded")
        self._sections = self._named("sections")
        self._categories = self._named("categories")

    def _no_json(self, payload: Payload, error: Exception) -> ExtractionError:
        """Describe an answer that is not JSON: mostly the title of a challenge or sign-in page."""
        try:
            title = Page(self.url, payload).root.findtext(".//title")
        except ExtractionError as empty:
            return self.error("json", empty.detail)
        if title:
            return self.error("challenge", f"a page came instead of JSON ({' '.join(title.split())[:100]!r})")
        return self.error("json", str(error)[:200])

    def error(self, field: str, detail: str) -> ExtractionError:
        return ExtractionError(self.url, field, detail)

    def member(self, data: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
        """Return ``data[name]``, which must be a ``kind``."""
        try:
            return member(data, name, kind)
        except ValueError as error:
            raise self.error(f"{where}.{name}", str(error)) from error

    def listed(self, data: Mapping[str, Any], name: str, where: str) -> list[Any]:
        """Return ``data[name]``, which must be a list if it is there."""
        return [] if data.get(name) is None else cast("list[Any]", self.member(data, name, list, where))

    def _named(self, name: str) -> dict[int, Mapping[str, Any]]:
        """Return the sections or categories in the answer, by number."""
        found = self.listed(self.data, name, "json")
        return {
            each["id"]: each for each in found if isinstance(each, dict) and isinstance(each.get("id"), int)
        }

    def article(self, data: Any) -> RawArticle:
        """Read one member of ``articles``."""
        if not isinstance(data, dict):
            raise self.error("articles", f"{type(data).__name__} where an object was recorded")
        number = self.member(data, "id", int, "articles")
        where = f"articles {number}"
        if data.get("draft") or data.get("user_segment_id") is not None:
            raise NotPublicError(
                self.url,
                f"{where}.draft",
                "a draft or a restricted article: the answer is an agent's view, not the public one",
                advice="crawl without the cookies and headers of an agent",
            )
        locale = self.member(data, "locale", str, where).lower()
        if locale != self.context.locale:
            raise AnotherEditionError(
                self.url, self.context.locale, locale, f"the locale of article {number}"
            )
        page = addresses.article_page(self.context, str(number))
        section_id = data.get("section_id")
        section = self._sections.get(section_id, {}) if isinstance(section_id, int) else {}
        category_id = section.get("category_id")
        category = self._categories.get(category_id, {}) if isinstance(category_id, int) else {}
        up, votes = _votes(data)
        raw = RawArticle(
            kind="article",
            key=str(number),
            url=page,
            title=_text(data.get("title") or data.get("name")),
            section=None if section_id is None else str(section_id),
            section_title=_text(section.get("name")),
            category=None if category_id is None else str(category_id),
            category_title=_text(category.get("name")),
            published=_text(data.get("created_at")),
            updated=_text(data.get("edited_at")),
            language=locale,
            labels=tuple(sorted(str(label) for label in self.listed(data, "label_names", where))),
            votes_up=up,
            votes=votes,
        )
        body = data.get("body")
        if body is None:
            return raw
        if not isinstance(body, str):
            raise self.error(f"{where}.body", f"{type(body).__name__} where text was recorded")
        forms = write_fragment(body, page)
        raw.body_html, raw.body_text, raw.body_markdown = forms.html, forms.text, forms.markdown
        return raw

    def articles(self) -> tuple[list[RawArticle], list[str]]:
        """Read the members of ``articles``; return them and a hole for each of which not even the number is known.

        One that cannot be read is ``unread``. Raises the first error when none can be read.
        """
        articles: list[RawArticle] = []
        holes: list[str] = []
        errors: list[ExtractionError] = []
        members = self.member(self.data, "articles", list, "json")
        for place, data in enumerate(members):
            try:
                articles.append(self.article(data))
            except NotPublicError:
                raise
            except ExtractionError as error:
                errors.append(error)
                why = f"{error.field}: {error.detail}"
                number = data.get("id") if isinstance(data, dict) else None
                if not isinstance(number, int) or isinstance(number, bool):
                    holes.append(f"article {place} of the answer: {why}")
                    continue
                url, title = addresses.article_page(self.context, str(number)), _text(data.get("title"))
                articles.append(RawArticle(kind="article", key=str(number), url=url, title=title, unread=why))
        if errors and len(errors) == len(members):
            raise errors[0]
        return articles, holes

    def next_link(self, asked: Address) -> Link | None:
        """Return the link of the next answer; None on the last one.

        An answer by page numbers, as other programs ask for it, states ``next_page``; only a whole list of that kind is
        read.
        """
        if "meta" not in self.data and self.data.get("next_page", ...) is None:
            return None
        meta = self.member(self.data, "meta", dict, "json")
        if not self.member(meta, "has_more", bool, "meta"):
            return None
        url = self.member(self.member(self.data, "links", dict, "json"), "next", str, "links")
        if not same_site(url, self.context.root):
            raise self.error("links.next", f"it leads off the site: {url[:200]!r}")
        cursor = next(iter(parse_qs(urlsplit(url).query).get("page[after]", ())), None)
        if not cursor or cursor == asked.cursor:
            raise self.error("links.next", f"it leads to the same answer again: {url[:200]!r}")
        return addresses.list_link(self.context, cursor, asked.page + 1)


def read_list(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the articles of one answer and the link of the next; raises ``ExtractionError`` naming the member.

    A link that is missing, leads off the site or to the same answer is a hole.
    """
    answer = _Answer(url, payload, context)
    articles, holes = answer.articles()
    following = None
    try:
        following = answer.next_link(asked)
    except ExtractionError as error:  # the articles of this answer are whole
        holes.append(f"{error.field}: {error.detail}")
    return Findings(
        articles=articles, holes=holes, next=following, language=context.locale, content_type="tag",
        rules=["list.articles/api"] * bool(articles),
    )  # fmt: skip


def read_article(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return one article from its own answer; raises ``ExtractionError`` naming the member."""
    answer = _Answer(url, payload, context)
    article = answer.article(answer.member(answer.data, "article", dict, "json"))
    if article.key != asked.key:
        raise answer.error("article.id", f"{article.key}, where {asked.key} was asked for")
    return Findings(articles=[article], language=context.locale, rules=["article.article/api"])


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _votes(data: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return helpful votes and all votes: the API states their number and the helpful ones less the others."""
    count, total = data.get("vote_count"), data.get("vote_sum")
    if not isinstance(count, int) or not isinstance(total, int) or abs(total) > count or (count + total) % 2:
        return None, None
    return (count + total) // 2, count
