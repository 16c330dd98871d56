"""Parts of this wire and neutral parts, both ways.

What stands beside a part's own content (a signature of thoughts, metadata) is kept in `replay` and laid over
the part when it goes back. A kind of part without a neutral one, such as code that the provider ran, is kept
whole as an Opaque.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.jsontext import encode
from baimo.types.content import Opaque, Part, Replay, Text, Thinking, ToolCall
from baimo.wire.http import HttpRequest

from .media import decode_media
from .words import NAME, camel

SIGNATURE = "thoughtSignature"

MADE_UP = "gemini-call-"
"""What ids begin with that we gave to calls without one. They never go to the provider."""

_object = msgspec.json.Decoder(dict[str, Raw])
_fields = msgspec.json.Decoder(dict[str, Any])


def made_up_id(*where: object) -> str:
    """An id for a call that came without one: the same for the same place in the same reply."""
    from hashlib import blake2s

    text = " ".join(map(str, where)).encode("utf-8", "surrogatepass")
    return f"{MADE_UP}{blake2s(text, digest_size=5).hexdigest()}"


def laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` merged into `below`, objects within objects as well; what `above` says holds."""
    merged = dict(below)
    for name, value in above.items():
        there = merged.get(name)
        if isinstance(there, dict) and isinstance(value, Mapping):
            merged[name] = laid_over(there, value)
        else:
            merged[name] = value
    return merged


def replay_fields(replay: Replay | None) -> dict[str, Any]:
    """What is to be laid over a part that came from this wire."""
    if replay is None or replay.dialect != NAME:
        return {}
    return _fields.decode(replay.json)


def kept(fields: Mapping[str, Any]) -> Replay | None:
    """What is to be sent back; None for nothing."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(fields))) if fields else None


def object_of(arguments: str) -> Raw | None:
    """Arguments as a JSON object, byte for byte; None where they are none. No text means no arguments."""
    if not arguments.strip():
        return Raw(b"{}")
    try:
        raw = arguments.encode()
        _object.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return Raw(raw)


_CONTENT = ("text", "thought", "inlineData", "fileData", "functionCall", "functionResponse")


def decode_part(wire: dict[str, Any], made_up: str) -> tuple[Part, bytes] | None:
    """A part of the model's, or of a caller's, and its bytes where they are media; None for a part that says
    nothing. `made_up` is the id of a call that has none. Raises ValueError for one that cannot be read.
    """
    wire = camel(wire)
    beside = {name: value for name, value in wire.items() if name not in _CONTENT}
    for name in ("inlineData", "fileData", "functionCall"):
        if isinstance(wire.get(name), dict):
            wire[name] = camel(wire[name])
    text = wire.get("text")
    if isinstance(text, str):
        return _said(text, wire.get("thought") is True, beside)
    if isinstance(wire.get("functionCall"), dict):
        return _call(wire["functionCall"], made_up, beside), b""
    found = decode_media(wire)
    if found is not None:
        part, data = found
        if isinstance(beside.get("videoMetadata"), dict) and set(beside["videoMetadata"]) == {"fps"}:
            del beside["videoMetadata"]
        if wire.get("thought") is True:
            beside["thought"] = True
        return replace(part, replay=kept(beside)), data
    if not wire:
        return None
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(wire))), b""


def _said(text: str, is_thought: bool, beside: dict[str, Any]) -> tuple[Part, bytes] | None:
    """Words. A signature without words is a Thinking that only `replay` holds."""
    if text:
        kind = Thinking if is_thought else Text
        return kind(text=text, replay=kept(beside)), b""
    if SIGNATURE not in beside:
        return None
    whole = {"text": "", **({"thought": True} if is_thought else {}), **beside}
    return Thinking(replay=kept(whole)), b""


def _call(wire: dict[str, Any], made_up: str, beside: dict[str, Any]) -> ToolCall:
    ident, name, given = wire.get("id"), wire.get("name"), wire.get("args")
    rest = {key: value for key, value in wire.items() if key not in ("id", "name", "args")}
    if rest:
        beside = {"functionCall": rest, **beside}
    return ToolCall(
        id=ident if isinstance(ident, str) and ident else made_up,
        name=name if isinstance(name, str) else "",
        arguments=encode(given if isinstance(given, dict) else {}),
        replay=kept(beside),
    )


def encode_thinking(part: Thinking) -> dict[str, Any] | None:
    """Thoughts; None for those of another wire that hold no words."""
    beside = replay_fields(part.replay)
    if part.text:
        return {"text": part.text, "thought": True, **beside}
    return {"text": "", **beside} if beside else None


def encode_call(part: ToolCall, arguments: Any) -> dict[str, Any]:
    """A call; an id that the provider did not give is not sent."""
    call: dict[str, Any] = {} if part.id.startswith(MADE_UP) else {"id": part.id}
    call |= {"name": part.name, "args": arguments}
    return laid_over({"functionCall": call}, replay_fields(part.replay))


def opaque_fields(part: Opaque) -> dict[str, Any] | None:
    """The whole part that is kept; None for one of another wire."""
    return _fields.decode(part.json) if part.dialect == NAME else None


def body_of(wire: HttpRequest) -> bytes:
    """A caller's body in one piece."""
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
