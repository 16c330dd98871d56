"""Counting tokens, both ways, as providers of this wire added it: a conversation in, a number out.

OpenAI itself has none here, so a provider's row says where it is. Read at
https://platform.kimi.com/docs/api/estimate and https://docs.z.ai/api-reference/tools/tokenizer on 2026-11-29:
Kimi tells `data.total_tokens`, Zhipu `usage.prompt_tokens`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.counted import counted_fields
from baimo.dialect.jsontext import excerpt
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import UnsupportedError, WireError
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead

from .posted import DEFAULTS, posted
from .quirks import Quirks
from .request import encode_request
from .served_request import decode_request
from .whole import decode_body

_COUNTED = frozenset(("model", "messages", "tools"))
"""Fields of a conversation that are counted."""
_PLACES = (("data", "total_tokens"), ("usage", "prompt_tokens"), ("usage", "total_tokens"))


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError where the provider is not known to count."""
    quirks: Quirks = site.quirks or DEFAULTS
    if not quirks.paths.count:
        raise UnsupportedError(
            f"{site.provider or 'this provider'} is not known to count tokens",
            hint='Where it does, its row may say so: quirks = { paths = { count = "/tokenizer" } }.',
        )
    text = Message(role=Role.USER, content=(Text(text=request.text),))
    chat = request.chat or ChatRequest(model=request.model, messages=(text,))
    wire = encode_request(replace(chat, model=request.model), site)
    body = counted_fields(wire, _COUNTED)
    return posted(site, quirks.paths.count, request.model, body, request.headers, request.extra, wire.notes)


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    told: dict[str, Any] = content if isinstance(content, dict) else {}
    for place, name in _PLACES:
        counts = told.get(place)
        tokens = counts.get(name) if isinstance(counts, dict) else None
        if type(tokens) is int and tokens >= 0:
            return TokenCount(tokens=tokens, request_id=request_id(head))
    raise WireError(f"the reply is no count of tokens: {excerpt(body)}")


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    chat = decode_request(wire)
    return CountRequest(
        model=chat.model, text="\n".join([message.text for message in chat.messages]), chat=chat
    )


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply, in Kimi's form."""
    return msgspec.json.encode({"data": {"total_tokens": count.tokens}})
