"""Protocols of the operations that make something else than words: images, text of sound, speech, moderation.

They stand apart from the others because a plain call needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest, ModerationResponse
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse
from baimo.types.transcription import TranscribeRequest, Transcription, TranscriptPiece
from baimo.wire.http import HttpRequest, WireHead

from .protocols import Dialect, Site


@runtime_checkable
class ImagesDialect(Dialect, Protocol):
    """Making of images, both ways."""

    def encode_images(self, request: ImagesRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_images(
        self, request: ImagesRequest, head: WireHead, body: bytes, site: Site
    ) -> ImagesResponse:
        """The images of a whole reply. Raises ProviderError or WireError."""

    def decode_images_request(self, wire: HttpRequest) -> ImagesRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_images_response(self, request: ImagesRequest, response: ImagesResponse) -> bytes:
        """Being the provider: the body of the reply."""


@runtime_checkable
class TaskDialect(Dialect, Protocol):
    """Working on what is made after the call is answered, and keeping what was made at an address."""

    def encode_task(self, task_id: str, headers: Mapping[str, str], site: Site) -> HttpRequest:
        """The unsigned question how that task goes; its answer is as that of the call that began it."""

    def decode_transcript(self, pending: Transcription, body: bytes) -> Transcription:
        """The text out of what stood at `pending.address`. Raises WireError."""


@runtime_checkable
class TranscribeDialect(Dialect, Protocol):
    """Sound to text, both ways."""

    def encode_transcribe(self, request: TranscribeRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_transcribe(
        self, request: TranscribeRequest, head: WireHead, body: bytes, site: Site
    ) -> Transcription:
        """The text of a whole reply. Raises ProviderError or WireError."""

    def decode_transcribe_request(self, wire: HttpRequest) -> TranscribeRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_transcription(self, request: TranscribeRequest, response: Transcription) -> bytes:
        """Being the provider: the body of the reply."""


class TranscriptDecoder(Protocol):
    """Turns the reply to a request for a streamed transcription into pieces of text."""

    @property
    def early(self) -> list[TranscriptPiece]:
        """When `feed` or `end` raised: what the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[TranscriptPiece]:
        """The text that this piece completes. Raises ProviderError or WireError."""

    def end(self) -> list[TranscriptPiece]:
        """The body ended. Raises ProviderError, WireError, or StreamInterrupted."""


@runtime_checkable
class StreamTranscribeDialect(TranscribeDialect, Protocol):
    """Sound to text as it is made, both ways; `encode_transcribe` heeds `stream` then."""

    def transcript_decoder(self, request: TranscribeRequest, head: WireHead, site: Site) -> TranscriptDecoder:
        """A decoder for a reply with that head; refusals included."""

    def encode_transcript(
        self, request: TranscribeRequest, response: Transcription
    ) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of the reply and its pieces."""


class SpeechDecoder(Protocol):
    """Turns the reply to a request for speech into pieces of sound."""

    @property
    def early(self) -> list[SpeechPiece]:
        """When `feed` or `end` raised: what the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[SpeechPiece]:
        """The sound that this piece completes. Raises ProviderError or WireError."""

    def end(self) -> list[SpeechPiece]:
        """The body ended. Raises ProviderError, WireError, or StreamInterrupted."""


@runtime_checkable
class SpeakDialect(Dialect, Protocol):
    """Text to speech, both ways."""

    def encode_speak(self, request: SpeechRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def speech_decoder(self, head: WireHead, site: Site) -> SpeechDecoder:
        """A decoder for a reply with that head; refusals included."""

    def decode_speak_request(self, wire: HttpRequest) -> SpeechRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_speech(self, request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of the reply and its pieces."""


@runtime_checkable
class ModerateDialect(Dialect, Protocol):
    """Whether texts hold what is not wanted, both ways."""

    def encode_moderate(self, request: ModerateRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_moderate(
        self, request: ModerateRequest, head: WireHead, body: bytes, site: Site
    ) -> ModerationResponse:
        """The results of a whole reply. Raises ProviderError or WireError."""

    def decode_moderate_request(self, wire: HttpRequest) -> ModerateRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_moderation(self, request: ModerateRequest, response: ModerationResponse) -> bytes:
        """Being the provider: the body of the reply."""
