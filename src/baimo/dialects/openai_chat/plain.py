"""Messages and tools as people write them by hand: this wire's words as Python dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.errors import InputError
from baimo.types.chat import Message
from baimo.types.tools import Tool, ToolChoice

from .served_message import decode_message
from .served_tools import decode_choice, decode_tool

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_object = msgspec.json.Decoder(dict)


def parse_message(message: Mapping[str, Any], index: int) -> Message:
    """The neutral message. Raises InputError naming `messages[index]` and the field."""
    return decode_message(_fields.decode(_json(message, f"messages[{index}]")), index)


def parse_tool(tool: Mapping[str, Any], index: int) -> Tool:
    """The neutral tool. Raises InputError naming `tools[index]` and the field."""
    return decode_tool(_object.decode(_json(tool, f"tools[{index}]")), index)


def parse_tool_choice(choice: Mapping[str, Any]) -> ToolChoice:
    """Which tools may be used. Raises InputError naming the field."""
    found = decode_choice(dict(choice))
    assert found is not None  # only None itself means nothing was chosen
    return found


def _json(value: Mapping[str, Any], where: str) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise InputError(
            f"{where} holds half a character (a lone surrogate); decode the text it came from again"
        ) from None
    except TypeError as error:
        raise InputError(f"{where} cannot be written as JSON: {error}") from None
