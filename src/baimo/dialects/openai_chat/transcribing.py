"""Transcription on this wire, both ways: a form with the sound to `/audio/transcriptions`.

Read in the types of the official Python package 3.54.0, 29 November 2026. Odd things: times come only in
`verbose_json`; a language is a word there, of newer models a list of codes; usage is in tokens or seconds.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialect.formfields import sound_file, sound_of
from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.content import Audio
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.multipart import field

from .posted import DEFAULTS, form_of, posted_form, there
from .quirks import Quirks
from .whole import decode_body

_TIMES = "timestamp_granularities"


def encode_transcribe(request: TranscribeRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    parts = [field("model", request.model)]
    for name, value in (("language", request.language), ("prompt", request.prompt)):
        if value is not None and name in quirks.beside.refused:
            complaints.cannot(f"the {name} of a transcription")
        elif value is not None:
            parts.append(field(name, value))
    if request.temperature is not None and "temperature" in quirks.beside.refused:
        complaints.cannot("the temperature of a transcription")
    elif request.temperature is not None:
        parts.append(field("temperature", f"{request.temperature:g}"))
    if request.timestamps and (request.stream or "timestamps" in quirks.beside.refused):
        complaints.cannot("to tell times", "a stream has none" if request.stream else "")
    elif request.timestamps:
        parts.append(field("response_format", "verbose_json"))
        parts += [field(f"{_TIMES}[]", one) for one in request.timestamps]
    headers = request.headers
    if request.stream and "stream" in quirks.beside.refused:
        complaints.cannot("to stream a transcription")
    elif request.stream:
        parts.append(field("stream", "true"))
        headers = {"accept": "text/event-stream", **headers}
    parts.append(sound_file(request.audio))
    path = there(quirks.paths.transcribe, "text of sound", site)
    return posted_form(site, path, request.model, parts, headers, request.extra, complaints.notes)


class _Language(msgspec.Struct):
    code: str


class _Reply(msgspec.Struct):
    text: str
    segments: list[Segment] | None = None
    words: list[Word] | None = None
    language: str | None = None
    languages: list[_Language] | None = None
    duration: float | str | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None


def decode_transcribe(request: TranscribeRequest, head: WireHead, body: bytes, site: Site) -> Transcription:
    """The text of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    try:
        return decode_reply(request, content)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no transcription: {error}") from None


def decode_reply(request: TranscribeRequest, content: Any) -> Transcription:
    """The text of a decoded reply. Raises msgspec.ValidationError."""
    reply = msgspec.convert(content, _Reply, strict=False)
    usage = reply.usage or {}
    duration = reply.duration if reply.duration is not None else usage.get("seconds")
    languages = [one.code for one in reply.languages or ()]
    return Transcription(
        text=reply.text,
        segments=tuple(reply.segments or ()),
        words=tuple(reply.words or ()),
        language=reply.language or (languages[0] if languages else None),
        duration=_seconds(duration),
        usage=_usage(usage),
        model=reply.model or request.model,
    )


def _seconds(told: Any) -> float | None:
    """Some servers write seconds as text."""
    try:
        return None if told is None else float(told)
    except (TypeError, ValueError):
        return None


def _usage(counts: dict[str, Any]) -> Usage:
    def count(fields: Any, name: str) -> int | None:
        found = fields.get(name) if isinstance(fields, dict) else None
        return found if type(found) is int else None

    details = counts.get("input_token_details")
    heard, read = count(details, "audio_tokens"), count(details, "text_tokens")
    return Usage(
        input_uncached=count(counts, "input_tokens") if heard is None else read,
        audio_in=heard,
        output_visible=count(counts, "output_tokens"),
        raw=Raw(msgspec.json.encode(counts)) if counts else None,
    )


def decode_transcribe_request(wire: HttpRequest) -> TranscribeRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    fields: dict[str, str] = {}
    times: list[Any] = []
    audio: Audio | None = None
    for part in form_of(wire):
        name = part.name.removesuffix("[]")
        if name == "file":
            audio = sound_of(part)
        elif name == _TIMES:
            times.append(part.data.decode("utf-8", "replace"))
        else:
            fields[name] = part.data.decode("utf-8", "replace")
    if audio is None or "model" not in fields:
        raise InputError(f"{'model' if audio is not None else 'file'}: is required")
    for time in times:
        if time not in ("segment", "word"):
            raise InputError(f"{_TIMES}: {time!r} is neither segment nor word")
    try:
        heat = float(fields["temperature"]) if "temperature" in fields else None
    except ValueError:
        raise InputError("temperature: must be a number") from None
    if fields.get("response_format") == "verbose_json" and not times:
        times = ["segment"]
    known = {"model", "language", "prompt", "temperature", "response_format", "stream"}
    extra = {name: value for name, value in fields.items() if name not in known}
    if (format := fields.get("response_format", "json")) not in ("json", "verbose_json"):
        extra["response_format"] = format
    return TranscribeRequest(
        model=fields["model"],
        audio=audio,
        language=fields.get("language"),
        prompt=fields.get("prompt"),
        timestamps=tuple(times),
        temperature=heat,
        stream=fields.get("stream") == "true",
        extra=extra,
    )


def encode_transcription(request: TranscribeRequest, response: Transcription) -> bytes:
    """Being the provider: the body of the reply, with times where they are asked for."""
    body: dict[str, Any] = {"text": response.text}
    if request.timestamps:
        body["task"] = "transcribe"
        body["language"] = response.language or "english"
        body["duration"] = response.duration or 0.0
        if "segment" in request.timestamps:
            body["segments"] = [_segment(index, one) for index, one in enumerate(response.segments)]
        if "word" in request.timestamps:
            body["words"] = response.words
    if (usage := told_usage(response)) is not None:
        body["usage"] = usage
    elif response.duration is not None:
        body["usage"] = {"type": "duration", "seconds": response.duration}
    return msgspec.json.encode(body)


def told_usage(response: Transcription) -> dict[str, Any] | None:
    """Being the provider: the tokens, where they are counted."""
    usage = response.usage
    if usage.total is None:
        return None
    return {
        "type": "tokens",
        "input_tokens": usage.input or 0,
        "input_token_details": {
            "audio_tokens": usage.audio_in or 0,
            "text_tokens": usage.input_uncached or 0,
        },
        "output_tokens": usage.output or 0,
        "total_tokens": usage.total,
    }


def _segment(index: int, one: Segment) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": index,
        "seek": 0,
        "start": one.start,
        "end": one.end,
        "text": one.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }
    return told if one.speaker is None else {**told, "speaker": one.speaker}
