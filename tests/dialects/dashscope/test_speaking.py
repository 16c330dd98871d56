"""Text to speech at both addresses: whole replies tell where the sound is, streams bring it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import SpeakDialect
from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.speaking import SAMPLES, SpeechDecoder, encode_speak
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ServerError,
    StreamInterrupted,
    UnsupportedError,
    WireError,
)
from baimo.types.speech import SpeechPiece, SpeechRequest, joined_speech
from baimo.wire.http import HttpRequest, WireHead

ASKED = SpeechRequest(model="m", text="你好", voice="Cherry")
JSON = WireHead(200, ((b"content-type", b"application/json"),))
SSE = WireHead(200, ((b"content-type", b"text/event-stream"),))
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


UNFIT = b'{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content."}'


def site(**quirks: Any) -> Site:
    return Site(base_url="https://a.example/api/v1", quirks=DIALECT.quirks(quirks))


QWEN, OWN = site(), site(speak="synthesizer")


def body(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def test_speech_is_asked_for_where_multimodal_models_are() -> None:
    assert isinstance(DIALECT, SpeakDialect)
    extra = {"input": {"language_type": "Chinese"}}
    wire = DIALECT.encode_speak(
        replace(ASKED, extra=extra, headers={"X-A": "b"}, format="wav", speed=1.0), replace(QWEN, quirks=None)
    )
    assert wire.target == b"/api/v1/services/aigc/multimodal-generation/generation"
    assert (b"X-A", b"b") in wire.headers
    assert b"X-DashScope-SSE" not in dict(wire.headers)
    assert body(wire) == {
        "model": "m",
        "input": {"text": "你好", "voice": "Cherry", "language_type": "Chinese"},
    }
    wire = encode_speak(replace(ASKED, stream=True, voice=None, format="pcm"), QWEN)
    assert (b"X-DashScope-SSE", b"enable") in wire.headers
    assert body(wire)["input"] == {"text": "你好"}
    wire = encode_speak(replace(ASKED, instructions="fast"), site(instructed=True))
    assert body(wire)["input"]["instructions"] == "fast"


def test_the_synthesizer_has_words_of_its_own() -> None:
    asked = replace(ASKED, format="mp3", speed=1.5, instructions="fast")
    wire = encode_speak(asked, site(speak="synthesizer", instructed=True))
    assert wire.target == b"/api/v1/services/audio/tts/SpeechSynthesizer"
    assert DIALECT.operation("POST", wire.target, ()) == "speak"
    assert body(wire)["input"] == {
        "text": "你好",
        "voice": "Cherry",
        "format": "mp3",
        "rate": 1.5,
        "instruction": "fast",
    }
    assert body(encode_speak(ASKED, OWN))["input"] == {"text": "你好", "voice": "Cherry"}


@pytest.mark.parametrize(
    ("where", "wish", "words"),
    [
        (QWEN, {"format": "mp3"}, "the format of speech: it is wav"),
        (QWEN, {"format": "pcm"}, "the format of speech"),
        (QWEN, {"format": "wav", "stream": True}, "the format of speech"),
        (QWEN, {"speed": 2.0}, "speed of speech"),
        (QWEN, {"instructions": "fast"}, "instructions of speech: qwen3-tts-instruct-flash"),
        (OWN, {"instructions": "fast"}, "instructions of speech"),
        (OWN, {"speed": 3.0}, "speed is 3"),
    ],
)
def test_what_cannot_be_said_is_refused(where: Site, wish: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        encode_speak(replace(ASKED, **wish), where)
    assert len(encode_speak(replace(ASKED, **wish, unsupported="drop"), where).notes) == 1


def test_a_model_that_speaks_over_a_socket_alone_is_not_asked() -> None:
    with pytest.raises(UnsupportedError, match="over a socket alone") as caught:
        encode_speak(replace(ASKED, unsupported="drop"), site(speak="socket"))
    assert "qwen3-tts-flash" in (caught.value.hint or "")


def reply(audio: Any, reason: str = "stop", **more: Any) -> bytes:
    return msgspec.json.encode(
        {"output": {"finish_reason": reason, "audio": audio}, "request_id": "r-1", **more}
    )


def event(data: bytes, name: bytes = b"result") -> bytes:
    return b"id:1\nevent:" + name + b"\n:HTTP_STATUS/200\ndata:" + data + b"\n\n"


def sound(data: bytes) -> dict[str, str]:
    return {"data": b64encode(data).decode(), "url": ""}


COUNTS = {"input_tokens": 0, "output_tokens": 0, "characters": 195}
TOKENS = {
    "input_tokens": 76,
    "output_tokens": 1045,
    "characters": 0,
    "input_tokens_details": {"text_tokens": 76},
    "output_tokens_details": {"audio_tokens": 1045, "text_tokens": 0},
}


def whole(raw: bytes, head: WireHead = JSON) -> list[SpeechPiece]:
    decoder = DIALECT.speech_decoder(head, QWEN)
    assert decoder.feed(raw[:3]) == decoder.feed(raw[3:]) == []
    return decoder.end()


def test_a_whole_reply_tells_where_the_sound_is() -> None:
    (piece,) = whole(reply({"data": "", "url": "http://files.example/a.wav?s=1"}, usage=COUNTS))
    assert (piece.audio, piece.address) == (b"", "http://files.example/a.wav?s=1")
    assert piece.usage is not None
    assert (piece.usage.total, piece.usage.raw is not None) == (None, True)
    (piece,) = whole(reply({"url": "u"}, usage=TOKENS))
    assert piece.usage is not None
    assert (piece.usage.input_uncached, piece.usage.audio_out, piece.usage.output) == (76, 1045, 1045)
    (piece,) = whole(reply(sound(WAV)))
    assert (piece.audio, piece.media_type, piece.address, piece.usage) == (WAV, "audio/wav", None, None)
    for nothing in (None, {}, {"data": 5, "url": 6}):
        with pytest.raises(WireError, match="holds no sound"):
            whole(reply(nothing))


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(AuthError):
        whole(b'{"code":"InvalidApiKey","message":"no"}', WireHead(401))
    with pytest.raises(ServerError):
        whole(b"busy, come back", WireHead(500))
    with pytest.raises(ContentFilteredError):
        whole(UNFIT)


def streamed(*pieces: bytes, where: Site = QWEN) -> list[SpeechPiece]:
    decoder = SpeechDecoder(SSE, where)
    found = [piece for one in pieces for piece in decoder.feed(one)] + decoder.end()
    assert decoder.request_id == "r-1"
    return found


STREAM = [
    event(reply(sound(b"samples "), "null", usage=COUNTS)),
    event(b"5"),
    event(b'{"output":{"audio":null}}'),
    event(reply({"data": ""}, "null")),
    event(reply(sound(b"more"), "null")),
    event(reply({"data": "", "url": "https://files.example/a"}, usage=COUNTS)),
]


def test_a_stream_brings_the_sound() -> None:
    pieces = streamed(*STREAM)
    assert [piece.audio for piece in pieces] == [b"samples ", b"more", b""]
    assert all(piece.address is None for piece in pieces)
    spoken = joined_speech(pieces)
    assert (spoken.audio, spoken.media_type) == (b"samples more", SAMPLES)
    assert spoken.usage.raw is not None
    body = b"".join(STREAM)
    for at in range(0, len(body), 7):
        assert joined_speech(streamed(body[:at], body[at:])).audio == b"samples more"
    assert joined_speech(streamed(*[body[i : i + 1] for i in range(len(body))])).audio == b"samples more"


def test_a_stream_is_what_its_first_bytes_say() -> None:
    told = [event(reply(sound(WAV), "null")), event(reply({}))]
    assert [piece.media_type for piece in streamed(*told)] == ["audio/wav"]
    told = [event(reply(sound(b"x"), "null")), event(reply(None))]
    assert [piece.media_type for piece in streamed(*told, where=OWN)] == ["audio/pcm"]


def test_a_stream_without_sound_tells_where_it_is() -> None:
    (piece,) = streamed(event(reply({"data": "", "url": "https://files.example/a"})))
    assert piece.address == "https://files.example/a"


def test_a_stream_that_is_cut_is_no_speech() -> None:
    decoder = SpeechDecoder(SSE, QWEN)
    decoder.feed(STREAM[0])
    with pytest.raises(StreamInterrupted, match="finish reason"):
        decoder.end()
    decoder = SpeechDecoder(SSE, QWEN)
    assert decoder.feed(STREAM[0].rstrip()) == []
    with pytest.raises(StreamInterrupted):
        decoder.end()
    assert [piece.audio for piece in decoder.early] == [b"samples "]
    with pytest.raises(StreamInterrupted, match="before anything"):
        SpeechDecoder(SSE, QWEN).end()


def test_a_failure_in_a_stream_comes_after_the_sound() -> None:
    decoder = SpeechDecoder(SSE, QWEN)
    failure = event(UNFIT, b"error")
    with pytest.raises(ContentFilteredError):
        decoder.feed(STREAM[0] + failure)
    assert [piece.audio for piece in decoder.early] == [b"samples "]
    with pytest.raises(WireError, match="no base64"):
        SpeechDecoder(SSE, QWEN).feed(event(reply({"data": "*"}, "null")))
