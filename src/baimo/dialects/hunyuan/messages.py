"""Neutral messages to this wire's messages."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.dialect.interval import Interval
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .turns import in_turn
from .words import NAME, fields_of

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)
_FPS = Interval("[0.1, 5]")


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._left_out: set[str] = set()
        """Calls that cannot be told; what they gave belongs to nothing then."""

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The wire's messages; a tool's results become one message each."""
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        wire: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            if message.role in _SYSTEM:
                self._system(message, index, wire)
            elif message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        return in_turn(wire, self._complaints)

    def _system(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """One system message is allowed, and must be the first."""
        if wire and wire[-1]["Role"] != "system":
            self._complaints.cannot("a system message after the first turn", f"messages[{index}] is one")
            return
        self._forbid(message.content, (*_ASSISTANT_ONLY, ToolResult), index)
        entry = self._entry("system", list(message.content), message)
        if not wire:
            wire.append(entry)
            return
        self._complaints.emulated("several system messages went out as one")
        wire[-1]["Content"] = "\n\n".join([wire[-1].get("Content", ""), entry.get("Content", "")])

    def _other(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """A message of the user or of a tool."""
        self._forbid(message.content, _ASSISTANT_ONLY, index)
        rest: list[Part] = [part for part in message.content if not isinstance(part, ToolResult)]
        results = [part for part in message.content if isinstance(part, ToolResult)]
        wire += [self._result(part, message) for part in results if part.call_id not in self._left_out]
        if message.role is Role.TOOL:
            if rest or not message.content:
                raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        elif rest or not message.content:
            wire.append(self._entry("user", rest, message))

    def _forbid(self, content: tuple[Part, ...], kinds: tuple[type, ...], index: int) -> None:
        for number, part in enumerate(content):
            if isinstance(part, kinds):
                raise InputError(
                    f"messages[{index}].content[{number}] is a {type(part).__name__}, which a message of "
                    "that role must not hold"
                )

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        """An earlier answer. Its reasoning stays here: sent back, it is an error."""
        self._forbid(message.content, (ToolResult,), index)
        said: list[Part] = []
        calls: list[dict[str, Any]] = []
        for part in message.content:
            if isinstance(part, ToolCall):
                if part.kind == "custom":
                    self._complaints.cannot(f"the call of the custom tool {part.name!r} and what it gave")
                    self._left_out.add(part.id)
                else:
                    calls.append(_call(part))
            elif isinstance(part, Refusal):
                said.append(Text(text=part.text))
            elif not isinstance(part, Thinking):
                said.append(part)
        entry = self._entry("assistant", said, message)
        if calls:
            entry["ToolCalls"] = calls
        return entry

    def _entry(self, role: str, parts: list[Part], message: Message) -> dict[str, Any]:
        """A message with its content: a string where it is nothing but text."""
        entry: dict[str, Any] = {"Role": role}
        files = [part.file_id for part in parts if isinstance(part, File) and part.file_id is not None]
        contents = [found for found in map(self._part, parts) if found is not None]
        if all(found.keys() == {"Type", "Text"} for found in contents):
            entry["Content"] = "\n\n".join([found["Text"] for found in contents])
        else:
            entry["Contents"] = contents
        if files:
            entry["FileIDs"] = files
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        return entry

    def _part(self, part: Part) -> dict[str, Any] | None:
        """An entry of `Contents`; None for what stands elsewhere or cannot be said."""
        if part.cache is not None:
            self._complaints.cannot("what to cache")
        if isinstance(part, Text):
            return {"Type": "text", "Text": part.text}
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, Video):
            return self._video(part)
        if isinstance(part, Opaque):
            return self._opaque(part)
        if isinstance(part, Audio) or (isinstance(part, File) and part.file_id is None):
            why = "only files that were uploaded before, by their id" if isinstance(part, File) else ""
            self._complaints.cannot(f"{type(part).__name__.lower()} content", why)
        return None

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        """A part of a request that we did not know; what stood beside an answer is never sent back."""
        if part.dialect != NAME:
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(part.json)
        return entry if "Type" in entry else None

    def _image(self, part: Image) -> dict[str, Any] | None:
        if part.detail not in (None, "auto"):
            self._complaints.cannot("the detail of an image")
        url = part.url
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or image_type(part.data))
        if url is None:
            self._complaints.cannot("an image by the id of a file", "send its bytes or its address")
            return None
        return {"Type": "image_url", "ImageUrl": {"Url": url}}

    def _video(self, part: Video) -> dict[str, Any] | None:
        if part.url is None:
            self._complaints.cannot("a video by its bytes", "give its address")
            return None
        video: dict[str, Any] = {"Url": part.url}
        if part.fps is not None:
            video["Fps"] = self._complaints.within("fps of a video", part.fps, _FPS)
        return {"Type": "video_url", "VideoUrl": video}

    def _result(self, part: ToolResult, message: Message) -> dict[str, Any]:
        text = ""
        for piece in part.content:
            if isinstance(piece, Text):
                text += piece.text
                if piece.cache is not None:
                    self._complaints.cannot("what to cache")
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        if part.is_error:
            text = f"Error: {text}"
            self._complaints.emulated("a tool's failure was told in the words of its result")
        entry = {"Role": "tool", "ToolCallId": part.call_id, "Content": text}
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        return entry


def _call(part: ToolCall) -> dict[str, Any]:
    function = {"Name": part.name, "Arguments": part.arguments or "{}"}
    return {"Id": part.id, "Type": "function", "Function": function}
