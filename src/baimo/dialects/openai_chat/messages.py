"""Neutral messages to this wire's messages."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, TypeAlias

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.dialect.think import in_tags
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Opaque,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .finish import IN_PART, NAME
from .quirks import Quirks

_Said: TypeAlias = Text | Image | Audio | Video | File | Opaque
"""What may stand in a message's content."""

_WEB = ("http://", "https://")
_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, quirks: Quirks, complaints: Complaints, *, thinks: bool = True) -> None:
        self._thinks = thinks
        self._quirks = quirks
        self._complaints = complaints
        self._ids: dict[str, str] = {}

    def encode(self, messages: tuple[Message, ...], *, mark: str = "") -> list[dict[str, Any]]:
        """The wire's messages; a tool's results become one message each.

        `mark` is the field which says that the last one is the beginning of the answer that is asked for.
        """
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        wire: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            content = message.content
            if len(content) == 1 and type(content[0]) is Text and message.role is not Role.ASSISTANT:
                self._short(message, content[0], wire)
            elif message.role is Role.ASSISTANT:
                wire.append(self._assistant(message, index))
            else:
                self._other(message, index, wire)
        if mark:
            self._continue(messages[-1], wire[-1], mark)
        return wire

    def _continue(self, message: Message, wire: dict[str, Any], mark: str) -> None:
        """Mark the beginning of an answer; its reasoning goes with it, for nothing could replace that."""
        wire[mark] = True
        if message.thinking and self._thinks and self._quirks.reasoning_replay != "never":
            wire["reasoning_content"] = message.thinking

    def _short(self, message: Message, part: Text, wire: list[dict[str, Any]]) -> None:
        """The commonest message: one text."""
        content: Any = part.text
        if part.cache is not None:
            content = [self._text(part, part.cache)]
        wire.append(self._message(message, content))

    def _message(self, message: Message, content: Any) -> dict[str, Any]:
        role = message.role.value
        if role == "developer" and not self._quirks.developer_role:
            role = "system"
        wire: dict[str, Any] = {"role": role, "content": content}
        if message.name is not None:
            if "name" in self._quirks.refused:
                self._complaints.cannot("the name of a message's author")
            else:
                wire["name"] = message.name
        if message.replay is not None:
            self._lay_over(wire, message.replay)
        return wire

    def _lay_over(self, wire: dict[str, Any], replay: Replay) -> None:
        """Fields that a provider of this wire gave to be sent back."""
        if replay.dialect == NAME and "replay" not in self._quirks.refused:
            wire.update(fields_of(replay))

    def _other(self, message: Message, index: int, wire: list[dict[str, Any]]) -> None:
        """A message of the system, the developer, the user or a tool."""
        rest: list[_Said] = []
        for number, part in enumerate(message.content):
            if isinstance(part, ToolResult):
                wire.append(self._result(part, message))
            elif isinstance(part, _ASSISTANT_ONLY):
                where = f"messages[{index}].content[{number}]"
                raise InputError(
                    f"{where} is a {type(part).__name__}, which only an assistant's message may hold"
                )
            else:
                rest.append(part)
        if message.role is Role.TOOL:
            if rest or not message.content:
                raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        elif rest or not message.content:
            wire.append(self._message(message, self._content(rest)))

    def _content(self, parts: list[_Said]) -> Any:
        """A string where it can be one, else a list of parts."""
        found = [entry for entry in map(self._part, parts) if entry is not None]
        plain = all(entry.keys() == {"type", "text"} for entry in found)
        if plain and (len(found) == 1 or self._quirks.string_content or not found):
            return "\n\n".join([entry["text"] for entry in found])
        return found

    def _part(self, part: _Said) -> dict[str, Any] | None:
        if isinstance(part, Text):
            return self._text(part, part.cache)
        if isinstance(part, Opaque):
            if part.dialect != NAME:
                self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
                return None
            opaque: dict[str, Any] = msgspec.json.decode(part.json)
            return opaque
        name = type(part).__name__.lower()
        if self._quirks.string_content:
            self._complaints.cannot(f"{name} content", "it takes nothing but text")
            return None
        entry: dict[str, Any] | None = None
        if isinstance(part, Image):
            entry = self._image(part)
        elif isinstance(part, Audio):
            entry = self._audio(part)
        elif isinstance(part, File):
            entry = self._file(part)
        else:
            entry = self._video(part)
        if entry is not None and part.cache is not None:
            self.mark(entry, part.cache)
        return entry

    def _text(self, part: Text, cache: Cache | None) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "text", "text": part.text}
        if cache is not None:
            self.mark(entry, cache)
        return entry

    def mark(self, entry: dict[str, Any], cache: Cache) -> None:
        """Mark a part, or a tool, for the provider's cache."""
        way = self._quirks.cache_marks
        ttls = TTLS[way]
        if way == "none":
            self._complaints.cannot("what to cache")
            return
        if cache.ttl is not None and cache.ttl not in ttls:
            self._complaints.cannot(f"to cache for {cache.ttl}", f"it takes {', '.join(ttls)}")
        ttl = {"ttl": cache.ttl} if cache.ttl in ttls and way != "ephemeral" else {}
        if way == "breakpoint":
            entry["prompt_cache_breakpoint"] = {"mode": "explicit", **ttl}
        else:
            entry["cache_control"] = {"type": "ephemeral", **ttl}

    def _image(self, part: Image) -> dict[str, Any] | None:
        refused = self._quirks.refused
        if "image" in refused:
            self._complaints.cannot("image content")
            return None
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or image_type(part.data))
        elif part.url is not None and ("image_url" not in refused or not part.url.startswith(_WEB)):
            url = part.url
        else:
            why = "by the id of a file" if part.url is None else "by a web address"
            self._complaints.cannot(f"an image {why}", "send its bytes")
            return None
        image = {"url": url} if part.detail is None else {"url": url, "detail": part.detail}
        return {"type": "image_url", "image_url": image}

    def _audio(self, part: Audio) -> dict[str, Any] | None:
        form = part.format or "wav"
        if "audio" in self._quirks.refused:
            self._complaints.cannot("audio content")
        elif "audio_url" in self._quirks.extras and (part.data is not None or part.url is not None):
            url = part.url if part.data is None else encode_data_url(part.data, "")
            return {"type": "input_audio", "input_audio": {"data": url, "format": form}}
        elif part.data is None:
            self._complaints.cannot("audio other than by its bytes")
        else:
            data = b64encode(part.data).decode()
            return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
        return None

    def _file(self, part: File) -> dict[str, Any] | None:
        if part.url is not None and "document_url" in self._quirks.extras:
            named = {} if part.name is None else {"document_name": part.name}
            return {"type": "document_url", "document_url": part.url, **named}
        if "file" in self._quirks.refused:
            self._complaints.cannot("file content")
            return None
        file: dict[str, Any] = {}
        if part.data is not None:
            file["file_data"] = encode_data_url(part.data, part.media_type or "application/octet-stream")
        elif part.file_id is not None:
            file["file_id"] = part.file_id
        else:
            self._complaints.cannot("a file by a web address")
            return None
        if part.name is not None:
            file["filename"] = part.name
        return {"type": "file", "file": file}

    def _video(self, part: Video) -> dict[str, Any] | None:
        if "video" not in self._quirks.extras:
            self._complaints.cannot("video content")
            return None
        url = part.url
        if part.data is not None:
            url = encode_data_url(part.data, part.media_type or "video/mp4")
        entry: dict[str, Any] = {"type": "video_url", "video_url": {"url": url or ""}}
        if part.fps is not None:
            inside = "video_fps_inside" in self._quirks.extras
            (entry["video_url"] if inside else entry)["fps"] = part.fps
        return entry

    def _result(self, part: ToolResult, message: Message) -> dict[str, Any]:
        texts = []
        for piece in part.content:
            if isinstance(piece, Text):
                texts.append(piece)
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        plain = all(text.cache is None for text in texts)
        joined: Any = (
            "".join([text.text for text in texts]) if len(texts) < 2 or self._quirks.string_content else None
        )
        if part.is_error and plain:
            joined = "Error: " + "".join([text.text for text in texts])
            self._complaints.emulated("a tool's failure was told in the words of its result")
        if joined is None or not plain:
            joined = [self._text(text, text.cache) for text in texts]
        wire = {"role": "tool", "tool_call_id": self._id(part.call_id), "content": joined}
        if message.replay is not None:
            self._lay_over(wire, message.replay)
        return wire

    def _assistant(self, message: Message, index: int) -> dict[str, Any]:
        content: list[_Said] = []
        calls: list[dict[str, Any]] = []
        thinking: list[Thinking] = []
        refusals: list[Refusal] = []
        wire_audio: str | None = None
        for number, part in enumerate(message.content):
            if isinstance(part, Thinking):
                thinking.append(part)
            elif isinstance(part, ToolCall):
                calls.append(self._call(part))
            elif isinstance(part, Refusal):
                refusals.append(part)
            elif isinstance(part, ToolResult):
                where = f"messages[{index}].content[{number}]"
                raise InputError(f"{where} is a ToolResult, which an assistant's message must not hold")
            elif isinstance(part, Audio) and part.id is not None:
                wire_audio = part.id
            else:
                content.append(part)
        wire = self._message(message, self._content(content) if content else None)
        self._think(wire, thinking, used_tools=bool(calls))
        if refusals:
            wire["refusal"] = "".join([part.text for part in refusals])
        if calls:
            wire["tool_calls"] = calls
        if wire_audio is not None:
            wire["audio"] = {"id": wire_audio}
        if wire["content"] is None and self._quirks.blank_content:
            wire["content"] = " "
        elif wire["content"] is None and not calls and not refusals and wire_audio is None:
            wire["content"] = ""
        return wire

    def _think(self, wire: dict[str, Any], thinking: list[Thinking], *, used_tools: bool) -> None:
        """An earlier answer's reasoning, where this provider wants it back."""
        marks: dict[str, Any] = {}
        for part in thinking:
            if part.replay is not None:
                marks.update(self._lay_over_thinking(wire, part.replay))
        when = self._quirks.reasoning_replay
        if when == "never" or (when != "always" and not used_tools):
            return
        text = "\n\n".join([part.text for part in thinking if part.text])
        if not text and when == "required" and self._thinks:
            text = " "
        if not text:
            return
        field = self._quirks.reasoning_field
        if field == "thinking_part":
            _before(wire, {"type": "thinking", "thinking": [{"type": "text", "text": text}], **marks})
        elif field != "think_tags":
            wire[field] = text
        elif wire["content"] is None or isinstance(wire["content"], str):
            wire["content"] = in_tags(text) + (wire["content"] or "")
        else:
            _before(wire, {"type": "text", "text": in_tags(text)})

    def _lay_over_thinking(self, wire: dict[str, Any], replay: Replay) -> dict[str, Any]:
        """As `_lay_over`, but lists that several parts hold (reasoning_details) are joined in order.

        Returns what belongs into the part itself rather than the message.
        """
        if replay.dialect != NAME:
            return {}
        fields: dict[str, Any] = msgspec.json.decode(replay.json)
        marks: dict[str, Any] = fields.pop(IN_PART, {})
        if "replay" in self._quirks.refused:
            return marks
        for name, value in fields.items():
            earlier = wire.get(name)
            wire[name] = earlier + value if isinstance(earlier, list) and isinstance(value, list) else value
        return marks

    def _call(self, part: ToolCall) -> dict[str, Any]:
        if part.kind == "custom":
            body = {"name": part.name, "input": part.arguments}
        else:
            body = {"name": part.name, "arguments": part.arguments or "{}"}
        wire: dict[str, Any] = {"id": self._id(part.id), "type": part.kind, part.kind: body}
        if part.replay is not None:
            self._lay_over(wire, part.replay)
        return wire

    def _id(self, ident: str) -> str:
        """The id of a call, or the one that stands for it where ids must have a certain form."""
        if self._quirks.tool_ids == "any" or (len(ident) == 9 and ident.isascii() and ident.isalnum()):
            return ident
        return self._ids.setdefault(ident, f"call{len(self._ids):05d}")


def fields_of(replay: Replay) -> dict[str, Any]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return dict(_fields.decode(replay.json))


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])

TTLS: dict[str, tuple[str, ...]] = {
    "none": (),
    "breakpoint": ("30m", "12h"),
    "cache_control": ("5m", "1h"),
    "ephemeral": ("5m",),
}
"""How long a mark may ask for, by the way of marking."""


def _before(wire: dict[str, Any], part: dict[str, Any]) -> None:
    """Put a part before a message's content."""
    content = wire["content"]
    if isinstance(content, str):
        content = [{"type": "text", "text": content}] if content else []
    wire["content"] = [part, *(content or [])]
