"""Transcriptions that come as they are made, through both clients."""

from __future__ import annotations

import asyncio
import gc

import pytest

import baimo
from baimo.client.transcripts import AsyncTranscriptStream, TranscriptStream
from baimo.simulator.making import wav
from baimo.testing import Simulator

MODEL = "openai/gpt-4o-transcribe"
TEXT = "one two three four five six seven eight nine ten " * 40
SOUND = wav(TEXT.encode())


def test_words_are_read_as_they_come() -> None:
    with Simulator("openai") as sim, sim.client() as client:
        with client.stream_transcribe(MODEL, SOUND, language="en") as stream:
            assert isinstance(stream, TranscriptStream)
            first = next(stream)
            assert stream.response.text.startswith(first)
            assert first + "".join(stream) == TEXT
        assert (stream.response.text, stream.response.provider) == (TEXT, "openai")
        assert stream.response.sent is not None and list(stream) == []
        whole = client.stream_transcribe("openai/whisper-1", SOUND)
        assert list(whole) == [TEXT]


def test_words_come_as_well_where_another_place_of_the_route_would_make_a_task_of_it() -> None:
    with Simulator("openai", "qwen") as sim, sim.client(endpoints={"qwen": "native"}) as client:
        stream = client.stream_transcribe([MODEL, "qwen/fun-asr"], SOUND)
        assert next(stream) + "".join(stream) == TEXT
        assert stream.response.provider == "openai"


def test_words_are_awaited() -> None:
    async def drive() -> None:
        with Simulator("openai") as sim:
            async with sim.async_client() as client:
                async with client.stream_transcribe(MODEL, SOUND) as stream:
                    assert isinstance(stream, AsyncTranscriptStream)
                    assert "".join([piece async for piece in stream]) == TEXT
                assert stream.response.model == "gpt-4o-transcribe"
                left = client.stream_transcribe(MODEL, SOUND)
                assert await anext(left)
                await left.aclose()
                with pytest.raises(StopAsyncIteration):
                    await anext(left)
                with pytest.raises(baimo.NotFoundError):
                    await anext(client.stream_transcribe("openai/none", SOUND))

    asyncio.run(drive())


def test_a_cut_stream_has_the_text_so_far() -> None:
    async def drive(sim: Simulator) -> baimo.StreamInterrupted:
        async with sim.async_client() as client:
            with pytest.raises(baimo.StreamInterrupted) as raised:
                async for _ in client.stream_transcribe(MODEL, SOUND):
                    pass
            return raised.value

    with Simulator("openai") as sim, sim.client() as client:
        sim.fault("cut@600")
        stream = client.stream_transcribe(MODEL, SOUND)
        with pytest.raises(baimo.StreamInterrupted) as raised:
            list(stream)
        assert asyncio.run(drive(sim)).partial.text
    partial = raised.value.partial
    assert isinstance(partial, baimo.Transcription)
    assert 0 < len(partial.text) < len(TEXT) and TEXT.startswith(partial.text)
    assert stream.response.text == partial.text


def test_leaving_early_and_refusals() -> None:
    with Simulator("openai") as sim, sim.client() as client:
        with client.stream_transcribe(MODEL, SOUND) as stream:
            assert next(stream)
        with pytest.raises(StopIteration):
            next(stream)
        with pytest.raises(baimo.NotFoundError):
            next(client.stream_transcribe("openai/none", SOUND))
        with pytest.raises(baimo.UnsupportedError, match="a stream has none"):
            next(client.stream_transcribe(MODEL, SOUND, timestamps="word"))
        forgotten = client.stream_transcribe(MODEL, SOUND)
        assert next(forgotten)
        with pytest.warns(ResourceWarning, match="forgotten before its end"):
            del forgotten
            gc.collect()
