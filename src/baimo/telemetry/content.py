"""What was said, as JSON in the shape of the GenAI conventions. Only for those who asked for it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec

from baimo.types.chat import Choice, FinishReason, Message, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    ResultPart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.record import Content
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, Tool

from .attributes import Attributes

_INSTRUCTING = {Role.SYSTEM, Role.DEVELOPER}
_FINISH = {FinishReason.TOOL_CALLS: "tool_call"}
_SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/opus"}


def content_attributes(content: Content) -> Attributes:
    """The attributes that hold prompts, replies and tools, each as JSON text."""
    found: Attributes = {}
    request, response = content.request, content.response
    if request is not None:
        system = [part for one in request.messages if one.role in _INSTRUCTING for part in one.content]
        if system:
            found["gen_ai.system_instructions"] = _json([_part(part) for part in system])
        spoken = [one for one in request.messages if one.role not in _INSTRUCTING]
        found["gen_ai.input.messages"] = _json([_message(one) for one in spoken])
        if request.tools:
            found["gen_ai.tool.definitions"] = _json([_tool(tool) for tool in request.tools])
    if response is not None and response.choices:
        found["gen_ai.output.messages"] = _json([_choice(choice) for choice in response.choices])
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _message(message: Message) -> dict[str, Any]:
    found = {"role": str(message.role), "parts": [_part(part) for part in message.content]}
    return found if message.name is None else found | {"name": message.name}


def _choice(choice: Choice) -> dict[str, Any]:
    reason = _FINISH.get(choice.finish_reason, str(choice.finish_reason))
    return _message(choice.message) | {"finish_reason": reason}


def _part(part: Part | ResultPart) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "content": part.text}
        case Thinking():
            return {"type": "reasoning", "content": part.text}
        case Refusal():
            return {"type": "refusal", "content": part.text}
        case ToolCall():
            return {"type": "tool_call", "id": part.id, "name": part.name, "arguments": _arguments(part)}
        case ToolResult():
            return {"type": "tool_call_response", "id": part.call_id, "response": _response(part)}
        case Image():
            return _medium("image", part.data, part.url, part.file_id, part.media_type)
        case Audio():
            kind = _SOUNDS.get(part.format or "", part.format)
            return _medium("audio", part.data, part.url, part.id, kind)
        case Video():
            return _medium("video", part.data, part.url, None, part.media_type)
        case File():
            return _medium("document", part.data, part.url, part.file_id, part.media_type)
        case Opaque():
            return {"type": "opaque", "dialect": part.dialect, "content": part.json}


def _arguments(call: ToolCall) -> Any:
    """What the model wrote: the JSON of a function's arguments, else its text."""
    try:
        return msgspec.json.decode(call.arguments) if call.kind == "function" else call.arguments
    except msgspec.DecodeError:
        return call.arguments


def _response(result: ToolResult) -> Any:
    if all(type(part) is Text for part in result.content):
        return "".join([part.text for part in result.content if type(part) is Text])
    return [_part(part) for part in result.content]


def _medium(
    modality: str, data: bytes | None, url: str | None, file_id: str | None, media_type: str | None
) -> dict[str, Any]:
    found: dict[str, Any]
    if data is not None:
        found = {"type": "blob", "modality": modality, "content": b64encode(data).decode()}
    elif url is not None:
        found = {"type": "uri", "modality": modality, "uri": url}
    else:
        found = {"type": "file", "modality": modality, "file_id": file_id or ""}
    return found if media_type is None else found | {"mime_type": media_type}


def _tool(tool: Tool) -> dict[str, Any]:
    match tool:
        case FunctionTool():
            found = {"type": "function", "name": tool.name}
            if tool.description is not None:
                found["description"] = tool.description
            return found if tool.parameters is None else found | {"parameters": tool.parameters}
        case CustomTool():
            found = {"type": "custom", "name": tool.name}
            return found if tool.description is None else found | {"description": tool.description}
        case ServerTool():
            return {"type": "server", "dialect": tool.replay.dialect, "definition": tool.replay.json}
