"""What comes of sound on this wire: text in a message, in sentences, or in a file that a task tells of."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.jsontext import decode, excerpt
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id
from baimo.errors import ProviderError, WireError
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.sse import EventDecoder

from .errors import Refusal, decode_whole, find_refusal, raise_refusal, request_id_of
from .usage import decode_usage

WAITING = ("PENDING", "RUNNING", "SUSPENDED")


class _Word(msgspec.Struct):
    text: str = ""
    begin_time: float = 0
    end_time: float = 0
    punctuation: str | None = None


class _Sentence(msgspec.Struct):
    text: str = ""
    begin_time: float = 0
    end_time: float | None = None
    sentence_id: int | None = None
    sentence_end: bool = True
    speaker_id: int | str | None = None
    language: str | None = None
    words: list[_Word] | None = None


class _Part(msgspec.Struct):
    text: str | None = None


class _Annotation(msgspec.Struct):
    language: str | None = None


class _Message(msgspec.Struct):
    content: list[_Part] | str = []
    annotations: list[_Annotation] = []


class _Choice(msgspec.Struct):
    message: _Message


class _Result(msgspec.Struct):
    transcription_url: str | None = None
    subtask_status: str | None = None
    code: str | None = None
    message: str | None = None


class _Inner(msgspec.Struct):
    sentence: _Sentence | None = None


class _Output(msgspec.Struct):
    task_id: str | None = None
    task_status: str | None = None
    results: list[_Result] = []
    result: _Result | None = None
    choices: list[_Choice] = []
    text: str | None = None
    sentence: _Sentence | None = None
    output: _Inner | None = None
    code: str | None = None
    message: str | None = None


def decode_transcribe(request: TranscribeRequest, head: WireHead, body: bytes, site: Site) -> Transcription:
    """The text of a reply; or the task that has to be asked again, or the address where its text is.

    Raises ProviderError for a refusal, a task that failed and a file that could not be heard; WireError.
    """
    if 200 <= head.status < 300 and body.lstrip()[:1] not in (b"{", b"[", b"<", b""):
        return _streamed(request, head, body, site)
    reply = decode_whole(head, body, site.codes)
    output = _output(reply)
    ident = request_id_of(reply) or request_id(head)
    if output.task_status is not None:
        return replace(_of_task(output, reply, head, body, site), model=request.model, request_id=ident)
    if output.choices:
        made = _of_message(output.choices[0].message)
    elif output.text is not None:
        made = Transcription(text=output.text)
    elif (sentence := _sentence(output)) is not None:
        made = Transcription(text=sentence.text)
    else:
        raise WireError(f"the reply is no transcription: {excerpt(body)}")
    return _counted(replace(made, model=request.model, request_id=ident), reply.get("usage"))


def _output(reply: dict[str, Any]) -> _Output:
    try:
        return msgspec.convert(reply["output"], _Output)
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no transcription: {error}") from None


def _sentence(output: _Output) -> _Sentence | None:
    """The sentence, which stands one level deeper in some replies."""
    return output.sentence or (output.output.sentence if output.output is not None else None)


def _of_task(
    output: _Output, reply: dict[str, Any], head: WireHead, body: bytes, site: Site
) -> Transcription:
    if output.task_status in WAITING and output.task_id is not None:
        return Transcription(text="", task_id=output.task_id, is_pending=True)
    result = output.result or (output.results[0] if output.results else _Result())
    if output.task_status == "SUCCEEDED" and result.transcription_url is not None:
        told = Transcription(text="", task_id=output.task_id, address=result.transcription_url)
        return _counted(told, reply.get("usage"))
    code, why = result.code or output.code, result.message or output.message
    words = why or f"the task is {result.subtask_status or output.task_status}"
    refusal = Refusal(code, f"the sound could not be heard: {words}", request_id_of(reply))
    try:
        raise_refusal(refusal, head, body, site.codes)
    except ProviderError as error:
        error.retryable = False  # the task has ended: to ask for it again changes nothing
        error.hint = error.hint or "The task has ended. The address of the sound must be open to everybody."
        raise


def _of_message(message: _Message) -> Transcription:
    content = message.content
    text = content if isinstance(content, str) else "".join([part.text or "" for part in content])
    languages = [one.language for one in message.annotations if one.language is not None]
    return Transcription(text=text, language=languages[0] if languages else None)


def _of_sentences(output: _Output, sentences: list[_Sentence]) -> Transcription:
    text = output.text if output.text is not None else "".join([one.text for one in sentences])
    return Transcription(text=text, segments=_segments(sentences), words=_words(sentences))


def _segments(sentences: list[_Sentence]) -> tuple[Segment, ...]:
    """Those whose times are told."""
    return tuple(
        [
            Segment(
                start=one.begin_time / 1000,
                end=one.end_time / 1000,
                text=one.text,
                speaker=None if one.speaker_id is None else str(one.speaker_id),
            )
            for one in sentences
            if one.end_time is not None
        ]
    )


def _words(sentences: list[_Sentence]) -> tuple[Word, ...]:
    return tuple(
        [
            Word(
                start=word.begin_time / 1000,
                end=word.end_time / 1000,
                word=f"{word.text}{word.punctuation or ''}".strip(),
            )
            for one in sentences
            for word in one.words or ()
        ]
    )


def _streamed(request: TranscribeRequest, head: WireHead, body: bytes, site: Site) -> Transcription:
    """Sentences out of a stream: a sentence that comes again is a better one of the same."""
    events = EventDecoder()
    sentences: dict[int, _Sentence] = {}
    last, counts, ident = _Output(), None, request_id(head)
    for data in events.feed(body) + events.end():
        told = decode(data)
        if (refusal := find_refusal(told, event=getattr(data, "event", ""))) is not None:
            raise_refusal(refusal, head, data, site.codes)
        if not isinstance(told, dict) or not isinstance(told.get("output"), dict):
            continue
        last = _output(told)
        one = _sentence(last)
        if one is not None and one.sentence_end:
            sentences[len(sentences) if one.sentence_id is None else one.sentence_id] = one
        counts, ident = told.get("usage") or counts, request_id_of(told) or ident
    if last.text is None and not sentences:
        raise WireError("a stream without any text")
    made = _of_sentences(last, list(sentences.values()))
    return _counted(replace(made, model=request.model, request_id=ident), counts)


def _counted(made: Transcription, counts: Any) -> Transcription:
    """With what was counted: seconds of sound, and tokens where there are any."""
    if not isinstance(counts, dict):
        return made
    seconds = counts.get("seconds", counts.get("duration"))
    usage = decode_usage(counts)
    if usage.total is None:
        details = counts.get("output_tokens_details")
        said = details.get("text_tokens") if isinstance(details, dict) else None
        usage = Usage(output_visible=said if type(said) is int else None, raw=usage.raw)
    duration = float(seconds) if isinstance(seconds, (int, float)) else None
    return replace(made, usage=usage, duration=duration)


class _Transcript(msgspec.Struct):
    text: str = ""
    sentences: list[_Sentence] = []


class _Properties(msgspec.Struct):
    original_duration_in_milliseconds: float | None = None


class _Document(msgspec.Struct):
    transcripts: list[_Transcript]
    properties: _Properties = msgspec.field(default_factory=_Properties)


def decode_transcript(pending: Transcription, body: bytes) -> Transcription:
    """The text out of the file of a task; channels stand one after the other. Raises WireError."""
    try:
        told = msgspec.json.decode(body, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"the file of the task is no transcript: {error}") from None
    sentences = [one for each in told.transcripts for one in each.sentences]
    languages = [one.language for one in sentences if one.language is not None]
    milliseconds = told.properties.original_duration_in_milliseconds
    return replace(
        pending,
        text="\n".join([each.text for each in told.transcripts]),
        segments=_segments(sentences),
        words=_words(sentences),
        language=languages[0] if languages else None,
        duration=pending.duration if milliseconds is None else milliseconds / 1000,
        address=None,
    )
