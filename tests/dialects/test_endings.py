"""Ends that tell less than they should, on every wire: pages, no reason for the end, no usage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo import dialects
from baimo.dialect.protocols import Site
from baimo.errors import Error, ProviderError, StreamInterrupted, WireError
from baimo.types.chat import FinishReason
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

HTTP = ("hunyuan", "minimax", "ollama", "openai_chat", "pangu")
PAGES = [
    b"<!DOCTYPE html><html>Sign in</html>",
    b"\xef\xbb\xbf <html>Sign in</html>",
    b"redirecting to the sign-in page",
    b"Please sign in",
    b"data is not available here\n\n",
    b"<meta http-equiv='refresh'>",
]


def decoder(name: str, media: bytes, status: int = 200) -> Any:
    site = Site(base_url="http://a.test", provider="acme")
    return dialects.get(name).decoder(WireHead(status, ((b"content-type", media),)), site)


def read(made: Any, *pieces: bytes) -> list[ChatEvent]:
    events = [event for piece in pieces for event in made.feed(piece)]
    return events + list(made.end())


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_never_an_answer_nor_a_broken_stream(name: str, page: bytes) -> None:
    for pieces in ([page], [page[at : at + 1] for at in range(len(page))]):
        with pytest.raises(WireError):
            read(decoder(name, b"text/html; charset=utf-8"), *pieces)


def test_a_page_in_place_of_a_handshake_is_a_refusal() -> None:
    for status in (200, 302, 407):
        with pytest.raises(ProviderError):
            read(decoder("spark_ws", b"text/html", status), b"<html>Sign in</html>")


@pytest.mark.parametrize("name", HTTP)
def test_a_stream_of_no_known_kind_that_was_cut_is_no_page(name: str) -> None:
    """Some servers call their streams HTML; what they say all the same decides."""
    cut = b'{"message":{"content":"Hi"},"done":false}\n' if name == "ollama" else b'data: {"choices":[]}\n\n'
    with pytest.raises(StreamInterrupted):
        read(decoder(name, b"application/x-ndjson" if name == "ollama" else b"text/event-stream"), cut)


WORDS: dict[str, list[tuple[bytes, bytes]]] = {
    "openai_chat": [
        (b"application/json", b'{"choices":[{"message":{"content":"Hi"},"finish_reason":null}]}'),
        (b"text/event-stream", b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'),
    ],
    "pangu": [
        (b"application/json", b'{"choices":[{"message":{"content":"Hi"}}]}'),
        (b"text/event-stream", b'data:{"choices":[{"message":{"content":"Hi"}}]}\n\ndata:[DONE]\n\n'),
    ],
    "hunyuan": [
        (b"application/json", b'{"Response":{"Choices":[{"Message":{"Content":"Hi"},"FinishReason":""}]}}'),
    ],
    "ollama": [
        (b"application/json", b'{"message":{"content":"Hi"},"done":true}'),
        (b"application/x-ndjson", b'{"message":{"content":"Hi"},"done":false}\n{"message":{},"done":true}\n'),
    ],
}


@pytest.mark.parametrize("name", WORDS)
def test_an_end_without_a_reason_is_unknown_and_told_and_no_usage_is_none(name: str) -> None:
    for media, body in WORDS[name]:
        made = decoder(name, media)
        response = fold(read(made, body))
        assert (response.text, response.finish_reason) == ("Hi", FinishReason.UNKNOWN)
        assert [note.code for note in made.notes] == ["finish_missing"]
        assert response.usage == Usage()
        assert response.usage.total is None


def test_an_end_with_a_reason_is_told_of_nothing() -> None:
    whole = b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    for body in (whole, whole.replace(b'"Hi"', b'[{"type":"text","text":"Hi"}]')):
        made = decoder("openai_chat", b"application/json")
        assert fold(read(made, body)).finish_reason is FinishReason.STOP
        assert made.notes == ()


def test_where_the_end_mark_alone_means_a_stop_nothing_is_missing() -> None:
    dialect = dialects.get("openai_chat")
    site = Site(base_url="http://a.test", quirks=dialect.quirks({"finish_missing": "stop"}))
    made: Any = dialect.decoder(WireHead(200), site)
    body = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'
    assert fold(read(made, body)).finish_reason is FinishReason.STOP
    assert made.notes == ()


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize(
    "body", [b'{"id":"r1","model":"m"}', b'{"choices":[]}', b"[]", b"7", b'"words"', b""]
)
def test_a_whole_reply_without_an_answer_in_it_is_an_error(name: str, body: bytes) -> None:
    with pytest.raises(Error) as caught:
        read(decoder(name, b"application/json"), body)
    assert not isinstance(caught.value, StreamInterrupted)


def test_a_numbered_frame_that_was_sent_twice_counts_once() -> None:
    def frame(number: int, text: str, status: int = 1) -> bytes:
        choices = {
            "status": status,
            "seq": number,
            "text": [{"content": text, "role": "assistant", "index": 0}],
        }
        return json.dumps({"header": {"code": 0, "status": status}, "payload": {"choices": choices}}).encode()

    frames = [frame(0, "a"), frame(1, "ha"), frame(1, "ha"), frame(2, "ha"), frame(3, ".", 2)]
    assert fold(read(decoder("spark_ws", b"", 101), *frames)).text == "ahaha."
    unnumbered = [frame(0, "a"), frame(0, "ha"), frame(0, "ha"), frame(0, ".", 2)]
    assert fold(read(decoder("spark_ws", b"", 101), *unnumbered)).text == "ahaha."
    odd = [frame(0, "a"), b"{", b"{"]
    with pytest.raises(WireError):
        read(decoder("spark_ws", b"", 101), *odd)
