"""Requests and heads as values."""

from __future__ import annotations

import pytest

from baimo.errors import InputError
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, header_fields, split_url, with_headers


def test_a_head_gives_its_fields_by_lower_case_name() -> None:
    head = WireHead(
        200, ((b"content-type", b" Text/Event-Stream; charset=utf-8"), (b"x", b"1"), (b"x", b"2"))
    )
    assert head.get(b"x") == "1"
    assert head.get(b"y") is None
    assert head.media_type == "text/event-stream"
    assert WireHead(200).media_type == ""


def test_requests_know_their_address() -> None:
    assert HttpRequest(method="GET", origin="https://a.example", target=b"/v1?x=1").url == (
        "https://a.example/v1?x=1"
    )
    assert SocketRequest(origin="wss://a.example", target=b"/chat").url == "wss://a.example/chat"


def test_fields_on_top_replace_all_of_their_name() -> None:
    fields = ((b"A", b"1"), (b"b", b"2"), (b"a", b"3"))
    assert with_headers(fields, ((b"a", b"4"),)) == ((b"b", b"2"), (b"a", b"4"))
    assert with_headers(fields, ()) is fields


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_what_would_break_a_head_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="line break"):
        header_fields({"X-A": bad})
    with pytest.raises(InputError, match="line break"):
        header_fields({bad: "x"})


def test_what_is_no_latin_1_is_refused() -> None:
    assert header_fields({"X-A": "é"}) == ((b"X-A", b"\xe9"),)
    with pytest.raises(InputError, match="Latin-1"):
        header_fields({"X-A": "模"})


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://API.Example/v1/", ("https://api.example", "/v1")),
        ("http://127.0.0.1:8000", ("http://127.0.0.1:8000", "")),
        ("http://[::1]:11434/v1", ("http://[::1]:11434", "/v1")),
        (" wss://a.example/chat ", ("wss://a.example", "/chat")),
    ],
)
def test_an_address_is_taken_apart(url: str, parts: tuple[str, str]) -> None:
    assert split_url(url) == parts


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("api.example/v1", "no absolute address"),
        ("ftp://api.example", "no absolute address"),
        ("https://", "no absolute address"),
        ("https://user:fake@api.example/v1", "must not carry"),
        ("https://api.example:99999/v1", "bad port"),
    ],
)
def test_what_is_no_address_is_told_so(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        split_url(url)
    assert "fake" not in str(caught.value)
