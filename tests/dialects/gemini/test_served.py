"""Being the provider: callers' bodies, and what replies look like on the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.errors import error_info, retry_info
from baimo.errors import (
    AuthError,
    ConfigError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    TransportError,
)
from baimo.types.chat import (
    AudioOutput,
    ChatRequest,
    FinishReason,
    Reasoning,
    ResponseFormat,
    Role,
    TokenLogprob,
)
from baimo.types.content import (
    Audio,
    Citation,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
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
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest
from tests.dialects.gemini.asking import asked, body, posted, read, request, site

HI = [{"role": "user", "parts": [{"text": "Hi"}]}]


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/v1beta/models/m:generateContent", "chat"),
        ("POST", b"/v1/models/m:streamGenerateContent?alt=sse", "chat"),
        ("POST", b"/v1/projects/p/locations/l/publishers/google/models/m:generateContent", "chat"),
        ("POST", b"/v1beta/models/m:embedContent", "embed"),
        ("POST", b"/v1beta/models/m:batchEmbedContents", "embed"),
        ("POST", b"/v1beta/models/m:predict", "embed"),
        ("POST", b"/v1beta/models/m:countTokens", "count"),
        ("GET", b"/v1beta/models?pageSize=5", "models"),
        ("GET", b"/v1beta/models/m", "describe"),
        ("GET", b"/v1beta/models/m:generateContent", None),
        ("POST", b"/v1beta/models/m:fly", None),
        ("POST", b"/v1beta/models", None),
        ("DELETE", b"/v1beta/models/m", None),
    ],
)
def test_operations_are_found_by_method_and_address(
    method: str, target: bytes, operation: str | None
) -> None:
    assert DIALECT.operation(method, target, ()) == operation


def test_names_may_be_written_in_either_way() -> None:
    wire = {
        "contents": [
            {
                "role": "model",
                "parts": [{"function_call": {"name": "f", "args": {"a_b": 1}}, "thought_signature": "YQ=="}],
            },
            {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"c_d": 2}}}]},
            {"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "YQ=="}}]},
        ],
        "system_instruction": {"parts": {"text": "Be kind."}},
        "generation_config": {"max_output_tokens": 5, "thinking_config": {"include_thoughts": True}},
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "tools": {"function_declarations": {"name": "f", "parameters_json_schema": {"type": "object"}}},
    }
    found = DIALECT.decode_request(posted(wire))
    system, call, result, picture = found.messages
    assert system.text == "Be kind."
    assert call.tool_calls[0].arguments == '{"a_b":1}'
    assert call.tool_calls[0].replay is not None
    assert isinstance(result.content[0], ToolResult)
    assert result.content[0].call_id == call.tool_calls[0].id
    assert isinstance(picture.content[0], Image)
    assert (found.max_tokens, found.reasoning) == (5, Reasoning(enabled=True))
    assert found.tools == (FunctionTool(name="f", parameters={"type": "object"}),)
    assert found.tool_choice == ToolChoice(mode="required", allowed=("f",))
    again = body(found)
    assert again["contents"][0]["parts"][0]["thoughtSignature"] == "YQ=="
    assert "id" not in again["contents"][1]["parts"][0]["functionResponse"]


def test_what_has_no_neutral_name_goes_back_to_the_same_wire() -> None:
    wire: dict[str, Any] = {
        "contents": [
            {
                "role": "function",
                "parts": [
                    {"functionResponse": {"name": "f", "response": {"result": "1"}, "scheduling": "IDLE"}}
                ],
                "x": 1,
            }
        ],
        "systemInstruction": {"role": "user", "parts": [{"text": "a", "y": 2}]},
        "cachedContent": "cachedContents/c",
        "labels": {"a": "b"},
        "generationConfig": {
            "mediaResolution": "LOW",
            "responseMimeType": "text/x.enum",
            "thinkingConfig": {"thinkingBudget": -1, "z": 1},
        },
        "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "w": 1}, "retrievalConfig": {}},
        "tools": [
            {"functionDeclarations": [{"name": "f", "behavior": "BLOCKING"}]},
            {"googleSearch": {"timeRangeFilter": {}}},
            {"urlContext": {}},
        ],
        "serviceTier": "flex",
        "store": True,
    }
    again = body(DIALECT.decode_request(posted(wire)))
    again["generationConfig"]["thinkingConfig"].pop("includeThoughts")
    assert again == wire


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"candidateCount": 1, "responseModalities": ["TEXT"], "responseMimeType": "text/plain"}, {}),
        (
            {"candidateCount": 2, "responseModalities": ["TEXT", "IMAGE"]},
            {"n": 2, "modalities": ("text", "image")},
        ),
        ({"topK": 3.0, "stopSequences": ["a"], "seed": 7}, {"top_k": 3, "stop": ("a",), "seed": 7}),
        ({"responseLogprobs": True, "logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"responseMimeType": "application/json"}, {"response_format": ResponseFormat(type="json_object")}),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
            {"response_format": ResponseFormat(type="json_schema", schema={"type": "string"})},
        ),
        (
            {"thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True}},
            {"reasoning": Reasoning(enabled=False)},
        ),
        (
            {"thinkingConfig": {"thinkingBudget": 9, "includeThoughts": True}},
            {"reasoning": Reasoning(budget=9)},
        ),
        (
            {"thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}},
            {"reasoning": Reasoning(effort="high")},
        ),
        (
            {"speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}},
            {"audio": AudioOutput(voice="Kore", format="pcm16")},
        ),
    ],
)
def test_settings_have_neutral_names(given: dict[str, Any], fields: dict[str, Any]) -> None:
    found = asked(generationConfig=given)
    assert {name: getattr(found, name) for name in fields} == fields
    assert found.foreign is None


@pytest.mark.parametrize(
    "given",
    [
        {"thinkingConfig": 5},
        {"thinkingConfig": {"thinkingLevel": "NEW"}},
        {"thinkingConfig": {"includeThoughts": False}},
        {"speechConfig": {"multiSpeakerVoiceConfig": {}}},
        {
            "speechConfig": {
                "languageCode": "de",
                "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
            }
        },
    ],
)
def test_settings_without_a_neutral_name_are_kept(given: dict[str, Any]) -> None:
    found = asked(generationConfig=given)
    assert found.reasoning is None
    assert found.audio is None
    assert body(found)["generationConfig"] == given


def test_thoughts_that_are_not_asked_for_are_not_shown() -> None:
    again = body(asked(generationConfig={"thinkingConfig": {"thinkingBudget": 9}}))
    assert again["generationConfig"] == {"thinkingConfig": {"thinkingBudget": 9, "includeThoughts": False}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contents": None}, "contents: is required"),
        ({"contents": "Hi"}, "contents: must be a list"),
        ({"contents": [5]}, r"contents\[0\]: must be an object"),
        ({"contents": 5}, "contents: must be a list"),
        ({"contents": [{"parts": [5]}]}, r"contents\[0\].parts\[0\]: must be an object"),
        ({"contents": [{"role": "king", "parts": []}]}, "valid role: user, model"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "a/b", "data": "!"}}]}]}, "no valid base64"),
        ({"contents": [{"parts": [{"functionCall": {}}]}]}, r"functionCall.name: is required"),
        ({"contents": [{"parts": [{"functionResponse": {}}]}]}, "functionResponse.name: is required"),
        (
            {"contents": [{"parts": [{"functionResponse": {"name": "f", "response": "a"}}]}]},
            "response: must be an object",
        ),
        (
            {"contents": [{"parts": [{"functionResponse": {"name": "f", "parts": [{}]}}]}]},
            "must hold inlineData or fileData",
        ),
        (
            {
                "contents": [
                    {"parts": [{"functionResponse": {"name": "f", "parts": [{"inlineData": {"data": "!"}}]}}]}
                ]
            },
            "no valid base64",
        ),
        ({"systemInstruction": {"parts": [{}]}}, r"systemInstruction.parts\[0\].text: is required"),
        ({"systemInstruction": "Be kind."}, "systemInstruction: must be an object"),
        ({"generationConfig": 5}, "generationConfig: must be an object"),
        ({"generationConfig": {"temperature": "hot"}}, "generationConfig.temperature: must be a number"),
        ({"generationConfig": {"seed": True}}, "generationConfig.seed: must be a number"),
        (
            {"generationConfig": {"topK": 1.5}},
            "generationConfig.topK: must be a whole number",
        ),
        ({"generationConfig": {"stopSequences": "a"}}, "stopSequences: must be a list of texts"),
        (
            {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": 5}},
            "responseJsonSchema: must be an object",
        ),
        ({"tools": "f"}, "tools: must be a list"),
        ({"tools": ["f"]}, r"tools\[0\]: must be an object"),
        ({"tools": [{"functionDeclarations": "f"}]}, "functionDeclarations: must be a list"),
        ({"tools": [{"functionDeclarations": [{}]}]}, r"functionDeclarations\[0\].name: is required"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": 5}]}]},
            "parameters: must be an object",
        ),
        ({"toolConfig": 5}, "toolConfig: must be an object"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_request(posted({"contents": HI, **fields}))


@pytest.mark.parametrize(
    ("raw", "target", "words"),
    [
        (b"", "/v1beta/models/m:generateContent", "no body"),
        (b"{", "/v1beta/models/m:generateContent", "no valid JSON"),
        (b"[]", "/v1beta/models/m:generateContent", "must be an object"),
        (b"{}", "/v1beta", "names no model"),
    ],
)
def test_a_body_that_is_none_is_refused(raw: bytes, target: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_request(posted(raw, target))


def test_a_body_may_come_in_pieces() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Any:
            yield from (b'{"contents": [{"parts"', b': [{"text": "Hi"}]}]}')

    wire = HttpRequest(
        method="POST", origin="http://h", target=b"/v1/models/m:generateContent", body=Pieces()
    )
    assert DIALECT.decode_request(wire).messages[0].text == "Hi"


def test_parts_of_a_caller_are_understood() -> None:
    parts = [
        {"text": ""},
        {},
        {"executableCode": {"code": "1"}},
        {"fileData": {"fileUri": "gs://a/b", "mimeType": "image/png"}},
        {
            "functionResponse": {
                "id": "z",
                "name": "f",
                "parts": [
                    {"inlineData": {"mimeType": "image/png", "data": "YQ=="}},
                    {"fileData": {"fileUri": "gs://a/b"}},
                ],
            }
        },
    ]
    (message,) = DIALECT.decode_request(posted({"contents": {"parts": parts}})).messages
    assert message.role is Role.USER
    assert [type(part).__name__ for part in message.content] == ["Text", "Opaque", "Image", "ToolResult"]
    result = message.content[3]
    assert isinstance(result, ToolResult)
    assert result.call_id == "z"
    assert [type(part).__name__ for part in result.content] == ["Text", "Image", "File"]


def test_results_find_their_calls_by_name_and_order() -> None:
    calls = [{"functionCall": {"name": name}} for name in ("f", "g", "f")]
    results: list[Any] = [
        {"functionResponse": {"name": name, "response": {}}} for name in ("f", "f", "g", "h")
    ]
    made, answered = DIALECT.decode_request(
        posted({"contents": [{"role": "model", "parts": calls}, {"parts": results}]})
    ).messages
    ids = [call.id for call in made.tool_calls]
    found = [part.call_id for part in answered.content if isinstance(part, ToolResult)]
    assert found[:3] == [ids[0], ids[2], ids[1]]
    assert found[3] not in ids


def test_a_turn_that_comes_in_pieces_is_one() -> None:
    pieces = [[{"text": "a"}], [{"functionCall": {"name": "f"}}], [{"text": ""}]]
    contents: list[Any] = [{"role": "model", "parts": parts} for parts in pieces]
    (message,) = DIALECT.decode_request(posted({"contents": contents})).messages
    assert [type(part).__name__ for part in message.content] == ["Text", "ToolCall"]
    contents[1]["x"] = 1
    assert len(DIALECT.decode_request(posted({"contents": contents})).messages) == 3
    (empty,) = DIALECT.decode_request(
        posted({"contents": [{"role": "model", "parts": [{"text": ""}]}]})
    ).messages
    assert empty.content == (Text(text=""),)


def test_a_search_and_other_tools_are_told_apart() -> None:
    found = asked(tools=[{"googleSearch": {}}, {"codeExecution": {}}])
    assert found.search == Search()
    assert found.tools == (ServerTool(replay=Replay(dialect="gemini", json=Raw(b'{"codeExecution":{}}'))),)
    assert asked(tools=[{"googleSearch": {"excludeDomains": ["a"]}}]).search == Search(blocked_domains=("a",))
    assert asked(tools=[{"googleSearch": 5}]).search is None


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice(mode="auto")),
        ({"mode": "NONE"}, ToolChoice(mode="none")),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f", 5]}, ToolChoice(mode="auto", allowed=("f",))),
        ({"mode": "NEW"}, None),
    ],
)
def test_modes_become_choices(config: dict[str, Any], choice: ToolChoice | None) -> None:
    found = asked(
        toolConfig={"functionCallingConfig": config}, tools=[{"functionDeclarations": [{"name": "f"}]}]
    )
    assert found.tool_choice == choice
    assert asked(toolConfig={}).tool_choice is None


def serve(events: list[ChatEvent], asked: ChatRequest) -> bytes:
    encoder = DIALECT.encoder(asked)
    encoder.head()
    return b"".join([item for event in events for item in encoder.feed(event)] + encoder.end())


def served(events: list[ChatEvent]) -> dict[str, Any]:
    """The whole reply."""
    found: dict[str, Any] = msgspec.json.decode(serve(events, request()))
    return found


def part_events(part: Part, *deltas: PartDelta, **ended: Any) -> list[ChatEvent]:
    return [PartStarted(index=0, part=part), *deltas, PartEnded(index=0, **ended)]


KEPT = Replay(dialect="gemini", json=Raw(b'{"thoughtSignature":"YQ=="}'))
EMPTY = Replay(dialect="gemini", json=Raw(b'{"text":"","thoughtSignature":"YQ=="}'))
CODE = Raw(b'{"executableCode":{"code":"1"}}')


@pytest.mark.parametrize(
    ("events", "parts"),
    [
        (part_events(Text(text="a"), PartDelta(index=0, text="b")), [{"text": "ab"}]),
        (part_events(Text(text="a", replay=KEPT)), [{"text": "a", "thoughtSignature": "YQ=="}]),
        (
            part_events(Thinking(), PartDelta(index=0, text="t"), replay=KEPT),
            [{"text": "t", "thought": True, "thoughtSignature": "YQ=="}],
        ),
        (part_events(Thinking(replay=EMPTY)), [{"text": "", "thoughtSignature": "YQ=="}]),
        (part_events(Thinking(replay=Replay(dialect="other", json=Raw(b"{}")))), []),
        (part_events(Refusal(text=""), PartDelta(index=0, text="no")), [{"text": "no"}]),
        (part_events(Opaque(dialect="gemini", json=CODE)), [{"executableCode": {"code": "1"}}]),
        (part_events(Opaque(dialect="other", json=CODE)), []),
        (part_events(ToolResult(call_id="c")), []),
        (
            part_events(ToolCall(id="c", name="f", arguments="{oops")),
            [{"functionCall": {"id": "c", "name": "f", "args": {"input": "{oops"}}}],
        ),
        (
            part_events(ToolCall(id="c", name="f", arguments="x", kind="custom")),
            [{"functionCall": {"id": "c", "name": "f", "args": {"input": "x"}}}],
        ),
        (
            part_events(
                ToolCall(id="gemini-call-1", name="f", arguments="", replay=KEPT),
                PartDelta(index=0, text="{}"),
            ),
            [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "YQ=="}],
        ),
        (
            part_events(
                Audio(format="pcm16"),
                PartDelta(index=0, data=b"a"),
                PartDelta(index=0, data=b"b", text="spoken"),
            ),
            [{"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "YWI="}}],
        ),
        (
            part_events(Image(data=b"a", media_type="image/png", replay=KEPT)),
            [{"inlineData": {"mimeType": "image/png", "data": "YQ=="}, "thoughtSignature": "YQ=="}],
        ),
        (
            part_events(Image(media_type="image/png"), PartDelta(index=0, data=b"a")),
            [{"inlineData": {"mimeType": "image/png", "data": "YQ=="}}],
        ),
        (part_events(Image(file_id="f")), [{"fileData": {"fileUri": "f"}}]),
        (part_events(Audio(id="a")), []),
    ],
)
def test_parts_are_written_whole_and_streamed(events: list[ChatEvent], parts: list[Any]) -> None:
    reply = served(events)
    assert reply["candidates"][0].get("content", {}).get("parts", []) == parts
    response, error = read(serve(events, request(stream=True)))
    assert error is None
    whole, _ = read(serve(events, request()))
    assert (response.text, response.thinking) == (whole.text, whole.thinking)
    assert [
        type(part) for part in response.message.content if not isinstance(part, Thinking) or part.text
    ] == [type(part) for part in whole.message.content if not isinstance(part, Thinking) or part.text]


def test_a_signature_that_comes_late_is_streamed_behind_its_words() -> None:
    events = part_events(Text(text=""), PartDelta(index=0, text="a"), replay=KEPT)
    raw = serve(events, request(stream=True))
    assert raw.count(b"data: ") == 3
    assert b'{"text":"","thoughtSignature":"YQ=="}' in raw
    raw = serve(part_events(Thinking(text="a"), replay=KEPT), request(stream=True))
    assert b'{"text":"","thought":true,"thoughtSignature":"YQ=="}' in raw


def test_an_array_is_written_where_no_events_were_asked_for() -> None:
    wire = posted({"contents": HI}, "/v1beta/models/m:streamGenerateContent")
    caller = DIALECT.decode_request(wire)
    assert caller.stream
    encoder = DIALECT.encoder(caller)
    assert encoder.head().media_type == "application/json"
    raw = serve(part_events(Text(text="a")), caller)
    assert [len(chunk["candidates"]) for chunk in msgspec.json.decode(raw)] == [1, 1]
    assert DIALECT.encode_request(caller, site()).target.endswith(b":streamGenerateContent?alt=sse")


def test_frames_tell_who_and_when() -> None:
    events: list[ChatEvent] = [
        Started(id="r", model="m2", created=0),
        UsageReported(usage=Usage(input_uncached=3, audio_in=2)),
    ]
    reply = served(events)
    assert (reply["modelVersion"], reply["responseId"], reply["createTime"]) == (
        "m2",
        "r",
        "1970-01-01T00:00:00Z",
    )
    assert reply["usageMetadata"] == {
        "promptTokenCount": 5,
        "totalTokenCount": 5,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
    }
    assert served([Started()])["modelVersion"] == "m"


def test_probabilities_may_stand_alone() -> None:
    reply = served([LogprobsReported(tokens=(TokenLogprob(token="a", logprob=-1.0),))])
    told = {"chosenCandidates": [{"token": "a", "logProbability": -1.0}]}
    assert reply["candidates"][0]["logprobsResult"] == told


def test_details_of_refusals_are_googles() -> None:
    assert error_info("API_KEY_INVALID")["reason"] == "API_KEY_INVALID"
    assert retry_info(1.5)["retryDelay"] == "1.5s"


def test_probabilities_and_sources_are_written() -> None:
    token = TokenLogprob(token="a", logprob=-1.0, top=(TokenLogprob(token="b", logprob=-2.0),))
    cited = Citation(url="u", title="t", start=0, end=1)
    events = [
        *part_events(Text(text="ab"), citations=(cited,)),
        LogprobsReported(tokens=(token,)),
        Withdrawn(reason="x"),
        Finished(reason=FinishReason.STOP),
    ]
    for asked_for in (request(), request(stream=True)):
        response, error = read(serve(events, asked_for))
        assert error is None
        assert response.choices[0].logprobs == (token,)
        assert response.message.content[0].citations == (cited,)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (AuthError("x"), 401, "UNAUTHENTICATED"),
        (NotFoundError("x"), 404, "NOT_FOUND"),
        (RateLimitedError("x", retry_after=1.5), 429, "RESOURCE_EXHAUSTED"),
        (QuotaError("x"), 429, "RESOURCE_EXHAUSTED"),
        (OverloadedError("x"), 503, "UNAVAILABLE"),
        (InputError("x"), 400, "INVALID_ARGUMENT"),
        (ConfigError("x"), 500, "INTERNAL"),
        (TimedOutError("x"), 504, "DEADLINE_EXCEEDED"),
        (TransportError("x"), 502, "UNAVAILABLE"),
    ],
)
def test_our_errors_have_words_of_this_wire(error: Error, status: int, word: str) -> None:
    head, raw = DIALECT.encode_error(error)
    assert (head.status, msgspec.json.decode(raw)["error"]["status"]) == (status, word)
    _, again = read(raw, head=head)
    assert again is not None
    assert again.retry_after == error.retry_after
    assert isinstance(error, QuotaError) is isinstance(again, QuotaError)


def test_an_error_in_mid_stream_ends_it() -> None:
    encoder = DIALECT.encoder(request(stream=True))
    raw = b"".join(
        encoder.feed(PartStarted(index=0, part=Text(text="a"))) + encoder.error(ServerError("gone"))
    )
    response, error = read(raw)
    assert response.text == "a"
    assert isinstance(error, ServerError)
