"""One word lays the marks for a provider's cache; where a wire has none it asks for nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.marks import MOST, SAID, marked
from baimo.dialect.protocols import ChatDialect, Site
from baimo.dialects import get
from baimo.errors import UnsupportedError
from baimo.types.chat import ChatRequest, Message
from baimo.types.content import Cache, Refusal, Text, Thinking, ToolResult
from baimo.types.tools import CustomTool, FunctionTool

HOUR = Cache(ttl="1h")


def message(role: str, *texts: str, **fields: Any) -> Message:
    return Message(role=role, content=tuple([Text(text=text, **fields) for text in texts]))  # type: ignore[arg-type]


def request(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages, **{"prompt_cache": HOUR, **fields})


def marks(asked: ChatRequest) -> list[list[Cache | None]]:
    """Of each part of each message, and of each tool."""
    found = [[part.cache for part in one.content] for one in asked.messages]
    return [*found, [tool.cache if isinstance(tool, FunctionTool) else None for tool in asked.tools]]


def test_the_end_of_the_system_of_the_tools_and_of_the_messages_is_marked() -> None:
    asked = request(
        message("system", "a", "b"),
        message("developer", "c"),
        message("user", "d"),
        message("system", "e"),
        message("user", "f", "g"),
        tools=(FunctionTool(name="f"), FunctionTool(name="g")),
    )
    found = marked(asked, ttls=("5m", "1h"))
    assert marks(found) == [[None, None], [HOUR], [None], [None], [None, HOUR], [None, HOUR]]
    assert found.prompt_cache is None


def test_a_message_alone_is_marked_once() -> None:
    assert marks(marked(request(message("user", "a")), ttls=("1h",))) == [[HOUR], []]
    assert marks(marked(request(message("system", "a")), ttls=("1h",))) == [[HOUR], []]
    assert marks(marked(request(), ttls=())) == [[]]


def test_without_the_word_nothing_is_laid() -> None:
    asked = request(message("user", "a"), prompt_cache=None)
    assert marked(asked, ttls=()) is asked


def test_a_time_that_a_provider_does_not_know_is_left_to_it() -> None:
    assert marks(marked(request(message("user", "a")), ttls=("30m",))) == [[Cache()], []]


def test_what_cannot_be_marked_is_passed_over() -> None:
    said = Message(
        role="assistant",  # type: ignore[arg-type]
        content=(Text(text="a"), Text(text=""), Refusal(text="no"), Thinking(text="t")),
    )
    assert marks(marked(request(said), ttls=("1h",)))[0] == [HOUR, None, None, None]
    thinks = Message(role="assistant", content=(Thinking(text="t"),))  # type: ignore[arg-type]
    assert marks(marked(request(thinks, tools=(CustomTool(name="x"),)), ttls=("1h",))) == [[None], [None]]
    result = Message(role="tool", content=(ToolResult(call_id="a"),))  # type: ignore[arg-type]
    assert marks(marked(request(result), ttls=("1h",)))[0] == [HOUR]


def test_marks_laid_by_hand_stay_and_count() -> None:
    hand = Cache(ttl="5m")
    by_hand = message("user", "a", cache=hand)
    tool = FunctionTool(name="f", cache=hand)
    assert marks(marked(request(by_hand, tools=(tool,)), ttls=("1h",))) == [[hand], [hand]]
    full = request(*[by_hand] * (MOST - 1), message("user", "b"), tools=(FunctionTool(name="f"),))
    found = marks(marked(full, ttls=("1h",)))
    assert found[-2:] == [[HOUR], [None]]
    over = request(*[by_hand] * MOST, message("user", "b"))
    assert marks(marked(over, ttls=("1h",)))[-2] == [None]


def sent(dialect: str, asked: ChatRequest, **quirks: Any) -> dict[str, Any]:
    spoken = get(dialect)
    assert isinstance(spoken, ChatDialect)
    wire = spoken.encode_request(asked, Site(base_url="https://h/v1", quirks=spoken.quirks(quirks)))
    assert not wire.notes
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)  # type: ignore[union-attr, arg-type]
    return decoded


ASKED = request(message("system", "S"), message("user", "Hi"), tools=(FunctionTool(name="f"),))


def test_anthropic_s_wire_carries_them() -> None:
    body = sent("anthropic_messages", ASKED)
    mark = {"type": "ephemeral", "ttl": "1h"}
    assert body["system"][0]["cache_control"] == mark
    assert body["messages"][0]["content"][0]["cache_control"] == mark
    assert body["tools"][0]["cache_control"] == mark


def test_openai_s_wire_carries_them_where_the_provider_has_them() -> None:
    body = sent("openai_chat", ASKED, cache_marks="cache_control")
    assert body["messages"][1]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert "cache_control" in body["tools"][0]
    points = sent("openai_chat", ASKED, cache_marks="breakpoint")
    assert points["messages"][1]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}


@pytest.mark.parametrize(
    ("dialect", "quirks"),
    [("openai_chat", {}), ("ollama", {}), ("anthropic_messages", {"refused": ["cache"]})],
)
def test_a_host_that_caches_by_itself_is_told_nothing(dialect: str, quirks: dict[str, Any]) -> None:
    """A mark that was laid by hand is still refused there."""
    plain = msgspec.structs.replace(ASKED, prompt_cache=None)
    assert sent(dialect, ASKED, **quirks) == sent(dialect, plain, **quirks)
    with pytest.raises(UnsupportedError):
        sent(dialect, request(message("user", "a", cache=HOUR)), **quirks)


def test_a_wire_marks_the_kinds_of_parts_that_it_can() -> None:
    asked = request(
        message("system", "be brief"),
        message("user", "a"),
        message("assistant", "b"),
        Message(role="tool", content=(ToolResult(call_id="c", content=(Text(text="r"),)),)),  # type: ignore[arg-type]
    )
    assert marks(marked(asked, ttls=("1h",)))[:4] == [[HOUR], [None], [None], [HOUR]]
    assert marks(marked(asked, ttls=("1h",), kinds=SAID))[:4] == [[HOUR], [None], [HOUR], [None]]
    without = marked(asked, ttls=("1h",), kinds=SAID, answers=False)
    assert marks(without)[:4] == [[HOUR], [HOUR], [None], [None]]
