"""Sound to text on this wire: in the message of a multimodal model, or as a task that is given addresses.

Read at https://help.aliyun.com/zh/model-studio/qwen-asr-api-reference, …/fun-asr-recorded-speech-recognition-
http-api, …/paraformer-recorded-speech-recognition-restful-api and …/fun-asr-flash-recorded-speech-
recognition-http-api, and in the package dashscope 2.0.2 (`audio/asr`, `audio/qwen_asr`), 29 November 2026.
Odd things: each family has words of its own for a language; a task of several files succeeds when one of them
does; its text stands in a file of its own; of Fun-ASR-Flash a whole reply tells the last sentence alone, so
that times are asked for as a stream.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import encode_data_url
from baimo.dialect.formats import format_named, media_type_named
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError
from baimo.types.content import Audio
from baimo.types.sniff import media_type_of
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import HttpRequest

from .address import MULTIMODAL, TRANSCRIBE, address, head
from .quirks import Quirks
from .request import DEFAULTS, lay_over, to_json

ASYNC = {"X-DashScope-Async": "enable"}
_OSS = {"X-DashScope-OssResourceResolve": "enable"}
_LIVE = (
    "Use qwen3-asr-flash or fun-asr-flash for files of up to 5 minutes, fun-asr, paraformer-v2 or "
    "qwen3-asr-flash-filetrans for longer ones."
)


def encode_transcribe(request: TranscribeRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "DashScope")
    if quirks.transcribe == "socket":
        raise UnsupportedError(f"{request.model} hears live sound over a socket, and no files", hint=_LIVE)
    if request.temperature is not None:
        complaints.cannot("the temperature of a transcription")
    fields: dict[str, str] = {}
    is_streamed = False
    if quirks.transcribe == "messages":
        path, asked, parameters = MULTIMODAL, _messages(request), _asr_options(request, complaints)
    elif quirks.transcribe == "input_audio":
        path, asked, parameters = MULTIMODAL, _input_audio(request), _hints(request)
        parameters["format"] = _format(request.audio)
        is_streamed = bool(request.timestamps)
    else:
        path, fields = TRANSCRIBE, ASYNC
        asked, parameters = _task(request, quirks, complaints)
    if (request.audio.url or "").startswith("oss://"):
        fields = {**fields, **_OSS}
    body: dict[str, Any] = {"model": request.model, "input": asked, "parameters": parameters}
    lay_over(body, request.extra)
    origin, target = address(site, path)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head({**fields, **request.headers}, stream=is_streamed),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def _messages(request: TranscribeRequest) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    if request.prompt is not None:
        told.append({"role": "system", "content": [{"text": request.prompt}]})
    told.append({"role": "user", "content": [{"audio": _address(request.audio)}]})
    return {"messages": told}


def _asr_options(request: TranscribeRequest, complaints: Complaints) -> dict[str, Any]:
    if request.timestamps:
        complaints.cannot("to tell times", "qwen3-asr-flash-filetrans, fun-asr and paraformer-v2 tell them")
    return {} if request.language is None else {"asr_options": {"language": request.language}}


def _input_audio(request: TranscribeRequest) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    if request.prompt is not None:
        told.append({"role": "user", "content": [{"type": "input_text", "text": request.prompt}]})
    sound = {"type": "input_audio", "input_audio": {"data": _address(request.audio)}}
    told.append({"role": "user", "content": [sound]})
    return {"messages": told}


def _hints(request: TranscribeRequest) -> dict[str, Any]:
    return {} if request.language is None else {"language_hints": [request.language]}


def _task(
    request: TranscribeRequest, quirks: Quirks, complaints: Complaints
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a task is told; its parameters are wanted even where there are none."""
    url = request.audio.url or ""
    if not url.startswith(("http://", "https://", "oss://")):
        raise InputError(
            f"{request.model} takes sound by its address on the web alone",
            hint="Put the file where the provider can fetch it, or use qwen3-asr-flash, which takes bytes.",
        )
    if request.prompt is not None:
        complaints.cannot("the prompt of a transcription", "its words are lists that are made beforehand")
    if quirks.transcribe == "files":
        return {"file_urls": [url]}, _hints(request)
    parameters: dict[str, Any] = {} if request.language is None else {"language": request.language}
    if "word" in request.timestamps:
        parameters["enable_words"] = True
    return {"file_url": url}, parameters


def _address(audio: Audio) -> str:
    """The address of sound, made of its bytes where it has none."""
    if audio.url is not None:
        return audio.url
    if audio.data is None:
        raise InputError("sound needs bytes or an address")
    told = media_type_named(audio.format) if audio.format is not None else None
    return encode_data_url(audio.data, told or media_type_of(audio.data) or "audio/wav")


def _format(audio: Audio) -> str:
    """What the sound is, in a short word: as told, by its bytes, or by the end of its address."""
    if audio.format is not None:
        return audio.format
    kind = media_type_of(audio.data) if audio.data is not None else None
    by_bytes = format_named(kind) if kind is not None else None
    _, dot, end = urlsplit(audio.url or "").path.rpartition(".")
    return by_bytes or (end.lower() if dot and end.isalnum() else "wav")
