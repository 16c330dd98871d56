"""countTokens, both ways: how many tokens a text or a prompt has for one model."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.counted import counted_fields
from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.wire.http import HttpRequest, WireHead

from .errors import decode_body
from .parts import laid_over
from .request import encode_request, headers, to_json
from .served_request import body_fields, list_at, model_of, object_at
from .words import address, is_google_cloud, resource

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

_COUNTED = frozenset(("contents", "systemInstruction", "tools", "toolConfig"))
"""Fields of a request that count: the Gemini API takes them as a request within the request, Vertex AI beside
each other."""


def encode_count(request: CountRequest, site: Site) -> HttpRequest:
    """The unsigned request."""
    origin, target = address(site, request.model, "countTokens")
    if request.chat is not None:
        wire = encode_request(replace(request.chat, model=request.model), site)
        body = counted_fields(wire, _COUNTED)
        if not is_google_cloud(site):
            body = {"generateContentRequest": {"model": resource(request.model), **body}}
        return replace(wire, origin=origin, target=target, body=to_json(laid_over(body, request.extra)))
    body = laid_over({"contents": [{"role": "user", "parts": [{"text": request.text}]}]}, request.extra)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers(_HEAD, request.headers),
        body=to_json(body),
    )


def decode_count(head: WireHead, body: bytes, site: Site) -> TokenCount:
    """The count of a whole reply; a count of nothing is left out. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    total, characters = content.get("totalTokens", 0), content.get("totalBillableCharacters")
    if type(total) is not int:
        raise WireError("the reply has no count in its field 'totalTokens'")
    return TokenCount(tokens=total, characters=characters if type(characters) is int else None)


def decode_count_request(wire: HttpRequest) -> CountRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    model, _ = model_of(wire)
    body = body_fields(wire)
    if isinstance(body.get("generateContentRequest"), dict):
        body = object_at(body["generateContentRequest"], "generateContentRequest")
    texts: list[str] = []
    contents: list[Any] = list_at(body.get("systemInstruction"), "systemInstruction")
    contents = contents + list_at(body.get("contents"), "contents")
    for index, content in enumerate(contents):
        fields = object_at(content, f"contents[{index}]")
        for part in list_at(fields.get("parts"), f"contents[{index}].parts"):
            text = part.get("text") if isinstance(part, dict) else None
            texts += [text] if isinstance(text, str) else []
    return CountRequest(model=model, text="\n".join(texts))


def encode_token_count(count: TokenCount) -> bytes:
    """Being the provider: the body of the reply."""
    detail = {"modality": "TEXT", "tokenCount": count.tokens}
    return msgspec.json.encode({"totalTokens": count.tokens, "promptTokensDetails": [detail]})
