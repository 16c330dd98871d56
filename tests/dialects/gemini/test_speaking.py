"""Speech: an answer that is sound, whole and as it is made, as samples and as a file."""

from __future__ import annotations

import wave
from base64 import b64encode
from io import BytesIO
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.making import Making
from baimo.dialects.gemini.sound import RAW, is_raw, rate_of, samples_of, wav_head
from baimo.dialects.gemini.speaking import SpeechDecoder
from baimo.dialects.gemini.words import FORM
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InputError,
    ProviderError,
    StreamInterrupted,
    UnsupportedError,
    WireError,
)
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse, joined_speech
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.gemini.asking import EVENTS, JSON, event, posted, site

ASKED = SpeechRequest(model="m", text="Hi")
VOICE = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
FILE = wav_head(24000, 4) + b"abcd"


def sent(asked: SpeechRequest, **quirks: Any) -> tuple[str, Any]:
    wire = DIALECT.encode_speak(asked, site(**quirks))
    assert isinstance(wire.body, bytes)
    return wire.target.decode().rpartition(":")[2], msgspec.json.decode(wire.body)


def sound(data: bytes, kind: str = RAW) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": b64encode(data).decode()}}


def whole(*parts: dict[str, Any], usage: Any = None, **candidate: Any) -> bytes:
    told = {"candidates": [{"content": {"parts": list(parts)}, **candidate}]}
    return msgspec.json.encode(told if usage is None else {**told, "usageMetadata": usage})


def heard(
    *pieces: bytes, head: WireHead = EVENTS, format: str | None = None
) -> tuple[list[SpeechPiece], Error | None, SpeechDecoder]:
    """The pieces of sound that came, and how the reply failed."""
    asked = replace(ASKED, format=format)
    decoder = DIALECT.speech_decoder_for(asked, head, site())
    assert isinstance(decoder, SpeechDecoder)
    found: list[SpeechPiece] = []
    try:
        for piece in pieces:
            found += decoder.feed(piece)
        found += decoder.end()
    except Error as error:
        return found + decoder.early, error, decoder
    return found, None, decoder


def test_a_text_is_asked_for_as_sound() -> None:
    settings: dict[str, Any] = {"responseModalities": ["AUDIO"]}
    plain: dict[str, Any] = {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": settings,
    }
    assert sent(replace(ASKED, speed=1.0)) == ("generateContent", plain)
    asked = replace(ASKED, voice="Kore", format="wav", stream=True, extra={FORM: "x", "safetySettings": []})
    assert sent(asked) == (
        "streamGenerateContent?alt=sse",
        {**plain, "generationConfig": {**settings, "speechConfig": VOICE}, "safetySettings": []},
    )


def test_how_to_speak_stands_where_the_model_looks_for_it() -> None:
    asked = replace(ASKED, instructions="Say softly: ")
    wire = DIALECT.encode_speak(asked, site())
    assert isinstance(wire.body, bytes)
    assert b'"Say softly: Hi"' in wire.body
    assert [note.code for note in wire.notes] == ["emulated"]
    wire = DIALECT.encode_speak(asked, site(speech_style="metadata"))
    assert isinstance(wire.body, bytes)
    parts = msgspec.json.decode(wire.body)["contents"][0]["parts"]
    assert parts == [{"text": "Hi", "speechMetadata": {"style": "Say softly: "}}]
    assert wire.notes == ()


@pytest.mark.parametrize(
    ("wish", "words"),
    [({"speed": 2.0}, "speed of speech"), ({"format": "mp3"}, "it gives pcm and wav")],
)
def test_what_cannot_be_said_is_refused(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        sent(replace(ASKED, **wish))
    assert sent(replace(ASKED, **wish, unsupported="drop")) == sent(ASKED)
    bare = replace(site(), quirks=None)
    assert DIALECT.encode_speak(ASKED, bare).body == DIALECT.encode_speak(ASKED, site()).body


@pytest.mark.parametrize(
    ("came", "kind", "format", "audio", "told"),
    [
        (b"abcd", RAW, None, b"abcd", "audio/pcm;rate=24000"),
        (b"abcd", "audio/L16;rate=16000", "pcm", b"abcd", "audio/pcm;rate=16000"),
        (b"abcd", RAW, "wav", FILE, "audio/wav"),
        (FILE, "audio/wav", "wav", FILE, "audio/wav"),
        (FILE, "audio/wav", None, FILE, "audio/wav"),
        (FILE, "audio/wav", "pcm", b"abcd", "audio/pcm;rate=24000"),
        (b"ID3", "audio/mpeg", None, b"ID3", "audio/mpeg"),
    ],
)
def test_whole_sound_has_the_format_that_was_asked_for(
    came: bytes, kind: str, format: str | None, audio: bytes, told: str
) -> None:
    usage = {"promptTokenCount": 2, "candidatesTokenCount": 9}
    raw = whole({"text": "Sure"}, sound(came, kind), finishReason="STOP", usage=usage)
    pieces, error, _ = heard(raw[:30], raw[30:], head=JSON, format=format)
    assert error is None
    found = joined_speech(pieces)
    assert (found.audio, found.media_type, found.usage.output) == (audio, told, 9)
    array = b"[" + whole(sound(came, kind)) + b"," + whole(finishReason="STOP") + b"]"
    pieces, error, _ = heard(array, head=JSON, format="pcm" if format == "pcm" else None)
    assert (error, joined_speech(pieces).audio) == (None, b"abcd" if format == "pcm" else came)


def test_a_file_is_one_that_others_read() -> None:
    theirs = BytesIO()
    with wave.open(theirs, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        file.writeframes(b"\1\0" * 100)
    pieces, _, _ = heard(whole(sound(b"\1\0" * 100)), head=JSON, format="wav")
    assert pieces[0].audio == theirs.getvalue()


def test_streamed_sound_comes_as_it_is_made() -> None:
    decoder = DIALECT.speech_decoder(EVENTS, site())
    assert isinstance(DIALECT, Making)
    told = "audio/pcm;rate=24000"
    assert decoder.feed(event(sound(b"ab"))) == [SpeechPiece(audio=b"ab", media_type=told)]
    last = event(finishReason="STOP")[:-5] + b',"usageMetadata":{"promptTokenCount":2}}\r\n\r\n'
    assert decoder.feed(last)[0].audio == b""
    assert decoder.end() == []
    pieces, error, _ = heard(
        event(sound(b"ab")), b"data: \r\n\r\n", event(sound(b"cd"), finishReason="STOP"), format="wav"
    )
    assert error is None
    assert [piece.audio for piece in pieces] == [wav_head(24000, None) + b"ab", b"cd"]
    assert {piece.media_type for piece in pieces} == {"audio/wav"}


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([event(sound(b"ab"))], "before the model told why it ends"),
        ([event(sound(b"ab")), b'data: {"cand'], "inside an event"),
        ([event(sound(b"ab")), b'\n{"error": {"code": 500'], "inside an event"),
        ([b""], "before anything came"),
    ],
)
def test_a_cut_stream_is_told(pieces: list[bytes], words: str) -> None:
    found, error, _ = heard(*pieces)
    assert isinstance(error, StreamInterrupted) and words in str(error)
    assert [piece.audio for piece in found] == ([b"ab"] if len(pieces[0]) else [])


def test_every_cut_of_the_bytes_gives_the_same_sound() -> None:
    raw = event(sound(b"ab")) + event(sound(b"cd"), finishReason="STOP")
    expected = [piece.audio for piece in heard(raw)[0]]
    for at in range(1, len(raw)):
        pieces, error, _ = heard(raw[:at], raw[at:])
        assert ([piece.audio for piece in pieces], error) == (expected, None)


@pytest.mark.parametrize(
    ("pieces", "kind", "words"),
    [
        (
            [b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n'],
            ContentFilteredError,
            "blocked (SAFETY)",
        ),
        ([event(finishReason="SAFETY")], ContentFilteredError, "no sound was made (SAFETY)"),
        ([event({"text": "What?"}, finishReason="OTHER")], ProviderError, "no sound was made (OTHER)"),
        ([event(finishReason="STOP")], ProviderError, "no sound was made (STOP)"),
        ([event(sound(b"a")), event(finishReason="SPII")], ContentFilteredError, "broken off (SPII)"),
        ([event(sound(b"a")), event(finishReason="OTHER")], ProviderError, "broken off (OTHER)"),
        ([event(sound(b"a")), b'\n{"error": {"code": 500, "message": "Ouch"}}'], ProviderError, "Ouch"),
        ([b'data: {"error": {"code": 500, "message": "Ouch"}}\n\n'], ProviderError, "Ouch"),
        ([b'data: {"candidates": [5]}\n\n', event(finishReason="STOP")], ProviderError, "no sound was made"),
    ],
)
def test_a_refusal_is_no_sound(pieces: list[bytes], kind: type[Error], words: str) -> None:
    _, error, _ = heard(*pieces)
    assert isinstance(error, kind) and words in str(error)
    assert isinstance(error, ContentFilteredError) is (kind is ContentFilteredError)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", WireError),
        (b"<html>", WireError),
        (b'"x"', ProviderError),
        (whole({"fileData": {"mimeType": "audio/wav", "fileUri": "gs://a"}}), ProviderError),
        (whole(sound(b"a"), finishReason="SAFETY"), ContentFilteredError),
        (whole({"inlineData": {"mimeType": RAW, "data": "%"}}), WireError),
    ],
)
def test_a_whole_reply_without_sound_is_an_error(raw: bytes, kind: type[Error]) -> None:
    _, error, _ = heard(raw, head=JSON)
    assert isinstance(error, kind)


def test_what_is_no_file_is_not_taken_for_one() -> None:
    _, error, _ = heard(whole(sound(b"ID3", "audio/mpeg")), head=JSON, format="pcm")
    assert isinstance(error, WireError) and "but audio/mpeg" in str(error)
    for bad in (b"", b"RIFF", b"RIFF????WAVEfmt \0\0\0\0"):
        with pytest.raises(ValueError, match="no WAV file"):
            samples_of(bad)
    odd = FILE[:12] + b"note\1\0\0\0x\0" + FILE[12:]
    assert samples_of(odd) == (b"abcd", 24000)
    assert (is_raw("audio/wav"), is_raw("audio/pcm"), rate_of("audio/L16;rate=8000")) == (False, True, 8000)


def test_an_error_status_is_told_whatever_its_body() -> None:
    head = WireHead(401, ((b"content-type", b"application/json"),))
    _, error, _ = heard(b'{"error":', b'{"code":401,"message":"no"}}', head=head)
    assert isinstance(error, AuthError)


def test_sound_that_ends_at_the_models_limit_has_a_note() -> None:
    _, error, decoder = heard(event(sound(b"ab"), finishReason="MAX_TOKENS"))
    assert error is None
    assert [note.code for note in decoder.notes] == ["speech_cut"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_callers_request_survives_both_ways(stream: bool) -> None:
    asked = replace(
        ASKED,
        voice="Kore",
        instructions="softly",
        stream=stream,
        extra={"safetySettings": [], "generationConfig": {"temperature": 1.0}},
    )
    method, body = sent(asked, speech_style="metadata")
    found = DIALECT.decode_speak_request(posted(body, f"/v1beta/models/m:{method}"))
    assert found == asked


def test_a_callers_request_is_understood() -> None:
    parts = [{"text": "a", "speech_metadata": 5}, {"text": "b"}, {}]
    told = {"contents": [{"parts": parts}], "generation_config": {"speech_config": {"voice_config": {}}}}
    found = DIALECT.decode_speak_request(posted(told, "/v1/models/m:streamGenerateContent"))
    assert (found.text, found.voice, found.stream, found.extra) == ("a\nb", None, True, {FORM: "array"})
    told = {
        "contents": [{"parts": parts}],
        "generationConfig": {"speechConfig": {"voiceConfig": {"voice": "v"}}},
    }
    assert DIALECT.decode_speak_request(posted(told)).voice == "v"
    for bad, words in (({}, "contents: is required"), ({"contents": [{"parts": [5]}]}, "must be an object")):
        with pytest.raises(InputError, match=words):
            DIALECT.decode_speak_request(posted(bad))


@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"stream": True, "extra": {FORM: "array"}}])
@pytest.mark.parametrize("size", [5, 30000])
def test_what_is_served_is_read(fields: dict[str, Any], size: int) -> None:
    audio = bytes(size)
    response = SpeechResponse(audio=audio, usage=Usage(input_uncached=2, audio_out=9))
    head, pieces = DIALECT.encode_speech(replace(ASKED, **fields), response)
    assert (len(pieces) > 1) is (fields == {"stream": True} and size > 5)
    found, error, _ = heard(*pieces, head=head)
    told = joined_speech(found)
    assert (error, told.audio, told.usage.audio_out) == (None, audio, 9)


def test_no_sound_is_served_as_none() -> None:
    head, pieces = DIALECT.encode_speech(ASKED, SpeechResponse(audio=b"", media_type="audio/wav"))
    assert b"audio/wav" in pieces[0] and b"usageMetadata" not in pieces[0]
    assert isinstance(heard(*pieces, head=head)[1], ProviderError)
