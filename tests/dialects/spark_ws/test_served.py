"""Being the provider: frames are read and written as the real one does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.spark_ws import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    LocalModelError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.types.chat import FinishReason, Reasoning
from baimo.types.content import Audio, Citation, Image, Opaque, Part, Refusal, Text, Thinking, ToolCall
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
from baimo.types.usage import Usage
from baimo.wire.http import SocketRequest
from tests.dialects.spark_ws.asking import asked, request, socket


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("GET", b"/v1.1/chat?authorization=x", "chat"),
        ("GET", b"/x2", "chat"),
        ("GET", b"/v1/assistants/a1", "chat"),
        ("GET", b"/v1/assistants/", None),
        ("GET", b"/v1/chat", None),
        ("POST", b"/v1.1/chat", None),
        ("POST", b"/?host=h", "embed"),
        ("GET", b"/", None),
    ],
)
def test_an_address_tells_its_operation(method: str, target: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, target, ()) == operation


def test_every_documented_field_is_read() -> None:
    body = asked(
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a", "index": 0},
        domain="spark-x",
        temperature=0.5,
        top_k=2,
        max_tokens=9,
        top_p=0.9,
        presence_penalty=1,
        frequency_penalty=-1,
        thinking={"type": "enabled"},
        tools=[{"type": "web_search"}],
        chat_id="c",
    )
    body["header"] |= {"uid": "u", "patch_id": ["p"]}
    body["payload"]["functions"] = {"text": [{"name": "f", "parameters": {}}], "new": 1}
    body["more"] = {}
    read = DIALECT.decode_request(socket(body, b"/v1/x1?host=h"))
    assert (read.model, read.user, read.temperature, read.top_k) == ("spark-x", "u", 0.5, 2)
    assert (read.max_tokens, read.top_p, read.presence_penalty, read.frequency_penalty) == (9, 0.9, 1, -1)
    assert read.reasoning == Reasoning(enabled=True)
    assert len(read.tools) == 2
    assert read.foreign is not None
    assert msgspec.json.decode(read.foreign.json) == {
        "header": {"patch_id": ["p"]},
        "parameter": {"chat": {"chat_id": "c"}},
        "payload": {"functions": {"new": 1}},
        "more": {},
    }
    assert read.stream


def turn(role: Any, content: Any = "a", **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([turn("tool")], r"text\[0\]\.role: must be system, user or assistant"),
        ([turn("user"), turn("system")], r"text\[1\]\.role: system is for the first turn only"),
        ([turn("user", 1)], r"text\[0\]\.content: must be a string"),
        ([turn("user"), turn("user")], r"text\[1\]\.role: user and assistant must alternate"),
        ([turn("user"), turn("user", "AAAA", content_type="image")], "must alternate"),
        ([turn("user"), turn("assistant")], r"text\[1\]\.role: the last turn must be the user's"),
        ([turn("user", "!", content_type="image")], r"text\[0\]\.content: is no valid base64"),
    ],
)
def test_turns_that_break_a_rule_are_named(turns: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_request(socket(asked(*turns)))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "the frame is no valid JSON"),
        (b"\xff", "the frame is no valid JSON"),
        ("1", "the frame: Expected"),
        ("{}", "header: is required"),
        ({**asked(), "header": {}}, r"header\.app_id: is required"),
        (asked(temperature="x"), r"parameter\.chat\.temperature: Expected"),
        (asked(domain="lite"), r"parameter\.chat\.domain: 'lite' does not belong to /v3\.5/chat"),
        ({**asked(), "payload": {"message": {"text": []}}}, "must not be empty"),
    ],
)
def test_a_frame_that_is_wrong_is_named(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_request(socket(body))


def test_a_handshake_without_a_frame_asks_nothing() -> None:
    with pytest.raises(InputError, match="no frame came"):
        DIALECT.decode_request(SocketRequest(origin="ws://h", target=b"/v3.5/chat"))


def served(*events: ChatEvent) -> list[Any]:
    encoder = DIALECT.encoder(request())
    assert encoder.head().status == 101
    items = [item for event in events for item in encoder.feed(event)]
    return [msgspec.json.decode(item) for item in items + encoder.end()]


def part(index: int, begun: Part, *texts: str, **ended: Any) -> list[ChatEvent]:
    deltas = [PartDelta(index=index, text=text) for text in texts]
    return [PartStarted(index=index, part=begun), *deltas, PartEnded(index=index, **ended)]


def test_a_reply_is_frames_of_status_0_1_and_2() -> None:
    frames = served(
        Started(id="cht9"),
        *part(0, Thinking(), "hm"),
        *part(1, Text(text="A"), "B"),
        UsageReported(usage=Usage(input_uncached=3, output_visible=4)),
        Finished(reason=FinishReason.STOP),
    )
    assert [frame["header"] for frame in frames] == [
        {"code": 0, "message": "Success", "sid": "cht9", "status": status} for status in (0, 1, 1, 2)
    ]
    choices = [frame["payload"]["choices"] for frame in frames]
    assert [(one["status"], one["seq"]) for one in choices] == [(0, 0), (1, 1), (1, 2), (2, 3)]
    assert choices[0]["text"] == [{"content": "", "reasoning_content": "hm", "role": "assistant", "index": 0}]
    assert choices[1]["text"] == [{"content": "A", "role": "assistant", "index": 0}]
    assert choices[3]["text"] == [{"content": "", "role": "assistant", "index": 0}]
    assert [list(frame["payload"]) for frame in frames[:3]] == [["choices"]] * 3
    assert frames[3]["payload"]["usage"]["text"] == {
        "question_tokens": 3,
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
    }


def test_a_call_comes_in_one_frame_with_status_2() -> None:
    call = ToolCall(id="c", name="f", arguments='{"a"')
    (only,) = served(*part(0, call, ":1}"), Finished(reason=FinishReason.TOOL_CALLS))
    assert only["payload"]["choices"]["text"] == [
        {
            "content": "",
            "role": "assistant",
            "index": 0,
            "function_call": {"arguments": '{"a":1}', "name": "f"},
        }
    ]


def test_sources_and_plugins_stand_in_the_last_frame() -> None:
    plugin = Opaque(dialect="spark_ws", json=Raw(b'{"name":"draw"}'))
    other = Opaque(dialect="other", json=Raw(b"{}"))
    cited = Text(text="a", citations=(Citation(url="https://a.example", source="7"),))
    later = (Citation(title="T", quote="Q"),)
    frames = served(*part(0, plugin), *part(1, other), *part(2, cited, citations=later))
    draw, first, second = frames[-1]["payload"]["plugins"]["text"]
    assert draw == {"name": "draw"}
    assert first["name"] == second["name"] == "ifly_search"
    assert msgspec.json.decode(first["content"]) == [{"index": "7", "url": "https://a.example", "title": ""}]
    assert msgspec.json.decode(second["content"]) == [{"index": 1, "url": "", "title": "T", "summary": "Q"}]


def test_what_this_wire_cannot_show_is_not_shown() -> None:
    frames = served(
        *part(0, Audio(id="x")),
        *part(1, Image(url="https://a.example/i.png")),
        *part(2, Refusal(text=""), "no"),
        PartDelta(index=0, text="spoken"),
        LogprobsReported(tokens=()),
        PartStarted(index=0, part=Text(text="second answer"), choice=1),
        Withdrawn(reason="x", choice=1),
    )
    assert [frame["payload"]["choices"]["text"][0]["content"] for frame in frames] == ["no", ""]


@pytest.mark.parametrize("end", [Withdrawn(reason="bad"), Finished(reason=FinishReason.CONTENT_FILTER)])
def test_a_filtered_answer_ends_with_its_code(end: ChatEvent) -> None:
    frames = served(*part(0, Text(text=""), "a"), end, end, PartDelta(index=0, text="late"))
    assert [frame["header"]["code"] for frame in frames] == [0, 10014]
    assert "payload" not in frames[-1]


ERRORS: list[tuple[Error, int]] = [
    (ContextTooLongError("m"), 10907),
    (ContentFilteredError("m"), 10013),
    (InvalidRequestError("m"), 10005),
    (PermissionDeniedError("m"), 11200),
    (NotFoundError("m"), 10404),
    (QuotaError("m"), 11201),
    (RateLimitedError("m"), 11202),
    (OverloadedError("m"), 10008),
    (ServerError("m"), 10012),
    (InputError("m"), 10004),
    (ConfigError("m"), 10012),
    (LocalModelError("m"), 10012),
    (ServerError("m", provider_code="10110"), 10110),
    (ServerError("m", provider_code="777"), 10012),
    (AuthError("m", provider_code="10016"), 10016),
]


@pytest.mark.parametrize(("error", "code"), ERRORS)
def test_an_error_in_mid_stream_is_a_frame_with_its_number(error: Error, code: int) -> None:
    encoder = DIALECT.encoder(request())
    encoder.feed(Started(id="cht9"))
    (item,) = encoder.error(error)
    assert msgspec.json.decode(item) == {"header": {"code": code, "message": "m", "sid": "cht9", "status": 2}}
    assert encoder.end() == []


def test_a_refusal_is_a_frame_or_for_a_bad_key_a_refused_handshake() -> None:
    head, frame = DIALECT.encode_error(RateLimitedError("slow", request_id="r1"))
    assert head.status == 101
    assert msgspec.json.decode(frame)["header"] == {
        "code": 11202,
        "message": "slow",
        "sid": "r1",
        "status": 2,
    }
    head, body = DIALECT.encode_error(AuthError("HMAC signature does not match"))
    assert (head.status, head.media_type) == (401, "application/json")
    assert msgspec.json.decode(body) == {"message": "HMAC signature does not match"}
