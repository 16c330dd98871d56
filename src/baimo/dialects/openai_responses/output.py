"""The output of a reply: whole items, and in a stream the events of items and their pieces, to parts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from baimo.dialect.parts import OpenPart, Parts
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, LogprobsReported

from .itemparts import BETWEEN, Item, begun, call, call_replay, kept, message_replay, parts_of, thought
from .notes import decode_citations, decode_logprobs
from .words import dicts

TEXT = "response.output_text.delta"
SUMMARY = "response.reasoning_summary_text.delta"
REASONING = "response.reasoning_text.delta"
ARGUMENTS = "response.function_call_arguments.delta"
INPUT = "response.custom_tool_call_input.delta"

_CALLS = ("function_call", "custom_tool_call")
_GROWING = ("message", "reasoning", *_CALLS)
"""Items that come in pieces; of others, the whole at their end is what counts."""


class _Open:
    """An item that has begun: what of it is needed until its end."""

    __slots__ = ("inner", "item", "kind", "notes", "probable", "said", "where")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.kind = item.get("type")
        self.inner: list[int] = []
        """Texts and refusals of a message, in the order they began."""
        self.said: set[Hashable] = set()
        """Pieces of which something came."""
        self.where: Hashable = None
        """The piece of reasoning that came last."""
        self.notes: dict[int, list[dict[str, Any]]] = {}
        self.probable: set[int] = set()
        """Texts whose probabilities are told."""


class Output:
    """What has come of a reply's output. Methods append the events that they cause."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._items: dict[int, _Open] = {}
        self._seen: set[int] = set()
        self.calls = False
        self.refused = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come."""
        return not self._seen

    def event(self, kind: str, event: dict[str, Any], out: list[ChatEvent]) -> None:
        """An event of an item; one that is not known is passed over."""
        take = _TAKE.get(kind)
        if take is not None:
            take(self, index_of(event, "output_index"), event, out)

    def growing(self, kind: str, index: int, inner: int) -> OpenPart | None:
        """The part that more of that piece may be added to without further ado."""
        opened = self._items.get(index)
        if opened is None:
            return None
        part = self._parts.get((index, inner) if opened.kind == "message" else index)
        if part is None or part.held:
            return None
        return part if part.kind is not Thinking or opened.where == (kind, inner) else None

    def whole(self, item: Item, index: int, out: list[ChatEvent]) -> None:
        """An item of which nothing came before."""
        self._seen.add(index)
        for number, part in enumerate(parts_of(item)):
            self._note(part)
            key = ("whole", index, number)
            self._parts.start(key, part, out)
            self._parts.end(key, out)
        if item.get("type") == "message":
            for one in dicts(item.get("content")):
                _report(one, out)

    def close(self, out: list[ChatEvent]) -> None:
        """The reply ended: so does what is open."""
        for index in tuple(self._items):
            self._end(index, {}, out)

    def _note(self, part: Part) -> None:
        self.calls = self.calls or isinstance(part, ToolCall)
        self.refused = self.refused or isinstance(part, Refusal)

    def _added(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        item = event.get("item")
        if isinstance(item, dict) and index not in self._seen:
            self._begin(index, item, out)

    def _begin(self, index: int, item: Item, out: list[ChatEvent]) -> None:
        if item.get("type") not in _GROWING:
            return
        self._seen.add(index)
        opened = self._items[index] = _Open(item)
        if opened.kind == "reasoning":
            self._parts.start(index, Thinking(replay=begun(item)), out)
        elif opened.kind in _CALLS:
            part = call(item, whole=False)
            self._note(part)
            self._parts.start(index, part, out)

    def _opened(self, index: int, kind: str, out: list[ChatEvent]) -> _Open | None:
        """The open item of that kind. One whose beginning was not told begins now."""
        if index not in self._seen:
            self._begin(index, {"type": kind}, out)
        opened = self._items.get(index)
        return opened if opened is not None and opened.kind == kind else None

    def _part_added(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        part = event.get("part")
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("output_text", "refusal"):
            self._speak(index, index_of(event, "content_index"), "", out, refuses=kind == "refusal")

    def _speak(self, index: int, inner: int, text: Any, out: list[ChatEvent], *, refuses: bool) -> None:
        """More of a text or a refusal; either begins where it has not yet."""
        opened, key = self._opened(index, "message", out), (index, inner)
        if opened is None:
            return
        if key not in self._parts:
            replay = begun(opened.item)
            part = Refusal(text="", replay=replay) if refuses else Text(text="", replay=replay)
            self._note(part)
            opened.inner.append(inner)
            self._parts.start(key, part, out)
        if isinstance(text, str) and text:
            opened.said.add(inner)
            self._parts.text(key, text, out)

    def _text(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        inner = index_of(event, "content_index")
        self._speak(index, inner, event.get("delta"), out, refuses=False)
        if _report(event, out) and index in self._items:
            self._items[index].probable.add(inner)

    def _text_done(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._all_said(index, index_of(event, "content_index"), event, out)

    def _all_said(self, index: int, inner: int, part: dict[str, Any], out: list[ChatEvent]) -> None:
        """A whole text or refusal: its words count where no piece of them came."""
        opened = self._items.get(index)
        refuses = isinstance(part.get("refusal"), str)
        if opened is None or inner not in opened.said:
            self._speak(index, inner, part["refusal"] if refuses else part.get("text"), out, refuses=refuses)
            opened = self._items.get(index)
        if opened is not None and inner not in opened.probable and _report(part, out):
            opened.probable.add(inner)

    def _refusal(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._speak(index, index_of(event, "content_index"), event.get("delta"), out, refuses=True)

    def _annotation(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        opened = self._opened(index, "message", out)
        note = event.get("annotation")
        if opened is not None and isinstance(note, dict):
            opened.notes.setdefault(index_of(event, "content_index"), []).append(note)

    def _summary(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._think(index, (SUMMARY, index_of(event, "summary_index")), event.get("delta"), out)

    def _reasoning(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._think(index, (REASONING, index_of(event, "content_index")), event.get("delta"), out)

    def _summary_done(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._thought(index, (SUMMARY, index_of(event, "summary_index")), event.get("text"), out)

    def _reasoning_done(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        self._thought(index, (REASONING, index_of(event, "content_index")), event.get("text"), out)

    def _thought(self, index: int, where: Hashable, text: Any, out: list[ChatEvent]) -> None:
        """A whole piece of reasoning: its words count where no piece of them came."""
        opened = self._items.get(index)
        if opened is None or where not in opened.said:
            self._think(index, where, text, out)

    def _think(self, index: int, where: Hashable, text: Any, out: list[ChatEvent]) -> None:
        opened = self._opened(index, "reasoning", out)
        if opened is None or not isinstance(text, str) or not text:
            return
        if opened.said and opened.where != where:
            self._parts.text(index, BETWEEN, out)
        opened.where = where
        opened.said.add(where)
        self._parts.text(index, text, out)

    def _arguments(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        text, opened = event.get("delta"), self._items.get(index)
        if opened is not None and opened.kind in _CALLS and isinstance(text, str) and text:
            opened.said.add(0)
            self._parts.text(index, text, out)

    def _item_done(self, index: int, event: dict[str, Any], out: list[ChatEvent]) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            return
        if index in self._items:
            self._end(index, item, out)
        elif index not in self._seen:
            self.whole(item, index, out)

    def _end(self, index: int, item: Item, out: list[ChatEvent]) -> None:
        """An item is whole. `item` is empty where the provider did not say so."""
        opened = self._items[index]
        if opened.kind == "message":
            self._end_message(index, item, opened, out)
        elif opened.kind == "reasoning":
            if not opened.said:
                self._parts.text(index, thought(item), out)
            self._parts.end(index, out, replay=kept(item))
        else:
            given = item.get("input" if opened.kind == "custom_tool_call" else "arguments")
            if not opened.said and isinstance(given, str) and given:
                self._parts.text(index, given, out)
            self._parts.end(index, out, replay=call_replay(item))
        del self._items[index]

    def _end_message(self, index: int, item: Item, opened: _Open, out: list[ChatEvent]) -> None:
        content = dicts(item.get("content"))
        for inner, part in enumerate(content):
            if part.get("type") in ("output_text", "refusal"):
                self._all_said(index, inner, part, out)
        for inner in opened.inner:
            told = content[inner].get("annotations") if inner < len(content) else None
            annotations = told or opened.notes.get(inner)
            self._parts.end(
                (index, inner),
                out,
                citations=decode_citations(annotations),
                replay=message_replay(item, annotations) if item else None,
            )


def index_of(event: dict[str, Any], name: str) -> int:
    """A place that an event names; the first where it names none."""
    value = event.get(name)
    return value if type(value) is int else 0


def _report(part: dict[str, Any], out: list[ChatEvent]) -> bool:
    """Tell the probabilities that stand beside a text, if any do."""
    tokens = decode_logprobs(part.get("logprobs"))
    if tokens:
        out.append(LogprobsReported(tokens=tokens))
    return bool(tokens)


_Take = Callable[[Output, int, dict[str, Any], list[ChatEvent]], None]

_TAKE: Mapping[str, _Take] = {
    "response.output_item.added": Output._added,
    "response.content_part.added": Output._part_added,
    TEXT: Output._text,
    "response.output_text.done": Output._text_done,
    "response.output_text.annotation.added": Output._annotation,
    "response.refusal.delta": Output._refusal,
    "response.refusal.done": Output._text_done,
    SUMMARY: Output._summary,
    "response.reasoning_summary_text.done": Output._summary_done,
    REASONING: Output._reasoning,
    "response.reasoning_text.done": Output._reasoning_done,
    ARGUMENTS: Output._arguments,
    INPUT: Output._arguments,
    "response.output_item.done": Output._item_done,
}
