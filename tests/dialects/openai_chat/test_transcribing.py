"""Transcription: sound to text, with its times."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.transcribing import decode_transcribe
from baimo.errors import AuthError, InputError, UnsupportedError, WireError
from baimo.types.content import Audio
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.multipart import FormPart, field

from .making_asked import BARE, GOOD, fields, form, posted, posted_form, site

WAV = b"RIFF\0\0\0\0WAVEfmt "
ASKED = TranscribeRequest(model="m", audio=Audio(data=WAV, format="wav"))
PATH = "/v1/audio/transcriptions"


def answer(content: Any) -> Transcription:
    return decode_transcribe(ASKED, GOOD, msgspec.json.encode(content), BARE)


def test_sound_is_sent_as_a_file_with_what_is_known_of_it() -> None:
    asked = replace(
        ASKED,
        language="en",
        prompt="Baimo",
        timestamps=("segment", "word"),
        temperature=0.5,
        extra={"include": ["logprobs"]},
    )
    wire = DIALECT.encode_transcribe(asked, BARE)
    assert wire.target == PATH.encode()
    assert DIALECT.operation("POST", wire.target, ()) == "transcribe"
    assert sorted(fields(wire)) == sorted(
        [
            ("model", "m"),
            ("language", "en"),
            ("prompt", "Baimo"),
            ("temperature", "0.5"),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "segment"),
            ("timestamp_granularities[]", "word"),
            ("include[]", "logprobs"),
        ]
    )
    (file,) = [part for part in form(wire) if part.filename]
    assert (file.name, file.filename, file.media_type, file.data) == ("file", "audio.wav", "audio/wav", WAV)
    assert fields(DIALECT.encode_transcribe(ASKED, BARE)) == [("model", "m")]
    assert DIALECT.decode_transcribe_request(DIALECT.encode_transcribe(asked, BARE)) == replace(
        asked, extra={"include": "logprobs"}
    )


@pytest.mark.parametrize(
    ("audio", "name", "kind"),
    [
        (Audio(data=b"ID3.."), "audio.mp3", "audio/mpeg"),
        (Audio(data=b"??"), "audio.wav", "application/octet-stream"),
        (Audio(data=b"??", format="amr"), "audio.amr", "application/octet-stream"),
        (Audio(data=b"ID3..", format="flac"), "audio.flac", "audio/flac"),
    ],
)
def test_a_file_has_the_name_of_its_kind(audio: Audio, name: str, kind: str) -> None:
    wire = DIALECT.encode_transcribe(replace(ASKED, audio=audio), BARE)
    assert [(part.filename, part.media_type) for part in form(wire) if part.filename] == [(name, kind)]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"language": "en"}, "the language of"),
        ({"prompt": "x"}, "the prompt of"),
        ({"timestamps": ("word",)}, "to tell times"),
    ],
)
def test_what_the_provider_does_not_know_is_refused(wish: Any, words: str) -> None:
    bare = site(beside={"refused": ["language", "prompt", "timestamps"]})
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_transcribe(replace(ASKED, **wish), bare)
    wire = DIALECT.encode_transcribe(replace(ASKED, **wish, unsupported="drop"), bare)
    assert fields(wire) == [("model", "m")]
    assert len(wire.notes) == 1


def test_an_address_is_not_sound() -> None:
    with pytest.raises(InputError, match="by its bytes"):
        DIALECT.encode_transcribe(replace(ASKED, audio=Audio(url="https://a.example")), BARE)


def test_a_text_is_read_with_its_times() -> None:
    found = answer(
        {
            "text": "Hi you",
            "language": "english",
            "duration": "1.5",
            "segments": [{"id": 0, "start": 0, "end": 1.5, "text": "Hi you", "tokens": [1], "speaker": "A"}],
            "words": [{"word": "Hi", "start": 0.0, "end": 0.5}],
            "usage": {"type": "duration", "seconds": 2},
        }
    )
    assert (found.text, found.language, found.duration, found.model) == ("Hi you", "english", 1.5, "m")
    assert found.segments == (Segment(start=0.0, end=1.5, text="Hi you", speaker="A"),)
    assert found.words == (Word(start=0.0, end=0.5, word="Hi"),)
    assert found.usage.total is None


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (
            {
                "input_tokens": 14,
                "input_token_details": {"audio_tokens": 12, "text_tokens": 2},
                "output_tokens": 5,
            },
            (2, 12, 5),
        ),
        ({"input_tokens": 14, "output_tokens": "x"}, (14, None, None)),
        ({"prompt_audio_seconds": 3}, (None, None, None)),
    ],
)
def test_usage_is_in_tokens_where_it_is(usage: Any, counts: Any) -> None:
    found = answer({"text": "", "usage": usage}).usage
    assert (found.input_uncached, found.audio_in, found.output_visible) == counts


def test_seconds_and_languages_are_found_where_they_are() -> None:
    found = answer({"text": "", "languages": [{"code": "zh"}], "usage": {"seconds": 3}, "model": "n"})
    assert (found.language, found.duration, found.model) == ("zh", 3.0, "n")
    assert answer({"text": "", "duration": "long"}).duration is None
    assert answer({"text": "", "usage": {"seconds": {}}}).duration is None


def test_what_is_no_transcription_is_refused() -> None:
    with pytest.raises(WireError, match="no transcription"):
        answer({"words": []})
    with pytest.raises(AuthError):
        decode_transcribe(ASKED, WireHead(401), b'{"error":{"message":"no"}}', BARE)


FILE = FormPart(name="file", data=WAV, filename="a.wav")


def test_a_callers_form_is_understood() -> None:
    found = DIALECT.decode_transcribe_request(
        posted_form(PATH, field("model", "m"), field("response_format", "verbose_json"), FILE)
    )
    assert found == replace(ASKED, timestamps=("segment",))
    found = DIALECT.decode_transcribe_request(
        posted_form(PATH, field("model", "m"), field("response_format", "srt"), replace(FILE, filename=None))
    )
    assert found == replace(ASKED, extra={"response_format": "srt"})
    unknown = FormPart(name="file", data=b"?")
    found = DIALECT.decode_transcribe_request(posted_form(PATH, field("model", "m"), unknown))
    assert found.audio == Audio(data=b"?")


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (posted(PATH, {}), "no form"),
        (posted_form(PATH, FILE), "model: is required"),
        (posted_form(PATH, field("model", "m")), "file: is required"),
        (posted_form(PATH, field("model", "m"), FILE, field("temperature", "hot")), "temperature: must be"),
        (
            posted_form(PATH, field("model", "m"), FILE, field("timestamp_granularities[]", "day")),
            "neither segment nor word",
        ),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(wire: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_transcribe_request(wire)


def test_what_is_served_is_read() -> None:
    response = Transcription(
        text="Hi",
        segments=(Segment(start=0.0, end=1.0, text="Hi"), Segment(start=1.0, end=2.0, text="", speaker="B")),
        words=(Word(start=0.0, end=1.0, word="Hi"),),
        language="en",
        duration=2.0,
        model="m",
    )
    timed = replace(ASKED, timestamps=("segment", "word"))
    again = decode_transcribe(timed, GOOD, DIALECT.encode_transcription(timed, response), BARE)
    assert replace(again, usage=Usage()) == response
    words = replace(ASKED, timestamps=("word",))
    assert not decode_transcribe(words, GOOD, DIALECT.encode_transcription(words, response), BARE).segments
    segments = replace(ASKED, timestamps=("segment",))
    told = DIALECT.encode_transcription(segments, replace(response, language=None, duration=None))
    assert not decode_transcribe(segments, GOOD, told, BARE).words
    plain = DIALECT.encode_transcription(ASKED, Transcription(text="Hi"))
    assert msgspec.json.decode(plain) == {"text": "Hi"}
    counted = Transcription(text="Hi", usage=Usage(input_uncached=2, audio_in=3, output_visible=4))
    again = decode_transcribe(ASKED, GOOD, DIALECT.encode_transcription(ASKED, counted), BARE)
    assert again.usage.total == 9


def test_a_provider_may_know_no_temperature() -> None:
    where = site(beside={"refused": ["temperature"]})
    with pytest.raises(UnsupportedError, match="the temperature of a transcription"):
        DIALECT.encode_transcribe(replace(ASKED, temperature=0.5), where)
    wire = DIALECT.encode_transcribe(replace(ASKED, temperature=0.5, unsupported="drop"), where)
    assert fields(wire) == [("model", "m")]
    assert [note.code for note in wire.notes] == ["dropped"]
