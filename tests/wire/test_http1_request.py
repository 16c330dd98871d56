"""Request heads: what is added, what wins, what is refused; bodies in pieces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from baimo.errors import InputError
from baimo.wire.http import HttpRequest
from baimo.wire.http1_request import head_and_body, render_head

HOST = b"api.example.test"


class Pieces:
    def __init__(self, *pieces: bytes, length: int | None) -> None:
        self._pieces = pieces
        self.length = length

    def chunks(self) -> Iterator[bytes]:
        yield from self._pieces


def request(**more: object) -> HttpRequest:
    given = {"method": "POST", "origin": "https://api.example.test", "target": b"/v1/x?a=%2F", "body": b"{}"}
    return HttpRequest(**(given | more))  # type: ignore[arg-type]


def test_what_a_request_lacks_is_added() -> None:
    assert render_head(request(headers=((b"X-A", b"1"),)), host=HOST) == (
        b"POST /v1/x?a=%2F HTTP/1.1\r\n"
        b"Host: api.example.test\r\n"
        b"X-A: 1\r\n"
        b"Accept-Encoding: gzip, deflate\r\n"
        b"Connection: keep-alive\r\n"
        b"Content-Length: 2\r\n\r\n"
    )


def test_what_a_request_has_is_left_as_it_is() -> None:
    own = (
        (b"host", b"other.test"),
        (b"ACCEPT-ENCODING", b"identity"),
        (b"connection", b"close"),
        (b"content-length", b"2"),
    )
    assert render_head(request(headers=own), host=HOST) == (
        b"POST /v1/x?a=%2F HTTP/1.1\r\n"
        b"host: other.test\r\nACCEPT-ENCODING: identity\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
    )


def test_a_proxy_gets_the_absolute_form_and_its_own_fields() -> None:
    head = render_head(
        request(),
        host=HOST,
        prefix=b"http://api.example.test",
        more=((b"Proxy-Authorization", b"Basic eDp5"),),
    )
    assert head.startswith(b"POST http://api.example.test/v1/x?a=%2F HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic eDp5\r\n" in head


@pytest.mark.parametrize(
    ("method", "body", "framing"),
    [
        ("GET", b"", None),
        ("DELETE", b"", None),
        ("POST", b"", b"Content-Length: 0"),
        ("GET", b"x", b"Content-Length: 1"),
        ("POST", Pieces(b"ab", length=2), b"Content-Length: 2"),
        ("POST", Pieces(b"ab", length=None), b"Transfer-Encoding: chunked"),
    ],
)
def test_the_framing_of_the_body_is_stated_where_there_may_be_one(
    method: str, body: object, framing: bytes | None
) -> None:
    head = render_head(request(method=method, body=body), host=HOST)
    stated = [line for line in head.split(b"\r\n") if line.startswith((b"Content-Length", b"Transfer"))]
    assert stated == ([framing] if framing else [])


@pytest.mark.parametrize(
    "bad",
    [
        {"headers": ((b"X-A", b"1\r\nX-Evil: 2"),)},
        {"headers": ((b"X-A\n", b"1"),)},
        {"headers": ((b"X-A", b"1\r"),)},
        {"headers": ((b"X-A", b"\0"),)},
        {"target": b"/a b"},
        {"target": b"/a\r\nX-Evil:1"},
        {"method": "GET\r\nX-Evil:1\r\n"},
    ],
)
def test_nothing_in_a_request_can_break_its_head(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        render_head(request(**bad), host=HOST)


def test_an_empty_target_is_the_root() -> None:
    assert render_head(request(target=b""), host=HOST).startswith(b"POST / HTTP/1.1\r\n")


def test_a_small_body_leaves_with_its_head_and_a_large_one_after_it() -> None:
    assert head_and_body(b"HEAD", request(body=b"x")) == (b"HEADx", None)
    large = bytes(100_000)
    first, rest = head_and_body(b"HEAD", request(body=large))
    assert first == b"HEAD"
    assert rest is not None
    assert b"".join(rest) == large


def test_a_body_of_unknown_length_goes_out_in_chunks() -> None:
    _, rest = head_and_body(b"", request(body=Pieces(b"ab", b"", b"c" * 17, length=None)))
    assert list(rest or ()) == [b"2\r\nab\r\n", b"11\r\n" + b"c" * 17 + b"\r\n", b"0\r\n\r\n"]


def test_a_length_that_the_request_states_itself_is_taken() -> None:
    stated = request(body=Pieces(b"ab", length=None), headers=((b"Content-Length", b"2"),))
    assert list(head_and_body(b"", stated)[1] or ()) == [b"ab"]


@pytest.mark.parametrize("length", [1, 3])
def test_a_body_of_another_length_than_it_says_is_refused(length: int) -> None:
    _, rest = head_and_body(b"", request(body=Pieces(b"ab", b"", length=length)))
    with pytest.raises(InputError, match="another length"):
        list(rest or ())
