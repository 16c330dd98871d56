"""The official client, as it comes, has images, sound and moderation made by the simulated OpenAI."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

import openai
import pytest

from baimo.simulator import faces
from baimo.simulator.making import png, wav
from baimo.testing import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("openai") as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[openai.OpenAI]:
    table = faces.make("openai").configuration(simulator.origin_of("openai"))["chat"]
    key, base = str(table["api_key"]), str(table["base_url"])
    with openai.OpenAI(api_key=key, base_url=base, max_retries=0, timeout=10) as client:
        yield client


def test_images(client: openai.OpenAI) -> None:
    made = client.images.generate(model="gpt-image-2", prompt="a cat", n=2, output_format="png")
    assert made.data is not None and made.usage is not None
    assert [b64decode(one.b64_json or "")[:4] for one in made.data] == [b"\x89PNG"] * 2
    assert (made.output_format, made.usage.output_tokens) == ("png", 544)


def test_edits(client: openai.OpenAI) -> None:
    one, two = ("a.png", png("a")), ("b.png", png("b"))
    for images in (one, [one, two]):
        made = client.images.edit(model="gpt-image-2", prompt="wider", image=images, mask=one, n=1)
        assert made.data is not None and made.data[0].b64_json


@pytest.mark.parametrize("streamed", [False, True])
def test_speech(client: openai.OpenAI, streamed: bool) -> None:
    text = "Hello wide world " * 400
    asked = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"}
    if streamed:
        with client.audio.speech.with_streaming_response.create(**asked) as reply:  # type: ignore[arg-type]
            sound = b"".join(reply.iter_bytes())
    else:
        sound = client.audio.speech.create(**asked).content  # type: ignore[arg-type]
    assert sound == wav(text.encode())


def test_transcription(client: openai.OpenAI) -> None:
    sound = ("a.wav", wav(b"Hello wide world"))
    assert client.audio.transcriptions.create(model="whisper-1", file=sound).text == "Hello wide world"
    told = client.audio.transcriptions.create(
        model="whisper-1",
        file=sound,
        language="en",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert told.words is not None and told.segments is not None
    assert [word.word for word in told.words] == ["Hello", "wide", "world"]
    assert (told.segments[0].text, told.duration, told.language) == ("Hello wide world", 1.0, "en")


def test_streamed_transcription(client: openai.OpenAI) -> None:
    text = "one two three four five six seven eight nine ten"
    stream = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("a.wav", wav(text.encode())), stream=True
    )
    events = list(stream)
    assert "".join([one.delta for one in events if one.type == "transcript.text.delta"]) == text
    assert events[-1].type == "transcript.text.done" and events[-1].text == text
    assert len(events) > 2


def test_moderation(client: openai.OpenAI) -> None:
    told = client.moderations.create(model="omni-moderation-latest", input=["fine", "I kill"])
    assert [one.flagged for one in told.results] == [False, True]
    assert told.results[1].categories.violence


def test_a_refusal(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="nobody", prompt="a cat")
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="nobody", voice="alloy", input="Hi")
