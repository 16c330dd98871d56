"""One choice of a reply: its deltas, or its whole message, to parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Raw

from baimo.dialect.jsontext import decode, encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.dialect.think import ThinkSplitter
from baimo.errors import WireError
from baimo.types.content import Citation, Opaque, Replay, Text, Thinking
from baimo.types.events import ChatEvent, Finished

from .calls import Calls
from .words import IN_CONTENT, NAME, decode_finish

_TEXT, _THINKING = "text", "thinking"
_TAG = "<think>"
_TAGGED = Replay(dialect=NAME, json=Raw(encode({IN_CONTENT: True}).encode()))


class Choice:
    """What has come of one choice so far."""

    def __init__(self, index: int) -> None:
        self.finish: str | None = None
        self._index = index
        self._parts = Parts(index)
        self._calls = Calls(self._parts)
        self._by_delta = False
        self._held: str | None = ""  # the beginning of the text, while it may be that of a tag
        self._splitter: ThinkSplitter | None = None
        self._citations: dict[str, Citation] = {}

    def plain(self) -> OpenPart | None:
        """The open part to which a chunk of nothing but text may be added without further ado."""
        part = self._parts.get(_THINKING) or self._parts.get(_TEXT)
        if part is None or part.held or self._splitter is not None:
            return None
        return part if part.kind is Thinking or self._held is None else None

    def chunk(self, choice: dict[str, Any], out: list[ChatEvent], *, is_whole: bool) -> None:
        """A choice of a chunk, or of a whole reply.

        In a stream the last event repeats the whole answer; it counts where no deltas came.
        """
        delta = choice.get("delta")
        if isinstance(delta, dict) and not is_whole:
            self._by_delta = True
            self._said(delta, out)
        for message in (choice.get("message"), *_list(choice.get("messages"))):
            if isinstance(message, dict):
                self._said(message, out, repeats=self._by_delta)
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self.finish = finish

    def close(self, flags: dict[str, Any], out: list[ChatEvent], *, tells: bool) -> None:
        """The reply ended: end the open parts and the choice. `tells`: the flags go with this choice."""
        if self._held:
            held, self._held = self._held, None
            self._text(held, out)
        if self._splitter is not None:
            self._tagged(self._splitter.end(), out)
        self._end_thinking(out)
        self._calls.close(out)
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=tuple(self._citations.values()))
        if flags and tells:
            key = f"opaque {self._parts.count}"
            self._parts.start(key, Opaque(dialect=NAME, json=Raw(encode(flags).encode())), out)
        self._parts.end_all(out)
        filtered = bool(flags.get("output_sensitive"))
        reason = decode_finish(self.finish or "", calls=self._calls.any, filtered=filtered)
        out.append(Finished(reason=reason, raw=self.finish, choice=self._index))

    def _said(self, said: dict[str, Any], out: list[ChatEvent], *, repeats: bool = False) -> None:
        """A delta or a message. One that `repeats` what came before tells nothing new but its sources."""
        role, content = said.get("role"), said.get("content")
        self._cite(said.get("annotations"))
        if role == "tool":
            self._found(content)
        if repeats or role in ("tool", "user"):
            return
        thinking = said.get("reasoning_content")
        if isinstance(thinking, str) and thinking:
            self._think(thinking, out)
        if isinstance(content, str) and content:
            self._content(content, out)
        for entry in _list(said.get("tool_calls")):
            if isinstance(entry, dict):
                self._end_thinking(out)
                self._calls.piece(entry, out)

    def _content(self, text: str, out: list[ChatEvent]) -> None:
        """Words, or at their beginning reasoning between tags."""
        if self._splitter is not None:
            self._tagged(self._splitter.feed(text), out)
            return
        if self._held is not None:
            text = self._held + text
            begun = text.lstrip()
            if begun.startswith(_TAG):
                self._held, self._splitter = None, ThinkSplitter()
                self._tagged(self._splitter.feed(begun), out)
                return
            self._held = text if _TAG.startswith(begun) else None
            if self._held is not None:
                return
        self._text(text, out)

    def _tagged(self, pieces: Iterable[tuple[bool, str]], out: list[ChatEvent]) -> None:
        for thinks, text in pieces:
            if thinks:
                self._think(text, out)
            else:
                self._text(text, out)

    def _text(self, text: str, out: list[ChatEvent]) -> None:
        if _TEXT not in self._parts:
            self._end_thinking(out)
            self._parts.start(_TEXT, Text(text=""), out)
        self._parts.text(_TEXT, text, out)

    def _think(self, text: str, out: list[ChatEvent]) -> None:
        if _THINKING not in self._parts:
            if _TEXT in self._parts:
                self._parts.end(_TEXT, out)
            self._parts.start(_THINKING, Thinking(), out)
        self._parts.text(_THINKING, text, out)

    def _end_thinking(self, out: list[ChatEvent]) -> None:
        """End the reasoning; what stood inside the content is sent back inside it."""
        if _THINKING in self._parts:
            self._parts.end(_THINKING, out, replay=_TAGGED if self._splitter is not None else None)

    def _found(self, content: Any) -> None:
        """The pages that a search of the provider's own found: JSON in a string."""
        if isinstance(content, str) and content.lstrip().startswith("["):
            try:
                pages = decode(content.encode("utf-8", "surrogatepass"))
            except WireError:
                return
            self._cite(pages)

    def _cite(self, entries: Any) -> None:
        """Sources, as pages that were found or as notes on the answer; each address counts once."""
        for entry in _list(entries):
            url = entry.get("url") if isinstance(entry, dict) else None
            if not isinstance(url, str) or not url or url in self._citations:
                continue
            title, quote = entry.get("title"), entry.get("quote") or entry.get("content")
            self._citations[url] = Citation(
                url=url,
                title=title if isinstance(title, str) and title else None,
                quote=quote if isinstance(quote, str) and quote else None,
            )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
