"""Speech: a text to the bytes of a file, as they come."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.speaking import SpeechDecoder
from baimo.errors import AuthError, InputError, ProviderError, UnsupportedError, WireError
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse
from baimo.wire.http import WireHead

from .making_asked import BARE, body, posted, site

ASKED = SpeechRequest(model="m", text="Hi")
PATH = "/v1/audio/speech"


def head(kind: str | None, status: int = 200) -> WireHead:
    return WireHead(status, () if kind is None else ((b"content-type", kind.encode()),))


def test_a_text_is_sent_with_how_to_say_it() -> None:
    asked = replace(
        ASKED, voice="alloy", format="wav", speed=1.5, instructions="Softly", extra={"stream_format": "audio"}
    )
    wire = DIALECT.encode_speak(asked, BARE)
    assert wire.target == PATH.encode()
    assert DIALECT.operation("POST", wire.target, ()) == "speak"
    assert body(wire) == {
        "model": "m",
        "input": "Hi",
        "voice": "alloy",
        "response_format": "wav",
        "speed": 1.5,
        "instructions": "Softly",
        "stream_format": "audio",
    }
    assert body(DIALECT.encode_speak(replace(ASKED, speed=1.0), BARE)) == {"model": "m", "input": "Hi"}
    assert DIALECT.decode_speak_request(wire) == asked


def test_what_the_provider_does_not_know_is_refused() -> None:
    plain = site(beside={"refused": ["instructions", "speed"]})
    for wish in ({"instructions": "Softly"}, {"speed": 2.0}):
        with pytest.raises(UnsupportedError, match="of speech"):
            DIALECT.encode_speak(replace(ASKED, **wish), plain)
        wire = DIALECT.encode_speak(replace(ASKED, **wish, unsupported="drop"), plain)
        assert body(wire) == {"model": "m", "input": "Hi"}


def test_sound_is_handed_on_as_it_comes() -> None:
    decoder = DIALECT.speech_decoder(head("audio/pcm; rate=24000"), BARE)
    assert decoder.feed(b"ab") == [SpeechPiece(audio=b"ab", media_type="audio/pcm; rate=24000")]
    assert decoder.feed(b"c")[0].audio == b"c"
    assert (decoder.end(), decoder.early) == ([], [])
    for kind in ("application/octet-stream", None):
        assert SpeechDecoder(head(kind), BARE).feed(b"x") == [SpeechPiece(audio=b"x")]


@pytest.mark.parametrize(
    ("at", "raw", "kind"),
    [
        (head("application/json", 401), b'{"error":{"message":"no"}}', AuthError),
        (head("audio/mpeg", 500), b"", ProviderError),
        (head("application/json"), b'{"error":{"message":"no","code":"x"}}', ProviderError),
        (head("application/json"), b'{"fine":true}', WireError),
        (head("text/html"), b"<html>", WireError),
        (head("audio/mpeg"), b"", WireError),
    ],
)
def test_a_refusal_is_no_sound(at: WireHead, raw: bytes, kind: type[Exception]) -> None:
    decoder = SpeechDecoder(at, BARE)
    assert not raw or decoder.feed(raw) == []
    with pytest.raises(kind):
        decoder.end()


def test_a_callers_request_is_understood() -> None:
    told = {"model": "m", "input": "Hi", "voice": {"id": "voice_1"}}
    assert DIALECT.decode_speak_request(posted(PATH, told)) == replace(ASKED, voice="voice_1")
    bad: Any
    for bad, words in (({"model": "m"}, "input: is required"), (b"{", "no valid JSON")):
        with pytest.raises(InputError, match=words):
            DIALECT.decode_speak_request(posted(PATH, bad))


def test_what_is_served_is_read() -> None:
    sound = bytes(range(256)) * 40
    at, pieces = DIALECT.encode_speech(ASKED, SpeechResponse(audio=sound))
    assert at.media_type == "audio/mpeg"
    assert len(pieces) == 3
    decoder = SpeechDecoder(at, BARE)
    found = [one for piece in pieces for one in decoder.feed(piece)]
    assert b"".join([one.audio for one in found]) == sound
    at, _ = DIALECT.encode_speech(replace(ASKED, format="odd"), SpeechResponse(audio=b""))
    assert at.media_type == "application/octet-stream"
    at, _ = DIALECT.encode_speech(ASKED, SpeechResponse(audio=b"", media_type="audio/wav"))
    assert at.media_type == "audio/wav"
