"""Embeddings of texts, both ways."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .address import EMBED, address, head
from .errors import decode_whole, request_id_of
from .request import lay_over, to_json

_FIRST = ("text-embedding-v1", "text-embedding-v2")
"""The models that take 25 texts at once and know vectors of 1,536 numbers only; later ones take 10."""

_FIRST_DIMENSIONS = 1536


def most_inputs(model: str) -> int:
    """Texts of one request."""
    return 25 if any(fnmatchcase(model, f"{name}*") for name in _FIRST) else 10


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("this wire embeds texts, not ids of tokens")
    most = most_inputs(request.model)
    if len(texts) > most:
        raise UnsupportedError(f"inputs holds {len(texts)} texts; one request takes {most} at most")
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    parameters: dict[str, Any] = {}
    if request.dimensions is not None:
        if most == 10:
            parameters["dimension"] = request.dimensions
        elif request.dimensions != _FIRST_DIMENSIONS:
            complaints.cannot(
                f"{request.dimensions} dimensions", f"the vectors of {request.model} have {_FIRST_DIMENSIONS}"
            )
    if request.user is not None:
        complaints.cannot("user")
    if request.encoding == "base64":
        complaints.cannot("encoding 'base64'", "numbers travel as text")
    body: dict[str, Any] = {"model": request.model, "input": {"texts": texts}, "parameters": parameters}
    lay_over(body, request.extra)
    origin, target = address(site, EMBED)
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
    text_index: int | None = None


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    reply = decode_whole(head, body)
    try:
        entries = msgspec.convert(reply["output"].get("embeddings"), list[_Entry])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(entries) != len(request.inputs):
        raise WireError(f"the reply has {len(entries)} embeddings for {len(request.inputs)} inputs")
    vectors: dict[int, list[float]] = {}
    for number, entry in enumerate(entries):
        place = number if entry.text_index is None else entry.text_index
        if not 0 <= place < len(entries) or place in vectors:
            raise WireError(f"the reply's embeddings[{number}].text_index is {place}, twice or out of range")
        vectors[place] = entry.embedding
    counts = reply.get("usage")
    tokens = counts.get("total_tokens") if isinstance(counts, dict) else None
    return EmbedResponse(
        vectors=[vectors[place] for place in range(len(entries))],
        usage=Usage(input_uncached=tokens if type(tokens) is int else None),
        model=request.model,
        request_id=request_id_of(reply) or request_id(head),
    )


class _Texts(msgspec.Struct):
    texts: list[str]


class _Parameters(msgspec.Struct):
    dimension: int | None = None


class _Asked(msgspec.Struct):
    model: str
    input: _Texts
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
        told: dict[str, Any] = msgspec.json.decode(raw).get("parameters") or {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    texts, most = asked.input.texts, most_inputs(asked.model)
    if not texts:
        raise InputError("input.texts: a text is required")
    if len(texts) > most:
        raise InputError(f"input.texts: batch size is invalid, it should not be larger than {most}.")
    more = {name: value for name, value in told.items() if name != "dimension"}
    return EmbedRequest(
        model=asked.model,
        inputs=tuple(texts),
        dimensions=asked.parameters.dimension,
        extra={"parameters": more} if more else {},
    )


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply."""
    reply = {
        "output": {
            "embeddings": [
                {"embedding": vector, "text_index": index} for index, vector in enumerate(response.vectors)
            ]
        },
        "usage": {"total_tokens": response.usage.input or 0},
        "request_id": response.request_id or "00000000-0000-0000-0000-000000000000",
    }
    return msgspec.json.encode(reply)
