"""Requests: addresses, heads, and what no case tells."""

from __future__ import annotations

import pytest
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialect.mending import MendingDialect
from baimo.dialect.protocols import ContinueDialect, Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import is_multimodal, operation
from baimo.dialects.dashscope.mending import mending
from baimo.dialects.dashscope.messages import MessageEncoder
from baimo.dialects.dashscope.quirks import Quirks
from baimo.dialects.dashscope.request import encode_request
from baimo.errors import AuthError, ConfigError, InputError, InvalidRequestError
from baimo.types.chat import Message, ResponseFormat, Role
from baimo.types.content import Audio, File, Image, Opaque, Replay, Text, ToolCall, ToolResult, Video
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.dashscope.asking import BASE, body_of, encoded, heads, request, site, user

ANSWER = Message(role=Role.ASSISTANT, content=(Text(text="Once"),))


def test_a_stream_is_asked_for_in_the_head() -> None:
    wire = encode_request(request(stream=True), site())
    assert heads(wire)["x-dashscope-sse"] == "enable"
    assert heads(wire)["accept"] == "text/event-stream"
    plain = heads(encode_request(request(headers={"X-DashScope-WorkSpace": "ws-1"}), site()))
    assert "x-dashscope-sse" not in plain
    assert plain["x-dashscope-workspace"] == "ws-1"
    assert heads(encode_request(request(), site(stream_only=True)))["x-dashscope-sse"] == "enable"


def test_operations_are_known_by_their_addresses() -> None:
    assert operation("POST", b"/api/v1/services/aigc/text-generation/generation?x=1") == "chat"
    assert operation("POST", b"/api/v1/services/aigc/multimodal-generation/generation") == "chat"
    assert operation("GET", b"/api/v1/services/aigc/text-generation/generation") is None
    assert operation("POST", b"/api/v1/tokenizer/") == "count"
    assert operation("POST", b"/api/v1/services/rerank/text-rerank/text-rerank") == "rerank"
    assert operation("POST", b"/api/v1/services/vision/other") is None
    assert is_multimodal(b"/api/v1/services/aigc/multimodal-generation/generation/?a=b")
    assert DIALECT.operation("POST", b"/api/v1/tokenizer", ()) == "count"


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((), "messages is empty"),
        ((Message(role=Role.TOOL, content=(Text(text="a"),)),), "is of a tool"),
        ((Message(role=Role.TOOL),), "is of a tool"),
        ((Message(role=Role.USER, content=(ToolCall(id="a", name="f", arguments=""),)),), "ToolCall"),
        ((Message(role=Role.ASSISTANT, content=(ToolResult(call_id="a"),)),), "ToolResult"),
        ((user(Video()),), "a video needs"),
    ],
)
def test_what_no_conversation_is_is_refused(messages: tuple[Message, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        MessageEncoder(Quirks(), Complaints(drop=True, who="qwen"), multimodal=False).encode(messages)


def test_a_message_of_nothing_is_an_empty_text() -> None:
    assert encoded(request(Message(role=Role.USER)))["input"]["messages"] == [{"role": "user", "content": ""}]


def test_a_result_of_the_user_stands_before_his_words() -> None:
    message = Message(role=Role.USER, content=(ToolResult(call_id="c", content=()), Text(text="So?")))
    told = encoded(request(message))["input"]["messages"]
    assert [entry["role"] for entry in told] == ["tool", "user"]


def test_a_file_with_bytes_is_left_out_when_told_so() -> None:
    wire = encode_request(request(user(File(data=b"a"), "Hi"), unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"]


def test_what_cannot_be_said_is_left_out_when_told_so() -> None:
    other = Opaque(dialect="other", json=Raw(b"{}"))
    own = Opaque(dialect="dashscope", json=Raw(b'{"image":"https://a.example/a","min_pixels":4}'))
    parts = (Image(file_id="f"), Audio(id="a"), other, own, "Hi")
    tool = CustomTool(name="c")
    wire = encode_request(request(user(*parts), tools=(tool,), unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"] * 4
    (message,) = body_of(wire)["input"]["messages"]
    assert message["content"] == [
        {"image": "https://a.example/a", "min_pixels": 4},
        {"text": "Hi"},
    ]
    assert "tools" not in body_of(wire)["parameters"]


def test_an_answer_with_words_and_calls_keeps_both() -> None:
    message = Message(
        role=Role.ASSISTANT, content=(Text(text="So"), ToolCall(id="a", name="f", arguments="{}"))
    )
    told = encoded(request(user("Hi"), message))["input"]["messages"][1]
    assert (told["content"], len(told["tool_calls"])) == ("So", 1)
    only = Message(role=Role.USER, content=(ToolResult(call_id="a"),))
    assert [m["role"] for m in encoded(request(user("Hi"), message, only))["input"]["messages"]] == [
        "user",
        "assistant",
        "tool",
    ]


def test_probabilities_may_be_asked_for_alone() -> None:
    assert encoded(request(logprobs=True))["parameters"] == {"result_format": "message", "logprobs": True}


def test_a_tool_that_is_not_there_cannot_be_chosen() -> None:
    asked = request(
        tools=(FunctionTool(name="f"),),
        tool_choice=ToolChoice(mode="required", allowed=("g",)),
    )
    with pytest.raises(InputError, match="'g'"):
        encoded(asked)


def test_a_tool_of_this_wire_goes_as_it_came() -> None:
    tool = ServerTool(replay=Replay(dialect="dashscope", json=Raw(b'{"type":"code_interpreter"}')))
    assert encoded(request(tools=(tool,)))["parameters"]["tools"] == [{"type": "code_interpreter"}]
    other = ServerTool(replay=Replay(dialect="other", json=Raw(b"{}")))
    asked = request(tools=(other,), tool_choice=ToolChoice(mode="auto"), unsupported="drop")
    assert "tools" not in encoded(asked)["parameters"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate"):
        encoded(request(user("\ud83d")))
    with pytest.raises(InputError, match="no JSON"):
        encoded(request(extra={"x": object()}))


def test_words_of_the_caller_are_the_last() -> None:
    asked = request(extra={"parameters": {"result_format": "text"}, "model": "m2"})
    assert encoded(asked)["parameters"] == {"result_format": "text"}
    assert encoded(asked)["model"] == "m2"


def test_search_is_told_all_it_can_be() -> None:
    asked = request(search=Search(country="CN", max_results=3, blocked_domains=("a.cn",)), unsupported="drop")
    wire = encode_request(asked, site())
    assert [note.code for note in wire.notes] == ["dropped"] * 3


def test_a_request_says_whether_its_reply_goes_on_with_a_text() -> None:
    assert isinstance(DIALECT, ContinueDialect)
    begun = request(user("Tell"), ANSWER)
    assert DIALECT.continues(begun, site(partial=True))
    assert not DIALECT.continues(begun, site())
    assert not DIALECT.continues(request(), site(partial=True))
    form = ResponseFormat(type="json_object")
    assert not DIALECT.continues(request(user("Tell"), ANSWER, response_format=form), site(partial=True))
    assert DIALECT.continues(
        request(user("Tell"), ANSWER, response_format=ResponseFormat(type="text")), site(partial=True)
    )


def test_an_unknown_quirk_or_value_is_told() -> None:
    with pytest.raises(ConfigError, match="no quirk 'color'; there is multimodal"):
        DIALECT.quirks({"color": 1})
    with pytest.raises(ConfigError, match="is wrong"):
        DIALECT.quirks({"output": "sometimes"})


def test_a_model_that_only_streams_is_asked_for_a_stream() -> None:
    assert isinstance(DIALECT, MendingDialect)
    error = InvalidRequestError("This model only support stream mode, please enable the stream parameter")
    found = DIALECT.mending(error, request(), site())
    assert found is not None
    assert found.quirks == {"stream_only": True}
    thinking = InvalidRequestError("parameter.enable_thinking must be set to false for non-streaming calls")
    assert mending(thinking, request(), Site(base_url=BASE)) is not None
    assert mending(error, request(stream=True), site()) is None
    assert mending(error, request(), site(stream_only=True)) is None


def test_a_model_that_is_served_elsewhere_is_asked_there() -> None:
    error = InvalidRequestError("url error, please check url！")
    for served_at in (False, True):
        found = mending(error, request(), site(multimodal=served_at))
        assert found is not None
        assert found.quirks == {"multimodal": not served_at}
    assert mending(error, request(user(Image(url="https://a.example/a"))), site()) is None
    assert mending(AuthError("url error"), request(), site()) is None
    assert mending(InvalidRequestError("other"), request(), site()) is None
