"""Operations that make something else than words, by what a dialect can do."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialects.openai_chat import DIALECT
from baimo.errors import ConfigError
from baimo.exchange import exchange
from baimo.making import ImagesOperation, ModerateOperation, SpeakOperation, TranscribeOperation
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.content import Audio
from baimo.types.images import ImagesRequest
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechPiece, SpeechRequest
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import WireHead
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
