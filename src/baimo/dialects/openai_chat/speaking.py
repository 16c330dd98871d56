"""Speech on this wire, both ways: a text to `/audio/speech`, answered with the file itself as it is made.

Read in the types of the official Python package 3.54.0, 29 November 2026. Odd things: a refusal may come
under a good status, told by its content type; raw samples are said to be `audio/pcm` without their rate.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.formats import media_type_named
from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse
from baimo.wire.http import HttpRequest, WireHead

from .posted import DEFAULTS, body_of, posted, there
from .quirks import Quirks
from .served_fields import named
from .whole import decode_body


def encode_speak(request: SpeechRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    body: dict[str, Any] = {"model": request.model, "input": request.text}
    if request.voice is not None:
        body["voice"] = request.voice
    if request.format is not None:
        body["response_format"] = request.format
    for name, value in (("speed", request.speed), ("instructions", request.instructions)):
        if value is None or value == 1.0:
            continue
        if name in quirks.beside.refused:
            complaints.cannot(f"{name} of speech")
        else:
            body[name] = value
    path = there(quirks.paths.speak, "speech", site)
    return posted(site, path, request.model, body, request.headers, request.extra, complaints.notes)


class SpeechDecoder:
    """Hands the sound on as it comes; a body in JSON is a refusal."""

    def __init__(self, head: WireHead, site: Site) -> None:
        self.early: list[SpeechPiece] = []
        self._head = head
        self._codes = site.codes
        self._kind = head.media_type
        self._is_sound = head.status < 300 and self._kind not in ("application/json", "text/html")
        self._refusal = bytearray()
        self._has_begun = False

    def feed(self, piece: bytes) -> list[SpeechPiece]:
        """The sound of this piece."""
        if not self._is_sound:
            self._refusal += piece
            return []
        self._has_begun = True
        return [SpeechPiece(audio=piece, media_type=self._told())]

    def end(self) -> list[SpeechPiece]:
        """Raises ProviderError for a refusal, WireError for a reply without sound."""
        if not self._is_sound:
            decode_body(self._head, bytes(self._refusal), self._codes)
        if not self._has_begun:
            raise WireError(f"a reply of the type {self._kind or 'unknown'} without any sound")
        return []

    def _told(self) -> str | None:
        """The content type with its parameters: raw samples tell their rate there."""
        field = self._head.get(b"content-type")
        return None if field is None or self._kind == "application/octet-stream" else field


class _Asked(msgspec.Struct):
    model: str
    input: str
    voice: str | dict[str, Any] | None = None
    response_format: str | None = None
    speed: float | None = None
    instructions: str | None = None


_KNOWN = frozenset(_Asked.__struct_fields__)


def decode_speak_request(wire: HttpRequest) -> SpeechRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    try:
        fields = msgspec.json.decode(body_of(wire), type=dict[str, Any])
        asked = msgspec.convert(fields, _Asked)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    voice = asked.voice
    if isinstance(voice, dict):
        voice = str(voice.get("id", ""))
    return SpeechRequest(
        model=asked.model,
        text=asked.input,
        voice=voice,
        format=asked.response_format,
        speed=asked.speed,
        instructions=asked.instructions,
        extra={name: value for name, value in fields.items() if name not in _KNOWN},
    )


def encode_speech(request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
    """Being the provider: the head, and the file in pieces."""
    kind = response.media_type or media_type_named(request.format or "mp3") or "application/octet-stream"
    audio, size = response.audio, 4096
    pieces = [audio[at : at + size] for at in range(0, len(audio), size)]
    return WireHead(200, ((b"content-type", kind.encode()),)), pieces
