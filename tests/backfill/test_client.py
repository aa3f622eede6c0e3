"""The client asks for one thing at a time, waits when it is told to, and takes nothing beyond its bounds."""

from __future__ import annotations

import datetime as dt
import gzip
import socket
from email.utils import format_datetime

import pytest

from helpscraper import __version__
from helpscraper.backfill.client import Client, Gap
from helpscraper.errors import OversizedError
from tests.backfill.archives import Reply, Web, quick, serving

FINE: Reply = (200, {}, b"fine")


def answers(*replies: Reply) -> Web:
    """A server that gives one answer after the other, and the last one for ever."""
    return Web(lambda path, _: FINE, fault=lambda path, _, count: replies[min(count, len(replies)) - 1])


def test_it_says_what_it_is_and_pauses_between_two_requests() -> None:
    sent: list[int] = []
    client, slept = quick(contact="me@example.org", pause=7.0, sending=sent.append)
    with serving(answers(FINE)) as web:
        for _ in range(3):
            assert client.get(f"{web.url}/a", limit=4).body == b"fine"
    agents = {headers["User-Agent"] for _, headers in web.asked}
    assert agents == {f"helpscraper/{__version__} (history of a help centre) +me@example.org"}
    assert sent == [1, 2, 3]
    assert len(slept) == 2 and all(6 < seconds <= 7 for seconds in slept)


@pytest.mark.parametrize(
    ("said", "waited"),
    [({"Retry-After": "77"}, 77), ({}, 5), ({"Retry-After": "soon"}, 5), ({"Retry-After": "-"}, 5)],
)
def test_a_busy_server_is_asked_again_when_it_says(said: dict[str, str], waited: int) -> None:
    client, slept = quick(pause=0.0)
    why: list[str] = []
    client.waiting = lambda _, said: why.append(said)
    with serving(answers((503, said, b""), (429, said, b""), FINE)) as web:
        assert client.get(f"{web.url}/a", limit=4).status == 200
        host = web.url.removeprefix("http://")
    assert why == [f"{host}: status 503", f"{host}: status 429"]
    assert slept == [waited, waited if "77" in said.values() else 2 * waited]


def test_retry_after_may_be_a_date() -> None:
    client, slept = quick(pause=0.0)
    then = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60), usegmt=True)
    with serving(answers((429, {"Retry-After": then}, b""), FINE)) as web:
        client.get(f"{web.url}/a", limit=4)
    assert 50 < slept[0] <= 60


def test_a_server_that_stays_busy_is_a_gap_and_soon_left_alone() -> None:
    client, slept = quick(pause=0.0)
    with serving(answers((429, {}, b""))) as web:
        for _ in range(5):
            with pytest.raises(Gap, match=r"429|in a row") as gap:
                client.get(f"{web.url}/a", limit=4)
            assert gap.value.again and "later" in gap.value.advice
    assert len(web.asked) == client.tries * client.give_up_after
    assert max(slept) == 20


def test_a_wait_beyond_the_bound_is_a_gap_at_once() -> None:
    client, slept = quick(pause=0.0)
    with serving(answers((503, {"Retry-After": "86400"}, b""))) as web, pytest.raises(Gap, match="86,400 s"):
        client.get(f"{web.url}/a", limit=4)
    assert (len(web.asked), slept) == (1, [])


def test_the_next_request_waits_as_long_as_the_last_answer_asked() -> None:
    client, slept = quick(pause=0.0, tries=2)
    why: list[str] = []
    client.waiting = lambda _, said: why.append(said)
    with serving(answers((503, {"Retry-After": "77"}, b""))) as web:
        web.fault = lambda path, *_: (503, {"Retry-After": "77"}, b"") if path == "/a" else None
        with pytest.raises(Gap, match="asked 2 times"):
            client.get(f"{web.url}/a", limit=4)
        assert client.get(f"{web.url}/b", limit=4).body == b"fine"
        assert client.get(f"{web.url}/b", limit=4).body == b"fine"
    assert slept[0] == 77 and 70 < slept[1] <= 77 and len(slept) == 2
    assert why[1].endswith("as it wants")


def test_a_host_that_asked_for_a_long_wait_is_not_asked_before() -> None:
    client, slept = quick(pause=0.0)
    with serving(answers((503, {"Retry-After": "86400"}, b""))) as web:
        for path, said in (("/a", "86,400 s"), ("/b", "not asked before 2"), ("/c", "not asked before 2")):
            with pytest.raises(Gap, match=said) as gap:
                client.get(f"{web.url}{path}", limit=4)
            assert gap.value.again
    assert (web.paths(), slept) == (["/a"], [])


def test_an_answer_that_is_cut_off_is_asked_for_again() -> None:
    client, _ = quick(pause=0.0)
    with serving(answers((200, {"Content-Length": "9"}, b"fine"), FINE)) as web:
        assert client.get(f"{web.url}/a", limit=9).body == b"fine"
    assert len(web.asked) == 2
    with serving(answers((200, {"Content-Length": "9"}, b"fine"))) as web, pytest.raises(Gap, match="4 of 9"):
        client.get(f"{web.url}/a", limit=9)


@pytest.mark.parametrize("stated", [{}, {"Content-Length": "1000000000"}, {"Transfer-Encoding": "identity"}])
def test_an_answer_beyond_the_bound_is_not_taken(stated: dict[str, str]) -> None:
    client, _ = quick()
    big = gzip.compress(bytes(100_000), 0)
    with serving(answers((200, stated, big))) as web, pytest.raises(OversizedError, match="bytes"):
        client.get(f"{web.url}/a", limit=50_000)
    assert len(web.asked) == 1


def test_redirects_are_followed_on_the_same_site_only() -> None:
    client, _ = quick(pause=0.0)
    with serving(answers((302, {"Location": "/b"}, b""))) as web:
        web.fault = lambda path, _, count: (302, {"Location": "/b"}, b"") if path == "/a" else None
        assert client.get(f"{web.url}/a", limit=4).url == f"{web.url}/b"
        assert client.get(f"{web.url}/a", limit=4, follow=False).status == 302
        web.fault = lambda path, _, count: (302, {"Location": f"{path}x"}, b"")
        with pytest.raises(Gap, match="more than 5 redirects"):
            client.get(f"{web.url}/a", limit=4)
        for elsewhere in (
            "http://127.0.0.2/",
            "file:///etc/passwd",
            "//evil.example/x",
            "http://[",
            "ftp://x/",
        ):
            web.fault = lambda path, _, count, to=elsewhere: (301, {"Location": to}, b"")  # type: ignore[misc]
            with pytest.raises(Gap, match="another site") as gap:
                client.get(f"{web.url}/a", limit=4)
            assert not gap.value.again


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/a", "/a", "http://user@example.org/"]
)
def test_only_addresses_of_the_web_are_asked(url: str) -> None:
    with pytest.raises(Gap, match="no address of the web"):
        Client().get(url, limit=4)


def test_a_server_that_is_not_there_is_a_gap() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client, _ = quick(pause=0.0, tries=2)
    with pytest.raises(Gap, match="refused, asked 2 times"):
        client.get(f"http://127.0.0.1:{port}/a", limit=4)


def test_an_answer_that_takes_too_long_is_a_gap() -> None:
    client, _ = quick(pause=0.0, tries=1, longest_answer=-1.0)
    with serving(answers(FINE)) as web, pytest.raises(Gap, match="not whole"):
        client.get(f"{web.url}/a", limit=4)
