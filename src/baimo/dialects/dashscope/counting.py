"""The tokenizer, both ways: how many tokens a text has for a model."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead

from .address import COUNT, address, head
from .errors import decode_whole
from .request import lay_over, to_json


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request."""
    messages = [{"role": "user", "content": request.text}]
    body: dict[str, Any] = {"model": request.model, "input": {"messages": messages}, "parameters": {}}
    lay_over(body, request.extra)
    origin, target = address(site, COUNT)
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=head(dict(request.headers)), body=to_json(body)
    )


class _Counts(msgspec.Struct):
    input_tokens: int


class _Output(msgspec.Struct):
    tokens: list[str] | None = None


class _Reply(msgspec.Struct):
    usage: _Counts
    output: _Output
    request_id: str | None = None


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    content = decode_whole(head, body, site.codes)
    try:
        reply = msgspec.convert(content, _Reply)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no count of tokens: {error}") from None
    return TokenCount(
        tokens=reply.usage.input_tokens,
        pieces=tuple(reply.output.tokens or ()),
        request_id=reply.request_id or request_id(head),
    )


class _Message(msgspec.Struct):
    content: str


class _Input(msgspec.Struct):
    messages: list[_Message] | None = None
    prompt: str | None = None


class _Asked(msgspec.Struct):
    model: str
    input: _Input


_asked = msgspec.json.Decoder(_Asked)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for a count: {error}") from None
    texts = [message.content for message in asked.input.messages or ()]
    return CountRequest(model=asked.model, text="\n".join(texts) if texts else asked.input.prompt or "")


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    reply = {
        "output": {"tokens": count.pieces, "token_ids": list(range(len(count.pieces)))},
        "usage": {"input_tokens": count.tokens},
        "request_id": count.request_id or "00000000-0000-0000-0000-000000000000",
    }
    return msgspec.json.encode(reply)
