"""Read a site's declaration in TOML; every mistake is reported at once, with the file, the key and the value wanted.

A check takes a value and yields (path below it, message) for each mistake; checks are composed of smaller ones. A
declaration that ``extends`` another inherits its platform, time zone, locales, categories and sections, unless it
states its own.
"""

from __future__ import annotations

import difflib
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from helpscraper.declared import MAX_BYTES
from helpscraper.errors import CommandError
from helpscraper.locales import get_locale
from helpscraper.normalise.categories import Vocabulary, label_key
from helpscraper.sites.platforms import SHIPPED, platform_entries
from helpscraper.sites.site import Site
from helpscraper.urls import is_key, is_locale, is_root, origin

__all__ = ["Mistakes", "parse_declaration", "site_of"]

_LONGEST: Final = 300
_SHOWN: Final = 40
_INHERITED: Final = ("platform", "timezone", "locales", "categories", "sections")
_REQUIRED: Final = ("platform", "base_url")

Check = Callable[[Any], Iterator[tuple[str, str]]]


class Mistakes(Exception):  # noqa: N818 (it holds several mistakes)
    """One declaration is wrong; ``sentences`` has one sentence for each mistake."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def parse_declaration(data: bytes, known: Mapping[str, Site]) -> dict[str, Any]:
    """Return the values that the TOML ``data`` declares; ``known`` holds the sites that it may extend.

    Raises ``Mistakes`` with every mistake.
    """
    if len(data) > MAX_BYTES:
        raise Mistakes(f"{len(data):,} bytes; a declaration has at most {MAX_BYTES:,}")
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Mistakes(f"not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:  # ValueError also for a number of too many digits
        raise Mistakes(f"not TOML: {error}") from None
    wrong = list(_sentences(values))
    wrong += _unknown_platforms(values)
    parent = values.pop("extends", None)
    if isinstance(parent, str) and parent not in known:
        wrong.append(f"extends: a known site is wanted, not {_named(parent)}{_nearest(parent, known)}")
    elif isinstance(parent, str):
        inherited = known[parent].declaration
        values = {key: inherited[key] for key in _INHERITED if key in inherited} | values
    wrong += [f"{key}: is missing" for key in _REQUIRED if key not in values]
    if wrong:
        raise Mistakes(*wrong)
    return values


def _unknown_platforms(values: Mapping[str, Any]) -> Iterator[str]:
    """Name the platforms, of the site and of its eras, that do not exist."""
    eras = values.get("eras")
    stated = {"platform": values.get("platform")}
    for place, era in eras.items() if isinstance(eras, dict) else ():
        stated[f"eras.{_named(place)}.platform"] = era.get("platform") if isinstance(era, dict) else None
    for key, platform in stated.items():
        if isinstance(platform, str) and is_key(platform) and platform not in SHIPPED:
            names = platform_entries()
            if platform not in names:
                advice = _nearest(platform, names) or f"; known: {', '.join(names)}"
                yield f"{key}: a known platform is wanted, not {_named(platform)}{advice}"


def site_of(name: str, values: Mapping[str, Any], file: str = "") -> Site:
    """Return the site ``name`` as ``values`` declare it; ``values`` may come from run facts.

    Raises ``Mistakes`` with every mistake.
    """
    wrong = list(_sentences(values))
    if not is_key(name):
        wrong.insert(
            0, f"a site's name has lower-case letters, digits, - _ . only (such as acme), not {_named(name)}"
        )
    wrong += [f"{key}: is missing" for key in _REQUIRED if key not in values]
    if wrong:
        raise Mistakes(*wrong)
    stated: dict[str, Any] = {key: value for key, value in values.items() if key not in _VOCABULARIES}
    stated |= {key: Vocabulary(values.get(key, {})) for key in _VOCABULARIES}
    return Site(name=name, declaration=values, file=file, **stated)


def _sentences(values: Mapping[str, Any]) -> Iterator[str]:
    for place, wanted in _DECLARATION(values):
        yield f"{place.removeprefix('.') or 'the declaration'}: {wanted}"
    for key in _VOCABULARIES:
        if not any(True for _ in _FIELDS[key](values.get(key, {}))):
            yield from _clashes(key, values.get(key, {}))
    locales = values.get("locales")
    own = locales if isinstance(locales, dict) else {}
    asked = values.get("crawl_locales")
    named = [("crawl_locales", locale) for locale in (asked if isinstance(asked, list) else ())]
    for key in ("editions", "regional"):
        table = values.get(key)
        pairs = table.items() if isinstance(table, dict) else ()
        named += [(f"{key}.{_named(name)}", locale) for name, locale in pairs]
    for place, locale in named:
        if isinstance(locale, str) and is_locale(locale) and locale not in own and any(_tag(locale)):
            yield f"{place}: a locale of [locales] or of BCP 47 is wanted, not {locale!r}"


def _clashes(key: str, vocabulary: Mapping[str, Any]) -> Iterator[str]:
    """Name every key or title of one language that has two canonical names."""
    owners: dict[tuple[str, str], str] = {}
    for canonical, names in vocabulary.items():
        labels = {("", canonical), *(("", label) for label in names.get("keys", ()))}
        labels |= {(lang, title) for lang, titles in names.get("titles", {}).items() for title in titles}
        for language, label in sorted(labels):
            owner = owners.setdefault((language, label_key(label)), canonical)
            if owner != canonical:
                yield f"{key}.{canonical}: {_named(label)} names {key}.{owner} already"


# ---- Checks


def _named(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name[:_SHOWN], known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _key(name: str) -> str:
    return f".{name}" if is_key(name.lower()) and "." not in name else f".{_named(name)}"


def _text(value: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable() and value.strip()):
        yield "", f"one line of 1 to {_LONGEST} characters is wanted"


def _flag(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, bool):
        yield "", "true or false is wanted"


def _slug(value: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, str) and is_key(value)):
        yield "", "write lower-case letters, digits, - _ . only"


def _root(value: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, str) and value.isascii() and is_root(value) and value == origin(value).lower()):
        yield "", "write a scheme and a host, such as https://help.example.com"


def _place(value: Any) -> Iterator[tuple[str, str]]:
    """An address with a path or without one, such as ``https://www.acme.example/support``."""
    root = origin(value) if isinstance(value, str) else ""
    path = value[len(root) :] if root else ""
    if any(_root(root)) or not all(is_key(part) for part in path.split("/")[1:]) or path.endswith("/"):
        yield "", "write a scheme, a host and a path without a slash at its end"


def _zone(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST:
        try:
            zoneinfo.ZoneInfo(value)
            return
        # zoneinfo raises these for an unknown name, a folder of zones, and a path out of its folder.
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            near = _nearest(value, dict.fromkeys(sorted(zoneinfo.available_timezones())))
            yield "", f"a time zone such as Europe/Copenhagen is wanted, not {_named(value)}{near}"
            return
    yield "", "a time zone such as Europe/Copenhagen is wanted"


def _tag(value: Any) -> Iterator[tuple[str, str]]:
    try:
        get_locale(value if isinstance(value, str) else "")
    except CommandError as error:
        yield "", f"a language tag of BCP 47 is wanted: {error.message}, {error.advice}"


def _prefix(value: Any) -> Iterator[tuple[str, str]]:
    if not (isinstance(value, str) and is_locale(value)):
        yield "", "a locale such as en, zh-hans or pt-br is wanted"


def _segment(value: Any) -> Iterator[tuple[str, str]]:
    if value != "" and not is_key(value):
        yield "", 'a segment of a path, or "", is wanted as key'


def _paths(value: Any) -> Iterator[tuple[str, str]]:
    yield from _texts(value)
    for number, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str) and not item.startswith("/"):
            yield f"[{number}]", "the beginning of a path, such as /help/, is wanted"


def _prefixes(value: Any) -> Iterator[tuple[str, str]]:
    yield from _texts(value)
    for number, item in enumerate(value if isinstance(value, list) else ()):
        yield from ((f"[{number}]", wanted) for _, wanted in _prefix(item))


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield "", "a list of texts is wanted"
        return
    for number, item in enumerate(value):
        yield from ((f"[{number}]{place}", wanted) for place, wanted in _text(item))


def _table(key: Check, item: Check) -> Check:
    """Check a table whose keys are names: each key by ``key``, each value by ``item``."""

    def check(value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, dict):
            yield "", "a table is wanted"
            return
        for name, inner in value.items():
            yield from (
                (f"{_key(name)}{place}", wanted)
                for each in (key(name), item(inner))
                for place, wanted in each
            )

    return check


def _fields(known: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """Check a table whose keys are fixed; an unknown key is reported with the nearest known one."""

    def check(value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, Mapping):
            yield "", "a table is wanted"
            return
        yield from ((f".{name}", "is missing") for name in required if name not in value)
        for name, inner in value.items():
            if name in known:
                yield from ((f"{_key(name)}{place}", wanted) for place, wanted in known[name](inner))
            else:
                advice = _nearest(name, known) or f"; known: {', '.join(known)}"
                yield _key(name), f"no such key{advice}"

    return check


_NAMES: Final = _table(_slug, _fields({"keys": _texts, "titles": _table(_tag, _texts)}))

_ERA: Final = _fields({"platform": _slug, "locales": _table(_prefix, _prefix)}, required=("platform",))

_FIELDS: Final[Mapping[str, Check]] = {
    "extends": _slug,
    "platform": _slug,
    "base_url": _root,
    "description": _text,
    "timezone": _zone,
    "crawled": _flag,
    "also_at": _table(_root, _text),
    "editions": _table(_segment, _prefix),
    "regional": _table(_text, _prefix),
    "locales": _table(_prefix, _tag),
    "eras": _table(_place, _ERA),
    "include": _paths,
    "exclude": _paths,
    "crawl_locales": _prefixes,
    "categories": _NAMES,
    "sections": _NAMES,
}
"""Every key of a declaration and the check of its value; ``sites/okx.toml`` shows each in use."""

_DECLARATION: Final = _fields(_FIELDS)
_VOCABULARIES: Final = ("categories", "sections")
