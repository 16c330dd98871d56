"""What is kept of requests holds no secrets."""

from __future__ import annotations

import msgspec
import pytest

from baimo.simulator import received
from baimo.simulator.received import Log, Mask, Received
from baimo.types.embeddings import EmbedRequest
from baimo.wire.http import HttpRequest, SocketRequest

MASK = Mask(["sk-fake-1234", "", "longer-sk-fake-1234"])


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "api-key",
        "X-Api-Key",
        "Cookie",
        "x-auth-token",
        "X-Subject-Token",
        "x-signature",
        "X-AppCode",
    ],
)
def test_a_header_that_is_meant_for_secrets_is_masked_whatever_it_holds(name: str) -> None:
    assert MASK.head(((name.encode(), b"anything"),)) == ((name.lower(), "****"),)


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    assert MASK.head(((b"X-Other", b"see sk-fake-1234!"),)) == (("x-other", "see ****!"),)
    assert MASK.target(b"/v1?x=longer-sk-fake-1234") == "/v1?x=****"
    assert MASK.body(b'{"a": "sk-fake-1234"}') == b'{"a": "****"}'


def test_fields_that_are_meant_for_secrets_are_masked_in_addresses_and_bodies() -> None:
    assert MASK.target(b"/c?authorization=abc&host=h&X-Signature=s&q=1") == (
        "/c?authorization=****&host=h&X-Signature=****&q=1"
    )
    assert MASK.body(b'{"password": "p\\"w", "user": "u", "secret_key":"k", "n": 1}') == (
        b'{"password": "****", "user": "u", "secret_key":"****", "n": 1}'
    )


def test_without_known_secrets_all_else_stays() -> None:
    assert Mask([]).body(b"plain") == b"plain"


def test_requests_are_numbered_and_kept_as_they_came() -> None:
    log = Log()
    one = HttpRequest(method="POST", origin="http://h", target=b"/a", headers=((b"X-A", b"1"),), body=b"{}")
    first = log.add("openai", one, 12.0, MASK)
    second = log.add("spark", SocketRequest(origin="ws://h", target=b"/s"), 13.0, MASK)
    assert (first.number, first.method, first.target, first.body, first.headers) == (
        1,
        "POST",
        "/a",
        b"{}",
        {"x-a": "1"},
    )
    assert (second.number, second.method, second.body) == (2, "GET", b"")
    assert log.all() == (first, second)
    log.clear()
    assert log.all() == ()
    assert log.add("openai", one, 1.0, MASK).number == 1


def test_a_long_life_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received, "_KEPT", 3)
    log = Log()
    for _ in range(5):
        log.add("spark", SocketRequest(origin="ws://h", target=b"/"), 0.0, MASK)
    assert [one.number for one in log.all()] == [3, 4, 5]


def test_the_body_or_the_first_message_is_shown_decoded() -> None:
    assert Received(number=1, provider="p", body=b'{"a":1}').json == {"a": 1}
    assert Received(number=1, provider="p", frames=(b'{"b":2}', b"no")).json == {"b": 2}
    with pytest.raises(msgspec.DecodeError):
        _ = Received(number=1, provider="p").json


def test_what_is_no_chat_says_so() -> None:
    other = Received(number=4, provider="p", outcome="refused", asked=EmbedRequest(model="m", inputs=("a",)))
    with pytest.raises(TypeError, match="request 4 is no chat"):
        _ = other.chat
