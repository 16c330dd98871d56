"""Operations that make something else than words, by what a dialect can do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import AuthError, ConfigError, FetchError, ServerError, TimedOutError, WireError
from baimo.exchange import exchange
from baimo.making import (
    ImagesOperation,
    Keeping,
    ModerateOperation,
    SpeakOperation,
    TranscribeOperation,
    brought,
    waited_for,
)
from baimo.media.fetching import FetchRules
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.content import Audio
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechPiece, SpeechRequest
from baimo.types.transcription import TranscribeRequest, Transcription, TranscriptPiece
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play
from tests.scripted import deployment

JSON = WireHead(200, ((b"content-type", b"application/json"),))
SOUND = WireHead(200, ((b"content-type", b"audio/mpeg"),))
AUDIO = Audio(data=b"x", format="wav")

OPERATIONS: list[tuple[Any, WireHead, bytes]] = [
    (ImagesOperation(ImagesRequest(model="", prompt="a")), JSON, b'{"data":[{"url":"u"}]}'),
    (TranscribeOperation(TranscribeRequest(model="", audio=AUDIO)), JSON, b'{"text":"Hi"}'),
    (SpeakOperation(SpeechRequest(model="", text="a")), SOUND, b"sound"),
    (
        ModerateOperation(ModerateRequest(model="", inputs=("a",))),
        JSON,
        b'{"results":[{"categories":{},"flagged":true}]}',
    ),
]


@pytest.mark.parametrize(
    ("operation", "head", "body"), OPERATIONS, ids=[type(one[0]).__name__ for one in OPERATIONS]
)
def test_it_is_asked_of_a_dialect_that_can(operation: Any, head: WireHead, body: bytes) -> None:
    at = deployment(dialect=DIALECT, extra={"row": 1})
    play = Play(head, body, b"")
    outcome = play.run(exchange(operation, at, retry=RetryPolicy(attempts=1), limits=TimeLimits()))
    assert len(play.events) == 1
    assert b"row" in outcome.sent.body
    assert b'"m"' in outcome.sent.body or b"\r\nm\r\n" in outcome.sent.body


@pytest.mark.parametrize("operation", [one[0] for one in OPERATIONS], ids=lambda one: type(one).__name__)
def test_a_dialect_that_cannot_is_not_asked(operation: Any) -> None:
    with pytest.raises(ConfigError, match="which knows no"):
        operation.encode(deployment())


def test_a_stream_is_asked_of_a_dialect_that_streams() -> None:
    class Whole:
        name = "whole"
        encode_transcribe = DIALECT.encode_transcribe

    operation = TranscribeOperation(TranscribeRequest(model="", audio=AUDIO, stream=True))
    with pytest.raises(ConfigError, match="which knows no streamed transcription"):
        operation.encode(deployment(dialect=Whole()))
    head = WireHead(200, ((b"content-type", b"text/event-stream"),))
    play = Play(head, b'data: {"type":"transcript.text.delta","delta":"Hi"}\n\n', b"data: [DONE]\n\n", b"")
    at = deployment(dialect=DIALECT)
    play.run(exchange(operation, at, retry=RetryPolicy(attempts=1), limits=TimeLimits()))
    assert play.events == [TranscriptPiece(text="Hi")]
    assert [step for step in play.trace if step in ("Read", "Emit")][:3] == ["Read", "Emit", "Read"]


def test_sound_is_shown_before_more_of_it_is_asked_for() -> None:
    operation = SpeakOperation(SpeechRequest(model="", text="a", stream=True))
    at = deployment(dialect=DIALECT)
    play = Play(SOUND, b"one", b"two", b"")
    play.run(exchange(operation, at, retry=RetryPolicy(attempts=1), limits=TimeLimits()))
    assert [step for step in play.trace if step in ("Read", "Emit")] == [
        "Read",
        "Emit",
        "Read",
        "Emit",
        "Read",
    ]
    assert play.events == [SpeechPiece(audio=one, media_type="audio/mpeg") for one in (b"one", b"two")]


class Tasks:
    """A wire whose images are a task."""

    name = "tasks"

    def encode_images(self, request: ImagesRequest, site: Site) -> HttpRequest:
        return HttpRequest(method="POST", origin=site.base_url, target=b"/make")

    def encode_task(self, task_id: str, headers: Mapping[str, str], site: Site) -> HttpRequest:
        return HttpRequest(method="GET", origin=site.base_url, target=f"/{task_id}".encode())

    def decode_images(
        self, request: ImagesRequest, head: WireHead, body: bytes, site: Site
    ) -> ImagesResponse:
        if body == b"bad":
            raise WireError("bad")
        if body == b"done":
            return ImagesResponse(images=(MadeImage(url="u"),))
        return ImagesResponse(images=(), task_id=None if body == b"none" else "t-1", is_pending=True)


def tasked(*replies: Any, total_s: float | None = None) -> tuple[Play, Any]:
    at, request = deployment(dialect=Tasks()), ImagesRequest(model="", prompt="a")
    once, limits = RetryPolicy(attempts=1), TimeLimits()
    operation = ImagesOperation(request)
    steps = waited_for(
        exchange(operation, at, retry=once, limits=limits),
        operation,
        total_s,
        lambda task, place: exchange(task, place, retry=once, limits=limits),
    )
    play = Play(*[part for body in replies for part in (JSON, body, b"")])
    return play, play.run(steps)


def test_a_task_is_waited_for() -> None:
    play, outcome = tasked(b"goes on", b"goes on", b"goes on", b"done")
    assert [wait.seconds for wait in play.waits] == [1.0, 1.5, 2.25]
    assert [sent.wire.target for sent in play.sent] == [b"/make", b"/t-1", b"/t-1", b"/t-1"]
    (made,) = play.events
    assert (made.images[0].url, made.task_id, made.is_pending) == ("u", "t-1", False)
    assert outcome.sent.target == b"/make"


def test_what_is_there_at_once_is_not_waited_for() -> None:
    play, _ = tasked(b"done")
    assert (play.waits, len(play.events)) == ([], 1)
    assert tasked(b"none", b"done")[0].sent[1].wire.target == b"/"


def test_a_task_is_waited_for_no_longer_than_the_call_may_take() -> None:
    with pytest.raises(TimedOutError, match="the task t-1 was not done within 3 s") as caught:
        tasked(*[b"goes on"] * 9, total_s=3.0)
    assert (caught.value.task_id, caught.value.limit) == ("t-1", "total")
    with pytest.raises(TimedOutError, match="within 600 s"):
        tasked(*[b"goes on"] * 300)


def test_a_failure_tells_which_task_goes_on() -> None:
    with pytest.raises(WireError, match="bad") as caught:
        tasked(b"goes on", b"bad")
    assert caught.value.task_id == "t-1"
    with pytest.raises(WireError) as first:
        tasked(b"bad")
    assert first.value.task_id is None


class Keeps(Tasks):
    """A wire that keeps what it made: a reply is the address, or the sound itself."""

    def encode_speak(self, request: SpeechRequest, site: Site) -> HttpRequest:
        return HttpRequest(method="POST", origin=site.base_url, target=b"/say")

    def speech_decoder(self, head: WireHead, site: Site) -> Any:
        return SaidDecoder()

    def encode_transcribe(self, request: TranscribeRequest, site: Site) -> HttpRequest:
        return HttpRequest(method="POST", origin=site.base_url, target=b"/hear")

    def decode_transcribe(
        self, request: TranscribeRequest, head: WireHead, body: bytes, site: Site
    ) -> Transcription:
        if body == b"goes on":
            return Transcription(text="", task_id="t-1", is_pending=True)
        return Transcription(text="", task_id="t-1", address=body.decode())

    def decode_transcript(self, pending: Transcription, body: bytes) -> Transcription:
        if body == b"bad":
            raise WireError("no transcript")
        return Transcription(text=body.decode(), task_id=pending.task_id)


class SaidDecoder:
    early: tuple[()] = ()

    def feed(self, piece: bytes) -> list[SpeechPiece]:
        pieces = []
        for word in piece.split():
            is_address = word.startswith(b"http")
            usage = Usage(output_visible=1)
            pieces.append(
                SpeechPiece(audio=b"", address=word.decode(), usage=usage)
                if is_address
                else SpeechPiece(audio=word)
            )
        return pieces

    def end(self) -> list[SpeechPiece]:
        return []


WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
FILE = WireHead(200, ((b"content-type", b"application/octet-stream"),))
PUBLIC = "https://files.example/sound.wav?sig=1"
HEARD = TranscribeOperation(TranscribeRequest(model="", audio=AUDIO))


def kept(
    *replies: Any,
    operation: Any = None,
    guarded: bool = True,
    stream: bool = False,
    total_s: float | None = None,
    base_url: str = "http://127.0.0.1:8000",
) -> Play:
    at = deployment(dialect=Keeps())
    at = replace(at, site=replace(at.site, base_url=base_url))
    operation = operation or SpeakOperation(SpeechRequest(model="", text="a", stream=stream))
    once, limits = RetryPolicy(attempts=1), TimeLimits()
    steps = exchange(operation, at, retry=once, limits=limits)
    if operation is HEARD:
        ask = partial(exchange, retry=once, limits=limits)
        steps = waited_for(steps, HEARD, total_s, ask)
    play = Play(*replies)
    play.run(brought(steps, total_s, Keeping(rules=FetchRules(), guarded=guarded)))
    return play


def test_sound_that_is_kept_somewhere_is_fetched_from_there() -> None:
    play = kept(JSON, PUBLIC.encode(), b"", FILE, WAV, b"more", b"")
    assert play.events == [
        SpeechPiece(audio=WAV + b"more", media_type="audio/wav", usage=Usage(output_visible=1))
    ]
    wire: Any = play.sent[1].wire
    assert (wire.origin, wire.target, wire.public_only) == (
        "https://files.example",
        b"/sound.wav?sig=1",
        True,
    )
    assert b"authorization" not in dict(wire.headers)
    told = WireHead(200, ((b"content-type", b"audio/pcm"),))
    assert kept(JSON, PUBLIC.encode(), b"", told, b"samples", b"").events[0].media_type == "audio/pcm"
    assert kept(JSON, PUBLIC.encode(), b"", FILE, b"samples", b"").events[0].media_type is None


def test_sound_that_comes_is_shown_as_it_comes() -> None:
    play = kept(JSON, b"one two", b"three", b"", stream=True)
    assert [piece.audio for piece in play.events] == [b"one", b"two", b"three"]
    assert play.trace.count("Emit") == 2
    both = kept(JSON, b"one " + PUBLIC.encode(), b"", FILE, WAV, b"", stream=True)
    assert [piece.audio for piece in both.events] == [b"one", WAV]


def test_what_the_provider_itself_keeps_is_fetched_wherever_it_is() -> None:
    own = b"http://127.0.0.1:8000/kept.wav"
    play = kept(JSON, own, b"", FILE, WAV, b"", guarded=False)
    wire: Any = play.sent[1].wire
    assert not wire.public_only
    for other in (b"http://127.0.0.1:8001/kept.wav", b"http://localhost:8000/a", b"http://10.0.0.1/a"):
        with pytest.raises(FetchError, match="not public") as caught:
            kept(JSON, other, b"")
        assert caught.value.sent
        assert "It was made" in (caught.value.hint or "")


def test_no_address_is_connected_to_by_a_transport_that_looks_at_none() -> None:
    with pytest.raises(ConfigError, match=r"https://files.example/sound.wav is to be fetched"):
        kept(JSON, PUBLIC.encode(), b"", guarded=False)


def test_a_file_that_is_not_there_at_once_is_asked_for_again() -> None:
    busy = WireHead(503)
    play = kept(JSON, PUBLIC.encode(), b"", busy, busy, FILE, WAV, b"")
    assert [wait.seconds for wait in play.waits] == [1.0, 3.0]
    with pytest.raises(FetchError, match="answered 503"):
        kept(JSON, PUBLIC.encode(), b"", busy, busy, busy)
    with pytest.raises(FetchError, match="answered 403") as caught:
        kept(JSON, PUBLIC.encode(), b"", WireHead(403))
    assert caught.value.sent
    assert caught.value.task_id is None


@pytest.mark.parametrize("body", [b"", b"<html>"])
def test_what_is_no_sound_is_an_error(body: bytes) -> None:
    page = WireHead(200, ((b"content-type", b"text/html"),))
    with pytest.raises(WireError, match="holds none"):
        kept(JSON, PUBLIC.encode(), b"", page if body else FILE, body, *([b""] if body else []))


def test_the_time_of_the_call_bounds_the_fetching() -> None:
    with pytest.raises(TimedOutError, match=r"while https://files\.example/sound\.wav was fetched"):
        kept(JSON, PUBLIC.encode(), b"", 9.0, FILE, WAV, b"", total_s=5.0)


def test_a_text_is_waited_for_and_fetched() -> None:
    play = kept(
        JSON,
        b"goes on",
        b"",
        JSON,
        b"goes on",
        b"",
        JSON,
        PUBLIC.encode(),
        b"",
        FILE,
        b"Hi",
        b"",
        operation=HEARD,
    )
    assert play.events == [Transcription(text="Hi", task_id="t-1")]
    assert [sent.wire.target for sent in play.sent] == [b"/hear", b"/t-1", b"/t-1", b"/sound.wav?sig=1"]
    with pytest.raises(WireError, match="no transcript") as caught:
        kept(JSON, PUBLIC.encode(), b"", FILE, b"bad", b"", operation=HEARD)
    assert (caught.value.task_id, caught.value.sent) == ("t-1", True)


def test_a_refusal_passes_through() -> None:
    for failure in (AuthError("no", status=401), ServerError("no", status=500)):
        with pytest.raises(type(failure)) as caught:
            kept(failure)
        assert caught.value is failure
