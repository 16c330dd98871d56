"""The face of Hunyuan: three APIs at one address, every signature computed anew, refusals word for code."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.auth.tc3 import TC3, UNSIGNED
from baimo.dialect.protocols import Site
from baimo.dialects.hunyuan import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.hunyuan import HunyuanFace
from baimo.simulator.faces.tokenhub import REQUEST_ID
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Credentials, Face, RefusedError, Why
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Message, Role
from baimo.types.content import Image, Text, ToolCall, ToolResult
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, with_headers
from tests.conformance.playing import play
from tests.simulator.faces import test_openai
from tests.simulator.faces.test_openai import answer, post

NOW = 1_790_000_000.0
SITE = Site(base_url="http://127.0.0.1", provider="hunyuan", codes="tencent")
OWN = HunyuanFace().credentials()
SECRETS = {name: Secret(OWN[name]) for name in ("secret_id", "secret_key")}
ASK = {"model": "hunyuan-turbos-latest", "messages": [{"role": "user", "content": "Hi"}]}


def user(text: str = "Hi") -> Message:
    return Message(role=Role.USER, content=(Text(text=text),))


def asked(*messages: Message, model: str = "hunyuan-turbos-latest", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (user(),), **fields)


def native(
    request: ChatRequest | None = None,
    *,
    site: Site = SITE,
    now: float = NOW,
    headers: dict[str, str] | None = None,
    signer: TC3 | None = None,
    **secrets: str,
) -> HttpRequest:
    """A signed request."""
    unsigned = DIALECT.encode_request(replace(request or asked(), headers=headers or {}), site)
    given = {**SECRETS, **{name: Secret(text) for name, text in secrets.items()}}
    return (signer or TC3(service="hunyuan")).sign(unsigned, given, now)


def without(request: HttpRequest, *names: bytes) -> HttpRequest:
    return replace(
        request, headers=tuple(field for field in request.headers if field[0].lower() not in names)
    )


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([HunyuanFace()])


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of the answer."""
    head, body = answer(simulation, request)
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), error


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request)
    assert isinstance(error, ProviderError)
    assert error.status == 200
    assert error.request_id == REQUEST_ID
    return error


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("hunyuan", Credentials(given={"secret_key": "fake-other"}))
    assert face.credentials()["secret_key"] == "fake-other"
    tables = face.configuration("http://h:1")
    assert list(tables) == ["tokenhub", "compatible", "native"]
    assert tables["native"]["secret_key"] == "fake-other"
    assert tables["compatible"]["base_url"] == "http://h:1/compatible/v1"


@pytest.mark.parametrize("stream", [True, False])
def test_a_signed_call_is_answered(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies([Reply(text="天空很蓝。", thinking="想一想")])
    response, error = read(simulation, native(asked(stream=stream)))
    assert error is None
    assert (response.text, response.thinking) == ("天空很蓝。", "想一想")
    assert response.usage.output


@pytest.mark.parametrize(
    "request_",
    [
        native(signer=TC3(service="hunyuan", signed=("content-type", "host", "x-tc-action"))),
        native(headers={"X-TC-Content-SHA256": UNSIGNED}),
        native(headers={"Content-Type": "application/json; charset=utf-8"}),
        native(token=OWN["token"]),
        native(now=NOW - 300),
        native(now=NOW + 300),
        native(site=Site(base_url="https://hunyuan.tencentcloudapi.com")),
        native(site=Site(base_url="https://hunyuan.ap-guangzhou.tencentcloudapi.com", region="ap-guangzhou")),
    ],
)
def test_whatever_may_be_signed_is_taken(simulation: Simulation, request_: HttpRequest) -> None:
    assert read(simulation, request_)[1] is None


def tampered(name: bytes, value: bytes) -> HttpRequest:
    good = native()
    return replace(good, headers=with_headers(good.headers, ((name, value),)))


def authorization(old: str, new: str) -> HttpRequest:
    value = dict(native().headers)[b"Authorization"].decode()
    assert old in value
    return tampered(b"Authorization", value.replace(old, new).encode())


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (native(secret_key="fake-wrong"), "AuthFailure.SignatureFailure"),
        (native(secret_id="AKIDfakeother"), "AuthFailure.SecretIdNotFound"),
        (native(now=NOW - 301), "AuthFailure.SignatureExpire"),
        (native(now=NOW + 301), "AuthFailure.SignatureExpire"),
        (native(token="fake-other-token"), "AuthFailure.TokenFailure"),
        (native(signer=TC3(service="cvm")), "AuthFailure.SignatureFailure"),
        (native(site=Site(base_url="https://cvm.tencentcloudapi.com")), "AuthFailure.SignatureFailure"),
        (replace(native(), body=b'{"Model":"hunyuan-lite"}'), "AuthFailure.SignatureFailure"),
        (tampered(b"Content-Type", b"text/plain"), "AuthFailure.SignatureFailure"),
        (tampered(b"Host", b"localhost"), "AuthFailure.SignatureFailure"),
        (tampered(b"X-TC-Timestamp", b"1790000001"), "AuthFailure.SignatureFailure"),
        (tampered(b"X-TC-Timestamp", b"soon"), "InvalidParameter"),
        (authorization("/2026-", "/2025-"), "AuthFailure.SignatureFailure"),
        (tampered(b"Authorization", b"Source=x, Signature=y"), "AuthFailure.InvalidAuthorization"),
        (authorization("content-type;host", "host"), "AuthFailure.InvalidAuthorization"),
        (authorization("content-type;host", "host;content-type"), "AuthFailure.InvalidAuthorization"),
        (authorization("content-type;host", "content-type;host;x-own"), "AuthFailure.InvalidAuthorization"),
        (without(native(), b"authorization"), "AuthFailure.InvalidAuthorization"),
        (without(native(), b"x-tc-timestamp"), "MissingParameter"),
        (without(native(), b"x-tc-version"), "MissingParameter"),
        (without(native(), b"x-tc-action"), "MissingParameter"),
        (tampered(b"X-TC-Action", b"ChatTranslations"), "InvalidAction"),
        (native(headers={"X-TC-Version": "2022-01-01"}), "NoSuchVersion"),
        (native(asked(model="gpt-4")), "InvalidParameterValue.Model"),
    ],
)
def test_a_request_that_is_not_right_meets_its_real_refusal(
    simulation: Simulation, request_: HttpRequest, code: str
) -> None:
    assert refused(simulation, request_).provider_code == code


def test_a_refusal_tells_no_secret(simulation: Simulation) -> None:
    answer(simulation, native(secret_key="fake-wrong"))
    (received,) = simulation.log.all()
    assert "canonical" not in received.detail
    assert OWN["secret_key"] not in received.detail
    assert "content-type:application/json" in received.detail


@pytest.mark.parametrize(
    ("why", "code", "kind"),
    [
        (Why.OVER_QUOTA, "FailedOperation.ResourcePackExhausted", QuotaError),
        (Why.OVER_RATE, "RequestLimitExceeded", RateLimitedError),
        (Why.OVER_CONCURRENCY, "RequestLimitExceeded", RateLimitedError),
        (Why.INPUT_MODERATED, "OperationDenied.TextIllegalDetected", ContentFilteredError),
        (Why.OUTPUT_MODERATED, "OperationDenied.TextIllegalDetected", ContentFilteredError),
        (Why.MISSING_PROJECT_SCOPE, "UnauthorizedOperation", PermissionDeniedError),
        (Why.WRONG_APP_ID, "UnauthorizedOperation", PermissionDeniedError),
        (Why.UNKNOWN_MODEL, "InvalidParameterValue.Model", NotFoundError),
        (Why.INVALID_REQUEST, "InvalidParameter", InvalidRequestError),
        (Why.SERVER_ERROR, "InternalError", ServerError),
        (Why.OVERLOADED, "FailedOperation.EngineServerLimitExceeded", OverloadedError),
        (Why.WRONG_SECRET, "AuthFailure.SignatureFailure", AuthError),
    ],
)
def test_every_reason_has_its_code(
    simulation: Simulation, why: Why, code: str, kind: type[ProviderError]
) -> None:
    simulation.refuse(why)
    error = refused(simulation, native())
    assert (error.provider_code, type(error)) == (code, kind)


@pytest.mark.parametrize("why", list(Why))
def test_there_is_an_answer_to_every_reason_on_every_api(why: Why) -> None:
    face = HunyuanFace()
    head, body = face.refuse(why, native(), detail="x", retry_after=2.0)
    assert (head.status, "Response" in msgspec.json.decode(body)) == (200, True)
    for path in ("/v1/chat/completions", "/compatible/v1/chat/completions"):
        head, body = face.refuse(why, post(ASK, path), detail="x")
        assert head.status >= 400
        assert "error" in msgspec.json.decode(body)


CALL = Message(role=Role.ASSISTANT, content=(ToolCall(id="a", name="f", arguments="{}"),))
RESULT = Message(role=Role.TOOL, content=(ToolResult(call_id="a", content=(Text(text="1"),)),))
SYSTEM = Message(role=Role.SYSTEM, content=(Text(text="Short."),))
SAID = Message(role=Role.ASSISTANT, content=(Text(text="Yes"),))


@pytest.mark.parametrize(
    "messages",
    [
        (SYSTEM, user()),
        (user(), SAID, user()),
        (user(), CALL, RESULT),
        (user(), CALL, RESULT, RESULT),
        (user(), CALL, RESULT, SAID, user()),
        (Message(role=Role.USER, content=(Text(text=""), Image(url="https://i.example/x"))),),
    ],
)
def test_messages_in_their_order_are_taken(simulation: Simulation, messages: tuple[Message, ...]) -> None:
    assert read(simulation, native(asked(*messages)))[1] is None


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (["system"], "the last one"),
        (["assistant", "user"], "assistant must not follow nothing"),
        (["user", "user"], "user must not follow user"),
        (["user", "tool"], "tool must not follow user"),
        (["user", "assistant"], "the last one"),
    ],
)
def test_messages_out_of_order_are_refused(simulation: Simulation, messages: list[str], says: str) -> None:
    wire = [{"Role": role, "Content": "x", "ToolCallId": "call_1"} for role in messages]
    error = refused(simulation, native(asked(extra={"Messages": wire})))
    assert error.provider_code == "InvalidParameter"
    assert says in error.message


def test_an_empty_question_is_refused(simulation: Simulation) -> None:
    assert "must not be empty" in refused(simulation, native(asked(user("")))).message


@pytest.mark.parametrize(
    "messages",
    [
        (SAID, user()),
        (SYSTEM, user(), user()),
        (user(), SAID),
        (user(), SAID, SAID, user()),
        (user(), Message(role=Role.USER, content=(Image(url="https://i.example/x"),)), user()),
    ],
)
def test_a_conversation_in_any_order_is_told_so_that_it_is_taken(
    simulation: Simulation, messages: tuple[Message, ...]
) -> None:
    assert read(simulation, native(asked(*messages, unsupported="drop")))[1] is None


def test_a_field_that_is_missing_or_out_of_range_is_named(simulation: Simulation) -> None:
    unsigned = DIALECT.encode_request(asked(extra={"Temperature": 4.8}), SITE)
    error = refused(simulation, TC3(service="hunyuan").sign(unsigned, SECRETS, NOW))
    assert (error.provider_code, error.message) == ("InvalidParameter", "Temperature must be 2 or less")
    bare = replace(unsigned, body=b'{"Messages":[]}')
    error = refused(simulation, TC3(service="hunyuan").sign(bare, SECRETS, NOW))
    assert (error.provider_code, error.message) == ("MissingParameter", "Model: is required")


@pytest.mark.parametrize("stream", [True, False])
def test_moderated_output_ends_as_sensitive(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies(["all is well until here"])
    simulation.moderation = Moderation(output=("here",))
    response, error = read(simulation, native(asked(stream=stream)))
    assert error is None
    assert response.finish_reason is FinishReason.CONTENT_FILTER
    assert response.choices[0].withdrawn == "sensitive"
    assert "here" not in response.text


@pytest.mark.parametrize("why", [Why.SERVER_ERROR, Why.OVERLOADED])
def test_a_failure_in_mid_stream_is_an_error_message(why: Why) -> None:
    face = HunyuanFace()
    encoder = face.encoder(native(), asked(stream=True))
    (item,) = face.interrupt(why, native(), encoder)
    assert msgspec.json.decode(item.removeprefix(b"data: "))["ErrorMsg"]["Code"] == 4000


def test_vectors_have_their_real_length(simulation: Simulation) -> None:
    request = EmbedRequest(model="hunyuan-embedding", inputs=("春", "夏"))
    wire = TC3(service="hunyuan").sign(DIALECT.encode_embed(request, SITE), SECRETS, NOW)
    response = DIALECT.decode_embed(request, *answer(simulation, wire))
    assert [len(vector) for vector in response.vectors] == [1024, 1024]
    assert response.usage.input


def test_tokens_are_counted(simulation: Simulation) -> None:
    request = CountRequest(model="hunyuan", text="Hello, world")
    wire = TC3(service="hunyuan").sign(DIALECT.encode_count(request, SITE), SECRETS, NOW)
    count = DIALECT.decode_count(*answer(simulation, wire), SITE)
    assert "".join(count.pieces) == request.text
    assert (count.tokens, count.characters) == (len(count.pieces), 12)


@pytest.mark.parametrize(
    ("path", "host", "model"),
    [
        ("/v1/chat/completions", b"127.0.0.1", "hy3-preview"),
        ("/compatible/v1/chat/completions", b"127.0.0.1", "hunyuan-lite"),
        ("/v1/chat/completions", b"tokenhub.tencentmaas.com", "hy3-preview"),
        ("/v1/chat/completions", b"api.hunyuan.cloud.tencent.com", "hunyuan-lite"),
    ],
)
def test_host_and_path_tell_which_api_is_meant(
    simulation: Simulation, path: str, host: bytes, model: str
) -> None:
    request = post({**ASK, "model": model}, path, key=OWN["api_key"])
    request = replace(request, headers=with_headers(request.headers, ((b"host", host),)))
    response, error = test_openai.read(simulation, request)
    assert error is None
    assert response.text == "Hi"
    other = {"hy3-preview": "hunyuan-lite", "hunyuan-lite": "hy3-preview"}[model]
    unknown = replace(request, body=msgspec.json.encode({**ASK, "model": other}))
    assert isinstance(test_openai.read(simulation, unknown)[1], ProviderError)


def test_the_compatible_apis_serve_models_and_vectors_and_break_off_in_their_way() -> None:
    face = HunyuanFace()
    compatible = post(ASK, "/compatible/v1/chat/completions", key=OWN["api_key"])
    _, (body,) = face.other("models", compatible, NOW)
    assert "hunyuan-embedding" in [one["id"] for one in msgspec.json.decode(body)["data"]]
    vectors = post(
        {"model": "hunyuan-embedding", "input": "a"}, "/compatible/v1/embeddings", key=OWN["api_key"]
    )
    assert face.operation(vectors) == "embed"
    head, body = answer(Simulation([face]), vectors)
    assert (head.status, len(msgspec.json.decode(body)["data"])) == (200, 1)
    encoder = face.encoder(compatible, asked(stream=True))
    items = face.interrupt(Why.OUTPUT_MODERATED, compatible, encoder)
    assert b"content_filter" in b"".join(items)
    with pytest.raises(RefusedError):
        face.identify(post(ASK, "/v1/chat/completions", key="sk-other"), NOW)


@pytest.mark.parametrize(
    "request_",
    [
        SocketRequest(origin="ws://127.0.0.1", target=b"/"),
        HttpRequest(method="GET", origin="http://127.0.0.1", target=b"/", headers=((b"host", b"127.0.0.1"),)),
        replace(native(), target=b"/elsewhere"),
        post(ASK, "/v3/chat/completions"),
    ],
)
def test_nothing_is_served_elsewhere(request_: Any) -> None:
    assert HunyuanFace().operation(request_) is None
