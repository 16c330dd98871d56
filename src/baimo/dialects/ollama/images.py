"""Pictures, both ways: /api/generate with a model that draws.

Read in the server's documentation (https://github.com/ollama/ollama/blob/main/docs/api.md, experimental) and
in the official Python package 0.6.3, 29 November 2026. Odd things: nothing in the request says that a picture
is wanted, the model tells it; width and height stand beside the options and the seed among them; a stream
tells how many steps are done, and its last line has the picture, which is a PNG.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import ProviderError, WireError
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.sniff import media_type_of
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, header_fields, with_headers

from .request import lay_over, to_json
from .served_request import asked_beside
from .whole import decode_body
from .words import address, decode_time, encode_time

_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_PIXELS = re.compile(r"(\d+)x(\d+)")
_STEPS = 4
"""Steps that a simulated stream tells of where the caller names no number."""


def encode_images(request: ImagesRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError; what else the model takes (`steps`) goes by `extra`."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Ollama")
    for name in ("quality", "mask", "format", "negative_prompt"):
        if getattr(request, name) is not None:
            complaints.cannot(f"the {name} of an image")
    if request.images:
        complaints.cannot("pictures to start from")
    if request.n is not None and request.n != 1:
        complaints.cannot(f"to make {request.n} images", "it makes one a call")
    body: dict[str, Any] = {"model": request.model, "prompt": request.prompt, "stream": False}
    if request.size is not None:
        found = _PIXELS.fullmatch(request.size)
        if found is None:
            complaints.cannot(f"the size {request.size!r} of an image", "it takes pixels (1024x768)")
        else:
            body["width"], body["height"] = int(found[1]), int(found[2])
    if request.seed is not None:
        body["options"] = {"seed": request.seed}
    lay_over(body, request.extra)
    origin, target = address(site, "/api/generate")
    headers = with_headers(_HEAD, header_fields(dict(request.headers))) if request.headers else _HEAD
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def decode_images(request: ImagesRequest, head: WireHead, body: bytes, site: Site) -> ImagesResponse:
    """The picture of a reply, of one that was streamed too.

    Raises ProviderError for a refusal and where no picture came, WireError for what is neither.
    """
    if head.media_type == "application/x-ndjson":
        body = body.strip().rpartition(b"\n")[2]
    content = decode_body(head, body, site.codes)
    told, model = content.get("image"), content.get("model")
    if not isinstance(told, str) or not told:
        raise ProviderError(
            "no image was made: the model answered with words"
            if content.get("response")
            else "no image was made",
            status=head.status,
            hint="Is it a model that draws, such as x/z-image-turbo?",
        )
    try:
        data = b64decode(told, validate=True)
    except (BadBase64, ValueError):
        raise WireError("an image is no base64") from None
    return ImagesResponse(
        images=(MadeImage(bytes=data, media_type=media_type_of(data)),),
        created=decode_time(content.get("created_at")),
        model=model if isinstance(model, str) and model else request.model,
    )


class _Options(msgspec.Struct):
    seed: int | None = None


class _Asked(msgspec.Struct):
    model: str
    prompt: str = ""
    width: int | None = None
    height: int | None = None
    options: _Options | None = None
    stream: bool | None = None
    steps: int | None = None


_KNOWN = frozenset(("model", "prompt", "width", "height", "options", "stream"))
_asked = msgspec.json.Decoder(_Asked)


def decode_images_request(wire: HttpRequest) -> ImagesRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    asked, extra = asked_beside(wire, _asked, _KNOWN)
    extra["stream"] = asked.stream is not False
    return ImagesRequest(
        model=asked.model,
        prompt=asked.prompt,
        size=f"{asked.width}x{asked.height}" if asked.width and asked.height else None,
        seed=asked.options.seed if asked.options is not None else None,
        extra=extra,
    )


def encode_images_response(request: ImagesRequest, response: ImagesResponse) -> bytes:
    """Being the provider: the body of the reply; where a stream is wanted, the steps and then the picture."""
    base = {"model": response.model or request.model, "created_at": encode_time(response.created)}
    made = response.images[0].bytes if response.images else None
    last = {**base, "image": b64encode(made or b"").decode(), "done": True, "done_reason": "stop"}
    if request.extra.get("stream") is not True:
        return msgspec.json.encode(last)
    steps = request.extra.get("steps", _STEPS)
    lines: list[dict[str, Any]] = [
        {**base, "completed": step, "total": steps, "done": False} for step in range(1, steps + 1)
    ]
    return b"".join([msgspec.json.encode(line) + b"\n" for line in [*lines, last]])
