"""Embeddings on this wire, both ways."""

from __future__ import annotations

import array
import sys
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Any, Literal

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead, header_fields, with_headers

from .address import address
from .quirks import Quirks
from .request import lay_over, to_json
from .whole import decode_body

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Numbers travel as text unless base64 was asked for."""
    quirks: Quirks = site.quirks or Quirks()
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    body: dict[str, Any] = {"model": request.model, "input": request.inputs}
    if request.dimensions is not None:
        if request.dimensions < 1:
            raise UnsupportedError(f"dimensions is {request.dimensions}; it must be 1 or more")
        body["dimensions"] = request.dimensions
    if request.user is not None:
        body["user"] = request.user
    if request.encoding is not None:
        body["encoding_format"] = request.encoding
    if quirks.renamed:
        body = {quirks.renamed.get(name, name): value for name, value in body.items()}
    lay_over(body, request.extra)
    origin, target = address(site, quirks.paths.embed, request.model)
    headers = with_headers(_HEAD, header_fields(dict(request.headers))) if request.headers else _HEAD
    return HttpRequest(method="POST", origin=origin, target=target, headers=headers, body=to_json(body))


class _Entry(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Counts(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Reply(msgspec.Struct):
    data: list[_Entry]
    model: str | None = None
    usage: _Counts | None = None


_reply = msgspec.json.Decoder(_Reply)


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    decode_body(head, body)
    try:
        reply = _reply.decode(body.strip())
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(reply.data) != len(request.inputs):
        raise WireError(f"the reply's 'data' has {len(reply.data)} vectors for {len(request.inputs)} inputs")
    vectors: list[list[float] | None] = [None] * len(reply.data)
    for number, entry in enumerate(reply.data):
        place = number if entry.index is None else entry.index
        if not 0 <= place < len(vectors) or vectors[place] is not None:
            raise WireError(f"the reply's 'data[{number}].index' is {place}, twice or out of range")
        vectors[place] = (
            entry.embedding if isinstance(entry.embedding, list) else from_base64(entry.embedding)
        )
    counts = None
    if (told := reply.usage) is not None:
        counts = told.total_tokens if told.prompt_tokens is None else told.prompt_tokens
    return EmbedResponse(
        vectors=[vector for vector in vectors if vector is not None],
        usage=Usage(input_uncached=counts),
        model=reply.model or request.model,
    )


def from_base64(text: str) -> list[float]:
    """Numbers from little-endian 32-bit floats in base64."""
    try:
        numbers = array.array("f", b64decode(text, validate=True))
    except (BadBase64, ValueError):
        raise WireError("an embedding is no base64 of 32-bit floats") from None
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


def to_base64(vector: list[float]) -> str:
    """Numbers as little-endian 32-bit floats in base64."""
    numbers = array.array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode()


class _Asked(msgspec.Struct):
    model: str
    input: str | list[str | int | list[int]]
    dimensions: int | None = None
    user: str | None = None
    encoding_format: Literal["float", "base64"] | None = None


_asked = msgspec.json.Decoder(_Asked)
_fields = msgspec.json.Decoder(dict[str, Any])


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
        extra = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None
    return EmbedRequest(
        model=asked.model,
        inputs=_inputs(asked.input),
        dimensions=asked.dimensions,
        user=asked.user,
        encoding=asked.encoding_format,
        extra=extra,
    )


_KNOWN = frozenset(_Asked.__struct_fields__)


def _inputs(given: str | list[str | int | list[int]]) -> tuple[str, ...] | tuple[tuple[int, ...], ...]:
    """A text, texts, the ids of one text, or of several: one kind at a time."""
    if isinstance(given, str):
        return (given,)
    texts = [item for item in given if isinstance(item, str)]
    ids = [item for item in given if isinstance(item, int)]
    lists = [tuple(item) for item in given if isinstance(item, list)]
    if not given or len(given) not in (len(texts), len(ids), len(lists)):
        raise InputError("input: must be a text, texts, token ids or lists of token ids, and not empty")
    if texts:
        return tuple(texts)
    return tuple(lists) if lists else (tuple(ids),)


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply, numbers as the caller asked."""
    packed = request.encoding == "base64"
    tokens = response.usage.input or 0
    body = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": to_base64(vector) if packed else vector}
            for index, vector in enumerate(response.vectors)
        ],
        "model": response.model or request.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return msgspec.json.encode(body)
