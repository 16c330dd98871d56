"""The WebSocket API of iFlytek Spark: one question a connection, answered in frames; embeddings; both ways.

Read at https://www.xfyun.cn/doc/spark/Web.html and https://www.xfyun.cn/doc/spark/X1ws.html, in the documents
of iFlytek's Java package and in the package spark-ai-python 0.4.5, November 2026. Odd things: path and domain
must belong together; there is no way not to stream; a frame's `header.code` may turn bad in mid-answer, and
10014 makes void what was shown; nothing but status 2 ends an answer, and no reason is given with it; a call
of a function comes whole, without an id; messages hold text only and roles alternate. Embeddings are made
over HTTP, one text a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Video
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HeaderFields, HttpRequest, SocketRequest, WireHead, WireRequest

from .errors import TABLE
from .pairs import NAME
from .quirks import GivenPair, Quirks
from .reply import FrameDecoder, RefusedDecoder

__all__ = ["DIALECT", "GivenPair", "Quirks", "SparkWs"]

_SWITCHED = 101


class SparkWs:
    """The dialect `spark_ws`. What a call does not need is imported where it is used."""

    name = NAME

    most_inputs = 1
    """Texts that one request for embeddings may hold."""

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
        try:
            return msgspec.convert(dict(fields), Quirks)
        except msgspec.ValidationError as error:
            known = ", ".join(Quirks.__struct_fields__)
            raise ConfigError(f"a quirk of {NAME} is wrong: {error}; there is {known}") from None

    def encode_request(self, request: ChatRequest, site: Site) -> SocketRequest:
        """The unsigned handshake and its one frame. Raises ConfigError, InputError or UnsupportedError."""
        from . import request as requests

        return requests.encode_request(request, site)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for frames, or for the body of a refused handshake."""
        table = site.codes or TABLE
        return FrameDecoder(head, table) if head.status == _SWITCHED else RefusedDecoder(head, table)

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """As `MediaDialect.needs_bytes`: pictures."""
        return isinstance(part, Image)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat` at the paths of versions and assistants, `embed` at the root."""
        from . import served_request

        return served_request.operation(method, target, headers)

    def decode_request(self, wire: WireRequest) -> ChatRequest:
        """Being the provider: what the caller's frame asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import FrameEncoder

        return FrameEncoder(request)

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: a refused handshake for a bad credential, else a frame behind a 101."""
        from . import errors, served_reply

        return errors.encode_error(error, served_reply.NO_SID)

    def encode_embed(self, request: EmbedRequest, site: Site) -> HttpRequest:
        """The unsigned request for the embedding of one text."""
        from . import embeddings

        return embeddings.encode_embed(request, site)

    def decode_embed(self, request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
        """The vector. Raises ProviderError or WireError."""
        from . import embeddings

        return embeddings.decode_embed(request, head, body)

    def decode_embed_request(self, wire: HttpRequest) -> EmbedRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import embeddings

        return embeddings.decode_embed_request(wire)

    def encode_embed_response(self, request: EmbedRequest, response: EmbedResponse) -> bytes:
        """Being the provider: the body of a reply."""
        from . import embeddings

        return embeddings.encode_embed_response(request, response)


DIALECT = SparkWs()
