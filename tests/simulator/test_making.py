"""What a simulated provider makes besides words."""

from __future__ import annotations

import zlib

from baimo.simulator.making import MAKING, heard, images, moderation, png, speech, transcription, wav
from baimo.types.content import Audio
from baimo.types.images import ImagesRequest
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechRequest
from baimo.types.transcription import TranscribeRequest


def test_pictures_are_pictures_and_differ_by_their_words() -> None:
    made = images(ImagesRequest(model="m", prompt="a cat", n=2)).images
    assert len({one.bytes for one in made}) == 2
    assert made == images(ImagesRequest(model="m", prompt="a cat", n=2)).images
    data = png("x")
    start = data.index(b"IDAT") + 4
    assert len(zlib.decompress(data[start : data.index(b"IEND") - 8])) == 4


def test_what_was_spoken_is_heard() -> None:
    for format in (None, "mp3", "wav"):
        sound = speech(SpeechRequest(model="m", text="Hi 你好", format=format)).audio
        asked = TranscribeRequest(model="m", audio=Audio(data=sound))
        told = transcription(asked)
        assert told.text == "Hi 你好"
        assert [word.word for word in told.words] == ["Hi", "你好"]
    assert speech(SpeechRequest(model="m", text="Hi", format="pcm")).audio == b"Hi"
    assert heard(b"other") == "5 bytes of sound"
    assert heard(wav(b"a")) == "a"
    assert transcription(TranscribeRequest(model="m", audio=Audio(url="u"))).text == "0 bytes of sound"


def test_bad_words_are_flagged() -> None:
    found = moderation(ModerateRequest(model="m", inputs=("I kill", "fine")))
    assert [one.flagged for one in found.results] == [True, False]
    assert set(MAKING) == {"images", "transcribe", "speak", "moderate"}
