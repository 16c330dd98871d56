"""Tools for a model whose provider knows none: described in the prompt, their calls read out of its text.

The form is the one that Hermes models were trained on and Qwen's took over: a call is a JSON object with
`name` and `arguments` between `<tool_call>` and `</tool_call>`, a result stands in `<tool_result>`.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.errors import UnsupportedError
from baimo.notes import Note
from baimo.types.chat import ChatResponse, FinishReason, Message, Role
from baimo.types.content import Part, Text, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, Tool, ToolChoice

_BLOCK = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_FENCE = re.compile(r"^```\w*\s*(.*?)\s*```$", re.DOTALL)
_HOW = """You can use the tools below. To call one, write a block like this:
<tool_call>
{"name": "the tool's name", "arguments": {"parameter": "value"}}
</tool_call>
Write one block for each call, and nothing after the last one: the results come in the next message, in
<tool_result> blocks. Never write a result yourself. Where no tool is needed, answer as usual.
<tools>
%s
</tools>"""
_MUST = "\nNow you must call %s."
_READ = Note(
    code="emulated", message='Calls of tools were read from the text of the model, as tools_as="prompt" asks.'
)


class Emulation:
    """Describes tools to the model, and reads its calls. Raises UnsupportedError for other than functions."""

    def __init__(self, specs: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        self._tools: list[FunctionTool] = []
        for spec in specs:
            if not isinstance(spec, FunctionTool):
                raise UnsupportedError("only functions can be described to a model in its prompt")
            if choice is None or not choice.allowed or spec.name in choice.allowed:
                self._tools.append(spec)
        if choice is not None and choice.mode == "none":
            self._tools = []

    def told(
        self, messages: tuple[Message, ...], system: str | None, *, forced: bool
    ) -> tuple[tuple[Message, ...], str | None]:
        """The conversation in words that any model reads, and the system message with the tools in it."""
        plain = tuple([_in_words(message) for message in messages])
        if not self._tools:
            return plain, system
        how = _HOW % "\n".join([_described(tool) for tool in self._tools])
        if forced:
            how += _MUST % (self._tools[0].name if len(self._tools) == 1 else "one of the tools")
        if system is None and plain and plain[0].role in (Role.SYSTEM, Role.DEVELOPER):
            first = replace(plain[0], content=(*plain[0].content, Text(text=how)))
            return (first, *plain[1:]), None
        return plain, how if system is None else f"{system}\n\n{how}"

    def read(self, response: ChatResponse, number: int) -> tuple[ChatResponse, str | None]:
        """The answer with its calls as parts; and what to tell the model where a call cannot be read.

        Then the text stays as it came.
        """
        if not self._tools or not response.choices or "<tool_call>" not in response.text:
            return response, None
        parts: list[Part] = []
        count = 0
        for part in response.message.content:
            if not isinstance(part, Text):
                parts.append(part)
                continue
            said = _BLOCK.sub("", part.text).strip()
            if said:
                parts.append(replace(part, text=said))
            for block in _BLOCK.findall(part.text):
                count += 1
                call = _call(block, f"call_{number}_{count}")
                if isinstance(call, str):
                    note = Note(code="unread_call", message=f"A call of a tool could not be read: {call}.")
                    told = f"Your call could not be read: {call}. Write it again, or answer without it."
                    return replace(response, notes=(*response.notes, note)), told
                parts.append(call)
        first = replace(
            response.choices[0],
            message=replace(response.message, content=tuple(parts)),
            finish_reason=FinishReason.TOOL_CALLS,
        )
        return replace(response, choices=(first, *response.choices[1:]), notes=(*response.notes, _READ)), None


def _described(tool: FunctionTool) -> str:
    parameters = tool.parameters or {"type": "object", "properties": {}}
    facts = {"name": tool.name, "description": tool.description or "", "parameters": parameters}
    return msgspec.json.encode(facts).decode()


def _call(block: str, id: str) -> ToolCall | str:
    """The call that a block holds, or why it is none."""
    text = block.strip()
    fenced = _FENCE.match(text)
    try:
        found: Any = msgspec.json.decode(fenced[1] if fenced else text)
    except (msgspec.DecodeError, RecursionError):
        return "what stands in <tool_call> is no JSON"
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return 'what stands in <tool_call> is no object with a "name"'
    given = found.get("arguments", found.get("parameters", {}))
    arguments = given if isinstance(given, str) else msgspec.json.encode(given).decode()
    return ToolCall(id=id, name=found["name"], arguments=arguments)


def _in_words(message: Message) -> Message:
    """The message without parts that only wires with tools know."""
    if not any(isinstance(part, (ToolCall, ToolResult)) for part in message.content):
        return message
    content: list[Part] = []
    for part in message.content:
        if isinstance(part, ToolCall):
            content.append(Text(text=f"<tool_call>\n{_written(part)}\n</tool_call>"))
        elif isinstance(part, ToolResult):
            words = "".join([piece.text for piece in part.content if isinstance(piece, Text)])
            name = f' name="{part.name}"' if part.name else ""
            error = ' error="true"' if part.is_error else ""
            content.append(Text(text=f"<tool_result{name}{error}>\n{words}\n</tool_result>"))
            content += [piece for piece in part.content if not isinstance(piece, Text)]
        else:
            content.append(part)
    role = Role.USER if message.role is Role.TOOL else message.role
    return replace(message, role=role, content=tuple(content))


def _written(call: ToolCall) -> str:
    """The call as the model wrote it, or would have."""
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = call.arguments
    return msgspec.json.encode({"name": call.name, "arguments": arguments}).decode()
