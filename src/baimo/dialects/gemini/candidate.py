"""One candidate of a reply while it comes in: its parts, sources, probabilities and end."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from baimo.dialect.parts import Parts
from baimo.notes import Note
from baimo.types.chat import FinishReason, TokenLogprob
from baimo.types.content import Audio, Opaque, Part, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, LogprobsReported, PartDelta, PartStarted

from .callpieces import CallPieces, is_piece
from .grounding import find_citations
from .media import is_raw_sound
from .parts import decode_part, made_up_id
from .words import decode_finish, finish_word

_SPEAKS = (FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.LENGTH)
"""Ends about which a message of the provider's tells nothing new."""


class CandidateState:
    """Parts come whole, but for words and raw sound, which go on from chunk to chunk.

    Words of the answer end with the candidate: only then their sources are known.
    """

    def __init__(self, index: int, reply: str | None) -> None:
        self.finish: str | None = None
        self.parts = Parts(index)
        self.open: str | None = None
        """The key of the part that words or sound go on in."""
        self._reply = reply or ""
        self._index = index
        self._calls = 0
        self._begun: CallPieces | None = None
        self._texts: list[tuple[str, list[str]]] = []
        self._sources: dict[str, Any] = {}
        self._message: str | None = None

    @property
    def text_pieces(self) -> list[str] | None:
        """Where more words of the answer are kept, if its text is what is open."""
        return self._texts[-1][1] if self._texts and self._texts[-1][0] == self.open else None

    def chunk(self, candidate: dict[str, Any], out: list[ChatEvent]) -> None:
        """What one chunk tells of it."""
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        for wire in parts if isinstance(parts, list) else ():
            if isinstance(wire, dict) and not self._goes_on(wire, out):
                self._part(wire, out)
        tokens = decode_logprobs(candidate.get("logprobsResult"))
        if tokens:
            out.append(LogprobsReported(tokens=tokens, choice=self._index))
        for name in ("groundingMetadata", "citationMetadata"):
            if isinstance(candidate.get(name), dict):
                self._sources[name] = candidate[name]
        word = finish_word(candidate.get("finishReason"))
        if word is not None:
            self.finish = word
            message = candidate.get("finishMessage")
            self._message = message if isinstance(message, str) else None

    def close(self, out: list[ChatEvent]) -> Note | None:
        """Every part ends, then the candidate; a note where the provider says why in words."""
        self._call_ends(out)
        self._end_open(out)
        texts = ["".join(pieces) for _, pieces in self._texts]
        for (key, _), citations in zip(self._texts, find_citations(self._sources, texts), strict=True):
            self.parts.end(key, out, citations=citations)
        reason = decode_finish(self.finish, calls=self._calls > 0)
        out.append(Finished(reason=reason, raw=self.finish, choice=self._index))
        if self._message is None or reason in _SPEAKS:
            return None
        return Note(code="finish_message", message=f"{self.finish}: {self._message}")

    def _goes_on(self, wire: dict[str, Any], out: list[ChatEvent]) -> bool:
        """Whether the part belongs to a call that comes in pieces, and is kept until all are there."""
        call = wire.get("functionCall")
        if not isinstance(call, dict):
            return False
        if self._begun is not None and not call.get("name"):
            if self._begun.add(wire):
                self._call_ends(out)
            return True
        self._call_ends(out)
        if not is_piece(call):
            return False
        self._begun = CallPieces(wire)
        if not call.get("willContinue"):
            self._call_ends(out)
        return True

    def _call_ends(self, out: list[ChatEvent]) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            self._part(begun.whole(), out)

    def _part(self, wire: dict[str, Any], out: list[ChatEvent]) -> None:
        try:
            found = decode_part(wire, made_up_id(self._reply, self._index, self._calls))
        except ValueError:
            return  # media that cannot be read: nothing is shown rather than something wrong
        if found is None:
            return
        part, data = found
        if isinstance(part, (Text, Thinking)) and part.replay is None:
            self._say(type(part), part.text, out)
        elif isinstance(part, Audio) and part.replay is None and is_raw_sound(part):
            self._sound(part, data, out)
        else:
            self._whole(part, data, out)

    def _say(self, kind: type[Text | Thinking], text: str, out: list[ChatEvent]) -> None:
        """More words, in the part that is open or in a new one."""
        key = self.open
        there = self.parts.get(key) if key is not None else None
        if key is None or there is None or there.kind is not kind:
            key = self._begin(kind(text=""), out)
            if kind is Text:
                self._texts.append((key, []))
        if kind is Text:
            self._texts[-1][1].append(text)
        self.parts.text(key, text, out)

    def _sound(self, part: Audio, data: bytes, out: list[ChatEvent]) -> None:
        key = self.open
        there = self.parts.get(key) if key is not None else None
        if key is None or there is None or there.kind is not Audio:
            key = self._begin(part, out)
        self.parts.data(key, data, out)

    def _whole(self, part: Part, data: bytes, out: list[ChatEvent]) -> None:
        """A part that one chunk holds wholly: it goes on nowhere."""
        if isinstance(part, ToolCall):
            self._calls += 1
            key = self._begin(replace(part, arguments=""), out)
            self.parts.text(key, part.arguments, out)
        elif isinstance(part, Text):
            key = self._begin(part, out)
            self._texts.append((key, [part.text]))
        elif isinstance(part, (Thinking, Opaque)) or not data:
            key = self._begin(part, out)
        else:
            key = self._begin(replace(part, data=data), out)
        self.open = None
        if not isinstance(part, Text):
            self.parts.end(key, out)

    def _begin(self, part: Part, out: list[ChatEvent]) -> str:
        self._end_open(out)
        key = f"part {self.parts.count}"
        self.parts.start(key, part, out)
        self.open = key
        return key

    def _end_open(self, out: list[ChatEvent]) -> None:
        """The open part goes on no more; the answer's own words are ended with the candidate."""
        if self.open is not None and self.text_pieces is None:
            self.parts.end(self.open, out)
        self.open = None


def decode_logprobs(result: Any) -> tuple[TokenLogprob, ...]:
    """The tokens that a chunk tells the probabilities of."""
    if not isinstance(result, dict):
        return ()
    chosen, top = result.get("chosenCandidates"), result.get("topCandidates")
    others = top if isinstance(top, list) else []
    tokens: list[TokenLogprob] = []
    for number, entry in enumerate(chosen if isinstance(chosen, list) else ()):
        token = _token(entry)
        if token is not None:
            beside = others[number] if number < len(others) else None
            near = beside.get("candidates") if isinstance(beside, dict) else None
            found = [_token(one) for one in near] if isinstance(near, list) else []
            tokens.append(replace(token, top=tuple([one for one in found if one is not None])))
    return tuple(tokens)


def _token(entry: Any) -> TokenLogprob | None:
    if not isinstance(entry, dict):
        return None
    token, value = entry.get("token"), entry.get("logProbability")
    if not isinstance(token, str) or not isinstance(value, (int, float)):
        return None
    return TokenLogprob(token=token, logprob=float(value))


def encode_logprobs(tokens: list[TokenLogprob]) -> dict[str, Any]:
    """`logprobsResult` of tokens, being the provider."""
    result: dict[str, Any] = {
        "chosenCandidates": [{"token": one.token, "logProbability": one.logprob} for one in tokens]
    }
    if any(one.top for one in tokens):
        result["topCandidates"] = [
            {"candidates": [{"token": near.token, "logProbability": near.logprob} for near in one.top]}
            for one in tokens
        ]
    return result


def begun_whole(events: list[ChatEvent]) -> list[ChatEvent]:
    """The same events, words that came in one piece beginning with them: a whole reply need not grow."""
    begun: list[ChatEvent] = []
    for event in events:
        last = begun[-1] if begun else None
        if (
            type(event) is PartDelta
            and isinstance(last, PartStarted)
            and isinstance(last.part, (Text, Thinking))
            and (last.index, last.choice) == (event.index, event.choice)
        ):
            begun[-1] = replace(last, part=replace(last.part, text=last.part.text + event.text))
        else:
            begun.append(event)
    return begun
