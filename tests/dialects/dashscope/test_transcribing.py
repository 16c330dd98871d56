"""Sound to text: the forms of asking, one for each family of models."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import TaskDialect, TranscribeDialect
from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT, making
from baimo.dialects.dashscope.transcribing import encode_transcribe
from baimo.errors import InputError, UnsupportedError
from baimo.types.content import Audio
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import HttpRequest

URL = "https://files.example/a/meeting.MP3?x=1"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
BYTES = TranscribeRequest(model="m", audio=Audio(data=WAV))
ADDRESS = TranscribeRequest(model="m", audio=Audio(url=URL))


def site(way: str) -> Site:
    return Site(base_url="https://a.example/api/v1", quirks=DIALECT.quirks({"transcribe": way}))


def body(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def test_sound_goes_in_a_message() -> None:
    assert isinstance(DIALECT, TranscribeDialect)
    assert isinstance(DIALECT, TaskDialect)
    assert isinstance(DIALECT, making.Making)
    asked = replace(BYTES, language="zh", prompt="百模", headers={"X-A": "b"})
    wire = DIALECT.encode_transcribe(asked, replace(site("messages"), quirks=None))
    assert wire.target == b"/api/v1/services/aigc/multimodal-generation/generation"
    assert (b"X-A", b"b") in wire.headers
    assert b"X-DashScope-Async" not in dict(wire.headers)
    assert body(wire) == {
        "model": "m",
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": "百模"}]},
                {
                    "role": "user",
                    "content": [{"audio": "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IA=="}],
                },
            ]
        },
        "parameters": {"asr_options": {"language": "zh"}},
    }
    plain = body(encode_transcribe(ADDRESS, site("messages")))
    assert plain["input"]["messages"] == [{"role": "user", "content": [{"audio": URL}]}]
    assert plain["parameters"] == {}


@pytest.mark.parametrize(
    ("audio", "kind"),
    [
        (Audio(data=b"x", format="mp3"), "audio/mpeg"),
        (Audio(data=b"x", format="odd"), "audio/wav"),
        (Audio(data=b"ID3x"), "audio/mpeg"),
        (Audio(data=b"x"), "audio/wav"),
    ],
)
def test_bytes_say_what_they_are(audio: Audio, kind: str) -> None:
    wire = encode_transcribe(replace(BYTES, audio=audio), site("messages"))
    assert body(wire)["input"]["messages"][0]["content"][0]["audio"].startswith(f"data:{kind};base64,")


def test_sound_goes_in_other_words_with_its_format() -> None:
    asked = replace(ADDRESS, language="en", prompt="Baimo", timestamps=("word",))
    wire = encode_transcribe(asked, site("input_audio"))
    assert (b"X-DashScope-SSE", b"enable") in wire.headers
    assert body(wire) == {
        "model": "m",
        "input": {
            "messages": [
                {"role": "user", "content": [{"type": "input_text", "text": "Baimo"}]},
                {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": URL}}]},
            ]
        },
        "parameters": {"language_hints": ["en"], "format": "mp3"},
    }
    wire = encode_transcribe(BYTES, site("input_audio"))
    assert b"X-DashScope-SSE" not in dict(wire.headers)
    assert body(wire)["parameters"] == {"format": "wav"}
    for audio, format in (
        (Audio(data=WAV, format="opus"), "opus"),
        (Audio(data=b"x"), "wav"),
        (Audio(url="https://a.example/sound"), "wav"),
        (Audio(url="https://a.example/a.b/c.d-e"), "wav"),
    ):
        wire = encode_transcribe(replace(BYTES, audio=audio), site("input_audio"))
        assert body(wire)["parameters"] == {"format": format}


def test_a_task_is_given_an_address() -> None:
    asked = replace(ADDRESS, language="ja", timestamps=("word",), extra={"parameters": {"channel_id": [0]}})
    wire = encode_transcribe(asked, site("files"))
    assert wire.target == b"/api/v1/services/audio/asr/transcription"
    assert DIALECT.operation("POST", wire.target, ()) == "transcribe"
    assert (b"X-DashScope-Async", b"enable") in wire.headers
    assert body(wire) == {
        "model": "m",
        "input": {"file_urls": [URL]},
        "parameters": {"language_hints": ["ja"], "channel_id": [0]},
    }
    assert body(encode_transcribe(ADDRESS, site("files")))["parameters"] == {}
    wire = encode_transcribe(replace(ADDRESS, language="ja", timestamps=("word",)), site("file"))
    assert body(wire)["input"] == {"file_url": URL}
    assert body(wire)["parameters"] == {"language": "ja", "enable_words": True}
    assert (
        body(encode_transcribe(replace(ADDRESS, timestamps=("segment",)), site("file")))["parameters"] == {}
    )


@pytest.mark.parametrize("way", ["files", "file"])
@pytest.mark.parametrize("audio", [Audio(data=WAV), Audio(url="data:audio/wav;base64,AA=="), Audio()])
def test_a_task_takes_nothing_but_an_address(way: str, audio: Audio) -> None:
    with pytest.raises(InputError, match="m takes sound by its address on the web alone") as caught:
        encode_transcribe(replace(BYTES, audio=audio, unsupported="drop"), site(way))
    assert "qwen3-asr-flash, which takes bytes" in (caught.value.hint or "")


@pytest.mark.parametrize("way", ["messages", "files"])
def test_what_was_put_into_the_store_is_found_there(way: str) -> None:
    asked = replace(ADDRESS, audio=Audio(url="oss://bucket/a.wav"))
    assert (b"X-DashScope-OssResourceResolve", b"enable") in encode_transcribe(asked, site(way)).headers
    assert b"X-DashScope-OssResourceResolve" not in dict(encode_transcribe(ADDRESS, site(way)).headers)


@pytest.mark.parametrize(
    ("way", "wish", "words"),
    [
        ("messages", {"timestamps": ("word",)}, "to tell times: qwen3-asr-flash-filetrans"),
        ("messages", {"temperature": 0.0}, "temperature"),
        ("input_audio", {"temperature": 0.5}, "temperature"),
        ("files", {"prompt": "Baimo"}, "prompt"),
        ("file", {"temperature": 0.5}, "temperature"),
    ],
)
def test_what_cannot_be_said_is_refused(way: str, wish: Any, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        encode_transcribe(replace(ADDRESS, **wish), site(way))
    wire = encode_transcribe(replace(ADDRESS, **wish, unsupported="drop"), site(way))
    assert [note.code for note in wire.notes] == ["dropped"]
    assert body(wire) == body(encode_transcribe(ADDRESS, site(way)))


def test_a_model_that_hears_live_sound_alone_is_not_asked() -> None:
    with pytest.raises(UnsupportedError, match="over a socket") as caught:
        encode_transcribe(replace(ADDRESS, unsupported="drop"), site("socket"))
    assert "qwen3-asr-flash" in (caught.value.hint or "")


def test_sound_without_bytes_or_address_is_told() -> None:
    with pytest.raises(InputError, match="bytes or an address"):
        encode_transcribe(replace(BYTES, audio=Audio()), site("messages"))
