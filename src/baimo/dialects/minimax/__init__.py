"""The native chat of MiniMax (`/text/chatcompletion_v2`) with its embeddings, both ways.

Read at https://platform.minimax.io/docs/api-reference/text-post and
https://platform.minimax.io/docs/api-reference/errorcode, November 2026. It looks like OpenAI's chat and is
none. Odd things: a failure comes with HTTP 200 in `base_resp`, beside `choices: null`, in mid-stream as well;
the last event of a stream repeats the whole answer in `message`, or in `messages` with a search and its
sources; pages that were found come as a delta of the role `tool`; there is no `[DONE]`; what the filters
found stands in flags beside the choices; tool_choice is none or auto, and reasoning belongs in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.interval import Interval
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error, InputError
from baimo.types.chat import ChatRequest
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest

from . import embeddings
from . import request as requests
from .quirks import Quirks
from .reply import ErrorDecoder, ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "MiniMax", "Quirks"]

_OPERATIONS = ((b"/text/chatcompletion_v2", "chat"), (b"/embeddings", "embed"))


class MiniMax:
    """The dialect `minimax`."""

    name = NAME

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
        try:
            return msgspec.convert(dict(fields), Quirks, dec_hook=_interval)
        except msgspec.ValidationError as error:
            known = ", ".join(Quirks.__struct_fields__)
            raise ConfigError(f"a quirk of {NAME} is wrong: {error}; there is {known}") from None

    encode_request = staticmethod(requests.encode_request)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site)
        return ReplyDecoder(head, site)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat` or `embed`, by the address."""
        path = target.partition(b"?")[0].rstrip(b"/")
        found = next((operation for end, operation in _OPERATIONS if path.endswith(end)), None)
        return found if method == "POST" else None

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


def _interval(kind: type, value: Any) -> Any:
    if kind is Interval and isinstance(value, str):
        return Interval(value)
    raise ValueError(f"{value!r} cannot be read as a {kind.__name__}")


DIALECT = MiniMax()
