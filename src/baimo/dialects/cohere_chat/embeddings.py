"""Embeddings, both ways: /v2/embed. The wire wants to know what the texts are for."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, WireHead

from .request import lay_over, to_json
from .served_fields import body_of, decoded
from .usage import decode_billed
from .whole import decode_body
from .words import HEAD, address, head

MOST = 96
"""Texts of one request."""

PURPOSE = "search_document"
"""What texts are for where nobody says."""

_FORMS = ("float", "int8", "uint8", "binary", "ubinary")
"""Forms of vectors that are lists of numbers, best first."""


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Cohere")
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("Cohere takes texts to embed, no ids of tokens")
    if len(texts) > MOST:
        raise UnsupportedError(f"inputs holds {len(texts)} texts; one request takes {MOST} at most")
    body: dict[str, Any] = {
        "model": request.model,
        "input_type": PURPOSE,
        "embedding_types": ["base64" if request.encoding == "base64" else "float"],
        "texts": texts,
    }
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    if request.user is not None:
        complaints.cannot("user")
    if "input_type" not in request.extra:
        complaints.note(
            "advice",
            f"the texts were said to be for {PURPOSE!r}; for a question pass "
            'extra={"input_type": "search_query"}',
        )
    lay_over(body, request.extra)
    origin, target = address(site, "/v2/embed")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(HEAD, request.headers),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    content = decode_body(head, body)
    try:
        vectors = _vectors(content.get("embeddings"))
    except (ValueError, struct.error) as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(vectors) != len(request.inputs):
        raise WireError(f"the reply has {len(vectors)} vectors for {len(request.inputs)} inputs")
    return EmbedResponse(vectors=vectors, usage=decode_billed(content.get("meta")), model=request.model)


def _vectors(found: Any) -> list[list[float]]:
    """The vectors of an object by form, or of a bare list as the older form of the wire has it."""
    if isinstance(found, dict):
        packed = found.get("base64")
        if isinstance(packed, list) and packed:
            return [_unpacked(text) for text in packed]
        found = next((found[form] for form in _FORMS if found.get(form)), None)
    return msgspec.convert(found, list[list[float]])


def _unpacked(text: Any) -> list[float]:
    """Numbers of 32 bits, lowest byte first, in base64."""
    raw = b64decode(text if isinstance(text, str) else "?", validate=True)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


class _Asked(msgspec.Struct):
    model: str
    texts: list[str]
    output_dimension: int | None = None
    embedding_types: list[str] | None = None


_KNOWN = frozenset(("model", "texts", "output_dimension", "embedding_types"))
_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked, extra = decoded(body_of(wire), _asked, _KNOWN)
    if not 1 <= len(asked.texts) <= MOST:
        raise InputError(f"texts: holds {len(asked.texts)}, from 1 to {MOST} are allowed")
    fields = {name: msgspec.json.decode(value) for name, value in extra.items()}
    if not isinstance(fields.get("input_type"), str):
        raise InputError("input_type: is required")
    forms = asked.embedding_types or ["float"]
    if forms not in (["float"], ["base64"]):
        fields["embedding_types"] = forms
    return EmbedRequest(
        model=asked.model,
        inputs=tuple(asked.texts),
        dimensions=asked.output_dimension,
        encoding="base64" if forms == ["base64"] else "float",
        extra=fields,
    )


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply, in each form that was asked for."""
    default = ["base64" if request.encoding == "base64" else "float"]
    forms = request.extra.get("embedding_types", default)
    body = {
        "id": response.request_id or "00000000-0000-0000-0000-000000000000",
        "texts": request.inputs,
        "embeddings": {form: _in_form(form, response.vectors) for form in forms},
        "meta": meta(input_tokens=response.usage.input or 0),
        "response_type": "embeddings_by_type",
    }
    return msgspec.json.encode(body)


def _in_form(form: str, vectors: list[list[float]]) -> list[Any]:
    if form == "base64":
        return [b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for vector in vectors]
    if form == "float":
        return list(vectors)
    raise InputError(f"embedding_types: {form!r} is not made here")


def meta(**billed: int) -> Mapping[str, Any]:
    """Being the provider: what stands beside the answer of an operation."""
    return {"api_version": {"version": "2"}, "billed_units": billed}
