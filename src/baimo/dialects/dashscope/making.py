"""Images, sound and its text as methods of the dialect; each is imported where it is used."""

from __future__ import annotations

from collections.abc import Mapping

from baimo.dialect.making import SpeechDecoder
from baimo.dialect.protocols import Site
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead


class Making:
    """Images, transcription and speech, both ways, and the tasks that they may be."""

    def encode_images(self, request: ImagesRequest, site: Site) -> HttpRequest:
        """The unsigned request for images."""
        from . import images

        return images.encode_images(request, site)

    def decode_images(
        self, request: ImagesRequest, head: WireHead, body: bytes, site: Site
    ) -> ImagesResponse:
        """The images, or the task that makes them. Raises ProviderError or WireError."""
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

    def encode_task(self, task_id: str, headers: Mapping[str, str], site: Site) -> HttpRequest:
        """The unsigned question how that task goes."""
        from . import images

        return images.encode_task(task_id, headers, site)

    def encode_transcribe(self, request: TranscribeRequest, site: Site) -> HttpRequest:
        """The unsigned request for the text of some sound."""
        from . import transcribing

        return transcribing.encode_transcribe(request, site)

    def decode_transcribe(
        self, request: TranscribeRequest, head: WireHead, body: bytes, site: Site
    ) -> Transcription:
        """The text, the task that finds it, or its address. Raises ProviderError or WireError."""
        from . import transcripts

        return transcripts.decode_transcribe(request, head, body, site)

    def decode_transcript(self, pending: Transcription, body: bytes) -> Transcription:
        """The text out of the file of a task. Raises WireError."""
        from . import transcripts

        return transcripts.decode_transcript(pending, body)

    def decode_transcribe_request(self, wire: HttpRequest) -> TranscribeRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_making

        return served_making.decode_transcribe_request(wire)

    def encode_transcription(self, request: TranscribeRequest, response: Transcription) -> bytes:
        """Being the provider: the body of the reply, in a message."""
        from . import served_making

        return served_making.encode_transcription(request, response)

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
        from . import served_making

        return served_making.decode_speak_request(wire)

    def encode_speech(self, request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of the reply and its pieces."""
        from . import served_making

        return served_making.encode_speech(request, response)
