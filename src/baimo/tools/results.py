"""What a tool returned, as parts that a model reads."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.types.content import Audio, File, Image, ResultPart, Text, ToolCall, ToolResult, Video

_PARTS = (Text, Image, Audio, Video, File)


def result_of(value: Any, call: ToolCall) -> ToolResult:
    """The result of a call, by what its function returned.

    A text stands as it is; parts (`baimo.Image`, ...) and lists of them too; all else is written as JSON,
    None as `null`. A ToolResult is taken over. Raises TypeError for what JSON has no form for.
    """
    if isinstance(value, ToolResult):
        return replace(value, call_id=call.id, name=call.name)
    return ToolResult(call_id=call.id, name=call.name, content=_content(value))


def failure_of(words: str, call: ToolCall) -> ToolResult:
    """The result that tells the model what went wrong."""
    return ToolResult(call_id=call.id, name=call.name, content=(Text(text=words),), is_error=True)


def _content(value: Any) -> tuple[ResultPart, ...]:
    if isinstance(value, str):
        return (Text(text=value),)
    if isinstance(value, _PARTS):
        return (value,)
    if isinstance(value, (list, tuple)) and value and any(isinstance(one, _PARTS) for one in value):
        return tuple([part for one in value for part in _content(one)])
    return (Text(text=msgspec.json.encode(value, enc_hook=_plain).decode()),)


def _plain(value: Any) -> Any:
    """What msgspec does not know how to write: models of pydantic, above all."""
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    raise TypeError(f"a tool's result cannot be written as JSON: it holds a {type(value).__name__}")
