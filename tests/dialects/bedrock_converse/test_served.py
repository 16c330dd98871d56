"""Being the provider: callers' bodies, and replies to them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.bedrock_converse import DIALECT
from baimo.errors import InputError, ServerError
from baimo.types.chat import ChatRequest, FinishReason, Reasoning, Role
from baimo.types.content import (
    Audio,
    Cache,
    Citation,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, UsageReported
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, ServerTool, ToolChoice
from baimo.types.usage import Usage
from tests.conformance.playing import play
from tests.dialects.bedrock_converse.asking import asked, body, ours, posted, request, said, site

HI = said({"text": "Hi"})


def same(content: dict[str, Any], **quirks: Any) -> ChatRequest:
    """What a body asks for, which goes out as the same body again."""
    got = asked(content)
    assert body(got, site(**quirks)) == content
    return got


def part(block: dict[str, Any], role: str = "user") -> Part:
    """The part that a block is; it goes out as the same block."""
    return same({"messages": [said(block, role=role)]}, thinking="budget").messages[-1].content[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no body"),
        (b"{", "no valid JSON"),
        ({}, "messages: is required"),
        ({"messages": [{}]}, r"messages\[0\].role: None"),
        ({"messages": [{"role": ["x"]}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "tool", "content": []}]}, "none of user, assistant, system"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\].content: a list"),
        ({"messages": [said({})]}, r"messages\[0\].content\[0\]: must be"),
        ({"messages": [said({"toolUse": {}}, role="assistant")]}, "toolUse.toolUseId: is required"),
        ({"messages": [said({"toolUse": 1}, role="assistant")]}, "toolUse: must be an object"),
        (
            {"messages": [said({"toolUse": {"toolUseId": "a", "name": "n", "input": 1}}, role="assistant")]},
            "input: must be",
        ),
        ({"messages": [said({"toolResult": {"toolUseId": ""}})]}, "toolUseId: is required"),
        (
            {"messages": [said({"toolResult": {"toolUseId": "a", "content": [1]}})]},
            r"toolResult.content\[0\]",
        ),
        ({"messages": [said({"image": {"source": {"bytes": "&"}}})]}, "no valid base64"),
        ({"messages": [said({"image": {"source": {"bytes": 1}}})]}, "no valid base64"),
        ({"messages": [said({"image": {}})]}, "image.source: must be an object"),
        ({"messages": [HI], "inferenceConfig": {"maxTokens": "x"}}, "maxTokens: Expected"),
        ({"messages": [HI], "serviceTier": {}}, "serviceTier.type: is required"),
        ({"messages": [HI], "toolConfig": {"tools": [{}]}}, r"toolConfig.tools\[0\]"),
        ({"messages": [HI], "toolConfig": {"tools": [{"toolSpec": {}}]}}, "name: is required"),
        ({"messages": [HI], "toolConfig": {"tools": [], "toolChoice": {"x": 1}}}, "toolChoice: must hold"),
        ({"messages": [HI], "toolConfig": {"tools": [], "toolChoice": 1}}, "toolChoice: must hold"),
        (
            {
                "messages": [HI],
                "outputConfig": {"textFormat": {"structure": {"jsonSchema": {"schema": "{"}}}},
            },
            "written as text",
        ),
    ],
)
def test_what_is_wrong_with_a_body_is_named(content: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(content)


def test_a_body_in_pieces_is_read() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Any:
            yield from (b'{"messages"', b":[]}")

    wire = msgspec.structs.replace(posted(b""), body=Pieces())
    assert DIALECT.decode_request(wire).messages == ()


def test_the_address_tells_model_and_stream() -> None:
    got = asked({"messages": [HI]}, "/model/arn%3Aaws%3Ax%2Fy/converse-stream")
    assert (got.model, got.stream) == ("arn:aws:x/y", True)
    assert asked({"messages": [HI]}, "/model/arn:aws:x/y/converse").model == "arn:aws:x/y"


def test_what_is_unknown_is_kept_for_this_wire() -> None:
    content = {
        "messages": [HI],
        "inferenceConfig": {"maxTokens": 3, "newest": 1},
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "performanceConfig": {"latency": "optimized"},
        "outputConfig": {"effort": "low"},
        "additionalModelResponseFieldPaths": ["/a"],
    }
    got = same(content)
    assert got.max_tokens == 3
    assert got.reasoning == Reasoning(effort="low")


def test_a_schema_is_text_on_the_wire() -> None:
    schema = {"schema": '{"type":"object"}', "name": "A", "description": "An a"}
    form = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    got = same({"messages": [HI], "outputConfig": {"textFormat": form}}).response_format
    assert got is not None
    assert (got.type, got.schema, got.name) == ("json_schema", {"type": "object"}, "A")


@pytest.mark.parametrize(
    ("more", "top_k", "reasoning"),
    [
        ({"top_k": 4}, 4, None),
        ({"k": 4}, 4, None),
        ({"inferenceConfig": {"topK": 4}}, 4, None),
        ({"top_k": "x"}, None, None),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            None,
            Reasoning(enabled=True, budget=2000),
        ),
        ({"thinking": {"type": "adaptive"}}, None, Reasoning(enabled=True)),
        ({"thinking": {"type": "disabled"}}, None, Reasoning(enabled=False)),
        (
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            None,
            Reasoning(enabled=True, effort="low"),
        ),
        ({"reasoning_effort": "high"}, None, Reasoning(effort="high")),
        ({"reasoning_effort": "huge"}, None, None),
    ],
)
def test_the_models_own_words_are_understood_and_passed_on(
    more: dict[str, Any], top_k: int | None, reasoning: Reasoning | None
) -> None:
    got = same({"messages": [HI], "additionalModelRequestFields": more})
    assert (got.top_k, got.reasoning) == (top_k, reasoning)


def test_messages_that_stand_by_themselves_stay_so() -> None:
    content = {
        "messages": [
            HI,
            HI,
            said({"text": "Be terse."}, role="system"),
            {**said({"text": "a"}, role="assistant"), "x": 1},
        ],
        "system": [{"text": "S"}, {"cachePoint": {"type": "default"}}],
    }
    got = same(content)
    assert [message.role for message in got.messages] == [
        Role.SYSTEM,
        Role.USER,
        Role.USER,
        Role.SYSTEM,
        Role.ASSISTANT,
    ]


def test_results_are_messages_of_their_own() -> None:
    result = {"toolResult": {"toolUseId": "a", "content": [{"text": "1"}], "status": "error"}}
    got = same(
        {
            "messages": [
                HI,
                said({"toolUse": {"toolUseId": "a", "name": "n", "input": {}}}, role="assistant"),
                said(
                    {"text": "so"}, result, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "And?"}
                ),
            ],
            "toolConfig": {"tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": {}}}}]},
        }
    )
    assert [message.role for message in got.messages[2:]] == [Role.USER, Role.TOOL, Role.USER]
    (told,) = got.messages[3].content
    assert isinstance(told, ToolResult)
    assert (told.is_error, told.cache) == (True, Cache(ttl="1h"))
    assert asked({"messages": [said()]}).messages[0].content == ()


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"json": {"a": [1]}}, '{"a":[1]}'),
        ({"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}, {"text": "y"}]}}, "x\ny"),
        ({"poem": {"rhyme": 1}}, '{"poem":{"rhyme":1}}'),
    ],
)
def test_results_of_other_kinds_are_read_as_text(block: dict[str, Any], text: str) -> None:
    with_tools = {"tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": {}}}}]}
    result = {"toolUseId": "a", "content": [block], "status": "success"}
    got = same({"messages": [said({"toolResult": result})], "toolConfig": with_tools})
    (told,) = got.messages[0].content
    assert isinstance(told, ToolResult)
    assert isinstance(told.content[0], Text)
    assert told.content[0].text == text


def test_media_in_results() -> None:
    image = {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}}
    odd = {"document": {"name": "x", "source": {}}}
    got = asked({"messages": [said({"toolResult": {"toolUseId": "a", "content": [image, odd]}})]})
    (told,) = got.messages[0].content
    assert isinstance(told, ToolResult)
    assert told.content[0] == Image(data=b"\x89PNG", media_type="image/png")
    assert isinstance(told.content[1], Text)


MEDIA: list[tuple[dict[str, Any], type[Part]]] = [
    ({"image": {"format": "png", "source": {"bytes": "iVBORw=="}}}, Image),
    ({"image": {"format": "bmp", "source": {"bytes": "iVBORw=="}}}, Image),
    ({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}}, Image),
    (
        {
            "image": {
                "format": "png",
                "source": {"s3Location": {"uri": "s3://b/k", "bucketOwner": "123456789012"}},
            }
        },
        Image,
    ),
    ({"image": {"format": "png", "source": {"hologram": 1}}}, Opaque),
    ({"video": {"format": "mp4", "source": {"bytes": "AAAA"}}}, Video),
    ({"audio": {"format": "mp3", "source": {"bytes": "AAAA"}}}, Audio),
    ({"document": {"format": "pdf", "name": "a b", "source": {"bytes": "AAAA"}, "context": "c"}}, File),
    ({"document": {"name": "a", "source": {"text": "words"}}}, File),
    (
        {
            "document": {
                "format": "txt",
                "name": "a",
                "source": {"content": [{"text": "x"}]},
                "citations": {"enabled": True},
            }
        },
        File,
    ),
    ({"guardContent": {"text": {"text": "x", "qualifiers": ["query"]}}}, Text),
    ({"guardContent": {"image": {"format": "png", "source": {"bytes": "AAAA"}}}}, Opaque),
    ({"cachePoint": {"type": "default"}}, Opaque),
    ({"searchResult": {"source": "s", "title": "t", "content": []}}, Opaque),
]


@pytest.mark.parametrize(("block", "kind"), MEDIA)
def test_every_block_of_a_user_is_kept(block: dict[str, Any], kind: type[Part]) -> None:
    assert type(part(block)) is kind


def test_words_of_a_document_can_be_read_by_other_wires() -> None:
    got = part({"document": {"name": "a", "source": {"content": [{"text": "x"}, {"text": "y"}]}}})
    assert isinstance(got, File)
    assert got.data == b"x\ny"


def test_cache_points_that_say_more_stay_as_they_are() -> None:
    content = {
        "messages": [
            said(
                {"text": "a"},
                {"cachePoint": {"type": "default"}},
                {"cachePoint": {"type": "default"}},
                {"text": "b"},
                {"cachePoint": {"type": "newest"}},
                {"text": "c"},
                {"cachePoint": {"type": "default", "ttl": "9h"}},
            )
        ]
    }
    assert same(content).messages[0].content[0].cache == Cache()
    assert isinstance(asked({"messages": [said({"cachePoint": 1})]}).messages[0].content[0], Opaque)


def test_tools_with_marks_and_of_the_provider() -> None:
    spec = {
        "toolSpec": {
            "name": "n",
            "description": "d",
            "strict": True,
            "inputSchema": {"json": {"type": "object"}},
        }
    }
    point = {"cachePoint": {"type": "default"}}
    odd = {"cachePoint": {"type": "newest"}}
    content = {
        "messages": [HI],
        "toolConfig": {
            "tools": [spec, point, point, {"systemTool": {"name": "s"}}, point, odd],
            "toolChoice": {"tool": {"name": "n"}},
        },
    }
    got = same(content)
    assert got.tool_choice == ToolChoice(mode="required", allowed=("n",))
    assert [type(tool) for tool in got.tools] == [
        FunctionTool,
        ServerTool,
        ServerTool,
        ServerTool,
        ServerTool,
    ]
    marked = asked({"messages": [HI], "toolConfig": {"tools": [spec, odd]}})
    assert isinstance(marked.tools[1], ServerTool)


@pytest.mark.parametrize(("choice", "mode"), [({"auto": {}}, "auto"), ({"any": {}}, "required")])
def test_choices_of_tools(choice: dict[str, Any], mode: str) -> None:
    tools = [{"toolSpec": {"name": "n", "inputSchema": {"json": {}}}}]
    got = same({"messages": [HI], "toolConfig": {"tools": tools, "toolChoice": choice}})
    assert got.tool_choice is not None
    assert got.tool_choice.mode == mode


def test_reasoning_of_a_caller_goes_back_byte_for_byte() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": " x ", "signature": "s=="}}}
    assert part(thought, role="assistant").replay is not None
    part({"reasoningContent": {"redactedContent": "AAAA"}}, role="assistant")
    part(
        {"toolUse": {"toolUseId": "a", "name": "n", "input": {"b": 1}, "type": "server_tool_use"}},
        role="assistant",
    )
    part({"toolResult": {"toolUseId": "a", "type": "x", "content": []}}, role="assistant")
    part({"citationsContent": {"content": [{"text": "a"}], "citations": [{"title": "t"}]}}, role="assistant")


def serve(events: list[ChatEvent], *, stream: bool) -> Any:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in events for item in encoder.feed(event)] + encoder.end()
    found, error = play(DIALECT.decoder(encoder.head(), site()), items)
    assert error is None
    return fold(found)


DONE: list[ChatEvent] = [Finished(reason=FinishReason.STOP)]


@pytest.mark.parametrize("stream", [True, False])
def test_parts_of_every_kind_are_served(stream: bool) -> None:
    cited = (Citation(url="https://a.example", title="A", quote="q", source="s"), Citation())
    opaque = Opaque(
        dialect=DIALECT.name,
        json=msgspec.Raw(
            b'{"toolUse":{"toolUseId":"s","name":"n","type":"server_tool_use","input":{"a":1}}}'
        ),
    )
    result = Opaque(
        dialect=DIALECT.name, json=msgspec.Raw(b'{"toolResult":{"toolUseId":"s","content":[{"text":"1"}]}}')
    )
    foreign = Opaque(dialect="other", json=msgspec.Raw(b"{}"))
    custom = ToolCall(id="c", name="n", arguments="", kind="custom")
    parts: list[Part] = [
        Text(text="begun "),
        Refusal(text=""),
        opaque,
        result,
        foreign,
        custom,
        Image(data=b"a"),
    ]
    events: list[ChatEvent] = []
    for index, one in enumerate(parts):
        events.append(PartStarted(index=index, part=one))
        if isinstance(one, (Text, Refusal, ToolCall)):
            events.append(PartDelta(index=index, text="words"))
        if isinstance(one, Image):
            events.append(PartDelta(index=index, data=b"b"))
        events.append(PartEnded(index=index, citations=cited if index == 0 else ()))
    events += [PartStarted(index=0, part=Text(text="no"), choice=1), PartDelta(index=0, text="no", choice=1)]
    events += [PartEnded(index=0, choice=1), Finished(reason=FinishReason.LENGTH, choice=1), *DONE]
    response = serve(events, stream=stream)
    assert response.text == "begun wordswords"
    assert response.message.content[0].citations == cited
    (call,) = response.tool_calls
    assert msgspec.json.decode(call.arguments) == {"input": "words"}
    kept = [msgspec.json.decode(one.json) for one in response.message.content if isinstance(one, Opaque)]
    assert kept[0]["toolUse"]["input"] == {"a": 1}
    assert kept[1]["toolResult"]["content"] == [{"text": "1"}]
    assert [one.data for one in response.message.content if isinstance(one, Image)] == [b"ab"]
    assert response.finish_reason is FinishReason.STOP


@pytest.mark.parametrize("stream", [True, False])
def test_what_came_from_this_wire_is_served_as_it_came(stream: bool) -> None:
    entry = {"title": "T", "location": {"documentPage": {"documentIndex": 1}}}
    part_ = Text(text="", replay=ours(citationsContent={"citations": [entry]}))
    events: list[ChatEvent] = [
        PartStarted(index=0, part=part_),
        PartDelta(index=0, text="x"),
        PartEnded(index=0),
        *DONE,
    ]
    response = serve(events, stream=stream)
    (said_,) = response.message.content
    assert msgspec.json.decode(said_.replay.json) == {"citationsContent": {"citations": [entry]}}


def test_a_picture_without_a_type_is_called_png() -> None:
    for stream in (True, False):
        response = serve(
            [PartStarted(index=0, part=Image(data=b"a")), PartEnded(index=0), *DONE], stream=stream
        )
        assert response.message.content[0].media_type == "image/png"


def test_of_a_sound_its_words_are_told() -> None:
    events: list[ChatEvent] = [
        PartStarted(index=0, part=Audio(id="a")),
        PartDelta(index=0, text="la la"),
        PartEnded(index=0),
        *DONE,
    ]
    assert [serve(events, stream=stream).text for stream in (True, False)] == ["la la", "la la"]


def test_blocks_that_no_stream_knows_are_left_out_of_it() -> None:
    for raw in (b'{"poem":{}}', b'{"toolUse":1}'):
        one = Opaque(dialect=DIALECT.name, json=msgspec.Raw(raw))
        events: list[ChatEvent] = [PartStarted(index=0, part=one), PartEnded(index=0), *DONE]
        assert serve(events, stream=True).message.content == ()
    assert serve(
        [
            PartStarted(index=0, part=Opaque(dialect=DIALECT.name, json=msgspec.Raw(b'{"poem":{}}'))),
            PartEnded(index=0),
            *DONE,
        ],
        stream=False,
    ).message.content


def test_a_stream_without_any_part_still_begins_and_ends() -> None:
    response = serve([UsageReported(usage=Usage(input_uncached=3)), *DONE], stream=True)
    assert (response.text, response.usage.input) == ("", 3)


def test_a_failure_in_the_middle_breaks_the_stream_off() -> None:
    encoder = DIALECT.encoder(request(stream=True))
    items = encoder.feed(PartStarted(index=0, part=Text(text="a"))) + encoder.error(ServerError("it broke"))
    events, error = play(DIALECT.decoder(encoder.head(), site()), items)
    assert fold(events).text == "a"
    assert isinstance(error, ServerError)
    assert error.provider_code == "InternalServerException"
