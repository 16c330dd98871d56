"""Transcription, both ways: a form with the sound to /v2/audio/transcriptions, of which the text comes back.

Read in the official Python package 7.3.1 (`audio.transcriptions`) and at
https://docs.cohere.com/reference/create-audio-transcription, 29 November 2026. Odd things: the language must
be told; there are neither times nor usage.
"""

from __future__ import annotations

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.formfields import laid_over, sound_file, sound_of
from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.content import Audio
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.multipart import field, parse_form, render_form

from .served_fields import body_of
from .whole import decode_body
from .words import address, head


def encode_transcribe(request: TranscribeRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError, also where no language is told, or UnsupportedError."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Cohere")
    if request.language is None and "language" not in request.extra:
        raise InputError(
            "this provider must be told the language of the sound",
            hint='Two letters: language="en", language="zh".',
        )
    for name, value in (("prompt", request.prompt), ("timestamps", request.timestamps or None)):
        if value is not None:
            complaints.cannot(f"the {name} of a transcription")
    parts = [field("model", request.model)]
    if request.language is not None:
        parts.append(field("language", request.language))
    if request.temperature is not None:
        parts.append(field("temperature", f"{request.temperature:g}"))
    parts.append(sound_file(request.audio))
    kind, body = render_form(laid_over(parts, request.extra))
    origin, target = address(site, "/v2/audio/transcriptions")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(((b"content-type", kind), (b"accept", b"application/json")), request.headers),
        body=body,
        notes=tuple(complaints.notes),
    )


def decode_transcribe(request: TranscribeRequest, head: WireHead, body: bytes, site: Site) -> Transcription:
    """The text of a whole reply. Raises ProviderError or WireError."""
    text = decode_body(head, body, site.codes).get("text")
    if not isinstance(text, str):
        raise WireError("the reply is no transcription: it has no text")
    return Transcription(text=text, language=request.language, model=request.model)


def decode_transcribe_request(wire: HttpRequest) -> TranscribeRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    fields: dict[str, str] = {}
    audio: Audio | None = None
    kind = next((value for name, value in wire.headers if name.lower() == b"content-type"), b"")
    try:
        parts = parse_form(kind.decode("latin-1"), body_of(wire))
    except WireError as error:
        raise InputError(f"the request is no form: {error.message}") from None
    for part in parts:
        if part.name == "file":
            audio = sound_of(part)
        else:
            fields[part.name] = part.data.decode("utf-8", "replace")
    for name in ("model", "language"):
        if not fields.get(name):
            raise InputError(f"{name}: is required")
    if audio is None:
        raise InputError("file: is required")
    model, language, heat = (fields.pop(name, None) for name in ("model", "language", "temperature"))
    try:
        temperature = None if heat is None else float(heat)
    except ValueError:
        raise InputError("temperature: must be a number") from None
    return TranscribeRequest(
        model=str(model), audio=audio, language=language, temperature=temperature, extra=fields
    )


def encode_transcription(request: TranscribeRequest, response: Transcription) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode({"text": response.text})
