"""Pictures by /api/generate."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.making import ImagesDialect
from baimo.dialects.ollama import DIALECT
from baimo.dialects.ollama.images import decode_images
from baimo.errors import InputError, NotFoundError, ProviderError, UnsupportedError, WireError
from baimo.types.content import Image
from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.wire.http import WireHead
from tests.dialects.ollama.asking import JSON, LINES, lines, posted, site

PNG = b"\x89PNG\r\n\x1a\n"
ASKED = ImagesRequest(model="x/z-image-turbo", prompt="a fox")


def sent(asked: ImagesRequest) -> dict[str, Any]:
    wire = DIALECT.encode_images(asked, site())
    assert wire.target == b"/api/generate"
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def test_a_picture_is_asked_for_with_its_size_beside_the_options() -> None:
    assert isinstance(DIALECT, ImagesDialect)
    assert sent(ASKED) == {"model": "x/z-image-turbo", "prompt": "a fox", "stream": False}
    full = replace(ASKED, n=1, size="1024x768", seed=5, extra={"steps": 9, "options": {"num_gpu": 1}})
    assert sent(full) == {
        "model": "x/z-image-turbo",
        "prompt": "a fox",
        "stream": False,
        "width": 1024,
        "height": 768,
        "options": {"seed": 5, "num_gpu": 1},
        "steps": 9,
    }
    assert (b"x-a", b"b") in DIALECT.encode_images(replace(ASKED, headers={"x-a": "b"}), site()).headers


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"n": 2}, "to make 2 images: it makes one a call"),
        ({"size": "2K"}, r"the size '2K' of an image: it takes pixels"),
        ({"quality": "low"}, "the quality of an image"),
        ({"format": "jpeg"}, "the format of an image"),
        ({"negative_prompt": "dogs"}, "the negative_prompt of an image"),
        ({"mask": Image(data=PNG)}, "the mask of an image"),
        ({"images": (Image(data=PNG),)}, "pictures to start from"),
    ],
)
def test_what_cannot_be_said_is_refused_or_left_out_with_a_note(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_images(replace(ASKED, **wish), site())
    wire = DIALECT.encode_images(replace(ASKED, **wish, unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"]
    assert wire.body == DIALECT.encode_images(ASKED, site()).body


@pytest.mark.parametrize("extra", [{"stream": False}, {"stream": True}, {"stream": True, "steps": 2}])
def test_what_is_served_is_read_whole_and_streamed(extra: dict[str, Any]) -> None:
    made = ImagesResponse(images=(MadeImage(bytes=PNG),), created=1_790_000_000)
    body = DIALECT.encode_images_response(replace(ASKED, extra=extra), made)
    head = LINES if extra["stream"] else JSON
    assert body.count(b"\n") == (extra.get("steps", 4) + 1 if extra["stream"] else 0)
    told = DIALECT.decode_images(ASKED, head, body, site())
    assert told.images == (MadeImage(bytes=PNG, media_type="image/png"),)
    assert (told.created, told.model) == (1_790_000_000, "x/z-image-turbo")


def test_a_documented_stream_is_read() -> None:
    body = lines(
        {
            "model": "x/z-image-turbo",
            "created_at": "2024-01-15T10:30:00Z",
            "completed": 5,
            "total": 20,
            "done": False,
        },
        {"image": "iVBORw0KGgo=", "done": True, "done_reason": "stop", "total_duration": 15000000000},
    )
    told = decode_images(ASKED, LINES, body, site())
    assert (told.images[0].bytes, told.model, told.created) == (PNG, "x/z-image-turbo", None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"response": "I cannot draw", "done": True}, ProviderError, "the model answered with words"),
        ({"done": True}, ProviderError, "no image was made"),
        ({"image": "", "done": True}, ProviderError, "no image was made"),
        ({"image": "?", "done": True}, WireError, "no base64"),
        ({"error": "an error was encountered"}, ProviderError, "an error was encountered"),
    ],
)
def test_an_answer_without_a_picture_is_an_error(
    body: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        decode_images(ASKED, JSON, msgspec.json.encode(body), site())
    with pytest.raises(kind, match=words):
        decode_images(ASKED, LINES, lines({"completed": 1, "total": 2}, body), site())


def test_words_of_the_model_are_in_no_error() -> None:
    with pytest.raises(ProviderError) as caught:
        decode_images(ASKED, JSON, b'{"response":"secret","done":true}', site())
    assert "secret" not in str(caught.value)


def test_a_refusal_is_told() -> None:
    with pytest.raises(NotFoundError):
        decode_images(ASKED, WireHead(404, JSON.headers), b'{"error":"model \'x\' not found"}', site())


def test_a_callers_wish_is_understood() -> None:
    plain = DIALECT.decode_images_request(posted({"model": "m", "prompt": "a"}, "/api/generate"))
    assert plain == ImagesRequest(model="m", prompt="a", extra={"stream": True})
    full = {
        "model": "m",
        "prompt": "a",
        "stream": False,
        "width": 8,
        "height": 9,
        "steps": 3,
        "options": {"seed": 1},
    }
    assert DIALECT.decode_images_request(posted(full, "/api/generate")) == ImagesRequest(
        model="m", prompt="a", size="8x9", seed=1, extra={"steps": 3, "stream": False}
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": "a"}, "model: is required"),
        ({"model": "m", "width": "wide"}, "width: Expected"),
        (b"{", "no valid JSON"),
        (b"", "missing request body"),
    ],
)
def test_a_wrong_wish_is_refused_with_the_field(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_images_request(posted(body, "/api/generate"))


def test_nothing_made_is_told_as_nothing() -> None:
    body = msgspec.json.decode(DIALECT.encode_images_response(ASKED, ImagesResponse(images=())))
    assert (body["image"], body["created_at"]) == ("", "1970-01-01T00:00:00Z")
