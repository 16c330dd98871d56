"""Plain calls whose tools are described in the prompt: the same form as in a run, read out of one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from msgspec.structs import replace

from baimo.errors import InputError, UnsupportedError
from baimo.notes import Note
from baimo.tools.emulation import Emulation
from baimo.types.chat import ChatResponse, Role
from baimo.types.tools import Tool, ToolChoice

from .messages import parse_messages
from .options import ChatOptions, Messages
from .request import READ

Reads: TypeAlias = Callable[[Any], Any]
Tooled: TypeAlias = tuple[Messages, ChatOptions, Reads | None]
"""The conversation and the options as they are sent, and what reads the answer."""

_ONE = "parallel_tool_calls cannot be told to a model in its prompt"


def described(messages: Messages, options: ChatOptions) -> Tooled:
    """The call with its tools in words. Raises InputError, or UnsupportedError for other than functions."""
    given: dict[str, Any] = dict(options)
    way = given.pop("tools_as")
    if way not in ("native", "prompt"):
        raise InputError(f"tools_as must be native or prompt; got {way!r}")
    if way == "native":
        return messages, cast(ChatOptions, given), None
    if given.get("keep") is False:
        raise InputError('keep=False is not for tools_as="prompt": calls are read from all of the text')
    if given.get("n") not in (None, 1):
        raise InputError('n must be 1 with tools_as="prompt": calls are read from one answer')
    notes: tuple[Note, ...] = ()
    if given.pop("parallel_tool_calls", None) is not None:
        if given.get("unsupported") != "drop":
            raise UnsupportedError(_ONE, hint='Leave it out, or pass unsupported="drop".')
        notes = (Note(code="dropped", message=f"{_ONE}; it was left out."),)
    tools, choice = given.pop("tools", None), given.pop("tool_choice", None)
    specs: tuple[Tool, ...] = () if tools is None else READ["tools"](tools, "tools")
    chosen: ToolChoice | None = None if choice is None else READ["tool_choice"](choice, "tool_choice")
    emulation = Emulation(specs, chosen)
    parsed = parse_messages(messages)
    is_forced = chosen is not None and chosen.mode == "required"
    told, system = emulation.told(parsed, given.get("system"), forced=is_forced)
    given["system"] = system
    number = 1 + sum(message.role is Role.ASSISTANT for message in parsed)

    def reads(response: ChatResponse) -> ChatResponse:
        read, _ = emulation.read(response, number)
        return replace(read, notes=(*read.notes, *notes)) if notes else read

    return told, cast(ChatOptions, given), reads
