"""Declarations of sites: the shipped ones, those found elsewhere, and every mistake at once."""

from __future__ import annotations

import ast
import datetime as dt
import json
import pickle
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition
from helpscraper.declared import default_locale
from helpscraper.errors import CommandError
from helpscraper.normalise.dates import shown_date
from helpscraper.platforms import extractor_of, get_platform
from helpscraper.sites import get_site, sites_at
from helpscraper.sites.declaration import Mistakes, parse_declaration, site_of
from tests.conftest import ROOT

GOOD: dict[str, Any] = {
    "platform": "okx",
    "base_url": "https://help.acme.example",
    "description": "Acme's help",
    "timezone": "Europe/Copenhagen",
    "crawled": True,
    "also_at": {"http://127.0.0.1:8000": "this machine"},
    "editions": {"": "en", "ua": "uk-ua"},
    "regional": {"ACME US": "en-us"},
    "locales": {"uk-ua": "uk"},
    "categories": {"news": {"keys": ["115"], "titles": {"en": ["News"]}}},
    "sections": {"news-old": {"titles": {"en": ["Old news"]}}},
}


def toml(values: dict[str, Any]) -> bytes:
    """Write ``values`` as TOML: JSON's strings, numbers, lists and flags are TOML's too."""

    def lines(table: dict[str, Any], path: str) -> list[str]:
        own = [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in table.items() if not isinstance(v, dict)]
        out = [f"[{path}]", *own] if path else own
        for key, inner in table.items():
            if isinstance(inner, dict):
                out += lines(inner, f"{path}.{json.dumps(key)}" if path else json.dumps(key))
        return out

    return "\n".join(lines(values, "")).encode()


def mistakes(values: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(Mistakes) as caught:
        parse_declaration(toml(values), {})
    return caught.value.sentences


def test_a_declaration_is_read_whole() -> None:
    values = parse_declaration(toml(GOOD), {})
    assert values == GOOD
    site = site_of("acme", values)
    assert (site.platform, site.zone.key, site.default_locale) == ("okx", "Europe/Copenhagen", "en")
    assert site.locale("uk-ua").bcp47 == "uk"
    assert site.serves("http://127.0.0.1:8000/help/a")
    assert not site.serves("http://127.0.0.1/help/a")
    assert pickle.loads(pickle.dumps(site)) == site  # noqa: S301 (made here)


WRONG: list[tuple[tuple[str, ...], Any, str]] = [
    (("base_url",), "help.acme.example", "base_url: write a scheme and a host"),
    (("base_url",), "https://a@help.acme.example", "base_url: write a scheme and a host"),
    (("base_url",), "https://help.acme.example/", "base_url: write a scheme and a host"),
    (("base_url",), "https://help.acme.example:99999", "base_url: write a scheme and a host"),
    (("platform",), "../okx", "platform: write lower-case letters"),
    (("platform",), "okxx", "platform: a known platform is wanted, not 'okxx'; did you mean okx?"),
    (("description",), "two\nlines", "description: one line"),
    (("timezone",), "Europe/Copenhagn", "did you mean Europe/Copenhagen?"),
    (("timezone",), "../../etc/passwd", "timezone: a time zone"),
    (("timezone",), "Europe", "timezone: a time zone"),
    (("timezone",), 8, "timezone: a time zone"),
    (("crawled",), "no", "crawled: true or false"),
    (("also_at", "ftp://x"), "x", "also_at.'ftp://x': write a scheme and a host"),
    (("also_at",), [], "also_at: a table"),
    (("editions", "a/b"), "en", "editions.'a/b': a segment"),
    (("editions", "x"), "../en", "editions.x: a locale"),
    (("editions", "x"), "xx", "editions.'x': a locale of [locales]"),
    (("regional", "A"), "xx-yy", "regional.'A': a locale of [locales]"),
    (("locales", "../x"), "en", "locales.'../x': a locale such as"),
    (("locales", "ua"), "ua", "locales.ua: a language tag"),
    (("categories", "News"), {}, "categories.News: write lower-case letters"),
    (("categories", "news", "title"), ["News"], "categories.news.title: no such key; did you mean titles?"),
    (("categories", "news", "keys"), "115", "categories.news.keys: a list of texts"),
    (("categories", "news", "keys"), ["115", 116], "categories.news.keys[1]: one line"),
    (("categories", "news", "titles", "xx"), ["a"], "categories.news.titles.xx: a language tag"),
    (("categories", "faq"), {"keys": ["115"]}, "categories.faq: '115' names categories.news already"),
    (("timezon",), "UTC", "timezon: no such key; did you mean timezone?"),
    (("extends",), "okxx", "extends: a known site is wanted, not 'okxx'"),
    (("x" * 300,), "UTC", "no such key; known: extends, platform"),
]


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value


@pytest.mark.parametrize(("path", "value", "said"), WRONG)
def test_a_mistake_names_the_key_and_what_is_wanted(path: tuple[str, ...], value: Any, said: str) -> None:
    values = json.loads(json.dumps(GOOD))
    put(values, path, value)
    (sentence,) = mistakes(values)
    assert said in sentence
    assert len(sentence) < 400


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(WRONG), unique_by=lambda wrong: wrong[0][0], min_size=2, max_size=6))
def test_all_mistakes_are_told_at_once(chosen: list[tuple[tuple[str, ...], Any, str]]) -> None:
    values = json.loads(json.dumps(GOOD))
    for path, value, _ in chosen:
        put(values, path, value)
    if any(path == ("locales", "../x") for path, _, _ in chosen):
        values["locales"]["uk-ua"] = "uk"
    found = mistakes(values)
    assert len(found) == len(chosen)
    for _, _, said in chosen:
        assert any(said in sentence for sentence in found), (said, found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(GOOD)), json_values)
def test_any_value_is_a_site_or_a_mistake(key: str, value: Any) -> None:
    """Whatever stands there: a site whose editions are fit for folders, or sentences."""
    try:
        site = site_of("acme", GOOD | {key: value})
    except Mistakes as caught:
        assert all(sentence.startswith(key) for sentence in caught.sentences)
        return
    for locale in (*site.editions.values(), *site.regional.values(), *site.locales):
        Partition(site.name, locale)
        site.locale(locale)


@settings(deadline=None, max_examples=60)
@given(st.text(string.ascii_letters + "./\\-_ \x00é", max_size=12))
def test_a_name_is_fit_for_a_folder_or_refused(name: str) -> None:
    try:
        site_of(name, GOOD)
    except Mistakes:
        with pytest.raises(CommandError):
            Partition(name, "en")
        return
    Partition(name, "en")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"platform = ", "not TOML: "),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"x = " + b"[" * 100_000, "not TOML"),
        (b"x = " + b"9" * 5_000, "not TOML"),
        (b"#" * 300_000, "at most 262,144"),
        (b"", "platform: is missing; base_url: is missing"),
    ],
)
def test_a_file_that_is_no_declaration(data: bytes, said: str) -> None:
    with pytest.raises(Mistakes) as caught:
        parse_declaration(data, {})
    assert said in str(caught.value)


# ---- The shipped sites


def test_okx_is_as_it_was() -> None:
    okx = get_site("okx")
    assert okx.addresses == (
        "https://www.okx.com", "https://web3.okx.com", "https://aws.okx.com", "https://www.okex.com"
    )  # fmt: skip
    assert (okx.platform, okx.default_locale, dict(okx.regional)) == ("okx", "en", {"OKX_US": "en-us"})
    assert sites_at().find("http://okex.com/help/a") is okx
    assert sites_at().known_hosts().startswith("known sites: okx (www.okx.com, web3.okx.com, ")
    assert [get_site(f"okx-{name}").crawled for name in ("tr", "eea", "us")] == [False] * 3
    assert get_site("okx-us").regional == {}


def test_okx_shows_dates_at_eight_hours_ahead_of_utc_always() -> None:
    """Asia/Shanghai would not do: it had summer time, last in 1991."""
    zone, ahead = get_site("okx").zone, dt.timedelta(hours=8)
    months = [
        dt.datetime(year, month, 1, 15, 59, tzinfo=dt.UTC)
        for year in range(1900, 2200)
        for month in range(1, 13)
    ]
    assert all(zone.utcoffset(each.astimezone(zone)) == ahead for each in months)
    assert shown_date(dt.datetime(1988, 7, 1, 15, 59, tzinfo=dt.UTC), zone) == dt.date(1988, 7, 1)
    assert shown_date(dt.datetime(1988, 7, 1, 16, 0, tzinfo=dt.UTC), zone) == dt.date(1988, 7, 2)


def test_a_declaration_and_its_digest() -> None:
    facts = get_site("okx-tr").as_facts()
    assert site_of("okx-tr", json.loads(json.dumps(facts["values"]))).as_facts() == facts
    assert facts["values"]["timezone"] == "Etc/GMT-8"  # inherited
    assert facts["sha256"] != get_site("okx-eea").as_facts()["sha256"]


def test_a_declaration_of_ones_own_is_part_of_the_version_that_reads_it() -> None:
    acme = site_of("acme", GOOD)
    assert extractor_of(get_site("okx-tr")) == extractor_of(get_site("okx")) == get_platform("okx").extractor
    assert extractor_of(acme) == f"{get_platform('okx').extractor}+{acme.reading}"
    told = site_of("acme", GOOD | {"description": "Other words", "also_at": {}, "crawled": False})
    assert extractor_of(told) == extractor_of(acme)
    for key, value in (
        ("timezone", "UTC"),
        ("locales", {"uk-ua": "uk-UA"}),
        ("categories", {}),
        ("sections", {}),
    ):
        assert extractor_of(site_of("acme", GOOD | {key: value})) != extractor_of(acme), key


# ---- Declarations of one's own


def declare(folder: Path, name: str, values: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_bytes(toml(values))
    return path


def test_sites_beside_the_archive_and_in_the_folder_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = str(tmp_path / "output")
    assert sites_at(archive).find("https://help.acme.example/help") is None
    declare(tmp_path / "sites", "acme", GOOD)
    declare(tmp_path / "more", "bolt", {"extends": "okx", "base_url": "https://bolt.example"})
    assert sites_at(archive).get("acme").description == "Acme's help"
    assert sites_at(f"file://{archive}").get("acme").name == "acme"
    assert "acme" not in sites_at("s3://bucket/output").by_name
    both = sites_at(archive, str(tmp_path / "more"))
    assert both.get("bolt").timezone == "Etc/GMT-8"
    assert both.get("bolt").locale("es-la").bcp47 == "es-419"
    monkeypatch.setenv("HELPSCRAPER_SITES", str(tmp_path / "more"))
    assert sites_at().find("https://bolt.example/help/a") == both.get("bolt")
    with pytest.raises(CommandError, match="no such folder"):
        sites_at(archive, str(tmp_path / "none"))


def test_a_declaration_extends_any_other_but_not_in_a_circle(tmp_path: Path) -> None:
    declare(tmp_path, "a", {"extends": "b", "base_url": "https://a.example"})
    declare(tmp_path, "b", {"extends": "c", "base_url": "https://b.example", "timezone": "Europe/Oslo"})
    declare(tmp_path, "c", {"extends": "okx", "base_url": "https://c.example"})
    sites = sites_at(None, str(tmp_path))
    assert [sites.get(name).timezone for name in "abc"] == ["Europe/Oslo", "Europe/Oslo", "Etc/GMT-8"]
    assert list(sites.by_name)[:1] == ["okx"]
    declare(tmp_path, "c", {"extends": "a", "base_url": "https://c.example"})
    with pytest.raises(CommandError) as caught:
        sites_at(None, str(tmp_path))
    assert caught.value.message.count("extends: a known site is wanted") == 3


def test_a_name_is_taken_once_and_a_host_once_but_a_shipped_host_may_be_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "sites"
    path = declare(folder, "okx", GOOD)
    with pytest.raises(CommandError) as caught:
        sites_at(None, str(folder))
    assert str(path) in caught.value.message
    assert get_site("okx").file in caught.value.message
    path.unlink()
    declare(folder, "mine", {"extends": "okx", "base_url": "https://www.okx.com"})
    sites = sites_at(None, str(folder))
    assert sites.find("https://okx.com/help") is sites.get("mine")
    declare(folder, "other", {"extends": "okx", "base_url": "https://okx.com"})
    declare(folder, "broken", {"base_url": 1})
    with pytest.raises(CommandError) as caught:
        sites_at(None, str(folder))
    for said in ("other.toml: https://okx.com is a host of", "mine.toml already", "broken.toml: base_url: write a sch",
                 "broken.toml: platform: is missing"):  # fmt: skip
        assert said in caught.value.message


def test_a_reader_takes_the_default_locale_from_the_declaration_beside_the_archive(tmp_path: Path) -> None:
    archive, folder = str(tmp_path / "a"), tmp_path / "sites"
    assert default_locale("mine", archive) is None
    declare(folder, "broken", {"base_url": 1})  # concerns no reader of another site
    declare(
        folder, "mine", {"extends": "okx", "base_url": "https://help.mine.example", "editions": {"": "de"}}
    )
    assert default_locale("mine", archive) == "de"
    declare(folder, "mine", {"extends": "okx", "base_url": "https://help.mine.example"})
    assert default_locale("mine", archive) == "en"
    assert default_locale("../sites/mine", archive) is None
    declare(folder, "mine", {"editions": {"": "../x"}})
    with pytest.raises(CommandError, match=r"mine.toml: editions: .*not '../x'"):
        default_locale("mine", archive)
    (folder / "mine.toml").write_text("editions =")
    with pytest.raises(CommandError, match=r"mine.toml: "):
        default_locale("mine", archive)


# ---- Nothing but its platform, its declarations and the sample knows OKX


def named_in(path: Path) -> set[str]:
    """Return the names and texts of a module that speak of OKX; docstrings and the examples of a command may."""
    text = path.read_text("utf-8")
    tree = ast.parse(text if "okx" in text.lower() else "")
    spoken = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "EXAMPLE"
        )
    }
    found = set()
    for node in ast.walk(tree):
        texts = [node.value] if isinstance(node, ast.Constant) and id(node) not in spoken else []
        texts += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        texts += [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        texts += [node.id] if isinstance(node, ast.Name) else []
        found |= {text for text in texts if isinstance(text, str) and "okx" in text.lower()}
    return found


def test_no_general_module_names_okx() -> None:
    package = ROOT / "helpscraper"
    special = ("platforms", "sites", "declared.py", "sample")
    general = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in special]
    assert {str(path.relative_to(ROOT)): found for path in general if (found := named_in(path))} == {}
    assert named_in(package / "platforms" / "okx" / "words.py") == {"okx"}
    assert "helpscraper.platforms.okx.words" in named_in(package / "platforms" / "okx" / "text" / "tail.py")
