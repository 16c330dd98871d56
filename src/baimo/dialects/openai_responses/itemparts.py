"""One output item as parts of a message: what a reply holds, and what a caller sends back of one.

What the provider wants back of an item is kept in `replay`: of reasoning the whole item, of a message and of
a call the fields that have no neutral name (id, status, phase, namespace, …).
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from baimo.dialect.dataurl import decode_data_url
from baimo.dialect.jsontext import encode
from baimo.types.content import Image, Opaque, Part, Refusal, Replay, Text, Thinking, ToolCall

from .notes import decode_citations
from .words import NAME, dicts, word

Item = dict[str, Any]

BETWEEN = "\n\n"
"""What stands between two pieces of reasoning."""

_MESSAGE_OWN = frozenset(("type", "role", "content"))
_CALL_OWN = frozenset(("type", "call_id", "name", "arguments", "input"))
_IMAGE_OWN = frozenset(("type", "result"))


def kept(fields: dict[str, Any]) -> Replay | None:
    """Fields to be sent back to this wire; None where there are none."""
    return Replay(dialect=NAME, json=Raw(encode(fields).encode())) if fields else None


def opaque(item: Item) -> Opaque:
    """An item, or a part of one, that only this wire understands."""
    return Opaque(dialect=NAME, json=Raw(encode(item).encode()))


def parts_of(item: Item) -> list[Part]:
    """The parts of one item."""
    kind = item.get("type")
    if kind == "message":
        return [part for one in dicts(item.get("content")) if (part := spoken(item, one)) is not None]
    if kind == "reasoning":
        return [Thinking(text=thought(item), replay=kept(item))]
    if kind in ("function_call", "custom_tool_call"):
        return [call(item, whole=True)]
    if kind == "image_generation_call":
        return [_picture(item)]
    return [opaque(item)]


def spoken(item: Item, part: dict[str, Any]) -> Part | None:
    """A text or a refusal of a message; None for a part of another kind."""
    replay = message_replay(item, part.get("annotations"))
    if part.get("type") == "refusal":
        return Refusal(text=_text(part.get("refusal")), replay=replay)
    if isinstance(part.get("text"), str):
        return Text(text=part["text"], citations=decode_citations(part.get("annotations")), replay=replay)
    return None


def message_replay(item: Item, annotations: Any = None) -> Replay | None:
    """What goes back of a message besides its words. Annotations belong to one of its parts."""
    fields = {name: value for name, value in item.items() if name not in _MESSAGE_OWN}
    if annotations:
        fields["annotations"] = annotations
    return kept(fields)


def thought(item: Item) -> str:
    """The words of a reasoning item: its summary, and its own text where the provider shows it."""
    pieces = [*dicts(item.get("summary")), *dicts(item.get("content"))]
    return BETWEEN.join([text for piece in pieces if (text := _text(piece.get("text")))])


def call(item: Item, *, whole: bool) -> ToolCall:
    """A call; one that is still to come has neither arguments nor what goes back."""
    is_custom = item.get("type") == "custom_tool_call"
    given = item.get("input" if is_custom else "arguments")
    return ToolCall(
        id=word(item.get("call_id")) or _text(item.get("id")),
        name=_text(item.get("name")),
        arguments=_text(given) if whole else "",
        kind="custom" if is_custom else "function",
        replay=call_replay(item) if whole else begun(item),
    )


def call_replay(item: Item) -> Replay | None:
    """What goes back of a call besides what it says."""
    return kept({name: value for name, value in item.items() if name not in _CALL_OWN})


def begun(item: Item) -> Replay | None:
    """What is known of an item that is still to come: its id."""
    return kept({"id": item["id"]}) if "id" in item else None


def _picture(item: Item) -> Part:
    """A picture that was made; without one, the item as it is."""
    result = word(item.get("result"))
    try:
        data = decode_data_url(result or "")[0]
    except ValueError:
        data = b""
    if not data:
        return opaque(item)
    kind = word(item.get("output_format")) or "png"
    fields = {name: value for name, value in item.items() if name not in _IMAGE_OWN}
    return Image(data=data, media_type=f"image/{kind}", replay=kept(fields))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
