"""The text of sound as methods of the dialect; each is imported where it is used."""

from __future__ import annotations

from baimo.dialect.protocols import Site
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead


class Making:
    """Transcription, both ways."""

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
