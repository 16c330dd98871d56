"""Pictures as methods of the dialect; each is imported where it is used."""

from __future__ import annotations

from baimo.dialect.protocols import Site
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.wire.http import HttpRequest, WireHead


class Making:
    """Images, both ways."""

    def encode_images(self, request: ImagesRequest, site: Site) -> HttpRequest:
        """The unsigned request for an image."""
        from . import images

        return images.encode_images(request, site)

    def decode_images(
        self, request: ImagesRequest, head: WireHead, body: bytes, site: Site
    ) -> ImagesResponse:
        """The image. Raises ProviderError or WireError."""
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
