"""The dialect's own face: quirks, addresses, bounds, counts of tokens."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import ChatDialect, CountDialect, EmbedDialect, ServedDialect, Site
from baimo.dialects.bedrock_converse import DIALECT, Quirks, reply
from baimo.dialects.bedrock_converse.errors import ErrorDecoder, plain_name, stream_name
from baimo.dialects.bedrock_converse.words import decode_finish, encode_finish
from baimo.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ContextTooLongError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    WireError,
)
from baimo.types.chat import FinishReason
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.cases import folders, load
from tests.conformance.playing import play
from tests.dialects.bedrock_converse.asking import JSON, STREAM, posted, request, said, site


@pytest.mark.parametrize("kind", [ChatDialect, ServedDialect, CountDialect, EmbedDialect])
def test_it_can_do_all_that_the_runtime_can(kind: type) -> None:
    assert isinstance(DIALECT, kind)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"shape": "x"}, "there is top_k"), ({"thinking": "loud"}, "loud"), ({"search_tool": 1}, "str")],
)
def test_a_wrong_quirk_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DIALECT.quirks(fields)


@pytest.mark.parametrize("field", sorted(set(Quirks.__struct_fields__) - {"embeddings"}))
def test_each_quirk_has_a_case(field: str) -> None:
    own = [folder for folder in folders("case.json") if folder.parent.name == DIALECT.name]
    assert [folder for folder in own if field in load(folder).quirks]


@pytest.mark.parametrize(
    ("base_url", "model", "url"),
    [
        ("https://h", "a.b-v1:0", "https://h/model/a.b-v1%3A0/converse"),
        ("https://h/proxy/", "arn:aws:x/y z", "https://h/proxy/model/arn%3Aaws%3Ax%2Fy%20z/converse"),
        ("https://h/a b", "m", "https://h/a%20b/model/m/converse"),
    ],
)
def test_the_model_stands_in_the_path(base_url: str, model: str, url: str) -> None:
    asked = msgspec.structs.replace(request(), model=model)
    assert DIALECT.encode_request(asked, Site(base_url=base_url)).url == url


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="absolute"):
        DIALECT.encode_request(request(), Site(base_url="bedrock"))


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", "/model/m/converse", "chat"),
        ("POST", "/a/model/x%2Fy/converse-stream/?q", "chat"),
        ("POST", "/model/arn:aws:bedrock:r:1:inference-profile/us.x/converse", "chat"),
        ("POST", "/model/m/count-tokens", "count"),
        ("POST", "/model/m/invoke", "embed"),
        ("POST", "/model/m/invoke-with-response-stream", None),
        ("POST", "/model//converse", None),
        ("GET", "/model/m/converse", None),
        ("POST", "/converse", None),
    ],
)
def test_operations_are_known_by_their_address(method: str, target: str, operation: str | None) -> None:
    assert DIALECT.operation(method, target.encode(), ()) == operation


@pytest.mark.parametrize("reason", FinishReason)
def test_every_reason_has_a_word(reason: FinishReason) -> None:
    again = decode_finish(encode_finish(reason, None))
    lost = {FinishReason.REFUSAL: FinishReason.CONTENT_FILTER, FinishReason.PAUSE: FinishReason.STOP}
    assert again is lost.get(reason, reason)


def test_a_body_without_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_BODY", 1000)
    decoder = DIALECT.decoder(JSON, site())
    with pytest.raises(WireError, match="larger than 1000 bytes"):
        for _ in range(20):
            decoder.feed(b"{" * 100)
    with pytest.raises(WireError, match="impossible lengths"):
        DIALECT.decoder(STREAM, site()).feed(b"\x7f\xff\xff\xff\x00\x00\x00\x00\x87\x5b\x7d\x40"[:8] + crc())
    refusal = ErrorDecoder(WireHead(500), "aws")
    for _ in range(30):
        refusal.feed(b"x" * 100_000)
    with pytest.raises(ServerError):
        refusal.end()


def crc() -> bytes:
    from zlib import crc32

    return crc32(b"\x7f\xff\xff\xff\x00\x00\x00\x00").to_bytes(4)


SERVED: list[tuple[Error, int, str]] = [
    (ContextTooLongError("x"), 400, "ValidationException"),
    (AuthError("x"), 403, "UnrecognizedClientException"),
    (PermissionDeniedError("x"), 403, "AccessDeniedException"),
    (NotFoundError("x"), 404, "ResourceNotFoundException"),
    (QuotaError("x"), 400, "ServiceQuotaExceededException"),
    (RateLimitedError("x", retry_after=2), 429, "ThrottlingException"),
    (OverloadedError("x"), 503, "ServiceUnavailableException"),
    (ServerError("x"), 500, "InternalServerException"),
    (InputError("x"), 400, "ValidationException"),
    (TimedOutError("x"), 408, "ModelTimeoutException"),
    (ConnectError("half \ud83d"), 500, "InternalServerException"),
]


@pytest.mark.parametrize(("error", "status", "name"), SERVED)
def test_an_error_of_ours_is_served_as_an_exception(error: Error, status: int, name: str) -> None:
    head, body = DIALECT.encode_error(error)
    assert (head.status, head.get(b"x-amzn-errortype")) == (status, name)
    assert head.get(b"retry-after") == ("2" if error.retry_after else None)
    _, seen = play(DIALECT.decoder(head, site()), [body])
    assert isinstance(seen, ProviderError)
    assert seen.provider_code == name


def test_some_refusals_are_worth_another_try_though_their_kind_is_not() -> None:
    head = WireHead(400, ((b"x-amzn-errortype", b"ConflictException"),))
    _, error = play(DIALECT.decoder(head, site()), [b'{"message":"busy"}'])
    assert isinstance(error, ProviderError)
    assert error.retryable


def test_a_stream_is_broken_off_only_with_what_streams_know() -> None:
    assert stream_name(RateLimitedError("x")) == "throttlingException"
    assert stream_name(AuthError("x")) == "modelStreamErrorException"


def test_a_name_is_plain_whatever_stands_around_it() -> None:
    assert plain_name("validationException") == "ValidationException"
    assert plain_name("a.b#XException:http://x/") == "XException"
    assert plain_name("") == ""


def test_tokens_are_counted_both_ways() -> None:
    asked = CountRequest(model="a.b:0", text="Hi you", extra={"more": 1}, headers={"x-a": "b"})
    wire = DIALECT.encode_count(asked, site())
    assert wire.url == "https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b%3A0/count-tokens"
    assert dict(wire.headers)[b"x-a"] == b"b"
    served = DIALECT.decode_count_request(wire)
    assert (served.model, served.text) == ("a.b:0", "Hi you")
    body = DIALECT.encode_token_count(TokenCount(tokens=3))
    head = WireHead(200, ((b"x-amzn-requestid", b"r-1"),))
    count = DIALECT.decode_count(head, body, site())
    assert (count.tokens, count.request_id) == (3, "r-1")


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"inputTokens": "3"}'])
def test_what_is_no_count_is_told(body: bytes) -> None:
    with pytest.raises(WireError, match="no count of tokens"):
        DIALECT.decode_count(JSON, body, site())


def test_a_refused_count_is_an_error_and_so_is_a_bad_request_for_one() -> None:
    with pytest.raises(NotFoundError):
        DIALECT.decode_count(WireHead(404), b'{"message":"no"}', site())
    for body in (b"{", b'{"input":{"invokeModel":{"body":""}}}'):
        with pytest.raises(InputError, match="no request for a count"):
            DIALECT.decode_count_request(posted(body, "/model/m/count-tokens"))
    with pytest.raises(InputError, match="names no model"):
        wire = HttpRequest(
            method="POST",
            origin="http://h",
            target=b"/count-tokens",
            body=msgspec.json.encode({"input": {"converse": {"messages": [said({"text": "x"})]}}}),
        )
        DIALECT.decode_count_request(wire)
