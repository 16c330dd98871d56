"""The dialect's own face: quirks, addresses, bounds, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from baimo.dialect.protocols import ChatDialect, ServedDialect, Site
from baimo.dialects.pangu import DIALECT, Quirks, reply
from baimo.dialects.pangu.address import deployment_in
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    WireError,
)
from baimo.types.events import PartDelta, Started
from baimo.wire.http import WireHead
from tests.conformance.cases import folders, load
from tests.conformance.playing import play
from tests.dialects.pangu.asking import encoded, request, site

SITE = Site(base_url="https://pangu.example")
JSON = WireHead(200, ((b"content-type", b"application/json"),))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))


def test_it_speaks_chat_both_ways() -> None:
    assert isinstance(DIALECT, ChatDialect)
    assert isinstance(DIALECT, ServedDialect)
    assert DIALECT.name == "pangu"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pool": "x"}, "did you mean pool_id"),
        ({"zzz": 1}, "there is path, pool_id"),
        ({"path": "console"}, "a quirk of pangu is wrong"),
        ({"path": "pool"}, "needs pool_id"),
    ],
)
def test_a_wrong_quirk_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DIALECT.quirks(fields)


@pytest.mark.parametrize("field", Quirks.__struct_fields__)
def test_each_quirk_has_a_case(field: str) -> None:
    cases = [folder for folder in folders("case.json") if folder.parent.name == "pangu"]
    assert [folder for folder in cases if field in load(folder).quirks]


def test_only_a_whole_address_needs_no_project() -> None:
    assert DIALECT.quirks({}).needs_project
    assert DIALECT.quirks({"pool_id": "x"}).needs_project
    assert not DIALECT.quirks({"path": "whole"}).needs_project


def target(at: Site, model: str = "d-1") -> str:
    return encoded(request(model=model), at).target.decode()


def test_until_the_project_is_known_its_name_stands_in_the_address() -> None:
    wire = encoded(request(), site(project=None))
    assert wire.target == b"/v1/:project_id/deployments/d-1/chat/completions"
    assert b"X-Project-Id" not in dict(wire.headers)
    assert dict(encoded(request()).headers)[b"X-Project-Id"] == b"p-1"


def test_what_stands_in_an_address_is_encoded() -> None:
    assert target(site(), "a/b 春") == "/v1/p-1/deployments/a%2Fb%20%E6%98%A5/chat/completions"
    assert target(site(pool_id="p/1")).startswith("/v2/p-1/pools/p%2F1/deployments/")
    whole = Site(base_url="https://h/春/chat/completions", quirks=DIALECT.quirks({"path": "whole"}))
    assert target(whole, "") == "/%E6%98%A5/chat/completions"


def test_a_prefix_of_the_console_stays() -> None:
    at = Site(base_url="https://h/v1/infers/s-1/", project="p")
    assert target(at) == "/v1/infers/s-1/v1/p/deployments/d-1/chat/completions"


@pytest.mark.parametrize("model", ["", "  "])
def test_a_deployment_must_be_named(model: str) -> None:
    with pytest.raises(InputError, match="id of a deployment"):
        encoded(request(model=model))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/v1/p/deployments/d/chat/completions", ("p", None, "d")),
        ("/v2/p/pools/o/deployments/d/chat/completions", ("p", "o", "d")),
        ("/v1/infers/s/v1/p/deployments/a%2Fb/chat/completions?x=1", ("p", None, "a/b")),
        ("/v1/p/deployments/d/chat/completions/", ("p", None, "d")),
        ("/v1/p/deployments/d/text/completions", None),
        ("/v1/p/deployments/d/chat/completions/more", None),
        ("/v1/deployments/d/chat/completions", None),
        ("/api/v2/chat/completions", None),
    ],
)
def test_an_address_names_its_deployment(target: str, found: tuple[str, str | None, str] | None) -> None:
    assert deployment_in(target.encode()) == found
    assert DIALECT.operation("POST", target.encode(), ()) == ("chat" if found else None)
    assert DIALECT.operation("GET", target.encode(), ()) is None


def endless(decoder: Any, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        decoder.feed(piece)


def test_a_whole_body_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 10_000)
    with pytest.raises(WireError, match="larger than 10000 bytes"):
        endless(DIALECT.decoder(JSON, SITE), [b'{"choices":'] + [b" " * 1000] * 11)


def test_an_event_is_bounded() -> None:
    with pytest.raises(WireError, match="larger than"):
        endless(DIALECT.decoder(SSE, SITE), [b"data:"] + [b"x" * 1_000_000] * 17)


def test_blank_lines_before_a_body_take_no_memory() -> None:
    decoder = reply.ReplyDecoder(JSON)
    endless(decoder, [b"\n" * 1000] * 1000)
    assert len(decoder._start) <= 3


def test_a_refusal_is_kept_up_to_a_bound_and_read_all_the_same() -> None:
    decoder = DIALECT.decoder(WireHead(500, ((b"content-type", b"text/plain"),)), SITE)
    endless(decoder, [b"x" * 1_000_000] * 5)
    with pytest.raises(ProviderError) as caught:
        decoder.end()
    assert len(caught.value.body or "") <= 4096
    assert len(caught.value.message) <= 4096


@pytest.mark.parametrize("status", [301, 302, 304])
def test_a_redirect_is_a_refusal(status: int) -> None:
    with pytest.raises(ProviderError) as caught:
        DIALECT.decoder(WireHead(status), SITE).end()
    assert caught.value.status == status


CHUNK = b'data:{"id":"c","choices":[{"index":0,"message":{"content":"a"}}],"usage":{"prompt_tokens":1}}\n\n'


def test_what_came_before_a_failure_in_the_same_piece_is_not_lost() -> None:
    decoder = DIALECT.decoder(SSE, SITE)
    with pytest.raises(ProviderError):
        decoder.feed(CHUNK + b'data:{"error_code":"PANGU.0031","error_msg":"no"}\n\n')
    assert [type(event).__name__ for event in decoder.early] == [
        "Started",
        "PartStarted",
        "PartDelta",
        "UsageReported",
    ]


def test_nothing_is_shown_before_the_first_word() -> None:
    """An answer that is given up by then may be asked for again."""
    decoder = DIALECT.decoder(SSE, SITE)
    assert decoder.feed(b'data:{"id":"c","choices":[{"message":{"role":"assistant"}}]}\n\n') == []
    assert [type(event) for event in decoder.feed(CHUNK)][:1] == [Started]


def test_usage_that_does_not_change_is_told_once() -> None:
    events, _ = play(DIALECT.decoder(SSE, SITE), [CHUNK * 3 + b"data:[DONE]\n\n"])
    assert sum(type(event).__name__ == "UsageReported" for event in events) == 1
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["a"] * 3


def test_the_end_mark_needs_no_line_end_behind_it() -> None:
    assert play(DIALECT.decoder(SSE, SITE), [CHUNK + b"data:[DONE]"])[1] is None


def test_nothing_counts_behind_the_end_mark() -> None:
    events, error = play(DIALECT.decoder(SSE, SITE), [CHUNK + b"data:[DONE]\n\n" + CHUNK, CHUNK, b"data:{"])
    assert error is None
    assert sum(isinstance(event, PartDelta) for event in events) == 1


ODD: list[tuple[WireHead, bytes, type[Error], str]] = [
    (JSON, b"", WireError, "an empty body"),
    (JSON, b"[1]", WireError, "no object"),
    (JSON, b'"words"', WireError, "no object"),
    (JSON, b"{", WireError, "no JSON"),
    (JSON, b"words", WireError, "no JSON"),
    (JSON, b'{"choices":[]}', WireError, "'choices' is empty"),
    (JSON, b'{"choices":["x"]}', WireError, "'choices' is empty"),
    (JSON, b'{"choices":[{"index":0}]}', WireError, r"choices\[0\]\.message"),
    (JSON, b'{"choices":[{"message":{"content":"a"}},7]}', WireError, r"choices\[1\]\.message"),
    (JSON, b'{"choices":null}', WireError, "no field 'choices'"),
    (SSE, b"", StreamInterrupted, "before anything came"),
    (SSE, b"data:[DONE]\n\n", WireError, "without a single choice"),
    (SSE, b"data:{\n\n", WireError, "no JSON"),
    (SSE, b"data:{", StreamInterrupted, "inside an event"),
    (SSE, b"hello\n\n", StreamInterrupted, "neither a finish reason"),
    (SSE, b'data:{"choices":[]}\n\n', StreamInterrupted, "neither a finish reason"),
    (SSE, b"data:7\n\n", StreamInterrupted, "neither a finish reason"),
    (SSE, b"<html>no</html>", WireError, "a page"),
]


@pytest.mark.parametrize(("head", "body", "kind", "words"), ODD)
def test_what_is_no_answer_is_told(head: WireHead, body: bytes, kind: type[Error], words: str) -> None:
    with pytest.raises(kind, match=words):
        _, error = play(DIALECT.decoder(head, SITE), [body])
        assert error is not None
        raise error


@pytest.mark.parametrize(
    "start", [b"\n\n", b"\xef\xbb\xbf", b": hello\n\n", b"event:x\n", b"id:1\n", b"retry:3\n"]
)
def test_a_stream_is_known_by_its_first_byte(start: bytes) -> None:
    for head in (SSE, JSON):
        for cut in (1, 2, len(start)):
            body = start + CHUNK + b"data:[DONE]\n\n"
            events, error = play(DIALECT.decoder(head, SITE), [body[:cut], body[cut:]])
            assert error is None
            assert sum(isinstance(event, PartDelta) for event in events) == 1


def test_a_byte_order_mark_may_come_before_a_whole_body() -> None:
    body = b'\xef\xbb\xbf{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}'
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
        assert play(DIALECT.decoder(JSON, SITE), pieces)[1] is None


@pytest.mark.parametrize(
    "error",
    [
        ContextTooLongError("too long"),
        ContentFilteredError("not this"),
        InvalidRequestError("bad"),
        AuthError("who?"),
        PermissionDeniedError("not you"),
        NotFoundError("where?"),
        QuotaError("no more"),
        RateLimitedError("slow", retry_after=3.0, request_id="rq-1"),
        OverloadedError("busy"),
        ServerError("broken", status=500, provider_code="PANGU.3305"),
        RateLimitedError("slow", status=200, provider_code="APIG.0308"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_refusals_are_read_as_what_they_were(error: ProviderError) -> None:
    head, body = DIALECT.encode_error(error)
    _, found = play(DIALECT.decoder(head, SITE), [body])
    assert type(found) is type(error)
    assert isinstance(found, ProviderError)
    assert (found.message, found.request_id) == (error.message, error.request_id)
    assert error.provider_code in (None, found.provider_code)
    assert (head.get(b"retry-after") == "3") is (error.retry_after == 3)


@pytest.mark.parametrize(
    ("error", "status"),
    [(InputError("n: is wrong"), 400), (TimedOutError("late"), 504), (WireError("?"), 500)],
)
def test_errors_that_are_no_refusals_are_worded_too(error: Error, status: int) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == status
    assert error.message.encode() in body


def test_reasoning_goes_on_in_a_chunk_that_also_begins_the_text() -> None:
    deltas = ('"reasoning_content":"a"', '"reasoning_content":"b","content":"c"')
    stream = "".join(f'data:{{"choices":[{{"index":0,"delta":{{{delta}}}}}]}}\n\n' for delta in deltas)
    events, _ = play(DIALECT.decoder(SSE, SITE), [stream.encode()])
    assert [event.text for event in events if isinstance(event, PartDelta)] == ["a", "b", "c"]
    assert [event.index for event in events if isinstance(event, PartDelta)] == [0, 0, 1]
