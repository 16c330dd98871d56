"""CountTokens, both ways: how many tokens a prompt has, or a text, asked as one turn of a conversation."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.counted import counted_fields
from baimo.dialect.jsontext import decode, excerpt
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, WireError
from baimo.notes import Note
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .errors import raise_for_body
from .request import encode_request, lay_over, to_json
from .served_message import Conversation
from .served_request import body_of, model_of
from .words import address

_COUNTED = frozenset(("messages", "system", "toolConfig"))
"""Fields of a conversation that this operation takes."""
_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request."""
    converse: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": request.text}]}]}
    notes: tuple[Note, ...] = ()
    if request.chat is not None:
        wire = encode_request(replace(request.chat, model=request.model), site)
        converse, notes = counted_fields(wire, _COUNTED), wire.notes
    body: dict[str, Any] = {"input": {"converse": converse}}
    lay_over(body, request.extra)
    origin, target = address(site, request.model, "count-tokens")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=with_headers(_HEAD, header_fields(dict(request.headers))),
        body=to_json(body),
        notes=notes,
    )


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    if not 200 <= head.status < 300:
        raise_for_body(head, body, site.codes)
    content = decode(body)
    tokens = content.get("inputTokens") if isinstance(content, dict) else None
    if type(tokens) is not int:
        raise WireError(f"the reply is no count of tokens: {excerpt(body)}")
    return TokenCount(tokens=tokens, request_id=request_id(head))


class _Converse(msgspec.Struct):
    messages: list[dict[str, Any]] = []
    system: list[dict[str, Any]] = []


class _Input(msgspec.Struct):
    converse: _Converse


class _Asked(msgspec.Struct):
    input: _Input


_asked = msgspec.json.Decoder(_Asked)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    try:
        asked = _asked.decode(body_of(wire)).input.converse
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for a count: {error}") from None
    messages = Conversation().messages(asked.system, asked.messages)
    return CountRequest(model=model_of(wire), text="\n".join(message.text for message in messages))


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode({"inputTokens": count.tokens})
