"""What models of Google's draw and speak: pictures of Imagen and of models that draw, and speech.

A model that draws or speaks makes something of a question that asks for a picture or for sound, whatever a
script says. As the real ones do, filters withhold what they find bad: Imagen tells so in the place of the
picture, the others block the prompt. Whole speech of Gemini 3.8 is a WAV file, all else samples.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialects.gemini import DIALECT
from baimo.simulator import making
from baimo.simulator.words import RefusedError, Why, without_fault
from baimo.types.images import ImagesRequest
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

JSON: HeaderFields = ((b"content-type", b"application/json; charset=UTF-8"),)

_DRAWS = ("gemini-*-image*",)
_SPEAKS = ("gemini-*-tts*",)
_IMAGEN = ("imagen-*",)
_WHOLE_FILES = ("gemini-3.[89]-*tts*", "gemini-[4-9]*tts*")
_RATE = 24000

_FILTERED = (
    "Unable to show generated images. All images were filtered out because they violated Google's "
    "Responsible AI practices. Try rephrasing the prompt. Support codes: 17301594"
)


def operation_of(request: HttpRequest, operation: str | None) -> str | None:
    """The operation; a chat with a model that draws or speaks is one of making."""
    if operation != "chat":
        return operation
    path = request.target.partition(b"?")[0].decode("latin-1")
    model = without_fault(path.rpartition("/")[2].partition(":")[0])
    wanted = _modalities(request)
    if "IMAGE" in wanted and _is_one(model, _DRAWS):
        return "images"
    return "speak" if "AUDIO" in wanted and _is_one(model, _SPEAKS) else operation


def make(operation: str, request: HttpRequest) -> tuple[WireHead, list[bytes]]:
    """Pictures or sound. Raises InputError, or RefusedError for a model that there is not."""
    if operation == "images":
        return _draw(DIALECT.decode_images_request(request))
    asked = DIALECT.decode_speak_request(request)
    if _is_bad(asked.text):
        return _blocked(is_stream=asked.stream)
    return DIALECT.encode_speech(asked, _spoken(asked))


def _draw(asked: ImagesRequest) -> tuple[WireHead, list[bytes]]:
    model = without_fault(asked.model)
    if not _is_one(model, (*_DRAWS, *_IMAGEN)):
        raise RefusedError(Why.UNKNOWN_MODEL, model)
    if not _is_bad(asked.prompt):
        return WireHead(200, JSON), [DIALECT.encode_images_response(asked, making.images(asked))]
    if _is_one(model, _IMAGEN):
        told = {"predictions": [{"raiFilteredReason": _FILTERED}]}
        return WireHead(200, JSON), [msgspec.json.encode(told)]
    return _blocked(is_stream=False)


def _spoken(asked: SpeechRequest) -> SpeechResponse:
    """The words as samples, or as a file."""
    made = making.speech(replace(asked, format="pcm"))
    if asked.stream or not _is_one(without_fault(asked.model), _WHOLE_FILES):
        return made
    return replace(made, audio=making.wav(made.audio, _RATE), media_type="audio/wav")


def _blocked(*, is_stream: bool) -> tuple[WireHead, list[bytes]]:
    told = msgspec.json.encode({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    if is_stream:
        head = WireHead(200, ((b"content-type", b"text/event-stream"),))
        return head, [b"data: " + told + b"\r\n\r\n"]
    return WireHead(200, JSON), [told]


def _is_bad(text: str) -> bool:
    return making.moderation(ModerateRequest(model="", inputs=(text,))).flagged


def _modalities(request: HttpRequest) -> list[Any]:
    """What the answer shall be made of; nothing where the body does not tell."""
    raw = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
    try:
        told = msgspec.json.decode(raw, type=_Asked).settings.modalities
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return told or []


class _Settings(msgspec.Struct):
    modalities: list[Any] | None = msgspec.field(name="responseModalities", default=None)


class _Asked(msgspec.Struct):
    settings: _Settings = msgspec.field(name="generationConfig", default_factory=_Settings)


def _is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
