"""One choice of a reply: its messages, pieces or whole, to parts."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from baimo.dialect.jsontext import encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.types.chat import TokenLogprob
from baimo.types.content import Citation, Image, Opaque, Text, Thinking
from baimo.types.events import ChatEvent, Finished, LogprobsReported

from .calls import Calls
from .growth import Growth
from .words import NAME, decode_finish

_TEXT, _THINKING = "text", "thinking"


class ChoiceState:
    """What has come of one choice so far. `is_listed`: its text comes in a list of parts."""

    def __init__(self, index: int, output: str) -> None:
        self.index = index
        self.finish: str | None = None
        self.is_listed = False
        self._parts = Parts(index)
        self._calls = Calls(self._parts, output)
        self._text = Growth(output)
        self._thinking = Growth(output)
        self._beside: set[str] = set()
        self._logprobs = 0
        self._repeats = output != "incremental"

    def plain(self) -> OpenPart | None:
        """The open part to which an event of nothing but text may be added without further ado."""
        part = self._parts.get(_THINKING) or self._parts.get(_TEXT)
        return None if part is None or part.held or self._repeats or self._calls.any else part

    def chunk(self, choice: dict[str, Any], out: list[ChatEvent]) -> None:
        """A choice of an event, or of a whole reply."""
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish and finish != "null":
            self.finish = finish
        message = choice.get("message")
        if isinstance(message, dict):
            self._message(message, out, is_last=self.finish is not None)
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict):
            self._told(decode_logprobs(logprobs), out)

    def close(self, citations: tuple[Citation, ...], out: list[ChatEvent]) -> None:
        """The reply ended: end the open parts and the choice."""
        if _THINKING in self._parts:
            self._parts.end(_THINKING, out)
        self._calls.close(out)
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=citations)
        reason = decode_finish(self.finish or "", calls=self._calls.any)
        out.append(Finished(reason=reason, raw=self.finish, choice=self.index))

    def _message(self, message: dict[str, Any], out: list[ChatEvent], *, is_last: bool) -> None:
        thinking = message.get("reasoning_content")
        if isinstance(thinking, str):
            text = self._thinking.more(thinking, is_last=is_last)
            if text:
                self._say(_THINKING, _TEXT, Thinking(), text, out)
        content = message.get("content")
        parts: list[Any] = []
        if isinstance(content, list):
            self.is_listed = True
            parts, content = content, "".join([part["text"] for part in content if _has_text(part)])
        if isinstance(content, str):
            text = self._text.more(content, is_last=is_last)
            if text:
                self._say(_TEXT, _THINKING, Text(text=""), text, out)
        for part in parts:
            self._other(part, out)
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            self._calls.fragment(call, out, is_last=is_last)

    def _say(self, key: str, other: str, part: Text | Thinking, text: str, out: list[ChatEvent]) -> None:
        """More words or thoughts: where the one goes on, the other has ended."""
        if key not in self._parts:
            if other in self._parts:
                self._parts.end(other, out)
            self._parts.start(key, part, out)
        self._parts.text(key, text, out)

    def _other(self, part: Any, out: list[ChatEvent]) -> None:
        """A part of a content list, or what stands in it beside its text: once, however often it comes."""
        if not isinstance(part, dict):
            return
        rest = {name: value for name, value in part.items() if name not in ("text", "type")}
        told = encode(rest)
        if not rest or told in self._beside:
            return
        self._beside.add(told)
        image = rest.get("image")
        key = f"part {self._parts.count}"
        if isinstance(image, str) and image:
            self._parts.start(key, Image(url=image), out)
        else:
            self._parts.start(key, Opaque(dialect=NAME, json=Raw(told.encode())), out)
        self._parts.end(key, out)

    def _told(self, tokens: tuple[TokenLogprob, ...], out: list[ChatEvent]) -> None:
        if self._repeats:
            tokens, self._logprobs = tokens[self._logprobs :], max(self._logprobs, len(tokens))
        if tokens:
            out.append(LogprobsReported(tokens=tokens, choice=self.index))


def _has_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def decode_logprobs(logprobs: dict[str, Any]) -> tuple[TokenLogprob, ...]:
    """Log probabilities of the tokens just made."""
    return tuple([token for token in map(_token, dicts(logprobs.get("content"))) if token is not None])


def _token(entry: dict[str, Any]) -> TokenLogprob | None:
    token, value, raw = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if not isinstance(token, str) or not isinstance(value, (int, float)):
        return None
    top = [t for t in map(_token, dicts(entry.get("top_logprobs"))) if t is not None]
    octets = tuple(raw) if isinstance(raw, list) else None
    return TokenLogprob(token=token, logprob=float(value), bytes=octets, top=tuple(top))


def citations_of(search: Any) -> tuple[Citation, ...]:
    """The sources of an answer, in their order."""
    results = search.get("search_results") if isinstance(search, dict) else None
    found = []
    for entry in dicts(results):
        url, title, index = entry.get("url"), entry.get("title"), entry.get("index")
        if url or title:
            found.append(
                Citation(
                    url=url if isinstance(url, str) and url else None,
                    title=title if isinstance(title, str) and title else None,
                    source=str(index) if isinstance(index, (int, str)) else None,
                )
            )
    return tuple(found)


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing of what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
