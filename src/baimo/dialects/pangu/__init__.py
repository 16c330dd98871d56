"""The chat API V1 of Huawei's Pangu models, both ways.

Read at https://support.huaweicloud.com/api-pangulm/pangulm_05_0012.html and in the official Python packages
huaweicloudsdkpangulargemodels 3.1.219 and pangu-kits-app-dev-py 2.4.0, November 2026. Odd things: a request
names no model, the deployment in its address is the model; the increments of a stream stand in `message`;
`data:` is written without a blank; usage is on every chunk and cumulative; a chunk without `choices` is an
error. Pangu's V2 is another wire, that of `openai_chat`; what the SDK calls v2 is this one with a pool in
its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import Error
from baimo.types.chat import ChatRequest
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import address
from . import request as requests
from .quirks import NAME, Quirks, read_quirks
from .reply import ErrorDecoder, ReplyDecoder

__all__ = ["DIALECT", "Pangu", "Quirks"]


class Pangu:
    """The dialect `pangu`."""

    name = NAME

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
        return read_quirks(fields)

    encode_request = staticmethod(requests.encode_request)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        return ReplyDecoder(head) if 200 <= head.status < 300 else ErrorDecoder(head)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """`chat` where a deployment's chat is called."""
        return "chat" if method == "POST" and address.deployment_in(target) is not None else None

    def decode_request(self, wire: HttpRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import StreamEncoder, WholeEncoder

        return StreamEncoder(request) if request.stream else WholeEncoder(request)

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal."""
        from . import served_errors

        return served_errors.encode_error(error)


DIALECT = Pangu()
