"""Embeddings by InvokeModel, both ways: bodies are those of the models' makers.

Read at https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
model-parameters-embed.html there, 29 November 2026. Odd things: Amazon's models take one text a call and
count its tokens in the body; Cohere's take 96, must be told what they are for, and their tokens stand in the
head.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .errors import raise_for_body
from .quirks import Quirks
from .request import DEFAULTS, lay_over, to_json
from .served_request import body_of, model_of
from .words import address

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_MOST = {"titan": 1, "cohere": 96}
_PURPOSE = "input_type"
_TOKENS = b"x-amzn-bedrock-input-token-count"


def most_inputs(site: Site) -> int:
    """Texts of one request."""
    quirks: Quirks = site.quirks or DEFAULTS
    return _MOST[quirks.embeddings]


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Bedrock")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if not texts:
        raise InputError("inputs is empty; an embedding needs at least one text")
    if len(texts) != len(request.inputs):
        raise UnsupportedError("this wire embeds texts, not ids of tokens")
    if len(texts) > _MOST[quirks.embeddings]:
        raise UnsupportedError(
            f"inputs holds {len(texts)} texts; one request takes {most_inputs(site)} at most"
        )
    if request.user is not None:
        complaints.cannot("user")
    if request.encoding == "base64":
        complaints.cannot("encoding 'base64'", "numbers travel as text")
    body: dict[str, Any]
    if quirks.embeddings == "titan":
        body, dimensions = {"inputText": texts[0]}, "dimensions"
    else:
        body, dimensions = {"texts": texts, _PURPOSE: "search_document"}, "output_dimension"
        if _PURPOSE not in request.extra:
            complaints.note(
                "advice",
                f'the texts go as documents; for questions pass extra={{"{_PURPOSE}": "search_query"}}',
            )
    if request.dimensions is not None:
        body[dimensions] = request.dimensions
    lay_over(body, request.extra)
    origin, target = address(site, request.model, "invoke")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=with_headers(_HEAD, header_fields(dict(request.headers))),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs, of either maker. Raises ProviderError or WireError."""
    if not 200 <= head.status < 300:
        raise_for_body(head, body, None)
    content = decode(body)
    content = content if isinstance(content, dict) else {}
    found = content.get("embeddings")
    if found is None and "embedding" in content:
        found = [content["embedding"]]
    elif isinstance(found, dict):
        found = found.get("float")
    try:
        vectors = msgspec.convert(found, list[list[float]])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(vectors) != len(request.inputs):
        raise WireError(f"the reply has {len(vectors)} vectors for {len(request.inputs)} inputs")
    told = head.get(_TOKENS)
    count = int(told) if told is not None and told.isdecimal() else content.get("inputTextTokenCount")
    return EmbedResponse(
        vectors=vectors,
        usage=Usage(input_uncached=count if type(count) is int else None),
        model=request.model,
        request_id=request_id(head),
    )


class _Asked(msgspec.Struct):
    inputText: str | None = None  # noqa: N815
    texts: list[str] | None = None
    dimensions: int | None = None
    output_dimension: int | None = None


_asked = msgspec.json.Decoder(_Asked)
_fields = msgspec.json.Decoder(dict[str, Any])
_KNOWN = frozenset(("inputText", "texts", "dimensions", "output_dimension"))


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = body_of(wire)
    try:
        asked = _asked.decode(raw)
        extra = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    if asked.inputText is None and asked.texts is not None and _PURPOSE not in extra:
        raise InputError(f"required key [{_PURPOSE}] not found")
    texts = asked.texts or [] if asked.inputText is None else [asked.inputText]
    if not texts:
        raise InputError("required key [inputText] not found")
    return EmbedRequest(
        model=model_of(wire),
        inputs=tuple(texts),
        dimensions=asked.output_dimension if asked.dimensions is None else asked.dimensions,
        extra=extra,
    )


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of the reply, in the form of the maker who was asked."""
    if _PURPOSE not in request.extra:
        count = response.usage.input or 0
        return msgspec.json.encode({"embedding": response.vectors[0], "inputTextTokenCount": count})
    vectors: Any = response.vectors
    is_typed = "embedding_types" in request.extra
    body = {
        "embeddings": {"float": vectors} if is_typed else vectors,
        "id": response.request_id or "00000000-0000-0000-0000-000000000000",
        "response_type": "embeddings_by_type" if is_typed else "embeddings_floats",
        "texts": request.inputs,
    }
    return msgspec.json.encode(body)
