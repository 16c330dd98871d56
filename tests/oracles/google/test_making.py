"""Google's own Python package has pictures and speech made by the simulated services."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

from baimo.dialects.gemini.sound import RAW
from baimo.simulator.faces.vertex import VertexFace
from baimo.simulator.making import png
from baimo.testing import Simulator

DRAWS, SPEAKS = "gemini-3.1-flash-image", "gemini-2.5-flash-preview-tts"


@pytest.fixture
def client() -> Iterator[genai.Client]:
    with Simulator("gemini") as simulator:
        made = genai.Client(
            api_key=simulator.credentials_of("gemini")["api_key"],
            http_options=types.HttpOptions(base_url=simulator.origin_of("gemini"), timeout=10_000),
        )
        yield made
        made.close()


def parts(reply: types.GenerateContentResponse) -> list[types.Part]:
    """The parts of the first candidate."""
    assert reply.candidates is not None
    content = reply.candidates[0].content
    return (content.parts if content is not None else None) or []


def test_a_model_that_draws(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        seed=5,
    )
    given = types.Part.from_bytes(data=png("x"), mime_type="image/png")
    for contents in ("a fox", [given, "wider"]):
        reply = client.models.generate_content(model=DRAWS, contents=contents, config=config)
        drawn = parts(reply)[0].inline_data
        assert drawn is not None and drawn.data is not None
        assert (drawn.mime_type, drawn.data[:4]) == ("image/png", b"\x89PNG")
        assert reply.usage_metadata is not None
        assert reply.usage_metadata.candidates_token_count == 272


def speech() -> types.GenerateContentConfig:
    voice = types.PrebuiltVoiceConfig(voice_name="Kore")
    return types.GenerateContentConfig(
        response_modalities=["AUDIO"],
        speech_config=types.SpeechConfig(voice_config=types.VoiceConfig(prebuilt_voice_config=voice)),
    )


def test_speech(client: genai.Client) -> None:
    reply = client.models.generate_content(model=SPEAKS, contents="Hello", config=speech())
    sound = parts(reply)[0].inline_data
    assert sound is not None
    assert (sound.mime_type, sound.data) == (RAW, b"Hello")
    style = types.Part(text="Hello", speech_metadata=types.SpeechMetadata(style="softly"))
    reply = client.models.generate_content(model="gemini-3.8-flash-tts", contents=[style], config=speech())
    sound = parts(reply)[0].inline_data
    assert sound is not None and sound.data is not None
    assert (sound.mime_type, sound.data[:4], sound.data[44:]) == ("audio/wav", b"RIFF", b"Hello")


def test_streamed_speech(client: genai.Client) -> None:
    text = "Hello wide world " * 2000
    stream = client.models.generate_content_stream(model=SPEAKS, contents=text, config=speech())
    pieces = [part.inline_data.data or b"" for one in stream for part in parts(one) if part.inline_data]
    assert len(pieces) > 2
    assert b"".join(pieces) == text.encode()


def test_what_is_blocked(client: genai.Client) -> None:
    reply = client.models.generate_content(model=SPEAKS, contents="kill it", config=speech())
    assert reply.prompt_feedback is not None
    assert reply.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT


def test_imagen() -> None:
    face = VertexFace()
    with Simulator(face) as simulator, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package calls its own method an old one
        client = genai.Client(
            vertexai=True,
            api_key=face.credentials()["express_key"],
            http_options=types.HttpOptions(base_url=simulator.origin_of("vertex"), timeout=10_000),
        )
        config = types.GenerateImagesConfig(
            number_of_images=2,
            aspect_ratio="16:9",
            image_size="1K",
            negative_prompt="dogs",
            seed=5,
            add_watermark=False,
            output_mime_type="image/png",
            include_rai_reason=True,
        )
        model = "imagen-4.0-generate-001"
        made = client.models.generate_images(model=model, prompt="a fox", config=config).generated_images
        images = [one.image for one in made or []]
        assert [image.mime_type for image in images if image is not None] == ["image/png"] * 2
        assert all(image is not None and (image.image_bytes or b"")[:4] == b"\x89PNG" for image in images)
        made = client.models.generate_images(model=model, prompt="kill it", config=config).generated_images
        assert made is not None and "17301594" in (made[0].rai_filtered_reason or "")
        with pytest.raises(errors.ClientError):
            client.models.generate_images(model="imagegeneration@006", prompt="a fox")
