"""Being the provider: what callers ask for of images, sound and its text, and what they are answered.

Which form a reply has, the request does not tell once it is read: who answers says so.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from baimo.dialect.dataurl import decode_data_url
from baimo.dialect.formats import format_named
from baimo.errors import InputError
from baimo.types.content import Audio, Image
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.wire.http import HttpRequest, WireHead

from .address import wants_stream

ID = "fake-request-1"
_JSON = ((b"content-type", b"application/json"),)
_SSE = ((b"content-type", b"text/event-stream;charset=UTF-8"),)
_PIECE = 4096
"""Bytes of sound in one event."""


def body_of(wire: HttpRequest) -> dict[str, Any]:
    """The object that a request holds. Raises InputError."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        told: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no JSON object: {error}") from None
    if not isinstance(told.get("model"), str) or not isinstance(told.get("input"), dict):
        raise InputError("model and input: are required")
    return told


def _contents(asked: Mapping[str, Any], role: str = "user") -> list[dict[str, Any]]:
    """The parts of all messages of that role. Raises InputError for messages that are none."""
    messages = asked.get("messages")
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise InputError("input.messages: must be a list of messages")
    found: list[dict[str, Any]] = []
    for message in messages:
        content = message.get("content")
        if message.get("role") == role and isinstance(content, list):
            found += [part for part in content if isinstance(part, dict)]
    return found


def decode_images_in_messages(wire: HttpRequest) -> ImagesRequest:
    """Images of a multimodal model: the words and pictures of the user's message. Raises InputError."""
    told = body_of(wire)
    parts, parameters = _contents(told["input"]), told.get("parameters")
    given: Mapping[str, Any] = parameters if isinstance(parameters, dict) else {}
    size = given.get("size")
    return ImagesRequest(
        model=told["model"],
        prompt="".join([part["text"] for part in parts if isinstance(part.get("text"), str)]),
        images=tuple([_image(part["image"]) for part in parts if isinstance(part.get("image"), str)]),
        negative_prompt=given.get("negative_prompt"),
        size=size.replace("*", "x") if isinstance(size, str) else None,
        n=given.get("n"),
        seed=given.get("seed"),
    )


def _image(address: str) -> Image:
    if not address.startswith("data:"):
        return Image(url=address)
    data, kind = _data(address)
    return Image(data=data, media_type=kind)


def _data(address: str) -> tuple[bytes, str | None]:
    try:
        return decode_data_url(address)
    except ValueError as error:
        raise InputError(f"input.messages: {error}") from None


def encode_images_in_messages(response: ImagesResponse) -> bytes:
    """The pictures in the message of an assistant."""
    message = {"role": "assistant", "content": [{"image": made.url} for made in response.images]}
    output = {"choices": [{"finish_reason": "stop", "message": message}]}
    usage = {"image_count": len(response.images)}
    return msgspec.json.encode({"output": output, "usage": usage, "request_id": response.request_id or ID})


def decode_transcribe_request(wire: HttpRequest) -> TranscribeRequest:
    """What a caller asks for, in any of the forms. Raises InputError naming the field."""
    told = body_of(wire)
    asked, given = told["input"], told.get("parameters")
    parameters: Mapping[str, Any] = given if isinstance(given, dict) else {}
    options = parameters.get("asr_options")
    hints = parameters.get("language_hints")
    language = options.get("language") if isinstance(options, dict) else parameters.get("language")
    if isinstance(hints, list) and hints:
        language = hints[0]
    audio, prompt = _sound(asked)
    times: tuple[Literal["segment", "word"], ...] = ()
    if parameters.get("enable_words") is True:
        times = ("word",)
    elif wants_stream(wire.headers):
        times = ("segment", "word")
    return TranscribeRequest(
        model=told["model"], audio=audio, language=language, prompt=prompt, timestamps=times
    )


def _sound(asked: Mapping[str, Any]) -> tuple[Audio, str | None]:
    """The sound, and the words that were told beside it."""
    urls = asked.get("file_urls", [asked.get("file_url")])
    if "messages" not in asked:
        if not isinstance(urls, list) or not urls or not isinstance(urls[0], str):
            raise InputError("input.file_urls: must be a list of addresses")
        return Audio(url=urls[0]), None
    sounds, words = [], []
    for part in [*_contents(asked, "system"), *_contents(asked)]:
        inner = part.get("input_audio")
        sound = inner.get("data") if isinstance(inner, dict) else part.get("audio")
        if isinstance(sound, str):
            sounds.append(sound)
        elif isinstance(part.get("text"), str):
            words.append(part["text"])
    if not sounds:
        raise InputError("input.messages: there is no sound in them")
    if not sounds[0].startswith("data:"):
        return Audio(url=sounds[0]), "".join(words) or None
    data, kind = _data(sounds[0])
    return Audio(data=data, format=format_named(kind) if kind is not None else None), "".join(words) or None


def encode_transcription(
    request: TranscribeRequest,
    response: Transcription,
    form: Literal["messages", "input_audio", "files", "file"] = "messages",
) -> bytes:
    """The text in a message or as sentences; of a task how it goes, and the address of its text."""
    body: dict[str, Any] = {"request_id": response.request_id or ID}
    if form in ("files", "file"):
        body["output"] = _task(response, form)
        if not response.is_pending:
            body["usage"] = {"duration" if form == "files" else "seconds": round(response.duration or 0)}
    elif form == "messages":
        message = {
            "annotations": [{"type": "audio_info", "language": response.language or "zh"}],
            "content": [{"text": response.text}],
            "role": "assistant",
        }
        body["output"] = {"choices": [{"finish_reason": "stop", "message": message}]}
        body["usage"] = {"seconds": round(response.duration or 0)}
    else:
        sentence = _sentence(1, response.segments, response.words, response.text)
        body["output"] = {"sentence": {**sentence, "sentence_end": True}, "text": response.text}
        body["usage"] = {"duration": round(response.duration or 0)}
    written = msgspec.json.encode(body)
    return _event(1, written) if form == "input_audio" and request.timestamps else written


def _task(response: Transcription, form: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "task_id": response.task_id or "fake-task-1",
        "task_status": "PENDING" if response.is_pending else "SUCCEEDED",
    }
    if response.is_pending:
        return told
    result = {"transcription_url": response.address}
    if form == "file":
        return {**told, "result": result}
    return {**told, "results": [{**result, "subtask_status": "SUCCEEDED"}]}


def encode_failed_task(task_id: str, code: str, message: str) -> bytes:
    """A task of whose one file nothing could be heard."""
    result = {"code": code, "message": message, "subtask_status": "FAILED"}
    output = {"task_id": task_id, "task_status": "FAILED", "results": [result]}
    return msgspec.json.encode({"request_id": ID, "output": output})


def encode_transcript(response: Transcription) -> bytes:
    """The file of a task's text."""
    sentences = [_sentence(1, response.segments, response.words, response.text)]
    transcript = {"channel_id": 0, "text": response.text, "sentences": sentences}
    properties = {"original_duration_in_milliseconds": round((response.duration or 0) * 1000)}
    return msgspec.json.encode({"properties": properties, "transcripts": [transcript]})


def _sentence(
    number: int, segments: tuple[Segment, ...], words: tuple[Word, ...], text: str
) -> dict[str, Any]:
    return {
        "sentence_id": number,
        "text": text,
        "begin_time": round(segments[0].start * 1000) if segments else 0,
        "end_time": round(segments[-1].end * 1000) if segments else 0,
        "words": [
            {
                "text": word.word,
                "begin_time": round(word.start * 1000),
                "end_time": round(word.end * 1000),
                "punctuation": "",
            }
            for word in words
        ],
    }


def decode_speak_request(wire: HttpRequest) -> SpeechRequest:
    """What a caller asks for, at either address. Raises InputError naming the field."""
    told = body_of(wire)
    asked = told["input"]
    text = asked.get("text")
    if not isinstance(text, str):
        raise InputError("input.text: is required")
    known = {"text", "voice", "format", "rate", "instructions", "instruction"}
    more = {name: value for name, value in asked.items() if name not in known}
    return SpeechRequest(
        model=told["model"],
        text=text,
        voice=asked.get("voice"),
        format=asked.get("format"),
        speed=asked.get("rate"),
        instructions=asked.get("instructions") or asked.get("instruction"),
        stream=wants_stream(wire.headers),
        extra={"input": more} if more else {},
    )


def encode_speech(
    request: SpeechRequest,
    response: SpeechResponse,
    address: str | None = None,
    *,
    in_sentences: bool = False,
) -> tuple[WireHead, list[bytes]]:
    """The head of the reply and its pieces: the address of the sound or, without one, the sound itself.

    `in_sentences`: as the synthesizer writes its streams.
    """
    usage = {"characters": len(request.text)}
    if not request.stream:
        told = "" if address is not None else b64encode(response.audio).decode()
        return WireHead(200, _JSON), [_spoken(told, address, "stop", usage)]
    audio = response.audio
    kind = "sentence-synthesis" if in_sentences else None
    pieces = [
        _spoken(b64encode(audio[at : at + _PIECE]).decode(), None, "null", usage, kind)
        for at in range(0, len(audio), _PIECE)
    ]
    pieces.append(_spoken("", address, "stop", usage))
    return WireHead(200, _SSE), [_event(number, piece) for number, piece in enumerate(pieces, 1)]


def _spoken(
    data: str, url: str | None, reason: str, usage: Mapping[str, int], kind: str | None = None
) -> bytes:
    audio = {"data": data, "url": url or "", "id": "audio_fake", "expires_at": 1_800_000_000}
    output: dict[str, Any] = {"finish_reason": reason, "audio": audio}
    if kind is not None:
        output = {**output, "type": kind, "sentence": {"index": 0, "words": []}}
    return msgspec.json.encode({"output": output, "usage": usage, "request_id": ID})


def _event(number: int, data: bytes) -> bytes:
    return b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%b\n\n" % (number, data)
