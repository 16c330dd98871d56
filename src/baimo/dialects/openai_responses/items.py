"""Neutral messages to this wire's input items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Cache,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

from .notes import encode_citation
from .quirks import Quirks
from .words import NAME

AS_INSTRUCTIONS = "instructions"
"""In what a message keeps for this wire: it came as `instructions` and goes back so."""

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)
TTLS = ("30m", "12h")


class ItemEncoder:
    """Encodes the messages of one request."""

    def __init__(self, quirks: Quirks, complaints: Complaints) -> None:
        self._quirks = quirks
        self._complaints = complaints
        self._items: list[dict[str, Any]] = []
        self._custom: set[str] = set()
        self.instructions: str | None = None

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """The items, in order; a message may be several, a call and its result are one each."""
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            if message.role is Role.ASSISTANT:
                self._assistant(message, index)
            else:
                self._other(message, index)
        return self._items

    def _other(self, message: Message, index: int) -> None:
        """A message of the system, the developer, the user or a tool."""
        fields = fields_of(message.replay)
        if fields.pop(AS_INSTRUCTIONS, None) and self.instructions is None:
            self.instructions = message.text
            return
        rest: list[Part] = []
        for number, part in enumerate(message.content):
            if isinstance(part, ToolResult):
                self._result(part, fields if message.role is Role.TOOL else {})
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
            self._items.append({"role": self._role(message.role), "content": self._content(rest), **fields})

    def _role(self, role: Role) -> str:
        if role is Role.DEVELOPER and not self._quirks.developer_role:
            return "system"
        return role.value

    def _content(self, parts: Sequence[Part]) -> Any:
        """A string where it can be one, else a list of parts."""
        found = [entry for part in parts if (entry := self._part(part)) is not None]
        if len(found) == 1 and found[0].keys() == {"type", "text"} and found[0]["type"] == "input_text":
            return found[0]["text"]
        return found or ""

    def _part(self, part: Part) -> dict[str, Any] | None:
        entry: dict[str, Any] | None = None
        if isinstance(part, Text):
            entry = {"type": "input_text", "text": part.text}
        elif isinstance(part, Opaque):
            return self._opaque(part)
        elif isinstance(part, Image):
            entry = self._image(part)
        elif isinstance(part, File):
            entry = self._file(part)
        else:
            self._complaints.cannot(f"{type(part).__name__.lower()} content")
        if entry is not None and part.cache is not None:
            self._mark(entry, part.cache)
        return entry

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        if part.dialect != NAME:
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        item: dict[str, Any] = msgspec.json.decode(part.json)
        return item

    def _mark(self, entry: dict[str, Any], cache: Cache) -> None:
        """Mark a part for the provider's cache."""
        if not self._quirks.cache_marks:
            self._complaints.cannot("what to cache")
            return
        mark: dict[str, str] = {"mode": "explicit"}
        if cache.ttl in TTLS:
            mark["ttl"] = cache.ttl
        elif cache.ttl is not None:
            self._complaints.cannot(f"to cache for {cache.ttl}", f"it takes {', '.join(TTLS)}")
        entry["prompt_cache_breakpoint"] = mark

    def _image(self, part: Image) -> dict[str, Any] | None:
        if "image" in self._quirks.refused:
            self._complaints.cannot("image content")
            return None
        entry: dict[str, Any] = {"type": "input_image"}
        if part.data is not None:
            entry["image_url"] = encode_data_url(part.data, part.media_type or image_type(part.data))
        elif part.url is not None:
            entry["image_url"] = part.url
        else:
            entry["file_id"] = part.file_id
        if part.detail is not None:
            entry["detail"] = part.detail
        return entry

    def _file(self, part: File) -> dict[str, Any] | None:
        if "file" in self._quirks.refused:
            self._complaints.cannot("file content")
            return None
        entry: dict[str, Any] = {"type": "input_file"}
        if part.data is not None:
            entry["file_data"] = encode_data_url(part.data, part.media_type or "application/octet-stream")
        elif part.url is not None:
            entry["file_url"] = part.url
        else:
            entry["file_id"] = part.file_id
        if part.name is not None:
            entry["filename"] = part.name
        return entry

    def _result(self, part: ToolResult, fields: dict[str, Any]) -> None:
        content: Any = [entry for piece in part.content if (entry := self._part(piece)) is not None]
        if all(entry.keys() == {"type", "text"} for entry in content) and (len(content) < 2 or part.is_error):
            content = "".join([entry["text"] for entry in content])
        if part.is_error:
            self._complaints.emulated("a tool's failure was told in the words of its result")
            if isinstance(content, str):
                content = f"Error: {content}"
            else:
                content.insert(0, {"type": "input_text", "text": "Error:"})
        kind = "custom_tool_call_output" if part.call_id in self._custom else "function_call_output"
        self._items.append({"type": kind, "call_id": part.call_id, "output": content, **fields})

    def _assistant(self, message: Message, index: int) -> None:
        """An earlier answer: an item for each part, but for the parts of one message."""
        fields = fields_of(message.replay)
        for number, part in enumerate(message.content):
            if isinstance(part, Thinking):
                self._thinking(part, message.content[number + 1 :])
            elif isinstance(part, (Text, Refusal)):
                self._spoken(part, fields)
            elif isinstance(part, ToolCall):
                self._call(part)
            elif isinstance(part, Opaque):
                item = self._opaque(part)
                if item is not None:
                    self._items.append(item)
            elif isinstance(part, Image) and part.data is not None and "id" in fields_of(part.replay):
                self._picture(part)
            elif isinstance(part, ToolResult):
                where = f"messages[{index}].content[{number}]"
                raise InputError(f"{where} is a ToolResult, which an assistant's message must not hold")
            else:
                self._complaints.cannot(f"{type(part).__name__.lower()} content in an earlier answer")
        if not message.content:
            self._items.append({"role": "assistant", "content": "", **fields})

    def _thinking(self, part: Thinking, behind: tuple[Part, ...]) -> None:
        """Earlier reasoning, where this provider takes it back."""
        item = fields_of(part.replay)
        way = self._quirks.reasoning_replay
        if "summary" in item:
            if way != "paired" or _is_followed(behind):
                self._items.append(item)
            else:
                self._complaints.note(
                    "dropped",
                    "left out: reasoning whose answer does not stand behind it as it came; append the "
                    "response's message to the history unchanged",
                )
        elif way == "text" and part.text:
            content = [{"type": "reasoning_text", "text": part.text}]
            self._items.append({"type": "reasoning", "summary": [], "content": content})

    def _spoken(self, part: Text | Refusal, fields: dict[str, Any]) -> None:
        """Words of an answer: with the id they came with they are an item of their own kind."""
        if part.cache is not None:
            self._complaints.cannot("what to cache in an earlier answer")
        kept = {**fields, **fields_of(part.replay)}
        annotations = kept.pop("annotations", None)
        if isinstance(part, Refusal):
            said: dict[str, Any] = {"type": "refusal", "refusal": part.text}
        else:
            annotations = annotations or [encode_citation(one) for one in part.citations]
            said = {"type": "output_text", "text": part.text, "annotations": annotations}
        if "id" not in kept and isinstance(part, Text) and not part.citations:
            self._items.append({"role": "assistant", "content": part.text, **kept})
            return
        last = self._items[-1] if self._items else {}
        if last.get("type") == "message" and "id" in kept and last.get("id") == kept["id"]:
            last["content"].append(said)
        elif "id" in kept:
            self._items.append({"type": "message", "role": "assistant", "content": [said], **kept})
        else:
            self._items.append({"role": "assistant", "content": [said], **kept})

    def _call(self, part: ToolCall) -> None:
        fields = fields_of(part.replay)
        if part.kind == "custom":
            self._custom.add(part.id)
            said = {
                "type": "custom_tool_call",
                "call_id": part.id,
                "name": part.name,
                "input": part.arguments,
            }
        else:
            said = {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": part.arguments or "{}",
            }
        self._items.append({**said, **fields})

    def _picture(self, part: Image) -> None:
        """A picture that this provider made."""
        from base64 import b64encode

        item = {"type": "image_generation_call", **fields_of(part.replay)}
        item["result"] = b64encode(part.data or b"").decode()
        self._items.append(item)


def _is_followed(behind: tuple[Part, ...]) -> bool:
    """Whether the item that reasoning led to stands behind it: a call, or words with their own id."""
    for part in behind:
        if isinstance(part, (Text, Refusal)):
            return "id" in fields_of(part.replay)
        if not isinstance(part, Thinking):
            return not isinstance(part, Opaque) or part.dialect == NAME
    return False


def fields_of(replay: Replay | None) -> dict[str, Any]:
    """What this wire gave to be sent back; nothing of what is another's."""
    if replay is None or replay.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(replay.json)
    return fields
