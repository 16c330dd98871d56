"""Counting a text's tokens, both ways: /v1/messages/count_tokens."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .quirks import Quirks
from .request import DEFAULTS, head, lay_over, to_json
from .served_request import decode_request
from .whole import decode_body
from .words import address

_PATH = "/v1/messages/count_tokens"


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request: the text is counted as a message of the user's, with what frames it."""
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
