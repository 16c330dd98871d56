"""The blocks of a reply, whole or in pieces, to parts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import encode, join_halves
from baimo.dialect.parts import OpenPart, Parts
from baimo.types.content import Image, Opaque, Part, Replay, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent

from .sources import decode_citations
from .words import IMAGES, NAME

SERVER_CALL = "server_tool_use"
"""The type of a call that the provider makes itself: it is kept as it came and not offered to the caller."""

Key: TypeAlias = tuple[int, type[Part]]


def replay_of(fields: dict[str, Any]) -> Replay | None:
    """What this wire wants back; None where there is nothing."""
    return Replay(dialect=NAME, json=Raw(encode(fields).encode())) if fields else None


def opaque(block: dict[str, Any]) -> Opaque:
    """A block that only this wire understands."""
    return Opaque(dialect=NAME, json=Raw(encode(block).encode()))


class Blocks:
    """The blocks of one reply. A block is known by its index and by what kind of part it turned out to be."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._kept: dict[Key, dict[str, Any]] = {}
        self._server: dict[int, dict[str, Any]] = {}

    def begin(self, index: int, start: Any, out: list[ChatEvent]) -> None:
        """A block tells what it will be: a call, the result of the provider's own call, or a picture."""
        kinds = start if isinstance(start, dict) else {}
        call, result, image = kinds.get("toolUse"), kinds.get("toolResult"), kinds.get("image")
        if isinstance(call, dict):
            if call.get("type") == SERVER_CALL:
                self._server[index] = {"toolUse": {**call, "input": []}}
                return
            part = ToolCall(id=_text(call.get("toolUseId")), name=_text(call.get("name")), arguments="")
            self.parts.start((index, ToolCall), part, out)
            self._kept[index, ToolCall] = {}
        elif isinstance(result, dict):
            self._server[index] = {"toolResult": {**result, "content": []}}
        elif isinstance(image, dict):
            kind = IMAGES.get(_text(image.get("format")))
            self.parts.start((index, Image), Image(media_type=kind), out)

    def more(self, index: int, delta: Any, out: list[ChatEvent]) -> None:
        """More of a block; what is new to us is passed over."""
        if not isinstance(delta, dict):
            return
        text, thought, call = delta.get("text"), delta.get("reasoningContent"), delta.get("toolUse")
        if isinstance(text, str):
            self._open(index, Text, out)
            self.parts.text((index, Text), text, out)
        elif isinstance(thought, dict):
            self._think(index, thought, out)
        elif isinstance(call, dict):
            self._argue(index, _text(call.get("input")), out)
        elif "citation" in delta:
            self._open(index, Text, out)
            self._kept[index, Text].setdefault("citations", []).append(delta["citation"])
        elif "toolResult" in delta and index in self._server:
            result = self._server[index].get("toolResult")
            pieces = delta["toolResult"]
            if isinstance(result, dict) and isinstance(pieces, list):
                result["content"] += pieces
        elif "image" in delta and (index, Image) in self.parts:
            self.parts.data((index, Image), _bytes(delta["image"]), out)

    def growing(self, index: int) -> OpenPart | None:
        """The open part of a block, if it takes nothing but text."""
        for kind in (Text, Thinking, ToolCall):
            part = self.parts.get((index, kind))
            if part is not None and (kind is not ToolCall or self._kept[index, kind]):
                return part
        return None

    def stop(self, index: int, out: list[ChatEvent]) -> None:
        """A block is whole."""
        server = self._server.pop(index, None)
        if server is not None:
            self._end_server(server, out)
        for kind in (Thinking, Text, ToolCall, Image):
            key = (index, kind)
            if key in self.parts:
                self._end(key, out)

    def end_all(self, out: list[ChatEvent]) -> None:
        """The reply is over: whatever is still open ends."""
        for index in sorted({*self._server, *[index for index, _ in self._kept]}):
            self.stop(index, out)
        self.parts.end_all(out)

    def _open(self, index: int, kind: type[Text] | type[Thinking], out: list[ChatEvent]) -> None:
        """Text and reasoning begin without being announced."""
        if (index, kind) not in self.parts:
            self.parts.start((index, kind), kind(text=""), out)
            self._kept[index, kind] = {}

    def _think(self, index: int, thought: dict[str, Any], out: list[ChatEvent]) -> None:
        self._open(index, Thinking, out)
        kept = self._kept[index, Thinking]
        text, signature, hidden = (thought.get(name) for name in ("text", "signature", "redactedContent"))
        if isinstance(text, str):
            self.parts.text((index, Thinking), text, out)
        if isinstance(signature, str):
            kept["signature"] = kept.get("signature", "") + signature
        if isinstance(hidden, str):
            kept["redactedContent"] = _joined(kept.get("redactedContent", ""), hidden)

    def _argue(self, index: int, text: str, out: list[ChatEvent]) -> None:
        server = self._server.get(index, {}).get("toolUse")
        if server is not None:
            server["input"].append(text)
        elif (index, ToolCall) in self.parts:
            if text:
                self._kept[index, ToolCall]["said"] = True
            self.parts.text((index, ToolCall), text, out)

    def _end(self, key: Key, out: list[ChatEvent]) -> None:
        kept = self._kept.pop(key, {})
        if key[1] is ToolCall:
            if not kept:
                self.parts.text(key, "{}", out)
            self.parts.end(key, out)
        elif "citations" in kept:
            found = decode_citations(kept["citations"])
            self.parts.end(key, out, citations=found, replay=replay_of({"citationsContent": kept}))
        else:
            self.parts.end(key, out, replay=replay_of(kept))

    def _end_server(self, block: dict[str, Any], out: list[ChatEvent]) -> None:
        call = block.get("toolUse")
        if call is not None:
            given = "".join(call["input"]) or "{}"
            try:
                call["input"] = msgspec.json.decode(given)
            except msgspec.DecodeError:
                call["input"] = {"input": given}
        self.whole(block, out)

    def whole(self, block: Any, out: list[ChatEvent]) -> None:
        """A block that came in one piece."""
        part = part_of(block)
        if part is not None:
            key = ("whole", self.parts.count)
            self.parts.start(key, part, out)
            self.parts.end(key, out)


def part_of(block: Any) -> Part | None:
    """The part that a whole block of an answer is; None for what is no block."""
    if not isinstance(block, dict):
        return None
    text, call, thought, cited = (
        block.get(name) for name in ("text", "toolUse", "reasoningContent", "citationsContent")
    )
    if isinstance(text, str):
        return Text(text=_plain(text))
    if isinstance(call, dict) and call.get("type") != SERVER_CALL:
        given = call.get("input")
        return ToolCall(
            id=_text(call.get("toolUseId")),
            name=_text(call.get("name")),
            arguments=encode({} if given is None else given),
        )
    if isinstance(thought, dict):
        return thinking_of(thought)
    if isinstance(cited, dict):
        return cited_text(cited)
    image = block.get("image")
    if isinstance(image, dict) and (data := _bytes(image)):
        return Image(data=data, media_type=IMAGES.get(_text(image.get("format"))))
    return opaque(block) if block else None


def thinking_of(thought: dict[str, Any]) -> Thinking:
    """Reasoning with what must come back with it."""
    told = thought.get("reasoningText")
    if isinstance(told, dict):
        rest = {name: value for name, value in told.items() if name != "text"}
        return Thinking(text=_plain(_text(told.get("text"))), replay=replay_of(rest))
    return Thinking(replay=replay_of({name: thought[name] for name in thought if name == "redactedContent"}))


def cited_text(cited: dict[str, Any]) -> Text:
    """A text with its sources; the replay holds what cannot be told from the text."""
    content = cited.get("content")
    texts = [
        piece["text"]
        for piece in (content if isinstance(content, list) else ())
        if isinstance(piece, dict) and isinstance(piece.get("text"), str)
    ]
    kept = {name: value for name, value in cited.items() if name != "content" or len(texts) != 1}
    return Text(
        text=_plain("".join(texts)),
        citations=decode_citations(cited.get("citations")),
        replay=replay_of({"citationsContent": kept}),
    )


def _plain(text: str) -> str:
    """Text without half surrogates."""
    whole, held = join_halves("", text)
    return f"{whole}\ufffd" if held else whole


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _bytes(image: Any) -> bytes:
    source = image.get("source") if isinstance(image, dict) else None
    data = source.get("bytes") if isinstance(source, dict) else None
    try:
        return b64decode(data) if isinstance(data, str) else b""
    except (BadBase64, ValueError):
        return b""


def _joined(before: str, more: str) -> str:
    """Encrypted bytes, which may come in several pieces of base64."""
    if not before:
        return more
    try:
        return b64encode(b64decode(before) + b64decode(more)).decode()
    except (BadBase64, ValueError):
        return before + more
