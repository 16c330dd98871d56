"""Embeddings of this provider, both ways: one text a call, over HTTP, with a signed address.

Read in the package spark-ai-python 0.4.5. Odd things: what is sent is base64 of JSON inside JSON; the vector
comes as base64 of little-endian 32-bit floats, 2560 of them by common knowledge. That the domain is `para`
for texts that are searched and `query` for questions is told by no document we could read.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Any

import msgspec

from baimo.dialect.jsontext import decode, excerpt
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, WireHead, header_fields, split_url, with_headers

from .complaints import Complaints
from .errors import TABLE, find_refusal, raise_for_body, refusal_of
from .pairs import OFFICIAL, is_whole
from .quirks import Quirks
from .request import UID_MAX, app_id_of, merge, to_json

OFFICIAL_EMBED = "https://emb-cn-huabei-1.xf-yun.com"

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

DOMAINS = {
    "para": "para",
    "query": "query",
    "embedding": "para",
    "embedding-para": "para",
    "embedding-query": "query",
}
"""The domain of each model's name: `para` for texts that are searched, `query` for questions."""


def encode_embed(request: EmbedRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises ConfigError, InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or Quirks()
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Spark")
    header: dict[str, Any] = {"app_id": app_id_of(site), "status": 3}
    if request.user is not None and len(request.user) > UID_MAX:
        complaints.cannot(f"a user's id of more than {UID_MAX} characters")
    elif request.user:
        header["uid"] = request.user
    if request.dimensions is not None:
        complaints.cannot("the number of dimensions")
    if request.encoding == "float":
        complaints.cannot("to send numbers as text")
    domain = _domain(request.model, quirks)
    # ASCII with escapes, as the provider's own package writes what goes into the base64.
    said = json.dumps({"messages": [{"content": _text_of(request), "role": "user"}]})
    body: dict[str, Any] = {
        "header": header,
        "parameter": {"emb": {"domain": domain, "feature": {"encoding": "utf8"}}},
        "payload": {"messages": {"text": b64encode(said.encode()).decode()}},
    }
    merge(body, request.extra)
    origin, target = _address(site, quirks)
    headers = with_headers(_HEAD, header_fields(dict(request.headers))) if request.headers else _HEAD
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def _text_of(request: EmbedRequest) -> str:
    if len(request.inputs) != 1:
        raise UnsupportedError(f"one text a request, not {len(request.inputs)}: ask for each on its own")
    text = request.inputs[0]
    if not isinstance(text, str):
        raise UnsupportedError("Spark takes texts, no token ids")
    return text


def _domain(model: str, quirks: Quirks) -> str:
    domain = quirks.embed_domains.get(model) or DOMAINS.get(model.lower())
    if domain is None:
        known = ", ".join((*quirks.embed_domains, *DOMAINS))
        raise InputError(
            f"Spark has no model {model!r} for embeddings; there is {known}",
            hint='Set quirks.embed_domains = { my-model = "domain" } at the endpoint for another domain.',
        )
    return domain


def _address(site: Site, quirks: Quirks) -> tuple[str, bytes]:
    origin, base = split_url(quirks.embed_url or site.base_url)
    scheme, _, host = origin.partition("://")
    if quirks.embed_url is None and f"wss://{host}" == OFFICIAL:
        return OFFICIAL_EMBED, b"/"
    base = "" if is_whole(base) else base
    return f"{ {'ws': 'http', 'wss': 'https'}.get(scheme, scheme) }://{host}", f"{base}/".encode()


def decode_embed(request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
    """The vector. Raises ProviderError or WireError."""
    if head.status >= 300:
        raise_for_body(head, body)
    reply = decode(body)
    said = find_refusal(reply)
    if said is not None:
        raise refusal_of(said, head, body, TABLE)
    try:
        text, sid = reply["payload"]["feature"]["text"], reply["header"].get("sid")
        return EmbedResponse(vectors=[_numbers(text)], model=request.model, request_id=sid)
    except (KeyError, TypeError, AttributeError):
        raise WireError(f"the reply has no field 'payload.feature.text': {excerpt(body)}") from None


def _numbers(text: str) -> list[float]:
    try:
        data = b64decode(text, validate=True)
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    except (BadBase64, ValueError, struct.error):
        raise WireError("an embedding is no base64 of 32-bit floats") from None


class _Header(msgspec.Struct):
    app_id: str
    uid: str | None = None


class _Emb(msgspec.Struct):
    domain: str


class _Parameter(msgspec.Struct):
    emb: _Emb


class _Messages(msgspec.Struct):
    text: str


class _Payload(msgspec.Struct):
    messages: _Messages


class EmbedBody(msgspec.Struct):
    """The fields that are understood."""

    header: _Header
    parameter: _Parameter
    payload: _Payload


class _Said(msgspec.Struct):
    content: str


class _Inner(msgspec.Struct):
    messages: list[_Said]


_body = msgspec.json.Decoder(EmbedBody)
_inner = msgspec.json.Decoder(_Inner)


def read_body(wire: HttpRequest) -> EmbedBody:
    """A caller's body. Raises InputError."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        return _body.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for embeddings: {error}") from None


def decode_embed_request(wire: HttpRequest) -> EmbedRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    body = read_body(wire)
    try:
        said = _inner.decode(b64decode(body.payload.messages.text, validate=True)).messages
    except (BadBase64, ValueError, RecursionError) as error:
        raise InputError(f"payload.messages.text: is no base64 of messages in JSON: {error}") from None
    return EmbedRequest(
        model=body.parameter.emb.domain,
        inputs=tuple([one.content for one in said]),
        user=body.header.uid,
    )


def encode_embed_response(request: EmbedRequest, response: EmbedResponse) -> bytes:
    """Being the provider: the body of a reply; of several vectors the first."""
    numbers = response.vectors[0]
    feature = {
        "encoding": "utf8",
        "compress": "raw",
        "format": "plain",
        "text": b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode(),
    }
    header = {"code": 0, "message": "success", "sid": response.request_id or "emb00000000@dx0000000000000000"}
    return msgspec.json.encode({"header": header, "payload": {"feature": feature}})
