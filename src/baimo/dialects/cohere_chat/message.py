"""The message of a reply, whole or as it grows, to parts.

Its order: blocks of content (reasoning, text), then a plan for the use of tools, then calls. A plan is
reasoning that stands in a field of its own, and goes back into it.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.dialect.jsontext import encode, join_halves
from baimo.dialect.parts import Parts
from baimo.types.content import Citation, Opaque, Part, Replay, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent

from .citations import IN_PLAN, IN_THINKING, decode_citation
from .fastlane import LANES, Lane
from .words import NAME, PLAN

_Kind: TypeAlias = Literal["text", "thinking", "plan"]

PLANNED = Replay(dialect=NAME, json=Raw(msgspec.json.encode({PLAN: True})))
"""What a plan's part is known by."""

_BEGUN: dict[_Kind, Part] = {
    "text": Text(text=""),
    "thinking": Thinking(),
    "plan": Thinking(replay=PLANNED),
}


class MessageState:
    """What has come of a message so far.

    A text ends when something else begins, not with its block: citations of it may come late.
    """

    def __init__(self) -> None:
        self.calls = 0
        """How many tools were called."""
        self._parts = Parts()
        self._open: tuple[_Kind, int] | None = None
        self._call_at: int | None = None  # the call that the latest event went on with
        self._cited: list[Citation] = []

    @property
    def said(self) -> bool:
        """Whether anything came."""
        return self._parts.count > 0

    def lane(self) -> tuple[Lane | None, int, int]:
        """The quick way for more of the block or the call that is open, its index, and that of its part."""
        key = self._open if self._call_at is None else ("call", self._call_at)
        lane = LANES.get(key[0]) if key is not None else None
        part = self._parts.get(key)
        if key is None or lane is None or part is None or part.held:
            return None, 0, 0
        return lane, key[1], part.index

    def event(self, kind: str, event: dict[str, Any], message: dict[str, Any], out: list[ChatEvent]) -> None:
        """An event of a stream between its start and its end. One that is newer than this is passed over."""
        index = event.get("index")
        index = index if type(index) is int else 0
        self._call_at = None
        if kind in ("content-start", "content-delta"):
            self._content(index, message.get("content"), out)
        elif kind == "content-end":
            if self._open == ("thinking", index):
                self._end(out)
        elif kind == "tool-plan-delta":
            self._say("plan", 0, message.get("tool_plan"), out)
        elif kind in ("tool-call-start", "tool-call-delta"):
            entry = message.get("tool_calls")
            self._call(index, entry[0] if isinstance(entry, list) and entry else entry, out)
        elif kind == "tool-call-end":
            if ("call", index) in self._parts:
                self._parts.end(("call", index), out)
        elif kind == "citation-start":
            entries = message.get("citations")
            for entry in entries if isinstance(entries, list) else [entries]:
                self._cited += decode_citation(entry)

    def whole(self, message: dict[str, Any], out: list[ChatEvent]) -> None:
        """A whole message."""
        content, cited = message.get("content"), message.get("citations")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        entries = [entry for entry in cited if isinstance(entry, dict)] if isinstance(cited, list) else []
        first = next((n for n, b in enumerate(blocks) if isinstance(b, dict) and b.get("type") == "text"), 0)
        for index, block in enumerate(blocks):
            self._whole_block(block, [e for e in entries if _place(e, first) == index], out)
        plan = message.get("tool_plan")
        if isinstance(plan, str) and plan:
            about = [entry for entry in entries if _place(entry, first) is None]
            self._put(Thinking(text=_mended(plan), replay=PLANNED), _sources(about), out)
        calls = message.get("tool_calls")
        for entry in calls if isinstance(calls, list) else ():
            self._call(self.calls, entry, out)

    def close(self, out: list[ChatEvent]) -> None:
        """The reply ended: end what is open."""
        self._end(out)
        self._parts.end_all(out)

    def _whole_block(self, block: Any, about: list[dict[str, Any]], out: list[ChatEvent]) -> None:
        if not isinstance(block, dict):
            return
        text, thought = block.get("text"), block.get("thinking")
        if isinstance(text, str):
            if text:
                self._put(Text(text=_mended(text)), _sources(about), out)
        elif isinstance(thought, str):
            if thought:
                self._put(Thinking(text=_mended(thought)), _sources(about), out)
        elif block.get("type") != "text":
            self._put(_opaque(block), (), out)

    def _put(self, part: Part, cited: tuple[Citation, ...], out: list[ChatEvent]) -> None:
        """A part that comes whole."""
        self._parts.start("whole", part, out)
        self._parts.end("whole", out, citations=cited)

    def _content(self, index: int, block: Any, out: list[ChatEvent]) -> None:
        """The start of a block, or more of it. A block without any words is none."""
        if not isinstance(block, dict):
            return
        text, thought = block.get("text"), block.get("thinking")
        if isinstance(text, str):
            self._say("text", index, text, out)
        elif isinstance(thought, str):
            self._say("thinking", index, thought, out)
        elif block.get("type") not in ("text", "thinking", None):
            self._end(out)
            self._put(_opaque(block), (), out)

    def _say(self, kind: _Kind, index: int, text: Any, out: list[ChatEvent]) -> None:
        if not isinstance(text, str) or not text:
            return
        key = (kind, index)
        if self._open != key:
            self._end(out)
            self._open = key
            self._parts.start(key, _BEGUN[kind], out)
        self._parts.text(key, text, out)

    def _end(self, out: list[ChatEvent]) -> None:
        """End the open text or reasoning, with what it cites."""
        if self._open is None:
            return
        cited, self._cited = tuple(self._cited), []
        self._parts.end(self._open, out, citations=cited)
        self._open = None

    def _call(self, index: int, entry: Any, out: list[ChatEvent]) -> None:
        """The start of a call, or more of its arguments."""
        function = entry.get("function") if isinstance(entry, dict) else None
        if not isinstance(function, dict):
            return
        name, given, key = function.get("name"), function.get("arguments"), ("call", index)
        arguments = given if isinstance(given, str) else "" if given is None else encode(given)
        if isinstance(name, str) and name:
            self._end(out)
            ident = entry.get("id")
            if not isinstance(ident, str) or not ident:
                ident = f"call_{self.calls}"  # unique within the answer is what its result needs
            self.calls += 1
            self._parts.start(key, ToolCall(id=ident, name=name, arguments=""), out)
        if key in self._parts:
            self._parts.text(key, arguments, out)
            self._call_at = index


def _place(entry: dict[str, Any], first: int) -> int | None:
    """The block that a citation is about; None for the plan. `first` is the first text: older models name no
    block."""
    if entry.get("type") == IN_PLAN:
        return None
    index = entry.get("content_index")
    if type(index) is int:
        return index
    return 0 if entry.get("type") == IN_THINKING else first


def _sources(entries: list[dict[str, Any]]) -> tuple[Citation, ...]:
    return tuple([citation for entry in entries for citation in decode_citation(entry)])


def _opaque(block: dict[str, Any]) -> Opaque:
    return Opaque(dialect=NAME, json=Raw(encode(block).encode()))


def _mended(text: str) -> str:
    """Text without half surrogates."""
    whole, held = join_halves("", text)
    return whole + "\ufffd" if held else whole
