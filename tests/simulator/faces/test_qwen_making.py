"""Model Studio besides words: images, sound and its text through our own client, as the real one is asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import baimo
from baimo.dialects.dashscope import DIALECT
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.qwen import QwenFace
from baimo.simulator.faces.qwen_making import KEPT, QwenMaking
from baimo.simulator.making import wav
from baimo.testing import Simulator
from baimo.types.content import Audio
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import HttpRequest
from tests.simulator.faces.test_openai import answer
from tests.simulator.faces.test_qwen import SITE, signed

NATIVE = {"qwen": "native"}
HELLO = wav(b"Hello wide world")


def test_sound_is_heard_at_once() -> None:
    with Simulator("qwen") as sim, sim.client(endpoints=NATIVE) as client:
        told = client.transcribe("qwen/qwen3-asr-flash", HELLO, language="en", prompt="world")
        assert (told.text, told.language, told.segments) == ("Hello wide world", "en", ())
        timed = client.transcribe("qwen/fun-asr-flash-2026-06-15", HELLO, timestamps=("word", "segment"))
        assert (timed.text, len(timed.words), len(timed.segments)) == ("Hello wide world", 3, 1)
        assert client.transcribe("qwen/qwen-audio-3.0-asr-flash", HELLO).text == "Hello wide world"


@pytest.mark.parametrize(
    "model", ["paraformer-v2", "fun-asr", "qwen-audio-3.1-asr-flash-filetrans", "qwen3-asr-flash-filetrans"]
)
def test_sound_is_spoken_and_heard_by_its_address(model: str) -> None:
    with Simulator("qwen") as sim, sim.client(endpoints=NATIVE) as client:
        spoken = client.speech("qwen/qwen3-tts-flash", "Hello wide world", voice="Cherry")
        assert (spoken.media_type, spoken.request_id) == ("audio/wav", "fake-request-1")
        address = sim.last.target
        told = client.transcribe(f"qwen/{model}", f"http://127.0.0.1:1{address}", timestamps="word")
        assert (told.text, len(told.words), told.task_id) == ("Hello wide world", 3, "fake-task-1")
        assert (told.is_pending, told.address, told.provider) == (False, None, "qwen")
        assert [one.operation for one in sim.requests] == [
            "speak",
            "file",
            "transcribe",
            "task",
            "task",
            "file",
        ]


def test_speech_comes_in_pieces_or_whole() -> None:
    long = "word " * 2000
    with Simulator("qwen") as sim, sim.client(endpoints=NATIVE) as client:
        pieces = list(client.stream_speech("qwen/qwen3-tts-flash", long, voice="Cherry"))
        assert b"".join(pieces) == long.encode()
        assert all(pieces)
        assert len(pieces) == 3
        gentle = client.speech(
            "qwen/cosyvoice-v3-flash", "Hi", voice="x", format="mp3", speed=1.5, instructions="gently"
        )
        assert gentle.media_type == "audio/mpeg"
        whole = b"".join(client.stream_speech("qwen/qwen-audio-3.0-tts-plus", "Hi", voice="x"))
        assert whole == gentle.audio
        with pytest.raises(baimo.InvalidRequestError, match="voice"):
            client.speech("qwen/qwen-tts", "Hi")
        for model in ("cosyvoice-v1", "sambert-zhichu-v1", "qwen3-tts-flash-realtime"):
            with pytest.raises(baimo.UnsupportedError, match="socket"):
                client.speech(f"qwen/{model}", "Hi", voice="x")
        with pytest.raises(baimo.NotFoundError):
            client.speech("qwen/nobody", "Hi", voice="x")


def test_a_file_that_is_not_there_is_an_error_of_the_task() -> None:
    with Simulator("qwen") as sim, sim.client(endpoints=NATIVE) as client:
        with pytest.raises(baimo.InvalidRequestError, match="cannot be downloaded") as caught:
            client.transcribe("qwen/fun-asr", "https://nowhere.invalid/a.wav")
        assert (caught.value.task_id, len(sim.requests)) == ("fake-task-1", 3)
        with pytest.raises(baimo.InputError, match="by its address on the web alone"):
            client.transcribe("qwen/fun-asr", HELLO)
        with pytest.raises(baimo.UnsupportedError, match="live sound"):
            client.transcribe("qwen/qwen3-asr-flash-realtime", HELLO)
        assert len(sim.requests) == 3


def test_images_of_newer_models_come_at_once() -> None:
    with Simulator("qwen") as sim, sim.client(endpoints=NATIVE) as client:
        made = client.images(
            "qwen/qwen-image-plus", "a fox", size="1664x928", image="https://b.example/c.png"
        )
        assert [one.url for one in made.images] == ["https://dashscope-result.example/fake-image-0.png"]
        assert client.images("qwen/wan2.6-t2i", "a fox", n=2).images[1].url
        assert [one.operation for one in sim.requests] == ["images", "images"]


def test_what_is_meant_the_body_tells() -> None:
    making = QwenMaking()
    target = b"/api/v1/services/aigc/multimodal-generation/generation"

    def meant(body: Any) -> str | None:
        raw = msgspec.json.encode(body)
        return making.operation(HttpRequest(method="POST", origin="", target=target, body=raw), "chat")

    messages = {"messages": []}
    assert meant(5) == "chat"
    assert meant({"model": "qwen3-vl-plus", "input": messages}) == "chat"
    assert meant({"model": "qwen-audio-turbo", "input": {"text": "Hi", **messages}}) == "chat"
    assert meant({"model": "qwen3-asr-flash!429", "input": messages}) == "transcribe"
    assert meant({"model": "paraformer-v2", "input": messages}) == "chat"
    assert meant({"model": "whatever", "input": {"text": "Hi"}}) == "speak"


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([QwenFace()])


def test_a_task_is_begun_as_one_and_where_it_is_served(simulation: Simulation) -> None:
    asked = TranscribeRequest(model="fun-asr", audio=Audio(url="https://a.example/b.wav"))
    where = msgspec.structs.replace(SITE, quirks=DIALECT.quirks({"transcribe": "files"}))
    wire = signed(DIALECT.encode_transcribe(asked, where))
    plain = msgspec.structs.replace(
        wire, headers=tuple([field for field in wire.headers if field[0] != b"x-dashscope-async"])
    )
    head, body = answer(simulation, plain)
    assert (head.status, b"does not support synchronous calls" in body) == (400, True)
    for model in ("qwen3-asr-flash", "qwen-plus"):
        other = msgspec.structs.replace(asked, model=model)
        head, body = answer(simulation, signed(DIALECT.encode_transcribe(other, where)))
        assert b"Model not exist" in body
    other = msgspec.structs.replace(asked, model="qwen3-asr-flash-filetrans")
    head, body = answer(simulation, signed(DIALECT.encode_transcribe(other, where)))
    assert b"file_url: is required" in body
    head, body = answer(simulation, signed(DIALECT.encode_task("no-such", {}, SITE)))
    assert b"no task no-such" in body


def test_a_file_needs_no_key_but_must_be_there(simulation: Simulation) -> None:
    wire = HttpRequest(method="GET", origin="http://127.0.0.1", target=KEPT + b"none.wav", headers=())
    head, _ = answer(simulation, wire)
    assert head.status == 404
