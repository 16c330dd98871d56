"""Messages of LangChain to neutral ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage, convert_to_openai_messages

from baimo.client.messages import parse_messages
from baimo.integrations.replayed import KEY, unpacked
from baimo.types.chat import Message

_THOUGHTS = ("reasoning", "thinking", "redacted_thinking", "reasoning_content")
"""Blocks that only the provider who sent them can read."""
_CALLS = ("tool_use", "tool_call", "function_call", "server_tool_call", "tool_call_chunk")
"""Blocks that say again what stands in `tool_calls`."""


def messages_of(messages: Sequence[BaseMessage]) -> tuple[Message, ...]:
    """The neutral messages. Raises InputError naming the message that cannot be sent."""
    return tuple([neutral for message in messages for neutral in _message(message)])


def _message(message: BaseMessage) -> tuple[Message, ...]:
    if isinstance(message, AIMessage):
        calls = tuple([str(call["id"]) for call in message.tool_calls])
        kept = unpacked(message.response_metadata.get(KEY), text=str(message.text), calls=calls)
        if kept is not None:
            return (kept,)
        if isinstance(message.content, list):
            unsaid = _THOUGHTS + (_CALLS if calls else ())
            blocks = [one for one in message.content if _kind(one) not in unsaid]
            message = message.model_copy(update={"content": blocks or ""})
    converted: Any = convert_to_openai_messages([message])
    if isinstance(message, ToolMessage) and message.status == "error":
        (told,) = parse_messages(converted)
        return (_failed(told),)
    return parse_messages(converted)


def _failed(message: Message) -> Message:
    """The same result, told as a failure."""
    from msgspec.structs import replace

    from baimo.types.content import ToolResult

    parts = [
        replace(part, is_error=True) if isinstance(part, ToolResult) else part for part in message.content
    ]
    return replace(message, content=tuple(parts))


def _kind(block: Any) -> str | None:
    return block.get("type") if isinstance(block, dict) else None
