"""One choice of a reply: its deltas, or its whole message, to parts."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable
from typing import Any

from msgspec import Raw

from baimo.dialect.jsontext import encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.dialect.think import ThinkSplitter
from baimo.types.chat import TokenLogprob
from baimo.types.content import Audio, Citation, Image, Opaque, Refusal, Replay, Text, Thinking
from baimo.types.events import ChatEvent, Finished, LogprobsReported

from .calls import Calls
from .finish import IN_PART, NAME, decode_finish
from .quirks import Quirks

_TEXT, _THINKING, _REFUSAL, _AUDIO = "text", "thinking", "refusal", "audio"

_WHOLE_EXTRAS = ("extra_content", "thought_signature", "encrypted_content")
"""Fields of a message that its provider wants back unchanged."""


class ChoiceState:
    """What has come of one choice so far."""

    def __init__(self, index: int, quirks: Quirks) -> None:
        self.index = index
        self.finish: str | None = None
        self._finish_missing = quirks.finish_missing
        self._by_delta = False
        self.sources: tuple[Citation, ...] = ()
        self._parts = Parts(index)
        self._calls = Calls(self._parts)
        self._splitter = ThinkSplitter() if quirks.think_tags else None
        self._refused = False
        self._worded = False
        self._citations: list[Citation] = []
        self._details: list[dict[str, Any]] = []
        self._extras: dict[str, Any] = {}
        self._signature: dict[str, Any] = {}
        self._base64 = ""
        self._expires_at: int | None = None

    @property
    def said(self) -> bool:
        """Whether anything came."""
        return self._parts.count > 0

    def plain(self) -> OpenPart | None:
        """The open part to which a chunk of nothing but text may be added without further ado."""
        if self._splitter is not None:
            return None
        part = self._parts.get(_THINKING) or self._parts.get(_TEXT)
        return part if part is not None and not part.held else None

    def calling(self) -> tuple[int, OpenPart] | None:
        """The call, by its index, to which a chunk of nothing but arguments may be added likewise."""
        part = self._calls.growing() if _THINKING not in self._parts else None
        return (self._calls.latest, part) if part is not None else None

    def chunk(self, choice: dict[str, Any], out: list[ChatEvent]) -> None:
        """A choice of a chunk, or of a whole reply."""
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._by_delta = True
        else:
            delta = self._undelivered(choice)
        self._delta(delta, out)
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict):
            tokens = decode_logprobs(logprobs)
            if tokens:
                out.append(LogprobsReported(tokens=tokens, choice=self.index))
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish and finish != "null":
            self.finish = finish

    def _undelivered(self, choice: dict[str, Any]) -> dict[str, Any]:
        """What a choice without a delta adds.

        A message in a stream repeats what the deltas said; where none ever come, the messages themselves are
        the increments. `text` is the answer to a completion without roles.
        """
        message = choice.get("message")
        if isinstance(message, dict):
            return {} if self._by_delta else message
        text = choice.get("text")
        return {"content": text} if isinstance(text, str) else {}

    def close(self, out: list[ChatEvent]) -> None:
        """The reply ended: end the open parts and the choice."""
        if self._splitter is not None:
            self._tagged(self._splitter.end(), out)
        self._end_thinking(out)
        self._calls.close(out)
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=tuple(self._citations) or self.sources)
        if _AUDIO in self._parts:
            self._parts.end(_AUDIO, out, expires_at=self._expires_at)
        self._parts.end_all(out)
        word = self.finish or ("stop" if self._finish_missing == "stop" else None)
        reason = decode_finish(word, calls=self._calls.any, refused=self._refused)
        out.append(Finished(reason=reason, raw=self.finish, choice=self.index))

    def _delta(self, delta: dict[str, Any], out: list[ChatEvent]) -> None:
        self._reasoning(delta, out)
        content = delta.get("content")
        if content:
            self._content(content, out)
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refused = True
            if _REFUSAL not in self._parts:
                self._parts.start(_REFUSAL, Refusal(text=""), out)
            self._parts.text(_REFUSAL, refusal, out)
        calls = delta.get("tool_calls")
        if calls:
            self._end_thinking(out)
            for call in calls if isinstance(calls, list) else [calls]:
                self._calls.fragment(call, out)
        call = delta.get("function_call")
        if isinstance(call, dict):
            self._calls.legacy(call, out)
        if isinstance(delta.get("audio"), dict):
            self._audio(delta["audio"], out)
        for image in _dicts(delta.get("images")):
            self._image(image, out)
        for note in _dicts(delta.get("annotations")):
            citation = _citation(note.get("url_citation") if "url_citation" in note else note)
            if citation is not None:
                self._citations.append(citation)
        for name in _WHOLE_EXTRAS:
            if delta.get(name):
                self._extras[name] = delta[name]

    def _reasoning(self, delta: dict[str, Any], out: list[ChatEvent]) -> None:
        """Reasoning under whichever name; several names in one delta hold the same text."""
        text = delta.get("reasoning_content") or delta.get("reasoning")
        details = _dicts(delta.get("reasoning_details"))
        if details:
            _merge_details(self._details, details)
            if not text and not self._worded:
                text = "".join([str(d.get("text") or d.get("summary") or "") for d in details])
        elif text:
            self._worded = True  # details that come later repeat the words
        if isinstance(text, str) and text:
            self._think(text, out)
        elif details and _THINKING not in self._parts and not delta.get("content"):
            self._parts.start(_THINKING, Thinking(), out)

    def _think(self, text: str, out: list[ChatEvent]) -> None:
        if _THINKING not in self._parts:
            self._end_text(out)
            self._parts.start(_THINKING, Thinking(), out)
        self._parts.text(_THINKING, text, out)

    def _content(self, content: Any, out: list[ChatEvent]) -> None:
        """Content as a string, a list of parts, or (where JSON was asked for) the object itself."""
        if isinstance(content, str):
            if self._splitter is not None:
                self._tagged(self._splitter.feed(content), out)
            else:
                self._text(content, out)
        elif isinstance(content, list):
            for part in content:
                self._part(part, out)
        else:
            self._text(encode(content), out)

    def _text(self, text: str, out: list[ChatEvent]) -> None:
        if _TEXT not in self._parts:
            self._end_thinking(out)
            self._parts.start(_TEXT, Text(text=""), out)
        self._parts.text(_TEXT, text, out)

    def _tagged(self, pieces: Iterable[tuple[bool, str]], out: list[ChatEvent]) -> None:
        for thinks, text in pieces:
            if thinks:
                self._think(text, out)
            else:
                self._text(text, out)

    def _part(self, part: Any, out: list[ChatEvent]) -> None:
        """A part of a content list."""
        if isinstance(part, str):
            self._text(part, out)
            return
        if not isinstance(part, dict):
            return
        kind = part.get("type")
        if kind == "thinking":
            words = part.get("thinking")
            text = (
                words if isinstance(words, str) else "".join(str(w.get("text") or "") for w in _dicts(words))
            )
            if text:
                self._think(text, out)
            if isinstance(part.get("signature"), str):
                self._signature = {"signature": part["signature"]}
        elif isinstance(part.get("text"), str):
            if part["text"]:
                self._text(part["text"], out)
        elif kind == "image_url":
            self._image(part, out)
        else:
            key = f"opaque {self._parts.count}"
            self._parts.start(key, Opaque(dialect=NAME, json=Raw(encode(part).encode())), out)

    def _end_text(self, out: list[ChatEvent]) -> None:
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=tuple(self._citations))
            self._citations = []

    def _end_thinking(self, out: list[ChatEvent]) -> None:
        """End the reasoning, with what the provider wants back."""
        fields: dict[str, Any] = {}
        if self._details:
            fields["reasoning_details"] = self._details
        if self._signature:
            fields[IN_PART] = self._signature
        fields.update(self._extras)
        self._details, self._extras, self._signature, self._worded = [], {}, {}, False
        if fields and _THINKING not in self._parts:
            self._parts.start(_THINKING, Thinking(), out)
        if _THINKING in self._parts:
            replay = Replay(dialect=NAME, json=Raw(encode(fields).encode())) if fields else None
            self._parts.end(_THINKING, out, replay=replay)

    def _audio(self, audio: dict[str, Any], out: list[ChatEvent]) -> None:
        """A piece of speech: base64 that may be cut anywhere, and its words."""
        if _AUDIO not in self._parts:
            name = audio.get("id")
            self._parts.start(_AUDIO, Audio(id=name if isinstance(name, str) else None), out)
        if isinstance(audio.get("expires_at"), int):
            self._expires_at = audio["expires_at"]
        if isinstance(audio.get("transcript"), str):
            self._parts.text(_AUDIO, audio["transcript"], out)
        if isinstance(audio.get("data"), str):
            text = self._base64 + audio["data"]
            whole = len(text) - len(text) % 4
            self._base64 = text[whole:]
            self._parts.data(_AUDIO, _from_base64(text[:whole]), out)

    def _image(self, part: dict[str, Any], out: list[ChatEvent]) -> None:
        address = part.get("image_url")
        url = address.get("url") if isinstance(address, dict) else address
        if isinstance(url, str) and url:
            key = f"image {self._parts.count}"
            self._parts.start(key, _image(url), out)
            self._parts.end(key, out)


def _image(url: str) -> Image:
    head, _, data = url.partition(",")
    if url.startswith("data:") and head.endswith(";base64"):
        return Image(data=_from_base64(data), media_type=head[5:-7] or None)
    return Image(url=url)


def _from_base64(text: str) -> bytes:
    try:
        return b64decode(text)
    except BadBase64:
        return b""


def _merge_details(known: list[dict[str, Any]], more: list[dict[str, Any]]) -> None:
    """Add the details of one chunk. The first goes on with the last known one where type and index are the
    same: fragments of its texts are joined.
    """
    last, first = (known[-1] if known else {}), more[0]
    if not isinstance(first.get("index"), int) or any(
        last.get(key) != first.get(key) for key in ("type", "index")
    ):
        known += [dict(detail) for detail in more]
        return
    for key, value in first.items():
        if key in ("text", "summary", "data") and isinstance(value, str):
            last[key] = (last.get(key) or "") + value
        elif value is not None:
            last[key] = value
    known += [dict(detail) for detail in more[1:]]


def decode_logprobs(logprobs: dict[str, Any]) -> tuple[TokenLogprob, ...]:
    """Log probabilities, of the answer's tokens and then of a refusal's; also in the form of two lists."""
    tokens = [t for name in ("content", "refusal") for t in _dicts(logprobs.get(name))]
    found = [t for t in map(_token, tokens) if t is not None]
    names, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not tokens and isinstance(names, list) and isinstance(values, list):
        for token, value in zip(names, values, strict=False):
            if isinstance(token, str) and isinstance(value, (int, float)):
                found.append(TokenLogprob(token=token, logprob=float(value)))
    return tuple(found)


def _token(entry: dict[str, Any]) -> TokenLogprob | None:
    token, value, raw = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if not isinstance(token, str) or not isinstance(value, (int, float)):
        return None
    top = [t for t in map(_token, _dicts(entry.get("top_logprobs"))) if t is not None]
    octets = tuple(raw) if isinstance(raw, list) else None
    return TokenLogprob(token=token, logprob=float(value), bytes=octets, top=tuple(top))


_SOURCES = ("search_results", "web_search", "references", "citations")
"""Names under which providers list what they read, best first."""


def citations_of(chunk: dict[str, Any]) -> tuple[Citation, ...]:
    """The sources that stand beside the choices."""
    told = chunk.get("search_info")
    if isinstance(told, dict) and told.get("search_results"):
        chunk = told
    for name in _SOURCES:
        entries = chunk.get(name)
        if isinstance(entries, list) and entries:
            found = [_citation({"url": e} if isinstance(e, str) else e) for e in entries]
            return tuple([citation for citation in found if citation is not None])
    return ()


def _citation(entry: Any) -> Citation | None:
    if not isinstance(entry, dict):
        return None
    url = _word(entry, "url", "link")
    title = _word(entry, "title")
    if url is None and title is None:
        return None
    start, end = entry.get("start_index"), entry.get("end_index")
    return Citation(
        url=url,
        title=title,
        quote=_word(entry, "snippet", "summary", "content"),
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
    )


def _word(entry: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
