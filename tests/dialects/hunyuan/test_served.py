"""Being the provider: requests are read, replies and refusals are written as the service writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialects.hunyuan import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
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
    TimedOutError,
    UnsupportedError,
)
from baimo.types.chat import ChatRequest, FinishReason, Message, Reasoning, Role
from baimo.types.content import (
    Citation,
    File,
    Image,
    Opaque,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, ServerTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, SocketRequest
from tests.conformance.playing import play
from tests.dialects.hunyuan.asking import SITE, post, request, user

LOOK_UP = FunctionTool(
    name="look_up", description="Weather", parameters={"type": "object", "properties": {"city": {}}}
)
HI = {"Role": "user", "Content": "Hi"}


@pytest.mark.parametrize(
    ("method", "action", "operation"),
    [
        ("POST", b"ChatCompletions", "chat"),
        ("POST", b" GetEmbedding ", "embed"),
        ("POST", b"GetTokenCount", "count"),
        ("POST", b"chatcompletions", None),
        ("GET", b"ChatCompletions", None),
    ],
)
def test_the_action_tells_the_operation(method: str, action: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, b"/", ((b"Host", b"h"), (b"X-TC-Action", action))) == operation
    assert DIALECT.operation(method, b"/", ()) is None


ASKED = [
    request(),
    request(stream=True, include_usage=True, temperature=0.5, top_p=0.1, seed=3),
    request(stop=("a", "b"), reasoning=Reasoning(enabled=False)),
    request(tools=(LOOK_UP,), tool_choice=ToolChoice(mode="none")),
    request(tools=(LOOK_UP,), tool_choice=ToolChoice(mode="required", allowed=("look_up",))),
    request(tools=(ServerTool(replay=Replay(dialect="hunyuan", json=Raw(b'{"Type":"plugin"}'))),)),
    request(foreign=Replay(dialect="hunyuan", json=Raw(b'{"Citation":true}'))),
    request(
        Message(role=Role.SYSTEM, content=(Text(text="Short."),)),
        user(
            "See",
            Image(data=b"\x89PNG", media_type="image/png"),
            Image(url="https://i.example/x"),
            Video(url="https://v.example/x", fps=2.0),
            Video(url="https://v.example/y"),
            Opaque(dialect="hunyuan", json=Raw(b'{"Type":"video_frames"}')),
        ),
        Message(
            role=Role.ASSISTANT,
            content=(Text(text="A"), ToolCall(id="c1", name="look_up", arguments="{}")),
        ),
        Message(role=Role.TOOL, content=(ToolResult(call_id="c1", content=(Text(text="24"),)),)),
        Message(role=Role.ASSISTANT, content=(ToolCall(id="c2", name="look_up", arguments="{}"),)),
        user("More", File(file_id="f-1")),
        replace(user("Odd"), replay=Replay(dialect="hunyuan", json=Raw(b'{"Mood":"calm"}'))),
    ),
]


@pytest.mark.parametrize("asked", ASKED)
def test_what_we_ask_we_can_read(asked: ChatRequest) -> None:
    assert DIALECT.decode_request(DIALECT.encode_request(asked, SITE)) == asked


class Pieces:
    """A body that comes in pieces."""

    length = None

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def chunks(self) -> Iterator[bytes]:
        yield from self._pieces


def test_a_body_in_pieces_is_read_like_a_whole_one() -> None:
    whole = post({"Model": "m", "Messages": [HI]})
    assert isinstance(whole.body, bytes)
    cut = replace(whole, body=Pieces(whole.body[:9], whole.body[9:]))
    assert DIALECT.decode_request(cut) == DIALECT.decode_request(whole)


def test_a_forced_tool_may_stand_alone_and_parameters_may_be_missing() -> None:
    tool = {"Type": "function", "Function": {"Name": "now"}}
    body = {"Model": "m", "Messages": [HI], "ToolChoice": "custom", "CustomTool": tool}
    asked = DIALECT.decode_request(post(body))
    assert asked.tools == (FunctionTool(name="now"),)
    assert asked.tool_choice == ToolChoice(mode="required", allowed=("now",))
    both = DIALECT.decode_request(post({**body, "Tools": [tool]}))
    assert both.tools == asked.tools


def message(**fields: Any) -> dict[str, Any]:
    return {"Model": "m", "Messages": [{"Role": "user", **fields}]}


def tool(**fields: Any) -> dict[str, Any]:
    return {"Model": "m", "Messages": [HI], "Tools": [fields]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "no valid JSON"),
        ({"Messages": [HI]}, "Model: is required"),
        ({"Model": "m", "Messages": []}, "Messages: holds 0"),
        ({"Model": "m", "Messages": [HI] * 41}, "from 1 to 40"),
        ({"Model": "m", "Messages": "Hi"}, "Messages: "),
        ({"Model": "m", "Messages": [HI], "Temperature": 4.8}, "Temperature must be 2 or less"),
        ({"Model": "m", "Messages": [HI], "TopP": -1}, "TopP must be 0 or greater"),
        ({"Model": "m", "Messages": [HI], "Seed": 0}, "Seed must be 1 or greater"),
        ({"Model": "m", "Messages": [HI], "ToolChoice": "custom"}, "CustomTool: is required"),
        (
            {"Model": "m", "Messages": [HI], "ToolChoice": "custom", "CustomTool": {"Type": "x"}},
            "CustomTool.Type: must be function",
        ),
        (message(ReasoningContent="hm"), r"Messages\[0\].ReasoningContent: must not be sent back"),
        (message(Role="tool", Content="x"), r"Messages\[0\].ToolCallId: is required"),
        (message(Role="boss"), r"Messages\[0\].Role: "),
        (message(Contents=[{"Text": "x"}]), r"Messages\[0\].Contents\[0\].Type: is required"),
        (message(Contents=[{"Type": "text"}]), r"Messages\[0\].Contents\[0\].Text: "),
        (message(Contents=[{"Type": "image_url", "ImageUrl": {}}]), "ImageUrl.Url: is required"),
        (
            message(Contents=[{"Type": "image_url", "ImageUrl": {"Url": "data:image/png;base64,!"}}]),
            "no valid base64",
        ),
        (tool(Function={}), r"Tools\[0\].Type: is required"),
        (tool(Type="function"), r"Tools\[0\].Function: "),
        (
            tool(Type="function", Function={"Name": "f", "Parameters": "{"}),
            r"Tools\[0\].Function.Parameters: must be a JSON object in a string",
        ),
        (tool(Type="function", Function={"Name": "f", "Parameters": {}}), "Function.Parameters: "),
    ],
)
def test_a_request_that_cannot_be_read_is_told_with_its_field(body: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DIALECT.decode_request(post(body))


def test_a_data_address_without_a_type_is_read() -> None:
    body = message(Contents=[{"Type": "image_url", "ImageUrl": {"Url": "data:;base64,aGk="}}])
    assert DIALECT.decode_request(post(body)).messages[0].content == (Image(data=b"hi"),)


def test_a_socket_is_not_of_this_wire() -> None:
    with pytest.raises(InputError, match="WebSocket"):
        DIALECT.decode_request(SocketRequest(origin="ws://h", target=b"/"))


def served(events: list[ChatEvent], asked: ChatRequest) -> tuple[dict[str, str], bytes]:
    encoder = DIALECT.encoder(asked)
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    return {name.decode(): value.decode() for name, value in encoder.head().headers}, b"".join(items)


def chunks(body: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line.removeprefix(b"data: ")) for line in body.strip().split(b"\n\n")]


def reply(*parts: Any, reason: FinishReason = FinishReason.STOP, raw: str | None = None) -> list[ChatEvent]:
    events: list[ChatEvent] = [Started(id="c-9", created=1765000000)]
    for index, part in enumerate(parts):
        events += [PartStarted(index=index, part=part), PartEnded(index=index)]
    return [*events, Finished(reason=reason, raw=raw)]


def test_a_whole_reply_is_wrapped_and_has_the_content_type_that_the_vendors_client_needs() -> None:
    fields, body = served(reply(Text(text="Hi")), request())
    assert fields == {"content-type": "application/json"}
    told = msgspec.json.decode(body)["Response"]
    assert told["Choices"] == [
        {"Index": 0, "Message": {"Role": "assistant", "Content": "Hi"}, "FinishReason": "stop"}
    ]
    assert (told["Id"], told["Created"]) == ("c-9", 1765000000)
    assert len(told["RequestId"]) == 36


def test_a_stream_tells_its_id_in_the_head_and_ends_with_the_finish_reason() -> None:
    events: list[ChatEvent] = [
        Started(id="c-9", created=5),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="a"),
        PartDelta(index=0, text="b"),
        PartEnded(index=0),
        Finished(reason=FinishReason.STOP),
        UsageReported(usage=Usage(input_uncached=3, cache_read=4, output_visible=2)),
    ]
    fields, body = served(events, request(stream=True))
    assert fields["content-type"] == "text/event-stream"
    assert len(fields["x-tc-requestid"]) == 36
    told = chunks(body)
    assert [one["Choices"][0]["FinishReason"] for one in told] == ["", "", "stop"]
    assert [one["Usage"]["CompletionTokens"] for one in told] == [1, 2, 2]
    assert told[-1]["Usage"]["PromptTokensDetails"] == {"CachedTokens": "4"}
    assert told[-1]["Usage"]["PromptTokens"] == 7
    assert b"Response" not in body
    assert b"DONE" not in body


@pytest.mark.parametrize("stream", [True, False])
def test_what_stands_beside_an_answer_is_served(stream: bool) -> None:
    own = Opaque(dialect="hunyuan", json=Raw(b'{"Note":"mine","Replaces":[1],"Choices":[]}'))
    progress = Opaque(dialect="hunyuan", json=Raw(b'{"Processes":{"State":"plan"}}'))
    other = Opaque(dialect="x", json=Raw(b'{"Note":"theirs"}'))
    cited = Text(
        text="a",
        citations=(
            Citation(url="https://a.example", title="A", source="7"),
            Citation(url="https://b.example"),
        ),
    )
    _, body = served(reply(progress, cited, own, other), request(stream=stream))
    told = chunks(body) if stream else [msgspec.json.decode(body)["Response"]]
    last = told[-1]
    assert (last["Note"], last["Replaces"]) == ("mine", [1])
    assert [(one["Index"], one["Url"]) for one in last["SearchInfo"]["SearchResults"]] == [
        (7, "https://a.example"),
        (2, "https://b.example"),
    ]
    assert [one["Processes"] for one in told if "Processes" in one] == [{"State": "plan"}]


@pytest.mark.parametrize("stream", [True, False])
def test_what_this_wire_has_no_place_for_is_left_out_or_said_in_words(stream: bool) -> None:
    parts = (Thinking(text="hm"), Refusal(text="No."), Image(url="https://i.example"), Text(text=""))
    events = reply(*parts, reason=FinishReason.REFUSAL)
    events.insert(-1, PartDelta(index=2, data=b"x"))
    events.insert(-1, LogprobsReported(tokens=()))
    head, body = served(events, request(stream=stream))
    decoded, error = play(DIALECT.decoder(DIALECT.encoder(request(stream=stream)).head(), SITE), [body])
    assert error is None
    assert (fold(decoded).text, fold(decoded).thinking) == ("No.", "hm")
    assert fold(decoded).choices[0].finish_raw == "stop"
    assert head


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("reason", "raw", "word"),
    [
        (FinishReason.LENGTH, "max_tokens", "length"),
        (FinishReason.CONTENT_FILTER, "content_filter", "sensitive"),
        (FinishReason.UNKNOWN, "brand_new", "brand_new"),
        (FinishReason.UNKNOWN, None, "stop"),
        (FinishReason.PAUSE, "pause_turn", "stop"),
    ],
)
def test_reasons_are_worded_as_here(stream: bool, reason: FinishReason, raw: str | None, word: str) -> None:
    _, body = served(reply(Text(text="a"), reason=reason, raw=raw), request(stream=stream))
    assert f'"FinishReason":"{word}"'.encode() in body


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_was_withdrawn_ends_as_sensitive(stream: bool) -> None:
    events = reply(Text(text="half"))
    events.insert(-1, Withdrawn(reason="moderated"))
    _, body = served(events, request(stream=stream))
    assert b'"FinishReason":"sensitive"' in body


def test_calls_of_tools_come_in_pieces_that_repeat_their_id() -> None:
    call = ToolCall(id="c1", name="f", arguments="")
    events: list[ChatEvent] = [
        PartStarted(index=0, part=call),
        PartStarted(index=1, part=replace(call, id="c2")),
        PartDelta(index=0, text="{}"),
        PartDelta(index=1, text="[]"),
        Finished(reason=FinishReason.TOOL_CALLS),
    ]
    _, body = served(events, request(stream=True))
    pieces = [one["Choices"][0]["Delta"]["ToolCalls"][0] for one in chunks(body)[:-1]]
    assert [(p["Id"], p["Index"], p["Function"]["Name"], p["Function"]["Arguments"]) for p in pieces] == [
        ("c1", 0, "f", ""),
        ("c2", 1, "f", ""),
        ("c1", 0, "", "{}"),
        ("c2", 1, "", "[]"),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContentFilteredError("no"), "OperationDenied.TextIllegalDetected"),
        (InvalidRequestError("no"), "InvalidParameter"),
        (InputError("no"), "InvalidParameter"),
        (UnsupportedError("no"), "UnsupportedOperation"),
        (AuthError("no"), "AuthFailure.SignatureFailure"),
        (PermissionDeniedError("no"), "UnauthorizedOperation"),
        (NotFoundError("no"), "InvalidParameterValue.Model"),
        (QuotaError("no"), "FailedOperation.ResourcePackExhausted"),
        (RateLimitedError("no"), "RequestLimitExceeded"),
        (OverloadedError("no"), "FailedOperation.EngineServerLimitExceeded"),
        (ServerError("no"), "InternalError"),
        (ConfigError("no"), "InternalError"),
        (Error("no"), "InternalError"),
        (TimedOutError("no"), "FailedOperation.EngineRequestTimeout"),
        (AuthError("no", provider_code="AuthFailure.SignatureExpire"), "AuthFailure.SignatureExpire"),
        (AuthError("no", provider_code="invalid_api_key"), "AuthFailure.SignatureFailure"),
        (ServerError("no", provider_code="4001"), "InternalError"),
    ],
)
def test_a_refusal_has_status_200_and_reads_back_as_its_kind(error: Error, code: str) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == 200
    assert msgspec.json.decode(body)["Response"]["Error"] == {"Code": code, "Message": "no"}
    _, again = play(DIALECT.decoder(head, SITE), [body])
    if isinstance(error, ProviderError):
        assert type(again) is type(error)
        assert again.retryable == error.retryable
    whole = DIALECT.encoder(request()).error(error)
    assert msgspec.json.decode(whole[0]) == msgspec.json.decode(body)


def test_half_a_character_in_a_message_is_served_as_text() -> None:
    _, body = DIALECT.encode_error(ServerError("bad \ud83d", request_id="r-1"))
    told = msgspec.json.decode(body)["Response"]
    assert told == {"Error": {"Code": "InternalError", "Message": "bad ?"}, "RequestId": "r-1"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ServerError("no"), 4000),
        (RateLimitedError("no"), 4000),
        (TimedOutError("no"), 4001),
        (ServerError("no", provider_code="4001"), 4001),
        (ServerError("no", provider_code="FailedOperation.EngineRequestTimeout"), 4001),
    ],
)
def test_a_failure_in_mid_stream_is_an_error_message_with_a_number(error: Error, code: int) -> None:
    encoder = DIALECT.encoder(request(stream=True))
    first = encoder.feed(PartStarted(index=0, part=Text(text="a")))
    (item,) = encoder.error(error)
    assert msgspec.json.decode(item.removeprefix(b"data: "))["ErrorMsg"] == {"Msg": "no", "Code": code}
    _, again = play(DIALECT.decoder(encoder.head(), SITE), [*first, item])
    assert isinstance(again, ServerError)
    assert again.provider_code == str(code)


def test_ids_are_stable_and_differ_with_the_request() -> None:
    def head_of(asked: ChatRequest) -> object:
        return DIALECT.encoder(asked).head()

    assert head_of(request(stream=True)) == head_of(request(stream=True))
    assert head_of(request(stream=True)) != head_of(request(user("Else"), stream=True))


def test_a_request_is_plain_http() -> None:
    assert isinstance(DIALECT.encode_request(request(), SITE), HttpRequest)
