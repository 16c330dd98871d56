"""Fetching a medium as steps: what may be fetched, how far, how long, and what came."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import ConnectError, Error, FetchError, StaleConnectionError, TimedOutError, TransportError
from baimo.media.fetching import Fetched, FetchRules, fetch, fields_of, request_for, shown
from baimo.resilience.timing import NO_DEADLINE, Deadline
from baimo.types.content import Audio, File, Image, Video
from baimo.wire.http import WireHead
from tests.playing import Play

URL = "https://pictures.test/a.png?sig=secret"
PNG = b"\x89PNG\r\n\x1a\n...."
RULES = FetchRules()
OPEN = FetchRules(allow_private=True)


def head(status: int = 200, **fields: str) -> WireHead:
    return WireHead(status, tuple((k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()))


def run(play: Play, url: str = URL, rules: FetchRules = RULES, **told: Any) -> Fetched:
    found: Fetched = play.run(fetch(url, rules, told.pop("deadline", NO_DEADLINE), **told))
    return found


def test_bytes_and_what_the_server_calls_them_come_back() -> None:
    play = Play(head(content_type="image/PNG; x=1", content_length="12"), PNG[:5], PNG[5:], b"")
    assert run(play) == Fetched(PNG, "image/png")
    [sent] = play.sent
    assert sent.wire.url == URL and sent.wire.public_only
    assert dict(sent.wire.headers)[b"accept-encoding"] == b"identity"
    assert dict(sent.wire.headers)[b"connection"] == b"close"
    shared = request_for(URL, OPEN)  # goes by a connection that other calls use as well
    assert not shared.public_only and b"connection" not in dict(shared.headers)


REFUSED = [
    ("file:///etc/passwd", "only http and https"),
    ("ftp://pictures.test/a", "only http and https"),
    ("gopher://pictures.test/a", "only http and https"),
    ("//pictures.test/a", "only http and https"),
    ("http://user@pictures.test/", "user name"),
    ("http://good.test@127.0.0.1/", "user name"),
    ("http://:@pictures.test/", "user name"),
    ("http://127.0.0.1/", "its host is not public"),
    ("http://[::1]/", "its host is not public"),
    ("http://[::ffff:8.8.8.8]/", "its host is not public"),
    ("http://localhost:8080/", "its host is not public"),
    ("http://metadata.google.internal/", "its host is not public"),
    ("http://169.254.169.254/latest/meta-data/", "its host is not public"),
    ("http://2130706433/", "no host that is clear"),
    ("http://0x7f.1/", "no host that is clear"),
    ("http://0177.0.0.1/", "no host that is clear"),
    ("http://127.0.0.1./", "no host that is clear"),
    ("http:///a", "no host that is clear"),
    ("http://\uff11\uff12\uff17.0.0.1/", "its host is not public"),
    ("http://a\u3002b\uff0f@c/", "no address|user name|no host"),
    ("http://[::1/", "no address"),
    ("http://a.test:99999/", "no address"),
    ("http://a.test\\@b.test/", "backslash"),
    ("http://a.test/ b", "blank"),
    ("http://a.test/\r\nHost: b", "blank"),
]


@pytest.mark.parametrize(("url", "why"), REFUSED)
def test_an_address_that_may_not_be_fetched_is_never_sent(url: str, why: str) -> None:
    play = Play()
    with pytest.raises(FetchError, match=why) as caught:
        run(play, url)
    assert play.sent == []
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/a", "http://[::1]/", "http://localhost/", "http://10.0.0.1/"]
)
def test_private_addresses_are_fetched_where_that_is_allowed(url: str) -> None:
    assert not request_for(url, OPEN).public_only


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://u:p@10.0.0.1/", "http://2130706433/"])
def test_that_allows_no_other_scheme_no_login_and_no_odd_number(url: str) -> None:
    with pytest.raises(FetchError):
        request_for(url, OPEN)


def test_path_and_query_reach_the_wire_as_ascii_and_a_host_as_its_ascii_name() -> None:
    request = request_for(
        "HTTPS://M\u00fcller.Example:8443/a b\u00e9/%2F?q=\u00fc&x=1#part".replace(" ", "%20"), RULES
    )
    assert request.origin == "https://xn--mller-kva.example:8443"
    assert request.target == b"/a%20b%C3%A9/%2F?q=%C3%BC&x=1"
    assert request_for("http://a.test", RULES).target == b"/"
    assert request_for("http://[2606:4700::1]:81/", RULES).origin == "http://[2606:4700::1]:81"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    play = Play(head(status, location="/b.png"), head(), PNG, b"")
    assert run(play).data == PNG
    assert [one.wire.url for one in play.sent] == [URL, "https://pictures.test/b.png"]


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://127.0.0.1/", "not public"),
        ("https://0x7f000001/", "no host that is clear"),
        ("https://u@b.test/", "user name"),
        ("http://pictures.test/a.png", "from https"),
        ("file:///etc/passwd", "from https"),
        ("https://[::1", "no address"),
    ],
)
def test_every_redirect_is_looked_at_anew(location: str, why: str) -> None:
    play = Play(head(302, location=location))
    with pytest.raises(FetchError, match=why):
        run(play)
    assert len(play.sent) == 1


def test_a_redirect_to_nowhere_and_one_too_many_are_errors() -> None:
    with pytest.raises(FetchError, match="says not where to"):
        run(Play(head(302)))
    play = Play(*[head(302, location=f"/{number}") for number in range(7)])
    with pytest.raises(FetchError, match="more than 5 times"):
        run(play)
    assert len(play.sent) == 6


@pytest.mark.parametrize(
    ("status", "again"), [(404, False), (403, False), (204, False), (503, True), (429, True)]
)
def test_another_answer_than_200_is_an_error_that_tells_it(status: int, again: bool) -> None:
    with pytest.raises(FetchError, match=f"pictures.test/a.png could not.*answered {status}") as caught:
        run(Play(head(status)))
    assert (caught.value.status, caught.value.retryable) == (status, again)
    assert caught.value.url == "https://pictures.test/a.png"


def test_no_more_bytes_are_read_than_allowed() -> None:
    with pytest.raises(FetchError, match="larger than the 10 bytes"):
        run(Play(head(content_length="11")), most=10)
    play = Play(head(content_length="3"), b"12345", b"123456", b"never read")
    with pytest.raises(FetchError, match="larger than the 10 bytes"):
        run(play, most=10)
    assert play.trace.count("Read") == 2
    assert (
        run(Play(head(), b"1234567890", b""), rules=FetchRules(max_bytes=10), most=99).data == b"1234567890"
    )


def test_a_fetch_has_a_time_of_its_own() -> None:
    play = Play(10.0, head(), 15.0, b"x", 6.0, b"y")
    with pytest.raises(FetchError, match="in time") as caught:
        run(play)
    assert caught.value.retryable
    assert [round(one) for one in play.reads] == [20, 5]
    assert play.sent[0].connect_s == 10.0 and play.sent[0].head_s == 30.0


def test_the_time_of_the_call_bounds_it_too() -> None:
    play = Play(3.0, head(), b"x", 3.0, b"y")
    with pytest.raises(TimedOutError, match="the call's time was over") as caught:
        run(play, deadline=Deadline(5.0, now=play.now))
    assert caught.value.limit == "total" and caught.value.sent is False
    assert play.sent[0].connect_s == 5.0


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_failure_of_the_network_is_one_of_fetching(where: str) -> None:
    failure = (
        ConnectError("nobody answers", retryable=False) if where == "head" else TransportError("cut off")
    )
    play = Play(failure) if where == "head" else Play(head(), failure)
    with pytest.raises(FetchError, match=r"could not be fetched: (nobody answers|cut off)") as caught:
        run(play)
    assert caught.value.__cause__ is failure
    assert caught.value.retryable is failure.retryable


def test_a_connection_that_had_ended_is_made_anew_once() -> None:
    stale: Error = StaleConnectionError("ended")
    assert run(Play(stale, head(), PNG, b"")).data == PNG
    with pytest.raises(FetchError, match="ended"):
        run(Play(stale, StaleConnectionError("ended again")))


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown("https://user:pass@a.test/x?sig=1#y") == "https://a.test/x"
    assert len(shown("https://a.test/" + "x" * 900)) == 200


IMAGE, FILE = Image(url=URL), File(url=URL)


@pytest.mark.parametrize(
    ("part", "data", "told", "fields"),
    [
        (IMAGE, PNG, "image/png", {"media_type": "image/png"}),
        (IMAGE, PNG, None, {"media_type": "image/png"}),
        (IMAGE, PNG, "text/plain", {"media_type": "image/png"}),
        (Image(url=URL, media_type="image/png"), PNG, None, {}),
        (Image(url=URL, media_type="image/x-own"), b"??", None, {}),
        (IMAGE, b"<svg", "image/svg+xml", {"media_type": "image/svg+xml"}),
        (Audio(url=URL), b"ID3\x04", None, {"format": "mp3"}),
        (Audio(url=URL), b"\0\0\0\x20ftypisom", "audio/mp4", {"format": "m4a"}),
        (Audio(url=URL, format="pcm16"), b"??", None, {}),
        (Video(url=URL), b"\x1aE\xdf\xa3", None, {"media_type": "video/webm"}),
        (FILE, b"%PDF", "application/pdf", {"media_type": "application/pdf"}),
        (FILE, b"a,b", "text/csv", {"media_type": "text/csv"}),
        (FILE, PNG, None, {"media_type": "image/png"}),
        (File(url=URL, media_type="text/html"), b"<html>", "text/html", {}),
    ],
)
def test_what_came_becomes_the_part(part: Any, data: bytes, told: str | None, fields: Any) -> None:
    assert fields_of(part, Fetched(data, told)) == {"data": data, "url": None, **fields}


@pytest.mark.parametrize(
    ("part", "data", "told", "why"),
    [
        (IMAGE, b"", "image/png", "holds no bytes"),
        (IMAGE, b"<html>", "text/html", "gives text/html, where a picture was expected"),
        (IMAGE, b"??", None, "gives bytes of no known type, where a picture"),
        (IMAGE, b"%PDF", "image/png", "gives application/pdf, which is not a picture"),
        (Image(url=URL, media_type="image/png"), b"<html>", "text/html", "where a picture was expected"),
        (Audio(url=URL), PNG, None, "which is not a sound"),
        (FILE, b"<html>", "text/html", "where a document was expected"),
    ],
)
def test_what_is_no_such_medium_is_an_error(part: Any, data: bytes, told: str | None, why: str) -> None:
    with pytest.raises(FetchError, match=why):
        fields_of(part, Fetched(data, told))
