"""What Model Studio makes besides words: images, sound and its text, at once or as tasks.

A task is done when it is asked for the second time. What was made is kept at this very address, where it is
fetched without a key, as signed addresses are; sound that was spoken here is heard again by its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from msgspec.structs import replace

from baimo.dialects.dashscope import DIALECT, served_making
from baimo.dialects.dashscope.address import is_multimodal, is_task_of_edits
from baimo.errors import InputError
from baimo.simulator import making
from baimo.simulator.words import RefusedError, Why, without_fault
from baimo.types.content import Audio
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON

KEPT = b"/fake-results/"
"""Where files are."""
_TASK_IMAGES = ("wan*",)
_TASK_EDITS = ("wan2.5-i2i*",)
_MESSAGE_IMAGES = ("qwen-image*", "z-image*", "wan2.[6-9]*")
Form: TypeAlias = Literal["messages", "input_audio", "files", "file"]
Reply: TypeAlias = tuple[WireHead, list[bytes]]

_HEARS: tuple[tuple[Form, tuple[str, ...]], ...] = (
    ("file", ("qwen3-asr-*-filetrans*",)),
    ("files", ("qwen-audio-*-filetrans*", "paraformer-*", "sensevoice-*")),
    ("input_audio", ("fun-asr-flash*", "qwen-audio-*-asr-flash*")),
    ("files", ("fun-asr*",)),
    ("messages", ("qwen3-asr-flash*",)),
)
"""Forms of asking and the models that are asked so; the first that fits."""
_FIELDS: Mapping[Form, str] = {
    "messages": "audio",
    "input_audio": "input_audio",
    "files": "file_urls",
    "file": "file_url",
}
"""Where the sound is in each form."""
_SPEAKS = ("qwen-tts*", "qwen3-tts-*")
_SYNTHESIZES = ("cosyvoice-v[2-9]*", "qwen-audio-*-tts-*")
_NOT_FOUND = ("InvalidFile.DownloadFailed", "The audio file cannot be downloaded.")


class QwenMaking:
    """Tasks and files of one simulated provider."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[ImagesRequest | TranscribeRequest, int]] = {}
        self._files: dict[str, bytes] = {}

    def operation(self, request: HttpRequest, found: str | None) -> str | None:
        """Which operation: at the address of multimodal models the body tells."""
        if request.method == "GET" and request.target.startswith(KEPT):
            return "file"
        if found != "chat" or not is_multimodal(request.target):
            return found
        try:
            told = served_making.body_of(request)
        except InputError:
            return found
        name = without_fault(told["model"])
        if "text" in told["input"] and "messages" not in told["input"]:
            return "speak"
        if _is_one(name, _MESSAGE_IMAGES):
            return "images"
        return "transcribe" if _form(name) in ("messages", "input_audio") else found

    def answer(self, operation: str, request: HttpRequest) -> Reply:
        """The reply. Raises RefusedError or InputError."""
        if operation == "file":
            return self._file(request.target)
        if operation == "speak":
            return self._speech(request)
        if operation == "task":
            return WireHead(200, JSON), [self._task(request)]
        if operation == "transcribe":
            return self._transcription(request)
        return WireHead(200, JSON), [self._images(request)]

    def _images(self, request: HttpRequest) -> bytes:
        if is_multimodal(request.target):
            wanted = served_making.decode_images_in_messages(request)
            return served_making.encode_images_in_messages(_pictures(wanted, "fake-image"))
        _check_async(request)
        wanted = DIALECT.decode_images_request(request)
        is_edit = is_task_of_edits(request.target)
        _check(wanted.model, _TASK_IMAGES)
        if is_edit is not _is_one(without_fault(wanted.model), _TASK_EDITS):
            raise RefusedError(Why.INVALID_REQUEST, "url error, please check url！")
        if is_edit and not wanted.images:
            raise RefusedError(Why.INVALID_REQUEST, "input.images: is required")
        return self._begun(wanted)

    def _transcription(self, request: HttpRequest) -> Reply:
        wanted = served_making.decode_transcribe_request(request)
        form = _form(without_fault(wanted.model))
        if form is None or (form in ("messages", "input_audio")) is not is_multimodal(request.target):
            raise RefusedError(Why.UNKNOWN_MODEL, wanted.model)
        field, body = _FIELDS[form], request.body
        assert isinstance(body, bytes)  # what a server has received
        if f'"{field}":'.encode() not in body:
            raise RefusedError(Why.INVALID_REQUEST, f"{field}: is required")
        if form in ("files", "file"):
            _check_async(request)
            return WireHead(200, JSON), [self._begun(wanted)]
        heard = making.transcription(self._with_sound(wanted))
        told = served_making.encode_transcription(wanted, heard, form)
        is_stream = told.startswith(b"id:")
        head = WireHead(200, ((b"content-type", b"text/event-stream"),)) if is_stream else WireHead(200, JSON)
        return head, [told]

    def _begun(self, wanted: ImagesRequest | TranscribeRequest) -> bytes:
        task_id = f"fake-task-{len(self._tasks) + 1}"
        self._tasks[task_id] = (wanted, 0)
        return self._told(task_id, "")

    def _task(self, request: HttpRequest) -> bytes:
        task_id = request.target.partition(b"?")[0].rpartition(b"/")[2].decode("latin-1")
        if task_id not in self._tasks:
            raise RefusedError(Why.INVALID_REQUEST, f"no task {task_id}")
        wanted, asked = self._tasks[task_id]
        self._tasks[task_id] = (wanted, asked + 1)
        return self._told(task_id, _origin(request))

    def _told(self, task_id: str, origin: str) -> bytes:
        """How a task goes."""
        wanted, asked = self._tasks[task_id]
        is_pending = asked < 2
        if isinstance(wanted, ImagesRequest):
            made = replace(_pictures(wanted, task_id), task_id=task_id, is_pending=is_pending)
            return DIALECT.encode_images_response(wanted, made)
        form: Form = _form(without_fault(wanted.model)) or "files"
        if is_pending:
            pending = Transcription(text="", task_id=task_id, is_pending=True)
            return served_making.encode_transcription(wanted, pending, form)
        if ".invalid/" in (wanted.audio.url or ""):
            return served_making.encode_failed_task(task_id, *_NOT_FOUND)
        heard = making.transcription(self._with_sound(wanted))
        address = origin + self._kept(f"{task_id}.json", served_making.encode_transcript(heard))
        done = replace(heard, task_id=task_id, address=address)
        return served_making.encode_transcription(wanted, done, form)

    def _speech(self, request: HttpRequest) -> Reply:
        wanted = served_making.decode_speak_request(request)
        is_own = not is_multimodal(request.target)
        _check(wanted.model, _SYNTHESIZES if is_own else _SPEAKS)
        if wanted.voice is None:
            raise RefusedError(Why.INVALID_REQUEST, "input.voice: is required")
        kind = (wanted.format or "mp3") if is_own else "pcm" if wanted.stream else "wav"
        spoken = making.speech(replace(wanted, format=kind))
        name = f"audio-{len(self._files) + 1}.{kind}"
        address = _origin(request) + self._kept(name, spoken.audio)
        return served_making.encode_speech(wanted, spoken, address, in_sentences=is_own)

    def _kept(self, name: str, data: bytes) -> str:
        self._files[name] = data
        return f"{KEPT.decode()}{name}"

    def _file(self, target: bytes) -> Reply:
        name = target.partition(b"?")[0][len(KEPT) :].decode("latin-1")
        if name not in self._files:
            return WireHead(404, ((b"content-type", b"application/xml"),)), [b"<Error>NoSuchKey</Error>"]
        kind = b"application/json" if name.endswith(".json") else b"audio/" + name.rpartition(".")[2].encode()
        return WireHead(200, ((b"content-type", kind),)), [self._files[name]]

    def _with_sound(self, wanted: TranscribeRequest) -> TranscribeRequest:
        """With the sound that is kept here under its address."""
        name = (wanted.audio.url or "").rpartition("/")[2]
        data = wanted.audio.data or self._files.get(name) or b""
        return replace(wanted, audio=Audio(data=data))


def _pictures(wanted: ImagesRequest, name: str) -> ImagesResponse:
    addresses = [f"https://dashscope-result.example/{name}-{number}.png" for number in range(wanted.n or 1)]
    return ImagesResponse(images=tuple([MadeImage(url=url) for url in addresses]))


def _origin(request: HttpRequest) -> str:
    """This very address, as the caller wrote it."""
    host = next((value for name, value in request.headers if name.lower() == b"host"), b"127.0.0.1")
    return f"http://{host.decode('latin-1')}"


def _form(name: str) -> Form | None:
    """How a model is asked for the text of sound; None for one that hears none."""
    for form, patterns in _HEARS:
        if _is_one(name, patterns) and "realtime" not in name:
            return form
    return None


def _check(model: str, patterns: tuple[str, ...]) -> None:
    name = without_fault(model)
    if not _is_one(name, patterns) or "realtime" in name:
        raise RefusedError(Why.UNKNOWN_MODEL, name)


def _check_async(request: HttpRequest) -> None:
    if (b"x-dashscope-async", b"enable") not in {(name.lower(), value) for name, value in request.headers}:
        raise RefusedError(Why.INVALID_REQUEST, "current user api does not support synchronous calls")


def _is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
