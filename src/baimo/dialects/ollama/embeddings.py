"""Embeddings, both ways: /api/embed, and the older /api/embeddings for one text."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .request import lay_over, to_json
from .served_request import asked_beside
from .whole import decode_body
from .words import address

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

_OLD = "prompt"
"""The older form's field for its text: a caller who sends it gets the older reply."""


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. A text that is too long is refused, not cut, unless `extra` says otherwise."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Ollama")
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    if not isinstance(request.inputs[0], str):
        raise UnsupportedError("Ollama takes texts to embed, no token ids")
    body: dict[str, Any] = {"model": request.model, "input": request.inputs, "truncate": False}
    if request.dimensions is not None:
        if request.dimensions < 1:
            raise UnsupportedError(f"dimensions is {request.dimensions}; it must be 1 or more")
        body["dimensions"] = request.dimensions
    if request.user is not None:
        complaints.cannot("user")
    if request.encoding == "base64":
        complaints.cannot("to send vectors in base64")
    lay_over(body, request.extra)
    origin, target = address(site, "/api/embed")
    headers = with_headers(_HEAD, header_fields(dict(request.headers))) if request.headers else _HEAD
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    content = decode_body(head, body)
    found = content.get("embeddings")
    if found is None and "embedding" in content:
        found = [content["embedding"]]
    try:
        vectors = msgspec.convert(found, list[list[float]])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(vectors) != len(request.inputs):
        raise WireError(f"the reply has {len(vectors)} vectors for {len(request.inputs)} inputs")
    count, model = content.get("prompt_eval_count"), content.get("model")
    return EmbedResponse(
        vectors=vectors,
        usage=Usage(input_uncached=count if type(count) is int else None),
        model=model if isinstance(model, str) and model else request.model,
    )


class _Asked(msgspec.Struct):
    model: str
    input: str | list[str] | None = None
    prompt: str | None = None
    dimensions: int | None = None


_KNOWN = frozenset(("model", "input", "dimensions"))
_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked, extra = asked_beside(wire, _asked, _KNOWN)
    given = asked.prompt if asked.input is None else asked.input
    inputs = (given,) if isinstance(given, str) else tuple(given or ())
    if not inputs:
        raise InputError("input: is required")
    extra.setdefault("truncate", True)  # what a caller who says nothing gets
    return EmbedRequest(model=asked.model, inputs=inputs, dimensions=asked.dimensions, extra=extra)


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply, in the form that was asked for."""
    if _OLD in request.extra:
        return msgspec.json.encode({"embedding": response.vectors[0]})
    body: dict[str, Any] = {"model": response.model or request.model, "embeddings": response.vectors}
    if response.usage.input is not None:
        body["prompt_eval_count"] = response.usage.input
    return msgspec.json.encode(body)
