"""Images on this wire, both ways: as tasks that are waited for, and of newer models in one request.

Read in the package dashscope 2.0.2 (`aigc/image_synthesis.py`, `aigc/image_generation.py`) and at
https://help.aliyun.com/zh/model-studio/qwen-image-api, 29 November 2026. Odd things: a size is written with
an asterisk; tasks that work pictures over have an address of their own; a task of several pictures succeeds
when one of them does, and the others tell why they failed;
Qwen-Image answers as a chat does, with pictures in its message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url, image_type
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import InputError, ProviderError, WireError
from baimo.notes import Note
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.wire.http import HttpRequest, WireHead

from .address import EDITS, IMAGES, MULTIMODAL, TASKS, address, head
from .errors import decode_whole, request_id_of
from .quirks import Quirks
from .request import DEFAULTS, lay_over, to_json

_WAITING = ("PENDING", "RUNNING", "SUSPENDED")
_ASYNC = {"X-DashScope-Async": "enable"}


def encode_images(request: ImagesRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "DashScope")
    for name, value in (("quality", request.quality), ("format", request.format), ("mask", request.mask)):
        if value is not None:
            complaints.cannot(f"the {name} of an image")
    parameters: dict[str, Any] = {}
    if request.size is not None:
        parameters["size"] = request.size.replace("x", "*")
    if request.n is not None:
        parameters["n"] = request.n
    if request.seed is not None:
        parameters["seed"] = request.seed
    if quirks.images == "messages":
        content = [{"image": _address(image)} for image in request.images]
        asked: dict[str, Any] = {
            "messages": [{"role": "user", "content": [*content, {"text": request.prompt}]}]
        }
        if request.negative_prompt is not None:
            parameters["negative_prompt"] = request.negative_prompt
        path, fields = MULTIMODAL, {}
    else:
        asked = {"prompt": request.prompt}
        if request.negative_prompt is not None:
            asked["negative_prompt"] = request.negative_prompt
        path, fields = _task(request, quirks, asked, complaints), _ASYNC
    body: dict[str, Any] = {"model": request.model, "input": asked, "parameters": parameters}
    lay_over(body, request.extra)
    origin, target = address(site, path)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head({**fields, **request.headers}),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def _task(request: ImagesRequest, quirks: Quirks, asked: dict[str, Any], complaints: Complaints) -> str:
    """The address of a task, which is another for models that work pictures over."""
    if quirks.images == "edits":
        if not request.images:
            raise InputError(f"{request.model} works over pictures, and none is given", hint="Give `image`.")
        asked["images"] = [_address(image) for image in request.images]
        return EDITS
    if request.images:
        complaints.cannot("pictures to start from")
    return IMAGES


def encode_task(task_id: str, headers: Mapping[str, str], site: Site) -> HttpRequest:
    """The unsigned question how a task goes."""
    origin, target = address(site, f"{TASKS}{task_id}")
    return HttpRequest(method="GET", origin=origin, target=target, headers=head(dict(headers)))


def _address(image: Image) -> str:
    if image.url is not None:
        return image.url
    if image.data is None:
        raise InputError("a picture to start from needs bytes or an address")
    return encode_data_url(image.data, image.media_type or image_type(image.data))


class _Result(msgspec.Struct):
    url: str | None = None
    actual_prompt: str | None = None
    message: str | None = None


class _Part(msgspec.Struct):
    image: str | None = None


class _Message(msgspec.Struct):
    content: list[_Part]


class _Choice(msgspec.Struct):
    message: _Message


class _Output(msgspec.Struct):
    task_id: str | None = None
    task_status: str | None = None
    results: list[_Result] = []
    choices: list[_Choice] = []
    code: str | None = None
    message: str | None = None


def decode_images(request: ImagesRequest, head: WireHead, body: bytes, site: Site) -> ImagesResponse:
    """The images of a whole reply, or the task that has to be asked again: `is_pending`.

    Raises ProviderError for a refusal and for a task that failed, WireError for what is neither.
    """
    reply = decode_whole(head, body, site.codes)
    try:
        output = msgspec.convert(reply["output"], _Output)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply holds no images: {error}") from None
    made = [MadeImage(url=one.url, revised_prompt=one.actual_prompt) for one in output.results if one.url]
    made += [
        MadeImage(url=part.image)
        for choice in output.choices
        for part in choice.message.content
        if part.image is not None
    ]
    is_pending = output.task_status in _WAITING and output.task_id is not None
    if not made and not is_pending:
        raise ProviderError(
            f"no image was made: {output.message or output.task_status or 'no reason is told'}",
            status=head.status,
            provider_code=output.code,
            request_id=request_id_of(reply) or request_id(head),
        )
    return ImagesResponse(
        images=tuple(made),
        task_id=output.task_id,
        is_pending=is_pending,
        model=request.model,
        notes=tuple(
            [
                Note(code="image_failed", message=f"image {index} was not made: {one.message or 'no reason'}")
                for index, one in enumerate(output.results)
                if not one.url
            ]
        ),
        request_id=request_id_of(reply) or request_id(head),
    )


class _Prompt(msgspec.Struct):
    prompt: str
    negative_prompt: str | None = None
    images: list[str] = []


class _Parameters(msgspec.Struct):
    size: str | None = None
    n: int | None = None
    seed: int | None = None


class _Asked(msgspec.Struct):
    model: str
    input: _Prompt
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


def decode_images_request(wire: HttpRequest) -> ImagesRequest:
    """Being the provider: what a caller asks for as a task. Raises InputError naming the field."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        asked = msgspec.json.decode(raw, type=_Asked)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request is no request for images: {error}") from None
    size = asked.parameters.size
    return ImagesRequest(
        model=asked.model,
        prompt=asked.input.prompt,
        images=tuple([Image(url=one) for one in asked.input.images]),
        negative_prompt=asked.input.negative_prompt,
        size=size.replace("*", "x") if size is not None else None,
        n=asked.parameters.n,
        seed=asked.parameters.seed,
    )


def encode_images_response(request: ImagesRequest, response: ImagesResponse) -> bytes:
    """Being the provider: what is told of a task."""
    told: dict[str, Any] = {
        "task_id": response.task_id or "fake-task-1",
        "task_status": "PENDING" if response.is_pending else "SUCCEEDED",
    }
    if not response.is_pending:
        told["results"] = [
            {"url": made.url, "actual_prompt": made.revised_prompt or request.prompt}
            for made in response.images
        ]
    body: dict[str, Any] = {"request_id": response.request_id or "fake-request-1", "output": told}
    if not response.is_pending:
        body["usage"] = {"image_count": len(response.images)}
    return msgspec.json.encode(body)
