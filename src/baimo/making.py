"""What can be asked of a deployment besides words: images, the text of sound, speech, moderation.

As in `baimo.operations`, dialects are known by what they can do, never by name.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from baimo.dialect.making import ImagesDialect, ModerateDialect, SpeakDialect, TranscribeDialect
from baimo.errors import ConfigError
from baimo.exchange import Decoder, Deployment
from baimo.types.images import ImagesRequest
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechRequest
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import WireHead, WireRequest

from .operations import Whole

Making = TypeVar("Making", ImagesRequest, TranscribeRequest, SpeechRequest, ModerateRequest)


class ImagesOperation:
    """Images of a prompt."""

    streams = False

    def __init__(self, request: ImagesRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_images"):
            raise _incapable(at, "making of images")
        dialect: ImagesDialect = at.dialect
        return dialect.encode_images(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ImagesDialect = at.dialect
        return Whole(lambda body: dialect.decode_images(self._request, head, body, at.site))


class TranscribeOperation:
    """The text of some sound."""

    streams = False

    def __init__(self, request: TranscribeRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_transcribe"):
            raise _incapable(at, "transcription")
        dialect: TranscribeDialect = at.dialect
        return dialect.encode_transcribe(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: TranscribeDialect = at.dialect
        return Whole(lambda body: dialect.decode_transcribe(self._request, head, body, at.site))


class SpeakOperation:
    """Speech of a text; the events are `SpeechPiece`."""

    def __init__(self, request: SpeechRequest) -> None:
        self._request = request
        self.streams = request.stream
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_speak"):
            raise _incapable(at, "speech")
        dialect: SpeakDialect = at.dialect
        return dialect.encode_speak(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: SpeakDialect = at.dialect
        return dialect.speech_decoder(head, at.site)


class ModerateOperation:
    """Whether texts hold what is not wanted."""

    streams = False

    def __init__(self, request: ModerateRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_moderate"):
            raise _incapable(at, "moderation")
        dialect: ModerateDialect = at.dialect
        return dialect.encode_moderate(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ModerateDialect = at.dialect
        return Whole(lambda body: dialect.decode_moderate(self._request, head, body, at.site))


def _addressed(request: Making, at: Deployment) -> Making:
    """The request for that deployment: its model, and what the row or an alias adds to the body."""
    return replace(request, model=at.model, extra={**at.extra, **request.extra})


def _incapable(at: Deployment, what: str) -> ConfigError:
    return ConfigError(f"{at.provider} is spoken to by {at.dialect.name!r}, which knows no {what}")
