"""Ranking, both ways, as providers of this wire added it: one form, which they owe to Jina and Cohere.

OpenAI itself has none, so a provider's row says where it is. Odd things: ranks stand in `results` or in
`data`, their number is `top_n` or `top_k`, and what it took in `usage`, `tokens` or `meta`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead, header_fields, split_url, with_headers

from .address import address
from .plainrequest import HEAD
from .quirks import Quirks
from .request import lay_over, to_json
from .served_fields import named
from .whole import decode_body

_DEFAULTS = Quirks()


def encode_rerank(request: RerankRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError where the provider is not known to rank."""
    quirks: Quirks = site.quirks or _DEFAULTS
    path = quirks.paths.rerank
    if not path:
        raise UnsupportedError(
            f"{site.provider or 'this provider'} is not known to rank texts",
            hint='Where it does, its row may say so: quirks = { paths = { rerank = "/rerank" } }.',
        )
    if not request.documents:
        raise InputError("documents is empty; there is nothing to rank")
    body: dict[str, Any] = {
        "model": request.model,
        "query": request.query,
        "documents": request.documents,
    }
    if request.top_n is not None:
        body[quirks.renamed.get("top_n", "top_n")] = request.top_n
    lay_over(body, request.extra)
    if path.startswith("//"):
        path, site = path[1:], replace(site, base_url=split_url(site.base_url)[0])
    origin, target = address(site, path, request.model)
    headers = with_headers(HEAD, header_fields(dict(request.headers))) if request.headers else HEAD
    return HttpRequest(method="POST", origin=origin, target=target, headers=headers, body=to_json(body))


class _Entry(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None


def decode_rerank(request: RerankRequest, head: WireHead, body: bytes, site: Site) -> RerankResponse:
    """The ranks of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    content = content if isinstance(content, dict) else {"results": content}
    found = content.get("results", content.get("data"))
    try:
        entries = msgspec.convert(found, list[_Entry])
        results = ranked(request.documents, [(one.index, _score(one)) for one in entries])
    except ValueError as error:
        raise WireError(f"the reply is no list of ranks: {error}") from None
    model = content.get("model")
    return RerankResponse(
        results=results,
        usage=_usage(content),
        model=model if isinstance(model, str) and model else request.model,
    )


def _score(entry: _Entry) -> float:
    score = entry.score if entry.relevance_score is None else entry.relevance_score
    if score is None:
        raise ValueError(f"the place {entry.index} has no score")
    return score


def _usage(content: dict[str, Any]) -> Usage:
    """The tokens that were read, wherever they are told."""
    meta = content.get("meta")
    beside = meta if isinstance(meta, dict) else {}
    places = (content.get("usage"), content.get("tokens"), beside.get("tokens"), beside.get("billed_units"))
    for counts in places:
        for name in ("total_tokens", "prompt_tokens", "input_tokens"):
            told = counts.get(name) if isinstance(counts, dict) else None
            if type(told) is int and told >= 0:
                return Usage(input_uncached=told, raw=Raw(msgspec.json.encode(counts)))
    return Usage()


class _Text(msgspec.Struct):
    text: str


class _Asked(msgspec.Struct):
    model: str
    query: str
    documents: list[str | _Text]
    top_n: int | None = None
    top_k: int | None = None


_KNOWN = frozenset(_Asked.__struct_fields__)
_asked = msgspec.json.Decoder(_Asked)
_fields = msgspec.json.Decoder(dict[str, Any])


def decode_rerank_request(wire: HttpRequest) -> RerankRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = _asked.decode(raw)
        extra = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not asked.documents:
        raise InputError("documents: must hold at least one text")
    return RerankRequest(
        model=asked.model,
        query=asked.query,
        documents=tuple([one if isinstance(one, str) else one.text for one in asked.documents]),
        top_n=asked.top_k if asked.top_n is None else asked.top_n,
        extra=extra,
    )


def encode_rerank_response(request: RerankRequest, response: RerankResponse) -> bytes:
    """Being the provider: the body of the reply, with the texts where they are asked for."""
    results = []
    for one in response.results:
        entry: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
        if request.extra.get("return_documents") is True:
            entry["document"] = {"text": one.document}
        results.append(entry)
    tokens = response.usage.input or 0
    body = {
        "id": response.request_id or "rerank-0",
        "model": response.model or request.model,
        "results": results,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "meta": {"tokens": {"input_tokens": tokens, "output_tokens": 0}},
    }
    return msgspec.json.encode(body)
