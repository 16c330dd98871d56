"""Requests: addresses, and what no case tells."""

from __future__ import annotations

import pytest
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialects.qianfan_v1 import DIALECT
from baimo.dialects.qianfan_v1.address import model_of, operation
from baimo.dialects.qianfan_v1.messages import MessageEncoder
from baimo.dialects.qianfan_v1.request import encode_request
from baimo.errors import ConfigError, InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Opaque, Replay, Text, ToolCall, ToolResult
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice
from tests.dialects.qianfan_v1.asking import SITE, encoded, request, user


def test_operations_are_known_by_their_addresses() -> None:
    base = b"/rpc/2.0/ai_custom/v1/wenxinworkshop"
    assert operation("POST", base + b"/chat/completions_pro?access_token=x") == "chat"
    assert operation("GET", base + b"/chat/completions_pro") is None
    assert DIALECT.operation("POST", base + b"/embeddings/embedding-v1", ()) == "embed"
    assert operation("POST", base + b"/chat/") is None
    assert operation("POST", b"/v2/chat/completions/x/y") is None
    assert operation("POST", b"/oauth/2.0/token") is None
    assert model_of(base + b"/chat/my%20model?a=b") == "my model"
    with pytest.raises(InputError, match="names no model"):
        model_of(base + b"/chat/")


def test_it_has_no_quirks() -> None:
    assert DIALECT.quirks({}) == DIALECT.quirks({})
    with pytest.raises(ConfigError, match="no quirk 'color'"):
        DIALECT.quirks({"color": 1})


RESULT = ToolResult(call_id="c1", content=(Text(text="1"),))
CALL = ToolCall(id="c1", name="f", arguments="{}")


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((), "messages is empty"),
        ((Message(role=Role.TOOL, content=(Text(text="a"),)),), "is of a tool"),
        ((Message(role=Role.TOOL, content=(RESULT,)),), "which nobody called"),
        ((user("a"), Message(role=Role.ASSISTANT, content=(RESULT,))), "must not hold a ToolResult"),
        ((Message(role=Role.SYSTEM, content=(Text(text="a"),)),), "no question"),
    ],
)
def test_what_no_conversation_is_is_refused(messages: tuple[Message, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        MessageEncoder(Complaints(drop=True, who="qianfan")).encode(messages)


def test_a_late_system_message_is_left_out_when_told_so() -> None:
    late = Message(role=Role.SYSTEM, content=(Text(text="a"),))
    wire = encode_request(request(user("Hi"), late, unsupported="drop"), SITE)
    assert [note.code for note in wire.notes] == ["dropped"]


def test_a_result_may_name_its_tool_itself() -> None:
    named = ToolResult(call_id="x", name="g", content=(Text(text="1"),))
    answer = Message(role=Role.ASSISTANT, content=(CALL,))
    told = encoded(request(user("Hi"), answer, Message(role=Role.USER, content=(named, Text(text="So?")))))
    assert [entry["role"] for entry in told["messages"]] == ["user", "assistant", "function", "user"]


def test_calls_that_are_left_out_leave_the_words() -> None:
    custom = ToolCall(id="a", name="c", arguments="x", kind="custom")
    answer = Message(role=Role.ASSISTANT, content=(Text(text="So"), custom))
    wire = encode_request(request(user("Hi"), answer, user("Go on"), unsupported="drop"), SITE)
    assert encoded(request(user("Hi"), answer, user("Go on"), unsupported="drop"))["messages"][1] == {
        "role": "assistant",
        "content": "So",
    }
    assert [note.code for note in wire.notes] == ["dropped"]


def test_fields_of_a_callers_message_go_back() -> None:
    kept = Replay(dialect="qianfan_v1", json=Raw(b'{"flag":1}'))
    message = Message(role=Role.USER, content=(Text(text="Hi"),), replay=kept)
    assert encoded(request(message))["messages"] == [{"role": "user", "content": "Hi", "flag": 1}]
    foreign = Replay(dialect="qianfan_v1", json=Raw(b'{"system_memory_id":"m"}'))
    assert encoded(request(foreign=foreign))["system_memory_id"] == "m"


def test_parts_of_other_wires_are_left_out_when_told_so() -> None:
    other = Opaque(dialect="other", json=Raw(b"{}"))
    wire = encode_request(request(user(other, "Hi"), unsupported="drop"), SITE)
    assert [note.code for note in wire.notes] == ["dropped"]


def test_tools_of_this_wire_go_as_they_came() -> None:
    own = ServerTool(replay=Replay(dialect="qianfan_v1", json=Raw(b'{"name":"f","examples":[]}')))
    assert encoded(request(tools=(own,)))["functions"] == [{"name": "f", "examples": []}]
    lost = (CustomTool(name="c"), ServerTool(replay=Replay(dialect="other", json=Raw(b"{}"))))
    assert "functions" not in encoded(request(tools=lost, unsupported="drop"))
    asked = request(tools=(FunctionTool(name="f"),), tool_choice=ToolChoice(mode="auto", allowed=("g",)))
    with pytest.raises(InputError, match="'g'"):
        encoded(asked)
    many = tuple(FunctionTool(name=name) for name in "ab")
    forced = ToolChoice(mode="required", allowed=("a", "b"))
    assert "tool_choice" not in encoded(request(tools=many, tool_choice=forced, unsupported="drop"))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="surrogate"):
        encoded(request(user("\ud83d")))
    with pytest.raises(InputError, match="no JSON"):
        encoded(request(extra={"x": object()}))
    assert encoded(request(extra={"tool_choice": {"a": 1}}))["tool_choice"] == {"a": 1}
