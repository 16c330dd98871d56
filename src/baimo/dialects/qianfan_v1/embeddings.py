"""Embeddings, both ways: texts to vectors of a size that the model alone decides."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .address import EMBED, address, head, model_of
from .errors import NO_ID, decode_whole
from .request import lay_over, to_json

MOST = 16
"""Texts of one request."""


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("this wire embeds texts, not ids of tokens")
    if len(texts) > MOST:
        raise UnsupportedError(f"inputs holds {len(texts)} texts; one request takes {MOST} at most")
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    if request.dimensions is not None:
        complaints.cannot(f"{request.dimensions} dimensions", "the model alone decides their number")
    if request.encoding == "base64":
        complaints.cannot("encoding 'base64'", "numbers travel as text")
    body: dict[str, Any] = {"input": texts}
    if request.user is not None:
        body["user_id"] = request.user
    lay_over(body, request.extra)
    origin, target = address(site, EMBED, request.model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(dict(request.headers)),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


class _Entry(msgspec.Struct):
    embedding: list[float]
    index: int | None = None


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    reply = decode_whole(head, body)
    try:
        entries = msgspec.convert(reply.get("data"), list[_Entry])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(entries) != len(request.inputs):
        raise WireError(f"the reply has {len(entries)} embeddings for {len(request.inputs)} inputs")
    vectors: dict[int, list[float]] = {}
    for number, entry in enumerate(entries):
        place = number if entry.index is None else entry.index
        if not 0 <= place < len(entries) or place in vectors:
            raise WireError(f"the reply's data[{number}].index is {place}, twice or out of range")
        vectors[place] = entry.embedding
    counts, ident = reply.get("usage"), reply.get("id")
    tokens = counts.get("prompt_tokens") if isinstance(counts, dict) else None
    return EmbedResponse(
        vectors=[vectors[place] for place in range(len(entries))],
        usage=Usage(input_uncached=tokens if type(tokens) is int else None),
        model=request.model,
        request_id=ident if isinstance(ident, str) else request_id(head),
    )


class _Asked(msgspec.Struct):
    input: list[str]
    user_id: str | None = None


_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    if not 1 <= len(asked.input) <= MOST:
        raise InputError(f"input: holds {len(asked.input)} texts, from 1 to {MOST} are allowed")
    return EmbedRequest(model=model_of(wire.target), inputs=tuple(asked.input), user=asked.user_id)


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply."""
    tokens = response.usage.input or 0
    reply = {
        "id": response.request_id or NO_ID,
        "object": "embedding_list",
        "created": 0,
        "data": [
            {"object": "embedding", "embedding": vector, "index": index}
            for index, vector in enumerate(response.vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return msgspec.json.encode(reply)
