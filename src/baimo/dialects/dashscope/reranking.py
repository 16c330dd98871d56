"""Ranking of texts, both ways.

Read in the package dashscope 2.0.2 (`rerank/text_rerank.py`) and at
https://www.alibabacloud.com/help/en/model-studio/text-rerank-api, 29 November 2026. Odd things: without
`top_n` all texts come back; the texts themselves come only where they are asked for, as `{"text": …}`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, WireError
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .address import RERANK, address, head
from .errors import decode_whole, request_id_of
from .request import lay_over, to_json

_RETURNED = "return_documents"


def encode_rerank(request: RerankRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError where there is nothing to rank."""
    if not request.documents:
        raise InputError("documents is empty; there is nothing to rank")
    parameters = {} if request.top_n is None else {"top_n": request.top_n}
    asked = {"query": request.query, "documents": request.documents}
    body: dict[str, Any] = {"model": request.model, "input": asked, "parameters": parameters}
    lay_over(body, request.extra)
    origin, target = address(site, RERANK)
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=head(dict(request.headers)), body=to_json(body)
    )


class _Entry(msgspec.Struct):
    index: int
    relevance_score: float


def decode_rerank(request: RerankRequest, head: WireHead, body: bytes, site: Site) -> RerankResponse:
    """The ranks of a whole reply. Raises ProviderError or WireError."""
    reply = decode_whole(head, body, site.codes)
    try:
        entries = msgspec.convert(reply["output"].get("results"), list[_Entry])
        results = ranked(request.documents, [(one.index, one.relevance_score) for one in entries])
    except ValueError as error:
        raise WireError(f"the reply is no list of ranks: {error}") from None
    counts = reply.get("usage")
    tokens = counts.get("total_tokens") if isinstance(counts, dict) else None
    return RerankResponse(
        results=results,
        usage=Usage(input_uncached=tokens if type(tokens) is int else None),
        model=request.model,
        request_id=request_id_of(reply) or request_id(head),
    )


class _Text(msgspec.Struct):
    text: str


class _Input(msgspec.Struct):
    query: str
    documents: list[str | _Text]


class _Parameters(msgspec.Struct):
    top_n: int | None = None


class _Asked(msgspec.Struct):
    model: str
    input: _Input
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


_asked = msgspec.json.Decoder(_Asked)


def decode_rerank_request(wire: HttpRequest) -> RerankRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
        told: dict[str, Any] = msgspec.json.decode(raw).get("parameters") or {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for ranks: {error}") from None
    if not asked.input.documents:
        raise InputError("input.documents: a text is required")
    more = {name: value for name, value in told.items() if name != "top_n"}
    return RerankRequest(
        model=asked.model,
        query=asked.input.query,
        documents=tuple([one if isinstance(one, str) else one.text for one in asked.input.documents]),
        top_n=asked.parameters.top_n,
        extra={"parameters": more} if more else {},
    )


def encode_rerank_response(request: RerankRequest, response: RerankResponse) -> bytes:
    """Being the provider: the body of the reply, with the texts where they are asked for."""
    with_texts = request.extra.get("parameters", {}).get(_RETURNED) is True
    results: list[dict[str, Any]] = []
    for one in response.results:
        entry: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
        if with_texts:
            entry["document"] = {"text": one.document}
        results.append(entry)
    reply = {
        "output": {"results": results},
        "usage": {"total_tokens": response.usage.input or 0},
        "request_id": response.request_id or "00000000-0000-0000-0000-000000000000",
    }
    return msgspec.json.encode(reply)
