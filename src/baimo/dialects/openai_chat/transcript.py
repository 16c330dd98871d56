"""Transcriptions that come as they are made, both ways: `stream` in the form, events with text in the reply.

Read at https://developers.openai.com/api/reference/resources/audio/subresources/transcriptions/streaming-events
and in the types of the official Python package 3.54.0, 29 November 2026. Odd things: `whisper-1` knows no
streams and answers with one object all the same; Zhipu ends with `[DONE]`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import Site
from baimo.errors import StreamInterrupted, WireError
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, TranscriptPiece
from baimo.wire.http import WireHead
from baimo.wire.sse import EventDecoder, Named

from .errors import find_refusal, raise_refusal
from .transcribing import decode_reply, decode_transcribe, told_usage

_DELTA, _SEGMENT, _DONE = "transcript.text.delta", "transcript.text.segment", "transcript.text.done"


class TranscriptDecoder:
    """Turns events into pieces of text; a reply that is no stream is one piece."""

    def __init__(self, request: TranscribeRequest, head: WireHead, site: Site) -> None:
        self.early: list[TranscriptPiece] = []
        self._request = request
        self._head = head
        self._site = site
        self._is_stream = head.status < 300 and head.media_type == "text/event-stream"
        self._events = EventDecoder()
        self._body = bytearray()
        self._has_words = False
        self._is_over = False

    def feed(self, piece: bytes) -> list[TranscriptPiece]:
        """The text that this piece completes. Raises ProviderError or WireError."""
        out: list[TranscriptPiece] = []
        self.early = out
        if self._is_stream:
            self._take(self._events.feed(piece), out)
        else:
            self._body += piece
        return out

    def end(self) -> list[TranscriptPiece]:
        """Raises ProviderError for a refusal, StreamInterrupted for a stream without its last event."""
        out: list[TranscriptPiece] = []
        self.early = out
        if not self._is_stream:
            told = decode_transcribe(self._request, self._head, bytes(self._body), self._site)
            return [TranscriptPiece(text=told.text, whole=told)]
        try:
            self._take(self._events.end(), out)
        except WireError as error:
            raise StreamInterrupted("the transcription stopped inside an event", ended="cut") from error
        if not self._is_over:
            raise StreamInterrupted("the transcription stopped before its last event", ended="cut")
        return out

    def _take(self, payloads: list[bytes], out: list[TranscriptPiece]) -> None:
        for payload in payloads:
            if payload.strip() == b"[DONE]":
                self._is_over = True
                continue
            content = decode(payload)
            name = payload.event if isinstance(payload, Named) else ""
            told = content.get("type") if isinstance(content, dict) else None
            if told not in (_DELTA, _SEGMENT, _DONE):
                failed = "error" in (name, told)
                refusal = find_refusal(content, event="error" if failed else "")
                if refusal is not None:
                    raise_refusal(refusal, self._head, payload, self._site.codes)
                continue
            if (piece := self._piece(told, content)) is not None:
                out.append(piece)

    def _piece(self, kind: str, content: dict[str, Any]) -> TranscriptPiece | None:
        """What one event tells; None for one without words."""
        if kind == _DELTA:
            text = content.get("delta")
            if not isinstance(text, str) or not text:
                return None
            self._has_words = True
            return TranscriptPiece(text=text)
        try:
            if kind == _SEGMENT:
                segment = msgspec.convert(content, Segment)
                return TranscriptPiece(segment=segment)
            whole = decode_reply(self._request, content)
        except msgspec.ValidationError as error:
            raise WireError(f"an event is no part of a transcription: {error}") from None
        self._is_over = True
        return TranscriptPiece(text="" if self._has_words else whole.text, whole=whole)


_WORDS = 4
"""Words in a piece of what is served."""


def encode_transcript(request: TranscribeRequest, response: Transcription) -> tuple[WireHead, list[bytes]]:
    """Being the provider: the head, and the text in events."""
    words = [f"{word} " for word in response.text.split(" ")]
    texts = ["".join(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]
    texts[-1] = texts[-1][:-1]
    events: list[dict[str, Any]] = [{"type": _DELTA, "delta": text} for text in texts if text]
    done: dict[str, Any] = {"type": _DONE, "text": response.text}
    if (usage := told_usage(response)) is not None:
        done["usage"] = usage
    events.append(done)
    lines = [b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events]
    return WireHead(200, ((b"content-type", b"text/event-stream"),)), [*lines, b"data: [DONE]\n\n"]
