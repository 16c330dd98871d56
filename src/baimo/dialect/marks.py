"""Marks for a provider's cache of prompts, laid by one word of the request."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Cache, File, Image, Text, ToolCall, ToolResult
from baimo.types.tools import FunctionTool

MOST = 4
"""Providers take so many marks in one request."""

MARKABLE = (Text, Image, File, ToolCall, ToolResult)
SAID = (Text, Image, File)
"""What a wire can mark that marks nothing of tools."""
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def marked(
    request: ChatRequest,
    *,
    ttls: tuple[str, ...],
    tools: bool = True,
    kinds: tuple[type, ...] = MARKABLE,
    answers: bool = True,
) -> ChatRequest:
    """The request with what `prompt_cache` stands for: a mark on the last part of the last message, on the
    last of the system's at the beginning, and on the last tool.

    Marks laid by hand stay, and count: there are never more than providers take. A time that is not among
    `ttls` is left to the provider. `kinds` are the parts that the wire can mark, `answers` whether those of
    an earlier answer; of messages that hold none the one before is taken. Wires without marks do not call
    this: they cache by themselves or not at all.
    """
    mark = request.prompt_cache
    if mark is None:
        return request
    if mark.ttl not in ttls:
        mark = Cache()
    left = MOST - _count(request)
    messages, offered = list(request.messages), list(request.tools)
    leading = next((at for at, one in enumerate(messages) if one.role not in _SYSTEM), len(messages))
    able = [at for at, one in enumerate(messages) if _place_in(one, kinds, answers=answers) is not None]
    system = [at for at in able if at < leading]
    for at in dict.fromkeys((*able[-1:], *system[-1:])):
        if left > 0 and (message := _with_mark(messages[at], mark, kinds)) is not None:
            messages[at] = message
            left -= 1
    last = offered[-1] if offered else None
    if tools and left > 0 and isinstance(last, FunctionTool) and last.cache is None:
        offered[-1] = replace(last, cache=mark)
    return replace(request, messages=tuple(messages), tools=tuple(offered), prompt_cache=None)


def _count(request: ChatRequest) -> int:
    parts = sum(part.cache is not None for message in request.messages for part in message.content)
    return parts + sum(isinstance(tool, FunctionTool) and tool.cache is not None for tool in request.tools)


def _place_in(message: Message, kinds: tuple[type, ...], *, answers: bool = True) -> int | None:
    """Where its last part stands that can be marked: no thinking, no empty text."""
    if message.role is Role.ASSISTANT and not answers:
        return None
    for at in range(len(message.content) - 1, -1, -1):
        part = message.content[at]
        if isinstance(part, kinds) and not (isinstance(part, Text) and not part.text):
            return at
    return None


def _with_mark(message: Message, mark: Cache, kinds: tuple[type, ...]) -> Message | None:
    """The message with that part marked; None where it is."""
    at = _place_in(message, kinds)
    assert at is not None
    part: Any = message.content[at]
    if part.cache is not None:
        return None
    content = (*message.content[:at], replace(part, cache=mark), *message.content[at + 1 :])
    return replace(message, content=content)
