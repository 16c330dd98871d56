"""The operations beside chat that make pictures and sound, as methods of the dialect.

Each is imported where it is used: a chat needs none of them. This wire has no transcription: sound that is
given to a model goes into a chat.
"""

from __future__ import annotations

from baimo.dialect.making import SpeechDecoder
from baimo.dialect.protocols import Site
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.wire.http import HttpRequest, WireHead


class Making:
    """Images and speech, both ways."""

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

    def encode_speak(self, request: SpeechRequest, site: Site) -> HttpRequest:
        """The unsigned request for speech."""
        from . import speaking

        return speaking.encode_speak(request, site)

    def speech_decoder(self, head: WireHead, site: Site) -> SpeechDecoder:
        """A decoder for a reply whose sound is taken as it comes; refusals included."""
        from . import speaking

        return speaking.SpeechDecoder(head, site)

    def speech_decoder_for(self, request: SpeechRequest, head: WireHead, site: Site) -> SpeechDecoder:
        """A decoder for the reply to that request, which says in what format the sound is wanted."""
        from . import speaking

        return speaking.SpeechDecoder(head, site, request.format)

    def decode_speak_request(self, wire: HttpRequest) -> SpeechRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import speaking

        return speaking.decode_speak_request(wire)

    def encode_speech(self, request: SpeechRequest, response: SpeechResponse) -> tuple[WireHead, list[bytes]]:
        """Being the provider: the head of the reply and its pieces."""
        from . import speaking

        return speaking.encode_speech(request, response)
