"""GetEmbedding, both ways: texts to vectors of 1,024 numbers. The wire names no model, there is one."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .address import EMBED, address, head
from .errors import decode_whole, request_id, request_id_of
from .request import lay_over, to_json

MOST = 50
"""Texts of one request."""

DIMENSIONS = 1024
MODEL = "hunyuan-embedding"


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("the embeddings of hunyuan take texts, not ids of tokens")
    if len(texts) > MOST:
        raise UnsupportedError(f"inputs holds {len(texts)} texts; one request takes {MOST} at most")
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    if request.dimensions not in (None, DIMENSIONS):
        complaints.cannot(f"{request.dimensions} dimensions", f"its vectors have {DIMENSIONS}")
    if request.user is not None:
        complaints.cannot("user")
    if request.encoding == "base64":
        complaints.cannot("encoding 'base64'", "numbers travel as text")
    body: dict[str, Any] = {"Input": texts[0]} if len(texts) == 1 else {"InputList": texts}
    lay_over(body, request.extra)
    origin, target = address(site)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(site, EMBED, dict(request.headers)),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


class _Entry(msgspec.Struct, rename="pascal"):
    embedding: list[float]
    index: int | None = None


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    reply = decode_whole(head, body)
    try:
        entries = msgspec.convert(reply.get("Data"), list[_Entry])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(entries) != len(request.inputs):
        raise WireError(f"the reply's 'Data' has {len(entries)} vectors for {len(request.inputs)} inputs")
    vectors: dict[int, list[float]] = {}
    for number, entry in enumerate(entries):
        place = number if entry.index is None else entry.index
        if not 0 <= place < len(entries) or place in vectors:
            raise WireError(f"the reply's 'Data[{number}].Index' is {place}, twice or out of range")
        vectors[place] = entry.embedding
    counts = reply.get("Usage")
    tokens = counts.get("PromptTokens") if isinstance(counts, dict) else None
    return EmbedResponse(
        vectors=[vectors[place] for place in range(len(entries))],
        usage=Usage(input_uncached=tokens if isinstance(tokens, int) else None),
        model=request.model,
        request_id=request_id(head) or request_id_of(reply),
    )


class _Asked(msgspec.Struct, rename="pascal"):
    input: str | None = None
    input_list: list[str] | None = None


_asked = msgspec.json.Decoder(_Asked)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    inputs = asked.input_list or ([asked.input] if asked.input else [])
    if not inputs:
        raise InputError("Input: a text, or texts in InputList, is required")
    if len(inputs) > MOST:
        raise InputError(f"InputList: holds {len(inputs)} texts, {MOST} are the most")
    return EmbedRequest(model=MODEL, inputs=tuple(inputs))


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply."""
    tokens = response.usage.input or 0
    reply = {
        "Data": [
            {"Embedding": vector, "Index": index, "Object": "embedding"}
            for index, vector in enumerate(response.vectors)
        ],
        "Usage": {"PromptTokens": tokens, "TotalTokens": tokens},
        "RequestId": response.request_id or "00000000-0000-0000-0000-000000000000",
    }
    return msgspec.json.encode({"Response": reply})
