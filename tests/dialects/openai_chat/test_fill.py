"""Answers that are continued, and texts filled in between two others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import Message, Reasoning
from baimo.types.content import Image, Refusal, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest
from tests.dialects.openai_chat.asking import asked, body, request, site

PATHS = {"prefix": "/beta/chat/completions", "fill": "/beta/completions"}
BETA = site(paths=PATHS, reasoning_replay="required", thinking_switch="thinking_type")
BEGUN = (
    Message(role="user", content="Hi"),  # type: ignore[arg-type]
    Message(role="assistant", content=(Thinking(text="Hm"), Text(text="Well"))),  # type: ignore[arg-type]
)


def at(base_url: str) -> Site:
    return msgspec.structs.replace(BETA, base_url=base_url)


@pytest.mark.parametrize(
    ("base", "target"),
    [
        ("https://api.example", b"/beta/chat/completions"),
        ("https://api.example/v1", b"/beta/chat/completions"),
        ("https://api.example/v1/", b"/beta/chat/completions"),
        ("https://api.example/beta", b"/beta/chat/completions"),
        ("https://gate.example/deepseek/v1", b"/deepseek/beta/chat/completions"),
    ],
)
def test_the_beta_address_takes_the_place_of_the_version(base: str, target: bytes) -> None:
    assert DIALECT.encode_request(request(*BEGUN), at(base)).target == target


def test_other_conversations_stay_where_they_were() -> None:
    called = ToolCall(id="c", name="f", arguments="{}")
    for last in (
        Message(role="user", content="Hi"),  # type: ignore[arg-type]
        Message(role="assistant", content=(Text(text="Well"), called)),  # type: ignore[arg-type]
        Message(role="assistant", content=(Refusal(text="No"),)),  # type: ignore[arg-type]
    ):
        wire = DIALECT.encode_request(request(BEGUN[0], last), BETA)
        assert wire.target == b"/v1/chat/completions"
        assert b"prefix" not in wire.body  # type: ignore[operator]


def test_a_provider_without_prefixes_gets_the_message_as_it_is() -> None:
    assert body(request(*BEGUN))["messages"][1] == {"role": "assistant", "content": "Well"}


def test_the_reasoning_of_a_beginning_goes_where_reasoning_goes() -> None:
    assert body(request(*BEGUN), BETA)["messages"][1]["reasoning_content"] == "Hm"
    never = site(paths=PATHS)
    assert body(request(*BEGUN), never)["messages"][1] == {
        "role": "assistant",
        "content": "Well",
        "prefix": True,
    }
    off = request(*BEGUN, reasoning=Reasoning(effort="none"))
    assert "reasoning_content" not in body(off, BETA)["messages"][1]


def test_functions_that_are_not_strict_need_no_beta() -> None:
    for strict, target in (
        (True, b"/beta/chat/completions"),
        (False, b"/v1/chat/completions"),
        (None, b"/v1/chat/completions"),
    ):
        tool = FunctionTool(name="f", parameters={"type": "object"}, strict=strict)
        assert DIALECT.encode_request(request(tools=(tool,)), BETA).target == target
    plain = msgspec.structs.replace(request(), tools=(FunctionTool(name="f", strict=True),))
    assert DIALECT.encode_request(plain, site()).target == b"/v1/chat/completions"


def filled(*messages: Message, **fields: Any) -> HttpRequest:
    return DIALECT.encode_request(request(*messages, extra={"suffix": "end"}, **fields), BETA)


def test_what_stands_before_is_the_prompt() -> None:
    wire = filled(logprobs=True)
    assert wire.target == b"/beta/completions"
    assert msgspec.json.decode(wire.body) == {  # type: ignore[arg-type]
        "model": "m",
        "prompt": "Hi",
        "suffix": "end",
        "logprobs": 1,
    }


@pytest.mark.parametrize(
    "messages",
    [
        BEGUN,
        (Message(role="system", content="Hi"),),  # type: ignore[arg-type]
        (Message(role="user", content=(Image(url="https://a.example/b.png"),)),),  # type: ignore[arg-type]
        (
            Message(
                role="user",  # type: ignore[arg-type]
                content=(Text(text="a"), ToolResult(call_id="c", content=())),
            ),
        ),
    ],
)
def test_only_one_text_can_stand_before(messages: tuple[Message, ...]) -> None:
    with pytest.raises(InputError, match="one text of the user"):
        filled(*messages)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"tools": (FunctionTool(name="f"),)}, "tools"),
        ({"reasoning": Reasoning(enabled=True)}, "thinking"),
        ({"seed": 1}, "seed"),
    ],
)
def test_what_cannot_be_said_there_is_refused_or_left_out_with_a_note(
    fields: dict[str, Any], what: str
) -> None:
    with pytest.raises(UnsupportedError, match=f"{what}: a text is filled in"):
        filled(**fields)
    wire = filled(**fields, unsupported="drop")
    assert [note.code for note in wire.notes] == ["dropped"]
    assert msgspec.json.decode(wire.body).keys() == {"model", "prompt", "suffix"}  # type: ignore[arg-type]


def test_elsewhere_a_suffix_is_a_field_like_any_other() -> None:
    sent = body(request(extra={"suffix": "end"}))
    assert sent["suffix"] == "end"
    assert "messages" in sent


def test_a_served_completion_goes_on_as_one() -> None:
    came = asked({"model": "m", "prompt": ["Hi"], "suffix": "end", "logprobs": 3}, "/beta/completions")
    assert came.messages == (Message(role="user", content="Hi"),)  # type: ignore[arg-type]
    assert came.logprobs is True
    wire = DIALECT.encode_request(came, BETA)
    assert wire.target == b"/beta/completions"
    assert msgspec.json.decode(wire.body)["suffix"] == "end"  # type: ignore[arg-type]
    assert asked({"model": "m", "prompt": "Hi"}, "/completions").foreign is None


def test_fields_of_another_wire_ask_for_no_filling() -> None:
    other = request(foreign=Replay(dialect="other", json=msgspec.Raw(b'{"suffix":"x"}')))
    assert DIALECT.encode_request(other, BETA).target == b"/v1/chat/completions"
    assert DIALECT.encode_request(request(seed=1), BETA).target == b"/v1/chat/completions"
