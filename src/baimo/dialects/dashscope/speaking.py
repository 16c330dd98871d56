"""Text to speech on this wire: at the address of multimodal models, or at the synthesizer's own.

Read at https://help.aliyun.com/zh/model-studio/qwen-tts-api and …/cosyvoice-tts-http-api, and in the package
dashscope 2.0.2 (`audio/qwen_tts`, `audio/http_tts`), 29 November 2026. Odd things: a whole reply tells an
address alone, where the file is kept for a day; a stream brings base64 in its events and ends with the finish
reason; Qwen's streams are bare samples of 24 kHz, 16 bits, one channel.
"""

from __future__ import annotations

from binascii import Error as BadBase64
from binascii import a2b_base64
from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import Site
from baimo.errors import StreamInterrupted, UnsupportedError, WireError
from baimo.types.sniff import media_type_of
from baimo.types.speech import SpeechPiece, SpeechRequest
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.sse import EventDecoder

from .address import MULTIMODAL, SPEAK, address, head
from .errors import decode_whole, find_refusal, raise_refusal, request_id_of
from .quirks import Quirks
from .request import DEFAULTS, lay_over, to_json
from .usage import decode_usage

SAMPLES = "audio/pcm;rate=24000"
"""What Qwen's streams hold."""
_RATE = Interval("[0.5, 2]")
_LIVE = "Use qwen3-tts-flash, cosyvoice-v3-flash or qwen-audio-3.0-tts-flash, which are asked over HTTP."


def encode_speak(request: SpeechRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "DashScope")
    if quirks.speak == "socket":
        raise UnsupportedError(f"{request.model} speaks over a socket alone", hint=_LIVE)
    asked: dict[str, Any] = {"text": request.text}
    if request.voice is not None:
        asked["voice"] = request.voice
    if quirks.speak == "generation":
        path, word = MULTIMODAL, "instructions"
        if request.format not in (None, "pcm" if request.stream else "wav"):
            complaints.cannot("the format of speech", "it is wav, and bare samples (pcm) in a stream")
        if request.speed not in (None, 1.0):
            complaints.cannot("speed of speech")
    else:
        path, word = SPEAK, "instruction"
        if request.format is not None:
            asked["format"] = request.format
        if request.speed not in (None, 1.0):
            asked["rate"] = complaints.within("speed", request.speed or 1.0, _RATE)
    if request.instructions is not None and not quirks.instructed:
        complaints.cannot("instructions of speech", "qwen3-tts-instruct-flash is for them")
    elif request.instructions is not None:
        asked[word] = request.instructions
    body: dict[str, Any] = {"model": request.model, "input": asked}
    lay_over(body, request.extra)
    origin, target = address(site, path)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(dict(request.headers), stream=request.stream),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


class SpeechDecoder:
    """The sound of a stream as it comes; of a whole reply the address where it is kept."""

    def __init__(self, head: WireHead, site: Site) -> None:
        self.early: list[SpeechPiece] = []
        self.request_id: str | None = None
        quirks: Quirks = site.quirks or DEFAULTS
        self._head = head
        self._codes = site.codes
        self._kind = SAMPLES if quirks.speak == "generation" else "audio/pcm"
        self._body = bytearray()
        self._events: EventDecoder | None = None
        self._has_sound = False
        self._is_over = False

    def feed(self, piece: bytes) -> list[SpeechPiece]:
        """The sound that this piece completes. Raises ProviderError or WireError."""
        self.early = []
        if self._events is None:
            self._body += piece
            start = bytes(self._body[:64]).lstrip()[:1]
            if not start or start in b'{["<' or not 200 <= self._head.status < 300:
                return []
            self._events, piece = EventDecoder(), bytes(self._body)
        return self._read(self._events.feed(piece))

    def end(self) -> list[SpeechPiece]:
        """Raises ProviderError, WireError, or StreamInterrupted where the end did not come."""
        self.early = []
        if self._events is None:
            return self._whole(bytes(self._body))
        pieces = self._read(self._events.end())
        if not self._is_over:
            self.early = pieces
            raise StreamInterrupted("the sound stopped before its finish reason came", ended="cut")
        return pieces

    def _whole(self, body: bytes) -> list[SpeechPiece]:
        if 200 <= self._head.status < 300 and self._head.media_type == "text/event-stream" and not body:
            raise StreamInterrupted("the stream stopped before anything came", ended="cut")
        reply = decode_whole(self._head, body, self._codes)
        self.request_id = request_id_of(reply)
        audio = reply["output"].get("audio")
        pieces = self._pieces(audio if isinstance(audio, dict) else {}, usage_of(reply), is_last=True)
        if not pieces:
            raise WireError("the reply holds no sound, and no address of any")
        return pieces

    def _read(self, events: list[bytes]) -> list[SpeechPiece]:
        pieces: list[SpeechPiece] = []
        self.early = pieces
        for data in events:
            told = decode(data)
            refusal = find_refusal(told, event=getattr(data, "event", ""))
            if refusal is not None:
                raise_refusal(refusal, self._head, data, self._codes)
            output = told.get("output") if isinstance(told, dict) else None
            if not isinstance(output, dict):
                continue
            self.request_id = request_id_of(told) or self.request_id
            self._is_over = self._is_over or output.get("finish_reason") == "stop"
            audio = output.get("audio")
            if isinstance(audio, dict):
                pieces += self._pieces(audio, usage_of(told), is_last=self._is_over)
        self.early = []
        return pieces

    def _pieces(self, audio: dict[str, Any], usage: Usage | None, *, is_last: bool) -> list[SpeechPiece]:
        """What an object tells: sound, at the end its address where none came, or the last counts."""
        data, url = audio.get("data"), audio.get("url")
        if isinstance(data, str) and data:
            try:
                sound = a2b_base64(data, strict_mode=True)
            except BadBase64 as error:
                raise WireError(f"the sound is no base64: {error}") from None
            if not self._has_sound:
                self._has_sound = True
                self._kind = media_type_of(sound) or self._kind
            return [SpeechPiece(audio=sound, media_type=self._kind, usage=usage)]
        if is_last and not self._has_sound and isinstance(url, str) and url:
            return [SpeechPiece(audio=b"", address=url, usage=usage)]
        if is_last and self._has_sound and usage is not None:
            return [SpeechPiece(audio=b"", usage=usage)]
        return []


def usage_of(told: dict[str, Any]) -> Usage | None:
    """What was counted. Where letters are paid for, the tokens are told as 0, which means nothing."""
    counts = told.get("usage")
    if not isinstance(counts, dict):
        return None
    usage = decode_usage(counts)
    return usage if usage.total else Usage(raw=usage.raw)
