"""Scripts: what a simulated model answers. Each is a callable from a request to an answer.

A function of one's own will do as well: it is given the `ChatRequest` and returns a text, a `Reply`, an
iterable of text pieces, or an iterable of events. It may raise `RefusedError`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Role
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.types.events import ChatEvent, Started
from baimo.types.tools import CustomTool, FunctionTool, ServerTool

from .reply import Answer, Reply
from .sample import sample

if TYPE_CHECKING:
    from baimo.client.client import Client

Script: TypeAlias = Callable[[ChatRequest], Answer]


def fixed(text: str) -> Script:
    """Always that text."""
    return lambda request: text


def replies(answers: Iterable[str | Reply]) -> Script:
    """Each in turn, in the order in which requests come; then the last one for ever."""
    return _InTurn(tuple(answers))


class _InTurn:
    def __init__(self, answers: tuple[str | Reply, ...]) -> None:
        if not answers:
            raise InputError("there is no reply to give")
        self._answers = answers
        self._next = 0
        self._lock = threading.Lock()

    def __call__(self, request: ChatRequest) -> Answer:
        with self._lock:
            at, self._next = self._next, min(self._next + 1, len(self._answers) - 1)
        return self._answers[at]


def echo(request: ChatRequest) -> Answer:
    """The words of the last message that has any."""
    return next((message.text for message in reversed(request.messages) if message.text), "")


def reasoning(request: ChatRequest) -> Answer:
    """Thinks aloud, then echoes."""
    asked = str(echo(request))
    return Reply(thinking=f"The user says: {asked}\nI shall say it back.", text=asked)


def tool_call(request: ChatRequest) -> Answer:
    """First a call of the tool that must be used, else of the first; after its result a text about it.

    The arguments follow the tool's schema. Raises InputError where no tool is offered.
    """
    result = _last_result(request)
    if result is not None:
        words = "".join(part.text for part in result.content if isinstance(part, Text))
        return f"The tool says: {words}"
    allowed = request.tool_choice.allowed if request.tool_choice is not None else ()
    offered = [tool for tool in request.tools if isinstance(tool, (FunctionTool, CustomTool))]
    wanted = next((tool for tool in offered if not allowed or tool.name in allowed), None)
    if wanted is None:
        raise InputError("the script calls a tool, but none is offered")
    number = sum(len(message.tool_calls) for message in request.messages) + 1
    if isinstance(wanted, CustomTool):
        call = ToolCall(id=f"call_{number}", name=wanted.name, arguments=str(echo(request)), kind="custom")
    else:
        schema = wanted.parameters or {"type": "object", "properties": {}}
        call = ToolCall(id=f"call_{number}", name=wanted.name, arguments=_json(sample(schema)))
    return Reply(tool_calls=(call,))


def json_by_schema(request: ChatRequest) -> Answer:
    """A value that follows the schema that was asked for, or that the messages tell; any object where there
    is none.
    """
    form = request.response_format
    schema = (form.schema if form is not None else None) or told_schema(request)
    return _json(sample(schema) if schema else {"answer": str(echo(request))})


def auto(request: ChatRequest) -> Answer:
    """What the request calls for: JSON where it wants JSON, a tool call where it offers tools, a value by a
    schema where the messages tell one, else echo.
    """
    form = request.response_format
    if form is not None and form.type != "text":
        return json_by_schema(request)
    mode = request.tool_choice.mode if request.tool_choice is not None else "auto"
    if mode != "none" and any(not isinstance(tool, ServerTool) for tool in request.tools):
        return tool_call(request)
    return json_by_schema(request) if told_schema(request) else echo(request)


_TOLD = re.compile(r"json schema\b[^{]{0,40}(?=\{)", re.IGNORECASE)


def told_schema(request: ChatRequest) -> dict[str, Any] | None:
    """The schema that the messages tell in words: an object soon behind "JSON Schema". None where there is
    none.

    >>> from baimo.types.chat import Message
    >>> words = 'Answer by this JSON Schema: {"type": "object"}'
    >>> told_schema(ChatRequest(model="m", messages=(Message(role="user", content=words),)))
    {'type': 'object'}
    """
    for message in request.messages:
        found = _TOLD.search(message.text) if message.role not in (Role.ASSISTANT, Role.TOOL) else None
        if found is not None:
            try:
                schema, _ = json.JSONDecoder().raw_decode(message.text, found.end())
            except ValueError:
                continue
            return schema if _fits(schema) else None
    return None


def _fits(schema: Any) -> bool:
    """Whether a value can be made by it."""
    try:
        sample(schema)
    except InputError:
        return False
    return True


class backed:  # noqa: N801 - called like the functions beside it
    """Has a real model answer: what the client's model says is passed on as it comes.

    It waits for that model, so whoever plays it on an event loop does so on a thread: see `blocks`.
    """

    blocks = True

    def __init__(self, client: Client, model: str, *, max_tokens: int = 128) -> None:
        """`max_tokens` bounds answers where the request does not."""
        self._client = client
        self._model = model
        self._max_tokens = max_tokens

    def __call__(self, request: ChatRequest) -> Iterator[ChatEvent]:
        """The events of the real answer. Raises what the client raises."""
        wanted: dict[str, Any] = {
            name: value for name in _PASSED_ON if (value := getattr(request, name)) not in (None, ())
        }
        wanted.setdefault("max_tokens", self._max_tokens)
        stream = self._client.stream(self._model, request.messages, unsupported="drop", **wanted)
        with stream:
            for event in stream:
                yield replace(event, model=request.model) if isinstance(event, Started) else event


_PASSED_ON = (
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "max_tokens",
    "response_format",
)

BY_NAME: dict[str, Script] = {
    "auto": auto,
    "echo": echo,
    "tool": tool_call,
    "reasoning": reasoning,
    "json": json_by_schema,
}
"""Scripts that need no argument, by the names that the command line uses."""


def _last_result(request: ChatRequest) -> ToolResult | None:
    """The tool's result, where the conversation ends with one."""
    last = request.messages[-1] if request.messages else None
    if last is None or last.role is Role.ASSISTANT:
        return None
    results = [part for part in last.content if isinstance(part, ToolResult)]
    return results[-1] if results else None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
