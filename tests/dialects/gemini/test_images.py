"""Pictures: of models that draw, and of Imagen, both ways."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.answered import failed
from baimo.dialects.gemini.embeddings import METHOD
from baimo.dialects.gemini.images import decode_images
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    InputError,
    ProviderError,
    UnsupportedError,
    WireError,
)
from baimo.simulator.making import png
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.gemini.asking import JSON, posted, site

ASKED = ImagesRequest(model="m", prompt="a fox")
PNG = png("x")
IMAGEN: dict[str, Any] = {"images": "predict", "image_words": ["seed", "negative_prompt", "format"]}


def sent(asked: ImagesRequest, **quirks: Any) -> tuple[str, Any]:
    """The method and the body."""
    wire = DIALECT.encode_images(asked, site(**quirks))
    assert isinstance(wire.body, bytes)
    return wire.target.decode().rpartition(":")[2], msgspec.json.decode(wire.body)


def drawn(body: Any, **quirks: Any) -> ImagesResponse:
    """What a reply holds."""
    return DIALECT.decode_images(ASKED, JSON, msgspec.json.encode(body), site(**quirks))


def picture(**beside: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": b64encode(PNG).decode()}, **beside}


def test_a_model_that_draws_is_asked_for_words_and_a_picture() -> None:
    modalities = {"responseModalities": ["TEXT", "IMAGE"]}
    plain = {"contents": [{"role": "user", "parts": [{"text": "a fox"}]}], "generationConfig": modalities}
    assert sent(ASKED) == ("generateContent", plain)
    assert sent(replace(ASKED, n=1))[1] == plain
    all_of_it = replace(
        ASKED,
        images=(Image(data=PNG),),
        size="16:9 2k",
        seed=5,
        format="jpeg",
        extra={METHOD: "x", "generationConfig": {"imageConfig": {"personGeneration": "ALLOW_NONE"}}},
    )
    body = sent(all_of_it, image_words=["seed", "format"])[1]
    assert body["contents"][0]["parts"] == [picture(), {"text": "a fox"}]
    assert body["generationConfig"] == {
        **modalities,
        "seed": 5,
        "imageConfig": {
            "aspectRatio": "16:9",
            "imageSize": "2K",
            "imageOutputOptions": {"mimeType": "image/jpeg"},
            "personGeneration": "ALLOW_NONE",
        },
    }


def test_imagen_is_asked_to_tell_what_it_leaves_out() -> None:
    parameters: dict[str, Any] = {"sampleCount": 1, "includeRaiReason": True}
    assert sent(ASKED, **IMAGEN) == (
        "predict",
        {"instances": [{"prompt": "a fox"}], "parameters": parameters},
    )
    asked = replace(ASKED, n=3, size="3:4 1K", seed=5, negative_prompt="dogs", format="png")
    assert sent(asked, **IMAGEN)[1]["parameters"] == {
        "sampleCount": 3,
        "includeRaiReason": True,
        "aspectRatio": "3:4",
        "sampleImageSize": "1K",
        "outputOptions": {"mimeType": "image/png"},
        "seed": 5,
        "negativePrompt": "dogs",
    }


@pytest.mark.parametrize(
    ("wish", "quirks", "words"),
    [
        ({"quality": "hd"}, {}, "the quality of an image"),
        ({"mask": Image(data=PNG)}, {}, "the mask of an image"),
        ({"n": 2}, {}, "to make 2 images: it makes one a call"),
        ({"size": "1024x1024"}, {}, "it takes a shape"),
        ({"format": "png"}, {}, "the format of an image"),
        ({"negative_prompt": "dogs"}, {}, "the negative_prompt of an image"),
        ({"format": "odd"}, {"image_words": ["format"]}, "the format 'odd'"),
        ({"images": (Image(url="https://a.example/b.png"),)}, {}, "by a web address: send its bytes"),
        ({"images": (Image(data=PNG),)}, IMAGEN, "this model takes none"),
        ({"seed": 5}, {"images": "predict", "image_words": []}, "the seed of an image"),
        ({"seed": 5}, {"image_words": []}, "the seed of an image"),
    ],
)
def test_what_cannot_be_said_is_refused_or_left_out_with_a_note(
    wish: dict[str, Any], quirks: dict[str, Any], words: str
) -> None:
    asked = replace(ASKED, **wish)
    with pytest.raises(UnsupportedError) as raised:
        DIALECT.encode_images(asked, site(**quirks))
    assert words in str(raised.value)
    dropped = replace(asked, unsupported="drop")
    wire = DIALECT.encode_images(dropped, site(**quirks))
    assert [note.code for note in wire.notes] == ["dropped"]
    plain = DIALECT.encode_images(ASKED, site(**quirks))
    assert (wire.body, wire.target) == (plain.body, plain.target)


def test_without_quirks_a_model_draws() -> None:
    bare = replace(site(), quirks=None)
    assert DIALECT.encode_images(ASKED, bare).target.endswith(b":generateContent")
    raw = msgspec.json.encode({"candidates": [{"content": {"parts": [picture()]}}]})
    assert decode_images(ASKED, JSON, raw, bare).images[0].bytes == PNG


def test_pictures_are_read_but_not_those_of_a_thought() -> None:
    told = drawn(
        {
            "candidates": [
                {"content": {"parts": [picture(thought=True), {"text": "Here:"}, picture()]}},
                {"finishReason": "IMAGE_OTHER"},
                {},
            ],
            "modelVersion": "m-001",
            "createTime": "2026-11-29T12:00:00.123456Z",
            "usageMetadata": {
                "promptTokenCount": 3,
                "candidatesTokenCount": 1290,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
            },
        }
    )
    assert told.images == (MadeImage(bytes=PNG, media_type="image/png"),)
    assert (told.model, told.created, told.usage.image_out) == ("m-001", 1795953600, 1290)
    assert [note.message for note in told.notes] == [
        "image 1 was not made: IMAGE_OTHER",
        "image 2 was not made: no reason",
    ]
    file = {"fileData": {"mimeType": "image/webp", "fileUri": "gs://a/b"}}
    told = drawn({"candidates": [{"content": {"parts": [file]}}]})
    assert told.images == (MadeImage(url="gs://a/b", media_type="image/webp"),)
    assert (told.model, told.usage, told.created) == ("m", Usage(), None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, ContentFilteredError, "the prompt was blocked"),
        (
            {"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "Unsafe."}]},
            ContentFilteredError,
            "no image was made (IMAGE_SAFETY): Unsafe.",
        ),
        ({"candidates": [{"finishReason": "NO_IMAGE"}]}, ProviderError, "no image was made (NO_IMAGE)"),
        (
            {"candidates": [{"content": {"parts": [{"text": "No."}]}, "finishReason": "STOP"}]},
            ProviderError,
            "no image was made (STOP)",
        ),
        ({"candidates": []}, ProviderError, "no reason is told"),
        ({"candidates": 5}, ProviderError, "no reason is told"),
        ({"candidates": [5, {"content": {"parts": 5}}]}, ProviderError, "no reason is told"),
        ({"error": {"code": 500, "status": "INTERNAL", "message": "Ouch"}}, ProviderError, "Ouch"),
        (
            {
                "candidates": [
                    {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "%"}}]}}
                ]
            },
            WireError,
            "an image is no valid base64",
        ),
    ],
)
def test_an_answer_without_a_picture_is_an_error(body: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as raised:
        drawn(body)
    assert words in str(raised.value)
    assert (type(raised.value) is ContentFilteredError) is (kind is ContentFilteredError)


def test_words_of_the_model_are_in_no_error() -> None:
    with pytest.raises(ProviderError) as raised:
        drawn({"candidates": [{"content": {"parts": [{"text": "secret words"}]}, "finishReason": "STOP"}]})
    assert "secret words" not in str(raised.value)


def test_what_imagen_makes_is_read_with_why_the_rest_is_missing() -> None:
    whole = {"bytesBase64Encoded": b64encode(PNG).decode(), "mimeType": "image/png", "prompt": "a red fox"}
    told = drawn(
        {"predictions": [{"raiFilteredReason": "Filtered."}, whole, {"gcsUri": "gs://a/b"}, {}, 5]}, **IMAGEN
    )
    assert told.images == (
        MadeImage(bytes=PNG, media_type="image/png", revised_prompt="a red fox"),
        MadeImage(url="gs://a/b"),
    )
    assert [note.message for note in told.notes] == ["image 0 was not made: Filtered."]
    odd = {"bytesBase64Encoded": b64encode(b"??").decode(), "mimeType": "image/odd"}
    assert drawn({"predictions": [odd]}, **IMAGEN).images[0].media_type == "image/odd"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"predictions": [{"raiFilteredReason": "All filtered."}]}, ContentFilteredError, "All filtered."),
        ({}, ProviderError, "no reason is told"),
        ({"predictions": 5}, ProviderError, "no reason is told"),
        ({"predictions": [{"bytesBase64Encoded": "%"}]}, WireError, "no valid base64"),
    ],
)
def test_imagen_without_a_picture_is_an_error(body: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as raised:
        drawn(body, **IMAGEN)
    assert (type(raised.value) is ContentFilteredError) is (kind is ContentFilteredError)


def test_a_refusal_is_told() -> None:
    head = WireHead(401, ((b"x-goog-request-id", b"r-1"),))
    with pytest.raises(AuthError):
        DIALECT.decode_images(ASKED, head, b'{"error":{"code":401,"message":"no"}}', site())
    assert failed("no", None, head).request_id == "r-1"


@pytest.mark.parametrize(
    ("asked", "quirks"),
    [
        (replace(ASKED, images=(Image(data=PNG, media_type="image/png"),), size="16:9 2K", seed=5), {}),
        (replace(ASKED, format="webp", extra={"safetySettings": []}), {"image_words": ["format"]}),
        (replace(ASKED, extra={"generationConfig": {"temperature": 1.0}}), {}),
        (replace(ASKED, n=2, size="3:4", seed=5, negative_prompt="dogs", format="png"), IMAGEN),
        (replace(ASKED, n=1, size="1K", extra={"labels": {"a": "b"}}), IMAGEN),
    ],
)
def test_a_callers_request_survives_both_ways(asked: ImagesRequest, quirks: dict[str, Any]) -> None:
    method, body = sent(asked, **quirks)
    found = DIALECT.decode_images_request(posted(body, f"/v1beta/models/m:{method}"))
    assert found == replace(asked, extra={METHOD: method, **asked.extra})


def test_a_caller_may_name_fields_in_either_way() -> None:
    parts = [{"inline_data": {"mime_type": "image/png", "data": b64encode(PNG).decode()}}, {"text": "a"}]
    body = {
        "contents": {"parts": [*parts, {"file_data": {"file_uri": "files/1"}}, {"text": "b"}]},
        "generation_config": {"image_config": {"aspect_ratio": "1:1"}, "seed": "x"},
    }
    found = DIALECT.decode_images_request(posted(body))
    assert (found.prompt, found.size, found.seed) == ("a\nb", "1:1", None)
    assert found.images == (Image(data=PNG, media_type="image/png"),)
    told = {"instances": {"prompt": "a"}, "parameters": {"sampleCount": "1", "seed": "2"}}
    found = DIALECT.decode_images_request(posted(told, "/v1/models/imagen-4:predict"))
    assert (found.prompt, found.n, found.seed, found.size) == ("a", None, None, None)


@pytest.mark.parametrize(
    ("body", "method", "words"),
    [
        ({}, "generateContent", "contents: is required"),
        ({"contents": [{"parts": [{}]}]}, "generateContent", "with a text"),
        ({"contents": [5]}, "generateContent", r"contents\[0\]: must be an object"),
        (
            {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "%"}}]}]},
            "generateContent",
            "no valid base64",
        ),
        ({"contents": [], "generationConfig": 5}, "generateContent", "generationConfig: must be an object"),
        ({}, "predict", "prompt: is required"),
        ({"instances": [{}]}, "predict", "prompt: is required"),
    ],
)
def test_a_caller_must_send_words(body: Any, method: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_images_request(posted(body, f"/v1beta/models/m:{method}"))


@pytest.mark.parametrize("method", ["generateContent", "predict"])
def test_what_is_served_is_read(method: str) -> None:
    made = (MadeImage(bytes=PNG, media_type="image/png"), MadeImage(url="gs://a/b", media_type="image/png"))
    usage = Usage(input_uncached=3, image_out=1290) if method == "generateContent" else Usage()
    asked = replace(ASKED, extra={METHOD: method})
    served = DIALECT.encode_images_response(asked, ImagesResponse(images=made, usage=usage))
    quirks = IMAGEN if method == "predict" else {}
    told = DIALECT.decode_images(ASKED, JSON, served, site(**quirks))
    assert [(one.bytes, one.url) for one in told.images] == [(PNG, None), (None, "gs://a/b")]
    assert told.usage.image_out == usage.image_out
    revised = ImagesResponse(images=(replace(made[0], revised_prompt="a red fox", media_type=None),))
    served = DIALECT.encode_images_response(asked, revised)
    assert (b"a red fox" in served) is (method == "predict")


def test_the_address_tells_pictures_from_vectors() -> None:
    for name in ("imagen-4.0-generate-001", "imagegeneration@006"):
        assert DIALECT.operation("POST", f"/v1/models/{name}:predict".encode(), ()) == "images"
    assert DIALECT.operation("POST", b"/v1/models/text-embedding-005:predict", ()) == "embed"
    assert DIALECT.operation("POST", b"/v1/models/gemini-3-pro-image:generateContent", ()) == "chat"
    assert DIALECT.operation("PUT", b"/v1/models/imagen-4:predict", ()) is None
