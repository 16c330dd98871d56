"""From arguments to requests for images, sound and moderation, and from replies to what a caller gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from msgspec.structs import replace

from baimo.errors import InputError
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest, ModerationResponse
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse, joined_speech
from baimo.types.transcription import TranscribeRequest, Transcription

from .answer import Driven
from .given import GivenAudio, GivenImage, audio_of, images_of

Unsupported = Literal["raise", "drop"]
Times = Literal["segment", "word"]
Made = TypeVar("Made", ImagesResponse, Transcription, SpeechResponse, ModerationResponse)


def made(given: Made, driven: Driven) -> Made:
    """What was made, with what is known of the call; not its cost: prices go by picture, second or letter."""
    outcome = driven.outcome
    assert outcome is not None  # a call that ended well has one
    return replace(
        given,
        provider=outcome.at.provider,
        model=given.model or outcome.at.model,
        notes=given.notes + outcome.notes,
        request_id=given.request_id or outcome.request_id,
        sent=outcome.sent,
    )


def spoken(pieces: list[SpeechPiece], driven: Driven) -> SpeechResponse:
    """Pieces of sound as one."""
    return made(joined_speech(pieces), driven)


def images_request(
    prompt: str,
    *,
    n: int | None,
    size: str | None,
    quality: str | None,
    seed: int | None,
    negative_prompt: str | None,
    image: GivenImage | Sequence[GivenImage] | None,
    mask: GivenImage | None,
    format: str | None,
    unsupported: Unsupported,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> ImagesRequest:
    """A request for images. Raises InputError for what cannot be asked for."""
    if n is not None and (type(n) is not int or n < 1):
        raise InputError(f"n must be a whole number from 1 up, got {n!r}")
    masks = images_of(mask)
    return ImagesRequest(
        model="",
        prompt=_text("prompt", prompt),
        images=images_of(image),
        mask=masks[0] if masks else None,
        n=n,
        size=size,
        quality=quality,
        seed=seed,
        negative_prompt=negative_prompt,
        format=format,
        unsupported=unsupported,
        extra=dict(extra),
        headers=dict(headers),
    )


def transcribe_request(
    audio: GivenAudio,
    *,
    language: str | None,
    prompt: str | None,
    timestamps: Times | Sequence[Times],
    temperature: float | None,
    unsupported: Unsupported,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> TranscribeRequest:
    """A request for the text of some sound. Raises InputError for what cannot be asked for."""
    times: tuple[Any, ...] = (timestamps,) if isinstance(timestamps, str) else tuple(timestamps)
    for time in times:
        if time not in ("segment", "word"):
            raise InputError(f"timestamps must be 'segment', 'word' or both, got {time!r}")
    return TranscribeRequest(
        model="",
        audio=audio_of(audio),
        language=language,
        prompt=prompt,
        timestamps=times,
        temperature=temperature,
        unsupported=unsupported,
        extra=dict(extra),
        headers=dict(headers),
    )


def speech_request(
    text: str,
    *,
    voice: str | None,
    format: str | None,
    speed: float | None,
    instructions: str | None,
    stream: bool,
    unsupported: Unsupported,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> SpeechRequest:
    """A request for speech. Raises InputError for what cannot be asked for."""
    if speed is not None and speed <= 0:
        raise InputError(f"speed must be more than 0, got {speed!r}")
    return SpeechRequest(
        model="",
        text=_text("text", text),
        voice=voice,
        format=format,
        speed=speed,
        instructions=instructions,
        stream=stream,
        unsupported=unsupported,
        extra=dict(extra),
        headers=dict(headers),
    )


def moderate_request(
    inputs: str | Sequence[str],
    *,
    unsupported: Unsupported,
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
) -> ModerateRequest:
    """A request for moderation. Raises InputError naming the input that is no text."""
    texts = [inputs] if isinstance(inputs, str) else list(inputs)
    if not texts:
        raise InputError("there is nothing to look at: give at least one text")
    return ModerateRequest(
        model="",
        inputs=tuple([_text(f"inputs[{index}]", text) for index, text in enumerate(texts)]),
        unsupported=unsupported,
        extra=dict(extra),
        headers=dict(headers),
    )


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} must be a text that is not empty")
    return value
