"""Pictures on this wire, both ways: answers of models that draw, and the predict of Imagen.

Read at https://ai.google.dev/gemini-api/docs/image-generation, in google-genai 3.4.0 and at
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api, 29 November 2026. Odd
things: a model that draws makes one picture a call, and may draw some while it thinks; a shape is told as
`16:9` and a size as `2K`, never in pixels; Imagen leaves pictures that its filters took out of its answer
unless it is asked to say why, and was shut down at the Gemini API on 17 August 2026.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from baimo.dialect import status
from baimo.dialect.complaints import Complaints
from baimo.dialect.formats import format_named, media_type_named
from baimo.dialect.protocols import Site
from baimo.errors import ContentFilteredError, InputError, ProviderError, WireError
from baimo.notes import Note
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.sniff import media_type_of
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .answered import block_of, blocked, candidates_of, end_of, failed, parts_of
from .embeddings import METHOD
from .errors import REQUEST_ID, decode_body
from .media import bytes_of, decode_media, encode_media
from .parts import laid_over
from .quirks import Quirks
from .reply import decode_time
from .request import DEFAULTS, files_of, headers, to_json
from .served_request import body_fields, list_at, model_of, object_at
from .usage import decode_usage, encode_usage
from .words import address, camel

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_SHAPE = r"\d+:\d+"
_SIZE = r"(?i)\d+(?:\.\d+)?K|512(?:px)?"
_NOTHING = "no image was made"


def encode_images(request: ImagesRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Gemini")
    for name, value in (("quality", request.quality), ("mask", request.mask)):
        if value is not None:
            complaints.cannot(f"the {name} of an image")
    for name in ("format", "seed", "negative_prompt"):
        if getattr(request, name) is not None and name not in quirks.image_words:
            complaints.cannot(f"the {name} of an image")
    if quirks.images == "predict":
        body, method = _prediction(request, quirks, complaints), "predict"
    else:
        body, method = _drawing(request, site, quirks, complaints), "generateContent"
    extra = {name: value for name, value in request.extra.items() if name != METHOD}
    origin, target = address(site, request.model, method)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers(_HEAD, request.headers),
        body=to_json(laid_over(body, extra)),
        notes=tuple(complaints.notes),
    )


def _drawing(request: ImagesRequest, site: Site, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """The body for a model that draws: the pictures to start from, then the words."""
    if request.n is not None and request.n != 1:
        complaints.cannot(f"to make {request.n} images", "it makes one a call")
    given = [encode_media(image, files_of(site), quirks, complaints) for image in request.images]
    parts: list[Any] = [part for part in given if part is not None]
    settings: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    shown = _shape(request.size, "aspectRatio", "imageSize", complaints)
    if kind := _kind(request, quirks, complaints):
        shown["imageOutputOptions"] = {"mimeType": kind}
    if shown:
        settings["imageConfig"] = shown
    if request.seed is not None and "seed" in quirks.image_words:
        settings["seed"] = request.seed
    contents = [{"role": "user", "parts": [*parts, {"text": request.prompt}]}]
    return {"contents": contents, "generationConfig": settings}


def _prediction(request: ImagesRequest, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """The body for Imagen, which is asked to say why it leaves a picture out."""
    if request.images:
        complaints.cannot("pictures to start from", "this model takes none")
    parameters: dict[str, Any] = {"sampleCount": request.n or 1, "includeRaiReason": True}
    parameters |= _shape(request.size, "aspectRatio", "sampleImageSize", complaints)
    if kind := _kind(request, quirks, complaints):
        parameters["outputOptions"] = {"mimeType": kind}
    for name, wire in (("seed", "seed"), ("negative_prompt", "negativePrompt")):
        value = getattr(request, name)
        if value is not None and name in quirks.image_words:
            parameters[wire] = value
    return {"instances": [{"prompt": request.prompt}], "parameters": parameters}


def _shape(size: str | None, shape_field: str, size_field: str, complaints: Complaints) -> dict[str, Any]:
    """A shape, a size, or both with a space between."""
    told: dict[str, Any] = {}
    for word in (size or "").split():
        if re.fullmatch(_SHAPE, word):
            told[shape_field] = word
        elif re.fullmatch(_SIZE, word):
            told[size_field] = word.upper().removesuffix("PX")
        else:
            complaints.cannot(
                f"the size {word!r} of an image", "it takes a shape (16:9), a size (2K), or both (16:9 2K)"
            )
    return told


def _kind(request: ImagesRequest, quirks: Quirks, complaints: Complaints) -> str | None:
    """The media type of the format that is asked for."""
    if request.format is None or "format" not in quirks.image_words:
        return None
    kind = media_type_named(request.format)
    if kind is None:
        complaints.cannot(f"the format {request.format!r} of an image")
    return kind


def decode_images(request: ImagesRequest, head: WireHead, body: bytes, site: Site) -> ImagesResponse:
    """The pictures of a whole reply.

    Raises ProviderError for a refusal and where nothing was made (ContentFilteredError where a filter is the
    reason), WireError for what is neither.
    """
    content = decode_body(head, body, site.codes)
    quirks: Quirks = site.quirks or DEFAULTS
    if quirks.images == "predict":
        return _predicted(request, content, head)
    return _drawn(request, content, head)


def _drawn(request: ImagesRequest, content: dict[str, Any], head: WireHead) -> ImagesResponse:
    """The pictures of an answer; words that stand beside them are passed over."""
    block = block_of(content)
    if block is not None:
        raise blocked(block, head)
    made: list[MadeImage] = []
    notes: list[Note] = []
    end: tuple[str, str] | None = None
    for index, candidate in enumerate(candidates_of(content)):
        found = [image for part in parts_of(candidate) if (image := _image(part)) is not None]
        made += found
        if not found:
            end = end_of(candidate)
            notes.append(_lost(index, end[0] if end else "no reason"))
    if not made:
        raise failed(_NOTHING, end, head)
    model, counts = content.get("modelVersion"), content.get("usageMetadata")
    return ImagesResponse(
        images=tuple(made),
        usage=decode_usage(counts) if isinstance(counts, dict) else Usage(),
        created=decode_time(content.get("createTime")),
        model=model if isinstance(model, str) and model else request.model,
        notes=tuple(notes),
    )


def _image(part: dict[str, Any]) -> MadeImage | None:
    """The picture that a part is; None for another part. Raises WireError for base64 that is none."""
    try:
        found = decode_media(part)
    except ValueError as error:
        raise WireError(f"an image {error}") from None
    image, data = found or (None, b"")
    if not isinstance(image, Image):
        return None
    return MadeImage(bytes=data or None, url=image.url, media_type=media_type_of(data) or image.media_type)


def _predicted(request: ImagesRequest, content: dict[str, Any], head: WireHead) -> ImagesResponse:
    """The pictures of Imagen, and why others are not among them."""
    predictions = content.get("predictions")
    made: list[MadeImage] = []
    lost: list[tuple[int, str]] = []
    for index, one in enumerate(predictions if isinstance(predictions, list) else ()):
        if not isinstance(one, dict):
            continue
        reason = one.get("raiFilteredReason")
        if isinstance(reason, str) and reason:
            lost.append((index, reason))
        elif one.get("bytesBase64Encoded") or one.get("gcsUri"):
            made.append(_prediction_image(one))
    if not made:
        kind = ContentFilteredError if lost else ProviderError
        raise kind(
            f"{_NOTHING}: {lost[0][1] if lost else 'no reason is told'}",
            status=head.status,
            request_id=status.request_id(head) or head.get(REQUEST_ID),
        )
    notes = tuple([_lost(index, reason) for index, reason in lost])
    return ImagesResponse(images=tuple(made), model=request.model, notes=notes)


def _prediction_image(one: dict[str, Any]) -> MadeImage:
    kind, prompt, place = one.get("mimeType"), one.get("prompt"), one.get("gcsUri")
    try:
        data = bytes_of(one.get("bytesBase64Encoded"))
    except ValueError as error:
        raise WireError(f"an image {error}") from None
    return MadeImage(
        bytes=data or None,
        url=place if isinstance(place, str) else None,
        media_type=media_type_of(data) or (kind if isinstance(kind, str) else None),
        revised_prompt=prompt if isinstance(prompt, str) and prompt else None,
    )


def _lost(index: int, why: str) -> Note:
    return Note(code="image_failed", message=f"image {index} was not made: {why}")


def decode_images_request(wire: HttpRequest) -> ImagesRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    model, method = model_of(wire)
    body = body_fields(wire)
    if method == "predict":
        return _decode_prediction(model, body)
    settings = _object(body.pop("generationConfig", None), "generationConfig")
    settings.pop("responseModalities", None)
    shown = _object(settings.pop("imageConfig", None), "generationConfig.imageConfig")
    output = _object(shown.pop("imageOutputOptions", None), "generationConfig.imageConfig.imageOutputOptions")
    texts, images = _said(body.pop("contents", None))
    if not texts:
        raise InputError("contents: is required, with a text")
    seed = settings.pop("seed", None)
    if settings:
        body["generationConfig"] = settings
    return ImagesRequest(
        model=model,
        prompt="\n".join(texts),
        images=tuple(images),
        size=_size(shown.get("aspectRatio"), shown.get("imageSize")),
        seed=seed if type(seed) is int else None,
        format=format_named(str(output.get("mimeType", ""))),
        extra={METHOD: method, **body},
    )


def _said(contents: Any) -> tuple[list[str], list[Image]]:
    """The texts and the pictures of a caller's turns."""
    texts: list[str] = []
    images: list[Image] = []
    for index, turn in enumerate(list_at(contents, "contents")):
        where = f"contents[{index}]"
        for part in list_at(object_at(turn, where).get("parts"), f"{where}.parts"):
            fields = object_at(part, f"{where}.parts")
            fields |= {name: camel(fields[name]) for name in _MEDIA if isinstance(fields.get(name), dict)}
            if isinstance(text := fields.get("text"), str):
                texts.append(text)
            try:
                found = decode_media(fields)
            except ValueError as error:
                raise InputError(f"{where}.parts.inlineData.data: {error}") from None
            if found is not None and isinstance(image := found[0], Image):
                images.append(msgspec.structs.replace(image, data=found[1] or None))
    return texts, images


_MEDIA = ("inlineData", "fileData")


def _decode_prediction(model: str, body: dict[str, Any]) -> ImagesRequest:
    instances = list_at(body.pop("instances", None), "instances")
    prompt = object_at(instances[0], "instances[0]").get("prompt") if instances else None
    if not isinstance(prompt, str):
        raise InputError("instances[0].prompt: is required")
    parameters = _object(body.pop("parameters", None), "parameters")
    output = _object(parameters.get("outputOptions"), "parameters.outputOptions")
    n, seed, negative = (parameters.get(name) for name in ("sampleCount", "seed", "negativePrompt"))
    return ImagesRequest(
        model=model,
        prompt=prompt,
        n=n if type(n) is int else None,
        size=_size(parameters.get("aspectRatio"), parameters.get("sampleImageSize")),
        seed=seed if type(seed) is int else None,
        negative_prompt=negative if isinstance(negative, str) else None,
        format=format_named(str(output.get("mimeType", ""))),
        extra={METHOD: "predict", **body},
    )


def _size(*words: Any) -> str | None:
    """Shape and size as one."""
    return " ".join([word for word in words if isinstance(word, str)]) or None


def _object(value: Any, where: str) -> dict[str, Any]:
    return {} if value is None else object_at(value, where)


def encode_images_response(request: ImagesRequest, response: ImagesResponse) -> bytes:
    """Being the provider: the body of the reply, in the form that was asked for."""
    if request.extra.get(METHOD) == "predict":
        return msgspec.json.encode({"predictions": [_told(made) for made in response.images]})
    parts = [
        {"inlineData": {"mimeType": made.media_type or "image/png", "data": made.bytes}}
        if made.bytes is not None
        else {"fileData": {"mimeType": made.media_type or "image/png", "fileUri": made.url}}
        for made in response.images
    ]
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0}
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": response.model or request.model}
    if counts := encode_usage(response.usage):
        body["usageMetadata"] = counts
    return msgspec.json.encode(body)


def _told(made: MadeImage) -> dict[str, Any]:
    told: dict[str, Any] = {"mimeType": made.media_type or "image/png"}
    if made.bytes is not None:
        told["bytesBase64Encoded"] = made.bytes
    if made.url is not None:
        told["gcsUri"] = made.url
    if made.revised_prompt is not None:
        told["prompt"] = made.revised_prompt
    return told
