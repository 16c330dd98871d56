"""From arguments to requests for images, sound and moderation, and from replies to what a caller gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from baimo.errors import InputError
from baimo.making import ImagesOperation, ModerateOperation, SpeakOperation, TranscribeOperation
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest, ModerationResponse
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse, joined_speech
from baimo.types.transcription import TranscribeRequest, Transcription

from .answer import Driven
from .given import GivenAudio, audio_of, images_of
from .making_options import ImagesOptions, MakingOptions, SpeechOptions, TranscribeOptions
from .options import Model
from .prepared import Prepared
from .request import unknown

if TYPE_CHECKING:
    from .base import ClientBase

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


def images_call(client: ClientBase, model: Model, prompt: str, options: ImagesOptions) -> Prepared:
    """A call for images. Raises InputError for what cannot be asked for."""
    fields = _fields(options, ImagesOptions)
    n = fields.get("n")
    if n is not None and (type(n) is not int or n < 1):
        raise InputError(f"n must be a whole number from 1 up, got {n!r}")
    images, masks = images_of(fields.pop("image", None)), images_of(fields.pop("mask", None))
    request = ImagesRequest(
        model="",
        prompt=_text("prompt", prompt),
        images=images,
        mask=masks[0] if masks else None,
        **fields,
    )
    return client._made("images", model, ImagesOperation(request), options.get("timeout"), request)


def transcribe_call(
    client: ClientBase, model: Model, audio: GivenAudio, options: TranscribeOptions, *, stream: bool = False
) -> Prepared:
    """A call for the text of some sound. Raises InputError for what cannot be asked for."""
    fields = _fields(options, TranscribeOptions)
    wanted = fields.pop("timestamps", ())
    times: tuple[Any, ...] = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for time in times:
        if time not in ("segment", "word"):
            raise InputError(f"timestamps must be 'segment', 'word' or both, got {time!r}")
    request = TranscribeRequest(model="", audio=audio_of(audio), timestamps=times, stream=stream, **fields)
    return client._made("transcribe", model, TranscribeOperation(request), options.get("timeout"), request)


def speech_call(
    client: ClientBase, model: Model, text: str, options: SpeechOptions, *, stream: bool = False
) -> Prepared:
    """A call for speech. Raises InputError for what cannot be asked for."""
    fields = _fields(options, SpeechOptions)
    speed = fields.get("speed")
    if speed is not None and speed <= 0:
        raise InputError(f"speed must be more than 0, got {speed!r}")
    request = SpeechRequest(model="", text=_text("text", text), stream=stream, **fields)
    return client._made("speech", model, SpeakOperation(request), options.get("timeout"), request)


def moderate_call(
    client: ClientBase, model: Model, inputs: str | Sequence[str], options: MakingOptions
) -> Prepared:
    """A call for moderation. Raises InputError naming the input that is no text."""
    fields = _fields(options, MakingOptions)
    texts = [inputs] if isinstance(inputs, str) else list(inputs)
    if not texts:
        raise InputError("there is nothing to look at: give at least one text")
    request = ModerateRequest(
        model="",
        inputs=tuple([_text(f"inputs[{index}]", text) for index, text in enumerate(texts)]),
        **fields,
    )
    route = client.settings.resolve(model)
    return client._simple("moderate", ModerateOperation(request), route, options.get("timeout"), request)


def _fields(options: Any, kind: type) -> dict[str, Any]:
    """The fields of a request. Raises InputError for an option that there is not."""
    known: Iterable[str] = kind.__annotations__
    given: Mapping[str, Any] = options
    for name in given:
        if name not in known:
            raise unknown(name, known)
    fields = {name: value for name, value in given.items() if value is not None and name != "timeout"}
    for name in ("extra", "headers"):
        if name in fields:
            fields[name] = dict(fields[name])
    return fields


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} must be a text that is not empty")
    return value
