"""Marks for a provider's cache of prompts, laid by one word of the request."""

from __future__ import annotations

from msgspec.structs import replace

from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Cache, File, Image, Part, Text, ToolCall, ToolResult
from baimo.types.tools import FunctionTool

MOST = 4
"""Providers take so many marks in one request."""

_MARKABLE = (Text, Image, File, ToolCall, ToolResult)
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def marked(request: ChatRequest, *, ttls: tuple[str, ...], tools: bool = True) -> ChatRequest:
    """The request with what `prompt_cache` stands for: a mark on the last part of the last message, on the
    last of the system's at the beginning, and on the last tool.

    Marks laid by hand stay, and count: there are never more than providers take. A time that is not among
    `ttls` is left to the provider. Wires without marks do not call this: they cache by themselves or not at
    all.
    """
    mark = request.prompt_cache
    if mark is None:
        return request
    if mark.ttl not in ttls:
        mark = Cache()
    left = MOST - _count(request)
    messages, offered = list(request.messages), list(request.tools)
    leading = next((at for at, one in enumerate(messages) if one.role not in _SYSTEM), len(messages))
    for at in dict.fromkeys((len(messages) - 1, leading - 1)):
        if at >= 0 and left > 0 and (message := _with_mark(messages[at], mark)) is not None:
            messages[at] = message
            left -= 1
    last = offered[-1] if offered else None
    if tools and left > 0 and isinstance(last, FunctionTool) and last.cache is None:
        offered[-1] = replace(last, cache=mark)
    return replace(request, messages=tuple(messages), tools=tuple(offered), prompt_cache=None)


def _count(request: ChatRequest) -> int:
    parts = sum(part.cache is not None for message in request.messages for part in message.content)
    return parts + sum(isinstance(tool, FunctionTool) and tool.cache is not None for tool in request.tools)


def _with_mark(message: Message, mark: Cache) -> Message | None:
    """The message with its last part marked; None where it is, or nothing in it can be."""
    for at in range(len(message.content) - 1, -1, -1):
        part = message.content[at]
        if _can_be(part):
            if part.cache is not None:
                return None
            content = (*message.content[:at], replace(part, cache=mark), *message.content[at + 1 :])
            return replace(message, content=content)
    return None


def _can_be(part: Part) -> bool:
    """Whether a provider takes a mark on it: not on thinking, nor on an empty text."""
    return isinstance(part, _MARKABLE) and not (isinstance(part, Text) and not part.text)
