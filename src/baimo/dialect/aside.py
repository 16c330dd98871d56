"""Pictures and other media in the results of tools, for wires whose results hold text alone.

They go into a message of the user right behind the results, where such wires take them, with words that tell
whence they are; a result that had no words of its own gets some that tell where they are. Results of one
answer stay together: that is behind the last of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec.structs import replace

from baimo.types.chat import Message, Role
from baimo.types.content import Image, Part, Text, ToolResult

from .complaints import Complaints

Takes: TypeAlias = Callable[[Any], bool]
"""Whether a message of the user can hold that part."""

_BELOW = "[{what} of this result: see the next message of the user]"
_FROM = "[From the result of {whose}:]"


def is_picture(part: Any) -> bool:
    """For wires whose users' messages hold pictures and nothing else besides text."""
    return isinstance(part, Image)


def set_aside(messages: tuple[Message, ...], takes: Takes, complaints: Complaints) -> tuple[Message, ...]:
    """The messages with what `takes` says moved out of results of tools; each kind of it is noted once.

    What cannot stand in a message of the user either stays where it is, for the dialect to complain of.
    """
    if not any(_holds(message, takes) for message in messages):
        return messages
    found: list[Message] = []
    waiting: list[Part] = []
    kinds: dict[str, None] = {}
    for message in messages:
        content: list[Part] = []
        if waiting and message.role is not Role.TOOL:
            if message.role is Role.USER:
                content += waiting
            else:
                found.append(Message(role=Role.USER, content=tuple(waiting)))
            waiting = []
        moved: list[Part] = []
        for part in message.content:
            content.append(_split(part, takes, moved, kinds) if isinstance(part, ToolResult) else part)
        if moved and message.role is Role.TOOL:
            waiting += moved
        else:
            content += moved
        found.append(replace(message, content=tuple(content)))
    if waiting:
        found.append(Message(role=Role.USER, content=tuple(waiting)))
    for kind in kinds:
        complaints.emulated(f"{kind} content of a tool's result was sent in a message of the user behind it")
    return tuple(found)


def _holds(message: Message, takes: Takes) -> bool:
    results = [part for part in message.content if isinstance(part, ToolResult)]
    return any(_goes(piece, takes) for part in results for piece in part.content)


def _goes(piece: Part, takes: Takes) -> bool:
    return not isinstance(piece, Text) and takes(piece)


def _split(part: ToolResult, takes: Takes, moved: list[Part], kinds: dict[str, None]) -> ToolResult:
    """The result in words; what it holds besides is added to `moved`."""
    aside = [piece for piece in part.content if _goes(piece, takes)]
    if not aside:
        return part
    names = list(dict.fromkeys(type(piece).__name__.lower() for piece in aside))
    kinds.update(dict.fromkeys(names))
    moved += [Text(text=_FROM.format(whose=part.name or part.call_id)), *aside]
    left = [piece for piece in part.content if not _goes(piece, takes)]
    if not any(isinstance(piece, Text) and piece.text for piece in left):
        left.append(Text(text=_BELOW.format(what=" and ".join(names))))
    return replace(part, content=tuple(left))
