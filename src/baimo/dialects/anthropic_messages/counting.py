"""Counting the tokens of a text or a prompt, both ways: /v1/messages/count_tokens."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.counted import counted_fields
from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .quirks import Quirks
from .request import DEFAULTS, encode_request, head, lay_over, to_json
from .served_request import decode_request
from .whole import decode_body
from .words import address

_PATH = "/v1/messages/count_tokens"
_COUNTED = frozenset(("model", "messages", "system", "tools", "tool_choice", "thinking", "mcp_servers"))
"""Fields of a chat that this operation takes: https://docs.claude.com/en/api/messages-count-tokens"""


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request: the text is counted as a message of the user's, with what frames it."""
    if request.chat is not None:
        return _prompt(request, site)
    quirks: Quirks = site.quirks or DEFAULTS
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": "user", "content": request.text}],
    }
    lay_over(body, request.extra)
    fields = head(quirks)
    if request.headers:
        fields = with_headers(fields, header_fields(dict(request.headers)))
    origin, target = address(site, _PATH)
    return HttpRequest(method="POST", origin=origin, target=target, headers=fields, body=to_json(body))


def _prompt(request: CountRequest, site: Site) -> HttpRequest:
    """A whole prompt is counted as the chat would send it."""
    assert request.chat is not None
    wire = encode_request(replace(request.chat, model=request.model), site)
    body = counted_fields(wire, _COUNTED)
    lay_over(body, request.extra)
    origin, target = address(site, _PATH)
    return replace(wire, origin=origin, target=target, body=to_json(body))


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count. Raises ProviderError or WireError."""
    tokens = decode_body(head, body, site.codes).get("input_tokens")
    if type(tokens) is not int:
        raise WireError("the reply has no field 'input_tokens' with a number")
    return TokenCount(tokens=tokens)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked = decode_request(wire, limit_required=False)
    return CountRequest(model=asked.model, text="\n\n".join([one.text for one in asked.messages]))


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode({"input_tokens": count.tokens})
