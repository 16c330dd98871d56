"""Counting tokens, both ways: /v1/tokenize, with the tokenizer of the model."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead

from .request import lay_over, to_json
from .served_fields import body_of, decoded
from .whole import decode_body
from .words import HEAD, address, head

MOST = 65536
"""Characters of one text."""


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError for a text that is empty or too long."""
    if not 1 <= len(request.text) <= MOST:
        raise InputError(f"text has {len(request.text)} characters; from 1 to {MOST} can be counted")
    body: dict[str, Any] = {"model": request.model, "text": request.text}
    lay_over(body, request.extra)
    origin, target = address(site, "/v1/tokenize")
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=head(HEAD, request.headers), body=to_json(body)
    )


class _Reply(msgspec.Struct):
    tokens: list[int]
    token_strings: list[str] = []


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    try:
        reply = msgspec.convert(content, _Reply)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of tokens: {error}") from None
    return TokenCount(tokens=len(reply.tokens), pieces=tuple(reply.token_strings))


class _Asked(msgspec.Struct):
    model: str
    text: str


_asked = msgspec.json.Decoder(_Asked)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked, _ = decoded(body_of(wire), _asked, frozenset(_Asked.__struct_fields__))
    if not 1 <= len(asked.text) <= MOST:
        raise InputError(f"text: has {len(asked.text)} characters, from 1 to {MOST} are allowed")
    return CountRequest(model=asked.model, text=asked.text)


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply. The ids of tokens are made up."""
    body = {
        "tokens": list(range(count.tokens)),
        "token_strings": count.pieces,
        "meta": {"api_version": {"version": "1"}},
    }
    return msgspec.json.encode(body)
