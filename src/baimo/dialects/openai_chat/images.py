"""Images on this wire, both ways: `/images/generations`, and `/images/edits` where pictures are given.

Read in the types of the official Python package 3.54.0; of SiliconFlow at
https://docs.siliconflow.cn/cn/api-reference/images/images-generations, of Volcengine in
volcengine-python-sdk (`images.generate`), of Zhipu in zai-sdk 0.2.3; 29 November 2026. Odd things: newer
models give bytes and older ones addresses; SiliconFlow says `image_size`, `batch_size` and answers in
`images`; Volcengine takes pictures as addresses in the same request, and tells of a picture that failed in
its place.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.dialect.formats import format_named, media_type_named
from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.notes import Note
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.sniff import media_type_of
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.multipart import FormPart, field

from .errors import find_refusal, raise_refusal
from .posted import DEFAULTS, body_of, form_of, posted, posted_form, there
from .quirks import Quirks
from .served_fields import named
from .whole import decode_body

_SLOTS = ("image", "image2", "image3")


def encode_images(request: ImagesRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    body = _settings(request, quirks, complaints)
    if not request.images or quirks.beside.image_input != "edits":
        body.update(_addresses(request, quirks, complaints))
        path = there(quirks.paths.images, "images", site)
        return posted(site, path, request.model, body, request.headers, request.extra, complaints.notes)
    parts = [field(name, str(value)) for name, value in body.items()]
    name = "image" if len(request.images) == 1 else "image[]"
    parts += [_file(name, image) for image in request.images]
    if request.mask is not None:
        parts.append(_file("mask", request.mask))
    path = there(quirks.paths.edits, "images of others", site)
    return posted_form(site, path, request.model, parts, request.headers, request.extra, complaints.notes)


def _settings(request: ImagesRequest, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """What is asked for besides pictures, under the names that the provider knows."""
    beside = quirks.beside
    wanted = {
        "n": request.n,
        "size": request.size,
        "quality": request.quality,
        "format": request.format,
        "seed": request.seed,
        "negative_prompt": request.negative_prompt,
    }
    body: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
    for name, value in wanted.items():
        if value is None or (name == "n" and value == 1):
            continue
        if name in beside.refused or (name in ("seed", "negative_prompt") and name not in beside.extras):
            complaints.cannot(f"{name} of an image")
            continue
        wire = "output_format" if name == "format" else name
        body[beside.renamed.get(wire, wire)] = value
    return body


def _addresses(request: ImagesRequest, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """Pictures in a JSON body."""
    way = quirks.beside.image_input
    if request.mask is not None:
        complaints.cannot("a mask", "" if request.images else "there is no picture that it is for")
    if not request.images:
        return {}
    most = {"none": 0, "slots": len(_SLOTS)}.get(way)
    if most is not None and len(request.images) > most:
        complaints.cannot(f"{len(request.images)} pictures to start from", f"it takes {most}" if most else "")
    told = [_address(image) for image in request.images[:most]]
    if way == "slots":
        return dict(zip(_SLOTS, told, strict=False))
    return {"image": told[0] if len(told) == 1 else told} if told else {}


def _address(image: Image) -> str:
    if image.url is not None:
        return image.url
    data = _bytes(image)
    return encode_data_url(data, image.media_type or image_type(data))


def _file(name: str, image: Image) -> FormPart:
    data = _bytes(image)
    kind = image.media_type or image_type(data)
    end = format_named(kind) or "png"
    return FormPart(name=name, data=data, filename=f"image.{end}", media_type=kind)


def _bytes(image: Image) -> bytes:
    if image.data is None:
        raise InputError("a picture to start from is sent here by its bytes", hint="Fetch it first.")
    return image.data


class _Details(msgspec.Struct):
    text_tokens: int | None = None
    image_tokens: int | None = None


class _Counts(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None


class _Entry(msgspec.Struct):
    url: str | None = None
    b64_json: str | None = None
    revised_prompt: str | None = None
    error: Any = None


class _Reply(msgspec.Struct):
    data: list[_Entry] | None = None
    images: list[_Entry] | None = None
    created: int | None = None
    output_format: str | None = None
    model: str | None = None


def decode_images(request: ImagesRequest, head: WireHead, body: bytes, site: Site) -> ImagesResponse:
    """The pictures of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    try:
        reply = msgspec.convert(content, _Reply)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply holds no images: {error}") from None
    found = reply.images if reply.data is None else reply.data
    if found is None:
        raise WireError("the reply holds no images")
    made, notes = [], []
    for index, entry in enumerate(found):
        if entry.error is not None:
            refusal = find_refusal({"error": entry.error})
            if refusal is not None and len(found) == 1:
                raise_refusal(refusal, head, body, site.codes)
            told = refusal.message if refusal is not None else "no reason"
            notes.append(Note(code="image_failed", message=f"image {index} was not made: {told}"))
        else:
            made.append(_made(entry, reply.output_format))
    return ImagesResponse(
        images=tuple(made),
        usage=_usage(content.get("usage")),
        created=reply.created,
        model=reply.model or request.model,
        notes=tuple(notes),
    )


def _made(entry: _Entry, format: str | None) -> MadeImage:
    data: bytes | None = None
    if entry.b64_json:
        try:
            data = b64decode(entry.b64_json, validate=True)
        except (BadBase64, ValueError):
            raise WireError("an image is no base64") from None
    elif not entry.url:
        raise WireError("an image has neither bytes nor an address")
    kind = media_type_named(format) if format else None
    return MadeImage(
        bytes=data,
        url=entry.url or None,
        media_type=media_type_of(data) or kind if data is not None else kind,
        revised_prompt=entry.revised_prompt or None,
    )


def _usage(told: Any) -> Usage:
    """Tokens of words and of pictures apart, where they are told so."""
    try:
        counts = msgspec.convert(told, _Counts)
    except msgspec.ValidationError:
        return Usage()
    given, gone = counts.input_tokens_details, counts.output_tokens_details
    return Usage(
        input_uncached=counts.input_tokens if given is None else given.text_tokens,
        image_in=None if given is None else given.image_tokens,
        image_out=counts.output_tokens if gone is None else gone.image_tokens,
        output_visible=None if gone is None else gone.text_tokens,
        raw=Raw(msgspec.json.encode(told)),
    )


class _Asked(msgspec.Struct):
    model: str
    prompt: str
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    output_format: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    image: str | list[str] | None = None


_KNOWN = frozenset(_Asked.__struct_fields__)


def decode_images_request(wire: HttpRequest) -> ImagesRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    images: tuple[Image, ...] = ()
    mask: Image | None = None
    try:
        if wire.target.partition(b"?")[0].endswith(b"/edits"):
            fields, images, mask = _from_form(form_of(wire))
            asked = msgspec.convert(fields, _Asked, strict=False)
        else:
            fields = msgspec.json.decode(body_of(wire), type=dict[str, Any])
            asked = msgspec.convert(fields, _Asked)
            given = [asked.image] if isinstance(asked.image, str) else asked.image or []
            images = tuple([Image(url=one) for one in given])
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    return ImagesRequest(
        model=asked.model,
        prompt=asked.prompt,
        images=images,
        mask=mask,
        n=asked.n,
        size=asked.size,
        quality=asked.quality,
        seed=asked.seed,
        negative_prompt=asked.negative_prompt,
        format=asked.output_format,
        extra={name: value for name, value in fields.items() if name not in _KNOWN},
    )


def _from_form(parts: list[FormPart]) -> tuple[dict[str, Any], tuple[Image, ...], Image | None]:
    """Fields, pictures and mask. Raises InputError where there is no picture."""
    fields: dict[str, Any] = {}
    images: list[Image] = []
    mask: Image | None = None
    for part in parts:
        name = part.name.removesuffix("[]")
        if name == "image":
            images.append(Image(data=part.data, media_type=part.media_type))
        elif name == "mask":
            mask = Image(data=part.data, media_type=part.media_type)
        else:
            fields[name] = part.data.decode("utf-8", "replace")
    if not images:
        raise InputError("image: is required")
    return fields, tuple(images), mask


def encode_images_response(request: ImagesRequest, response: ImagesResponse) -> bytes:
    """Being the provider: the body of the reply."""
    data = []
    for made in response.images:
        entry: dict[str, Any] = {}
        if made.bytes is not None:
            entry["b64_json"] = b64encode(made.bytes).decode()
        if made.url is not None:
            entry["url"] = made.url
        if made.revised_prompt is not None:
            entry["revised_prompt"] = made.revised_prompt
        data.append(entry)
    body: dict[str, Any] = {"created": response.created or 0, "data": data}
    kinds = [made.media_type for made in response.images if made.media_type is not None]
    if kinds and (format := format_named(kinds[0])) is not None:
        body["output_format"] = format
    usage = response.usage
    if usage.total is not None:
        words, pictures = usage.input_uncached or 0, usage.image_in or 0
        body["usage"] = {
            "input_tokens": words + pictures,
            "input_tokens_details": {"text_tokens": words, "image_tokens": pictures},
            "output_tokens": usage.output or 0,
            "total_tokens": usage.total,
        }
    return msgspec.json.encode(body)
