"""What goes out, where one case each says too little."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.bedrock_converse import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import Message, Reasoning, ResponseFormat
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.bedrock_converse.asking import assistant, body, notes, ours, request, site, user

NOW = FunctionTool(name="now")


def test_nothing_to_say_is_an_error() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(request().__class__(model="m", messages=()), site())
    with pytest.raises(InputError, match="messages says nothing"):
        body(request(user("")))
    assert body(request(user(""), extra={"promptVariables": {}}))["messages"] == []


def test_headers_and_fields_of_ones_own_are_the_last_word() -> None:
    asked = request(
        max_tokens=5,
        headers={"Accept": "x", "x-a": "b"},
        extra={"inferenceConfig": {"topP": 1}, "guardrailConfig": {"guardrailIdentifier": "g"}},
    )
    wire = DIALECT.encode_request(asked, site())
    assert dict(wire.headers)[b"Accept"] == b"x"
    assert body(asked)["inferenceConfig"] == {"maxTokens": 5, "topP": 1}
    assert body(asked)["guardrailConfig"] == {"guardrailIdentifier": "g"}


def test_half_a_surrogate_pair_is_named() -> None:
    with pytest.raises(InputError, match=r"messages\[1\]"):
        body(request(user("a"), user("\ud83d")))
    with pytest.raises(InputError, match="the request holds half"):
        body(request(stop=("\ud83d",)))


def test_what_is_no_json_is_named() -> None:
    with pytest.raises(InputError, match="no JSON"):
        body(request(extra={"a": object()}))


def test_fields_of_other_wires_stay_there() -> None:
    other = Replay(dialect="ollama", json=Raw(b'{"keep_alive":1}'))
    assert body(request(foreign=other)) == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


MISPLACED: list[Message] = [
    user(Thinking(text="x")),
    user(Refusal(text="x")),
    user(ToolCall(id="a", name="b", arguments="{}")),
    assistant(ToolResult(call_id="a")),
    Message(role="system", content=(ToolResult(call_id="a"),)),  # type: ignore[arg-type]
    Message(role="system", content=(Image(data=b"x"),)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("message", MISPLACED)
def test_a_part_in_the_wrong_message_is_named(message: Message) -> None:
    with pytest.raises(InputError, match=r"messages\[0\].content\[0\] is a"):
        body(request(message))


def test_an_empty_text_is_left_out_and_an_empty_message_is_not() -> None:
    sent = body(
        request(
            user(Text(text=""), Text(text="a")), assistant(Text(text="")), user("b"), Message(role="user")
        )
    )  # type: ignore[arg-type]
    assert sent["messages"] == [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]
    assert body(request(Message(role="user")))["messages"] == [{"role": "user", "content": []}]  # type: ignore[arg-type]


def test_an_earlier_refusal_is_text_and_opaque_parts_stay_in_their_wire() -> None:
    refusal = assistant(
        Refusal(text="No."), Refusal(text=""), Opaque(dialect=DIALECT.name, json=Raw(b'{"x":{}}'))
    )
    asked = request(user("a"), refusal, user("b"))
    assert body(asked)["messages"][1]["content"] == [{"text": "No."}, {"x": {}}]
    assert notes(asked) == ["emulated", "emulated"]
    foreign = request(user("a"), assistant(Opaque(dialect="other", json=Raw(b"{}"))))
    with pytest.raises(UnsupportedError, match="only other understands"):
        body(foreign)
    dropped = msgspec.structs.replace(foreign, unsupported="drop")
    assert body(dropped)["messages"] == [{"role": "user", "content": [{"text": "a"}]}]


def test_a_call_whose_arguments_are_no_object_is_told() -> None:
    for call in (
        ToolCall(id="a", name="n", arguments="x"),
        ToolCall(id="a", name="n", arguments="\ud83d"),
        ToolCall(id="a", name="n", arguments="{}", kind="custom"),
    ):
        with pytest.raises(UnsupportedError, match="an earlier call"):
            body(request(user("a"), assistant(call)))
    dropped = request(user("a"), assistant(ToolCall(id="a", name="n", arguments="x")), unsupported="drop")
    assert body(dropped)["messages"][1]["content"][0]["toolUse"]["input"] == {"input": "x"}


def test_results_keep_what_their_wire_said_of_them() -> None:
    parts = (
        Text(text='{"a":1}', replay=ours(json={"a": 1})),
        Text(text="x", cache=Cache(ttl="5m")),
        File(data=b"%PDF", name="a.pdf"),
        Video(data=b"v", media_type="video/webm"),
    )
    result = ToolResult(call_id="c", content=parts, replay=ours(status="success"))
    (message,) = body(request(Message(role="tool", content=(result,))))["messages"]  # type: ignore[arg-type]
    told = message["content"][0]["toolResult"]
    assert told["status"] == "success"
    assert [next(iter(block)) for block in told["content"]] == [
        "json",
        "text",
        "cachePoint",
        "document",
        "video",
    ]
    sound = ToolResult(call_id="c", content=(Audio(data=b"x"),))
    with pytest.raises(UnsupportedError, match="audio content"):
        body(request(Message(role="tool", content=(sound,))))  # type: ignore[arg-type]


REFUSED: list[tuple[Part, str]] = [
    (Image(file_id="f"), "an image by an id"),
    (Image(data=b"GIF8", detail="low"), "how closely"),
    (Image(data=b"BM"), "of the format 'unknown'"),
    (Image(data=b"x", media_type="image/tiff"), "of the format 'unknown'"),
    (Image(url="data:image/png;base64,&&"), "by a web address"),
    (File(data=b"x", name="a.exe"), "a document of the format"),
    (File(url="https://a.example/a.pdf"), "by a web address"),
    (Video(data=b"x", media_type="video/ogg"), "a video of the format"),
    (Video(data=b"x", fps=1), "how many frames"),
    (Audio(data=b"x", format="midi"), "a sound of the format 'midi'"),
    (Audio(id="a"), "a sound by an id"),
    (Text(text="x", cache=Cache(ttl="30m")), "keep a cache for 30m"),
]


@pytest.mark.parametrize(("part", "words"), REFUSED)
def test_what_cannot_be_sent_is_refused(part: Part, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        body(request(user(part)))
    assert notes(request(user(Text(text="a"), part), unsupported="drop")) == ["dropped"]


FORMATS: list[tuple[Part, str, str]] = [
    (Image(data=b"\xff\xd8\xff"), "image", "jpeg"),
    (Image(data=b"RIFF0000WEBP"), "image", "webp"),
    (Image(data=b"x", media_type="image/webp"), "image", "webp"),
    (File(data=b"%PDF-1"), "document", "pdf"),
    (File(data=b"x", name="A.HTM"), "document", "html"),
    (File(url="s3://b/a.docx"), "document", "docx"),
    (Video(url="s3://b/a.3gp"), "video", "three_gp"),
    (Audio(data=b"x", format="pcm16"), "audio", "pcm"),
    (Audio(url="data:audio/mp3;base64,AAAA"), "audio", "mp3"),
    (Audio(data=b"x"), "audio", "wav"),
]


@pytest.mark.parametrize(("part", "kind", "word"), FORMATS)
def test_a_format_is_told_by_type_name_or_first_bytes(part: Part, kind: str, word: str) -> None:
    (block,) = body(request(user(part)))["messages"][0]["content"]
    assert block[kind]["format"] == word


def test_names_of_documents_are_cleaned_and_told_apart() -> None:
    names = ["a.pdf", "a.pdf", "b: c/d  é.pdf", None, None, "x" * 300, "x" * 300]
    asked = request(user(*[File(data=b"%PDF", name=name) for name in names]))
    sent = [block["document"]["name"] for block in body(asked)["messages"][0]["content"]]
    assert sent[:5] == ["a", "a 2", "b c d é", "document", "document 2"]
    assert len(set(sent)) == 7
    assert max(map(len, sent)) <= 200


def test_a_large_picture_is_copied_few_times() -> None:
    data = b"\xff\xd8\xff" + bytes(2_000_000)
    asked = request(user(Image(data=data)))
    DIALECT.encode_request(request(), site())
    tracemalloc.start()
    try:
        wire = DIALECT.encode_request(asked, site())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(wire.body) > len(data) * 4 / 3  # type: ignore[arg-type]
    assert peak < 3 * len(data) * 4 / 3


def test_a_choice_of_what_is_not_offered_is_an_error() -> None:
    with pytest.raises(InputError, match="'later'"):
        body(request(tools=(NOW,), tool_choice=ToolChoice(mode="auto", allowed=("later",))))
    with pytest.raises(InputError, match="there are no tools"):
        body(request(tool_choice=ToolChoice(mode="required")))
    assert "toolConfig" not in body(request(tool_choice=ToolChoice(mode="none")))


def test_none_in_a_conversation_with_calls_offers_the_tools_all_the_same() -> None:
    turns = (user("a"), assistant(ToolCall(id="a", name="now", arguments="{}")))
    asked = request(*turns, tools=(NOW,), tool_choice=ToolChoice(mode="none"), unsupported="drop")
    assert list(body(asked)["toolConfig"]) == ["tools"]
    assert notes(asked) == ["dropped"]


def test_hidden_reasoning_goes_back_as_it_came() -> None:
    hidden = Thinking(replay=ours(redactedContent="c2Vj"))
    (_, told) = body(request(user("a"), assistant(hidden)))["messages"]
    assert told["content"] == [{"reasoningContent": {"redactedContent": "c2Vj"}}]


def test_tools_of_other_kinds() -> None:
    own = ServerTool(replay=ours(systemTool={"name": "nova_code_interpreter"}))
    assert body(request(tools=(own,)))["toolConfig"]["tools"] == [
        {"systemTool": {"name": "nova_code_interpreter"}}
    ]
    for tool, words in (
        (CustomTool(name="x"), "no function"),
        (ServerTool(replay=Replay(dialect="other", json=Raw(b"{}"))), "words of other"),
    ):
        with pytest.raises(UnsupportedError, match=words):
            body(request(tools=(tool,)))


def test_a_search_takes_no_settings() -> None:
    with pytest.raises(UnsupportedError, match=r"search\.max_uses"):
        body(request(search=Search(max_uses=1)), site(search_tool="s"))


THINKING: list[tuple[str, Reasoning, dict[str, Any]]] = [
    ("budget", Reasoning(enabled=True), {"thinking": {"type": "enabled", "budget_tokens": 8192}}),
    ("budget", Reasoning(effort="none"), {"thinking": {"type": "disabled"}}),
    ("adaptive", Reasoning(enabled=True), {"thinking": {"type": "adaptive"}}),
    ("adaptive", Reasoning(enabled=False), {"thinking": {"type": "disabled"}}),
    ("nova", Reasoning(enabled=False), {"reasoningConfig": {"type": "disabled"}}),
    (
        "nova",
        Reasoning(effort="high"),
        {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
    ),
]


@pytest.mark.parametrize(("way", "reasoning", "fields"), THINKING)
def test_thinking_is_told_in_the_models_words(way: str, reasoning: Reasoning, fields: dict[str, Any]) -> None:
    assert body(request(reasoning=reasoning), site(thinking=way))["additionalModelRequestFields"] == fields


def test_an_effort_alone_leaves_the_rest_to_the_model() -> None:
    assert "additionalModelRequestFields" not in body(
        request(reasoning=Reasoning(enabled=True)), site(thinking="effort")
    )


@pytest.mark.parametrize(
    ("way", "reasoning", "words"),
    [
        ("effort", Reasoning(budget=2000), "a budget"),
        ("effort", Reasoning(enabled=False), "not to think"),
        ("effort", Reasoning(effort="max"), "the effort 'max'"),
        ("nova", Reasoning(budget=2000), "a budget"),
        ("adaptive", Reasoning(effort="minimal"), "'low' is nearest"),
        ("budget", Reasoning(budget=10), "1024 tokens or more"),
    ],
)
def test_what_a_model_cannot_be_told_of_thinking(way: str, reasoning: Reasoning, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        body(request(reasoning=reasoning), site(thinking=way))
    told = notes(request(reasoning=reasoning, unsupported="drop"), site(thinking=way))
    assert told == ["clamped" if way == "budget" else "dropped"]


def test_a_budget_fits_into_the_answer() -> None:
    asked = request(reasoning=Reasoning(effort="high"), max_tokens=4000)
    sent = body(asked, site(thinking="budget"))["additionalModelRequestFields"]
    assert sent == {"thinking": {"type": "enabled", "budget_tokens": 2000}}


def test_a_schema_is_never_held_loosely() -> None:
    form = ResponseFormat(type="json_schema", schema={"type": "object"}, strict=False)
    assert notes(request(response_format=form, unsupported="drop")) == ["dropped"]
    bare = ResponseFormat(type="json_schema")
    with pytest.raises(UnsupportedError, match="a schema only"):
        body(request(response_format=bare))
