"""Settings are checked all at once, each by its own rule, before anything is opened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import BaseSettings, Settings, default_settings

from helpscraper import settings as own
from helpscraper.crawl.setting_checks import maybe, notify_urls
from helpscraper.crawl.settings_table import CHECKS, check_settings
from helpscraper.errors import CommandError, ExitCode

DEFAULTS = {name: value for name, value in vars(own).items() if name.isupper()}

WRONG: list[tuple[str, str, str]] = [
    ("HEALTH_MIN_ARTICLES", "abc", "a share from 0 to 1"),
    ("HEALTH_MIN_ARTICLES", "nan", "a share from 0 to 1"),
    ("HEALTH_MAX_FAILED", "1.5", "a share from 0 to 1"),
    ("HEALTH_BASELINE_RUNS", "-1", "a whole number of 1 or more"),
    ("HEALTH_MAX_CHALLENGES", "1.5", "a whole number of 0 or more"),
    ("RESUME_MAX_HOURS", "abc", "a number of hours"),
    ("RESUME_MAX_HOURS", "inf", "a number of hours"),
    ("RESUME", "maybe", "True or False"),
    ("RESUME", "TRUE", "True or False"),
    ("WARC_ENABLED", "maybe", "True or False"),
    ("WARC_ROTATE_BYTES", "0", "a whole number of 1 or more"),
    ("LOG_LEVEL", "FOO", "one of NOTSET, DEBUG, INFO"),
    ("RETRY_BACKOFF", "abc", "a number of seconds of 0 or more"),
    ("RETRY_AFTER_MAX", "-1", "a number of seconds of 0 or more"),
    ("DOWNLOAD_DELAY", "abc", "a number of seconds of 0 or more"),
    ("RETRY_TIMES", "x", "a whole number of 0 or more"),
    ("UNLISTED_PROBES", "abc", "a whole number of 0 or more"),
    ("GIVE_UP_AFTER", "abc", "a whole number of 1 or more"),
    ("SECOND_CHANCES", "x", "a whole number of 0 or more"),
    ("PROGRESS", "perhaps", "True or False"),
    ("ARCHIVE_URI", "", "the URI is empty"),
    ("ARCHIVE_URI", "x::y", "`::` chains several"),
    ("CONTACT", "a\nb", "one line of text"),
    ("SITES", "no/such/folder", "an existing folder"),
    ("NOTIFY_TIMEOUT", "0", "a number of seconds from 0.1 to 3600"),
]


def with_(**settings: Any) -> BaseSettings:
    return Settings(DEFAULTS | settings)


def test_every_own_setting_is_checked_and_its_default_will_do() -> None:
    assert {name for name in DEFAULTS if not hasattr(default_settings, name)} <= CHECKS.keys()
    check_settings(with_())


@pytest.mark.parametrize(("name", "value", "wanted"), WRONG)
def test_what_makes_no_sense_is_named_with_what_is_wanted(name: str, value: str, wanted: str) -> None:
    with pytest.raises(CommandError) as caught:
        check_settings(with_(**{name: value}))
    assert caught.value.exit_code is ExitCode.USAGE
    assert f"{name}={value}: " in caught.value.message
    assert wanted in caught.value.message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AUDIT_DAY", "AUDIT_DAYS"),
        ("HEALTH_MIN_ARTICELS", "HEALTH_MIN_ARTICLES"),
        ("WARC_ENABLE", "WARC_ENABLED"),
    ],
)
def test_a_misspelt_setting_is_a_bad_argument(name: str, meant: str) -> None:
    with pytest.raises(CommandError, match=f"{name}: there is no such setting; did you mean {meant}?"):
        check_settings(with_(**{name: "1"}))


def test_settings_of_other_packages_are_none_of_ours() -> None:
    names = (
        "REDIS_URL",
        "PLAYWRIGHT_LAUNCH_OPTIONS",
        "SPLASH_URL",
        "ZYTE_API_KEY",
        "HTTPCACHE_ZIP",
        "RETRY_ON",
        "MY_SITE",
    )
    check_settings(with_(**dict.fromkeys(names, "1")))


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        check_settings(with_(RESUME="maybe", GIVE_UP_AFTER="abc"))
    assert "RESUME=maybe" in caught.value.message
    assert "GIVE_UP_AFTER=abc" in caught.value.message


@pytest.mark.parametrize("value", ["True", "False", "true", "0", "1", True, False])
def test_a_switch_takes_what_scrapy_takes(value: object) -> None:
    given_ = with_(RESUME=value, WARC_ENABLED=value, PROGRESS=value)
    check_settings(given_)
    assert given_.getbool("RESUME") is maybe(value)


def test_progress_is_left_to_the_program_unless_it_is_said() -> None:
    assert [maybe(value) for value in (None, "None", "", "False", "True")] == [None, None, None, False, True]


@given(st.sampled_from(sorted(CHECKS.keys() - {"NOTIFY_URLS"})), st.text(max_size=8))
def test_what_passes_can_be_read_later(name: str, value: str) -> None:
    """Whatever text is given: it is refused as a setting, or Scrapy's readers of that kind take it."""
    settings = with_(**{name: value})
    try:
        check_settings(settings)
    except CommandError:
        return
    default = DEFAULTS.get(name, getattr(default_settings, name, None))
    if isinstance(default, bool):
        settings.getbool(name)
    elif isinstance(default, int):
        settings.getint(name)
    elif isinstance(default, float):
        settings.getfloat(name)


def test_between_urls_stands_white_space_or_a_comma_and_inside_of_one_a_comma_may_stand() -> None:
    one, two = "mailto://a:b@example.org?to=x@example.org,y@example.org", "json://127.0.0.1/"
    for text in (f"{one},{two}", f"{one} {two}", f"{one}, {two}", f" {one}\n{two},"):
        assert notify_urls(text) == (one, two)
    assert notify_urls([one, two]) == (one, two)
    assert notify_urls("") == notify_urls([]) == notify_urls(None) == ()


# Of Python 3.11's own module, which apprise imports.
@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
def test_a_receiver_that_is_none_is_named_without_its_password(caplog: pytest.LogCaptureFixture) -> None:
    check_settings(with_(NOTIFY_URLS="json://127.0.0.1/"))
    with pytest.raises(CommandError) as caught:
        check_settings(with_(NOTIFY_URLS="json://127.0.0.1/ nonsense://user:secret@host garbage"))
    assert "URL 2 (nonsense://…), URL 3 (without a scheme)" in caught.value.message
    assert "secret" not in caught.value.message + caplog.text
