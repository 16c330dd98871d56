"""Calls of tools out of fragments that interleave, repeat themselves and leave things out."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from baimo.dialect.jsontext import encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.types.content import Replay, ToolCall
from baimo.types.events import ChatEvent

from .finish import NAME

_NO_ID = ("", "null", "None")


class _Call:
    __slots__ = ("custom", "extras", "id", "key", "name", "waiting")

    def __init__(self, key: str) -> None:
        self.key = key
        self.id = ""
        self.name = ""
        self.custom = False
        self.waiting: list[str] = []  # arguments that came before the name
        self.extras: dict[str, Any] = {}


class Calls:
    """The tool calls of one choice.

    A fragment belongs to the call of its index. Without a usable index it belongs to the call of its id;
    without an id to the last call, unless it names a tool again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self.latest = -1
        """The index that the last fragment told; -1 for none."""

    def growing(self) -> OpenPart | None:
        """The call of the latest index, if a fragment of nothing but arguments only adds to its text."""
        call = self._by_index.get(self.latest) if self.latest >= 0 else None
        part = self._parts.get(call.key) if call is not None and not call.custom else None
        return part if part is not None and not part.held else None

    @property
    def any(self) -> bool:
        """Whether a tool was called."""
        return bool(self._calls)

    def fragment(self, entry: Any, out: list[ChatEvent]) -> None:
        """An entry of `tool_calls`."""
        if not isinstance(entry, dict):
            return
        body = entry.get("function")
        custom = not isinstance(body, dict) and isinstance(entry.get("custom"), dict)
        if custom:
            body = entry["custom"]
        if not isinstance(body, dict):
            body = {}
        name = body.get("name")
        name = name if isinstance(name, str) else ""
        ident = entry.get("id")
        ident = ident if isinstance(ident, str) and ident not in _NO_ID else ""
        index = entry.get("index")
        self.latest = index if isinstance(index, int) else -1
        call = self._find(index, ident, name)
        call.id = call.id or ident
        call.custom = call.custom or custom
        if isinstance(entry.get("extra_content"), dict):
            call.extras["extra_content"] = entry["extra_content"]
        self._grow(call, name, body.get("input" if custom else "arguments"), out)

    def legacy(self, body: dict[str, Any], out: list[ChatEvent]) -> None:
        """`function_call`, the form before there were several calls."""
        name = body.get("name")
        call = self._by_index.get(-1)
        if call is None:
            call = self._by_index[-1] = self._new()
        self._grow(call, name if isinstance(name, str) else "", body.get("arguments"), out)

    def close(self, out: list[ChatEvent]) -> None:
        """End all calls; one that never got a name gets an empty one."""
        for call in self._calls:
            if call.key not in self._parts:
                self._start(call, out)
            replay = Replay(dialect=NAME, json=Raw(encode(call.extras).encode())) if call.extras else None
            self._parts.end(call.key, out, replay=replay)

    def _find(self, index: Any, ident: str, name: str) -> _Call:
        known = isinstance(index, int) and index >= 0
        if known:
            call = self._by_index.get(index)
            if call is None or (ident and call.id and ident != call.id and name):
                call = self._by_index[index] = self._new()
            return call
        if ident:
            for call in self._calls:
                if call.id == ident:
                    return call
            return self._new()
        last = self._calls[-1] if self._calls else None
        if last is None or (name and last.name):
            return self._new()
        return last

    def _new(self) -> _Call:
        call = _Call(f"call {len(self._calls)}")
        self._calls.append(call)
        return call

    def _grow(self, call: _Call, name: str, arguments: Any, out: list[ChatEvent]) -> None:
        call.name = call.name or name
        text = arguments if isinstance(arguments, str) else "" if arguments is None else encode(arguments)
        if call.key not in self._parts:
            if not call.name:
                call.waiting.append(text)
                return
            self._start(call, out)
        self._parts.text(call.key, text, out)

    def _start(self, call: _Call, out: list[ChatEvent]) -> None:
        # Made up where the provider gives none: unique within the answer is what its result needs.
        ident = call.id or f"call_{self._parts.choice}_{self._calls.index(call)}"
        kind = ToolCall(id=ident, name=call.name, arguments="", kind="custom" if call.custom else "function")
        self._parts.start(call.key, kind, out)
        waiting, call.waiting = "".join(call.waiting), []
        self._parts.text(call.key, waiting, out)
