"""Ranking, both ways: /v2/rerank, and the older /v1/rerank for callers."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.wire.http import HttpRequest, WireHead

from .embeddings import meta
from .request import lay_over, to_json
from .served_fields import body_of, decoded
from .usage import decode_billed, searches_of
from .whole import decode_body
from .words import HEAD, address, head

_NO_ID = "00000000-0000-0000-0000-000000000000"


def encode_rerank(request: RerankRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError where there is nothing to rank."""
    if not request.documents:
        raise InputError("documents is empty; there is nothing to rank")
    body: dict[str, Any] = {
        "model": request.model,
        "query": request.query,
        "documents": request.documents,
    }
    if request.top_n is not None:
        body["top_n"] = request.top_n
    lay_over(body, request.extra)
    origin, target = address(site, "/v2/rerank")
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=head(HEAD, request.headers), body=to_json(body)
    )


class _Entry(msgspec.Struct):
    index: int
    relevance_score: float


def decode_rerank(request: RerankRequest, head: WireHead, body: bytes, site: Site) -> RerankResponse:
    """The ranks of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    try:
        entries = msgspec.convert(content.get("results"), list[_Entry])
        results = ranked(request.documents, [(one.index, one.relevance_score) for one in entries])
    except ValueError as error:
        raise WireError(f"the reply is no list of ranks: {error}") from None
    told = content.get("meta")
    return RerankResponse(
        results=results, usage=decode_billed(told), searches=searches_of(told), model=request.model
    )


class _Text(msgspec.Struct):
    text: str


class _Asked(msgspec.Struct):
    query: str
    documents: list[str | _Text]
    model: str = "rerank-english-v2.0"
    """Older callers may leave it out."""
    top_n: int | None = None


_asked = msgspec.json.Decoder(_Asked)


def decode_rerank_request(wire: HttpRequest) -> RerankRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked, extra = decoded(body_of(wire), _asked, frozenset(_Asked.__struct_fields__))
    if not asked.query.strip():
        raise InputError("query: must not be empty or be only whitespace")
    if not asked.documents:
        raise InputError("documents: list of documents must not be empty")
    return RerankRequest(
        model=asked.model,
        query=asked.query,
        documents=tuple([one if isinstance(one, str) else one.text for one in asked.documents]),
        top_n=asked.top_n,
        extra={name: msgspec.json.decode(value) for name, value in extra.items()},
    )


def encode_rerank_response(request: RerankRequest, response: RerankResponse) -> bytes:
    """Being the provider: the body of the reply, with the texts where an older caller asks for them."""
    results = []
    for one in response.results:
        entry: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
        if request.extra.get("return_documents") is True:
            entry["document"] = {"text": one.document}
        results.append(entry)
    searches = 1 if response.searches is None else response.searches
    body = {"id": response.request_id or _NO_ID, "results": results, "meta": meta(search_units=searches)}
    return msgspec.json.encode(body)
