"""Being the provider of images, sound and its text: what is asked is read, what is answered can be read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.served_making import (
    body_of,
    decode_images_in_messages,
    decode_transcribe_request,
    encode_failed_task,
    encode_images_in_messages,
    encode_speech,
    encode_transcript,
    encode_transcription,
)
from baimo.errors import InputError, ProviderError
from baimo.types.content import Audio, Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.speech import SpeechPiece, SpeechRequest, SpeechResponse, joined_speech
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.wire.http import HttpRequest, WireHead

GOOD = WireHead(200, ((b"content-type", b"application/json"),))
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
HEARD = Transcription(
    text="Hi you",
    segments=(Segment(start=0.5, end=2.0, text="Hi you"),),
    words=(Word(start=0.5, end=1.0, word="Hi"), Word(start=1.0, end=2.0, word="you")),
    duration=3.0,
    language="en",
)


def site(**quirks: Any) -> Site:
    return Site(base_url="https://a.example/api/v1", quirks=DIALECT.quirks(quirks))


def posted(body: Any) -> HttpRequest:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="https://a.example", target=b"/", body=raw)


def test_images_in_messages_are_read_as_they_were_asked_for() -> None:
    asked = ImagesRequest(
        model="m",
        prompt="a fox",
        images=(
            Image(url="https://b.example/c.png"),
            Image(data=b"\x89PNG\r\n\x1a\n", media_type="image/png"),
        ),
        negative_prompt="dogs",
        size="1024x768",
        n=2,
        seed=5,
    )
    assert decode_images_in_messages(DIALECT.encode_images(asked, site(images="messages"))) == asked
    bare = ImagesRequest(model="m", prompt="a fox")
    assert decode_images_in_messages(DIALECT.encode_images(bare, site(images="messages"))) == bare
    assert decode_images_in_messages(posted({"model": "m", "input": {"messages": []}})).prompt == ""
    made = ImagesResponse(images=(MadeImage(url="u"), MadeImage(url="v")))
    found = DIALECT.decode_images(bare, GOOD, encode_images_in_messages(made), site())
    assert [one.url for one in found.images] == ["u", "v"]


NONE: tuple[Any, ...] = (b"{", b"[]", {"input": {}}, {"model": "m", "input": 5}, {"model": 5, "input": {}})


@pytest.mark.parametrize("body", NONE)
def test_what_is_no_request_is_refused(body: Any) -> None:
    with pytest.raises(InputError, match=r"no JSON object|model and input"):
        body_of(posted(body))


@pytest.mark.parametrize("messages", [None, 5, [5]])
def test_messages_that_are_none_are_refused(messages: Any) -> None:
    with pytest.raises(InputError, match=r"input\.messages"):
        decode_images_in_messages(posted({"model": "m", "input": {"messages": messages}}))


ASKED = TranscribeRequest(model="m", audio=Audio(url="https://b.example/c.wav"), language="en")


@pytest.mark.parametrize("way", ["messages", "input_audio", "files", "file"])
def test_sound_is_read_as_it_was_sent(way: Any) -> None:
    assert DIALECT.decode_transcribe_request(DIALECT.encode_transcribe(ASKED, site(transcribe=way))) == ASKED
    bare = replace(ASKED, language=None)
    assert decode_transcribe_request(DIALECT.encode_transcribe(bare, site(transcribe=way))) == bare
    if way in ("messages", "input_audio"):
        told = replace(ASKED, prompt="Baimo", audio=Audio(data=WAV, format="wav"))
        assert decode_transcribe_request(DIALECT.encode_transcribe(told, site(transcribe=way))) == told


def test_times_are_asked_for_by_a_word_or_a_stream() -> None:
    timed = replace(ASKED, timestamps=("word",))
    assert decode_transcribe_request(DIALECT.encode_transcribe(timed, site(transcribe="file"))) == timed
    wire = DIALECT.encode_transcribe(timed, site(transcribe="input_audio"))
    assert decode_transcribe_request(wire).timestamps == ("segment", "word")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "file_urls"),
        ({"file_urls": []}, "file_urls"),
        ({"file_urls": 5}, "file_urls"),
        ({"messages": []}, "no sound"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "no sound"),
        ({"messages": [{"role": "user", "content": [{}, {"text": "Hi"}]}]}, "no sound"),
        ({"messages": [{"role": "user", "content": [{"audio": "data:audio/wav;base64,%"}]}]}, "no valid"),
    ],
)
def test_sound_that_is_none_is_refused(asked: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decode_transcribe_request(posted({"model": "m", "input": asked}))
    sound = {"messages": [{"role": "user", "content": [{"audio": "data:;base64,AA=="}]}]}
    assert decode_transcribe_request(posted({"model": "m", "input": sound})).audio == Audio(data=b"\0")


def read(raw: bytes, asked: TranscribeRequest = ASKED) -> Transcription:
    return DIALECT.decode_transcribe(asked, GOOD, raw, site())


def test_a_text_is_read_as_it_was_served() -> None:
    found = read(DIALECT.encode_transcription(ASKED, HEARD))
    assert (found.text, found.language, found.duration) == ("Hi you", "en", 3.0)
    assert read(encode_transcription(ASKED, Transcription(text="x"))).language == "zh"
    found = read(encode_transcription(ASKED, HEARD, "input_audio"))
    assert (found.text, found.segments, found.duration) == ("Hi you", (), 3.0)
    timed = replace(ASKED, timestamps=("word",))
    found = read(encode_transcription(timed, HEARD, "input_audio"), timed)
    assert (found.text, found.segments, found.words) == (HEARD.text, HEARD.segments, HEARD.words)


@pytest.mark.parametrize("form", ["files", "file"])
def test_a_task_is_read_as_it_was_served(form: Any) -> None:
    assert read(encode_transcription(ASKED, Transcription(text="", is_pending=True), form)).is_pending
    done = replace(HEARD, task_id="t-1", address="https://a.example/t.json")
    found = read(encode_transcription(ASKED, done, form))
    assert (found.task_id, found.address, found.duration) == ("t-1", "https://a.example/t.json", 3.0)
    text = DIALECT.decode_transcript(found, encode_transcript(HEARD))
    assert (text.text, text.segments, text.words) == (HEARD.text, HEARD.segments, HEARD.words)
    with pytest.raises(ProviderError, match="not there"):
        read(encode_failed_task("t-1", "InvalidFile.DownloadFailed", "not there"))
    assert read(encode_transcription(ASKED, Transcription(text="", address="a"), form)).duration == 0.0
    assert DIALECT.decode_transcript(found, encode_transcript(Transcription(text="x"))).text == "x"


SPEAK = SpeechRequest(model="m", text="Hi", voice="Cherry")


def test_speech_is_read_as_it_was_asked_for() -> None:
    more = {"input": {"language_type": "English"}}
    told = replace(SPEAK, instructions="fast", extra=more, stream=True)
    assert DIALECT.decode_speak_request(DIALECT.encode_speak(told, site(instructed=True))) == told
    own = replace(SPEAK, format="mp3", speed=1.5, instructions="fast")
    where = site(instructed=True, speak="synthesizer")
    assert DIALECT.decode_speak_request(DIALECT.encode_speak(own, where)) == own
    with pytest.raises(InputError, match=r"input\.text"):
        DIALECT.decode_speak_request(posted({"model": "m", "input": {"text": 5}}))


def spoken(head: WireHead, pieces: list[bytes]) -> list[SpeechPiece]:
    decoder = DIALECT.speech_decoder(head, site())
    return [piece for one in pieces for piece in decoder.feed(one)] + decoder.end()


def test_speech_is_heard_as_it_was_served() -> None:
    response = SpeechResponse(audio=WAV * 600)
    (piece,) = spoken(*DIALECT.encode_speech(SPEAK, response))
    assert (piece.audio, piece.address) == (response.audio, None)
    (piece,) = spoken(*encode_speech(SPEAK, response, "https://a.example/a.wav"))
    assert (piece.audio, piece.address) == (b"", "https://a.example/a.wav")
    for in_sentences in (True, False):
        asked = replace(SPEAK, stream=True)
        head, pieces = encode_speech(asked, response, "https://a.example/a.wav", in_sentences=in_sentences)
        assert (b"sentence-synthesis" in pieces[0]) is in_sentences
        assert len(pieces) == 4
        assert joined_speech(spoken(head, pieces)).audio == response.audio
