"""The operations beside chat that make something of something else, as methods of the dialect.

Each is imported where it is used: a chat needs none of them.
"""

from __future__ import annotations

from baimo.dialect.making import SpeechDecoder, TranscriptDecoder
from baimo.dialect.protocols import Site
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest, ModerationResponse
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead


class Making:
    """Images, transcription, speech and moderation, both ways."""

    def encode_images(self, request: ImagesRequest, site: Site) -> HttpRequest:
        """The unsigned request for images."""
        from . import images

        return images.encode_images(request, site)

    def decode_images(
        self, request: ImagesRequest, head: WireHead, body: bytes, site: Site
    ) -> ImagesResponse:
        """The images. Raises ProviderError or WireError."""
        from . import images

        return images.decode_images(request, head, body, site)

    def decode_images_request(self, wire: HttpRequest) -> ImagesRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import images

        return images.decode_images_request(wire)

    def encode_images_response(self, request: ImagesRequest, response: ImagesResponse) -> bytes:
        """Being the provider: the body of the reply."""
        from . import images

        return images.encode_images_response(request, response)

    def encode_transcribe(self, request: TranscribeRequest, site: Site) -> HttpRequest:
        """The unsigned request for the text of some sound."""
        from . import transcribing

        return transcribing.encode_transcribe(request, site)

    def decode_transcribe(
        self, request: TranscribeRequest, head: WireHead, body: bytes, site: Site
    ) -> Transcription:
        """The text. Raises ProviderError or WireError."""
        from . import transcribing

        return transcribing.decode_transcribe(request, head, body, site)

    def decode_transcribe_request(self, wire: HttpRequest) -> TranscribeRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import transcribing

        return transcribing.decode_transcribe_request(wire)

    def encode_transcription(self, request: TranscribeRequest, response: Transcription) -> bytes:
        """Being the provider: the body of the reply."""
        from . import transcribing

        return transcribing.encode_transcription(request, response)

    def transcript_decoder(self, request: TranscribeRequest, head: WireHead, site: Site) -> TranscriptDecoder:
        """A decoder for a text that comes as it is made; refusals included."""
        from . import transcript

        return transcript.TranscriptDecoder(request, head, site)

    def encode_transcript(
        self, request: TranscribeRequest, response: Transcription
    ) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of a reply that is streamed, and its pieces."""
        from . import transcript

        return transcript.encode_transcript(request, response)

    def encode_speak(self, request: SpeechRequest, site: Site) -> HttpRequest:
        """The unsigned request for speech."""
        from . import speaking

        return speaking.encode_speak(request, site)

    def speech_decoder(self, head: WireHead, site: Site) -> SpeechDecoder:
        """A decoder for the reply; refusals included."""
        from . import speaking

        return speaking.SpeechDecoder(head, site)

    def decode_speak_request(self, wire: HttpRequest) -> SpeechRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import speaking

        return speaking.decode_speak_request(wire)

    def encode_speech(self, request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of the reply and its pieces."""
        from . import speaking

        return speaking.encode_speech(request, response)

    def encode_moderate(self, request: ModerateRequest, site: Site) -> HttpRequest:
        """The unsigned request for moderation."""
        from . import moderating

        return moderating.encode_moderate(request, site)

    def decode_moderate(
        self, request: ModerateRequest, head: WireHead, body: bytes, site: Site
    ) -> ModerationResponse:
        """The results. Raises ProviderError or WireError."""
        from . import moderating

        return moderating.decode_moderate(request, head, body, site)

    def decode_moderate_request(self, wire: HttpRequest) -> ModerateRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import moderating

        return moderating.decode_moderate_request(wire)

    def encode_moderation(self, request: ModerateRequest, response: ModerationResponse) -> bytes:
        """Being the provider: the body of the reply."""
        from . import moderating

        return moderating.encode_moderation(request, response)
