"""The face of Bedrock: every signature computed anew, turns and reasoning looked at as the service does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.auth.keys import HeaderKey
from baimo.auth.sigv4 import SigV4
from baimo.dialect.protocols import Site
from baimo.dialects.bedrock_converse import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
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
from baimo.simulator.faces import bedrock
from baimo.simulator.faces.aws_signature import SKEW_S
from baimo.simulator.faces.bedrock import REQUEST_ID, BedrockFace, sign_of
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Credentials, Face, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Message, Reasoning, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult
from baimo.types.counting import CountRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, with_headers
from tests.conformance.playing import play
from tests.simulator.faces.test_openai import answer

NOW = 1_790_000_000.0
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
QUIRKS = DIALECT.quirks({"thinking": "budget"})
SITE = Site(base_url="http://127.0.0.1", provider="bedrock", codes="aws", quirks=QUIRKS)
OWN = BedrockFace().credentials()
SECRETS = {name: Secret(OWN[name]) for name in ("access_key", "secret_key")}
SIGNER = SigV4(service="bedrock", region="us-east-1")


def user(text: str = "Hi") -> Message:
    return Message(role=Role.USER, content=(Text(text=text),))


def asked(*messages: Message, model: str = CLAUDE, **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (user(),), **fields)


def signed(
    request: ChatRequest | None = None,
    *,
    site: Site = SITE,
    now: float = NOW,
    signer: SigV4 = SIGNER,
    **secrets: str,
) -> HttpRequest:
    given = {**SECRETS, **{name: Secret(text) for name, text in secrets.items()}}
    return signer.sign(DIALECT.encode_request(request or asked(), site), given, now)


def raw(**body: Any) -> HttpRequest:
    """A signed request of that body."""
    unsigned = replace(DIALECT.encode_request(asked(), SITE), body=msgspec.json.encode(body))
    return SIGNER.sign(unsigned, SECRETS, NOW)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([BedrockFace()])


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of the answer."""
    head, body = answer(simulation, request)
    assert head.get(b"x-amzn-requestid") == REQUEST_ID
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), error


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request)
    assert isinstance(error, ProviderError)
    assert error.request_id == REQUEST_ID
    return error


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("bedrock", Credentials(given={"secret_key": "fake-other"}))
    table = face.configuration("http://h:1")["converse"]
    assert (table["base_url"], table["region"], table["secret_key"]) == (
        "http://h:1",
        "us-east-1",
        "fake-other",
    )
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None


@pytest.mark.parametrize("stream", [True, False])
def test_a_signed_call_is_answered_with_signed_reasoning(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies([Reply(text="The sky is blue.", thinking="Look up.")])
    response, error = read(simulation, signed(asked(stream=stream)))
    assert error is None
    assert (response.text, response.thinking) == ("The sky is blue.", "Look up.")
    thought = response.message.content[0]
    assert thought.replay is not None
    assert msgspec.json.decode(thought.replay.json) == {"signature": sign_of("Look up.")}
    assert response.usage.output


def test_models_that_sign_nothing_sign_nothing(simulation: Simulation) -> None:
    simulation.script = replies([Reply(text="Blue.", thinking="Look up.")])
    response, _ = read(simulation, signed(asked(model="openai.gpt-oss-120b-1:0")))
    assert response.message.content[0].replay is None


@pytest.mark.parametrize(
    "request_",
    [
        signed(
            asked(model="arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0")
        ),
        signed(session_token=OWN["session_token"]),
        signed(now=NOW - SKEW_S),
        signed(now=NOW + SKEW_S),
        signed(site=replace(SITE, base_url="https://bedrock-runtime.us-east-1.amazonaws.com")),
        signed(asked(headers={"x-custom": "  a   b "})),
        HeaderKey().sign(DIALECT.encode_request(asked(), SITE), {"api_key": Secret(OWN["api_key"])}, NOW),
    ],
)
def test_whatever_may_be_signed_is_taken(simulation: Simulation, request_: HttpRequest) -> None:
    assert read(simulation, request_)[1] is None


def tampered(name: bytes, value: bytes) -> HttpRequest:
    good = signed()
    return replace(good, headers=with_headers(good.headers, ((name, value),)))


def authorization(old: str, new: str) -> HttpRequest:
    line = dict(signed().headers)[b"Authorization"].decode()
    assert old in line
    return tampered(b"authorization", line.replace(old, new).encode())


BAD: dict[str, tuple[HttpRequest, type[Error], str]] = {
    "secret": (signed(secret_key="fake-other"), AuthError, "InvalidSignatureException"),
    "key": (signed(access_key="AKIAFAKEFAKEFAKE9999"), AuthError, "UnrecognizedClientException"),
    "token": (signed(session_token="fake"), AuthError, "ExpiredTokenException"),
    "late": (signed(now=NOW - SKEW_S - 2), AuthError, "InvalidSignatureException"),
    "early": (signed(now=NOW + SKEW_S + 2), AuthError, "InvalidSignatureException"),
    "region": (
        signed(signer=SigV4(service="bedrock", region="eu-west-1")),
        AuthError,
        "InvalidSignatureException",
    ),
    "service": (
        signed(signer=SigV4(service="bedrock-runtime", region="us-east-1")),
        AuthError,
        "InvalidSignatureException",
    ),
    "host": (
        signed(site=replace(SITE, base_url="https://elsewhere.example")),
        AuthError,
        "InvalidSignatureException",
    ),
    "encoded once": (
        signed(signer=SigV4(service="bedrock", region="us-east-1", encode_twice=False)),
        AuthError,
        "InvalidSignatureException",
    ),
    "body": (replace(signed(), body=b'{"messages": []}'), AuthError, "InvalidSignatureException"),
    "target": (replace(signed(), target=b"/model/m/converse"), AuthError, "InvalidSignatureException"),
    "day": (authorization("/20260921/", "/20260920/"), AuthError, "InvalidSignatureException"),
    "date": (tampered(b"x-amz-date", b"now"), AuthError, "MissingAuthenticationTokenException"),
    "form": (tampered(b"authorization", b"AWS4"), AuthError, "MissingAuthenticationTokenException"),
    "names": (authorization("host;", "host;nowhere;"), AuthError, "MissingAuthenticationTokenException"),
    "order": (
        authorization("host;x-amz-date", "x-amz-date;host"),
        AuthError,
        "MissingAuthenticationTokenException",
    ),
    "api key": (tampered(b"authorization", b"Bearer fake"), PermissionDeniedError, "AccessDeniedException"),
    "nothing": (
        replace(signed(), headers=((b"host", b"127.0.0.1"),)),
        AuthError,
        "MissingAuthenticationTokenException",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_not_well_signed_is_refused(simulation: Simulation, name: str) -> None:
    request, kind, code = BAD[name]
    error = refused(simulation, request)
    assert type(error) is kind
    assert error.provider_code == code
    assert ("valid region" in error.message) is (name in ("region", "service", "host"))


def test_an_unknown_model_is_refused_and_a_fault_behind_its_name_is_none(simulation: Simulation) -> None:
    assert isinstance(refused(simulation, signed(asked(model="acme.model-1"))), NotFoundError)
    assert isinstance(
        refused(simulation, signed(asked(model=f"{CLAUDE}!refuse@over_rate"))), RateLimitedError
    )


KINDS: dict[Why, type[Error]] = {
    Why.MISSING_PROJECT_SCOPE: PermissionDeniedError,
    Why.UNKNOWN_DOMAIN: NotFoundError,
    Why.UNKNOWN_DEPLOYMENT: NotFoundError,
    Why.OVER_QUOTA: QuotaError,
    Why.OVER_RATE: RateLimitedError,
    Why.OVER_CONCURRENCY: RateLimitedError,
    Why.INPUT_MODERATED: ContentFilteredError,
    Why.OUTPUT_MODERATED: ContentFilteredError,
    Why.CONTEXT_TOO_LONG: ContextTooLongError,
    Why.SERVER_ERROR: ServerError,
    Why.OVERLOADED: OverloadedError,
}


@pytest.mark.parametrize(("why", "kind"), KINDS.items())
def test_every_reason_is_read_as_what_it_was(simulation: Simulation, why: Why, kind: type[Error]) -> None:
    simulation.refuse(why)
    assert type(refused(simulation, signed())) is kind


def test_the_table_has_every_reason() -> None:
    assert set(bedrock._REFUSALS) == set(Why)


def test_nothing_is_served_elsewhere(simulation: Simulation) -> None:
    head, _ = answer(simulation, replace(signed(), target=b"/models"))
    assert head.status == 404


def call(*ids: str) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(id=one, name="now", arguments="{}") for one in ids)


def result(*ids: str) -> Message:
    parts = tuple(ToolResult(call_id=one, content=(Text(text="12"),)) for one in ids)
    return Message(role=Role.TOOL, content=parts)


TOOLS = (FunctionTool(name="now"),)


def test_calls_are_answered_all_and_at_once(simulation: Simulation) -> None:
    turn = Message(role=Role.ASSISTANT, content=call("a", "b"))
    assert read(simulation, signed(asked(user(), turn, result("a", "b"), tools=TOOLS)))[1] is None
    for messages in ((user(), turn, result("a")), (user(), turn, user()), (user(), result("a"))):
        error = refused(simulation, signed(asked(*messages, tools=TOOLS)))
        assert isinstance(error, InvalidRequestError)
        assert "toolResult" in error.message


def test_a_conversation_with_calls_must_offer_tools_and_take_turns(simulation: Simulation) -> None:
    hi = {"role": "user", "content": [{"text": "Hi"}]}
    use = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "n", "input": {}}}]}
    back = {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}}]}
    note = {"role": "system", "content": [{"text": "Be terse."}]}
    server = {"toolUse": {"toolUseId": "s", "name": "n", "input": {}, "type": "server_tool_use"}}
    own = {"role": "assistant", "content": [server, {"text": "1"}]}
    assert "toolConfig" in refused(simulation, raw(messages=[hi, use, back])).message
    assert "alternate" in refused(simulation, raw(messages=[hi, hi])).message
    assert "must start" in refused(simulation, raw(messages=[use])).message
    assert read(simulation, raw(messages=[hi, own, note, hi]))[1] is None


def thought(text: str, signature: str | None) -> Thinking:
    made = {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}
    wire = raw(
        messages=[{"role": "user", "content": [{"text": "x"}]}, {"role": "assistant", "content": [made]}]
    )
    part = DIALECT.decode_request(wire).messages[1].content[0]
    assert isinstance(part, Thinking)
    return part


@pytest.mark.parametrize(
    ("part", "is_good"),
    [
        (thought("Look.", sign_of("Look.")), True),
        (thought("Look!", sign_of("Look.")), False),
        (thought("Look.", "Eqfake=="), False),
    ],
)
def test_reasoning_comes_back_as_it_was(simulation: Simulation, part: Thinking, is_good: bool) -> None:
    turn = Message(role=Role.ASSISTANT, content=(part, Text(text="Blue.")))
    _, error = read(simulation, signed(asked(user(), turn, user("Why?"))))
    assert (error is None) is is_good
    if error is not None:
        assert isinstance(error, InvalidRequestError)
        assert error.hint is not None
        assert "replay" in error.hint


def test_reasoning_without_a_signature_is_refused(simulation: Simulation) -> None:
    bare = {"reasoningContent": {"reasoningText": {"text": "Look."}}}
    hidden = {"reasoningContent": {"redactedContent": "c2Vj"}}
    for block, is_good in ((bare, False), (hidden, True)):
        turns = [
            {"role": "user", "content": [{"text": "x"}]},
            {"role": "assistant", "content": [block, {"text": "y"}]},
            {"role": "user", "content": [{"text": "z"}]},
        ]
        assert (read(simulation, raw(messages=turns))[1] is None) is is_good


def test_with_thinking_on_calls_come_back_with_what_led_to_them(simulation: Simulation) -> None:
    fields = {"tools": TOOLS, "reasoning": Reasoning(enabled=True)}
    bare = Message(role=Role.ASSISTANT, content=call("a"))
    error = refused(simulation, signed(asked(user(), bare, result("a"), **fields)))
    assert "Expected `thinking`" in error.message
    full = Message(role=Role.ASSISTANT, content=(thought("Hm.", sign_of("Hm.")), *call("a")))
    assert read(simulation, signed(asked(user(), full, result("a"), **fields)))[1] is None


def test_moderated_output_ends_with_its_reason(simulation: Simulation) -> None:
    simulation.moderation = Moderation(output=("bad",))
    simulation.script = replies(["so bad"])
    response, error = read(simulation, signed(asked(stream=True)))
    assert error is None
    assert response.finish_reason is FinishReason.CONTENT_FILTER


@pytest.mark.parametrize(
    ("why", "kind"), [(Why.SERVER_ERROR, ServerError), (Why.OVERLOADED, OverloadedError)]
)
def test_a_failure_in_the_middle_is_an_exception_in_the_stream(why: Why, kind: type[Error]) -> None:
    face = BedrockFace()
    request = signed(asked(stream=True))
    encoder = face.encoder(request, face.chat_request(request))
    items = face.interrupt(why, request, encoder)
    _, error = play(DIALECT.decoder(encoder.head(), SITE), items)
    assert type(error) is kind


FAULTS: dict[str, tuple[str, str]] = {
    "no_usage": ("one two three", ""),
    "no_finish": ("one two three", ""),
    "no_mark": ("one two three", ""),
    "no_end": ("one two three", "StreamInterrupted"),
    "cut_after@2": ("one two", "StreamInterrupted"),
    "malformed@300": ("one", "WireError no JSON"),
    "twice@1": ("one two two three", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_strike_inside_the_frames(simulation: Simulation, fault: str) -> None:
    simulation.script = replies(["one two three"])
    response, error = read(simulation, signed(asked(model=f"{CLAUDE}!{fault}", stream=True)))
    text, told = FAULTS[fault]
    assert f"{type(error).__name__} {error}".startswith(told or "NoneType")
    assert response.text == text
    assert (response.usage.output is None) is (fault not in ("twice@1", "no_finish"))
    if fault == "no_finish":
        assert response.finish_reason is FinishReason.UNKNOWN


def test_tokens_are_counted(simulation: Simulation) -> None:
    unsigned = DIALECT.encode_count(CountRequest(model=CLAUDE, text="one two three"), SITE)
    head, body = answer(simulation, SIGNER.sign(unsigned, SECRETS, NOW))
    assert DIALECT.decode_count(head, body, SITE).tokens == 3


def test_vectors_are_made_by_models_of_both_makers() -> None:
    with Simulator("bedrock") as sim, sim.client() as client:
        made = client.embed("bedrock/amazon.titan-embed-text-v2:0", ["a", "b"], dimensions=4)
        assert [len(vector) for vector in made.vectors] == [4, 4]
        assert made.vectors[0] != made.vectors[1]
        assert made.usage.input == 2
        assert len(sim.requests) == 2
        made = client.embed("bedrock/eu.cohere.embed-v4:0", ["a", "b"], dimensions=4)
        assert ([len(vector) for vector in made.vectors], len(sim.requests)) == ([4, 4], 3)
        with pytest.raises(NotFoundError):
            client.embed("bedrock/amazon.nova-pro-v1:0", ["a"])
