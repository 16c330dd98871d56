"""Embeddings on this wire, both ways: texts to vectors of 1,536 numbers.

Read in langchain-community's `MiniMaxEmbeddings`, November 2026. Odd things: the texts are for a store (`db`)
or questions to it (`query`), which makes other vectors: `extra={"type": "query"}` says so.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from baimo.dialect import status
from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .errors import decode_whole
from .request import EMBED, wire_request


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("the embeddings of minimax take texts, not ids of tokens")
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    for name in ("dimensions", "user"):
        if getattr(request, name) is not None:
            complaints.cannot(name)
    if request.encoding == "base64":
        complaints.cannot("encoding 'base64'", "numbers travel as text")
    body: dict[str, Any] = {"model": request.model, "texts": texts, "type": "db"}
    return wire_request(site, EMBED, body, request.extra, request.headers, complaints)


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    reply = decode_whole(head, body)
    try:
        vectors = msgspec.convert(reply.get("vectors"), list[list[float]])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(vectors) != len(request.inputs):
        raise WireError(f"the reply's 'vectors' has {len(vectors)} for {len(request.inputs)} inputs")
    tokens = reply.get("total_tokens")
    return EmbedResponse(
        vectors=vectors,
        usage=Usage(input_uncached=tokens if type(tokens) is int else None),
        model=request.model,
        request_id=status.request_id(head),
    )


class _Asked(msgspec.Struct):
    model: str
    texts: list[str]
    type: Literal["db", "query"] = "db"


_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    if not asked.texts:
        raise InputError("texts: is empty")
    extra = {"type": asked.type} if asked.type != "db" else {}
    return EmbedRequest(model=asked.model, inputs=tuple(asked.texts), extra=extra)


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply."""
    reply = {
        "vectors": response.vectors,
        "total_tokens": response.usage.input or 0,
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }
    return msgspec.json.encode(reply)
