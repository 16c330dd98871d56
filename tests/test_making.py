"""Operations that make something else than words, by what a dialect can do."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import ConfigError, TimedOutError, WireError
from baimo.exchange import exchange
from baimo.making import (
    ImagesOperation,
    ModerateOperation,
    SpeakOperation,
    TranscribeOperation,
    waited_for,
)
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.content import Audio
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechPiece, SpeechRequest
from baimo.types.transcription import TranscribeRequest, TranscriptPiece
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

    def encode_images_task(self, request: ImagesRequest, task_id: str, site: Site) -> HttpRequest:
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
    steps = waited_for(
        exchange(ImagesOperation(request), at, retry=once, limits=limits),
        request,
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
