"""Neutral messages to this wire's messages: strings for text models, lists of parts for multimodal ones."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Cache,
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

from .quirks import Quirks
from .words import NAME, fields_of

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)


class MessageEncoder:
    """Encodes the messages of one request. `is_sharp`: a picture is to be seen in all its detail."""

    def __init__(self, quirks: Quirks, complaints: Complaints, *, multimodal: bool) -> None:
        self.is_sharp = False
        self._quirks = quirks
        self._complaints = complaints
        self._multimodal = multimodal
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
            self._files(message, wire)
            if message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        return wire

    def _files(self, message: Message, wire: list[dict[str, Any]]) -> None:
        """Uploaded documents stand in a message of the system before the question that is about them."""
        names = [part.file_id for part in message.content if isinstance(part, File) and part.file_id]
        if names:
            wire.append(self._entry("system", [Text(text=",".join([f"fileid://{name}" for name in names]))]))
            self._complaints.emulated("a file was named by its id in a message of the system")

    def _other(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """A message of the system, the developer, the user or a tool."""
        self._forbid(message.content, _ASSISTANT_ONLY, index)
        results = [part for part in message.content if isinstance(part, ToolResult)]
        rest = [part for part in message.content if not isinstance(part, ToolResult)]
        for result in results:
            if result.call_id in self._left_out:
                continue
            entry = self._entry("tool", list(result.content), is_error=result.is_error)
            if not _names_call(message):
                entry["tool_call_id"] = result.call_id
            if result.name is not None:
                entry["name"] = result.name
            wire.append(self._laid_over(entry, message))
        if message.role is Role.TOOL:
            if rest or not results:
                raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        elif rest or not results:
            role = "system" if message.role in _SYSTEM else "user"
            wire.append(self._laid_over(self._entry(role, rest), message))

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        """An earlier answer; its reasoning only where the model wants it back."""
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
        entry = self._entry("assistant", said)
        if calls:
            entry["tool_calls"] = calls
            if message.thinking and self._quirks.reasoning_replay == "tool_turns":
                entry["reasoning_content"] = message.thinking
            if not said:
                entry["content"] = [] if self._multimodal else ""
        return self._laid_over(entry, message)

    def _laid_over(self, entry: dict[str, Any], message: Message) -> dict[str, Any]:
        """Fields of a caller's message that we did not understand."""
        if message.replay is not None and message.replay.dialect == NAME:
            entry.update(fields_of(message.replay))
        return entry

    def _forbid(self, content: tuple[Part, ...], kinds: tuple[type, ...], index: int) -> None:
        for number, part in enumerate(content):
            if isinstance(part, kinds):
                raise InputError(
                    f"messages[{index}].content[{number}] is a {type(part).__name__}, which a message of "
                    "that role must not hold"
                )

    def _entry(self, role: str, parts: list[Any], *, is_error: bool = False) -> dict[str, Any]:
        """A message with its content: a string where it is nothing but text and may be one."""
        found = [entry for entry in map(self._part, parts) if entry is not None]
        if is_error:
            self._complaints.emulated("a tool's failure was told in the words of its result")
            found.insert(0, {"text": "Error: "})
        is_plain = all(entry.keys() == {"text"} for entry in found)
        if is_plain and not self._multimodal:
            between = "" if role == "tool" else "\n\n"
            return {"role": role, "content": between.join([entry["text"] for entry in found])}
        if not self._multimodal:
            found = [{"type": "text", **entry} if "text" in entry else entry for entry in found]
        return {"role": role, "content": found}

    def _part(self, part: Part) -> dict[str, Any] | None:
        """A part of a content list; None for what stands elsewhere or cannot be said."""
        entry: dict[str, Any] | None = None
        if isinstance(part, Text):
            entry = {"text": part.text}
        elif isinstance(part, Image):
            entry = self._image(part)
        elif isinstance(part, Audio):
            entry = self._audio(part)
        elif isinstance(part, Video):
            entry = self._video(part)
        elif isinstance(part, Opaque):
            entry = self._opaque(part)
        elif isinstance(part, File) and part.file_id is None:
            self._complaints.cannot("file content", "only files that were uploaded before, by their id")
        if entry is not None and part.cache is not None:
            self._mark(entry, part.cache)
        return entry

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        if part.dialect != NAME:
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(part.json)
        return entry

    def _mark(self, entry: dict[str, Any], cache: Cache) -> None:
        if not self._quirks.cache_marks:
            self._complaints.cannot("what to cache")
            return
        if cache.ttl not in (None, "5m"):
            self._complaints.cannot(f"to cache for {cache.ttl}", "it keeps what is marked for 5 minutes")
        entry["cache_control"] = {"type": "ephemeral"}

    def _image(self, part: Image) -> dict[str, Any] | None:
        if part.detail == "high":
            self.is_sharp = True
        elif part.detail not in (None, "auto"):
            self._complaints.cannot(f"the detail {part.detail!r} of an image", "only 'high' can be asked for")
        if part.data is not None:
            return {"image": encode_data_url(part.data, part.media_type or image_type(part.data))}
        if part.url is None:
            self._complaints.cannot("an image by the id of a file", "send its bytes or its address")
            return None
        return {"image": part.url}

    def _audio(self, part: Audio) -> dict[str, Any] | None:
        if part.data is not None:
            return {"audio": encode_data_url(part.data, f"audio/{part.format or 'wav'}")}
        if part.url is None:
            self._complaints.cannot("audio by an id", "send its bytes or its address")
            return None
        return {"audio": part.url}

    def _video(self, part: Video) -> dict[str, Any] | None:
        url = part.url
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or "video/mp4")
        if url is None:
            raise InputError("a video needs bytes or an address")
        return {"video": url} if part.fps is None else {"video": url, "fps": part.fps}


def _names_call(message: Message) -> bool:
    """Whether a caller of this wire named the call in a field that is sent on as it came."""
    replay = message.replay
    return replay is not None and replay.dialect == NAME and "id" in fields_of(replay)


def is_multimodal(messages: tuple[Message, ...]) -> bool:
    """Whether something is said that only a multimodal model understands."""
    for message in messages:
        for part in message.content:
            inner = part.content if isinstance(part, ToolResult) else (part,)
            if any(isinstance(one, (Image, Audio, Video)) for one in inner):
                return True
    return False


def _call(part: ToolCall) -> dict[str, Any]:
    function = {"name": part.name, "arguments": part.arguments or "{}"}
    return {"id": part.id, "type": "function", "function": function}
