"""Embeddings, both ways: batchEmbedContents, embedContent for one text, and the predict of Vertex AI."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .errors import decode_body
from .parts import laid_over
from .quirks import Quirks
from .request import DEFAULTS, headers, to_json
from .served_request import body_fields, list_at, model_of, object_at
from .usage import decode_usage
from .words import address, camel, resource

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

METHOD = "$method"
"""In `extra` of a served request: the method by which it came, so that its reply has that form."""

_METHODS = {"batch": "batchEmbedContents", "content": "embedContent", "predict": "predict"}


_MOST = {"batch": 100, "content": 1, "predict": 250}
"""Texts of one request, by its form: Google says so when there are more, and for Vertex AI at
https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings (28 November 2026)."""


def most_inputs(model: str, site: Site) -> int:
    """Texts of one request; `gemini-embedding-001` takes one by `predict`."""
    quirks: Quirks = site.quirks or DEFAULTS
    if quirks.embed_form == "predict" and model.endswith("gemini-embedding-001"):
        return 1
    return _MOST[quirks.embed_form]


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. `extra` goes into each text's own request: `taskType`, `title`."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Gemini")
    if not request.inputs:
        raise InputError("inputs is empty; an embedding needs at least one text")
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) != len(request.inputs):
        raise UnsupportedError("Gemini takes texts to embed, no token ids")
    if request.dimensions is not None and request.dimensions < 1:
        raise UnsupportedError(f"dimensions is {request.dimensions}; it must be 1 or more")
    if request.user is not None:
        complaints.cannot("user")
    if request.encoding == "base64":
        complaints.cannot("to send vectors in base64")
    extra = {name: value for name, value in request.extra.items() if name != METHOD}
    origin, target = address(site, request.model, _METHODS[quirks.embed_form])
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers(_HEAD, request.headers),
        body=to_json(_body(request, texts, quirks, extra)),
        notes=tuple(complaints.notes),
    )


def _body(request: EmbedRequest, texts: list[str], quirks: Quirks, extra: dict[str, Any]) -> dict[str, Any]:
    if quirks.embed_form == "predict":
        extra = {_SNAKE.get(name, name): value for name, value in extra.items()}
        body: dict[str, Any] = {"instances": [{"content": text, **extra} for text in texts]}
        if request.dimensions is not None:
            body["parameters"] = {"outputDimensionality": request.dimensions}
        return body
    sizes = {} if request.dimensions is None else {"outputDimensionality": request.dimensions}
    name = resource(request.model)
    each = [
        laid_over({"model": name, "content": {"parts": [{"text": text}]}, **sizes}, extra) for text in texts
    ]
    if quirks.embed_form == "batch":
        return {"requests": each}
    if len(each) != 1:
        raise UnsupportedError("this model takes one text a call", hint="Embed them one by one.")
    return each[0]


_SNAKE = {"taskType": "task_type"}


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vectors in the order of the inputs. Raises ProviderError or WireError."""
    content = decode_body(head, body)
    found = content.get("embeddings")
    if "embedding" in content:
        found = [content["embedding"]]
    usage = content.get("usageMetadata")
    counted = decode_usage(usage) if isinstance(usage, dict) else Usage()
    if "predictions" in content:
        found, counted = _predicted(content["predictions"])
    entries = found if isinstance(found, list) else []
    values = [entry.get("values") if isinstance(entry, dict) else None for entry in entries]
    try:
        vectors = msgspec.convert(values, list[list[float]])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no list of embeddings: {error}") from None
    if len(vectors) != len(request.inputs):
        raise WireError(f"the reply has {len(vectors)} vectors for {len(request.inputs)} inputs")
    return EmbedResponse(vectors=vectors, usage=counted, model=request.model)


def _predicted(predictions: Any) -> tuple[list[Any], Usage]:
    """Vectors and usage as the predict of Vertex AI tells them."""
    found: list[Any] = []
    count = 0
    for one in predictions if isinstance(predictions, list) else ():
        entry = one.get("embeddings") if isinstance(one, dict) else None
        told = entry.get("statistics") if isinstance(entry, dict) else None
        tokens = told.get("token_count") if isinstance(told, dict) else None
        count += int(tokens) if isinstance(tokens, (int, float)) else 0
        found.append(entry)
    return found, Usage(input_uncached=count or None)


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    model, method = model_of(wire)
    body = body_fields(wire)
    extra: dict[str, Any] = {METHOD: method}
    if method == "predict":
        entries = [object_at(one, "instances") for one in list_at(body.get("instances"), "instances")]
        texts = [entry.get("content") for entry in entries]
        settings = body.get("parameters")
        sizes: Any = camel(settings).get("outputDimensionality") if isinstance(settings, dict) else None
    else:
        one_by_one = list_at(body.get("requests"), "requests") if method == "batchEmbedContents" else [body]
        entries = [object_at(one, f"requests[{index}]") for index, one in enumerate(one_by_one)]
        texts = [_text(entry.get("content")) for entry in entries]
        sizes = entries[0].get("outputDimensionality") if entries else None
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InputError("content: is required")
    for name in ("taskType", "title"):
        if entries[0].get(name) is not None:
            extra[name] = entries[0][name]
    return EmbedRequest(
        model=model,
        inputs=tuple([str(text) for text in texts]),
        dimensions=sizes if type(sizes) is int else None,
        extra=extra,
    )


def _text(content: Any) -> str | None:
    """The text of a content; several parts give one vector."""
    if isinstance(content, str):
        return content
    parts = content.get("parts") if isinstance(content, dict) else None
    texts = [part.get("text") for part in list_at(parts, "content.parts") if isinstance(part, dict)]
    said = [text for text in texts if isinstance(text, str)]
    return "\n".join(said) if said else None


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply, in the form that was asked for."""
    method = request.extra.get(METHOD)
    if method == "predict":
        share = (response.usage.input or 0) // max(1, len(response.vectors))
        told = {"token_count": share, "truncated": False}
        entries = [{"embeddings": {"values": one, "statistics": told}} for one in response.vectors]
        return msgspec.json.encode({"predictions": entries})
    values = [{"values": vector} for vector in response.vectors]
    body: dict[str, Any] = {"embedding": values[0]} if method == "embedContent" else {"embeddings": values}
    if response.usage.input is not None:
        body["usageMetadata"] = {"promptTokenCount": response.usage.input}
    return msgspec.json.encode(body)
