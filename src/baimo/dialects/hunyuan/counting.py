"""GetTokenCount, both ways: how many tokens a text has. The wire names no model."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead

from .address import COUNT, address, head
from .errors import decode_whole, request_id
from .request import lay_over, to_json

MODEL = "hunyuan"
"""What a served request is said to be for."""


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request."""
    body: dict[str, Any] = {"Prompt": request.text}
    lay_over(body, request.extra)
    origin, target = address(site)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(site, COUNT, dict(request.headers)),
        body=to_json(body),
    )


class _Reply(msgspec.Struct, rename="pascal"):
    token_count: int
    character_count: int | None = None
    tokens: list[str] | None = None
    request_id: str | None = None


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    content = decode_whole(head, body, site)
    try:
        reply = msgspec.convert(content, _Reply)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no count of tokens: {error}") from None
    return TokenCount(
        tokens=reply.token_count,
        characters=reply.character_count,
        pieces=tuple(reply.tokens or ()),
        request_id=request_id(head) or reply.request_id,
    )


class _Asked(msgspec.Struct, rename="pascal"):
    prompt: str


_asked = msgspec.json.Decoder(_Asked)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for a count: {error}") from None
    return CountRequest(model=MODEL, text=asked.prompt)


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    reply = {
        "TokenCount": count.tokens,
        "CharacterCount": count.characters or 0,
        "Tokens": count.pieces,
        "RequestId": count.request_id or "00000000-0000-0000-0000-000000000000",
    }
    return msgspec.json.encode({"Response": reply})
