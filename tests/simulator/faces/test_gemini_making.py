"""What simulated models of Google's draw and speak."""

from __future__ import annotations

import asyncio

import pytest

import baimo
from baimo.simulator.faces.gemini_making import make, operation_of
from baimo.simulator.words import RefusedError
from baimo.testing import Reply, Simulator
from baimo.wire.http import HttpRequest
from tests.simulator.faces.test_gemini import ASK, post

DRAWS, SPEAKS, SPEAKS_FILES = (
    "gemini/gemini-3.1-flash-image",
    "gemini/gemini-2.5-flash-preview-tts",
    "gemini/gemini-3.8-flash-tts",
)


def test_pictures_are_made_by_both_clients() -> None:
    async def drive(sim: Simulator) -> None:
        async with sim.async_client() as client:
            made = await client.images(DRAWS, "a fox", size="16:9")
            assert [image.media_type for image in made.images] == ["image/png"]

    with Simulator("gemini", "vertex") as sim, sim.client() as client:
        asyncio.run(drive(sim))
        first = client.images(DRAWS, "a fox").images[0].bytes
        assert first is not None
        again = client.images(DRAWS, "wider", image=first)
        assert again.sent is not None and b"inlineData" in again.sent.body
        assert (again.model, again.usage.image_out) == ("gemini-3.1-flash-image", 272)
        made = client.images("vertex/imagen-4.0-generate-001", "a fox", n=3, negative_prompt="dogs")
        assert len({image.bytes for image in made.images}) == 3
        assert made.sent is not None and made.sent.url.endswith("imagen-4.0-generate-001:predict")


def test_what_filters_withhold_is_an_error() -> None:
    with Simulator("gemini") as sim, sim.client() as client:
        for model, word in ((DRAWS, "PROHIBITED_CONTENT"), ("gemini/imagen-4.0-generate-001", "17301594")):
            with pytest.raises(baimo.ContentFilteredError, match=word):
                client.images(model, "kill it")
        for streamed in (False, True):
            with pytest.raises(baimo.ContentFilteredError, match="PROHIBITED_CONTENT"):
                if streamed:
                    list(client.stream_speech(SPEAKS, "kill it"))
                else:
                    client.speech(SPEAKS, "kill it")


def test_speech_is_made_whole_and_streamed() -> None:
    text = "Hello wide world " * 2000
    with Simulator("gemini") as sim, sim.client() as client:
        for model in (SPEAKS, SPEAKS_FILES):
            spoken = client.speech(model, "Hello", voice="Kore", format="pcm", instructions="softly")
            assert (spoken.audio.endswith(b"Hello"), spoken.media_type) == (True, "audio/pcm;rate=24000")
            spoken = client.speech(model, "Hello", format="wav")
            assert (spoken.audio[:4], len(spoken.audio), spoken.media_type) == (b"RIFF", 49, "audio/wav")
            pieces = list(client.stream_speech(model, text))
            assert len(pieces) > 2 and b"".join(pieces) == text.encode()
        with pytest.raises(baimo.UnsupportedError, match="pcm and wav"):
            client.speech(SPEAKS, "Hello", format="mp3")
        with pytest.raises(baimo.ConfigError, match="knows no transcription"):
            client.transcribe("gemini/gemini-3.8-flash", b"RIFF")


def test_a_chat_stays_a_chat() -> None:
    with Simulator("gemini") as sim, sim.client() as client:
        sim.reply(Reply(text="Hi"))
        assert client.chat(DRAWS, "Hello").text == "Hi"
    assert operation_of(post(), "chat") == "chat"
    assert operation_of(post(), "count") == "count"
    for settings, operation in (
        ({"responseModalities": ["IMAGE"]}, "images"),
        ({"responseModalities": None}, "chat"),
        (5, "chat"),
    ):
        asked = post({**ASK, "generationConfig": settings}, model="gemini-3-pro-image")
        assert operation_of(asked, "chat") == operation


def test_other_models_make_nothing() -> None:
    target = b"/v1beta/models/imagegeneration@006:predict"
    asked = HttpRequest(
        method="POST", origin="http://a", target=target, body=b'{"instances":[{"prompt":"a"}]}'
    )
    with pytest.raises(RefusedError):
        make("images", asked)
