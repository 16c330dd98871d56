"""The first version of Baidu's Qianfan API (wenxinworkshop), with its embeddings, both ways.

Read at https://cloud.baidu.com/doc/WENXINWORKSHOP/s/jlil56u11 and in the package qianfan 0.4.12.3, November
2026. Odd things: the model is the end of the address; the system's words stand beside the messages, which
alternate and end with the user; errors are numbers under status 200; a call of a tool comes whole, has no id,
and is the only one of its answer; a stream ends with `is_end`; usage stands in every event and is cumulative.
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

from . import address, embeddings
from . import request as requests
from .errors import ErrorDecoder
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "QianfanV1", "Quirks"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """One service speaks this wire, in one way: there is nothing to tell apart."""


class QianfanV1:
    """The dialect `qianfan_v1`."""

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
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        return ReplyDecoder(head, site.codes)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat` or `embed`, by the path."""
        return address.operation(method, target)

    def decode_request(self, wire: WireRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        if not isinstance(wire, HttpRequest):
            raise InputError("this wire is plain HTTP, not a WebSocket")
        return served_request.decode_request(wire)

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


DIALECT = QianfanV1()
