"""The contract of platforms: addresses, links, and the findings of one response. Pure: no Scrapy, clock or network.

A new kind of platform is one subclass of ``Platform``. Everything else (crawling, recording, re-extraction, imports)
works through the names on this page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page
from helpscraper.html.challenge import challenge_title
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.sites import Site
from helpscraper.urls import is_key

__all__ = [
    "PAST_THE_END",
    "Address",
    "AnotherEditionError",
    "Claim",
    "Findings",
    "Interface",
    "Link",
    "Part",
    "Platform",
    "Scope",
    "Section",
    "Sign",
]

Part = Literal["categories", "sections", "query", "limit"]
"""An argument of a crawl that asks for a part of a help centre.

``limit`` bounds the articles' own pages; an address that turns out to hold no article does not count.
"""

PAST_THE_END = "past the end"
"""The field of the error for an answer to a page that its list does not have."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL as its platform understands it.

    ``list`` is one page of a list of articles (of a section, of a tag, of the whole site), ``key`` names the article,
    the list or the category. ``page`` is the position of the page in its list, counted from 1; ``cursor`` is the text
    that names the next page of a list without page numbers. ``locale`` is empty where the URL does not state it: such
    an answer belongs to the edition of the crawl that asked, and is not imported. ``guessed`` is True when no page
    named this one.
    """

    kind: Literal["home", "category", "list", "article", "search", "other"]
    locale: str
    key: str | None = None
    page: int = 1
    cursor: str | None = None
    query: str | None = None
    guessed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """An address with the URL and the headers of its request."""

    url: str
    address: Address
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A list of articles, as a page names it.

    ``content_type`` is ``tag`` for a list of articles that belong to other sections, ``section`` for a section's own
    list, and None where the page does not say. ``source_id`` is the CMS's own id.
    """

    key: str
    title: str | None = None
    category: str | None = None
    content_type: str | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The part of a help centre that a crawl asks for: keys of categories and sections, or the words of a search."""

    categories: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    query: str | None = None


@dataclass(slots=True, kw_only=True)
class Findings:
    """The content of one response.

    ``articles`` are rows of a list, whole articles of a list (``RawArticle.kind`` is ``article``), or the one article
    of its own page; ``no_article`` says why an article's own address has none, such as a list of links. ``sections``
    are lists to read, ``links`` other pages to follow, ``next`` the next page of this list, ``more`` further pages of a
    list in any number and order, as an index names them. ``holes`` name the parts of this page that could not be read,
    ``left_out`` its links that do not belong to the help centre. ``total`` and ``pages`` are the stated size of the
    list, ``content_type`` its kind (see ``Section``). ``missing`` is the error for links that a page of this kind must
    have and this one lacks; rows are not affected. ``region`` says for whom the page was served (``site``, ``market``,
    ``ip_region``, ``lang``). ``rules`` names each extraction rule that matched, as ``kind.field/rule``. ``ambiguous``
    are titles that flattened text does not settle.
    """

    articles: list[RawArticle] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    next: Link | None = None
    more: list[Link] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    no_article: str | None = None
    total: int | None = None
    pages: int | None = None
    content_type: str | None = None
    missing: ExtractionError | None = None
    language: str | None = None
    region: dict[str, str] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The facts that a platform's lists can prove.

    ``evidence`` are the columns of a row that an edit would move: an article is carried over only where its row states
    one of them. ``absence`` says how it is proven that an article does not exist any more: by a ``list`` that was read
    whole, only by its own ``page`` (404 or 410), or by nothing (``none``). ``bodies``: rows of lists are whole
    articles. ``dated``: each article states when it was published. ``confidence`` is ``generic`` for a reader of any
    site's markup: its edits are never called silent, and a crawl is refused when too few pages have a title and a body.
    """

    evidence: tuple[str, ...] = ()
    absence: Literal["list", "page", "none"] = "page"
    bodies: bool = False
    dated: bool = True
    confidence: Literal["declared", "generic"] = "declared"

    def __str__(self) -> str:
        """Describe the claim in words.

        >>> str(Claim(evidence=("updated_on",), absence="list"))
        'an edit shows in updated_on, a list that was read whole proves an absence'
        """
        if self.bodies:
            edits = "its lists hold whole articles, so every edit is found"
        elif self.evidence:
            edits = f"an edit shows in {' or '.join(self.evidence)}"
        else:
            edits = "its lists show no edit, so every article is read in every crawl"
        absences = {
            "list": "a list that was read whole proves an absence",
            "page": "only an article's own page (404, 410) proves an absence",
            "none": "nothing proves an absence",
        }
        return f"{edits}, {absences[self.absence]}"


class AnotherEditionError(ExtractionError):
    """A page of another edition than the one that was asked for; ``because`` names the sign that shows it."""

    def __init__(self, url: str, asked: str, locale: str, because: str) -> None:
        super().__init__(
            url,
            "edition",
            f"the page is of the edition {locale}, not of {asked}: {because}",
            advice=f"it is a page of {locale}: other articles may stand there under the same addresses",
        )
        self.locale = locale
        self.because = because


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """The sign by which a platform recognises its help centre at a URL.

    ``seen`` names it in a few words. ``locale`` is that of the edition there. ``declares`` are further keys of the
    site's declaration (see ``sites.declaration``). ``probe`` is a list of the help centre: the sign counts only if its
    answer can be read, and then it counts for more than a sign on a page.
    """

    seen: str
    locale: str
    declares: Mapping[str, Any] = field(default_factory=dict)
    probe: Link | None = None


class Interface(ABC):
    """A second source for the lists of a site, cheaper than its pages: a crawl uses it with ``-a witness=…``."""

    @abstractmethod
    def section_link(self, context: Context, key: str) -> Link:
        """Return the link whose answer states the id of a section."""

    @abstractmethod
    def list_link(self, context: Context, key: str, source_id: str, page: int) -> Link:
        """Return the link of one page, counted from 1, of the list of a section; ``Platform.read`` reads its answer."""

    @abstractmethod
    def list_asked(self, url: str) -> tuple[str, int] | None:
        """Return the id of the section and the page that a URL of ``list_link`` asks for; None for any other URL."""

    @abstractmethod
    def read_section(self, key: str, url: str, payload: Payload) -> Section:
        """Return the section ``key`` with its id; raises ``ExtractionError``, also for an answer about another."""


class Platform(ABC):
    """One kind of help centre: the grammar of its addresses, the reading of its pages, the claim of its lists.

    A ``Context`` names the edition: site, locale, and the base URL where it is crawled. ``extractor`` is the version of
    the reading; it increases when the same page would give other rows, or ``claim`` changes. ``parts`` are the
    arguments by which a crawl can ask for less than the whole help centre; any other is refused before the crawl.
    ``collects``: lists that no page names hold articles of any section. ``most`` bounds the articles of one list.
    ``any_site``: it is the fall-back for help centres that no other platform recognises. ``experimental``: no
    two independent samples of such help centres were read.
    """

    name: ClassVar[str]
    extractor: ClassVar[str]
    claim: ClassVar[Claim] = Claim()
    parts: ClassVar[tuple[Part, ...]] = ()
    collects: ClassVar[bool] = False
    any_site: ClassVar[bool] = False
    experimental: ClassVar[bool] = False
    most: ClassVar[int] = 1_000_000
    interface: ClassVar[Interface | None] = None

    @abstractmethod
    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url`` (absolute or a path); kind ``other`` for anything but a help page."""

    @abstractmethod
    def article_url(self, context: Context, key: str) -> str:
        """Return the canonical URL of an article."""

    @abstractmethod
    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Return the links at which a crawl of ``scope`` begins."""

    @abstractmethod
    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Return the findings of the response at ``url``; callers use ``read``."""

    def read(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Return the findings of the response at ``url``, the answer to ``asked``.

        Raises ``ExtractionError`` when it is not the page that was asked for or cannot be read, and its subclass
        ``AnotherEditionError`` when it belongs to another edition than ``context``.
        """
        try:
            found = self.findings(asked, url, payload, context)
        except AnotherEditionError:
            raise
        except ExtractionError as error:
            if challenge := self._challenge(error, url, payload):
                raise challenge from error
            raise
        if found.missing is not None:
            found.missing = self._challenge(found.missing, url, payload) or found.missing
        return self._canonical(found, context)

    def read_saved(self, url: str, payload: Payload, context: Context) -> Findings:
        """Return the findings of a single saved page, captured at ``url``; raises as ``read`` does."""
        return self.read(self.address(context.site, url), url, payload, context)

    def read_text(self, text: str, url: str, context: Context, titles: Iterable[str]) -> Findings:
        """Return the rows of a page whose markup is lost; none where the platform does not read flattened text.

        ``titles`` are those of known articles, which settle ambiguous readings.
        """
        return Findings()

    def category_link(self, context: Context, key: str) -> Link | None:
        """Return the link of a category at its usual address; None when the key does not give the address."""
        return None

    def list_link(self, context: Context, key: str, page: int = 1) -> Link | None:
        """Return the link of one page of a list; None when key and number do not give the address."""
        return None

    def article_link(self, context: Context, key: str) -> Link:
        """Return the link of an article's own page."""
        return Link(self.article_url(context, key), Address("article", context.locale, key))

    def places(self, context: Context) -> list[str]:
        """Return the URLs with which those of an edition begin, under which a web archive's index is asked for them."""
        return [self.start(context, Scope())[0].url, self.article_url(context, "-").rpartition("/")[0]]

    def instead(self, asked: Address, context: Context) -> list[Link]:
        """Return the links to follow when a guessed page of a list does not exist."""
        return []

    def leads_away(self, asked: Address, landed: Address) -> bool:
        """Tell whether an article's address led to the page of another one."""
        return (
            asked.kind == landed.kind == "article"
            and landed.key not in {None, asked.key}
            and landed.locale == asked.locale
        )

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Return the sign of this platform at ``url``, None when there is none.

        ``page`` is None when the page cannot be fetched or is a challenge. Raises ``ExtractionError`` for a page of
        this platform that no crawl may store, such as a sign-in page.
        """
        return None

    def blocked(self, url: str, payload: Payload) -> str | None:
        """Return the title of a block or challenge page, None for any other response."""
        try:
            return challenge_title(Page(url, payload))
        except ExtractionError:
            return None  # not a page

    def _challenge(self, error: ExtractionError, url: str, payload: Payload) -> ExtractionError | None:
        """Return the error for a block or challenge page where that is why ``error`` was raised; else None."""
        title = self.blocked(url, payload) if error.field != "challenge" else None
        if title is None:
            return None
        return ExtractionError(url, "challenge", f"a block or challenge page ({title!r})")

    def _canonical(self, findings: Findings, context: Context) -> Findings:
        """Build each article's URL from its key, so that a page cannot lead readers to another site."""
        for raw in findings.articles:
            if is_key(raw.key):
                raw.url = self.article_url(context, raw.key)
        return findings
