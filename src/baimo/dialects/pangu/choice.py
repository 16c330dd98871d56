"""One choice of a reply: its increments, or its whole message, to parts."""

from __future__ import annotations

from typing import Any

from baimo.dialect.jsontext import encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.types.content import Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished

from .finish import decode_finish

_TEXT, _THINKING = "text", "thinking"


class ChoiceState:
    """What has come of one choice so far."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish: str | None = None
        self._parts = Parts(index)
        self._calls: dict[int, str] = {}

    @property
    def said(self) -> bool:
        """Whether anything came."""
        return self._parts.count > 0

    def growing(self) -> tuple[str, OpenPart] | None:
        """What a chunk of nothing but words goes on with."""
        for key in (_THINKING, _TEXT):
            part = self._parts.get(key)
            if part is not None and not part.held:
                return key, part
        return None

    def chunk(self, choice: dict[str, Any], out: list[ChatEvent]) -> None:
        """A choice of a chunk, or of a whole reply: what it says stands in `message`, or in `delta`."""
        for name in ("message", "delta"):
            said = choice.get(name)
            if isinstance(said, dict):
                self._said(said, out)
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish and finish != "null":
            self.finish = finish

    def close(self, out: list[ChatEvent]) -> None:
        """The reply ended: end the open parts and the choice."""
        self._parts.end_all(out)
        reason = decode_finish(self.finish, calls=bool(self._calls))
        out.append(Finished(reason=reason, raw=self.finish, choice=self.index))

    def _said(self, message: dict[str, Any], out: list[ChatEvent]) -> None:
        thought = message.get("reasoning_content")
        if isinstance(thought, str) and thought:
            if _THINKING not in self._parts:
                self._end(_TEXT, out)
                self._parts.start(_THINKING, Thinking(), out)
            self._parts.text(_THINKING, thought, out)
        content = message.get("content")
        if isinstance(content, str) and content:
            if _TEXT not in self._parts:
                self._end(_THINKING, out)
                self._parts.start(_TEXT, Text(text=""), out)
            self._parts.text(_TEXT, content, out)
        calls = message.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, dict):
                self._call(call, place, out)

    def _call(self, call: dict[str, Any], place: int, out: list[ChatEvent]) -> None:
        """A call of a tool, or a piece of one: pieces of one call have the same `index`."""
        index = call.get("index")
        number = index if isinstance(index, int) else place
        name = call.get("id")
        ident = name if isinstance(name, str) and name else None
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        if number not in self._calls or (ident and ident != self._calls[number]):
            self._end(_THINKING, out)
            self._calls[number] = ident or f"call_{number}"
            named = function.get("name")
            part = ToolCall(
                id=self._calls[number], name=named if isinstance(named, str) else "", arguments=""
            )
            self._parts.start(("call", number), part, out)
        arguments = function.get("arguments")
        if arguments is not None:
            self._parts.text(
                ("call", number), arguments if isinstance(arguments, str) else encode(arguments), out
            )

    def _end(self, key: str, out: list[ChatEvent]) -> None:
        if key in self._parts:
            self._parts.end(key, out)
