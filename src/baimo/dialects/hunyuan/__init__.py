"""ChatCompletions of Tencent Hunyuan, version 2023-09-01, with GetEmbedding and GetTokenCount, both ways.

Read in the packages tencentcloud-sdk-python-hunyuan 3.1.180 and tccli 3.1.189, and at
https://www.tencentcloud.com/document/product/1284/75537, November 2026. Odd things: the operation is a
header field (`X-TC-Action`), the path is always `/`; errors come with HTTP 200; a whole reply is wrapped
in `Response`, the chunks of a stream are not; a stream has no end mark but its finish reason; usage
stands on every chunk and is cumulative; the parameters of a tool are JSON in a string; there is no limit
of tokens, so it is held here; an answer may be taken back after it was shown (`sensitive`); reasoning
must not be sent back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error, InputError
from baimo.types.chat import ChatRequest
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest

from . import address, counting, embeddings
from . import request as requests
from .limit import LimitedDecoder
from .reply import ErrorDecoder, ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "Hunyuan", "Quirks"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """One service speaks this wire, in one way: there is nothing to tell apart."""


class Hunyuan:
    """The dialect `hunyuan`."""

    name = NAME
    most_inputs = embeddings.MOST
    """Texts that one request for embeddings takes."""

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """No quirks are known. Raises ConfigError for whatever is named."""
        for field in fields:
            raise ConfigError(f"{NAME} has no quirk {field!r}; it has none at all")
        return Quirks()

    encode_request = staticmethod(requests.encode_request)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if head.status != 200:
            return ErrorDecoder(head, site)
        return ReplyDecoder(head, site)

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder that ends the reply where the request's limit is reached: the wire cannot be told it."""
        if request.max_tokens is None or head.status != 200:
            return self.decoder(head, site)
        return LimitedDecoder(ReplyDecoder(head, site, counts=True), request.max_tokens)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat`, `embed` or `count`, by the action."""
        return address.operation(method, headers)

    def decode_request(self, wire: WireRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(_http(wire))

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import StreamEncoder, WholeEncoder

        return StreamEncoder(request) if request.stream else WholeEncoder(request)

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal; the status is 200."""
        from . import errors

        return errors.encode_error(error)

    encode_embed = staticmethod(embeddings.encode_embed)
    decode_embed = staticmethod(embeddings.decode_embed)
    decode_embed_request = staticmethod(embeddings.decode_embed_request)
    encode_embed_response = staticmethod(embeddings.encode_embed_response)

    encode_count = staticmethod(counting.encode_count)
    decode_count = staticmethod(counting.decode_count)
    decode_count_request = staticmethod(counting.decode_count_request)
    encode_token_count = staticmethod(counting.encode_token_count)


def _http(wire: WireRequest) -> HttpRequest:
    if not isinstance(wire, HttpRequest):
        raise InputError("this wire is plain HTTP, not a WebSocket")
    return wire


DIALECT = Hunyuan()
