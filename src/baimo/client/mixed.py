"""Content lists that hold more than dicts: texts, parts of ours, bytes, paths, open files, Pillow images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from baimo.dialects.openai_chat.plain import parse_message
from baimo.errors import InputError
from baimo.types.chat import Message
from baimo.types.content import Audio, File, Image, Part, Text, ToolCall, ToolResult, Video
from baimo.types.medium import kind_of_source

_MADE: dict[str, Any] = {"image": Image, "audio": Audio, "video": Video, "file": File}
_SAID = (Text, Image, Audio, Video, File)
_PLACE = {"type": "text", "text": ""}


def parse_mixed(one: Mapping[str, Any], content: Sequence[Any], index: int) -> Message:
    """The message of a dict whose content holds such things. Raises InputError naming the one that is none.

    Dicts among them are parts as OpenAI writes them. A text in the list is words, not an address.
    """
    if one.get("role") not in ("user", "system", "developer"):
        raise InputError(
            f"messages[{index}].content: only a message of the user, the system or the developer may hold "
            "other things than dicts; write an answer as baimo.Message"
        )
    places = [part if isinstance(part, Mapping) else _PLACE for part in content]
    message = parse_message({**one, "content": places}, index)
    parts = [
        kept if isinstance(part, Mapping) else _part(part, f"messages[{index}].content[{number}]")
        for number, (part, kept) in enumerate(zip(content, message.content, strict=True))
    ]
    return replace(message, content=tuple(parts))


def _part(given: Any, where: str) -> Part:
    if isinstance(given, str):
        return Text(text=given)
    if isinstance(given, _SAID):
        return given
    if isinstance(given, (ToolCall, ToolResult)):
        raise InputError(f"{where} is a {type(given).__name__}; put it into a baimo.Message")
    try:
        kind, fields = kind_of_source(given)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", hint=error.hint) from None
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error}") from error
    made: Part = _MADE[kind](**fields)
    return made
