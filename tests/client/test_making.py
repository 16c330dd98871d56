"""Images, sound and moderation through both clients, against the simulator and by hand."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.client import async_making, making
from baimo.client.given import audio_of, images_of
from baimo.simulator.making import png, wav
from baimo.testing import Simulator
from baimo.types.content import Audio, Image

PNG = png("x")
WAV = wav(b"Hello")
IMAGES, HEARS, SAYS, LOOKS = (
    "openai/gpt-image-2",
    "openai/whisper-1",
    "openai/tts-1",
    "openai/omni-moderation-latest",
)


def test_everything_is_made_by_the_blocking_client(tmp_path: Path) -> None:
    with Simulator("openai") as sim, sim.client() as client:
        assert isinstance(client, making.MakingClient)
        made = client.images(IMAGES, "a cat", n=2, size="1024x1024")
        assert [one.media_type for one in made.images] == ["image/png"] * 2
        assert (made.provider, made.model, made.cost) == ("openai", "gpt-image-2", None)
        made.images[0].save(tmp_path / "a.png")
        with pytest.raises(baimo.InputError, match=r"not by str. Write save\(Path\('a.png'\)\)"):
            made.images[0].save("a.png")  # type: ignore[arg-type]
        again = client.images(IMAGES, "wider", image=tmp_path / "a.png", mask=PNG)
        assert again.sent is not None and again.sent.url.endswith("/images/edits")
        spoken = client.speech(SAYS, "Hello wide world", voice="alloy", format="wav")
        assert spoken.media_type == "audio/wav"
        told = client.transcribe(HEARS, spoken.audio, language="en", timestamps=("segment", "word"))
        assert (told.text, told.language, len(told.words)) == ("Hello wide world", "en", 3)
        long = "word " * 3000
        pieces = list(client.stream_speech(SAYS, long, format="wav"))
        assert len(pieces) > 1
        assert client.transcribe(HEARS, b"".join(pieces)).text == long
        seen = client.moderate(LOOKS, ["fine", "I kill"])
        assert [one.flagged for one in seen.results] == [False, True]
        assert seen.flagged


def test_everything_is_made_by_the_async_client() -> None:
    async def drive() -> None:
        with Simulator("openai") as sim:
            async with sim.async_client() as client:
                assert isinstance(client, async_making.AsyncMakingClient)
                made = await client.images(IMAGES, "a cat", image=[PNG, PNG])
                assert made.images[0].bytes
                spoken = await client.speech(SAYS, "Hello", format="wav")
                assert (await client.transcribe(HEARS, spoken.audio)).text == "Hello"
                pieces = [piece async for piece in client.stream_speech(SAYS, "Hello", format="wav")]
                assert b"".join(pieces) == spoken.audio
                assert (await client.moderate(LOOKS, "I kill")).flagged
                with pytest.raises(baimo.NotFoundError):
                    _ = [piece async for piece in client.stream_speech("openai/none", "Hello")]
                sound = client.stream_speech(SAYS, "word " * 3000)
                assert await anext(sound)
                await sound.aclose()  # type: ignore[attr-defined]
                with pytest.raises(baimo.NotFoundError):
                    await client.moderate("openai/none", "a")

    asyncio.run(drive())


def test_a_refusal_and_leaving_early_are_told() -> None:
    with Simulator("openai", "anthropic") as sim, sim.client() as client:
        with pytest.raises(baimo.NotFoundError):
            list(client.stream_speech("openai/none", "Hello"))
        sound = client.stream_speech(SAYS, "word " * 3000)
        assert next(sound)
        sound.close()  # type: ignore[attr-defined]
        with pytest.raises(baimo.NotFoundError):
            client.images("openai/none", "a cat")
        with pytest.raises(baimo.ConfigError, match="knows no moderation"):
            client.moderate("anthropic/claude-sonnet-5", "a")


def test_each_provider_is_asked_in_its_own_words() -> None:
    with Simulator("zhipu", "volcengine", "mistral") as sim, sim.client() as client:
        assert client.moderate("zhipu/moderation", "I kill").results[0].categories == {"violence": True}
        with pytest.raises(baimo.UnsupportedError, match="one text a call"):
            client.moderate("zhipu/moderation", ["a", "b"])
        assert client.images("zhipu/cogview-4", "a cat", size="1024x1024").images
        assert client.transcribe("zhipu/glm-asr-2512", WAV).text == "Hello"
        assert client.speech("zhipu/glm-tts", "Hello", voice="tongtong", format="wav").audio == WAV
        with pytest.raises(baimo.UnsupportedError, match="n of an image"):
            client.images("zhipu/cogview-4", "a cat", n=2)
        with pytest.raises(baimo.UnsupportedError, match="temperature"):
            client.transcribe("zhipu/glm-asr-2512", WAV, temperature=0.5)
        with pytest.raises(baimo.UnsupportedError, match="quality"):
            client.images("volcengine/doubao-seedream-4-5-251128", "a cat", quality="hd")
        picture = "https://a.example/b.png"
        made = client.images("volcengine/doubao-seedream-4-5-251128", "a cat", image=picture, seed=5)
        assert made.sent is not None and picture.encode() in made.sent.body
        with pytest.raises(baimo.NotFoundError):
            client.images("mistral/mistral-small-latest", "a cat")


def test_pictures_may_be_given_in_many_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    whole = Image(data=PNG, media_type="image/png")
    data = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert images_of([PNG, path, str(path), data, whole]) == (whole,) * 5
    assert images_of("https://a.example/b") == (Image(url="https://a.example/b"),)
    assert images_of(None) == ()


def test_sound_may_be_given_in_many_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    path.write_bytes(b"samples")
    assert audio_of(path) == Audio(data=b"samples", format="pcm")
    assert audio_of(b"samples") == Audio(data=b"samples")
    assert audio_of(WAV) == Audio(data=WAV, format="wav")
    assert audio_of("https://a.example/b") == Audio(url="https://a.example/b")
    assert audio_of(Audio(url="u")) == Audio(url="u")
    bare = tmp_path / "bare"
    bare.write_bytes(b"samples")
    assert audio_of(bare).format is None


@pytest.mark.parametrize("given", [b"", 5, "no such file", "data:,x", "data:image/png;base64,%"])
def test_what_is_no_picture_is_told(given: Any) -> None:
    with pytest.raises(baimo.InputError, match="image"):
        images_of(given)


def test_what_cannot_be_asked_for_is_told() -> None:
    wrong: Any
    with Simulator("openai") as sim, sim.client() as client:
        for wrong in (0, True, "2"):
            with pytest.raises(baimo.InputError, match="n must be"):
                client.images(IMAGES, "a cat", n=wrong)
        with pytest.raises(baimo.InputError, match="prompt must be a text"):
            client.images(IMAGES, " ")
        with pytest.raises(baimo.InputError, match="speed must be more than 0"):
            client.speech(SAYS, "a", speed=0)
        wrong = ("day",)
        with pytest.raises(baimo.InputError, match="timestamps must be"):
            client.transcribe(HEARS, WAV, timestamps=wrong)
        with pytest.raises(baimo.InputError, match="nothing to look at"):
            client.moderate(LOOKS, [])
        with pytest.raises(baimo.InputError, match="unknown option 'sise'; did you mean size"):
            client.images(IMAGES, "a cat", sise="1x1")  # type: ignore[call-arg]
        assert sim.requests == ()
        told = client.transcribe(HEARS, WAV, timestamps="word")
        assert told.words and not told.segments


def test_siliconflow_is_asked_for_what_each_of_its_models_takes() -> None:
    config = {"providers": {"siliconflow": {"api_key": "sk-fake"}}}
    with baimo.Client(config=config) as client:
        for model, wish, words in (
            ("Qwen/Qwen-Image", {"n": 2}, "n of an image"),
            ("Qwen/Qwen-Image-Edit-2509", {"size": "1024x1024"}, "size of an image"),
            ("Kwai-Kolors/Kolors", {"quality": "hd"}, "quality"),
        ):
            asked: Any = wish
            with pytest.raises(baimo.UnsupportedError, match=words):
                client.images(f"siliconflow/{model}", "a cat", **asked)
        with pytest.raises(baimo.UnsupportedError, match="temperature"):
            client.transcribe("siliconflow/FunAudioLLM/SenseVoiceSmall", WAV, temperature=0.5)


def test_model_studio_is_asked_by_the_async_client_too() -> None:
    async def drive() -> None:
        with Simulator("qwen") as sim:
            async with sim.async_client(endpoints={"qwen": "native"}) as client:
                spoken = await client.speech("qwen/qwen3-tts-flash", "Hello you", voice="Cherry")
                assert spoken.media_type == "audio/wav"
                address = f"http://127.0.0.1:1{sim.last.target}"
                assert (await client.transcribe("qwen/fun-asr", address)).text == "Hello you"
                pieces = [
                    piece async for piece in client.stream_speech("qwen/qwen-tts", "Hello", voice="Cherry")
                ]
                assert pieces == [b"Hello"]

    asyncio.run(drive())


def test_what_is_kept_elsewhere_on_this_machine_is_not_fetched() -> None:
    with Simulator("qwen") as sim:
        config = sim.config_for({"qwen": "native"}, loopback=True)
        with baimo.Client(config=config) as client:
            spoken = client.speech("qwen/qwen3-tts-flash", "Hello", voice="Cherry")
            assert spoken.audio.startswith(b"RIFF")
        # The same provider by another name: its files are at an origin that calls do not go to.
        table = config["providers"]["qwen"]
        table["base_url"] = str(table["base_url"]).replace("127.0.0.1", "localhost")
        headers = {"host": "127.0.0.1:9"}
        with baimo.Client(config=config) as client, pytest.raises(baimo.FetchError, match="not public"):
            client.speech("qwen/qwen3-tts-flash", "Hello", voice="Cherry", headers=headers)
