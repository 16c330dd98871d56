"""Speech on this wire, both ways: an answer of generateContent that is sound, whole or as it is made.

Read at https://ai.google.dev/gemini-api/docs/speech-generation, in google-genai 3.4.0 and at
https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech/migration-guide,
29 November 2026. Odd things: samples come without a head, but for Gemini 3.8, whose whole answers are WAV
files; older models are told how to speak in front of the text, newer ones would read that out; a text that
is taken for a question ends with the reason OTHER and no sound.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.ending import page_error
from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import Site
from baimo.errors import InputError, StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.chat import FinishReason
from baimo.types.content import Audio
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse
from baimo.wire.http import HttpRequest, WireHead

from .answered import block_of, blocked, candidates_of, end_of, failed, parts_of
from .errors import find_error, raise_error, raise_for_body
from .framing import Framing
from .media import decode_media
from .parts import laid_over
from .quirks import Quirks
from .request import DEFAULTS, headers, to_json
from .served_request import body_fields, list_at, model_of, object_at
from .sound import RAW, is_raw, rate_of, samples_of, wav_head
from .usage import decode_usage, encode_usage
from .words import FORM, address, decode_finish

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_STREAM_HEAD = ((b"content-type", b"application/json"), (b"accept", b"text/event-stream"))
_FORMATS = ("pcm", "pcm16", "wav")
_CUT = Note(code="speech_cut", message="the sound ends where the model's limit of tokens was reached")


def encode_speak(request: SpeechRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Gemini")
    if request.speed is not None and request.speed != 1.0:
        complaints.cannot("speed of speech", "say it in the instructions")
    if request.format is not None and request.format not in _FORMATS:
        complaints.cannot(f"to speak in the format {request.format!r}", "it gives pcm and wav")
    part: dict[str, Any] = {"text": request.text}
    if request.instructions is not None and quirks.speech_style == "metadata":
        part["speechMetadata"] = {"style": request.instructions}
    elif request.instructions is not None:
        part["text"] = f"{request.instructions.rstrip(' :')}: {request.text}"
        complaints.emulated("the instructions were put in front of the text, where this model looks for them")
    settings: dict[str, Any] = {"responseModalities": ["AUDIO"]}
    if request.voice is not None:
        voice = {"prebuiltVoiceConfig": {"voiceName": request.voice}}
        settings["speechConfig"] = {"voiceConfig": voice}
    body = {"contents": [{"role": "user", "parts": [part]}], "generationConfig": settings}
    extra = {name: value for name, value in request.extra.items() if name != FORM}
    method = "streamGenerateContent" if request.stream else "generateContent"
    origin, target = address(site, request.model, method)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target + b"?alt=sse" if request.stream else target,
        headers=headers(_STREAM_HEAD if request.stream else _HEAD, request.headers),
        body=to_json(laid_over(body, extra)),
        notes=tuple(complaints.notes),
    )


class SpeechDecoder:
    """Hands the sound on as it comes, in the format that was asked for."""

    def __init__(self, head: WireHead, site: Site, format: str | None = None) -> None:
        self.early: list[SpeechPiece] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._codes = site.codes
        self._format = format
        self._framing = Framing()
        self._refusal: bytearray | None = None if 200 <= head.status < 300 else bytearray()
        self._end: tuple[str, str] | None = None
        self._has_begun = False

    def feed(self, piece: bytes) -> list[SpeechPiece]:
        """The sound that this piece completes. Raises ProviderError or WireError."""
        out: list[SpeechPiece] = []
        self.early = out
        if self._refusal is not None:
            self._refusal += piece
            return out
        for payload in self._framing.feed(piece):
            if payload.strip():
                self._chunk(decode(payload), payload, out)
        return out

    def end(self) -> list[SpeechPiece]:
        """Raises ProviderError for a refusal and for sound that was not made, StreamInterrupted for a cut."""
        out: list[SpeechPiece] = []
        self.early = out
        if self._refusal is not None:
            raise_for_body(self._head, bytes(self._refusal), self._codes)
        rest = self._framing.rest.strip()
        if self._framing.is_stream:
            self._rest_of_stream(self._framing.end() + ([rest] if rest else []), out)
        else:
            self._whole(rest, out)
        reason = decode_finish(self._end[0] if self._end else None, calls=False)
        if not self._has_begun:
            raise failed("no sound was made", self._end, self._head)
        if reason in (FinishReason.CONTENT_FILTER, FinishReason.ERROR):
            raise failed("the sound was broken off", self._end, self._head)
        if reason is FinishReason.LENGTH:
            self.notes = (_CUT,)
        return out

    def _rest_of_stream(self, payloads: list[bytes], out: list[SpeechPiece]) -> None:
        """What no blank line closed: an event, an error in plain JSON, or a piece of either."""
        for payload in payloads:
            try:
                content = decode(payload)
            except WireError as error:
                raise StreamInterrupted("the sound stopped inside an event", ended="cut") from error
            self._chunk(content, payload, out)
        if self._end is None:
            raise StreamInterrupted("the sound stopped before the model told why it ends", ended="cut")

    def _whole(self, body: bytes, out: list[SpeechPiece]) -> None:
        """One object, or the chunks of a stream as one array."""
        if not body and self._head.media_type == "text/event-stream":
            raise StreamInterrupted("the stream stopped before anything came", ended="cut")
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        content = decode(body)
        chunks = content if isinstance(content, list) else [content]
        for chunk in chunks:
            self._chunk(chunk, body, out, is_whole=len(chunks) == 1)

    def _chunk(self, chunk: Any, payload: bytes, out: list[SpeechPiece], *, is_whole: bool = False) -> None:
        error = find_error(chunk)
        if error is not None:
            raise_error(error, self._head, payload, self._codes)
        block = block_of(chunk)
        if block is not None:
            raise blocked(block, self._head)
        sounds: list[tuple[str, bytes]] = []
        for candidate in candidates_of(chunk)[:1]:
            sounds += [sound for part in parts_of(candidate) if (sound := _sound(part)) is not None]
            self._end = end_of(candidate) or self._end
        if sounds:
            kind = sounds[0][0]
            out.append(self._formed(kind, b"".join([data for _, data in sounds]), is_whole=is_whole))
        counts = chunk.get("usageMetadata") if isinstance(chunk, dict) else None
        if isinstance(counts, dict) and counts:
            usage = decode_usage(counts)
            last = out.pop() if sounds else SpeechPiece(audio=b"")
            out.append(SpeechPiece(audio=last.audio, media_type=last.media_type, usage=usage))

    def _formed(self, kind: str, data: bytes, *, is_whole: bool) -> SpeechPiece:
        """Samples or a file, as asked for."""
        is_first, self._has_begun = not self._has_begun, True
        rate = rate_of(kind)
        if self._format == "wav" and is_raw(kind):
            head = wav_head(rate, len(data) if is_whole else None) if is_first else b""
            return SpeechPiece(audio=head + data, media_type="audio/wav")
        if self._format in ("pcm", "pcm16") and not is_raw(kind):
            try:
                data, rate = samples_of(data)
            except ValueError as error:
                raise WireError(f"{error}, but {kind}") from None
            kind = RAW
        return SpeechPiece(audio=data, media_type=f"audio/pcm;rate={rate}" if is_raw(kind) else kind)


def _sound(part: dict[str, Any]) -> tuple[str, bytes] | None:
    """The media type and the bytes of a part that holds sound. Raises WireError for base64 that is none."""
    try:
        found = decode_media(part)
    except ValueError as error:
        raise WireError(f"the sound {error}") from None
    inline = part.get("inlineData")
    if found is None or not isinstance(found[0], Audio) or not isinstance(inline, dict):
        return None
    return (inline["mimeType"], found[1]) if found[1] else None


def decode_speak_request(wire: HttpRequest) -> SpeechRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    model, method = model_of(wire)
    body = body_fields(wire)
    texts: list[str] = []
    styles: list[str] = []
    for index, turn in enumerate(list_at(body.pop("contents", None), "contents")):
        where = f"contents[{index}]"
        for part in list_at(object_at(turn, where).get("parts"), f"{where}.parts"):
            fields = object_at(part, f"{where}.parts")
            if isinstance(text := fields.get("text"), str):
                texts.append(text)
            beside = fields.get("speechMetadata")
            if isinstance(beside, dict) and isinstance(style := beside.get("style"), str):
                styles.append(style)
    if not texts:
        raise InputError("contents: is required, with a text")
    settings = object_at(body.pop("generationConfig", {}), "generationConfig")
    settings.pop("responseModalities", None)
    voice = _voice(settings.pop("speechConfig", None))
    extra: dict[str, Any] = dict(body)
    if settings:
        extra["generationConfig"] = settings
    is_stream = method == "streamGenerateContent"
    if is_stream and b"alt=sse" not in wire.target.partition(b"?")[2].split(b"&"):
        extra[FORM] = "array"
    return SpeechRequest(
        model=model,
        text="\n".join(texts),
        voice=voice,
        instructions=" ".join(styles) or None,
        stream=is_stream,
        extra=extra,
    )


def _voice(config: Any) -> str | None:
    """The name of the one voice."""
    for name in ("speechConfig", "voiceConfig"):
        config = {} if config is None else object_at(config, name)
        config = config.get("voiceConfig") if name == "speechConfig" else config
    prebuilt = config.get("prebuiltVoiceConfig")
    named = object_at(prebuilt, "prebuiltVoiceConfig").get("voiceName") if prebuilt is not None else None
    voice = named or config.get("voice")
    return voice if isinstance(voice, str) else None


_SIZE = 9600
"""Bytes of sound in a chunk of a stream."""


def encode_speech(request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
    """Being the provider: the head, and the answer whole or in chunks."""
    kind = response.media_type or RAW
    audio, size = response.audio, _SIZE if request.stream else max(1, len(response.audio))
    pieces = [audio[at : at + size] for at in range(0, len(audio), size)]
    chunks = [_chunk_of(request, response, kind, piece) for piece in pieces or [b""]]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    if counts := encode_usage(response.usage):
        chunks[-1]["usageMetadata"] = counts
    if request.stream and request.extra.get(FORM) is None:
        events = [b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n" for chunk in chunks]
        return WireHead(200, ((b"content-type", b"text/event-stream"),)), events
    told: Any = chunks if request.stream else chunks[0]
    return WireHead(200, ((b"content-type", b"application/json; charset=UTF-8"),)), [
        msgspec.json.encode(told)
    ]


def _chunk_of(request: SpeechRequest, response: SpeechResponse, kind: str, data: bytes) -> dict[str, Any]:
    part = {"inlineData": {"mimeType": kind, "data": data}}
    candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
    return {"candidates": [candidate], "modelVersion": response.model or request.model}
